"""Predicted power against pilots of known effect, judged by the analysis itself.

The short form runs with every change; PILOT_EVAL_LONG=1 makes 10,000 pilots of each scenario.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from pilot_eval.stats.cells import Cells
from pilot_eval.stats.cluster_robust import least_squares
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.power import Spread, Study, detectable_effect, precision_of
from pilot_eval.stats.rate_ratio import RateEffect, RatePanel, estimate_rate_ratio
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.student import two_sided_pvalue
from tests.simulation.pilots import runs

LEVEL, WANTED = 0.95, 0.8
BRANCH, SWING, VISIT, BASE = 6.0, 2.0, 6.0, 60.0
# Beyond Monte Carlo error: what was measured in 10,000 pilots of each scenario. Visits that vary with a
# coefficient of 0.6 around a small number cost more than 1 + cv^2 says.
APPROXIMATE = {0.0: 0.006, 0.5: 0.025, 0.6: 0.035}


@dataclass(frozen=True)
class Planned:
    name: str
    trained: int
    comparison: int
    visits: int
    cv: float = 0.0
    effect_sd: float = 0.0
    estimator: str = "change"

    def spread(self) -> Spread:
        return Spread(BRANCH**2, SWING**2, VISIT**2, self.effect_sd**2, 1.0 + self.cv**2)

    def pilot(self, rng: np.random.Generator, effect: float) -> Panel:
        count = self.trained + self.comparison
        trained = np.arange(count) < self.trained
        n = np.full((count, 2), float(self.visits))
        if self.cv:
            n = np.maximum(1.0, rng.gamma(1 / self.cv**2, self.visits * self.cv**2, (count, 2)).round())
        mean = BASE + rng.normal(0, BRANCH, count)[:, None] + rng.normal(0, SWING, (count, 2))
        mean += rng.normal(0, VISIT, (count, 2)) / np.sqrt(n)
        mean[:, 1] += trained * (effect + rng.normal(0.0, self.effect_sd, count))
        return Panel.of(Cells(n, mean, np.zeros_like(mean)), trained)


PLANNED = (
    Planned("three against three", 3, 3, 5),
    Planned("ten against ten", 10, 10, 6),
    Planned("four of twenty", 4, 16, 6),
    Planned("four of twenty, true effects that differ", 4, 16, 6, effect_sd=4.0),
    Planned("six of forty, three visits that vary by half", 6, 34, 3, cv=0.5),
    Planned("twenty alone, ten visits that vary by half", 20, 0, 10, cv=0.5),
    Planned("ten against ten, visits that vary by 0.6 and effects that differ", 10, 10, 8, 0.6, 3.0),
    Planned("twelve of forty, thirty visits", 12, 28, 30),
    Planned("ten against ten, ancova", 10, 10, 6, estimator="ancova"),
    Planned("four of twenty, ancova", 4, 16, 6, estimator="ancova"),
    Planned("four against four, ancova", 4, 4, 6, estimator="ancova"),
)


def rejects(panel: Panel, estimator: str) -> bool:
    if estimator == "change":
        effect = estimate_effect(panel)
        assert isinstance(effect, Effect)
        return effect.pvalue < 1.0 - LEVEL
    before = panel.mean[:, 0] - panel.mean[:, 0].mean()
    X = np.column_stack([np.ones(len(before)), panel.trained, before])
    fit = least_squares(panel.mean[:, 1], X, np.arange(len(before)))
    assert not isinstance(fit, NotEstimable)
    arm = np.array([0.0, 1.0, 0.0])
    return two_sided_pvalue(fit.coefficients[1] / fit.standard_error(arm), fit.satterthwaite(arm)) < 0.05


@pytest.mark.parametrize("planned", PLANNED, ids=lambda planned: planned.name)
def test_the_detectable_effect_is_found_as_often_as_promised(planned: Planned) -> None:
    study = Study(planned.trained, planned.comparison, planned.visits)
    effect = detectable_effect(precision_of(planned.spread(), study, planned.estimator), LEVEL, WANTED)
    count = runs(500)
    rng = np.random.default_rng(1)
    found = np.mean([rejects(planned.pilot(rng, effect), planned.estimator) for _ in range(count)])
    error = 3.0 * np.sqrt(WANTED * (1.0 - WANTED) / count)
    assert found == pytest.approx(WANTED, abs=error + APPROXIMATE[planned.cv])


def test_counting_visits_as_independent_would_promise_far_too_much() -> None:
    naive = Spread(0.0, 0.0, SWING**2 + VISIT**2)
    study = Study(4, 16, 30)
    promised = detectable_effect(precision_of(naive, study), LEVEL, WANTED)
    rng = np.random.default_rng(2)
    planned = Planned("four of twenty", 4, 16, 30)
    assert np.mean([rejects(planned.pilot(rng, promised), "change") for _ in range(300)]) < 0.6


@dataclass(frozen=True)
class PlannedRates:
    """Mean count of a branch and period; coefficients of variation of exposure, branches and swings."""

    name: str
    trained: int
    comparison: int
    events: float
    exposure_cv: float
    branch_cv: float
    swing_cv: float

    def panel(self, rng: np.random.Generator, effect: float) -> RatePanel:
        count = self.trained + self.comparison
        trained = np.arange(count) < self.trained
        exposure = np.repeat(_gamma(rng, self.exposure_cv, (count, 1)), 2, axis=1) * self.events
        rate = _gamma(rng, self.branch_cv, (count, 1)) * _gamma(rng, self.swing_cv, (count, 2))
        rate[:, 1] *= np.exp(effect * trained)
        return RatePanel(trained, rng.poisson(exposure * rate).astype(float), exposure)


def _gamma(rng: np.random.Generator, cv: float, size: tuple[int, int]) -> NDArray[np.float64]:
    return rng.gamma(1 / cv**2, cv**2, size) if cv else np.ones(size)


RATES = (
    PlannedRates("ten against ten", 10, 10, 50, 0.0, 0.2, 0.2),
    PlannedRates("four of twenty, uneven exposure", 4, 16, 50, 0.6, 0.2, 0.2),
    PlannedRates("twenty against twenty, four events each", 20, 20, 4, 0.0, 0.0, 0.0),
    PlannedRates("thirty against thirty, very uneven exposure", 30, 30, 200, 1.0, 0.2, 0.2),
    PlannedRates("fifteen alone", 15, 0, 30, 0.5, 0.2, 0.2),
)
# A rate that falls leaves fewer events, one that rises more: power is up to this much less, or more.
LESS, MORE = 0.085, 0.10


@pytest.mark.parametrize("direction", [-1.0, 1.0], ids=["falling", "rising"])
@pytest.mark.parametrize("planned", RATES, ids=lambda planned: planned.name)
def test_detectable_ratios_of_rates_are_found_about_as_often_as_promised(
    planned: PlannedRates, direction: float
) -> None:
    spread = Spread(
        branch=planned.branch_cv**2,
        branch_period=planned.swing_cv**2 * (1.0 + planned.branch_cv**2),
        visit=1.0,
        unevenness=1.0 + planned.exposure_cv**2,
        pooled=True,
    )
    study = Study(planned.trained, planned.comparison, planned.events)
    effect = direction * detectable_effect(precision_of(spread, study), LEVEL, WANTED)
    count = runs(300)
    rng = np.random.default_rng(3)
    found = 0
    for _ in range(count):
        made = estimate_rate_ratio(planned.panel(rng, effect))
        found += isinstance(made, RateEffect) and made.pvalue < 1.0 - LEVEL
    error = 3.0 * np.sqrt(WANTED * (1.0 - WANTED) / count)
    assert WANTED - LESS - error < found / count < WANTED + MORE + error
