"""The addresses of the API."""

from __future__ import annotations

import re
from uuid import UUID

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from pilot_eval.domain.errors import WrongState
from pilot_eval.domain.people import TokenScope
from pilot_eval.domain.problems import N_
from pilot_eval.operations import field_kits, network, timings, visits
from pilot_eval.operations.corrections import correct_visit
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.operations.submissions import Receipt, Status
from pilot_eval.web import bearer
from pilot_eval.web.api import pace, refusals
from pilot_eval.web.api.answers import (
    ReceiptAnswer,
    SessionAnswer,
    assignments_answer,
    branches_answer,
    told,
)
from pilot_eval.web.api.openapi import document
from pilot_eval.web.languages import language
from pilot_eval.web.payloads import PracticeBody, TimingBody, Unreadable, VisitBody, edited_revision, read
from pilot_eval.web.recording import KEPT_ASIDE
from pilot_eval.web.sessions import actor, clock, session
from pilot_eval.web.sign_in import PUBLIC

BRANCHES_AT_ONCE = 1000
ASSIGNMENTS_AT_ONCE = 1000

# What a token needs; an address that is not here is closed to tokens.
SCOPES = {
    "api.who": TokenScope.SESSION_READ,
    "api.visit": TokenScope.VISITS_WRITE,
    "api.practice": TokenScope.VISITS_WRITE,
    "api.photo": TokenScope.VISITS_WRITE,
    "api.timing": TokenScope.TIMINGS_WRITE,
    "api.assignments": TokenScope.ASSIGNMENTS_READ,
    "api.branches": TokenScope.BRANCHES_READ,
}

api = Blueprint(bearer.API, __name__, url_prefix="/api/v1")
refusals.install(api)
pace.install(api)


@api.before_request
def _within_scope() -> ResponseReturnValue | None:
    scope = SCOPES.get(request.endpoint or "")
    if not bearer.shown() or request.endpoint in PUBLIC or bearer.reaches(scope):
        return None
    return refusals.out_of_scope(scope)


@api.get("/openapi.json")
def openapi() -> ResponseReturnValue:
    """The API described for programs, for anyone."""
    return jsonify(document())


@api.get("/session")
def who() -> ResponseReturnValue:
    """Who is signed in, with a fresh token for what they send."""
    return SessionAnswer(
        person=current_user.id,
        name=current_user.full_name or current_user.email,
        pseudonym=current_user.pseudonym,
        role=current_user.role.value,
        language=language(),
        csrf_token=None if bearer.shown() else generate_csrf(),
        server_time=clock(),
    ).response()


@api.put("/visits/<uuid:record_id>")
def visit(record_id: UUID) -> ResponseReturnValue:
    """Record a visit, or correct it with If-Match and a reason; sent twice it is stored once."""
    scope_of(actor(), Action.RECORD)
    body, unreadable = read(VisitBody)
    submission, revision = body.submission(record_id, unreadable), edited_revision()
    if revision is None:
        return _told(visits.record_visit(session(), actor(), submission, clock()))
    return _told(
        correct_visit(session(), actor(), submission, clock(), revision=revision, reason=body.reason)
    )


@api.put("/timings/<uuid:record_id>")
def timing(record_id: UUID) -> ResponseReturnValue:
    """Record a timing; sent twice it is stored once."""
    scope_of(actor(), Action.RECORD)
    if "If-Match" in request.headers:
        raise WrongState("no_corrections", N_("A timing that was sent cannot be corrected"))
    body, unreadable = read(TimingBody)
    return _told(timings.record_timing(session(), actor(), body.submission(record_id, unreadable), clock()))


@api.put("/practice/<uuid:record_id>")
def practice(record_id: UUID) -> ResponseReturnValue:
    """Check a practice visit as a visit is checked; nothing is stored."""
    scope_of(actor(), Action.RECORD)
    body, unreadable = read(PracticeBody)
    return _told(visits.rehearse_visit(session(), actor(), body.submission(record_id, unreadable), clock()))


def _told(receipt: Receipt) -> ResponseReturnValue:
    if receipt.status in KEPT_ASIDE:
        return refusals.kept_aside(receipt)
    return ReceiptAnswer(**told(receipt)).response(201 if receipt.status is Status.CREATED else 200)


@api.get("/assignments")
def assignments() -> ResponseReturnValue:
    """The visits to make and those made, with the forms that they are recorded on.

    An auditor's own are whole; those of everybody come a thousand at a time, those after `after`.
    """
    kit = field_kits.pack(session(), actor(), clock(), after=_asked_after(), most=ASSIGNMENTS_AT_ONCE)
    return assignments_answer(kit, current_user.id).response()


def _asked_after() -> int:
    given = request.args.get("after", "0")
    if re.fullmatch("[0-9]{1,9}", given) is None:
        raise Unreadable(N_("after is `next` of the answer before"))
    return int(given)


@api.get("/branches")
def branches() -> ResponseReturnValue:
    """Branches by code, a thousand at a time, those after `after`."""
    rows = network.read_branches(
        session(), actor(), after=request.args.get("after", ""), most=BRANCHES_AT_ONCE + 1
    )
    more = len(rows) > BRANCHES_AT_ONCE
    rows = rows[:BRANCHES_AT_ONCE]
    return branches_answer(rows, rows[-1][0].code if more else None).response()
