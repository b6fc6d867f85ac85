"""Exports in the background: made as inline, progress told, for their owner only, cleared away."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from pilot_eval.domain.errors import NeedsFreshSignIn, NotAllowed, NotFound, WrongState
from pilot_eval.domain.exports import KEPT, LOST_AFTER, MOST_WAITING, ExportProblem, ExportState
from pilot_eval.domain.people import Actor
from pilot_eval.operations import export_jobs, exporting
from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.database import Engine, reading, session_of
from pilot_eval.records.export_jobs import ExportJob
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import Visit
from tests import pilots as world
from tests.conftest import acting

NOW = datetime(2014, 11, 2, tzinfo=UTC)


@pytest.fixture
def closed(session: Session) -> Pilot:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    return pilot


@pytest.fixture
def head(head_office: Any) -> Actor:
    return acting(head_office)


def made(
    session: Session, engine: Engine, actor: Actor, pilot: Pilot, folder: Path, name: str = "parquet"
) -> str:
    job_id = export_jobs.ask(session, actor, pilot.slug, name, "ru", NOW).id
    export_jobs.make(engine, job_id, folder, lambda: NOW)
    session.expire_all()
    return job_id


def test_a_file_made_in_the_background_is_the_one_made_inline(
    session: Session, engine: Engine, closed: Pilot, head: Actor, tmp_path: Path
) -> None:
    job_id = made(session, engine, head, closed, tmp_path)
    file = export_jobs.take(session, head, job_id, tmp_path, NOW)
    inline = exporting.export(session, head, closed.slug, "parquet", "ru", NOW)
    assert (file.name, file.media_type) == (inline.name, inline.media_type)
    job = session.get_one(ExportJob, job_id)
    assert job.state is ExportState.READY
    assert job.done == job.total > 0
    assert job.size_bytes == len(file.content)
    assert job.expires_at == NOW + KEPT
    # The seals of the audit log differ: each taking is an event of its own.
    assert len(file.content) == pytest.approx(len(inline.content), abs=200)
    actions = set(
        session.exec(select(AuditEvent.action).where(col(AuditEvent.action).startswith("pilot.export")))
    )
    assert actions == {"pilot.export_asked", "pilot.export", "pilot.export_taken"}


def test_the_file_is_private_and_whole(
    session: Session, engine: Engine, closed: Pilot, head: Actor, tmp_path: Path
) -> None:
    folder = tmp_path / "exports"
    path = export_jobs.path_of(folder, made(session, engine, head, closed, folder))
    assert path.stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0
    assert [one.name for one in folder.iterdir()] == [path.name]


def test_how_far_it_has_come_is_stored_while_it_is_made(
    session: Session,
    engine: Engine,
    closed: Pilot,
    head: Actor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(export_jobs, "_EVERY_SECONDS", 0.0)
    monkeypatch.setattr(exporting, "EVERY_ROWS", 100)
    seen: list[tuple[int, int]] = []
    whole = exporting.write_file

    def watched(name: str, summary: Any, language: str, rows: Any) -> bytes:
        def passed() -> Any:
            for row in rows:
                yield row
                with session_of(engine) as other:
                    job = other.exec(select(ExportJob)).one()
                    seen.append((job.done, job.total))

        return whole(name, summary, language, passed())

    monkeypatch.setattr(exporting, "write_file", watched)
    made(session, engine, head, closed, tmp_path)
    assert len(set(seen)) > 3
    assert seen == sorted(seen)
    assert {total for _, total in seen} == {len(seen)}


def test_an_export_keeps_nobody_from_recording(session: Session, engine: Engine, closed: Pilot) -> None:
    """While the rows are read and written, others write: what came later is not in the file."""
    with session_of(engine) as reader, reading(reader):
        before = len(reader.exec(select(Visit.id)).all())
        visit = session.exec(select(Visit).limit(1)).one()
        visit.critical_failed = 3
        session.commit()
        seen = reader.exec(select(Visit.critical_failed).where(Visit.id == visit.id)).one()
        assert seen != 3
        assert len(reader.exec(select(Visit.id)).all()) == before
    with session_of(engine) as later:
        assert later.exec(select(Visit.critical_failed).where(Visit.id == visit.id)).one() == 3


def test_only_its_owner_sees_takes_and_removes_an_export(
    session: Session, engine: Engine, closed: Pilot, head: Actor, create_person: Any, tmp_path: Path
) -> None:
    job_id = made(session, engine, head, closed, tmp_path)
    other = acting(create_person(world.Role.HEAD_OFFICE))
    assert export_jobs.asked_by(session, other, NOW) == []
    with pytest.raises(NotFound):
        export_jobs.take(session, other, job_id, tmp_path, NOW)
    with pytest.raises(NotFound):
        export_jobs.remove(session, other, job_id, tmp_path, NOW)
    assert [one.job.id for one in export_jobs.asked_by(session, head, NOW)] == [job_id]
    export_jobs.remove(session, head, job_id, tmp_path, NOW)
    assert list(tmp_path.iterdir()) == [] or not export_jobs.path_of(tmp_path, job_id).exists()
    with pytest.raises(NotFound):
        export_jobs.take(session, head, job_id, tmp_path, NOW)


def test_rows_need_a_fresh_sign_in_when_asked_for_and_when_taken(
    session: Session, engine: Engine, closed: Pilot, head: Actor, head_office: Any, tmp_path: Path
) -> None:
    stale = acting(head_office, fresh=False)
    with pytest.raises(NeedsFreshSignIn):
        export_jobs.ask(session, stale, closed.slug, "sav", "en", NOW)
    job_id = made(session, engine, head, closed, tmp_path)
    with pytest.raises(NeedsFreshSignIn):
        export_jobs.take(session, stale, job_id, tmp_path, NOW)


def test_who_may_not_have_a_file_cannot_ask_for_it(
    session: Session, closed: Pilot, auditor: Any, administrator: Any, manager: Any
) -> None:
    for person in (auditor, administrator):
        with pytest.raises(NotAllowed):
            export_jobs.ask(session, acting(person), closed.slug, "json", "en", NOW)
        with pytest.raises(NotAllowed):
            export_jobs.asked_by(session, acting(person), NOW)
    with pytest.raises(NotFound):
        export_jobs.ask(session, acting(manager), closed.slug, "json", "en", NOW)
    with pytest.raises(NotFound):
        export_jobs.ask(session, acting(manager), closed.slug, "docx", "en", NOW)


def test_who_lost_the_right_meanwhile_gets_nothing(
    session: Session, engine: Engine, closed: Pilot, head: Actor, head_office: Any, tmp_path: Path
) -> None:
    job = export_jobs.ask(session, head, closed.slug, "parquet", "en", NOW)
    head_office.active = False
    session.commit()
    export_jobs.make(engine, job.id, tmp_path, lambda: NOW)
    session.expire_all()
    failed = session.get_one(ExportJob, job.id)
    assert (failed.state, failed.problem) == (ExportState.FAILED, ExportProblem.NOT_ALLOWED)
    with pytest.raises(WrongState):
        export_jobs.take(session, head, job.id, tmp_path, NOW)


@pytest.mark.parametrize(
    ("error", "problem"),
    [(OSError(28, "no space left"), ExportProblem.DISK), (RuntimeError("bug"), ExportProblem.BROKEN)],
)
def test_a_failure_is_noted_and_leaves_no_file(
    session: Session,
    engine: Engine,
    closed: Pilot,
    head: Actor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    problem: ExportProblem,
) -> None:
    def fail(*_anything: Any) -> None:
        raise error

    monkeypatch.setattr(export_jobs, "keep", fail)
    job = session.get_one(ExportJob, made(session, engine, head, closed, tmp_path))
    assert (job.state, job.problem) == (ExportState.FAILED, problem)
    assert job.expires_at == NOW + KEPT


def test_the_same_file_is_not_made_twice_at_a_time_and_nobody_waits_for_too_many(
    session: Session, closed: Pilot, head: Actor
) -> None:
    first = export_jobs.ask(session, head, closed.slug, "parquet", "en", NOW)
    assert export_jobs.ask(session, head, closed.slug, "parquet", "en", NOW).id == first.id
    wanted = [("parquet", "ru"), ("xlsx", "en"), ("xlsx", "ru"), ("sav", "en"), ("sav", "ru")]
    assert len(wanted) == MOST_WAITING
    for name, language in wanted[:-1]:
        export_jobs.ask(session, head, closed.slug, name, language, NOW)
    with pytest.raises(WrongState, match="5 of your exports"):
        export_jobs.ask(session, head, closed.slug, *wanted[-1], NOW)


def test_a_job_is_made_once_however_often_it_is_taken_up(
    session: Session, engine: Engine, closed: Pilot, head: Actor, tmp_path: Path
) -> None:
    job_id = made(session, engine, head, closed, tmp_path)
    path = export_jobs.path_of(tmp_path, job_id)
    path.write_bytes(b"untouched")
    export_jobs.make(engine, job_id, tmp_path, lambda: NOW)
    export_jobs.make(engine, "10000000-0000-4000-8000-000000000000", tmp_path, lambda: NOW)
    assert path.read_bytes() == b"untouched"


def test_a_job_whose_process_was_lost_waits_again(session: Session, closed: Pilot, head: Actor) -> None:
    job = export_jobs.ask(session, head, closed.slug, "parquet", "en", NOW)
    assert export_jobs.waiting(session, NOW) == [job.id]
    job.state = ExportState.RUNNING
    session.commit()
    assert export_jobs.waiting(session, NOW + LOST_AFTER) == []
    assert export_jobs.waiting(session, NOW + LOST_AFTER + timedelta(seconds=1)) == [job.id]


def test_what_is_over_is_cleared_away_with_its_file(
    session: Session, engine: Engine, closed: Pilot, head: Actor, tmp_path: Path
) -> None:
    folder = tmp_path / "exports"
    job_id = made(session, engine, head, closed, folder)
    stray = folder / "unready-of-a-lost-process"
    stray.write_bytes(b"")
    os.utime(stray, (0, 0))
    assert export_jobs.clean_up(session, folder, NOW + KEPT - timedelta(seconds=1)) == 0
    assert export_jobs.path_of(folder, job_id).exists()
    assert not stray.exists()
    assert export_jobs.asked_by(session, head, NOW + KEPT) == []
    with pytest.raises(NotFound):
        export_jobs.take(session, head, job_id, folder, NOW + KEPT)
    assert export_jobs.clean_up(session, folder, NOW + KEPT) == 1
    assert not list(folder.iterdir())
    assert session.exec(select(ExportJob)).all() == []


def test_only_files_with_many_observations_are_large(
    session: Session, closed: Pilot, head: Actor, create_manager: Any
) -> None:
    rows = sum(exporting.summarise(session, head, closed.slug, NOW)["snapshot"]["rows"].values())
    assert export_jobs.is_large(session, head, closed.slug, "xlsx", rows - 1)
    assert not export_jobs.is_large(session, head, closed.slug, "xlsx", rows)
    assert not export_jobs.is_large(session, head, closed.slug, "json", 0)
    # Its sections compute from every observation, though it holds none.
    assert export_jobs.is_large(session, head, closed.slug, "annex", rows - 1)
