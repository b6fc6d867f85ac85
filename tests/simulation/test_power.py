"""Predicted power against pilots of known effect, judged by the analysis itself.

The short form runs with every change; PILOT_EVAL_LONG=1 makes 10,000 pilots of each scenario.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from pilot_eval.stats.cells import Cells
from pilot_eval.stats.cluster_robust import least_squares
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.power import Spread, Study, detectable_effect, precision_of
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
