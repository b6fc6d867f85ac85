"""The visit form, built from the stored checklist."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import get_locale, gettext
from wtforms import BooleanField, Form, HiddenField, StringField

from pilot_eval.domain.checklists import Answer, Checklist, Item, answer_field, comment_field
from pilot_eval.operations.visits import VisitSubmission
from pilot_eval.web.answers import OUTCOMES as OUTCOMES
from pilot_eval.web.recording import Reading, checkboxes, radios, words
from pilot_eval.web.visits.question_fields import question_field


class VisitForm(Form):
    """What was filled in; its fields are made by `visit_form`."""

    checklist: Checklist

    def submission(self, assignment_id: int, zone: ZoneInfo) -> VisitSubmission:
        """What was filled in."""
        reading = Reading(self, zone)
        day = reading.day("day")
        return VisitSubmission(
            id=reading.identity(),
            assignment_id=assignment_id,
            outcome=reading.text("outcome"),
            started_at=reading.instant("started_at", day),
            left_at=reading.instant("left_at", day),
            answers={item.code: self._answer(reading, item) for item in self._asked()},
            comments={
                item.code: reading.text(comment_field(item.code)) for item in self._asked() if item.comment_on
            },
            narrative=reading.text("narrative"),
            window_no=reading.whole("window_no"),
            receipt_time=reading.clock("receipt_time"),
            receipt_tail=reading.text("receipt_tail"),
            incidents=tuple(self["incidents"].data or ()),
            confirmed=bool(self["confirmed"].data),
            distance_m=reading.whole("distance_m"),
            unreadable=tuple(reading.unreadable),
            checklist=self.checklist.digest,
        )

    def _asked(self) -> list[Item]:
        return [item for item in self.checklist.items.values() if item.asked]

    def _answer(self, reading: Reading, item: Item) -> Answer | None:
        name = answer_field(item.code)
        return reading.whole(name) if item.type == "number" else reading.text(name)


def visit_form(checklist: Checklist, language: str) -> type[VisitForm]:
    """The form's class for a checklist, its fields in the order of reading.

    Fields of questions are prefixed, so that no code can replace one of the form's own names.
    """
    return _visit_form(checklist, language, str(get_locale()))


@lru_cache(maxsize=64)
def _visit_form(checklist: Checklist, language: str, _locale: str) -> type[VisitForm]:
    # Questions are in the language asked for, our own labels in that of the request: both tell classes apart.
    outcomes = [(code, str(name)) for code, name in OUTCOMES.items()]
    incidents = [(option.code, option.text.to(language)) for option in checklist.incidents]
    fields: dict[str, Any] = {
        "checklist": checklist,
        "id": HiddenField(),
        "version": HiddenField(),
        "outcome": radios(gettext("How did the visit end?"), outcomes),
        "day": StringField(gettext("Day of the visit")),
        "started_at": StringField(gettext("Came in")),
        "left_at": StringField(gettext("Left")),
        "distance_m": HiddenField(),
    }
    for item in checklist.items.values():
        if item.asked:
            fields[answer_field(item.code)] = question_field(item, language)
        if item.comment_on:
            fields[comment_field(item.code)] = words(gettext("What happened?"))
    fields |= {
        "window_no": StringField(gettext("Window number")),
        "receipt_time": StringField(gettext("Time on the receipt")),
        "receipt_tail": StringField(gettext("Last digits of the receipt")),
        "incidents": checkboxes(gettext("Was anything out of the ordinary?"), incidents),
        "narrative": words(gettext("What happened, in a few words")),
        "confirmed": BooleanField(gettext("Send it as it is")),
    }
    return type("ChecklistForm", (VisitForm,), fields)


class CorrectionForm(VisitForm):
    """What a sent visit is to become; its fields are made by `correction_form`."""

    def fill_in(self, document: Mapping[str, Any], zone: ZoneInfo) -> None:
        """Write what was sent into the fields."""
        header = document["header"]
        started, left = (
            datetime.fromisoformat(header[name]).astimezone(zone) for name in ("started_at", "left_at")
        )
        written = {
            "outcome": header["outcome"],
            "day": started.date().isoformat(),
            "started_at": _clock(started.time()),
            "left_at": _clock(left.time()),
            "window_no": header.get("window_no"),
            "receipt_time": header.get("receipt_time", "")[:5],
            "receipt_tail": header.get("receipt_tail"),
            "incidents": header.get("incidents"),
            "narrative": header.get("narrative"),
            **{answer_field(code): answer for code, answer in document["answers"].items()},
            **{comment_field(code): text for code, text in document["comments"].items()},
        }
        for name, value in written.items():
            if name in self and value is not None:
                self[name].data = value if isinstance(value, list) else str(value)


def _clock(at: time) -> str:
    """As it is typed: seconds only where there are any."""
    return at.isoformat("seconds" if at.second else "minutes")


def correction_form(checklist: Checklist, language: str) -> type[CorrectionForm]:
    """The form's class for a visit that was sent with that checklist: the same fields, and a reason."""
    fields = {
        "revision": HiddenField(),
        "reason": words(gettext("What is corrected, and why")),
    }
    return type("SentChecklistForm", (visit_form(checklist, language), CorrectionForm), fields)
