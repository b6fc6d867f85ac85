"""Assignments out of a file: every problem by row and column, all or nothing, and never twice."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from sqlmodel import Session, col, select

from pilot_eval.domain.lists import ListKind, ListState
from pilot_eval.domain.pilots import WaveState
from pilot_eval.operations import assignments, auditors
from pilot_eval.operations.lists.reports import report_of
from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.database import Engine
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Assignment
from tests.conftest import OPERATOR, acting
from tests.field import NOW, Field, create_field
from tests.operations.lists.bringing import Bringing

SLUG = "vladimir"
HEADINGS = ("branch", "wave", "auditor", "scenario", "from", "to", "daypart")
ROW = ("600003", "before", "A-001", "transfer", "2014-08-10", "2014-08-14", "evening")


def file_of(*rows: Sequence[str]) -> str:
    return "\n".join(",".join(row) for row in (HEADINGS, *rows))


@pytest.fixture
def field(session: Session) -> Field:
    found = create_field(session)
    session.rollback()  # SQLite has one writer
    return found


@pytest.fixture
def bringing(session: Session, engine: Engine, field: Field, head_office: User, tmp_path: Path) -> Bringing:
    return Bringing(session, engine, acting(head_office), tmp_path / "lists")


def brought(session: Session, field: Field) -> list[Assignment]:
    """What the file added."""
    session.rollback()
    session.expire_all()
    own = [one.id for one in field.assignments]
    rows = session.exec(select(Assignment).where(col(Assignment.id).not_in(own)).order_by(col(Assignment.id)))
    found = list(rows)
    session.rollback()
    return found


def test_a_file_assigns_visits(bringing: Bringing, session: Session, field: Field) -> None:
    content = file_of(ROW, ("600004", "После", "boris", "bill_payment", "", "", ""))
    report = bringing.bring(ListKind.ASSIGNMENTS, content, slug=SLUG)
    assert (report.added, report.known, report.problems) == (2, 0, [])
    first, second = brought(session, field)
    assert (first.auditor_id, first.scenario, first.daypart) == (field.anna.id, "transfer", "evening")
    assert (first.window_from, first.window_to) == (date(2014, 8, 10), date(2014, 8, 14))
    assert (second.window_from, second.window_to) == (date(2014, 10, 1), date(2014, 10, 31)), "the whole wave"
    (event,) = session.exec(select(AuditEvent).where(col(AuditEvent.action) == "list.assignments")).all()
    assert event.details["assignments"] == [first.id, second.id]
    session.rollback()


def test_a_workbook_assigns_visits_with_days_as_days_and_words_of_the_form(
    bringing: Bringing, session: Session, field: Field
) -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, HEADINGS)
        sheet.write_row(1, 0, (600003, "до", "A-001", "transfer"))
        sheet.write_datetime(1, 4, date(2014, 8, 10), day)
        sheet.write_datetime(1, 5, date(2014, 8, 14), day)
        sheet.write(1, 6, "Вечер")
    report = bringing.bring(ListKind.ASSIGNMENTS, content.getvalue(), slug=SLUG)
    assert (report.added, report.problems) == (1, [])
    (row,) = brought(session, field)
    assert (row.window_from, row.daypart) == (date(2014, 8, 10), "evening")


def test_looking_through_stores_nothing(bringing: Bringing, session: Session, field: Field) -> None:
    file = bringing.check(bringing.arrive(ListKind.ASSIGNMENTS, file_of(ROW), SLUG))
    assert file.state is ListState.CHECKED
    assert report_of(file).added == 1
    assert brought(session, field) == []


def test_the_same_file_again_adds_nothing(bringing: Bringing, session: Session, field: Field) -> None:
    content = file_of(ROW, ("600004", *ROW[1:]))
    bringing.bring(ListKind.ASSIGNMENTS, content, slug=SLUG)
    again = bringing.bring(ListKind.ASSIGNMENTS, content, slug=SLUG)
    assert (again.added, again.known, again.problems, again.notes) == (0, 2, [], [])
    assert len(brought(session, field)) == 2


def test_what_was_withdrawn_or_handed_over_does_not_come_again(
    bringing: Bringing, session: Session, field: Field
) -> None:
    content = file_of(ROW, ("600004", *ROW[1:]))
    bringing.bring(ListKind.ASSIGNMENTS, content, slug=SLUG)
    first, second = (row.id or 0 for row in brought(session, field))
    assignments.withdraw_assignment(session, OPERATOR, SLUG, first, NOW, "ill")
    assignments.hand_over(session, OPERATOR, SLUG, second, field.boris.id, NOW, "ill")
    again = bringing.bring(ListKind.ASSIGNMENTS, content, slug=SLUG)
    assert (again.added, again.known) == (0, 2)
    assert [str(note)[:47] for note in again.notes] == ["Rows that were assigned once and withdrawn sinc"]
    assert len(brought(session, field)) == 3


def test_every_problem_is_told_by_row_and_column_and_nothing_is_stored(
    bringing: Bringing, session: Session, field: Field
) -> None:
    auditors.declare(session, OPERATOR, field.boris.id, barred=["600003"], regions=[], now=NOW)
    bad = file_of(
        ROW,
        ("999", *ROW[1:]),
        ("600003", "during", *ROW[2:]),
        ("600003", "before", "nobody", *ROW[3:]),
        ("600003", "before", "A-001", "no such", *ROW[4:]),
        (*ROW[:4], "2014-08-32", "2014-08-14", ""),
        (*ROW[:4], "2014-08-14", "2014-08-10", ""),
        (*ROW[:4], "2014-08-10", "2014-09-10", ""),
        (*ROW[:6], "night"),
        ("", "", "", "", "", "", ""),
        ("600003", "before", "boris", *ROW[3:]),
        ROW,
        ("600003", "before", "A-001", "", *ROW[4:]),
    )
    file = bringing.check(bringing.arrive(ListKind.ASSIGNMENTS, bad, SLUG))
    assert file.state is ListState.REFUSED
    told = [(str(problem.where), str(problem.what)) for problem in report_of(file).problems]
    assert [where for where, _what in told] == [
        "row 3, column branch",
        "row 4, column wave",
        "row 5, column auditor",
        "row 6, column scenario",
        "row 7, column from",
        "row 8, column from",
        "row 9, column from",
        "row 10, column daypart",
        "row 12, column auditor",
        "row 13",
        "row 14, column scenario",
    ]
    assert told[8][1] == "A-002 must not visit 600003: it is barred for this auditor"
    assert told[9][1] == "is row 2 once more"
    assert brought(session, field) == []


def test_a_closed_wave_takes_nothing(bringing: Bringing, session: Session, field: Field) -> None:
    field.set_wave(WaveState.CLOSED)
    report = bringing.bring(ListKind.ASSIGNMENTS, file_of(ROW), slug=SLUG)
    assert [str(problem.where) for problem in report.problems] == ["row 2, column wave"]


def test_what_is_odd_is_told_before_it_is_stored(bringing: Bringing, session: Session, field: Field) -> None:
    soon = ("600003", "before", "A-001", "bill_payment", "2014-08-20", "2014-08-21", "")
    file = bringing.check(bringing.arrive(ListKind.ASSIGNMENTS, file_of(ROW, soon), SLUG))
    assert file.state is ListState.CHECKED
    (note,) = report_of(file).notes
    assert str(note).startswith("Row 3: A-001 is in 600003 from 2014-08-10 to 2014-08-14 too")
    assert bringing.store(file).state is ListState.STORED
    assert len(brought(session, field)) == 2


def test_what_has_changed_meanwhile_stops_the_whole_file(
    bringing: Bringing, session: Session, field: Field
) -> None:
    file = bringing.check(bringing.arrive(ListKind.ASSIGNMENTS, file_of(ROW, ("600004", *ROW[1:])), SLUG))
    auditors.declare(session, OPERATOR, field.anna.id, barred=["600004"], regions=[], now=NOW)
    stored: Any = bringing.store(file)
    assert stored.state in {ListState.REFUSED, ListState.FAILED}
    assert brought(session, field) == []
