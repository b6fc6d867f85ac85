"""What parts share: an analysis as a field of the document and as a line of text."""

from __future__ import annotations

import math
from typing import Any

from pilot_eval.reports import wording
from pilot_eval.reports.evaluations import not_estimable
from pilot_eval.reports.numbers import Language, interval, number, pvalue_text
from pilot_eval.reports.verdicts import decimals
from pilot_eval.reports.words import TEXT_UNITS
from pilot_eval.stats.analysis import Analysis
from pilot_eval.stats.results import ConfidenceInterval, Estimate, NotEstimable


def effect_field(analysis: Analysis) -> dict[str, Any]:
    """Branches, means and effect of an analysis beside the main one; or why there is no effect."""
    means = analysis.means
    there = means is not None and not isinstance(analysis.effect, NotEstimable)
    rows = [] if means is None or not there else means.tolist()
    named = dict(zip(("comparison", "trained"), rows, strict=False))
    return {
        "branches": {"trained": analysis.flow.trained, "comparison": analysis.flow.comparison},
        "means": {
            arm: {"before": named[arm][0], "after": named[arm][1]}
            if arm in named and not math.isnan(named[arm][0])
            else None
            for arm in ("trained", "comparison")
        },
        **estimate_field(analysis.effect, analysis.interval, unit=analysis.measure.unit),
    }


def estimate_field(
    effect: Estimate | NotEstimable, ends: ConfidenceInterval | None, *, unit: str
) -> dict[str, Any]:
    """An estimate with its interval under `effect`; under `not_estimable` why there is none."""
    if isinstance(effect, NotEstimable) or ends is None:
        why = {"not_estimable": not_estimable(effect)} if isinstance(effect, NotEstimable) else {}
        return {"effect": None, **why}
    return {
        "effect": {
            "unit": unit,
            "estimate": effect.estimate,
            "standard_error": effect.standard_error,
            "statistic": effect.statistic,
            "df": effect.df if math.isfinite(effect.df) else None,
            "confidence_interval": [ends.low, ends.high],
            "pvalue": effect.pvalue,
            "method": effect.method,
        }
    }


def reason_text(reason: NotEstimable, language: Language) -> str:
    """Why there is no number, as a line."""
    text: str = getattr(wording.reason(reason.code, reason.values), language)
    return f"{text[0].upper()}{text[1:]}."


def estimate_text(effect: Estimate, ends: ConfidenceInterval, unit: str, language: Language) -> str:
    """An estimate with its interval and p, as a line."""
    digits = max(2, decimals(ends) + 1) if unit not in ("points", "percentage_points") else decimals(ends)
    named = TEXT_UNITS.get(unit)
    estimate = number(effect.estimate, digits, language, sign=True)
    between = interval(ends.low, ends.high, digits, language, sign=True)
    return (
        f"{estimate} {getattr(named, language) if named else unit} ({between}), "
        f"p {pvalue_text(effect.pvalue, language)}"
    )


def change_text(analysis: Analysis, language: Language) -> str:
    """The effect of an analysis as a line, or why there is none."""
    if isinstance(analysis.effect, NotEstimable):
        return reason_text(analysis.effect, language)
    if analysis.interval is None:
        return ""
    return estimate_text(analysis.effect, analysis.interval, analysis.measure.unit, language)
