"""Student's t and the normal distribution through scipy.special, which loads much faster than scipy.stats."""

from __future__ import annotations

import math

from scipy.special import ndtr, ndtri, stdtr, stdtrit


def two_sided_pvalue(statistic: float, df: float) -> float:
    """Probability of a t variable with `df` degrees of freedom at least as far from 0 as `statistic`.

    With infinitely many it is the normal distribution.
    """
    if math.isinf(df):
        return float(2.0 * ndtr(-abs(statistic)))
    return float(2.0 * stdtr(df, -abs(statistic)))


def two_sided_quantile(level: float, df: float) -> float:
    """The t with probability `level` between -t and t; the normal quantile where `df` is infinite."""
    if math.isinf(df):
        return normal_quantile(level)
    return float(-stdtrit(df, (1.0 - level) / 2.0))


def normal_quantile(level: float) -> float:
    """The z with probability `level` between -z and z."""
    return float(-ndtri((1.0 - level) / 2.0))
