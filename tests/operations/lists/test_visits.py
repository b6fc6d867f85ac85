"""Visits out of a file: scored as if they had been recorded, in their wave, once."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from pilot_eval.domain.lists import ListKind, ListState
from pilot_eval.domain.network import BranchChange
from pilot_eval.domain.pilots import WaveState
from pilot_eval.operations.branch_events import Happening, record_event
from pilot_eval.operations.lists.reports import report_of
from pilot_eval.operations.visits import record_visit
from pilot_eval.records import audit
from pilot_eval.records.database import Engine
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import Visit
from tests.conftest import OPERATOR, acting
from tests.field import NOW, Field, actor_of, create_field, good_answers
from tests.operations.lists.bringing import Bringing

ROW = {
    "branch": "600001",
    "auditor": "anna",
    "started_at": "2014-08-05 10:00",
    "left_at": "2014-08-05 10:20",
    "scenario": "",
}


def file_of(*rows: dict[str, Any]) -> str:
    """A file of rows, each like a usual one but for what it says."""
    whole = [{**ROW, **good_answers(), **row} for row in rows]
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


def visits(session: Session) -> list[Visit]:
    return list(session.exec(select(Visit).order_by(col(Visit.started_at))))


def test_a_visit_of_a_file_equals_the_recorded_one(
    bringing: Bringing, field: Field, slug: str, session: Session
) -> None:
    report = bringing.bring(ListKind.VISITS, file_of({}), slug=slug)
    assert (report.added, report.problems) == (1, [])
    imported = visits(session)[0]
    assert imported.assignment_id == field.anna_s.id
    assert imported.document["entry_method"] == "import"
    recorded = record_visit(session, actor_of(field.boris), field.visit(field.boris_s), NOW)
    twin = session.get_one(Visit, recorded.id)
    assert imported.score_hundredths == twin.score_hundredths == 10_000
    assert imported.document["answers"] == twin.document["answers"]
    assert imported.started_at == twin.started_at
    assert audit.first_break(session) is None


def test_the_same_file_again_adds_nothing_though_its_assignment_is_done(
    bringing: Bringing, slug: str, session: Session
) -> None:
    content = file_of({}, {"branch": "600002", "auditor": "A-002", "B5": "Н/П", "A1": "нет"})
    assert bringing.bring(ListKind.VISITS, content, slug=slug).added == 2
    again = bringing.bring(ListKind.VISITS, content, slug=slug)
    assert (again.added, again.known, again.problems) == (0, 2, [])
    assert len(visits(session)) == 2
    answers: Any = visits(session)[1].document["answers"]
    assert (answers["A1"], answers["B5"]) in {("no", "na"), ("yes", "yes")}


def test_a_stored_visit_is_not_changed_by_a_file(bringing: Bringing, slug: str, session: Session) -> None:
    bringing.bring(ListKind.VISITS, file_of({}), slug=slug)
    score = visits(session)[0].score_hundredths
    session.rollback()
    report = bringing.bring(ListKind.VISITS, file_of({"B1": "no"}), slug=slug)
    assert [str(problem) for problem in report.problems] == [
        "row 2: is stored already with other answers; a file changes no stored visit"
    ]
    assert [visit.score_hundredths for visit in visits(session)] == [score]


def test_rows_may_bring_their_own_names(bringing: Bringing, slug: str, session: Session) -> None:
    named = [{"id": name, "scenario": "parcel_advice"} for name in ("v-1", "v-2", "v-1")]
    report = bringing.bring(ListKind.VISITS, file_of(*named), slug=slug)
    assert [str(problem) for problem in report.problems] == ["row 4, column id: is row 2 once more"]
    assert bringing.bring(ListKind.VISITS, file_of(*named[:2]), slug=slug).added == 2
    # One of them was assigned; the other nobody asked for.
    assert sorted(visit.assignment_id is None for visit in visits(session)) == [False, True]


def test_a_visit_that_nobody_asked_for_needs_its_scenario(bringing: Bringing, slug: str) -> None:
    report = bringing.bring(ListKind.VISITS, file_of({}, {"id": "second"}), slug=slug)
    assert "row 3, column scenario" in str(report.problems[0])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"branch": "999"}, "row 2, column branch: 999 is no branch of this pilot"),
        ({"auditor": "maria"}, "row 2, column auditor: maria is no auditor"),
        (
            {"started_at": "2014-07-05 10:00"},
            "row 2, column started_at: 2014-07-05 lies in no wave of this pilot",
        ),
        ({"started_at": "noon"}, "row 2, column started_at: 'noon' is no moment such as 2026-03-31 10:05"),
        (
            {"left_at": "2014-08-05 09:00"},
            "row 2, column left_at: You left before you came in: check both times",
        ),
        ({"A1": "perhaps"}, "row 2, column A1: A1: choose one of the answers"),
        ({"outcome": "gone"}, "row 2, column outcome: Say how the visit ended"),
        ({"window_no": "Anna"}, "row 2, column window_no: 'Anna' is not a whole number"),
    ],
)
def test_what_is_wrong_is_told_by_row_and_column(
    bringing: Bringing, slug: str, session: Session, change: dict[str, str], problem: str
) -> None:
    report = bringing.bring(ListKind.VISITS, file_of(change), slug=slug)
    assert problem in [str(found) for found in report.problems]
    assert visits(session) == []


def test_a_moment_is_read_by_the_branchs_clock_or_with_its_offset(
    bringing: Bringing, slug: str, session: Session
) -> None:
    content = file_of(
        {"started_at": "05.08.2014 10:00", "left_at": "2014-08-05T10:20:00+04:00"},
    )
    bringing.bring(ListKind.VISITS, content, slug=slug)
    visit = visits(session)[0]
    assert (visit.started_at.isoformat(), visit.left_at.isoformat()) == (
        "2014-08-05T06:00:00+00:00",
        "2014-08-05T06:20:00+00:00",
    )


def test_a_closed_wave_takes_them_as_late_and_a_locked_one_not(
    bringing: Bringing, field: Field, slug: str, session: Session
) -> None:
    field.set_wave(WaveState.CLOSED)
    bringing.bring(ListKind.VISITS, file_of({}), slug=slug)
    assert visits(session)[0].late
    session.rollback()
    field.set_wave(WaveState.LOCKED)
    report = bringing.bring(ListKind.VISITS, file_of({"branch": "600002", "auditor": "boris"}), slug=slug)
    assert "locked" in str(report.problems[0])


def test_a_wave_locked_between_looking_and_storing_stores_nothing(
    bringing: Bringing, field: Field, slug: str, session: Session
) -> None:
    file = bringing.check(bringing.arrive(ListKind.VISITS, file_of({}), slug))
    assert file.state is ListState.CHECKED
    field.set_wave(WaveState.LOCKED)
    file = bringing.store(file)
    assert file.state is ListState.REFUSED
    assert "locked" in str(report_of(file).problems[0])
    assert visits(session) == []


def test_a_visit_with_too_few_answers_is_stored_without_a_score_and_that_is_told(
    bringing: Bringing, slug: str, session: Session
) -> None:
    few = dict.fromkeys(good_answers(), "") | {"A2": "yes"}
    report = bringing.bring(ListKind.VISITS, file_of(few), slug=slug)
    assert str(report.notes[0]).startswith("1 of the visits have no score")
    assert visits(session)[0].score_hundredths is None


def test_a_file_from_before_a_renumbering_adds_nothing_again(
    bringing: Bringing, slug: str, session: Session
) -> None:
    content = file_of({})
    assert bringing.bring(ListKind.VISITS, content, slug=slug).added == 1
    happening = Happening("600001", BranchChange.RENUMBERED, NOW.date(), new_code="699999")
    record_event(session, OPERATOR, slug, happening, NOW)
    for code in ("600001", "699999"):
        again = bringing.bring(ListKind.VISITS, file_of({"branch": code}), slug=slug)
        assert (again.added, again.known, again.problems) == (0, 1, [])
