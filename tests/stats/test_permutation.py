"""The studentised permutation against full enumeration by refits and against scipy."""

from __future__ import annotations

import time
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.inversion import TestOfEffect
from pilot_eval.stats.permutation import assignments, permutation_test
from tests.stats.brute import Rows, fit, made_up, two_by_two, with_stratum_dummies

DRAWN = 0.012  # three standard errors of the difference of two p-values near 0.1 from 9,999 draws each
TIE = 1.0 - 1e-10


def permuted(panel: Panel, *, draws: int = 999, seed: int = 1, level: float = 0.95) -> TestOfEffect:
    effect = estimate_effect(panel)
    assert isinstance(effect, Effect)
    return permutation_test(panel, effect, draws=draws, seed=seed, confidence_level=level)


def every_assignment(trained: np.ndarray, stratum: np.ndarray | None = None) -> list[np.ndarray]:
    count = len(trained)
    strata = np.zeros(count, dtype=int) if stratum is None else stratum
    found = []
    for chosen in combinations(range(count), int(trained.sum())):
        arm = np.isin(np.arange(count), chosen)
        if all(arm[strata == s].sum() == trained[strata == s].sum() for s in np.unique(strata)):
            found.append(arm)
    return found


def welch(change: np.ndarray, arm: np.ndarray) -> float:
    return abs(stats.ttest_ind(change[arm], change[~arm], equal_var=False).statistic)


def enumerated_pvalue(panel: Panel, effect: float = 0.0) -> float:
    change = panel.change - effect * panel.trained
    drawn = np.array([welch(change, arm) for arm in every_assignment(panel.trained)])
    return float(np.mean(drawn >= welch(change, panel.trained) * TIE))


@pytest.mark.parametrize(("trained", "comparison"), [(2, 5), (3, 4), (4, 4)])
def test_all_assignments_equal_welch_tests_of_each(trained: int, comparison: int) -> None:
    panel = made_up(31, trained, comparison).panel()
    found = permuted(panel)
    assert found.enumerated
    assert found.draws == len(every_assignment(panel.trained))
    assert found.pvalue == enumerated_pvalue(panel)
    assert abs(found.statistic) == pytest.approx(welch(panel.change, panel.trained), rel=1e-9)


def test_the_interval_ends_where_enumeration_begins_to_reject() -> None:
    panel = made_up(32, 4, 5).panel()
    effect = estimate_effect(panel)
    assert isinstance(effect, Effect)
    ends = permuted(panel, level=0.9).interval
    assert ends.low is not None
    assert ends.high is not None
    small = 1e-6 * effect.standard_error
    for end, outwards in ((ends.low, -small), (ends.high, small)):
        assert enumerated_pvalue(panel, end - outwards) > 0.1
        assert enumerated_pvalue(panel, end + outwards) <= 0.1


def test_assignments_within_strata_equal_refits() -> None:
    panel = made_up(33, 4, 5, strata=2).panel()
    assert panel.stratum is not None
    statistics = []
    for arm in every_assignment(panel.trained, panel.stratum):
        one = fit(with_stratum_dummies(arm, panel.stratum), panel.change, np.arange(9))
        statistics.append(abs(one.estimate) / np.sqrt(one.cr2))
    own = fit(with_stratum_dummies(panel.trained, panel.stratum), panel.change, np.arange(9))
    found = permuted(panel)
    assert found.draws == len(statistics) == assignments(panel.trained, panel.stratum)
    assert found.pvalue == np.mean(np.array(statistics) >= abs(own.estimate) / np.sqrt(own.cr2) * TIE)


def test_assignments_of_unbalanced_rows_equal_refits() -> None:
    rows = made_up(34, 3, 4)
    statistics = []
    for arm in every_assignment(rows.trained):
        one = fit(two_by_two(Rows(rows.branch, arm, rows.after, rows.value)), rows.value, rows.branch)
        statistics.append(abs(one.estimate) / np.sqrt(one.cr2))
    own = fit(two_by_two(rows), rows.value, rows.branch)
    found = permuted(rows.panel(by_rows=True))
    assert found.pvalue == np.mean(np.array(statistics) >= abs(own.estimate) / np.sqrt(own.cr2) * TIE)


def test_as_many_rows_everywhere_weigh_as_much_as_one() -> None:
    rows = made_up(40, 9, 14, visits=(4,))
    by_branch, by_row = permuted(rows.panel()), permuted(rows.panel(by_rows=True))
    assert by_row.pvalue == by_branch.pvalue
    assert by_row.interval.low == pytest.approx(by_branch.interval.low, rel=1e-9)


def test_three_against_three_cannot_reject_and_its_interval_has_no_ends() -> None:
    panel = made_up(35, 3, 3).panel()
    apart = Panel(
        panel.trained, panel.weight, panel.mean + 1e4 * panel.trained[:, None] * np.array([0.0, 1.0])
    )
    found = permuted(apart)
    assert found.pvalue == 0.1  # the identity and its mirror, of 20
    assert not found.interval.bounded
    assert (found.interval.low, found.interval.high) == (None, None)


def test_the_pvalue_agrees_with_scipy() -> None:
    panel = made_up(36, 14, 25).panel()

    def statistic(one: np.ndarray, zero: np.ndarray, axis: int = -1) -> np.ndarray:
        spread = one.var(axis=axis, ddof=1) / one.shape[axis] + zero.var(axis=axis, ddof=1) / zero.shape[axis]
        return (one.mean(axis=axis) - zero.mean(axis=axis)) / np.sqrt(spread)

    theirs = stats.permutation_test(
        (panel.change[panel.trained], panel.change[~panel.trained]),
        lambda one, zero, axis: np.abs(statistic(one, zero, axis)),
        permutation_type="independent",
        vectorized=True,
        n_resamples=9999,
        alternative="greater",
        rng=np.random.default_rng(3),
    )
    assert permuted(panel, draws=9999).pvalue == pytest.approx(theirs.pvalue, abs=DRAWN)


def test_an_unstudentised_permutation_would_say_something_else() -> None:
    rng = np.random.default_rng(37)
    arm = np.arange(40) < 8
    change = rng.normal(0.0, np.where(arm, 6.0, 1.0))
    change += np.where(arm, 3.5 - change[arm].mean(), -change[~arm].mean())
    panel = Panel(arm, np.ones((40, 2)), np.column_stack([np.zeros(40), change]))
    plain = stats.permutation_test(
        (change[arm], change[~arm]),
        lambda one, zero, axis: one.mean(axis=axis) - zero.mean(axis=axis),
        permutation_type="independent",
        vectorized=True,
        n_resamples=9999,
        rng=np.random.default_rng(4),
    )
    exact = stats.ttest_ind(change[arm], change[~arm], equal_var=False).pvalue
    ours = permuted(panel, draws=9999).pvalue
    assert plain.pvalue < 0.5 * exact  # false confidence: the small arm is the one that varies more
    assert abs(ours - exact) < 0.25 * exact


@pytest.mark.parametrize(("by_rows", "strata"), [(False, 0), (True, 0), (False, 2)])
def test_random_assignments_tend_to_the_enumerated_pvalue(by_rows: bool, strata: int) -> None:
    panel = made_up(39, 9, 10, strata=strata).panel(by_rows=by_rows)
    exact = permuted(panel, draws=100_000)
    drawn = [permuted(panel, draws=9999, seed=seed) for seed in range(5)]
    assert exact.enumerated
    assert not drawn[0].enumerated
    spread = np.sqrt(exact.pvalue * (1.0 - exact.pvalue) / 9999)
    assert np.mean([one.pvalue for one in drawn]) == pytest.approx(
        exact.pvalue, abs=4.0 * spread / np.sqrt(5)
    )


def test_rows_of_a_thousand_unequal_branches_take_seconds() -> None:
    panel = made_up(1, 500, 500).panel(by_rows=True)
    effect = estimate_effect(panel)
    assert isinstance(effect, Effect)
    begun = time.process_time()
    found = permutation_test(panel, effect, draws=4_999, seed=1, confidence_level=0.95)
    assert time.process_time() - begun < 2.0
    assert found.draws == 4_999
