"""The effect in percent: uplift of means by Fieller's theorem, speed from the change of time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.outcomes import Better
from pilot_eval.stats.adjusted import RegressionEffect
from pilot_eval.stats.contrasts import Effect, Panel
from pilot_eval.stats.fieller import ratio
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import NO_INTERVAL, ConfidenceInterval, Estimate
from pilot_eval.stats.student import two_sided_quantile

Floats = NDArray[np.float64]
Share = tuple[float, ConfidenceInterval]

NO_BASE = 1e-12  # of the largest mean: a counterfactual this small is rounding
LARGEST_LOG = 700.0  # exp of more is not a double


@dataclass(frozen=True, slots=True)
class Uplift:
    """A relative effect in percent, signed so that plus is better.

    `estimate` is None where a ratio has no meaning: nothing, or less than nothing, to compare with.
    """

    estimate: float | None
    interval: ConfidenceInterval
    method: str


@dataclass(frozen=True, slots=True)
class Speed:
    """A change of duration in percent, of the time taken and of the speed: 10 % faster is 1/1.10 of the time.

    `interval` is that of the speed.
    """

    time_percent: float
    speed_percent: float
    interval: ConfidenceInterval


def uplift_of_means(plan: AnalysisPlan, panel: Panel, effect: Effect) -> Uplift:
    """Effect over counterfactual mean with Fieller's interval."""
    return _uplift(plan, _share_of_counterfactual(plan, effect, *counterfactual(panel, effect)))


def uplift_of_regression(plan: AnalysisPlan, effect: RegressionEffect) -> Uplift:
    """The same of an effect from a regression."""
    return _uplift(plan, _share_of_counterfactual(plan, effect, effect.counterfactual, effect.covariance))


def uplift_over(
    plan: AnalysisPlan, effect: Estimate, mean: float, covariance: Floats, *, largest: float
) -> Uplift:
    """The same over any counterfactual mean.

    Parameters
    ----------
    mean, covariance : counterfactual, and (2, 2) covariance of the effect and it
    largest : of the means that the effect is a difference of
    """
    return _uplift(plan, _share(plan, effect, mean, covariance, largest))


def _uplift(plan: AnalysisPlan, share: Share | None) -> Uplift:
    if share is None:
        return Uplift(None, NO_INTERVAL, "fieller")
    factor = 100.0 * plan.sign
    return Uplift(factor * share[0], share[1].scaled(factor), "fieller")


def uplift_of_log_rate_ratio(plan: AnalysisPlan, effect: Estimate) -> Uplift:
    """Change of a rate in percent, 100 (rate ratio - 1), signed so that plus is better."""
    change = percent_of_log_ratio(effect.estimate)
    interval = effect.confidence_interval(plan.level).rising(percent_of_log_ratio)
    if change is None:
        return Uplift(None, NO_INTERVAL, "exp")
    return Uplift(plan.sign * change, interval.scaled(plan.sign), "exp")


def speed_of_log_ratio(plan: AnalysisPlan, effect: Estimate) -> tuple[Uplift, Speed | None]:
    """Uplift and speed of a log ratio of times with the exponential of its interval's ends."""
    interval = effect.confidence_interval(plan.level)
    time, speed = percent_of_log_ratio(effect.estimate), percent_of_log_ratio(-effect.estimate)
    if time is None or speed is None:
        return Uplift(None, NO_INTERVAL, "exp"), None
    times = interval.rising(percent_of_log_ratio)
    speeds = interval.falling(lambda b: percent_of_log_ratio(-b))
    return _told_by_direction(plan, "exp", time, speed, times, speeds)


def percent_of_log_ratio(log_ratio: float) -> float | None:
    """Change in percent of a log ratio; None where it is beyond any number."""
    return 100.0 * math.expm1(log_ratio) if log_ratio < LARGEST_LOG else None


def speed_of_means(plan: AnalysisPlan, panel: Panel, effect: Effect) -> tuple[Uplift, Speed | None]:
    """Uplift and speed of arithmetic mean times, from Fieller's interval of their ratio."""
    return _speed(plan, _share_of_counterfactual(plan, effect, *counterfactual(panel, effect)))


def speed_of_regression(plan: AnalysisPlan, effect: RegressionEffect) -> tuple[Uplift, Speed | None]:
    """The same of an effect from a regression."""
    return _speed(plan, _share_of_counterfactual(plan, effect, effect.counterfactual, effect.covariance))


def _speed(plan: AnalysisPlan, share: Share | None) -> tuple[Uplift, Speed | None]:
    if share is None or share[0] <= -1.0:
        return Uplift(None, NO_INTERVAL, "fieller"), None
    speed = share[1].falling(lambda change: None if change <= -1.0 else 100.0 * (1.0 / (1.0 + change) - 1.0))
    time = share[1].scaled(100.0)
    return _told_by_direction(
        plan, "fieller", 100.0 * share[0], 100.0 * (1.0 / (1.0 + share[0]) - 1.0), time, speed
    )


def counterfactual(panel: Panel, effect: Effect) -> tuple[float, Floats]:
    """Mean that the trained branches would have had without training, with its covariance.

    T0 + C1 - C0 with comparison branches, T0 without; covariance (2, 2) of the effect and this mean.
    """
    early = effect.influence[:, 0]
    change = effect.influence[:, 1] - early
    parts = np.vstack([np.where(panel.trained, change, -change), np.where(panel.trained, early, change)])
    mean = float(effect.means[1, 0])
    if len(panel.arms) == 2:
        mean += float(effect.means[0, 1] - effect.means[0, 0])
    return mean, parts @ parts.T


def _share_of_counterfactual(
    plan: AnalysisPlan, effect: Effect | RegressionEffect, mean: float, covariance: Floats
) -> Share | None:
    return _share(plan, effect, mean, covariance, float(np.nanmax(np.abs(effect.means))))


def _share(
    plan: AnalysisPlan, effect: Estimate, mean: float, covariance: Floats, largest: float
) -> Share | None:
    if mean <= NO_BASE * largest:
        return None
    share = ratio(effect.estimate, mean, covariance, two_sided_quantile(plan.level, effect.df))
    return share.estimate, share.interval


def _told_by_direction(
    plan: AnalysisPlan,
    method: str,
    time_percent: float,
    speed_percent: float,
    time: ConfidenceInterval,
    speed: ConfidenceInterval,
) -> tuple[Uplift, Speed]:
    """Speed is the uplift where shorter is better, time where longer is."""
    told = Speed(time_percent, speed_percent, speed)
    if plan.direction is Better.LOWER:
        return Uplift(speed_percent, speed, method), told
    return Uplift(time_percent, time, method), told
