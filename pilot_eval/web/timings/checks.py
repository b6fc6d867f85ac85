"""What a phone checks before it takes a timing: the rules of the form, and the words for what is wrong.

The site checks all of it again; said on the phone, it is said while the auditor can still mend it.
"""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from pilot_eval.domain.timings import TimingForm, checking, context_field
from pilot_eval.domain.timings.durations import CENSORED_WAIT
from pilot_eval.operations.submissions import Place
from pilot_eval.reports.numbers import date_text
from pilot_eval.web.languages import language
from pilot_eval.web.recording import phone_texts


def rules(form: TimingForm, place: Place) -> dict[str, Any]:
    """The rules as plain data."""
    return {
        "version": form.digest,
        "zone": place.zone.key,
        "opens": place.wave.opens_on.isoformat(),
        "closes": place.wave.closes_on.isoformat(),
        "events": [event.code for event in form.events],
        "outcomes": {
            each.code: {
                "needs": each.needs,
                "may": each.may,
                "context": each.context,
                "reason": each.reason,
                "reached_window": each.reached_window,
            }
            for each in form.outcomes
        },
        "censored": CENSORED_WAIT,
        "context": [
            {
                "code": each.code,
                "field": context_field(each.code),
                "type": each.type,
                "low": each.low,
                "high": each.high,
                "at_most": each.at_most,
                "required_in": each.required_in,
            }
            for each in form.context
        ],
        "operations": {
            each.code: {"low": each.plausible[0], "high": each.plausible[1], "describe": each.describe}
            for each in form.operations
        },
        "limits": {
            "future_seconds": form.limits.future_seconds,
            "wait_seconds": form.limits.wait_seconds,
        },
    }


def texts(place: Place) -> dict[str, Any]:
    """What the phone says, in the reader's language; {names} in braces are filled in there."""
    first, last = (date_text(day, language()) for day in (place.wave.opens_on, place.wave.closes_on))
    length = {"length": "{length}"}
    return phone_texts() | {
        "send": gettext("Send the timing"),
        "undo": gettext("Undo"),
        "waiting": gettext("Waiting"),
        "serving": gettext("Being served"),
        "customer": gettext("Customer %(number)s", number="{number}"),
        "lane_stored": gettext(
            "Customer %(number)s is stored, receipt %(receipt)s.", number="{number}", receipt="{receipt}"
        ),
        "lane_saved": gettext(
            "Customer %(number)s is saved on this phone and will be sent.", number="{number}"
        ),
        "clock_back": gettext(
            "The clock of this phone was put back by %(length)s while you were timing. Times before and"
            " after that do not go together: check them by another clock.",
            **length,
        ),
        "clock_ahead": gettext(
            "The clock of this phone was put ahead by %(length)s while you were timing. Times before and"
            " after that do not go together: check them by another clock.",
            **length,
        ),
        "no_mode": gettext("Say whom you timed"),
        "no_outcome": gettext("Say how the contact ended"),
        "no_operation": gettext("Choose the operation"),
        "no_operation_text": gettext("Say which operation it was"),
        "no_reason": gettext("Say why the customer was not served"),
        "outside_wave": gettext(
            "This assignment takes visits from %(first)s to %(last)s", first=first, last=last
        ),
        "bad_number": gettext("Give a whole number from %(low)s to %(high)s", low="{low}", high="{high}"),
        "too_many": gettext(
            "%(value)s is more than the %(most)s given above", value="{value}", most="{most}"
        ),
        "long_wait": gettext("The wait was %(length)s: is that right?", **length),
        "unusual_service": gettext(
            "Service took %(length)s; %(low)s to %(high)s an item is usual here: is that right?",
            **length,
            low="{low}",
            high="{high}",
        ),
        "missing_event": _said(checking.MISSING_EVENT),
        "unexpected_event": _said(checking.UNEXPECTED_EVENT),
        "missing_context": _said(checking.MISSING_CONTEXT),
        "out_of_order": [
            {"first": first, "last": last, "message": gettext(message, first="{first}", last="{last}")}
            for (first, last), message in checking.OUT_OF_ORDER.items()
        ],
    }


def _said(messages: dict[str, str]) -> dict[str, str]:
    return {code: gettext(message) for code, message in messages.items()}
