"""Two-way fixed effects with absorbed dummies against full matrices, clubSandwich and pyfixest."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.wedge_regression import Wedge, two_way_fit
from tests.stats.wedges import fit_of, frame_of, from_r, made_up_wedge

EXACT = 1e-9  # relative: the same number by another order of sums
PRINTED = 1e-9  # relative: R wrote 15 digits, its own order of sums loses some
CROSSINGS = [[1, 1, 2, 2, 3, 3], [1, 1, 2, 2, 3, 3, 4, 5, 5], [0, 0, 2, 2, 3, 4, 5, 5, 5]]


def with_dummies(panel: Wedge, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Regressors, outcome and branch of each cell, dummies written out."""
    branch, period = np.nonzero(panel.seen)
    X = np.column_stack(
        [
            np.eye(len(panel.mean))[branch],
            np.eye(panel.mean.shape[1])[period][:, 1:],
            columns[:, branch, period].T,
        ]
    )
    return X, panel.mean[branch, period], branch


def by_full_matrices(
    X: np.ndarray, y: np.ndarray, cluster: np.ndarray, weights: np.ndarray
) -> tuple[float, float, float]:
    """Estimate, CR2 standard error and Satterthwaite df of a combination of the last coefficients."""
    bread = np.linalg.inv(X.T @ X)
    whole = np.concatenate([np.zeros(X.shape[1] - len(weights)), weights])
    maker = np.eye(len(y)) - X @ bread @ X.T
    residual = maker @ y
    variance, spreads = 0.0, []
    for one in np.unique(cluster):
        rows = np.flatnonzero(cluster == one)
        values, vectors = np.linalg.eigh(maker[np.ix_(rows, rows)])
        roots = np.array([value**-0.5 if value > 1e-10 else 0.0 for value in values])
        spread = np.zeros(len(y))
        spread[rows] = vectors @ np.diag(roots) @ vectors.T @ X[rows] @ bread @ whole
        variance += float(spread @ residual) ** 2
        spreads.append(maker @ spread)
    gram = np.array(spreads) @ np.array(spreads).T
    return (
        float(whole @ bread @ X.T @ y),
        math.sqrt(variance),
        float(np.trace(gram) ** 2 / np.sum(gram * gram)),
    )


@pytest.mark.parametrize("missing", [0, 4])
@pytest.mark.parametrize("crossing", CROSSINGS)
def test_the_coefficient_of_trained_equals_full_matrices(crossing: list[int], missing: int) -> None:
    panel = made_up_wedge(1, crossing, 5, missing=missing)
    found = fit_of(panel).contrast(np.ones(1))
    expected = by_full_matrices(*with_dummies(panel, panel.exposed[None].astype(float)), np.ones(1))
    assert (found.estimate, found.standard_error, found.df) == pytest.approx(expected, rel=EXACT)


def test_a_combination_of_three_columns_equals_full_matrices() -> None:
    panel = made_up_wedge(2, [1, 1, 2, 2, 3, 3, 5, 5], 5, missing=3)
    since = np.arange(5) - panel.crossing[:, None]
    columns = np.stack([(since == 0), (since == 1), (since > 1)]).astype(float)
    weights = np.array([-1.0, 0.25, 0.75])
    fit = two_way_fit(panel, columns)
    assert fit is not None
    found = fit.contrast(weights)
    expected = by_full_matrices(*with_dummies(panel, columns), weights)
    assert (found.estimate, found.standard_error, found.df) == pytest.approx(expected, rel=EXACT)


def test_cr2_and_its_df_are_those_of_clubsandwich() -> None:
    panel, stored = from_r()
    found = fit_of(panel).contrast(np.ones(1))
    assert found.estimate == pytest.approx(stored["cr2"]["estimate"], rel=PRINTED)
    assert found.standard_error == pytest.approx(stored["cr2"]["standard_error"], rel=PRINTED)
    assert found.df == pytest.approx(stored["cr2"]["df"], rel=PRINTED)
    assert found.pvalue == pytest.approx(stored["cr2"]["pvalue"], rel=PRINTED)


def test_coefficient_and_cr1_are_those_of_pyfixest() -> None:
    panel, _ = from_r()
    frame = frame_of(panel)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyfixest's own dependencies deprecate one another
        import pyfixest as pf

        model = pf.feols("y ~ trained | branch + period", frame, vcov={"CRV1": "branch"})
    fit = fit_of(panel)
    branches, cells, periods = len(panel.mean), int(panel.seen.sum()), panel.mean.shape[1]
    # theirs counts the coefficient and the periods, never the branches, which are nested in the clusters
    factor = branches / (branches - 1) * (cells - 1) / (cells - 1 - periods)
    assert float(model.coef()["trained"]) == pytest.approx(float(fit.coefficients[0]), rel=1e-7)
    assert float(model.se()["trained"]) == pytest.approx(math.sqrt(factor * fit.cr0), rel=1e-6)


@pytest.mark.parametrize(("trained", "comparison"), [(4, 4), (3, 8), (9, 2)])
def test_two_periods_are_the_difference_in_differences(trained: int, comparison: int) -> None:
    panel = made_up_wedge(3, [1] * trained + [2] * comparison, 2)
    found = fit_of(panel).contrast(np.ones(1))
    expected = estimate_effect(
        Panel(np.arange(trained + comparison) < trained, np.ones((trained + comparison, 2)), panel.mean)
    )
    assert isinstance(expected, Effect)
    assert found.estimate == pytest.approx(expected.estimate, rel=EXACT)
    assert found.standard_error == pytest.approx(expected.standard_error, rel=EXACT)
    assert found.df == pytest.approx(expected.df, rel=EXACT)


def test_large_means_do_not_cancel() -> None:
    panel = made_up_wedge(4, [1, 1, 2, 2, 3, 3], 4)
    near = fit_of(panel).contrast(np.ones(1))
    # Means near 1e9 keep six decimals: round the small ones alike.
    rounded = Wedge.of(np.round(panel.mean, 6), panel.crossing)
    far = fit_of(Wedge.of(np.round(panel.mean, 6) + 1e9, panel.crossing)).contrast(np.ones(1))
    assert far.estimate == pytest.approx(fit_of(rounded).contrast(np.ones(1)).estimate, abs=1e-6)
    assert far.standard_error == pytest.approx(near.standard_error, rel=1e-5)


def test_what_branches_and_periods_explain_has_no_coefficient() -> None:
    together = made_up_wedge(5, [2, 2, 2, 2], 4)
    assert two_way_fit(together, together.exposed[None].astype(float)) is None
    never = made_up_wedge(5, [4, 4, 4, 4], 4)
    assert two_way_fit(never, never.exposed[None].astype(float)) is None


def test_a_branch_seen_once_tells_nothing() -> None:
    panel = made_up_wedge(6, [1, 1, 2, 2, 3, 3], 4)
    extra = np.vstack([panel.mean, [np.nan, 99.0, np.nan, np.nan]])
    more = Wedge.of(extra, np.append(panel.crossing, 1))
    one, two = fit_of(panel).contrast(np.ones(1)), fit_of(more).contrast(np.ones(1))
    assert two.estimate == pytest.approx(one.estimate, rel=EXACT)
    assert two.standard_error == pytest.approx(one.standard_error, rel=EXACT)
    assert two.df == pytest.approx(one.df, rel=EXACT)
