"""Agreement of auditors who saw the same: Krippendorff's alpha and intraclass correlations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtri

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.branch_bootstrap import acceleration, bca
from pilot_eval.stats.cells import on_scale
from pilot_eval.stats.draws import chunks
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import NO_INTERVAL, ConfidenceInterval, NotEstimable

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

METRICS = ("nominal", "ordinal", "interval", "ratio")
FEWEST_UNITS = 5  # double visits below which nothing is said of agreement
DIFFERENT = 1e-14  # of the largest sum of squares: less is rounding
DEGENERATE = 0.05  # share of bootstrap draws without any difference above which there is no interval


@dataclass(frozen=True, slots=True)
class DoubleVisits:
    """Ratings of what two or more auditors saw at once.

    Parameters
    ----------
    row : (n,) rows of the observations, those of one unit side by side
    unit : (n,) 0 to U - 1
    auditor : (n,) codes, or None where auditors are not known
    left_out : units in which one auditor rated twice
    """

    row: Codes
    unit: Codes
    auditor: Codes | None
    left_out: int

    @property
    def units(self) -> int:
        return int(self.unit.max()) + 1


@dataclass(frozen=True, slots=True)
class Alpha:
    """Krippendorff's alpha: 1 is perfect agreement, 0 is what chance gives.

    Parameters
    ----------
    estimate : alpha
    interval : BCa bootstrap of units
    metric : how far apart two values are: nominal, ordinal, interval or ratio
    """

    estimate: float
    interval: ConfidenceInterval
    metric: str


@dataclass(frozen=True, slots=True)
class IntraclassCorrelation:
    """Share of the variance of single ratings that lies between what is rated.

    Parameters
    ----------
    estimate : the correlation; below 0 where ratings of one unit differ more than those of different units
    interval : from F distributions; none where nothing but constant differences is left
    kind : "1", any auditors for each unit, or "A,1", the same auditors for all and absolute agreement
    """

    estimate: float
    interval: ConfidenceInterval
    kind: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well auditors agree on one outcome.

    Parameters
    ----------
    units, ratings : double visits and values in them
    left_out : double visits in which one auditor rated twice
    alpha, one_way, absolute : Krippendorff's alpha, ICC(1) and ICC(A,1)
    difference : mean absolute difference of two ratings of one unit, on the scale of the effect
    """

    units: int
    ratings: int
    left_out: int
    alpha: Alpha | NotEstimable
    one_way: IntraclassCorrelation | NotEstimable
    absolute: IntraclassCorrelation | NotEstimable
    difference: float


@dataclass(frozen=True, slots=True)
class ItemAgreement:
    """How well auditors agree on one item of the checklist.

    Parameters
    ----------
    name : of the item
    units : double visits in which it applied for at least two auditors
    same : share of their pairs of answers that are equal
    alpha : Krippendorff's alpha without an interval: nominal for yes and no, else ordinal
    """

    name: str
    units: int
    same: float
    alpha: float | NotEstimable


def item_agreement(observations: Observations) -> tuple[ItemAgreement | NotEstimable, ...]:
    """Agreement of auditors on each item, in the order of the items.

    An item on which most answers are the same may have a low alpha although auditors nearly always agree:
    there is little that chance would not explain.
    """
    matrix = observations.items
    if matrix is None:
        return ()
    return tuple(
        _of_item(replace(observations, value=matrix.values[:, place]), name)
        for place, name in enumerate(matrix.names)
    )


def _of_item(observations: Observations, name: str) -> ItemAgreement | NotEstimable:
    found = double_visits(observations)
    if isinstance(found, NotEstimable):
        return found
    value = observations.value[found.row]
    same = 1.0 - _mean_difference(found.unit, value, lambda a, b: np.asarray(a != b, dtype=np.float64))
    if np.ptp(value) == 0.0:
        return ItemAgreement(name, found.units, same, NotEstimable("ratings_all_equal", {"n": len(value)}))
    metric = "nominal" if np.isin(value, (0.0, 1.0)).all() else "ordinal"
    alpha = _alphas_of(found.unit, value, metric)(np.ones((1, found.units)))
    return ItemAgreement(name, found.units, same, float(alpha[0]))


def agreement(observations: Observations, plan: AnalysisPlan) -> Agreement | NotEstimable:
    """Agreement of auditors on the plan's outcome.

    Alpha takes the values as they were recorded: with the ratio metric for durations, the nominal one for
    yes and no, the interval one otherwise. The correlations take the scale of the analysis.
    """
    if plan.kind == "rate" or observations.censored is not None:
        return NotEstimable("agreement_plain_only")
    found = double_visits(observations)
    if isinstance(found, NotEstimable):
        return found
    recorded = observations.value[found.row]
    value = on_scale(recorded, plan.measure.values)
    return Agreement(
        units=found.units,
        ratings=len(recorded),
        left_out=found.left_out,
        alpha=krippendorff_alpha(
            found.unit, recorded, _metric(recorded, plan), draws=plan.draws, seed=plan.seed, level=plan.level
        ),
        one_way=one_way_correlation(found.unit, value, level=plan.level),
        absolute=_absolute(found, value, plan.level),
        difference=_mean_difference(found.unit, value),
    )


def double_visits(observations: Observations) -> DoubleVisits | NotEstimable:
    """Rows that are double visits.

    Those of one branch, period and pair label where pairs are labelled; else those of one branch and day by
    different auditors. A unit in which one auditor rated twice is left out and counted: it would measure the
    auditor against themselves.
    """
    there = ~np.isnan(observations.value)
    auditor = observations.auditor
    keys: list[NDArray[np.integer]]
    if observations.pair is not None:
        there &= observations.pair.codes >= 0
        keys = [observations.branch, observations.period, observations.pair.codes]
    elif observations.date is not None and auditor is not None:
        there &= ~np.isnat(observations.date) & (auditor.codes >= 0)
        keys = [observations.branch, observations.date.astype(np.intp)]
    else:
        return NotEstimable("double_visits_unmarked")
    if auditor is not None:
        there &= auditor.codes >= 0
    row = np.flatnonzero(there)
    unit = _numbered([key[row] for key in keys])
    size = np.bincount(unit)
    auditors = size
    if auditor is not None:
        distinct = np.asarray(np.unique(np.column_stack([unit, auditor.codes[row]]), axis=0))
        auditors = np.bincount(distinct[:, 0])
    chosen = ((auditors > 1) & (auditors == size))[unit]
    order = np.flatnonzero(chosen)[np.argsort(unit[chosen], kind="stable")]
    units = int(np.sum((auditors > 1) & (auditors == size)))
    if units < FEWEST_UNITS:
        return NotEstimable("few_double_visits", {"n": units, "need": FEWEST_UNITS})
    return DoubleVisits(
        row=row[order],
        unit=_numbered([unit[order]]),
        auditor=None if auditor is None else auditor.codes[row[order]],
        left_out=int(np.sum((auditors > 1) & (auditors < size))),
    )


def krippendorff_alpha(
    unit: Codes, value: Floats, metric: str, *, draws: int, seed: int, level: float
) -> Alpha | NotEstimable:
    """Krippendorff's alpha with a BCa bootstrap interval over units.

    Parameters
    ----------
    unit : (n,) 0 to U - 1, sorted, each with at least two values
    value : (n,)
    metric : an entry of METRICS; "ratio" for values of 0 and above
    draws, seed, level : of the interval, which is absent where resampled units often do not differ at all

    References
    ----------
    Krippendorff 2019, Content Analysis, 4th ed., chapter 12; Hayes & Krippendorff 2007, Communication
    Methods and Measures 1(1); Efron 1987, JASA 82(397) (BCa).
    """
    if metric not in METRICS:
        raise ValueError(f"metric is one of {', '.join(METRICS)}, not {metric!r}")
    if np.ptp(value) == 0.0:
        return NotEstimable("ratings_all_equal", {"n": len(value)})
    alphas = _alphas_of(unit, value, metric)
    units = int(unit.max()) + 1
    estimate = float(alphas(np.ones((1, units)))[0])
    drawn = np.concatenate([alphas(times) for times in _resampled(units, draws, seed)])
    left_one_out = np.concatenate([alphas(times) for times in _without_one(units)])
    if np.isnan(drawn).mean() > DEGENERATE or np.isnan(left_one_out).any():
        return Alpha(estimate, NO_INTERVAL, metric)
    if np.ptp(drawn[~np.isnan(drawn)]) == 0.0:
        return Alpha(estimate, NO_INTERVAL, metric)
    slant = acceleration(left_one_out, np.array([units]))
    return Alpha(estimate, bca(drawn[~np.isnan(drawn)], estimate, slant, level), metric)


def _resampled(units: int, draws: int, seed: int) -> Iterator[Floats]:
    """Chunks (draws, U): how often each unit is drawn when U are drawn with replacement."""
    rng = np.random.Generator(np.random.PCG64(seed))
    for count in chunks(draws, units * max(1, units // 8)):
        drawn = (rng.random((count, units)) * units).astype(np.intp) + units * np.arange(count)[:, None]
        yield np.bincount(drawn.ravel(), minlength=count * units).reshape(count, units).astype(np.float64)


def _without_one(units: int) -> Iterator[Floats]:
    """Chunks of the (U, U) numbers of times that each unit is there when one is left out."""
    start = 0
    for count in chunks(units, units):
        times = np.ones((count, units))
        times[np.arange(count), start + np.arange(count)] = 0.0
        start += count
        yield times


def _alphas_of(unit: Codes, value: Floats, metric: str) -> Callable[[Floats], Floats]:
    """A function of (B, U) numbers of times that each unit is there, giving (B,) alphas; NaN if all equal.

    alpha = 1 - (N - 1) sum_u w_u D_u / (m_u - 1) / D, with D_u and D the sums of squared differences over
    ordered pairs within units and over all pairs, N the number of values.
    """
    size = np.bincount(unit).astype(np.float64)
    if metric == "interval":
        centred = value - value.mean()
        sums = np.bincount(unit, weights=centred)
        squares = np.bincount(unit, weights=centred**2)
        within = 2.0 * (size * squares - sums**2) / (size - 1.0)
        return lambda times: _alphas(
            times @ size,
            times @ within,
            2.0 * ((times @ size) * (times @ squares) - (times @ sums) ** 2),
        )
    if metric == "ratio":
        between = _between_units(unit, value)
        own = np.diag(between) / (size - 1.0)
        return lambda times: _alphas(times @ size, times @ own, ((times @ between) * times).sum(axis=1))
    codes = np.unique(value, return_inverse=True)[1]
    counts = np.zeros((len(size), int(codes.max()) + 1))
    np.add.at(counts, (unit, codes), 1.0)
    if metric == "ordinal":
        return lambda times: _ordinal_alphas(counts, times)
    other = (size**2 - (counts**2).sum(axis=1)) / (size - 1.0)
    return lambda times: _alphas(
        times @ size, times @ other, (times @ size) ** 2 - ((times @ counts) ** 2).sum(axis=1)
    )


def _alphas(values: Floats, within: Floats, all_pairs: Floats) -> Floats:
    some = all_pairs > DIFFERENT * all_pairs.max(initial=0.0)
    expected = np.where(some, all_pairs, np.nan)
    return np.asarray(1.0 - (values - 1.0) * within / expected)


def _between_units(unit: Codes, value: Floats) -> Floats:
    """(U, U) sums over pairs of values of the squared difference over the squared sum."""
    first = np.searchsorted(unit, np.arange(int(unit.max()) + 1))
    rows = []
    for own in np.split(value, first[1:]):
        total, apart = own[:, None] + value, own[:, None] - value
        ratio = np.divide(apart, total, out=np.zeros_like(total), where=total > 0)
        rows.append(np.add.reduceat((ratio**2).sum(axis=0), first))
    return np.array(rows)


def _ordinal_alphas(counts: Floats, times: Floats) -> Floats:
    """The ordinal metric is the squared difference of mid-ranks, which depend on what was drawn.

    Parameters
    ----------
    counts : (U, V) how often each unit has each value, the values in their order
    """
    size = counts.sum(axis=1)
    number = times @ counts
    rank = np.cumsum(number, axis=1) - 0.5 * number
    rank -= 0.5 * number.sum(axis=1, keepdims=True)
    sums, squares = rank @ counts.T, rank**2 @ counts.T
    within = np.sum(times * 2.0 * (size * squares - sums**2) / (size - 1.0), axis=1)
    total = number.sum(axis=1)
    all_pairs = 2.0 * (total * np.sum(number * rank**2, axis=1) - np.sum(number * rank, axis=1) ** 2)
    return _alphas(total, within, all_pairs)


def one_way_correlation(
    unit: Codes, value: Floats, *, level: float = 0.95
) -> IntraclassCorrelation | NotEstimable:
    """ICC(1): any auditors rated each unit.

    Exact for normal ratings where all units have as many; else with the usual mean number of ratings, and the
    interval is approximate.

    Parameters
    ----------
    unit : (n,) 0 to U - 1
    value : (n,)

    References
    ----------
    Shrout & Fleiss 1979, Psychological Bulletin 86(2), ICC(1,1); McGraw & Wong 1996, Psychological Methods
    1(1); Searle 1971, chapter 11 (unequal numbers).
    """
    size = np.bincount(unit).astype(np.float64)
    total, units = len(value), len(size)
    centred = value - value.mean()
    means = np.bincount(unit, weights=centred) / size
    df = (units - 1, total - units)
    between = float(np.sum(size * means**2)) / df[0]
    within = float(np.sum((centred - means[unit]) ** 2)) / df[1]
    if between + within == 0.0:
        return NotEstimable("ratings_all_equal", {"n": total})
    if within <= DIFFERENT * between:
        return IntraclassCorrelation(1.0, NO_INTERVAL, "1")
    each = (total - float(np.sum(size**2)) / total) / df[0]
    ratio = between / within

    def correlation(quotient: float) -> float:
        return float((quotient - 1.0) / (quotient + each - 1.0))

    tail = (1.0 + level) / 2.0
    low, high = ratio / fdtri(*df, tail), ratio * fdtri(*df[::-1], tail)
    return IntraclassCorrelation(
        correlation(ratio), ConfidenceInterval(correlation(low), correlation(high)), "1"
    )


def absolute_correlation(rating: Floats, *, level: float = 0.95) -> IntraclassCorrelation | NotEstimable:
    """ICC(A,1): the same auditors rated every unit, and constant differences between them count as error.

    Parameters
    ----------
    rating : (U, k) one column per auditor

    References
    ----------
    Shrout & Fleiss 1979, ICC(2,1); McGraw & Wong 1996, Psychological Methods 1(1), table 7 (interval).
    """
    n, k = rating.shape
    centred = rating - rating.mean()
    rows, columns = centred.mean(axis=1), centred.mean(axis=0)
    error = float(np.sum((centred - rows[:, None] - columns) ** 2)) / ((n - 1) * (k - 1))
    of_rows = k * float(rows @ rows) / (n - 1)
    of_columns = n * float(columns @ columns) / (k - 1)
    if of_rows + of_columns + error == 0.0:
        return NotEstimable("ratings_all_equal", {"n": rating.size})
    if error <= DIFFERENT * (of_rows + of_columns):
        return IntraclassCorrelation(of_rows / (of_rows + k * of_columns / n), NO_INTERVAL, "A,1")
    estimate = (of_rows - error) / (of_rows + (k - 1) * error + k * (of_columns - error) / n)
    shared = k * estimate / (n * (1.0 - estimate))
    own = 1.0 + shared * (n - 1)
    df = (shared * of_columns + own * error) ** 2 / (
        (shared * of_columns) ** 2 / (k - 1) + (own * error) ** 2 / ((n - 1) * (k - 1))
    )
    tail = (1.0 + level) / 2.0
    other = k * of_columns + (k * n - k - n) * error
    upper, lower = fdtri(n - 1, df, tail), fdtri(df, n - 1, tail)
    low = n * (of_rows - upper * error) / (upper * other + n * of_rows)
    high = n * (lower * of_rows - error) / (other + n * lower * of_rows)
    return IntraclassCorrelation(estimate, ConfidenceInterval(float(low), float(high)), "A,1")


def _absolute(found: DoubleVisits, value: Floats, level: float) -> IntraclassCorrelation | NotEstimable:
    if found.auditor is None:
        return NotEstimable("auditors_unknown")
    auditors = np.unique(found.auditor)
    if len(found.row) != found.units * len(auditors):
        return NotEstimable("auditors_not_the_same", {"n": len(auditors)})
    order = np.lexsort((found.auditor, found.unit))
    return absolute_correlation(value[order].reshape(found.units, len(auditors)), level=level)


def _numbered(keys: list[NDArray[np.integer]]) -> Codes:
    """(n,) 0, 1, ... for each distinct combination of keys."""
    if not len(keys[0]):
        return np.zeros(0, dtype=np.intp)
    return np.unique(np.column_stack(keys), axis=0, return_inverse=True)[1].reshape(-1).astype(np.intp)


def _metric(recorded: Floats, plan: AnalysisPlan) -> str:
    if plan.measure.values == "log":
        return "ratio"
    return "nominal" if plan.kind == "proportion" and np.isin(recorded, (0.0, 1.0)).all() else "interval"


def _apart(a: Floats, b: Floats) -> Floats:
    return np.abs(a - b)


def _mean_difference(
    unit: Codes, value: Floats, distance: Callable[[Floats, Floats], Floats] = _apart
) -> float:
    """Mean over units of the mean distance of their pairs."""
    parts = np.split(value, np.flatnonzero(np.diff(unit)) + 1)
    return float(np.mean([distance(own[:, None], own).sum() / (len(own) * (len(own) - 1)) for own in parts]))
