"""An auditor at the door: the branch whose code was scanned, and the own visits to make there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from pilot_eval.domain.errors import NotFound
from pilot_eval.domain.people import Actor
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.operations.visits import AssignedVisit, list_assigned
from pilot_eval.records.branch_events import branch_of, successors
from pilot_eval.records.network import Branch


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
    """

    branch: Branch
    due: tuple[AssignedVisit, ...]
    to_come: AssignedVisit | None


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
    return Arrival(branch, due, min(later, key=lambda row: row.assignment.window_from, default=None))
