"""Rates of branches before and after: counts with exposure, by the ratio of their pooled rates."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.analysis import Analysis, agreement
from pilot_eval.stats.flow import Flow, in_either_period
from pilot_eval.stats.inversion import TestOfEffect
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.rate_ratio import (
    PERIOD_NAMES,
    RateEffect,
    RatePanel,
    dispersion,
    estimate_rate_ratio,
    estimate_within_branches,
    rates_per,
    too_regular,
)
from pilot_eval.stats.rate_tests import flip_scores, permute_rates
from pilot_eval.stats.relative import uplift_of_log_rate_ratio
from pilot_eval.stats.results import Caution, NotEstimable, significance
from pilot_eval.stats.two_periods import FEW_BRANCHES, cautions_of_data, lacking_arm

EXPOSURE_MOVED = 0.20  # share by which an arm's exposure changed: counts alone would mislead
FEW_ALONE = 30  # trained branches without comparison: of twenty the interval missed no effect in 6.2 %
FEW_DF = 5.0  # with enough branches: the exposure of a few decides


def analyse(observations: Observations, plan: AnalysisPlan) -> Analysis:
    """Analyse counts of branches seen before and after.

    Parameters
    ----------
    observations : of the outcome, with exposures above 0 wherever there is a count
    plan : what is asked

    Returns
    -------
    Analysis
        With `effect` a NotEstimable where the data cannot answer.
    """
    flow = Flow.of(observations, with_comparison=plan.with_comparison)
    cautions = cautions_of_data(observations, flow, plan) + fractions(observations, flow)
    started = Analysis(plan, flow, NotEstimable("few_branches"), cautions=cautions)
    lacking = lacking_arm(started)
    if lacking is not None:
        return replace(started, effect=lacking)
    panel = RatePanel.of(observations, flow.used)
    effect = estimate_rate_ratio(panel)
    if isinstance(effect, NotEstimable):
        return replace(started, effect=effect, extra={"counts": counts(panel)})
    test, within = _test(plan, panel, effect), estimate_within_branches(panel)
    return replace(
        started,
        effect=effect,
        interval=effect.confidence_interval(plan.level),
        means=effect.means,
        uplift=uplift_of_log_rate_ratio(plan, effect),
        robustness=(test,),
        agreement=agreement(plan, effect, (test,)),
        cautions=cautions + _cautions(panel, effect, within, plan.level),
        extra={
            "counts": counts(panel),
            "rates_per": rates_per(effect.means),
            "dispersion": dispersion(panel, effect.means),
            "within_branches": _within(within, plan.level),
        },
    )


def counts(panel: RatePanel) -> dict[str, Any]:
    """Events and exposure of each arm and period: what the pooled rates are made of."""
    events, exposure = panel.pooled(panel.events), panel.pooled(panel.exposure)
    return {
        ("trained" if arm else "comparison"): {
            period: {"events": float(events[int(arm), place]), "exposure": float(exposure[int(arm), place])}
            for place, period in enumerate(PERIOD_NAMES)
        }
        for arm in panel.arms
    }


def _within(within: RateEffect | NotEstimable, level: float) -> dict[str, Any] | None:
    if isinstance(within, NotEstimable):
        return None
    ends = within.confidence_interval(level)
    return {
        "estimate": within.estimate,
        "standard_error": within.standard_error,
        "df": within.df,
        "confidence_interval": [ends.low, ends.high],
        "pvalue": within.pvalue,
        "method": within.method,
    }


def _test(plan: AnalysisPlan, panel: RatePanel, effect: RateEffect) -> TestOfEffect:
    test = permute_rates if plan.with_comparison else flip_scores
    return test(panel, effect, draws=plan.draws, seed=plan.seed, confidence_level=plan.level)


def fractions(observations: Observations, flow: Flow) -> tuple[Caution, ...]:
    """A caution where counts are not whole numbers."""
    value = observations.value[in_either_period(observations) & flow.used[observations.branch]]
    n = int(np.sum(value != np.floor(value)))
    return (Caution("fractional_counts", {"n": n}),) if n else ()


def _disagree(effect: RateEffect, within: RateEffect, level: float) -> bool:
    """Whether the two differ in sign, or in what can be told from no change."""
    alpha = significance(level)
    return within.estimate * effect.estimate < 0.0 or (within.pvalue <= alpha) != (effect.pvalue <= alpha)


def _cautions(
    panel: RatePanel, effect: RateEffect, within: RateEffect | NotEstimable, level: float
) -> tuple[Caution, ...]:
    found = []
    smaller = min(int(np.sum(panel.trained == arm)) for arm in panel.arms)
    if smaller < FEW_BRANCHES:
        found.append(Caution("few_branches", {"n": smaller, "df": effect.df}))
    elif effect.df < FEW_DF:
        share = 100.0 * float(panel.shares().max())
        found.append(Caution("uneven_exposure", {"share": share, "df": effect.df}))
    if len(panel.arms) == 1 and FEW_BRANCHES <= smaller < FEW_ALONE:
        found.append(Caution("few_branches_alone", {"n": smaller}))
    found += _exposure_moved(panel)
    if isinstance(within, RateEffect) and _disagree(effect, within, level):
        found.append(Caution("rate_mix_disagrees", {"change": 100.0 * math.expm1(within.estimate)}))
    if too_regular(dispersion(panel, effect.means), 2 * len(panel.trained) - 2 * len(panel.arms)):
        found.append(Caution("counts_too_regular", {"dispersion": dispersion(panel, effect.means)}))
    return tuple(found)


def _exposure_moved(panel: RatePanel) -> list[Caution]:
    exposure = panel.pooled(panel.exposure)
    found = []
    for arm in panel.arms:
        change = float(exposure[int(arm), 1] / exposure[int(arm), 0]) - 1.0
        if abs(change) > EXPOSURE_MOVED:
            name = "trained" if arm else "comparison"
            found.append(Caution("exposure_changed", {"arm": name, "change": 100.0 * change}))
    return found
