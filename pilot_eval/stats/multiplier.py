"""Multiplier bootstrap by branch: one random sign for each branch's contribution to an estimate.

Contributions are given, so that nothing is estimated anew: a draw is the sum of contributions with random
signs. R's `did` does the same with its influence function and normal limits; it rejects too often with few
branches (see `docs/methods.md`), because contributions are smaller than errors.

References
----------
Callaway & Sant'Anna 2021, Journal of Econometrics 225(2), algorithm 1.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from pilot_eval.stats.cohorts import Summary
from pilot_eval.stats.draws import all_signs, random_signs, signed_sums
from pilot_eval.stats.inversion import TIE, TestOfEffect
from pilot_eval.stats.results import NO_INTERVAL, ConfidenceInterval, significance
from pilot_eval.stats.student import normal_quantile, two_sided_quantile

Floats = NDArray[np.float64]

ENUMERATE_AT_LEAST = 4096  # patterns that are always looked at one by one
HALF_STEP = 2.0**-54  # keeps a double of 0 from minus infinity
ROUNDING = 1e-12  # eigenvalues this small, relatively, are zeros
SURE = 1e-15  # smallest tail probability carried over to Student's t


def multiplier_bootstrap(summary: Summary, *, draws: int, seed: int, confidence_level: float) -> TestOfEffect:
    """Test of a summary from the influence function of R's `did`, with the interval of the same draws.

    Parameters
    ----------
    summary : with the `plain` contribution of each branch
    draws : random patterns, where not all are looked at
    """
    drawn, enumerated = _draws(summary.plain[:, None], draws, seed)
    distance = np.sort(np.abs(drawn[:, 0]))[::-1]
    extreme = int(np.count_nonzero(distance >= abs(summary.estimate) * (1.0 - TIE)))
    count = len(distance)
    alpha = significance(confidence_level)
    # The farthest effect with p above alpha has as many draws beyond it as `needed`.
    needed = math.floor(alpha * count + 1e-9) + 1 if enumerated else math.floor(alpha * (1 + count) + 1e-9)
    interval = NO_INTERVAL
    if 1 <= needed <= count:
        half = float(distance[needed - 1])
        interval = ConfidenceInterval(summary.estimate - half, summary.estimate + half)
    return TestOfEffect(
        method="multiplier_bootstrap",
        statistic=summary.estimate / summary.analytic_standard_error,
        pvalue=extreme / count if enumerated else (1 + extreme) / (1 + count),
        interval=interval,
        enumerated=enumerated,
        draws=count,
        weights="rademacher",
    )


def simultaneous_quantiles(
    influence: Floats, df: Floats, *, draws: int, seed: int, confidence_level: float
) -> Floats:
    """(E,) quantiles with which E intervals hold together: sup-t, carried over to Student's t.

    Multipliers are standard normal here, so that a draw of all estimates is normal with their estimated
    correlation, and is drawn as such: (B, E) doubles of PCG64(seed) through the normal quantile. Random signs
    would make too narrow a band with few branches. Each estimate takes the quantile of its t with the tail
    that the largest of E normal ones has, so that a band is never narrower than its pointwise interval.

    Parameters
    ----------
    influence : (E, G) contributions of each branch to each estimate
    df : (E,) degrees of freedom of each
    """
    scaled = influence / np.sqrt(np.sum(influence**2, axis=1))[:, None]
    values, vectors = np.linalg.eigh(scaled @ scaled.T)
    kept = np.where(values > ROUNDING * values[-1], values, 0.0)
    root = (vectors * np.sqrt(kept)) @ vectors.T  # symmetric, so that it does not depend on the machine
    uniform = np.random.Generator(np.random.PCG64(seed)).random((draws, len(df)))
    largest = np.sort(np.abs(ndtri(uniform + HALF_STEP) @ root).max(axis=1))
    place = min(math.ceil(confidence_level * draws - 1e-9), draws) - 1
    critical = max(float(largest[place]), normal_quantile(confidence_level))
    tail = max(float(2.0 * ndtr(-critical)), SURE)
    return np.array([two_sided_quantile(1.0 - tail, one) for one in df])


def _draws(columns: Floats, draws: int, seed: int) -> tuple[Floats, bool]:
    """(B, k) signed sums of columns (G, k), and whether they are all there are."""
    branches = len(columns)
    if branches < 63 and 2**branches <= max(draws, ENUMERATE_AT_LEAST):
        return signed_sums(all_signs(branches), columns), True
    return signed_sums(random_signs(branches, draws, seed), columns), False
