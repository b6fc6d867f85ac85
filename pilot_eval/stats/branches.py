"""Branches compared: the change or level of each with its interval, and the funnel around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from pilot_eval.domain.observations import AFTER, BEFORE, Observations
from pilot_eval.domain.outcomes import Outcome
from pilot_eval.stats.cells import Cells, observed_cells
from pilot_eval.stats.flow import in_either_period
from pilot_eval.stats.heterogeneity import winsorised_spread
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.student import normal_quantile, two_sided_quantile

Floats = NDArray[np.float64]

WINSORISED = (
    0.10  # share of z-scores pulled in at each end before tau^2, so that outliers do not hide themselves
)
FUNNEL_LEVELS = (0.95, 0.998)
FUNNEL_POINTS = 60
FEWEST_IN_FUNNEL = 3
HALF_AN_EVENT = 0.5


class Compared(Protocol):
    """What can be compared between G branches: an estimate of each whose variance is known.

    `variance_of_one` is the variance that an estimate of size 1 would have; others have it over their size.
    """

    @property
    def estimate(self) -> Floats: ...
    @property
    def standard_error(self) -> Floats: ...
    @property
    def size(self) -> Floats: ...
    @property
    def variance_of_one(self) -> float: ...
    @property
    def scale(self) -> str: ...


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
    scale : difference, log_ratio, log_rate_ratio, or speed_percent once told in percent of speed
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

    @property
    def estimate(self) -> Floats:
        return self.change

    @property
    def variance_of_one(self) -> float:
        return 4.0 * self.within_variance

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
class BranchLevels:
    """The level of G branches in one period, each with its own interval.

    Parameters
    ----------
    branches : names
    trained : (G,) arm
    size : (G,) values behind each
    estimate : (G,) means; logarithms for durations
    standard_error : (G,) from the pooled variance within branches
    low, high : (G,) ends of the intervals
    confidence_level : of them
    variance_of_one : pooled variance of values within a branch
    df : its degrees of freedom
    scale : difference or log_ratio, as of the changes
    """

    branches: tuple[str, ...]
    trained: NDArray[np.bool_]
    size: Floats
    estimate: Floats
    standard_error: Floats
    low: Floats
    high: Floats
    confidence_level: float
    variance_of_one: float
    df: float
    scale: str


@dataclass(frozen=True, slots=True)
class Funnel:
    """Where branches would lie by chance, and how much they differ beyond it.

    Parameters
    ----------
    centre : mean, weighted by precision, tau^2 included
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

    @property
    def pvalue(self) -> Floats:
        """(G,) chance of a branch this far from the centre, were it one of the others."""
        return np.asarray(2.0 * ndtr(-np.abs(self.deviation)))

    def told(self, transform: Callable[[Floats], Floats], scale: str) -> Funnel:
        """Centre and limits on another scale, by an increasing function."""
        return replace(
            self,
            centre=float(transform(np.array(self.centre))),
            low_95=transform(self.low_95),
            high_95=transform(self.high_95),
            low_998=transform(self.low_998),
            high_998=transform(self.high_998),
            scale=scale,
        )

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
    return _changes(observations, measure.scale, chosen, paired, variance, df, confidence_level)


def _changes(
    observations: Observations,
    scale: str,
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
        scale=scale,
    )


def branch_rate_changes(
    observations: Observations, *, confidence_level: float = 0.95
) -> BranchChanges | NotEstimable:
    """Logarithm of every branch's rate after over its rate before, of counts with exposure.

    Counts vary as Poisson counts times the dispersion of rows within a branch and period, taken as 1 where
    nothing is repeated or rows vary less than that. Half an event is added to every cell, so that a branch
    without any has a rate; `n` are the events so counted.

    Parameters
    ----------
    observations : rows with exposure

    References
    ----------
    Haldane 1956, Annals of Human Genetics 20(4) (half an event); McCullagh & Nelder 1989, section 6.2
    (dispersion).
    """
    rows = in_either_period(observations)
    if observations.exposure is None:
        raise ValueError("rates need exposure")
    rows &= ~np.isnan(observations.exposure)
    count = len(observations.branches)
    cell = 2 * observations.branch[rows] + (observations.period[rows] == AFTER)
    events, exposure = observations.value[rows], observations.exposure[rows]
    total, base = (np.bincount(cell, weights=part, minlength=2 * count) for part in (events, exposure))
    paired = np.asarray((base.reshape(-1, 2) > 0.0).all(axis=1))
    if not paired.any():
        return NotEstimable("few_branches", {"arm": "trained", "n": 0, "need": 1})
    expected = exposure * (total[cell] / base[cell])
    counted = expected > 0.0
    df = float(np.sum(counted) - len(np.unique(cell[counted])))
    pearson = float(np.sum((events[counted] - expected[counted]) ** 2 / expected[counted]))
    dispersion = max(1.0, pearson / df) if df >= 1.0 else 1.0
    n = np.asarray(total.reshape(-1, 2)[paired] + HALF_AN_EVENT, dtype=np.float64)
    mean = np.asarray(np.log(n / base.reshape(-1, 2)[paired]), dtype=np.float64)
    cells = Cells(n, mean, np.zeros_like(n))
    freedom = df if dispersion > 1.0 else np.inf
    return _changes(observations, "log_rate_ratio", cells, paired, dispersion, freedom, confidence_level)


def branch_levels(
    observations: Observations, measure: Outcome, period: int = AFTER, *, confidence_level: float = 0.95
) -> BranchLevels | NotEstimable:
    """Level of every branch in one period, with a t interval from the pooled variance within.

    Parameters
    ----------
    observations : rows
    measure : kind of outcome; durations are compared by mean logarithms
    period : BEFORE or AFTER
    """
    column = (BEFORE, AFTER).index(period)
    cells = observed_cells(observations, measure.values)
    seen = cells.n[:, column] > 0
    if not seen.any():
        return NotEstimable("few_in_funnel", {"n": 0, "need": FEWEST_IN_FUNNEL})
    n, mean, squares = (part[seen, column] for part in (cells.n, cells.mean, cells.squares))
    df = float(np.sum(n - 1.0))
    if df < 1.0:
        return NotEstimable("single_observations")
    variance = float(np.sum(squares)) / df
    if variance <= 0.0:
        return NotEstimable("no_variation_within")
    error = np.sqrt(variance / n)
    half = two_sided_quantile(confidence_level, df) * error
    return BranchLevels(
        branches=tuple(np.array(observations.branches, dtype=object)[seen]),
        trained=observations.trained[seen],
        size=n,
        estimate=mean,
        standard_error=error,
        low=mean - half,
        high=mean + half,
        confidence_level=confidence_level,
        variance_of_one=variance,
        df=df,
        scale=measure.scale,
    )


def funnel(compared: Compared, chosen: NDArray[np.bool_] | None = None) -> Funnel | NotEstimable:
    """Funnel limits of chosen branches (of all), widened by the variance between them.

    Parameters
    ----------
    compared : changes, levels or shares of branches, on the analysis scale
    chosen : (G,) branches to compare, such as one arm; arms differ by the effect itself

    References
    ----------
    Spiegelhalter 2005, Statistics in Medicine 24(8), section 3 (funnel), Qual Saf Health Care 14(5)
    (over-dispersion as an additive variance); `winsorised_spread` for that variance.
    """
    rows = np.ones(len(compared.estimate), dtype=np.bool_) if chosen is None else chosen
    count = int(rows.sum())
    if count < FEWEST_IN_FUNNEL:
        return NotEstimable("few_in_funnel", {"n": count, "need": FEWEST_IN_FUNNEL})
    estimate, error, sizes = (
        part[rows] for part in (compared.estimate, compared.standard_error, compared.size)
    )
    centre, tau_squared = winsorised_spread(estimate, error, winsorised=WINSORISED)
    deviation = (estimate - centre) / np.sqrt(error**2 + tau_squared)
    size = np.geomspace(sizes.min() * 0.9, sizes.max() * 1.1, FUNNEL_POINTS)
    spread = np.sqrt(compared.variance_of_one / size + tau_squared)
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
        scale=compared.scale,
    )


def _speed_percent(log_ratio: Floats) -> Floats:
    return np.asarray(100.0 * np.expm1(-log_ratio))
