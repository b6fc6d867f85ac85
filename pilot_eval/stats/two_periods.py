"""Two periods: branches before and after, trained ones alone or against comparison branches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.analysis import Analysis, agreement
from pilot_eval.stats.bootstrap import wild_cluster_bootstrap
from pilot_eval.stats.cells import observed_cells
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.flow import Flow, in_either_period
from pilot_eval.stats.inversion import TestOfEffect
from pilot_eval.stats.permutation import permutation_test
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.ranks import wilcoxon_signed_rank
from pilot_eval.stats.relative import speed_of_log_ratio, speed_of_means, uplift_of_means
from pilot_eval.stats.results import Caution, NotEstimable

FEW_BRANCHES = 6  # in the smaller arm: below, the degrees of freedom are small and lean on equal spread
ZERO_SHARE = 0.05  # of recorded durations; above, half seconds would decide a mean of logarithms


def analyse(observations: Observations, plan: AnalysisPlan) -> Analysis:
    """Analyse one outcome of branches seen before and after.

    Parameters
    ----------
    observations : of the outcome
    plan : what is asked

    Returns
    -------
    Analysis
        With `effect` a NotEstimable where the data cannot answer.
    """
    flow = Flow.of(observations, with_comparison=plan.with_comparison)
    started = Analysis(plan, flow, NotEstimable("few_branches"), cautions=_cautions(observations, flow, plan))
    lacking = _lacking_arm(started)
    if lacking is not None:
        return replace(started, effect=lacking)
    if plan.measure.scale == "log_ratio" and _zero_share(observations, flow) > ZERO_SHARE:
        return _of_mean_times(observations, started)
    panel = panel_of(observations, flow, plan, plan.measure.values)
    effect = estimate_effect(panel)
    if isinstance(effect, NotEstimable):
        return replace(started, effect=effect)
    tests = _robustness(plan, panel, effect)
    numbers = replace(
        _with_relative(started, panel, effect),
        effect=effect,
        interval=effect.confidence_interval(plan.level),
        robustness=tests,
        agreement=agreement(plan, effect, tests),
    )
    return replace(numbers, cautions=numbers.cautions + _cautions_of_effect(observations, numbers, effect))


def panel_of(observations: Observations, flow: Flow, plan: AnalysisPlan, scale: str) -> Panel:
    """The branches behind the effect, in canonical order.

    Parameters
    ----------
    scale : value, percent or log, as of `observed_cells`
    """
    cells = observed_cells(observations, scale).take(flow.used)
    strata = observations.stratum
    return Panel.of(
        cells,
        observations.trained[flow.used],
        by_rows=plan.weights == "observation",
        stratum=None if strata is None else strata.codes[flow.used],
    )


def _lacking_arm(analysis: Analysis) -> NotEstimable | None:
    arms = {"trained": analysis.flow.trained}
    if analysis.plan.with_comparison:
        arms["comparison"] = analysis.flow.comparison
    for arm, n in arms.items():
        if n < 2:
            return NotEstimable("few_branches", {"arm": arm, "n": n, "need": 2})
    return None


def _with_relative(analysis: Analysis, panel: Panel, effect: Effect) -> Analysis:
    if analysis.plan.measure.scale == "log_ratio":
        uplift, speed = speed_of_log_ratio(analysis.plan, effect)
        return replace(analysis, means=np.exp(effect.means), uplift=uplift, speed=speed)
    return replace(analysis, means=effect.means, uplift=uplift_of_means(analysis.plan, panel, effect))


def _of_mean_times(observations: Observations, started: Analysis) -> Analysis:
    """Durations with many zeros: no log effect; the ratio of arithmetic means by Fieller is the answer."""
    plan, flow = started.plan, started.flow
    panel = panel_of(observations, flow, plan, "value")
    effect = estimate_effect(panel)
    if isinstance(effect, NotEstimable):
        return replace(started, effect=effect)
    zeros = 100.0 * _zero_share(observations, flow)
    uplift, speed = speed_of_means(plan, panel, effect)
    reason = NotEstimable("too_many_zeros", {"share": zeros, "limit": 100.0 * ZERO_SHARE})
    numbers = replace(started, effect=reason, means=effect.means, uplift=uplift, speed=speed)
    return replace(numbers, cautions=numbers.cautions + _cautions_of_effect(observations, numbers, effect))


def _robustness(plan: AnalysisPlan, panel: Panel, effect: Effect) -> tuple[TestOfEffect, ...]:
    bootstrap = wild_cluster_bootstrap(
        panel, effect, draws=plan.draws, seed=plan.seed, confidence_level=plan.level
    )
    if plan.with_comparison:
        permutation = permutation_test(
            panel, effect, draws=plan.draws, seed=plan.seed, confidence_level=plan.level
        )
        return bootstrap, permutation
    ranks = wilcoxon_signed_rank(
        panel.change, standard_error=effect.standard_error, confidence_level=plan.level
    )
    return bootstrap, ranks


def _zero_share(observations: Observations, flow: Flow) -> float:
    return float(np.mean(observations.value[_rows_used(observations, flow)] == 0.0))


def _rows_used(observations: Observations, flow: Flow) -> NDArray[np.bool_]:
    return in_either_period(observations) & flow.used[observations.branch]


def _cautions(observations: Observations, flow: Flow, plan: AnalysisPlan) -> tuple[Caution, ...]:
    """What is known before anything is estimated."""
    unpaired = len(flow.unpaired_trained) + len(flow.unpaired_comparison)
    ignored = 0 if plan.with_comparison else int(np.sum(~observations.trained))
    zeros = 0
    if plan.measure.scale == "log_ratio":
        zeros = int(np.sum(observations.value[_rows_used(observations, flow)] == 0.0))
    found = (
        ("no_comparison_group", int(not plan.with_comparison)),
        ("comparison_left_out", ignored),
        ("unpaired_branches", unpaired),
        ("strata_without_both_arms", flow.one_armed),
        ("missing_values", sum(flow.missing.values())),
        ("during_left_out", flow.during),
        ("zero_durations", zeros),
    )
    return tuple(Caution(code, {"n": n}) for code, n in found if n)


def _cautions_of_effect(observations: Observations, numbers: Analysis, effect: Effect) -> tuple[Caution, ...]:
    found = []
    if numbers.smaller_arm < FEW_BRANCHES:
        found.append(Caution("few_branches", {"n": numbers.smaller_arm, "df": effect.df}))
    if _weights_disagree(observations, numbers, effect):
        found.append(Caution("weights_disagree"))
    if numbers.uplift is not None and numbers.uplift.estimate is None:
        found.append(Caution("uplift_without_base"))
    elif numbers.uplift is not None and not numbers.uplift.interval.bounded:
        found.append(Caution("uplift_unbounded"))
    return tuple(found)


def _weights_disagree(observations: Observations, numbers: Analysis, effect: Effect) -> bool:
    """Whether counting rows instead of branches, or the reverse, would turn the direction round."""
    if observations.stratum is not None:
        return False
    plan = numbers.plan
    other = replace(plan, weights="branch" if plan.weights == "observation" else "observation")
    scale = plan.measure.values if numbers.interval is not None else "value"
    second = estimate_effect(panel_of(observations, numbers.flow, other, scale))
    return not isinstance(second, NotEstimable) and second.estimate * effect.estimate < 0.0
