"""Predicted power against pilots of known effect, judged by the analysis itself.

The short form runs with every change; PILOT_EVAL_LONG=1 makes 10,000 pilots of each scenario.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import polygamma

from pilot_eval.domain.outcomes import Better
from pilot_eval.stats.assumptions import known_of
from pilot_eval.stats.cells import Cells
from pilot_eval.stats.cluster_robust import least_squares
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.power import Spread, Study, detectable_effect, precision_of
from pilot_eval.stats.rate_ratio import RateEffect, RatePanel, estimate_rate_ratio
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.sequence_permutation import PermutedEffect, sequence_draws
from pilot_eval.stats.sizing import Known, Question, size_pilot
from pilot_eval.stats.student import two_sided_pvalue
from pilot_eval.stats.wedge_regression import Wedge, exposure, two_way_fit
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
    about: float = 0.03  # beyond Monte Carlo error: ratios of rates are only about normal

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
    PlannedRates("four of twenty, uneven exposure", 4, 16, 50, 0.6, 0.2, 0.2, about=0.08),
    PlannedRates("twenty against twenty, four events each", 20, 20, 4, 0.0, 0.0, 0.0),
    PlannedRates("thirty against thirty, very uneven exposure", 30, 30, 200, 1.0, 0.2, 0.2),
    PlannedRates("fifteen alone", 15, 0, 30, 0.5, 0.2, 0.2),
)


@pytest.mark.parametrize("better", Better)
@pytest.mark.parametrize("planned", RATES, ids=lambda planned: planned.name)
def test_detectable_ratios_of_rates_are_found_about_as_often_as_promised(
    planned: PlannedRates, better: Better
) -> None:
    spread = Spread(
        branch=planned.branch_cv**2,
        branch_period=planned.swing_cv**2 * (1.0 + planned.branch_cv**2),
        visit=1.0,
        unevenness=1.0 + planned.exposure_cv**2,
        pooled=True,
    )
    study = Study(planned.trained, planned.comparison, planned.events)
    direction = -1.0 if better is Better.LOWER else 1.0
    effect = direction * size_pilot(Known(spread), Question(study, "rate", better)).detectable
    count = runs(300)
    rng = np.random.default_rng(3)
    found = 0
    for _ in range(count):
        made = estimate_rate_ratio(planned.panel(rng, effect))
        found += isinstance(made, RateEffect) and made.pvalue < 1.0 - LEVEL
    error = 3.0 * np.sqrt(WANTED * (1.0 - WANTED) / count)
    assert found / count == pytest.approx(WANTED, abs=error + planned.about)


@dataclass(frozen=True)
class PlannedShares:
    name: str
    trained: int
    comparison: int
    visits: int
    mean: float
    icc: float

    def panel(self, rng: np.random.Generator, effect: float) -> Panel:
        """True shares of branches from beta distributions, the same before and after but for the effect."""
        count = self.trained + self.comparison
        trained = np.arange(count) < self.trained
        level = rng.beta(*self._shape(), count)
        share = np.column_stack([level, np.clip(level + trained * effect / 100.0, 0.0, 1.0)])
        mean = 100.0 * rng.binomial(self.visits, share) / self.visits
        return Panel.of(Cells(np.full((count, 2), float(self.visits)), mean, np.zeros_like(mean)), trained)

    def _shape(self) -> tuple[float, float]:
        size = 1.0 / self.icc - 1.0
        return self.mean * size, (1.0 - self.mean) * size


SHARES = (
    PlannedShares("ten against ten, half", 10, 10, 10, 0.5, 0.05),
    PlannedShares("twenty against twenty, one in ten", 20, 20, 15, 0.1, 0.03),
    PlannedShares("six of forty, one in three", 6, 34, 12, 0.33, 0.05),
)


@pytest.mark.parametrize("planned", SHARES, ids=lambda planned: planned.name)
def test_detectable_shares_are_found_about_as_often_as_promised(planned: PlannedShares) -> None:
    known = known_of("proportion", {"mean": planned.mean, "icc": planned.icc, "correlation": 1.0})
    study = Study(planned.trained, planned.comparison, planned.visits)
    effect = size_pilot(known, Question(study, "proportion", Better.HIGHER)).detectable
    count = runs(400)
    rng = np.random.default_rng(4)
    found = np.mean([rejects(planned.panel(rng, effect), "change") for _ in range(count)])
    error = 3.0 * np.sqrt(WANTED * (1.0 - WANTED) / count)
    assert found == pytest.approx(WANTED, abs=error + APPROXIMATE[0.0] + 0.01)  # shares are about normal


@pytest.mark.parametrize("shape", [1.0, 4.0], ids=["exponential times", "gamma times"])
def test_skewed_times_are_found_as_often_as_promised_by_the_spread_of_their_logarithms(shape: float) -> None:
    assumed = {"within_sd": float(np.sqrt(polygamma(1, shape))), "between_sd": 0.2, "correlation": 0.8}
    study = Study(8, 12, 6)
    known = known_of("duration", assumed)
    effect = -size_pilot(known, Question(study, "duration", Better.LOWER)).detectable
    rng = np.random.default_rng(5)
    count, found = runs(400), 0
    trained = np.arange(20) < 8
    for _ in range(count):
        level = rng.normal(0, known.spread.branch**0.5, (20, 1))
        level = level + rng.normal(0, known.spread.branch_period**0.5, (20, 2))
        level[:, 1] += trained * effect
        mean = level + np.log(rng.gamma(shape, 60.0, (20, 2, 6))).mean(axis=2)
        found += rejects(Panel.of(Cells(np.full((20, 2), 6.0), mean, np.zeros_like(mean)), trained), "change")
    error = 3.0 * np.sqrt(WANTED * (1.0 - WANTED) / count)
    assert found / count == pytest.approx(WANTED, abs=error + APPROXIMATE[0.0])


@dataclass(frozen=True)
class PlannedWedge:
    name: str
    trained: int
    comparison: int
    steps: int


WEDGES = (
    PlannedWedge("twelve in four steps", 12, 0, 4),
    PlannedWedge("six in three steps", 6, 0, 3),
    PlannedWedge("ten in five steps and four that never cross", 10, 4, 5),
)


@pytest.mark.parametrize("planned", WEDGES, ids=lambda planned: planned.name)
def test_stepped_wedges_find_the_detectable_effect_as_often_as_promised(planned: PlannedWedge) -> None:
    """By CR2, and by the permutation that decides, which has few orders in the smaller ones."""
    study = Study(planned.trained, planned.comparison, 6, planned.steps)
    spread = Spread(BRANCH**2, SWING**2, VISIT**2)
    effect = detectable_effect(precision_of(spread, study), LEVEL, WANTED)
    first = 1 + np.arange(planned.trained) * planned.steps // planned.trained
    crossing = np.concatenate([first, np.full(planned.comparison, planned.steps + 1)]).astype(np.intp)
    rng = np.random.default_rng(6)
    count = runs(300) // 2
    found = permuted = 0
    for seed in range(count):
        mean = rng.normal(BASE, BRANCH, (len(crossing), 1))
        mean = mean + rng.normal(0, (SWING**2 + VISIT**2 / 6) ** 0.5, (len(crossing), planned.steps + 1))
        wedge = Wedge.of(mean + effect * exposure(crossing, planned.steps + 1), crossing)
        fit = two_way_fit(wedge, wedge.exposed[None].astype(float))
        assert fit is not None
        cr2 = fit.contrast(np.ones(1))
        found += cr2.pvalue < 1.0 - LEVEL
        permuted += PermutedEffect(cr2, sequence_draws(wedge, fit, draws=199, seed=seed)).pvalue <= 0.05
    error = 3.0 * np.sqrt(WANTED * (1.0 - WANTED) / count)
    assert found / count == pytest.approx(WANTED, abs=error + 0.02)
    assert permuted / count == pytest.approx(WANTED, abs=error + 0.05)
