"""What is wrong with a file, by row and column, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pilot_eval.domain.errors import BadInput, Message, Problem
from pilot_eval.domain.observations import LISTED


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
                Message("row %(row)s, column %(column)s", row=row, column=column) if column else at_row(row)
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


def refused(what: Message, where: str = "") -> BadInput:
    """A problem that leaves nothing more to read."""
    return BadInput([Problem(where, what)])


def at_row(row: int) -> Message:
    """The place of a row, as a spreadsheet counts."""
    return Message("row %(row)s", row=row)


def at_column(column: str) -> Message:
    """The place of a column."""
    return Message("column %(column)s", column=column)


def quoted(cell: Any) -> str:
    """A cell so that its blanks and its kind can be seen."""
    return repr(cell)
