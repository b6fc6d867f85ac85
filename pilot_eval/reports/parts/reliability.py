"""The part `reliability`: auditors' severity and agreement, a checklist's consistency and control items."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pilot_eval.domain.observations import Observations
from pilot_eval.reports.evaluations import not_estimable, warnings
from pilot_eval.reports.numbers import Language, interval, number, percent, pvalue_text
from pilot_eval.reports.parts.fields import (
    change_text,
    effect_field,
    estimate_field,
    estimate_text,
    reason_text,
)
from pilot_eval.reports.words import LABELS, TEXT_UNITS
from pilot_eval.stats.agreement import (
    Agreement,
    Alpha,
    IntraclassCorrelation,
    ItemAgreement,
    agreement,
    item_agreement,
)
from pilot_eval.stats.analysis import Analysis
from pilot_eval.stats.auditors import (
    NegativeControl,
    Severity,
    auditor_adjusted_effect,
    negative_control,
    rater_severity,
)
from pilot_eval.stats.items import checklist_consistency
from pilot_eval.stats.omega import Consistency
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import Caution, ConfidenceInterval, NotEstimable, significance
from pilot_eval.stats.two_way import AdjustedEffect

FEW_DOUBLE_VISITS = 30  # below, the bootstrap interval of alpha held the truth in 90 to 92 %, not 95 %
LOW_OMEGA = 0.5  # less than half of the variance of the items' sum is shared
LISTED = 30  # auditors in the text report
FEW_ITEMS = 5  # items in the text report, those agreed on least


@dataclass(frozen=True, slots=True)
class ReliabilityPart:
    """How far the measurements themselves can be trusted."""

    plan: AnalysisPlan
    items: tuple[str, ...]
    severity: Severity | NotEstimable
    adjusted: AdjustedEffect | NotEstimable
    agreement: Agreement | NotEstimable
    by_item: tuple[ItemAgreement | NotEstimable, ...]
    consistency: Consistency | NotEstimable
    control: NegativeControl | NotEstimable

    @property
    def unit(self) -> str:
        return self.plan.measure.unit

    @property
    def cautions(self) -> tuple[Caution, ...]:
        return (
            *self._of_auditors(),
            *self._of_agreement(),
            *self._of_control(),
            *self._of_items(),
        )

    def _of_auditors(self) -> list[Caution]:
        if isinstance(self.severity, NotEstimable):
            return []
        found, nesting = [], self.severity.nesting
        effects = self.severity.effects
        if effects.groups > 1:
            found.append(Caution("auditors_in_groups", {"n": effects.groups}))
        if nesting.both_arms == 0:
            found.append(Caution("auditors_within_arm"))
        if nesting.both_periods == 0:
            found.append(Caution("auditors_within_period"))
        if min(_there(self.severity.pvalues)) <= significance(self.plan.level):
            known = effects.effect[~np.isnan(effects.effect)], effects.group[~np.isnan(effects.effect)]
            widest = max(float(np.ptp(known[0][known[1] == group])) for group in np.unique(known[1]))
            found.append(Caution("auditors_differ", {"spread": widest}))
        return found

    def _of_agreement(self) -> list[Caution]:
        if isinstance(self.agreement, NotEstimable) or self.agreement.units >= FEW_DOUBLE_VISITS:
            return []
        return [Caution("double_visits_few", {"n": self.agreement.units})]

    def _of_control(self) -> list[Caution]:
        control = self.control
        if (
            isinstance(control, NotEstimable)
            or not control.moved
            or isinstance(control.analysis.effect, NotEstimable)
        ):
            return []
        moved = control.analysis.effect.estimate
        return [Caution("facility_items_moved", {"moved": moved, "items": ", ".join(control.items)})]

    def _of_items(self) -> list[Caution]:
        if isinstance(self.consistency, NotEstimable):
            return []
        found = []
        if self.consistency.omega < LOW_OMEGA:
            found.append(Caution("items_not_one_thing", {"omega": self.consistency.omega}))
        used = np.array(self.items)[self.consistency.items]
        own = used[self.consistency.factor.at_bound]
        if len(own):
            found.append(Caution("item_without_own_part", {"items": ", ".join(own)}))
        return found

    def to_dict(self) -> dict[str, Any]:
        return {
            "level": self.plan.level,
            "auditors": self._auditors(),
            "adjusted_effect": self._adjusted(),
            "agreement": self._agreement(),
            "consistency": self._consistency(),
            "facility_items": self._control(),
            "warnings": warnings(self.cautions),
        }

    def _auditors(self) -> dict[str, Any]:
        if isinstance(self.severity, NotEstimable):
            return {"not_estimable": not_estimable(self.severity)}
        effects, nesting = self.severity.effects, self.severity.nesting
        low, high = self.severity.confidence_interval(self.plan.level)
        pvalues = self.severity.pvalues
        return {
            "unit": self.unit,
            "auditors": nesting.auditors,
            "in_both_arms": nesting.both_arms,
            "in_both_periods": nesting.both_periods,
            "groups": effects.groups,
            "pvalue": min(_there(pvalues)),
            "residual_sd": float(np.sqrt(effects.variance)),
            "severity": [
                {
                    "auditor": name,
                    "rows": int(effects.rows[i]),
                    "group": int(effects.group[i]) + 1,
                    "difference": _number(effects.effect[i]),
                    "standard_error": _number(self.severity.standard_error[i]),
                    "df": _number(self.severity.df[i]),
                    "pvalue_adjusted": pvalues[i],
                    "confidence_interval": [_number(low[i]), _number(high[i])],
                }
                for i, name in enumerate(self.severity.auditors)
            ],
            "method": "two_way",
        }

    def _adjusted(self) -> dict[str, Any]:
        found = self.adjusted
        if isinstance(found, NotEstimable):
            return {"not_estimable": not_estimable(found)}
        field = estimate_field(found, found.confidence_interval(self.plan.level), unit=self.unit)
        return {**field["effect"], "shift": found.shift}

    def _agreement(self) -> dict[str, Any]:
        found = self.agreement
        if isinstance(found, NotEstimable):
            return {"not_estimable": not_estimable(found)}
        return {
            "double_visits": found.units,
            "ratings": found.ratings,
            "left_out": found.left_out,
            "mean_difference": found.difference,
            "unit": self.unit,
            "krippendorff_alpha": _coefficient(found.alpha),
            "icc_1": _coefficient(found.one_way),
            "icc_a1": _coefficient(found.absolute),
            "items": [_of_item(name, one) for name, one in zip(self.items, self.by_item, strict=True)],
        }

    def _consistency(self) -> dict[str, Any]:
        found = self.consistency
        if isinstance(found, NotEstimable):
            return {"not_estimable": not_estimable(found)}
        used = np.array(self.items)[found.items].tolist()
        return {
            "omega": found.omega,
            "cronbach_alpha": found.cronbach,
            "df": found.df,
            "residual_correlation": found.factor.residual,
            "loadings": dict(zip(used, found.factor.loading.tolist(), strict=True)),
            "left_out": sorted(set(self.items) - set(used)),
            "method": "one_factor_maximum_likelihood",
        }

    def _control(self) -> dict[str, Any]:
        found = self.control
        if isinstance(found, NotEstimable):
            return {"not_estimable": not_estimable(found)}
        return {
            "items": list(found.items),
            "moved": found.moved,
            "together": effect_field(found.analysis),
            "each": [
                {"name": name, **effect_field(one), "pvalue_adjusted": adjusted}
                for name, one, adjusted in zip(found.items, found.each, found.adjusted_pvalues, strict=True)
            ],
        }

    def lines(self, language: Language) -> list[str]:
        return _Text(self, language).written()


def part_of(observations: Observations, analysis: Analysis) -> ReliabilityPart:
    """Severity, agreement, consistency and negative control under the plan of an analysis."""
    plan, matrix = analysis.plan, observations.items
    return ReliabilityPart(
        plan=plan,
        items=() if matrix is None else matrix.names,
        severity=rater_severity(observations, plan),
        adjusted=auditor_adjusted_effect(observations, plan),
        agreement=agreement(observations, plan),
        by_item=item_agreement(observations),
        consistency=checklist_consistency(observations),
        control=negative_control(observations, plan),
    )


def _there(pvalues: Iterable[float | None]) -> list[float]:
    return [pvalue for pvalue in pvalues if pvalue is not None]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _coefficient(found: Alpha | IntraclassCorrelation | NotEstimable) -> dict[str, Any]:
    if isinstance(found, NotEstimable):
        return {"not_estimable": not_estimable(found)}
    metric = {"metric": found.metric} if isinstance(found, Alpha) else {}
    ends = found.interval
    return {"estimate": found.estimate, "confidence_interval": [ends.low, ends.high], **metric}


def _of_item(name: str, found: ItemAgreement | NotEstimable) -> dict[str, Any]:
    if isinstance(found, NotEstimable):
        return {"name": name, "not_estimable": not_estimable(found)}
    alpha = found.alpha
    told: dict[str, Any] = {"name": name, "double_visits": found.units, "same_percent": 100.0 * found.same}
    if isinstance(alpha, NotEstimable):
        return told | {"krippendorff_alpha": None, "alpha_not_estimable": not_estimable(alpha)}
    return told | {"krippendorff_alpha": alpha}


class _Text:
    """Writes the part as lines of text in one language."""

    def __init__(self, part: ReliabilityPart, language: Language) -> None:
        self.part = part
        self.language = language

    def written(self) -> list[str]:
        rows = [*self._auditors(), *self._agreement(), *self._consistency(), self._control()]
        width = max(len(label) for label, _ in rows)
        said = [one["text" if self.language == "en" else "ru"] for one in warnings(self.part.cautions)]
        return [self._label("reliability"), *(f"{label:<{width}}  {text}" for label, text in rows), *said]

    def _label(self, key: str, **places: str) -> str:
        text: str = getattr(LABELS[f"reliability_{key}" if key != "reliability" else key], self.language)
        return text.format(**places) if places else text

    def _auditors(self) -> list[tuple[str, str]]:
        found = self.part.severity
        if isinstance(found, NotEstimable):
            return [(self._label("severity"), reason_text(found, self.language))]
        effects = found.effects
        low, high = found.confidence_interval(self.part.plan.level)
        rows = []
        for i in range(min(len(found.auditors), LISTED)):
            places = {"auditor": found.auditors[i], "n": number(effects.rows[i], 0, self.language)}
            if np.isnan(effects.effect[i]):
                rows.append(("", self._label("auditor_alone", **places)))
                continue
            places |= {
                "difference": number(effects.effect[i], 2, self.language, sign=True),
                "interval": interval(low[i], high[i], 2, self.language, sign=True),
                "group": str(int(effects.group[i]) + 1),
            }
            rows.append(("", self._label("auditor", **places)))
        rows[0] = (self._label("severity"), rows[0][1])
        rows.append((self._label("differ"), f"p {pvalue_text(min(_there(found.pvalues)), self.language)}"))
        adjusted = self.part.adjusted
        if isinstance(adjusted, NotEstimable):
            told = reason_text(adjusted, self.language)
        else:
            ends = adjusted.confidence_interval(self.part.plan.level)
            told = estimate_text(adjusted, ends, self.part.unit, self.language)
        return [*rows, (self._label("adjusted"), told)]

    def _agreement(self) -> list[tuple[str, str]]:
        found = self.part.agreement
        if isinstance(found, NotEstimable):
            return [(self._label("agreement"), reason_text(found, self.language))]
        named = TEXT_UNITS.get(self.part.unit)
        unit = getattr(named, self.language) if named else self.part.unit
        return [
            (self._label("alpha"), self._coefficient(found.alpha)),
            (self._label("one_way"), self._coefficient(found.one_way)),
            (self._label("absolute"), self._coefficient(found.absolute)),
            (self._label("difference"), f"{number(found.difference, 2, self.language)} {unit}"),
            *self._least_agreed(),
        ]

    def _least_agreed(self) -> list[tuple[str, str]]:
        """The items on which auditors agree least."""
        known = [one for one in self.part.by_item if isinstance(one, ItemAgreement) and one.same < 1.0]
        worst = sorted(known, key=lambda one: one.same)[:FEW_ITEMS]
        told = [f"{one.name}: {percent(100.0 * one.same, 0, self.language)}" for one in worst]
        return [(self._label("items_same"), ", ".join(told))] if told else []

    def _coefficient(self, found: Alpha | IntraclassCorrelation | NotEstimable) -> str:
        if isinstance(found, NotEstimable):
            return reason_text(found, self.language)
        return f"{number(found.estimate, 2, self.language)} ({self._ends(found.interval)})"

    def _ends(self, ends: ConfidenceInterval) -> str:
        return interval(ends.low, ends.high, 2, self.language)

    def _consistency(self) -> list[tuple[str, str]]:
        found = self.part.consistency
        if isinstance(found, NotEstimable):
            return [(self._label("omega"), reason_text(found, self.language))]
        return [
            (self._label("omega"), number(found.omega, 2, self.language)),
            (self._label("cronbach"), number(found.cronbach, 2, self.language)),
        ]

    def _control(self) -> tuple[str, str]:
        found = self.part.control
        if isinstance(found, NotEstimable):
            return self._label("facility"), reason_text(found, self.language)
        return self._label("facility"), change_text(found.analysis, self.language)
