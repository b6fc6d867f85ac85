"""Wild bootstrap and permutation of a regression with covariates, refitted in every draw.

Both are written as `stats.bootstrap` and `stats.permutation` are: a draw's statistic is the ratio of a line
to the root of a quadratic in d = estimate - r, so that the interval costs no more than the p-value.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.progress import told
from pilot_eval.stats.adjusted import RegressionEffect, TrainingRegression
from pilot_eval.stats.bootstrap import Weights
from pilot_eval.stats.draws import all_arms, packed, random_arms, sums_of_set
from pilot_eval.stats.inversion import Draws, Polynomial, TestOfEffect, invert, sizes, without_rounding
from pilot_eval.stats.permutation import ENUMERATE_AT_LEAST, assignments

Floats = NDArray[np.float64]
Arms = NDArray[np.bool_]

AT_ONCE = 131_072  # doubles of one array in a block of draws, so that a block stays near the processor
SINGULAR = 1e-10  # of its length: what covariates leave of permuted arms below is rounding


def bootstrap_of_regression(
    regression: TrainingRegression,
    effect: RegressionEffect,
    *,
    draws: int,
    seed: int,
    confidence_level: float,
) -> TestOfEffect:
    """Wild cluster bootstrap: null-imposed residuals of the adjusted regression, CR1 statistic.

    References
    ----------
    Roodman, MacKinnon, Nielsen & Webb 2019, Stata Journal 19(1), sections 3 and 5.
    """
    weights = Weights.choose(regression.trained, draws, seed)
    drawn = _bootstrap_draws(regression, effect, weights)
    return TestOfEffect(
        method="wild_cluster_bootstrap",
        statistic=effect.estimate / float(np.sqrt(effect.fit.cr1_factor() * drawn.variance)),
        pvalue=drawn.pvalue(effect.estimate),
        interval=invert(drawn.pvalue, effect.estimate, effect.standard_error, confidence_level),
        enumerated=drawn.enumerated,
        draws=drawn.count,
        weights=weights.name,
    )


def _bootstrap_draws(regression: TrainingRegression, effect: RegressionEffect, weights: Weights) -> Draws:
    """Draws of the last coefficient, the restricted residuals being e + d x.

    x is what the others leave of the last regressor. With l = x / x'x and an orthonormal basis Q of the
    regressors, a branch's contribution in a draw is v_g l_g'u_g - (l_g'Q_g) S, where u = e + d x and S is the
    sum of v_g Q_g'u_g.
    """
    basis, triangle = np.linalg.qr(regression.regressors)
    k = basis.shape[1]
    left = basis[:, -1] * triangle[-1, -1]
    share = left / (left @ left)
    residual = effect.fit.residual

    def by_branch(columns: Floats) -> Floats:
        return _sums(regression.branch, columns, len(regression.trained))

    score = [by_branch(basis * column[:, None]) for column in (residual, left)]
    reach = by_branch(basis * share[:, None])
    own = [by_branch((share * column)[:, None])[:, 0] for column in (residual, left)]
    columns = np.hstack([*score, own[0][:, None] * reach, own[1][:, None] * reach])
    squared = np.column_stack([own[0] ** 2, 2.0 * own[0] * own[1], own[1] ** 2])
    sums, squares = weights.sums(columns, squared)
    s = sums[:k], sums[k : 2 * k]
    crossed = sums[2 * k : 3 * k], sums[3 * k :]
    inner = reach.T @ reach
    turned = inner @ s[0], inner @ s[1]

    def dot(a: Floats, b: Floats) -> Floats:
        return np.asarray(np.einsum("kb,kb->b", a, b))

    bottom: Polynomial = (
        squares[0] - 2.0 * dot(s[0], crossed[0]) + dot(s[0], turned[0]),
        squares[1] - 2.0 * (dot(s[0], crossed[1]) + dot(s[1], crossed[0])) + 2.0 * dot(s[0], turned[1]),
        squares[2] - 2.0 * dot(s[1], crossed[1]) + dot(s[1], turned[1]),
    )
    top = (s[0][-1] / triangle[-1, -1], s[1][-1] / triangle[-1, -1])
    variance = float(own[0] @ own[0])
    return Draws(top, without_rounding(bottom, sizes(own[0], own[1])), variance, weights.enumerated)


def _sums(branch: NDArray[np.intp], columns: Floats, count: int) -> Floats:
    """(G, m) sums of columns (n, m) by branch."""
    if len(branch) == count:
        return columns[np.argsort(branch)]
    return np.column_stack([np.bincount(branch, weights=column, minlength=count) for column in columns.T])


def permutation_of_regression(
    regression: TrainingRegression,
    effect: RegressionEffect,
    *,
    draws: int,
    seed: int,
    confidence_level: float,
) -> TestOfEffect:
    """Permute arms over branches within strata, covariates staying where they are, and refit.

    The statistic is studentised: HC2 where every branch is one row, CR1 where rows count once. Under random
    allocation the test of no effect in any branch is exact whatever the covariates; studentising keeps it
    right for the mean effect.

    References
    ----------
    Zhao & Ding 2021, Journal of Econometrics 225(2), sections 3 and 4; Young 2019, QJE 134(2).
    """
    trained, stratum = regression.trained, regression.stratum
    ways = assignments(trained, stratum)
    enumerated = ways <= max(draws, ENUMERATE_AT_LEAST)
    arms = iter([all_arms(trained, stratum)]) if enumerated else random_arms(trained, stratum, draws, seed)
    refit = _ByBranch(regression, effect) if regression.by_branch else _ByRow(regression, effect)
    parts, done = [], 0
    for block in _blocks(arms, refit.width):
        parts.append(refit.refitted(block))
        done += len(block)
        told("permutation", done, ways if enumerated else draws)
    top: Polynomial = tuple(np.concatenate([part[0][i] for part in parts]) for i in range(2))
    bottom: Polynomial = tuple(np.concatenate([part[1][i] for part in parts]) for i in range(3))
    drawn = Draws(top, bottom, refit.variance, enumerated)
    return TestOfEffect(
        method="permutation",
        statistic=effect.estimate / float(np.sqrt(refit.factor * refit.variance)),
        pvalue=drawn.pvalue(effect.estimate),
        interval=invert(drawn.pvalue, effect.estimate, effect.standard_error, confidence_level),
        enumerated=enumerated,
        draws=drawn.count,
    )


def _blocks(arms: Iterator[Arms], width: int) -> Iterator[Arms]:
    """Draws in blocks whose arrays of `width` columns stay near the processor."""
    step = max(1, AT_ONCE // width)
    for many in arms:
        for start in range(0, len(many), step):
            yield many[start : start + step]


def _without_others(regression: TrainingRegression, effect: RegressionEffect) -> tuple[Floats, Floats]:
    """(q, q) inverse of the others' cross products; (n, 2) the outcome without the effect, and its regressor.

    Both columns are what the others leave of them; under an effect r the outcome is the first plus d times
    the second, d = estimate - r.
    """
    others = regression.others
    tested = regression.trained[regression.branch] * regression.moderated[:, -1]
    pair = np.column_stack([regression.y - effect.estimate * tested, tested])
    basis, triangle = np.linalg.qr(others)
    inverse = np.linalg.inv(triangle)
    return inverse @ inverse.T, pair - basis @ (basis.T @ pair)


class _ByBranch:
    """Refits where every branch is one row: coefficient and HC2 variance."""

    def __init__(self, regression: TrainingRegression, effect: RegressionEffect) -> None:
        self.basis = np.linalg.qr(regression.others)[0]
        self.outcome = _without_others(regression, effect)[1]
        self.leverage = np.einsum("gq,gq->g", self.basis, self.basis)
        self.variance, self.factor = effect.standard_error**2, 1.0
        self.width = len(regression.trained)

    def refitted(self, arms: Arms) -> tuple[Polynomial, Polynomial]:
        arm = arms.astype(np.float64)
        arm -= (arm @ self.basis) @ self.basis.T
        total = np.einsum("bg,bg->b", arm, arm)
        there = total > SINGULAR * np.maximum(arms.sum(axis=1), 1.0)
        arm /= np.where(there, total, np.inf)[:, None]  # covariates that tell the arms: no statistic
        p, q = arm @ self.outcome[:, 0], arm @ self.outcome[:, 1]
        leverage = self.leverage + arm**2 * total[:, None]
        weight = arm / np.sqrt(np.maximum(1.0 - leverage, SINGULAR))
        arm *= total[:, None]
        first = weight * (self.outcome[:, 0] - p[:, None] * arm)
        second = weight * (self.outcome[:, 1] - q[:, None] * arm)
        return (p, q), _squares(first, second)


class _ByRow:
    """Refits where rows count once: coefficient and CR0 variance, from cross products within branches.

    With C_g the cross products of a branch's others, moderated regressors and outcomes, its score in a draw
    is the bilinear form of the weights of the coefficient and of the residual in C_g.
    """

    def __init__(self, regression: TrainingRegression, effect: RegressionEffect) -> None:
        self.inverse, outcome = _without_others(regression, effect)
        self.others, self.moderated = regression.others.shape[1], regression.moderated.shape[1]
        columns = np.hstack([regression.others, regression.moderated, outcome])
        count = len(regression.trained)
        width = columns.shape[1]
        products = [_sums(regression.branch, columns * column[:, None], count) for column in columns.T]
        self.cross = np.stack(products, axis=1)
        self.members = [
            np.flatnonzero(regression.stratum == code) for code in range(regression.stratum.max() + 1)
        ]
        self.active = [np.flatnonzero(np.any(self.cross[own] != 0.0, axis=(0, 2))) for own in self.members]
        tested = np.zeros(len(effect.fit.coefficients))
        tested[-1] = 1.0
        self.variance = effect.fit.standard_error(tested, "CR0") ** 2
        self.factor = effect.fit.cr1_factor()
        self.width = max(count, max(len(own) for own in self.active) ** 2, width**2)

    def refitted(self, arms: Arms) -> tuple[Polynomial, Polynomial]:
        q, t = self.others, self.moderated
        among = slice(q, q + t)
        sums = sums_of_set(packed(arms), self.cross[:, :, among].reshape(len(self.cross), -1))
        sums = sums.reshape(len(arms), -1, t)
        projected = self.inverse @ sums[:, :q]
        own = sums[:, among]
        schur = own - np.swapaxes(sums[:, :q], 1, 2) @ projected
        length = np.prod(np.diagonal(own, axis1=1, axis2=2), axis=1)
        there = np.linalg.det(schur) > SINGULAR * length
        schur[~there] = np.eye(t)
        inverse = np.linalg.inv(schur)
        weight = inverse[:, :, -1] * there[:, None]  # no statistic where covariates tell the arms
        slopes = inverse @ np.swapaxes(sums[:, q + t :], 1, 2)
        of_coefficient = np.hstack([-(projected @ weight[:, :, None])[:, :, 0], weight])
        residual = [
            np.hstack([(projected @ slope[:, :, None])[:, :, 0], -slope, np.tile(unit, (len(arms), 1))])
            for slope, unit in ((slopes[:, :, 0], [1.0, 0.0]), (slopes[:, :, 1], [0.0, 1.0]))
        ]
        scores = [self._scores(arms, of_coefficient, one) for one in residual]
        top = tuple(slopes[:, -1, i] * there for i in range(2))
        return top, _squares(scores[0], scores[1])

    def _scores(self, arms: Arms, of_coefficient: Floats, residual: Floats) -> Floats:
        """(B, G) scores of the branches in each draw; columns that a stratum does not have are left out."""
        scores = np.empty(arms.shape)
        for members, active in zip(self.members, self.active, strict=True):
            left = active[active < self.others + self.moderated]
            cross = self.cross[np.ix_(members, left, active)].reshape(len(members), -1).T
            found = []
            for moderated in (True, False):
                a, b = of_coefficient[:, left], residual[:, active]
                if not moderated:
                    a, b = a * (left < self.others), b * ~self._of_arm(active)
                found.append((a[:, :, None] * b[:, None, :]).reshape(len(arms), -1) @ cross)
            scores[:, members] = np.where(arms[:, members], found[0], found[1])
        return scores

    def _of_arm(self, columns: NDArray[np.intp]) -> NDArray[np.bool_]:
        return np.asarray((columns >= self.others) & (columns < self.others + self.moderated))


def _squares(first: Floats, second: Floats) -> Polynomial:
    """Sum over branches of (first + d second)^2, as a polynomial in d."""
    return (
        np.einsum("bg,bg->b", first, first),
        2.0 * np.einsum("bg,bg->b", first, second),
        np.einsum("bg,bg->b", second, second),
    )
