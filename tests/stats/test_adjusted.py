"""Effects adjusted for covariates, strata and the level before against R, statsmodels and full matrices."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm

from pilot_eval.stats.adjusted import (
    RegressionEffect,
    Sample,
    TrainingRegression,
    effect_of_regression,
    regression_of_after,
    regression_of_changes,
    regression_of_rows,
    slopes,
)
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.relative import counterfactual, uplift_of_regression
from pilot_eval.stats.results import NotEstimable
from tests.stats.brute import Rows, fit, made_up

EXACT = 1e-9  # relative: the same number by another order of sums

REFERENCE = json.loads((Path(__file__).parent.parent / "reference" / "cluster_robust.json").read_text())


def sample_of(rows: Rows, *covariates: np.ndarray) -> Sample:
    columns = np.column_stack(covariates) if covariates else np.empty((len(rows.value), 0))
    return Sample.of(rows.branch, rows.after, rows.value, columns, rows.trained, rows.stratum)


def estimated(
    regression: TrainingRegression, sample: Sample, *, same_start: bool = False
) -> RegressionEffect:
    effect = effect_of_regression(regression, sample, same_start=same_start)
    assert isinstance(effect, RegressionEffect)
    return effect


def plain(panel: Panel) -> Effect:
    effect = estimate_effect(panel)
    assert isinstance(effect, Effect)
    return effect


def moving(rows: Rows, seed: int = 1) -> np.ndarray:
    """A covariate of rows that differs between branches and changes."""
    rng = np.random.default_rng(seed)
    count = len(rows.trained)
    return np.asarray(
        rng.normal(5.0, 2.0, count)[rows.branch]
        + rows.after * rng.normal(1.0, 1.0, count)[rows.branch]
        + rng.normal(0.0, 1.0, len(rows.branch))
    )


def standing(rows: Rows, seed: int = 2) -> np.ndarray:
    """A covariate of branches, the same before and after."""
    return np.asarray(
        np.random.default_rng(seed).integers(3, 30, len(rows.trained))[rows.branch], dtype=float
    )


@pytest.mark.parametrize(("build", "by_rows"), [(regression_of_changes, False), (regression_of_rows, True)])
def test_without_covariates_it_is_the_closed_form(
    build: Callable[[Sample], TrainingRegression], by_rows: bool
) -> None:
    rows = made_up(21, 6, 9)
    sample = sample_of(rows)
    effect = estimated(build(sample), sample)
    panel = rows.panel(by_rows=by_rows)
    expected = plain(panel)
    assert effect.estimate == pytest.approx(expected.estimate, rel=EXACT)
    assert effect.standard_error == pytest.approx(expected.standard_error, rel=EXACT)
    assert effect.df == pytest.approx(expected.df, rel=EXACT)
    np.testing.assert_allclose(effect.means, expected.means, rtol=EXACT)
    mean, covariance = counterfactual(panel, expected)
    assert effect.counterfactual == pytest.approx(mean, rel=EXACT)
    np.testing.assert_allclose(effect.covariance, covariance, rtol=EXACT)


def test_rows_of_trained_branches_alone_are_the_closed_form() -> None:
    rows = made_up(36, 9, 0)
    sample = sample_of(rows)
    effect, panel = estimated(regression_of_rows(sample), sample), rows.panel(by_rows=True)
    expected = plain(panel)
    assert effect.estimate == pytest.approx(expected.estimate, rel=EXACT)
    assert effect.standard_error == pytest.approx(expected.standard_error, rel=EXACT)
    assert effect.df == pytest.approx(expected.df, rel=EXACT)
    np.testing.assert_allclose(effect.means, expected.means, rtol=EXACT)
    np.testing.assert_allclose(effect.covariance, counterfactual(panel, expected)[1], rtol=EXACT)


def test_strata_of_branches_are_the_closed_form() -> None:
    rows = made_up(22, 8, 13, strata=3)
    sample = sample_of(rows)
    effect = estimated(regression_of_changes(sample), sample)
    expected = plain(rows.panel())
    assert effect.estimate == pytest.approx(expected.estimate, rel=EXACT)
    assert effect.standard_error == pytest.approx(expected.standard_error, rel=EXACT)
    assert effect.df == pytest.approx(expected.df, rel=EXACT)


def test_branches_with_one_change_and_one_level_covariate_equal_full_matrices() -> None:
    rows = made_up(23, 7, 11, strata=2)
    first, second = moving(rows), standing(rows)
    sample = sample_of(rows, first, second)
    effect = estimated(regression_of_changes(sample), sample)
    means = [Rows(rows.branch, rows.trained, rows.after, column).cells.mean for column in (first, second)]
    assert rows.stratum is not None
    X = np.column_stack(
        [
            rows.stratum == 0,
            rows.stratum == 1,
            means[0][:, 1] - means[0][:, 0],
            means[1][:, 0],
            rows.trained,
        ]
    ).astype(float)
    change = rows.cells.mean[:, 1] - rows.cells.mean[:, 0]
    expected = fit(X, change, np.arange(18))
    assert effect.estimate == pytest.approx(expected.estimate, rel=EXACT)
    assert effect.standard_error**2 == pytest.approx(expected.cr2, rel=EXACT)
    assert effect.df == pytest.approx(expected.df, rel=1e-8)
    hc2 = sm.OLS(change, X).fit(cov_type="HC2")
    assert effect.standard_error == pytest.approx(hc2.bse[-1], rel=EXACT)


@pytest.mark.parametrize("strata", [0, 3])
def test_rows_with_covariates_and_strata_equal_full_matrices(strata: int) -> None:
    rows = made_up(24, 6, 9, strata=strata)
    first, second = moving(rows), standing(rows)
    sample = sample_of(rows, first, second)
    effect = estimated(regression_of_rows(sample), sample)
    stratum = np.zeros(15, dtype=int) if rows.stratum is None else rows.stratum
    dummies = (stratum[rows.branch][:, None] == np.arange(max(strata, 1))).astype(float)
    arm = rows.trained[rows.branch].astype(float)
    X = np.column_stack([dummies, dummies * rows.after[:, None], first, second, arm, arm * rows.after])
    expected = fit(X, rows.value, rows.branch)
    assert effect.estimate == pytest.approx(expected.estimate, rel=EXACT)
    assert effect.standard_error**2 == pytest.approx(expected.cr2, rel=1e-8)
    assert effect.df == pytest.approx(expected.df, rel=1e-8)
    assert effect.fit.standard_error(np.eye(X.shape[1])[-1], "CR1") ** 2 == pytest.approx(
        expected.cr1, rel=EXACT
    )


@pytest.mark.parametrize(("name", "strata"), [("ancova", False), ("ancova_strata", True)])
def test_ancova_is_that_of_clubsandwich(name: str, strata: bool) -> None:
    branches = {key: np.array(column, dtype=float) for key, column in REFERENCE["branches"].items()}
    count = len(branches["after"])
    sample = Sample.of(
        np.tile(np.arange(count), 2),
        np.repeat([0, 1], count),
        np.concatenate([branches["before"], branches["after"]]),
        np.empty((2 * count, 0)),
        branches["trained"] == 1.0,
        branches["stratum"].astype(np.intp) if strata else None,
    )
    effect = estimated(regression_of_after(sample), sample, same_start=True)
    expected = REFERENCE[name]
    place = expected["names"].index("trained")
    assert effect.estimate == pytest.approx(expected["coefficients"][place], rel=EXACT)
    assert effect.standard_error == pytest.approx(expected["CR2"][place], rel=EXACT)
    assert effect.df == pytest.approx(expected["df"][place], rel=EXACT)


def test_rows_with_strata_and_a_covariate_are_those_of_clubsandwich() -> None:
    rows = {key: np.array(column, dtype=float) for key, column in REFERENCE["rows"].items()}
    branch = rows["branch"].astype(np.intp) - 1
    first = np.unique(branch, return_index=True)[1]
    sample = Sample.of(
        branch,
        rows["after"].astype(np.intp),
        rows["y"],
        rows["queue"][:, None],
        rows["trained"][first] == 1.0,
        rows["stratum"][first].astype(np.intp),
    )
    regression = regression_of_rows(sample)
    effect = estimated(regression, sample)
    expected = REFERENCE["strata"]
    both, queue = expected["names"].index("both"), expected["names"].index("queue")
    assert effect.estimate == pytest.approx(expected["coefficients"][both], rel=EXACT)
    assert effect.standard_error == pytest.approx(expected["CR2"][both], rel=EXACT)
    assert effect.df == pytest.approx(expected["df"][both], rel=EXACT)
    slope = slopes(regression, effect)[0]
    assert slope.coefficient == pytest.approx(expected["coefficients"][queue], rel=EXACT)
    assert slope.standard_error == pytest.approx(expected["CR2"][queue], rel=EXACT)
    assert slope.df == pytest.approx(expected["df"][queue], rel=EXACT)


def test_ancova_is_least_squares_with_hc2_of_statsmodels() -> None:
    rows = made_up(25, 9, 12)
    sample = sample_of(rows)
    effect = estimated(regression_of_after(sample), sample, same_start=True)
    mean = rows.cells.mean
    X = np.column_stack([np.ones(21), mean[:, 0], rows.trained.astype(float)])
    model = sm.OLS(mean[:, 1], X).fit(cov_type="HC2")
    assert effect.estimate == pytest.approx(model.params[-1], rel=EXACT)
    assert effect.standard_error == pytest.approx(model.bse[-1], rel=EXACT)
    at_trained_start = model.params[0] + model.params[1] * mean[rows.trained, 0].mean()
    assert effect.counterfactual == pytest.approx(at_trained_start, rel=EXACT)
    np.testing.assert_allclose(effect.means[:, 0], mean[rows.trained, 0].mean(), rtol=EXACT)


def test_ancova_with_equal_starts_is_the_difference_of_means_after() -> None:
    """Where arms start alike, branch by branch, the slope does not matter to the estimate."""
    start = np.array([50.0, 55.0, 61.0, 70.0, 76.0])
    rng = np.random.default_rng(3)
    after = np.concatenate([start, start]) + rng.normal(0.0, 3.0, 10)
    mean = np.concatenate([start, start, after])
    sample = Sample.of(
        np.tile(np.arange(10), 2),
        np.repeat([0, 1], 10),
        mean,
        np.empty((20, 0)),
        np.arange(10) < 5,
    )
    effect = estimated(regression_of_after(sample), sample, same_start=True)
    assert effect.estimate == pytest.approx(after[:5].mean() - after[5:].mean(), rel=EXACT)


@pytest.mark.parametrize("build", [regression_of_changes, regression_of_rows, regression_of_after])
def test_means_differ_by_the_effect_and_the_trained_mean_after_is_the_one_seen(
    build: Callable[[Sample], TrainingRegression],
) -> None:
    rows = made_up(26, 6, 8)
    sample = sample_of(rows, moving(rows))
    by_rows = build is regression_of_rows
    same_start = build is regression_of_after
    effect = estimated(build(sample), sample, same_start=same_start)
    seen = plain(rows.panel(by_rows=by_rows)).means
    change = effect.means[:, 1] - effect.means[:, 0]
    assert change[1] - change[0] == pytest.approx(effect.estimate, rel=EXACT)
    np.testing.assert_allclose(effect.means[1], seen[1], rtol=EXACT)
    assert effect.counterfactual == pytest.approx(seen[1, 1] - effect.estimate, rel=EXACT)


@pytest.mark.parametrize("build", [regression_of_changes, regression_of_rows, regression_of_after])
def test_units_of_covariates_names_of_branches_and_order_of_rows_do_not_matter(
    build: Callable[[Sample], TrainingRegression],
) -> None:
    rows = made_up(27, 6, 8)
    covariate = moving(rows)
    sample = sample_of(rows, covariate)
    first = estimated(build(sample), sample)
    rng = np.random.default_rng(4)
    names, turned = rng.permutation(14), rng.permutation(len(rows.value))
    trained = np.empty(14, dtype=np.bool_)
    trained[names] = rows.trained
    other = Rows(names[rows.branch][turned], trained, rows.after[turned], rows.value[turned])
    sample = sample_of(other, 1e5 + 3_600.0 * covariate[turned])
    second = estimated(build(sample), sample)
    assert second.estimate == pytest.approx(first.estimate, rel=1e-8)
    assert second.standard_error == pytest.approx(first.standard_error, rel=1e-8)
    assert second.df == pytest.approx(first.df, rel=1e-8)


@pytest.mark.parametrize("turn", ["arms", "periods"])
@pytest.mark.parametrize("build", [regression_of_changes, regression_of_rows])
def test_swapping_arms_or_periods_turns_the_effect_round(
    build: Callable[[Sample], TrainingRegression], turn: str
) -> None:
    rows = made_up(34, 6, 9, strata=2)
    columns = moving(rows), standing(rows)
    arms = ~rows.trained if turn == "arms" else rows.trained
    after = 1 - rows.after if turn == "periods" else rows.after
    turned = Rows(rows.branch, arms, after, rows.value, rows.stratum)
    samples = sample_of(rows, *columns), sample_of(turned, *columns)
    first, second = (estimated(build(sample), sample) for sample in samples)
    assert second.estimate == pytest.approx(-first.estimate, rel=EXACT)
    assert second.standard_error == pytest.approx(first.standard_error, rel=EXACT)
    assert second.df == pytest.approx(first.df, rel=1e-8)


@pytest.mark.parametrize("build", [regression_of_changes, regression_of_rows, regression_of_after])
def test_large_values_do_not_cancel(build: Callable[[Sample], TrainingRegression]) -> None:
    rows = made_up(35, 6, 6)
    exact = np.round(rows.value * 1024.0) / 1024.0  # so that adding 1e9 loses nothing
    samples = [
        sample_of(Rows(rows.branch, rows.trained, rows.after, exact + far), moving(rows))
        for far in (0.0, 1e9)
    ]
    near, far = (estimated(build(sample), sample) for sample in samples)
    assert far.estimate == pytest.approx(near.estimate, rel=1e-6)
    assert far.standard_error == pytest.approx(near.standard_error, rel=1e-6)


def test_a_covariate_of_branches_does_not_matter_where_rows_count_once_and_panels_are_balanced() -> None:
    """It is orthogonal to the change; only its own coefficient is spent."""
    rows = made_up(28, 6, 8, visits=(4,))
    with_it, without = sample_of(rows, standing(rows)), sample_of(rows)
    first = estimated(regression_of_rows(with_it), with_it)
    second = estimated(regression_of_rows(without), without)
    assert first.estimate == pytest.approx(second.estimate, rel=EXACT)


def test_what_explains_the_change_makes_the_effect_surer() -> None:
    rng = np.random.default_rng(5)
    rows = made_up(29, 15, 15, visits=(4,))
    cause = rng.normal(0.0, 1.0, 30)[rows.branch]
    driven = Rows(rows.branch, rows.trained, rows.after, rows.value + 8.0 * cause * rows.after)
    with_it, without = sample_of(driven, cause), sample_of(driven)
    first = estimated(regression_of_changes(with_it), with_it)
    second = estimated(regression_of_changes(without), without)
    assert first.standard_error < 0.5 * second.standard_error


def test_the_uplift_holds_nothing_exactly_when_the_effect_is_not_rejected() -> None:
    plan = AnalysisPlan("x")
    for seed in range(40):
        rows = made_up(seed, 6, 6)
        sample = sample_of(rows, moving(rows))
        effect = estimated(regression_of_changes(sample), sample)
        assert uplift_of_regression(plan, effect).interval.contains(0.0) == (effect.pvalue >= 0.05)


def test_a_covariate_that_others_determine_is_named() -> None:
    rows = made_up(31, 5, 6)
    first, arm = moving(rows), rows.trained[rows.branch].astype(float)
    sample = sample_of(rows, first, 2.0 * first + 1.0)
    assert effect_of_regression(regression_of_changes(sample), sample) == NotEstimable(
        "collinear_covariate", {"place": 1}
    )
    sample = sample_of(rows, np.full(len(first), 7.0))
    assert effect_of_regression(regression_of_rows(sample), sample) == NotEstimable(
        "collinear_covariate", {"place": 0}
    )
    sample = sample_of(rows, arm)
    assert effect_of_regression(regression_of_changes(sample), sample) == NotEstimable(
        "arm_told_by_covariates", {"n": 11}
    )


def test_as_many_coefficients_as_branches_are_not_estimable() -> None:
    rows = made_up(32, 3, 3)
    sample = sample_of(rows, *(moving(rows, seed) for seed in range(4)))
    assert effect_of_regression(regression_of_changes(sample), sample) == NotEstimable(
        "more_coefficients_than_branches", {"n": 6, "need": 7}
    )


def test_a_branch_that_has_a_covariate_to_itself_does_not_decide_unseen() -> None:
    rows = made_up(33, 2, 6)
    only = (rows.branch == np.flatnonzero(rows.trained)[0]).astype(float)
    sample = sample_of(rows, only)
    found = effect_of_regression(regression_of_changes(sample), sample)
    assert found == NotEstimable("one_branch_decides", {"n": 8})
