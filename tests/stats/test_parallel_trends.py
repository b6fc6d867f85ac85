"""Trends before training: the joint test, its power, and what is not known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import f as f_distribution
from scipy.stats import ncx2, t

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.cohorts import cohort_effects, effect_at
from pilot_eval.stats.honest import Drift, smoothness
from pilot_eval.stats.parallel_trends import (
    ParallelTrends,
    drift_before,
    nearest,
    parallel_trends,
    pre_test,
    trends_before,
)
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import NotEstimable
from tests.simulation.pilots import runs
from tests.simulation.staggered import NEVER, Staggered
from tests.stats.cohorts_made_up import made_up, panel_of

EXACT = 1e-9  # relative: the same number by another order of sums


def trends_of(seed: int, start: list[int], periods: int) -> ParallelTrends:
    found = trends_before(cohort_effects(made_up(seed, start, periods), universal=True), 0.95)
    assert isinstance(found, ParallelTrends)
    return found


def test_one_estimate_before_training_is_its_t_test() -> None:
    trends = trends_of(1, [2] * 6 + [4] * 7, 4)
    assert trends.event_time.tolist() == [-2]
    statistic = trends.estimate[0] / trends.standard_error[0]
    assert trends.test.method == "hotelling"
    assert trends.test.statistic == pytest.approx(statistic**2, rel=EXACT)
    assert trends.test.pvalue == pytest.approx(2 * t.sf(abs(statistic), trends.df[0]), rel=EXACT)


def test_several_estimates_are_hotellings_statistic() -> None:
    trends = trends_of(2, [4] * 12 + [6] * 15, 6)
    count, df = 3, trends.df.min()
    assert trends.event_time.tolist() == [-4, -3, -2]
    effects = cohort_effects(made_up(2, [4] * 12 + [6] * 15, 6), universal=True)
    influence = np.array([effect_at(effects, time).influence for time in (-4, -3, -2)])
    wald = trends.estimate @ np.linalg.inv(influence @ influence.T) @ trends.estimate
    assert trends.test.statistic == pytest.approx(wald * (df - count + 1) / (df * count), rel=1e-7)
    expected = f_distribution.sf(trends.test.statistic, count, df - count + 1)
    assert trends.test.pvalue == pytest.approx(expected, rel=1e-7)


def test_power_tends_to_that_of_known_covariance() -> None:
    """Roth 2022: the Wald test's noncentral chi-squared power."""
    rng = np.random.default_rng(3)
    root = rng.normal(size=(4, 7))
    covariance = root @ root.T
    drift = Drift(3.0, np.array([1.0]), rng.normal(size=3), covariance, 1e7)
    shift = 0.8 * np.array([-3.0, -2.0, -1.0])
    noncentral = shift @ np.linalg.solve(covariance[1:, 1:], shift)
    expected = ncx2.sf(ncx2.ppf(0.95, 3, 1e-12), 3, noncentral)
    assert pre_test(drift, 0.8, 0.95).power == pytest.approx(expected, rel=1e-4)
    assert pre_test(drift, 0.0, 0.95).power == pytest.approx(0.05, rel=1e-4)


def test_power_is_how_often_the_drift_is_found() -> None:
    rng = np.random.default_rng(4)
    start, slope, found, count = np.array([3] * 8 + [5] * 9), 0.9, [], runs(150)
    powers = []
    for _ in range(count):
        mean = rng.normal(0.0, 2.0, (17, 5)) + slope * np.arange(5)[None, :] * (start == 3)[:, None]
        drift = drift_before(cohort_effects(panel_of(mean, start), universal=True))
        assert isinstance(drift, Drift)
        test = pre_test(drift, slope, 0.95)
        found.append(test.pvalue <= 0.05)
        powers.append(test.power)
    assert np.mean(powers) == pytest.approx(np.mean(found), abs=3 * np.sqrt(0.25 / count) + 0.02)


def test_few_branches_are_tested_one_by_one() -> None:
    trends = trends_of(5, [5] * 3 + [7] * 3, 7)
    statistics = np.abs(trends.estimate / trends.standard_error)
    assert trends.test.method == "bonferroni"
    assert trends.test.pvalue == pytest.approx(
        min(1.0, 4 * 2 * t.sf(statistics.max(), trends.drift.df)), rel=1e-7
    )
    assert 0.0 < trends.test.power < 1.0


@pytest.mark.parametrize("slope", [0.0, 0.1, 1.0, 1e3, 1e6])
@pytest.mark.parametrize("count", [1, 3, 60])
def test_power_is_a_probability_however_large_the_drift(count: int, slope: float) -> None:
    power = pre_test(Drift(1.0, np.ones(1), np.zeros(count), np.eye(count + 1), 20.0), slope, 0.95).power
    assert 0.0 <= power <= 1.0
    if slope == 0.0:
        assert power == pytest.approx(0.05 if count < 60 else 0.05 / 60)
    if slope > 100.0:
        assert power == pytest.approx(1.0)


def test_the_slope_is_of_the_drift_that_would_make_the_effect() -> None:
    trends = trends_of(6, [3] * 6 + [4] * 5 + [6] * 7, 6)
    times = np.arange(len(trends.drift.post_weight))
    assert trends.drift.post_weight.sum() == pytest.approx(1.0)
    assert trends.slope * trends.drift.post_weight @ (times + 1.0) == pytest.approx(trends.effect.estimate)


def test_a_drift_leans_on_no_more_estimates_than_its_branches_carry() -> None:
    drift = Drift(1.0, np.ones(1), np.arange(6.0), np.eye(7), 12.0)
    assert nearest(drift).before.tolist() == [4.0, 5.0]
    assert nearest(replace(drift, df=1.0)).before.tolist() == [5.0]
    assert nearest(replace(drift, df=1000.0)) is not None
    assert len(nearest(replace(drift, df=1000.0)).before) == 6


def test_weights_that_fit_the_covariance_do_not_make_the_interval_too_short() -> None:
    """Straight drift, forty branches: 6.4 % of 2,000 missed it, 8.6 % without allowing for the fit."""
    rng = np.random.default_rng(9)
    scenario, count, missed = Staggered("forty", {5: 20, NEVER: 20}), runs(150), 0
    for _ in range(count):
        effects = cohort_effects(scenario.panel(rng, drift=1.0), universal=True)
        drift = drift_before(effects)
        assert isinstance(drift, Drift)
        assert len(nearest(drift).before) == 4
        missed += not smoothness(nearest(drift), 0.0).contains(0.0)
    assert missed / count < 0.07 + 3.0 * np.sqrt(0.07 * 0.93 / count)


def test_what_cannot_be_seen_is_said() -> None:
    plain = Observations.from_columns(
        branch=["a", "a"], trained=[True, True], period=[0, 2], value=[1.0, 2.0]
    )
    assert parallel_trends(plain, AnalysisPlan("x")) == NotEstimable("trends_need_dates")
    once = cohort_effects(made_up(7, [1] * 4 + [2] * 5, 2), universal=True)
    assert trends_before(once, 0.95) == NotEstimable("few_periods_before", {"need": 2})


def test_two_arms_with_one_day_of_training_have_trends_too() -> None:
    rng = np.random.default_rng(8)
    branch, date, trained, value = [], [], [], []
    for number in range(12):
        for month in range(1, 7):
            branch.append(f"b{number}")
            date.append(f"2024-{month:02d}-15")
            trained.append(number < 5)
            value.append(float(rng.normal(60.0 + number, 3.0) + 4.0 * (number < 5 and month >= 4)))
    days = np.array(date, dtype="datetime64[D]")
    day = np.full(len(days), np.datetime64("2024-04-01"))  # written beside comparison branches too
    pilot = Observations.from_columns(
        branch=branch,
        trained=trained,
        period=np.where(days >= day, 2, 0),
        value=value,
        date=days,
        trained_on=day,
    )
    trends = parallel_trends(pilot, AnalysisPlan("x", design="difference_in_differences"))
    assert isinstance(trends, ParallelTrends)
    assert trends.event_time.tolist() == [-3, -2]
    means = {
        arm: [
            np.mean([v for v, d, t in zip(value, date, trained, strict=True) if t == arm and d == day_])
            for day_ in sorted(set(date))
        ]
        for arm in (True, False)
    }
    gap = np.array(means[True]) - np.array(means[False])
    np.testing.assert_allclose(trends.estimate, gap[:2] - gap[2], rtol=1e-9)
    assert trends.effect.estimate == pytest.approx(np.mean(gap[3:] - gap[2]), rel=EXACT)
