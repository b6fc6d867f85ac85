"""Random signs of contributions: enumeration, intervals that fit their p-values, and bands."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from pilot_eval.stats.cohorts import Summary, cohort_effects, effect_at, overall_effect
from pilot_eval.stats.event_study import EventStudy, event_study
from pilot_eval.stats.multiplier import multiplier_bootstrap, simultaneous_quantiles
from pilot_eval.stats.student import two_sided_quantile
from tests.stats.cohorts_made_up import made_up


def summary_of(start: list[int], periods: int, seed: int = 1) -> Summary:
    summary = overall_effect(cohort_effects(made_up(seed, start, periods)))
    assert isinstance(summary, Summary)
    return summary


def test_all_signs_equal_enumeration() -> None:
    summary = summary_of([2, 2, 2, 4, 4, 6, 6], 6)
    test = multiplier_bootstrap(summary, draws=99, seed=1, confidence_level=0.9)
    sums = np.array([np.dot(signs, summary.plain) for signs in product((1.0, -1.0), repeat=7)])
    assert test.enumerated
    assert test.draws == 128
    assert test.pvalue == np.mean(np.abs(sums) >= abs(summary.estimate) * (1 - 1e-10))
    assert test.statistic == pytest.approx(summary.estimate / np.sqrt(np.mean(sums**2)))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("start", [[2] * 3 + [4] * 3, [2] * 6 + [4] * 6 + [6] * 8])
def test_interval_and_p_value_never_contradict(start: list[int], seed: int) -> None:
    summary = summary_of(start, 6, seed)
    for level in (0.5, 0.8, 0.9, 0.95):
        test = multiplier_bootstrap(summary, draws=199, seed=seed, confidence_level=level)
        assert test.interval.contains(0.0) == (test.pvalue > round(1 - level, 12))


def test_a_band_of_one_estimate_is_its_interval_and_more_are_wider_than_each() -> None:
    effects = cohort_effects(made_up(2, [2] * 6 + [4] * 6 + [6] * 8, 6))
    one = effect_at(effects, 0)
    (alone,) = simultaneous_quantiles(
        one.influence[None], np.array([one.df]), draws=99_999, seed=1, confidence_level=0.95
    )
    assert alone == pytest.approx(two_sided_quantile(0.95, one.df), rel=0.02)
    study = event_study(effects, draws=999, seed=1, confidence_level=0.95)
    assert isinstance(study, EventStudy)
    assert np.all(study.band_low < study.low)
    assert np.all(study.band_high > study.high)


def test_the_band_is_as_wide_as_that_of_independent_normals_where_estimates_are_independent() -> None:
    rng = np.random.default_rng(1)
    influence = np.kron(np.eye(5), np.ones(200)) * rng.choice([0.9, 1.1], 1000)
    found = simultaneous_quantiles(influence, np.full(5, 1e9), draws=20_000, seed=1, confidence_level=0.95)
    assert found[0] == pytest.approx(2.5688, abs=0.03)  # normal quantile of (1 + 0.95^(1/5)) / 2


def test_the_event_study_has_the_effects_of_each_time() -> None:
    effects = cohort_effects(made_up(3, [2] * 4 + [4] * 5 + [6] * 5, 6))
    study = event_study(effects, draws=99, seed=1, confidence_level=0.9)
    assert isinstance(study, EventStudy)
    assert study.event_time.tolist() == [-3, -2, -1, 0, 1, 2, 3]
    assert study.cohorts.tolist() == [1, 1, 2, 2, 2, 1, 1]
    assert study.branches.tolist() == [5, 5, 9, 9, 9, 4, 4]
    for place, time in enumerate(study.event_time):
        own = effect_at(effects, int(time))
        ends = own.confidence_interval(0.9)
        assert study.estimate[place] == own.estimate
        assert (study.low[place], study.high[place]) == pytest.approx((ends.low, ends.high))
