"""Kinds of outcome: what is measured, on which scale its effect is told, which direction is better."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Better(StrEnum):
    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One kind of outcome.

    Parameters
    ----------
    kind : its name in files and on the command line
    better : the better direction unless the plan says otherwise
    scale : scale of the effect in the evaluation document
    values : what is averaged within a branch and period: value, percent (100 times it) or log; a
        count is summed
    unit : unit of the effect: points, percentage_points, log_seconds or log_rate
    smallest_effect_unit : of the smallest effect of interest: points, percentage_points, speed_percent or
        rate_percent
    low, high : smallest and largest value an observation may have
    """

    kind: str
    better: Better
    scale: str
    values: str
    unit: str
    smallest_effect_unit: str
    low: float = float("-inf")
    high: float = float("inf")


OUTCOMES: dict[str, Outcome] = {
    "score": Outcome("score", Better.HIGHER, "difference", "value", "points", "points"),
    "proportion": Outcome(
        "proportion",
        Better.HIGHER,
        "difference",
        "percent",
        "percentage_points",
        "percentage_points",
        0.0,
        1.0,
    ),
    "duration": Outcome(
        "duration", Better.LOWER, "log_ratio", "log", "log_seconds", "speed_percent", low=0.0
    ),
    "rate": Outcome("rate", Better.LOWER, "log_rate_ratio", "count", "log_rate", "rate_percent", low=0.0),
}

# Known by name, so that they are refused by name.
OUTCOMES_LATER: tuple[str, ...] = ()

# Two periods, before and after; and many, with a date of training for each branch.
DESIGNS_OF_TWO_PERIODS = ("before_after", "difference_in_differences")
DESIGNS_WITH_DATES = ("staggered", "stepped_wedge", "interrupted_time_series")
DESIGNS = DESIGNS_OF_TWO_PERIODS + DESIGNS_WITH_DATES
WITHOUT_COMPARISON = ("before_after", "interrupted_time_series")
