"""Branches compared: with what, for whom, and what is kept from whom."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from sqlmodel import Session, select

from pilot_eval.domain.errors import NotAllowed, NotFound
from pilot_eval.domain.outcomes import OUTCOMES
from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.pilots import Period
from pilot_eval.operations.branch_comparison import (
    AGAINST,
    BranchComparison,
    Filters,
    arranged,
    compare,
    side_by_side,
)
from pilot_eval.operations.summaries import plain_observations
from pilot_eval.records.network import Region
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import Visit
from pilot_eval.reports import wording
from pilot_eval.reports.words import branches as words
from pilot_eval.stats.branches import BranchChanges, branch_changes
from pilot_eval.stats.ranking import differences
from tests import pilots as world
from tests.conftest import OPERATOR, acting

NOW = datetime(2014, 11, 2, tzinfo=UTC)


@pytest.fixture
def closed(session: Session) -> Pilot:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    return pilot


def a_manager(session: Session, create_manager: Any, region: str = "North") -> Actor:
    (region_id,) = session.exec(select(Region.id).where(Region.name == region))
    user = create_manager()
    return Actor(user.email, Role.MANAGER, user.id, region_id, fresh=True)


def changes_of(found: BranchComparison) -> BranchChanges:
    changes = branch_changes(plain_observations(found.snapshot, found.stored), OUTCOMES[found.stored.kind])
    assert isinstance(changes, BranchChanges)
    return changes


def test_the_own_past_is_the_change_of_the_statistics(session: Session, closed: Pilot) -> None:
    found = compare(session, OPERATOR, closed.slug, "quality", "past", NOW)
    changes = changes_of(found)
    told = {result.code: result for result in found.results}
    assert len(told) == world.BRANCHES
    for row, code in enumerate(changes.branches):
        assert told[code].estimate == pytest.approx(changes.change[row])
        assert told[code].interval == pytest.approx((changes.low[row], changes.high[row]))
        places = told[code].places
        assert places is not None
        assert 1 <= places[0] <= places[1] <= 9
        assert told[code].shrunken is not None
    assert {result.verdict for result in found.results if result.arm == "trained"} <= {"clear_gain", "gain"}


@pytest.mark.parametrize("metric", ["quality", "speed"])
def test_with_others_it_is_the_change_less_their_mean_change(
    session: Session, closed: Pilot, metric: str
) -> None:
    pilot_mean = compare(session, OPERATOR, closed.slug, metric, "pilot", NOW)
    group = compare(session, OPERATOR, closed.slug, metric, "comparison", NOW)
    changes = changes_of(pilot_mean)
    arm = dict(zip(changes.branches, changes.trained.tolist(), strict=True))
    change = dict(zip(changes.branches, changes.change.tolist(), strict=True))
    for found, chosen in (
        (pilot_mean, lambda one, two: arm[one] == arm[two]),
        (group, lambda _one, two: not arm[two]),
    ):
        for result in found.results:
            others = [change[code] for code in change if code != result.code and chosen(result.code, code)]
            expected = change[result.code] - np.mean(others)
            if metric == "speed":
                expected = 100 * np.expm1(-expected)
            assert result.estimate == pytest.approx(expected)
            assert result.others == len(others)
            assert result.interval is not None
            assert result.interval[0] < result.estimate < result.interval[1]
            assert result.places is None


def test_similar_branches_share_the_stratum(session: Session, closed: Pilot) -> None:
    found = compare(session, OPERATOR, closed.slug, "quality", "similar", NOW)
    assert found.rule == words.RULES["stratum"]
    stratum = {branch.code: (branch.arm, branch.stratum) for branch in found.snapshot.branches}
    for result in found.results:
        alike = sum(key == stratum[result.code] for key in stratum.values()) - 1
        assert result.others == alike


def test_without_strata_similar_branches_are_the_nearest_before(session: Session) -> None:
    pilot = world.plan_pilot(session)
    branches = world.add_branches(session)
    for branch in branches:
        branch.stratum = ""
    world.draw(session, pilot, branches)
    world.record(session, pilot, world.an_auditor(session))
    world.close(session, pilot)
    found = compare(session, OPERATOR, pilot.slug, "quality", "similar", NOW)
    assert "5 of its arm" in found.rule.en
    assert {result.others for result in found.results} == {5}


def test_while_it_runs_there_are_levels_and_nothing_else(session: Session) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot, Period.BEFORE)
    for against in AGAINST:
        found = compare(session, OPERATOR, pilot.slug, "quality", against, NOW)
        assert all(result.before is not None and result.n_before == 4 for result in found.results)
        assert all(result.after is None and result.estimate is None for result in found.results)
        assert not any(result.shrunken or result.interval or result.places for result in found.results)
        assert side_by_side(found, ["B00", "B01"])[1] == ()


def test_a_manager_gets_own_branches_and_others_only_as_means(
    session: Session, closed: Pilot, create_manager: Any
) -> None:
    actor = a_manager(session, create_manager)
    mine = compare(session, actor, closed.slug, "quality", "pilot", NOW)
    everyone = compare(session, OPERATOR, closed.slug, "quality", "pilot", NOW)
    assert {result.region for result in mine.results} == {"North"}
    told = {result.code: result for result in everyone.results}
    assert [told[result.code] for result in mine.results] == list(mine.results)
    similar = compare(session, actor, closed.slug, "quality", "similar", NOW)
    assert "your region" in similar.rule.en
    assert max(result.others for result in similar.results) < 6


def test_a_mean_that_gives_others_away_is_not_told(session: Session, create_manager: Any) -> None:
    pilot = world.plan_pilot(session)
    world.draw(session, pilot, world.add_branches(session, 12, ("North", "South")))
    world.record(session, pilot, world.an_auditor(session))
    world.close(session, pilot)
    actor = a_manager(session, create_manager)
    for against in ("pilot", "comparison"):
        found = compare(session, actor, pilot.slug, "quality", against, NOW)
        assert found.refused == wording.AGGREGATE_HIDDEN
        assert all(result.estimate is None for result in found.results)
    past = compare(session, actor, pilot.slug, "quality", "past", NOW)
    assert past.refused is None
    assert all(result.estimate is not None for result in past.results)
    assert not any(result.shrunken or result.places for result in past.results)


def test_branches_seen_too_seldom_stand_last_whatever_the_order(session: Session, closed: Pilot) -> None:
    visits = session.exec(select(Visit).order_by(Visit.started_at)).all()  # type: ignore[arg-type]  # a column
    few = {visit.branch_id for visit in visits[:1]}
    for visit in visits:
        if visit.branch_id in few and visit.started_at.month == 10:
            session.delete(visit)
    session.commit()
    found = compare(session, OPERATOR, closed.slug, "quality", "past", NOW)
    (thin,) = [result for result in found.results if result.thin]
    assert thin.verdict == "too_few"
    for sort in ("code", "name", "change", "verdict", "n", "shrunken", "sideways"):
        for descending in (False, True):
            order = arranged(found.results, Filters(sort=sort, descending=descending))
            assert order[-1] is thin
            assert len(order) == world.BRANCHES
    down = arranged(found.results, Filters(sort="change", descending=True))[:-1]
    assert [r.estimate for r in down] == sorted((r.estimate for r in down), reverse=True)  # type: ignore[type-var]  # no None here


def test_filters_choose_by_region_arm_and_text(session: Session, closed: Pilot) -> None:
    results = compare(session, OPERATOR, closed.slug, "quality", "past", NOW).results
    assert {r.region for r in arranged(results, Filters(region="South"))} == {"South"}
    assert {r.arm for r in arranged(results, Filters(arm="trained"))} == {"trained"}
    assert [r.code for r in arranged(results, Filters(search=" bRaNcH 07 "))] == ["B07"]
    assert [r.code for r in arranged(results, Filters(search="b1"))] == [f"B{n}" for n in range(10, 18)]


def test_side_by_side_is_the_difference_with_its_own_interval(session: Session, closed: Pilot) -> None:
    for metric in ("quality", "speed"):
        found = compare(session, OPERATOR, closed.slug, metric, "past", NOW)
        chosen, pairs = side_by_side(found, ["B03", "B00", "B01"])
        assert [result.code for result in chosen] == ["B03", "B00", "B01"]
        wanted = differences(changes_of(found), ["B03", "B00", "B01"])
        for pair, known in zip(pairs, wanted, strict=True):
            expected = known.estimate
            if metric == "speed":
                expected = 100 * np.expm1(-expected)
            assert (pair.first, pair.second) == (known.first, known.second)
            assert pair.estimate == pytest.approx(expected)
            assert pair.interval[0] < pair.estimate < pair.interval[1]
            assert (pair.verdict in ("more", "less")) == (
                known.adjusted_pvalue <= 0.05 and not known.interval.contains(0.0)
            )


def test_side_by_side_takes_two_to_four_different_branches_that_are_the_readers(
    session: Session, closed: Pilot, create_manager: Any
) -> None:
    found = compare(session, OPERATOR, closed.slug, "quality", "past", NOW)
    for codes in ([], ["B00"], ["B00", "B00"], [f"B0{n}" for n in range(5)]):
        with pytest.raises(ValueError, match="two to 4"):
            side_by_side(found, codes)
    mine = compare(session, a_manager(session, create_manager), closed.slug, "quality", "past", NOW)
    for other in ("B01", "B99"):
        with pytest.raises(NotFound):
            side_by_side(mine, ["B00", other])


def test_others_get_nothing(session: Session, closed: Pilot, auditor: Any, administrator: Any) -> None:
    for person in (auditor, administrator):
        with pytest.raises(NotAllowed):
            compare(session, acting(person), closed.slug, "quality", "past", NOW)
    with pytest.raises(NotFound):
        compare(session, OPERATOR, closed.slug, "none", "past", NOW)
