"""Exchanged dates of training: every assignment estimated anew gives the same p-values."""

from __future__ import annotations

import numpy as np
import pytest

from pilot_eval.stats.cohort_permutation import _of_cells, _of_cohorts, can_permute, cohort_permutation
from pilot_eval.stats.cohorts import CohortEffects, Summary, cohort_effects, overall_effect
from pilot_eval.stats.sequence_permutation import all_sequences, random_sequences
from tests.stats.cohorts_made_up import made_up, panel_of

TIE = 1e-9  # relative: statistics nearer than this are equal


def summary_of(mean: np.ndarray, start: np.ndarray) -> Summary:
    summary = overall_effect(cohort_effects(panel_of(mean, start)))
    assert isinstance(summary, Summary)
    return summary


@pytest.mark.parametrize("start", [[2, 2, 4, 4, 6, 6], [1, 1, 1, 3, 3, 3], [2, 2, 2, 5, 5, 5, 5]])
def test_refits_of_every_assignment_give_the_same_p_values_and_interval(start: list[int]) -> None:
    panel = made_up(1, start, 6 if max(start) >= 5 else 4)
    effects = cohort_effects(panel)
    summary = overall_effect(effects)
    assert isinstance(summary, Summary)
    test = cohort_permutation(effects, summary, draws=99, seed=1, confidence_level=0.8)
    assert test.enumerated
    (orders,) = all_sequences(panel.start, panel.mean.size)
    assert test.draws == len(orders)
    trained = np.arange(panel.periods)[None, :] >= panel.start[:, None]

    def pvalue(effect: float) -> float:
        mean = panel.mean - effect * trained
        statistics = np.array([abs(summary_of(mean, order).statistic) for order in orders])
        return float(np.mean(statistics >= abs(summary_of(mean, panel.start).statistic) * (1.0 - TIE)))

    assert test.pvalue == pytest.approx(pvalue(0.0))
    step = 1e-6 * summary.standard_error
    for end, outwards in ((test.interval.low, -step), (test.interval.high, step)):
        if end not in (None, 0.0):
            assert pvalue(end - outwards) > 0.2 >= pvalue(end + outwards)


def test_drawn_assignments_come_near_to_all_of_them() -> None:
    panel = made_up(2, [2] * 4 + [4] * 4 + [6] * 4, 6)
    effects = cohort_effects(panel)
    summary = overall_effect(effects)
    assert isinstance(summary, Summary)
    drawn = cohort_permutation(effects, summary, draws=9999, seed=1, confidence_level=0.95)
    other = cohort_permutation(effects, summary, draws=9999, seed=2, confidence_level=0.95)
    assert not drawn.enumerated
    assert drawn.pvalue == pytest.approx(other.pvalue, abs=0.02)
    again = cohort_permutation(effects, summary, draws=9999, seed=1, confidence_level=0.95)
    assert again == drawn
    assert drawn.interval.contains(0.0) == (drawn.pvalue > 0.05)


def with_gaps(seed: int, start: list[int], periods: int, missing: float) -> CohortEffects:
    return cohort_effects(made_up(seed, start, periods, missing=missing))


@pytest.mark.parametrize(
    ("start", "missing"),
    [
        ([2, 2, 2, 4, 4, 4], 0.15),
        ([1, 1, 3, 3, 4, 4], 0.08),
        ([2, 2, 3, 4, 4, 4], 0.0),
        ([2, 2, 2, 3, 4], 0.1),
    ],
)
def test_refits_with_missing_periods_and_single_branches_give_the_same_p_values(
    start: list[int], missing: float
) -> None:
    effects = with_gaps(4, start, 4, missing)
    panel = effects.panel
    summary = overall_effect(effects)
    assert isinstance(summary, Summary)
    test = cohort_permutation(effects, summary, draws=99, seed=1, confidence_level=0.8)
    (orders,) = all_sequences(panel.start, panel.mean.size)
    trained = np.arange(panel.periods)[None, :] >= panel.start[:, None]

    def pvalue(effect: float) -> float:
        mean = panel.mean - effect * trained
        distance = abs(summary_of(mean, panel.start).statistic) * (1.0 - TIE)
        found = (overall_effect(cohort_effects(panel_of(mean, order))) for order in orders)
        return float(np.mean([not isinstance(s, Summary) or abs(s.statistic) >= distance for s in found]))

    assert test.enumerated
    assert test.pvalue == pytest.approx(pvalue(0.0))
    step = 1e-6 * summary.standard_error
    for end, outwards in ((test.interval.low, -step), (test.interval.high, step)):
        if end not in (None, 0.0):
            assert pvalue(end - outwards) > 0.2 >= pvalue(end + outwards)


def test_sums_over_cohorts_and_cell_by_cell_agree() -> None:
    effects = cohort_effects(made_up(5, [2] * 4 + [4] * 5 + [6] * 4, 6))
    summary = overall_effect(effects)
    assert isinstance(summary, Summary)
    orders = next(random_sequences(effects.panel.start, 300, 1, effects.panel.mean.size))
    fast, slow = (compute(effects, summary, orders) for compute in (_of_cohorts, _of_cells))
    for first, second in zip((*fast[0], *fast[1]), (*slow[0], *slow[1]), strict=True):
        np.testing.assert_allclose(second, first, rtol=1e-8, atol=1e-10)


def test_very_many_branches_with_gaps_take_too_long() -> None:
    effects = with_gaps(6, [2] * 400 + [4] * 400 + [6] * 400, 6, 0.1)
    assert not can_permute(effects, 99_999)
    assert can_permute(effects, 999)
    assert can_permute(cohort_effects(made_up(6, [2] * 400 + [4] * 400 + [6] * 400, 6)), 99_999)
