"""What carries the effect of two periods: closed forms where they exist, a regression where they do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pilot_eval.domain.observations import AFTER, Observations
from pilot_eval.stats.adjusted import (
    RegressionEffect,
    Sample,
    Slope,
    TrainingRegression,
    effect_of_regression,
    regression_of_after,
    regression_of_changes,
    regression_of_rows,
    slopes,
)
from pilot_eval.stats.bootstrap import wild_cluster_bootstrap
from pilot_eval.stats.cells import observed_cells, on_scale
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.flow import Flow, in_either_period
from pilot_eval.stats.inversion import TestOfEffect
from pilot_eval.stats.permutation import permutation_test
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.ranks import wilcoxon_signed_rank
from pilot_eval.stats.refits import bootstrap_of_regression, permutation_of_regression
from pilot_eval.stats.relative import (
    Speed,
    Uplift,
    speed_of_means,
    speed_of_regression,
    uplift_of_means,
    uplift_of_regression,
)
from pilot_eval.stats.results import NotEstimable

TwoPeriodEffect = Effect | RegressionEffect


class Estimated(Protocol):
    """An estimated effect with everything that is told of it."""

    @property
    def effect(self) -> TwoPeriodEffect: ...
    def uplift(self, plan: AnalysisPlan) -> Uplift: ...
    def speed(self, plan: AnalysisPlan) -> tuple[Uplift, Speed | None]: ...
    def tests(self, plan: AnalysisPlan) -> tuple[TestOfEffect, ...]: ...
    def slopes(self) -> tuple[Slope, ...]: ...


@dataclass(frozen=True, slots=True)
class EstimatedPanel:
    """By the closed forms of `stats.contrasts`."""

    panel: Panel
    effect: Effect

    def uplift(self, plan: AnalysisPlan) -> Uplift:
        return uplift_of_means(plan, self.panel, self.effect)

    def speed(self, plan: AnalysisPlan) -> tuple[Uplift, Speed | None]:
        return speed_of_means(plan, self.panel, self.effect)

    def tests(self, plan: AnalysisPlan) -> tuple[TestOfEffect, ...]:
        panel, effect = self.panel, self.effect
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

    def slopes(self) -> tuple[Slope, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class EstimatedRegression:
    """By a regression of `stats.adjusted`."""

    regression: TrainingRegression
    effect: RegressionEffect

    def uplift(self, plan: AnalysisPlan) -> Uplift:
        return uplift_of_regression(plan, self.effect)

    def speed(self, plan: AnalysisPlan) -> tuple[Uplift, Speed | None]:
        return speed_of_regression(plan, self.effect)

    def tests(self, plan: AnalysisPlan) -> tuple[TestOfEffect, ...]:
        return tuple(
            test(
                self.regression,
                self.effect,
                draws=plan.draws,
                seed=plan.seed,
                confidence_level=plan.level,
            )
            for test in (bootstrap_of_regression, permutation_of_regression)
        )

    def slopes(self) -> tuple[Slope, ...]:
        return slopes(self.regression, self.effect)


def estimated(
    observations: Observations, flow: Flow, plan: AnalysisPlan, scale: str
) -> Estimated | NotEstimable:
    """Estimate the effect of two periods on one scale.

    Parameters
    ----------
    observations : with values wherever they have covariates that the plan adjusts for
    flow : of them
    plan : what is asked
    scale : of `pilot_eval.stats.cells.observed_cells`
    """
    if _has_closed_form(observations, plan):
        panel = panel_of(observations, flow, plan, scale)
        effect = estimate_effect(panel)
        return effect if isinstance(effect, NotEstimable) else EstimatedPanel(panel, effect)
    sample = sample_of(observations, flow, scale)
    ancova = plan.estimator == "ancova"
    if ancova:
        regression = regression_of_after(sample)
    elif plan.weights == "observation":
        regression = regression_of_rows(sample)
    else:
        regression = regression_of_changes(sample)
    found = effect_of_regression(regression, sample, same_start=ancova)
    if isinstance(found, NotEstimable):
        return _named(found, observations)
    return EstimatedRegression(regression, found)


def _has_closed_form(observations: Observations, plan: AnalysisPlan) -> bool:
    strata_of_rows = observations.stratum is not None and plan.weights == "observation"
    return observations.covariates is None and plan.estimator == "change" and not strata_of_rows


def _named(reason: NotEstimable, observations: Observations) -> NotEstimable:
    """Name the covariate that a reason gives by its place."""
    if reason.code != "collinear_covariate" or observations.covariates is None:
        return reason
    return NotEstimable(reason.code, {"name": observations.covariates.names[int(reason.values["place"])]})


def panel_of(observations: Observations, flow: Flow, plan: AnalysisPlan, scale: str) -> Panel:
    """The branches that are used, for closed forms."""
    cells = observed_cells(observations, scale).take(flow.used)
    strata = observations.stratum
    return Panel.of(
        cells,
        observations.trained[flow.used],
        by_rows=plan.weights == "observation",
        stratum=None if strata is None else strata.codes[flow.used],
    )


def sample_of(observations: Observations, flow: Flow, scale: str) -> Sample:
    """The rows that are used, for regressions."""
    rows = in_either_period(observations) & flow.used[observations.branch]
    place = np.cumsum(flow.used) - 1
    covariates, strata = observations.covariates, observations.stratum
    return Sample.of(
        branch=place[observations.branch[rows]].astype(np.intp),
        after=(observations.period[rows] == AFTER).astype(np.intp),
        value=on_scale(observations.value[rows], scale),
        covariates=np.empty((int(rows.sum()), 0)) if covariates is None else covariates.values[rows],
        trained=observations.trained[flow.used],
        stratum=None if strata is None else strata.codes[flow.used],
    )
