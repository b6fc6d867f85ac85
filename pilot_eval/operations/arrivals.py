"""An auditor at the door: the branch whose code was scanned, and the own visits to make there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from pilot_eval.domain.errors import NotFound
from pilot_eval.domain.people import Actor
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.operations.visit_plans import scenarios_of
from pilot_eval.operations.visits import AssignedVisit, list_assigned
from pilot_eval.records.branch_events import branch_of, successors
from pilot_eval.records.network import Branch
from pilot_eval.records.pilots import Assignment, Pilot


@dataclass(frozen=True, slots=True)
class Arrival:
    """What an auditor can do at a branch.

    Parameters
    ----------
    branch : Branch
        The one that has the code, or had it, or that it was merged into.
    due : tuple of AssignedVisit
        Visits whose days have begun and that are not recorded yet, the most urgent first.
    to_come : AssignedVisit or None
        The next visit whose days have not begun.
    scenarios : mapping
        Names of the scenarios of those due in both languages, by the ids of their assignments.
    """

    branch: Branch
    due: tuple[AssignedVisit, ...]
    to_come: AssignedVisit | None
    scenarios: Mapping[int | None, Mapping[str, str]]


def arrive_at(session: Session, actor: Actor, code: str, now: datetime) -> Arrival:
    """What an auditor who has scanned the code of a branch can do there.

    Raises
    ------
    NotAllowed
        If the actor is no auditor.
    NotFound
        If no branch has, or had, this code.
    """
    scope_of(actor, Action.RECORD)
    branch = branch_of(session, code)
    if branch is None or branch.id is None:
        raise NotFound
    further, places = successors(session), {branch.id}
    while branch.id in further:
        branch = session.get_one(Branch, further[branch.id])
        places.add(branch.id or 0)
    here = [row for row in list_assigned(session, actor, now).to_do if row.branch.id in places]
    due = tuple(row for row in here if row.due(now) or row.overdue(now))
    later = [row for row in here if row not in due]
    to_come = min(later, key=lambda row: row.assignment.window_from, default=None)
    return Arrival(
        branch, due, to_come, {row.assignment.id: _scenario(session, row.assignment) for row in due}
    )


def _scenario(session: Session, assignment: Assignment) -> Mapping[str, str]:
    pilot = session.get_one(Pilot, assignment.pilot_id)
    return scenarios_of(session, pilot).get(assignment.scenario, {})
