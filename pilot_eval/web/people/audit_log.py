"""The audit log: who did what, and whether the log is whole."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from pilot_eval.operations import audit_log as operations
from pilot_eval.operations.policy import Action, may
from pilot_eval.web.people.events import in_words
from pilot_eval.web.sessions import actor, session

audit_log = Blueprint("audit_log", __name__, url_prefix="/audit-log")


@audit_log.get("")
def index() -> ResponseReturnValue:
    """The newest events, older ones page by page."""
    return _page()


@audit_log.post("/verify")
def verify() -> ResponseReturnValue:
    """Recompute the chain and say what came out."""
    return _page(operations.verify(session(), actor()))


def _page(verification: operations.Verification | None = None) -> ResponseReturnValue:
    before = request.args.get("before", type=int)
    events = operations.list_events(session(), actor(), before=before)
    return render_template(
        "people/audit_log.html",
        events=events,
        older=events[-1].sequence if len(events) == operations.PAGE else None,
        paged=before is not None,
        verification=verification,
        in_words=in_words,
        may_verify=may(actor(), Action.VERIFY_AUDIT_LOG),
    )
