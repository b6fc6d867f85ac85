"""Branches trained at different dates: the design `staggered`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.analysis import Analysis, agreement
from pilot_eval.stats.branch_periods import BranchPeriods, branch_periods, skipped_periods
from pilot_eval.stats.cohort_permutation import can_permute, cohort_permutation
from pilot_eval.stats.cohorts import (
    FEWEST,
    SUMMARIES,
    CohortEffects,
    Summary,
    cohort_effects,
    cohorts_of,
    effect_of_cohort,
    overall_effect,
    summarise,
    weights_of_means,
    without_always_trained,
    without_spread,
)
from pilot_eval.stats.fieller import ratio
from pilot_eval.stats.flow import Flow, cells_missing
from pilot_eval.stats.inversion import TestOfEffect
from pilot_eval.stats.multiplier import multiplier_bootstrap
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.relative import NO_BASE, Uplift, speed_of_log_ratio
from pilot_eval.stats.results import NO_INTERVAL, Caution, Estimate, NotEstimable
from pilot_eval.stats.student import two_sided_quantile
from pilot_eval.stats.two_periods import ZERO_SHARE
from pilot_eval.stats.wedge_regression import Contrast, Wedge, two_way_fit

Floats = NDArray[np.float64]

FEW_DF = 10.0  # those of six against six branches; below, the interval leans on branches varying alike


@dataclass(frozen=True, slots=True)
class _Numbers:
    """What the document and the cautions are made of."""

    observations: Observations
    plan: AnalysisPlan
    whole: BranchPeriods
    effects: CohortEffects
    summary: Summary
    two_way: Contrast | None


def analyse(observations: Observations, plan: AnalysisPlan) -> Analysis:
    """Analyse one outcome of branches trained at different dates.

    The effect is the mean over cohorts, by their size, of each cohort's mean effect over its trained periods.
    Its p-value and interval are those of Student's t with the variance within cohorts.

    Parameters
    ----------
    observations : with dates and days of training
    plan : what is asked

    Returns
    -------
    Analysis
        With `effect` a NotEstimable where the data cannot answer.
    """
    whole = branch_periods(observations, time_unit=plan.time_unit, scale=plan.measure.values)
    effects = cohort_effects(without_always_trained(whole))
    summary = overall_effect(effects)
    zeros = _zero_share(observations, plan)
    if zeros > ZERO_SHARE:
        summary = NotEstimable(
            "too_many_zeros_by_period", {"share": 100.0 * zeros, "limit": 100.0 * ZERO_SHARE}
        )
    elif not isinstance(summary, NotEstimable):
        summary = without_spread(effects, summary) or summary
    if isinstance(summary, NotEstimable):
        return Analysis(
            plan, _flow(observations, effects, None), summary, cautions=_counted(observations, plan, whole)
        )
    numbers = _Numbers(observations, plan, whole, effects, summary, _two_way(effects.panel))
    tests = _robustness(plan, effects, summary)
    answered = Analysis(
        plan,
        _flow(observations, effects, summary),
        summary,
        interval=summary.confidence_interval(plan.level),
        robustness=tests,
        agreement=agreement(plan, summary, tests),
        extra=_extra(numbers),
    )
    answered = _with_relative(answered, numbers)
    found = (*_counted(observations, plan, whole), *_cautions(numbers), *_of_uplift(answered.uplift))
    return replace(answered, cautions=found)


def _zero_share(observations: Observations, plan: AnalysisPlan) -> float:
    if plan.measure.scale != "log_ratio":
        return 0.0
    value = observations.value[~np.isnan(observations.value)]
    return float(np.mean(value == 0.0)) if len(value) else 0.0


def _robustness(plan: AnalysisPlan, effects: CohortEffects, summary: Summary) -> tuple[TestOfEffect, ...]:
    drawn = multiplier_bootstrap(summary, draws=plan.draws, seed=plan.seed, confidence_level=plan.level)
    if not can_permute(effects, plan.draws):
        return (drawn,)
    permuted = cohort_permutation(
        effects, summary, draws=plan.draws, seed=plan.seed, confidence_level=plan.level
    )
    return drawn, permuted


def _two_way(panel: BranchPeriods) -> Contrast | None:
    """The two-way fixed effects regression: shown, never the answer, as it compares trained with trained.

    Its sign may be the opposite of every effect it is made of (Goodman-Bacon 2021, Journal of Econometrics
    225(2)).
    """
    wedge = Wedge(panel.mean, panel.start)
    fit = two_way_fit(wedge, wedge.exposed[None].astype(np.float64))
    return None if fit is None else fit.contrast(np.ones(1))


def _flow(observations: Observations, effects: CohortEffects, summary: Summary | None) -> Flow:
    """What was used: branches and rows with a weight in the effect."""
    panel = effects.panel
    weights = np.zeros(panel.mean.shape) if summary is None else weights_of_means(effects, summary.weight)
    taking_part = weights.any(axis=1)
    shown = effects.cohort[:0] if summary is None else effects.cohort[summary.weight != 0.0]
    treated = taking_part & np.isin(panel.start, shown)
    used = np.zeros(len(observations.branches), dtype=np.bool_)
    used[panel.place] = taking_part
    idle = np.zeros_like(used)  # branches trained from the first period on are counted by themselves
    if summary is not None:
        idle[panel.place] = ~taking_part
    names = np.array(observations.branches, dtype=object)
    return Flow(
        rows=observations.rows,
        rows_used=int(panel.n[weights != 0.0].sum()),
        during=0,
        missing=dict(observations.missing),
        trained=int(treated.sum()),
        comparison=int((taking_part & ~treated).sum()),
        unpaired_trained=tuple(names[idle & observations.trained]),
        unpaired_comparison=tuple(names[idle & ~observations.trained]),
        one_armed=0,
        digest=observations.digest,
        used=used,
    )


def _with_relative(answered: Analysis, numbers: _Numbers) -> Analysis:
    plan, summary = numbers.plan, numbers.summary
    means = np.tensordot(summary.weight, numbers.effects.means, axes=1)
    if plan.measure.scale == "log_ratio":
        uplift, speed = speed_of_log_ratio(plan, summary)
        return replace(answered, means=np.exp(means), uplift=uplift, speed=speed)
    return replace(answered, means=means, uplift=uplift_of_cohorts(plan, numbers.effects, summary))


def uplift_of_cohorts(plan: AnalysisPlan, effects: CohortEffects, summary: Summary) -> Uplift:
    """Effect over what the trained would have had without training, with Fieller's interval."""
    means = np.tensordot(summary.weight, effects.means, axes=1)
    mean = float(means[1, 1]) - summary.estimate
    if mean <= NO_BASE * float(np.abs(means).max()):
        return Uplift(None, NO_INTERVAL, "fieller")
    parts = np.vstack([summary.influence, summary.weight @ effects.counterfactual])
    share = ratio(summary.estimate, mean, parts @ parts.T, two_sided_quantile(plan.level, summary.df))
    factor = 100.0 * plan.sign
    return Uplift(factor * share.estimate, share.interval.scaled(factor), "fieller")


def _counted(observations: Observations, plan: AnalysisPlan, whole: BranchPeriods) -> tuple[Caution, ...]:
    """What is known before anything is estimated."""
    zeros = 0
    if plan.measure.scale == "log_ratio":
        zeros = int(np.sum(observations.value == 0.0))
    found = (
        ("always_trained", int(np.sum(whole.start == 0))),
        ("rows_before_training_in_its_period", whole.split),
        ("skipped_periods", skipped_periods(whole.first_day, plan.time_unit)),
        ("missing_values", cells_missing(observations)),
        ("zero_durations", zeros),
    )
    return tuple(Caution(code, {"n": n}) for code, n in found if n)


def _cautions(numbers: _Numbers) -> tuple[Caution, ...]:
    """What the numbers themselves call for."""
    effects, summary = numbers.effects, numbers.summary
    panel = effects.panel
    part = weights_of_means(effects, summary.weight).any(axis=1)
    found = []
    late = panel.start[panel.start < panel.periods]
    if not np.any(panel.start >= panel.periods):
        found.append(Caution("last_cohort_is_comparison", {"n": int(np.sum(panel.start == late.max()))}))
    idle = int(np.sum(~part))
    if idle:
        found.append(Caution("branches_without_part", {"n": idle}))
    lacking = sum(period >= cohort for cohort, period, _, _ in effects.lacking)
    if lacking:
        found.append(Caution("cells_without_effect", {"n": lacking, "need": FEWEST}))
    gaps = int(np.sum((panel.n[part] == 0).any(axis=1)))
    if gaps:
        found.append(Caution("branches_missing_periods", {"n": gaps}))
    if summary.df < FEW_DF:
        shown = effects.cohort[summary.weight != 0.0]
        smallest = min(int(np.sum(panel.start == cohort)) for cohort in shown)
        found.append(Caution("few_branches_in_cohorts", {"n": smallest, "df": summary.df}))
    if not can_permute(effects, numbers.plan.draws):
        found.append(Caution("dates_not_permuted"))
    if numbers.two_way is not None and numbers.two_way.estimate * summary.estimate < 0.0:
        found.append(Caution("two_way_opposite"))
    return tuple(found)


def _of_uplift(uplift: Uplift | None) -> tuple[Caution, ...]:
    if uplift is None or (uplift.estimate is not None and uplift.interval.bounded):
        return ()
    return (Caution("uplift_without_base" if uplift.estimate is None else "uplift_unbounded"),)


def _extra(numbers: _Numbers) -> Mapping[str, Any]:
    """Further fields of the document."""
    panel, level = numbers.effects.panel, numbers.plan.level
    days = [str(day) for day in panel.first_day]
    return {
        "periods": days,
        "cohorts": [_cohort(numbers, cohort, days) for cohort in cohorts_of(panel)],
        "att": _cells(numbers, days),
        "aggregations": {
            name: _told(numbers.effects, overall_effect(numbers.effects, name), level) for name in SUMMARIES
        },
        "two_way_fixed_effects": None if numbers.two_way is None else _test(numbers.two_way, level),
    }


def _cohort(numbers: _Numbers, cohort: int, days: list[str]) -> dict[str, Any]:
    panel = numbers.effects.panel
    own = panel.start == cohort
    trained_on = numbers.observations.trained_on
    effect = effect_of_cohort(numbers.effects, cohort)
    first = None if trained_on is None else str(trained_on[panel.place[own]].min())
    return {
        "trained_on": first,
        "period": days[cohort],
        "branches": int(own.sum()),
        "effect": _told(numbers.effects, effect, numbers.plan.level),
    }


def _cells(numbers: _Numbers, days: list[str]) -> list[dict[str, Any]]:
    """Every cell, those without an effect among them, by cohort and period."""
    effects, level = numbers.effects, numbers.plan.level
    found = []
    for k, weight in enumerate(np.eye(len(effects.cohort))):
        key = (int(effects.cohort[k]), int(effects.period[k]))
        counts = (int(effects.trained[k]), int(effects.comparison[k]))
        found.append((key, counts, _told(effects, summarise(effects, weight), level)))
    found += [((cohort, period), (n, m), None) for cohort, period, n, m in effects.lacking]
    return [
        {
            "cohort": days[cohort],
            "period": days[period],
            "event_time": period - cohort,
            "trained": n,
            "comparison": m,
            "effect": effect,
        }
        for (cohort, period), (n, m), effect in sorted(found, key=lambda cell: cell[0])
    ]


def _told(effects: CohortEffects, summary: Summary | NotEstimable, level: float) -> dict[str, Any] | None:
    """A summary as plain types; None where there is none or nothing varies."""
    if isinstance(summary, NotEstimable) or without_spread(effects, summary) is not None:
        return None
    return {**_test(summary, level), "analytic_standard_error": summary.analytic_standard_error}


def _test(found: Estimate, level: float) -> dict[str, Any]:
    ends = found.confidence_interval(level)
    return {
        "estimate": found.estimate,
        "standard_error": found.standard_error,
        "df": found.df,
        "confidence_interval": [ends.low, ends.high],
        "pvalue": found.pvalue,
        "method": found.method,
    }
