"""The effect with operations taken out: special cases, full regressions, and what cannot be told apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from pilot_eval.domain.observations import AFTER, BEFORE, Matrix, Observations
from pilot_eval.stats.analysis import analyse
from pilot_eval.stats.mix import Mix, mix_of, shares_of
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import Estimate, NotEstimable
from tests.stats.brute import fit

EXACT = 1e-8  # relative: the same number by another order of sums, and by pseudo-inverses
PLAN = AnalysisPlan("x", draws=99)
ROWS = replace(PLAN, weights="observation")


def pilot(
    seed: int = 1, *, trained: int = 6, comparison: int = 8, lean: float = 0.4, gaps: bool = False
) -> dict[str, Any]:
    """Parcels take longer; trained branches get more of them after training."""
    rng = np.random.default_rng(seed)
    count = trained + comparison
    visits = rng.integers(4, 12, (count, 2))
    branch = np.repeat(np.repeat(np.arange(count), 2), visits.ravel())
    period = np.repeat(np.tile([BEFORE, AFTER], count), visits.ravel())
    arm = branch < trained
    parcel = rng.random(len(branch)) < 0.3 + lean * (arm & (period == AFTER))
    operation = np.where(parcel, "parcel", np.where(rng.random(len(branch)) < 0.2, "pension", "letter"))
    value = rng.normal(60.0, 5.0, count)[branch] + (period == AFTER) * rng.normal(0.0, 2.0, count)[branch]
    return {
        "branch": branch.astype(str),
        "trained": arm,
        "period": period,
        "value": value - 8.0 * parcel + 3.0 * (arm & (period == AFTER)) + rng.normal(0.0, 3.0, len(branch)),
        "operation": [None if gaps and i % 11 == 0 else str(name) for i, name in enumerate(operation)],
    }


def observed(**options: Any) -> Observations:
    return Observations.from_columns(**pilot(**options))


def taken_out(observations: Observations, plan: AnalysisPlan = PLAN) -> Mix:
    mix = mix_of(observations, plan)
    assert isinstance(mix, Mix)
    return mix


def effect_of(mix: Mix) -> Estimate:
    assert not isinstance(mix.effect, NotEstimable)
    return mix.effect


def headline(observations: Observations, plan: AnalysisPlan = PLAN) -> Estimate:
    effect = analyse(observations, plan).effect
    assert not isinstance(effect, NotEstimable)
    return effect


def balanced(seed: int = 2) -> Observations:
    """Every branch and period has two letters and two parcels."""
    columns = pilot(seed)
    count = len(set(columns["branch"].tolist()))
    rng = np.random.default_rng(seed)
    branch = np.repeat(np.arange(count), 8)
    period = np.tile(np.repeat([BEFORE, AFTER], 4), count)
    return Observations.from_columns(
        branch=branch.astype(str),
        trained=branch < 6,
        period=period,
        value=rng.normal(60.0, 6.0, len(branch)) - 9.0 * (np.arange(len(branch)) % 2),
        operation=np.tile(["letter", "parcel"], len(branch) // 2).tolist(),
    )


@pytest.mark.parametrize("design", ["difference_in_differences", "before_after"])
def test_an_equal_mix_everywhere_changes_nothing(design: str) -> None:
    observations, plan = balanced(), replace(PLAN, design=design)
    if design == "before_after":
        chosen = observations.trained[observations.branch]
        observations = replace(observations, value=np.where(chosen, observations.value, np.nan))
    mix, plain = taken_out(observations, plan), analyse(observations, plan)
    effect, seen = effect_of(mix), headline(observations, plan)
    assert mix.shift == pytest.approx(0.0, abs=1e-12)
    assert effect.estimate == pytest.approx(seen.estimate, rel=EXACT)
    assert effect.standard_error == pytest.approx(seen.standard_error, rel=EXACT)
    assert effect.df == pytest.approx(seen.df, rel=EXACT)
    assert mix.uplift is not None
    assert plain.uplift is not None
    assert mix.uplift.estimate == pytest.approx(plain.uplift.estimate, rel=EXACT)
    assert mix.uplift.interval.low == pytest.approx(plain.uplift.interval.low, rel=EXACT)
    assert mix.uplift.interval.high == pytest.approx(plain.uplift.interval.high, rel=EXACT)
    distance = mix.shares.distance()
    np.testing.assert_allclose(distance[~np.isnan(distance)], 0.0, atol=1e-12)


def test_operations_are_taken_out_as_the_full_regression_has_them() -> None:
    """Rows on branch x period dummies and operations, by least squares, then averaged."""
    observations = observed()
    mix = taken_out(observations)
    assert observations.operation is not None
    codes, after = observations.operation.codes, (observations.period == AFTER).astype(int)
    cell = 2 * observations.branch + after
    cells = (cell[:, None] == np.arange(28)).astype(float)
    dummies = (codes[:, None] == [1, 2]).astype(float)
    model = sm.OLS(observations.value, np.hstack([cells, dummies])).fit()
    effects = np.array([0.0, *model.params[28:]])
    left = observations.value - effects[codes]
    mean = np.bincount(cell, weights=left) / np.bincount(cell)
    change = mean[1::2] - mean[::2]
    arm = observations.trained
    expected = change[arm].mean() - change[~arm].mean()
    assert effect_of(mix).estimate == pytest.approx(expected, rel=EXACT)
    np.testing.assert_allclose(mix.difference - mix.difference[0], effects, rtol=EXACT, atol=1e-9)
    assert mix.shift == pytest.approx(expected - headline(observations).estimate, rel=EXACT)


def test_rows_counting_once_have_a_dummy_per_operation() -> None:
    observations = observed()
    mix = taken_out(observations, ROWS)
    assert observations.operation is not None
    arm = observations.trained[observations.branch].astype(float)
    after = (observations.period == AFTER).astype(float)
    dummies = (observations.operation.codes[:, None] == [1, 2]).astype(float)
    X = np.column_stack([np.ones_like(arm), arm, after, dummies, arm * after])
    model = sm.OLS(observations.value, X).fit()
    assert effect_of(mix).estimate == pytest.approx(model.params[-1], rel=EXACT)
    as_covariates = replace(observations, covariates=Matrix(("a", "b"), dummies))
    assert effect_of(mix).standard_error == pytest.approx(
        headline(as_covariates, ROWS).standard_error, rel=EXACT
    )


def test_an_effect_that_the_mix_hid_is_found() -> None:
    observations = observed(trained=20, comparison=20)
    mix, seen = taken_out(observations), headline(observations)
    assert abs(effect_of(mix).estimate - 3.0) < 2.5 * effect_of(mix).standard_error
    assert abs(seen.estimate - 3.0) > 2.5 * seen.standard_error
    assert [c.code for c in analyse(observations, PLAN).cautions] == ["mix_differs"]


def test_shares_are_means_of_branches_or_of_rows() -> None:
    observations = observed()
    assert observations.operation is not None
    chosen = (observations.period == AFTER) & observations.trained[observations.branch]
    parcels = observations.operation.codes == 1
    of_rows = shares_of(observations, ROWS).share[1, 1, 1]
    assert of_rows == pytest.approx(parcels[chosen].mean(), rel=EXACT)
    each = [parcels[chosen & (observations.branch == b)].mean() for b in np.flatnonzero(observations.trained)]
    assert shares_of(observations, PLAN).share[1, 1, 1] == pytest.approx(np.mean(each), rel=EXACT)


def test_rows_without_an_operation_are_left_out_of_the_mix_alone() -> None:
    observations = observed(gaps=True)
    assert observations.operation is not None
    lacking = observations.operation.codes < 0
    mix = taken_out(observations)
    assert mix.shares.without == int(lacking.sum()) > 0
    without = replace(observations, value=np.where(lacking, np.nan, observations.value))
    assert effect_of(mix).estimate == pytest.approx(effect_of(taken_out(without)).estimate, rel=EXACT)
    found = analyse(observations, PLAN)
    assert found.flow.rows_used == len(observations.value)
    assert "missing_values" not in [caution.code for caution in found.cautions]


@pytest.mark.parametrize("weights", ["branch", "observation"])
def test_trained_branches_alone_have_a_mix_too(weights: str) -> None:
    plan = replace(PLAN, design="before_after", weights=weights)
    observations = observed(comparison=0)
    mix = taken_out(observations, plan)
    assert np.isnan(mix.shares.distance()[0])
    assert mix.shift is not None
    assert mix.shift > 1.0
    assert mix.uplift is not None
    assert mix.uplift.interval.contains(0.0) == (effect_of(mix).pvalue >= 0.05)


def test_rows_of_trained_branches_alone_are_least_squares_on_after_and_operations() -> None:
    observations = observed(comparison=0)
    mix = taken_out(observations, replace(ROWS, design="before_after"))
    assert observations.operation is not None
    after = (observations.period == AFTER).astype(float)
    dummies = (observations.operation.codes[:, None] == [1, 2]).astype(float)
    X = np.column_stack([np.ones_like(after), dummies, after])
    expected = fit(X, observations.value, observations.branch)
    assert effect_of(mix).estimate == pytest.approx(expected.estimate, rel=EXACT)
    assert effect_of(mix).standard_error ** 2 == pytest.approx(expected.cr2, rel=EXACT)
    assert effect_of(mix).df == pytest.approx(expected.df, rel=EXACT)


def test_durations_are_told_as_speed() -> None:
    columns = pilot()
    columns["value"] = np.exp(columns["value"] / 20.0)
    observations = Observations.from_columns(**columns)
    mix = taken_out(observations, replace(PLAN, kind="duration"))
    logs = Observations.from_columns(**{**columns, "value": np.log(columns["value"])})
    assert effect_of(mix).estimate == pytest.approx(effect_of(taken_out(logs)).estimate, rel=EXACT)
    assert mix.speed is not None
    assert mix.speed.time_percent == pytest.approx(100.0 * np.expm1(effect_of(mix).estimate), rel=EXACT)


def test_an_operation_of_one_period_is_named() -> None:
    columns = pilot()
    columns["operation"] = [
        "new" if name == "pension" and period == AFTER else "old" if name == "pension" else name
        for name, period in zip(columns["operation"], columns["period"], strict=True)
    ]
    observations = Observations.from_columns(**columns)
    assert shares_of(observations, PLAN).in_one_period() == ("new", "old")
    cautions = {caution.code: caution.values for caution in analyse(observations, PLAN).cautions}
    assert cautions["operations_in_one_period"]["name"] == "new, old"


@pytest.mark.parametrize("weights", ["branch", "observation"])
def test_one_operation_everywhere_leaves_nothing_to_take_out(weights: str) -> None:
    columns = pilot()
    columns["operation"] = ["letter"] * len(columns["operation"])
    mix = taken_out(Observations.from_columns(**columns), replace(PLAN, weights=weights))
    assert mix.effect == NotEstimable("operations_alone", {"n": 1})


def test_operations_that_never_meet_cannot_be_compared() -> None:
    columns = pilot()
    columns["operation"] = [
        ("letter" if i % 2 else "parcel") if period == BEFORE else ("form" if i % 2 else "stamp")
        for i, period in enumerate(columns["period"])
    ]
    alone = {**columns, "trained": np.ones(len(columns["trained"]), dtype=bool)}
    mix = taken_out(Observations.from_columns(**alone), replace(PLAN, design="before_after"))
    assert mix.effect == NotEstimable("operations_not_linked", {"n": 2})


def test_an_adjusted_effect_has_no_mix_taken_out() -> None:
    observations = observed()
    covariates = Matrix(("a",), np.random.default_rng(1).normal(size=(len(observations.value), 1)))
    assert taken_out(replace(observations, covariates=covariates)).effect == NotEstimable("mix_of_adjusted")
    ancova = replace(PLAN, estimator="ancova", allocation="random")
    assert taken_out(observations, ancova).effect == NotEstimable("mix_of_adjusted")


def test_rows_without_the_column_have_no_mix() -> None:
    assert mix_of(replace(observed(), operation=None), PLAN) == NotEstimable("without_operations")


def test_an_arm_of_one_branch_with_operations_says_so() -> None:
    made = pilot(trained=1, comparison=5)
    few = mix_of(Observations.from_columns(**made), PLAN)
    assert isinstance(few, Mix)
    assert few.effect == NotEstimable("few_branches", {"arm": "trained", "n": 1, "need": 2})
    none = made | {"operation": [None] * len(made["operation"])}
    assert shares_of(Observations.from_columns(**none), PLAN).names == ()
