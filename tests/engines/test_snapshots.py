"""A kept snapshot is the one that reading again would give, whatever has changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.pilots import Period
from pilot_eval.engines import snapshots
from pilot_eval.engines.records import read_snapshot
from pilot_eval.engines.snapshots import known_snapshot
from pilot_eval.operations import allocation
from pilot_eval.operations.visits import record_visit
from pilot_eval.records import audit
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import Timing, Visit, VisitState
from tests import pilots as world
from tests.conftest import OPERATOR
from tests.field import NOW, actor_of, create_field


def kept_id(pilot: Pilot) -> int:
    assert pilot.id is not None
    return pilot.id


def test_it_is_read_once_while_nothing_changes(session: Session) -> None:
    number = kept_id(world.filled_pilot(session))
    first = known_snapshot(session, number)
    assert known_snapshot(session, number) is first
    for action in snapshots.IDLE:
        audit.append(session, OPERATOR, action, "person", 1)
    session.commit()
    assert known_snapshot(session, number) is first
    assert first == read_snapshot(session, number)


def excluded(session: Session) -> None:
    session.exec(select(Visit)).first().state = VisitState.EXCLUDED  # type: ignore[union-attr]  # filled


def scored(session: Session) -> None:
    session.exec(select(Visit)).first().score_hundredths = 1  # type: ignore[union-attr]  # filled


def removed(session: Session) -> None:
    session.delete(session.exec(select(Timing)).first())


def logged(session: Session) -> None:
    session.exec(select(Visit)).first().document = {"answers": {}}  # type: ignore[union-attr]  # filled
    audit.append(session, OPERATOR, "visit.correct", "visit", 1)


@pytest.mark.parametrize("change", [excluded, scored, removed, logged])
def test_every_change_is_seen_at_once(session: Session, change: Callable[[Session], None]) -> None:
    number = kept_id(world.filled_pilot(session))
    before = known_snapshot(session, number)
    change(session)
    session.commit()
    after = known_snapshot(session, number)
    assert after != before
    assert after == read_snapshot(session, number)


def test_a_visit_that_is_recorded_and_an_arm_that_is_changed_are_seen(session: Session) -> None:
    field = create_field(session)
    number = field.anna_s.pilot_id
    before = known_snapshot(session, number)
    record_visit(session, actor_of(field.anna), field.visit(), NOW)
    after = known_snapshot(session, number)
    assert (len(before.visits), len(after.visits)) == (0, 1)
    pilot = world.plan_pilot(session)
    branches = world.add_branches(session)
    allocation.choose_branches(session, OPERATOR, pilot.slug, [branch.code for branch in branches])
    assert {branch.arm for branch in known_snapshot(session, kept_id(pilot)).branches} == {None}
    world.draw(session, pilot, branches)
    assert None not in {branch.arm for branch in known_snapshot(session, kept_id(pilot)).branches}


def test_pilots_and_databases_are_told_apart(session: Session) -> None:
    pilot = world.filled_pilot(session)
    other = world.plan_pilot(session, title_en="Another")
    assert known_snapshot(session, kept_id(pilot)).visits
    assert not known_snapshot(session, kept_id(other)).visits
    world.close(session, pilot, Period.BEFORE)
    assert known_snapshot(session, kept_id(pilot)) == read_snapshot(session, kept_id(pilot))


def test_a_large_snapshot_is_not_kept(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    number = kept_id(world.filled_pilot(session))
    monkeypatch.setattr(snapshots, "MOST_ROWS", 10)
    assert known_snapshot(session, number) is not known_snapshot(session, number)
