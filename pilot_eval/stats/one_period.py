"""How branches and single records vary within one period: all that a baseline can tell of a pilot to come."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilot_eval.stats.results import NotEstimable

Floats = NDArray[np.float64]
FEWEST = 3  # branches


@dataclass(frozen=True, slots=True)
class OnePeriod:
    """Spread of G branches seen in one period, on the analysis scale.

    Parameters
    ----------
    branches : G
    mean : of the branches' means
    between_sd : of their true levels; 0 where single records explain all differences
    within_sd : of single records of a branch
    size, size_cv : mean number of records per branch, and their coefficient of variation
    """

    branches: int
    mean: float
    between_sd: float
    within_sd: float
    size: float
    size_cv: float


def one_period(n: Floats, mean: Floats, squares: Floats) -> OnePeriod | NotEstimable:
    """Variances within and between branches, by the mean squares of a one-way layout.

    Parameters
    ----------
    n, mean, squares : (G,) records of each branch, their mean, and their squares around it

    References
    ----------
    Searle, Casella & McCulloch 1992, Variance Components, section 3.6 (unequal numbers).
    """
    seen = n > 0
    n, mean, squares = n[seen], mean[seen], squares[seen]
    count, total = len(n), float(n.sum())
    if count < FEWEST:
        return NotEstimable("few_branches_to_plan", {"n": count, "need": FEWEST})
    df = total - count
    if df < 1.0:
        return NotEstimable("single_observations")
    within = float(squares.sum()) / df
    centre = float((n * mean).sum()) / total
    between_square = float((n * (mean - centre) ** 2).sum()) / (count - 1)
    usual = (total - float((n**2).sum()) / total) / (count - 1)
    between = max(0.0, (between_square - within) / usual)
    if within <= 0.0:
        return NotEstimable("no_variation_within")
    return OnePeriod(
        count,
        float(mean.mean()),
        math.sqrt(between),
        math.sqrt(within),
        float(n.mean()),
        float(n.std() / n.mean()),
    )
