"""A stepped wedge: branches cross from untrained to trained one after another, in periods of dates.

The effect is the coefficient of "trained" beside fixed branch and period effects, by least squares on
branch-period means that count once each. Its p-value and interval come from the permutation of the crossing
dates over branches; CR2 and the mixed model of Hussey and Hughes stand beside it.

References
----------
Hussey & Hughes 2007, Contemporary Clinical Trials 28(2); Wang & De Gruttola 2017, Statistics in Medicine
36(18); Hughes, Heagerty, Xia & Ren 2020, Biometrics 76(1).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.analysis import Analysis, agreement
from pilot_eval.stats.branch_periods import BranchPeriods, branch_periods
from pilot_eval.stats.contrasts import SPREAD_LIMIT
from pilot_eval.stats.exposure_time import ExposureTime, exposure_time
from pilot_eval.stats.fieller import ratio
from pilot_eval.stats.flow import Flow, cells_missing
from pilot_eval.stats.hussey_hughes import HusseyHughes, hussey_hughes
from pilot_eval.stats.inversion import TestOfEffect
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.relative import NO_BASE, Uplift, speed_of_log_ratio
from pilot_eval.stats.results import (
    NO_INTERVAL,
    Caution,
    ConfidenceInterval,
    Estimate,
    NotEstimable,
    significance,
)
from pilot_eval.stats.sequence_permutation import PermutedEffect, assignments, sequence_draws
from pilot_eval.stats.two_periods import ZERO_SHARE
from pilot_eval.stats.wedge_regression import Contrast, TwoWayFit, Wedge, two_way_fit

FEWEST_CROSSING = 2  # branches seen before and after their training; with one, chance has no measure
FEW_BRANCHES = 6


def analyse(observations: Observations, plan: AnalysisPlan) -> Analysis:
    """Analyse one outcome of branches that were trained one after another.

    Parameters
    ----------
    observations : of the outcome, with dates and days of training
    plan : what is asked

    Returns
    -------
    Analysis
        With `effect` a NotEstimable where the data cannot answer.
    """
    cells = branch_periods(observations, time_unit=plan.time_unit, scale=plan.measure.values)
    used = cells.take((cells.n > 0).sum(axis=1) >= 2)
    flow = _flow(observations, cells, used)
    wedge = Wedge.of(used.mean, used.start)
    started = Analysis(
        plan,
        flow,
        NotEstimable("few_branches"),
        cautions=_cautions(observations, plan, cells, used),
        extra=_layout(cells, used),
    )
    lacking = _lacking(observations, plan, wedge)
    if lacking is not None:
        return replace(started, effect=lacking)
    fit = two_way_fit(wedge, wedge.exposed[None].astype(np.float64))
    if fit is None:
        return replace(started, effect=NotEstimable("wedge_not_identified"))
    cr2 = fit.contrast(np.ones(1))
    if not cr2.standard_error > SPREAD_LIMIT * float(np.nanmax(np.abs(wedge.mean))) or not cr2.df > 0.0:
        return replace(started, effect=NotEstimable("no_variation", {"n": len(wedge.mean)}))
    effect = PermutedEffect(cr2, sequence_draws(wedge, fit, draws=plan.draws, seed=plan.seed))
    return _told(started, wedge, fit, effect)


def _told(started: Analysis, wedge: Wedge, fit: TwoWayFit, effect: PermutedEffect) -> Analysis:
    plan = started.plan
    interval = effect.confidence_interval(plan.level)
    mixed, times = hussey_hughes(wedge), exposure_time(wedge)
    tests = (_test(plan, effect.cr2),)
    observed = float(np.mean(wedge.mean[wedge.exposed & wedge.seen]))
    numbers = replace(
        started,
        effect=effect,
        interval=interval,
        robustness=tests,
        beside=tuple(one for one in (mixed, None if times is None else times.average) if one is not None),
        unjudged=_unjudged(plan, effect, times),
        agreement=agreement(plan, effect, tests),
        cautions=started.cautions + _cautions_of_effect(plan, wedge, effect, times),
    )
    if plan.measure.scale == "log_ratio":
        uplift, speed = speed_of_log_ratio(plan, effect)
        numbers = replace(numbers, uplift=uplift, speed=speed)
    else:
        numbers = replace(numbers, uplift=uplift_of_wedge(plan, wedge, fit, effect))
    if interval.bounded and numbers.uplift is not None and not numbers.uplift.interval.bounded:
        code = "uplift_without_base" if numbers.uplift.estimate is None else "uplift_unbounded"
        numbers = replace(numbers, cautions=(*numbers.cautions, Caution(code)))
    extra = {
        "exposed_cells": _exposed(plan, observed, effect.estimate),
        "sequence_permutation": _permutation(wedge, effect, interval),
        "hussey_hughes": None if mixed is None else _mixed(plan, mixed),
        "exposure_time": None if times is None else _times(plan, times),
    }
    return replace(numbers, extra={**started.extra, **extra})


def _unjudged(plan: AnalysisPlan, effect: PermutedEffect, times: ExposureTime | None) -> NotEstimable | None:
    """Whether one number would be judged that the effects by time since training do not bear out."""
    if times is None or not times.misleads(effect.estimate, plan.level):
        return None
    return NotEstimable("wedge_one_number_misleads", {"pvalue": times.slope.pvalue})


def uplift_of_wedge(plan: AnalysisPlan, wedge: Wedge, fit: TwoWayFit, effect: PermutedEffect) -> Uplift:
    """Effect over what the trained cells would have been without training, by Fieller's theorem.

    The quantile of each end is the permutation's own, the distance of the effect's end in CR2 standard
    errors, so that the interval holds 0 exactly when the effect's does.
    """
    exposed = wedge.exposed & wedge.seen
    observed = float(np.mean(wedge.mean[exposed]))
    base = observed - effect.estimate
    if not base > NO_BASE * observed > 0.0:
        return Uplift(None, NO_INTERVAL, "fieller")
    own = fit.contributions(np.ones(1))
    left = np.where(exposed, fit.without_periods(wedge), 0.0)
    mean = (left - np.where(exposed, left.sum() / exposed.sum(), 0.0)).sum(axis=1) / exposed.sum()
    branches = int(np.sum(exposed.any(axis=1)))
    parts = np.vstack([own, mean * np.sqrt(branches / (branches - 1)) - own])
    covariance = parts @ parts.T
    ends = effect.confidence_interval(plan.level)

    def end(of_effect: float | None, place: str) -> float | None:
        if of_effect is None or of_effect == 0.0:
            return of_effect
        quantile = abs(effect.estimate - of_effect) / effect.standard_error
        found: float | None = getattr(ratio(effect.estimate, base, covariance, quantile).interval, place)
        return found

    interval = ConfidenceInterval(end(ends.low, "low"), end(ends.high, "high"))
    factor = 100.0 * plan.sign
    return Uplift(factor * effect.estimate / base, interval.scaled(factor), "fieller")


def _flow(observations: Observations, cells: BranchPeriods, used: BranchPeriods) -> Flow:
    names = np.array(observations.branches, dtype=object)
    out = np.isin(cells.place, used.place, invert=True)
    never = cells.start == cells.periods
    chosen = np.zeros(len(names), dtype=np.bool_)
    chosen[used.place] = True
    return Flow(
        rows=observations.rows,
        rows_used=int(used.n.sum()),
        during=0,
        missing=dict(observations.missing),
        trained=int(np.sum(used.start < used.periods)),
        comparison=int(np.sum(used.start == used.periods)),
        unpaired_trained=tuple(sorted(names[cells.place[out & ~never]])),
        unpaired_comparison=tuple(sorted(names[cells.place[out & never]])),
        one_armed=0,
        digest=observations.digest,
        used=chosen,
    )


def _lacking(observations: Observations, plan: AnalysisPlan, wedge: Wedge) -> NotEstimable | None:
    before = (wedge.seen & ~wedge.exposed).any(axis=1)
    crossing = int(np.sum(before & (wedge.seen & wedge.exposed).any(axis=1)))
    if crossing < FEWEST_CROSSING:
        return NotEstimable("few_branches", {"arm": "trained", "n": crossing, "need": FEWEST_CROSSING})
    zeros = _zeros(observations)
    if plan.measure.scale == "log_ratio" and float(np.mean(zeros)) > ZERO_SHARE:
        share = 100.0 * float(np.mean(zeros))
        return NotEstimable("wedge_too_many_zeros", {"share": share, "limit": 100.0 * ZERO_SHARE})
    return None


def _zeros(observations: Observations) -> NDArray[np.bool_]:
    return np.asarray(observations.value[~np.isnan(observations.value)] == 0.0)


def _cautions(
    observations: Observations, plan: AnalysisPlan, cells: BranchPeriods, used: BranchPeriods
) -> tuple[Caution, ...]:
    """What is known before anything is estimated."""
    zeros = int(np.sum(_zeros(observations))) if plan.measure.scale == "log_ratio" else 0
    found = (
        ("wedge_order_not_drawn", int(plan.allocation != "random")),
        ("wedge_branches_left_out", len(cells.place) - len(used.place)),
        ("wedge_trained_from_the_start", int(np.sum(used.start == 0))),
        ("wedge_missing_cells", int(np.sum(used.n == 0))),
        ("wedge_rows_before_training", cells.split),
        ("missing_values", cells_missing(observations)),
        ("zero_durations", zeros),
    )
    return tuple(Caution(code, {"n": n}) for code, n in found if n)


def _cautions_of_effect(
    plan: AnalysisPlan, wedge: Wedge, effect: PermutedEffect, times: ExposureTime | None
) -> tuple[Caution, ...]:
    found = []
    ways = assignments(wedge.crossing)
    alpha = significance(plan.level)
    if ways * alpha < 1.0:
        found.append(Caution("wedge_few_orders", {"n": ways, "pvalue": 1.0 / ways}))
    elif len(wedge.mean) < FEW_BRANCHES:
        found.append(Caution("wedge_few_branches", {"n": len(wedge.mean), "df": effect.df}))
    if times is not None and times.slope.pvalue <= alpha:
        found.append(_changing(plan, times))
    return tuple(found)


def _changing(plan: AnalysisPlan, times: ExposureTime) -> Caution:
    first = times.first.estimate
    last = first + times.last * times.slope.estimate
    values: dict[str, float | int | str] = {"pvalue": times.slope.pvalue, "after": times.last}
    if plan.measure.scale == "log_ratio":
        shares = {"first_share": 100.0 * math.expm1(first), "last_share": 100.0 * math.expm1(last)}
        return Caution("wedge_time_changes", {**values, **shares})
    return Caution("wedge_effect_changes", {**values, "first": first, "last": last})


def _test(plan: AnalysisPlan, estimate: Estimate) -> TestOfEffect:
    return TestOfEffect(
        method=estimate.method,
        statistic=estimate.statistic,
        pvalue=estimate.pvalue,
        interval=estimate.confidence_interval(plan.level),
        enumerated=False,
        draws=0,
    )


def _layout(cells: BranchPeriods, used: BranchPeriods) -> dict[str, Any]:
    """Periods and sequences as they were analysed."""
    days = [str(day) for day in cells.first_day]
    return {
        "periods": days,
        "sequences": [
            {
                "first_trained_period": days[start] if start < len(days) else None,
                "branches": int(np.sum(used.start == start)),
            }
            for start in np.unique(used.start).tolist()
        ],
        "cells": {"seen": int(np.sum(used.n > 0)), "missing": int(np.sum(used.n == 0))},
    }


def _exposed(plan: AnalysisPlan, observed: float, effect: float) -> dict[str, float]:
    """Mean of the trained cells as seen and as expected without training; geometric for durations."""
    tell = math.exp if plan.measure.scale == "log_ratio" else float
    return {"observed": tell(observed), "expected_without_training": tell(observed - effect)}


def _permutation(wedge: Wedge, effect: PermutedEffect, interval: ConfidenceInterval) -> dict[str, Any]:
    return {
        "statistic": effect.estimate / math.sqrt(effect.drawn.variance),
        "orders": assignments(wedge.crossing),
        "enumerated": effect.drawn.enumerated,
        "draws": effect.drawn.count,
        "bounded": interval.bounded,
    }


def _mixed(plan: AnalysisPlan, mixed: HusseyHughes) -> dict[str, Any]:
    return {
        **_contrast(plan, mixed),
        "branch_variance": mixed.branch_variance,
        "residual_variance": mixed.residual_variance,
        "icc": mixed.icc,
    }


def _times(plan: AnalysisPlan, times: ExposureTime) -> dict[str, Any]:
    return {
        "first_period": _contrast(plan, times.first),
        "change_per_period": _contrast(plan, times.slope),
        "average_over_times": None if times.average is None else _contrast(plan, times.average),
        "by_time": [_contrast(plan, one) for one in times.effects],
    }


def _contrast(plan: AnalysisPlan, estimate: Contrast | HusseyHughes) -> dict[str, Any]:
    """One number with its uncertainty; null where a single branch decides it."""
    if not estimate.standard_error > 0.0 or math.isnan(estimate.df):
        return {"estimate": estimate.estimate, "standard_error": None, "df": None, "pvalue": None}
    ends = estimate.confidence_interval(plan.level)
    return {
        "estimate": estimate.estimate,
        "standard_error": estimate.standard_error,
        "df": estimate.df if math.isfinite(estimate.df) else None,
        "pvalue": estimate.pvalue,
        "confidence_interval": [ends.low, ends.high],
    }
