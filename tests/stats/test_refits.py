"""Bootstrap and permutation of adjusted regressions against refits of every draw and against closed forms."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np
import pytest

from pilot_eval.stats.adjusted import (
    RegressionEffect,
    Sample,
    TrainingRegression,
    effect_of_regression,
    regression_of_after,
    regression_of_changes,
    regression_of_rows,
)
from pilot_eval.stats.bootstrap import wild_cluster_bootstrap
from pilot_eval.stats.contrasts import Effect, estimate_effect
from pilot_eval.stats.draws import all_arms
from pilot_eval.stats.inversion import TestOfEffect
from pilot_eval.stats.permutation import permutation_test
from pilot_eval.stats.refits import bootstrap_of_regression, permutation_of_regression
from tests.stats.brute import Rows, fit, made_up, wild_pvalue
from tests.stats.test_adjusted import moving, sample_of, standing

EXACT = 1e-9  # relative: the same number by another order of sums
DRAWN = 0.025  # three standard errors of a p-value near 0.5 from 4,999 draws
OPTIONS = {"draws": 199, "seed": 3, "confidence_level": 0.9}
BUILDS = [regression_of_changes, regression_of_after, regression_of_rows]
Build = Callable[[Sample], TrainingRegression]
Refit = Callable[..., TestOfEffect]


def estimated(build: Build, sample: Sample) -> tuple[TrainingRegression, RegressionEffect]:
    regression = build(sample)
    effect = effect_of_regression(regression, sample)
    assert isinstance(effect, RegressionEffect)
    return regression, effect


def unusual(rows: Rows) -> Sample:
    return sample_of(rows, moving(rows), standing(rows))


@pytest.mark.parametrize("strata", [0, 2])
@pytest.mark.parametrize("build", BUILDS)
def test_the_bootstrap_equals_refits_of_all_signs(build: Build, strata: int) -> None:
    regression, effect = estimated(build, unusual(made_up(41, 4, 4, strata=strata)))
    signs = 1.0 - 2.0 * ((np.arange(256)[:, None] >> np.arange(8)) & 1)
    found = bootstrap_of_regression(regression, effect, draws=99, seed=1, confidence_level=0.9)
    assert found.enumerated
    for tested in (0.0, effect.estimate - 0.7 * effect.standard_error):
        drawn = wild_pvalue(regression.regressors, regression.y, regression.branch, signs, tested)
        share = np.mean(drawn[1:] >= drawn[0] * (1.0 - 1e-10))
        if tested == 0.0:
            assert found.pvalue == pytest.approx(share, abs=1e-12)
            assert abs(found.statistic) == pytest.approx(drawn[0], rel=EXACT)
        else:
            assert found.interval.contains(tested) == (share > 0.1)


@pytest.mark.parametrize("strata", [0, 2])
@pytest.mark.parametrize("build", BUILDS)
def test_the_permutation_equals_refits_of_all_arms(build: Build, strata: int) -> None:
    regression, effect = estimated(build, unusual(made_up(42, 4, 5, strata=strata)))
    found = permutation_of_regression(regression, effect, **OPTIONS)
    assert found.enumerated
    tested = regression.trained[regression.branch] * regression.moderated[:, -1]
    for value in (0.0, effect.estimate + 0.9 * effect.standard_error):
        statistics = []
        for arms in all_arms(regression.trained, regression.stratum):
            X = np.hstack([regression.others, arms[regression.branch, None] * regression.moderated])
            one = fit(X, regression.y - value * tested, regression.branch)
            variance = one.cr2 if regression.by_branch else one.cr1
            statistics.append(abs(one.estimate) / np.sqrt(variance))
        own = [
            np.array_equal(a, regression.trained) for a in all_arms(regression.trained, regression.stratum)
        ]
        seen = statistics[own.index(True)]
        share = np.mean(np.array(statistics) >= seen * (1.0 - 1e-10))
        if value == 0.0:
            assert found.pvalue == pytest.approx(share, abs=1e-12)
            assert abs(found.statistic) == pytest.approx(seen, rel=EXACT)
        else:
            assert found.interval.contains(value) == (share > 0.1)


@pytest.mark.parametrize("strata", [0, 3])
@pytest.mark.parametrize("size", [(5, 7), (14, 20)])
def test_without_covariates_both_are_the_closed_forms_of_branches(size: tuple[int, int], strata: int) -> None:
    rows = made_up(43, *size, strata=strata)
    regression, effect = estimated(regression_of_changes, sample_of(rows))
    panel = rows.panel()
    expected = estimate_effect(panel)
    assert isinstance(expected, Effect)
    for ours, theirs in (
        (bootstrap_of_regression, wild_cluster_bootstrap),
        (permutation_of_regression, permutation_test),
    ):
        first, second = ours(regression, effect, **OPTIONS), theirs(panel, expected, **OPTIONS)
        assert first.pvalue == second.pvalue
        assert first.statistic == pytest.approx(second.statistic, rel=EXACT)
        assert first.interval.low == pytest.approx(second.interval.low, rel=1e-7)
        assert first.interval.high == pytest.approx(second.interval.high, rel=1e-7)


def test_rows_without_covariates_have_the_bootstrap_of_the_closed_form() -> None:
    rows = made_up(44, 8, 14)
    regression, effect = estimated(regression_of_rows, sample_of(rows))
    panel = rows.panel(by_rows=True)
    expected = estimate_effect(panel)
    assert isinstance(expected, Effect)
    first = bootstrap_of_regression(regression, effect, **OPTIONS)
    second = wild_cluster_bootstrap(panel, expected, **OPTIONS)
    assert first.statistic == pytest.approx(second.statistic, rel=EXACT)
    assert first.pvalue == pytest.approx(second.pvalue, abs=0.1)  # order of branches, so signs, may differ


@pytest.mark.parametrize("build", [regression_of_changes, regression_of_rows])
def test_the_bootstrap_agrees_with_the_package_wildboottest(build: Build) -> None:
    rows = made_up(45, 7, 9)
    regression, effect = estimated(build, sample_of(rows, moving(rows)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package's own dependencies deprecate one another
        from wildboottest.wildboottest import WildboottestCL

        X = regression.regressors
        chosen = np.eye(X.shape[1])[-1]
        theirs = WildboottestCL(X=X, Y=regression.y, cluster=regression.branch, R=chosen, B=4_999, seed=1)
        theirs.get_scores(bootstrap_type="11", impose_null=True)
        theirs.get_weights(weights_type="rademacher")
        theirs.get_numer()
        theirs.get_denom()
        theirs.get_tboot()
        theirs.get_vcov()
        theirs.get_tstat()
        theirs.get_pvalue()
    weights = {"draws": 65_536, "seed": 1, "confidence_level": 0.95}
    assert bootstrap_of_regression(regression, effect, **weights).pvalue == pytest.approx(
        theirs.pvalue, abs=DRAWN
    )


@pytest.mark.parametrize("method", [bootstrap_of_regression, permutation_of_regression])
@pytest.mark.parametrize("build", BUILDS)
def test_interval_and_pvalue_never_contradict_each_other(build: Build, method: Refit) -> None:
    for seed in range(12):
        rows = made_up(seed, 5, 8, strata=seed % 3)
        regression, effect = estimated(build, sample_of(rows, moving(rows)))
        found = method(regression, effect, **OPTIONS)
        assert found.interval.contains(0.0) == (found.pvalue > 0.1)
        assert found.interval.contains(effect.estimate)


def test_arms_that_covariates_tell_count_against_the_effect() -> None:
    """A covariate of two branches is collinear with some arms: those draws have no statistic."""
    rows = made_up(46, 2, 4)
    covariate = np.isin(rows.branch, [0, 1]).astype(float)
    for build in (regression_of_changes, regression_of_rows):
        regression, effect = estimated(build, sample_of(rows, covariate))
        found = permutation_of_regression(regression, effect, **OPTIONS)
        assert found.pvalue >= 2.0 / 15.0  # the data and the draw without a statistic


@pytest.mark.parametrize("build", [regression_of_changes, regression_of_rows])
def test_a_thousand_branches_take_seconds(build: Build) -> None:
    rows = made_up(47, 400, 600, visits=(10, 40, 90), strata=3)
    regression, effect = estimated(build, sample_of(rows, moving(rows)))
    begun = time.process_time()
    for method in (bootstrap_of_regression, permutation_of_regression):
        found = method(regression, effect, draws=299, seed=1, confidence_level=0.95)
        assert 0.0 < found.pvalue <= 1.0
    assert time.process_time() - begun < 4.0
