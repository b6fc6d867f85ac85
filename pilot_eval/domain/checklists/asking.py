"""A checklist as whoever fills it in may know it: what is asked, not what it weighs."""

from __future__ import annotations

from typing import Any

from pilot_eval.domain.checklists.model import Checklist, Item, Option


def questions(checklist: Checklist) -> dict[str, Any]:
    """Plain data with the questions in their order; no weights, critical marks or levers."""
    return {
        "code": checklist.code,
        "version": checklist.version,
        "title": checklist.title.to_document(),
        "min_answered_percent": checklist.min_answered_percent,
        "sections": [
            {
                "code": section.code,
                "title": section.title.to_document(),
                "note": section.note and section.note.to_document(),
                "items": [_question(item) for item in section.items if item.asked],
            }
            for section in checklist.sections
        ],
        "scenarios": [_choice(option) for option in checklist.scenarios],
        "incidents": [_choice(option) for option in checklist.incidents],
    }


def _question(item: Item) -> dict[str, Any]:
    return {
        "code": item.code,
        "type": item.type,
        "text": item.text.to_document(),
        "help": item.help and item.help.to_document(),
        "answers": list(item.offered),
        "anchors": {answer: text.to_document() for answer, text in item.anchors.items()},
        "options": [_choice(option) for option in item.options],
        "na": item.na,
        "required": item.required,
        "comment_on": item.comment_on,
        "shown_if": item.shown_if and {"item": item.shown_if.item, "answers": list(item.shown_if.answers)},
        "low": item.low,
        "high": item.high,
    }


def _choice(option: Option) -> dict[str, str]:
    return {"code": option.code, **option.text.to_document()}
