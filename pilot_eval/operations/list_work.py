"""Work on files of rows that are brought in, at once or in the background: looking through, and storing.

Looking through reads only; it may take as long as it takes. Storing looks once more, and then writes all
rows in one transaction. How far a long file has come stands in a small file beside it, because the database
may be held by the very transaction that stores it.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, NotAllowed, PilotEvalError, Problem, WrongState
from pilot_eval.domain.exports import LOST_AFTER
from pilot_eval.domain.lists import KEPT, ListState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.problems import N_
from pilot_eval.domain.progress import heard_by
from pilot_eval.engines.tables import Table, read_table
from pilot_eval.operations.kept_files import keep
from pilot_eval.operations.list_files import BEING_WORKED_ON, path_of, pilot_of
from pilot_eval.operations.lists.kinds import KINDS
from pilot_eval.operations.lists.reports import kept_text, of_effect, of_problems
from pilot_eval.operations.lists.sheets import Effect, Rows
from pilot_eval.operations.policy import scope_of
from pilot_eval.operations.submissions import one_transaction
from pilot_eval.records import audit
from pilot_eval.records.base import now as clock
from pilot_eval.records.database import Engine, reading_only, session_of
from pilot_eval.records.lists import ListFile
from pilot_eval.records.people import User

_log = logging.getLogger(__name__)
_EVERY_SECONDS = 0.5  # progress is written
_CHANGED = N_("Something was changed meanwhile: look the file through once more")


def work_on(engine: Engine, file_id: str, folder: Path) -> None:
    """Look a file through, or store it, as its state asks for; what goes wrong is noted for its owner."""
    with session_of(engine) as session:
        file = session.get(ListFile, file_id)
        if file is None or file.state not in BEING_WORKED_ON:
            return
        storing = file.state is ListState.STORING
    try:
        with heard_by(_Noting(folder / f"{file_id}.progress").note):
            state, report = _store(engine, file_id, folder) if storing else _check(engine, file_id, folder)
    except BadInput as error:
        state, report = ListState.REFUSED, of_problems(error)
    except IntegrityError:
        state, report = ListState.REFUSED, of_problems(BadInput([Problem("", _CHANGED)]))
    except PilotEvalError as error:
        failure = (
            error.message if isinstance(error, WrongState) else N_("You may not bring in this file any more")
        )
        state, report = ListState.FAILED, {"failure": kept_text(failure)}
    except Exception:
        _log.exception("a file of rows failed")
        failure = N_("The fault is ours, not yours, and it has been noted. Nothing was stored.")
        state, report = ListState.FAILED, {"failure": failure}
    with session_of(engine) as session, one_transaction(session):
        _note_end(session, file_id, state, report)
    (folder / f"{file_id}.progress").unlink(missing_ok=True)


def _note_end(session: Session, file_id: str, state: ListState, report: dict[str, object]) -> None:
    file = session.get(ListFile, file_id)
    if file is not None and file.state in BEING_WORKED_ON:
        file.state, file.report, file.heard_at = state, report, clock()
        session.add(file)


def _check(engine: Engine, file_id: str, folder: Path) -> tuple[ListState, dict[str, object]]:
    token = reading_only.set(True)
    try:
        with session_of(engine) as session:
            file = session.get_one(ListFile, file_id)
            return ListState.CHECKED, of_effect(_effect(session, file, folder))
    finally:
        reading_only.reset(token)


def _store(engine: Engine, file_id: str, folder: Path) -> tuple[ListState, dict[str, object]]:
    """Look once more, reading only; then write in one transaction, with the word that it is stored."""
    token = reading_only.set(True)
    try:
        with session_of(engine) as session:
            effect = _effect(session, session.get_one(ListFile, file_id), folder)
    finally:
        reading_only.reset(token)
    with session_of(engine) as session, one_transaction(session):
        file = session.get_one(ListFile, file_id, with_for_update=True)
        if file.state is not ListState.STORING:  # another process has stored it meanwhile
            return file.state, dict(file.report)
        actor = _actor(session, file)
        details = effect.store(session, actor)
        report = of_effect(effect)
        file.state, file.report, file.heard_at = ListState.STORED, report, clock()
        session.add(file)
        audit.append(
            session,
            actor,
            f"list.{file.kind}",
            "list_file",
            file.id,
            sha256=file.sha256,
            added=effect.added,
            changed_rows=effect.changed,
            pilot=file.pilot_id,
            **details,
        )
    return ListState.STORED, report


def _effect(session: Session, file: ListFile, folder: Path) -> Effect:
    actor, kind = _actor(session, file), KINDS[file.kind]
    scope_of(actor, kind.action)
    table = _table(file, folder)
    matches: Mapping[str, str] = file.columns["matches"]  # type: ignore[assignment]  # as `match` stored it
    return kind.check(session, actor, pilot_of(session, file), Rows(table, matches))


def _table(file: ListFile, folder: Path) -> Table:
    path = path_of(folder, file.id)
    if not path.is_file():
        raise WrongState("file_gone", N_("The file is not kept any more: choose it again"))
    return read_table(path)


def _actor(session: Session, file: ListFile) -> Actor:
    person = session.get_one(User, file.user_id)
    if not person.active:
        raise NotAllowed("the person may not sign in any more")
    # The password was asked for when the file was handed in.
    return Actor(person.email, person.role, person.id, person.region_id, fresh=True)


@dataclass(slots=True)
class _Noting:
    """Writes how far the work has come, so that a page can tell."""

    path: Path
    noted: float = field(default=0.0)

    def note(self, _work: str, done: int, total: int) -> None:
        at = time.monotonic()
        if at - self.noted >= _EVERY_SECONDS:
            self.noted = at
            keep(self.path, json.dumps([done, total]).encode())


def progress_of(folder: Path, file_id: str) -> tuple[int, int]:
    """Rows behind, and rows there are; both 0 while nothing is known."""
    try:
        done, total = json.loads((folder / f"{uuid.UUID(file_id)}.progress").read_bytes())
    except (FileNotFoundError, ValueError):
        return 0, 0
    return int(done), int(total)


def waiting(session: Session, now: datetime) -> list[str]:
    """Files that somebody should be at, and nobody seems to be, the oldest first."""
    return list(
        session.exec(
            select(ListFile.id)
            .where(col(ListFile.state).in_(BEING_WORKED_ON), col(ListFile.heard_at) < now - LOST_AFTER)
            .order_by(col(ListFile.asked_at))
        )
    )


def clean_up(session: Session, folder: Path, now: datetime) -> None:
    """Remove what is over: records that nobody comes back for, and files without a record."""
    session.execute(
        sa.delete(ListFile).where(
            col(ListFile.heard_at) < now - KEPT, col(ListFile.state).not_in(BEING_WORKED_ON)
        )
    )
    session.commit()
    standing = set(session.exec(select(ListFile.id)))
    if folder.is_dir():
        for path in folder.iterdir():
            old = now.timestamp() - path.stat().st_mtime > LOST_AFTER.total_seconds()
            if old and path.stem not in standing:
                path.unlink(missing_ok=True)
