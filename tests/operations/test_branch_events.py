"""Branches that close, merge, are renumbered or not treated as allocated: noted, and told with results."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, NotAllowed, NotFound, WrongState
from pilot_eval.domain.network import BranchChange
from pilot_eval.domain.pilots import Arm, Design, Period
from pilot_eval.engines.records import read_snapshot
from pilot_eval.operations import allocation, network, pilots
from pilot_eval.operations.assignments import VisitPlan, assign_visits
from pilot_eval.operations.branch_events import (
    Happening,
    events_of,
    happened,
    limits_of,
    record_event,
    visits_after,
    withdraw_event,
)
from pilot_eval.operations.branch_report import branch_report
from pilot_eval.operations.branch_results import rebuild_pilot
from pilot_eval.operations.network_branches import Wish, branches_table
from pilot_eval.operations.summaries import summarise
from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.branch_events import branch_of
from pilot_eval.records.branch_results import BranchResult
from pilot_eval.records.network import Branch
from pilot_eval.records.pilots import Pilot, PilotBranch
from tests import pilots as world
from tests.conftest import OPERATOR, acting

NOW = datetime(2014, 11, 2, 9, tzinfo=UTC)
DAY = date(2014, 10, 10)


@pytest.fixture
def pilot(session: Session) -> Pilot:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    return pilot


def note(session: Session, pilot: Pilot, branch: str, change: BranchChange, **more: Any) -> Any:
    given: dict[str, Any] = {"day": DAY, "now": NOW} | more
    now = given.pop("now")
    return record_event(session, OPERATOR, pilot.slug, Happening(branch, change, **given), now)


def of(session: Session, code: str) -> Branch:
    return session.exec(select(Branch).where(Branch.code == code)).one()


def arm_of(session: Session, pilot: Pilot, arm: Arm) -> str:
    return next(branch.code for member, branch in pilots.members_of(session, pilot) if member.arm is arm)


def told(session: Session, pilot: Pilot, actor: Any = OPERATOR) -> dict[str, dict[str, str]]:
    limits = summarise(session, actor, pilot.slug, NOW)["limits"]
    return {limit["code"]: limit["text"] for limit in limits}


# Renumbered.


def test_a_new_number_changes_no_result(session: Session, pilot: Pilot) -> None:
    before = read_snapshot(session, pilot.id or 0)
    answers = summarise(session, OPERATOR, pilot.slug, NOW)["outcomes"]
    # The order of codes is that of random draws: ZZ would come last.
    note(session, pilot, "B00", BranchChange.RENUMBERED, new_code="ZZ")
    after = read_snapshot(session, pilot.id or 0)
    assert after.sha256 == before.sha256
    assert after == before
    assert summarise(session, OPERATOR, pilot.slug, NOW)["outcomes"] == answers
    rebuild_pilot(session, pilot)
    session.commit()
    branch = of(session, "ZZ")
    assert session.exec(select(BranchResult).where(col(BranchResult.branch_id) == branch.id)).first()


def test_a_renumbered_branch_is_found_by_both_numbers(session: Session, pilot: Pilot) -> None:
    note(session, pilot, "B00", BranchChange.RENUMBERED, new_code="N-1")
    note(session, pilot, "N-1", BranchChange.RENUMBERED, new_code="N-2")
    branch = of(session, "N-2")
    found = [branch_of(session, code) for code in ("B00", "N-1", "N-2")]
    assert found == [branch, branch, branch]
    for search in ("B00", "n-1", "N-2"):
        rows = branches_table(session, OPERATOR, Wish(search=search)).lines
        assert [row.code for row in rows] == ["N-2"]
    for code in ("B00", "N-1", "N-2"):
        report = branch_report(session, OPERATOR, pilot.slug, code, NOW)
        assert report.branch["code"] == "B00", "the pilot keeps the number that it knows"
    member = session.get_one(PilotBranch, (pilot.id, branch.id))
    assert member.code == "B00"


def test_an_old_number_is_given_to_no_other_branch(session: Session, pilot: Pilot) -> None:
    note(session, pilot, "B00", BranchChange.RENUMBERED, new_code="N-1")
    region = of(session, "N-1").region_id
    with pytest.raises(BadInput, match="taken"):
        network.create_branch(session, OPERATOR, code="B00", name="Another", region_id=region)
    session.rollback()
    for code in ("B00", "N-1", "B02", "", "x" * 65):
        with pytest.raises(BadInput) as error:
            note(session, pilot, "B01", BranchChange.RENUMBERED, new_code=code)
        assert [problem.where for problem in error.value.problems] == ["new_code"]
        session.rollback()
    note(session, pilot, "N-1", BranchChange.RENUMBERED, new_code="B00")
    assert of(session, "B00").former_codes == "N-1"


def test_visits_are_assigned_by_either_number(session: Session, auditor: Any) -> None:
    pilot = world.plan_pilot(session)
    world.draw(session, pilot, world.add_branches(session))
    now = datetime(2014, 8, 5, tzinfo=UTC)
    note(session, pilot, "B00", BranchChange.RENUMBERED, new_code="N-1", day=date(2014, 8, 4), now=now)
    days = [(date(2014, 8, 1), date(2014, 8, 1)), (date(2014, 8, 31), date(2014, 8, 31))]
    plans = [
        VisitPlan(code, Period.BEFORE, auditor.id, "transfer", window)
        for code, window in zip(("B00", "N-1"), days, strict=True)
    ]
    rows = assign_visits(session, OPERATOR, pilot.slug, plans)
    assert {row.branch_id for row in rows} == {of(session, "N-1").id}


# Closed and merged.


def test_a_closed_branch_takes_no_visit_and_its_standing_ones_are_counted(
    session: Session, auditor: Any
) -> None:
    pilot = world.plan_pilot(session)
    world.draw(session, pilot, world.add_branches(session))
    now = datetime(2014, 8, 5, tzinfo=UTC)
    plan = VisitPlan("B00", Period.BEFORE, auditor.id, "transfer")
    assign_visits(session, OPERATOR, pilot.slug, [plan])
    # A closing may be announced.
    event = note(session, pilot, "B00", BranchChange.CLOSED, day=date(2014, 8, 20), now=now)
    assert visits_after(session, event) == 1
    late = VisitPlan("B00", Period.AFTER, auditor.id, "transfer")
    with pytest.raises(BadInput, match="B00 closed on 2014-08-20"):
        assign_visits(session, OPERATOR, pilot.slug, [late])
    session.rollback()
    with pytest.raises(WrongState):
        note(session, pilot, "B00", BranchChange.CLOSED, day=date(2014, 8, 21), now=now)


def test_a_merged_branch_leads_to_its_successor(session: Session, auditor: Any) -> None:
    pilot = world.plan_pilot(session)
    world.draw(session, pilot, world.add_branches(session))
    now = datetime(2014, 8, 5, tzinfo=UTC)
    day = date(2014, 8, 4)
    note(session, pilot, "B00", BranchChange.MERGED, successor="B01", day=day, now=now)
    note(session, pilot, "B01", BranchChange.MERGED, successor="B02", day=day, now=now)
    plan = VisitPlan("B00", Period.BEFORE, auditor.id, "transfer")
    with pytest.raises(BadInput, match="B00 was merged into B02 on 2014-08-04"):
        assign_visits(session, OPERATOR, pilot.slug, [plan])
    session.rollback()
    for successor, said in (("B00", "into itself"), ("", "Enter the code"), ("B01", "closed on")):
        branch = "B02" if successor == "B00" else "B03"
        with pytest.raises(BadInput, match=said) as error:
            note(session, pilot, branch, BranchChange.MERGED, successor=successor, day=day, now=now)
        assert [problem.where for problem in error.value.problems] == ["successor"]
        session.rollback()


# Told.


def test_what_happened_is_told_with_results_in_both_languages(session: Session, pilot: Pilot) -> None:
    assert "as_allocated" not in told(session, pilot)
    comparison, trained = arm_of(session, pilot, Arm.COMPARISON), arm_of(session, pilot, Arm.TRAINED)
    note(session, pilot, comparison, BranchChange.ARM_CHANGED, arm=Arm.TRAINED)
    note(session, pilot, trained, BranchChange.TRAINED_LATE)
    note(session, pilot, "B05", BranchChange.CLOSED)
    note(session, pilot, "B06", BranchChange.MERGED, successor="B07")
    note(session, pilot, "B08", BranchChange.RENUMBERED, new_code="N-8")
    texts = {
        code: {language: text.replace("\xa0", " ") for language, text in texts.items()}
        for code, texts in told(session, pilot).items()
    }
    closed = texts["branches_closed"]
    assert closed["en"].startswith("Closed for good while the pilot ran: B05 (10 October 2014).")
    assert texts["branches_closed"]["ru"].startswith(
        "Закрылись насовсем во время пилота: B05 (10 октября 2014 г.)."
    )
    assert "B06 into B07 (10 October 2014)" in texts["branches_merged"]["en"]
    assert "B08, now N-8" in texts["branches_renumbered"]["en"]
    assert f"{comparison} as trained" in texts["branches_arm_changed"]["en"]
    assert f"{trained} (10 October 2014)" in texts["branches_trained_late"]["en"]
    assert "intention to treat" in texts["as_allocated"]["en"]
    assert "исходному распределению" in texts["as_allocated"]["ru"]
    sentences = [happened(one) for one in events_of(session, pilot)]
    assert all("{" not in text and ".." not in text for one in sentences for text in (one.en, one.ru))
    assert len(sentences) == 5


def test_results_stay_as_allocated(session: Session, pilot: Pilot) -> None:
    before = read_snapshot(session, pilot.id or 0).sha256
    answers = summarise(session, OPERATOR, pilot.slug, NOW)["outcomes"]
    comparison, trained = arm_of(session, pilot, Arm.COMPARISON), arm_of(session, pilot, Arm.TRAINED)
    note(session, pilot, comparison, BranchChange.ARM_CHANGED, arm=Arm.TRAINED)
    note(session, pilot, trained, BranchChange.TRAINED_LATE)
    note(session, pilot, "B05", BranchChange.CLOSED)
    assert read_snapshot(session, pilot.id or 0).sha256 == before
    assert summarise(session, OPERATOR, pilot.slug, NOW)["outcomes"] == answers


def test_a_manager_is_told_of_the_own_region_by_name(
    session: Session, pilot: Pilot, create_manager: Any
) -> None:
    own, foreign = of(session, "B00"), of(session, "B01")
    assert own.region_id != foreign.region_id
    for branch in (own, foreign):
        note(session, pilot, branch.code, BranchChange.CLOSED)
    maria = acting(create_manager())
    maria = type(maria)(maria.name, maria.role, maria.user_id, own.region_id, maria.fresh)
    texts = told(session, pilot, maria)
    assert "B00" in texts["branches_closed"]["en"]
    assert "B01" not in texts["branches_closed"]["en"]
    assert "as_allocated" in texts


def test_what_happened_outside_of_the_pilot_s_days_is_not_its_matter(session: Session, pilot: Pilot) -> None:
    note(session, pilot, "B00", BranchChange.CLOSED, day=date(2014, 11, 15))
    note(session, pilot, "B01", BranchChange.CLOSED, day=date(2014, 7, 31))
    assert events_of(session, pilot) == []
    other = world.plan_pilot(session, slug="other")
    note(session, pilot, arm_of(session, pilot, Arm.TRAINED), BranchChange.TRAINED_LATE)
    assert events_of(session, other) == []


def test_many_branches_are_named_in_part(session: Session, pilot: Pilot) -> None:
    for number in range(14):
        note(session, pilot, f"B{number:02}", BranchChange.CLOSED)
    (closed, _allocated) = limits_of(events_of(session, pilot))
    assert "and 4 more" in closed["text"]["en"]
    assert "и ещё 4" in closed["text"]["ru"]


# Refused, taken back.


def test_what_cannot_have_happened_is_refused_by_field(session: Session, pilot: Pilot) -> None:
    comparison, trained = arm_of(session, pilot, Arm.COMPARISON), arm_of(session, pilot, Arm.TRAINED)
    future, training = date(2014, 12, 1), world.TRAINING[1]
    for branch, change, more, where in (
        ("B99", BranchChange.CLOSED, {}, "branch"),
        ("B00", BranchChange.RENUMBERED, {"new_code": "N", "day": future}, "day"),
        (comparison, BranchChange.ARM_CHANGED, {"arm": Arm.COMPARISON}, "arm"),
        (comparison, BranchChange.ARM_CHANGED, {}, "arm"),
        (comparison, BranchChange.TRAINED_LATE, {}, "branch"),
        (trained, BranchChange.TRAINED_LATE, {"day": training}, "day"),
        ("B00", BranchChange.CLOSED, {"reason": "x" * 501}, "reason"),
    ):
        with pytest.raises(BadInput) as error:
            note(session, pilot, branch, change, **more)
        assert [problem.where for problem in error.value.problems] == [where]
        session.rollback()
    assert events_of(session, pilot) == []


def test_without_comparison_or_arms_no_arm_changes(session: Session) -> None:
    pilot = world.plan_pilot(session, design=Design.BEFORE_AFTER)
    codes = [branch.code for branch in world.add_branches(session, 3)]
    allocation.choose_branches(session, OPERATOR, pilot.slug, codes)
    with pytest.raises(BadInput, match="no arm yet"):
        note(session, pilot, "B00", BranchChange.ARM_CHANGED, arm=Arm.COMPARISON)
    session.rollback()
    allocation.set_arms(session, OPERATOR, pilot.slug, dict.fromkeys(codes, Arm.TRAINED), NOW)
    with pytest.raises(BadInput, match="Choose an arm"):
        note(session, pilot, "B00", BranchChange.ARM_CHANGED, arm=Arm.COMPARISON)


def test_a_mistake_is_taken_back_once(session: Session, pilot: Pilot) -> None:
    event = note(session, pilot, "B00", BranchChange.CLOSED)
    assert of(session, "B00").closed_on == DAY
    withdraw_event(session, OPERATOR, pilot.slug, event.id, NOW)
    assert of(session, "B00").closed_on is None
    assert events_of(session, pilot) == []
    with pytest.raises(WrongState):
        withdraw_event(session, OPERATOR, pilot.slug, event.id, NOW)
    session.rollback()
    renumbered = note(session, pilot, "B01", BranchChange.RENUMBERED, new_code="N")
    with pytest.raises(WrongState):
        withdraw_event(session, OPERATOR, pilot.slug, renumbered.id, NOW)
    session.rollback()
    other = world.plan_pilot(session, slug="other")
    for slug, number in ((other.slug, renumbered.id), (pilot.slug, 4711)):
        with pytest.raises(NotFound):
            withdraw_event(session, OPERATOR, slug, number, NOW)


def test_only_head_office_notes_what_happened_and_the_log_holds_no_reason(
    session: Session, pilot: Pilot, auditor: Any, manager: Any, administrator: Any
) -> None:
    for person in (auditor, manager, administrator):
        with pytest.raises(NotAllowed):
            record_event(session, acting(person), pilot.slug, Happening("B00", BranchChange.CLOSED, DAY), NOW)
    note(session, pilot, "B00", BranchChange.CLOSED, reason="fire")
    (event,) = session.exec(select(AuditEvent).where(col(AuditEvent.action) == "branch.closed")).all()
    assert "fire" not in str(event.details)
    assert event.details["day"] == DAY.isoformat()
