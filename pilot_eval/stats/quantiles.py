"""Quantiles of single values by arm and period, and the effect on them by resampling branches.

A quantile is that of all rows of an arm and period, each branch weighing as much as it does in the effect:
once (or as in its stratum), or as often as it has rows. Averaging the quantiles of single branches instead
would be biased, the more the fewer visits a branch has.

References
----------
Hyndman & Fan 1996, The American Statistician 50(4), definition 7; with weights as in Harrell's wtd.quantile
of the R package Hmisc; Davison & Hinkley 1997, Bootstrap Methods, sections 3.8 and 5.3.1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.progress import told
from pilot_eval.stats.draws import random_picks
from pilot_eval.stats.results import ConfidenceInterval

Floats = NDArray[np.float64]

AT_ONCE = 2_000_000  # numbers held for one step of the resamples
ROUNDING = 1e-9  # of the total weight: sums this near to a rank have reached it


def quantile(value: Floats, weight: Floats, probability: float) -> float:
    """Quantile of weighted values by definition 7: h = 1 + (N - 1) p, between the ranks around it.

    N is the total weight, and rank j is the first value up to which the weights sum to j. With equal weights
    of 1 it is numpy's and R's default.

    Parameters
    ----------
    value : (n,) sorted
    weight : (n,) of each, about 1 on average
    """
    whole = SortedRows(value, np.zeros(len(value), dtype=np.intp), weight)
    return float(whole.quantiles(np.ones((1, 1)), (probability,))[0, 0])


@dataclass(frozen=True, slots=True)
class SortedRows:
    """Rows of one arm and period.

    Parameters
    ----------
    value : (n,) sorted
    branch : (n,) 0 to G - 1
    weight : (n,) of each row where its branch counts once
    """

    value: Floats
    branch: NDArray[np.intp]
    weight: Floats

    @classmethod
    def of(cls, value: Floats, branch: NDArray[np.intp], weight: Floats) -> SortedRows:
        order = np.lexsort((weight, value))
        return cls(value[order], branch[order], weight[order])

    def quantiles(self, times: Floats, probabilities: Sequence[float]) -> Floats:
        """(B, k) quantiles of resamples.

        Ranks are looked for among sums over blocks of rows first, then within one block.

        Parameters
        ----------
        times : (B, G) how often a resample has each branch
        probabilities : k of them
        """
        length = 2 * math.isqrt(len(self.value)) + 1
        count = -(-len(self.value) // length)
        block = np.arange(len(self.value)) // length
        branches = times.shape[1]
        by_block = np.bincount(self.branch * count + block, self.weight, branches * count)
        until = np.cumsum(by_block.reshape(branches, count), axis=1)
        found = np.empty((len(times), len(probabilities)))
        step = max(1, AT_ONCE // max(count, length))
        for start in range(0, len(times), step):
            own = times[start : start + step]
            reached = own @ until
            for k, probability in enumerate(probabilities):
                found[start : start + step, k] = self._between(own, reached, length, probability)
        return found

    def _between(self, times: Floats, reached: Floats, length: int, probability: float) -> Floats:
        total = reached[:, -1]
        rank = 1.0 + (total - 1.0) * probability
        low = np.floor(rank + ROUNDING)
        early = self._at(times, reached, length, np.clip(low, 1.0, None))
        late = self._at(times, reached, length, np.minimum(low + 1.0, total))
        return np.asarray(early + np.clip(rank - low, 0.0, 1.0) * (late - early))

    def _at(self, times: Floats, reached: Floats, length: int, rank: Floats) -> Floats:
        """(B,) first value up to which the weights sum to rank."""
        need = rank - ROUNDING * reached[:, -1]
        block = np.minimum(np.sum(reached < need[:, None], axis=1), reached.shape[1] - 1)
        before = np.where(block > 0, np.take_along_axis(reached, block[:, None] - 1, axis=1)[:, 0], 0.0)
        rows = block[:, None] * length + np.arange(length)
        rows = np.minimum(rows, len(self.value) - 1)  # rows beyond the last repeat it, after it was reached
        sums = np.cumsum(np.take_along_axis(times, self.branch[rows], axis=1) * self.weight[rows], axis=1)
        place = np.sum(before[:, None] + sums < need[:, None], axis=1)
        return np.asarray(self.value[np.minimum(block * length + place, len(self.value) - 1)])


@dataclass(frozen=True, slots=True)
class ArmQuantiles:
    """Quantiles of arms and periods, of the data and of resamples.

    Parameters
    ----------
    seen : (2, 2, k) of the data; comparison (NaN without), trained; before, after
    drawn : (B, 2, 2, k) of resamples
    """

    seen: Floats
    drawn: Floats


@dataclass(frozen=True, slots=True)
class Clusters:
    """G branches that are resampled within groups, with their weight.

    Parameters
    ----------
    group : (G,) codes 0 to K - 1 of arm and stratum
    trained : (G,) arm
    weight : (G,) weight of a branch in its arm, or None where each row counts once
    """

    group: NDArray[np.intp]
    trained: NDArray[np.bool_]
    weight: Floats | None

    def times(self, draws: int, seed: int) -> Floats:
        """(draws, G) how often each resample has each branch; picks as in `random_picks`."""
        order = np.argsort(self.group, kind="stable")
        sizes = np.bincount(self.group)
        count = len(self.group)
        drawn = np.empty((draws, count))
        done = 0
        for picks in random_picks(sizes[sizes > 0], draws, seed):
            own = picks + count * np.arange(len(picks))[:, None]
            drawn[done : done + len(picks), order] = np.bincount(
                own.ravel(), minlength=count * len(picks)
            ).reshape(-1, count)
            done += len(picks)
        return drawn


def arm_quantiles(
    branch: NDArray[np.intp],
    after: NDArray[np.bool_],
    value: Floats,
    clusters: Clusters,
    probabilities: Sequence[float],
    *,
    draws: int,
    seed: int,
) -> ArmQuantiles:
    """Quantiles of the rows of each arm and period, of the data and of resampled branches.

    Parameters
    ----------
    branch : (n,) 0 to G - 1
    after : (n,) period
    value : (n,) finite
    clusters : the G branches
    probabilities : k of them, between 0 and 1
    """
    times = clusters.times(draws, seed)
    seen = np.full((2, 2, len(probabilities)), np.nan)
    drawn = np.full((draws, 2, 2, len(probabilities)), np.nan)
    for arm in (0, 1):
        told("quantiles", arm, 2)
        members = np.flatnonzero(clusters.trained == bool(arm))
        for period in (0, 1):
            rows = (clusters.trained[branch] == bool(arm)) & (after == bool(period))
            if not rows.any():
                continue
            own = np.searchsorted(members, branch[rows])
            weight = np.ones(len(own)) if clusters.weight is None else clusters.weight[members][own]
            if clusters.weight is not None:
                weight = weight / np.bincount(own)[own]
                weight *= len(own) / weight.sum()
            cell = SortedRows.of(value[rows], own, weight)
            seen[arm, period] = cell.quantiles(np.ones((1, len(members))), probabilities)[0]
            drawn[:, arm, period] = cell.quantiles(times[:, members], probabilities)
    return ArmQuantiles(seen, drawn)


def percentile_interval(drawn: Floats, confidence_level: float) -> ConfidenceInterval:
    """Percentile interval of resamples (B,); +-inf sorts beyond all others, an end among them is None."""
    share = (1.0 - confidence_level) / 2.0
    return ConfidenceInterval(quantile_of_draws(drawn, share), quantile_of_draws(drawn, 1.0 - share))


def quantile_of_draws(drawn: Floats, share: float) -> float | None:
    """Quantile (type 7) of B resamples; None where it is not finite or less than one of B + 1 is beyond."""
    if min(share, 1.0 - share) * (len(drawn) + 1) < 1.0:
        return None
    place = share * (len(drawn) - 1)
    low = int(place)
    high = min(low + 1, len(drawn) - 1)
    near = np.partition(drawn, [low, high])
    if not (math.isfinite(near[low]) and math.isfinite(near[high])):
        return None
    return float(near[low] + (place - low) * (near[high] - near[low]))
