"""Two periods: branches before and after, trained ones alone or against comparison branches."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.adjusted import RegressionEffect
from pilot_eval.stats.analysis import Analysis, agreement
from pilot_eval.stats.contrasts import Effect
from pilot_eval.stats.flow import Flow, cells_missing, in_either_period
from pilot_eval.stats.mix import MIX_DIFFERS, shares_of
from pilot_eval.stats.models import Estimated, estimated
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.relative import speed_of_log_ratio
from pilot_eval.stats.results import Caution, NotEstimable, significance

FEW_BRANCHES = 6  # in the smaller arm: below, the degrees of freedom are small and lean on equal spread
FEW_DEGREES = (
    4.0  # of freedom: below, CR2's p-values lose their accuracy (Tipton 2015, Psychological Methods)
)
AFFORDABLE = 10_000_000  # doubles that a check beside the effect may hold
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
    observations = _with_covariates(observations)
    flow = Flow.of(observations, with_comparison=plan.with_comparison)
    started = Analysis(
        plan,
        flow,
        NotEstimable("few_branches"),
        cautions=cautions_of_data(observations, flow, plan),
        extra=_adjustment(observations, plan),
    )
    lacking = lacking_arm(started)
    if lacking is not None:
        return replace(started, effect=lacking)
    if plan.measure.scale == "log_ratio" and _zero_share(observations, flow) > ZERO_SHARE:
        return _of_mean_times(observations, started)
    found = estimated(observations, flow, plan, plan.measure.values)
    if isinstance(found, NotEstimable):
        return replace(started, effect=found)
    effect = found.effect
    tests = found.tests(plan)
    numbers = replace(
        _with_relative(started, found),
        effect=effect,
        interval=effect.confidence_interval(plan.level),
        robustness=tests,
        agreement=agreement(plan, effect, tests),
    )
    return replace(numbers, cautions=numbers.cautions + _cautions_of_effect(observations, numbers, effect))


def _with_covariates(observations: Observations) -> Observations:
    """Rows that lack a covariate lose their value: they are left out as any row without one."""
    if observations.covariates is None:
        return observations
    lacking = np.isnan(observations.covariates.values).any(axis=1)
    return replace(observations, value=np.where(lacking, np.nan, observations.value))


def _adjustment(observations: Observations, plan: AnalysisPlan) -> dict[str, Any]:
    """Fields of the document that say what the effect is adjusted for, where it is."""
    told: dict[str, Any] = {} if plan.estimator == "change" else {"estimator": plan.estimator}
    if observations.covariates is not None:
        told["covariates"] = list(observations.covariates.names)
    return told


def lacking_arm(analysis: Analysis) -> NotEstimable | None:
    """Which arm has fewer than two branches."""
    arms = {"trained": analysis.flow.trained}
    if analysis.plan.with_comparison:
        arms["comparison"] = analysis.flow.comparison
    for arm, n in arms.items():
        if n < 2:
            return NotEstimable("few_branches", {"arm": arm, "n": n, "need": 2})
    return None


def _with_relative(analysis: Analysis, found: Estimated) -> Analysis:
    analysis, effect = _with_slopes(analysis, found), found.effect
    if analysis.plan.measure.scale == "log_ratio":
        uplift, speed = speed_of_log_ratio(analysis.plan, effect)
        return replace(analysis, means=np.exp(effect.means), uplift=uplift, speed=speed)
    return replace(analysis, means=effect.means, uplift=found.uplift(analysis.plan))


def _with_slopes(analysis: Analysis, found: Estimated) -> Analysis:
    """What a unit of each covariate, and of the level before, adds: field `slopes`."""
    slopes = found.slopes()
    if not slopes:
        return analysis
    names = iter(analysis.extra.get("covariates", ()))
    told = [
        {"of": "before" if slope.enters == "before" else next(names), **asdict(slope)} for slope in slopes
    ]
    return replace(analysis, extra={**analysis.extra, "slopes": told})


def _of_mean_times(observations: Observations, started: Analysis) -> Analysis:
    """Durations with many zeros: no log effect; the ratio of arithmetic means by Fieller is the answer."""
    plan, flow = started.plan, started.flow
    found = estimated(observations, flow, plan, "value")
    if isinstance(found, NotEstimable):
        return replace(started, effect=found)
    zeros = 100.0 * _zero_share(observations, flow)
    uplift, speed = found.speed(plan)
    reason = NotEstimable("too_many_zeros", {"share": zeros, "limit": 100.0 * ZERO_SHARE})
    started = _with_slopes(started, found)
    numbers = replace(started, effect=reason, means=found.effect.means, uplift=uplift, speed=speed)
    return replace(
        numbers, cautions=numbers.cautions + _cautions_of_effect(observations, numbers, found.effect)
    )


def _zero_share(observations: Observations, flow: Flow) -> float:
    return float(np.mean(observations.value[_rows_used(observations, flow)] == 0.0))


def _rows_used(observations: Observations, flow: Flow) -> NDArray[np.bool_]:
    return in_either_period(observations) & flow.used[observations.branch]


def cautions_of_data(observations: Observations, flow: Flow, plan: AnalysisPlan) -> tuple[Caution, ...]:
    """What is to be said of the data before anything is estimated."""
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
        ("missing_values", cells_missing(observations)),
        ("during_left_out", flow.during),
        ("zero_durations", zeros),
    )
    return tuple(Caution(code, {"n": n}) for code, n in found if n)


def _cautions_of_effect(
    observations: Observations, numbers: Analysis, effect: Effect | RegressionEffect
) -> tuple[Caution, ...]:
    found = []
    if numbers.smaller_arm < FEW_BRANCHES:
        found.append(Caution("few_branches", {"n": numbers.smaller_arm, "df": effect.df}))
    elif effect.df < FEW_DEGREES:
        found.append(Caution("few_degrees_of_freedom", {"df": effect.df}))
    if _weights_disagree(observations, numbers, effect):
        found.append(Caution("weights_disagree"))
    found += _cautions_of_mix(observations, numbers.plan)
    found += [Caution("covariate_moved", {"name": name}) for name in _moved(observations, numbers)]
    if numbers.uplift is not None and numbers.uplift.estimate is None:
        found.append(Caution("uplift_without_base"))
    elif numbers.uplift is not None and not numbers.uplift.interval.bounded:
        found.append(Caution("uplift_unbounded"))
    return tuple(found)


def _cautions_of_mix(observations: Observations, plan: AnalysisPlan) -> list[Caution]:
    if observations.operation is None:
        return []
    shares = shares_of(observations, plan)
    distance = float(np.nanmax(shares.distance())) if shares.names else 0.0
    found = []
    if distance >= MIX_DIFFERS:
        found.append(Caution("mix_differs", {"share": 100.0 * distance}))
    if shares.in_one_period():
        found.append(Caution("operations_in_one_period", {"name": ", ".join(shares.in_one_period())}))
    return found


def _weights_disagree(
    observations: Observations, numbers: Analysis, effect: Effect | RegressionEffect
) -> bool:
    """Whether counting rows instead of branches, or the reverse, would turn the direction round."""
    plan = numbers.plan
    if plan.estimator != "change" or _beyond_a_check(observations, numbers.flow):
        return False
    other = replace(plan, weights="branch" if plan.weights == "observation" else "observation")
    scale = plan.measure.values if numbers.interval is not None else "value"
    second = estimated(observations, numbers.flow, other, scale)
    return not isinstance(second, NotEstimable) and second.effect.estimate * effect.estimate < 0.0


def _beyond_a_check(observations: Observations, flow: Flow) -> bool:
    """Whether a regression of rows with so many strata would cost more than the effect itself."""
    if observations.stratum is None:
        return False
    regressors = 2 * len(observations.stratum.names) + 2
    return regressors * (flow.rows_used + regressors * int(flow.used.sum())) > AFFORDABLE


def _moved(observations: Observations, numbers: Analysis) -> list[str]:
    """Covariates that changed otherwise in the trained arm: adjusting may take out part of the effect."""
    covariates, plan = observations.covariates, numbers.plan
    if covariates is None or plan.estimator == "ancova":  # there covariates are those before training
        return []
    moved = []
    for name, column in zip(covariates.names, covariates.values.T, strict=True):
        alone = replace(
            observations, value=np.where(np.isnan(observations.value), np.nan, column), covariates=None
        )
        found = estimated(alone, numbers.flow, plan, "value")
        if not isinstance(found, NotEstimable) and found.effect.pvalue <= significance(plan.level):
            moved.append(name)
    return moved
