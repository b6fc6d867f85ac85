"""Wild cluster bootstrap by branch: null-imposed residuals, CR1 statistic, interval by test inversion.

Under the hypothesis that the effect is r, the restricted residuals are e + d x with d = estimate - r: e are
the unrestricted residuals and x the residuals of the tested regressor on the others. Each draw's statistic is
then a ratio of a line to the root of a quadratic in d, from one product of the signs with a few columns per
branch.

References
----------
Cameron, Gelbach & Miller 2008, Review of Economics and Statistics 90(3); Roodman, MacKinnon, Nielsen & Webb
2019, Stata Journal 19(1), sections 3 and 5; MacKinnon, Nielsen & Webb 2023, Journal of Econometrics 232(2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilot_eval.stats.contrasts import Effect, Panel, StratumDesign
from pilot_eval.stats.draws import Bytes, all_signs, random_signs, signed_sums, webb_weights
from pilot_eval.stats.inversion import (
    Draws,
    Polynomial,
    TestOfEffect,
    invert,
    product,
    sizes,
    without_rounding,
)

Floats = NDArray[np.float64]

ENUMERATE_AT_LEAST = 4096  # patterns that are always looked at one by one
RADEMACHER_NEEDS = 12  # branches in the smaller arm below which Webb's six points replace the two signs


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of all draws, applied to columns.

    Parameters
    ----------
    name : rademacher or webb
    enumerated : every sign pattern once
    count : number of draws
    signs : packed signs, for Rademacher
    seed : for Webb
    """

    name: str
    enumerated: bool
    count: int
    signs: Bytes | None
    seed: int

    @classmethod
    def choose(cls, trained: NDArray[np.bool_], draws: int, seed: int) -> Weights:
        """All sign patterns where they are few; Webb weights where an arm is small; else random signs."""
        branches = len(trained)
        if branches < 63 and 2**branches <= max(draws, ENUMERATE_AT_LEAST):
            return cls("rademacher", True, 2**branches, all_signs(branches), seed)
        arms = [int(np.sum(trained == arm)) for arm in (True, False)]
        if min(n for n in arms if n) < RADEMACHER_NEEDS:
            return cls("webb", False, draws, None, seed)
        return cls("rademacher", False, draws, random_signs(branches, draws, seed), seed)

    def sums(self, columns: Floats, squared: Floats) -> tuple[Floats, Floats]:
        """(k, B) sums of columns (G, k) with the weights, (m, B) of columns (G, m) with their squares."""
        if self.signs is not None:
            constant = np.broadcast_to(squared.sum(axis=0)[:, None], (squared.shape[1], self.count))
            return np.ascontiguousarray(signed_sums(self.signs, columns).T), constant
        parts = [(w @ columns, (w * w) @ squared) for w in webb_weights(len(columns), self.count, self.seed)]
        return np.concatenate([a for a, _ in parts]).T.copy(), np.concatenate([b for _, b in parts]).T.copy()


def wild_cluster_bootstrap(
    panel: Panel, effect: Effect, *, draws: int, seed: int, confidence_level: float
) -> TestOfEffect:
    """Test that the effect is 0, and invert the test.

    Without comparison branches this is the sign-flip test of branch changes.

    Parameters
    ----------
    panel, effect : what was estimated, and the estimate
    draws : random patterns, where not all are looked at
    """
    weights = Weights.choose(panel.trained, draws, seed)
    drawn = _draws(panel, effect, weights)
    factor = cr1_factor(panel)
    return TestOfEffect(
        method="wild_cluster_bootstrap" if len(panel.arms) == 2 else "sign_flip",
        statistic=effect.estimate / float(np.sqrt(factor * drawn.variance)),
        pvalue=drawn.pvalue(effect.estimate),
        interval=invert(drawn.pvalue, effect.estimate, effect.standard_error, confidence_level),
        enumerated=drawn.enumerated,
        draws=drawn.count,
        weights=weights.name,
    )


def cr1_factor(panel: Panel) -> float:
    """Small-sample factor of CR1, G/(G-1) (N-1)/(N-k); branch dummies are never among the k.

    Where each branch counts once the regression is that of the G branch changes, so that N = G.
    """
    branches = len(panel.trained)
    coefficients = len(panel.arms)
    rows = branches
    if panel.stratum is not None:
        coefficients = 1 + int(panel.stratum.max()) + 1
    elif np.any(panel.weight != 1.0):
        rows = int(panel.weight.sum())
        coefficients *= 2
    return branches / (branches - 1) * (rows - 1) / (rows - coefficients)


def cr0_variance(effect: Effect) -> float:
    """Cluster variance without any small-sample factor."""
    return float(np.sum((effect.residual[:, 1] - effect.residual[:, 0]) ** 2))


def _draws(panel: Panel, effect: Effect, weights: Weights) -> Draws:
    if panel.stratum is not None:
        return _draws_by_stratum(panel, effect, weights, StratumDesign.of(panel.trained, panel.stratum))
    if np.ptp(panel.weight) == 0.0:  # as many rows everywhere weigh as much as one
        return _draws_by_branch(panel, effect, weights)
    return _draws_by_row(panel, effect, weights)


def _draws_by_branch(panel: Panel, effect: Effect, weights: Weights) -> Draws:
    """Draws for branches that count once: what `_draws_by_row` comes to, from a fourth of its columns.

    A branch's contribution to the change of its arm of n branches is v (a + d b) - D/n with D the sum of
    v (a + d b), so that the squares of an arm sum to those of v (a + d b) less D^2/n.
    """
    own = [panel.trained == arm for arm in panel.arms]
    size = [float(rows.sum()) for rows in own]
    null = 0.5 / sum(1.0 / n for n in size)
    a = effect.residual[:, 1] - effect.residual[:, 0]
    b = [(1.0 if arm else -1.0) * 2.0 * null / n**2 for arm, n in zip(panel.arms, size, strict=True)]
    lift = np.asarray(sum(one * rows for one, rows in zip(b, own, strict=True)))
    columns = np.column_stack([column for rows in own for column in (np.where(rows, a, 0.0), rows)])
    sums, squares = weights.sums(columns, np.column_stack([a * a, 2.0 * a * lift, lift * lift]))
    top: Polynomial = (np.zeros(weights.count),) * 2
    bottom: Polynomial = tuple(squares)
    for place, (arm, n) in enumerate(zip(panel.arms, size, strict=True)):
        change = (sums[2 * place], b[place] * sums[2 * place + 1])
        bottom = tuple(x - y / n for x, y in zip(bottom, product(change, change), strict=True))
        top = (top[0] + change[0], top[1] + change[1]) if arm else (top[0] - change[0], top[1] - change[1])
    variance = without_rounding(bottom, sizes(a, lift))
    return Draws(top, variance, cr0_variance(effect), weights.enumerated)


def _draws_by_row(panel: Panel, effect: Effect, weights: Weights) -> Draws:
    """Draws for OLS on 1, trained, after, trained x after with any number of rows behind each mean."""
    totals = panel.arm_weights()
    null = 1.0 / (1.0 / totals[[int(arm) for arm in panel.arms]]).sum()  # |N x residual of trained x after|
    top: Polynomial = (np.zeros(weights.count),) * 2
    bottom: Polynomial = (np.zeros(weights.count),) * 3
    scale: Polynomial = (np.zeros(1),) * 3
    for arm in panel.arms:
        sign = 1.0 if arm else -1.0
        rows = (panel.trained == arm)[:, None]
        share = np.where(rows, panel.weight / totals[int(arm)], 0.0)
        lift = share * (sign * null * np.array([-1.0, 1.0]) / totals[int(arm)])
        own = _arm_draws(share, np.where(rows, effect.residual, 0.0), lift, weights)
        top = (top[0] + sign * own.top[0], top[1] + sign * own.top[1])
        bottom = tuple(a + b for a, b in zip(bottom, own.bottom, strict=True))
        scale = tuple(a + b for a, b in zip(scale, own.scale, strict=True))
    return Draws(top, without_rounding(bottom, scale), cr0_variance(effect), weights.enumerated)


@dataclass(frozen=True, slots=True)
class _ArmDraws:
    """What one arm adds to the top and to the bottom of each draw's statistic, as polynomials in d."""

    top: Polynomial
    bottom: Polynomial
    scale: Polynomial


def _arm_draws(share: Floats, residual: Floats, lift: Floats, weights: Weights) -> _ArmDraws:
    """One arm's part; share, residual and lift (G, 2) are 0 outside the arm.

    A draw's mean of period p is E_p = sum v (residual_p + d lift_p); a branch's adjusted contribution is
    v (a + d b) - share_1 E_1 + share_0 E_0 with a and b the differences between the periods.
    """
    a, b = residual[:, 1] - residual[:, 0], lift[:, 1] - lift[:, 0]
    columns = np.column_stack([residual, lift, a[:, None] * share, b[:, None] * share])
    squared = np.column_stack([a * a, 2.0 * a * b, b * b])
    sums, squares = weights.sums(columns, squared)
    means = [(sums[p], sums[2 + p]) for p in (0, 1)]
    crossed = [(sums[4 + p], sums[6 + p]) for p in (0, 1)]
    inner = share.T @ share
    bottom = tuple(
        square
        - 2.0 * late
        + 2.0 * early
        + inner[1, 1] * late_mean
        - 2.0 * inner[0, 1] * both
        + inner[0, 0] * early_mean
        for square, late, early, late_mean, both, early_mean in zip(
            squares,
            product(means[1], crossed[1]),
            product(means[0], crossed[0]),
            product(means[1], means[1]),
            product(means[0], means[1]),
            product(means[0], means[0]),
            strict=True,
        )
    )
    top = (means[1][0] - means[0][0], means[1][1] - means[0][1])
    return _ArmDraws(top, bottom, sizes(a, b))


def _draws_by_stratum(panel: Panel, effect: Effect, weights: Weights, design: StratumDesign) -> Draws:
    """Draws for the change of branches on trained and stratum dummies."""
    residual = design.residual(panel.change)
    cell = 2 * design.stratum + panel.trained
    member = (cell[:, None] == np.arange(2 * len(design.size))).astype(np.float64)
    arm = member.T @ design.arm / member.sum(axis=0)
    squared = np.column_stack([member * residual[:, None] ** 2, member * residual[:, None], member])
    sums, squares = weights.sums(np.column_stack([member * residual[:, None], member]), squared)
    cells = len(arm)
    total = [(sums[c], arm[c] * sums[cells + c]) for c in range(cells)]
    slope = _combined(total, arm / design.total)
    v0, v1, v2 = (np.zeros(weights.count) for _ in range(3))
    for c in range(cells):
        n = float(member[:, c].sum())
        other = c ^ 1
        mean = tuple((x + y) / design.size[c // 2] for x, y in zip(total[c], total[other], strict=True))
        fit = tuple(m + s * arm[c] for m, s in zip(mean, slope, strict=True))
        crossed, fitted = product(fit, total[c]), product(fit, fit)
        part = (arm[c] / design.total) ** 2
        v0 = v0 + part * (squares[c] - 2.0 * crossed[0] + n * fitted[0])
        v1 = v1 + part * (2.0 * arm[c] * squares[cells + c] - 2.0 * crossed[1] + n * fitted[1])
        v2 = v2 + part * (arm[c] ** 2 * squares[2 * cells + c] - 2.0 * crossed[2] + n * fitted[2])
    share = design.arm / design.total
    scale = sizes(share * residual, share * design.arm)
    return Draws(
        (slope[0], slope[1]), without_rounding((v0, v1, v2), scale), cr0_variance(effect), weights.enumerated
    )


def _combined(parts: list[tuple[Floats, Floats]], factors: Floats) -> tuple[Floats, Floats]:
    """Sum of lines times factors."""
    return (
        np.asarray(sum(f * p[0] for f, p in zip(factors, parts, strict=True))),
        np.asarray(sum(f * p[1] for f, p in zip(factors, parts, strict=True))),
    )
