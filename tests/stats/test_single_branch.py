"""Times and items of one branch."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from pilot_eval.stats.single_branch import lowest, quantile_interval, share_interval, spread


def test_the_numbers_are_numpys_and_scipys() -> None:
    values = np.random.default_rng(1).gamma(2.0, 200.0, 37)
    found = spread(values, 600.0)
    assert found is not None
    assert found.n == 37
    assert found.median == pytest.approx(np.median(values))
    assert found.slow == pytest.approx(np.quantile(values, 0.9))
    inside = int((values <= 600.0).sum())
    exact = binomtest(inside, 37).proportion_ci(0.95, "exact")
    assert found.within == inside / 37
    assert found.within_interval.low == pytest.approx(exact.low)
    assert found.within_interval.high == pytest.approx(exact.high)
    assert spread(np.zeros(0), 600.0) is None


def test_the_interval_of_the_median_is_that_of_the_tables() -> None:
    # David & Nagaraja 2003, section 7.1: n = 10, 95 %: the second and the ninth value (exactly 97.9 %).
    found = quantile_interval(np.arange(1.0, 11.0), 0.5, 0.95)
    assert (found.low, found.high) == (2.0, 9.0)


def test_few_values_leave_the_slow_end_open() -> None:
    found = quantile_interval(np.arange(1.0, 13.0), 0.9, 0.95)
    assert found.high is None
    assert found.low is not None
    assert quantile_interval(np.array([5.0]), 0.5, 0.95).low is None


@pytest.mark.parametrize("probability", [0.5, 0.9])
def test_intervals_of_quantiles_miss_at_most_as_often_as_they_say(probability: float) -> None:
    rng = np.random.default_rng(7)
    truth = -math.log(1.0 - probability)
    low = high = 0
    for _ in range(2000):
        found = quantile_interval(np.sort(rng.exponential(1.0, 40)), probability, 0.95)
        low += found.low is not None and found.low > truth
        high += found.high is not None and found.high < truth
    # 2.5 % at each end, with three standard deviations of 2,000 draws.
    assert low / 2000 <= 0.025 + 0.0105
    assert high / 2000 <= 0.025 + 0.0105


def test_a_share_of_none_or_all_has_one_end_at_the_edge() -> None:
    assert share_interval(0, 8, 0.95).low == 0.0
    assert share_interval(8, 8, 0.95).high == 1.0


def test_the_lowest_shares_are_those_that_rest_on_enough() -> None:
    shares, n = [0.2, 0.0, 1.0, 0.5, math.nan, 0.5], [5, 2, 5, 5, 0, 6]
    assert lowest(shares, n, 3, 3) == (0, 5, 3)
    assert lowest([1.0], [9], 3, 3) == ()
