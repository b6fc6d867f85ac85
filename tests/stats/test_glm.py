"""Regressions of a series against statsmodels, and their corrections against simulated forms."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.diagnostic import acorr_ljungbox
from statsmodels.stats.stattools import durbin_watson

from pilot_eval.stats.autocorrelation import autocorrelation_of
from pilot_eval.stats.glm import Fit, fit_least_squares, fit_poisson, newey_west
from pilot_eval.stats.results import NotEstimable

EXACT = 1e-9  # relative: the same numbers by another order of sums
ITERATED = 1e-8  # relative: both iterate, to changes of the deviance by 1e-12
FORMS = 40_000  # simulated forms: their mean is known to 1 %, their variance to 3 %
PERIODS = 40


def regressors(periods: int = PERIODS, *, slope: bool = False) -> np.ndarray:
    time = np.arange(periods) - 0.6 * periods
    columns = [np.ones(periods), (time >= 0.0).astype(float), time]
    return np.column_stack([*columns, time * columns[1]] if slope else columns)


def counts(seed: int, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    exposure = rng.uniform(3e4, 5e4, len(X))
    return rng.poisson(exposure * np.exp(-6.0 - 0.2 * X[:, 1] + rng.normal(0.0, 0.1, len(X)))), exposure


def fitted(found: Fit | NotEstimable) -> Fit:
    assert isinstance(found, Fit)
    return found


@pytest.mark.parametrize("slope", [False, True])
def test_poisson_coefficients_dispersion_and_covariances_equal_statsmodels(slope: bool) -> None:
    X = regressors(slope=slope)
    events, exposure = counts(1, X)
    ours = fitted(fit_poisson(X, events.astype(float), exposure))
    model = sm.GLM(events, X, family=sm.families.Poisson(), offset=np.log(exposure))
    scaled = model.fit(scale="X2", tol=1e-12)
    assert ours.coefficients == pytest.approx(scaled.params, rel=ITERATED)
    assert ours.dispersion == pytest.approx(scaled.scale, rel=ITERATED)
    assert ours.covariance == pytest.approx(scaled.cov_params(), rel=ITERATED)
    robust = newey_west(ours, X[:, 2], 1)
    theirs = model.fit(tol=1e-12, cov_type="HAC", cov_kwds={"maxlags": robust.lag, "use_correction": True})
    assert robust.plain == pytest.approx(theirs.cov_params(), rel=1e-6)


def test_least_squares_and_newey_west_equal_statsmodels() -> None:
    X = regressors()
    values = np.random.default_rng(2).normal(60.0, 5.0, PERIODS)
    ours = fitted(fit_least_squares(X, values))
    plain = sm.OLS(values, X).fit()
    assert ours.coefficients == pytest.approx(plain.params, rel=EXACT)
    assert ours.covariance == pytest.approx(plain.cov_params(), rel=EXACT)
    robust = newey_west(ours, X[:, 2], 1)
    theirs = sm.OLS(values, X).fit(cov_type="HAC", cov_kwds={"maxlags": robust.lag, "use_correction": True})
    assert robust.lag == 8  # 1.3 times the root of 40, rounded up, less 1
    assert robust.plain == pytest.approx(theirs.cov_params(), rel=EXACT)


def test_large_values_do_not_cancel() -> None:
    X = regressors()
    values = np.random.default_rng(3).normal(0.0, 1.0, PERIODS)
    near, far = fitted(fit_least_squares(X, values)), fitted(fit_least_squares(X, values + 1e9))
    assert far.coefficients[1] == pytest.approx(near.coefficients[1], rel=1e-5)
    assert newey_west(far, X[:, 2], 1).covariance[1, 1] == pytest.approx(
        newey_west(near, X[:, 2], 1).covariance[1, 1], rel=1e-5
    )


def test_bias_and_degrees_of_freedom_are_those_of_the_simulated_variance() -> None:
    X = regressors(24)
    rng = np.random.default_rng(4)
    robust = newey_west(fitted(fit_least_squares(X, rng.normal(size=24))), X[:, 2], 1)
    bread = np.linalg.inv(X.T @ X)
    residual = rng.normal(size=(FORMS, 24)) @ (np.eye(24) - X @ bread @ X.T)
    scores = residual * (X @ bread)[:, 1]
    variance = (scores**2).sum(axis=1)
    for j in range(1, robust.lag + 1):
        variance += 2.0 * (1.0 - j / (robust.lag + 1.0)) * (scores[:, j:] * scores[:, :-j]).sum(axis=1)
    unbiased = (
        robust.covariance[1, 1] / robust.plain[1, 1] * (24 / 21)
    )  # the plain one has the factor T/(T - k)
    assert bread[1, 1] / variance.mean() == pytest.approx(unbiased, rel=0.02)
    assert 2.0 * variance.mean() ** 2 / variance.var() == pytest.approx(robust.df, rel=0.06)


def test_a_gap_keeps_values_apart_by_its_length() -> None:
    X = regressors()
    ours = fitted(fit_least_squares(X, np.random.default_rng(6).normal(size=PERIODS)))
    apart = X[:, 2] + 1000.0 * np.arange(PERIODS)  # nobody is near anybody: the covariance of White
    scores = ours.design * ours.residual[:, None]
    white = ours.bread @ scores.T @ scores @ ours.bread * (PERIODS / (PERIODS - 3))
    assert newey_west(ours, apart, 1).plain == pytest.approx(white, rel=EXACT)


def test_regressors_that_depend_on_one_another_are_refused() -> None:
    X = regressors()
    doubled = np.column_stack([X, X[:, 1] + 2.0 * X[:, 2]])
    assert fit_least_squares(doubled, np.arange(40.0)) == NotEstimable("regressors_dependent", {"n": 40})
    assert fit_poisson(doubled, np.arange(40.0), np.ones(40)) == NotEstimable(
        "regressors_dependent", {"n": 40}
    )


def test_a_regressor_that_marks_periods_without_events_has_no_finite_coefficient() -> None:
    X = np.column_stack([regressors(), np.arange(PERIODS) % 12 == 3]).astype(float)
    events = np.where(X[:, 3] == 1.0, 0.0, 20.0)
    assert fit_poisson(X, events, np.full(PERIODS, 1000.0)) == NotEstimable("no_convergence", {"n": 40})


def test_autocorrelation_equals_statsmodels() -> None:
    residual = np.random.default_rng(5).normal(size=60).cumsum() * 0.3
    residual -= residual.mean()
    ours, theirs = autocorrelation_of(residual), acorr_ljungbox(residual, lags=[10])
    assert ours.lags == 10
    assert ours.statistic == pytest.approx(float(theirs["lb_stat"].iloc[0]), rel=EXACT)
    assert ours.pvalue == pytest.approx(float(theirs["lb_pvalue"].iloc[0]), rel=EXACT)
    assert ours.durbin_watson == pytest.approx(durbin_watson(residual), rel=EXACT)
