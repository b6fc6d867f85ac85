"""Whether trained and comparison branches moved alike before training, and what it would take to matter.

A pre-test that finds nothing proves nothing: beside its p-value stands its power against a straight drift
that alone would make the effect, and how large a drift the conclusion survives (see `honest`).

References
----------
Roth 2022, American Economic Review: Insights 4(3) (power of pre-tests); Rambachan & Roth 2023, Review of
Economic Studies 90(5); Pustejovsky & Tipton 2018, JBES 36(4)
(approximate Hotelling tests with few clusters).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc, fdtri, ncfdtr, nctdtr

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.branch_periods import branch_periods
from pilot_eval.stats.cohorts import (
    CohortEffects,
    Summary,
    cohort_effects,
    effect_at,
    overall_effect,
    without_always_trained,
    without_spread,
)
from pilot_eval.stats.honest import Drift, breakdown_change, breakdown_ratio
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.student import two_sided_pvalue, two_sided_quantile

Floats = NDArray[np.float64]

JOINT_NEEDS = 4.0  # denominator degrees of freedom below which estimates are tested one by one
PER_ESTIMATE = 5.0  # degrees of freedom for each earlier estimate that `smoothness` may lean on
MOST_BEFORE = 8  # earlier estimates that it leans on at most


@dataclass(frozen=True, slots=True)
class PreTest:
    """Joint test that nothing moved before training.

    Parameters
    ----------
    method : hotelling, or bonferroni with too few branches for the former
    statistic : F, or the largest |t|
    df : of numerator and denominator; 1 and that of t
    pvalue : of all estimates before training together
    power : to find the straight drift that alone would make the effect
    """

    method: str
    statistic: float
    df: tuple[float, float]
    pvalue: float
    power: float


@dataclass(frozen=True, slots=True)
class ParallelTrends:
    """Trends before training, and how much of the conclusion hangs on them.

    Parameters
    ----------
    event_time : (P,) -P-1 ... -2; each estimate is against -1, the last period before training
    estimate, standard_error, df : (P,)
    effect : the mean effect after training against event time -1, whose trends are in question
    test : of the P estimates together
    slope : change per period of the straight drift that alone would make the effect
    breakdown_ratio : drift after training, in multiples of the largest step before it, at which the interval
        of the effect reaches 0; None where no multiple looked at does
    breakdown_change : change of the drift's slope per period at which it does, on the scale of the effect
    confidence_level : of these intervals
    drift : what they are computed from
    """

    event_time: NDArray[np.intp]
    estimate: Floats
    standard_error: Floats
    df: Floats
    effect: Summary
    test: PreTest
    slope: float
    breakdown_ratio: float | None
    breakdown_change: float | None
    confidence_level: float
    drift: Drift = field(repr=False)


def parallel_trends(observations: Observations, plan: AnalysisPlan) -> ParallelTrends | NotEstimable:
    """Look at the periods before training, where rows have dates and branches a day of training.

    Parameters
    ----------
    observations : of a staggered design, or of two arms with one day of training
    plan : of which kind, level and time unit are taken
    """
    if plan.kind == "rate" or observations.censored is not None:
        return NotEstimable("trends_of_means_only")
    if observations.date is None or observations.trained_on is None:
        return NotEstimable("trends_need_dates")
    panel = branch_periods(observations, time_unit=plan.time_unit, scale=plan.measure.values)
    return trends_before(cohort_effects(without_always_trained(panel), universal=True), plan.level)


def trends_before(effects: CohortEffects, confidence_level: float) -> ParallelTrends | NotEstimable:
    """Pre-test, its power and breakdown values of the group-aggregated effect.

    Parameters
    ----------
    effects : with a universal base
    """
    effect = overall_effect(effects)
    if isinstance(effect, NotEstimable):
        return effect
    drift = drift_before(effects)
    if isinstance(drift, NotEstimable):
        return drift
    times = _before(effects)
    slope = effect.estimate / float(drift.post_weight @ (1.0 + np.arange(len(drift.post_weight))))
    return ParallelTrends(
        event_time=times,
        estimate=drift.before,
        standard_error=np.sqrt(np.diag(drift.covariance)[1:]),
        df=np.array([effect_at(effects, int(time)).df for time in times]),
        effect=effect,
        test=pre_test(drift, slope, confidence_level),
        slope=slope,
        breakdown_ratio=breakdown_ratio(drift, confidence_level),
        breakdown_change=breakdown_change(nearest(drift), confidence_level),
        confidence_level=confidence_level,
        drift=drift,
    )


def drift_before(effects: CohortEffects) -> Drift | NotEstimable:
    """The group-aggregated effect with the event study before training.

    Parameters
    ----------
    effects : with a universal base
    """
    effect = overall_effect(effects)
    if isinstance(effect, NotEstimable):
        return effect
    times = _before(effects)
    if not len(times):
        return NotEstimable("few_periods_before", {"need": 2})
    parts = [effect_at(effects, int(time)) for time in times]
    for part in (effect, *parts):
        lacking = without_spread(effects, part)
        if lacking is not None:
            return lacking
    influence = np.vstack([part.influence for part in (effect, *parts)])
    return Drift(
        effect=effect.estimate,
        post_weight=_weight_by_event_time(effects, effect),
        before=np.array([part.estimate for part in parts]),
        covariance=influence @ influence.T,
        df=min(part.df for part in (effect, *parts)),
    )


def pre_test(drift: Drift, slope: float, confidence_level: float) -> PreTest:
    """Test all estimates before training together, with its power against a straight drift.

    Hotelling's T-squared with the smallest degrees of freedom nu of the estimates: (nu - P + 1) / (nu P)
    times W is F(P, nu - P + 1). With too few branches for that, the smallest p-value times P; its power is
    then at least that of the one estimate with the most.

    Parameters
    ----------
    drift : with P estimates before training
    slope : of the drift to find, per period
    """
    count = len(drift.before)
    own = drift.covariance[1:, 1:]
    shift = slope * np.arange(-count, 0.0)
    below = drift.df - count + 1.0
    if below >= JOINT_NEEDS:
        scale = below / (drift.df * count)
        statistic = scale * float(drift.before @ np.linalg.solve(own, drift.before))
        limit = float(fdtri(count, below, confidence_level))
        noncentral = float(shift @ np.linalg.solve(own, shift))
        power = 1.0 - float(ncfdtr(count, below, noncentral, limit))
        return PreTest("hotelling", statistic, (count, below), float(fdtrc(count, below, statistic)), power)
    error = np.sqrt(np.diag(own))
    statistic = float(np.max(np.abs(drift.before) / error))
    limit = two_sided_quantile(1.0 - (1.0 - confidence_level) / count, drift.df)
    far = np.abs(shift) / error
    # scipy has no number where a probability is next to 0
    below_limit, wrong_side = (np.nan_to_num(nctdtr(drift.df, far, side * limit)) for side in (1.0, -1.0))
    power = float(np.max(1.0 - below_limit + wrong_side))
    pvalue = min(1.0, count * two_sided_pvalue(statistic, drift.df))
    return PreTest("bonferroni", statistic, (1.0, drift.df), pvalue, power)


def nearest(drift: Drift) -> Drift:
    """The drift with no more estimates before training than its covariance can be trusted for, the latest "
    "ones."""
    most = int(min(MOST_BEFORE, max(1.0, drift.df // PER_ESTIMATE)))
    if len(drift.before) <= most:
        return drift
    kept = np.append(0, np.arange(len(drift.before) - most, len(drift.before)) + 1)
    return replace(drift, before=drift.before[-most:], covariance=drift.covariance[np.ix_(kept, kept)])


def _before(effects: CohortEffects) -> NDArray[np.intp]:
    """Event times before -1 that have an effect, back from -2 without a gap, growing."""
    there = set(effects.event_time.tolist())
    time = -2
    while time in there:
        time -= 1
    return np.arange(time + 1, -1)


def _weight_by_event_time(effects: CohortEffects, effect: Summary) -> Floats:
    """(E,) weight of event times 0, 1, ... in the effect."""
    post = effects.post
    return np.asarray(np.bincount(effects.event_time[post], weights=effect.weight[post]), dtype=np.float64)
