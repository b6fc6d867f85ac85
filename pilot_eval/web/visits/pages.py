"""The auditor's pages: the visits to make, the visit form, its receipt."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID, uuid4

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from pilot_eval.domain.errors import Problem
from pilot_eval.domain.people import Role
from pilot_eval.operations import visits as operations
from pilot_eval.operations.reviewed_visits import own_review
from pilot_eval.operations.submissions import Place, Receipt, place_of, receipt_code, require_standing
from pilot_eval.operations.visits import RecordedVisit
from pilot_eval.web.languages import language
from pilot_eval.web.recording import hand_in
from pilot_eval.web.sessions import actor, clock, session
from pilot_eval.web.visits.forms import OUTCOMES, VisitForm, visit_form

visits = Blueprint("visits", __name__)


@visits.get("/assignments")
def assignments() -> ResponseReturnValue:
    """The visits to make, and those made."""
    who, now = actor(), clock()
    return render_template(
        "visits/assignments.html",
        assigned=operations.list_assigned(session(), who, now),
        now=now,
        records=who.role is Role.AUDITOR,
    )


@visits.route("/assignments/<int:assignment_id>/visit", methods=["GET", "POST"])
def record(assignment_id: int) -> ResponseReturnValue:
    """Fill in a visit; sent twice it is stored once."""
    place = place_of(session(), actor(), assignment_id)
    _checklist_id, checklist = operations.checklist_for(session(), place)
    form = visit_form(checklist, language())(request.form)
    if request.method == "POST":
        return _store(place, form)
    require_standing(place)
    if (visit_id := operations.visit_for(session(), actor(), assignment_id)) is not None:
        return redirect(url_for("visits.receipt", visit_id=visit_id))
    form.id.data = str(uuid4())
    form.day.data = clock().astimezone(place.zone).date().isoformat()
    return _page(place, form)


def _store(place: Place, form: VisitForm) -> ResponseReturnValue:
    def store() -> Receipt:
        submission = form.submission(place.assignment.id or 0, place.zone)
        return operations.record_visit(session(), actor(), submission, clock())

    return hand_in(
        form, store, partial(_page, place, form), lambda stored: url_for(".receipt", visit_id=stored)
    )


def _page(place: Place, form: VisitForm, *, odd: bool = False) -> str:
    return render_template("visits/visit.html", place=place, form=form, checklist=form.checklist, odd=odd)


@visits.get("/visits/<uuid:visit_id>")
def receipt(visit_id: UUID) -> ResponseReturnValue:
    """That a visit is stored, and its receipt code; never its score."""
    return receipt_page(operations.recorded_visit(session(), actor(), visit_id))


def receipt_page(recorded: RecordedVisit, problems: Sequence[Problem] = (), typed: str = "") -> str:
    """The receipt with what was said of the visit, and what is wrong with something said just now."""
    return render_template(
        "visits/receipt.html",
        recorded=recorded,
        code=receipt_code(recorded.visit.digest),
        outcome=OUTCOMES[recorded.visit.outcome],
        review=own_review(session(), recorded.visit),
        problems=problems,
        typed=typed,
    )
