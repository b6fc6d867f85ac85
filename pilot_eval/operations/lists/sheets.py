"""What the kinds of files share: columns with their words, cells under our names, what a file would do."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlmodel import Session

from pilot_eval.domain.documents import Text
from pilot_eval.domain.errors import Message
from pilot_eval.domain.lists import MOST_PROBLEMS
from pilot_eval.domain.observations import LISTED
from pilot_eval.domain.people import Actor
from pilot_eval.domain.problems import FieldProblem
from pilot_eval.domain.timings import place, read_clock
from pilot_eval.domain.timings.clock import CLOCK
from pilot_eval.engines.problems import Problems, quoted
from pilot_eval.engines.tables import Table
from pilot_eval.operations.policy import Action
from pilot_eval.records.pilots import Pilot
from pilot_eval.reports.numbers import parse_number

T = TypeVar("T")
CHECKING, STORING = "rows looked through", "rows stored"
WHOLE = re.compile(r"[0-9]{1,7}")
MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}\.[0-9]{2}\.[0-9]{4})[T ]+"  # day
    r"([0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"  # clock time
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"  # offset from UTC
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a kind of file has.

    Parameters
    ----------
    name : str
        The heading in templates.
    what : str or Text
        What its cells hold: a text to translate, or one that has both languages.
    needed : bool
        Whether every row has to have it.
    codes : str
        What may stand there, in no language.
    """

    name: str
    what: str | Text
    needed: bool = False
    codes: str = ""


class Rows:
    """The rows of a file under our names of columns; what is wrong is noted by the file's own headings.

    Parameters
    ----------
    table : Table
    matches : mapping of str to str
        The file's heading by our column.
    """

    def __init__(self, table: Table, matches: Mapping[str, str]) -> None:
        self.problems = Problems(most=MOST_PROBLEMS)
        self.decimal_comma = table.decimal_comma
        self._table = table
        self._matches = matches

    def __len__(self) -> int:
        return len(self._table.rows)

    def __iter__(self) -> Iterator[Row]:
        cells = {column: self._table.columns[heading] for column, heading in self._matches.items()}
        for position, number in enumerate(self._table.rows):
            yield Row(number, {column: of[position] for column, of in cells.items()}, self)

    def heading(self, column: str) -> str:
        return self._matches.get(column, column)


@dataclass(frozen=True, slots=True)
class Row:
    """One row; its number is that of a spreadsheet."""

    number: int
    cells: Mapping[str, Any]
    rows: Rows

    def text(self, column: str) -> str:
        """The cell as text, empty where there is nothing."""
        cell = self.cells.get(column)
        return "" if cell is None else str(cell).strip()

    def wrong(self, column: str, what: Message) -> None:
        """Note what is wrong with a cell; with the whole row where the column has no name."""
        self.rows.problems.add(self.number, self.rows.heading(column) if column else "", what)

    def needed(self, column: str) -> str:
        """The cell as text; an empty one is noted."""
        found = self.text(column)
        if not found:
            self.wrong(column, Message("is empty"))
        return found

    def short(self, column: str, most: int) -> str:
        """The cell as text of at most so many letters."""
        found = self.text(column)
        if len(found) > most:
            self.wrong(column, Message("is longer than %(most)s letters", most=most))
        return found

    def one_of(self, column: str, allowed: Mapping[str, Any]) -> Any:
        """What the cell stands for; an unknown word is noted, an empty cell is None."""
        found = self.text(column)
        if found and found.casefold() not in allowed:
            self.wrong(
                column,
                Message(
                    "%(cell)s is not known; expected %(allowed)s",
                    cell=quoted(found),
                    allowed=", ".join(list(allowed)[:LISTED]),
                ),
            )
        return allowed.get(found.casefold())

    def whole(self, column: str) -> int | None:
        """The cell as a whole number; anything else is noted, an empty cell is None."""
        found = self.text(column)
        if not found:
            return None
        if not WHOLE.fullmatch(found):
            self.wrong(column, Message("%(cell)s is not a whole number", cell=quoted(found)))
            return None
        return int(found)

    def number_within(self, column: str, most: float) -> float | None:
        """The cell as a number from -`most` to `most`; anything else is noted, an empty cell is None."""
        found = self.text(column)
        if not found:
            return None
        try:
            value = parse_number(found)
        except ValueError:
            value = math.nan
        if not -most <= value <= most:
            what = Message("%(cell)s is no number from -%(most)s to %(most)s", cell=quoted(found), most=most)
            self.wrong(column, what)
            return None
        return value

    def day(self, column: str) -> date | None:
        """The cell as a day; anything else is noted, an empty cell is None."""
        found = self.text(column)
        day = _day(found)
        if found and day is None:
            self.wrong(column, Message("%(cell)s is no day such as 2026-03-31", cell=quoted(found)))
        return day

    def clock(self, column: str) -> time | None:
        """The cell as a clock time; anything else is noted, an empty cell is None."""
        found = self.text(column)
        if not found:
            return None
        try:
            return read_clock(found)
        except ValueError:
            self.wrong(column, Message("%(cell)s is no time such as 10:05", cell=quoted(found)))
            return None

    def moment(self, column: str, zone: ZoneInfo) -> datetime | None:
        """The cell as an instant: with its offset from UTC, or by the clock of that zone.

        Anything else is noted, a clock time that the zone skipped or repeated too; an empty cell is None.
        """
        found = self.text(column)
        if not found:
            return None
        parts = MOMENT.fullmatch(found)
        day = _day(parts[1]) if parts else None
        if parts is None or day is None:
            self.wrong(column, Message("%(cell)s is no moment such as 2026-03-31 10:05", cell=quoted(found)))
            return None
        try:
            if parts[3]:
                offset = "+00:00" if parts[3] == "Z" else parts[3]
                return datetime.fromisoformat(f"{day.isoformat()}T{parts[2]}{offset}").astimezone(UTC)
            clock = time.fromisoformat(parts[2].zfill(5) if len(parts[2]) < 8 else parts[2])
        except ValueError:
            self.wrong(column, Message("%(cell)s is no moment such as 2026-03-31 10:05", cell=quoted(found)))
            return None
        return self._placed(column, day, clock, zone)

    def moment_of(self, column: str, day: date | None, zone: ZoneInfo) -> datetime | None:
        """The cell as an instant, or as a clock time on a day that stands in a column of its own."""
        if day is None or not CLOCK.fullmatch(self.text(column)):
            return self.moment(column, zone)
        clock = self.clock(column)
        return None if clock is None else self._placed(column, day, clock, zone)

    def _placed(self, column: str, day: date, clock: time, zone: ZoneInfo) -> datetime | None:
        placed = place(column, day, clock, zone)
        if isinstance(placed, FieldProblem):
            self.wrong(column, placed.sentence)
            return None
        return placed

    def zone(self, column: str) -> str:
        """The cell as the name of a time zone, empty where there is nothing."""
        found = self.text(column)
        try:
            return ZoneInfo(found).key if found else ""
        except (ZoneInfoNotFoundError, ValueError, OSError):
            what = Message("%(cell)s is no time zone such as Europe/Moscow", cell=quoted(found))
            self.wrong(column, what)
            return ""


def _day(text: str) -> date | None:
    """A day written as 2026-03-31 or 31.03.2026, with midnight behind it or without."""
    text = text.removesuffix("T00:00:00").removesuffix(" 00:00:00")
    for pattern in ("%Y-%m-%d", "%d.%m.%Y"):
        with suppress(ValueError):
            return datetime.strptime(text, pattern).replace(tzinfo=UTC).date()
    return None


Storing = Callable[[Session, Actor], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a file without a problem would do.

    Parameters
    ----------
    added : int
        Rows that are new.
    known : int
        Rows that are stored already, just so.
    changed : int
        Rows that change something stored.
    store : callable
        `(session, actor) -> details`: stores all of it in the caller's transaction, and tells the audit log
        of it in ids and counts.
    notes : sequence of str
        What the person should know before storing, a sentence each.
    """

    added: int
    known: int
    changed: int
    store: Storing
    notes: Sequence[str] = field(default=())


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file.

    Parameters
    ----------
    action : Action
        The right that bringing it in needs.
    of_pilot : bool
        Whether its rows belong to a pilot.
    columns : callable
        `(session, pilot) -> columns` in the order of templates.
    check : callable
        `(session, actor, pilot, rows) -> Effect`; notes problems in `rows.problems`, and raises them.
    """

    action: Action
    of_pilot: bool
    columns: Callable[[Session, Pilot | None], Sequence[Column]]
    check: Callable[[Session, Actor, Pilot | None, Rows], Effect]


def in_lots(items: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """The items, so many at a time."""
    for begin in range(0, len(items), most):
        yield items[begin : begin + most]
