"""What a branch's values vary by: lasting differences of branches, swings of a branch, single visits.

Everything that planning needs to know of data, from the counts, means and sums of squares of branches seen
before and after. Effects of arm and period are taken out first and are no part of the variances.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilot_eval.stats.cells import Cells
from pilot_eval.stats.results import NotEstimable

Floats = NDArray[np.float64]

FEWEST_FREE = 2  # degrees of freedom left between branches


@dataclass(frozen=True, slots=True)
class Component:
    """One variance: `variance` is never negative, `raw` is what was estimated."""

    raw: float

    @property
    def variance(self) -> float:
        return max(0.0, self.raw)

    @property
    def deviation(self) -> float:
        return math.sqrt(self.variance)


@dataclass(frozen=True, slots=True)
class VarianceComponents:
    """Variances behind G branches seen in two periods, on the analysis scale.

    A value is arm-period mean + branch + branch_period + visit, independent of one another. Of rates they are
    relative: `branch` and `branch_period` are squared coefficients of variation of true rates, `visit` is the
    Poisson variance of one unit of exposure, relative to the squared rate.

    Parameters
    ----------
    branch : what stays the same of a branch before and after
    branch_period : what is new in each period, shared by its visits
    visit : single visits within a branch and period; None where no branch has two in a period, so that it is
        part of `branch_period`
    branches : G
    change_variance : mean square of the branches' observed changes within arms
    change_df : its degrees of freedom
    arm_variances : mean squares and degrees of freedom of each arm's changes
    visit_df : degrees of freedom of `visit`; infinite where theory gives it (Poisson)
    visit_share : variance of an observed change that a variance of 1 of single visits brings
    before : mean of the period before, over branches (pooled rate of a rate)
    size : mean number of visits (exposure) per branch and period
    size_cv : their coefficient of variation
    unevenness : mean(n) mean(1/n) of them, 1 where all are equal
    observed_correlation : of branches' observed means before and after, within arms
    """

    branch: Component
    branch_period: Component
    visit: Component | None
    branches: int
    change_variance: float
    change_df: float
    arm_variances: tuple[tuple[float, float], ...]
    visit_df: float
    visit_share: float
    before: float
    size: float
    size_cv: float
    unevenness: float
    observed_correlation: float | None

    @property
    def level_correlation(self) -> float | None:
        """Correlation of true branch levels before and after; None where levels do not differ."""
        total = self.branch.variance + self.branch_period.variance
        return self.branch.variance / total if total > 0.0 else None

    @property
    def icc(self) -> float | None:
        """Correlation of two visits to one branch in one period; None where each has only one."""
        if self.visit is None:
            return None
        between = self.branch.variance + self.branch_period.variance
        total = between + self.visit.variance
        return between / total if total > 0.0 else None


def variance_components(cells: Cells, group: NDArray[np.intp]) -> VarianceComponents | NotEstimable:
    """Estimate the variances from counts, means and squares of paired branches.

    Analysis of variance of unweighted branch means, every mean square set equal to its expectation: unbiased
    whatever the numbers of visits, and a study of the same branches and visits has exactly the expected
    standard error that was observed. With equal numbers of visits and no negative component this is REML.

    Parameters
    ----------
    cells : of G branches, each with values in both periods
    group : (G,) arm of each branch, 0 to A - 1; means of arms and periods are free

    References
    ----------
    Searle, Casella & McCulloch 1992, Variance Components (analysis of variance of unweighted means).
    """
    free, kept = _free_between(group)
    if free < FEWEST_FREE:
        return NotEstimable("few_branches_to_plan", {"n": len(group), "need": FEWEST_FREE + 1})
    deviation = _within_groups(cells.mean, group)
    change = deviation[:, 1] - deviation[:, 0]
    change_variance = float(change @ change) / free
    visit_df = float(np.sum(cells.n - 1.0))
    visit = Component(float(cells.squares.sum()) / visit_df) if visit_df > 0.0 else None
    visit_share = float(np.sum(kept * (1.0 / cells.n).sum(axis=1))) / free
    noise = 0.0 if visit is None else visit.variance * visit_share
    return VarianceComponents(
        branch=Component(float(deviation[:, 0] @ deviation[:, 1]) / free),
        branch_period=Component((change_variance - noise) / 2.0),
        visit=visit,
        branches=len(group),
        change_variance=change_variance,
        change_df=free,
        arm_variances=_by_arm(change, group),
        visit_df=visit_df,
        visit_share=visit_share,
        before=float(cells.mean[:, 0].mean()),
        size=float(cells.n.mean()),
        size_cv=float(cells.n.std() / cells.n.mean()),
        unevenness=float(cells.n.mean() * (1.0 / cells.n).mean()),
        observed_correlation=_correlation(deviation),
    )


def rate_components(
    count: Floats, exposure: Floats, group: NDArray[np.intp]
) -> VarianceComponents | NotEstimable:
    """Estimate relative variances of rates from events and exposure of branches before and after.

    Each branch's contribution to the log of its arm's pooled rates is compared with its Poisson expectation.

    Parameters
    ----------
    count, exposure : (G, 2) events and exposure, before and after
    group : (G,) arm of each branch, 0 to A - 1

    References
    ----------
    Hayes & Moulton 2017, Cluster Randomised Trials (coefficients of variation of rates by moments).
    """
    free, _ = _free_between(group)
    if free < FEWEST_FREE:
        return NotEstimable("few_branches_to_plan", {"n": len(group), "need": FEWEST_FREE + 1})
    arms = int(group.max()) + 1
    size = np.bincount(group, minlength=arms).astype(np.float64)
    events, total = (_sums(columns, group, arms) for columns in (count, exposure))
    if bool(np.any(events <= 0.0)):
        return NotEstimable("no_events_to_plan")
    relative = (count - exposure * (events / total)[group]) / (events / size[:, None])[group]
    change = relative[:, 1] - relative[:, 0]
    share = exposure / total[group]
    second, third = (np.bincount(group, weights=share.mean(axis=1) ** power) for power in (2, 3))
    # Expectations of the sums of squares of exposure-weighted deviations from a pooled rate.
    uneven = float(size @ (size * second)) / len(group)
    between = float(np.sum(size**2 * (second - 2.0 * third + second**2)))
    poisson = float(np.sum((size**2)[:, None] * (1.0 - _sums(share**2, group, arms)) / events))
    one_unit = float(np.sum((size * (size - 1.0))[:, None] / events)) * float(exposure.mean()) / 2.0 / free
    return VarianceComponents(
        branch=Component(float(relative[:, 0] @ relative[:, 1]) / between),
        branch_period=Component((float(change @ change) - poisson) / 2.0 / between),
        visit=Component(one_unit),
        branches=len(group),
        change_variance=float(change @ change) / free,
        change_df=free,
        arm_variances=_by_arm(change, group),
        visit_df=math.inf,
        visit_share=2.0 / float(exposure.mean()),
        before=float(count[:, 0].sum() / exposure[:, 0].sum()),
        size=float(exposure.mean()),
        size_cv=math.sqrt(max(0.0, uneven - 1.0)),
        unevenness=float(exposure.mean() * (1.0 / exposure).mean()),
        observed_correlation=_correlation(relative),
    )


def _free_between(group: NDArray[np.intp]) -> tuple[float, Floats]:
    """Degrees of freedom between branches, and 1 - 1/n of each branch's arm."""
    size = np.bincount(group)[group] if len(group) else np.ones(0)
    kept = 1.0 - 1.0 / size
    return float(round(kept.sum())), kept


def _within_groups(values: Floats, group: NDArray[np.intp]) -> Floats:
    """(G, 2) deviations of values (G, 2) from the means of their arm and period."""
    arms = int(group.max()) + 1
    return np.asarray(values - (_sums(values, group, arms) / np.bincount(group)[:, None])[group])


def _sums(values: Floats, group: NDArray[np.intp], arms: int) -> Floats:
    return np.column_stack([np.bincount(group, weights=values[:, p], minlength=arms) for p in (0, 1)])


def _by_arm(change: Floats, group: NDArray[np.intp]) -> tuple[tuple[float, float], ...]:
    """Mean square and degrees of freedom of each arm that has at least two branches."""
    squares, sizes = np.bincount(group, weights=change**2), np.bincount(group)
    return tuple(
        (float(square) / (size - 1.0), size - 1.0)
        for square, size in zip(squares, sizes.tolist(), strict=True)
        if size > 1
    )


def _correlation(deviation: Floats) -> float | None:
    before, after = (float(deviation[:, p] @ deviation[:, p]) for p in (0, 1))
    if before <= 0.0 or after <= 0.0:
        return None
    return float(deviation[:, 0] @ deviation[:, 1]) / math.sqrt(before * after)
