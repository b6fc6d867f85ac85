"""Pages of the plan of visits: assign, hand over, withdraw, quotas, coverage, auditors."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.operations.assignments import VisitPlan, assign_visits
from pilot_eval.operations.auditors import declared_of
from pilot_eval.operations.pilots import get_pilot
from pilot_eval.operations.quotas import quotas_of, set_quotas
from pilot_eval.operations.visits import record_visit
from pilot_eval.records.pilots import Assignment
from tests.conftest import OPERATOR
from tests.field import NOW, TEN, Field, actor_of

PATH = "/pilots/vladimir"
QUOTA = {"morning": 1, "evening": 1}


@pytest.fixture
def desk(as_head_office: Any, field: Field) -> Any:
    return as_head_office


def given(field: Field, **more: Any) -> dict[str, Any]:
    return {
        "branch": "600003",
        "period": "before",
        "scenario": "transfer",
        "auditor": field.anna.id,
        "window_from": "2014-08-10",
        "window_to": "2014-08-14",
        "daypart": "evening",
    } | more


def stored(session: Session) -> list[Assignment]:
    session.expire_all()
    return list(session.exec(select(Assignment).order_by(col(Assignment.id))))


def test_a_visit_is_assigned_for_a_part_of_the_day(desk: Any, session: Session, field: Field) -> None:
    page = desk.get(f"{PATH}/assignments").text
    assert "At any time" in page
    assert desk.submit(f"{PATH}/assignments", given(field)).status_code == 302
    assert stored(session)[-1].daypart == "evening"
    assert "10 – 14 Aug 2014, evening" in desk.get(f"{PATH}/assignments").text


def test_what_is_odd_is_told_and_can_be_meant(desk: Any, session: Session, field: Field) -> None:
    desk.submit(f"{PATH}/assignments", given(field))
    again = given(field, scenario="bill_payment")
    told = desk.submit(f"{PATH}/assignments", again)
    assert told.status_code == 422
    dates = "from 10 August 2014 to 14 August 2014"
    assert f"A-001 is in 600003 {dates} too: less than 30 days apart" in told.text.replace("\xa0", " ")
    assert 'name="confirmed"' in told.text
    assert len(stored(session)) == 3
    assert desk.submit(f"{PATH}/assignments", again | {"confirmed": "y"}).status_code == 302
    assert len(stored(session)) == 4


def test_a_barred_branch_is_refused_in_words(desk: Any, session: Session, field: Field) -> None:
    assert desk.submit(f"/auditors/{field.anna.id}", {"barred": "600003\n"}).status_code == 303
    told = desk.submit(f"{PATH}/assignments", given(field, confirmed="y"))
    assert told.status_code == 422
    assert "A-001 must not visit 600003" in told.text


def test_an_assignment_is_handed_over(desk: Any, session: Session, field: Field) -> None:
    path = f"{PATH}/assignments/{field.anna_s.id}"
    page = desk.get(path).text
    assert "Hand it over" in page
    assert f'<option value="{field.anna.id}"' not in page, "never to the same auditor"
    form = {"auditor": field.boris.id, "window_from": "2014-08-01", "window_to": "2014-08-31"}
    told = desk.submit(f"{path}/hand-over", form)
    assert told.status_code == 422
    assert "Say why" in told.text
    assert 'href="#reason"' in told.text
    answer = desk.submit(f"{path}/hand-over", form | {"reason": "ill"})
    new = stored(session)[-1]
    assert answer.location == f"{PATH}/assignments/{new.id}"
    assert (new.auditor_id, new.replaces_id) == (field.boris.id, field.anna_s.id)
    old_page = desk.get(path).text
    assert "<dt>Reason</dt><dd>ill</dd>" in old_page
    assert f'href="{PATH}/assignments/{new.id}"' in old_page
    assert f'href="{path}"' in desk.get(f"{PATH}/assignments/{new.id}").text
    assert desk.submit(f"{path}/hand-over", form | {"reason": "ill"}).status_code == 409


def test_withdrawing_asks_why(desk: Any, session: Session, field: Field) -> None:
    path = f"{PATH}/assignments/{field.anna_s.id}/withdraw"
    told = desk.submit(path)
    assert told.status_code == 422
    assert 'href="#withdraw-reason"' in told.text
    assert desk.submit(path, {"reason": "moved"}).status_code == 302
    assert stored(session)[0].withdrawn_reason == "moved"
    assert desk.submit(path, {"reason": "moved"}).status_code == 409


def test_a_made_visit_says_that_nothing_can_be_changed(desk: Any, field: Field) -> None:
    record_visit(field.session, actor_of(field.anna), field.visit(), NOW)
    page = desk.get(f"{PATH}/assignments/{field.anna_s.id}").text
    assert "The visit is made" in page
    assert "Hand it over" not in page


def test_quotas_are_typed_and_kept(desk: Any, session: Session, field: Field) -> None:
    form = {"before_morning": "1", "before_evening": "2", "after_morning": "x", "after_midday": "100"}
    told = desk.submit(f"{PATH}/quotas", form)
    assert told.status_code == 422
    assert "Enter a number" in told.text
    form["after_morning"] = ""
    told = desk.submit(f"{PATH}/quotas", form)
    assert told.status_code == 422
    assert "Enter a whole number from 0 to 99" in told.text
    assert desk.submit(f"{PATH}/quotas", form | {"after_midday": "3"}).status_code == 303
    session.expire_all()
    kept = quotas_of(session, get_pilot(session, OPERATOR, "vladimir"))
    assert kept == {Period.BEFORE: {"morning": 1, "evening": 2}, Period.AFTER: {"midday": 3}}


def test_the_quota_of_a_closed_wave_is_read_only(desk: Any, session: Session, field: Field) -> None:
    set_quotas(session, OPERATOR, "vladimir", {Period.BEFORE: QUOTA})
    field.set_wave(WaveState.CLOSED)
    page = desk.get(f"{PATH}/quotas").text
    assert "before_morning" not in page
    assert "after_morning" in page
    assert desk.submit(f"{PATH}/quotas", {"before_morning": "9", "after_morning": "1"}).status_code == 303
    session.expire_all()
    assert quotas_of(session, get_pilot(session, OPERATOR, "vladimir"))[Period.BEFORE] == QUOTA


def test_coverage_says_in_words_what_is_missing(desk: Any, session: Session, field: Field) -> None:
    set_quotas(session, OPERATOR, "vladimir", {Period.BEFORE: QUOTA})
    plan = VisitPlan("600003", Period.BEFORE, field.anna.id, "transfer", daypart="morning")
    (row,) = assign_visits(session, OPERATOR, "vladimir", [plan])
    page = desk.get(f"{PATH}/coverage").text
    assert "not assigned: evening\xa01; still to be made: morning\xa01" in page
    visit = field.visit(row, started_at=TEN, left_at=TEN + timedelta(minutes=20))
    record_visit(session, actor_of(field.anna), visit, NOW)
    page = desk.get(f"{PATH}/coverage?wave=before").text
    assert "1 of 1" in page
    assert "0 of 4 branches are complete" in page
    field.set_wave(WaveState.CLOSED)
    assert "not made: at any time\xa01" in desk.get(f"{PATH}/coverage?wave=before").text
    assert "After training" in desk.get(f"{PATH}/coverage?wave=nonsense").text
    assert desk.get(f"{PATH}/coverage?wave=during").status_code == 404


def test_a_manager_reads_coverage_once_the_wave_is_closed(sign_in: Any, field: Field) -> None:
    maria = sign_in(field.maria)
    assert "No wave is closed yet" in maria.get(f"{PATH}/coverage").text
    assert maria.get(f"{PATH}/coverage?wave=before").status_code == 404
    field.set_wave(WaveState.CLOSED)
    page = maria.get(f"{PATH}/coverage").text
    assert "Отделение 600001" in page
    assert "Quotas" not in page
    assert maria.get(f"{PATH}/coverage?wave=after").status_code == 404


def test_bars_and_regions_of_an_auditor_are_declared(desk: Any, session: Session, field: Field) -> None:
    path = f"/auditors/{field.anna.id}"
    assert "A-001" in desk.get("/auditors").text
    told = desk.submit(path, {"barred": "600001, 999"})
    assert told.status_code == 422
    assert "There is no branch 999" in told.text
    assert "600001, 999" in told.text, "what was typed stays"
    assert desk.submit(path, {"barred": "600001, 600002", "regions": "1"}).status_code == 303
    session.expire_all()
    declared = declared_of(session, OPERATOR, field.anna.id)
    assert [branch.code for branch in declared.barred] == ["600001", "600002"]
    assert [one.id for one in declared.regions] == [1]
    assert "checked" in desk.get(path).text


def test_the_schedule_leads_to_files_of_this_pilot(desk: Any, field: Field) -> None:
    page = desk.get(f"{PATH}/assignments").text
    assert 'href="/lists/assignments?pilot=vladimir"' in page
    assert "daypart" in desk.get("/lists/assignments?pilot=vladimir").text


def test_the_auditor_reads_the_part_of_the_day(anna: Any, session: Session, field: Field) -> None:
    window = (date(2014, 8, 10), date(2014, 8, 14))
    plan = VisitPlan("600003", Period.BEFORE, field.anna.id, "transfer", window, "evening")
    assign_visits(session, OPERATOR, "vladimir", [plan])
    assert "10 – 14 Aug 2014, evening" in anna.get("/assignments").text
