"""Visits that are to be assigned: what each must name, what forbids it, and what is odd about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from pilot_eval.domain.errors import WrongState
from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.domain.problems import N_, FieldProblem
from pilot_eval.domain.rotation import DAYS_APART, Days, Rotation
from pilot_eval.domain.timings import Daypart
from pilot_eval.operations import forms, pilots
from pilot_eval.operations.policy import Action
from pilot_eval.operations.rotations import rotation_of
from pilot_eval.records.branch_events import former_codes, successors
from pilot_eval.records.forms import ChecklistVersion, TimingFormVersion
from pilot_eval.records.network import Branch
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Assignment, Pilot, Wave

Key = tuple[object, ...]


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
    daypart : str
        A code of the timing form's parts of the day; any part unless given.
    """

    branch: str
    period: Period
    auditor_id: int
    scenario: str
    window: Days | None = None
    daypart: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """What a visit of one pilot may refer to, and what is planned in it already.

    Parameters
    ----------
    branches, former : dict
        Branches by code, and by codes that they had.
    merged : dict
        What closed branches were merged into, by their keys.
    """

    pilot: Pilot
    branches: dict[str, Branch]
    former: dict[str, Branch]
    merged: dict[int | None, Branch]
    waves: dict[Period, Wave]
    auditors: dict[int | None, User]
    scenarios: dict[str, dict[str, str]]
    dayparts: dict[str, Daypart]
    rotation: Rotation
    known: dict[Key, Assignment]

    def find(self, code: str) -> Branch | None:
        """The branch of the pilot that has this code, or had it."""
        return self.branches.get(code) or self.former.get(code)

    def _branch(self, plan: VisitPlan) -> Branch:
        branch = self.find(plan.branch)
        assert branch is not None  # noqa: S101 - `problems` found nothing
        return branch

    def wave_is_open(self, plan: VisitPlan) -> bool:
        wave = self.waves.get(plan.period)
        return wave is None or wave.state is WaveState.OPEN

    def problems(self, plan: VisitPlan) -> list[FieldProblem]:
        """What forbids it."""
        found = []
        branch, wave = self.find(plan.branch), self.waves.get(plan.period)
        if branch is None:
            found.append(FieldProblem("branch", "not_in_pilot", N_("This branch is not in the pilot")))
        if plan.auditor_id not in self.auditors:
            found.append(FieldProblem("auditor", "no_auditor", N_("Choose an auditor")))
        if self.scenarios and plan.scenario not in self.scenarios:
            found.append(FieldProblem("scenario", "no_scenario", N_("Choose a scenario of the checklist")))
        if plan.daypart and plan.daypart not in self.dayparts:
            found.append(FieldProblem("daypart", "no_daypart", N_("Choose a part of the day")))
        if wave is None:
            found.append(FieldProblem("period", "no_wave", N_("Choose a wave")))
        elif plan.window is not None:
            first, last = plan.window
            if not wave.opens_on <= first <= last <= wave.closes_on:
                message = N_("The window must lie within the days of the wave")
                found.append(FieldProblem("window", "outside_wave", message))
        return found or self._forbidden(plan)

    def _forbidden(self, plan: VisitPlan) -> list[FieldProblem]:
        branch, auditor = self._branch(plan), self.auditors[plan.auditor_id]
        names = {"auditor": auditor.pseudonym, "branch": branch.code}
        if (auditor.id, branch.id) in self.rotation.barred:
            message = N_("%(auditor)s must not visit %(branch)s: it is barred for this auditor")
            return [FieldProblem("auditor", "barred", message, names)]
        if branch.closed_on is not None and self.days(plan)[1] >= branch.closed_on:
            message = N_("%(branch)s closed on %(day)s; the window must end before that day")
            values = {"branch": branch.code, "day": branch.closed_on}
            if branch.id in self.merged:
                message = N_("%(branch)s was merged into %(heir)s on %(day)s; the window must end before")
                values["heir"] = self.merged[branch.id].code
            return [FieldProblem("branch", "branch_closed", message, values)]
        return []

    def oddities(self, plan: VisitPlan) -> list[FieldProblem]:
        """What is allowed once head office says that it is meant; `problems` found nothing."""
        found = []
        branch, auditor = self._branch(plan), self.auditors[plan.auditor_id]
        names = {"auditor": auditor.pseudonym, "branch": branch.code}
        key = (auditor.id, pilots.stored_id(branch))
        if near := self.rotation.near(*key, self.days(plan)):
            message = N_(
                "%(auditor)s is in %(branch)s from %(first)s to %(last)s too: less than %(days)s days apart"
            )
            values = names | {"first": near[0], "last": near[1], "days": DAYS_APART}
            found.append(FieldProblem("auditor", "too_near", message, values))
        if not self.rotation.travels_to(auditor.id, branch.region_id):
            message = N_("%(auditor)s does not travel to the region of %(branch)s")
            found.append(FieldProblem("auditor", "other_region", message, names))
        return found

    def days(self, plan: VisitPlan) -> Days:
        wave = self.waves[plan.period]
        return plan.window or (wave.opens_on, wave.closes_on)

    def row(self, plan: VisitPlan) -> Assignment:
        """The assignment that it would be."""
        first, last = self.days(plan)
        return Assignment(
            pilot_id=pilots.stored_id(self.pilot),
            wave_id=pilots.stored_id(self.waves[plan.period]),
            branch_id=pilots.stored_id(self._branch(plan)),
            auditor_id=plan.auditor_id,
            scenario=plan.scenario,
            window_from=first,
            window_to=last,
            daypart=plan.daypart,
        )

    def key(self, plan: VisitPlan) -> Key:
        """What tells it from others; see `known`."""
        return key_of(self.row(plan))

    def take(self, plan: VisitPlan) -> Assignment:
        """Its row, from now on one of what is planned; `known` has the first of equal ones."""
        row = self.row(plan)
        self.rotation.take(row.auditor_id, row.branch_id, (row.window_from, row.window_to))
        self.known.setdefault(key_of(row), row)
        return row


def key_of(row: Assignment) -> Key:
    """What makes two assignments the same."""
    return (
        row.wave_id,
        row.branch_id,
        row.auditor_id,
        row.scenario,
        row.window_from,
        row.window_to,
        row.daypart,
    )


def place_for(session: Session, actor: Actor, slug: str, but: Assignment | None = None) -> Place:
    """The pilot, ready for visits to be assigned.

    Parameters
    ----------
    but : Assignment, optional
        One that is to be replaced, and so counts no longer.

    Raises
    ------
    WrongState
        If the branches have no arms yet.
    """
    pilot = pilots.get_pilot(session, actor, slug, Action.PLAN_PILOT)
    members = pilots.members_of(session, pilot)
    if not members or any(member.arm is None for member, _branch in members):
        raise WrongState("not_drawn", N_("Put the branches into arms before visits are assigned"))
    standing = session.exec(
        select(Assignment).where(col(Assignment.pilot_id) == pilot.id, col(Assignment.withdrawn_at).is_(None))
    )
    by_key = {branch.id: branch for _member, branch in members}
    return Place(
        pilot=pilot,
        branches={branch.code: branch for branch in by_key.values()},
        former={code: by_key[key] for code, key in former_codes(session).items() if key in by_key},
        merged=_merged(session),
        waves={wave.period: wave for wave in pilots.waves_of(session, pilot)},
        auditors={auditor.id: auditor for auditor in auditors_of(session)},
        scenarios=scenarios_of(session, pilot),
        dayparts={part.code: part for part in dayparts_of(session, pilot)},
        rotation=rotation_of(session, pilot, but),
        known={key_of(row): row for row in standing if row is not but},
    )


def _merged(session: Session) -> dict[int | None, Branch]:
    """What merged branches were merged into in the end, by their keys."""
    further = successors(session)
    last = {key: _last(further, key) for key in further}
    heirs = {
        branch.id: branch
        for branch in session.exec(select(Branch).where(col(Branch.id).in_(set(last.values()))))
    }
    return {key: heirs[heir] for key, heir in last.items()}


def _last(further: Mapping[int, int], key: int) -> int:
    while key in further:
        key = further[key]
    return key


def auditors_of(session: Session) -> list[User]:
    """Those who can be given a visit, by pseudonym."""
    return list(
        session.exec(
            select(User)
            .where(col(User.role) == Role.AUDITOR, col(User.active).is_(True))
            .order_by(col(User.pseudonym))
        )
    )


def scenarios_of(session: Session, pilot: Pilot) -> dict[str, dict[str, str]]:
    """Codes of the pinned checklist's scenarios with their names in both languages."""
    version = session.get(ChecklistVersion, pilot.checklist_id) if pilot.checklist_id else None
    checklist = forms.checklist_of(version) if version else None
    return {
        option.code: {"en": option.text.en, "ru": option.text.ru}
        for option in (checklist.scenarios if checklist else ())
    }


def dayparts_of(session: Session, pilot: Pilot) -> Sequence[Daypart]:
    """Parts of the day of the pinned timing form, in their order; none where there is no form."""
    version = session.get(TimingFormVersion, pilot.timing_form_id) if pilot.timing_form_id else None
    return forms.timing_form_of(version).dayparts if version else ()
