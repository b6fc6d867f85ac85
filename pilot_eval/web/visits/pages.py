"""The auditor's pages: the visits to make, the visit form, its receipt."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from urllib.parse import quote
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from pilot_eval.domain.checklists import Checklist, default_checklist
from pilot_eval.domain.errors import Problem
from pilot_eval.domain.people import Role
from pilot_eval.domain.problems import Refused
from pilot_eval.operations import visits as operations
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.operations.reviewed_visits import own_review
from pilot_eval.operations.submissions import Place, Receipt, place_of, receipt_code, require_standing
from pilot_eval.operations.visits import RecordedVisit
from pilot_eval.web.headers import permit_place
from pilot_eval.web.languages import language
from pilot_eval.web.recording import hand_in
from pilot_eval.web.sessions import actor, clock, session
from pilot_eval.web.visits import checks
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
    form = visit_form(_checklist(place), language())(request.form)
    if request.method == "POST":
        return _store(place, form)
    require_standing(place)
    if (visit_id := operations.visit_for(session(), actor(), assignment_id)) is not None:
        return redirect(url_for("visits.receipt", visit_id=visit_id))
    form.id.data = str(uuid4())
    form.version.data = form.checklist.digest
    form.day.data = clock().astimezone(place.zone).date().isoformat()
    answer = make_response(_page(place, form))
    # By it the phone finds the form of a branch whose code is scanned without a signal.
    answer.headers["X-Branch"] = " ".join(quote(code, safe="") for code in place.branch.codes)
    return answer


def _checklist(place: Place) -> Checklist:
    """The version that the form was begun under, where one is named and known; else the one of today."""
    with suppress(Refused):
        return operations.checklist_for(session(), place, request.values.get("version", ""))[1]
    return operations.checklist_for(session(), place)[1]


def _store(place: Place, form: VisitForm) -> ResponseReturnValue:
    def store() -> Receipt:
        submission = form.submission(place.assignment.id or 0, place.zone)
        return operations.record_visit(session(), actor(), submission, clock())

    return hand_in(
        form, store, partial(_page, place, form), lambda stored: url_for(".receipt", visit_id=stored)
    )


def _page(place: Place | None, form: VisitForm, *, odd: bool = False) -> str:
    rules = checks.rules(form.checklist, place)
    if "branch_at" in rules:
        permit_place()
    return render_template(
        "visits/visit.html",
        place=place,
        form=form,
        checklist=form.checklist,
        odd=odd,
        rules=rules,
        texts=checks.texts(place),
    )


@visits.route("/practice", methods=["GET", "POST"])
def practice() -> ResponseReturnValue:
    """The visit form to practise on: nothing is stored and nothing counts."""
    scope_of(actor(), Action.RECORD)
    form = visit_form(default_checklist(), language())(request.form)
    if request.method == "POST":
        return hand_in(form, partial(_rehearse, form), partial(_page, None, form), _back_to_assignments)
    form.id.data = str(uuid4())
    form.version.data = form.checklist.digest
    form.day.data = clock().date().isoformat()
    return _page(None, form)


def _rehearse(form: VisitForm) -> Receipt:
    # Without scripts no time zone is known: any will do where nothing is stored.
    submission = form.submission(0, ZoneInfo("UTC"))
    receipt = operations.rehearse_visit(session(), actor(), submission, clock())
    flash(gettext("Practice done: it would have been stored. Nothing was."), "success")
    return receipt


def _back_to_assignments(_practised: UUID) -> str:
    return url_for(".assignments")


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
