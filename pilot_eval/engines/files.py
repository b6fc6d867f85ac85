"""Observations from a CSV, XLSX or Parquet file, or from columns in memory.

What cannot be read as what it is said to be is refused whole, with the rows and columns to look at; nothing
is guessed, dropped or repaired. An empty cell is missing: its row is counted and left out.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.errors import BadInput, Message, Problem
from pilot_eval.domain.observations import AFTER, ARMS, BEFORE, LISTED, PERIODS, Observations
from pilot_eval.domain.outcomes import Outcome

FIRST_ROW = 2  # of data: a spreadsheet shows the header as row 1
LARGEST = 1e15  # beyond, a double no longer tells one unit from the next
DELIMITERS = ",;\t"
READABLE = (
    str,
    int,
    float,
    Decimal,
    date,
    type(None),
)  # what a cell may be; anything else is read as its text
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Reading:
    """Which columns to read, and as what.

    Parameters
    ----------
    outcome : name of the outcome column
    measure : kind of outcome; its limits are those of every value
    with_comparison : whether the design needs the column `arm`
    strata, operation, auditor : names of optional columns
    """

    outcome: str
    measure: Outcome
    with_comparison: bool
    strata: str | None = None
    operation: str | None = None
    auditor: str | None = None

    @property
    def extra(self) -> dict[str, str]:
        named = {"stratum": self.strata, "operation": self.operation, "auditor": self.auditor}
        return {role: column for role, column in named.items() if column is not None}


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of cells as they were found, None where a cell is empty.

    Parameters
    ----------
    columns : cells by column name, all of one length
    rows : spreadsheet row of each element
    decimal_comma : whether "12,5" is a number here
    digest : SHA-256 of the source
    """

    columns: Mapping[str, Sequence[Any]]
    rows: Sequence[int]
    decimal_comma: bool
    digest: str


@dataclass(frozen=True, slots=True)
class Columns:
    """Every row of a table, read as what it is: None, or NaN in `value`, where a cell is empty.

    Parameters
    ----------
    table : what was read
    outcome : name of the outcome column
    names : columns whose empty cells count as missing
    branch, arm, period : (n,) arm and period as positions in ARMS and PERIODS
    value : (n,) the outcome
    extra : optional columns by role
    """

    table: Table
    outcome: str
    names: Sequence[str]
    branch: Sequence[str | None]
    arm: Sequence[int | None]
    period: Sequence[int | None]
    value: NDArray[np.float64]
    extra: Mapping[str, Sequence[str | None]]

    def observations(self) -> Observations:
        """The rows that have a branch, an arm and a period.

        Raises
        ------
        BadInput
            If there is none.
        """
        missing = {column: sum(cell is None for cell in self.table.columns[column]) for column in self.names}
        missing[self.outcome] = int(np.isnan(self.value).sum())
        columns = [self.branch, self.arm, self.period, *self.extra.values()]
        kept = np.array([all(cell is not None for cell in cells) for cells in zip(*columns, strict=True)])

        def chosen(cells: Sequence[Any]) -> NDArray[Any]:
            return np.array([cell for cell, keep in zip(cells, kept, strict=True) if keep])

        if not kept.any():
            raise _refused(Message("no row has all of %(columns)s", columns=", ".join(self.names)))
        return Observations.from_columns(
            branch=chosen(self.branch),
            trained=chosen(self.arm),
            period=chosen(self.period),
            value=self.value[kept],
            rows=len(self.table.rows),
            missing={column: count for column, count in missing.items() if count},
            digest=self.table.digest,
            **{role: chosen(cells) for role, cells in self.extra.items()},
        )


@dataclass(slots=True)
class Problems:
    """The first problems of each column, and how many there are altogether."""

    most: int = LISTED
    found: dict[str, list[tuple[int, Problem]]] = field(default_factory=dict)
    total: int = 0

    def add(self, row: int, column: str, what: Message) -> None:
        """Note a problem of one cell; of a whole row where the column has no name."""
        self.total += 1
        own = self.found.setdefault(column, [])
        if len(own) < self.most:
            where = (
                Message("row %(row)s, column %(column)s", row=row, column=column)
                if column
                else Message("row %(row)s", row=row)
            )
            own.append((row, Problem(where, what)))

    def note(self, problem: Problem) -> None:
        """Note a problem of the whole file, or of a branch; those stand first."""
        self.total += 1
        own = self.found.setdefault("", [])
        if len(own) < self.most:
            own.append((0, problem))

    def refuse(self) -> None:
        """Raise what was found, by row."""
        if self.total:
            by_row = sorted((one for own in self.found.values() for one in own), key=lambda one: one[0])
            raise BadInput([problem for _, problem in by_row[: self.most]], self.total)


def read(source: str | Path | Mapping[str, Any], reading: Reading) -> Observations:
    """Read observations from a file or from columns in memory.

    Parameters
    ----------
    source : path of a CSV (UTF-8; comma, semicolon or tab) or Parquet file, or column name -> values
    reading : which columns, and as what

    Raises
    ------
    BadInput
        Anything that is not as it should be, with its row and column.
    """
    table = _from_memory(source) if isinstance(source, Mapping) else read_table(Path(source))
    problems = Problems()
    columns = read_columns(table, reading, problems)
    problems.refuse()
    return columns.observations()


def read_table(path: Path) -> Table:
    """Read the cells of a CSV, XLSX (first sheet) or Parquet file; the content decides which it is.

    Raises
    ------
    BadInput
        If there is no such file or it is none of these.
    """
    if path.is_dir():
        raise _refused(Message("is a folder; a CSV or Parquet file was expected"))
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise _refused(Message("there is no such file")) from None
    except OSError as error:
        raise _refused(Message("cannot be read: %(why)s", why=error.strerror or str(error))) from None
    if not content.strip():
        raise _refused(Message("the file is empty; a header and one row per observation were expected"))
    if content[:4] == b"PAR1" or path.suffix.lower() in {".parquet", ".pq"}:
        return _from_parquet(path, hashlib.sha256(content).hexdigest())
    if content[:4] == b"PK\3\4":
        return _from_workbook(content)
    return _from_csv(content)


def _refused(what: Message, where: str = "") -> BadInput:
    return BadInput([Problem(where, what)])


def _row(row: int) -> Message:
    return Message("row %(row)s", row=row)


def _column(column: str) -> Message:
    return Message("column %(column)s", column=column)


def _quoted(cell: Any) -> str:
    """A cell so that its blanks and its kind can be seen."""
    return repr(cell)


def _from_csv(content: bytes) -> Table:
    text = _decoded(content)
    header_line = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=lambda mark: len(next(csv.reader([header_line], delimiter=mark), [])))
    records = _records(text, delimiter)
    names = [name.strip() for name in records[0][1]]
    _check_names(names)
    problems = Problems()
    kept: list[list[str]] = []
    rows: list[int] = []
    for row, cells in records[1:]:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            what = Message(
                "has %(cells)s cells where the header has %(names)s", cells=len(cells), names=len(names)
            )
            problems.add(row, "", what)
            continue
        kept.append(cells)
        rows.append(row)
    problems.refuse()
    if not kept:
        raise _refused(Message("has a header but no rows"))
    columns = {
        name: [cell.strip() or None for cell in cells]
        for name, cells in zip(names, zip(*kept, strict=True), strict=True)
        if name
    }
    return Table(columns, rows, delimiter != ",", hashlib.sha256(content).hexdigest())


def _from_workbook(content: bytes) -> Table:
    from pilot_eval.engines.workbooks import read_workbook

    header, *body = read_workbook(content) or [[]]
    names = ["" if cell is None else str(cell).strip() for cell in header]
    _check_names(names)
    filled = [
        (row, cells) for row, cells in enumerate(body, FIRST_ROW) if any(cell is not None for cell in cells)
    ]
    if not filled:
        raise _refused(Message("has a header but no rows"))
    columns = {name: [cells[place] for _row, cells in filled] for place, name in enumerate(names) if name}
    return Table(columns, [row for row, _cells in filled], False, hashlib.sha256(content).hexdigest())


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        what = Message(
            "byte %(byte)s is not UTF-8; save the file as UTF-8 (in a spreadsheet: Save as, CSV UTF-8)",
            byte=f"0x{content[error.start]:02X}",
        )
        raise _refused(what, _row(row)) from None
    if "\0" in text:
        row = text.count("\n", 0, text.index("\0")) + 1
        what = Message("holds a zero byte, so that it is not CSV text; save the file as CSV UTF-8")
        raise _refused(what, _row(row))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _records(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Records with their rows as a spreadsheet counts them; a cell with line breaks is one row."""
    records: list[tuple[int, list[str]]] = []
    try:
        for row, cells in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True), start=1):
            records.append((row, cells))
    except csv.Error as error:
        too_long = "larger than" in str(error)
        what = (
            Message("has a cell too long to read") if too_long else Message("is not CSV; look at its quotes")
        )
        raise _refused(what, _row(len(records) + 1)) from None
    return records


def _check_names(names: Sequence[str]) -> None:
    named = [name for name in names if name]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        what = Message(
            "the column name %(column)s stands in the header more than once", column=_quoted(twice[0])
        )
        raise _refused(what, _row(1))
    if not named:
        raise _refused(Message("the header is empty"), _row(1))


def _from_parquet(path: Path, digest: str) -> Table:
    import duckdb

    try:
        with duckdb.connect() as connection:
            result = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
            names = [column[0] for column in result.description]
            found = result.fetchnumpy()
    except duckdb.Error as error:
        what = Message("cannot be read as Parquet: %(why)s", why=str(error).splitlines()[0])
        raise _refused(what) from None
    _check_names(names)
    return _table({name: _cells(found[name]) for name in names}, digest)


def _from_memory(columns: Mapping[str, Any]) -> Table:
    cells = {str(name): _cells(np.asarray(values)) for name, values in columns.items()}
    lengths = {name: len(values) for name, values in cells.items()}
    if len(set(lengths.values())) > 1:
        raise _refused(Message("columns differ in length: %(lengths)s", lengths=str(lengths)))
    digest = hashlib.sha256()
    for name in sorted(cells):
        digest.update(repr((name, [None if cell is None else str(cell) for cell in cells[name]])).encode())
    return _table(cells, digest.hexdigest())


def _table(columns: dict[str, list[Any]], digest: str) -> Table:
    count = len(next(iter(columns.values()), []))
    if not count:
        raise _refused(Message("has columns but no rows") if columns else Message("has no columns"))
    return Table(columns, range(FIRST_ROW, FIRST_ROW + count), False, digest)


def _cells(values: Any) -> list[Any]:
    """Cells of an array: None for what is masked, null, not a number or empty text."""
    if values.ndim != 1:
        raise _refused(Message("a column must have one dimension, not %(found)s", found=values.ndim))
    hidden = np.ma.getmaskarray(values)
    plain = np.ma.getdata(values)
    if plain.dtype.kind == "M":
        plain = plain.astype("datetime64[us]")
    cells = plain.tolist()
    if plain.dtype.kind == "O":
        cells = [cell if isinstance(cell, READABLE) else str(cell) for cell in cells]
    return [None if masked or _is_empty(cell) else cell for cell, masked in zip(cells, hidden, strict=True)]


def _is_empty(cell: Any) -> bool:
    if isinstance(cell, str):
        return not cell.strip()
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def read_columns(table: Table, reading: Reading, problems: Problems) -> Columns:
    """Read every row, adding what is wrong to `problems`; with problems the columns are of no use.

    Raises
    ------
    BadInput
        If a column is not there, or dates cannot be told apart into before and after.
    """
    names = _needed(table, reading)
    branch = texts(table, "branch")
    value = _numbers(table, reading, problems)
    extra = {role: texts(table, column) for role, column in reading.extra.items()}
    arm: list[int | None] = [1] * len(table.rows)
    if "arm" in table.columns:
        arm = _choices(table, "arm", ARMS, problems)
    if "period" in names:
        period = _choices(table, "period", PERIODS, problems)
    else:
        period = _periods_from_dates(table, arm, problems)
    check_one_each(table, branch, "arm", arm, problems)
    if reading.strata is not None:
        check_one_each(table, branch, reading.strata, extra["stratum"], problems)
    return Columns(table, reading.outcome, names, branch, arm, period, value, extra)


def _needed(table: Table, reading: Reading) -> list[str]:
    """Names of the columns used, the optional and the dated ones resolved; refused where one is not there.

    `trained_on` is not among them: an empty one means that the branch is not trained.
    """
    needed = ["branch", reading.outcome, *reading.extra.values()]
    if reading.with_comparison or "arm" in table.columns:
        needed.append("arm")
    dated = "period" not in table.columns and {"date", "trained_on"} & set(table.columns)
    needed.append("date" if dated else "period")
    absent = [
        column for column in [*needed, *(["trained_on"] if dated else [])] if column not in table.columns
    ]
    if absent:
        raise BadInput([Problem(_row(1), _absent(column, list(table.columns))) for column in absent])
    return list(dict.fromkeys(needed))


def _absent(column: str, there: Sequence[str]) -> Message:
    folded = {name.casefold(): name for name in there}
    near = difflib.get_close_matches(column.casefold(), folded, n=1)
    said = {
        "column": _quoted(column),
        "also": Message(" (or date with trained_on)") if column == "period" else "",
        "columns": ", ".join(there),
    }
    if near:
        return Message(
            "there is no column %(column)s%(also)s; did you mean %(near)s? The columns are: %(columns)s",
            near=_quoted(folded[near[0]]),
            **said,
        )
    return Message("there is no column %(column)s%(also)s. The columns are: %(columns)s", **said)


def texts(table: Table, column: str) -> list[str | None]:
    """The cells of a column as text without spaces around."""
    return [None if cell is None else str(cell).strip() for cell in table.columns[column]]


def _choices(table: Table, column: str, allowed: Sequence[str], problems: Problems) -> list[int | None]:
    codes: dict[Any, int | None] = {None: None, **{name: code for code, name in enumerate(allowed)}}
    found: list[int | None] = []
    for row, cell in zip(table.rows, table.columns[column], strict=True):
        word = cell.strip().casefold() if isinstance(cell, str) else cell
        if word not in codes:
            what = Message(
                "%(cell)s is not known; expected %(allowed)s",
                cell=_quoted(cell),
                allowed=", ".join(allowed),
            )
            problems.add(row, column, what)
        found.append(codes.get(word))
    return found


def check_one_each(
    table: Table, branch: Sequence[str | None], column: str, cells: Sequence[Any], problems: Problems
) -> None:
    """Find branches that are in two arms or in two strata."""
    first: dict[str, tuple[Any, int]] = {}
    for row, name, code, cell in zip(
        table.rows, branch, cells, table.columns.get(column, cells), strict=True
    ):
        if name is None or code is None:
            continue
        known, where = first.setdefault(name, (code, row))
        if known != code:
            what = Message(
                "branch %(branch)s is %(cell)s here and something else in row %(row)s",
                branch=_quoted(name),
                cell=_quoted(cell),
                row=where,
            )
            problems.add(row, column, what)


def _numbers(table: Table, reading: Reading, problems: Problems) -> NDArray[np.float64]:
    """The outcome, NaN where it is missing; each distinct cell is read once."""
    known: dict[Any, float | Message] = {}
    values = np.full(len(table.rows), np.nan)
    for place, cell in enumerate(table.columns[reading.outcome]):
        if cell is None:
            continue
        if cell not in known:
            known[cell] = _number(cell, reading.measure, decimal_comma=table.decimal_comma)
        found = known[cell]
        if isinstance(found, Message):
            problems.add(table.rows[place], reading.outcome, found)
        else:
            values[place] = found
    return values


def _number(cell: Any, measure: Outcome, *, decimal_comma: bool) -> float | Message:
    """The number in a cell, or what is wrong with it."""
    if isinstance(cell, str):
        text = cell.strip()
        if not _NUMBER.fullmatch(text) or ("," in text and not decimal_comma):
            if text.isalpha():
                return Message(
                    "%(cell)s is not a number; leave the cell empty where it is missing", cell=_quoted(cell)
                )
            return Message("%(cell)s is not a number", cell=_quoted(cell))
        number = float(text.replace(",", "."))
    else:
        try:
            number = float(cell)
        except (TypeError, ValueError):
            return Message("%(cell)s is not a number", cell=_quoted(cell))
    if not abs(number) <= LARGEST:
        return Message("%(cell)s is too large a number to calculate with", cell=_quoted(cell))
    if not measure.low <= number <= measure.high:
        if measure.kind == "proportion":
            return Message(
                "%(cell)s is not between 0 and 1; write 1 for yes and 0 for no, or a share",
                cell=_quoted(cell),
            )
        return Message("%(cell)s is negative; a length of time is in seconds from 0", cell=_quoted(cell))
    return number


def _periods_from_dates(table: Table, arm: Sequence[int | None], problems: Problems) -> list[int | None]:
    """Before or after, from each row's date and the one date of training."""
    dates = _dates(table, "date", problems)
    trained_on = _dates(table, "trained_on", problems)
    problems.refuse()
    days = sorted({day for day in trained_on if day is not None})
    if not days:
        raise _refused(Message("no row has a date of training"), _column("trained_on"))
    if len(days) > 1:
        what = Message(
            "there are %(count)s different dates of training, from %(first)s to %(last)s; that is the "
            "design staggered, which is not available in this version. Give the column period, or one date",
            count=len(days),
            first=days[0],
            last=days[-1],
        )
        raise _refused(what, _column("trained_on"))
    for row, day, code in zip(table.rows, trained_on, arm, strict=True):
        if day is None and code == 1 and "arm" in table.columns:
            problems.add(row, "trained_on", Message("is empty although the branch is trained"))
    return [None if day is None else (BEFORE if day < days[0] else AFTER) for day in dates]


def _dates(table: Table, column: str, problems: Problems) -> list[date | None]:
    found: list[date | None] = []
    for row, cell in zip(table.rows, table.columns[column], strict=True):
        day = _date(cell)
        if cell is not None and day is None:
            what = Message("%(cell)s is not a date; expected a date such as 2014-08-31", cell=_quoted(cell))
            problems.add(row, column, what)
        found.append(day)
    return found


def _date(cell: Any) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, str) and _DATE.fullmatch(cell.strip()):
        try:
            return date.fromisoformat(cell.strip())
        except ValueError:
            return None
    return None
