"""Cells of one column, read as what they are said to be: words, choices, numbers, yes or no, days."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.errors import Message
from pilot_eval.domain.outcomes import Outcome
from pilot_eval.engines.problems import Problems, quoted
from pilot_eval.engines.tables import Table

LARGEST = 1e15  # beyond, a double no longer tells one unit from the next
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ][0-9:.]+(?:Z|[+-][0-9:]+)?)?")
_FLAGS = {
    **dict.fromkeys(("1", "1.0", "true", "yes", "да"), True),
    **dict.fromkeys(("0", "0.0", "false", "no", "нет"), False),
}


def texts(table: Table, column: str) -> list[str | None]:
    """The cells of a column as text without spaces around."""
    return [None if cell is None else str(cell).strip() for cell in table.columns[column]]


def choices(table: Table, column: str, allowed: Sequence[str], problems: Problems) -> list[int | None]:
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


def numbers(
    table: Table, column: str, problems: Problems, measure: Outcome | None = None, *, above_zero: bool = False
) -> NDArray[np.float64]:
    """The numbers of a column, NaN where one is missing; each distinct cell is read once.

    Parameters
    ----------
    measure : kind of outcome whose limits hold
    above_zero : whether 0 and below are refused
    """
    known: dict[Any, float | Message] = {}
    values = np.full(len(table.rows), np.nan)
    for place, cell in enumerate(table.columns[column]):
        if cell is None:
            continue
        if cell not in known:
            known[cell] = _limited(
                _number(cell, decimal_comma=table.decimal_comma), cell, measure, above_zero
            )
        found = known[cell]
        if isinstance(found, Message):
            problems.add(table.rows[place], column, found)
        else:
            values[place] = found
    return values


def _number(cell: Any, *, decimal_comma: bool) -> float | Message:
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
    return number


def _limited(
    number: float | Message, cell: Any, measure: Outcome | None, above_zero: bool
) -> float | Message:
    """A number within its limits, or what is wrong with it."""
    if isinstance(number, Message):
        return number
    if above_zero and number <= 0.0:
        return Message("%(cell)s is not above 0", cell=quoted(cell))
    if measure is None or measure.low <= number <= measure.high:
        return number
    if measure.kind == "proportion":
        return Message(
            "%(cell)s is not between 0 and 1; write 1 for yes and 0 for no, or a share",
            cell=quoted(cell),
        )
    if measure.kind == "rate":
        return Message("%(cell)s is negative; a count is 0 or more", cell=quoted(cell))
    return Message("%(cell)s is negative; a length of time is in seconds from 0", cell=quoted(cell))


def flags(table: Table, column: str, problems: Problems) -> list[bool | None]:
    """The yes and no of a column."""
    found: list[bool | None] = []
    for row, cell in zip(table.rows, table.columns[column], strict=True):
        word = None if cell is None else str(cell).strip().casefold()
        if word is not None and word not in _FLAGS:
            what = Message("%(cell)s is neither 1 (yes) nor 0 (no)", cell=quoted(cell))
            problems.add(row, column, what)
        found.append(None if word is None else _FLAGS.get(word))
    return found


def dates(table: Table, column: str, problems: Problems) -> list[date | None]:
    """The days of a column; a time of day behind one is left off."""
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
    found = _DATE.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if found is not None:
        try:
            return date.fromisoformat(found[1])
        except ValueError:
            return None
    return None
