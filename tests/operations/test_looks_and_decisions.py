"""Looks at a running pilot that its plan allows, the decision on it, and the one next step."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, EditConflict, NeedsFreshSignIn, NotAllowed, WrongState
from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.pilots import Arm, Choice, Period
from pilot_eval.engines.records import read_snapshot
from pilot_eval.operations import pilots, plans, settled, summaries
from pilot_eval.operations.decisions import decide
from pilot_eval.operations.looks import take_look
from pilot_eval.operations.plans import PlanFields
from pilot_eval.records.network import Region
from pilot_eval.records.pilots import Assignment, Pilot
from pilot_eval.records.plans import Look
from pilot_eval.records.visits import Visit, VisitState
from pilot_eval.reports.summaries import SCHEMA_FILE
from pilot_eval.stats.analysis import analyse
from pilot_eval.stats.families import interval_level
from pilot_eval.stats.looks import looks_of
from tests import pilots as world
from tests.conftest import OPERATOR, acting
from tests.reports.schemas import problems

MIDDLE = datetime(2014, 10, 15, 12, tzinfo=UTC)
NOVEMBER = datetime(2014, 11, 2, tzinfo=UTC)


def summary_of(session: Session, pilot: Pilot, now: datetime, actor: Actor = OPERATOR) -> dict[str, Any]:
    summary = summaries.summarise(session, actor, pilot.slug, now)
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    assert problems(json.loads(json.dumps(summary)), schema) == []
    return summary


def allow_looks(session: Session, pilot: Pilot, *fractions: float) -> None:
    fields = replace(PlanFields.of(pilot, pilots.outcomes_of(session, pilot)), looks=fractions)
    plans.change_plan(session, OPERATOR, pilot.slug, fields, datetime(2014, 7, 2, tzinfo=UTC))


def assign(session: Session, pilot: Pilot) -> list[Visit]:
    """An assignment for every visit after training; the visits, none of them made for it yet."""
    after = pilots.waves_of(session, pilot)[1].id
    visits = session.exec(select(Visit).where(col(Visit.wave_id) == after).order_by(col(Visit.id))).all()
    for visit in visits:
        assignment = Assignment(
            pilot_id=visit.pilot_id,
            wave_id=visit.wave_id,
            branch_id=visit.branch_id,
            auditor_id=visit.auditor_id,
            scenario="parcel_advice",
            window_from=date(2014, 10, 1),
            window_to=date(2014, 10, 31),
        )
        session.add(assignment)
    session.commit()
    return list(visits)


def make(session: Session, visits: list[Visit]) -> None:
    """The visits are made for the first assignments that have none."""
    taken = {visit.assignment_id for visit in session.exec(select(Visit))}
    free = [row.id for row in session.exec(select(Assignment).order_by(col(Assignment.id)))]
    free = [assignment_id for assignment_id in free if assignment_id not in taken]
    for visit, assignment_id in zip(visits, free, strict=False):
        visit.assignment_id = assignment_id
        session.add(visit)
    session.commit()


@pytest.fixture
def looked_at(session: Session) -> Pilot:
    """A running pilot whose plan allows looks at a third and at two thirds; a third of its visits made."""
    pilot = world.plan_pilot(session, planned_at=datetime(2014, 6, 20, tzinfo=UTC))
    world.draw(session, pilot, world.add_branches(session))
    allow_looks(session, pilot, 0.33, 0.66)
    world.record(session, pilot, world.an_auditor(session))
    visits = assign(session, pilot)
    make(session, visits[: len(visits) // 3])
    return pilot


def more_visits(session: Session, pilot: Pilot) -> None:
    after = pilots.waves_of(session, pilot)[1].id
    unassigned = select(Visit).where(col(Visit.wave_id) == after, col(Visit.assignment_id).is_(None))
    visits = list(session.exec(unassigned))
    make(session, visits[: len(visits) // 2 + 1])


def test_a_look_is_taken_once_with_the_level_that_the_plan_leaves_it(
    session: Session, looked_at: Pilot
) -> None:
    before = summary_of(session, looked_at, MIDDLE)
    assert (before["looks"]["due"], before["looks"]["visits_planned"]) == (1, 72)
    assert before["pilot"]["next_step"]["code"] == "take_look"
    take_look(session, OPERATOR, looked_at.slug, MIDDLE)
    after = summary_of(session, looked_at, MIDDLE)
    (look,) = after["looks"]["taken"]
    levels = looks_of((0.33, 0.66, 1.0), interval_level(0.95, 2))
    assert look["level"] == levels.level_of(1)
    assert look["outcomes"][0]["evaluation"]["level"] == levels.level_of(1)
    assert [planned["level"] for planned in after["looks"]["planned"]] == [
        levels.level_of(number) for number in (1, 2, 3)
    ]
    assert (look["visits_done"], look["planned_fraction"]) == (24, 0.33)
    assert look["snapshot_sha256"] == after["snapshot"]["sha256"]
    assert after["looks"]["due"] is None
    with pytest.raises(WrongState, match="no look now"):
        take_look(session, OPERATOR, looked_at.slug, MIDDLE)


def test_the_numbers_of_a_look_are_those_of_the_statistics(session: Session, looked_at: Pilot) -> None:
    take_look(session, OPERATOR, looked_at.slug, MIDDLE)
    snapshot = summaries.known_snapshot(session, pilots.stored_id(looked_at))
    outcomes = pilots.outcomes_of(session, looked_at)
    (look,) = summary_of(session, looked_at, MIDDLE)["looks"]["taken"]
    plan = summaries.analysis_plan(looked_at, outcomes[0], outcomes, 1)
    fresh = analyse(snapshot.observations(outcomes[0].source, stratified=True), plan)
    told = look["outcomes"][0]["evaluation"]
    interval = fresh.effect.confidence_interval(plan.level)  # type: ignore[union-attr]  # this pilot has one
    assert told["effect"]["estimate"] == fresh.effect.estimate  # type: ignore[union-attr]  # likewise
    assert told["effect"]["confidence_interval"] == pytest.approx([interval.low, interval.high])
    assert told["looks"]["look"] == 1


def test_between_looks_only_what_was_recorded_is_shown(session: Session, looked_at: Pilot) -> None:
    take_look(session, OPERATOR, looked_at.slug, MIDDLE)
    first = summary_of(session, looked_at, MIDDLE)
    session.execute(sa.text("UPDATE visit SET score_hundredths = 9000 WHERE assignment_id IS NULL"))
    session.commit()
    session.expire_all()
    later = summary_of(session, looked_at, MIDDLE)
    assert later["snapshot"]["sha256"] != first["snapshot"]["sha256"]
    assert later["looks"]["taken"] == first["looks"]["taken"]
    for summary in (first, later):
        assert summary["headline_withheld"]["code"] == "running"
        assert all(outcome["evaluation"] is None for outcome in summary["outcomes"])
        assert all(b["outcomes"]["quality"]["after"] is None for b in summary["branches"])


def test_of_two_looks_reached_the_later_one_is_taken(session: Session, looked_at: Pilot) -> None:
    more_visits(session, looked_at)
    more_visits(session, looked_at)
    take_look(session, OPERATOR, looked_at.slug, MIDDLE)
    assert [look["number"] for look in summary_of(session, looked_at, MIDDLE)["looks"]["taken"]] == [2]
    with pytest.raises(WrongState):
        take_look(session, OPERATOR, looked_at.slug, MIDDLE)


def test_visits_set_aside_or_not_reached_do_not_make_a_look_due(session: Session, looked_at: Pilot) -> None:
    assert settled.due_look(session, looked_at, settled.visits_made(session, looked_at)) == 1
    made = session.exec(select(Visit).where(col(Visit.assignment_id).is_not(None))).first()
    assert made is not None
    made.state = VisitState.EXCLUDED
    session.commit()
    # 23 of 72 are less than 0.33.
    assert settled.due_look(session, looked_at, settled.visits_made(session, looked_at)) is None
    with pytest.raises(WrongState, match="no look now"):
        take_look(session, OPERATOR, looked_at.slug, MIDDLE)


def test_a_plan_without_looks_has_none(session: Session) -> None:
    pilot = world.filled_pilot(session)
    make(session, assign(session, pilot))
    assert summary_of(session, pilot, MIDDLE)["looks"]["planned"] == []
    with pytest.raises(WrongState, match="no look now"):
        take_look(session, OPERATOR, pilot.slug, MIDDLE)


def test_the_end_keeps_the_level_that_looks_have_left(session: Session, looked_at: Pilot) -> None:
    world.close(session, looked_at)
    summary = summary_of(session, looked_at, NOVEMBER)
    level = looks_of((0.33, 0.66, 1.0), interval_level(0.95, 2)).level_of(3)
    assert level > 0.975
    assert summary["outcomes"][0]["evaluation"]["level"] == level == summary["plan"]["interval_level"]
    assert "planned_look" in [limit["code"] for limit in summary["limits"]]
    with pytest.raises(WrongState):
        take_look(session, OPERATOR, looked_at.slug, NOVEMBER)


def test_a_look_that_was_taken_stays_in_the_plan(session: Session, looked_at: Pilot) -> None:
    take_look(session, OPERATOR, looked_at.slug, MIDDLE)
    known = PlanFields.of(looked_at, pilots.outcomes_of(session, looked_at))
    for looks in ((), (0.2, 0.66), (0.66,)):
        fields = replace(known, looks=looks)
        with pytest.raises(BadInput, match="stay in the plan"):
            plans.change_plan(session, OPERATOR, looked_at.slug, fields, MIDDLE, reason="why")
        session.rollback()
    fields = replace(known, looks=(0.33, 0.8))
    version = plans.change_plan(session, OPERATOR, looked_at.slug, fields, MIDDLE, reason="Later is better.")
    assert version is not None
    assert version.after_results


def test_managers_see_a_look_without_counts_of_visits(
    session: Session, looked_at: Pilot, create_manager: Any
) -> None:
    user = create_manager()
    (region_id,) = session.exec(select(Region.id).where(Region.name == "North"))
    actor = Actor(user.email, Role.MANAGER, user.id, region_id, fresh=True)
    take_look(session, OPERATOR, looked_at.slug, MIDDLE)
    summary = summary_of(session, looked_at, MIDDLE, actor)
    (look,) = summary["looks"]["taken"]
    assert look["outcomes"][0]["evaluation"]["effect"] is not None
    assert (look["visits_done"], look["visits_planned"]) == (None, None)
    assert (summary["looks"]["due"], summary["looks"]["visits_done"]) == (None, None)
    assert summary["pilot"]["next_step"] is None
    assert "unpaired_names" not in look["outcomes"][0]["evaluation"]["branches"]


def test_a_look_that_rested_on_few_branches_of_others_is_not_told_to_a_manager(
    session: Session, looked_at: Pilot
) -> None:
    (region_id,) = session.exec(select(Region.id).where(Region.name == "North"))
    take_look(session, OPERATOR, looked_at.slug, MIDDLE)
    found = json.loads(session.exec(select(Look.result)).one())
    snapshot = read_snapshot(session, pilots.stored_id(looked_at))
    assert summaries.may_see_look(snapshot, found, region_id)
    own = sum(b.arm is Arm.COMPARISON and b.region_id == region_id for b in snapshot.branches)
    found[0]["evaluation"]["branches"]["comparison"] = own + 4
    assert not summaries.may_see_look(snapshot, found, region_id)


# The decision -----------------------------------------------------------------------------------------------


@pytest.fixture
def ready(session: Session) -> Pilot:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    return pilot


def test_a_decision_keeps_what_it_rests_on(session: Session, ready: Pilot, head_office: Any) -> None:
    before = summary_of(session, ready, NOVEMBER)
    assert before["decision"] is None
    assert (before["pilot"]["status"], before["pilot"]["next_step"]["code"]) == ("ready_to_decide", "decide")
    reasons = " The gain is beyond three points. "
    decide(session, acting(head_office), ready.slug, Choice.ROLL_OUT, reasons, NOVEMBER)
    summary = summary_of(session, ready, NOVEMBER)
    decision = summary["decision"]
    assert (summary["pilot"]["status"], summary["pilot"]["next_step"]) == ("decided", None)
    assert decision["choice"] == "roll_out"
    assert decision["reasons"] == "The gain is beyond three points."
    assert decision["signed_by"] == head_office.pseudonym
    assert decision["snapshot_sha256"] == before["snapshot"]["sha256"]
    assert decision["plan_sha256"] == before["plan"]["sha256"]
    assert decision["verdicts"] == [
        {"code": outcome["code"], "key": outcome["evaluation"]["verdict"]["key"]}
        for outcome in before["outcomes"]
    ]
    assert not decision["data_changed"]
    assert decision["notes"] == []


def test_a_new_decision_supersedes_the_old_one_which_stays(session: Session, ready: Pilot) -> None:
    decide(session, OPERATOR, ready.slug, Choice.NEED_DATA, "Too early.", NOVEMBER)
    decide(session, OPERATOR, ready.slug, Choice.STOP, "No budget.", NOVEMBER)
    decision = summary_of(session, ready, NOVEMBER)["decision"]
    assert (decision["number"], decision["choice"]) == (2, "stop")
    assert [(old["number"], old["choice"]) for old in decision["earlier"]] == [(1, "need_data")]
    for statement in ("UPDATE decision SET choice = 'stop'", "DELETE FROM decision"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            session.execute(sa.text(statement))
        session.rollback()


def test_data_or_a_plan_that_changed_since_are_told(session: Session, ready: Pilot) -> None:
    decide(session, OPERATOR, ready.slug, Choice.STOP, "No gain.", NOVEMBER)
    fields = replace(PlanFields.of(ready, pilots.outcomes_of(session, ready)), seed=99)
    plans.change_plan(session, OPERATOR, ready.slug, fields, NOVEMBER, reason="A new seed.")
    visit = session.exec(select(Visit)).first()
    assert visit is not None
    visit.score_hundredths = 1
    session.commit()
    summary = summary_of(session, ready, NOVEMBER)
    decision = summary["decision"]
    assert decision["data_changed"]
    assert decision["plan_changed"]
    data, plan = (note["en"] for note in decision["notes"])
    assert decision["snapshot_sha256"][:8] in data
    assert summary["snapshot"]["sha256"][:8] in data
    assert "version 1" in plan
    assert "version 2" in plan
    assert summary["pilot"]["next_step"]["code"] == "review_decision"


def test_a_decision_on_other_data_than_were_seen_is_not_taken(session: Session, ready: Pilot) -> None:
    with pytest.raises(EditConflict):
        decide(session, OPERATOR, ready.slug, Choice.STOP, "No gain.", NOVEMBER, "0" * 64)


def test_while_the_pilot_runs_only_a_look_can_be_decided_on(session: Session, looked_at: Pilot) -> None:
    with pytest.raises(WrongState, match="before results may be seen"):
        decide(session, OPERATOR, looked_at.slug, Choice.STOP, "A feeling.", MIDDLE)
    take_look(session, OPERATOR, looked_at.slug, MIDDLE)
    decide(session, OPERATOR, looked_at.slug, Choice.STOP, "Clear at the look.", MIDDLE)
    summary = summary_of(session, looked_at, MIDDLE)
    assert summary["decision"]["look"] == 1
    assert "at look 1" in summary["decision"]["text"]["en"]
    assert summary["headline_withheld"] is not None


def test_reasons_are_compulsory(session: Session, ready: Pilot) -> None:
    for reasons, sentence in (("  ", "Give the reasons"), ("x" * 4001, "At most")):
        with pytest.raises(BadInput, match=sentence):
            decide(session, OPERATOR, ready.slug, Choice.STOP, reasons, NOVEMBER)


def test_looks_and_decisions_are_for_head_office_with_a_fresh_password(
    session: Session, ready: Pilot, head_office: Any, auditor: Any, administrator: Any, create_manager: Any
) -> None:
    def acts(actor: Actor) -> tuple[Any, ...]:
        return (
            lambda: take_look(session, actor, ready.slug, NOVEMBER),
            lambda: decide(session, actor, ready.slug, Choice.STOP, "why", NOVEMBER),
        )

    for person in (auditor, administrator, create_manager()):
        for act in acts(acting(person)):
            with pytest.raises(NotAllowed):
                act()
    for act in acts(acting(head_office, fresh=False)):
        with pytest.raises(NeedsFreshSignIn):
            act()


# The next step ----------------------------------------------------------------------------------------------


def step(session: Session, pilot: Pilot, now: datetime) -> str:
    found = summary_of(session, pilot, now)["pilot"]["next_step"]
    assert found["text"]["en"]
    assert found["text"]["ru"]
    return str(found["code"])


def test_the_next_step_follows_the_pilot(session: Session) -> None:
    july, august = datetime(2014, 7, 2, tzinfo=UTC), datetime(2014, 8, 5, tzinfo=UTC)
    pilot = world.plan_pilot(session, planned_at=datetime(2014, 6, 20, tzinfo=UTC))
    assert step(session, pilot, july) == "choose_branches"
    world.draw(session, pilot, world.add_branches(session))
    assert step(session, pilot, july) == "freeze_plan"
    plans.freeze_plan(session, OPERATOR, pilot.slug, july)
    assert step(session, pilot, july) == "assign_before"
    assert step(session, pilot, datetime(2014, 9, 1, tzinfo=UTC)) == "close_before"
    world.record(session, pilot, world.an_auditor(session))
    before = pilots.waves_of(session, pilot)[0].id
    session.add(
        Assignment(
            pilot_id=pilots.stored_id(pilot),
            wave_id=before or 0,
            branch_id=pilots.members_of(session, pilot)[0][1].id or 0,
            auditor_id=world.an_auditor(session).id,
            scenario="parcel_advice",
            window_from=date(2014, 8, 1),
            window_to=date(2014, 8, 31),
        )
    )
    session.commit()
    assert step(session, pilot, august) == "visits_before"
    world.close(session, pilot, Period.BEFORE)
    september = datetime(2014, 9, 5, tzinfo=UTC)
    assert step(session, pilot, september) == "assign_after"
    assign(session, pilot)
    assert step(session, pilot, september) == "training"
    assert step(session, pilot, MIDDLE) == "visits_after"
    assert step(session, pilot, NOVEMBER) == "close_after"
    world.close(session, pilot, Period.AFTER)
    assert step(session, pilot, NOVEMBER) == "decide"
