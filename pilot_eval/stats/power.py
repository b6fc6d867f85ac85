"""What a pilot of given size can detect, and what size detects a given effect.

Two periods, branches counting once, Student's t with the degrees of freedom of `contrasts.estimate_effect`:
power is what that analysis has, not what the number of visits would promise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincinv, ndtr

from pilot_eval.stats.cluster_robust import least_squares
from pilot_eval.stats.contrasts import arm_traces
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.sequence_permutation import assignments
from pilot_eval.stats.student import two_sided_quantile
from pilot_eval.stats.wedge_regression import Wedge, two_way_fit

Floats = NDArray[np.float64]

ESTIMATORS = ("change", "ancova")
FEWEST = 2  # branches in an arm
MOST_BRANCHES = 100_000
MOST_IN_WEDGE = 1_000  # branches of a stepped wedge
MOST_VISITS = 1_000_000
_DRAWS = 50  # of means before an analysis of covariance
_LARGE = 300  # branches: beyond, its degrees of freedom no longer matter
_STEPS, _ROUNDING = 100, 1e-12  # of a root
_MANY = 50
_NODES = 128  # of the quadrature over the estimated spread; errs by less than 1e-5, mostly 1e-9


@dataclass(frozen=True, slots=True)
class Spread:
    """What the values vary by, as variances on the analysis scale.

    Parameters
    ----------
    branch : what stays the same of a branch in both periods
    branch_period : what is new in each period
    visit : a single visit; of a rate, one unit of exposure
    effect : of true effects between trained branches
    unevenness : mean(n) mean(1/n) of numbers of visits n, about 1 + cv^2; 1 where all are equal
    pooled : whether rows count once, as in a ratio of pooled rates, so that unevenness weighs on branches
    visit_trained : a single visit after training, where shares and rates that move vary otherwise
    """

    branch: float
    branch_period: float
    visit: float
    effect: float = 0.0
    unevenness: float = 1.0
    pooled: bool = False
    visit_trained: float | None = None

    def moved(self, visits: float) -> float:
        """What training adds to the variance of a branch's mean by moving its level; may be below 0."""
        if self.visit_trained is None:
            return 0.0
        return (self.visit_trained - self.visit) * (1.0 if self.pooled else self.unevenness) / visits

    def of_means(self, visits: float) -> tuple[float, float]:
        """Variance of a branch's mean in one period, and covariance of its two means."""
        across, within = (self.unevenness, 1.0) if self.pooled else (1.0, self.unevenness)
        lasting = across * self.branch
        return lasting + across * self.branch_period + within * self.visit / visits, lasting


@dataclass(frozen=True, slots=True)
class Study:
    """Size of a pilot: branches of each arm (0 comparison branches: before and after only) and visits.

    Parameters
    ----------
    trained, comparison : branches; of a stepped wedge those that cross, and those that never do
    visits : mean number per branch and period; of a rate, exposure
    steps : of a stepped wedge: groups that cross one after another, in as many periods and one; 0 otherwise
    """

    trained: int
    comparison: int
    visits: float
    steps: int = 0


@dataclass(frozen=True, slots=True)
class Precision:
    """How sure the effect of a study would be.

    Parameters
    ----------
    standard_error : expected
    df : degrees of freedom that the analysis will use
    spread_df : those of the standard error's own uncertainty; differ where trained branches vary more
    """

    standard_error: float
    df: float
    spread_df: float


def precision_of(spread: Spread, study: Study, estimator: str = "change") -> Precision:
    """The standard error and degrees of freedom to expect of a study.

    A stepped wedge is least squares on branch-period means with fixed branch and period effects: Hussey and
    Hughes without what random branch effects would add, and their swings independent between periods.

    Parameters
    ----------
    spread, study : what varies, and how much of it is averaged
    estimator : "change", or "ancova" (after on arm and before) where branches are allocated at random

    Raises
    ------
    ValueError
        Fewer than two branches in an arm, no visits, an unknown estimator, or ancova without comparison.

    References
    ----------
    Teerenstra et al. 2012, Statistics in Medicine 31(20) (change and ancova of cluster means); Eldridge,
    Ashby & Kerry 2006, International Journal of Epidemiology 35(5) (unequal cluster sizes); Imbens & Kolesar
    2016 (degrees of freedom).
    """
    _check(study, estimator)
    mean, lasting = spread.of_means(study.visits)
    if study.steps:
        factor, df = _wedge(study.trained, study.comparison, study.steps)
        swing = mean - lasting + 0.5 * spread.moved(study.visits)  # about half of the cells are trained
        return Precision(math.sqrt(swing * factor), df, df)
    if estimator == "ancova":
        # Residual variance given the mean before; the arms' chance difference in it is estimated along.
        untrained = (mean - lasting**2 / mean) * (1.0 + 1.0 / _free_with_slope(study))
    else:
        untrained = 2.0 * (mean - lasting)
    trained = untrained + spread.effect + spread.moved(study.visits)
    shares = [untrained / study.comparison] if study.comparison else []
    sizes = [study.comparison] if study.comparison else []
    true = _satterthwaite([trained / study.trained, *shares], [study.trained, *sizes])
    plain = _satterthwaite([1.0 / size for size in (study.trained, *sizes)], [study.trained, *sizes])
    working = _working_df(spread, [study.trained, *sizes])
    variance = trained / study.trained + sum(shares)
    if estimator == "ancova":
        working = _df_with_slope(study.trained, study.comparison)
    return Precision(math.sqrt(variance), working, true * working / plain)


def power(effect: ArrayLike, precision: Precision, level: float) -> Floats:
    """Probability that the interval of the effect will leave out 0.

    With no effect it is 1 - level.

    Parameters
    ----------
    effect : (n,) true effects on the analysis scale
    precision : of the study
    level : confidence level of the interval
    """
    critical = two_sided_quantile(level, precision.df)
    shift = np.abs(np.atleast_1d(np.asarray(effect, dtype=np.float64))) / precision.standard_error
    return _rejection(shift, critical, precision.spread_df)


def detectable_effect(precision: Precision, level: float, wanted: float) -> float:
    """The smallest true effect that is found with probability `wanted`, on the analysis scale.

    Raises
    ------
    ValueError
        If `wanted` is not between 1 - level, which no effect at all has, and 1.
    """
    if not 1.0 - level < wanted < 1.0:
        raise ValueError(f"power must lie between {1.0 - level:g} and 1")
    return _detectable_shift(level, wanted, precision.df, precision.spread_df) * precision.standard_error


def required_visits(
    spread: Spread, study: Study, effect: float, *, level: float, wanted: float, estimator: str = "change"
) -> int | None:
    """Fewest visits per branch and period that find `effect`; None where no number of visits does."""

    def enough(visits: int) -> bool:
        made = precision_of(spread, replace(study, visits=visits), estimator)
        return bool(power(effect, made, level)[0] >= wanted)

    return _smallest(enough, 1, MOST_VISITS)


def required_branches(
    spread: Spread, study: Study, effect: float, *, level: float, wanted: float, estimator: str = "change"
) -> Study | None:
    """The smallest study with the arms in the same proportion that finds `effect`; None beyond 100,000."""

    def enough(total: int) -> bool:
        made = resized(study, total)
        found = power(effect, precision_of(spread, made, estimator), level)[0]
        return bool(found >= wanted) and can_reject(made, level)

    most = MOST_IN_WEDGE if study.steps else MOST_BRANCHES
    total = _smallest(enough, fewest_branches(study, estimator), most)
    return None if total is None else resized(study, total)


def can_reject(study: Study, level: float) -> bool:
    """Whether the tests that permute arms or orders, or flip signs, have patterns enough to reject at all."""
    return patterns(study) >= (1.0 - _ROUNDING) / (1.0 - level)


def patterns(study: Study) -> int:
    """How many different patterns those tests have; 1 over it is the smallest p-value they can give.

    Orders of crossing of a stepped wedge; draws of the arms, of which two mirror each other where the arms
    are equal; signs of all changes, of which two mirror each other.
    """
    if study.steps:
        return assignments(_crossing(study.trained, study.comparison, study.steps))
    if not study.comparison:
        return int(2 ** (study.trained - 1))
    smaller = min(study.trained, study.comparison, _MANY)  # of more, the number is beyond any use
    drawn = math.comb(study.trained + study.comparison, smaller)
    return drawn // 2 if study.trained == study.comparison else drawn


def resized(study: Study, total: int) -> Study:
    """The study with `total` branches, in arms of the same proportion, each of at least two."""
    if not study.comparison:
        return replace(study, trained=total)
    share = study.trained / (study.trained + study.comparison)
    trained = min(max(FEWEST, study.steps, round(total * share)), total - FEWEST)
    return replace(study, trained=trained, comparison=total - trained)


def fewest_branches(study: Study, estimator: str = "change") -> int:
    """The fewest branches that such a study can have."""
    crossing = max(FEWEST, study.steps)
    if not study.comparison:
        return crossing
    return crossing + FEWEST + (estimator == "ancova")


def _check(study: Study, estimator: str) -> None:
    if estimator not in ESTIMATORS:
        raise ValueError(f"unknown estimator {estimator!r}: choose one of {', '.join(ESTIMATORS)}")
    if study.trained < FEWEST or 0 < study.comparison < FEWEST or study.comparison < 0:
        raise ValueError("an arm needs at least two branches")
    if study.steps == 1 or study.trained < study.steps:
        raise ValueError("a stepped wedge needs at least two steps, and a branch for each")
    if study.steps and estimator != "change":
        raise ValueError("ancova does not go with a stepped wedge")
    if not study.visits > 0.0:
        raise ValueError("visits must be above 0")
    if estimator == "ancova" and (not study.comparison or _free_with_slope(study) < 1):
        raise ValueError("ancova needs comparison branches, and at least five branches")


def _free_with_slope(study: Study) -> int:
    return study.trained + study.comparison - 4


def _crossing(trained: int, comparison: int, steps: int) -> NDArray[np.intp]:
    """(G,) first trained period of each branch, steps of about equal size; after the last where never."""
    first = 1 + np.arange(trained) * steps // trained
    return np.concatenate([first, np.full(comparison, steps + 1)]).astype(np.intp)


@lru_cache(maxsize=1024)
def _wedge(trained: int, comparison: int, steps: int) -> tuple[float, float]:
    """Variance of the effect in variances of a branch-period mean, and its CR2 degrees of freedom."""
    crossing = _crossing(trained, comparison, steps)
    wedge = Wedge.of(np.zeros((len(crossing), steps + 1)), crossing)
    fit = two_way_fit(wedge, wedge.exposed[None].astype(np.float64))
    if fit is None:
        raise ValueError("a stepped wedge needs at least two steps, and a branch for each")
    return 1.0 / float(np.sum(fit.columns[0] ** 2)), fit.contrast(np.ones(1)).df


@lru_cache(maxsize=1024)
def _df_with_slope(trained: int, comparison: int) -> float:
    """Satterthwaite degrees of freedom of after on arm and before, averaged over made-up means before."""
    count = trained + comparison
    if count > _LARGE:
        return _satterthwaite([1.0 / trained, 1.0 / comparison], [trained, comparison])
    arm = (np.arange(count) < trained).astype(np.float64)
    rng = np.random.default_rng(1)
    found = []
    for _ in range(_DRAWS):
        X = np.column_stack([np.ones(count), arm, rng.normal(size=count)])
        fit = least_squares(np.zeros(count), X, np.arange(count))
        if not isinstance(fit, NotEstimable):
            found.append(fit.satterthwaite(np.array([0.0, 1.0, 0.0])))
    return float(np.mean(found))


def _working_df(spread: Spread, sizes: list[int]) -> float:
    """Degrees of freedom of the analysis, as if branches (rows, where pooled) varied alike."""
    if not spread.pooled or spread.unevenness <= 1.0 or max(sizes) > _LARGE:
        return _satterthwaite([1.0 / size for size in sizes], sizes)
    traces = [arm_traces(*_uneven_arm(size, spread.unevenness - 1.0)) for size in sizes]
    return sum(first for first, _ in traces) ** 2 / sum(second for _, second in traces)


def _uneven_arm(size: int, squared_cv: float) -> tuple[Floats, Floats]:
    """(n, 2) shares of an arm's exposure at quantiles of a gamma distribution, and its (2,) total."""
    quantile = (np.arange(size) + 0.5) / size
    exposure = gammaincinv(1.0 / squared_cv, quantile) * squared_cv
    return np.tile(exposure[:, None] / exposure.sum(), 2), np.full(2, float(size))


def _satterthwaite(shares: list[float], sizes: list[int]) -> float:
    """Degrees of freedom of a sum of independent variances, each known with its size - 1."""
    squares = sum(share**2 / (size - 1.0) for share, size in zip(shares, sizes, strict=True))
    return sum(shares) ** 2 / squares


@lru_cache(maxsize=1024)
def _detectable_shift(level: float, wanted: float, df: float, spread_df: float) -> float:
    """The effect in standard errors that is found with probability `wanted`."""
    critical = two_sided_quantile(level, df)

    def lacking(shift: float) -> float:
        return wanted - float(_rejection(np.array([shift]), critical, spread_df)[0])

    low, high = 0.0, critical
    while lacking(high) > 0.0:
        low, high = high, 2.0 * high
    return _falling_root(lacking, low, high)


def _falling_root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function is 0, by false position with halved ends (Illinois)."""
    at_low, at_high = function(low), function(high)
    for _ in range(_STEPS):
        if high - low <= _ROUNDING * high or at_low <= 0.0 or at_high >= 0.0:
            break
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        found = function(middle)
        if abs(found) <= _ROUNDING:
            return middle
        if found > 0.0:
            low, at_low, at_high = middle, found, 0.5 * at_high
        else:
            high, at_high, at_low = middle, found, 0.5 * at_low
    return high


def _rejection(shift: Floats, critical: float, df: float) -> Floats:
    """Probability of a noncentral t beyond +-critical, as the mean of normal tails over the estimated spread.

    Library routines of the noncentral t give NaN in the far tail; this integral has no such places.
    """
    spread, weight = _spread_nodes(df)
    at = critical * spread
    tails = ndtr(shift[:, None] - at) + ndtr(-shift[:, None] - at)
    return np.asarray(tails @ weight)


@lru_cache(maxsize=1024)
def _spread_nodes(df: float) -> tuple[Floats, Floats]:
    """Quantiles of sqrt(chi^2/df) and their weights; nodes are drawn to the ends, where it bends."""
    node, weight = _legendre()
    at = 0.5 * (node + 1.0)
    probability = at**2 * (3.0 - 2.0 * at)
    return np.sqrt(2.0 * gammaincinv(df / 2.0, probability) / df), 3.0 * weight * at * (1.0 - at)


@lru_cache(maxsize=1)
def _legendre() -> tuple[Floats, Floats]:
    return np.polynomial.legendre.leggauss(_NODES)


def _smallest(enough: Callable[[int], bool], low: int, high: int) -> int | None:
    """The smallest whole number from low to high that is enough, of an increasing condition."""
    most, high = high, low
    while not enough(high):
        if high == most:
            return None
        low, high = high + 1, min(2 * high, most)
    while low < high:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle + 1
    return low
