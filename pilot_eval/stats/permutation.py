"""Permutation of arms over branches, within strata, of the studentised difference of changes.

The statistic is Welch's t of branch changes (with strata: the CR2 t of the arm in the regression with stratum
dummies; where rows count once: the CR2 t of that regression). An unstudentised permutation would be invalid
with unequal arms and variances. The arm stays fixed within a branch; rows are never permuted.

References
----------
Chung & Romano 2013, Annals of Statistics 41(2), section 3; Young 2019, Quarterly Journal of Economics 134(2).
"""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import NDArray

from pilot_eval.stats.contrasts import Effect, Panel, StratumDesign
from pilot_eval.stats.draws import Bytes, all_arms, packed, random_arm_bits, random_arms, sums_of_set
from pilot_eval.stats.inversion import Draws, Polynomial, TestOfEffect, invert, product, without_rounding

Floats = NDArray[np.float64]
Arms = NDArray[np.bool_]

ENUMERATE_AT_LEAST = 10_000  # assignments that are always looked at one by one
AT_ONCE = 32_768  # doubles of one array in a block of draws, so that a block stays near the processor


def permutation_test(
    panel: Panel, effect: Effect, *, draws: int, seed: int, confidence_level: float
) -> TestOfEffect:
    """Test that the effect is 0 by permuting arms over branches, and invert the test.

    Parameters
    ----------
    panel, effect : what was estimated with both arms, and the estimate
    draws : random assignments, where not all are looked at
    """
    stratum = np.zeros(len(panel.trained), dtype=np.intp) if panel.stratum is None else panel.stratum
    enumerated = assignments(panel.trained, stratum) <= max(draws, ENUMERATE_AT_LEAST)
    drawn = _draws(panel, effect, stratum, draws, seed, enumerated)
    return TestOfEffect(
        method="permutation",
        statistic=effect.statistic,
        pvalue=drawn.pvalue(effect.estimate),
        interval=invert(drawn.pvalue, effect.estimate, effect.standard_error, confidence_level),
        enumerated=enumerated,
        draws=drawn.count,
    )


def assignments(trained: Arms, stratum: NDArray[np.intp]) -> int:
    """Number of ways to give each stratum as many trained branches as it has."""
    ways = 1
    for code in range(int(stratum.max()) + 1):
        own = trained[stratum == code]
        ways *= comb(len(own), int(own.sum()))
    return ways


def _draws(
    panel: Panel, effect: Effect, stratum: NDArray[np.intp], draws: int, seed: int, enumerated: bool
) -> Draws:
    trained = panel.trained
    if np.ptp(panel.weight, axis=0).any():  # as many rows everywhere weigh as much as one
        arms = (
            iter([all_arms(trained, stratum)]) if enumerated else random_arms(trained, stratum, draws, seed)
        )
        parts = [_by_row(panel, effect, own) for own in arms]
    else:
        bits = (
            iter([packed(all_arms(trained, stratum))])
            if enumerated
            else random_arm_bits(trained, stratum, draws, seed)
        )
        design = StratumDesign.of(trained, stratum)
        parts = [_by_branch(panel, design, own) for own in bits]
    top: Polynomial = tuple(np.concatenate([part[0][i] for part in parts]) for i in range(2))
    bottom: Polynomial = tuple(np.concatenate([part[1][i] for part in parts]) for i in range(3))
    return Draws(top, bottom, effect.standard_error**2, enumerated)


def _by_branch(panel: Panel, design: StratumDesign, bits: Bytes) -> tuple[Polynomial, Polynomial]:
    """Coefficient and CR2 variance of each assignment (packed), where every branch counts once."""
    residual, own_arm = design.residual(panel.change), design.arm
    strata = len(design.size)
    member = (design.stratum[:, None] == np.arange(strata)).astype(np.float64)
    powers = np.column_stack([residual, own_arm, residual**2, 2.0 * residual * own_arm, own_arm**2])
    columns = (member[:, :, None] * powers[:, None, :]).reshape(len(powers), -1)
    trained_sums = sums_of_set(bits, columns).T.reshape(strata, 5, -1)
    all_sums = columns.sum(axis=0).reshape(strata, 5, 1)
    p = np.asarray(sum(trained_sums[s, 0] for s in range(strata))) / design.total
    q = np.asarray(sum(trained_sums[s, 1] for s in range(strata))) / design.total
    bottom: Polynomial = tuple(np.zeros(len(bits)) for _ in range(3))
    for s in range(strata):
        share = float(design.trained_share[s])
        for sums, arm, size in (
            (trained_sums[s], 1.0 - share, share * design.size[s]),
            (all_sums[s] - trained_sums[s], -share, (1.0 - share) * design.size[s]),
        ):
            leverage = 1.0 / design.size[s] + arm**2 / design.total
            factor = (arm / design.total) ** 2 / (1.0 - leverage)
            total: Polynomial = (sums[0], sums[1])
            slope: Polynomial = (p * arm, q * arm)
            crossed, fitted = product(slope, total), product(slope, slope)
            bottom = tuple(
                b + factor * (sums[2 + i] - 2.0 * crossed[i] + size * fitted[i]) for i, b in enumerate(bottom)
            )
    share_of_all = own_arm / design.total
    aa, bb = float(np.sum((share_of_all * residual) ** 2)), float(np.sum((share_of_all * own_arm) ** 2))
    scale = (np.array([aa]), np.array([2.0 * np.sqrt(aa * bb)]), np.array([bb]))
    return (p, q), without_rounding(bottom, scale)


def _by_row(panel: Panel, effect: Effect, arms: Arms) -> tuple[Polynomial, Polynomial]:
    """Coefficient and CR2 variance of each assignment, where every row counts once.

    The after-means of the branches that were trained are lowered by the effect: value + d x trained.
    """
    value = panel.mean - effect.estimate * panel.trained[:, None] * np.array([0.0, 1.0])
    value = value - value.mean(axis=0)
    lift = panel.trained.astype(np.float64)
    weight = panel.weight
    columns = np.column_stack([weight, weight * value, weight[:, 1] * lift])
    inside = sums_of_set(packed(arms), columns)
    sums = np.stack([columns.sum(axis=0) - inside, inside], axis=2)  # (B, 5, comparison and trained)
    total, mean, lifted = sums[:, :2], sums[:, 2:4] / sums[:, :2], sums[:, 4] / sums[:, 1]
    squares = np.empty((3, len(arms)))
    step = max(1, AT_ONCE // len(weight))
    for start in range(0, len(arms), step):
        rows = slice(start, start + step)
        own = arms[rows]
        share = [weight[:, p] / _of_own_arm(own, total[rows, p]) for p in (0, 1)]
        early, late = (one / np.sqrt(1.0 - one) for one in share)
        first = late * (value[:, 1] - _of_own_arm(own, mean[rows, 1]))
        first -= early * (value[:, 0] - _of_own_arm(own, mean[rows, 0]))
        second = late * (lift - _of_own_arm(own, lifted[rows]))
        for place, pair in enumerate(((first, first), (first, second), (second, second))):
            squares[place, rows] = np.einsum("bg,bg->b", *pair)
    change = mean[:, 1] - mean[:, 0]
    top = (change[:, 1] - change[:, 0], lifted[:, 1] - lifted[:, 0])
    return top, (squares[0], 2.0 * squares[1], squares[2])


def _of_own_arm(arms: Arms, numbers: Floats) -> Floats:
    """(B, G) for each branch the number (B, 2) of its arm."""
    return np.where(arms, numbers[:, 1, None], numbers[:, 0, None])
