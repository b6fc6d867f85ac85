"""From observations to numbers: one analysis of one outcome under one plan, without a word of prose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import Observations
from pilot_eval.domain.outcomes import DESIGNS_OF_TWO_PERIODS, Outcome
from pilot_eval.stats.flow import Flow
from pilot_eval.stats.inversion import TestOfEffect
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.relative import Speed, Uplift
from pilot_eval.stats.results import Caution, ConfidenceInterval, Estimate, NotEstimable, significance

MUST_AGREE = (
    "cr2",
    "wild_cluster_bootstrap",
    "permutation",
    "sign_flip",
    "score_sign_flip",
    "newey_west",
    "cohort_permutation",
)
# Where each design is analysed: a module with `analyse(observations, plan) -> Analysis`.
ANALYSES: dict[str, str] = {
    "before_after": "pilot_eval.stats.two_periods",
    "difference_in_differences": "pilot_eval.stats.two_periods",
    "stepped_wedge": "pilot_eval.stats.stepped_wedge",
    "staggered": "pilot_eval.stats.staggered",
    "interrupted_time_series": "pilot_eval.stats.interrupted_time_series",
}


@dataclass(frozen=True, slots=True)
class Analysis:
    """The numbers of one outcome.

    Parameters
    ----------
    plan, flow : what was asked, and of which data
    effect : on the analysis scale, or why there is none
    interval : of the effect, at the plan's level
    means : (2, 2) rows comparison, trained; columns before, after; geometric for durations
    uplift, speed : relative effect; speed for durations
    robustness : other tests of the same effect
    beside : other estimates of the same quantity, under other assumptions
    agreement : whether those fall on the primary's side of the level; None where nothing was compared
    cautions : what the reader must know beside the numbers
    unjudged : why the effect has a number but must not be judged by it
    measured : scale and unit of the effect, where they are not those of the plan's kind
    extra : further fields of the document, plain types only
    """

    plan: AnalysisPlan
    flow: Flow
    effect: Estimate | NotEstimable
    interval: ConfidenceInterval | None = None
    means: NDArray[np.float64] | None = None
    uplift: Uplift | None = None
    speed: Speed | None = None
    robustness: tuple[TestOfEffect, ...] = ()
    beside: tuple[Estimate, ...] = ()
    agreement: bool | None = None
    cautions: tuple[Caution, ...] = ()
    unjudged: NotEstimable | None = None
    measured: Outcome | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def measure(self) -> Outcome:
        """Scale and unit of the effect."""
        return self.measured or self.plan.measure

    @property
    def smaller_arm(self) -> int:
        """Branches in the smaller arm, or in the only one; branches of a stepped wedge are one arm."""
        if self.plan.with_comparison and self.plan.design != "stepped_wedge":
            return min(self.flow.trained, self.flow.comparison)
        return self.flow.trained


def analyse(observations: Observations, plan: AnalysisPlan) -> Analysis:
    """Analyse one outcome.

    The same observations, plan and seed give the same numbers; the order of rows and the names of branches do
    not matter.

    Parameters
    ----------
    observations : of the outcome
    plan : what is asked

    Returns
    -------
    Analysis
        With `effect` a NotEstimable where the data cannot answer.
    """
    analysis: Analysis = import_module(_module(observations, plan)).analyse(observations, plan)
    if plan.look is None or plan.level_of_looks is None:
        return analysis
    at = Caution(
        "planned_look",
        {"look": plan.look, "looks": len(plan.looks), "level": plan.level, "together": plan.level_of_looks},
    )
    return replace(analysis, cautions=(at, *analysis.cautions))


def _module(observations: Observations, plan: AnalysisPlan) -> str:
    """Where these observations are analysed."""
    if observations.censored is not None:
        return "pilot_eval.stats.censoring"
    if plan.kind == "rate" and plan.design in DESIGNS_OF_TWO_PERIODS:
        return "pilot_eval.stats.rates"
    return ANALYSES[plan.design]


def agreement(plan: AnalysisPlan, effect: Estimate, tests: tuple[TestOfEffect, ...]) -> bool | None:
    """Whether the tests beside the effect fall on its side of the level; None where there is none."""
    alpha = significance(plan.level)
    compared = [test.pvalue for test in tests if test.method in MUST_AGREE]
    if not compared:
        return None
    return len({pvalue <= alpha for pvalue in (effect.pvalue, *compared)}) == 1
