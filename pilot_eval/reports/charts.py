"""What charts say in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pilot_eval.reports.numbers import number, plural
from pilot_eval.reports.summaries import Row, Summary, words

_OF_BRANCHES = {
    ("trained", "en"): {"one": "trained branch", "other": "trained branches"},
    ("comparison", "en"): {"one": "comparison branch", "other": "comparison branches"},
    ("trained", "ru"): {"one": "обученного отделения", "other": "обученных отделений"},
    ("comparison", "ru"): {"one": "отделения сравнения", "other": "отделений сравнения"},
}


def goodness(outcome: Row, change: float) -> str:
    """Tell whether a change of an outcome is `better`, `worse` or `neither`."""
    if change == 0:
        return "neither"
    higher = (
        outcome["kind"] == "duration" or (outcome["evaluation"] or {}).get("better", "higher") == "higher"
    )
    return "better" if (change > 0) == higher else "worse"


def branch_finding(summary: Summary, outcome: Row, language: str) -> str:
    """Say in one sentence in how many branches an outcome became better."""
    what = words(outcome["label"], language)
    parts = [
        text for arm in ("trained", "comparison") if (text := _share_better(summary, outcome, arm, language))
    ]
    if not parts:
        return {
            "en": f"{what}: the level of each branch before the training.",
            "ru": f"{what}: уровень каждого отделения до обучения.",
        }[language]
    if language == "en":
        return f"{what}: better than before in {' and in '.join(parts)}."
    return f"{what}: стало лучше в {' и в '.join(parts)}."


def _share_better(summary: Summary, outcome: Row, arm: str, language: str) -> str:
    changes = [
        cell["change"]["estimate"]
        for branch in summary["branches"]
        if branch["arm"] == arm and (cell := branch["outcomes"].get(outcome["code"])) and cell["change"]
    ]
    if not changes:
        return ""
    better = sum(goodness(outcome, change) == "better" for change in changes)
    forms: Mapping[str, Any] = _OF_BRANCHES[arm, language]
    form = plural(len(changes), {"few": forms["other"], "many": forms["other"], **forms}, language)
    of = {"en": "of", "ru": "из"}[language]
    return f"{number(better, 0, language)} {of} {number(len(changes), 0, language)} {form}"
