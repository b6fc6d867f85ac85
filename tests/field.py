"""A small pilot for the tests of recording: two auditors, a manager, and visits to make in two branches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlmodel import Session, SQLModel, col, select

from pilot_eval.domain.checklists import Checklist, default_checklist
from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.pilots import Arm, Period, WaveState
from pilot_eval.domain.timings import Entry
from pilot_eval.operations import allocation, network, people
from pilot_eval.operations.assignments import VisitPlan, assign_visits
from pilot_eval.operations.planning import create_pilot
from pilot_eval.operations.timings import TimingSubmission
from pilot_eval.operations.visits import VisitSubmission
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Assignment, Wave

OPERATOR = Actor("operator@test", None)
BEFORE = (date(2014, 8, 1), date(2014, 8, 31))
TRAINING = (date(2014, 9, 1), date(2014, 9, 30))
AFTER = (date(2014, 10, 1), date(2014, 10, 31))
# 10:00 in Vladimir, then four hours ahead of UTC.
TEN = datetime(2014, 8, 5, 6, 0, tzinfo=UTC)
NOW = TEN + timedelta(hours=2)


def actor_of(user: User) -> Actor:
    return Actor(user.email, user.role, user.id, user.region_id)


@dataclass
class Field:
    """The pilot and its people; every helper says only what a test does not care about."""

    session: Session
    anna: User
    boris: User
    maria: User
    assignments: list[Assignment]

    @property
    def anna_s(self) -> Assignment:
        return self.assignments[0]

    @property
    def boris_s(self) -> Assignment:
        return self.assignments[1]

    def visit(self, assignment: Assignment | None = None, **changes: Any) -> VisitSubmission:
        values = {
            "id": uuid4(),
            "assignment_id": (assignment or self.anna_s).id,
            "outcome": "done",
            "started_at": TEN,
            "left_at": TEN + timedelta(minutes=20),
            "answers": good_answers(),
        }
        return VisitSubmission(**values | changes)

    def timing(self, assignment: Assignment | None = None, **changes: Any) -> TimingSubmission:
        values = {"id": uuid4(), "assignment_id": (assignment or self.anna_s).id, "entry": good_entry()}
        return TimingSubmission(**values | changes)

    def set_wave(self, state: WaveState, period: Period = Period.BEFORE) -> None:
        wave = self.session.exec(select(Wave).where(col(Wave.period) == period)).one()
        wave.state = state
        self.session.add(wave)
        self.session.commit()


def count(session: Session, table: type[SQLModel]) -> int:
    """How many rows are stored."""
    return len(session.exec(select(table)).all())


def good_answers(checklist: Checklist | None = None, **changes: str) -> dict[str, Any]:
    items = (checklist or default_checklist()).items
    best = {code: item.offered[0] for code, item in items.items() if item.asked}
    return best | changes


def good_entry(**changes: Any) -> Entry:
    steps = {"joined": 0, "called": 5, "started": 6, "ended": 10}
    values = {
        "mode": "observed",
        "outcome": "served",
        "operation": "parcel_send",
        "entry_method": "manual",
        "events": {code: TEN + timedelta(minutes=minutes) for code, minutes in steps.items()},
    }
    return Entry(**values | changes)


def create_field(session: Session, password_hash: str | None = None) -> Field:
    """Two branches with one visit each before training: the first for Anna, the second for Boris."""
    region = network.create_region(session, OPERATOR, code="33", name="Владимирская область")
    codes = ("600001", "600002", "600003", "600004")
    for code in codes:
        assert region.id is not None
        network.create_branch(session, OPERATOR, code=code, name=f"Отделение {code}", region_id=region.id)
    anna, boris = (create_auditor(session, name, password_hash) for name in ("anna", "boris"))
    maria = people.create_person(
        session, OPERATOR, name="maria", role=Role.MANAGER, region_id=region.id, password_hash=password_hash
    )
    pilot = create_pilot(
        session, OPERATOR, title_en="Vladimir", slug="vladimir", before=BEFORE, training=TRAINING, after=AFTER
    )
    allocation.choose_branches(session, OPERATOR, pilot.slug, codes)
    arms = dict(zip(codes, (Arm.TRAINED, Arm.TRAINED, Arm.COMPARISON, Arm.COMPARISON), strict=True))
    allocation.set_arms(session, OPERATOR, pilot.slug, arms, TEN)
    plans = [
        VisitPlan(code, Period.BEFORE, auditor.id or 0, "parcel_advice")
        for code, auditor in zip(codes[:2], (anna, boris), strict=True)
    ]
    return Field(session, anna, boris, maria, assign_visits(session, OPERATOR, pilot.slug, plans))


def create_auditor(session: Session, name: str, password_hash: str | None = None) -> User:
    return people.create_person(session, OPERATOR, name=name, role=Role.AUDITOR, password_hash=password_hash)
