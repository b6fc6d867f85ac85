"""The queue: jobs of a server that works, of one that was stopped, and its file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pysqlite3
import pytest
from sqlmodel import Session

from pilot_eval.domain.exports import ExportState
from pilot_eval.jobs import Background
from pilot_eval.operations import export_jobs
from pilot_eval.records.base import now
from pilot_eval.records.export_jobs import ExportJob
from pilot_eval.records.pilots import Pilot
from pilot_eval.settings import LOOPBACK, Settings
from tests import pilots as world
from tests.conftest import acting

PATIENCE_SECONDS = 60.0  # on a busy machine


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings("development", database_url, tmp_path / "data", "", LOOPBACK)


@pytest.fixture
def start(settings: Settings) -> Iterator[Callable[[], Background]]:
    begun: list[Background] = []

    def begin() -> Background:
        begun.append(Background(settings))
        begun[-1].start()
        return begun[-1]

    yield begin
    for background in begun:
        background.stop()


@pytest.fixture
def closed(session: Session) -> Pilot:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    return pilot


def wait_for(session: Session, job_id: str) -> ExportJob:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        session.rollback()
        session.expire_all()
        job = session.get_one(ExportJob, job_id)
        if job.state in {ExportState.READY, ExportState.FAILED}:
            return job
        session.rollback()
        time.sleep(0.1)
    pytest.fail(f"the job is {job.state} still")


def test_a_job_is_made_by_the_thread_of_the_server(
    session: Session, closed: Pilot, head_office: Any, settings: Settings, start: Callable[[], Background]
) -> None:
    background = start()
    job = export_jobs.ask(session, acting(head_office), closed.slug, "parquet", "en", now())
    background.enqueue(job.id)
    assert wait_for(session, job.id).state is ExportState.READY
    file = export_jobs.take(session, acting(head_office), job.id, background.folder, now())
    assert file.content.startswith(b"PAR1")


def test_what_was_asked_for_while_nobody_worked_is_made_at_the_next_start(
    session: Session, closed: Pilot, head_office: Any, settings: Settings, start: Callable[[], Background]
) -> None:
    job = export_jobs.ask(session, acting(head_office), closed.slug, "parquet", "en", now())
    start()
    assert wait_for(session, job.id).state is ExportState.READY


def test_the_queue_is_opened_with_the_safe_library_and_synced(settings: Settings) -> None:
    connection = Background(settings).huey.storage.conn
    assert isinstance(connection, pysqlite3.Connection)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert settings.data.stat().st_mode & 0o077 == 0
