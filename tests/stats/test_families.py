"""p values of a family against scipy and R's p.adjust."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import false_discovery_control

from pilot_eval.stats.families import benjamini_hochberg, holm, interval_level

PRODUCTS = 1e-13  # relative: the same products in another order
R = json.loads((Path(__file__).parent.parent / "reference" / "adjusted_pvalues.json").read_text("utf-8"))


def test_holm_never_goes_above_one_and_keeps_the_order() -> None:
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([0.03, 0.02]) == pytest.approx([0.04, 0.04], rel=PRODUCTS)


def test_the_level_of_each_interval_shares_the_error_equally() -> None:
    assert interval_level(0.95, 2) == pytest.approx(0.975, rel=PRODUCTS)
    assert interval_level(0.9, 4) == pytest.approx(0.975, rel=PRODUCTS)
    assert interval_level(0.95, 0) == pytest.approx(0.95, rel=PRODUCTS)


def test_holm_and_benjamini_hochberg_are_those_of_r() -> None:
    assert holm(R["pvalues"]) == pytest.approx(R["holm"], rel=PRODUCTS)
    assert benjamini_hochberg(R["pvalues"]) == pytest.approx(R["BH"], rel=PRODUCTS)


def test_benjamini_hochberg_is_that_of_scipy() -> None:
    rng = np.random.default_rng(1)
    for count in (1, 2, 7, 300):
        pvalues = rng.random(count) ** 2
        pvalues[: count // 3] = np.round(pvalues[: count // 3], 1)  # ties
        ours = benjamini_hochberg(pvalues.tolist())
        assert ours == pytest.approx(false_discovery_control(pvalues).tolist(), rel=PRODUCTS)


def test_what_could_not_be_estimated_still_counts_in_the_family() -> None:
    pvalues = [0.01, None, 0.2, 0.004]
    expected = benjamini_hochberg([0.01, 1.0, 0.2, 0.004])
    assert benjamini_hochberg(pvalues) == [expected[0], None, expected[2], expected[3]]
    assert benjamini_hochberg([]) == []


def test_false_discoveries_stay_below_the_asked_share() -> None:
    rng = np.random.default_rng(2)
    true, shares = np.arange(40) < 10, []
    for _ in range(400):
        z = rng.normal(0.0, 1.0, 40) + 3.5 * true
        called = np.array(benjamini_hochberg((2.0 * ndtr(-np.abs(z))).tolist())) <= 0.2
        shares.append(np.sum(called & ~true) / max(called.sum(), 1))
        assert called.any()
    expected = 0.2 * 30 / 40  # q times the share of true nulls, exactly, when independent
    assert np.mean(shares) == pytest.approx(expected, abs=4.0 * np.std(shares) / np.sqrt(400))
