"""Corrections of visits that were sent: each is a new revision with its reason, and the old content stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from pilot_eval.domain.checklists import Checklist
from pilot_eval.domain.errors import EditConflict, NotFound, WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import WaveState
from pilot_eval.domain.problems import N_, FieldProblem, Refused
from pilot_eval.domain.reviews import RevisionKind
from pilot_eval.operations import forms
from pilot_eval.operations.computed_answers import settle_computed
from pilot_eval.operations.plans import results_seen
from pilot_eval.operations.policy import Action, Scope, require, scope_of
from pilot_eval.operations.submissions import (
    Receipt,
    Status,
    held_wave,
    one_transaction,
    require_begun_within,
    revision_of,
)
from pilot_eval.operations.visits import VisitSubmission, ask_about_gaps, visit_as_sent
from pilot_eval.records import audit
from pilot_eval.records.branch_results import mark_stale
from pilot_eval.records.forms import ChecklistVersion
from pilot_eval.records.network import Branch
from pilot_eval.records.pilots import Pilot, Wave
from pilot_eval.records.reviews import VisitReview, VisitRevision, rulings_on
from pilot_eval.records.visits import Visit, VisitState

LONGEST_REASON = 500
# What a visit's content is; the columns of `VisitRevision` as well.
CONTENT = ("outcome", "started_at", "left_at", "document", "score_hundredths", "critical_failed", "digest")

# How the visit was made, which no correction changes: parts of its document.
_OF_THE_FIRST = ("filling", "distance_m")


class StaleRevision(EditConflict):
    """Somebody else has corrected the visit in the meantime.

    Parameters
    ----------
    current : Visit
        As it stands now.
    wanted : Visit
        As it was to become; not stored.
    """

    def __init__(self, current: Visit, wanted: Visit) -> None:
        self.current, self.wanted = current, wanted
        super().__init__("the visit was corrected in the meantime")


@dataclass(frozen=True, slots=True)
class VisitToCorrect:
    """A sent visit as it is taken up again.

    Parameters
    ----------
    returned : VisitReview or None
        Why head office returned it, where it did.
    own : bool
        It is the actor's own, not somebody else's.
    """

    visit: Visit
    branch: Branch
    checklist: Checklist
    returned: VisitReview | None
    own: bool

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.branch.time_zone)


def visit_to_correct(session: Session, actor: Actor, visit_id: UUID) -> VisitToCorrect:
    """A visit that the actor may correct now.

    Raises
    ------
    NotAllowed, NotFound, WrongState
        As `correct_visit`.
    """
    scope_of(actor, Action.CORRECT)
    visit = session.get(Visit, visit_id)
    if visit is None:
        raise NotFound
    scope = require(actor, Action.CORRECT, owner_id=visit.auditor_id)
    require_correctable(visit, session.get_one(Wave, visit.wave_id), scope)
    rulings = rulings_on(session, visit.id)
    return VisitToCorrect(
        visit,
        session.get_one(Branch, visit.branch_id),
        forms.checklist_of(session.get_one(ChecklistVersion, visit.checklist_id)),
        rulings[-1] if visit.state is VisitState.RETURNED and rulings else None,
        scope is Scope.OWN,
    )


def held_visit(session: Session, visit_id: UUID) -> Visit:
    """A visit as it is now, held until the transaction ends.

    Raises
    ------
    NotFound
    """
    visit = session.exec(
        select(Visit)
        .where(col(Visit.id) == visit_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if visit is None:
        raise NotFound
    return visit


def correct_visit(
    session: Session,
    actor: Actor,
    submission: VisitSubmission,
    now: datetime,
    *,
    revision: int,
    reason: str,
) -> Receipt:
    """Replace the content of a sent visit, with its audit event, and commit.

    Score, failed critical questions and lateness of results follow in the same transaction; the superseded
    content is kept. Whoever reviews it afterwards is somebody else.

    Parameters
    ----------
    submission : VisitSubmission
        The whole visit as it should be; its `id` names the visit.
    revision : int
        The one that was edited.
    reason : str
        Why, in words.

    Returns
    -------
    Receipt
        A duplicate where this very correction was stored before.

    Raises
    ------
    NotAllowed, NotFound
        If it is neither the actor's own nor everybody's to correct.
    StaleRevision
        If the visit was corrected since; nothing was stored.
    WrongState
        If its wave is locked, it is excluded, or it is an auditor's who was not asked to correct it.
    BadInput, Refused, Unconfirmed
        As for a new visit; a missing reason is one.
    """
    with one_transaction(session):
        return _correct(session, actor, submission, now, revision, reason.strip())


def _correct(
    session: Session, actor: Actor, submission: VisitSubmission, now: datetime, revision: int, reason: str
) -> Receipt:
    scope_of(actor, Action.CORRECT)
    visit = held_visit(session, submission.id)
    scope = require(actor, Action.CORRECT, owner_id=visit.auditor_id)
    wave = held_wave(session, visit.wave_id)
    if visit.revision == revision:
        require_correctable(visit, wave, scope)
    corrected = _corrected(session, visit, wave, submission, reason, now)
    if visit.revision != revision:
        stored = revision_of(session, visit, corrected.digest)
        if stored is None or stored <= revision:
            raise StaleRevision(visit, corrected)
        return Receipt(visit.id, corrected.digest, Status.DUPLICATE, visit.received_at, stored)
    content = {name: getattr(corrected, name) for name in CONTENT}
    content["document"] = dict(corrected.document) | {
        name: visit.document[name] for name in _OF_THE_FIRST if name in visit.document
    }
    supersede(session, actor, visit, content, RevisionKind.CORRECTION, reason, now)
    visit.state = VisitState.SUBMITTED
    mark_stale(session, visit.pilot_id)
    session.flush()
    details = {"revision": visit.revision, "digest": visit.digest}
    audit.append(session, actor, "visit.correct", "visit", visit.id, **details)
    return Receipt(visit.id, visit.digest, Status.CREATED, visit.received_at, visit.revision)


def require_correctable(visit: Visit, wave: Wave, scope: Scope) -> None:
    """Refuse to correct a visit that may not be corrected now.

    Raises
    ------
    WrongState
    """
    if wave.state is WaveState.LOCKED:
        raise WrongState("wave_locked", N_("This round of visits is locked: nothing in it can be changed"))
    if scope is Scope.OWN:
        asked = visit.state is VisitState.RETURNED
        if not asked and not (visit.state is VisitState.SUBMITTED and wave.state is WaveState.OPEN):
            message = N_("This visit can be changed only once head office has returned it")
            raise WrongState("not_returned", message)
    elif visit.state is VisitState.EXCLUDED:
        raise WrongState("excluded", N_("This visit is excluded: restore it before it is corrected"))


def may_be_corrected(visit: Visit, wave: Wave, scope: Scope) -> bool:
    """Whether to show the way to a correction; never instead of `require_correctable`."""
    try:
        require_correctable(visit, wave, scope)
    except WrongState:
        return False
    return True


def _corrected(
    session: Session, visit: Visit, wave: Wave, submission: VisitSubmission, reason: str, now: datetime
) -> Visit:
    """What the visit is to become, checked against the checklist that it was recorded with."""
    problems = problems_of_reason(reason)
    if submission.assignment_id != (visit.assignment_id or 0):
        raise Refused([FieldProblem("assignment", "other", N_("This visit belongs to another assignment"))])
    version = session.get_one(ChecklistVersion, visit.checklist_id)
    identities = {
        name: getattr(visit, name)
        for name in ("pilot_id", "wave_id", "branch_id", "assignment_id", "auditor_id")
    }
    header: dict[str, Any] = visit.document["header"]  # type: ignore[assignment]  # built by visit_as_sent
    checklist = forms.checklist_of(version)
    try:
        corrected = visit_as_sent(
            identities, str(header["scenario"]), visit.checklist_id, checklist, submission, now
        )
    except Refused as refused:
        raise Refused([*problems, *refused.findings]) from refused
    if problems:
        raise Refused(problems)
    if not submission.confirmed:
        ask_about_gaps(checklist, corrected)
    zone = ZoneInfo(session.get_one(Branch, visit.branch_id).time_zone)
    require_begun_within(wave, zone, corrected.started_at, now, "started_at")
    return corrected


def problems_of_reason(reason: str) -> list[FieldProblem]:
    """What is wrong with the reason of a change."""
    if not reason:
        return [FieldProblem("reason", "missing", N_("Say why"))]
    if len(reason) > LONGEST_REASON:
        return [FieldProblem("reason", "too_long", N_("At most 500 characters"))]
    return []


def supersede(
    session: Session,
    actor: Actor,
    visit: Visit,
    content: Mapping[str, Any],
    kind: RevisionKind,
    reason: str,
    now: datetime,
) -> None:
    """Give a held visit new content in the caller's transaction, and keep the old one."""
    pilot = session.get_one(Pilot, visit.pilot_id)
    session.add(
        VisitRevision(
            visit_id=visit.id,
            number=visit.revision,
            **{name: getattr(visit, name) for name in CONTENT} | {"document": dict(visit.document)},
            superseded_at=now,
            superseded_by=actor.user_id,
            kind=kind,
            reason=reason,
            after_results=results_seen(session, pilot),
        )
    )
    for name in CONTENT:
        setattr(visit, name, content[name])
    visit.revision += 1
    session.add(visit)
    settle_computed(session, visit)
