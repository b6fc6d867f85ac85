"""Review: the visits to look at, one visit with everything beside it, and what is ruled and said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pilot_eval.domain.errors import BadInput, EditConflict, Problem, WrongState
from pilot_eval.domain.pilots import Period
from pilot_eval.domain.reviews import RemarkKind, Ruling
from pilot_eval.operations import review_queue as queues
from pilot_eval.operations.flags import LABELS
from pilot_eval.operations.policy import Action, may, scope_of
from pilot_eval.operations.redactions import redact_visit, suspected_passages
from pilot_eval.operations.review_queue import WantedVisits
from pilot_eval.operations.reviewed_visits import ReviewedVisit, visit_to_review
from pilot_eval.operations.reviews import answer_remark, remark, review_visit
from pilot_eval.operations.submissions import receipt_code
from pilot_eval.records.visits import VisitState
from pilot_eval.web.sessions import actor, clock, session
from pilot_eval.web.versions import header_value, lines_of

area = Blueprint("review", __name__, url_prefix="/review")

_FILTERS = ("pilot", "state", "wave", "region", "flag")
_STATES = {state.value: state for state in VisitState} | {"all": None}


@area.get("")
def index() -> ResponseReturnValue:
    """The visits of a pilot; what is chosen stands in the address."""
    listed = queues.pilots_to_review(session(), actor())
    slug = request.args.get("pilot") or (listed[0].pilot.slug if listed else "")
    if not slug:
        return render_template("review/index.html", queue=None, listed=listed)
    after = request.args.get("after", "")
    queue = queues.review_queue(session(), actor(), slug, _wanted(), _uuid(after))
    return render_template(
        "review/index.html",
        queue=queue,
        listed=listed,
        chosen={name: request.args.get(name, "") for name in _FILTERS} | {"pilot": slug},
        after=after,
        labels=LABELS,
        made_up=queue.pilot.made_up,
    )


def _wanted() -> WantedVisits:
    """What is wanted: visits that nobody has ruled on, unless the address says otherwise."""
    given = request.args
    period, flag = given.get("wave", ""), given.get("flag", "")
    return WantedVisits(
        state=_STATES.get(given.get("state", ""), VisitState.SUBMITTED),
        period=Period(period) if period in set(Period) else None,
        region=given.get("region", ""),
        flag=flag if flag in LABELS or flag == "any" else "",
    )


def _uuid(given: str) -> UUID | None:
    try:
        return UUID(given)
    except ValueError:
        return None


@area.get("/<uuid:visit_id>")
def show(visit_id: UUID) -> ResponseReturnValue:
    """One visit: answers, words, times, score, flags, versions and what was said of it."""
    return _page(visit_to_review(session(), actor(), visit_id))


def _page(
    found: ReviewedVisit, problems: Sequence[Problem] = (), acted: str = "", stale: bool = False
) -> str:
    visit, zone = found.visit, found.branch.time_zone
    header: Mapping[str, Any] = visit.document["header"]  # type: ignore[assignment]  # built when it was sent
    return render_template(
        "review/show.html",
        found=found,
        code=receipt_code(visit.digest),
        receipt_code=receipt_code,
        header={
            name: header_value(name, value, found.checklist, zone)
            for name, value in header.items()
            if name != "scenario"
        },
        lines=lambda changes: lines_of(changes, found.checklist, zone),
        labels=LABELS,
        following=_following(found),
        filters=_filters(),
        may_correct=may(actor(), Action.CORRECT),
        problems=problems,
        acted=acted,
        typed=request.form if acted else {},
        opened=_opened(found),
        stale=stale,
        made_up=found.pilot.made_up,
    )


def _opened(found: ReviewedVisit) -> set[str]:
    """Sections of the checklist beside whose questions something was typed."""
    return {
        section.code
        for section in found.checklist.sections
        if any(request.form.get(f"why-{item.code}") for item in section.items)
    }


def _following(found: ReviewedVisit) -> UUID | None:
    return queues.next_to_review(session(), actor(), found.visit, _wanted()) if found.reviews else None


def _filters() -> dict[str, Any]:
    """What was chosen in the queue, to go on with it."""
    return {name: value for name in _FILTERS if (value := request.args.get(name, ""))}


def _again(visit_id: UUID, error: BadInput | EditConflict | WrongState, acted: str) -> ResponseReturnValue:
    """The page with what is in the way, and with what was typed."""
    session().rollback()
    found = visit_to_review(session(), actor(), visit_id)
    if isinstance(error, BadInput):
        return _page(found, error.problems, acted), 422
    if isinstance(error, EditConflict):
        return _page(found, acted=acted, stale=True), 409
    return _page(found, [Problem("", error.message)], acted), 409


def _version() -> int:
    given = request.form.get("version", "")
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        abort(400)
    return int(given)


@area.post("/<uuid:visit_id>/<any(approve, return, exclude, restore):ruling>")
def rule(visit_id: UUID, ruling: str) -> ResponseReturnValue:
    """Approve a visit, return it to its auditor, exclude it, or take it back in."""
    scope_of(actor(), Action.REVIEW)
    found = visit_to_review(session(), actor(), visit_id)
    following = _following(found)
    items = {name.removeprefix("why-"): why for name, why in request.form.items() if name.startswith("why-")}
    try:
        review_visit(
            session(),
            actor(),
            visit_id,
            Ruling(ruling),
            clock(),
            version=_version(),
            reason=request.form.get("reason", ""),
            items=items,
        )
    except (BadInput, EditConflict, WrongState) as error:
        return _again(visit_id, error, ruling)
    flash(_done(ruling, found.branch.name), "success")
    if following is None:
        return redirect(url_for("review.index", **_filters() | {"pilot": found.pilot.slug}))
    return redirect(url_for("review.show", visit_id=following, **_filters()))


def _done(ruling: str, branch: str) -> str:
    sentences = {
        "approve": _("The visit to %(branch)s is approved.", branch=branch),
        "return": _("The visit to %(branch)s is returned to its auditor.", branch=branch),
        "exclude": _("The visit to %(branch)s is excluded.", branch=branch),
        "restore": _("The visit to %(branch)s counts again and is to be reviewed.", branch=branch),
    }
    return str(sentences[ruling])


@area.post("/<uuid:visit_id>/remarks")
def say(visit_id: UUID) -> ResponseReturnValue:
    """Comment on a visit, or dispute it."""
    kind = request.form.get("kind", RemarkKind.COMMENT)
    if kind not in set(RemarkKind):
        abort(400)
    scope_of(actor(), Action.READ_REVIEWED)
    try:
        remark(session(), actor(), visit_id, RemarkKind(kind), request.form.get("text", ""), clock())
    except (BadInput, WrongState) as error:
        return _again(visit_id, error, "say")
    flash(_("It is noted; head office sees it."), "success")
    return redirect(url_for("review.show", visit_id=visit_id, _anchor="remarks", **_filters()))


@area.post("/<uuid:visit_id>/remarks/<int:remark_id>/answer")
def answer(visit_id: UUID, remark_id: int) -> ResponseReturnValue:
    """Answer a remark."""
    try:
        answer_remark(session(), actor(), visit_id, remark_id, request.form.get("answer", ""), clock())
    except (BadInput, WrongState) as error:
        return _again(visit_id, error, f"answer-{remark_id}")
    flash(_("The answer is stored."), "success")
    return redirect(url_for("review.show", visit_id=visit_id, _anchor="remarks", **_filters()))


@area.route("/<uuid:visit_id>/redact", methods=["GET", "POST"])
def redact(visit_id: UUID) -> ResponseReturnValue:
    """Take personal data out of a visit and of all that is kept beside it."""
    scope_of(actor(), Action.REVIEW)
    found = visit_to_review(session(), actor(), visit_id)
    if request.method == "GET":
        return _redacting(found)
    chosen = [*request.form.getlist("passage"), *request.form.get("other", "").splitlines()]
    try:
        redact_visit(session(), actor(), visit_id, chosen, clock(), version=_version())
    except BadInput as error:
        session().rollback()
        return _redacting(found, error.problems, chosen), 422
    flash(_("It is taken out of the visit and of everything kept beside it."), "success")
    return redirect(url_for("review.show", visit_id=visit_id, **_filters()))


def _redacting(found: ReviewedVisit, problems: Sequence[Problem] = (), chosen: Sequence[str] = ()) -> str:
    return render_template(
        "review/redact.html",
        found=found,
        passages=suspected_passages(session(), actor(), found.visit.id),
        chosen=chosen,
        filters=_filters(),
        problems=problems,
        made_up=found.pilot.made_up,
    )
