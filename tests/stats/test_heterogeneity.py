"""How much branches differ beyond chance, against metafor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from pilot_eval.stats.heterogeneity import (
    generalised_q,
    heterogeneity,
    winsorised_spread,
    winsorised_variance,
)

METAFOR = json.loads(
    (Path(__file__).parent.parent / "reference" / "branches.json").read_text(encoding="utf-8")
)
SOLVED = 1e-6  # relative: roots that metafor finds to its own tolerance
EXACT = 1e-9  # relative: the same number by another order of sums


@pytest.mark.parametrize("name", METAFOR)
def test_all_numbers_are_metafors(name: str) -> None:
    theirs: dict[str, Any] = METAFOR[name]
    found = heterogeneity(np.array(theirs["y"], float), np.array(theirs["s"], float))
    assert found.tau_squared == pytest.approx(theirs["pm"], rel=SOLVED, abs=1e-9)
    assert [found.low, found.high] == pytest.approx([theirs["low"], theirs["high"]], rel=SOLVED, abs=1e-9)
    assert found.centre == pytest.approx(theirs["centre"], rel=SOLVED)
    assert found.centre_error == pytest.approx(theirs["centre_error"], rel=SOLVED)
    assert [found.q, found.pvalue] == pytest.approx([theirs["q"], theirs["pvalue"]], rel=EXACT)
    assert found.i_squared == pytest.approx(theirs["i_squared"], rel=SOLVED, abs=1e-9)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.25])
def test_the_variance_of_a_winsorised_normal_is_its_integral(share: float) -> None:
    end = float(norm.isf(share))
    theirs = quad(lambda z: min(abs(z), end) ** 2 * norm.pdf(z), -12.0, 12.0, points=[-end, end])[0]
    assert winsorised_variance(share) == pytest.approx(theirs, rel=1e-8)


@pytest.mark.parametrize("branches", [6, 40])
@pytest.mark.parametrize("between", [1.0, 6.0])
def test_neither_estimate_is_off_on_average(branches: int, between: float) -> None:
    """Very unequal standard errors; the mean of estimates of tau^2 against the truth."""
    rng = np.random.default_rng(branches)
    robust, plain, covered = [], [], 0
    runs = 60
    for _ in range(runs):
        error = np.exp(rng.normal(0.0, 0.8, branches))
        seen = rng.normal(4.0, between, branches) + rng.normal(0.0, error)
        found = heterogeneity(seen, error)
        plain.append(found.tau_squared)
        robust.append(winsorised_spread(seen, error, winsorised=0.1)[1])
        covered += found.low <= between**2 <= found.high
    for estimates in (plain, robust):
        spread = float(np.std(estimates)) / np.sqrt(runs)
        assert np.mean(estimates) == pytest.approx(between**2, abs=0.2 * between**2 + 3.0 * spread)
    assert covered / runs > 0.87


def test_outliers_widen_the_winsorised_estimate_little() -> None:
    rng = np.random.default_rng(4)
    robust, plain = [], []
    for _ in range(40):
        error = rng.uniform(0.5, 2.0, 40)
        seen = rng.normal(0.0, 1.0, 40) + rng.normal(0.0, error)
        seen[:2] += 12.0
        plain.append(heterogeneity(seen, error).tau_squared)
        robust.append(winsorised_spread(seen, error, winsorised=0.1)[1])
    assert np.mean(robust) < 2.2  # truly 1
    assert np.mean(plain) > 4.0


def test_q_at_the_estimate_is_its_expectation() -> None:
    y, s = np.array([1.0, 9.0, 4.0, -3.0]), np.array([1.0, 2.0, 1.5, 0.5])
    found = heterogeneity(y, s)
    assert generalised_q(found.tau_squared, y, s) == pytest.approx(3.0, rel=EXACT)


def test_equal_branches_do_not_differ() -> None:
    found = heterogeneity(np.full(5, 2.0), np.ones(5))
    assert (found.tau_squared, found.low, found.high, found.i_squared, found.pvalue) == (
        0.0,
        0.0,
        0.0,
        0.0,
        1.0,
    )
    with pytest.raises(ValueError, match="two branches"):
        heterogeneity(np.ones(1), np.ones(1))
