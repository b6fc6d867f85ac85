"""Answers that are worked out from a visit's own timings, whichever of the two comes first."""

from __future__ import annotations

from sqlmodel import Session, col, select

from pilot_eval.domain.timings import OWN_VISIT
from pilot_eval.operations import forms
from pilot_eval.records.forms import ChecklistVersion
from pilot_eval.records.visits import Timing, Visit


def settle_computed(session: Session, visit: Visit) -> None:
    """Work out a visit's computed answers again, in the caller's transaction.

    They are kept in its document under `computed`, apart from what the auditor answered, and earn no points.
    Of several timings of one visit the earliest that tells the answer counts. To be called whenever the visit
    or one of its timings was stored or changed, while the assignment is locked.
    """
    checklist = forms.checklist_of(session.get_one(ChecklistVersion, visit.checklist_id))
    own = select(Timing).where(col(Timing.visit_id) == visit.id, col(Timing.mode) == OWN_VISIT)
    answers: dict[str, str] = {}
    for timing in session.exec(own.order_by(col(Timing.happened_at), col(Timing.id))):
        answers = checklist.computed(_durations(timing), _at_least(timing)) | answers
    document = {name: value for name, value in visit.document.items() if name != "computed"}
    visit.document = document | ({"computed": answers} if answers else {})
    session.add(visit)
    session.flush()


def _durations(timing: Timing) -> dict[str, int | None]:
    return {
        "wait_seconds": timing.wait_seconds,
        "handover_seconds": timing.handover_seconds,
        "service_seconds": timing.service_seconds,
        "total_seconds": timing.total_seconds,
    }


def _at_least(timing: Timing) -> dict[str, int | None]:
    given_up = timing.document.get("gave_up_after_seconds")
    return {"wait_seconds": given_up if isinstance(given_up, int) else None}
