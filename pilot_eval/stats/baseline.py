"""How alike two groups were before anything was done to one of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, variance

FEWEST = 2


def standardised_difference(trained: Sequence[float], comparison: Sequence[float]) -> float | None:
    """Difference of two means in standard deviations; None with fewer than two values in a group.

    The deviation is the root of the mean of the two groups' variances.

    References
    ----------
    Austin 2009, Statistics in Medicine 28(25): balance of baseline characteristics.
    """
    if min(len(trained), len(comparison)) < FEWEST:
        return None
    spread = math.sqrt((variance(trained) + variance(comparison)) / 2)
    return (fmean(trained) - fmean(comparison)) / spread if spread > 0 else None
