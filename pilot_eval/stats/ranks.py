"""Wilcoxon's signed-rank test of branch changes, with its interval by inversion."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from pilot_eval.stats.inversion import TestOfEffect, invert

Floats = NDArray[np.float64]

EXACT_UP_TO = 50  # changes other than 0; beyond, the normal approximation with the variance of tied ranks
BISECTIONS = 50


def wilcoxon_signed_rank(change: Floats, *, standard_error: float, confidence_level: float) -> TestOfEffect:
    """Test that branch changes are symmetric about 0; zeros are dropped, ties share their mean rank.

    Up to 50 changes the distribution is exact, ties included: all signs of the ranks seen.

    Parameters
    ----------
    change : (G,) changes of branches
    standard_error : of their mean; the unit in which the interval is searched for

    References
    ----------
    Wilcoxon 1945, Biometrics Bulletin 1(6); Lehmann 1975, Nonparametrics, sections 3.2 and 4.3.
    """
    centre = _pseudomedian(change)

    def pvalue(distance: float) -> float:
        return _pvalue(change - (centre - distance))

    return TestOfEffect(
        method="wilcoxon_signed_rank",
        statistic=_statistic(change)[0],
        pvalue=pvalue(centre),
        interval=invert(pvalue, centre, standard_error, confidence_level),
        enumerated=int(np.count_nonzero(change)) <= EXACT_UP_TO,
        draws=0,
        estimate=centre,
    )


def _pseudomedian(change: Floats) -> float:
    """Shift that makes both sums of signed ranks equal (Hodges and Lehmann's estimate), by bisection."""
    low, high = float(change.min()), float(change.max())
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        shifted = change - middle
        ranks = _statistic(shifted)[1]
        positive = float(ranks[shifted[shifted != 0.0] > 0.0].sum())
        if positive > ranks.sum() / 2.0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _statistic(change: Floats) -> tuple[float, Floats]:
    """The smaller sum of signed ranks, and the ranks of the changes other than 0."""
    kept = change[change != 0.0]
    size = np.abs(kept)
    _, place, count = np.unique(size, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    ranks = (last - (count - 1) / 2.0)[place]
    positive = float(ranks[kept > 0.0].sum())
    return min(positive, float(ranks.sum()) - positive), ranks


def _pvalue(change: Floats) -> float:
    statistic, ranks = _statistic(change)
    if not len(ranks):
        return 1.0
    if len(ranks) <= EXACT_UP_TO:
        doubled = tuple(sorted(int(r) for r in np.rint(2.0 * ranks)))
        return min(1.0, 2.0 * float(_distribution(doubled)[: round(2.0 * statistic) + 1].sum()))
    total = float(ranks.sum())
    spread = 0.5 * float(np.sqrt(np.sum(ranks**2)))
    return min(1.0, 2.0 * float(ndtr((statistic - total / 2.0) / spread)))


@lru_cache(maxsize=64)
def _distribution(doubled_ranks: tuple[int, ...]) -> Floats:
    """Probability of each sum of a random half of the signs, by convolution; index = sum of doubled ranks."""
    probability = np.zeros(sum(doubled_ranks) + 1)
    probability[0] = 1.0
    for rank in doubled_ranks:
        probability[rank:] = 0.5 * (probability[rank:] + probability[: len(probability) - rank])
        probability[:rank] *= 0.5
    return probability
