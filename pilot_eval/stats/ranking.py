"""Branches beside one another: drawn towards their mean, ranked with intervals, and two by two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.branches import (
    BranchChanges,
    BranchLevels,
    Compared,
    Funnel,
    branch_changes,
    branch_levels,
    branch_rate_changes,
    funnel,
)
from pilot_eval.stats.equal_spread import SpreadTest, equal_spread
from pilot_eval.stats.families import benjamini_hochberg, holm
from pilot_eval.stats.heterogeneity import Heterogeneity, heterogeneity
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import ConfidenceInterval, NotEstimable
from pilot_eval.stats.shrinkage import FEWEST, Posterior, Shrunken
from pilot_eval.stats.student import two_sided_pvalue, two_sided_quantile

Floats = NDArray[np.float64]

MOST_DRAWS = 4_000  # of ranks; their ends are whole numbers
MOST_RANKS = 20_000_000  # draws x branches held at once
FEWEST_DRAWS = 400
MOST_SIDE_BY_SIDE = 4
TWO_PERIODS = ("before_after", "difference_in_differences")


@dataclass(frozen=True, slots=True)
class Ranks:
    """Places of G branches, the best being 1.

    Parameters
    ----------
    mean : (G,) mean place over the draws; they sum to G (G + 1) / 2
    low, high : (G,) ends of the central interval
    confidence_level : of it
    """

    mean: Floats
    low: NDArray[np.intp]
    high: NDArray[np.intp]
    confidence_level: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """G branches compared with one another.

    Parameters
    ----------
    heterogeneity : how much they differ beyond chance
    shrunken : their true values, drawn towards the mean
    ranks : their places with intervals
    funnel : limits of chance, with the position of each branch
    adjusted_pvalue : (G,) chance of a branch so far from the others, Benjamini-Hochberg over branches
    """

    heterogeneity: Heterogeneity
    shrunken: Shrunken
    ranks: Ranks
    funnel: Funnel
    adjusted_pvalue: Floats


@dataclass(frozen=True, slots=True)
class Difference:
    """The first of two branches less the second.

    `adjusted_pvalue` is Holm's over all the pairs asked for; the interval is that of this pair alone.
    """

    first: str
    second: str
    estimate: float
    standard_error: float
    df: float
    pvalue: float
    adjusted_pvalue: float
    interval: ConfidenceInterval


@dataclass(frozen=True, slots=True)
class ArmCompared:
    """The branches of one arm compared by their change, and by their level after training.

    Parameters
    ----------
    arm : trained or comparison
    rows : places of its branches in `Ranking.changes`
    change, level : comparisons; `level` is of `level_rows` of `Ranking.levels`
    """

    arm: str
    rows: NDArray[np.intp]
    change: Comparison | NotEstimable
    level_rows: NDArray[np.intp]
    level: Comparison | NotEstimable


@dataclass(frozen=True, slots=True)
class Ranking:
    """Branches of a pilot compared, each arm with itself.

    Parameters
    ----------
    changes : of branches seen in both periods
    levels : of branches seen after training; None for rates
    arms : trained first
    spread : whether values vary alike in all branches, as the intervals take for granted; None for rates
    """

    changes: BranchChanges
    levels: BranchLevels | None
    arms: tuple[ArmCompared, ...]
    spread: SpreadTest | NotEstimable | None = None


def rank_branches(observations: Observations, plan: AnalysisPlan) -> Ranking | NotEstimable:
    """Compare the branches of a pilot with two periods.

    Parameters
    ----------
    observations : rows
    plan : which outcome, which direction is better, level and seed
    """
    if plan.design not in TWO_PERIODS:
        return NotEstimable("ranking_needs_two_periods")
    if observations.censored is not None:
        return NotEstimable("ranking_of_censored")
    measure, levels, spread = plan.measure, None, None
    if plan.kind == "rate":
        changes = branch_rate_changes(observations, confidence_level=plan.level)
    else:
        changes = branch_changes(observations, measure, confidence_level=plan.level)
        found = branch_levels(observations, measure, confidence_level=plan.level)
        levels = None if isinstance(found, NotEstimable) else found
        spread = equal_spread(observations, measure)
    if isinstance(changes, NotEstimable):
        return changes
    arms = []
    for trained, arm in ((True, "trained"), (False, "comparison")):
        own = changes.trained == trained
        if (trained or plan.with_comparison) and own.any():
            of_level = np.zeros(0, dtype=np.bool_) if levels is None else levels.trained == trained
            arms.append(
                ArmCompared(
                    arm,
                    np.flatnonzero(own),
                    _compared(changes, own, plan),
                    np.flatnonzero(of_level),
                    NotEstimable("few_in_funnel", {"n": 0, "need": FEWEST})
                    if levels is None
                    else _compared(levels, of_level, plan),
                )
            )
    return Ranking(changes, levels, tuple(arms), spread)


def _compared(compared: Compared, chosen: NDArray[np.bool_], plan: AnalysisPlan) -> Comparison | NotEstimable:
    return compare_branches(
        compared,
        chosen,
        sign=plan.sign,
        draws=plan.draws,
        seed=plan.seed,
        confidence_level=plan.level,
    )


def compare_branches(
    compared: Compared,
    chosen: NDArray[np.bool_] | None = None,
    *,
    sign: float = 1.0,
    draws: int = MOST_DRAWS,
    seed: int = 1,
    confidence_level: float = 0.95,
) -> Comparison | NotEstimable:
    """Compare branches with one another.

    Parameters
    ----------
    compared : changes or levels, on the analysis scale
    chosen : (G,) those to compare (all), such as one arm; arms differ by the effect itself
    sign : 1 where more is better, -1 where less is
    draws : at most, of the ranks
    seed : of the draws

    References
    ----------
    Goldstein & Spiegelhalter 1996, JRSS A 159(3) (ranks); Jones, Ohlssen & Spiegelhalter 2008, Journal of
    Clinical Epidemiology 61(3) (false discoveries among units in a funnel).
    """
    rows = np.ones(len(compared.estimate), dtype=np.bool_) if chosen is None else chosen
    count = int(rows.sum())
    if count < FEWEST:
        return NotEstimable("few_in_funnel", {"n": count, "need": FEWEST})
    limits = funnel(compared, rows)
    if isinstance(limits, NotEstimable):
        return limits
    estimate, error = compared.estimate[rows], compared.standard_error[rows]
    posterior = Posterior.of(estimate, error)
    return Comparison(
        heterogeneity=heterogeneity(estimate, error, confidence_level=confidence_level),
        shrunken=posterior.shrunken(confidence_level),
        ranks=ranks_of(posterior, sign=sign, draws=draws, seed=seed, confidence_level=confidence_level),
        funnel=limits,
        adjusted_pvalue=np.array(benjamini_hochberg(limits.pvalue.tolist()), dtype=np.float64),
    )


def ranks_of(
    posterior: Posterior, *, sign: float, draws: int, seed: int, confidence_level: float = 0.95
) -> Ranks:
    """Places of branches by drawing their true values together and ranking each draw.

    Parameters
    ----------
    posterior : of the true values
    sign : 1 where more is better, -1 where less is
    draws : at most; fewer with many thousands of branches
    """
    branches = len(posterior.estimate)
    count = max(FEWEST_DRAWS, min(draws, MOST_DRAWS, MOST_RANKS // branches))
    places = np.empty((count, branches), dtype=np.int32)
    done = 0
    for drawn in posterior.draw(count, seed):
        order = np.argsort(-sign * drawn, axis=1, kind="stable")
        own = np.arange(1, branches + 1, dtype=np.int32)[None, :]
        np.put_along_axis(places[done : done + len(drawn)], order, own, axis=1)
        done += len(drawn)
    tail = (1.0 - confidence_level) / 2.0
    low, high = np.quantile(places, [tail, 1.0 - tail], axis=0, method="inverted_cdf")
    return Ranks(places.mean(axis=0), low.astype(np.intp), high.astype(np.intp), confidence_level)


def differences(
    compared: BranchChanges | BranchLevels, names: Sequence[str], *, confidence_level: float = 0.95
) -> tuple[Difference, ...]:
    """Every pair of two to four chosen branches, with the interval of the difference.

    Whether two intervals overlap says little: the interval of a difference is narrower than both together.

    Parameters
    ----------
    compared : changes or levels, with their pooled variance and its degrees of freedom
    names : of the branches, in the order in which they are subtracted

    Raises
    ------
    ValueError
        Fewer than two branches, more than four, one twice, or one that is not there.
    """
    if not 2 <= len(set(names)) == len(names) <= MOST_SIDE_BY_SIDE:
        raise ValueError(f"two to {MOST_SIDE_BY_SIDE} different branches are put side by side")
    place = {name: compared.branches.index(name) for name in names}
    quantile = two_sided_quantile(confidence_level, compared.df)
    found = []
    for first, second in combinations(names, 2):
        one, two = place[first], place[second]
        estimate = float(compared.estimate[one] - compared.estimate[two])
        error = float(np.hypot(compared.standard_error[one], compared.standard_error[two]))
        ends = ConfidenceInterval(estimate - quantile * error, estimate + quantile * error)
        found.append((first, second, estimate, error, two_sided_pvalue(estimate / error, compared.df), ends))
    adjusted = holm([one[4] for one in found])
    return tuple(
        Difference(first, second, estimate, error, compared.df, pvalue, float(corrected or 0.0), ends)
        for (first, second, estimate, error, pvalue, ends), corrected in zip(found, adjusted, strict=True)
    )
