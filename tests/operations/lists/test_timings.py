"""Timings out of a file: derived as if they had been recorded, once, a ticket system's log too."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.lists import ListKind
from pilot_eval.domain.pilots import WaveState
from pilot_eval.engines.records import read_snapshot
from pilot_eval.operations.timings import record_timing
from pilot_eval.records.database import Engine
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import EntryMethod, Timing
from tests.conftest import acting
from tests.field import NOW, Field, actor_of, create_field
from tests.operations.lists.bringing import Bringing

ROW = {
    "branch": "600001",
    "auditor": "anna",
    "mode": "observed",
    "outcome": "served",
    "operation": "parcel_send",
    "joined": "2014-08-05 10:00",
    "called": "2014-08-05 10:05",
    "started": "2014-08-05 10:06",
    "ended": "2014-08-05 10:10",
}


def file_of(*rows: dict[str, Any]) -> str:
    whole = [{**ROW, **row} for row in rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in whole for name in row)), restval="")
    writer.writeheader()
    writer.writerows(whole)
    return text.getvalue()


@pytest.fixture
def field(session: Session) -> Field:
    return create_field(session)


@pytest.fixture
def slug(session: Session, field: Field) -> str:
    found = session.exec(select(Pilot.slug)).one()
    session.rollback()
    return found


@pytest.fixture
def bringing(session: Session, engine: Engine, head_office: User, tmp_path: Path) -> Bringing:
    return Bringing(session, engine, acting(head_office), tmp_path / "lists")


def timings(session: Session) -> list[Timing]:
    return list(session.exec(select(Timing).order_by(Timing.happened_at)))


def test_a_timing_of_a_file_equals_the_recorded_one(
    bringing: Bringing, field: Field, slug: str, session: Session
) -> None:
    assert bringing.bring(ListKind.TIMINGS, file_of({}), slug=slug).added == 1
    imported = timings(session)[0]
    twin = session.get_one(Timing, record_timing(session, actor_of(field.anna), field.timing(), NOW).id)
    for name in ("wait_seconds", "handover_seconds", "service_seconds", "total_seconds", "happened_at"):
        assert getattr(imported, name) == getattr(twin, name), name
    assert imported.entry_method is EntryMethod.IMPORT
    assert imported.document["daypart"] == twin.document["daypart"]
    pilot = session.exec(select(Pilot)).one()
    assert len(read_snapshot(session, pilot.id or 0).observations("timing_wait").value) == 2


def test_times_may_stand_without_their_day(bringing: Bringing, slug: str, session: Session) -> None:
    clocks = {
        "day": "05.08.2014",
        "joined": "10:00",
        "called": "10:05",
        "started": "10:06",
        "ended": "10:10:30",
    }
    assert bringing.bring(ListKind.TIMINGS, file_of(clocks), slug=slug).added == 1
    assert timings(session)[0].service_seconds == 270


def test_the_same_file_again_adds_nothing_and_other_times_are_refused(
    bringing: Bringing, slug: str, session: Session
) -> None:
    content = file_of({"id": "t-1"}, {"id": "t-2", "ended": "2014-08-05 10:12"})
    assert bringing.bring(ListKind.TIMINGS, content, slug=slug).added == 2
    again = bringing.bring(ListKind.TIMINGS, content, slug=slug)
    assert (again.added, again.known) == (0, 2)
    other = bringing.bring(ListKind.TIMINGS, file_of({"id": "t-1", "ended": "2014-08-05 10:11"}), slug=slug)
    assert [str(problem) for problem in other.problems] == [
        "row 2: is stored already with other times; a file changes no stored timing"
    ]
    assert len(timings(session)) == 2


def test_a_log_names_no_auditor(bringing: Bringing, slug: str, session: Session, head_office: User) -> None:
    content = file_of({"mode": "equeue_log", "auditor": ""}, {"mode": "observed", "auditor": ""})
    report = bringing.bring(ListKind.TIMINGS, content, slug=slug)
    assert [str(problem) for problem in report.problems] == ["row 3, column auditor: is empty"]
    content = file_of({"mode": "equeue_log", "auditor": ""})
    assert bringing.bring(ListKind.TIMINGS, content, slug=slug).added == 1
    assert timings(session)[0].auditor_id == head_office.id


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"called": "2014-08-05 09:00"}, "column called: Reached the window at"),
        ({"ended": ""}, "column ended: Give the time when service ended"),
        ({"operation": "tea"}, "column operation: Choose an operation from the list"),
        ({"outcome": "lost"}, "column outcome: Say how the contact ended"),
        (
            {"windows_open": "9", "windows_total": "4"},
            "windows_open: 9 is more than the 4 given above",
        ),
        ({"joined": "2014-09-05 10:00"}, "lies in no wave of this pilot"),
        (dict.fromkeys(("joined", "called", "started", "ended"), ""), "row 2: has no time"),
    ],
)
def test_what_is_wrong_is_told_by_row_and_column(
    bringing: Bringing, slug: str, session: Session, change: dict[str, str], problem: str
) -> None:
    report = bringing.bring(ListKind.TIMINGS, file_of(change), slug=slug)
    assert any(problem in str(found) for found in report.problems), report.problems
    assert timings(session) == []


def test_an_odd_length_is_stored_and_told(bringing: Bringing, slug: str) -> None:
    long = {"called": "2014-08-05 13:30", "started": "2014-08-05 13:31", "ended": "2014-08-05 13:35"}
    report = bringing.bring(ListKind.TIMINGS, file_of(long), slug=slug)
    assert str(report.notes[0]).startswith("1 of the timings are unusually long")


def test_a_locked_wave_takes_none(bringing: Bringing, field: Field, slug: str) -> None:
    field.set_wave(WaveState.LOCKED)
    assert "locked" in str(bringing.bring(ListKind.TIMINGS, file_of({}), slug=slug).problems[0])
