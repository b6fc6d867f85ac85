"""Quotas of parts of the day, what is planned and made, and what is missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.errors import BadInput, NotAllowed, NotFound, WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.operations.assignments import VisitPlan, assign_visits
from pilot_eval.operations.dayparts import ANY, Cell, Lack, Missing, wave_parts, waves_told
from pilot_eval.operations.pilots import get_pilot
from pilot_eval.operations.quotas import quotas_of, set_quotas
from pilot_eval.operations.visits import record_visit
from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.pilots import Assignment
from pilot_eval.records.visits import Visit, VisitState
from tests.conftest import OPERATOR, acting
from tests.field import Field, actor_of

SLUG = "vladimir"
MORNING = datetime(2014, 8, 5, 6, tzinfo=UTC)  # 10:00 in Vladimir
AFTERNOON = datetime(2014, 8, 5, 11, tzinfo=UTC)
QUOTA = {"morning": 1, "evening": 1}


@pytest.fixture
def quotas(session: Session, field: Field) -> Field:
    set_quotas(session, OPERATOR, SLUG, {Period.BEFORE: QUOTA})
    return field


def lines(session: Session, actor: Actor = OPERATOR, **more: Any) -> dict[str, Any]:
    parts = wave_parts(session, actor, SLUG, Period.BEFORE, **more)
    return {line.branch.code: line for line in parts.lines}


def assign(session: Session, auditor: Any, branch: str, daypart: str) -> Assignment:
    plan = VisitPlan(branch, Period.BEFORE, auditor.id, "transfer", daypart=daypart)
    (row,) = assign_visits(session, OPERATOR, SLUG, [plan], confirmed=True)
    return row


def make(session: Session, field: Field, auditor: Any, row: Assignment, at: datetime) -> None:
    visit = field.visit(row, started_at=at, left_at=at + timedelta(minutes=20))
    record_visit(session, actor_of(auditor), visit, at + timedelta(hours=1))


def test_quotas_are_set_changed_and_taken_away(session: Session, field: Field) -> None:
    pilot = get_pilot(session, OPERATOR, SLUG)
    set_quotas(session, OPERATOR, SLUG, {Period.BEFORE: QUOTA, Period.AFTER: {"midday": 2, "morning": 0}})
    assert quotas_of(session, pilot) == {Period.BEFORE: QUOTA, Period.AFTER: {"midday": 2}}
    set_quotas(session, OPERATOR, SLUG, {Period.BEFORE: {"morning": 3}})
    assert quotas_of(session, pilot) == {Period.BEFORE: {"morning": 3}, Period.AFTER: {"midday": 2}}
    version = pilot.row_version
    set_quotas(session, OPERATOR, SLUG, {Period.BEFORE: {"morning": 3, "evening": 0}})
    assert pilot.row_version == version, "nothing changed"


def test_impossible_quotas_are_refused_by_field(session: Session, field: Field) -> None:
    for wanted, place in (({"night": 1}, "before_night"), ({"morning": 100}, "before_morning")):
        with pytest.raises(BadInput) as error:
            set_quotas(session, OPERATOR, SLUG, {Period.BEFORE: wanted})
        assert [problem.where for problem in error.value.problems] == [place]
    with pytest.raises(NotFound):
        set_quotas(session, OPERATOR, SLUG, {Period.DURING: QUOTA})


def test_the_quota_of_a_closed_wave_stays(session: Session, quotas: Field) -> None:
    quotas.set_wave(WaveState.CLOSED)
    with pytest.raises(WrongState):
        set_quotas(session, OPERATOR, SLUG, {Period.BEFORE: {"morning": 2}, Period.AFTER: {"morning": 2}})
    session.rollback()
    assert quotas_of(session, get_pilot(session, OPERATOR, SLUG)) == {Period.BEFORE: QUOTA}
    set_quotas(session, OPERATOR, SLUG, {Period.BEFORE: QUOTA, Period.AFTER: {"morning": 2}})


def test_setting_quotas_is_logged(session: Session, quotas: Field) -> None:
    (event,) = session.exec(select(AuditEvent).where(AuditEvent.action == "wave.quota")).all()
    assert event.details == {"visits": {"before": QUOTA}}


def test_what_nobody_was_asked_for_is_missing(session: Session, quotas: Field) -> None:
    line = lines(session)["600003"]
    assert line.missing == (Missing(Lack.ASSIGN, "morning", 1), Missing(Lack.ASSIGN, "evening", 1))
    assert line.cells["morning"] == Cell(1, 0, 0)


def test_assigned_made_and_complete(session: Session, quotas: Field) -> None:
    morning = assign(session, quotas.anna, "600003", "morning")
    assign(session, quotas.boris, "600003", "evening")
    line = lines(session)["600003"]
    assert line.missing == (Missing(Lack.MAKE, "morning", 1), Missing(Lack.MAKE, "evening", 1))
    make(session, quotas, quotas.anna, morning, MORNING)
    line = lines(session)["600003"]
    assert line.missing == (Missing(Lack.MAKE, "evening", 1),)
    assert line.cells["morning"] == Cell(1, 1, 1)
    parts = wave_parts(session, OPERATOR, SLUG, Period.BEFORE)
    assert parts.total["morning"] == Cell(4, 1, 1)
    assert (parts.found, parts.complete) == (4, 0)


def test_a_visit_made_at_another_time_of_the_day_is_told(session: Session, quotas: Field) -> None:
    """By the clock of the branch: 11:00 UTC is afternoon in Vladimir."""
    make(session, quotas, quotas.anna, assign(session, quotas.anna, "600003", "morning"), AFTERNOON)
    line = lines(session)["600003"]
    assert line.missing == (Missing(Lack.ELSEWHEN, "morning", 1), Missing(Lack.ASSIGN, "evening", 1))
    assert line.cells["afternoon"] == Cell(0, 0, 1)


def test_a_visit_for_any_time_may_fill_any_gap(session: Session, quotas: Field) -> None:
    anytime = assign(session, quotas.anna, "600003", ANY)
    line = lines(session)["600003"]
    assert line.missing == (Missing(Lack.ASSIGN, "evening", 1), Missing(Lack.MAKE, ANY, 1))
    make(session, quotas, quotas.anna, anytime, MORNING)
    assert lines(session)["600003"].missing == (Missing(Lack.ASSIGN, "evening", 1),)


def test_repeated_and_excluded_visits_fill_no_quota(session: Session, quotas: Field) -> None:
    first = assign(session, quotas.anna, "600003", "morning")
    again = assign(session, quotas.boris, "600003", "morning")
    again.double_of_id = first.id
    session.add(again)
    session.commit()
    line = lines(session)["600003"]
    assert (line.cells["morning"], line.doubles, line.doubles_made) == (Cell(1, 1, 0), 1, 0)
    make(session, quotas, quotas.anna, first, MORNING)
    make(session, quotas, quotas.boris, again, MORNING)
    line = lines(session)["600003"]
    assert (line.cells["morning"], line.doubles, line.doubles_made) == (Cell(1, 1, 1), 1, 1)
    for visit in session.exec(select(Visit)).all():
        visit.state = VisitState.EXCLUDED
        session.add(visit)
    session.commit()
    line = lines(session)["600003"]
    assert (line.cells["morning"], line.doubles_made) == (Cell(1, 1, 0), 0)
    assert line.missing[0] == Missing(Lack.ELSEWHEN, "morning", 1)


def test_a_withdrawn_assignment_is_missing_again(session: Session, quotas: Field) -> None:
    row = assign(session, quotas.anna, "600003", "morning")
    row.withdrawn_at = MORNING
    session.add(row)
    session.commit()
    assert lines(session)["600003"].missing[0] == Missing(Lack.ASSIGN, "morning", 1)


def test_branches_come_page_by_page_and_those_that_lack_alone(session: Session, quotas: Field) -> None:
    for daypart, at in (("morning", MORNING), ("evening", datetime(2014, 8, 5, 14, tzinfo=UTC))):
        row = assign(session, quotas.anna, "600002", daypart)
        make(session, quotas, quotas.anna, row, at)
    quotas.boris_s.withdrawn_at = MORNING  # it was for any time
    session.add(quotas.boris_s)
    session.commit()
    found, after = [], ""
    while True:
        page = wave_parts(session, OPERATOR, SLUG, Period.BEFORE, after=after, most=3)
        found += [line.branch.code for line in page.lines]
        after = page.next_after
        if not after:
            break
    assert found == ["600001", "600002", "600003", "600004"]
    lacking = wave_parts(session, OPERATOR, SLUG, Period.BEFORE, lacking=True)
    assert [line.branch.code for line in lacking.lines] == ["600001", "600003", "600004"]
    assert (lacking.complete, lacking.found) == (1, 4)
    assert wave_parts(session, OPERATOR, SLUG, Period.BEFORE, region="nowhere").found == 0


def test_a_manager_learns_of_closed_waves_in_the_own_region_alone(
    session: Session, quotas: Field, create_manager: Any
) -> None:
    maria, pilot = acting(quotas.maria), get_pilot(session, OPERATOR, SLUG)
    assert waves_told(session, maria, pilot) == []
    with pytest.raises(NotFound):
        lines(session, maria)
    quotas.set_wave(WaveState.CLOSED)
    assert [wave.period for wave in waves_told(session, maria, pilot)] == [Period.BEFORE]
    assert len(lines(session, maria)) == 4
    with pytest.raises(NotFound):
        wave_parts(session, maria, SLUG, Period.AFTER)
    with pytest.raises(NotFound):
        lines(session, acting(create_manager()))
    with pytest.raises(NotAllowed):
        lines(session, actor_of(quotas.anna))


def test_the_day_is_the_one_of_the_branch(session: Session, quotas: Field) -> None:
    row = assign(session, quotas.anna, "600003", "evening")
    # 20:30 UTC on the fourth is 00:30 of the fifth in Vladimir: morning there.
    make(session, quotas, quotas.anna, row, datetime(2014, 8, 4, 20, 30, tzinfo=UTC))
    assert lines(session)["600003"].cells["morning"].made == 1
