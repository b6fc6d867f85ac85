"""Files of a pilot: who may take which, and that each taking is on record."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlmodel import Session, col, select

from pilot_eval.domain.errors import NeedsFreshSignIn, NotAllowed, NotFound, WrongState
from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.pilots import Period
from pilot_eval.domain.progress import heard_by
from pilot_eval.operations import exporting, pilots
from pilot_eval.operations.evaluation import evaluate
from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import Visit, VisitState
from pilot_eval.reports.files import FORMATS
from tests import pilots as world
from tests.conftest import OPERATOR, acting

NOW = datetime(2014, 11, 2, tzinfo=UTC)


@pytest.fixture
def closed(session: Session) -> Pilot:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    return pilot


def sheet(content: bytes, name: str) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return list(book[name].iter_rows(values_only=True)) if name in book.sheetnames else []


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_format_is_written_and_noted(session: Session, closed: Pilot, language: str) -> None:
    for name, chosen in FORMATS.items():
        file = exporting.export(session, OPERATOR, closed.slug, name, language, NOW)
        assert file.content
        assert file.name.startswith(closed.slug)
        assert file.media_type == chosen.media_type
    events = session.exec(select(AuditEvent).where(col(AuditEvent.action) == "pilot.export")).all()
    assert [event.details["format"] for event in events] == list(FORMATS)
    assert {event.details["snapshot"] for event in events} == {
        summary_of(session, closed)["snapshot"]["sha256"]
    }


def summary_of(session: Session, pilot: Pilot) -> dict[str, Any]:
    from pilot_eval.operations.summaries import summarise

    return summarise(session, OPERATOR, pilot.slug, NOW)


def test_formats_agree_with_the_summary(session: Session, closed: Pilot) -> None:
    summary = summary_of(session, closed)
    as_json = json.loads(exporting.export(session, OPERATOR, closed.slug, "json", "en", NOW).content)
    assert as_json["outcomes"] == summary["outcomes"]
    assert as_json["branches"] == summary["branches"]
    text = exporting.export(session, OPERATOR, closed.slug, "csv", "en", NOW).content.decode("utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(text)))) == 3 * world.BRANCHES


def test_rows_say_what_counts_and_why_not(session: Session, closed: Pilot) -> None:
    (visit,) = session.exec(select(Visit).limit(1))
    visit.state = VisitState.EXCLUDED
    session.commit()
    content = exporting.export(session, OPERATOR, closed.slug, "xlsx", "en", NOW).content
    rows = sheet(content, "Observations")
    text = [[str(cell) for cell in row] for row in rows]
    assert sum("visit" in row or "Visit" in row for row in text) == 144
    (left_out,) = [row for row in text if str(visit.id) in row]
    assert "set aside by a reviewer" in left_out


def test_the_rows_of_the_workbook_give_the_answer_of_the_summary_again(
    session: Session, closed: Pilot, tmp_path: Path
) -> None:
    content = exporting.export(session, OPERATOR, closed.slug, "xlsx", "en", NOW).content
    _note, head, *rows = sheet(content, "Observations")
    records = [dict(zip(head, row, strict=True)) for row in rows]
    told = summary_of(session, closed)
    outcome = told["outcomes"][0]
    assert told["pilot"]["allocation"]["strata"]
    lines = [
        [r["Branch code"], r["Arm"].lower(), r["Period"].lower(), r["Stratum"], r["Score, points"]]
        for r in records
        if r["Record"] == "Visit" and r["Counted"] == "yes"
    ]
    path = tmp_path / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["branch", "arm", "period", "stratum", "score"], *lines])
    again = evaluate(
        path, outcome="score", kind="score", strata="stratum", level=outcome["evaluation"]["level"]
    ).to_dict()
    assert again["effect"] == outcome["evaluation"]["effect"]
    assert again["uplift"] == outcome["evaluation"]["uplift"]
    assert again["means"] == outcome["evaluation"]["means"]


def test_auditors_are_pseudonymous_in_every_file(session: Session, closed: Pilot) -> None:
    auditor = session.exec(select(Visit.auditor_id)).first()
    user = session.get(world.User, auditor)
    assert user is not None
    content = exporting.export(session, OPERATOR, closed.slug, "xlsx", "en", NOW).content
    text = str(sheet(content, "Observations"))
    assert user.pseudonym in text
    assert user.email not in text


def test_rows_need_a_fresh_sign_in_and_a_summary_does_not(
    session: Session, closed: Pilot, head_office: Any
) -> None:
    stale = acting(head_office, fresh=False)
    with pytest.raises(NeedsFreshSignIn):
        exporting.export(session, stale, closed.slug, "xlsx", "en", NOW)
    content = exporting.export(session, stale, closed.slug, "xlsx", "en", NOW, with_rows=False).content
    assert len(sheet(content, "Observations")) == 2  # the note that they are not here, and the header
    exporting.export(session, stale, closed.slug, "pdf", "en", NOW)


def test_a_manager_takes_the_own_region_without_rows(
    session: Session, closed: Pilot, create_manager: Any
) -> None:
    user = create_manager()
    region = pilots.members_of(session, closed)[0][1].region_id
    actor = Actor(user.email, Role.MANAGER, user.id, region, fresh=True)
    document = json.loads(exporting.export(session, actor, closed.slug, "json", "en", NOW).content)
    assert len(document["branches"]) == world.BRANCHES // 3
    workbook = exporting.export(session, actor, closed.slug, "xlsx", "en", NOW).content
    assert len(sheet(workbook, "Observations")) == 2  # the note that they are not here, and the header
    with pytest.raises(NotAllowed):
        exporting.export(session, actor, closed.slug, "xlsx", "en", NOW, with_rows=True)


def test_others_take_nothing(
    session: Session, closed: Pilot, auditor: Any, administrator: Any, manager: Any
) -> None:
    for person in (auditor, administrator):
        with pytest.raises(NotAllowed):
            exporting.export(session, acting(person), closed.slug, "json", "en", NOW)
    with pytest.raises(NotFound):
        exporting.export(session, acting(manager), closed.slug, "json", "en", NOW)
    with pytest.raises(NotFound):
        exporting.export(session, OPERATOR, closed.slug, "docx", "en", NOW)


def test_files_of_nothing_but_rows_are_for_those_who_may_have_rows(
    session: Session, closed: Pilot, create_manager: Any, head_office: Any
) -> None:
    user = create_manager()
    region = pilots.members_of(session, closed)[0][1].region_id
    actor = Actor(user.email, Role.MANAGER, user.id, region, fresh=True)
    for name in ("parquet", "sav", "dta"):
        with pytest.raises(NotAllowed):
            exporting.export(session, actor, closed.slug, name, "en", NOW)
        with pytest.raises(NeedsFreshSignIn):
            exporting.export(session, acting(head_office, fresh=False), closed.slug, name, "en", NOW)


def test_a_format_whose_extra_is_missing_says_what_to_install(
    session: Session, closed: Pilot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pilot_eval.reports.files.find_spec", lambda _module: None)
    with pytest.raises(WrongState, match=r'pip install "pilot_eval\[slides\]"'):
        exporting.export(session, OPERATOR, closed.slug, "pptx", "en", NOW)
    assert exporting.export(session, OPERATOR, closed.slug, "json", "en", NOW).content


def test_how_far_the_rows_have_come_is_told(session: Session, closed: Pilot) -> None:
    heard: list[tuple[str, int, int]] = []
    with heard_by(lambda *told: heard.append(told)):
        exporting.export(session, OPERATOR, closed.slug, "parquet", "en", NOW)
    total = sum(summary_of(session, closed)["snapshot"]["rows"].values())
    assert [told for told in heard if told[0] == exporting.ROWS][-1] == (exporting.ROWS, total, total)


def test_no_file_of_a_running_pilot_holds_a_result(session: Session) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot, Period.BEFORE)
    content = exporting.export(session, OPERATOR, pilot.slug, "xlsx", "en", NOW).content
    assert not any("after" in map(str.lower, map(str, row)) for row in sheet(content, "Observations")[1:])
    document = json.loads(exporting.export(session, OPERATOR, pilot.slug, "json", "en", NOW).content)
    assert all(outcome["evaluation"] is None for outcome in document["outcomes"])
