"""Rulings of head office on visits, and what others say of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, func, select

from pilot_eval.domain.errors import BadInput, EditConflict, NotFound, Problem, WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import WaveState
from pilot_eval.domain.problems import N_
from pilot_eval.domain.reviews import RemarkKind, RevisionKind, Ruling
from pilot_eval.operations import forms
from pilot_eval.operations.corrections import LONGEST_REASON, held_visit
from pilot_eval.operations.plans import results_seen
from pilot_eval.operations.policy import Action, Scope, require, scope_of
from pilot_eval.operations.submissions import held_wave, one_transaction
from pilot_eval.records import audit
from pilot_eval.records.branch_results import mark_stale
from pilot_eval.records.forms import ChecklistVersion
from pilot_eval.records.network import Branch
from pilot_eval.records.pilots import Pilot, Wave
from pilot_eval.records.reviews import VisitRemark, VisitReview, VisitRevision, revisions_of
from pilot_eval.records.visits import Visit, VisitState

LONGEST_REMARK: Final = 2000
# From which states a ruling leads where.
_RULINGS: Final[Mapping[Ruling, tuple[frozenset[VisitState], VisitState]]] = {
    Ruling.APPROVE: (frozenset({VisitState.SUBMITTED, VisitState.RETURNED}), VisitState.APPROVED),
    Ruling.RETURN: (frozenset({VisitState.SUBMITTED, VisitState.APPROVED}), VisitState.RETURNED),
    Ruling.EXCLUDE: (
        frozenset({VisitState.SUBMITTED, VisitState.RETURNED, VisitState.APPROVED}),
        VisitState.EXCLUDED,
    ),
    Ruling.RESTORE: (frozenset({VisitState.EXCLUDED}), VisitState.SUBMITTED),
}
UNREVIEWED: Final = (VisitState.SUBMITTED, VisitState.RETURNED)


def rulings_open(visit: Visit, wave: Wave) -> tuple[Ruling, ...]:
    """What a reviewer may do with a visit as it stands."""
    if wave.state is WaveState.LOCKED:
        return ()
    return tuple(ruling for ruling, (known, _to) in _RULINGS.items() if visit.state in known)


def wrote(actor: Actor, visit: Visit, revisions: list[VisitRevision]) -> bool:
    """Whether the actor recorded or corrected the visit; taking personal data out is neither."""
    corrected = {one.superseded_by for one in revisions if one.kind is RevisionKind.CORRECTION}
    return actor.user_id in {visit.auditor_id, *corrected}


def review_visit(
    session: Session,
    actor: Actor,
    visit_id: UUID,
    ruling: Ruling,
    now: datetime,
    *,
    version: int,
    reason: str = "",
    items: Mapping[str, str] | None = None,
) -> Visit:
    """Rule on a visit, with its audit event, and commit; see `store_ruling`."""
    with one_transaction(session):
        return store_ruling(
            session, actor, visit_id, ruling, now, version=version, reason=reason, items=items
        )


def store_ruling(
    session: Session,
    actor: Actor,
    visit_id: UUID,
    ruling: Ruling,
    now: datetime,
    *,
    version: int,
    reason: str = "",
    items: Mapping[str, str] | None = None,
) -> Visit:
    """Rule on a visit in the caller's transaction.

    Parameters
    ----------
    version : int
        The `row_version` that was looked at.
    reason : str
        Why, in words; only an approval goes without.
    items : mapping of str to str, optional
        What is to be looked at again, and why, by question code; of a return.

    Raises
    ------
    NotAllowed, NotFound
        If the actor may not review, or there is no such visit.
    EditConflict
        If somebody else changed the visit in the meantime.
    WrongState
        If its wave is locked, its state does not allow that, or the actor wrote it.
    BadInput
        Naming every field that is wrong.
    """
    scope_of(actor, Action.REVIEW)
    visit = held_visit(session, visit_id)
    if visit.row_version != version:
        raise EditConflict
    _require_open(session, actor, visit, ruling)
    told: dict[str, str] = {code: why.strip() for code, why in (items or {}).items() if why.strip()}
    if problems := _problems(session, visit, ruling, reason.strip(), told):
        raise BadInput(problems)
    visit.state = _RULINGS[ruling][1]
    late = results_seen(session, session.get_one(Pilot, visit.pilot_id))
    session.add(visit)
    session.add(
        VisitReview(
            visit_id=visit.id,
            revision=visit.revision,
            ruling=ruling,
            made_at=now,
            made_by=actor.user_id,
            reason=reason.strip(),
            items=dict(told) if ruling is Ruling.RETURN else {},
            after_results=late,
        )
    )
    if ruling is not Ruling.APPROVE:
        mark_stale(session, visit.pilot_id)
    session.flush()
    details = {"revision": visit.revision, "after_results": late, "items": sorted(told)}
    audit.append(session, actor, f"visit.{ruling}", "visit", visit.id, **details)
    return visit


def _require_open(session: Session, actor: Actor, visit: Visit, ruling: Ruling) -> None:
    wave = held_wave(session, visit.wave_id)
    if wave.state is WaveState.LOCKED:
        raise WrongState("wave_locked", N_("This round of visits is locked: nothing in it can be changed"))
    if ruling not in rulings_open(visit, wave):
        raise WrongState("wrong_state", N_("The visit is in a state that does not allow this"))
    if wrote(actor, visit, revisions_of(session, visit.id)):
        message = N_("You recorded or corrected this visit yourself: somebody else must review it")
        raise WrongState("own_work", message)


def _problems(
    session: Session, visit: Visit, ruling: Ruling, reason: str, items: Mapping[str, str]
) -> list[Problem]:
    found = []
    if not reason and ruling is not Ruling.APPROVE:
        found.append(Problem("reason", N_("Say why")))
    if len(reason) > LONGEST_REASON:
        found.append(Problem("reason", N_("At most 500 characters")))
    checklist = forms.checklist_of(session.get_one(ChecklistVersion, visit.checklist_id))
    for code, why in items.items():
        if code not in checklist.items:
            found.append(Problem(f"why-{code}", N_("The checklist has no such question")))
        elif len(why) > LONGEST_REASON:
            found.append(Problem(f"why-{code}", N_("At most 500 characters")))
    return found


# Remarks ----------------------------------------------------------------------------------------------------


def readable_visit(session: Session, actor: Actor, visit_id: UUID, action: Action) -> Visit:
    """A visit that the actor may read, and do this with: a manager once its wave has closed.

    Raises
    ------
    NotAllowed, NotFound
        Out of sight and missing are never told apart.
    """
    scope_of(actor, action)
    visit = session.get(Visit, visit_id)
    if visit is None:
        raise NotFound
    region_id = session.get_one(Branch, visit.branch_id).region_id
    scope = require(actor, action, owner_id=visit.auditor_id, region_id=region_id)
    if scope is Scope.REGION and session.get_one(Wave, visit.wave_id).state is WaveState.OPEN:
        raise NotFound
    return visit


def remark(
    session: Session, actor: Actor, visit_id: UUID, kind: RemarkKind, text: str, now: datetime
) -> VisitRemark:
    """Say something of a visit: a manager may dispute it, everybody who reads it may comment.

    Raises
    ------
    NotAllowed, NotFound
        As `readable_visit`.
    BadInput
        If there is no text, or too much of it.
    WrongState
        If its wave is locked; or for a dispute, if the actor is no manager.
    """
    visit = readable_visit(session, actor, visit_id, Action.REMARK)
    with one_transaction(session):
        if held_wave(session, visit.wave_id).state is WaveState.LOCKED:
            message = N_("This round of visits is locked: nothing in it can be changed")
            raise WrongState("wave_locked", message)
        if kind is RemarkKind.DISPUTE and scope_of(actor, Action.REMARK) is not Scope.REGION:
            raise WrongState("not_a_manager", N_("Only the manager of its region can dispute a visit"))
        said = _checked("text", text)
        found = VisitRemark(visit_id=visit.id, kind=kind, said_at=now, said_by=actor.user_id or 0, text=said)
        session.add(found)
        session.flush()
        audit.append(session, actor, f"visit.{kind}", "visit", visit.id, remark=found.id)
    return found


def answer_remark(
    session: Session, actor: Actor, visit_id: UUID, remark_id: int, text: str, now: datetime
) -> VisitRemark:
    """Answer a remark, once; a dispute is thereby settled.

    Raises
    ------
    NotAllowed, NotFound
        If the actor may not review, or the visit has no such remark.
    BadInput
        If there is no text, or too much of it.
    WrongState
        If it was answered before, or the wave is locked.
    """
    visit = readable_visit(session, actor, visit_id, Action.REVIEW)
    with one_transaction(session):
        if held_wave(session, visit.wave_id).state is WaveState.LOCKED:
            message = N_("This round of visits is locked: nothing in it can be changed")
            raise WrongState("wave_locked", message)
        found = session.exec(
            select(VisitRemark)
            .where(col(VisitRemark.id) == remark_id, col(VisitRemark.visit_id) == visit_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one_or_none()
        if found is None:
            raise NotFound
        if found.answered_at is not None:
            raise WrongState("answered", N_("This has been answered already"))
        found.answer = _checked("answer", text)
        found.answered_at, found.answered_by = now, actor.user_id
        session.add(found)
        session.flush()
        audit.append(session, actor, "visit.answer", "visit", visit.id, remark=found.id)
    return found


def _checked(field: str, text: str) -> str:
    said = text.strip()
    if not said:
        raise BadInput([Problem(field, N_("Write a few words"))])
    if len(said) > LONGEST_REMARK:
        raise BadInput([Problem(field, N_("At most 2,000 characters"))])
    return said


# What is left before a wave is locked -----------------------------------------------------------------------


def left_to_review(session: Session, wave_id: int) -> tuple[int, int]:
    """Visits of a wave that nobody has ruled on, or that were returned; and disputes that nobody answered."""
    visits = select(func.count()).where(col(Visit.wave_id) == wave_id, col(Visit.state).in_(UNREVIEWED))
    disputes = (
        select(func.count(col(VisitRemark.id)))
        .join(Visit, col(Visit.id) == col(VisitRemark.visit_id))
        .where(
            col(Visit.wave_id) == wave_id,
            col(VisitRemark.kind) == RemarkKind.DISPUTE,
            col(VisitRemark.answered_at).is_(None),
        )
    )
    return session.exec(visits).one(), session.exec(disputes).one()
