"""Planning a pilot: dates, branches, arms, waves, assignments."""

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.errors import (
    BadInput,
    EditConflict,
    NeedsFreshSignIn,
    NotAllowed,
    NotFound,
    WrongState,
)
from pilot_eval.domain.pilots import Arm, Design, Period, Status, WaveState
from pilot_eval.operations import allocation, assignments, pilots
from pilot_eval.operations.addresses import slug_of
from pilot_eval.operations.assignments import VisitPlan
from pilot_eval.operations.coverage import coverage
from pilot_eval.operations.schedules import Wanted, schedule
from pilot_eval.operations.waves import close_wave, lock_wave
from pilot_eval.records import audit, database
from pilot_eval.records.pilots import Assignment, Pilot
from pilot_eval.records.visits import Visit
from pilot_eval.stats.allocation import draw as draw_codes
from tests import pilots as world
from tests.conftest import OPERATOR, acting

NOW = datetime(2014, 7, 1, tzinfo=UTC)


def where(error: pytest.ExceptionInfo[BadInput]) -> list[str]:
    return [problem.where for problem in error.value.problems]


def test_a_pilot_has_two_waves_two_primary_outcomes_and_pinned_forms(session: Session) -> None:
    pilot = world.plan_pilot(session, title_ru="Владимир", smallest_quality=3.0, smallest_speed=5.0)
    assert pilot.slug == "vladimir-2014"
    assert [(w.period, w.opens_on, w.closes_on) for w in pilots.waves_of(session, pilot)] == [
        (Period.BEFORE, *world.BEFORE),
        (Period.AFTER, *world.AFTER),
    ]
    outcomes = {o.code: o for o in pilots.outcomes_of(session, pilot)}
    assert [code for code, o in outcomes.items() if o.primary] == ["quality", "speed"]
    assert (outcomes["quality"].smallest_effect, outcomes["speed"].smallest_effect) == (3.0, 5.0)
    assert (outcomes["speed"].source, outcomes["speed"].better) == ("timing_service", "lower")
    assert pilot.checklist_id is not None
    assert pilot.timing_form_id is not None
    assert pilots.pilot_status(session, pilot, date(2014, 8, 1)) is Status.DRAFT


def test_two_pilots_of_one_title_have_two_addresses(session: Session) -> None:
    world.plan_pilot(session)
    assert world.plan_pilot(session).slug == "vladimir-2014-2"
    with pytest.raises(BadInput) as error:
        world.plan_pilot(session, slug="vladimir-2014")
    assert where(error) == ["slug"]


@pytest.mark.parametrize(
    ("title", "slug"),
    [("Владимир, 2014", "vladimir-2014"), ("Ёлки & щи", "elki-shchi"), ("!!!", "pilot"), ("Été 1", "ete-1")],
)
def test_an_address_is_made_from_any_title(title: str, slug: str) -> None:
    assert slug_of(title) == slug


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title_en": "  "}, "title_en"),
        ({"before": (date(2014, 8, 31), date(2014, 8, 1))}, "before_from"),
        ({"training": (date(2014, 8, 20), date(2014, 9, 30))}, "before_from"),
        ({"after": (date(2014, 9, 30), date(2014, 10, 30))}, "before_from"),
        ({"level": 1.0}, "level"),
        ({"level": 0.2}, "level"),
        ({"seed": -1}, "seed"),
        ({"draws": 98}, "draws"),
        ({"smallest_quality": 0.0}, "smallest_quality"),
        ({"smallest_speed": float("nan")}, "smallest_speed"),
        ({"slug": "Не годится"}, "slug"),
        ({"slug": "new"}, "slug"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_by_field(
    session: Session, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadInput) as error:
        world.plan_pilot(session, **change)
    assert where(error) == [field]
    session.rollback()
    assert session.exec(select(Pilot)).all() == []


def test_a_draw_is_repeatable_balanced_within_strata_and_kept_in_the_plan(session: Session) -> None:
    pilot = world.plan_pilot(session)
    branches = world.add_branches(session)
    world.draw(session, pilot, branches, seed=7)
    arms = {branch.code: member.arm for member, branch in pilots.members_of(session, pilot)}
    strata = {branch.code: branch.stratum for branch in branches}
    assert {code for code, arm in arms.items() if arm is Arm.TRAINED} == draw_codes(strata, 0.5, 7)
    trained = Counter(strata[code] for code, arm in arms.items() if arm is Arm.TRAINED)
    everyone = Counter(strata.values())
    assert all(abs(trained[name] - everyone[name] / 2) <= 0.5 for name in everyone)
    assert pilot.allocation is not None
    assert pilot.allocation["method"] == "random"
    assert pilot.allocation["seed"] == 7
    assert pilot.allocation["strata"] == ["city", "village"]
    assert pilot.allocation["arms"] == arms


def test_arms_by_hand_need_every_branch_and_two_of_each_arm(session: Session) -> None:
    pilot = world.plan_pilot(session)
    codes = [branch.code for branch in world.add_branches(session, 4)]
    allocation.choose_branches(session, OPERATOR, pilot.slug, codes)
    arms = dict.fromkeys(codes[:2], Arm.TRAINED) | dict.fromkeys(codes[2:], Arm.COMPARISON)
    with pytest.raises(BadInput) as missing:
        allocation.set_arms(session, OPERATOR, pilot.slug, dict(list(arms.items())[:3]), NOW)
    assert where(missing) == ["B03"]
    with pytest.raises(BadInput) as foreign:
        allocation.set_arms(session, OPERATOR, pilot.slug, arms | {"B99": Arm.TRAINED}, NOW)
    assert where(foreign) == ["B99"]
    with pytest.raises(BadInput) as lonely:
        allocation.set_arms(session, OPERATOR, pilot.slug, arms | {"B01": Arm.COMPARISON}, NOW)
    assert where(lonely) == ["arms"]
    stored = allocation.set_arms(session, OPERATOR, pilot.slug, arms, NOW)
    assert stored.allocation is not None
    assert stored.allocation["method"] == "by_hand"
    assert pilots.pilot_status(session, stored, date(2014, 9, 15)) is Status.TRAINING


def test_without_comparison_every_branch_is_trained_and_nothing_is_drawn(session: Session) -> None:
    pilot = world.plan_pilot(session, design=Design.BEFORE_AFTER)
    codes = [branch.code for branch in world.add_branches(session, 3)]
    allocation.choose_branches(session, OPERATOR, pilot.slug, codes)
    with pytest.raises(WrongState, match="nothing to draw"):
        allocation.draw_arms(session, OPERATOR, pilot.slug, seed=1, now=NOW)
    with pytest.raises(BadInput):
        allocation.set_arms(
            session, OPERATOR, pilot.slug, dict.fromkeys(codes, Arm.TRAINED) | {"B00": Arm.COMPARISON}, NOW
        )
    allocation.set_arms(session, OPERATOR, pilot.slug, dict.fromkeys(codes, Arm.TRAINED), NOW)


def test_unknown_branches_are_named_and_nothing_is_changed(session: Session) -> None:
    pilot = world.plan_pilot(session)
    world.add_branches(session, 3)
    with pytest.raises(BadInput) as error:
        allocation.choose_branches(session, OPERATOR, pilot.slug, ["B00", "B77", "B78"])
    assert where(error) == ["B77", "B78"]
    session.rollback()
    assert pilots.members_of(session, pilot) == []


def test_branches_that_stay_keep_their_arm(session: Session) -> None:
    pilot = world.plan_pilot(session)
    branches = world.add_branches(session, 6)
    world.draw(session, pilot, branches)
    before = {branch.code: member.arm for member, branch in pilots.members_of(session, pilot)}
    allocation.choose_branches(session, OPERATOR, pilot.slug, [b.code for b in branches[:5]])
    after = {branch.code: member.arm for member, branch in pilots.members_of(session, pilot)}
    assert after == {code: arm for code, arm in before.items() if code != "B05"}


def test_once_something_is_recorded_arms_stay(session: Session) -> None:
    pilot = world.filled_pilot(session)
    with pytest.raises(WrongState, match="no longer be changed"):
        allocation.draw_arms(session, OPERATOR, pilot.slug, seed=2, now=NOW)
    with pytest.raises(WrongState, match="no longer be changed"):
        allocation.choose_branches(session, OPERATOR, pilot.slug, ["B00"])


def test_two_planners_cannot_overwrite_each_other(engine: database.Engine, session: Session) -> None:
    pilot = world.plan_pilot(session)
    branches = world.add_branches(session, 6)
    version = pilot.row_version
    world.draw(session, pilot, branches)
    with pytest.raises(EditConflict):
        allocation.choose_branches(session, OPERATOR, pilot.slug, ["B00", "B01"], version)
    session.rollback()
    assert len(pilots.members_of(session, pilot)) == 6


def test_a_wave_closes_on_its_last_day_once_and_in_order(session: Session) -> None:
    pilot = world.filled_pilot(session)
    with pytest.raises(WrongState, match="still runs"):
        close_wave(session, OPERATOR, pilot.slug, Period.BEFORE, datetime(2014, 8, 30, tzinfo=UTC))
    with pytest.raises(WrongState, match="earlier wave"):
        close_wave(session, OPERATOR, pilot.slug, Period.AFTER, world.AFTER_ENDS)
    assert close_wave(session, OPERATOR, pilot.slug, Period.BEFORE, world.BEFORE_ENDS).state == "closed"
    with pytest.raises(WrongState, match="closed already"):
        close_wave(session, OPERATOR, pilot.slug, Period.BEFORE, world.BEFORE_ENDS)
    with pytest.raises(NotFound):
        close_wave(session, OPERATOR, pilot.slug, Period.DURING, world.BEFORE_ENDS)
    with pytest.raises(WrongState, match="Only a closed wave"):
        lock_wave(session, OPERATOR, pilot.slug, Period.AFTER)
    assert lock_wave(session, OPERATOR, pilot.slug, Period.BEFORE, "Made up").state is WaveState.LOCKED
    close_wave(session, OPERATOR, pilot.slug, Period.AFTER, world.AFTER_ENDS)
    assert pilots.pilot_status(session, pilot, date(2014, 11, 2)) is Status.READY
    assert audit.first_break(session) is None


def test_closing_a_wave_needs_a_fresh_sign_in(session: Session, head_office: Any) -> None:
    pilot = world.filled_pilot(session)
    with pytest.raises(NeedsFreshSignIn):
        close_wave(session, acting(head_office, fresh=False), pilot.slug, Period.BEFORE, world.BEFORE_ENDS)
    close_wave(session, acting(head_office), pilot.slug, Period.BEFORE, world.BEFORE_ENDS)


def test_only_head_office_plans(session: Session, auditor: Any, manager: Any, administrator: Any) -> None:
    pilot = world.plan_pilot(session)
    for person in (auditor, manager, administrator):
        with pytest.raises(NotAllowed):
            allocation.choose_branches(session, acting(person), pilot.slug, ["B00"])
        with pytest.raises(NotAllowed):
            schedule(session, acting(person), pilot.slug)
        with pytest.raises(NotAllowed):
            coverage(session, acting(person), pilot.slug)


def test_a_manager_sees_only_pilots_of_the_own_region(session: Session, create_manager: Any) -> None:
    pilot = world.plan_pilot(session)
    branches = world.add_branches(session)
    world.draw(session, pilot, branches[:6])
    stranger = acting(create_manager())
    own = acting(create_manager(), fresh=True)
    own = type(own)(own.name, own.role, own.user_id, branches[0].region_id, own.fresh)
    assert pilots.list_pilots(session, own) == [pilot]
    assert pilots.get_pilot(session, own, pilot.slug) is pilot
    assert pilots.list_pilots(session, stranger) == []
    for slug in (pilot.slug, "missing"):
        with pytest.raises(NotFound):
            pilots.get_pilot(session, stranger, slug)


def plans(pilot: Pilot, auditor: Any, **change: Any) -> list[VisitPlan]:
    given = {
        "branch": "B00",
        "period": Period.BEFORE,
        "auditor_id": auditor.id,
        "scenario": "parcel_advice",
        "window": (date(2014, 8, 4), date(2014, 8, 8)),
    }
    return [VisitPlan(**(given | change))]


def test_visits_are_assigned_listed_and_withdrawn(session: Session, auditor: Any) -> None:
    pilot = world.plan_pilot(session)
    world.draw(session, pilot, world.add_branches(session))
    (stored,) = assignments.assign_visits(session, OPERATOR, pilot.slug, plans(pilot, auditor))
    (row,) = schedule(session, OPERATOR, pilot.slug).rows
    assert (row.branch.code, row.period, row.auditor) == ("B00", Period.BEFORE, auditor.pseudonym)
    assert coverage(session, OPERATOR, pilot.slug)[0].total.assigned == 1
    assert stored.id is not None
    assignments.withdraw_assignment(session, OPERATOR, pilot.slug, stored.id, NOW, "ill")
    assert schedule(session, OPERATOR, pilot.slug).rows == ()
    with pytest.raises(WrongState):
        assignments.withdraw_assignment(session, OPERATOR, pilot.slug, stored.id, NOW, "ill")
    with pytest.raises(NotFound):
        assignments.withdraw_assignment(session, OPERATOR, pilot.slug, 12345, NOW, "ill")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"branch": "B99"}, "branch"),
        ({"auditor_id": 99_999}, "auditor"),
        ({"scenario": "no such"}, "scenario"),
        ({"period": Period.DURING}, "period"),
        ({"window": (date(2014, 7, 31), date(2014, 8, 8))}, "window"),
        ({"window": (date(2014, 8, 8), date(2014, 8, 4))}, "window"),
    ],
)
def test_an_impossible_assignment_is_refused_by_field(
    session: Session, auditor: Any, change: dict[str, Any], field: str
) -> None:
    pilot = world.plan_pilot(session)
    world.draw(session, pilot, world.add_branches(session))
    good = plans(pilot, auditor)
    with pytest.raises(BadInput) as error:
        assignments.assign_visits(session, OPERATOR, pilot.slug, good + plans(pilot, auditor, **change))
    assert where(error) == [field]
    session.rollback()
    assert session.exec(select(Assignment)).all() == []


def test_the_same_visit_is_not_assigned_twice(session: Session, auditor: Any) -> None:
    pilot = world.plan_pilot(session)
    world.draw(session, pilot, world.add_branches(session))
    assignments.assign_visits(session, OPERATOR, pilot.slug, plans(pilot, auditor))
    with pytest.raises(BadInput, match="assigned already"):
        assignments.assign_visits(session, OPERATOR, pilot.slug, plans(pilot, auditor))


def test_visits_wait_for_arms_and_end_with_the_wave(session: Session, auditor: Any) -> None:
    pilot = world.plan_pilot(session)
    branches = world.add_branches(session)
    with pytest.raises(WrongState, match="arms"):
        assignments.assign_visits(session, OPERATOR, pilot.slug, plans(pilot, auditor))
    world.draw(session, pilot, branches)
    world.close(session, pilot, Period.BEFORE)
    with pytest.raises(WrongState, match="closed"):
        assignments.assign_visits(session, OPERATOR, pilot.slug, plans(pilot, auditor))


def test_coverage_counts_what_came_in(session: Session) -> None:
    pilot = world.filled_pilot(session)
    before, after = coverage(session, OPERATOR, pilot.slug)
    assert (before.total.visits, before.total.timings, before.visited) == (72, 144, world.BRANCHES)
    assert after.total.visits == 72
    assert before.total.percent is None


def _half_done(session: Session, auditor: Any) -> Pilot:
    """Every branch is to be visited in both waves by one of two auditors; every third visit was made."""
    pilot = world.plan_pilot(session)
    branches = world.add_branches(session)
    world.draw(session, pilot, branches)
    world.record(session, pilot, auditor)
    people = (auditor.id, world.an_auditor(session).id)
    planned = [
        VisitPlan(branch.code, period, people[place % 2], "parcel_advice")
        for place, branch in enumerate(branches)
        for period in (Period.BEFORE, Period.AFTER)
    ]
    assigned = assignments.assign_visits(session, OPERATOR, pilot.slug, planned, confirmed=True)
    for assignment, visit in zip(assigned[::3], session.exec(select(Visit)), strict=False):
        visit.assignment_id = assignment.id
        session.add(visit)
    session.commit()
    return pilot


def test_a_schedule_is_read_page_by_page_and_leaves_nothing_out(session: Session, auditor: Any) -> None:
    pilot = _half_done(session, auditor)
    everything = schedule(session, OPERATOR, pilot.slug, most=10_000)
    assert everything.next_after is None
    assert everything.wanted == len(everything.rows) == everything.made + everything.to_make == 36
    assert everything.made == 12
    order = [(row.assignment.window_from, row.branch.code, row.assignment.id) for row in everything.rows]
    assert order == sorted(order)
    for wanted, right in (
        (Wanted(), lambda row: True),
        (Wanted(made=True), lambda row: row.visited),
        (Wanted(made=False, period=Period.AFTER), lambda row: not row.visited and row.period is Period.AFTER),
        (Wanted(auditor_id=auditor.id), lambda row: row.assignment.auditor_id == auditor.id),
    ):
        expected = [row.assignment.id for row in everything.rows if right(row)]
        found, after = [], None
        while True:
            page = schedule(session, OPERATOR, pilot.slug, wanted, after, most=7)
            assert page.wanted == len(expected)
            found += [row.assignment.id for row in page.rows]
            after = page.next_after
            if after is None:
                break
            assert len(page.rows) == 7
        assert found == expected
    assert schedule(session, OPERATOR, pilot.slug, after=-1, most=3).rows == everything.rows[:3]
