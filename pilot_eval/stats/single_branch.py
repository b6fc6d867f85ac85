"""What the records of one branch show: the spread of times in a period, and items that are short of full."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, binom

from pilot_eval.stats.quantiles import quantile
from pilot_eval.stats.results import ConfidenceInterval

Floats = NDArray[np.float64]

SLOW = 0.9  # share of customers that the slow end leaves behind


@dataclass(frozen=True, slots=True)
class Spread:
    """Times of one branch in one period.

    Parameters
    ----------
    n : times
    median, slow : quantiles at 0.5 and at SLOW
    median_interval, slow_interval : between order statistics; an end is missing where n is too small for it
    within : share of times of at most the target
    within_interval : exact
    """

    n: int
    median: float
    median_interval: ConfidenceInterval
    slow: float
    slow_interval: ConfidenceInterval
    within: float
    within_interval: ConfidenceInterval


def spread(values: Floats, target: float, confidence_level: float = 0.95) -> Spread | None:
    """Median, slow end and share within a target; None without values.

    Parameters
    ----------
    values : seconds, finite
    target : seconds

    References
    ----------
    David & Nagaraja 2003, Order Statistics, section 7.1 (intervals of quantiles); Clopper & Pearson 1934,
    Biometrika 26(4) (share within).
    """
    if not len(values):
        return None
    ordered = np.sort(values)
    ones = np.ones(len(ordered))
    inside = int((ordered <= target).sum())
    return Spread(
        n=len(ordered),
        median=quantile(ordered, ones, 0.5),
        median_interval=quantile_interval(ordered, 0.5, confidence_level),
        slow=quantile(ordered, ones, SLOW),
        slow_interval=quantile_interval(ordered, SLOW, confidence_level),
        within=inside / len(ordered),
        within_interval=share_interval(inside, len(ordered), confidence_level),
    )


def quantile_interval(ordered: Floats, probability: float, confidence_level: float) -> ConfidenceInterval:
    """Interval of a quantile between two order statistics, its chance of missing at most half at each end."""
    n, tail = len(ordered), (1.0 - confidence_level) / 2.0
    # P(fewer than r values below the quantile) = P(Binomial(n, p) < r).
    low = int(binom.ppf(tail, n, probability))
    if binom.cdf(low - 1, n, probability) > tail:
        low -= 1
    high = int(binom.ppf(1.0 - tail, n, probability)) + 1
    return ConfidenceInterval(
        float(ordered[low - 1]) if low >= 1 else None, float(ordered[high - 1]) if high <= n else None
    )


def share_interval(count: int, n: int, confidence_level: float) -> ConfidenceInterval:
    """Exact interval of a share (Clopper and Pearson)."""
    tail = (1.0 - confidence_level) / 2.0
    low = 0.0 if count == 0 else float(beta.ppf(tail, count, n - count + 1))
    high = 1.0 if count == n else float(beta.ppf(1.0 - tail, count + 1, n - count))
    return ConfidenceInterval(low, high)


def lowest(shares: Sequence[float], n: Sequence[int], fewest: int, most: int) -> tuple[int, ...]:
    """Places of the lowest shares below 1 that rest on at least `fewest` values, the lowest first."""
    able = [
        place
        for place, (share, count) in enumerate(zip(shares, n, strict=True))
        if count >= fewest and not math.isnan(share) and share < 1.0
    ]
    return tuple(sorted(able, key=lambda place: (shares[place], -n[place], place))[:most])
