"""Pilots as they stand: which there are, who may look at them, what belongs to them."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session, col, func, select

from pilot_eval.domain.errors import EditConflict, NotFound
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Dates, Period, Status, WaveState, status_of
from pilot_eval.operations.policy import Action, Scope, scope_of
from pilot_eval.records import audit
from pilot_eval.records.branch_events import branch_of
from pilot_eval.records.measurements import ImportedFile
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.pilots import Pilot, PilotBranch, PilotOutcome, Wave
from pilot_eval.records.plans import decisions_of
from pilot_eval.records.visits import Timing, Visit


def list_pilots(session: Session, actor: Actor) -> list[Pilot]:
    """Pilots that the actor may look at, the newest first."""
    scope = scope_of(actor, Action.COMPARE_BRANCHES)
    statement = select(Pilot).order_by(col(Pilot.created_at).desc(), col(Pilot.id).desc())
    if scope is Scope.REGION:
        statement = statement.where(col(Pilot.id).in_(_pilots_of_region(actor.region_id)))
    return list(session.exec(statement))


def get_pilot(session: Session, actor: Actor, slug: str, action: Action = Action.COMPARE_BRANCHES) -> Pilot:
    """A pilot that the actor may do this with.

    Raises
    ------
    NotAllowed
        If the role may not.
    NotFound
        If there is none, or the manager's region takes no part in it.
    """
    scope = scope_of(actor, action)
    pilot = session.exec(select(Pilot).where(col(Pilot.slug) == slug)).one_or_none()
    if pilot is None:
        raise NotFound
    if scope is Scope.REGION:
        mine = _pilots_of_region(actor.region_id).where(col(PilotBranch.pilot_id) == pilot.id)
        if session.exec(mine).first() is None:
            raise NotFound
    return pilot


def _pilots_of_region(region_id: int | None):  # type: ignore[no-untyped-def]  # SelectOfScalar is not public
    return (
        select(PilotBranch.pilot_id)
        .join(Branch, col(Branch.id) == col(PilotBranch.branch_id))
        .where(col(Branch.region_id) == region_id)
    )


def dates_of(pilot: Pilot) -> Dates | None:
    """The three spans; None for a pilot imported whole."""
    spans = (
        (pilot.before_from, pilot.before_to),
        (pilot.training_from, pilot.training_to),
        (pilot.after_from, pilot.after_to),
    )
    whole = [(first, last) for first, last in spans if first is not None and last is not None]
    return Dates(*whole) if len(whole) == len(spans) else None


def waves_of(session: Session, pilot: Pilot) -> list[Wave]:
    """The waves in the order of time."""
    return list(session.exec(select(Wave).where(col(Wave.pilot_id) == pilot.id).order_by(col(Wave.opens_on))))


def outcomes_of(session: Session, pilot: Pilot) -> list[PilotOutcome]:
    """What the pilot is judged by, in the order of reading."""
    return list(
        session.exec(
            select(PilotOutcome)
            .where(col(PilotOutcome.pilot_id) == pilot.id)
            .order_by(col(PilotOutcome.position), col(PilotOutcome.code))
        )
    )


def members_of(session: Session, pilot: Pilot) -> list[tuple[PilotBranch, Branch]]:
    """The pilot's branches by code."""
    return list(
        session.exec(
            select(PilotBranch, Branch)
            .join(Branch, col(Branch.id) == col(PilotBranch.branch_id))
            .where(col(PilotBranch.pilot_id) == pilot.id)
            .order_by(col(Branch.code))
        )
    )


def code_in(session: Session, pilot: Pilot, code: str) -> str:
    """The code that a pilot knows a branch by, from any that it has or had; others stay as they are."""
    branch = branch_of(session, code)
    member = session.get(PilotBranch, (pilot.id, branch.id)) if branch else None
    return (member.code or branch.code) if member and branch else code


def pilot_status(session: Session, pilot: Pilot, today: date) -> Status:
    """Where the pilot stands today."""
    return status_of(
        dates_of(pilot),
        today,
        drawn=has_arms(session, pilot),
        after_closed=any(
            wave.period is Period.AFTER and wave.state is not WaveState.OPEN
            for wave in waves_of(session, pilot)
        ),
        decided=bool(decisions_of(session, stored_id(pilot))),
    )


def has_arms(session: Session, pilot: Pilot) -> bool:
    """Whether the pilot has branches and every one has its arm."""
    counted = select(func.count(), func.count(col(PilotBranch.arm)))
    branches, arms = session.exec(counted.where(col(PilotBranch.pilot_id) == pilot.id)).one()
    return 0 < branches == arms


def anything_recorded(session: Session, pilot: Pilot) -> bool:
    """Whether a visit, a timing or a file has come in."""
    return any(
        session.exec(select(col(table.pilot_id)).where(col(table.pilot_id) == pilot.id).limit(1)).first()
        for table in (Visit, Timing, ImportedFile)
    )


def commit_change(session: Session, actor: Actor, pilot: Pilot, action: str, **details: object) -> None:
    """Log a change and commit it; the pilot's version counts up although only rows that belong to it changed.

    Raises
    ------
    EditConflict
        If somebody else changed the pilot in the meantime; nothing was stored.
    """
    flag_modified(pilot, "design")
    try:
        session.flush()
        audit.append(session, actor, action, "pilot", pilot.id, **details)
        session.commit()
    except StaleDataError as error:
        session.rollback()
        raise EditConflict from error


def stored_id(row: Pilot | Branch | Region | Wave) -> int:
    """The row's key, once it has one."""
    assert row.id is not None  # noqa: S101 - the row has been stored
    return row.id
