"""Your exports: large files are made in the background and taken by the one who asked for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlmodel import Session, select

from pilot_eval.operations import export_jobs
from pilot_eval.records.export_jobs import ExportJob
from pilot_eval.records.pilots import Pilot
from pilot_eval.settings import Settings
from tests import pilots as world


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, inline_rows=100)


@pytest.fixture
def closed(session: Session) -> Pilot:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    return pilot


def the_job(session: Session) -> ExportJob:
    session.rollback()
    session.expire_all()
    job = session.exec(select(ExportJob)).one()
    session.expunge(job)
    session.rollback()  # SQLite has one writer
    return job


def test_a_large_file_is_asked_for_watched_taken_and_removed(
    app: Flask, as_head_office: Any, session: Session, closed: Pilot, settings: Settings
) -> None:
    asked = as_head_office.submit(f"/pilots/{closed.slug}/exports/parquet/ru")
    assert (asked.status_code, asked.headers["Location"]) == (303, "/exports")
    page = as_head_office.get("/exports")
    assert "Waiting for its turn" in page.text
    assert page.headers["Refresh"] == "5"
    job = the_job(session)
    early = as_head_office.submit(f"/exports/{job.id}/file")
    assert early.status_code == 409
    assert "not ready" in early.text
    session.rollback()
    export_jobs.make(app.extensions["engine"], job.id, settings.data / "exports")
    page = as_head_office.get("/exports")
    assert "Ready" in page.text
    assert "Refresh" not in page.headers
    assert f"{the_job(session).total} of {the_job(session).total} rows" in page.text
    file = as_head_office.submit(f"/exports/{job.id}/file")
    assert file.data.startswith(b"PAR1")
    assert f"filename={closed.slug}-" in file.headers["Content-Disposition"]
    assert as_head_office.submit(f"/exports/{job.id}/remove").status_code == 303
    assert "Nothing here" in as_head_office.get("/exports").text


def test_small_files_come_at_once(as_head_office: Any, session: Session, closed: Pilot) -> None:
    assert as_head_office.submit(f"/pilots/{closed.slug}/exports/json/en").status_code == 200
    assert session.exec(select(ExportJob)).all() == []


def test_a_failure_is_told_in_words(
    app: Flask,
    as_head_office: Any,
    session: Session,
    closed: Pilot,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_anything: Any) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(export_jobs, "keep", full)
    as_head_office.submit(f"/pilots/{closed.slug}/exports/xlsx/en")
    export_jobs.make(app.extensions["engine"], the_job(session).id, settings.data / "exports")
    assert "could not store the file" in as_head_office.get("/exports").text


def test_an_old_sign_in_is_asked_for_the_password_before_rows_are_asked_for(
    as_head_office: Any, session: Session, closed: Pilot, clock: Any
) -> None:
    clock.forward(minutes=16)
    assert as_head_office.submit(f"/pilots/{closed.slug}/exports/xlsx/en").status_code == 401
    assert session.exec(select(ExportJob)).all() == []


def test_schemas_are_open_to_anyone(app: Flask) -> None:
    for name in ("pilot-summary-1", "evaluation-1"):
        answer = app.test_client().get(f"/schemas/{name}.json")
        assert answer.status_code == 200
        assert answer.get_json()["$id"] == f"{name}.schema.json"
        answer.close()
    assert app.test_client().get("/schemas/other.json").status_code == 404
