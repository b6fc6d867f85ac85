"""Versions of a visit held against each other, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext, lazy_gettext

from pilot_eval.domain.checklists import Checklist
from pilot_eval.domain.reviews import Change
from pilot_eval.web.answers import OUTCOMES, answer_label
from pilot_eval.web.languages import language
from pilot_eval.web.words import moment

NOTHING = "—"
HEADER = {
    "outcome": lazy_gettext("How the visit ended"),
    "started_at": lazy_gettext("Came in"),
    "left_at": lazy_gettext("Left"),
    "window_no": lazy_gettext("Window number"),
    "receipt_time": lazy_gettext("Time on the receipt"),
    "receipt_tail": lazy_gettext("Last digits of the receipt"),
    "incidents": lazy_gettext("Out of the ordinary"),
    "narrative": lazy_gettext("What happened"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One difference; `code` is the question's, empty in the header."""

    code: str
    label: str
    before: str
    after: str


def lines_of(changes: Iterable[Change], checklist: Checklist, time_zone: str) -> list[Line]:
    """Differences in words.

    Parameters
    ----------
    time_zone : str
        Of the branch, by whose clock times are told.
    """
    return [_line(change, checklist, time_zone) for change in changes]


def _line(change: Change, checklist: Checklist, time_zone: str) -> Line:
    if change.part == "header":
        before, after = (
            header_value(change.name, value, checklist, time_zone) for value in (change.before, change.after)
        )
        return Line("", str(HEADER[change.name]), before, after)
    item = checklist.items[change.name]
    if change.part == "comment":
        label = gettext("Comment")
        return Line(change.name, label, str(change.before or NOTHING), str(change.after or NOTHING))
    before, after = (
        NOTHING if value is None else answer_label(item, value) for value in (change.before, change.after)
    )
    return Line(change.name, item.text.to(language()), before, after)


def header_value(name: str, value: Any, checklist: Checklist, time_zone: str) -> str:
    """One field of a visit's header."""
    if value in (None, "", []):
        return NOTHING
    if name == "outcome":
        return str(OUTCOMES[value])
    if name in {"started_at", "left_at"}:
        return moment(datetime.fromisoformat(value), time_zone)
    if name == "incidents":
        known = {option.code: option.text.to(language()) for option in checklist.incidents}
        return ", ".join(known.get(code, code) for code in value)
    return str(value)[:5] if name == "receipt_time" else str(value)
