"""The fields `items`, `weekly` and `health` of a summary: right, and only for those who may know."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta
from statistics import fmean
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, col, select

from pilot_eval.domain.pilots import Arm, Period
from pilot_eval.operations import pilots, summaries
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import Timing, Visit
from pilot_eval.reports.summaries import released
from tests import pilots as world
from tests.conftest import OPERATOR
from tests.operations.test_summaries import a_manager, violations

NOW = datetime(2014, 11, 2, tzinfo=UTC)
REL = 1e-12  # sums of some tens of values of one size


def told(session: Session, pilot: Pilot, actor: Any = OPERATOR) -> dict[str, Any]:
    summary = summaries.summarise(session, actor, pilot.slug, NOW)
    assert violations(summary) == []
    return summary


def visits_of(session: Session, pilot: Pilot, arm: Arm, period: Period) -> list[Visit]:
    members = [b.id for m, b in pilots.members_of(session, pilot) if m.arm is arm]
    (wave,) = [wave.id for wave in pilots.waves_of(session, pilot) if wave.period is period]
    chosen = select(Visit).where(col(Visit.branch_id).in_(members), col(Visit.wave_id) == wave)
    return list(session.exec(chosen))


def item_of(summary: dict[str, Any], code: str) -> dict[str, Any]:
    return next(item for item in summary["items"]["items"] if item["code"] == code)


def finding(summary: dict[str, Any], code: str) -> dict[str, Any]:
    return next(found for found in summary["health"] if found["code"] == code)


# Items


def test_the_item_that_was_taught_has_moved_and_its_shares_are_those_of_the_visits(session: Session) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    summary = told(session, pilot)
    assert summary["items"]["moved"] == ["E1"]
    taught = item_of(summary, "E1")
    assert taught["moved"]
    assert taught["effect"]["confidence_interval"][0] > 0
    assert taught["effect"]["pvalue_adjusted"] >= taught["effect"]["pvalue"]
    assert item_of(summary, "A1")["lever"] == "facility"
    for arm in Arm:
        for period in (Period.BEFORE, Period.AFTER):
            answers = [v.document["answers"]["B5"] for v in visits_of(session, pilot, arm, period)]  # type: ignore[index]  # JSON
            applied = [answer for answer in answers if answer != "na"]
            cell = item_of(summary, "B5")[arm.value][period.value]
            assert cell["n"] == len(applied)
            assert cell["share"] == pytest.approx(100 * fmean(a == "yes" for a in applied), rel=REL)
            assert cell["not_applicable"] == pytest.approx(100 * fmean(a == "na" for a in answers), rel=REL)


def test_items_of_one_place_are_not_told_to_a_manager(session: Session, create_manager: Any) -> None:
    pilot = world.filled_pilot(session)
    branches = {visit.branch_id for visit in visits_of(session, pilot, Arm.TRAINED, Period.AFTER)}
    few = sorted(branches)[:4]
    for visit in session.exec(select(Visit)):
        if visit.branch_id not in few:
            visit.document = {"answers": {**visit.document["answers"], "B5": "na"}}  # type: ignore[dict-item]  # JSON
    session.commit()
    world.close(session, pilot)
    assert item_of(told(session, pilot), "B5")["trained"]["after"]["branches"] <= 4
    own = told(session, pilot, a_manager(session, create_manager))
    assert item_of(own, "B5")["trained"]["after"] is None
    assert item_of(own, "E1")["trained"]["after"]["branches"] >= 5


# Weeks


def test_weekly_means_are_those_of_the_visits_with_limits_for_each_period(session: Session) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    series = next(
        one
        for one in told(session, pilot)["weekly"]
        if (one["outcome"], one["arm"]) == ("quality", "trained")
    )
    by_week: dict[str, list[float]] = {}
    for period in (Period.BEFORE, Period.AFTER):
        for visit in visits_of(session, pilot, Arm.TRAINED, period):
            day = visit.started_at.date()
            assert visit.score_hundredths is not None
            monday = day - timedelta(days=day.weekday())
            by_week.setdefault(monday.isoformat(), []).append(visit.score_hundredths / 100)
    assert [point["week"] for point in series["points"]] == sorted(by_week)
    for point in series["points"]:
        assert point["value"] == pytest.approx(fmean(by_week[point["week"]]), rel=REL)
        assert point["n"] == len(by_week[point["week"]])
    assert [limits["period"] for limits in series["limits"]] == ["before", "after"]
    assert all(limits["trial"] for limits in series["limits"])
    assert date.fromisoformat(series["points"][-1]["week"]).weekday() == 0


def test_a_manager_gets_the_weeks_of_the_own_region(session: Session, create_manager: Any) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    own = told(session, pilot, a_manager(session, create_manager))
    mine = [b for b in own["branches"] if b["arm"] == "trained"]
    series = next(one for one in own["weekly"] if (one["outcome"], one["arm"]) == ("quality", "trained"))
    for period in ("before", "after"):
        seen = sum(b["outcomes"]["quality"][period]["n"] for b in mine)
        assert sum(point["n"] for point in series["points"] if point["period"] == period) == seen


# While the pilot runs


def test_while_it_runs_nothing_after_training_is_told(session: Session, create_manager: Any) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot, Period.BEFORE)
    summary = told(session, pilot)
    assert {point["period"] for one in summary["weekly"] for point in one["points"]} == {"before"}
    assert all(
        item[arm]["after"] is None for item in summary["items"]["items"] for arm in ("trained", "comparison")
    )
    assert summary["items"]["moved"] == []
    assert {"coverage_before", "coverage_after", "baseline_difference", "plan"} <= {
        found["code"] for found in summary["health"]
    }
    assert not {"missing_branches", "auditors"} & {found["code"] for found in summary["health"]}
    own = told(session, pilot, a_manager(session, create_manager))
    assert (own["items"], own["health"]) == (None, [])
    assert {point["period"] for one in own["weekly"] for point in one["points"]} == {"before"}


def test_what_is_released_while_it_runs_holds_no_weeks_or_items_after_training(session: Session) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    summary = told(session, pilot)
    running = released({**summary, "headline_withheld": summaries.WITHHELD})
    assert {point["period"] for one in running["weekly"] for point in one["points"]} == {"before"}
    assert {limits["period"] for one in running["weekly"] for limits in one["limits"]} == {"before"}
    text = json.dumps([running["items"], running["weekly"]])
    assert '"estimate"' not in text
    assert all(item["trained"]["after"] is None for item in running["items"]["items"])
    assert released(summary) == summary


def test_a_manager_learns_of_an_open_wave_neither_weeks_nor_items(
    session: Session, create_manager: Any
) -> None:
    pilot = world.filled_pilot(session)
    own = told(session, pilot, a_manager(session, create_manager))
    assert (own["weekly"], own["items"], own["health"]) == ([], None, [])


def test_where_the_whole_would_give_others_away_only_the_own_weeks_are_told(
    session: Session, create_manager: Any
) -> None:
    pilot = world.plan_pilot(session)
    world.draw(session, pilot, world.add_branches(session, 12, ("North", "South")))
    world.record(session, pilot, world.an_auditor(session))
    world.close(session, pilot)
    own = told(session, pilot, a_manager(session, create_manager))
    assert (own["items"], own["health"]) == (None, [])
    assert own["weekly"]


# Health


def test_a_sound_pilot_is_told_with_its_numbers(session: Session) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    summary = told(session, pilot)
    assert finding(summary, "missing_branches")["level"] == "ok"
    assert finding(summary, "duplicates")["number"] == 0
    assert finding(summary, "allocation")["level"] == "ok"
    assert "18 of 18" in finding(summary, "coverage_after")["text"]["en"]
    # The made-up branches' visits are entered today, years after 2014.
    assert finding(summary, "late_entries")["level"] == "problem"


def test_baseline_distance_is_that_of_branch_means(session: Session) -> None:
    pilot = world.filled_pilot(session)
    summary = told(session, pilot)
    means = {
        arm: [b["outcomes"]["quality"]["before"]["mean"] for b in summary["branches"] if b["arm"] == arm]
        for arm in ("trained", "comparison")
    }
    variances = [sum((m - fmean(all_)) ** 2 for m in all_) / (len(all_) - 1) for all_ in means.values()]
    apart = (fmean(means["trained"]) - fmean(means["comparison"])) / math.sqrt(fmean(variances))
    assert finding(summary, "baseline_difference")["number"] == pytest.approx(apart, rel=1e-9)


def test_a_timing_that_is_there_twice_is_counted(session: Session) -> None:
    pilot = world.filled_pilot(session)
    first = session.exec(select(Timing).limit(1)).one()
    session.add(Timing(**{**first.model_dump(), "id": uuid4()}))
    session.commit()
    assert finding(told(session, pilot), "duplicates")["number"] == 1
    assert finding(told(session, pilot), "duplicates")["level"] == "attention"


def test_a_pilot_without_assigned_visits_says_so(session: Session) -> None:
    pilot = world.plan_pilot(session)
    world.draw(session, pilot, world.add_branches(session))
    assert finding(told(session, pilot), "coverage_before")["text"]["en"] == "No visit is assigned yet."
