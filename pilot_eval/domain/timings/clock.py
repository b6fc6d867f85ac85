"""Typed clock times and the instants they name."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from pilot_eval.domain.problems import N_, FieldProblem

CLOCK = re.compile(r"(\d{1,2})[:., ]?(\d{2})(?:[:., ]?(\d{2}))?")


def read_clock(typed: str) -> time:
    """A clock time from "10:05" or "10:05:30"; "10.05", "10,05" and "1005" too, as keypads lack the colon.

    Raises
    ------
    ValueError
        If it is neither.
    """
    match = CLOCK.fullmatch(typed.strip())
    if not match or int(match[1]) > 23 or int(match[2]) > 59 or int(match[3] or 0) > 59:
        raise ValueError(f"{typed!r} is not a clock time such as 10:05 or 10:05:30")
    return time(int(match[1]), int(match[2]), int(match[3] or 0))


def place(name: str, day: date, clock: time, zone: ZoneInfo) -> datetime | FieldProblem:
    """The instant (UTC) of a clock time at the branch, or the problem of a field named so.

    A clock time that a change of the clocks skipped, or repeated, names no instant: it is never guessed.
    """
    first, second = (datetime.combine(day, clock, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    values = {"time": clock.isoformat("seconds"), "day": day}
    if first.astimezone(zone).replace(tzinfo=None) != datetime.combine(day, clock):
        return FieldProblem(
            name, "no_such_time", N_("The clocks were changed: %(time)s did not occur on %(day)s"), values
        )
    if first != second:
        return FieldProblem(
            name, "twice", N_("The clocks were changed: %(time)s occurred twice on %(day)s"), values
        )
    return first
