"""Exchanged dates of training: every assignment estimated anew gives the same p-values."""

from __future__ import annotations

import numpy as np
import pytest

from pilot_eval.stats.cohort_permutation import can_permute, cohort_permutation
from pilot_eval.stats.cohorts import Summary, cohort_effects, overall_effect
from pilot_eval.stats.sequence_permutation import all_sequences
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


def test_dates_are_exchanged_only_where_it_changes_nothing_else() -> None:
    assert can_permute(cohort_effects(made_up(3, [2] * 4 + [4] * 4, 6)))
    assert not can_permute(cohort_effects(made_up(3, [2] * 4 + [4] * 4, 6, missing=0.1)))
    assert not can_permute(cohort_effects(made_up(3, [2] * 4 + [3] + [4] * 4, 6)))
