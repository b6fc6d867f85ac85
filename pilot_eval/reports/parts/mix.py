"""The effect with the mix of operations taken out: field `mix`."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from pilot_eval.domain.observations import Observations
from pilot_eval.reports import wording
from pilot_eval.reports.evaluations import Evaluation, not_estimable, warnings
from pilot_eval.reports.numbers import Language, interval, number, percent, pvalue_text
from pilot_eval.reports.verdicts import decimals
from pilot_eval.reports.words import TEXT_UNITS
from pilot_eval.reports.words.linear import MIX
from pilot_eval.stats.analysis import Analysis
from pilot_eval.stats.mix import Mix, mix_of
from pilot_eval.stats.results import Caution, Estimate, NotEstimable, significance

ARMS = (("trained", 1), ("comparison", 0))
TOLD = ("effect", "uplift", "speed")


@dataclass(frozen=True, slots=True)
class MixPart:
    """The mix, and the analysis that has it taken out."""

    mix: Mix | NotEstimable
    adjusted: Analysis
    cautions: tuple[Caution, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        if isinstance(self.mix, NotEstimable):
            return {"not_estimable": not_estimable(self.mix)}
        shares = self.mix.shares
        return {
            "operations": [_operation(self.mix, place) for place in range(len(shares.names))],
            "distance": {arm: _or_none(shares.distance()[row]) for arm, row in ARMS},
            "rows_without_operation": shares.without,
            "shift": self.mix.shift,
            "adjusted": self._adjusted(self.mix),
            "warnings": warnings(self.cautions),
        }

    def _adjusted(self, mix: Mix) -> dict[str, Any]:
        if isinstance(mix.effect, NotEstimable):
            return {"not_estimable": not_estimable(mix.effect)}
        document = Evaluation.of(self.adjusted).to_dict()
        return {name: document[name] for name in TOLD if name in document}

    def lines(self, language: Language) -> list[str]:
        heading: str = getattr(MIX["heading"], language)
        found = [heading]
        reason = self.mix if isinstance(self.mix, NotEstimable) else self.mix.effect
        if isinstance(reason, NotEstimable):
            text: str = getattr(wording.reason(reason.code, reason.values), language)
            return [*found, f"  {text}."]
        found.append(f"  {self._effect(reason, language)}")
        return found + [
            f"  {getattr(wording.warning(caution.code, caution.values), language)}"
            for caution in self.cautions
        ]

    def _effect(self, effect: Estimate, language: Language) -> str:
        uplift = self.adjusted.uplift
        ends = effect.confidence_interval(self.adjusted.plan.level)
        digits = max(2, decimals(ends) + 1)
        text = (
            f"{number(effect.estimate, digits, language, sign=True)} "
            f"{getattr(TEXT_UNITS[self.adjusted.measure.unit], language)} "
            f"({interval(ends.low, ends.high, digits, language, sign=True)}), "
            f"p {pvalue_text(effect.pvalue, language)}"
        )
        if uplift is None or uplift.estimate is None:
            return text
        return f"{text}; {percent(uplift.estimate, 1, language, sign=True)}"


def _operation(mix: Mix, place: int) -> dict[str, Any]:
    shares = mix.shares
    told = {
        arm: {"before": float(share[0, place]), "after": float(share[1, place])}
        for arm, row in ARMS
        if not math.isnan((share := shares.share[row])[0, place])
    }
    return {
        "operation": shares.names[place],
        "rows": int(shares.rows[place]),
        "difference": _or_none(mix.difference[place]),
        "shares": told,
    }


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def part_of(observations: Observations, analysis: Analysis) -> MixPart:
    """Take the mix of operations out of an effect of two periods."""
    if isinstance(analysis.effect, NotEstimable):
        return MixPart(analysis.effect, analysis)
    plan = analysis.plan
    mix = mix_of(observations, plan)
    if isinstance(mix, NotEstimable) or isinstance(mix.effect, NotEstimable):
        return MixPart(mix, analysis)
    adjusted = replace(
        analysis,
        effect=mix.effect,
        interval=mix.effect.confidence_interval(plan.level),
        means=None,
        uplift=mix.uplift,
        speed=mix.speed,
        robustness=(),
        agreement=None,
    )
    alpha = significance(plan.level)
    sides = {
        one.pvalue <= alpha and math.copysign(1.0, one.estimate) for one in (analysis.effect, mix.effect)
    }
    cautions = () if len(sides) == 1 else (Caution("mix_changes_answer"),)
    return MixPart(mix, adjusted, cautions)
