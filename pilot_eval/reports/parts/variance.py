"""The part `variance`: how much branches, periods and single observations differ, and the ICC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pilot_eval.domain.observations import Observations
from pilot_eval.domain.outcomes import DESIGNS_OF_TWO_PERIODS
from pilot_eval.reports import wording
from pilot_eval.reports.evaluations import not_estimable
from pilot_eval.reports.numbers import Language, number
from pilot_eval.reports.words import LABELS
from pilot_eval.stats.analysis import Analysis
from pilot_eval.stats.cells import observed_cells
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.variance_components import VarianceComponents, variance_components


@dataclass(frozen=True, slots=True)
class VariancePart:
    """Components of variance on the scale of the analysis, or why there are none."""

    found: VarianceComponents | NotEstimable
    unit: str

    def to_dict(self) -> dict[str, Any]:
        if isinstance(self.found, NotEstimable):
            return {"not_estimable": not_estimable(self.found)}
        found = self.found
        return {
            "unit": self.unit,
            "branches": found.branches,
            "branch_sd": found.branch.deviation,
            "branch_period_sd": found.branch_period.deviation,
            "observation_sd": None if found.visit is None else found.visit.deviation,
            "icc": found.icc,
            "level_correlation": found.level_correlation,
        }

    def lines(self, language: Language) -> list[str]:
        heading: str = getattr(LABELS["variance"], language)
        if isinstance(self.found, NotEstimable):
            return [heading, f"  {getattr(wording.reason(self.found.code, self.found.values), language)}."]
        told = LABELS["variance_told"].filled(
            branch=number(self.found.branch.deviation, 3, language),
            period=number(self.found.branch_period.deviation, 3, language),
            icc=number(self.found.icc, 3, language),
        )
        return [heading, f"  {getattr(told, language)}"]


def part_of(observations: Observations, analysis: Analysis) -> VariancePart:
    """Components of variance of the branches behind an effect.

    Parameters
    ----------
    observations, analysis : what was analysed, and with which result
    """
    measure = analysis.plan.measure
    if analysis.plan.design not in DESIGNS_OF_TWO_PERIODS or observations.censored is not None:
        return VariancePart(NotEstimable("roll_out_needs_two_periods"), measure.unit)
    if isinstance(analysis.effect, NotEstimable):
        return VariancePart(analysis.effect, measure.unit)
    used = analysis.flow.used
    cells = observed_cells(observations, measure.values).take(used)
    arms = np.unique(observations.trained[used], return_inverse=True)[1].astype(np.intp)
    return VariancePart(variance_components(cells, arms), measure.unit)
