"""The effect of training in two periods: estimate, CR2 standard error, Satterthwaite degrees of freedom.

Three linear estimators share one result: branches counting once, rows counting once, branches within strata.
All are closed forms whose cost grows with the number of branches.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pilot_eval.stats.cells import Cells
from pilot_eval.stats.estimates import ByStudent
from pilot_eval.stats.results import NotEstimable

Floats = NDArray[np.float64]

LEVERAGE_LIMIT = 1.0 - 1e-10  # above it a single branch decides a coefficient: its residual is always 0
SPREAD_LIMIT = 1e-11  # a standard error this small beside the values is rounding, not spread


@dataclass(frozen=True, slots=True)
class Panel:
    """G branches seen before and after, in an order that does not depend on their names.

    Parameters
    ----------
    trained : (G,) arm of each branch
    weight : (G, 2) rows behind each mean; all 1 where every branch counts once
    mean : (G, 2) means before and after
    stratum : (G,) codes 0 to S - 1, or None
    """

    trained: NDArray[np.bool_]
    weight: Floats
    mean: Floats
    stratum: NDArray[np.intp] | None = None

    @classmethod
    def of(
        cls,
        cells: Cells,
        trained: NDArray[np.bool_],
        *,
        by_rows: bool = False,
        stratum: NDArray[np.intp] | None = None,
    ) -> Panel:
        """Put paired branches in canonical order: by stratum, arm, means and counts."""
        weight = cells.n if by_rows else np.ones_like(cells.n)
        strata = np.zeros(len(trained), dtype=np.intp) if stratum is None else stratum
        keys = (weight[:, 1], weight[:, 0], cells.mean[:, 0], cells.mean[:, 1] - cells.mean[:, 0])
        order = np.lexsort((*keys, trained, strata))
        codes = None if stratum is None else np.unique(strata[order], return_inverse=True)[1].astype(np.intp)
        return cls(trained[order], weight[order], cells.mean[order], codes)

    @property
    def change(self) -> Floats:
        """(G,) mean after minus mean before."""
        return np.asarray(self.mean[:, 1] - self.mean[:, 0])

    @property
    def arms(self) -> tuple[bool, ...]:
        """The arms that have branches, trained first."""
        return tuple(arm for arm in (True, False) if bool(np.any(self.trained == arm)))

    def arm_weights(self) -> Floats:
        """(2, 2) total weight: row 0 comparison, row 1 trained; column 0 before, column 1 after."""
        return np.array([self.weight[~self.trained].sum(axis=0), self.weight[self.trained].sum(axis=0)])


@dataclass(frozen=True, slots=True)
class Effect(ByStudent):
    """An effect of training with what its uncertainty is made of.

    Parameters
    ----------
    estimate : change of the trained, less that of the comparison branches where there are any
    standard_error : CR2
    df : Satterthwaite degrees of freedom
    means : (2, 2) means whose differences make the estimate; rows comparison (NaN without), trained
    influence : (G, 2) CR2-adjusted contribution of each branch to its arm's means, in the panel's order
    residual : (G, 2) unadjusted contribution
    """

    estimate: float
    standard_error: float
    df: float
    means: Floats
    influence: Floats = field(repr=False)
    residual: Floats = field(repr=False)

    @property
    def method(self) -> str:
        return "cr2"


def estimate_effect(panel: Panel) -> Effect | NotEstimable:
    """Estimate the effect of training from a panel of paired branches.

    Ordinary least squares on 1, trained, after, trained x after (on 1, after without comparison branches),
    with `panel.weight` rows behind each mean; with strata the change of branches on trained and stratum
    dummies. The covariance is CR2 with identity working model, clustered by branch. Rows of one branch and
    period share their regressors and the two periods are orthogonal within an arm, so that each adjustment
    matrix is (1 - n/N)^(-1/2) on the sums, and the degrees of freedom follow from trace identities.

    References
    ----------
    Bell & McCaffrey 2002, Survey Methodology 28(2); Pustejovsky & Tipton 2018, JBES 36(4), eq. 5, 11 and 12;
    Imbens & Kolesar 2016, Review of Economics and Statistics 98(4).
    """
    for arm in panel.arms:
        count = int(np.sum(panel.trained == arm))
        if count < 2:
            return NotEstimable(
                "few_branches", {"arm": "trained" if arm else "comparison", "n": count, "need": 2}
            )
    effect = _two_by_two(panel) if panel.stratum is None else _within_strata(panel, panel.stratum)
    if isinstance(effect, NotEstimable):
        return effect
    spread = effect.standard_error
    if panel.stratum is None:  # CR1 of the bootstrap may be 0 where unequal numbers of rows balance out
        spread = min(spread, float(np.linalg.norm(effect.residual[:, 1] - effect.residual[:, 0])))
    if spread <= SPREAD_LIMIT * max(float(np.abs(panel.mean).max()), 1e-300):
        return NotEstimable("no_variation", {"n": len(panel.trained)})
    return effect


def _two_by_two(panel: Panel) -> Effect:
    totals = panel.arm_weights()
    means = np.full((2, 2), np.nan)
    influence = np.zeros_like(panel.mean)
    residual = np.zeros_like(panel.mean)
    estimate = trace = trace_of_square = 0.0
    for arm in panel.arms:
        rows = panel.trained == arm
        total = totals[int(arm)]
        share = panel.weight[rows] / total
        mean = (share * panel.mean[rows]).sum(axis=0)
        residual[rows] = share * (panel.mean[rows] - mean)
        influence[rows] = residual[rows] / np.sqrt(1.0 - share)
        means[int(arm)] = mean
        estimate += (1.0 if arm else -1.0) * (mean[1] - mean[0])
        first, second = arm_traces(share, total)
        trace += first
        trace_of_square += second
    variance = float(np.sum((influence[:, 1] - influence[:, 0]) ** 2))
    return Effect(
        float(estimate), float(np.sqrt(variance)), trace**2 / trace_of_square, means, influence, residual
    )


def arm_traces(share: Floats, total: Floats) -> tuple[float, float]:
    """Trace of the Gram matrix p_g'(I - H)p_h of one arm and of its square, in O(G).

    The matrix is D - z_0 z_0' - z_1 z_1' with D diagonal: `share` (G, 2) = n/N, `total` (2,) = N.
    """
    z = share / np.sqrt((1.0 - share) * total)
    diagonal = (share / (1.0 - share) / total).sum(axis=1)
    inner = z.T @ z
    trace = float(diagonal.sum() - np.trace(inner))
    of_square = float((diagonal**2).sum() - 2.0 * (diagonal[:, None] * z**2).sum() + (inner**2).sum())
    return trace, of_square


@dataclass(frozen=True, slots=True)
class StratumDesign:
    """Regression of branch changes on trained and stratum dummies, by its closed form.

    Parameters
    ----------
    stratum : (G,) codes; every stratum has branches of both arms
    size : (S,) branches per stratum
    trained_share : (S,) share of them that is trained
    arm : (G,) trained, centred within its stratum
    total : sum of squares of `arm`
    leverage : (G,) diagonal of the hat matrix
    """

    stratum: NDArray[np.intp]
    size: Floats
    trained_share: Floats
    arm: Floats
    total: float
    leverage: Floats

    @classmethod
    def of(cls, trained: NDArray[np.bool_], stratum: NDArray[np.intp]) -> StratumDesign:
        size = np.bincount(stratum).astype(np.float64)
        share = np.bincount(stratum, weights=trained.astype(np.float64)) / size
        arm = trained - share[stratum]
        total = float(np.sum(arm**2))
        return cls(stratum, size, share, arm, total, 1.0 / size[stratum] + arm**2 / total)

    def residual(self, values: Floats) -> Floats:
        """(G,) residuals of values (G,) on trained and stratum dummies."""
        centred = values - (np.bincount(self.stratum, weights=values) / self.size)[self.stratum]
        return np.asarray(centred - self.arm * (np.sum(self.arm * centred) / self.total))


def _within_strata(panel: Panel, stratum: NDArray[np.intp]) -> Effect | NotEstimable:
    design = StratumDesign.of(panel.trained, stratum)
    if design.leverage.max() > LEVERAGE_LIMIT:
        return NotEstimable("few_branches_in_strata", {"n": len(panel.trained)})
    weight = np.abs(design.arm) / design.total
    residual = weight[:, None] * np.column_stack([design.residual(panel.mean[:, p]) for p in (0, 1)])
    influence = residual / np.sqrt(1.0 - design.leverage)[:, None]
    means = np.array(
        [(weight[rows, None] * panel.mean[rows]).sum(axis=0) for rows in (~panel.trained, panel.trained)]
    )
    estimate = float(means[1, 1] - means[1, 0] - means[0, 1] + means[0, 0])
    variance = float(np.sum((influence[:, 1] - influence[:, 0]) ** 2))
    return Effect(estimate, float(np.sqrt(variance)), _stratum_df(design), means, influence, residual)


def _stratum_df(design: StratumDesign) -> float:
    """Satterthwaite degrees of freedom of the arm's HC2 variance, in O(G) (Imbens & Kolesar 2016)."""
    q = (design.arm / design.total) ** 2 / (1.0 - design.leverage)
    by_size = np.bincount(design.stratum, weights=q) ** 2 / design.size**2
    crossed = np.bincount(design.stratum, weights=q * design.arm) ** 2 / design.size
    hat = by_size.sum() + 2.0 * crossed.sum() / design.total + (np.sum(q * design.arm**2) / design.total) ** 2
    of_square = float(np.sum(q**2 * (1.0 - 2.0 * design.leverage)) + hat)
    return (1.0 / design.total) ** 2 / of_square
