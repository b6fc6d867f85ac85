"""The part `items`: what each item of the checklist has moved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pilot_eval.domain.observations import Observations
from pilot_eval.reports.evaluations import not_estimable, warnings
from pilot_eval.reports.numbers import Language, interval, number, percent, pvalue_text
from pilot_eval.reports.parts.fields import change_text, effect_field, reason_text
from pilot_eval.reports.words import LABELS
from pilot_eval.stats.analysis import Analysis
from pilot_eval.stats.items import ItemEffect, Items, item_effects
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import Caution, NotEstimable, significance


@dataclass(frozen=True, slots=True)
class ItemsPart:
    """The items, or why there are none."""

    items: Items | NotEstimable
    plan: AnalysisPlan

    @property
    def cautions(self) -> tuple[Caution, ...]:
        if isinstance(self.items, NotEstimable):
            return ()
        alpha = significance(self.plan.level)
        fewer = [item.name for item in self.items.items if _moved(item.applicability, alpha)]
        return (Caution("items_less_applicable", {"items": ", ".join(fewer)}),) if fewer else ()

    def to_dict(self) -> dict[str, Any]:
        if isinstance(self.items, NotEstimable):
            return {"not_estimable": not_estimable(self.items)}
        fixed = self.items.fixed_set
        return {
            "level": self.plan.level,
            "items": [_item(item) for item in self.items.items],
            "found": list(self.items.found),
            "adjustment": "benjamini_hochberg",
            "any_item_set": effect_field(self.items.any_set),
            "fixed_item_set": {"not_estimable": not_estimable(fixed)}
            if isinstance(fixed, NotEstimable)
            else effect_field(fixed),
            "warnings": warnings(self.cautions),
        }

    def lines(self, language: Language) -> list[str]:
        def label(key: str) -> str:
            text: str = getattr(LABELS[key], language)
            return text

        if isinstance(self.items, NotEstimable):
            return [label("items"), reason_text(self.items, language)]
        fixed = self.items.fixed_set
        named = [(item.name, _told(item, language)) for item in self.items.items]
        named.append((label("items_found"), ", ".join(self.items.found) or label("items_none_found")))
        named.append((label("items_any_set"), change_text(self.items.any_set, language)))
        told = (
            reason_text(fixed, language) if isinstance(fixed, NotEstimable) else change_text(fixed, language)
        )
        named.append((label("items_fixed_set"), told))
        width = max(len(name) for name, _ in named)
        rows = [f"{name:<{width}}  {text}" for name, text in named]
        return [label("items"), *rows, *(found[_text(language)] for found in warnings(self.cautions))]


def part_of(observations: Observations, analysis: Analysis) -> ItemsPart:
    """The effect of each item under the plan of an analysis."""
    return ItemsPart(item_effects(observations, analysis.plan), analysis.plan)


def _text(language: Language) -> str:
    return "text" if language == "en" else language


def _moved(analysis: Analysis | None, alpha: float) -> bool:
    return (
        analysis is not None
        and not isinstance(analysis.effect, NotEstimable)
        and analysis.effect.pvalue <= alpha
    )


def _item(item: ItemEffect) -> dict[str, Any]:
    shares = [[None if math.isnan(share) else float(share) for share in row] for row in item.not_applicable]
    arms = {
        arm: {"before": row[0], "after": row[1]}
        for arm, row in zip(("comparison", "trained"), shares, strict=True)
    }
    discrimination = item.discrimination
    return {
        "name": item.name,
        **effect_field(item.analysis),
        "pvalue_adjusted": item.adjusted_pvalue,
        "not_applicable": arms,
        "change_in_not_applicable": None if item.applicability is None else effect_field(item.applicability),
        "discrimination": None if isinstance(discrimination, NotEstimable) else discrimination,
        **(
            {"discrimination_not_estimable": not_estimable(discrimination)}
            if isinstance(discrimination, NotEstimable)
            else {}
        ),
    }


def _told(item: ItemEffect, language: Language) -> str:
    effect, ends = item.analysis.effect, item.analysis.interval
    if isinstance(effect, NotEstimable) or ends is None:
        return reason_text(effect, language) if isinstance(effect, NotEstimable) else ""
    text: str = getattr(LABELS["items_effect"], language).format(
        effect=number(effect.estimate, 1, language, sign=True),
        interval=interval(ends.low, ends.high, 1, language, sign=True),
        p=f"p {pvalue_text(effect.pvalue, language)}",
        q=pvalue_text(item.adjusted_pvalue, language),
    )
    before, after = item.not_applicable[1]
    if before > 0.0 or after > 0.0:
        text += getattr(LABELS["items_absent"], language).format(
            before=percent(100.0 * before, 0, language), after=percent(100.0 * after, 0, language)
        )
    return text
