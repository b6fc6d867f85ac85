"""The interval of a ratio of two estimates by Fieller's theorem."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilot_eval.stats.results import NO_INTERVAL, ConfidenceInterval


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio and the set of ratios that its data do not reject.

    `interval` has no ends where the denominator may be zero: the set is then not an interval.
    """

    estimate: float
    interval: ConfidenceInterval


def ratio(numerator: float, denominator: float, covariance: NDArray[np.float64], quantile: float) -> Ratio:
    """Fieller's set {q: (numerator - q denominator)^2 <= quantile^2 var(numerator - q denominator)}.

    It holds 0 exactly when the numerator's own test does not reject.

    Parameters
    ----------
    numerator, denominator : estimates; the denominator is not 0
    covariance : (2, 2) their covariance
    quantile : two-sided quantile of the statistic

    References
    ----------
    Fieller 1954, JRSS B 16(2), eq. 9.
    """
    estimate = float(numerator / denominator)
    # In units of the denominator: a q^2 - 2 b q + c <= 0.
    spread = quantile * quantile * (covariance / denominator / denominator)
    a, b, c = 1.0 - spread[1, 1], estimate - spread[0, 1], estimate * estimate - spread[0, 0]
    root = b * b - a * c
    if a <= 0.0 or root < 0.0:
        return Ratio(estimate, NO_INTERVAL)
    # The root farther from zero first: the other by the product of the roots, which keeps its digits.
    far = b + math.copysign(math.sqrt(root), b)
    ends = sorted((float(far / a), float(c / far) if far else 0.0))
    return Ratio(estimate, ConfidenceInterval(ends[0], ends[1]))
