"""Permutation of dates of training over branches, of the studentised effect.

Every assignment gives as many branches to each cohort as there are. The hypothesis is one effect r in all
cohorts and periods, taken off the trained branch-periods before dates are exchanged. A branch keeps its
means and its missing periods, and receives another branch's date.

References
----------
Chung & Romano 2013, Annals of Statistics 41(2), section 3; Roth & Sant'Anna 2023, Journal of Political
Economy: Microeconomics 1(4) (studentised randomisation test of staggered adoption).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain import progress
from pilot_eval.stats.cohorts import (
    FEWEST,
    CohortEffects,
    Summary,
    cohorts_of,
    compared_periods,
    weights_of_means,
)
from pilot_eval.stats.inversion import Draws, Polynomial, TestOfEffect, invert, without_rounding
from pilot_eval.stats.sequence_permutation import (
    ENUMERATE_AT_LEAST,
    all_sequences,
    assignments,
    random_sequences,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

HELD = 4  # arrays of (draws, branches) held at once, for the size of a chunk
MOST_WORK = 300_000_000  # draws x cells x branches that take some twenty seconds


def can_permute(effects: CohortEffects, draws: int) -> bool:
    """Whether dates can be exchanged in reasonable time: with gaps every cell is computed for every draw."""
    cells = int(effects.post.sum())
    return _without_gaps(effects) or draws * cells * len(effects.panel.start) <= MOST_WORK


def _without_gaps(effects: CohortEffects) -> bool:
    """Whether nothing is missing and every cohort shows a spread, so that sums over cohorts say all."""
    sizes = np.unique(effects.panel.start, return_counts=True)[1]
    return bool(effects.panel.balanced and sizes.min() >= FEWEST)


def cohort_permutation(
    effects: CohortEffects, summary: Summary, *, draws: int, seed: int, confidence_level: float
) -> TestOfEffect:
    """Test that the effect is 0 by permuting dates of training over branches, and invert the test.

    Parameters
    ----------
    effects, summary : what was estimated where `can_permute`, and the estimate
    draws : random assignments, where not all are looked at
    """
    panel = effects.panel
    start = panel.start
    enumerated = assignments(start) <= max(draws, ENUMERATE_AT_LEAST)
    size = panel.mean.size * HELD
    codes = all_sequences(start, size) if enumerated else random_sequences(start, draws, seed, size)
    compute = _of_cohorts if _without_gaps(effects) else _of_cells
    parts: list[tuple[Polynomial, Polynomial]] = []
    done = 0
    for own in codes:
        progress.told("cohort_permutation", done, draws)
        parts.append(compute(effects, summary, own))
        done += len(own)
    top: Polynomial = tuple(np.concatenate([part[0][i] for part in parts]) for i in range(2))
    bottom: Polynomial = tuple(np.concatenate([part[1][i] for part in parts]) for i in range(3))
    drawn = Draws(top, bottom, summary.standard_error**2, enumerated)
    return TestOfEffect(
        method="cohort_permutation",
        statistic=summary.statistic,
        pvalue=drawn.pvalue(summary.estimate),
        interval=invert(drawn.pvalue, summary.estimate, summary.standard_error, confidence_level),
        enumerated=enumerated,
        draws=drawn.count,
    )


def _of_cohorts(effects: CohortEffects, summary: Summary, starts: Integers) -> tuple[Polynomial, Polynomial]:
    """Effect and variance within cohorts of each assignment, as polynomials in d = estimate - r.

    Branches of one cohort enter with the same weights of their means, so that a branch in cohort c adds one
    number, linear in d, and everything follows from sums and sums of squares of these over cohorts.
    """
    panel = effects.panel
    trained = (np.arange(panel.periods)[None, :] >= panel.start[:, None]).astype(np.float64)
    value = panel.mean - summary.estimate * trained
    value = value - value.mean(axis=0)
    weights = weights_of_means(effects, summary.weight)
    p, q = np.zeros(len(starts)), np.zeros(len(starts))
    v0, v1, v2 = np.zeros(len(starts)), np.zeros(len(starts)), np.zeros(len(starts))
    scale = np.zeros(3)
    for code in np.unique(panel.start):
        own = weights[np.flatnonzero(panel.start == code)[0]]
        a, b = value @ own, trained @ own
        a, b = a - a.mean(), b - b.mean()
        member = (starts == code).astype(np.float64)
        sums = member @ np.column_stack([a, b, a * a, a * b, b * b])
        n = float(member[0].sum())
        widened = n / (n - 1.0)
        p += sums[:, 0] + n * float((value @ own).mean())
        q += sums[:, 1] + n * float((trained @ own).mean())
        v0 += widened * (sums[:, 2] - sums[:, 0] ** 2 / n)
        v1 += widened * 2.0 * (sums[:, 3] - sums[:, 0] * sums[:, 1] / n)
        v2 += widened * (sums[:, 4] - sums[:, 1] ** 2 / n)
        aa, bb = float(a @ a), float(b @ b)
        scale += np.array([aa, 2.0 * np.sqrt(aa * bb), bb])
    sizes = (scale[:1], scale[1:2], scale[2:])
    return (p, q), without_rounding((v0, v1, v2), sizes)


def _of_cells(effects: CohortEffects, summary: Summary, starts: Integers) -> tuple[Polynomial, Polynomial]:
    """The same where branches miss periods or cohorts have one branch: cell by cell, as the effect itself is.

    Cells that lack branches under an assignment are left out of its mean as they are out of the effect's; an
    assignment without any cell counts as extreme.
    """
    panel = effects.panel
    trained = (np.arange(panel.periods)[None, :] >= panel.start[:, None]).astype(np.float64)
    value = panel.mean - summary.estimate * trained
    columns = np.stack([value - np.nanmean(value, axis=0), trained])
    members = {int(code): (starts == code).astype(np.float64) for code in np.unique(panel.start)}
    cells = [
        _Exchanged.of(columns, members, cohort, period)
        for cohort in cohorts_of(panel)
        for period in range(cohort, compared_periods(panel))
    ]
    weights = _group_weights(cells, {code: float(own[0].sum()) for code, own in members.items()})
    top, influence = np.zeros((2, len(starts))), np.zeros((2, *starts.shape))
    for cell, weight in zip(cells, weights, strict=True):
        top += weight * cell.estimate
        influence += cell.influence(members, weight)
    a, b = influence
    bottom = (np.sum(a * a, axis=1), 2.0 * np.sum(a * b, axis=1), np.sum(b * b, axis=1))
    return (top[0], top[1]), bottom


@dataclass(frozen=True, slots=True)
class _Exchanged:
    """One cohort in one period under B assignments, of two columns: means less the effect, and trained.

    Parameters
    ----------
    cohort : the one that is trained
    change : (2, G) of both columns since the base; 0 for branches not seen in both periods
    seen : (G,) 1 for branches seen in both
    sums : by cohort that takes part (3, B): branches seen, and sums of their changes
    others : those of the comparison branches together
    """

    cohort: int
    change: Floats
    seen: Floats
    sums: Mapping[int, Floats]
    others: Floats

    @classmethod
    def of(cls, columns: Floats, members: Mapping[int, Floats], cohort: int, period: int) -> _Exchanged:
        change = columns[:, :, period] - columns[:, :, cohort - 1]
        seen = ~np.isnan(change[0])
        change = np.where(seen, change, 0.0)
        stack = np.vstack([seen.astype(np.float64), change]).T
        sums = {
            code: (member @ stack).T for code, member in members.items() if code == cohort or code > period
        }
        others = sum((own for code, own in sums.items() if code != cohort), np.zeros_like(sums[cohort]))
        return cls(cohort, change, seen.astype(np.float64), sums, others)

    @property
    def estimable(self) -> NDArray[np.bool_]:
        """(B,) whether there are enough branches on both sides."""
        return np.asarray((self.sums[self.cohort][0] >= FEWEST) & (self.others[0] >= FEWEST))

    @property
    def estimate(self) -> Floats:
        """(2, B) difference of mean changes; 0 where there are too few branches."""
        trained, others = self.sums[self.cohort], self.others
        difference = trained[1:] / np.maximum(trained[0], 1.0) - others[1:] / np.maximum(others[0], 1.0)
        return np.where(self.estimable, difference, 0.0)

    def influence(self, members: Mapping[int, Floats], weight: Floats) -> Floats:
        """(2, B, G) contributions of the branches, as in `cohort_effects`, times weight (B,)."""
        total = np.zeros((2, *members[self.cohort].shape))
        for code, sums in self.sums.items():
            alone = (sums[0] == 1.0) & (code != self.cohort)
            count = np.where(alone, self.others[0], sums[0])
            mean = np.where(alone, self.others[1:], sums[1:]) / np.maximum(count, 1.0)
            size = sums[0] if code == self.cohort else -self.others[0]
            widened = np.sqrt(count / np.maximum(count - 1.0, 1.0))
            factor = np.where(self.estimable & (sums[0] > 0.0), weight * widened, 0.0)
            factor = factor / np.where(size == 0.0, 1.0, size)
            own = members[code] * self.seen * factor[:, None]
            total += own * (self.change[:, None, :] - mean[:, :, None])
        return total


def _group_weights(cells: list[_Exchanged], sizes: Mapping[int, float]) -> list[Floats]:
    """(B,) weight of each cell: even over a cohort's cells, then by the sizes of cohorts that have any."""
    found = [cell.estimable.astype(np.float64) for cell in cells]
    count = {
        code: np.asarray(sum(own for cell, own in zip(cells, found, strict=True) if cell.cohort == code))
        for code in {cell.cohort for cell in cells}
    }
    total = np.asarray(sum(sizes[code] * (own > 0.0) for code, own in count.items()))
    return [
        own / np.maximum(count[cell.cohort], 1.0) * sizes[cell.cohort] / np.maximum(total, 1.0)
        for cell, own in zip(cells, found, strict=True)
    ]
