"""A sent visit taken up again: by its auditor, or by head office."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pilot_eval.domain.errors import BadInput, Problem, WrongState
from pilot_eval.domain.problems import Refused, Unconfirmed
from pilot_eval.domain.reviews import RemarkKind, differences
from pilot_eval.operations.corrections import (
    StaleRevision,
    VisitToCorrect,
    correct_visit,
    visit_to_correct,
)
from pilot_eval.operations.reviews import remark
from pilot_eval.operations.visits import recorded_visit
from pilot_eval.web.languages import language
from pilot_eval.web.messages import said
from pilot_eval.web.recording import show
from pilot_eval.web.sessions import actor, clock, session
from pilot_eval.web.versions import Line, lines_of
from pilot_eval.web.visits.forms import CorrectionForm, correction_form
from pilot_eval.web.visits.pages import receipt_page

corrections = Blueprint("corrections", __name__)


@corrections.route("/visits/<uuid:visit_id>/correct", methods=["GET", "POST"])
def correct(visit_id: UUID) -> ResponseReturnValue:
    """Correct a visit; both versions are kept, and one that changed meanwhile is never overwritten."""
    found = visit_to_correct(session(), actor(), visit_id)
    form = correction_form(found.checklist, language())(request.form)
    if request.method == "POST":
        return _store(found, form)
    document: Mapping[str, Any] = found.visit.document
    form.fill_in(document, found.zone)
    form.id.data, form.revision.data = str(visit_id), str(found.visit.revision)
    return _page(found, form)


def _store(found: VisitToCorrect, form: CorrectionForm) -> ResponseReturnValue:
    form.id.data = str(found.visit.id)
    submission = form.submission(found.visit.assignment_id or 0, found.zone)
    reason = str(form["reason"].data or "")
    try:
        receipt = correct_visit(
            session(), actor(), submission, clock(), revision=_revision(form), reason=reason
        )
    except StaleRevision as stale:
        return _stale(found, form, stale)
    except Unconfirmed as odd:
        show(form, odd.findings)
        return _page(found, form, odd=True), 422
    except Refused as refused:
        show(form, refused.findings)
        return _page(found, form), 422
    except WrongState as state:
        form.form_errors.append(said(state.message))
        return _page(found, form), 409
    flash(_("The correction is stored. Receipt code: %(code)s", code=receipt.code), "success")
    endpoint = "visits.receipt" if found.own else "review.show"
    return redirect(url_for(endpoint, visit_id=receipt.id), 303)


def _stale(found: VisitToCorrect, form: CorrectionForm, stale: StaleRevision) -> ResponseReturnValue:
    """Both versions side by side, and the form with all that was typed; sent again it replaces the other."""
    changes = differences(stale.current.document, stale.wanted.document, found.checklist.items)
    form.revision.data = str(stale.current.revision)
    message = _("Somebody else has corrected this visit in the meantime. Compare both versions below.")
    form.form_errors.append(message)
    return _page(found, form, lines_of(changes, found.checklist, found.branch.time_zone)), 409


def _revision(form: CorrectionForm) -> int:
    given = str(form["revision"].data or "")
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        abort(400)
    return int(given)


def _page(
    found: VisitToCorrect, form: CorrectionForm, lines: list[Line] | None = None, *, odd: bool = False
) -> str:
    return render_template(
        "visits/correct.html",
        found=found,
        form=form,
        checklist=found.checklist,
        notes=found.returned.items if found.returned else {},
        lines=lines,
        odd=odd,
        back=url_for("visits.receipt" if found.own else "review.show", visit_id=found.visit.id),
    )


@corrections.post("/visits/<uuid:visit_id>/remarks")
def say(visit_id: UUID) -> ResponseReturnValue:
    """Comment on the own visit."""
    recorded = recorded_visit(session(), actor(), visit_id)
    text = request.form.get("text", "")
    try:
        remark(session(), actor(), visit_id, RemarkKind.COMMENT, text, clock())
    except (BadInput, WrongState) as error:
        session().rollback()
        problems = error.problems if isinstance(error, BadInput) else (Problem("", error.message),)
        return receipt_page(recorded, problems, text), 422 if isinstance(error, BadInput) else 409
    flash(_("Your comment is stored."), "success")
    return redirect(url_for("visits.receipt", visit_id=visit_id, _anchor="remarks"))
