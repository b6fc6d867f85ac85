"""Rules of assigning, and what becomes of an assignment: handed over, withdrawn."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, NotAllowed, NotFound, WrongState
from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.domain.problems import Refused, Unconfirmed
from pilot_eval.operations import assignments, auditors
from pilot_eval.operations.assignments import VisitPlan
from pilot_eval.operations.schedules import assignment_row, schedule
from pilot_eval.operations.visits import list_assigned, record_visit
from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.pilots import Assignment
from tests.conftest import OPERATOR, acting
from tests.field import NOW, Field, actor_of, create_auditor

SLUG = "vladimir"
LATER = datetime(2014, 8, 6, 9, tzinfo=UTC)
WINDOW = (date(2014, 8, 10), date(2014, 8, 14))


def plan(auditor: Any, branch: str = "600003", **more: Any) -> VisitPlan:
    given = {"period": Period.BEFORE, "scenario": "transfer", "window": WINDOW}
    return VisitPlan(branch=branch, auditor_id=auditor.id, **(given | more))


def codes(error: pytest.ExceptionInfo[Any]) -> list[str]:
    return [finding.code for finding in error.value.findings]


def declare(session: Session, auditor: Any, *barred: str, regions: tuple[int, ...] = ()) -> None:
    auditors.declare(session, OPERATOR, auditor.id, barred=barred, regions=regions, now=NOW)


def test_a_visit_may_name_its_part_of_the_day(session: Session, field: Field) -> None:
    (row,) = assignments.assign_visits(session, OPERATOR, SLUG, [plan(field.anna, daypart="evening")])
    assert row.daypart == "evening"
    to_do = list_assigned(session, actor_of(field.anna), NOW).to_do
    assert {one.daypart and one.daypart.ru for one in to_do} == {None, "Вечер"}
    with pytest.raises(Refused) as error:
        assignments.assign_visits(session, OPERATOR, SLUG, [plan(field.anna, daypart="night")])
    assert codes(error) == ["no_daypart"]


def test_a_barred_branch_cannot_be_assigned_even_on_purpose(session: Session, field: Field) -> None:
    declare(session, field.anna, "600003")
    for confirmed in (False, True):
        with pytest.raises(Refused, match=r"A-001 must not visit 600003") as error:
            assignments.assign_visits(session, OPERATOR, SLUG, [plan(field.anna)], confirmed=confirmed)
        assert codes(error) == ["barred"]
        session.rollback()
    assignments.assign_visits(session, OPERATOR, SLUG, [plan(field.boris)])


def test_coming_back_within_thirty_days_has_to_be_meant(session: Session, field: Field) -> None:
    twice = [plan(field.anna), plan(field.anna, scenario="bill_payment")]
    with pytest.raises(Unconfirmed) as error:
        assignments.assign_visits(session, OPERATOR, SLUG, twice)
    assert codes(error) == ["too_near"]
    session.rollback()
    assert session.exec(select(Assignment).where(Assignment.scenario == "bill_payment")).all() == []
    assert len(assignments.assign_visits(session, OPERATOR, SLUG, twice, confirmed=True)) == 2


def test_a_made_visit_counts_on_its_day_and_a_withdrawn_one_not_at_all(
    session: Session, field: Field
) -> None:
    # Assigned for all of August, made on the fifth: October is far enough, and so is the fifth of September.
    record_visit(session, actor_of(field.anna), field.visit(), NOW)
    after = plan(field.anna, "600001", period=Period.AFTER, window=(date(2014, 10, 1), date(2014, 10, 3)))
    assignments.assign_visits(session, OPERATOR, SLUG, [after])
    near = plan(field.anna, "600001", window=(date(2014, 8, 30), date(2014, 8, 31)))
    with pytest.raises(Unconfirmed, match="from 2014-08-05 to 2014-08-05"):
        assignments.assign_visits(session, OPERATOR, SLUG, [near])
    session.rollback()
    (row,) = assignments.assign_visits(session, OPERATOR, SLUG, [plan(field.boris)])
    assignments.withdraw_assignment(session, OPERATOR, SLUG, row.id or 0, NOW, "mistake")
    assignments.assign_visits(session, OPERATOR, SLUG, [plan(field.boris)])


def test_a_region_that_an_auditor_does_not_travel_to_has_to_be_meant(
    session: Session, field: Field, create_region: Any
) -> None:
    declare(session, field.anna, regions=(create_region().id,))
    with pytest.raises(Unconfirmed) as error:
        assignments.assign_visits(session, OPERATOR, SLUG, [plan(field.anna)])
    assert codes(error) == ["other_region"]
    session.rollback()
    assignments.assign_visits(session, OPERATOR, SLUG, [plan(field.anna)], confirmed=True)


def test_a_closed_branch_takes_no_visit_from_its_day_on(session: Session, field: Field) -> None:
    branch = session.exec(select(Branch).where(Branch.code == "600003")).one()
    branch.closed_on = date(2014, 8, 14)
    session.add(branch)
    session.commit()
    with pytest.raises(Refused) as error:
        assignments.assign_visits(session, OPERATOR, SLUG, [plan(field.anna)])
    assert codes(error) == ["branch_closed"]
    session.rollback()
    before = plan(field.anna, window=(date(2014, 8, 10), date(2014, 8, 13)))
    assignments.assign_visits(session, OPERATOR, SLUG, [before])


# Handed over, withdrawn.


def hand_over(session: Session, row: Assignment, to: Any, **more: Any) -> Assignment:
    return assignments.hand_over(session, OPERATOR, SLUG, row.id or 0, to.id, LATER, "ill", **more)


def test_an_assignment_is_handed_over_with_all_that_belongs_to_it(session: Session, field: Field) -> None:
    old, boris = field.anna_s, actor_of(field.boris)
    old.daypart = "morning"
    session.add(old)
    (double,) = assignments.assign_visits(session, OPERATOR, SLUG, [plan(field.boris)])
    double.double_of_id = old.id
    session.add(double)
    session.commit()
    new = hand_over(session, old, field.boris)
    assert (new.replaces_id, new.branch_id, new.scenario, new.daypart) == (
        old.id,
        old.branch_id,
        old.scenario,
        "morning",
    )
    assert (new.window_from, new.window_to) == (old.window_from, old.window_to)
    assert (old.withdrawn_at, old.withdrawn_reason) == (LATER, "ill")
    assert double.double_of_id == new.id
    assert {row.assignment.id for row in list_assigned(session, boris, NOW).to_do} >= {new.id}
    assert list_assigned(session, actor_of(field.anna), NOW).to_do == ()
    assert assignment_row(session, OPERATOR, SLUG, old.id or 0).replaced_by == new.id
    event = session.exec(select(AuditEvent).where(col(AuditEvent.action) == "assignment.hand_over")).one()
    assert event.details == {"assignment": old.id, "replaced_by": new.id}


def test_what_cannot_be_handed_over(session: Session, field: Field) -> None:
    number = field.anna_s.id or 0
    with pytest.raises(BadInput) as error:
        hand_over(session, field.anna_s, field.anna)
    assert [problem.where for problem in error.value.problems] == ["auditor"]
    session.rollback()
    with pytest.raises(BadInput) as error:
        assignments.hand_over(session, OPERATOR, SLUG, number, field.boris.id or 0, LATER, "  ")
    assert [problem.where for problem in error.value.problems] == ["reason"]
    session.rollback()
    declare(session, field.boris, "600001")
    with pytest.raises(BadInput, match="must not visit"):
        hand_over(session, field.anna_s, field.boris, confirmed=True)
    session.rollback()
    with pytest.raises(NotFound):
        assignments.hand_over(session, OPERATOR, SLUG, 4711, field.boris.id or 0, LATER, "ill")
    assert field.anna_s.withdrawn_at is None


def test_to_hand_over_into_a_second_visit_within_thirty_days_has_to_be_meant(
    session: Session, field: Field
) -> None:
    assignments.assign_visits(session, OPERATOR, SLUG, [plan(field.boris, "600001")])
    with pytest.raises(Unconfirmed):
        hand_over(session, field.anna_s, field.boris)
    session.rollback()
    assert hand_over(session, field.anna_s, field.boris, confirmed=True).auditor_id == field.boris.id


def test_the_new_auditor_may_get_other_days(session: Session, field: Field) -> None:
    new = hand_over(session, field.anna_s, field.boris, window=(date(2014, 8, 20), date(2014, 8, 31)))
    assert new.window_from == date(2014, 8, 20)
    with pytest.raises(BadInput):
        hand_over(session, new, field.anna, window=(date(2014, 8, 20), date(2014, 9, 1)))


def test_a_made_visit_and_one_of_a_closed_wave_stay_where_they_are(session: Session, field: Field) -> None:
    record_visit(session, actor_of(field.anna), field.visit(), NOW)
    with pytest.raises(WrongState) as error:
        hand_over(session, field.anna_s, field.boris)
    assert error.value.code == "already_visited"
    session.rollback()
    field.set_wave(WaveState.CLOSED)
    for act in (
        lambda: hand_over(session, field.boris_s, field.anna),
        lambda: assignments.withdraw_assignment(session, OPERATOR, SLUG, field.boris_s.id or 0, NOW, "ill"),
    ):
        with pytest.raises(WrongState) as error:
            act()
        assert error.value.code == "wave_closed"
        session.rollback()


def test_a_withdrawn_assignment_keeps_its_reason_out_of_the_log(session: Session, field: Field) -> None:
    number = field.anna_s.id or 0
    with pytest.raises(BadInput):
        assignments.withdraw_assignment(session, OPERATOR, SLUG, number, NOW, " ")
    session.rollback()
    row = assignments.withdraw_assignment(session, OPERATOR, SLUG, number, NOW, "moved away")
    assert row.withdrawn_reason == "moved away"
    events = session.exec(select(AuditEvent).where(col(AuditEvent.action) == "assignment.withdraw")).all()
    assert [event.details for event in events] == [{"assignment": number}]
    assert all(one.assignment.id != number for one in schedule(session, OPERATOR, SLUG).rows)


# What is declared.


def test_what_is_declared_of_an_auditor_is_replaced_as_a_whole(session: Session, field: Field) -> None:
    region = session.exec(select(Region)).one()
    auditors.declare(
        session, OPERATOR, field.anna.id, barred=["600001", " 600002 "], regions=[region.id or 0], now=NOW
    )
    declared = auditors.declared_of(session, OPERATOR, field.anna.id)
    assert [branch.code for branch in declared.barred] == ["600001", "600002"]
    assert declared.regions == (region,)
    declare(session, field.anna, "600002", "600004")
    declared = auditors.declared_of(session, OPERATOR, field.anna.id)
    assert [branch.code for branch in declared.barred] == ["600002", "600004"]
    assert declared.regions == ()
    listed = auditors.list_declared(session, OPERATOR)
    assert {line.auditor.id: (line.barred, line.regions) for line in listed} == {
        field.anna.id: (2, 0),
        field.boris.id: (0, 0),
    }


def test_a_branch_that_nobody_knows_cannot_be_barred(session: Session, field: Field) -> None:
    with pytest.raises(BadInput, match="There is no branch 999"):
        declare(session, field.anna, "600001", "999")
    session.rollback()
    with pytest.raises(BadInput):
        declare(session, field.anna, regions=(4711,))
    session.rollback()
    assert auditors.declared_of(session, OPERATOR, field.anna.id).barred == ()


def test_only_head_office_reads_and_declares_and_only_of_auditors(session: Session, field: Field) -> None:
    for person in (field.anna, field.maria):
        with pytest.raises(NotAllowed):
            auditors.list_declared(session, acting(person))
        with pytest.raises(NotAllowed):
            auditors.declared_of(session, acting(person), field.anna.id)
    for number in (field.maria.id, 4711):
        with pytest.raises(NotFound):
            auditors.declared_of(session, OPERATOR, number)


def test_who_has_left_is_offered_nothing_more(session: Session, field: Field) -> None:
    clara = create_auditor(session, "clara")
    clara.active = False
    session.add(clara)
    session.commit()
    with pytest.raises(Refused) as error:
        assignments.assign_visits(session, OPERATOR, SLUG, [plan(clara)])
    assert codes(error) == ["no_auditor"]
