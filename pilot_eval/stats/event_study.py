"""Effects by periods since training: how the effect grows, and whether anything moved before training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilot_eval.stats.cohorts import CohortEffects, effect_at, without_spread
from pilot_eval.stats.multiplier import simultaneous_quantiles
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.student import two_sided_quantile

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EventStudy:
    """Effects at E event times.

    Parameters
    ----------
    event_time : (E,) periods since the first trained one; negative before training
    estimate, standard_error, df : (E,)
    low, high : (E,) pointwise intervals
    band_low, band_high : (E,) intervals that hold together
    cohorts, branches : (E,) behind each estimate; they change along the event times
    confidence_level : of both
    """

    event_time: NDArray[np.intp]
    estimate: Floats
    standard_error: Floats
    df: Floats
    low: Floats
    high: Floats
    band_low: Floats
    band_high: Floats
    cohorts: NDArray[np.intp]
    branches: NDArray[np.intp]
    confidence_level: float


def event_study(
    effects: CohortEffects, *, draws: int, seed: int, confidence_level: float
) -> EventStudy | NotEstimable:
    """Average the effects of cohorts by event time, weighted by the cohorts' sizes.

    Before training each period is compared with the one before it (varying base), unless the effects were
    estimated with a universal base.

    Parameters
    ----------
    effects : of every cohort in every period
    draws, seed : of the multiplier bootstrap behind the simultaneous band
    """
    times = np.unique(effects.event_time)
    found = [(time, effect_at(effects, int(time))) for time in times]
    kept = [(time, one) for time, one in found if without_spread(effects, one) is None]
    if not kept:
        return NotEstimable("no_cohort_to_compare", {"need": 2})
    estimate = np.array([one.estimate for _, one in kept])
    error = np.array([one.standard_error for _, one in kept])
    df = np.array([one.df for _, one in kept])
    point = np.array([two_sided_quantile(confidence_level, one) for one in df])
    together = simultaneous_quantiles(
        np.array([one.influence for _, one in kept]),
        df,
        draws=draws,
        seed=seed,
        confidence_level=confidence_level,
    )
    rows = [effects.event_time == time for time, _ in kept]
    return EventStudy(
        event_time=np.array([time for time, _ in kept]),
        estimate=estimate,
        standard_error=error,
        df=df,
        low=estimate - point * error,
        high=estimate + point * error,
        band_low=estimate - together * error,
        band_high=estimate + together * error,
        cohorts=np.array([int(own.sum()) for own in rows]),
        branches=np.array([int(effects.trained[own].sum()) for own in rows]),
        confidence_level=confidence_level,
    )
