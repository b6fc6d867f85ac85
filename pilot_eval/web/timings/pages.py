"""The auditor's pages for timing a customer contact."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from uuid import UUID, uuid4

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from pilot_eval.domain.problems import Refused
from pilot_eval.domain.timings import TimingForm
from pilot_eval.operations import timings as operations
from pilot_eval.operations.submissions import Place, Receipt, place_of, receipt_code, require_standing
from pilot_eval.web.languages import language
from pilot_eval.web.recording import hand_in
from pilot_eval.web.sessions import actor, clock, session
from pilot_eval.web.timings import checks
from pilot_eval.web.timings.forms import ContactForm, contact_form, today

timings = Blueprint("timings", __name__)


@timings.route("/assignments/<int:assignment_id>/timing", methods=["GET", "POST"])
def record(assignment_id: int) -> ResponseReturnValue:
    """Time one customer contact; sent twice it is stored once."""
    place = place_of(session(), actor(), assignment_id)
    form = contact_form(_timing_form(place), language())(request.form)
    if request.method == "POST":
        return _store(place, form)
    require_standing(place)
    form.id.data = str(uuid4())
    form.version.data = form.timing_form.digest
    form.day.data = today(clock(), place.zone).isoformat()
    return _page(place, form)


def _timing_form(place: Place) -> TimingForm:
    """The version that the form was begun under, where one is named and known; else the one of today."""
    with suppress(Refused):
        return operations.timing_form_for(session(), place, request.values.get("version", ""))[1]
    return operations.timing_form_for(session(), place)[1]


def _store(place: Place, form: ContactForm) -> ResponseReturnValue:
    def store() -> Receipt:
        submission = form.submission(place.assignment.id or 0, place.zone)
        return operations.record_timing(session(), actor(), submission, clock())

    return hand_in(
        form, store, partial(_page, place, form), lambda stored: url_for(".receipt", timing_id=stored)
    )


def _page(place: Place, form: ContactForm, *, odd: bool = False) -> str:
    return render_template(
        "timings/timing.html",
        place=place,
        form=form,
        timing_form=form.timing_form,
        odd=odd,
        rules=checks.rules(form.timing_form, place),
        texts=checks.texts(place),
    )


@timings.get("/timings/<uuid:timing_id>")
def receipt(timing_id: UUID) -> ResponseReturnValue:
    """That a timing is stored, and its receipt code."""
    recorded = operations.recorded_timing(session(), actor(), timing_id)
    return render_template(
        "timings/receipt.html", recorded=recorded, code=receipt_code(recorded.timing.digest)
    )
