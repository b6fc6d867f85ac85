"""What the parts of a checklist are called on pages."""

from __future__ import annotations

import re

from flask_babel import gettext, lazy_gettext

from pilot_eval.domain.checklists.drafts import Spot

TYPES = {
    "yesno": lazy_gettext("Yes or no"),
    "scale3": lazy_gettext("Three steps: fully, partly, not at all"),
    "scale5": lazy_gettext("Five steps: 1 to 5"),
    "choice": lazy_gettext("One of your own answers"),
    "number": lazy_gettext("A whole number"),
    "text": lazy_gettext("A few words"),
    "computed": lazy_gettext("Worked out from the visit's timing"),
}
LEVERS = {
    "training": lazy_gettext("The training can move it"),
    "facility": lazy_gettext("Only the building or equipment can: a control"),
}
TOPICS = {
    "none": lazy_gettext("None"),
    "key_products": lazy_gettext("Key products"),
    "service_standards": lazy_gettext("Service standards"),
    "mentoring": lazy_gettext("Mentoring"),
}
KNOCKOUTS = {
    "flag": lazy_gettext("It is flagged and counted; the score stays"),
    "zero_section": lazy_gettext("Its section earns nothing"),
    "cap_50": lazy_gettext("The score is at most 50"),
    "zero_total": lazy_gettext("The score is 0"),
}
QUANTITIES = {
    "wait_seconds": lazy_gettext("Wait: from joining the queue to being called"),
    "handover_seconds": lazy_gettext("Hand-over: from the call to the beginning"),
    "service_seconds": lazy_gettext("Service: from the beginning to the end"),
    "total_seconds": lazy_gettext("Everything: from joining the queue to the end"),
}
COMPARISONS = {
    "<=": lazy_gettext("at most"),
    "<": lazy_gettext("less than"),
    ">=": lazy_gettext("at least"),
    ">": lazy_gettext("more than"),
}
FIELDS = {
    "code": lazy_gettext("Code"),
    "type": lazy_gettext("Kind of answer"),
    "en": lazy_gettext("in English"),
    "ru": lazy_gettext("in Russian"),
    "title": lazy_gettext("Title"),
    "note": lazy_gettext("Note"),
    "help": lazy_gettext("Help"),
    "weight": lazy_gettext("Weight"),
    "critical": lazy_gettext("Critical"),
    "na": lazy_gettext("N/A"),
    "required": lazy_gettext("Required"),
    "lever": lazy_gettext("What can move it"),
    "topic": lazy_gettext("Topic"),
    "anchors": lazy_gettext("What the answers mean"),
    "options": lazy_gettext("Answers"),
    "percent": lazy_gettext("Earns, per cent of the weight"),
    "comment_on": lazy_gettext("Asks for words"),
    "expected": lazy_gettext("Known answer"),
    "shown_if": lazy_gettext("Shown only after"),
    "item": lazy_gettext("Question"),
    "answers": lazy_gettext("Answers"),
    "formula": lazy_gettext("Rule"),
    "low": lazy_gettext("Lowest"),
    "high": lazy_gettext("Highest"),
    "items": lazy_gettext("Questions"),
    "sections": lazy_gettext("Sections"),
    "knockout": lazy_gettext("What a failed critical question does"),
    "min_answered_percent": lazy_gettext("Fewest answered, per cent"),
    "grades": lazy_gettext("Grades"),
    "min": lazy_gettext("From, points"),
    "scenarios": lazy_gettext("Scenarios"),
    "incidents": lazy_gettext("Incidents"),
    "yes": lazy_gettext("Yes"),
    "no": lazy_gettext("No"),
    "full": lazy_gettext("Fully"),
    "partial": lazy_gettext("Partly"),
    "none": lazy_gettext("Not at all"),
}
_SILENT = {"scoring", "header"}
_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def place_words(spot: Spot) -> str:
    """Where something stands: "Question B2, answers, row 3, in English"."""
    words = []
    if spot.kind == "section":
        words.append(gettext("Section %(code)s", code=spot.code or "?"))
    if spot.kind == "item":
        words.append(gettext("Question %(code)s", code=spot.code or "?"))
    return ", ".join([*words, *field_words(spot.field)])


def field_words(path: str) -> list[str]:
    """The names of a path, such as `options[2].en`, from the outside in."""
    words = []
    for name, row in _PART.findall(path):
        if row:
            words.append(gettext("row %(number)s", number=int(row) + 1))
        elif name not in _SILENT:
            words.append(str(FIELDS.get(name, name)))
    return words


def anchor(path: str) -> str:
    """The id of the control for a path: `options-2-en`."""
    return re.sub(r"\[(\d+)\]", r"-\1", path).replace(".", "-")
