"""Cluster-robust least squares against clubSandwich, statsmodels, pyfixest and full matrices."""

from __future__ import annotations

import json
import math
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray

from pilot_eval.stats.cluster_robust import Kind, LeastSquares, least_squares
from pilot_eval.stats.contrasts import Effect, estimate_effect
from pilot_eval.stats.results import NotEstimable
from tests.stats.brute import made_up, two_by_two

EXACT = 1e-9  # relative: the same number by another order of sums
PYFIXEST = 1e-6  # relative: it demeans by iteration

REFERENCE = json.loads((Path(__file__).parent.parent / "reference" / "cluster_robust.json").read_text())
ROWS = {name: np.array(column, dtype=float) for name, column in REFERENCE["rows"].items()}
BRANCHES = {name: np.array(column, dtype=float) for name, column in REFERENCE["branches"].items()}
KINDS: tuple[Kind, ...] = ("CR0", "CR1", "CR2", "CR3")


def fitted(*arguments: Any, **options: Any) -> LeastSquares:
    found = least_squares(*arguments, **options)
    assert isinstance(found, LeastSquares)
    return found


def dummies(codes: NDArray[np.float64]) -> NDArray[np.float64]:
    return (codes[:, None] == np.unique(codes)).astype(float)


def of_rows(*names: str, extra: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    columns = [np.ones_like(ROWS["y"]) if name == "(Intercept)" else ROWS[name] for name in names]
    return np.column_stack([*([] if extra is None else [extra]), *columns])


def equals_reference(fit: LeastSquares, name: str, *, kinds: tuple[Kind, ...] = KINDS) -> None:
    """The last coefficients are those of the reference, in its order."""
    expected = REFERENCE[name]
    count, k = len(expected["names"]), len(fit.coefficients)
    chosen = np.eye(k)[k - count :]
    np.testing.assert_allclose(fit.coefficients[k - count :], expected["coefficients"], rtol=EXACT)
    for kind in kinds:
        errors = [fit.standard_error(contrast, kind) for contrast in chosen]
        np.testing.assert_allclose(errors, expected[kind], rtol=EXACT, err_msg=kind)
        np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance(kind)))[k - count :], errors, rtol=EXACT)
    np.testing.assert_allclose([fit.satterthwaite(c) for c in chosen], expected["df"], rtol=EXACT)


def test_covariates_and_clusters_of_unequal_size_are_those_of_clubsandwich() -> None:
    X = of_rows(*REFERENCE["covariates"]["names"])
    equals_reference(fitted(ROWS["y"], X, ROWS["branch"]), "covariates")


def test_strata_with_rows_are_those_of_clubsandwich() -> None:
    stratum = dummies(ROWS["stratum"])
    extra = np.hstack([stratum, stratum * ROWS["after"][:, None]])
    X = of_rows("queue", "trained", "both", extra=extra)
    equals_reference(fitted(ROWS["y"], X, ROWS["branch"]), "strata")


def test_branch_dummies_written_out_are_those_of_clubsandwich() -> None:
    X = of_rows("after", "both", "queue", extra=dummies(ROWS["branch"]))
    equals_reference(fitted(ROWS["y"], X, ROWS["branch"]), "dummies", kinds=("CR0", "CR1", "CR2"))


def test_branch_dummies_absorbed_give_the_cr2_of_those_written_out() -> None:
    X = of_rows("after", "both", "queue")
    fit = fitted(ROWS["y"], X, ROWS["branch"], within=ROWS["branch"])
    equals_reference(fit, "dummies", kinds=("CR0", "CR2"))


def test_a_regressor_of_one_cluster_alone_is_left_out_of_the_inverse_as_in_clubsandwich() -> None:
    X = of_rows("only", "(Intercept)", "trained", "after", "both")
    fit = fitted(ROWS["y"], X, ROWS["branch"])
    equals_reference(fit, "leverage_one", kinds=("CR0", "CR1", "CR2"))
    assert fit.own_leverage()[3] == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("name", ["ancova", "ancova_strata"])
def test_ancova_of_branches_is_that_of_clubsandwich(name: str) -> None:
    stratum = dummies(BRANCHES["stratum"])
    one = np.ones_like(BRANCHES["after"])
    order = (
        [one, BRANCHES["trained"], BRANCHES["centred"]]
        if name == "ancova"
        else [stratum, BRANCHES["centred"], BRANCHES["trained"]]
    )
    equals_reference(fitted(BRANCHES["after"], np.column_stack(order), BRANCHES["branch"]), name)


def test_the_order_of_rows_and_the_units_of_regressors_do_not_matter() -> None:
    names = REFERENCE["covariates"]["names"]
    turned = np.random.default_rng(1).permutation(len(ROWS["y"]))
    units = np.array([1.0, 1.0, 1.0, 1.0, 1e6, 1e-6])
    first = fitted(ROWS["y"], of_rows(*names), ROWS["branch"])
    second = fitted(ROWS["y"][turned], (of_rows(*names) * units)[turned], ROWS["branch"][turned])
    np.testing.assert_allclose(second.coefficients * units, first.coefficients, rtol=1e-8)
    both = np.eye(6)[3]
    assert second.standard_error(both) == pytest.approx(first.standard_error(both), rel=1e-8)
    assert second.satterthwaite(both) == pytest.approx(first.satterthwaite(both), rel=1e-8)
    np.testing.assert_allclose(second.residual, first.residual[turned], atol=1e-9)


def test_singleton_clusters_give_hc2_and_hc3_of_statsmodels() -> None:
    X = of_rows("(Intercept)", "trained", "queue", "age")
    fit = fitted(ROWS["y"], X, np.arange(len(X)))
    model = sm.OLS(ROWS["y"], X)
    np.testing.assert_allclose(fit.covariance("CR2"), model.fit(cov_type="HC2").cov_params(), rtol=1e-8)
    np.testing.assert_allclose(fit.covariance("CR3"), model.fit(cov_type="HC3").cov_params(), rtol=1e-8)


def test_cr1_is_that_of_statsmodels() -> None:
    X = of_rows(*REFERENCE["covariates"]["names"])
    fit = fitted(ROWS["y"], X, ROWS["branch"])
    model = sm.OLS(ROWS["y"], X).fit(cov_type="cluster", cov_kwds={"groups": ROWS["branch"]})
    np.testing.assert_allclose(fit.covariance("CR1"), model.cov_params(), rtol=1e-8, atol=1e-12)


def test_absorbed_branches_are_not_counted_in_the_small_sample_factor_as_in_pyfixest() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyfixest's own dependencies deprecate one another
        import pyfixest as pf

        model = pf.feols("y ~ after + both + queue | branch", pd.DataFrame(ROWS), vcov={"CRV1": "branch"})
    absorbed = fitted(ROWS["y"], of_rows("after", "both", "queue"), ROWS["branch"], within=ROWS["branch"])
    errors = np.sqrt(np.diag(absorbed.covariance("CR1")))
    np.testing.assert_allclose(errors, model.se()[["after", "both", "queue"]], rtol=PYFIXEST)
    written = fitted(
        ROWS["y"], of_rows("after", "both", "queue", extra=dummies(ROWS["branch"])), ROWS["branch"]
    )
    assert written.standard_error(np.eye(20)[18], "CR1") > 1.03 * errors[1]


def test_the_two_by_two_has_welch_standard_error_pooled_with_branch_effects_and_differenced() -> None:
    panel = made_up(7, 6, 11).panel()
    count = len(panel.trained)
    branch, after = np.repeat(np.arange(count), 2), np.tile([0.0, 1.0], count)
    arm, y = panel.trained[branch].astype(float), panel.mean.ravel()
    one = np.ones_like(after)
    written = np.column_stack([dummies(branch.astype(float)), after, arm * after])
    regressions = (
        fitted(y, np.column_stack([one, arm, after, arm * after]), branch),
        fitted(y, written, branch),
        fitted(y, np.column_stack([after, arm * after]), branch, within=branch),
        fitted(panel.change, np.column_stack([np.ones(count), panel.trained]), np.arange(count)),
    )
    changes = panel.change[panel.trained], panel.change[~panel.trained]
    welch = math.sqrt(sum(own.var(ddof=1) / len(own) for own in changes))
    closed_form = (1 / 6 + 1 / 11) ** 2 / (1 / (6**2 * 5) + 1 / (11**2 * 10))
    for fit in regressions:
        last = np.eye(len(fit.coefficients))[-1]
        assert fit.coefficients[-1] == pytest.approx(changes[0].mean() - changes[1].mean(), rel=EXACT)
        assert fit.standard_error(last) == pytest.approx(welch, rel=EXACT)
        assert fit.satterthwaite(last) == pytest.approx(closed_form, rel=EXACT)


def test_rows_counting_once_are_the_closed_form_of_contrasts() -> None:
    rows = made_up(3, 5, 9)
    fit = fitted(rows.value, two_by_two(rows), rows.branch)
    effect = estimate_effect(rows.panel(by_rows=True))
    assert isinstance(effect, Effect)
    last = np.eye(4)[-1]
    assert fit.coefficients[-1] == pytest.approx(effect.estimate, rel=EXACT)
    assert fit.standard_error(last) == pytest.approx(effect.standard_error, rel=EXACT)
    assert fit.satterthwaite(last) == pytest.approx(effect.df, rel=EXACT)


def test_any_contrast_has_its_own_degrees_of_freedom() -> None:
    """A contrast is a coefficient after a change of basis."""
    X = of_rows("(Intercept)", "trained", "after", "both")
    fit = fitted(ROWS["y"], X, ROWS["branch"])
    contrast = np.array([0.0, 0.0, 1.0, 1.0])  # change of the trained
    turned = fitted(ROWS["y"], X @ np.linalg.inv(np.vstack([np.eye(4)[:3], contrast])), ROWS["branch"])
    assert turned.coefficients[3] == pytest.approx(contrast @ fit.coefficients, rel=EXACT)
    assert turned.standard_error(np.eye(4)[3]) == pytest.approx(fit.standard_error(contrast), rel=EXACT)
    assert turned.satterthwaite(np.eye(4)[3]) == pytest.approx(fit.satterthwaite(contrast), rel=EXACT)


def test_a_regressor_that_others_determine_is_named_by_its_place() -> None:
    X = of_rows("(Intercept)", "trained", "after", "trained")
    assert least_squares(ROWS["y"], X, ROWS["branch"]) == NotEstimable("collinear", {"place": 3})
    nothing = np.column_stack([X[:, :2], np.zeros(len(X))])
    assert least_squares(ROWS["y"], nothing, ROWS["branch"]) == NotEstimable("collinear", {"place": 2})


def test_fewer_rows_than_coefficients_are_not_estimable() -> None:
    X = np.column_stack([np.ones(3), np.arange(3.0), np.arange(3.0) ** 2])
    found = least_squares(np.arange(3.0), X, np.arange(3))
    assert found == NotEstimable("more_coefficients_than_branches", {"n": 3, "need": 4})


def test_groups_that_lie_in_two_clusters_cannot_be_absorbed() -> None:
    with pytest.raises(ValueError, match="two clusters"):
        least_squares(ROWS["y"], of_rows("after"), ROWS["branch"], within=ROWS["stratum"])


def test_a_hundred_thousand_rows_in_a_thousand_unequal_clusters_take_seconds() -> None:
    rng = np.random.default_rng(5)
    size = rng.integers(2, 200, 1_000)
    cluster = np.repeat(np.arange(1_000), size)
    count = len(cluster)
    arm, after = (cluster % 3 == 0).astype(float), rng.integers(0, 2, count).astype(float)
    X = np.column_stack([np.ones(count), arm, after, rng.normal(size=(count, 4)), arm * after])
    y = rng.normal(size=1_000)[cluster] + rng.normal(size=count)
    begun = time.process_time()
    fit = fitted(y, X, cluster)
    error, df = fit.standard_error(np.eye(8)[-1]), fit.satterthwaite(np.eye(8)[-1])
    assert time.process_time() - begun < 3.0
    assert 0.01 < error < 0.05
    assert 200 < df < 700
