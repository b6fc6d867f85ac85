"""The change of every branch with its interval, and drawn towards the mean of its arm."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import Observations
from pilot_eval.domain.outcomes import Outcome
from pilot_eval.stats.branches import BranchChanges, branch_changes
from pilot_eval.stats.cells import observed_cells
from pilot_eval.stats.estimates import ByStudent
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.shrinkage import FEWEST, Posterior

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BranchUplifts:
    """Changes of G branches seen both before and after, on the analysis scale.

    Parameters
    ----------
    branches : names
    trained : (G,) arm
    n : (G, 2) values before and after
    change : (G,) after less before
    low, high : (G,) intervals; NaN where no branch was seen twice in a period
    shrunken, shrunken_low, shrunken_high : (G,) posterior means and intervals; NaN with too few branches
    """

    branches: tuple[str, ...]
    trained: NDArray[np.bool_]
    n: Floats
    change: Floats
    low: Floats
    high: Floats
    shrunken: Floats
    shrunken_low: Floats
    shrunken_high: Floats


def branch_uplifts(observations: Observations, measure: Outcome, confidence_level: float) -> BranchUplifts:
    """Change of every branch seen in both periods; arms are shrunken apart, since they differ by the effect.

    Parameters
    ----------
    observations : rows
    measure : kind of outcome; durations are compared by mean logarithms
    """
    changes = branch_changes(observations, measure, confidence_level=confidence_level)
    if not isinstance(changes, BranchChanges):
        return _without_intervals(observations, measure)
    shrunken = np.full((3, len(changes.branches)), np.nan)
    for arm in (changes.trained, ~changes.trained):
        if int(arm.sum()) >= FEWEST:
            posterior = Posterior.of(changes.change[arm], changes.standard_error[arm])
            found = posterior.shrunken(confidence_level)
            shrunken[:, arm] = found.estimate, found.low, found.high
    return BranchUplifts(
        changes.branches,
        changes.trained,
        changes.n,
        changes.change,
        changes.low,
        changes.high,
        *shrunken,
    )


def _without_intervals(observations: Observations, measure: Outcome) -> BranchUplifts:
    cells = observed_cells(observations, measure.values)
    paired = cells.paired
    nothing = np.full(int(paired.sum()), np.nan)
    return BranchUplifts(
        tuple(np.array(observations.branches, dtype=object)[paired]),
        observations.trained[paired],
        cells.n[paired],
        cells.mean[paired, 1] - cells.mean[paired, 0],
        *[nothing] * 5,
    )


@dataclass(frozen=True, slots=True)
class GroupMean(ByStudent):
    """Mean of the changes of a group of branches, each counting once.

    Parameters
    ----------
    n : branches
    estimate : their mean
    standard_error : from how much they differ
    df : n - 1
    """

    n: int
    estimate: float
    standard_error: float
    df: float


def group_mean(n: int, total: float, squares: float) -> GroupMean | NotEstimable:
    """Mean of n values from their sum and the sum of their squares.

    Examples
    --------
    >>> group_mean(3, 6.0, 14.0).estimate
    2.0
    """
    if n < 2:
        return NotEstimable("few_branches", {"arm": "trained", "n": n, "need": 2})
    variance = (squares - total * total / n) / (n - 1)
    if variance <= 0.0:
        return NotEstimable("no_variation", {"n": n})
    return GroupMean(n, total / n, math.sqrt(variance / n), float(n - 1))
