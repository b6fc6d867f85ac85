"""The timing form, built from the stored one: typed times, or times stamped by tapping."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, Form, HiddenField, SelectChoice, SelectField, StringField

from pilot_eval.domain.timings import ContextField, Entry, TimingForm, context_field, event_field
from pilot_eval.operations.timings import TimingSubmission
from pilot_eval.web.recording import Reading, checkboxes, radios

GROUPS = {
    "receive": lazy_gettext("Receiving"),
    "send": lazy_gettext("Sending"),
    "finance": lazy_gettext("Payments and finance"),
    "retail": lazy_gettext("Goods"),
    "service": lazy_gettext("Service"),
    "other": lazy_gettext("Other"),
}
MAX_STAMP = 16  # digits of milliseconds


class ContactForm(Form):
    """What was filled in; its fields are made by `contact_form`."""

    timing_form: TimingForm

    def submission(self, assignment_id: int, zone: ZoneInfo) -> TimingSubmission:
        """What was filled in; a stamped time counts while the typed one beside it says the same."""
        reading = Reading(self, zone)
        day = reading.day("day")
        typed = {
            event.code: reading.instant(event_field(event.code), day) for event in self.timing_form.events
        }
        typed_events = {code: moment for code, moment in typed.items() if moment is not None}
        stamped = {code: _stamp(self, code, moment) for code, moment in typed_events.items()}
        all_stamped = bool(stamped) and None not in stamped.values()
        entry = Entry(
            mode=reading.text("mode"),
            outcome=reading.text("outcome"),
            operation=reading.text("operation"),
            entry_method="stopwatch" if all_stamped else "manual",
            events={code: stamped[code] or moment for code, moment in typed_events.items()},
            context={each.code: _context(reading, self, each) for each in self.timing_form.context},
            reason=reading.text("reason"),
            operation_text=reading.text("operation_text"),
            receipt_at=reading.instant("receipt_time", day),
            ticks=_ticks(self, stamped),
        )
        return TimingSubmission(
            id=reading.identity(),
            assignment_id=assignment_id,
            entry=entry,
            confirmed=bool(self["confirmed"].data),
            unreadable=tuple(reading.unreadable),
            timing_form=self.timing_form.digest,
        )


def contact_form(timing_form: TimingForm, language: str) -> type[ContactForm]:
    """The form's class for a stored timing form, its fields in the order of reading."""
    modes = [(each.code, each.text.to(language)) for each in timing_form.modes if not each.imported]
    outcomes = [(each.code, each.text.to(language)) for each in timing_form.outcomes]
    fields: dict[str, Any] = {
        "timing_form": timing_form,
        "id": HiddenField(),
        "version": HiddenField(),
        "mode": radios(gettext("Whom do you time?"), modes),
        "day": StringField(gettext("Day")),
    }
    for event in timing_form.events:
        fields[event_field(event.code)] = StringField(event.text.to(language))
        fields[f"stamp_{event.code}"] = HiddenField()
        fields[f"tick_{event.code}"] = HiddenField()
    fields |= {
        "outcome": radios(gettext("How did it end?"), outcomes),
        "reason": StringField(gettext("Why was the customer not served?")),
        "operation": _operations(timing_form, language),
        "operation_text": StringField(gettext("Which operation was it?")),
    }
    for each in timing_form.context:
        fields[context_field(each.code)] = _context_field(each, language)
    fields["receipt_time"] = StringField(gettext("Time on the receipt"))
    fields["confirmed"] = BooleanField(gettext("Yes, this is right"))
    return type("TimingContactForm", (ContactForm,), fields)


def _operations(timing_form: TimingForm, language: str) -> SelectField:
    by_group = [
        SelectChoice(
            each.code,
            each.text.to(language),
            render_kw={"class": "asks-text"} if each.describe else {},
            optgroup=str(GROUPS.get(each.group, each.group)),
        )
        for each in timing_form.operations
    ]
    none_yet = SelectChoice("", gettext("Choose"))
    return SelectField(gettext("Operation"), choices=[none_yet, *by_group], validate_choice=False)


def _context_field(each: ContextField, language: str) -> Any:
    label = each.text.to(language)
    options = [(option.code, option.text.to(language)) for option in each.options]
    if each.type == "choice":
        return radios(label, options)
    return checkboxes(label, options) if each.type == "choices" else StringField(label)


def _context(reading: Reading, form: ContactForm, each: ContextField) -> Any:
    name = context_field(each.code)
    if each.type == "number":
        return reading.whole(name)
    return list(form[name].data or ()) if each.type == "choices" else reading.text(name)


def _stamp(form: ContactForm, code: str, typed: datetime) -> datetime | None:
    """The stamped moment to the millisecond, if it is of the very second that was typed."""
    written = str(form[f"stamp_{code}"].data or "")
    if not (written.isascii() and written.isdigit() and len(written) <= MAX_STAMP):
        return None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(written))
    return moment if moment.replace(microsecond=0) == typed else None


def _ticks(form: ContactForm, stamped: dict[str, datetime | None]) -> dict[str, int]:
    written = {code: str(form[f"tick_{code}"].data or "") for code, moment in stamped.items() if moment}
    return {
        code: int(tick)
        for code, tick in written.items()
        if tick.isascii() and tick.isdigit() and len(tick) <= MAX_STAMP
    }


def today(now: datetime, zone: ZoneInfo) -> date:
    """The branch's own day."""
    return now.astimezone(zone).date()
