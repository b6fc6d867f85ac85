"""Branches against others: the change of each less the mean change of those it is compared with.

A change can come by itself, to all branches alike; what a branch has of its own shows beside others. The
others are the branches they are, not a sample of more: the interval says how exactly the difference between
these branches was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pilot_eval.stats.branches import BranchChanges
from pilot_eval.stats.ranking import FEWEST_DRAWS, MOST_DRAWS, MOST_RANKS
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.shrinkage import FEWEST, Posterior
from pilot_eval.stats.student import two_sided_quantile

Floats = NDArray[np.float64]
Chosen = NDArray[np.bool_]

NEAREST = 5  # branches of nearest baseline, where strata do not say which are alike


@dataclass(frozen=True, slots=True)
class AgainstOthers:
    """What G branches changed more than those they are compared with, on the scale of the changes.

    Parameters
    ----------
    count : (G,) branches compared with; 0 where there is none
    estimate, standard_error, low, high : (G,) NaN where there is none
    confidence_level : of the intervals
    """

    count: NDArray[np.intp]
    estimate: Floats
    standard_error: Floats
    low: Floats
    high: Floats
    confidence_level: float

    def as_speed(self) -> AgainstOthers:
        """Differences of logarithms in per cent of speed."""
        told, low, high = (speed_percent(part) for part in (self.estimate, self.high, self.low))
        return replace(self, estimate=told, low=low, high=high)


@dataclass(frozen=True, slots=True)
class DrawnTogether:
    """Posterior of a quantity of each branch: (G,) means and central intervals; NaN where there is none."""

    estimate: Floats
    low: Floats
    high: Floats

    def as_speed(self) -> DrawnTogether:
        """Differences of logarithms in per cent of speed."""
        return DrawnTogether(*(speed_percent(part) for part in (self.estimate, self.high, self.low)))


def speed_percent(log_ratio: Floats) -> Floats:
    """Per cent of speed gained by a change of mean log time."""
    return np.asarray(100.0 * np.expm1(-log_ratio))


def same_arm(changes: BranchChanges) -> Chosen:
    """(G, G) whether the second branch is another of the first one's arm."""
    return _others(changes.trained[:, None] == changes.trained[None, :])


def comparison_arm(changes: BranchChanges) -> Chosen:
    """(G, G) whether the second branch is another that was not trained."""
    return _others(np.broadcast_to(~changes.trained, (len(changes.trained),) * 2))


def same_stratum(changes: BranchChanges, strata: Sequence[str]) -> Chosen:
    """(G, G) whether the second branch is another of the first one's arm and stratum."""
    names = np.asarray(strata, dtype=np.str_)
    return np.asarray(same_arm(changes) & (names[:, None] == names[None, :]))


def nearest_baseline(changes: BranchChanges, candidates: Chosen, count: int = NEAREST) -> Chosen:
    """(G, G) the candidates of each branch whose mean before was nearest to its own; the first where equal.

    Parameters
    ----------
    candidates : (G, G) whom a branch may be compared with
    count : how many, where there are as many
    """
    before = changes.mean[:, 0]
    distance = np.where(candidates, np.abs(before[:, None] - before[None, :]), np.inf)
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :count]
    found = np.zeros_like(candidates)
    np.put_along_axis(found, nearest, True, axis=1)
    return np.asarray(found & candidates)


def _others(alike: Chosen) -> Chosen:
    return np.asarray(alike & ~np.eye(len(alike), dtype=np.bool_))


def against_others(changes: BranchChanges, others: Chosen) -> AgainstOthers:
    """The change of each branch less the mean change of others, each of them counting once.

    Parameters
    ----------
    changes : on the analysis scale, with their pooled variance and its degrees of freedom
    others : (G, G) whom each branch is compared with, never itself

    Raises
    ------
    ValueError
        If a branch is compared with itself.
    """
    if np.diagonal(others).any():
        raise ValueError("a branch is compared with others, not with itself")
    count = others.sum(axis=1)
    weight = _weights(others)
    estimate = changes.change - weight @ changes.change
    error = np.sqrt(changes.standard_error**2 + weight**2 @ changes.standard_error**2)
    half = two_sided_quantile(changes.confidence_level, changes.df) * error
    estimate[count == 0] = error[count == 0] = half[count == 0] = np.nan
    return AgainstOthers(
        count.astype(np.intp), estimate, error, estimate - half, estimate + half, changes.confidence_level
    )


def _weights(others: Chosen) -> Floats:
    """(G, G) of each other branch in the mean; a row of zeros where there is none."""
    count = others.sum(axis=1, keepdims=True)
    return np.asarray(others / np.maximum(count, 1), dtype=np.float64)


def drawn_together(
    changes: BranchChanges, others: Chosen | None, *, draws: int = MOST_DRAWS, seed: int = 1
) -> DrawnTogether | NotEstimable:
    """Changes drawn towards the mean of their arm, less those of the others where they are compared.

    The true changes of an arm are drawn together, those of two arms apart; so what is uncertain of the common
    mean cancels in a difference within an arm.

    Parameters
    ----------
    others : (G, G) whom each branch is compared with; None for the change itself
    draws, seed : of the intervals of differences
    """
    arms = [np.flatnonzero(changes.trained == arm) for arm in (True, False)]
    posteriors = [
        (rows, Posterior.of(changes.change[rows], changes.standard_error[rows]))
        for rows in arms
        if len(rows) >= FEWEST
    ]
    if not posteriors:
        return NotEstimable("few_in_funnel", {"n": max(map(len, arms)), "need": FEWEST})
    if others is None:
        return _own(changes, posteriors)
    return _against(changes, others, posteriors, draws, seed)


Posteriors = Sequence[tuple[NDArray[np.intp], Posterior]]


def _own(changes: BranchChanges, posteriors: Posteriors) -> DrawnTogether:
    estimate, low, high = (np.full(len(changes.change), np.nan) for _ in range(3))
    for rows, posterior in posteriors:
        found = posterior.shrunken(changes.confidence_level)
        estimate[rows], low[rows], high[rows] = found.estimate, found.low, found.high
    return DrawnTogether(estimate, low, high)


def _against(
    changes: BranchChanges, others: Chosen, posteriors: Posteriors, draws: int, seed: int
) -> DrawnTogether:
    count = len(changes.change)
    draws = max(FEWEST_DRAWS, min(draws, MOST_RANKS // count))
    true = np.full((draws, count), np.nan)
    mean = np.full(count, np.nan)
    for place, (rows, posterior) in enumerate(posteriors):
        mean[rows] = posterior.shrunken(changes.confidence_level).estimate
        done = 0
        for drawn in posterior.draw(draws, seed + place):
            true[done : done + len(drawn), rows] = drawn
            done += len(drawn)
    weight = _weights(others)
    # A branch without posterior among the others leaves the difference without one.
    known = ~np.isnan(mean) & (others.sum(axis=1) > 0) & ~(others & np.isnan(mean)[None, :]).any(axis=1)
    filled = np.where(np.isnan(true), 0.0, true)
    estimate = np.where(known, mean - weight @ np.where(np.isnan(mean), 0.0, mean), np.nan)
    tail = (1.0 - changes.confidence_level) / 2.0
    low, high = (np.full(count, np.nan) for _ in range(2))
    for start in range(0, count, 200):
        part = slice(start, start + 200)
        ends = np.quantile(filled[:, part] - filled @ weight[part].T, [tail, 1.0 - tail], axis=0)
        low[part], high[part] = ends
    return DrawnTogether(estimate, np.where(known, low, np.nan), np.where(known, high, np.nan))
