"""XmR charts: single values over time within limits from how much they vary from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NATURAL_LIMITS = 2.66  # 3 / d2 for ranges of two values, d2 = 1.128
RANGE_LIMIT = 3.268  # D4 for ranges of two values
RUN = 8  # values on one side of the centre that are not chance
TRIAL = 12  # values below which limits are only trial limits
FEWEST = 2


@dataclass(frozen=True, slots=True)
class XmrStretch:
    """Values between two changes of the process, with one set of limits.

    Parameters
    ----------
    start, stop : places of its values
    centre : their mean; NaN without values
    low, high : natural process limits; NaN with fewer than two values
    mean_range, range_limit : mean and upper limit of the moving ranges
    trial : whether the limits rest on fewer than twelve values
    """

    start: int
    stop: int
    centre: float
    low: float
    high: float
    mean_range: float
    range_limit: float
    trial: bool


@dataclass(frozen=True, slots=True)
class Xmr:
    """An XmR chart of n values in the order of time.

    Parameters
    ----------
    stretches : one from the start, and one from each place at which the limits begin anew
    moving_range : (n,) distance from the value before; NaN at the first value of a stretch
    outside : (n,) whether a value lies outside its limits
    run : (n,) whether it is in a run of eight or more on one side of the centre
    wide_range : (n,) whether its moving range is above the limit of ranges
    """

    stretches: tuple[XmrStretch, ...]
    moving_range: Floats
    outside: NDArray[np.bool_]
    run: NDArray[np.bool_]
    wide_range: NDArray[np.bool_]

    @property
    def signal(self) -> NDArray[np.bool_]:
        """(n,) whether any rule says that a value is more than chance."""
        return np.asarray(self.outside | self.run | self.wide_range)


def xmr(values: Floats, rebase_at: Sequence[int] = ()) -> Xmr:
    """Chart values in the order of time.

    Parameters
    ----------
    values : (n,) finite
    rebase_at : places at which the limits begin anew, such as the first value after training

    Raises
    ------
    ValueError
        A place that is not inside, or not after the one before.

    References
    ----------
    Wheeler 2000, Understanding Variation; Montgomery 2012, Introduction to Statistical Quality Control,
    section 6.4 (constants for ranges of two).
    """
    bounds = [0, *rebase_at, len(values)]
    if any(later <= earlier for earlier, later in pairwise(bounds)):
        raise ValueError("limits begin anew at growing places inside the series")
    moving_range = np.full(len(values), np.nan)
    outside, run, wide = (np.zeros(len(values), dtype=np.bool_) for _ in range(3))
    stretches = []
    for start, stop in pairwise(bounds):
        own = values[start:stop]
        moving_range[start + 1 : stop] = np.abs(np.diff(own))
        stretch = _stretch(own, start)
        stretches.append(stretch)
        # Comparisons with NaN are false: no limits, no signals.
        outside[start:stop] = (own < stretch.low) | (own > stretch.high)
        wide[start:stop] = moving_range[start:stop] > stretch.range_limit
        run[start:stop] = _in_run(np.sign(own - stretch.centre))
    return Xmr(tuple(stretches), moving_range, outside, run, wide)


def _stretch(own: Floats, start: int) -> XmrStretch:
    stop, centre = start + len(own), float(own.mean())
    if len(own) < FEWEST:
        return XmrStretch(start, stop, centre, np.nan, np.nan, np.nan, np.nan, trial=True)
    mean_range = float(np.abs(np.diff(own)).mean())
    half = NATURAL_LIMITS * mean_range
    limit = RANGE_LIMIT * mean_range
    return XmrStretch(
        start, stop, centre, centre - half, centre + half, mean_range, limit, trial=len(own) < TRIAL
    )


def _in_run(side: Floats) -> NDArray[np.bool_]:
    """(n,) whether a value is in a run on one side; a value on the centre ends a run."""
    found = np.zeros(len(side), dtype=np.bool_)
    begin = 0
    for place in range(1, len(side) + 1):
        if place == len(side) or side[place] != side[begin]:
            if side[begin] != 0.0 and place - begin >= RUN:
                found[begin:place] = True
            begin = place
    return found
