"""Permutation of dates of training over branches, of the studentised effect.

Every assignment gives as many branches to each cohort as there are. The hypothesis is one effect r in all
cohorts and periods, taken off the trained branch-periods before dates are exchanged. Only where every branch
has a value in every period: exchanging dates would otherwise change which branches a cell can use.

References
----------
Chung & Romano 2013, Annals of Statistics 41(2), section 3; Roth & Sant'Anna 2023, Journal of Political
Economy: Microeconomics 1(4) (studentised randomisation test of staggered adoption).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pilot_eval.stats.cohorts import CohortEffects, Summary, weights_of_means
from pilot_eval.stats.inversion import Draws, Polynomial, TestOfEffect, invert, without_rounding
from pilot_eval.stats.sequence_permutation import (
    ENUMERATE_AT_LEAST,
    all_sequences,
    assignments,
    random_sequences,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

FEWEST = 2  # branches in every cohort, so that each shows a spread


def can_permute(effects: CohortEffects) -> bool:
    """Whether dates can be exchanged: nothing missing, and no cohort of one branch."""
    sizes = np.unique(effects.panel.start, return_counts=True)[1]
    return bool(effects.panel.balanced and len(sizes) > 1 and sizes.min() >= FEWEST)


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
    size = panel.mean.size
    codes = all_sequences(start, size) if enumerated else random_sequences(start, draws, seed, size)
    parts = [_of_assignments(effects, summary, own) for own in codes]
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


def _of_assignments(
    effects: CohortEffects, summary: Summary, starts: Integers
) -> tuple[Polynomial, Polynomial]:
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
