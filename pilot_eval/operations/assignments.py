"""Assignments: who visits which branch when. Only the auditor and head office ever see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, NotFound, Problem, WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import WaveState
from pilot_eval.domain.problems import N_, FieldProblem, Refused, Unconfirmed
from pilot_eval.domain.rotation import Days
from pilot_eval.operations import pilots
from pilot_eval.operations.policy import Action
from pilot_eval.operations.visit_plans import Place, VisitPlan, auditors_of, key_of, place_for, scenarios_of
from pilot_eval.records import audit
from pilot_eval.records.network import Branch
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Assignment, Pilot, Wave
from pilot_eval.records.visits import Visit

__all__ = ["VisitPlan", "assign_visits", "hand_over", "list_auditors", "scenarios_of", "withdraw_assignment"]

LONGEST_REASON = 500


def assign_visits(
    session: Session, actor: Actor, slug: str, plans: Sequence[VisitPlan], *, confirmed: bool = False
) -> list[Assignment]:
    """Assign visits, all or none.

    Parameters
    ----------
    confirmed : bool
        Head office has seen what is odd and means it.

    Raises
    ------
    Refused
        Naming what forbids each of them: no such branch, wave, auditor, scenario or part of the day in this
        pilot, a window outside of the wave, a barred or closed branch, or the same visit assigned already.
    Unconfirmed
        If an auditor would be in a branch twice within thirty days or in a region that they do not travel
        to, and `confirmed` is false.
    WrongState
        If the branches have no arms yet, or a wave is closed.
    """
    place = place_for(session, actor, slug)
    if not all(place.wave_is_open(plan) for plan in plans):
        raise WrongState("wave_closed", N_("This wave is closed; nothing more can be assigned in it"))
    rows, problems, oddities = planned(place, plans)
    if problems:
        raise Refused(problems)
    if oddities and not confirmed:
        raise Unconfirmed(oddities)
    session.add_all(rows)
    session.flush()
    numbers = [row.id for row in rows]
    audit.append(session, actor, "assignment.create", "pilot", place.pilot.id, assignments=numbers)
    session.commit()
    return rows


def planned(
    place: Place, plans: Sequence[VisitPlan]
) -> tuple[list[Assignment], list[FieldProblem], list[FieldProblem]]:
    """Rows for the plans, with all that forbids them and all that is odd about them."""
    rows: list[Assignment] = []
    problems: list[FieldProblem] = []
    oddities: list[FieldProblem] = []
    for plan in plans:
        if found := place.problems(plan):
            problems += found
            continue
        odd = place.oddities(plan)
        row = place.take(plan)
        if place.known[key_of(row)] is not row:
            problems.append(FieldProblem("branch", "assigned", N_("The same visit is assigned already")))
        oddities += odd
        rows.append(row)
    return rows, problems, oddities


def list_auditors(session: Session, actor: Actor, slug: str) -> list[User]:
    """The auditors who can be given a visit."""
    pilots.get_pilot(session, actor, slug, Action.PLAN_PILOT)
    return auditors_of(session)


def get_assignment(session: Session, actor: Actor, slug: str, assignment_id: int) -> Assignment:
    """An assignment of the pilot, standing or not.

    Raises
    ------
    NotFound
        If this pilot has no such assignment.
    """
    pilot = pilots.get_pilot(session, actor, slug, Action.PLAN_PILOT)
    return _of_pilot(session, pilot, assignment_id)


def withdraw_assignment(
    session: Session, actor: Actor, slug: str, assignment_id: int, now: datetime, reason: str
) -> Assignment:
    """Take an assignment back; it stays on record with the reason.

    Raises
    ------
    NotFound
        If this pilot has no such assignment.
    BadInput
        Without a reason.
    WrongState
        If it was withdrawn already, the visit has been made, or its wave is closed.
    """
    pilot = pilots.get_pilot(session, actor, slug, Action.PLAN_PILOT)
    row = _changeable(session, pilot, assignment_id)
    if problems := _problems_of(reason):
        raise BadInput(problems)
    _withdraw(session, row, now, reason)
    audit.append(session, actor, "assignment.withdraw", "pilot", pilot.id, assignment=row.id)
    session.commit()
    return row


def hand_over(
    session: Session,
    actor: Actor,
    slug: str,
    assignment_id: int,
    auditor_id: int,
    now: datetime,
    reason: str,
    *,
    window: Days | None = None,
    confirmed: bool = False,
) -> Assignment:
    """Give an assignment to another auditor: the old one is withdrawn, the new one knows what it replaces.

    Parameters
    ----------
    window : (date, date), optional
        First and last day of the new one; those of the old one unless given.
    confirmed : bool
        Head office has seen what is odd and means it.

    Raises
    ------
    NotFound
        If this pilot has no such assignment.
    BadInput
        Without a reason, or to the auditor who has it, or for what forbids any assignment.
    Unconfirmed
        As `assign_visits`.
    WrongState
        As `withdraw_assignment`.
    """
    pilot = pilots.get_pilot(session, actor, slug, Action.PLAN_PILOT)
    old = _changeable(session, pilot, assignment_id)
    place = place_for(session, actor, slug, but=old)
    problems = _problems_of(reason)
    if auditor_id == old.auditor_id:
        problems.append(Problem("auditor", N_("Choose another auditor than the one who has it")))
    plan = replace(_plan_of(session, old), auditor_id=auditor_id)
    rows, findings, oddities = planned(place, [replace(plan, window=window) if window else plan])
    if problems or findings:
        raise BadInput([*problems, *(Problem(one.field, one.sentence) for one in findings)])
    if oddities and not confirmed:
        raise Unconfirmed(oddities)
    (new,) = rows
    _withdraw(session, old, now, reason)
    new.replaces_id, new.double_of_id = old.id, old.double_of_id
    session.add(new)
    session.flush()
    _follow(session, old, new)
    audit.append(
        session, actor, "assignment.hand_over", "pilot", pilot.id, assignment=old.id, replaced_by=new.id
    )
    session.commit()
    return new


def _plan_of(session: Session, row: Assignment) -> VisitPlan:
    return VisitPlan(
        branch=session.get_one(Branch, row.branch_id).code,
        period=session.get_one(Wave, row.wave_id).period,
        auditor_id=row.auditor_id,
        scenario=row.scenario,
        window=(row.window_from, row.window_to),
        daypart=row.daypart,
    )


def _follow(session: Session, old: Assignment, new: Assignment) -> None:
    """The visits that repeat the old one repeat the new one from now on."""
    for double in session.exec(select(Assignment).where(col(Assignment.double_of_id) == old.id)):
        double.double_of_id = new.id
        session.add(double)


def _problems_of(reason: str) -> list[Problem]:
    if not reason.strip():
        return [Problem("reason", N_("Say why"))]
    if len(reason.strip()) > LONGEST_REASON:
        return [Problem("reason", N_("At most 500 characters"))]
    return []


def _of_pilot(session: Session, pilot: Pilot, assignment_id: int, *, hold: bool = False) -> Assignment:
    statement = select(Assignment).where(
        col(Assignment.id) == assignment_id, col(Assignment.pilot_id) == pilot.id
    )
    if hold:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = session.exec(statement).one_or_none()
    if row is None:
        raise NotFound
    return row


def _changeable(session: Session, pilot: Pilot, assignment_id: int) -> Assignment:
    """The assignment, held until the end of the transaction, if it can still be taken back."""
    row = _of_pilot(session, pilot, assignment_id, hold=True)
    if row.withdrawn_at is not None:
        raise WrongState("withdrawn", N_("This assignment was withdrawn already"))
    if session.exec(select(Visit.id).where(col(Visit.assignment_id) == row.id).limit(1)).first():
        raise WrongState("already_visited", N_("The visit has been made; it can no longer be withdrawn"))
    if session.get_one(Wave, row.wave_id).state is not WaveState.OPEN:
        raise WrongState("wave_closed", N_("This wave is closed; its assignments stay as they are"))
    return row


def _withdraw(session: Session, row: Assignment, now: datetime, reason: str) -> None:
    row.withdrawn_at, row.withdrawn_reason = now, reason.strip()
    session.add(row)
