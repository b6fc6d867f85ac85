"""The durations that follow from the events of a contact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

CENSORED_WAIT = "abandoned"


@dataclass(frozen=True, slots=True)
class Durations:
    """Whole seconds; None where the outcome has no such time.

    Parameters
    ----------
    wait_seconds : int or None
        Called - joined; for a customer who gave up left - joined, and `wait_censored`: at least that long.
    handover_seconds, service_seconds, total_seconds : int or None
        Started - called, ended - started, ended - joined.
    wait_censored : bool
    """

    wait_seconds: int | None = None
    handover_seconds: int | None = None
    service_seconds: int | None = None
    total_seconds: int | None = None
    wait_censored: bool = False


def derive(events: Mapping[str, datetime], outcome: str) -> Durations:
    """Durations from instants in order.

    Each instant is cut to its whole second first, so that wait + handover + service = total to the second.
    """

    def between(first: str, last: str) -> int | None:
        if first not in events or last not in events:
            return None
        return _second(events[last]) - _second(events[first])

    gave_up = outcome == CENSORED_WAIT
    return Durations(
        wait_seconds=between("joined", "left" if gave_up else "called"),
        handover_seconds=between("called", "started"),
        service_seconds=between("started", "ended"),
        total_seconds=between("joined", "ended"),
        wait_censored=gave_up,
    )


def _second(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1))
