"""Columns of a table, read as what they are said to be: branch, arm, period, outcome."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.errors import BadInput, Message, Problem
from pilot_eval.domain.observations import AFTER, ARMS, BEFORE, PERIODS, Observations
from pilot_eval.domain.outcomes import Outcome
from pilot_eval.engines.problems import Problems, at_column, at_row, quoted, refused
from pilot_eval.engines.tables import Table

LARGEST = 1e15  # beyond, a double no longer tells one unit from the next
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
            raise refused(Message("no row has all of %(columns)s", columns=", ".join(self.names)))
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
        raise BadInput([Problem(at_row(1), _absent(column, list(table.columns))) for column in absent])
    return list(dict.fromkeys(needed))


def _absent(column: str, there: Sequence[str]) -> Message:
    folded = {name.casefold(): name for name in there}
    near = difflib.get_close_matches(column.casefold(), folded, n=1)
    said = {
        "column": quoted(column),
        "also": Message(" (or date with trained_on)") if column == "period" else "",
        "columns": ", ".join(there),
    }
    if near:
        return Message(
            "there is no column %(column)s%(also)s; did you mean %(near)s? The columns are: %(columns)s",
            near=quoted(folded[near[0]]),
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
                cell=quoted(cell),
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
                branch=quoted(name),
                cell=quoted(cell),
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
                    "%(cell)s is not a number; leave the cell empty where it is missing", cell=quoted(cell)
                )
            return Message("%(cell)s is not a number", cell=quoted(cell))
        number = float(text.replace(",", "."))
    else:
        try:
            number = float(cell)
        except (TypeError, ValueError):
            return Message("%(cell)s is not a number", cell=quoted(cell))
    if not abs(number) <= LARGEST:
        return Message("%(cell)s is too large a number to calculate with", cell=quoted(cell))
    if not measure.low <= number <= measure.high:
        if measure.kind == "proportion":
            return Message(
                "%(cell)s is not between 0 and 1; write 1 for yes and 0 for no, or a share",
                cell=quoted(cell),
            )
        return Message("%(cell)s is negative; a length of time is in seconds from 0", cell=quoted(cell))
    return number


def _periods_from_dates(table: Table, arm: Sequence[int | None], problems: Problems) -> list[int | None]:
    """Before or after, from each row's date and the one date of training."""
    dates = _dates(table, "date", problems)
    trained_on = _dates(table, "trained_on", problems)
    problems.refuse()
    days = sorted({day for day in trained_on if day is not None})
    if not days:
        raise refused(Message("no row has a date of training"), at_column("trained_on"))
    if len(days) > 1:
        what = Message(
            "there are %(count)s different dates of training, from %(first)s to %(last)s; that is the "
            "design staggered, which is not available in this version. Give the column period, or one date",
            count=len(days),
            first=days[0],
            last=days[-1],
        )
        raise refused(what, at_column("trained_on"))
    for row, day, code in zip(table.rows, trained_on, arm, strict=True):
        if day is None and code == 1 and "arm" in table.columns:
            problems.add(row, "trained_on", Message("is empty although the branch is trained"))
    return [None if day is None else (BEFORE if day < days[0] else AFTER) for day in dates]


def _dates(table: Table, column: str, problems: Problems) -> list[date | None]:
    found: list[date | None] = []
    for row, cell in zip(table.rows, table.columns[column], strict=True):
        day = _date(cell)
        if cell is not None and day is None:
            what = Message("%(cell)s is not a date; expected a date such as 2014-08-31", cell=quoted(cell))
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
