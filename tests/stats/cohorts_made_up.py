"""Branches trained at different dates, made up for the tests of the staggered design."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pilot_eval.stats.branch_periods import BranchPeriods

Floats = NDArray[np.float64]


def panel_of(mean: Floats, start: Sequence[int] | NDArray[np.intp]) -> BranchPeriods:
    """A panel with these means (G, T) and first trained periods (G,)."""
    days = np.arange("2024-01-01", mean.shape[1], dtype="datetime64[D]")
    seen = (~np.isnan(mean)).astype(np.float64)
    return BranchPeriods(days, np.asarray(start, dtype=np.intp), seen, mean, np.arange(len(mean)))


def made_up(seed: int, start: Sequence[int], periods: int, *, missing: float = 0.0) -> BranchPeriods:
    """Effects that differ between cohorts and grow, unequal variances; never trained where start is "
    "`periods`."""
    rng = np.random.default_rng(seed)
    first = np.asarray(start)
    since = np.arange(periods)[None, :] - first[:, None]
    mean = rng.normal(60.0, 5.0, (len(first), 1)) + rng.normal(0.0, 1.0, periods)
    mean = mean + rng.normal(0.0, 3.0, (len(first), periods)) * np.where(first[:, None] < periods, 1.5, 1.0)
    mean += np.where(since >= 0, 1.0 + 0.4 * first[:, None] + 0.5 * since, 0.0)
    mean[rng.random(mean.shape) < missing] = np.nan
    return panel_of(mean, first)
