"""Exports that take long: asked for, made in the background, taken by the one who asked, and cleared away."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from pilot_eval.domain.errors import Message, NotAllowed, NotFound, WrongState
from pilot_eval.domain.exports import KEPT, LOST_AFTER, MOST_WAITING, ExportProblem, ExportState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.progress import heard_by
from pilot_eval.operations import pilots
from pilot_eval.operations.exporting import ROWS, File, export, may_take
from pilot_eval.operations.kept_files import UNREADY, keep
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.records import audit
from pilot_eval.records.base import now as clock
from pilot_eval.records.database import Engine, session_of
from pilot_eval.records.export_jobs import ExportJob
from pilot_eval.records.measurements import Measurement
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import Timing, Visit
from pilot_eval.reports.files import FORMATS

_log = logging.getLogger(__name__)
_UNFINISHED = (ExportState.QUEUED, ExportState.RUNNING)
_EVERY_SECONDS = 0.5  # progress is stored


@dataclass(frozen=True, slots=True)
class Asked:
    """An export as its owner sees it."""

    job: ExportJob
    pilot: Pilot

    @property
    def unfinished(self) -> bool:
        return self.job.state in _UNFINISHED


def is_large(session: Session, actor: Actor, slug: str, format_name: str, limit: int) -> bool:
    """Whether a file holds or computes with more than `limit` observations: better made in the background.

    Raises
    ------
    NotAllowed, NotFound, NeedsFreshSignIn, WrongState
        As `exporting.export`.
    """
    pilot, with_rows = may_take(session, actor, slug, format_name)
    if not (with_rows or FORMATS[format_name].parts):
        return False
    pilot_id = pilots.stored_id(pilot)
    counts = (
        session.exec(select(func.count()).select_from(table).where(col(column) == pilot_id)).one()
        for table, column in (
            (Visit, Visit.pilot_id),
            (Timing, Timing.pilot_id),
            (Measurement, Measurement.pilot_id),
        )
    )
    return sum(counts) > limit


def ask(
    session: Session, actor: Actor, slug: str, format_name: str, language: str, now: datetime
) -> ExportJob:
    """Note that a person wants a file; one that is on its way already is not made twice.

    Raises
    ------
    NotAllowed, NotFound, NeedsFreshSignIn
        As `exporting.export`.
    WrongState
        If the person waits for too many already, or the format needs an extra that is not installed.
    """
    pilot, with_rows = may_take(session, actor, slug, format_name)
    if actor.user_id is None:
        raise NotAllowed("only a person who is signed in can wait for an export")
    waiting = session.exec(
        select(ExportJob).where(ExportJob.user_id == actor.user_id, col(ExportJob.state).in_(_UNFINISHED))
    ).all()
    same = (pilots.stored_id(pilot), format_name, language)
    for job in waiting:
        if (job.pilot_id, job.format_name, job.language) == same:
            return job
    if len(waiting) >= MOST_WAITING:
        raise WrongState(
            "too_many_exports",
            Message(
                "%(count)s of your exports are still being made. Wait for one of them first.",
                count=len(waiting),
            ),
        )
    job = ExportJob(
        id=str(uuid.uuid4()),
        user_id=actor.user_id,
        pilot_id=same[0],
        format_name=format_name,
        language=language,
        with_rows=with_rows,
        asked_at=now,
        heard_at=now,
    )
    session.add(job)
    audit.append(
        session, actor, "pilot.export_asked", "pilot", pilot.id, format=format_name, language=language
    )
    session.commit()
    return job


def asked_by(session: Session, actor: Actor, now: datetime) -> list[Asked]:
    """Return a person's exports that are not over, the newest first.

    Raises
    ------
    NotAllowed
        If the role takes no exports.
    """
    scope_of(actor, Action.EXPORT_SUMMARY)
    rows = session.exec(
        select(ExportJob, Pilot)
        .join(Pilot, col(Pilot.id) == col(ExportJob.pilot_id))
        .where(ExportJob.user_id == actor.user_id)
        .order_by(col(ExportJob.asked_at).desc(), col(ExportJob.id))
    )
    return [Asked(job, pilot) for job, pilot in rows if job.expires_at is None or job.expires_at > now]


def take(session: Session, actor: Actor, job_id: str, folder: Path, now: datetime) -> File:
    """Hand over a file that is ready, to the person who asked for it, who must still be allowed to have it.

    Raises
    ------
    NotAllowed, NeedsFreshSignIn
        As `exporting.export`.
    NotFound
        If there is no such export of this person, or it is over.
    WrongState
        If it is not ready.
    """
    job = _own(session, actor, job_id, now)
    pilot = session.get_one(Pilot, job.pilot_id)
    may_take(session, actor, pilot.slug, job.format_name, with_rows=job.with_rows)
    if job.state is not ExportState.READY:
        raise WrongState("not_ready", Message("This file is not ready yet."))
    try:
        content = path_of(folder, job.id).read_bytes()
    except FileNotFoundError:
        raise NotFound from None
    audit.append(session, actor, "pilot.export_taken", "pilot", pilot.id, format=job.format_name)
    session.commit()
    return File(job.file_name, FORMATS[job.format_name].media_type, content)


def remove(session: Session, actor: Actor, job_id: str, folder: Path, now: datetime) -> None:
    """Remove an export of one's own; one that is being made ends unseen.

    Raises
    ------
    NotAllowed, NotFound
        As `take`.
    """
    job = _own(session, actor, job_id, now)
    session.delete(job)
    session.commit()
    path_of(folder, job_id).unlink(missing_ok=True)


def _own(session: Session, actor: Actor, job_id: str, now: datetime) -> ExportJob:
    scope_of(actor, Action.EXPORT_SUMMARY)
    job = session.get(ExportJob, job_id)
    if job is None or job.user_id != actor.user_id or (job.expires_at is not None and job.expires_at <= now):
        raise NotFound
    return job


def path_of(folder: Path, job_id: str) -> Path:
    """Return where the file of an export is kept."""
    return folder / str(uuid.UUID(job_id))


# In the background ----------------------------------------------------------------------------------------


def make(engine: Engine, job_id: str, folder: Path, now: Callable[[], datetime] = clock) -> None:
    """Make the file of a job; what goes wrong is noted in the job, for its owner to read."""
    with session_of(engine) as session:
        if not _begin(session, job_id, now()):
            return
        try:
            file = _file(session, engine, job_id, now)
            keep(path_of(folder, job_id), file.content)
        except Exception as error:
            session.rollback()
            _fail(session, job_id, _problem(error), now())
            return
        _finish(session, job_id, file, now(), folder)


def _begin(session: Session, job_id: str, now: datetime) -> bool:
    """Take the job, unless it is gone or somebody else has it."""
    taken = session.execute(
        sa.update(ExportJob)
        .where(col(ExportJob.id) == job_id, col(ExportJob.state) == ExportState.QUEUED)
        .values(state=ExportState.RUNNING, heard_at=now, done=0, total=0)
    )
    session.commit()
    return bool(taken.rowcount)  # type: ignore[attr-defined]  # an UPDATE answers with a cursor


def _file(session: Session, engine: Engine, job_id: str, now: Callable[[], datetime]) -> File:
    job = session.get_one(ExportJob, job_id)
    person = session.get_one(User, job.user_id)
    pilot = session.get_one(Pilot, job.pilot_id)
    if not person.active:
        raise NotAllowed("the person may not sign in any more")
    # The password was asked for when the export was.
    actor = Actor(person.email, person.role, person.id, person.region_id, fresh=True)
    wanted = (pilot.slug, job.format_name, job.language)
    with heard_by(_Noting(engine, job_id, now).note):
        return export(session, actor, *wanted, now(), with_rows=job.with_rows)


@dataclass(slots=True)
class _Noting:
    """Stores how far a job has come, in transactions of its own."""

    engine: Engine
    job_id: str
    now: Callable[[], datetime]
    noted: float = 0.0

    def note(self, work: str, done: int, total: int) -> None:
        at = time.monotonic()
        whole = work == ROWS and done in {0, total}
        if at - self.noted < _EVERY_SECONDS and not whole:
            return
        self.noted = at
        rows = {"done": done, "total": total} if work == ROWS else {}
        with session_of(self.engine) as session:
            session.execute(
                sa.update(ExportJob)
                .where(col(ExportJob.id) == self.job_id)
                .values(heard_at=self.now(), **rows)
            )
            session.commit()


def _problem(error: Exception) -> ExportProblem:
    if isinstance(error, NotAllowed | NotFound):
        return ExportProblem.NOT_ALLOWED
    _log.exception("an export failed")
    return ExportProblem.DISK if isinstance(error, OSError) else ExportProblem.BROKEN


def _finish(session: Session, job_id: str, file: File, now: datetime, folder: Path) -> None:
    session.expire_all()
    job = session.get(ExportJob, job_id)
    if job is None:  # removed by its owner meanwhile
        path_of(folder, job_id).unlink(missing_ok=True)
        return
    job.state, job.done = ExportState.READY, job.total
    job.file_name, job.size_bytes = file.name, len(file.content)
    job.heard_at, job.expires_at = now, now + KEPT
    session.commit()


def _fail(session: Session, job_id: str, problem: ExportProblem, now: datetime) -> None:
    job = session.get(ExportJob, job_id)
    if job is not None:
        job.state, job.problem, job.heard_at, job.expires_at = ExportState.FAILED, problem, now, now + KEPT
        session.commit()


def waiting(session: Session, now: datetime) -> list[str]:
    """Return the jobs that nobody is at, the oldest first; those whose process was lost wait again."""
    session.execute(
        sa.update(ExportJob)
        .where(col(ExportJob.state) == ExportState.RUNNING, col(ExportJob.heard_at) < now - LOST_AFTER)
        .values(state=ExportState.QUEUED)
    )
    session.commit()
    queued = select(ExportJob.id).where(col(ExportJob.state) == ExportState.QUEUED)
    return list(session.exec(queued.order_by(col(ExportJob.asked_at))))


def clean_up(session: Session, folder: Path, now: datetime) -> int:
    """Remove jobs that are over with their files, and what lost processes left; return how many were over."""
    over = list(session.exec(select(ExportJob.id).where(col(ExportJob.expires_at) <= now)))
    session.execute(sa.delete(ExportJob).where(col(ExportJob.id).in_(over)))
    session.commit()
    for job_id in over:
        path_of(folder, job_id).unlink(missing_ok=True)
    for path in folder.glob(f"{UNREADY}*"):
        if now.timestamp() - path.stat().st_mtime > LOST_AFTER.total_seconds():
            path.unlink(missing_ok=True)
    return len(over)
