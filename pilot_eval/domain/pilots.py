"""A pilot: its dates, its periods and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pilot_eval.domain.problems import N_


class Arm(StrEnum):
    TRAINED = "trained"
    COMPARISON = "comparison"


class Period(StrEnum):
    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


class Status(StrEnum):
    DRAFT = "draft"
    BASELINE = "baseline"
    TRAINING = "training"
    AFTER = "after"
    READY = "ready_to_decide"
    DECIDED = "decided"


class WaveState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    LOCKED = "locked"


class Choice(StrEnum):
    """What can be decided on a pilot."""

    ROLL_OUT = "roll_out"
    REWORK = "rework"
    STOP = "stop"
    NEED_DATA = "need_data"


class Design(StrEnum):
    BEFORE_AFTER = "before_after"
    DIFFERENCE_IN_DIFFERENCES = "difference_in_differences"


@dataclass(frozen=True, slots=True)
class Dates:
    """The three spans of a pilot, both ends included.

    Raises
    ------
    ValueError
        If a span ends before it begins or the spans overlap.
    """

    before: tuple[date, date]
    training: tuple[date, date]
    after: tuple[date, date]

    def __post_init__(self) -> None:
        spans = (self.before, self.training, self.after)
        if any(first > last for first, last in spans):
            raise ValueError(N_("A period must not end before it begins"))
        if not (self.before[1] < self.training[0] and self.training[1] < self.after[0]):
            raise ValueError(
                N_("Visits before, training and visits after must follow each other without overlap")
            )


def status_of(dates: Dates | None, today: date, *, drawn: bool, after_closed: bool, decided: bool) -> Status:
    """Where a pilot stands today.

    Parameters
    ----------
    dates : Dates or None
        None for a pilot imported whole, which is ready as soon as it has branches.
    today : date
        The reader's day.
    drawn : bool
        Branches have their arms.
    after_closed : bool
        The wave after training is closed, so that results may be seen.
    decided : bool
        A decision has been signed.
    """
    if decided:
        return Status.DECIDED
    if not drawn:
        return Status.DRAFT
    if dates is None or after_closed:
        return Status.READY
    if today < dates.training[0]:
        return Status.BASELINE
    return Status.TRAINING if today < dates.after[0] else Status.AFTER
