"""The regression of a stepped wedge: means of branches by periods, with fixed effects of both.

Branch effects are absorbed, and period effects are written as the independent directions that the cells seen
leave of them; the regression on what is left is clustered by branch, CR2 with the identity as working model.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pilot_eval.stats.cluster_robust import LeastSquares, least_squares
from pilot_eval.stats.estimates import ByStudent
from pilot_eval.stats.results import NotEstimable

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

SINGULAR = 1e-9  # eigenvalues this small, relatively, are zeros


@dataclass(frozen=True, slots=True)
class Wedge:
    """Means of G branches in T periods, in an order that does not depend on the branches' names.

    Parameters
    ----------
    mean : (G, T) mean of each branch and period; NaN where nothing was seen
    crossing : (G,) first period in which a branch counts as trained; T where that is never
    """

    mean: Floats
    crossing: Codes

    @classmethod
    def of(cls, mean: Floats, crossing: Codes) -> Wedge:
        """Put branches in canonical order: by crossing, then by their means."""
        order = np.lexsort((*np.nan_to_num(mean, nan=np.inf).T[::-1], crossing))
        return cls(mean[order], crossing[order])

    @property
    def seen(self) -> NDArray[np.bool_]:
        """(G, T) cells with a mean."""
        return ~np.isnan(self.mean)

    @property
    def exposed(self) -> NDArray[np.bool_]:
        """(G, T) whether a branch counts as trained in a period, seen or not."""
        return exposure(self.crossing, self.mean.shape[1])

    @property
    def values(self) -> Floats:
        """(G, T) means less the mean of all, so that large ones do not cancel; 0 where there are none."""
        return np.where(self.seen, self.mean - np.nanmean(self.mean), 0.0)


def exposure(crossing: Codes, periods: int) -> NDArray[np.bool_]:
    """(..., G, T) whether a branch that crosses in `crossing` (..., G) counts as trained in each period."""
    return np.asarray(np.arange(periods) >= crossing[..., None])


@dataclass(frozen=True, slots=True)
class Absorbed:
    """What is left of values when branch and period effects are taken out, over the cells seen.

    Parameters
    ----------
    seen : (G, T) cells that count
    share : (G, 1) 1 over the number of a branch's cells; 0 for a branch without any
    periods : (T, r) period dummies combined into the r directions that branch effects leave independent
    inverse : (T, T) pseudo-inverse of the dummies' cross product after branch means are taken out
    """

    seen: NDArray[np.bool_]
    share: Floats
    periods: Floats
    inverse: Floats

    @classmethod
    def of(cls, seen: NDArray[np.bool_]) -> Absorbed:
        count = seen.sum(axis=1, keepdims=True)
        share = np.where(count > 0, 1.0 / np.maximum(count, 1), 0.0)
        normal = np.diag(seen.sum(axis=0).astype(np.float64)) - (seen * share).T @ seen
        values, vectors = np.linalg.eigh(normal)
        kept = values > SINGULAR * max(float(values[-1]), 1.0)
        inverse = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
        return cls(seen, share, vectors[:, kept], inverse)

    @property
    def rank(self) -> int:
        """Independent period effects."""
        return len(self.periods.T)

    def within(self, values: Floats) -> Floats:
        """(..., G, T) values less each branch's mean over its cells; 0 outside them."""
        kept = values * self.seen
        return np.asarray(self.seen * (kept - kept.sum(axis=-1, keepdims=True) * self.share))

    def residual(self, values: Floats) -> Floats:
        """(..., G, T) values without branch and period effects; 0 in cells not seen."""
        own = self.within(values)
        effects = own.sum(axis=-2) @ self.inverse
        return own - self.within(np.broadcast_to(effects[..., None, :], own.shape))


@dataclass(frozen=True, slots=True)
class Contrast(ByStudent):
    """A linear combination of coefficients with CR2 and Satterthwaite degrees of freedom.

    Parameters
    ----------
    estimate, standard_error, df : of the combination
    method : "cr2"
    """

    estimate: float
    standard_error: float
    df: float
    method: str = "cr2"


@dataclass(frozen=True, slots=True)
class TwoWayFit:
    """Least squares of branch-period means on branch effects, period effects and k further columns.

    Parameters
    ----------
    absorbed : the branch and period effects
    coefficients : (k,) of the further columns
    columns : (k, G, T) those columns without branch and period effects
    residual : (G, T) of the fit; 0 in cells not seen
    regression : the same by branch, the period effects before the further columns
    """

    absorbed: Absorbed = field(repr=False)
    coefficients: Floats
    columns: Floats = field(repr=False)
    residual: Floats = field(repr=False)
    regression: LeastSquares = field(repr=False)

    @property
    def cr0(self) -> float:
        """Cluster variance of the first coefficient, alone in the fit, without any small-sample factor."""
        own = self.columns[0]
        scores = np.einsum("gt,gt->g", own, self.residual)
        return float(np.sum(scores**2) / np.sum(own**2) ** 2)

    def contributions(self, weights: Floats) -> Floats:
        """(G,) CR2-adjusted parts of the branches in a combination's error; each branch has a cell."""
        return self.regression.contributions(np.concatenate([np.zeros(self.absorbed.rank), weights]))

    def without_periods(self, panel: Wedge) -> Floats:
        """(G, T) means less the period effects, which branch effects leave a constant short of known."""
        effects = self.absorbed.periods @ self.regression.coefficients[: self.absorbed.rank]
        return np.asarray(panel.values - effects)

    def contrast(self, weights: Floats) -> Contrast:
        """Estimate, CR2 standard error and degrees of freedom of `weights` (k,) times the coefficients."""
        whole = np.concatenate([np.zeros(self.absorbed.rank), weights])
        return Contrast(
            float(weights @ self.coefficients),
            self.regression.standard_error(whole),
            self.regression.satterthwaite(whole),
        )


def two_way_fit(panel: Wedge, columns: Floats) -> TwoWayFit | None:
    """Least squares on branch effects, period effects and columns (k, G, T).

    Returns None where branch and period effects and the other columns leave a column nothing of its own, or
    where there are too few cells.
    """
    absorbed = Absorbed.of(panel.seen)
    branch, period = np.nonzero(panel.seen)
    X = np.column_stack([absorbed.periods[period], columns[:, branch, period].T])
    regression = least_squares(panel.values[branch, period], X, branch, within=branch)
    if isinstance(regression, NotEstimable):
        return None
    residual = np.zeros(panel.mean.shape)
    residual[branch, period] = regression.residual
    return TwoWayFit(
        absorbed,
        regression.coefficients[absorbed.rank :],
        absorbed.residual(columns),
        residual,
        regression,
    )
