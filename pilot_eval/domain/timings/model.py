"""What a timing form is: modes, events, outcomes, surroundings, operations, parts of the day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from pilot_eval.domain.documents import Text, digest

EVENTS = ("joined", "called", "started", "ended", "left")
OWN_VISIT = "own_visit"  # the mode in which auditors time themselves


@dataclass(frozen=True, slots=True)
class Named:
    """A code with its words: a mode, an event, a choice."""

    code: str
    text: Text
    help: Text | None = None


@dataclass(frozen=True, slots=True)
class Mode(Named):
    """How the contact was seen; an `imported` mode is offered to nobody as a form."""

    imported: bool = False


@dataclass(frozen=True, slots=True)
class Outcome(Named):
    """How the contact ended.

    Parameters
    ----------
    needs, may : tuple of str
        Events that must be there, and events that can be there as well.
    context : bool
        Whether the surroundings are asked for.
    reason : bool
        Whether a reason must be given in words.
    """

    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    context: bool = True
    reason: bool = False

    @property
    def reached_window(self) -> bool:
        """Only then is the operation known to an observer."""
        return "called" in self.needs


@dataclass(frozen=True, slots=True)
class ContextField(Named):
    """Something about the surroundings: a whole number from `low` to `high`, a choice, or choices.

    Parameters
    ----------
    at_most : str
        Code of an earlier number that this one must not exceed.
    required_in : tuple of str
        Modes in which it must be given.
    in_log : bool
        Whether a ticket system's log can hold it.
    main : bool
        Whether it stands in the form at once; the others are folded away.
    """

    type: str = "number"
    low: int = 0
    high: int = 0
    at_most: str = ""
    required_in: tuple[str, ...] = ()
    in_log: bool = False
    main: bool = False
    options: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation(Named):
    """What the customer came for; `plausible` are seconds for one item, to ask about and never to refuse."""

    group: str = ""
    plausible: tuple[int, int] = (0, 86_400)
    describe: bool = False


@dataclass(frozen=True, slots=True)
class Daypart(Named):
    """A part of the day, from a clock time of the branch until the next part."""

    begins: time = time()


@dataclass(frozen=True, slots=True)
class Target:
    """A length whose share of contacts is reported."""

    seconds: int
    text: Text


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: beyond the future an event is refused, beyond the others it is asked about or flagged."""

    future_seconds: int
    wait_seconds: int
    receipt_seconds: int
    clock_seconds: int


@dataclass(frozen=True)
class TimingForm:
    """One version of the timing form; `document` is the plain data it was read from."""

    code: str
    version: int
    title: Text
    modes: tuple[Mode, ...]
    events: tuple[Named, ...]
    outcomes: tuple[Outcome, ...]
    dayparts: tuple[Daypart, ...]
    limits: Limits
    context: tuple[ContextField, ...]
    operations: tuple[Operation, ...]
    targets: tuple[Target, ...]
    document: Mapping[str, Any] = field(compare=False, repr=False)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical document."""
        return digest(self.document)

    def mode(self, code: object) -> Mode | None:
        return next((mode for mode in self.modes if mode.code == code), None)

    def outcome(self, code: object) -> Outcome | None:
        return next((outcome for outcome in self.outcomes if outcome.code == code), None)

    def operation(self, code: object) -> Operation | None:
        return next((operation for operation in self.operations if operation.code == code), None)

    def daypart(self, moment: datetime, zone: ZoneInfo) -> Daypart:
        """The part of the day by the branch's own clock."""
        clock = moment.astimezone(zone).time()
        return next(part for part in reversed(self.dayparts) if part.begins <= clock)
