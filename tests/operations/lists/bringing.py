"""A person who brings in files, for the tests of every kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlmodel import Session

from pilot_eval.domain.lists import ListKind, ListState
from pilot_eval.domain.people import Actor
from pilot_eval.operations import list_files, list_work
from pilot_eval.operations.lists.reports import Report, report_of
from pilot_eval.records.base import now
from pilot_eval.records.database import Engine
from pilot_eval.records.lists import ListFile


class Bringing:
    """A person who brings in files."""

    def __init__(self, session: Session, engine: Engine, actor: Actor, folder: Path) -> None:
        self.session, self.engine, self.actor, self.folder = session, engine, actor, folder

    def arrive(self, kind: ListKind, content: str | bytes, slug: str | None = None) -> ListFile:
        raw = content.encode() if isinstance(content, str) else content
        return list_files.arrive(self.session, self.actor, kind, slug, "файл.csv", raw, self.folder, now())

    def check(self, file: ListFile, matches: dict[str, str] | None = None) -> ListFile:
        found: Any = matches or file.columns["matches"]
        list_files.match(self.session, self.actor, file.id, found)
        list_work.work_on(self.engine, file.id, self.folder)
        return self.again(file)

    def store(self, file: ListFile) -> ListFile:
        list_files.begin_storing(self.session, self.actor, file.id)
        list_work.work_on(self.engine, file.id, self.folder)
        return self.again(file)

    def again(self, file: ListFile) -> ListFile:
        self.session.rollback()
        found = list_files.own_file(self.session, self.actor, file.id)
        self.session.rollback()  # SQLite has one writer
        self.session.refresh(found)
        self.session.expunge(found)
        self.session.rollback()
        return found

    def bring(
        self,
        kind: ListKind,
        content: str | bytes,
        matches: dict[str, str] | None = None,
        slug: str | None = None,
    ) -> Report:
        """All the way to what was stored, or to what is wrong."""
        file = self.check(self.arrive(kind, content, slug), matches)
        if file.state is ListState.CHECKED:
            file = self.store(file)
        return report_of(file)
