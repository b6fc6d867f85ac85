"""The planner: from data, from a baseline alone, from assumptions; for head office only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from pilot_eval.domain.errors import BadInput, NotAllowed, NotFound
from pilot_eval.domain.people import Role
from pilot_eval.operations.planner import SizeWish, plan_size, sources
from pilot_eval.operations.sizing import plan
from pilot_eval.stats.sizing import Sizing
from tests import pilots as world
from tests.conftest import OPERATOR, acting

TYPED = SizeWish(
    within=12.0, mean=70.0, icc=0.1, correlation=0.7, trained=22, comparison=22, visits=6, smallest_effect=3.0
)


def sizing_of(session: Session, wish: SizeWish) -> Sizing:
    found = plan_size(session, OPERATOR, wish, world.BEFORE_ENDS).plan.sizing
    assert isinstance(found, Sizing), found
    return found


def test_typed_assumptions_are_those_of_the_command(session: Session) -> None:
    given = {"within_sd": 12.0, "mean": 70.0, "icc": 0.1, "correlation": 0.7}
    by_command = plan(assumptions=given, trained=22, comparison=22, visits=6, smallest_effect=3.0)
    made = plan_size(session, OPERATOR, TYPED, world.BEFORE_ENDS)
    assert made.plan.to_dict() == by_command.to_dict()
    assert "no data stand behind it" in made.basis[0].en


def test_of_times_the_spread_is_in_per_cent_and_of_shares_the_mean(session: Session) -> None:
    time = SizeWish(kind="duration", within=50.0, icc=0.1, correlation=0.5, trained=9, comparison=9, visits=8)
    same = plan(
        kind="duration",
        assumptions={"within_cv": 0.5, "icc": 0.1, "correlation": 0.5},
        trained=9,
        comparison=9,
        visits=8,
    )
    assert plan_size(session, OPERATOR, time, world.BEFORE_ENDS).plan.to_dict() == same.to_dict()
    share = SizeWish(
        kind="proportion", mean=60.0, icc=0.1, correlation=0.5, trained=9, comparison=9, visits=8
    )
    assert sizing_of(session, share).known.before == pytest.approx(60.0)


def test_a_running_pilot_tells_only_its_baseline(session: Session) -> None:
    pilot = world.filled_pilot(session)
    wish = SizeWish(source=f"{pilot.slug}:quality", correlation=0.6)
    made = plan_size(session, OPERATOR, wish, world.BEFORE_ENDS)
    assert "baseline of this pilot (18" in made.basis[0].en
    before = made.plan.to_dict()
    assert before["study"]["trained"] == before["study"]["comparison"] == 9
    assert before["spread"]["correlation"] == pytest.approx(0.6)
    session.execute(
        sa.text(
            "UPDATE visit SET score_hundredths = 0"
            " WHERE wave_id IN (SELECT id FROM wave WHERE period = 'after')"
        )
    )
    assert plan_size(session, OPERATOR, wish, world.BEFORE_ENDS).plan.to_dict() == before
    session.rollback()
    with pytest.raises(BadInput, match="correlation"):
        plan_size(session, OPERATOR, SizeWish(source=wish.source), world.BEFORE_ENDS)


def test_a_closed_pilot_tells_both_periods(session: Session) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    keys = [source.key for source in sources(session, OPERATOR)]
    assert {f"{pilot.slug}:{code}" for code in ("quality", "speed", "wait")} <= set(keys)
    for code in ("quality", "speed"):
        found = sizing_of(session, SizeWish(source=f"{pilot.slug}:{code}"))
        assert found.known.components is not None
        assert found.known.components.branches == world.BRANCHES
        more = sizing_of(session, SizeWish(source=f"{pilot.slug}:{code}", trained=400, comparison=400))
        assert more.detectable < found.detectable


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"within": None}, "within"),
        ({"within": -1.0}, "within"),
        ({"icc": 2.0}, "icc"),
        ({"correlation": None}, "correlation"),
        ({"trained": 1}, "trained"),
        ({"visits": -2.0}, "visits"),
        ({"power": 0.01}, "power"),
        ({"smallest_effect": -3.0}, "smallest_effect"),
        ({"primary": 99}, "primary"),
    ],
)
def test_what_cannot_be_used_names_its_field(session: Session, change: dict[str, Any], field: str) -> None:
    wish = SizeWish(**{name: getattr(TYPED, name) for name in TYPED.__slots__} | change)
    with pytest.raises(BadInput) as refused:
        plan_size(session, OPERATOR, wish, world.BEFORE_ENDS)
    assert field in {problem.where for problem in refused.value.problems}


def test_a_source_that_is_not_there_is_not_found(session: Session) -> None:
    for source in ("nowhere:quality", "x", f"{world.plan_pilot(session).slug}:none"):
        with pytest.raises(NotFound):
            plan_size(session, OPERATOR, SizeWish(source=source), world.BEFORE_ENDS)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
def test_only_head_office_plans(
    session: Session, create_person: Callable[..., Any], create_manager: Callable[..., Any], role: Role
) -> None:
    for person in (create_person(role), create_manager()):
        with pytest.raises(NotAllowed):
            plan_size(session, acting(person), TYPED, world.BEFORE_ENDS)
        with pytest.raises(NotAllowed):
            sources(session, acting(person))
