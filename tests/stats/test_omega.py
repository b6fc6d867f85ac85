"""One-factor model, omega and alpha against R, another algorithm, special cases and a known truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pilot_eval.stats.omega import (
    Consistency,
    OneFactor,
    consistency,
    cronbach_alpha,
    omega_total,
    one_factor,
    within_cells,
)
from pilot_eval.stats.results import NotEstimable

EXACT = 1e-9  # relative: the same number by another order of sums
SEARCHED = 2e-5  # relative: two searches for one maximum, R's with a tolerance of its own
REFERENCE = json.loads((Path(__file__).parent.parent / "reference" / "reliability.json").read_text())["items"]
Floats = NDArray[np.float64]


def factor_of(covariance: Floats) -> OneFactor:
    found = one_factor(covariance)
    assert isinstance(found, OneFactor)
    return found


def found_of(cell: NDArray[np.intp], values: Floats) -> Consistency:
    found = consistency(cell, values)
    assert isinstance(found, Consistency)
    return found


@pytest.mark.parametrize("data", ["scales", "yes_no"])
def test_factor_omega_and_alpha_are_those_of_r(data: str) -> None:
    expected = REFERENCE[data]
    values = np.array(expected["values"])
    found = found_of(np.zeros(len(values), dtype=np.intp), values)
    assert found.factor.loading.tolist() == pytest.approx(expected["loading"], rel=SEARCHED)
    assert found.factor.uniqueness.tolist() == pytest.approx(expected["uniqueness"], rel=SEARCHED)
    assert found.omega == pytest.approx(expected["omega"], rel=SEARCHED)
    standard = found.factor.loading / values.std(axis=0, ddof=1)
    assert standard.tolist() == pytest.approx(expected["psych_loading"], abs=2e-3)  # psych stops early
    assert found.cronbach == pytest.approx(expected["alpha"], rel=EXACT)


def em(covariance: Floats, steps: int = 20_000) -> tuple[Floats, Floats]:
    """The same maximum by Rubin & Thayer's EM, Psychometrika 1982, 47(1)."""
    loading, unique = np.sqrt(np.diag(covariance)) * 0.5, np.diag(covariance) * 0.75
    for _ in range(steps):
        beta = loading / unique / (1.0 + np.sum(loading**2 / unique))
        second = 1.0 - beta @ loading + beta @ covariance @ beta
        loading = covariance @ beta / second
        unique = np.diag(covariance) - loading * (covariance @ beta)
    return loading, unique


def test_the_maximum_is_the_one_that_em_climbs_to() -> None:
    covariance = np.cov(np.array(REFERENCE["scales"]["values"]).T)
    loading, unique = em(covariance)
    found = factor_of(covariance)
    assert found.loading.tolist() == pytest.approx(loading.tolist(), rel=1e-6)
    assert found.uniqueness.tolist() == pytest.approx(unique.tolist(), rel=1e-6)


def test_equal_correlations_make_omega_and_alpha_one() -> None:
    """Tau-equivalent items: omega is Cronbach's alpha."""
    covariance = np.full((5, 5), 0.3) + 0.7 * np.eye(5)
    assert omega_total(factor_of(covariance)) == pytest.approx(cronbach_alpha(covariance), rel=1e-6)


def test_exact_one_factor_covariances_give_their_factor_back() -> None:
    loading, unique = np.array([2.0, 1.0, 0.5, 3.0]), np.array([1.0, 2.0, 0.3, 4.0])
    found = factor_of(np.outer(loading, loading) + np.diag(unique))
    assert found.loading.tolist() == pytest.approx(loading.tolist(), rel=1e-5)
    assert found.residual == pytest.approx(0.0, abs=1e-6)
    assert not found.at_bound.any()


def test_an_item_that_seems_to_have_nothing_of_its_own_is_told() -> None:
    correlation = np.array([[1.0, 0.9, 0.8], [0.9, 1.0, 0.55], [0.8, 0.55, 1.0]])
    assert factor_of(correlation).at_bound.tolist() == [True, False, False]


def test_units_of_items_do_not_change_their_standardised_loadings() -> None:
    covariance = np.cov(np.array(REFERENCE["scales"]["values"]).T)
    scale = np.array([1.0, 100.0, 0.01, 3.0, 7.0, 1.0])
    found, scaled = factor_of(covariance), factor_of(covariance * np.outer(scale, scale))
    assert (scaled.loading / scale).tolist() == pytest.approx(found.loading.tolist(), rel=1e-6)


def test_covariances_within_cells_with_gaps_are_those_of_loops() -> None:
    rng = np.random.default_rng(1)
    cell = rng.integers(0, 5, 60).astype(np.intp)
    values = rng.normal(size=(60, 4)) + 10.0 * cell[:, None]
    values[rng.random(values.shape) < 0.2] = np.nan
    found = within_cells(cell, values)
    for i in range(4):
        for j in range(4):
            products, df = 0.0, 0
            for own in range(5):
                pair = values[cell == own][:, [i, j]]
                pair = pair[~np.isnan(pair).any(axis=1)]
                if len(pair):
                    products += float(
                        np.sum((pair[:, 0] - pair[:, 0].mean()) * (pair[:, 1] - pair[:, 1].mean()))
                    )
                    df += len(pair) - 1
            assert found.covariance[i, j] == pytest.approx(products / df, rel=1e-7)
            assert found.df[i, j] == df


def test_differences_between_branches_do_not_make_items_reliable() -> None:
    rng = np.random.default_rng(2)
    cell = np.repeat(np.arange(30), 8).astype(np.intp)
    noise = rng.normal(size=(240, 6))
    levels = 5.0 * rng.normal(size=30)[cell][:, None]
    apart = found_of(cell, noise + levels)
    pooled = found_of(np.zeros(240, dtype=np.intp), noise + levels)
    assert pooled.omega > 0.9
    assert apart.omega < 0.5
    assert apart.omega == pytest.approx(found_of(cell, noise).omega, rel=1e-5)


def test_a_known_omega_is_found() -> None:
    rng = np.random.default_rng(3)
    loading = np.array([0.8, 0.7, 0.6, 0.5, 0.4])
    truth = loading.sum() ** 2 / (loading.sum() ** 2 + np.sum(1 - loading**2))
    cell = np.repeat(np.arange(50), 4).astype(np.intp)
    found = []
    for _ in range(12):
        values = rng.normal(size=200)[:, None] * loading + rng.normal(size=(200, 5)) * np.sqrt(1 - loading**2)
        found.append(found_of(cell, values).omega)
    assert np.mean(found) == pytest.approx(truth, abs=0.02)


def test_what_cannot_be_estimated_says_why() -> None:
    rng = np.random.default_rng(4)
    one = np.zeros(50, dtype=np.intp)
    assert consistency(one, rng.normal(size=(50, 2))) == NotEstimable("few_items", {"n": 2, "need": 3})
    few = consistency(one[:12], rng.normal(size=(12, 4)))
    assert few == NotEstimable("few_visits_for_items", {"n": 11, "need": 20})
    constant = np.column_stack([rng.normal(size=(50, 3)), np.ones(50)])
    assert found_of(one, constant).items.tolist() == [True, True, True, False]
    doubled = rng.normal(size=(50, 3))
    assert consistency(one, np.hstack([doubled, doubled])) == NotEstimable("items_not_positive", {"n": 6})
    never = np.column_stack([rng.normal(size=(50, 3)), np.full(50, np.nan)])
    assert found_of(one, never).items.tolist() == [True, True, True, False]
