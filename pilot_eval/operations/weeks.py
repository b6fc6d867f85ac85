"""The outcomes of a pilot week by week, as the summary's field `weekly`."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import PERIODS, Observations
from pilot_eval.domain.outcomes import OUTCOMES
from pilot_eval.domain.pilots import Arm, Period
from pilot_eval.engines.records import MEASUREMENT, Snapshot
from pilot_eval.records.pilots import PilotOutcome
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.weeks import WeeklyMeans, weekly_means


def weeks_of(
    snapshot: Snapshot,
    outcomes: Sequence[PilotOutcome],
    seen: Collection[Period],
    region_id: int | None,
) -> list[dict[str, Any]]:
    """The weekly means of each outcome and arm with their limits, from the periods that may be seen.

    A manager gets those of the own region; days are in the branches' own calendars.

    Parameters
    ----------
    region_id : int or None
        The region whose branches count; all of them unless given.
    """
    own = frozenset(b.code for b in snapshot.branches if region_id in (None, b.region_id))
    found = []
    for outcome in outcomes:
        code = outcome.code if outcome.source == MEASUREMENT else ""
        observations = snapshot.observations(outcome.source, code, detailed=True)
        found += series_of(outcome.code, outcome.kind, observations, own, seen)
    return found


def series_of(
    code: str, kind: str, observations: Observations, own: Collection[str], seen: Collection[Period]
) -> list[dict[str, Any]]:
    """The series of one outcome, an arm each.

    Parameters
    ----------
    own : the branches that count
    seen : the periods that may be seen
    """
    found = []
    if observations.date is not None:  # a file says before and after, not when
        for arm in Arm:
            rows = _rows(observations, own, arm, seen)
            weeks = weekly_means(observations, OUTCOMES[kind].values, rows)
            if not isinstance(weeks, NotEstimable):
                found.append(_told(code, kind, arm, weeks))
    return found


def _rows(
    observations: Observations, own: Collection[str], arm: Arm, seen: Collection[Period]
) -> NDArray[np.bool_]:
    periods = [place for place, name in enumerate(PERIODS) if Period(name) in seen]
    there = np.array([code in own for code in observations.branches], dtype=np.bool_)
    chosen = there & (observations.trained == (arm is Arm.TRAINED))
    return np.asarray(chosen[observations.branch] & np.isin(observations.period, periods))


def _told(code: str, kind: str, arm: Arm, weeks: WeeklyMeans) -> dict[str, Any]:
    """A series in the units of the summary: seconds for durations, per cent for proportions."""

    def value(number: float) -> float | None:
        if math.isnan(number):
            return None
        if kind == "duration":
            return math.exp(number)
        return min(max(number, 0.0), 100.0) if kind == "proportion" else number

    chart = weeks.chart
    rules = {"outside": chart.outside, "run": chart.run, "wide_range": chart.wide_range}
    return {
        "outcome": code,
        "arm": arm.value,
        "points": [
            {
                "week": str(weeks.week[i]),
                "period": PERIODS[weeks.period[i]],
                "value": value(float(weeks.mean[i])),
                "n": int(weeks.rows[i]),
                "branches": int(weeks.branches[i]),
                "signals": [name for name, flags in rules.items() if flags[i]],
            }
            for i in range(len(weeks.mean))
        ],
        "limits": [
            {
                "period": PERIODS[weeks.period[stretch.start]],
                "from": str(weeks.week[stretch.start]),
                "to": str(weeks.week[stretch.stop - 1]),
                "points": stretch.stop - stretch.start,
                "centre": value(stretch.centre),
                "low": value(stretch.low),
                "high": value(stretch.high),
                "trial": stretch.trial,
            }
            for stretch in chart.stretches
        ],
    }
