"""Whom to remind: visits that are due, overdue, begun and not sent, or to be corrected."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import WaveState
from pilot_eval.operations import pilots
from pilot_eval.operations.policy import Action
from pilot_eval.operations.visits import AssignedVisit, list_assigned
from pilot_eval.records.people import User

SUNDAY = 6


@dataclass(slots=True)
class Reminder:
    """An auditor with the visits of a pilot that are still to be made; each stands in one list.

    Parameters
    ----------
    today : list of AssignedVisit
        Today is the last day.
    week : list of AssignedVisit
        The last day comes by Sunday.
    overdue : list of AssignedVisit
        The last day is over and the wave still open.
    unsent : list of AssignedVisit
        The wave is closed: only what was made in its days, and lies on a phone, can still come.
    later : list of AssignedVisit
        All others.
    returned : list of AssignedVisit
        Made, but sent back to be corrected.
    begun : int
        Of those to be made, how many have timings: the visit was begun, and its form not sent.
    """

    auditor: User
    today: list[AssignedVisit] = field(default_factory=list)
    week: list[AssignedVisit] = field(default_factory=list)
    overdue: list[AssignedVisit] = field(default_factory=list)
    unsent: list[AssignedVisit] = field(default_factory=list)
    later: list[AssignedVisit] = field(default_factory=list)
    returned: list[AssignedVisit] = field(default_factory=list)
    begun: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many stand in each list."""
        return {
            "today": len(self.today),
            "week": len(self.week),
            "overdue": len(self.overdue),
            "begun": self.begun,
            "unsent": len(self.unsent),
            "returned": len(self.returned),
            "later": len(self.later),
        }

    @property
    def pressing(self) -> bool:
        """Something is to be done this week, or should have been done."""
        return any(count for name, count in self.counts.items() if name != "later")

    @property
    def by(self) -> date | None:
        """The last day of those that are to be made this week."""
        return max((row.assignment.window_to for row in (*self.today, *self.week)), default=None)


def reminders_of(session: Session, actor: Actor, slug: str, now: datetime) -> list[Reminder]:
    """The auditors who have visits to make in a pilot, those who have to hurry first.

    Raises
    ------
    NotAllowed
        For anyone but head office: the schedule is secret.
    """
    pilot = pilots.get_pilot(session, actor, slug, Action.PLAN_PILOT)
    assigned = list_assigned(session, actor, now, pilot.id)
    people = {row.assignment.auditor_id for row in (*assigned.to_do, *assigned.returned)}
    named = {user.id: user for user in session.exec(select(User).where(col(User.id).in_(people)))}
    found: defaultdict[int, Reminder] = _Reminders(named)
    for row in assigned.to_do:
        reminder = found[row.assignment.auditor_id]
        reminder.begun += row.timings > 0
        _list_of(reminder, row, now).append(row)
    for row in assigned.returned:
        found[row.assignment.auditor_id].returned.append(row)
    return sorted(found.values(), key=lambda one: (not one.pressing, one.auditor.pseudonym))


class _Reminders(defaultdict[int, Reminder]):
    """Reminders by auditor, made as they are asked for."""

    def __init__(self, named: dict[int, User]) -> None:
        super().__init__()
        self._named = named

    def __missing__(self, auditor: int) -> Reminder:
        return self.setdefault(auditor, Reminder(self._named[auditor]))


def _list_of(reminder: Reminder, row: AssignedVisit, now: datetime) -> list[AssignedVisit]:
    today, last = row.today(now), row.assignment.window_to
    if row.wave_state is not WaveState.OPEN:
        return reminder.unsent
    if last < today:
        return reminder.overdue
    if last == today:
        return reminder.today
    sunday = today + timedelta(days=SUNDAY - today.weekday())
    return reminder.week if last <= sunday else reminder.later
