"""Items by branches: the change of each cell, and how many cells would change as much by chance alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from pilot_eval.stats.families import benjamini_hochberg

Floats = NDArray[np.float64]
Counts = NDArray[np.intp]

LARGE = 0.4  # change of a share at which colours end
ALONE = 0.05  # p-value at or below which a cell, looked at by itself, stands out
MOST_DEALT = 80  # graded answers of a cell up to which every way to deal them out is counted
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class ItemChanges:
    """K items in C columns, such as branches.

    Parameters
    ----------
    n : (K, C, 2) values before and after
    share : (K, C, 2) their means, 0 to 1; NaN where there are none
    change : (K, C) after less before; NaN where either is missing
    pvalue : (K, C) chance of a change this large in a cell where nothing changed; NaN where there is none
    adjusted_pvalue : (K, C) by Benjamini and Hochberg over the whole grid
    compared : cells with a change
    outstanding : those of them that stand out by themselves, at ALONE
    outstanding_by_chance : how many would on average, had nothing changed in any of them
    large, large_by_chance : the same of those that changed by at least LARGE
    """

    n: Counts
    share: Floats
    change: Floats
    pvalue: Floats
    adjusted_pvalue: Floats
    compared: int
    outstanding: int
    outstanding_by_chance: float
    large: int
    large_by_chance: float


def item_changes(values: Floats, column: Counts, after: NDArray[np.bool_], columns: int) -> ItemChanges:
    """The change of every item in every column.

    Chance is that of dealing the values of a cell out to its two periods anew: exact, but for more than
    MOST_DEALT graded answers, where it is the normal approximation with the exact variance of dealing out.

    Parameters
    ----------
    values : (n, K) between 0 and 1; NaN where an item did not apply
    column : (n,) 0 to C - 1
    after : (n,) period
    columns : C

    References
    ----------
    Fisher 1935, The Design of Experiments, section 21 (dealing out anew); Cochran 1977, Sampling Techniques,
    theorem 2.2 (variance of the mean of a part).
    """
    items = values.shape[1]
    n = np.zeros((items, columns, 2), dtype=np.intp)
    share, pvalue = np.full((items, columns, 2), np.nan), np.full((items, columns), np.nan)
    dark, alone = 0.0, 0.0
    for own in range(columns):
        rows = column == own
        early, late = values[rows & ~after], values[rows & after]
        for item in range(items):
            parts = [part[~np.isnan(part[:, item]), item] for part in (early, late)]
            n[item, own] = [len(part) for part in parts]
            share[item, own] = [part.mean() if len(part) else np.nan for part in parts]
            if not all(map(len, parts)):
                continue
            dealt = Dealt.of(len(parts[0]), len(parts[1]), np.concatenate(parts))
            pvalue[item, own] = dealt.tail(abs(float(share[item, own, 1] - share[item, own, 0])))
            dark += dealt.tail(LARGE)
            alone += dealt.size
    change = share[..., 1] - share[..., 0]
    compared = ~np.isnan(change)
    adjusted = np.full(change.shape, np.nan)
    adjusted[compared] = np.array(benjamini_hochberg(pvalue[compared].tolist()), dtype=np.float64)
    return ItemChanges(
        n=n,
        share=share,
        change=change,
        pvalue=pvalue,
        adjusted_pvalue=adjusted,
        compared=int(compared.sum()),
        outstanding=int((pvalue[compared] <= ALONE).sum()),
        outstanding_by_chance=alone,
        large=int((np.abs(change[compared]) >= LARGE - _ROUNDING).sum()),
        large_by_chance=dark,
    )


@dataclass(frozen=True, slots=True)
class Dealt:
    """The values of a cell dealt out to its two periods anew.

    Parameters
    ----------
    apart : (d,) how far apart the two means can come
    chance : (d,) of each
    error : standard deviation of the normal approximation, where nothing is listed
    """

    apart: tuple[float, ...]
    chance: tuple[float, ...]
    error: float

    @staticmethod
    def of(before: int, after: int, values: Floats) -> Dealt:
        """Of so many values before and after."""
        found, count = np.unique(np.round(values, 9), return_counts=True)
        return _dealt(before, after, tuple(found.tolist()), tuple(count.tolist()))

    def tail(self, distance: float) -> float:
        """Chance of means at least so far apart."""
        if not self.apart:
            return float(min(1.0, 2.0 * ndtr(-(distance - _ROUNDING) / self.error)))
        pairs = zip(self.apart, self.chance, strict=True)
        return min(1.0, sum(chance for apart, chance in pairs if apart >= distance - _ROUNDING))

    @property
    def size(self) -> float:
        """Chance that the cell stands out by itself though nothing changed: at most ALONE."""
        if not self.apart:
            return ALONE
        pairs = zip(self.apart, self.chance, strict=True)
        return sum(chance for apart, chance in pairs if self.tail(apart) <= ALONE)


@lru_cache(maxsize=100_000)
def _dealt(before: int, after: int, values: tuple[float, ...], counts: tuple[int, ...]) -> Dealt:
    number = before + after
    total = sum(value * count for value, count in zip(values, counts, strict=True))
    if number > MOST_DEALT and not set(values) <= {0.0, 1.0}:
        squares = sum(value**2 * count for value, count in zip(values, counts, strict=True))
        variance = (squares - total**2 / number) / (number - 1)
        return Dealt((), (), float(np.sqrt(variance * (1.0 / before + 1.0 / after))))
    # Ways to choose those that fall after, by how many there are and what they sum to.
    ways = {(0, 0.0): 1}
    for value, count in zip(values, counts, strict=True):
        grown: dict[tuple[int, float], int] = {}
        for (chosen, own), times in ways.items():
            for more in range(min(count, after - chosen) + 1):
                key = chosen + more, round(own + more * value, 9)
                grown[key] = grown.get(key, 0) + times * comb(count, more)
        ways = grown
    every = comb(number, after)
    whole = [(own, times) for (chosen, own), times in ways.items() if chosen == after]
    apart = tuple(abs(own / after - (total - own) / before) for own, _times in whole)
    return Dealt(apart, tuple(times / every for _own, times in whole), 0.0)
