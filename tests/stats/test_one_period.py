"""How branches vary within one period."""

from __future__ import annotations

import numpy as np
import pytest

from pilot_eval.stats.one_period import OnePeriod, one_period
from pilot_eval.stats.results import NotEstimable


def parts(groups: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = np.array([len(group) for group in groups], dtype=float)
    mean = np.array([group.mean() if len(group) else 0.0 for group in groups])
    squares = np.array([((group - group.mean()) ** 2).sum() if len(group) else 0.0 for group in groups])
    return n, mean, squares


def test_equal_numbers_give_the_textbook_mean_squares() -> None:
    # Snedecor & Cochran 1980, example 13.3.1: calcium in turnip leaves, 4 leaves with 4 determinations.
    leaves = [
        np.array([3.28, 3.09, 3.03, 3.03]),
        np.array([3.52, 3.48, 3.38, 3.38]),
        np.array([2.88, 2.80, 2.81, 2.76]),
        np.array([3.34, 3.38, 3.23, 3.26]),
    ]
    found = one_period(*parts(leaves))
    assert isinstance(found, OnePeriod)
    assert found.within_sd**2 == pytest.approx(0.0066, abs=5e-5)
    assert found.between_sd**2 == pytest.approx((0.2961 - 0.0066) / 4, abs=5e-5)
    assert (found.branches, found.size, found.size_cv) == (4, 4.0, 0.0)


def test_unequal_numbers_find_the_truth_on_average() -> None:
    random = np.random.Generator(np.random.PCG64(5))
    between, within = [], []
    for _ in range(400):
        sizes = random.integers(0, 9, 30)
        groups = [random.normal(random.normal(60.0, 4.0), 10.0, size) for size in sizes]
        found = one_period(*parts(groups))
        assert isinstance(found, OnePeriod)
        between.append(found.between_sd**2)
        within.append(found.within_sd**2)
    assert np.mean(within) == pytest.approx(100.0, rel=0.02)
    assert np.mean(between) == pytest.approx(16.0, rel=0.1)


def test_too_little_is_told() -> None:
    two = one_period(*parts([np.array([1.0, 2.0]), np.array([3.0, 5.0])]))
    assert isinstance(two, NotEstimable)
    assert two.code == "few_branches_to_plan"
    single = one_period(*parts([np.array([float(value)]) for value in range(5)]))
    assert isinstance(single, NotEstimable)
    assert single.code == "single_observations"
