"""The page of one branch: what is on it, and what is kept from whom."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from sqlmodel import Session, select

from pilot_eval.domain.errors import NotFound
from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.pilots import Period
from pilot_eval.operations.branch_comparison import compare
from pilot_eval.operations.branch_report import branch_report
from pilot_eval.operations.pilot_charts import ChartOf, find_chart
from pilot_eval.records.network import Region
from pilot_eval.reports.charts import Chart
from tests import pilots as world
from tests.conftest import OPERATOR

NOW = datetime(2014, 11, 2, tzinfo=UTC)


def a_manager(session: Session, create_manager: Any, region: str = "North") -> Actor:
    (region_id,) = session.exec(select(Region.id).where(Region.name == region))
    user = create_manager()
    return Actor(user.email, Role.MANAGER, user.id, region_id, fresh=True)


def test_a_branch_is_told_whole_once_the_pilot_is_closed(session: Session, create_manager: Any) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    report = branch_report(session, OPERATOR, pilot.slug, "B00", NOW)
    for one in report.verdicts:
        for against, found in (("past", one.past), ("pilot", one.others)):
            whole = compare(session, OPERATOR, pilot.slug, one.outcome["code"], against, NOW)
            assert found == next(result for result in whole.results if result.code == "B00")
    assert [series["outcome"] for series in report.summary["weekly"]] == ["quality", "speed", "wait"]
    assert all(point["branches"] == 1 for series in report.summary["weekly"] for point in series["points"])
    wait, service = report.times
    assert (wait.target, service.target) == (600, 300)
    assert wait.before is not None
    assert wait.before.n == 8
    assert wait.before.median == 300.0
    assert wait.before.within == 1.0
    assert service.after is not None
    assert service.after.median < 400
    known = [one.change for one in report.items if not np.isnan(one.change)]
    assert known == sorted(known)
    assert all(one.item.lever == "training" and one.n[1] >= 3 for one in report.to_work_on)
    shares = [one.share[1] for one in report.to_work_on]
    assert shares == sorted(shares)
    assert len(report.visits) == 8

    chart = find_chart(session, OPERATOR, pilot.slug, "weeks-wait", ChartOf(branch="B00"), "en", NOW)
    assert isinstance(chart, Chart)
    assert all(row[4] == "1" for row in chart.table.rows)

    # A manager: the same of an own branch, nothing of others.
    manager = a_manager(session, create_manager)
    mine = branch_report(session, manager, pilot.slug, "B00", NOW)
    assert [one.others for one in mine.verdicts] == [one.others for one in report.verdicts]
    assert mine.items == report.items
    for code in ("B01", "B99"):
        with pytest.raises(NotFound):
            branch_report(session, manager, pilot.slug, code, NOW)
        with pytest.raises(NotFound):
            find_chart(session, manager, pilot.slug, "weeks-wait", ChartOf(branch=code), "en", NOW)


def test_while_it_runs_a_branch_shows_what_its_reader_may_know(session: Session, create_manager: Any) -> None:
    pilot = world.filled_pilot(session)
    manager = a_manager(session, create_manager)
    nothing = branch_report(session, manager, pilot.slug, "B00", NOW)
    assert (nothing.visits, nothing.times, nothing.items) == ((), (), ())
    assert nothing.summary["weekly"] == []
    world.close(session, pilot, Period.BEFORE)
    for actor in (manager, OPERATOR):
        report = branch_report(session, actor, pilot.slug, "B00", NOW)
        assert len(report.visits) == 4
        assert all(one.after is None for one in report.times)
        assert report.items == ()
        assert report.to_work_on == ()
        assert all(one.past.estimate is None and one.others.estimate is None for one in report.verdicts)
        points = [point for series in report.summary["weekly"] for point in series["points"]]
        assert {point["period"] for point in points} == {"before"}
