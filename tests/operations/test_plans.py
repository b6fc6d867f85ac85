"""A plan is a draft until it is frozen; afterwards each change is a version with its reason."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, EditConflict, NeedsFreshSignIn, NotAllowed, WrongState
from pilot_eval.domain.pilots import Arm, Period
from pilot_eval.operations import allocation, pilots, plans, summaries
from pilot_eval.operations.assignments import VisitPlan, assign_visits
from pilot_eval.operations.plans import PlanFields
from pilot_eval.operations.visits import record_visit
from pilot_eval.records import audit
from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.plans import Cause, versions_of
from tests import pilots as world
from tests.conftest import OPERATOR, acting
from tests.field import Field, actor_of

JULY = datetime(2014, 7, 20, 12, tzinfo=UTC)
OCTOBER = datetime(2014, 10, 5, 6, tzinfo=UTC)
NOVEMBER = datetime(2014, 11, 2, tzinfo=UTC)


@pytest.fixture
def drawn(session: Session) -> Pilot:
    """A pilot with arms and nothing recorded."""
    pilot = world.plan_pilot(session, planned_at=datetime(2014, 6, 20, tzinfo=UTC))
    return world.draw(session, pilot, world.add_branches(session, 6))


def wanted(session: Session, pilot: Pilot, **changes: Any) -> PlanFields:
    return replace(PlanFields.of(pilot, pilots.outcomes_of(session, pilot)), **changes)


def told(session: Session, pilot: Pilot, now: datetime = NOVEMBER) -> dict[str, Any]:
    plan: dict[str, Any] = summaries.summarise(session, OPERATOR, pilot.slug, now)["plan"]
    return plan


def test_a_draft_is_changed_at_will(session: Session, drawn: Pilot) -> None:
    new = wanted(
        session, drawn, level=0.9, looks=(0.5,), exclusions=" blackouts ", primary=frozenset({"quality"})
    )
    assert plans.change_plan(session, OPERATOR, drawn.slug, new, JULY) is None
    plan = told(session, drawn, JULY)
    assert (plan["state"], plan["frozen_at"], plan["version"], plan["versions"]) == ("draft", None, None, [])
    assert (plan["level"], plan["family_size"], plan["exclusions"]) == (0.9, 1, "blackouts")
    assert plan["document"]["looks"] == [0.5]


def test_head_office_freezes_it_and_anybody_can_recompute_its_hash(session: Session, drawn: Pilot) -> None:
    plans.freeze_plan(session, OPERATOR, drawn.slug, JULY)
    plan = told(session, drawn)
    assert (plan["state"], plan["frozen_at"], plan["version"]) == ("frozen", "2014-07-20T12:00:00+00:00", 1)
    text = json.dumps(plan["document"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == plan["sha256"] == plan["versions"][0]["sha256"]
    (stored,) = versions_of(session, pilots.stored_id(drawn))
    assert stored.document == text
    with pytest.raises(WrongState, match="frozen already"):
        plans.freeze_plan(session, OPERATOR, drawn.slug, JULY)
    assert audit.first_break(session) is None


def test_branches_and_arms_stay_once_it_is_frozen(session: Session, drawn: Pilot) -> None:
    plans.freeze_plan(session, OPERATOR, drawn.slug, JULY)
    with pytest.raises(WrongState, match="plan is frozen"):
        allocation.draw_arms(session, OPERATOR, drawn.slug, seed=2, now=JULY)
    with pytest.raises(WrongState, match="plan is frozen"):
        allocation.choose_branches(session, OPERATOR, drawn.slug, ["B00"])


def test_without_arms_it_cannot_be_frozen(session: Session) -> None:
    pilot = world.plan_pilot(session)
    with pytest.raises(WrongState, match="arm first"):
        plans.freeze_plan(session, OPERATOR, pilot.slug, JULY)


def test_a_change_of_a_frozen_plan_is_a_version_with_what_changed_and_why(
    session: Session, drawn: Pilot
) -> None:
    plans.freeze_plan(session, OPERATOR, drawn.slug, JULY)
    first = told(session, drawn)["sha256"]
    new = wanted(session, drawn, level=0.9, smallest_effects={"quality": 4.0, "speed": None, "wait": None})
    with pytest.raises(BadInput, match="Say why"):
        plans.change_plan(session, OPERATOR, drawn.slug, new, OCTOBER)
    session.rollback()
    plans.change_plan(session, OPERATOR, drawn.slug, new, OCTOBER, reason="The board wants 4 points {so}.")
    plan = told(session, drawn)
    assert [version["number"] for version in plan["versions"]] == [1, 2]
    assert plan["versions"][0]["sha256"] == first != plan["sha256"] == plan["versions"][1]["sha256"]
    (change,) = plan["changes"]
    fields = {line["field"]: (line["before"]["en"], line["after"]["en"]) for line in change["fields"]}
    assert fields == {"level": ("95%", "90%"), "outcomes.quality.smallest_effect": ("not set", "4")}
    assert change["text"]["en"].replace("\xa0", " ") == (
        "The plan was changed on 5 October 2014 after it was frozen, because: The board wants 4 points {so}."
    )
    assert not change["after_results"]
    limits = summaries.summarise(session, OPERATOR, drawn.slug, NOVEMBER)["limits"]
    assert change["text"] in [limit["text"] for limit in limits]


def test_saving_a_frozen_plan_unchanged_makes_no_version(session: Session, drawn: Pilot) -> None:
    plans.freeze_plan(session, OPERATOR, drawn.slug, JULY)
    same = wanted(session, drawn)
    assert plans.change_plan(session, OPERATOR, drawn.slug, same, OCTOBER, reason="none") is None
    assert len(told(session, drawn)["versions"]) == 1


def test_a_change_after_results_could_be_seen_is_marked(session: Session) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    before = summaries.summarise(session, OPERATOR, pilot.slug, NOVEMBER)
    assert before["plan"]["versions"][0]["cause"] == "wave_opened"
    new = wanted(session, pilot, primary=frozenset({"quality"}))
    plans.change_plan(session, OPERATOR, pilot.slug, new, NOVEMBER, reason="Speed was noisy.")
    after = summaries.summarise(session, OPERATOR, pilot.slug, NOVEMBER)
    assert after["plan"]["versions"][0] == before["plan"]["versions"][0]
    assert after["plan"]["changes"][0]["after_results"]
    assert "after results could be seen" in after["plan"]["changes"][0]["text"]["en"]
    levels = [summary["outcomes"][0]["evaluation"]["level"] for summary in (before, after)]
    assert levels == pytest.approx([0.975, 0.95])


def test_the_first_day_after_training_freezes_it_by_itself(session: Session, drawn: Pilot) -> None:
    last = datetime(2014, 9, 30, 23, 59, tzinfo=UTC)
    assert told(session, drawn, last)["state"] == "draft"
    plan = told(session, drawn, last + timedelta(minutes=1))
    assert (plan["frozen_at"], plan["versions"][0]["cause"]) == ("2014-10-01T00:00:00+00:00", "wave_opened")
    with pytest.raises(BadInput, match="Say why"):
        plans.change_plan(session, OPERATOR, drawn.slug, wanted(session, drawn, seed=9), OCTOBER)


def test_the_first_visit_after_training_freezes_it(session: Session, field: Field) -> None:
    pilot = session.exec(select(Pilot)).one()
    # Already October in Kamchatka, still September in UTC.
    session.execute(sa.text("UPDATE branch SET time_zone = 'Asia/Kamchatka'"))
    session.commit()
    begun = datetime(2014, 9, 30, 20, tzinfo=UTC)
    plan = VisitPlan("600001", Period.AFTER, field.anna.id or 0, "parcel_advice")
    (assigned,) = assign_visits(session, OPERATOR, pilot.slug, [plan])
    assert told(session, pilot, begun)["state"] == "draft"
    sent = begun + timedelta(hours=1)
    visit = field.visit(assigned, started_at=begun, left_at=begun + timedelta(minutes=20))
    record_visit(session, actor_of(field.anna), visit, sent)
    (version,) = versions_of(session, pilots.stored_id(pilot))
    assert (version.cause, version.made_at, version.made_by) == (Cause.FIRST_RECORD, sent, None)
    again = field.visit(assigned, id=visit.id, started_at=begun, left_at=begun + timedelta(minutes=20))
    record_visit(session, actor_of(field.anna), again, sent + timedelta(minutes=1))
    assert len(versions_of(session, pilots.stored_id(pilot))) == 1
    events = session.exec(select(AuditEvent).where(col(AuditEvent.action) == "plan.freeze")).all()
    assert [event.details["cause"] for event in events] == ["first_record"]


def test_a_visit_before_training_freezes_nothing(session: Session, field: Field) -> None:
    record_visit(session, actor_of(field.anna), field.visit(), datetime(2014, 8, 5, 9, tzinfo=UTC))
    pilot = session.exec(select(Pilot)).one()
    assert versions_of(session, pilots.stored_id(pilot)) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"level": 1.0}, "level"),
        ({"seed": -1}, "seed"),
        ({"draws": 5}, "draws"),
        ({"minimum_branches": 0}, "minimum_branches"),
        ({"minimum_observations": -2}, "minimum_observations"),
        ({"looks": (0.6, 0.4)}, "looks"),
        ({"looks": (0.5, 1.0)}, "looks"),
        ({"primary": frozenset()}, "primary"),
        ({"smallest_effects": {"quality": 0.0}}, "smallest-quality"),
        ({"exclusions": "x" * 2001}, "exclusions"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(
    session: Session, drawn: Pilot, change: dict[str, Any], where: str
) -> None:
    before = told(session, drawn, JULY)["sha256"]
    with pytest.raises(BadInput) as refused:
        plans.change_plan(session, OPERATOR, drawn.slug, wanted(session, drawn, **change), JULY)
    session.rollback()
    assert [problem.where for problem in refused.value.problems] == [where]
    assert told(session, drawn, JULY)["sha256"] == before


def test_only_head_office_may_and_freezing_wants_the_password_once_more(
    session: Session, drawn: Pilot, head_office: Any, auditor: Any, administrator: Any, create_manager: Any
) -> None:
    new = wanted(session, drawn, seed=3)
    for person in (auditor, administrator, create_manager()):
        with pytest.raises(NotAllowed):
            plans.freeze_plan(session, acting(person), drawn.slug, JULY)
        with pytest.raises(NotAllowed):
            plans.change_plan(session, acting(person), drawn.slug, new, JULY)
    stale = acting(head_office, fresh=False)
    plans.change_plan(session, stale, drawn.slug, new, JULY)
    with pytest.raises(NeedsFreshSignIn):
        plans.freeze_plan(session, stale, drawn.slug, JULY)
    plans.freeze_plan(session, acting(head_office), drawn.slug, JULY)
    with pytest.raises(NeedsFreshSignIn):
        plans.change_plan(session, stale, drawn.slug, wanted(session, drawn, seed=4), JULY, reason="why")
    assert told(session, drawn)["versions"][0]["made_by"] == head_office.pseudonym


def test_two_who_change_it_at_once_do_not_overwrite_each_other(session: Session, drawn: Pilot) -> None:
    seen = drawn.row_version
    plans.change_plan(session, OPERATOR, drawn.slug, wanted(session, drawn, seed=3), JULY, version=seen)
    with pytest.raises(EditConflict):
        plans.change_plan(session, OPERATOR, drawn.slug, wanted(session, drawn, seed=4), JULY, version=seen)


@pytest.mark.parametrize("statement", ["UPDATE plan_version SET reason = 'x'", "DELETE FROM plan_version"])
def test_the_database_itself_refuses_to_change_a_version(
    session: Session, drawn: Pilot, statement: str
) -> None:
    plans.freeze_plan(session, OPERATOR, drawn.slug, JULY)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        session.execute(sa.text(statement))
    session.rollback()


def test_a_plan_changed_behind_the_products_back_is_told(session: Session, drawn: Pilot) -> None:
    plans.freeze_plan(session, OPERATOR, drawn.slug, JULY)
    session.execute(sa.text("UPDATE pilot SET level = 0.8"))
    session.commit()
    session.expire_all()
    limits = summaries.summarise(session, OPERATOR, drawn.slug, NOVEMBER)["limits"]
    assert "plan_differs" in [limit["code"] for limit in limits]


def test_hand_made_arms_stand_in_the_plan(session: Session) -> None:
    pilot = world.plan_pilot(session)
    codes = [branch.code for branch in world.add_branches(session, 4)]
    allocation.choose_branches(session, OPERATOR, pilot.slug, codes)
    arms = dict(zip(codes, (Arm.TRAINED, Arm.TRAINED, Arm.COMPARISON, Arm.COMPARISON), strict=True))
    allocation.set_arms(session, OPERATOR, pilot.slug, arms, JULY)
    assert told(session, pilot, JULY)["document"]["allocation"]["method"] == "by_hand"
