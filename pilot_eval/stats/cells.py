"""Cells: counts, means and sums of squares of each branch before and after.

Everything a two-period design needs of the rows; the cost of what follows grows with branches only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import AFTER, Observations
from pilot_eval.stats.flow import in_either_period

ZERO_SECONDS = 0.5  # a recorded 0 s means "less than a second": analysed as half of one


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums of G branches in two periods; column 0 is before, column 1 is after.

    Parameters
    ----------
    n : (G, 2) number of values
    mean : (G, 2) their mean, NaN where there are none
    squares : (G, 2) sum of squared deviations from that mean
    """

    n: NDArray[np.float64]
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]

    @property
    def paired(self) -> NDArray[np.bool_]:
        """(G,) whether a branch has values in both periods."""
        return np.asarray((self.n > 0).all(axis=1))

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Cells:
        """The cells of some branches."""
        return Cells(self.n[chosen], self.mean[chosen], self.squares[chosen])


def sum_cells(
    branch: NDArray[np.integer],
    after: NDArray[np.integer] | NDArray[np.bool_],
    value: NDArray[np.float64],
    branches: int,
    *,
    with_squares: bool = True,
) -> Cells:
    """Sum rows into cells, shifted by one of the values so that large means do not cancel.

    Parameters
    ----------
    branch : (n,) 0 to branches - 1
    after : (n,) 0 before, 1 after
    value : (n,) finite values
    branches : G
    with_squares : leave `squares` NaN where only means are needed

    References
    ----------
    Chan, Golub & LeVeque 1983, The American Statistician 37(3), section 3 (shifted sums).
    """
    size = 2 * branches
    if not len(value):
        empty = np.zeros((branches, 2))
        return Cells(empty, np.full((branches, 2), np.nan), empty)
    place = np.multiply(branch, 2, dtype=np.intp)
    place += after
    shift = float(value[0])
    centred = value - shift
    n = np.bincount(place, minlength=size).astype(np.float64)
    sums = np.bincount(place, weights=centred, minlength=size)
    squares = np.full(size, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        offset = sums / n
    if with_squares:
        centred -= offset[place]
        squares = np.bincount(place, weights=centred * centred, minlength=size)
    return Cells(n.reshape(-1, 2), (offset + shift).reshape(-1, 2), squares.reshape(-1, 2))


def observed_cells(observations: Observations, scale: str = "value") -> Cells:
    """Cells of observations on one scale.

    Parameters
    ----------
    observations : rows; those without a value or outside both periods are left out
    scale : "value", "percent" (100 times the value) or "log" (natural logarithm, 0 taken as `ZERO_SECONDS`)
    """
    rows = in_either_period(observations)
    value = on_scale(observations.value[rows], scale)
    after = (observations.period[rows] == AFTER).astype(np.intp)
    return sum_cells(observations.branch[rows], after, value, len(observations.branches))


def on_scale(value: NDArray[np.float64], scale: str) -> NDArray[np.float64]:
    """Values as they are averaged: as they are, 100 times them, or their logarithm (see `observed_cells`)."""
    if scale == "log":
        return np.asarray(np.log(np.where(value == 0.0, ZERO_SECONDS, value)))
    return 100.0 * value if scale == "percent" else value
