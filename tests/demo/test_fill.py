"""The filled demonstration: what it tells is true of the world that made it."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import Session, func, select

from pilot_eval.demo import fill
from pilot_eval.demo.world import QUALITY_BASELINE, QUALITY_DRIFT, QUALITY_UPLIFT, SPEED_UPLIFT
from pilot_eval.domain.errors import DatabaseProblem
from pilot_eval.operations.network import create_region
from pilot_eval.operations.summaries import summarise
from pilot_eval.records import audit, database
from pilot_eval.records.base import now
from pilot_eval.records.visits import Timing, Visit
from tests.conftest import OPERATOR


@pytest.fixture
def demo(demo_url: str) -> Iterator[Session]:
    engine = database.open_database(demo_url)
    with database.session_of(engine) as session:
        yield session
    engine.dispose()


def outcome(session: Session, code: str) -> Any:
    summary = summarise(session, OPERATOR, fill.SLUG, now())
    return next(each["evaluation"] for each in summary["outcomes"] if each["code"] == code)


def test_the_interval_of_quality_covers_the_truth(demo: Session) -> None:
    quality = outcome(demo, "quality")
    low, high = quality["effect"]["confidence_interval"]
    assert low < QUALITY_UPLIFT * (QUALITY_BASELINE + QUALITY_DRIFT) < high
    low, high = quality["uplift"]["confidence_interval"]
    assert low < 100 * QUALITY_UPLIFT < high


def test_the_interval_of_speed_covers_the_truth(demo: Session) -> None:
    speed = outcome(demo, "speed")
    low, high = speed["effect"]["confidence_interval"]
    assert low < -math.log(1 + SPEED_UPLIFT) < high
    low, high = speed["speed"]["confidence_interval_speed_percent"]
    assert low < 100 * SPEED_UPLIFT < high


def test_24_branches_are_trained_and_20_are_not(demo: Session) -> None:
    branches = outcome(demo, "quality")["branches"]
    assert (branches["trained"], branches["comparison"]) == (24, 20)


def test_everything_is_stored_and_logged_once(demo: Session) -> None:
    visits = demo.exec(select(func.count()).select_from(Visit)).one()
    timings = demo.exec(select(func.count()).select_from(Timing)).one()
    logged = [
        demo.exec(select(func.count()).where(audit.AuditEvent.action == action)).one()
        for action in ("visit.record", "timing.record")
    ]
    assert [visits, timings] == logged
    assert visits > 400
    assert audit.first_break(demo) is None


def test_it_says_on_every_summary_that_it_is_made_up(demo: Session) -> None:
    for slug in (fill.SLUG, fill.RUNNING):
        assert summarise(demo, OPERATOR, slug, now())["pilot"]["made_up"] is True


def test_the_running_pilot_keeps_its_results_to_itself(demo: Session) -> None:
    summary = summarise(demo, OPERATOR, fill.RUNNING, now())
    assert summary["headline_withheld"]["code"] == "running"
    assert all(each["evaluation"] is None for each in summary["outcomes"])


def test_a_filled_database_is_known_as_such(demo: Session) -> None:
    assert fill.is_filled(demo)


def test_made_up_records_never_join_real_ones(session: Session) -> None:
    assert not fill.is_filled(session)
    create_region(session, OPERATOR, code="real", name="A real region")
    with pytest.raises(DatabaseProblem, match="must not mix"):
        fill.is_filled(session)
