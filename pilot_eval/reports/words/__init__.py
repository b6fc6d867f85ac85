"""What is said of each area, in both languages: one module per area, put together here.

A module has REASONS (why there is no number), WARNINGS (what to know beside one), COUNTED (the noun of a
warning's `n`), COMPARED (by design, the sentence that gives the change), UNITS (a number with its unit),
RANGE_UNITS (the last number of a range with its unit, where UNITS would say it first), TEXT_UNITS and
LABELS (of the text report); a code stands in one area only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from pilot_eval.reports.sentences import Forms, Sentence
from pilot_eval.reports.words import (
    auditors,
    censoring,
    items,
    linear,
    planning,
    ranking,
    rates,
    resampling,
    roll_out,
    sensitivity,
    series,
    staggered,
    threats,
    two_periods,
    wedge,
)

AREAS: tuple[ModuleType, ...] = (
    two_periods,
    ranking,
    sensitivity,
    threats,
    resampling,
    linear,
    rates,
    series,
    auditors,
    items,
    roll_out,
    wedge,
    staggered,
    censoring,
    planning,
)


def _together(tables: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for table in tables:
        twice = found.keys() & table.keys()
        if twice:
            raise ValueError(f"said in two areas: {', '.join(sorted(twice))}")
        found |= table
    return found


REASONS: dict[str, Sentence] = _together(getattr(area, "REASONS", {}) for area in AREAS)
WARNINGS: dict[str, Sentence] = _together(getattr(area, "WARNINGS", {}) for area in AREAS)
COUNTED: dict[str, Forms] = _together(getattr(area, "COUNTED", {}) for area in AREAS)
COMPARED: dict[str, Sentence] = _together(getattr(area, "COMPARED", {}) for area in AREAS)
UNITS: dict[str, Sentence] = _together(getattr(area, "UNITS", {}) for area in AREAS)
RANGE_UNITS: dict[str, Sentence] = _together(getattr(area, "RANGE_UNITS", {}) for area in AREAS)
TEXT_UNITS: dict[str, Sentence] = _together(getattr(area, "TEXT_UNITS", {}) for area in AREAS)
LABELS: dict[str, Sentence] = _together(getattr(area, "LABELS", {}) for area in AREAS)
