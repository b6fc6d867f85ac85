"""Visits drawn at random as the records have it: proposed, accepted as a whole, and said what is left."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, EditConflict, NotAllowed, WrongState
from pilot_eval.domain.pilots import Arm, Period
from pilot_eval.operations import auditors, pilots
from pilot_eval.operations.assignments import VisitPlan, assign_visits
from pilot_eval.operations.dayparts import wave_parts
from pilot_eval.operations.drawing import DrawOptions, Proposal, accept_proposal, propose_visits
from pilot_eval.operations.quotas import set_quotas
from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.network import Branch
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Assignment, Pilot
from tests import pilots as world
from tests.conftest import OPERATOR, acting

NOW = datetime(2014, 7, 20, 9, tzinfo=UTC)
QUOTA = {"morning": 2, "evening": 1}
BOTH = frozenset({Period.BEFORE, Period.AFTER})


@pytest.fixture
def pilot(session: Session) -> Pilot:
    pilot = world.plan_pilot(session)
    world.draw(session, pilot, world.add_branches(session))
    set_quotas(session, OPERATOR, pilot.slug, dict.fromkeys(BOTH, QUOTA))
    return pilot


@pytest.fixture
def people(session: Session) -> list[User]:
    return [world.an_auditor(session) for _ in range(5)]


def options(people: list[User], **more: Any) -> DrawOptions:
    given: dict[str, Any] = {"seed": 7, "doubles": 0.08, "periods": BOTH}
    return DrawOptions(auditors=frozenset(person.id for person in people), **(given | more))


def propose(session: Session, pilot: Pilot, people: list[User], now: datetime = NOW, **more: Any) -> Proposal:
    return propose_visits(session, OPERATOR, pilot.slug, options(people, **more), now)


def test_a_draw_is_proposed_and_accepted_as_a_whole(
    session: Session, pilot: Pilot, people: list[User]
) -> None:
    proposal = propose(session, pilot, people)
    assert session.exec(select(Assignment)).all() == [], "a proposal stores nothing"
    assert (len(proposal.visits), proposal.doubles, proposal.left) == (116, 8, ())
    totals = [load.total for load in proposal.loads]
    assert max(totals) - min(totals) <= 1
    for period in BOTH:
        for arm in Arm:
            mine = [load.drawn[period, arm] for load in proposal.loads]
            assert max(mine) - min(mine) <= 1
    rows = accept_proposal(session, OPERATOR, pilot.slug, options(people), proposal.digest, NOW)
    stored = session.exec(select(Assignment)).all()
    assert len(rows) == len(stored) == 116
    doubles = {row.double_of_id: row for row in stored if row.double_of_id is not None}
    assert len(doubles) == 8
    for row in stored:
        if row.id in doubles:
            again = doubles[row.id]
            assert again.auditor_id != row.auditor_id
            assert (again.branch_id, again.wave_id, again.daypart, again.scenario, again.window_from) == (
                row.branch_id,
                row.wave_id,
                row.daypart,
                row.scenario,
                row.window_from,
            )
    for period in BOTH:
        parts = wave_parts(session, OPERATOR, pilot.slug, period, most=100)
        assert {line.cells["morning"].assigned for line in parts.lines} == {2}
        assert {line.cells["evening"].assigned for line in parts.lines} == {1}


def test_the_seed_stands_in_the_log(session: Session, pilot: Pilot, people: list[User]) -> None:
    proposal = propose(session, pilot, people)
    accept_proposal(session, OPERATOR, pilot.slug, options(people), proposal.digest, NOW)
    (event,) = session.exec(select(AuditEvent).where(col(AuditEvent.action) == "assignment.draw")).all()
    assert event.details["seed"] == 7
    assert event.details["doubles"] == 0.08
    assert event.details["sha256"] == proposal.digest
    assert event.details["auditors"] == sorted(person.id for person in people)


def test_the_same_seed_proposes_the_same_and_another_one_does_not(
    session: Session, pilot: Pilot, people: list[User]
) -> None:
    first = propose(session, pilot, people)
    assert propose(session, pilot, people).digest == first.digest
    assert propose(session, pilot, people, seed=8).digest != first.digest


def test_only_what_was_seen_is_accepted(session: Session, pilot: Pilot, people: list[User]) -> None:
    proposal = propose(session, pilot, people)
    first = proposal.visits[0]
    auditors.declare(session, OPERATOR, first.auditor.id, barred=[first.branch.code], regions=[], now=NOW)
    with pytest.raises(EditConflict):
        accept_proposal(session, OPERATOR, pilot.slug, options(people), proposal.digest, NOW)
    session.rollback()
    assert session.exec(select(Assignment)).all() == []
    again = propose(session, pilot, people)
    assert not any((one.auditor, one.branch) == (first.auditor, first.branch) for one in again.visits)


def test_accepting_twice_assigns_once(session: Session, pilot: Pilot, people: list[User]) -> None:
    proposal = propose(session, pilot, people)
    accept_proposal(session, OPERATOR, pilot.slug, options(people), proposal.digest, NOW)
    with pytest.raises(EditConflict):
        accept_proposal(session, OPERATOR, pilot.slug, options(people), proposal.digest, NOW)
    session.rollback()
    assert propose(session, pilot, people).visits == ()


def test_a_draw_fills_only_what_quotas_still_ask_for(
    session: Session, pilot: Pilot, people: list[User]
) -> None:
    plans = [
        VisitPlan("B00", Period.BEFORE, people[0].id, "transfer", daypart="morning"),
        VisitPlan("B00", Period.BEFORE, people[1].id, "transfer"),
    ]
    assign_visits(session, OPERATOR, pilot.slug, plans)
    proposal = propose(session, pilot, people, periods=frozenset({Period.BEFORE}), doubles=0.0)
    assert {one.period for one in proposal.visits} == {Period.BEFORE}
    here = [one for one in proposal.visits if one.branch.code == "B00"]
    assert [one.visit.daypart for one in here] == ["evening"]
    assert here[0].auditor not in people[:2], "both are there in this wave"
    assert {load.auditor.id: load.before for load in proposal.loads}[people[0].id] == 1
    totals = [load.total for load in proposal.loads]
    assert max(totals) - min(totals) <= 1


def test_what_is_left_says_which_rule_keeps_whom_away(
    session: Session, pilot: Pilot, people: list[User]
) -> None:
    two = people[:2]
    proposal = propose(session, pilot, two, doubles=0.0)
    counts = Counter(one.branch.code for one in proposal.left)
    assert len(counts) == world.BRANCHES
    one = proposal.left[0]
    assert (one.visits, one.why.there) == (1, 2)
    assert sum(left.visits for left in proposal.left) == 36
    assert len(proposal.visits) == 72


def test_regions_and_earlier_visits_are_respected(session: Session, pilot: Pilot, people: list[User]) -> None:
    north = session.exec(select(Branch).where(Branch.code == "B00")).one().region_id
    auditors.declare(session, OPERATOR, people[0].id, barred=[], regions=[north], now=NOW)
    proposal = propose(session, pilot, people)
    assert {one.branch.region_id for one in proposal.visits if one.auditor == people[0]} == {north}


def test_days_that_are_over_get_no_visits(session: Session, pilot: Pilot, people: list[User]) -> None:
    branch = session.exec(select(Branch).where(Branch.code == "B00")).one()
    branch.closed_on = date(2014, 8, 10)
    session.add(branch)
    session.commit()
    late = datetime(2014, 8, 15, 9, tzinfo=UTC)
    proposal = propose(session, pilot, people, now=late)
    assert [branch.code for branch in proposal.closed] == ["B00"]
    assert min(one.visit.days[0] for one in proposal.visits) == date(2014, 8, 15)
    assert all(one.branch.code != "B00" for one in proposal.visits)


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"seed": -1}, "seed"),
        ({"doubles": 0.2}, "doubles"),
        ({"periods": frozenset()}, "periods"),
        ({"auditors": frozenset()}, "auditors"),
        ({"auditors": frozenset({4711})}, "auditors"),
    ],
)
def test_unusable_options_are_refused_by_field(
    session: Session, pilot: Pilot, people: list[User], more: dict[str, Any], where: str
) -> None:
    given = {"seed": 7, "doubles": 0.08, "periods": BOTH, "auditors": frozenset({people[0].id})} | more
    with pytest.raises(BadInput) as error:
        propose_visits(session, OPERATOR, pilot.slug, DrawOptions(**given), NOW)
    assert [problem.where for problem in error.value.problems] == [where]


def test_without_quota_arms_or_an_open_wave_there_is_nothing_to_draw(
    session: Session, pilot: Pilot, people: list[User]
) -> None:
    world.close(session, pilot, Period.BEFORE)
    with pytest.raises(WrongState) as error:
        propose(session, pilot, people)
    assert error.value.code == "wave_closed"
    set_quotas(session, OPERATOR, pilot.slug, {Period.AFTER: {}})
    with pytest.raises(WrongState) as error:
        propose(session, pilot, people, periods=frozenset({Period.AFTER}))
    assert error.value.code == "no_quota"
    unready = world.plan_pilot(session, slug="unready")
    with pytest.raises(WrongState) as error:
        propose(session, unready, people)
    assert error.value.code == "not_drawn"


def test_only_head_office_draws(
    session: Session, pilot: Pilot, people: list[User], auditor: Any, manager: Any, administrator: Any
) -> None:
    for person in (auditor, manager, administrator):
        with pytest.raises(NotAllowed):
            propose_visits(session, acting(person), pilot.slug, options(people), NOW)
        with pytest.raises(NotAllowed):
            accept_proposal(session, acting(person), pilot.slug, options(people), "", NOW)
    assert pilots.waves_of(session, pilot)
