"""The mixed model of Hussey and Hughes: fixed period effects, random branch effects, means as they come.

Restricted maximum likelihood over the one ratio of the two variance components, then generalised least
squares. The standard error believes the model: branches that differ by a constant, and nothing else that
lasts. It is a sensitivity row beside an analysis that does not have to believe that.

References
----------
Hussey & Hughes 2007, Contemporary Clinical Trials 28(2), section 2; Patterson & Thompson 1971, Biometrika
58(3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilot_eval.stats.estimates import ByStudent
from pilot_eval.stats.wedge_regression import Wedge

Floats = NDArray[np.float64]

LOG_RATIOS = (
    -14.0,
    28.0,
)  # branch over residual variance: below it is 0, above branches are as good as fixed
PRECISION = 1e-10  # of the logarithm of that ratio


@dataclass(frozen=True, slots=True)
class HusseyHughes(ByStudent):
    """The effect of training under random branch effects; normal quantiles (df is infinite).

    Parameters
    ----------
    estimate, standard_error : by generalised least squares with the estimated components
    branch_variance, residual_variance : variance components, by REML
    method : "hussey_hughes"
    """

    estimate: float
    standard_error: float
    branch_variance: float
    residual_variance: float
    df: float = math.inf
    method: str = "hussey_hughes"

    @property
    def icc(self) -> float:
        """Share of the variance of branch-period means that lies between branches."""
        return self.branch_variance / (self.branch_variance + self.residual_variance)


@dataclass(frozen=True, slots=True)
class _Generalised:
    """Generalised least squares at one ratio of the variance components."""

    beta: Floats
    bread: Floats
    variance: float
    criterion: float


def hussey_hughes(panel: Wedge) -> HusseyHughes | None:
    """Fit the model to branch-period means, each counting once.

    Parameters
    ----------
    panel : G branches by T periods, cells may be missing; "trained" is not a function of the period

    Returns
    -------
    HusseyHughes or None
        None where nothing is left to estimate the variances from.
    """
    from scipy.optimize import minimize_scalar  # 0.1 s to load, needed by this design only

    periods = np.flatnonzero(panel.seen.any(axis=0))
    dummies = np.eye(panel.mean.shape[1])[:, periods]
    design = np.concatenate(
        [np.broadcast_to(dummies, (*panel.mean.shape, len(periods))), panel.exposed[:, :, None]], axis=2
    )
    if panel.seen.sum() <= design.shape[2]:
        return None

    def criterion(log_ratio: float) -> float:
        return _generalised(panel, design, math.exp(log_ratio)).criterion

    found = minimize_scalar(criterion, bounds=LOG_RATIOS, method="bounded", options={"xatol": PRECISION})
    ratios = (0.0, math.exp(float(found.x)))
    fits = [_generalised(panel, design, ratio) for ratio in ratios]
    ratio, fit = min(zip(ratios, fits, strict=True), key=lambda pair: pair[1].criterion)
    if fit.variance <= 0.0:
        return None
    return HusseyHughes(
        float(fit.beta[-1]),
        math.sqrt(fit.variance * float(fit.bread[-1, -1])),
        ratio * fit.variance,
        fit.variance,
    )


def _generalised(panel: Wedge, design: Floats, ratio: float) -> _Generalised:
    """V = I + ratio J for a branch of n cells: what is within it counts 1, its mean n / (1 + n ratio)."""
    seen = panel.seen[:, :, None]
    count = panel.seen.sum(axis=1)
    X, y = design * seen, panel.values[:, :, None]
    sums, total = X.sum(axis=1), y.sum(axis=1)[:, 0]
    some = np.maximum(count, 1)
    weight = 1.0 / (some * (1.0 + count * ratio))
    own = X - seen * (sums / some[:, None])[:, None, :]
    value = (y - seen * (total / some)[:, None, None])[:, :, 0]
    cross = np.einsum("gti,gtj->ij", own, own) + np.einsum("g,gi,gj->ij", weight, sums, sums)
    bread = np.linalg.inv(cross)
    beta = bread @ (np.einsum("gti,gt->i", own, value) + np.einsum("g,gi,g->i", weight, sums, total))
    squares = float(np.sum((value - own @ beta) ** 2) + np.sum(weight * (total - sums @ beta) ** 2))
    df = int(panel.seen.sum()) - X.shape[2]
    if squares <= 0.0:
        return _Generalised(beta, bread, 0.0, -math.inf)
    determinants = float(np.sum(np.log1p(count * ratio)) + np.linalg.slogdet(cross)[1])
    return _Generalised(beta, bread, squares / df, df * math.log(squares) + determinants)
