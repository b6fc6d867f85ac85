"""What others would say of the same rows: other programs' cluster variances, and rows taken for independent.

Running those programs for each made-up pilot would take days; these closed forms are shown to be theirs in
`test_calibration.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.bootstrap import cr0_variance, cr1_factor
from pilot_eval.stats.cells import observed_cells
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.flow import Flow
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.rate_ratio import RateEffect, RatePanel, estimate_rate_ratio
from pilot_eval.stats.results import ConfidenceInterval
from pilot_eval.stats.student import two_sided_pvalue, two_sided_quantile

CLUSTERED_NORMAL = "statsmodels, clustered: CR1, normal quantile"
CLUSTERED_T = "pyfixest, clustered: CRV1, t with G - 1"
INDEPENDENT = "rows taken as independent"


@dataclass(frozen=True)
class Test:
    """An estimate with a standard error and degrees of freedom."""

    estimate: float
    standard_error: float
    df: float

    @property
    def pvalue(self) -> float:
        return two_sided_pvalue(self.estimate / self.standard_error, self.df)

    def confidence_interval(self, level: float) -> ConfidenceInterval:
        half = two_sided_quantile(level, self.df) * self.standard_error
        return ConfidenceInterval(self.estimate - half, self.estimate + half)


def peers(observations: Observations, plan: AnalysisPlan) -> dict[str, Test]:
    """Ordinary least squares of rows on 1, trained, after, trained x after (Poisson for rates)."""
    flow = Flow.of(observations, with_comparison=plan.with_comparison)
    if plan.kind == "rate":
        return _of_counts(RatePanel.of(observations, flow.used))
    cells = observed_cells(observations, plan.measure.values).take(flow.used)
    trained = observations.trained[flow.used]
    panel = Panel.of(cells, trained, by_rows=True)
    effect = estimate_effect(panel)
    if not isinstance(effect, Effect):
        return {}
    clustered = math.sqrt(cr1_factor(panel) * cr0_variance(effect))
    totals = np.array([cells.n[trained == arm].sum(axis=0) for arm in np.unique(trained)])
    means = effect.means[[int(arm) for arm in np.unique(trained)]]
    squares = float(cells.squares.sum())
    for place, arm in enumerate(np.unique(trained)):
        rows = trained == arm
        squares += float(np.sum(cells.n[rows] * (cells.mean[rows] - means[place]) ** 2))
    df = float(totals.sum() - totals.size)
    independent = math.sqrt(squares / df * float((1.0 / totals).sum()))
    return {
        CLUSTERED_NORMAL: Test(effect.estimate, clustered, math.inf),
        CLUSTERED_T: Test(effect.estimate, clustered, len(trained) - 1.0),
        INDEPENDENT: Test(effect.estimate, independent, df),
    }


def _of_counts(panel: RatePanel) -> dict[str, Test]:
    """Poisson regression of counts on arm x period with log exposure."""
    effect = estimate_rate_ratio(panel)
    if not isinstance(effect, RateEffect):
        return {}
    arms = np.unique(panel.trained)
    variance = squares = 0.0
    for arm in arms:
        rows = panel.trained == arm
        events, exposure = panel.events[rows], panel.exposure[rows]
        share = (events - exposure * events.sum(axis=0) / exposure.sum(axis=0)) / events.sum(axis=0)
        squares += float(np.sum((share[:, 1] - share[:, 0]) ** 2))
        variance += float((1.0 / events.sum(axis=0)).sum())
    count, rows_used, k = len(panel.trained), panel.events.size, 2 * len(arms)
    factor = count / (count - 1) * (rows_used - 1) / (rows_used - k)
    return {
        CLUSTERED_NORMAL: Test(effect.estimate, math.sqrt(factor * squares), math.inf),
        INDEPENDENT: Test(effect.estimate, math.sqrt(variance), math.inf),
    }
