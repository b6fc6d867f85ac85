"""Branches compared: the change of each with its interval, and how much branches differ beyond chance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import Observations
from pilot_eval.domain.outcomes import Outcome
from pilot_eval.stats.cells import Cells, observed_cells
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.student import normal_quantile, two_sided_quantile

Floats = NDArray[np.float64]

WINSORISED = (
    0.10  # share of z-scores pulled in at each end before tau^2, so that outliers do not hide themselves
)
FUNNEL_LEVELS = (0.95, 0.998)
FUNNEL_POINTS = 60
FEWEST_IN_FUNNEL = 3


@dataclass(frozen=True, slots=True)
class BranchChanges:
    """The change of G branches seen both before and after, each with its own interval.

    Parameters
    ----------
    branches : names
    trained : (G,) arm
    n : (G, 2) values before and after
    mean : (G, 2) means before and after; logarithms for durations
    change : (G,) after less before
    standard_error : (G,) from the pooled variance within branches and periods
    low, high : (G,) ends of the intervals
    confidence_level : of them
    within_variance : pooled variance of values within a branch and period
    df : its degrees of freedom
    scale : difference, log_ratio, or speed_percent once told in percent of speed
    """

    branches: tuple[str, ...]
    trained: NDArray[np.bool_]
    n: Floats
    mean: Floats
    change: Floats
    standard_error: Floats
    low: Floats
    high: Floats
    confidence_level: float
    within_variance: float
    df: float
    scale: str

    @property
    def size(self) -> Floats:
        """(G,) effective number of values, 4 / (1/n0 + 1/n1): all of them where both periods have as many."""
        return np.asarray(4.0 / (1.0 / self.n).sum(axis=1))

    def as_speed(self) -> BranchChanges:
        """Changes and their intervals in percent of speed, means in seconds; only of logarithms."""
        if self.scale != "log_ratio":
            raise ValueError(f"only a log ratio has a speed, not {self.scale}")
        return replace(
            self,
            mean=np.exp(self.mean),
            change=_speed_percent(self.change),
            low=_speed_percent(self.high),
            high=_speed_percent(self.low),
            scale="speed_percent",
        )


@dataclass(frozen=True, slots=True)
class Funnel:
    """Where the changes of branches would lie by chance, and how much they differ beyond it.

    Parameters
    ----------
    centre : mean change, weighted by precision
    tau_squared : variance between branches beyond chance, never below 0
    deviation : (G,) distance from the centre in standard errors widened by tau
    outside : (G,) "", "95" or "99.8": the widest limits that a branch lies outside of
    size : (P,) effective numbers of values, growing, at which the limits are drawn
    low_95, high_95, low_998, high_998 : (P,) limits
    scale : as of the changes
    """

    centre: float
    tau_squared: float
    deviation: Floats
    outside: tuple[str, ...]
    size: Floats
    low_95: Floats
    high_95: Floats
    low_998: Floats
    high_998: Floats
    scale: str

    def as_speed(self) -> Funnel:
        """Centre and limits in percent of speed; only of logarithms."""
        if self.scale != "log_ratio":
            raise ValueError(f"only a log ratio has a speed, not {self.scale}")
        return replace(
            self,
            centre=float(_speed_percent(np.array(self.centre))),
            low_95=_speed_percent(self.high_95),
            high_95=_speed_percent(self.low_95),
            low_998=_speed_percent(self.high_998),
            high_998=_speed_percent(self.low_998),
            scale="speed_percent",
        )


def branch_changes(
    observations: Observations, measure: Outcome, *, confidence_level: float = 0.95
) -> BranchChanges | NotEstimable:
    """Change of every branch seen in both periods, with a t interval from the pooled variance within.

    Visits to one branch in one period are taken as equally variable everywhere; where no branch has two of
    them in a period there is nothing to tell chance from change.

    Parameters
    ----------
    observations : rows
    measure : kind of outcome; durations are compared by mean logarithms
    """
    cells = observed_cells(observations, measure.values)
    paired = cells.paired
    if not paired.any():
        return NotEstimable("few_branches", {"arm": "trained", "n": 0, "need": 1})
    chosen = cells.take(paired)
    df = float(np.sum(chosen.n - 1.0))
    if df < 1.0:
        return NotEstimable("single_observations")
    variance = float(np.sum(chosen.squares)) / df
    if variance <= 0.0:
        return NotEstimable("no_variation_within")
    return _changes(observations, measure, chosen, paired, variance, df, confidence_level)


def _changes(
    observations: Observations,
    measure: Outcome,
    cells: Cells,
    paired: NDArray[np.bool_],
    variance: float,
    df: float,
    confidence_level: float,
) -> BranchChanges:
    change = cells.mean[:, 1] - cells.mean[:, 0]
    error = np.sqrt(variance * (1.0 / cells.n).sum(axis=1))
    half = two_sided_quantile(confidence_level, df) * error
    return BranchChanges(
        branches=tuple(np.array(observations.branches, dtype=object)[paired]),
        trained=observations.trained[paired],
        n=cells.n,
        mean=cells.mean,
        change=change,
        standard_error=error,
        low=change - half,
        high=change + half,
        confidence_level=confidence_level,
        within_variance=variance,
        df=df,
        scale=measure.scale,
    )


def funnel(changes: BranchChanges, chosen: NDArray[np.bool_] | None = None) -> Funnel | NotEstimable:
    """Funnel limits of chosen branches (of all), widened by the variance between them.

    Parameters
    ----------
    changes : of branches, on the analysis scale
    chosen : (G,) branches to compare, such as one arm; arms differ by the effect itself

    References
    ----------
    Spiegelhalter 2005, Statistics in Medicine 24(8), section 3; DerSimonian & Laird 1986, Controlled Clinical
    Trials 7(3); winsorised as in Spiegelhalter et al. 2012, JRSS A 175(1), appendix A.
    """
    rows = np.ones(len(changes.change), dtype=np.bool_) if chosen is None else chosen
    count = int(rows.sum())
    if count < FEWEST_IN_FUNNEL:
        return NotEstimable("few_in_funnel", {"n": count, "need": FEWEST_IN_FUNNEL})
    change, error = changes.change[rows], changes.standard_error[rows]
    centre, tau_squared = between_branches(change, error)
    deviation = (change - centre) / np.sqrt(error**2 + tau_squared)
    size = np.geomspace(changes.size[rows].min() * 0.9, changes.size[rows].max() * 1.1, FUNNEL_POINTS)
    spread = np.sqrt(4.0 * changes.within_variance / size + tau_squared)
    inner, outer = (normal_quantile(level) for level in FUNNEL_LEVELS)
    return Funnel(
        centre=centre,
        tau_squared=tau_squared,
        deviation=deviation,
        outside=tuple("99.8" if d > outer else "95" if d > inner else "" for d in np.abs(deviation)),
        size=size,
        low_95=centre - inner * spread,
        high_95=centre + inner * spread,
        low_998=centre - outer * spread,
        high_998=centre + outer * spread,
        scale=changes.scale,
    )


def between_branches(
    change: Floats, standard_error: Floats, *, winsorised: float = WINSORISED
) -> tuple[float, float]:
    """Precision-weighted mean, and the variance between branches beyond chance by DerSimonian and Laird.

    Parameters
    ----------
    change, standard_error : (G,)
    winsorised : share of z-scores at each end set to the quantile there
    """
    weight = 1.0 / standard_error**2
    total = float(weight.sum())
    centre = float((weight * change).sum()) / total
    z = (change - centre) / standard_error
    low, high = np.quantile(z, [winsorised, 1.0 - winsorised])
    excess = float(np.sum(np.clip(z, low, high) ** 2)) - (len(change) - 1)
    scale = total - float((weight**2).sum()) / total
    return centre, max(0.0, excess / scale) if scale > 0.0 else 0.0


def _speed_percent(log_ratio: Floats) -> Floats:
    return np.asarray(100.0 * np.expm1(-log_ratio))
