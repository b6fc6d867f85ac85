"""The part `quantiles`: median and 90th percentile, the share within a target, seconds of a typical time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import Observations
from pilot_eval.domain.outcomes import Better
from pilot_eval.reports.evaluations import not_estimable, warnings
from pilot_eval.reports.numbers import Language, interval, level_percent, number, percent
from pilot_eval.reports.parts.fields import estimate_field
from pilot_eval.reports.wording import reason, warning
from pilot_eval.reports.words import LABELS
from pilot_eval.stats.analysis import Analysis
from pilot_eval.stats.contrasts import Effect
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.quantile_effects import (
    Change,
    QuantileEffect,
    TargetEffect,
    quantile_effects,
    target_effect,
    typical_seconds,
)
from pilot_eval.stats.results import Caution, ConfidenceInterval, NotEstimable

Floats = NDArray[np.float64]

ENOUGH_BEYOND = 5  # rows of an arm and period beyond a quantile
ENOUGH_BRANCHES = 6  # in the smaller arm: below, the intervals missed the truth far too often


@dataclass(frozen=True, slots=True)
class QuantilesPart:
    """Effects on quantiles, or why there are none."""

    plan: AnalysisPlan
    quantiles: tuple[QuantileEffect, ...] | NotEstimable
    target: TargetEffect | None = None
    typical: Change | None = None
    typical_before: float = math.nan
    cautions: tuple[Caution, ...] = ()

    @property
    def unit(self) -> str:
        return "seconds" if self.plan.kind == "duration" else "points"

    @property
    def uplift_unit(self) -> str:
        if self.plan.kind != "duration":
            return "percent"
        return "speed_percent" if self.plan.direction is Better.LOWER else "time_percent"

    def to_dict(self) -> dict[str, Any]:
        if isinstance(self.quantiles, NotEstimable):
            return {"not_estimable": not_estimable(self.quantiles)}
        return {
            "definition": 7,
            "weights": self.plan.weights,
            "level": self.plan.level,
            "draws": self.plan.draws,
            "method": "percentile",
            "quantiles": [self._quantile(one) for one in self.quantiles],
            "target": None if self.target is None else _target(self.target, self.plan.level),
            "typical": None
            if self.typical is None
            else {"before": self.typical_before, "unit": "seconds", **_change(self.typical)},
            "warnings": warnings(self.cautions),
        }

    def _quantile(self, one: QuantileEffect) -> dict[str, Any]:
        found = {"probability": one.probability, "unit": self.unit, **_arms(one.seen)}
        if isinstance(one.change, NotEstimable):
            return found | {"effect": None, "uplift": None, "not_estimable": not_estimable(one.change)}
        uplift = None if one.uplift is None else {"unit": self.uplift_unit, **_change(one.uplift)}
        return found | {"effect": {"unit": self.unit, **_change(one.change)}, "uplift": uplift}

    def lines(self, language: Language) -> list[str]:
        head = _say("quantiles", language, level=level_percent(self.plan.level, language))
        if isinstance(self.quantiles, NotEstimable):
            why = reason(self.quantiles.code, self.quantiles.values)
            return [head, f"  {getattr(why, language)}."]
        found = [line for one in self.quantiles for line in self._quantile_lines(one, language)]
        if self.target is not None:
            found.append(self._target_line(self.target, language))
        if self.typical is not None:
            before = number(self.typical_before, 0, language)
            found.append(
                _say("quantiles_typical", language, before=before, change=self._told(self.typical, language))
            )
        found += [getattr(warning(one.code, one.values), language) for one in self.cautions]
        return [head, *(f"  {line}" for line in found)]

    def _quantile_lines(self, one: QuantileEffect, language: Language) -> list[str]:
        name = _say("quantiles_of", language, share=percent(100.0 * one.probability, 0, language))
        arms = [
            f"{_say(arm, language)} {number(row[0], 1, language)} → {number(row[1], 1, language)}"
            for arm, row in (("trained", one.seen[1]), ("comparison", one.seen[0]))
            if not math.isnan(row[0])
        ]
        found = [f"{name}: {'; '.join(arms)}"]
        if isinstance(one.change, NotEstimable):
            return [*found, f"  {getattr(reason(one.change.code, one.change.values), language)}"]
        found.append(f"  {self._told(one.change, language)}")
        if one.uplift is not None:
            ends = one.uplift.interval
            limits = interval(ends.low, ends.high, 1, language, sign=True, unit="percent")
            text = percent(one.uplift.estimate, 1, language, sign=True)
            found.append(f"  {_say('quantiles_' + self.uplift_unit, language, change=f'{text} ({limits})')}")
        return found

    def _told(self, change: Change, language: Language) -> str:
        ends = change.interval
        limits = interval(ends.low, ends.high, 1, language, sign=True)
        estimate = number(change.estimate, 1, language, sign=True)
        return _say(f"quantiles_{self.unit}", language, change=f"{estimate} ({limits})")

    def _target_line(self, target: TargetEffect, language: Language) -> str:
        seconds = number(target.target, 0, language)
        if isinstance(target.effect, NotEstimable):
            text: str = getattr(reason(target.effect.code, target.effect.values), language)
        else:
            ends = target.effect.confidence_interval(self.plan.level)
            limits = interval(ends.low, ends.high, 1, language, sign=True)
            means = target.effect.means[1]
            text = _say(
                "quantiles_share",
                language,
                before=percent(float(means[0]), 1, language),
                after=percent(float(means[1]), 1, language),
                change=f"{number(target.effect.estimate, 1, language, sign=True)} ({limits})",
            )
        return f"{_say('quantiles_target', language, seconds=seconds)}: {text}"


def part_of(observations: Observations, analysis: Analysis) -> QuantilesPart:
    """Quantiles of the rows behind the effect of two periods."""
    plan, flow = analysis.plan, analysis.flow
    if isinstance(analysis.effect, NotEstimable) and analysis.effect.code == "few_branches":
        return QuantilesPart(plan, analysis.effect)
    quantiles = quantile_effects(observations, flow, plan)
    target = None if plan.target is None else target_effect(observations, flow, plan, plan.target)
    typical = None
    if isinstance(analysis.effect, Effect) and analysis.means is not None and plan.kind == "duration":
        typical = typical_seconds(analysis.effect, analysis.means, plan.level)
    before = math.nan if analysis.means is None else float(analysis.means[1, 0])
    found = []
    if analysis.smaller_arm < ENOUGH_BRANCHES:
        found.append(Caution("quantiles_with_few_branches", {"n": analysis.smaller_arm}))
    found += [
        Caution("quantile_of_few_rows", {"n": one.beyond, "share": 100.0 * one.probability})
        for one in quantiles
        if one.beyond < ENOUGH_BEYOND
    ]
    return QuantilesPart(plan, quantiles, target, typical, before, tuple(found))


def _change(change: Change) -> dict[str, Any]:
    return {"estimate": change.estimate, **_interval(change.interval)}


def _interval(ends: ConfidenceInterval) -> dict[str, Any]:
    return {"confidence_interval": [ends.low, ends.high], "bounded": ends.bounded}


def _arms(seen: Floats) -> dict[str, Any]:
    """Before and after of both arms; None where there is no comparison."""
    return {
        arm: None if math.isnan(row[0]) else {"before": float(row[0]), "after": float(row[1])}
        for arm, row in (("trained", seen[1]), ("comparison", seen[0]))
    }


def _target(target: TargetEffect, level: float) -> dict[str, Any]:
    effect = target.effect
    if isinstance(effect, NotEstimable):
        return {"seconds": target.target, **estimate_field(effect, None, unit="percentage_points")}
    ends = effect.confidence_interval(level)
    return {
        "seconds": target.target,
        **_arms(effect.means),
        **estimate_field(effect, ends, unit="percentage_points"),
    }


def _say(key: str, language: Language, **places: str) -> str:
    text: str = getattr(LABELS[key], language)
    return text.format(**places)
