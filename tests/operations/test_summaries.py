"""What may be known of a pilot, by whom and when."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.errors import NotAllowed, NotFound
from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.pilots import Arm, Period
from pilot_eval.operations import pilots, summaries
from pilot_eval.records.network import Region
from pilot_eval.records.visits import Visit
from pilot_eval.reports.evaluations import Evaluation
from pilot_eval.reports.summaries import SCHEMA_FILE
from pilot_eval.stats.analysis import analyse
from pilot_eval.stats.families import holm, interval_level
from tests import pilots as world
from tests.conftest import OPERATOR, acting
from tests.reports.schemas import problems

NOW = datetime(2014, 11, 2, tzinfo=UTC)


def violations(summary: dict[str, Any]) -> list[str]:
    """Where the document breaks its published schema."""
    return problems(json.loads(json.dumps(summary)), json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def a_manager(session: Session, create_manager: Any, region: str = "North") -> Actor:
    (region_id,) = session.exec(select(Region.id).where(Region.name == region))
    user = create_manager()
    return Actor(user.email, Role.MANAGER, user.id, region_id, fresh=True)


def test_a_closed_pilot_is_told_whole(session: Session) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    summary = summaries.summarise(session, OPERATOR, pilot.slug, NOW)
    assert violations(summary) == []
    assert summary["pilot"]["status"] == "ready_to_decide"
    assert summary["headline_withheld"] is None
    assert [o["code"] for o in summary["outcomes"]] == ["quality", "speed", "wait"]
    quality = summary["outcomes"][0]["evaluation"]
    assert quality["level"] == pytest.approx(0.975)
    assert quality["effect"]["confidence_interval"][0] > 0
    assert summary["flow"]["both_periods"] == {"trained": 9, "comparison": 9}
    assert len(summary["branches"]) == world.BRANCHES
    assert summary["snapshot"]["rows"] == {"visits": 144, "timings": 288, "measurements": 0}


def test_the_numbers_are_those_of_the_statistics_under_the_pilots_plan(session: Session) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    summary = summaries.summarise(session, OPERATOR, pilot.slug, NOW)
    assert pilot.id is not None
    snapshot = summaries.known_snapshot(session, pilot.id)
    outcomes = pilots.outcomes_of(session, pilot)
    for outcome, told in zip(outcomes, summary["outcomes"], strict=True):
        plan = summaries.analysis_plan(pilot, outcome, outcomes)
        fresh = Evaluation.of(analyse(snapshot.observations(outcome.source, stratified=True), plan)).to_dict()
        assert told["evaluation"] == fresh
    pvalues = [told["evaluation"]["effect"]["pvalue"] for told in summary["outcomes"][:2]]
    assert [told["pvalue_holm"] for told in summary["outcomes"]] == [*holm(pvalues), None]


def test_while_it_runs_nobody_gets_a_result_after_training(session: Session) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot, Period.BEFORE)
    summary = summaries.summarise(session, OPERATOR, pilot.slug, NOW)
    assert violations(summary) == []
    assert summary["headline_withheld"]["code"] == "running"
    assert all(outcome["evaluation"] is None for outcome in summary["outcomes"])
    cells = [cell for branch in summary["branches"] for cell in branch["outcomes"].values()]
    assert all(cell["after"] is None and cell["change"] is None for cell in cells)
    assert all(cell["before"]["n"] for cell in cells)
    assert summary["flow"]["analysed"] == {"trained": 0, "comparison": 0}
    assert '"estimate"' not in json.dumps(summary)


def test_a_manager_gets_the_own_region_and_the_whole_pilots_result(
    session: Session, create_manager: Any
) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    lost = next(branch.id for _member, branch in pilots.members_of(session, pilot) if branch.code == "B01")
    after = pilots.waves_of(session, pilot)[1].id
    for visit in session.exec(select(Visit).where(Visit.branch_id == lost, Visit.wave_id == after)):
        session.delete(visit)
    session.commit()
    own = summaries.summarise(session, a_manager(session, create_manager), pilot.slug, NOW)
    assert violations(own) == []
    assert {branch["region"] for branch in own["branches"]} == {"North"}
    assert len(own["branches"]) == 6
    everyone = summaries.summarise(session, OPERATOR, pilot.slug, NOW)
    for mine, theirs in zip(own["outcomes"], everyone["outcomes"], strict=True):
        names = theirs["evaluation"]["branches"].pop("unpaired_names")
        assert names["trained"] + names["comparison"] == (["B01"] if mine["code"] == "quality" else [])
        assert mine == theirs
    told = json.dumps(own)
    others = [branch["code"] for branch in everyone["branches"] if branch["region"] != "North"]
    assert not [code for code in others if code in told]


def test_a_manager_learns_nothing_of_an_open_wave(session: Session, create_manager: Any) -> None:
    pilot = world.filled_pilot(session)
    actor = a_manager(session, create_manager)
    summary = summaries.summarise(session, actor, pilot.slug, NOW)
    assert summary["snapshot"]["rows"] == {"visits": 0, "timings": 0, "measurements": 0}
    cells = [cell for branch in summary["branches"] for cell in branch["outcomes"].values()]
    assert all(cell == {"before": None, "after": None, "change": None} for cell in cells)
    world.close(session, pilot, Period.BEFORE)
    again = summaries.summarise(session, actor, pilot.slug, NOW)
    assert all(branch["outcomes"]["quality"]["before"] for branch in again["branches"])


@pytest.mark.parametrize("regions", [("North", "South"), ("North", "South", "West")])
def test_an_aggregate_that_gives_others_away_is_hidden(
    session: Session, create_manager: Any, regions: tuple[str, ...]
) -> None:
    pilot = world.plan_pilot(session)
    world.draw(session, pilot, world.add_branches(session, 12 if len(regions) == 2 else 9, regions))
    world.record(session, pilot, world.an_auditor(session))
    world.close(session, pilot)
    summary = summaries.summarise(session, a_manager(session, create_manager), pilot.slug, NOW)
    assert violations(summary) == []
    assert all(outcome["evaluation"] is None for outcome in summary["outcomes"])
    assert all(outcome["better"] in {"higher", "lower"} for outcome in summary["outcomes"])
    assert summary["limits"][0]["code"] == "aggregate_hidden"
    assert all(branch["outcomes"]["quality"]["change"] for branch in summary["branches"])


@pytest.mark.parametrize("regions", [(1, 1, 1, 1, 2), (1, 1, 1, 1, 2, 3), (2, 2, 2, 2, 2), (1, 2, 2, 2, 3)])
def test_an_aggregate_is_counted_without_the_managers_own_branches(regions: tuple[int, ...]) -> None:
    assert not summaries.gives_nothing_away(regions, 1)
    assert summaries.gives_nothing_away((*regions, 2, 2, 2, 3, 3, 3), 1)
    assert summaries.gives_nothing_away([1, 1], 1)


def test_what_others_have_too_few_of_is_hidden_though_the_arms_are_large(
    session: Session, create_manager: Any
) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    actor = a_manager(session, create_manager)
    foreign = [
        (member, branch)
        for member, branch in pilots.members_of(session, pilot)
        if branch.region_id != actor.region_id and member.arm is Arm.TRAINED
    ]
    after = pilots.waves_of(session, pilot)[1].id
    told = summaries.summarise(session, actor, pilot.slug, NOW)
    assert all(outcome["evaluation"] for outcome in told["outcomes"])
    assert told["items"]["items"][0]["trained"]["after"]
    for _member, branch in foreign[1:]:
        for visit in session.exec(select(Visit).where(Visit.branch_id == branch.id, Visit.wave_id == after)):
            session.delete(visit)
    session.commit()
    # Whoever takes the own branches from the mean of the arm would be left with a single one.
    summary = summaries.summarise(session, actor, pilot.slug, NOW)
    assert violations(summary) == []
    assert all(outcome["evaluation"] is None for outcome in summary["outcomes"])
    assert not summary["items"]


def test_others_get_nothing(session: Session, auditor: Any, administrator: Any, manager: Any) -> None:
    pilot = world.filled_pilot(session)
    for person in (auditor, administrator):
        with pytest.raises(NotAllowed):
            summaries.summarise(session, acting(person), pilot.slug, NOW)
    for slug in (pilot.slug, "missing"):
        with pytest.raises(NotFound):
            summaries.summarise(session, acting(manager), slug, NOW)


def test_the_plans_hash_does_not_move_with_the_data(session: Session) -> None:
    pilot = world.filled_pilot(session)
    first = summaries.summarise(session, OPERATOR, pilot.slug, NOW)
    world.close(session, pilot)
    second = summaries.summarise(session, OPERATOR, pilot.slug, NOW)
    assert first["plan"] == second["plan"]
    assert first["snapshot"]["sha256"] == second["snapshot"]["sha256"]
    assert first["plan"]["frozen_at"] is not None


def test_holm_and_the_level_of_a_family_are_as_published() -> None:
    # Holm 1979: 4 p values, of which two are small; worked by hand.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.02, None]) == [0.04, None]
    assert holm([]) == []
    assert interval_level(0.95, 2) == pytest.approx(0.975)
    assert interval_level(0.95, 1) == pytest.approx(0.95)
