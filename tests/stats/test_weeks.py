"""Weekly means against plain loops."""

from __future__ import annotations

import math
from datetime import date, timedelta
from statistics import fmean

import numpy as np
import pytest

from pilot_eval.domain.observations import AFTER, BEFORE, DURING, Observations
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.weeks import weekly_means
from pilot_eval.stats.xmr import xmr

REL = 1e-12  # means of some tens of values of one size


def seen(seed: int, rows: int = 300) -> Observations:
    random = np.random.Generator(np.random.PCG64(seed))
    branch = random.integers(0, 8, rows)
    period = random.integers(0, 3, rows)
    first = np.array(["2014-08-01", "2014-09-03", "2014-10-09"], dtype="datetime64[D]")[period]
    value = random.normal(100, 10, rows)
    value[:5] = np.nan
    return Observations.from_columns(
        branch=[f"b{b}" for b in branch],
        trained=branch % 2 == 0,
        period=period,
        value=value,
        date=first + random.integers(0, 32, rows),
    )


@pytest.mark.parametrize("scale", ["value", "log"])
def test_weeks_are_those_of_plain_loops(scale: str) -> None:
    observations = seen(3)
    assert observations.date is not None
    found = weekly_means(observations, scale)
    assert not isinstance(found, NotEstimable)
    expected: dict[tuple[int, date], list[tuple[float, int]]] = {}
    for branch, period, value, day in zip(
        observations.branch, observations.period, observations.value, observations.date.tolist(), strict=True
    ):
        if not math.isnan(value):
            monday = day - timedelta(days=day.weekday())
            told = math.log(value) if scale == "log" else float(value)
            expected.setdefault((int(period), monday), []).append((told, int(branch)))
    places = sorted(expected)
    assert list(zip(found.period.tolist(), found.week.tolist(), strict=True)) == places
    assert found.mean == pytest.approx([fmean(v for v, _ in expected[place]) for place in places], rel=REL)
    assert found.rows.tolist() == [len(expected[place]) for place in places]
    assert found.branches.tolist() == [len({b for _, b in expected[place]}) for place in places]


def test_limits_begin_anew_with_each_period() -> None:
    found = weekly_means(seen(4), "value")
    assert not isinstance(found, NotEstimable)
    for stretch, period in zip(found.chart.stretches, (BEFORE, DURING, AFTER), strict=True):
        own = found.mean[found.period == period]
        (alone,) = xmr(own).stretches
        assert (stretch.centre, stretch.low, stretch.high) == (alone.centre, alone.low, alone.high)


def test_without_days_or_values_there_are_no_weeks() -> None:
    plain = Observations.from_columns(branch=["a"], trained=[True], period=[BEFORE], value=[1.0])
    assert isinstance(weekly_means(plain, "value"), NotEstimable)
    nothing = weekly_means(seen(5), "value", np.zeros(300, dtype=np.bool_))
    assert isinstance(nothing, NotEstimable)
