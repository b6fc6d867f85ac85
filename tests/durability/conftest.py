"""A pilot in the field on each database, to be served by the real command."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from sqlmodel import Session

from bench import crowd
from pilot_eval.records import database
from pilot_eval.reports.charts import vega_bundle

AUDITORS, VISITS_EACH = 6, 400


class Ground:
    """A filled database and the way to serve it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.assignments = crowd.fill(url, AUDITORS, VISITS_EACH)
        self.port = crowd.free_port()
        self.environ = crowd.environ(folder, url)
        self._phones: list[crowd.Phone] = []

    @contextmanager
    def served(self, command: list[str] | None = None) -> Iterator[Popen[bytes]]:
        """The site, unless another command is given."""
        with crowd.served(command or crowd.site(self.port), self.port, self.environ) as process:
            yield process

    def phones(self, count: int = AUDITORS) -> list[crowd.Phone]:
        """Phones of so many auditors, signed in."""
        phones = [crowd.Phone(self.port, name) for name in list(self.assignments)[:count]]
        self._phones += phones
        for phone in phones:
            phone.sign_in()
        return phones

    def hang_up(self) -> None:
        """Close every phone's connection."""
        for phone in self._phones:
            phone.close()

    def look(self, question: Callable[[Session], Any]) -> Any:
        """Ask the database beside the server."""
        engine = database.open_database(self.url)
        try:
            with database.session_of(engine) as session, database.reading(session):
                return question(session)
        finally:
            engine.dispose()


@pytest.fixture(scope="session")
def _charts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("charts")
    vega_bundle(folder)
    return folder


@pytest.fixture
def ground(database_url: str, tmp_path: Path, _charts: Path) -> Iterator[Ground]:
    """On each kind of database in turn."""
    # Otherwise every start of the server makes them, beside what is looked at here.
    shutil.copytree(_charts, tmp_path / "charts")
    ground = Ground(database_url, tmp_path)
    yield ground
    ground.hang_up()
