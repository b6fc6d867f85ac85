"""Cells of a CSV, XLSX or Parquet file, or of columns in memory, as they were found."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from pilot_eval.domain.errors import Message
from pilot_eval.engines.problems import Problems, at_row, quoted, refused

FIRST_ROW = 2  # of data: a spreadsheet shows the header as row 1
DELIMITERS = ",;\t"
READABLE = (
    str,
    int,
    float,
    Decimal,
    date,
    type(None),
)  # what a cell may be; anything else is read as its text


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


def read_table(path: Path) -> Table:
    """Read the cells of a CSV, XLSX (first sheet) or Parquet file; the content decides which it is.

    Raises
    ------
    BadInput
        If there is no such file or it is none of these.
    """
    if path.is_dir():
        raise refused(Message("is a folder; a CSV or Parquet file was expected"))
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise refused(Message("there is no such file")) from None
    except PermissionError:
        raise refused(Message("this file may not be read: its permissions forbid it")) from None
    except OSError as error:
        what = Message("cannot be read: error %(number)s of the operating system", number=error.errno or 0)
        raise refused(what) from None
    if not content.strip():
        raise refused(Message("the file is empty; a header and one row per observation were expected"))
    if content[:4] == b"PAR1" or path.suffix.lower() in {".parquet", ".pq"}:
        return _from_parquet(path, hashlib.sha256(content).hexdigest())
    if content[:4] == b"PK\3\4":
        return _from_workbook(content)
    return _from_csv(content)


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
        raise refused(Message("has a header but no rows"))
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
        raise refused(Message("has a header but no rows"))
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
        raise refused(what, at_row(row)) from None
    if "\0" in text:
        row = text.count("\n", 0, text.index("\0")) + 1
        what = Message("holds a zero byte, so that it is not CSV text; save the file as CSV UTF-8")
        raise refused(what, at_row(row))
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
        raise refused(what, at_row(len(records) + 1)) from None
    return records


def _check_names(names: Sequence[str]) -> None:
    named = [name for name in names if name]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        what = Message(
            "the column name %(column)s stands in the header more than once", column=quoted(twice[0])
        )
        raise refused(what, at_row(1))
    if not named:
        raise refused(Message("the header is empty"), at_row(1))


def _from_parquet(path: Path, digest: str) -> Table:
    import duckdb

    try:
        with duckdb.connect() as connection:
            result = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
            names = [column[0] for column in result.description]
            found = result.fetchnumpy()
    except duckdb.Error:
        # Its own words are English and name the path on this machine.
        raise refused(Message("is not a whole Parquet file: damaged, cut short or encrypted")) from None
    _check_names(names)
    return _table({name: _cells(found[name]) for name in names}, digest)


def table_of(columns: Mapping[str, Any]) -> Table:
    """Cells of columns in memory: sequences, arrays or masked arrays of one length.

    Raises
    ------
    BadInput
        If the columns differ in length, or hold nothing.
    """
    cells = {str(name): _cells(np.asarray(values)) for name, values in columns.items()}
    lengths = {name: len(values) for name, values in cells.items()}
    if len(set(lengths.values())) > 1:
        raise refused(Message("columns differ in length: %(lengths)s", lengths=str(lengths)))
    digest = hashlib.sha256()
    for name in sorted(cells):
        digest.update(repr((name, [None if cell is None else str(cell) for cell in cells[name]])).encode())
    return _table(cells, digest.hexdigest())


def _table(columns: dict[str, list[Any]], digest: str) -> Table:
    count = len(next(iter(columns.values()), []))
    if not count:
        raise refused(Message("has columns but no rows") if columns else Message("has no columns"))
    return Table(columns, range(FIRST_ROW, FIRST_ROW + count), False, digest)


def _cells(values: Any) -> list[Any]:
    """Cells of an array: None for what is masked, null, not a number or empty text."""
    if values.ndim != 1:
        raise refused(Message("a column must have one dimension, not %(found)s", found=values.ndim))
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
