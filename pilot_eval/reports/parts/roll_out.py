"""The part `roll_out`: what a new branch and a network may expect of the training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pilot_eval.domain.observations import Observations
from pilot_eval.domain.outcomes import DESIGNS_OF_TWO_PERIODS
from pilot_eval.reports import wording
from pilot_eval.reports.evaluations import not_estimable, warnings
from pilot_eval.reports.numbers import Language, interval, number, percent
from pilot_eval.reports.sentences import Sentence, told
from pilot_eval.reports.verdicts import decimals, level_text
from pilot_eval.reports.words import LABELS, UNITS
from pilot_eval.reports.words.roll_out import ASSUMPTIONS
from pilot_eval.stats.analysis import Analysis
from pilot_eval.stats.cells import observed_cells
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import Caution, ConfidenceInterval, NotEstimable
from pilot_eval.stats.roll_out import RollOut, roll_out

ENOUGH_TRAINED = 6  # branches, as in an evaluation
LARGEST_LOG = 700.0  # exp of more is not a double


@dataclass(frozen=True, slots=True)
class RollOutPart:
    """What to expect beyond the pilot, or why that cannot be told."""

    result: RollOut | NotEstimable
    plan: AnalysisPlan
    cautions: tuple[Caution, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        if isinstance(self.result, NotEstimable):
            return {"not_estimable": not_estimable(self.result)}
        result, plan = self.result, self.plan
        comparison = None if result.comparison is None else math.sqrt(result.comparison.tau_squared)
        return {
            "scale": plan.measure.scale,
            "unit": self.unit,
            "level": plan.level,
            "expected": {
                "estimate": result.estimate,
                "standard_error": result.standard_error,
                "df": result.df,
                "confidence_interval": _ends(result.confidence_interval(plan.level)),
                "estimate_in_unit": self.bettered(result.estimate),
                "confidence_interval_in_unit": _ends(self._told(result.confidence_interval(plan.level))),
                "method": "hartung_knapp",
            },
            "between_branches": {
                "trained_sd": math.sqrt(result.trained.tau_squared),
                "comparison_sd": comparison,
                "effect_sd": None if result.effect_variance is None else math.sqrt(result.effect_variance),
            },
            "new_branch": {
                "prediction_interval": _ends(result.new_branch(plan.level)),
                "prediction_interval_in_unit": _ends(self._told(result.new_branch(plan.level))),
                "hartung_knapp": _ends(result.hartung_knapp(plan.level)),
                "chance_better": self.chance_better,
            },
            "network": {
                "branches": plan.network,
                "confidence_interval": _ends(result.network(plan.network, plan.level)),
                "confidence_interval_in_unit": _ends(self._told(result.network(plan.network, plan.level))),
            },
            "sentences": [sentence.to_dict() for sentence in self._sentences(result)],
            "assumptions": [sentence.to_dict() for sentence in self.assumptions],
            "warnings": warnings(self.cautions),
        }

    def lines(self, language: Language) -> list[str]:
        heading: str = getattr(LABELS["roll_out"], language)
        if isinstance(self.result, NotEstimable):
            why: str = getattr(wording.reason(self.result.code, self.result.values), language)
            return [heading, f"  {why}."]
        said = [getattr(sentence, language) for sentence in self._sentences(self.result)]
        assumed = [getattr(sentence, language) for sentence in self.assumptions]
        told_cautions = [
            getattr(wording.warning(caution.code, caution.values), language) for caution in self.cautions
        ]
        head: str = getattr(LABELS["roll_out_assumed"], language)
        return [
            heading,
            *(f"  {line}" for line in (*said, *told_cautions)),
            f"  {head}",
            *(f"  - {line}" for line in assumed),
        ]

    @property
    def unit(self) -> str:
        """What effects are told in, plus being better."""
        measure = self.plan.measure
        if measure.scale == "difference":
            return measure.unit
        return "speed_percent" if self.plan.sign < 0 else "time_percent"

    @property
    def chance_better(self) -> float | None:
        if isinstance(self.result, NotEstimable):
            return None
        above = self.result.chance_above_zero()
        return above if self.plan.sign > 0 else 1.0 - above

    @property
    def assumptions(self) -> tuple[Sentence, ...]:
        """What must hold for the figures to hold elsewhere."""
        arms = {"random": "arms_drawn", "chosen": "arms_alike"}.get(
            self.plan.allocation or "", "arms_unknown"
        )
        compared = arms if self.plan.with_comparison else "no_comparison"
        return tuple(ASSUMPTIONS[name] for name in ("like_the_network", compared, "same_training", "normal"))

    def bettered(self, effect: float) -> float | None:
        """An effect in `unit`, plus being better; None where a per cent is beyond any number."""
        towards = self.plan.sign * effect
        if self.plan.measure.scale == "difference":
            return towards
        return 100.0 * math.expm1(towards) if towards < LARGEST_LOG else None

    def _told(self, ends: ConfidenceInterval) -> ConfidenceInterval:
        change = ends.rising if self.plan.sign > 0 else ends.falling
        return change(self.bettered)

    def _sentences(self, result: RollOut) -> list[Sentence]:
        plan = self.plan
        level = told(lambda language: level_text(plan.level, language))
        expected, new = result.confidence_interval(plan.level), result.new_branch(plan.level)
        chance = self.chance_better
        return [
            LABELS["roll_out_expected"].filled(
                estimate=self._with_unit(self.bettered(result.estimate), self._told(expected)),
                level=level,
                interval=self._interval(expected),
            ),
            LABELS["roll_out_network"].filled(
                branches=told(lambda language: number(plan.network, 0, language)),
                level=level,
                interval=self._interval(result.network(plan.network, plan.level)),
            ),
            LABELS["roll_out_new_branch"].filled(
                level=level,
                interval=self._interval(new),
                chance=told(lambda one: percent(None if chance is None else 100.0 * chance, 0, one)),
            ),
            *self._spread(result),
        ]

    def _spread(self, result: RollOut) -> list[Sentence]:
        if result.comparison is None or self.plan.measure.scale != "difference":
            return []
        digits = decimals(result.confidence_interval(self.plan.level))
        trained, comparison = (math.sqrt(mean.tau_squared) for mean in (result.trained, result.comparison))
        return [
            LABELS["roll_out_spread"].filled(
                trained=told(lambda language: number(trained, digits, language)),
                comparison=told(lambda language: number(comparison, digits, language)),
            )
        ]

    def _with_unit(self, value: float | None, ends: ConfidenceInterval) -> Sentence:
        digits, write = decimals(ends), percent if self.unit.endswith("percent") else number
        return UNITS[self.unit].filled(
            number=told(lambda language: write(value, digits, language, sign=True))
        )

    def _interval(self, ends: ConfidenceInterval) -> Sentence:
        own = self._told(ends)
        unit = self.unit
        return told(
            lambda language: interval(
                own.low,
                own.high,
                decimals(own),
                language,
                sign=True,
                unit="percent" if unit.endswith("percent") else "",
            )
        )


def part_of(observations: Observations, analysis: Analysis) -> RollOutPart:
    """Expect of other branches what the pilot's branches show.

    Parameters
    ----------
    observations, analysis : what was analysed, and with which result
    """
    plan = analysis.plan
    lacking = _lacking(observations, analysis)
    if lacking is not None:
        return RollOutPart(lacking, plan)
    cells = observed_cells(observations, plan.measure.values).take(analysis.flow.used)
    found = roll_out(cells, observations.trained[analysis.flow.used])
    cautions = []
    if (
        plan.weights == "observation"
        or plan.estimator != "change"
        or observations.stratum is not None
        or observations.covariates is not None
    ):
        cautions.append(Caution("roll_out_unadjusted"))
    if analysis.flow.trained < ENOUGH_TRAINED:
        cautions.append(Caution("few_branches_to_predict", {"n": analysis.flow.trained}))
    return RollOutPart(found, plan, tuple(cautions))


def _lacking(observations: Observations, analysis: Analysis) -> NotEstimable | None:
    if analysis.plan.design not in DESIGNS_OF_TWO_PERIODS:
        return NotEstimable("roll_out_needs_two_periods")
    if analysis.plan.kind == "rate":
        return NotEstimable("roll_out_of_rates")
    if observations.censored is not None:
        return NotEstimable("roll_out_of_censored")
    return analysis.effect if isinstance(analysis.effect, NotEstimable) else None


def _ends(ends: ConfidenceInterval) -> list[float | None]:
    return [ends.low, ends.high]
