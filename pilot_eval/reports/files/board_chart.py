"""The chart of the board page: before and after of every branch, as places from 0 to 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pilot_eval.reports.charts import branch_finding, goodness
from pilot_eval.reports.files.board_wording import SENTENCES
from pilot_eval.reports.labels import label, say
from pilot_eval.reports.numbers import number, percent
from pilot_eval.reports.scales import nice_ticks, position
from pilot_eval.reports.summaries import Row, Summary, level_of, primary_outcomes


def chart_of(document: Summary, language: str) -> dict[str, Any] | None:
    """Return before and after of every branch for the first primary outcome that has branches."""
    for outcome in primary_outcomes(document):
        groups = [(arm, _cells(document, outcome, arm)) for arm in ("trained", "comparison")]
        groups = [(arm, cells) for arm, cells in groups if cells]
        if groups:
            return _drawn(document, outcome, groups, language)
    return None


def _cells(document: Summary, outcome: Row, arm: str) -> list[Row]:
    """Return the cells of one arm, the smallest change first; without changes, the lowest level first."""
    cells = [
        cell
        for branch in document["branches"]
        if branch["arm"] == arm and (cell := branch["outcomes"].get(outcome["code"]))
        if cell["before"] is not None or cell["after"] is not None
    ]
    return sorted(cells, key=_change_then_level)


def _change_then_level(cell: Row) -> tuple[float, float]:
    change = cell["change"]["estimate"] if cell["change"] else 0.0
    return change, (cell["before"] or cell["after"])["mean"]


def _drawn(
    document: Summary, outcome: Row, groups: Sequence[tuple[str, list[Row]]], language: str
) -> dict[str, Any]:
    means = [cell[p]["mean"] for _, cells in groups for cell in cells for p in ("before", "after") if cell[p]]
    ticks = nice_ticks(min(means), max(means), 5)
    low, high = ticks[0], ticks[-1]
    after = [arm for arm, cells in groups if any(cell["after"] for cell in cells)]
    legend = [
        ("before", label("before", language)),
        *((arm, label(f"after_{arm}", language)) for arm in after),
    ]
    legend += [(tone, label(tone, language)) for tone in ("better", "worse") if after]
    caption = branch_finding(document, outcome, language)

    def level(value: float) -> str:
        return level_of(outcome["kind"], outcome["unit"], value, language)

    def branch(cell: Row) -> dict[str, Any]:
        places = {p: position(cell[p]["mean"], low, high) if cell[p] else None for p in ("before", "after")}
        return {
            **places,
            "tone": goodness(outcome, cell["change"]["estimate"]) if cell["change"] else "neither",
        }

    return {
        "caption": caption,
        "alt": say(
            SENTENCES["chart_alt"],
            language,
            count=number(sum(len(cells) for _, cells in groups), 0, language),
            marks=_mark_names(language),
            low=level(low),
            high=level(high),
            finding=caption,
        ),
        "legend": legend,
        "ticks": [[position(tick, low, high), _tick_text(outcome, tick, language)] for tick in ticks],
        "groups": [
            {
                "kind": arm,
                "label": f"{label(arm, language)}, n = {number(len(cells), 0, language)}",
                "branches": [branch(cell) for cell in cells],
            }
            for arm, cells in groups
        ],
    }


def _mark_names(language: str) -> str:
    return {"en": "blue diamond or hollow square", "ru": "синий ромб или полый квадрат"}[language]


def _tick_text(outcome: Row, value: float, language: str) -> str:
    if outcome["kind"] == "duration":
        return f"{number(value, 0, language)} {'s' if language == 'en' else 'с'}"
    text = number(value, 0 if value == round(value) else 2, language)
    return percent(value, 0, language) if outcome["kind"] == "proportion" else text
