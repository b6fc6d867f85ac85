"""One value per period: calendars, gaps, the period in which training began, sums over branches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pilot_eval.domain.observations import AFTER, BEFORE, Observations
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.series import Calendar, Series, series_of


def days(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[D]")


def spaced(first: str, periods: int, step: int, unit: str) -> np.ndarray:
    if unit == "D":
        return np.datetime64(first) + step * np.arange(periods)
    return (np.datetime64(first, "M") + step * np.arange(periods)).astype("datetime64[D]")


def observed(
    date: np.ndarray,
    value: Any,
    training: str,
    *,
    branch: Any = None,
    exposure: Any = None,
) -> Observations:
    trained_on = np.full(len(date), np.datetime64(training))
    return Observations.from_columns(
        branch=["A"] * len(date) if branch is None else branch,
        trained=np.ones(len(date), dtype=bool),
        period=np.where(date >= trained_on, AFTER, BEFORE),
        value=value,
        date=date,
        trained_on=trained_on,
        exposure=exposure,
    )


def made(observations: Observations, **options: Any) -> Series:
    used = np.ones(len(observations.branches), dtype=bool)
    found = series_of(observations, used, **{"scale": "value", **options})
    assert isinstance(found, Series)
    return found


@pytest.mark.parametrize(
    ("date", "per_year"),
    [
        (spaced("2013-01", 30, 1, "M"), 12.0),
        (spaced("2010-01", 20, 3, "M"), 4.0),
        (spaced("2014-01-06", 40, 7, "D"), 365.2425 / 7),
        (spaced("2014-01-06", 40, 14, "D"), 365.2425 / 14),
        (spaced("2014-01-06", 40, 1, "D"), 365.2425),
    ],
)
def test_the_step_that_all_dates_keep_is_the_period(date: np.ndarray, per_year: float) -> None:
    found = made(observed(date, np.arange(float(len(date))), str(date[10])))
    assert found.per_year == pytest.approx(per_year)
    assert found.time.tolist() == list(range(-10, len(date) - 10))
    assert found.value.tolist() == list(range(len(date)))
    assert found.missing == 0


def test_a_missing_month_leaves_a_gap_in_time() -> None:
    date = np.delete(spaced("2013-01", 20, 1, "M"), 4)
    found = made(observed(date, np.arange(19.0), "2013-11-01"))
    assert found.missing == 1
    assert np.diff(found.time).tolist() == [1.0] * 3 + [2.0] + [1.0] * 14


def test_dates_without_a_step_ask_for_a_time_unit() -> None:
    date = days("2014-01-03", "2014-01-28", "2014-02-19", "2014-03-04", "2014-04-29", "2014-05-15")
    observations = observed(date, np.arange(6.0), "2014-03-04")
    used = np.ones(1, dtype=bool)
    assert series_of(observations, used, scale="value") == NotEstimable(
        "uneven_periods", {"n": 6, "span": 133}
    )
    assert made(observations, time_unit="month").time.tolist() == [-2.0, -1.0, 0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("unit", "own", "next_one"),
    [
        ("week", "2014-03-09", "2014-03-10"),
        ("month", "2014-03-31", "2014-04-01"),
        ("quarter", "2014-03-31", "2014-04-01"),
    ],
)
def test_weeks_begin_on_monday_months_and_quarters_on_their_first_day(
    unit: str, own: str, next_one: str
) -> None:
    calendar = Calendar.of(days(own), unit)
    first, last, following = calendar.period(days("2014-03-03", own, next_one))
    assert first == last == following - 1


def test_rows_before_training_in_the_period_in_which_it_began_are_left_out() -> None:
    date = days("2014-01-10", "2014-02-10", "2014-03-02", "2014-03-20", "2014-04-10")
    found = made(observed(date, [1.0, 2.0, 100.0, 4.0, 5.0], "2014-03-15"), time_unit="month")
    assert found.split == 1
    assert found.value.tolist() == [1.0, 2.0, 4.0, 5.0]
    assert found.time.tolist() == [-2.0, -1.0, 0.0, 1.0]


def test_a_date_by_itself_is_before_training_or_after_it() -> None:
    date = spaced("2014-01", 6, 1, "M")
    found = made(observed(date, np.arange(6.0), "2014-03-15"))
    assert found.time.tolist() == [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0]
    assert found.split == 0


def test_every_branch_counts_once_and_rates_are_summed() -> None:
    date = np.repeat(spaced("2014-01", 4, 1, "M"), 3)
    branch = ["A", "B", "B"] * 4
    value = [3.0, 0.0, 2.0] * 4
    means = made(observed(date, value, "2014-03-01", branch=branch))
    assert means.value.tolist() == [2.0] * 4  # A has 3, B has 1
    assert means.branches.tolist() == [2] * 4
    sums = made(
        observed(date, value, "2014-03-01", branch=branch, exposure=[10.0, 20.0, 30.0] * 4), scale="count"
    )
    assert sums.value.tolist() == [5.0] * 4
    assert sums.exposure is not None
    assert sums.exposure.tolist() == [60.0] * 4


def test_branches_trained_on_different_days_are_no_single_series() -> None:
    date = np.tile(spaced("2014-01", 6, 1, "M"), 2)
    observations = Observations.from_columns(
        branch=["A"] * 6 + ["B"] * 6,
        trained=np.ones(12, dtype=bool),
        period=np.full(12, BEFORE),
        value=np.arange(12.0),
        date=date,
        trained_on=np.repeat(days("2014-03-01", "2014-04-01"), 6),
    )
    found = series_of(observations, np.ones(2, dtype=bool), scale="value")
    assert found == NotEstimable("several_training_days", {"n": 2})


def test_the_phase_of_a_year_returns_every_year() -> None:
    months = Calendar.of(spaced("2012-01", 24, 1, "M"), None)
    phase = months.phase(np.arange(24))
    assert phase[:12] == pytest.approx(phase[12:])
    assert phase[:3] == pytest.approx([0.0, 1 / 12, 2 / 12])
    weeks = Calendar.of(days("2014-01-06"), "week")
    assert weeks.phase(weeks.period(days("2014-07-02")))[0] == pytest.approx(0.49, abs=0.02)
