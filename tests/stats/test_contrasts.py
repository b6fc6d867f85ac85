"""The effect, its CR2 standard error and degrees of freedom against full matrices and other programs."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from pilot_eval.stats.bootstrap import cr0_variance, cr1_factor
from pilot_eval.stats.cells import Cells, sum_cells
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.results import NotEstimable
from tests.stats.brute import Rows, fit, made_up, two_by_two, with_stratum_dummies

EXACT = 1e-9  # relative: the same number by another order of sums
SIZES = [(2, 2), (3, 9), (12, 7), (20, 24)]


def effect_of(panel: Panel) -> Effect:
    effect = estimate_effect(panel)
    assert isinstance(effect, Effect)
    return effect


@pytest.mark.parametrize(("trained", "comparison"), SIZES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rows_of_unbalanced_branches_equal_full_matrices(seed: int, trained: int, comparison: int) -> None:
    rows = made_up(seed, trained, comparison)
    expected = fit(two_by_two(rows), rows.value, rows.branch)
    panel = rows.panel(by_rows=True)
    effect = effect_of(panel)
    assert effect.estimate == pytest.approx(expected.estimate, rel=EXACT)
    assert effect.standard_error**2 == pytest.approx(expected.cr2, rel=EXACT)
    assert effect.df == pytest.approx(expected.df, rel=EXACT)
    assert cr0_variance(effect) * cr1_factor(panel) == pytest.approx(expected.cr1, rel=EXACT)


@pytest.mark.parametrize("trained", [2, 5, 30])
def test_before_after_rows_equal_full_matrices(trained: int) -> None:
    rows = made_up(4, trained, 0)
    expected = fit(two_by_two(rows), rows.value, rows.branch)
    effect = effect_of(rows.panel(by_rows=True))
    assert effect.estimate == pytest.approx(expected.estimate, rel=EXACT)
    assert effect.standard_error**2 == pytest.approx(expected.cr2, rel=EXACT)
    assert effect.df == pytest.approx(expected.df, rel=EXACT)


def test_before_after_of_branches_is_the_one_sample_t_test() -> None:
    rows = made_up(5, 9, 0)
    panel = rows.panel()
    effect = effect_of(panel)
    assert effect.estimate == pytest.approx(panel.change.mean(), rel=EXACT)
    assert effect.standard_error == pytest.approx(panel.change.std(ddof=1) / 3.0, rel=EXACT)
    assert effect.df == pytest.approx(8.0, rel=EXACT)


@pytest.mark.parametrize(("trained", "comparison"), SIZES)
def test_branches_counting_once_have_welch_standard_error_but_not_welch_df(
    trained: int, comparison: int
) -> None:
    panel = made_up(6, trained, comparison).panel()
    effect = effect_of(panel)
    one, zero = panel.change[panel.trained], panel.change[~panel.trained]
    parts = one.var(ddof=1) / trained, zero.var(ddof=1) / comparison
    assert effect.standard_error == pytest.approx(math.sqrt(sum(parts)), rel=EXACT)
    closed_form = (1 / trained + 1 / comparison) ** 2 / (
        1 / (trained**2 * (trained - 1)) + 1 / (comparison**2 * (comparison - 1))
    )
    welch = sum(parts) ** 2 / (parts[0] ** 2 / (trained - 1) + parts[1] ** 2 / (comparison - 1))
    assert effect.df == pytest.approx(closed_form, rel=EXACT)
    assert abs(effect.df - welch) > 1e-3


def test_pooled_differenced_and_branch_effect_regressions_give_one_cr2() -> None:
    panel = made_up(7, 6, 11).panel()
    count = len(panel.trained)
    branch, after = np.repeat(np.arange(count), 2), np.tile([0, 1], count)
    y = panel.mean.ravel()
    both = (panel.trained[branch] & (after == 1)).astype(float)
    pooled = two_by_two(Rows(branch, panel.trained, after, y))
    within = y - np.repeat(panel.mean.mean(axis=1), 2)
    absorbed = [x - np.repeat(x.reshape(-1, 2).mean(axis=1), 2) for x in (after.astype(float), both)]
    differenced = np.column_stack([np.ones(count), panel.trained.astype(float)])
    effect = effect_of(panel)
    for result in (
        fit(pooled, y, branch),
        fit(np.column_stack(absorbed), within, branch),
        fit(differenced, panel.change, np.arange(count)),
    ):
        assert result.estimate == pytest.approx(effect.estimate, rel=EXACT)
        assert result.cr2 == pytest.approx(effect.standard_error**2, rel=EXACT)
        assert result.df == pytest.approx(effect.df, rel=EXACT)


def test_cr1_equals_statsmodels() -> None:
    rows = made_up(8, 14, 9)
    model = sm.OLS(rows.value, two_by_two(rows)).fit(cov_type="cluster", cov_kwds={"groups": rows.branch})
    panel = rows.panel(by_rows=True)
    effect = effect_of(panel)
    assert effect.estimate == pytest.approx(model.params[-1], rel=EXACT)
    assert math.sqrt(cr0_variance(effect) * cr1_factor(panel)) == pytest.approx(model.bse[-1], rel=EXACT)


def test_branch_effects_are_not_counted_in_the_small_sample_factor_as_in_pyfixest() -> None:
    panel = made_up(9, 8, 8).panel()
    count = len(panel.trained)
    frame = pd.DataFrame(
        {
            "y": panel.mean.ravel(),
            "branch": np.repeat(np.arange(count), 2),
            "after": np.tile([0, 1], count),
            "both": np.repeat(panel.trained, 2) * np.tile([0, 1], count),
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyfixest's own dependencies deprecate one another
        import pyfixest as pf

        model = pf.feols("y ~ both | branch + after", frame, vcov={"CRV1": "branch"})
    effect = effect_of(panel)
    naive = cr0_variance(effect) * count / (count - 1) * (2 * count - 1) / (2 * count - count - 2)
    theirs = float(model.se()["both"])
    assert float(model.coef()["both"]) == pytest.approx(effect.estimate, rel=1e-7)
    # theirs counts the coefficient and the two periods, never the branches, which are nested in the clusters
    counted = cr0_variance(effect) * count / (count - 1) * (2 * count - 1) / (2 * count - 3)
    assert theirs == pytest.approx(math.sqrt(counted), rel=1e-6)
    ours = math.sqrt(cr0_variance(effect) * cr1_factor(panel))
    assert ours == pytest.approx(theirs, rel=0.05)
    assert math.sqrt(naive) > 1.3 * ours


@pytest.mark.parametrize(("trained", "comparison", "strata"), [(6, 6, 3), (5, 13, 2), (12, 20, 4), (2, 6, 2)])
def test_strata_equal_the_regression_with_dummies_by_full_matrices(
    trained: int, comparison: int, strata: int
) -> None:
    rows = made_up(10, trained, comparison, strata=strata)
    panel = rows.panel()
    assert panel.stratum is not None
    expected = fit(
        with_stratum_dummies(panel.trained, panel.stratum), panel.change, np.arange(len(panel.trained))
    )
    effect = effect_of(panel)
    assert effect.estimate == pytest.approx(expected.estimate, rel=EXACT)
    assert effect.standard_error**2 == pytest.approx(expected.cr2, rel=EXACT)
    assert effect.df == pytest.approx(expected.df, rel=EXACT)
    assert cr0_variance(effect) * cr1_factor(panel) == pytest.approx(expected.cr1, rel=EXACT)
    change = effect.means[:, 1] - effect.means[:, 0]
    assert change[1] - change[0] == pytest.approx(effect.estimate, rel=EXACT)


def test_one_stratum_is_no_stratum() -> None:
    rows = made_up(11, 7, 10)
    plain = effect_of(rows.panel())
    one = effect_of(Panel.of(rows.cells, rows.trained, stratum=np.zeros(17, dtype=np.intp)))
    assert one.estimate == pytest.approx(plain.estimate, rel=EXACT)
    assert one.standard_error == pytest.approx(plain.standard_error, rel=EXACT)
    assert one.df == pytest.approx(plain.df, rel=EXACT)
    np.testing.assert_allclose(one.influence, plain.influence, rtol=EXACT, atol=1e-12)


def test_a_single_pair_in_one_stratum_is_refused() -> None:
    trained = np.array([True, True, True, False, False, False])
    mean = np.arange(12.0).reshape(6, 2) ** 2
    cells = Cells(np.ones_like(mean), mean, np.zeros_like(mean))
    alone = Panel.of(cells.take(np.array([0, 3])), trained[[0, 3]], stratum=np.array([0, 0]))
    assert estimate_effect(alone) == NotEstimable("few_branches", {"arm": "trained", "n": 1, "need": 2})


def test_equal_changes_have_no_standard_error_of_zero() -> None:
    mean = np.array([[1.0, 3.0], [2.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
    panel = Panel.of(
        Cells(np.ones_like(mean), mean, np.zeros_like(mean)), np.array([True, True, False, False])
    )
    assert estimate_effect(panel) == NotEstimable("no_variation", {"n": 4})


def test_large_means_do_not_cancel() -> None:
    rows = made_up(12, 6, 6)
    exact = np.round(rows.value * 1024.0) / 1024.0  # so that adding 1e9 loses nothing
    near = sum_cells(rows.branch, rows.after, exact, 12)
    far = sum_cells(rows.branch, rows.after, exact + 1e9, 12)
    np.testing.assert_allclose(far.mean - 1e9, near.mean, atol=3e-7)
    np.testing.assert_allclose(far.squares, near.squares, rtol=1e-9, atol=1e-6)


def test_swapping_periods_turns_the_effect_round() -> None:
    rows = made_up(13, 6, 9)
    turned = Rows(rows.branch, rows.trained, 1 - rows.after, rows.value)
    _is_turned_round(effect_of(rows.panel()), effect_of(turned.panel()))


def test_swapping_arms_turns_the_effect_round() -> None:
    rows = made_up(14, 6, 9)
    turned = Rows(rows.branch, ~rows.trained, rows.after, rows.value)
    _is_turned_round(effect_of(rows.panel()), effect_of(turned.panel()))


def _is_turned_round(first: Effect, second: Effect) -> None:
    assert second.estimate == pytest.approx(-first.estimate, rel=EXACT)
    assert second.standard_error == pytest.approx(first.standard_error, rel=EXACT)
    assert second.df == pytest.approx(first.df, rel=EXACT)
    assert second.pvalue == pytest.approx(first.pvalue, rel=EXACT)
    ends, turned = first.confidence_interval(0.9), second.confidence_interval(0.9)
    assert (turned.low, turned.high) == (pytest.approx(-ends.high), pytest.approx(-ends.low))  # type: ignore[operator]  # both ends exist
