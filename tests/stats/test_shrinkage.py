"""Estimates drawn towards their mean."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr

from pilot_eval.stats.shrinkage import Posterior

METAFOR = json.loads(
    (Path(__file__).parent.parent / "reference" / "branches.json").read_text(encoding="utf-8")
)
# Gelman et al., Bayesian Data Analysis, table 5.3 (the eight schools of Rubin 1981): quantiles of 200 draws.
SCHOOLS = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
SCHOOLS_ERROR = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])
QUARTILES = [(7, 16), (3, 12), (2, 11), (4, 11), (1, 10), (2, 10), (7, 15), (3, 13)]
OF_200_DRAWS = 1.6  # points: about two standard errors of a quartile of 200 draws
SOLVED = 1e-6  # relative: metafor's tau^2 is found to its own tolerance
GRID_ERROR = 2e-3  # of a standard error: 200 values of tau against a fine grid
Floats = np.ndarray


@pytest.mark.parametrize("name", METAFOR)
def test_with_tau_given_it_is_the_best_linear_predictor_of_metafor(name: str) -> None:
    theirs = METAFOR[name]
    found = Posterior.of(np.array(theirs["y"], float), np.array(theirs["s"], float), theirs["pm"]).shrunken()
    assert found.estimate.tolist() == pytest.approx(theirs["blup"], rel=SOLVED)
    assert found.standard_error.tolist() == pytest.approx(theirs["blup_error"], rel=SOLVED)


def test_eight_schools_have_the_quartiles_of_the_book() -> None:
    found = Posterior.of(SCHOOLS, SCHOOLS_ERROR).shrunken(0.5)
    assert found.low.tolist() == pytest.approx([low for low, _ in QUARTILES], abs=OF_200_DRAWS)
    assert found.high.tolist() == pytest.approx([high for _, high in QUARTILES], abs=OF_200_DRAWS)


def test_the_grid_of_tau_is_as_good_as_brute_force() -> None:
    """Both mu and tau on a fine grid, written without the closed forms."""
    tau = np.linspace(0.02, 180.0, 2001)[:, None]
    mu = np.linspace(-90.0, 110.0, 401)[None, :]
    log_density = np.zeros((len(tau), mu.shape[1]))
    for y, s in zip(SCHOOLS, SCHOOLS_ERROR, strict=True):
        variance = s**2 + tau**2
        log_density += -0.5 * np.log(variance) - 0.5 * (y - mu) ** 2 / variance
    weight = np.exp(log_density - log_density.max())
    weight /= weight.sum()
    found = Posterior.of(SCHOOLS, SCHOOLS_ERROR).shrunken()
    for place in (0, 2, 7):
        share = tau**2 / (tau**2 + SCHOOLS_ERROR[place] ** 2)
        mean = share * SCHOOLS[place] + (1.0 - share) * mu
        error = np.sqrt(share) * SCHOOLS_ERROR[place]
        assert found.estimate[place] == pytest.approx(float((weight * mean).sum()), abs=0.02)
        below = float((weight * ndtr((found.low[place] - mean) / error)).sum())
        above = float((weight * ndtr((mean - found.high[place]) / error)).sum())
        assert [below, above] == pytest.approx([0.025, 0.025], abs=2e-4)


def test_infinite_spread_leaves_estimates_alone_and_none_leaves_the_centre() -> None:
    raw = Posterior.of(SCHOOLS, SCHOOLS_ERROR, math.inf).shrunken()
    assert raw.estimate.tolist() == SCHOOLS.tolist()
    assert raw.standard_error.tolist() == pytest.approx(SCHOOLS_ERROR.tolist())
    assert raw.low.tolist() == pytest.approx((SCHOOLS - 1.959963984540054 * SCHOOLS_ERROR).tolist(), rel=1e-9)
    together = Posterior.of(SCHOOLS, SCHOOLS_ERROR, 0.0).shrunken()
    weight = 1.0 / SCHOOLS_ERROR**2
    assert together.estimate.tolist() == pytest.approx([float((weight * SCHOOLS).sum() / weight.sum())] * 8)
    assert together.standard_error.tolist() == pytest.approx([weight.sum() ** -0.5] * 8)


def test_large_spread_comes_near_the_raw_estimates_and_small_errors_too() -> None:
    found = Posterior.of(SCHOOLS, 1e-4 * SCHOOLS_ERROR).shrunken()
    assert found.estimate.tolist() == pytest.approx(SCHOOLS.tolist(), abs=1e-4)


def test_every_estimate_moves_towards_the_centre_and_never_past_it() -> None:
    rng = np.random.default_rng(3)
    for _ in range(15):
        error = rng.uniform(0.5, 2.0, 9)
        y = rng.normal(3.0, rng.uniform(0.0, 3.0), 9) + rng.normal(0.0, error)
        posterior = Posterior.of(y, error)
        centre = float(posterior.probability @ posterior.centre)
        found = posterior.shrunken()
        far = np.abs(y - centre) > 1.0  # nearer, the centre itself depends on tau
        assert (np.abs(found.estimate - centre) < np.abs(y - centre))[far].all()
        assert ((found.low < found.estimate) & (found.estimate < found.high)).all()


def test_unit_and_origin_do_not_matter() -> None:
    one = Posterior.of(SCHOOLS, SCHOOLS_ERROR).shrunken()
    other = Posterior.of(1000.0 * SCHOOLS + 7e4, 1000.0 * SCHOOLS_ERROR).shrunken()
    assert other.estimate.tolist() == pytest.approx((1000.0 * one.estimate + 7e4).tolist(), rel=1e-9)
    assert other.high.tolist() == pytest.approx((1000.0 * one.high + 7e4).tolist(), rel=1e-9)


def test_a_known_tau_would_miss_where_the_posterior_does_not() -> None:
    """Coverage over branches of a pilot: 10 branches that differ half as much as chance does."""
    rng = np.random.default_rng(7)
    covered = total = 0
    for _ in range(50):
        error = rng.uniform(0.6, 1.3, 10)
        truth = rng.normal(0.0, 0.5, 10)
        found = Posterior.of(truth + rng.normal(0.0, error), error).shrunken()
        covered += int(((found.low <= truth) & (truth <= found.high)).sum())
        total += 10
    assert 0.92 < covered / total < 0.995


def test_draws_have_the_posteriors_moments_and_repeat() -> None:
    posterior = Posterior.of(SCHOOLS, SCHOOLS_ERROR)
    drawn = np.concatenate(list(posterior.draw(40_000, 5)))
    found = posterior.shrunken()
    assert drawn.mean(axis=0).tolist() == pytest.approx(found.estimate.tolist(), abs=0.25)
    assert drawn.std(axis=0).tolist() == pytest.approx(found.standard_error.tolist(), rel=0.05)
    assert (np.concatenate(list(posterior.draw(40_000, 5))) == drawn).all()


def test_three_branches_do_not_tell_how_far_branches_differ() -> None:
    with pytest.raises(ValueError, match="at least 4"):
        Posterior.of(SCHOOLS[:3], SCHOOLS_ERROR[:3])
