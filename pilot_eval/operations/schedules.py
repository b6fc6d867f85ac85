"""The schedule of a pilot as head office reads it: a part of it at a time, chosen and in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.operations import pilots
from pilot_eval.operations.assignments import get_assignment
from pilot_eval.operations.policy import Action
from pilot_eval.records.network import Branch
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Assignment, Wave
from pilot_eval.records.visits import Visit

MOST_ROWS: Final = 15  # of one page: what is looked through on a phone


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """An assignment with the names that head office reads."""

    assignment: Assignment
    branch: Branch
    period: Period
    wave_state: WaveState
    auditor: str
    visited: bool
    replaced_by: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of a schedule.

    Parameters
    ----------
    made : bool, optional
        Visits that were made, or those still to be made; both unless given.
    period : Period, optional
        Of one wave.
    auditor_id : int, optional
        Of one auditor.
    """

    made: bool | None = None
    period: Period | None = None
    auditor_id: int | None = None


@dataclass(frozen=True, slots=True)
class SchedulePage:
    """One page of a schedule.

    Attributes
    ----------
    rows : tuple of AssignmentRow
        By window, then by branch.
    wanted : int
        How many assignments there are of what was wanted, on all pages.
    made, to_make : int
        Of the whole pilot.
    next_after : int or None
        The assignment after which the next page begins; None on the last one.
    """

    rows: tuple[AssignmentRow, ...]
    wanted: int
    made: int
    to_make: int
    next_after: int | None


def schedule(
    session: Session,
    actor: Actor,
    slug: str,
    wanted: Wanted | None = None,
    after: int | None = None,
    most: int = MOST_ROWS,
) -> SchedulePage:
    """A page of the pilot's standing assignments, with whether each was made.

    Parameters
    ----------
    after : int, optional
        The last assignment of the page before; an unknown one begins anew.
    most : int
        Rows of a page.

    Raises
    ------
    NotAllowed, NotFound
        As `pilots.get_pilot`.
    """
    wanted = wanted or Wanted()
    pilot = pilots.get_pilot(session, actor, slug, Action.PLAN_PILOT)
    was_made = (
        select(col(Visit.id))
        .where(col(Visit.assignment_id) == col(Assignment.id), col(Visit.pilot_id) == pilot.id)
        .exists()
    )
    standing = [col(Assignment.pilot_id) == pilot.id, col(Assignment.withdrawn_at).is_(None)]
    made, everything = session.exec(
        select(sa.func.coalesce(sa.func.sum(sa.case((was_made, 1), else_=0)), 0), sa.func.count()).where(
            *standing
        )
    ).one()
    chosen = list(standing)
    if wanted.made is not None:
        chosen.append(was_made if wanted.made else sa.not_(was_made))
    if wanted.period is not None:
        chosen.append(col(Wave.period) == wanted.period)
    if wanted.auditor_id is not None:
        chosen.append(col(Assignment.auditor_id) == wanted.auditor_id)
    of_wave = col(Wave.id) == col(Assignment.wave_id)
    count = session.exec(select(sa.func.count(col(Assignment.id))).join(Wave, of_wave).where(*chosen)).one()
    order = sa.tuple_(col(Assignment.window_from), col(Branch.code), col(Assignment.id))
    rows = session.exec(
        select(Assignment, Branch, Wave, User)
        .join(Branch, col(Branch.id) == col(Assignment.branch_id))
        .join(Wave, of_wave)
        .join(User, col(User.id) == col(Assignment.auditor_id))
        .where(*chosen, *_begins_after(session, standing, after, order))
        .order_by(col(Assignment.window_from), col(Branch.code), col(Assignment.id))
        .limit(most + 1)
    ).all()
    shown = rows[:most]
    numbers = [assignment.id for assignment, *_names in shown]
    visited = set(
        session.exec(
            select(col(Visit.assignment_id)).where(
                col(Visit.pilot_id) == pilot.id, col(Visit.assignment_id).in_(numbers)
            )
        )
    )
    return SchedulePage(
        rows=tuple(
            AssignmentRow(
                assignment, branch, wave.period, wave.state, auditor.pseudonym, assignment.id in visited
            )
            for assignment, branch, wave, auditor in shown
        ),
        wanted=count,
        made=int(made),
        to_make=everything - int(made),
        next_after=numbers[-1] if len(rows) > most else None,
    )


def assignment_row(session: Session, actor: Actor, slug: str, assignment_id: int) -> AssignmentRow:
    """One assignment of the pilot, standing or withdrawn.

    Raises
    ------
    NotFound
        If this pilot has no such assignment.
    """
    row = get_assignment(session, actor, slug, assignment_id)
    wave = session.get_one(Wave, row.wave_id)
    made = session.exec(select(Visit.id).where(col(Visit.assignment_id) == row.id).limit(1)).first()
    return AssignmentRow(
        row,
        session.get_one(Branch, row.branch_id),
        wave.period,
        wave.state,
        session.get_one(User, row.auditor_id).pseudonym,
        made is not None,
        session.exec(select(Assignment.id).where(col(Assignment.replaces_id) == row.id)).first(),
    )


def _begins_after(
    session: Session, standing: list[sa.ColumnElement[bool]], after: int | None, order: sa.Tuple
) -> list[sa.ColumnElement[bool]]:
    """The condition that a page begins behind an assignment; none where there is no such assignment."""
    if after is None:
        return []
    found = session.exec(
        select(Assignment, col(Branch.code))
        .join(Branch, col(Branch.id) == col(Assignment.branch_id))
        .where(*standing, col(Assignment.id) == after)
    ).one_or_none()
    if found is None:
        return []
    last, code = found
    return [order > sa.tuple_(sa.literal(last.window_from), sa.literal(code), sa.literal(last.id))]
