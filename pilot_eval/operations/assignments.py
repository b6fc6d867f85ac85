"""Assignments: who visits which branch when. Only the auditor and head office ever see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, NotFound, Problem, WrongState
from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.domain.problems import N_
from pilot_eval.operations import forms, pilots
from pilot_eval.operations.policy import Action
from pilot_eval.records import audit
from pilot_eval.records.forms import ChecklistVersion
from pilot_eval.records.network import Branch
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Assignment, Pilot, Wave
from pilot_eval.records.visits import Timing, Visit


@dataclass(frozen=True, slots=True)
class VisitPlan:
    """One visit that an auditor is to make.

    Parameters
    ----------
    branch : str
        The branch's code.
    period : Period
        Before or after; names the wave.
    auditor_id : int
    scenario : str
        A code of the checklist's scenarios.
    window : (date, date), optional
        First and last day; the whole wave unless given.
    """

    branch: str
    period: Period
    auditor_id: int
    scenario: str
    window: tuple[date, date] | None = None


def assign_visits(session: Session, actor: Actor, slug: str, plans: Sequence[VisitPlan]) -> list[Assignment]:
    """Assign visits, all or none.

    Raises
    ------
    BadInput
        Naming every plan that cannot be: no such branch, wave, auditor or scenario in this pilot, a
        window outside of the wave, or the same visit assigned already.
    WrongState
        If the branches have no arms yet, or a wave is closed.
    """
    pilot = pilots.get_pilot(session, actor, slug, Action.PLAN_PILOT)
    members = pilots.members_of(session, pilot)
    if not members or any(member.arm is None for member, _branch in members):
        raise WrongState("not_drawn", N_("Put the branches into arms before visits are assigned"))
    place = _Place(
        branches={branch.code: branch for _member, branch in members},
        waves={wave.period: wave for wave in pilots.waves_of(session, pilot)},
        auditors={auditor.id: auditor for auditor in _auditors(session)},
        scenarios=scenarios_of(session, pilot),
    )
    if any(
        place.waves[plan.period].state is not WaveState.OPEN for plan in plans if plan.period in place.waves
    ):
        raise WrongState("wave_closed", N_("This wave is closed; nothing more can be assigned in it"))
    problems = [problem for number, plan in enumerate(plans, 1) for problem in place.problems(number, plan)]
    if problems:
        raise BadInput(problems)
    rows = [place.assignment(pilot, plan) for plan in plans]
    if repeated := _repeated(session, pilot, rows):
        raise BadInput([Problem("branch", N_("The same visit is assigned already"))] * repeated)
    session.add_all(rows)
    session.flush()
    audit.append(session, actor, "assignment.create", "pilot", pilot.id, assignments=[row.id for row in rows])
    session.commit()
    return rows


@dataclass(frozen=True, slots=True)
class _Place:
    """What an assignment of one pilot may refer to."""

    branches: dict[str, Branch]
    waves: dict[Period, Wave]
    auditors: dict[int | None, User]
    scenarios: dict[str, dict[str, str]]

    def problems(self, number: int, plan: VisitPlan) -> list[Problem]:
        found = []
        if plan.branch not in self.branches:
            found.append(Problem(plan.branch, N_("This branch is not in the pilot")))
        if plan.auditor_id not in self.auditors:
            found.append(Problem("auditor", N_("Choose an auditor")))
        if self.scenarios and plan.scenario not in self.scenarios:
            found.append(Problem("scenario", N_("Choose a scenario of the checklist")))
        wave = self.waves.get(plan.period)
        if wave is None:
            found.append(Problem("period", N_("Choose a wave")))
        elif plan.window is not None:
            first, last = plan.window
            if not wave.opens_on <= first <= last <= wave.closes_on:
                found.append(Problem("window", N_("The window must lie within the days of the wave")))
        return found

    def assignment(self, pilot: Pilot, plan: VisitPlan) -> Assignment:
        wave, branch = self.waves[plan.period], self.branches[plan.branch]
        first, last = plan.window or (wave.opens_on, wave.closes_on)
        return Assignment(
            pilot_id=pilots.stored_id(pilot),
            wave_id=pilots.stored_id(wave),
            branch_id=pilots.stored_id(branch),
            auditor_id=plan.auditor_id,
            scenario=plan.scenario,
            window_from=first,
            window_to=last,
        )


def _auditors(session: Session) -> list[User]:
    return list(
        session.exec(
            select(User)
            .where(col(User.role) == Role.AUDITOR, col(User.active).is_(True))
            .order_by(col(User.pseudonym))
        )
    )


def list_auditors(session: Session, actor: Actor, slug: str) -> list[User]:
    """The auditors who can be given a visit."""
    pilots.get_pilot(session, actor, slug, Action.PLAN_PILOT)
    return _auditors(session)


def scenarios_of(session: Session, pilot: Pilot) -> dict[str, dict[str, str]]:
    """Codes of the pinned checklist's scenarios with their names in both languages."""
    version = session.get(ChecklistVersion, pilot.checklist_id) if pilot.checklist_id else None
    checklist = forms.checklist_of(version) if version else None
    return {
        option.code: {"en": option.text.en, "ru": option.text.ru}
        for option in (checklist.scenarios if checklist else ())
    }


def _repeated(session: Session, pilot: Pilot, rows: Sequence[Assignment]) -> int:
    stored = session.exec(
        select(Assignment).where(col(Assignment.pilot_id) == pilot.id, col(Assignment.withdrawn_at).is_(None))
    )
    keys = [_key(row) for row in stored]
    keys += [_key(row) for row in rows]
    return len(keys) - len(set(keys))


def _key(row: Assignment) -> tuple[object, ...]:
    return (row.wave_id, row.branch_id, row.auditor_id, row.scenario, row.window_from, row.window_to)


def withdraw_assignment(
    session: Session, actor: Actor, slug: str, assignment_id: int, now: datetime
) -> Assignment:
    """Take an assignment back; it stays on record.

    Raises
    ------
    NotFound
        If this pilot has no such assignment.
    WrongState
        If it was withdrawn already or something was recorded for it.
    """
    pilot = pilots.get_pilot(session, actor, slug, Action.PLAN_PILOT)
    row = session.get(Assignment, assignment_id)
    if row is None or row.pilot_id != pilot.id:
        raise NotFound
    if row.withdrawn_at is not None:
        raise WrongState("withdrawn", N_("This assignment was withdrawn already"))
    for table in (Visit, Timing):
        if session.exec(select(col(table.id)).where(col(table.assignment_id) == row.id).limit(1)).first():
            raise WrongState("already_visited", N_("The visit has been made; it can no longer be withdrawn"))
    row.withdrawn_at = now
    audit.append(session, actor, "assignment.withdraw", "pilot", pilot.id, assignment=row.id)
    session.commit()
    return row
