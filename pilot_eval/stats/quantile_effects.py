"""What training does to the median and to the slow end of single values, and to the share within a target."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import AFTER, Observations
from pilot_eval.domain.outcomes import Better
from pilot_eval.stats.cells import observed_cells
from pilot_eval.stats.contrasts import Effect, estimate_effect
from pilot_eval.stats.flow import Flow, in_either_period
from pilot_eval.stats.models import panel_of
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.quantiles import ArmQuantiles, Clusters, arm_quantiles, percentile_interval
from pilot_eval.stats.relative import NO_BASE
from pilot_eval.stats.results import ConfidenceInterval, Estimate, NotEstimable

Floats = NDArray[np.float64]

PROBABILITIES = (0.5, 0.9)


@dataclass(frozen=True, slots=True)
class Change:
    """A number and its interval; an end is None where resamples do not reach it."""

    estimate: float
    interval: ConfidenceInterval


@dataclass(frozen=True, slots=True)
class QuantileEffect:
    """One quantile of all values, by arm and period.

    Parameters
    ----------
    probability : 0.5 is the median
    seen : (2, 2) rows comparison (NaN without), trained; columns before, after
    change : trained after less what was to be expected without training, in the unit of the values; what was
        to be expected is T0 C1/C0 of durations, else T0 + C1 - C0
    uplift : the same in per cent of the expected, signed so that plus is better (speed of durations); None
        where there is nothing to compare with
    beyond : rows of the arm and period with the fewest that lie beyond the quantile
    """

    probability: float
    seen: Floats
    change: Change | NotEstimable
    uplift: Change | None
    beyond: int


@dataclass(frozen=True, slots=True)
class TargetEffect:
    """Share of values within a target.

    Parameters
    ----------
    target : seconds
    effect : on branch shares in percentage points, by CR2
    """

    target: float
    effect: Effect | NotEstimable


def quantile_effects(
    observations: Observations,
    flow: Flow,
    plan: AnalysisPlan,
    probabilities: tuple[float, ...] = PROBABILITIES,
) -> tuple[QuantileEffect, ...]:
    """Effects on quantiles of the rows behind an effect of two periods, with percentile intervals.

    Parameters
    ----------
    observations, flow : rows, and the branches that are used
    plan : weights, level, draws, seed; which direction is better
    probabilities : of the quantiles
    """
    rows = in_either_period(observations) & flow.used[observations.branch]
    used = _in_canonical_order(observations, flow)
    after = observations.period[rows] == AFTER
    cells = 2 * observations.trained[observations.branch[rows]] + after
    fewest = int(np.unique(cells, return_counts=True)[1].min())
    place = np.empty(len(flow.used), dtype=np.intp)
    place[used] = np.arange(len(used))
    found = arm_quantiles(
        place[observations.branch[rows]],
        after,
        observations.value[rows],
        _clusters(observations, used, plan),
        probabilities,
        draws=plan.draws,
        seed=plan.seed,
    )
    return tuple(_effect(found, plan, k, p, round(fewest * (1.0 - p))) for k, p in enumerate(probabilities))


def target_effect(observations: Observations, flow: Flow, plan: AnalysisPlan, target: float) -> TargetEffect:
    """Effect on the share of values of at most `target`, branches weighing as the plan says."""
    value = observations.value
    within = np.where(np.isnan(value), np.nan, (value <= target).astype(np.float64))
    panel = panel_of(replace(observations, value=within), flow, plan, "percent")
    return TargetEffect(target, estimate_effect(panel))


def typical_seconds(effect: Estimate, means: Floats, confidence_level: float) -> Change:
    """What a log ratio of times makes of the typical time before training, in seconds.

    Parameters
    ----------
    effect : log ratio
    means : (2, 2) geometric means; the trained branches' before is the typical time, taken as known
    """
    base = float(means[1, 0])
    interval = effect.confidence_interval(confidence_level)
    return Change(base * math.expm1(effect.estimate), interval.rising(lambda b: base * math.expm1(b)))


def _in_canonical_order(observations: Observations, flow: Flow) -> NDArray[np.intp]:
    """Positions of the used branches in an order that their names do not decide."""
    used = np.flatnonzero(flow.used)
    cells = observed_cells(observations).take(used)
    numbers = (cells.squares, cells.n, cells.mean)
    return used[np.lexsort([column for number in numbers for column in number.T])]


def _clusters(observations: Observations, used: NDArray[np.intp], plan: AnalysisPlan) -> Clusters:
    """Those branches with their groups, weighing as they do in the effect."""
    trained = observations.trained[used]
    strata = observations.stratum
    stratum = np.zeros(len(used), dtype=np.intp) if strata is None else strata.codes[used]
    group = np.unique(2 * stratum + trained, return_inverse=True)[1].astype(np.intp)
    if plan.weights == "observation":
        return Clusters(group, trained, None)
    size = np.bincount(group)[group]
    both = np.bincount(stratum)[stratum]
    # As in the regression on stratum dummies: n p (1 - p) for a stratum; without strata 1 / n up to a factor.
    return Clusters(group, trained, np.where(both > size, (both - size) / both, 1.0))


def _effect(
    found: ArmQuantiles, plan: AnalysisPlan, k: int, probability: float, beyond: int
) -> QuantileEffect:
    seen, drawn = found.seen[:, :, k], found.drawn[:, :, :, k]
    expected, resampled = _expected(plan, seen[None]), _expected(plan, drawn)
    if not np.isfinite(expected[0]):
        return QuantileEffect(probability, seen, NotEstimable("zero_quantile"), None, beyond)
    change = Change(
        float(seen[1, 1] - expected[0]), percentile_interval(drawn[:, 1, 1] - resampled, plan.level)
    )
    per_cent = _per_cent(plan, seen[None], expected)[0]
    if not np.isfinite(per_cent):
        return QuantileEffect(probability, seen, change, None, beyond)
    uplift = Change(float(per_cent), percentile_interval(_per_cent(plan, drawn, resampled), plan.level))
    return QuantileEffect(probability, seen, change, uplift, beyond)


def _expected(plan: AnalysisPlan, arms: Floats) -> Floats:
    """(n,) quantile to be expected of the trained branches without training; inf where it has no meaning."""
    if not plan.with_comparison:
        return np.asarray(arms[:, 1, 0])
    if plan.kind != "duration":
        return np.asarray(arms[:, 1, 0] + arms[:, 0, 1] - arms[:, 0, 0])
    none = arms[:, 0, 0] <= 0.0
    ratio = np.where(none, np.inf, arms[:, 0, 1] / np.where(none, 1.0, arms[:, 0, 0]))
    return np.asarray(np.where(none, np.inf, arms[:, 1, 0] * np.where(none, 1.0, ratio)))


def _per_cent(plan: AnalysisPlan, arms: Floats, expected: Floats) -> Floats:
    """(n,) change in per cent, plus being better; +-inf where there is nothing to compare with."""
    after = arms[:, 1, 1]
    none = ~np.isfinite(expected) | (expected <= NO_BASE * np.abs(arms[:, 1]).max(axis=1))
    share = np.where(none, np.copysign(np.inf, after - expected), after / np.where(none, 1.0, expected) - 1.0)
    if plan.kind == "duration" and plan.direction is Better.LOWER:
        gone = share <= -1.0
        speed = np.where(gone, np.inf, 1.0 / (1.0 + np.where(gone, 0.0, share)) - 1.0)
        return np.asarray(100.0 * np.where(none, -share, speed))
    return np.asarray(100.0 * plan.sign * share)
