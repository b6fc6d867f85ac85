"""The visits that head office has to review: a part at a time, chosen and in order, and which comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.operations import pilots
from pilot_eval.operations.flags import Flag, Flags, flags_of
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Pilot, Wave
from pilot_eval.records.visits import Visit, VisitState

MOST_ROWS: Final = 15  # of one page: what is looked through on a phone


@dataclass(frozen=True, slots=True)
class WantedVisits:
    """Which visits of a pilot.

    Parameters
    ----------
    state : VisitState, optional
        Any unless given.
    period : Period, optional
        Of one wave.
    region : str
        Code; empty for all.
    flag : str
        A code of `flags.LABELS`, `any`, or empty for all.
    """

    state: VisitState | None = VisitState.SUBMITTED
    period: Period | None = None
    region: str = ""
    flag: str = ""


@dataclass(frozen=True, slots=True)
class QueuedVisit:
    """A visit as the queue lists it."""

    visit: Visit
    branch: Branch
    region: str
    period: Period
    wave_state: WaveState
    auditor: str
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class PilotToReview:
    """A pilot with visits, and how many of them nobody has ruled on."""

    pilot: Pilot
    left: int


@dataclass(frozen=True, slots=True)
class Queue:
    """One page of the visits of a pilot.

    Parameters
    ----------
    rows : tuple of QueuedVisit
        Those that came in first at the head.
    wanted : int
        How many there are of what was wanted, on all pages.
    left : int
        Of the whole pilot, visits that nobody has ruled on.
    flag_counts : mapping of str to int
        Visits by flag, of what was wanted whatever its flags.
    next_after : UUID or None
        The visit behind which the next page begins; None on the last one.
    """

    pilot: Pilot
    rows: tuple[QueuedVisit, ...]
    wanted: int
    left: int
    flag_counts: dict[str, int]
    regions: tuple[Region, ...]
    next_after: UUID | None


def pilots_to_review(session: Session, actor: Actor) -> list[PilotToReview]:
    """Pilots that have visits: those with most left to review first, then the newest."""
    scope_of(actor, Action.REVIEW)
    left = sa.func.sum(sa.case((col(Visit.state) == VisitState.SUBMITTED, 1), else_=0))
    counted = sa.select(col(Visit.pilot_id), left).group_by(col(Visit.pilot_id))
    by_pilot: dict[int, int] = {pilot_id: int(n) for pilot_id, n in session.execute(counted)}
    found = session.exec(select(Pilot).where(col(Pilot.id).in_(by_pilot)))
    rows = [PilotToReview(pilot, by_pilot[pilots.stored_id(pilot)]) for pilot in found]
    return sorted(rows, key=lambda row: (-bool(row.left), -pilots.stored_id(row.pilot)))


def review_queue(
    session: Session,
    actor: Actor,
    slug: str,
    wanted: WantedVisits | None = None,
    after: UUID | None = None,
    most: int = MOST_ROWS,
) -> Queue:
    """A page of a pilot's visits with their flags.

    Parameters
    ----------
    after : UUID, optional
        The last visit of the page before; an unknown one begins anew.

    Raises
    ------
    NotAllowed, NotFound
        As `pilots.get_pilot`.
    """
    wanted = wanted or WantedVisits()
    pilot = pilots.get_pilot(session, actor, slug, Action.REVIEW)
    flags = flags_of(session, pilots.stored_id(pilot))
    chosen = _ids(session, pilot, wanted)
    counts: dict[str, int] = {}
    for visit_id in chosen:
        for code in {flag.code for flag in flags.get(visit_id, ())}:
            counts[code] = counts.get(code, 0) + 1
    listed = _flagged(chosen, flags, wanted.flag)
    begin = listed.index(after) + 1 if after in listed else 0
    shown = listed[begin : begin + most]
    left = sa.select(sa.func.count()).where(
        col(Visit.pilot_id) == pilot.id, col(Visit.state) == VisitState.SUBMITTED
    )
    return Queue(
        pilot=pilot,
        rows=_rows(session, shown, flags),
        wanted=len(listed),
        left=session.execute(left).scalar_one(),
        flag_counts=counts,
        regions=_regions(session, pilot),
        next_after=shown[-1] if len(listed) > begin + most else None,
    )


def next_to_review(session: Session, actor: Actor, visit: Visit, wanted: WantedVisits) -> UUID | None:
    """The visit of the same pilot that is reviewed after this one; None where it was the last.

    Those behind it in the queue come first, then those that were passed over.
    """
    scope_of(actor, Action.REVIEW)
    pilot = session.get_one(Pilot, visit.pilot_id)
    flags = flags_of(session, visit.pilot_id)
    listed = _flagged(_ids(session, pilot, wanted), flags, wanted.flag)
    order = sa.tuple_(col(Visit.received_at), col(Visit.id))
    behind = sa.select(col(Visit.id)).where(
        col(Visit.pilot_id) == pilot.id,
        order > sa.tuple_(sa.literal(visit.received_at), sa.literal(visit.id)),
    )
    later = set(session.execute(behind).scalars())
    others = [found for found in listed if found != visit.id]
    return next((found for found in others if found in later), others[0] if others else None)


def _ids(session: Session, pilot: Pilot, wanted: WantedVisits) -> list[UUID]:
    """The visits of what is wanted, whatever their flags, those that came in first at the head."""
    statement = (
        sa.select(col(Visit.id))
        .join(Wave, col(Wave.id) == col(Visit.wave_id))
        .join(Branch, col(Branch.id) == col(Visit.branch_id))
        .join(Region, col(Region.id) == col(Branch.region_id))
        .where(col(Visit.pilot_id) == pilot.id)
        .order_by(col(Visit.received_at), col(Visit.id))
    )
    if wanted.state is not None:
        statement = statement.where(col(Visit.state) == wanted.state)
    if wanted.period is not None:
        statement = statement.where(col(Wave.period) == wanted.period)
    if wanted.region:
        statement = statement.where(col(Region.code) == wanted.region)
    return list(session.execute(statement).scalars())


def _flagged(ids: Sequence[UUID], flags: Flags, flag: str) -> list[UUID]:
    if not flag:
        return list(ids)
    return [one for one in ids if any(flag in (found.code, "any") for found in flags.get(one, ()))]


def _rows(session: Session, ids: Sequence[UUID], flags: Flags) -> tuple[QueuedVisit, ...]:
    found: dict[UUID, Any] = {
        visit.id: (visit, *more)
        for visit, *more in session.execute(
            sa.select(Visit, Branch, col(Region.name), Wave, col(User.pseudonym))
            .join(Branch, col(Branch.id) == col(Visit.branch_id))
            .join(Region, col(Region.id) == col(Branch.region_id))
            .join(Wave, col(Wave.id) == col(Visit.wave_id))
            .join(User, col(User.id) == col(Visit.auditor_id))
            .where(col(Visit.id).in_(ids))
        )
    }
    return tuple(
        QueuedVisit(visit, branch, region, wave.period, wave.state, auditor, flags.get(visit.id, ()))
        for visit, branch, region, wave, auditor in (found[one] for one in ids)
    )


def _regions(session: Session, pilot: Pilot) -> tuple[Region, ...]:
    seen = (
        select(col(Branch.region_id))
        .join(Visit, col(Visit.branch_id) == col(Branch.id))
        .where(col(Visit.pilot_id) == pilot.id)
    )
    return tuple(session.exec(select(Region).where(col(Region.id).in_(seen)).order_by(col(Region.code))))
