"""An auditor at the door of a branch, and whom to remind."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.errors import NotAllowed, NotFound
from pilot_eval.domain.network import BranchChange
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.operations.arrivals import arrive_at
from pilot_eval.operations.assignments import VisitPlan, assign_visits
from pilot_eval.operations.branch_events import Happening, record_event
from pilot_eval.operations.reminders import Reminder, reminders_of
from pilot_eval.operations.timings import record_timing
from pilot_eval.operations.visits import record_visit
from pilot_eval.records.pilots import Assignment
from pilot_eval.records.visits import Visit, VisitState
from tests.conftest import OPERATOR, acting
from tests.field import NOW, Field, actor_of

SLUG = "vladimir"
# A Wednesday.
WEDNESDAY = datetime(2014, 8, 6, 9, tzinfo=UTC)


def plan(auditor: Any, branch: str, first: int, last: int, scenario: str = "transfer") -> VisitPlan:
    window = (date(2014, 8, first), date(2014, 8, last))
    return VisitPlan(branch, Period.BEFORE, auditor.id, scenario, window)


def assign(session: Session, *plans: VisitPlan) -> list[Assignment]:
    return assign_visits(session, OPERATOR, SLUG, plans, confirmed=True)


# At the door.


def test_the_one_visit_that_is_due_is_found(session: Session, field: Field, anna: Actor) -> None:
    arrival = arrive_at(session, anna, "600001", NOW)
    assert [row.assignment.id for row in arrival.due] == [field.anna_s.id]
    assert arrival.to_come is None
    record_visit(session, anna, field.visit(), NOW)
    assert arrive_at(session, anna, "600001", NOW).due == ()


def test_several_come_with_the_most_urgent_first_and_those_to_come_apart(
    session: Session, field: Field, anna: Actor
) -> None:
    overdue, due, later = assign(
        session,
        plan(field.anna, "600003", 1, 4),
        plan(field.anna, "600003", 5, 9, "parcel_advice"),
        plan(field.anna, "600003", 20, 22, "bill_payment"),
    )
    arrival = arrive_at(session, anna, "600003", NOW)
    assert [row.assignment.id for row in arrival.due] == [due.id, overdue.id]
    assert arrival.to_come is not None
    assert arrival.to_come.assignment.id == later.id


def test_another_auditor_s_visit_is_nobody_else_s_matter(session: Session, field: Field) -> None:
    assert arrive_at(session, actor_of(field.boris), "600001", NOW).due == ()


def test_old_numbers_and_merged_branches_lead_on(session: Session, field: Field, anna: Actor) -> None:
    for happening in (
        Happening("600001", BranchChange.RENUMBERED, date(2014, 8, 4), new_code="699999"),
        Happening("600003", BranchChange.MERGED, date(2014, 8, 20), successor="699999"),
    ):
        record_event(session, OPERATOR, SLUG, happening, NOW)
    for code in ("600001", "699999", "600003"):
        arrival = arrive_at(session, anna, code, NOW)
        assert arrival.branch.code == "699999"
        assert [row.assignment.id for row in arrival.due] == [field.anna_s.id]


def test_an_unknown_code_is_nowhere_and_other_roles_learn_nothing(
    session: Session, field: Field, anna: Actor, head_office: Any
) -> None:
    with pytest.raises(NotFound):
        arrive_at(session, anna, "999", NOW)
    for person in (field.maria, head_office):
        for code in ("600001", "999"):
            with pytest.raises(NotAllowed):
                arrive_at(session, acting(person), code, NOW)


# Whom to remind.


def counts(one: Reminder) -> dict[str, int]:
    lists = ("today", "week", "overdue", "unsent", "later", "returned")
    return {name: len(getattr(one, name)) for name in lists if getattr(one, name)}


def reminders(session: Session, now: datetime = WEDNESDAY) -> dict[str, Reminder]:
    return {one.auditor.pseudonym: one for one in reminders_of(session, OPERATOR, SLUG, now)}


def test_each_visit_stands_in_one_list_by_its_last_day(session: Session, field: Field) -> None:
    assign(
        session,
        plan(field.anna, "600003", 1, 5, "transfer"),
        plan(field.anna, "600003", 1, 6, "transfer"),
        plan(field.anna, "600003", 1, 7, "transfer"),
        plan(field.anna, "600003", 9, 10, "transfer"),  # Sunday
        plan(field.anna, "600003", 1, 11, "transfer"),  # Monday
    )
    found = reminders(session)
    assert counts(found["A-001"]) == {"overdue": 1, "today": 1, "week": 2, "later": 2}
    assert found["A-001"].by == date(2014, 8, 10)
    assert counts(found["A-002"]) == {"later": 1}
    assert [one.auditor.pseudonym for one in reminders_of(session, OPERATOR, SLUG, WEDNESDAY)] == [
        "A-001",
        "A-002",
    ]
    assert not found["A-002"].pressing


def test_on_sunday_the_week_ends(session: Session, field: Field) -> None:
    assign(session, plan(field.boris, "600003", 1, 10), plan(field.boris, "600003", 1, 11))
    sunday = datetime(2014, 8, 10, 9, tzinfo=UTC)
    assert counts(reminders(session, sunday)["A-002"]) == {"today": 1, "later": 2}


def test_what_was_begun_sent_back_or_lies_on_a_phone_is_told(session: Session, field: Field) -> None:
    record_timing(session, actor_of(field.boris), field.timing(field.boris_s), NOW)
    record_visit(session, actor_of(field.anna), field.visit(), NOW)
    visit = session.exec(select(Visit)).one()
    visit.state = VisitState.RETURNED
    session.add(visit)
    session.commit()
    field.set_wave(WaveState.CLOSED)
    found = reminders(session, NOW + timedelta(days=40))
    assert counts(found["A-002"]) == {"unsent": 1}
    assert found["A-002"].begun == 1
    assert found["A-002"].pressing
    field.set_wave(WaveState.LOCKED)
    assert "A-002" not in reminders(session, NOW + timedelta(days=40))


def test_only_head_office_reminds(session: Session, field: Field, administrator: Any) -> None:
    for person in (field.anna, field.maria, administrator):
        with pytest.raises(NotAllowed):
            reminders_of(session, acting(person), SLUG, NOW)
