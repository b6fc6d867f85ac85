"""Items of a checklist: what each has moved, where it did not apply, how well it goes with the others."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import AFTER, BEFORE, DURING, Matrix, Observations
from pilot_eval.domain.outcomes import DESIGNS_WITH_DATES, Better
from pilot_eval.domain.progress import told
from pilot_eval.stats.analysis import Analysis, analyse
from pilot_eval.stats.families import benjamini_hochberg
from pilot_eval.stats.omega import Consistency, consistency
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import NotEstimable, significance

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

FEWEST_VISITS = 10  # degrees of freedom of an item's correlation with the others
FEWEST_DRAWS = 99  # of the tests beside an item's effect, which nobody reads
CONSTANT = 1e-12  # of the sum of squares: less is rounding


@dataclass(frozen=True, slots=True)
class ItemEffect:
    """One item.

    Parameters
    ----------
    name : of the item
    analysis : the ordinary analysis of its values; in percentage points where they lie between 0 and 1
    adjusted_pvalue : by Benjamini and Hochberg over all items; None where there is no effect
    not_applicable : (2, 2) share of visits without a value; rows comparison, trained; columns before, after
    applicability : the same analysis of whether it did not apply; None where it always or never did
    discrimination : correlation with the mean of the other items of the visit, within branch and period
    """

    name: str
    analysis: Analysis
    adjusted_pvalue: float | None
    not_applicable: Floats = field(repr=False)
    applicability: Analysis | None
    discrimination: float | NotEstimable


@dataclass(frozen=True, slots=True)
class Items:
    """All items of a checklist.

    Parameters
    ----------
    items : in the order given
    found : names of those that moved, false ones among them at most 1 - level on average
    fixed_set : the ordinary analysis of the score over items that applied in both periods of a branch
    any_set : the same over all items that applied
    """

    items: tuple[ItemEffect, ...]
    found: tuple[str, ...]
    fixed_set: Analysis | NotEstimable
    any_set: Analysis


def item_effects(observations: Observations, plan: AnalysisPlan) -> Items | NotEstimable:
    """What each item has moved.

    Parameters
    ----------
    observations : with `items`; an empty cell means that the item did not apply, or that it was not recorded
    plan : of the outcome; each item is analysed as the outcome is, higher being better
    """
    matrix = observations.items
    if matrix is None or not matrix.names:
        return NotEstimable("no_items")
    analyses = []
    for place, name in enumerate(matrix.names):
        analyses.append(of_values(observations, plan, name, matrix.values[:, place]))
        told("items", place + 1, len(matrix.names))
    adjusted = benjamini_hochberg([_pvalue(one) for one in analyses])
    inside = observations.period != DURING
    discrimination = item_discrimination(cells_of(observations)[inside], matrix.values[inside])
    alpha = significance(plan.level)
    items = tuple(
        ItemEffect(
            name=name,
            analysis=analyses[i],
            adjusted_pvalue=adjusted[i],
            not_applicable=_share_absent(observations, matrix.values[:, i]),
            applicability=_applicability(observations, plan, name, matrix.values[:, i]),
            discrimination=discrimination[i],
        )
        for i, name in enumerate(matrix.names)
    )
    fixed = (
        NotEstimable("fixed_set_needs_two_periods")
        if plan.design in DESIGNS_WITH_DATES
        else fixed_item_set(observations)
    )
    return Items(
        items=items,
        found=tuple(i.name for i in items if i.adjusted_pvalue is not None and i.adjusted_pvalue <= alpha),
        fixed_set=fixed if isinstance(fixed, NotEstimable) else of_values(fixed, plan, "", fixed.value),
        any_set=of_values(observations, plan, "", _mean_of_items(matrix)),
    )


def checklist_consistency(observations: Observations) -> Consistency | NotEstimable:
    """Omega and alpha of the items among visits before and after training, within branch and period."""
    matrix = observations.items
    if matrix is None or not matrix.names:
        return NotEstimable("no_items")
    inside = observations.period != DURING
    return consistency(cells_of(observations)[inside], matrix.values[inside])


def of_values(observations: Observations, plan: AnalysisPlan, name: str, value: Floats) -> Analysis:
    """The ordinary analysis of other values of the same rows, higher being better.

    Values between 0 and 1 are told in percentage points, others as they are.
    """
    known = value[~np.isnan(value)]
    share = bool(np.all((known >= 0.0) & (known <= 1.0)))
    own = replace(
        plan,
        outcome=name,
        kind="proportion" if share else "score",
        better=Better.HIGHER,
        smallest_effect=None,
        draws=plan.draws if plan.design in DESIGNS_WITH_DATES else FEWEST_DRAWS,
    )
    rows = replace(observations, value=value, exposure=None, censored=None, missing={})
    return analyse(rows, own)


def _pvalue(analysis: Analysis) -> float | None:
    return None if isinstance(analysis.effect, NotEstimable) else analysis.effect.pvalue


def cells_of(observations: Observations) -> Codes:
    """(n,) number of each row's branch and period."""
    return np.asarray(3 * observations.branch + observations.period, dtype=np.intp)


def _share_absent(observations: Observations, value: Floats) -> Floats:
    """(2, 2) share of rows without a value; NaN where there are no rows."""
    arm = observations.trained[observations.branch]
    share = np.full((2, 2), np.nan)
    for code in (0, 1):
        for place, period in enumerate((BEFORE, AFTER)):
            own = (arm == bool(code)) & (observations.period == period)
            if own.any():
                share[code, place] = float(np.isnan(value[own]).mean())
    return share


def _applicability(
    observations: Observations, plan: AnalysisPlan, name: str, value: Floats
) -> Analysis | None:
    absent = np.isnan(value[observations.period != DURING])
    if absent.all() or not absent.any():
        return None
    return of_values(observations, plan, name, np.isnan(value).astype(np.float64))


def item_discrimination(cell: Codes, values: Floats) -> tuple[float | NotEstimable, ...]:
    """Corrected item-total correlation of k items within cells.

    The correlation of an item with the mean of the other items that applied to the same visit, both less
    their means over the branch and period; for a yes/no item that is the point-biserial correlation.

    Parameters
    ----------
    cell : (n,) branch x period of each visit
    values : (n, k) NaN where an item did not apply

    References
    ----------
    Nunnally & Bernstein 1994, Psychometric Theory, 3rd ed., chapter 8.
    """
    there = ~np.isnan(values)
    known = np.where(there, values, 0.0)
    total, number = known.sum(axis=1), there.sum(axis=1)
    return tuple(
        _within_correlation(cell, known[:, i], total - known[:, i], number - there[:, i], there[:, i])
        for i in range(values.shape[1])
    )


def _within_correlation(
    cell: Codes, value: Floats, rest: Floats, others: NDArray[np.integer], there: NDArray[np.bool_]
) -> float | NotEstimable:
    rows = there & (others > 0)
    if not rows.any():
        return NotEstimable("few_visits_for_items", {"n": 0, "need": FEWEST_VISITS})
    code = np.unique(cell[rows], return_inverse=True)[1]
    size = np.bincount(code)
    df = int(rows.sum()) - len(size)
    if df < FEWEST_VISITS:
        return NotEstimable("few_visits_for_items", {"n": df, "need": FEWEST_VISITS})

    def centred(column: Floats) -> Floats:
        shifted = column - column[0]
        return np.asarray(shifted - (np.bincount(code, weights=shifted) / size)[code])

    a, b = centred(value[rows]), centred(rest[rows] / others[rows])
    squares = float(a @ a), float(b @ b)
    if min(squares) <= CONSTANT * max(1.0, float(np.sum(value[rows] ** 2))):
        return NotEstimable("item_constant")
    return float(a @ b) / float(np.sqrt(squares[0] * squares[1]))


def _mean_of_items(matrix: Matrix) -> Floats:
    """(n,) mean of the items that applied to each visit; NaN where none did."""
    there = ~np.isnan(matrix.values)
    number = there.sum(axis=1)
    total = np.where(there, matrix.values, 0.0).sum(axis=1)
    return np.asarray(np.divide(total, number, out=np.full(len(number), np.nan), where=number > 0))


def fixed_item_set(observations: Observations) -> Observations | NotEstimable:
    """One row per branch and period: the score over the items that applied in both periods of the branch.

    Some items no longer apply because service has improved (nobody waits, so nobody apologises for waiting);
    a score over whatever applied then compares different checklists. Here each branch keeps one set of items,
    and the score is the mean over the set of the item's mean in the branch and period, all items weighing
    alike.

    Returns
    -------
    Observations or NotEstimable
        With `value` between 0 and 1 where the items are.
    """
    matrix = observations.items
    if matrix is None or not matrix.names:
        return NotEstimable("no_items")
    branches, k = len(observations.branches), len(matrix.names)
    there = ~np.isnan(matrix.values)
    known = np.where(there, matrix.values, 0.0)
    mean = np.full((2, branches, k), np.nan)
    for place, period in enumerate((BEFORE, AFTER)):
        rows = observations.period == period
        number = _sums(observations.branch[rows], there[rows].astype(np.float64), branches)
        total = _sums(observations.branch[rows], known[rows], branches)
        np.divide(total, number, out=mean[place], where=number > 0)
    both = ~np.isnan(mean).any(axis=0)
    size = both.sum(axis=1)
    if not size.any():
        return NotEstimable("no_items_in_both_periods")
    score = np.where(both, mean, 0.0).sum(axis=2) / np.where(size > 0, size, 1)
    kept = np.flatnonzero(size > 0)
    order = np.repeat(kept, 2)
    return Observations(
        branches=observations.branches,
        trained=observations.trained,
        branch=order,
        period=np.tile(np.array([BEFORE, AFTER], dtype=np.int8), len(kept)),
        value=score[:, kept].T.ravel(),
        stratum=observations.stratum,
        rows=observations.rows,
        digest=observations.digest,
    )


def _sums(branch: Codes, values: Floats, branches: int) -> Floats:
    """(G, k) sums of rows by branch."""
    sums = np.zeros((branches, values.shape[1]))
    np.add.at(sums, branch, values)
    return sums
