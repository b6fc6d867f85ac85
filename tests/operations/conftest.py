"""A pilot in the field, and one of its auditors."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import Session

from pilot_eval.domain.people import Actor
from pilot_eval.records import database
from tests.field import Field, actor_of, create_field
from tests.operations import bundles


@pytest.fixture
def field(session: Session) -> Field:
    return create_field(session)


@pytest.fixture
def anna(field: Field) -> Actor:
    return actor_of(field.anna)


@pytest.fixture
def sqlite_session(sqlite_url: str) -> Iterator[Session]:
    """A session on SQLite alone, for what the kind of database cannot change."""
    engine = database.open_database(sqlite_url)
    with database.session_of(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture(scope="session")
def recorded_bundle(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The evidence bundle of a recorded pilot, made once."""
    path = tmp_path_factory.mktemp("recorded") / "pilot_eval.sqlite3"
    shutil.copyfile(_sqlite_template, path)
    engine = database.open_database(f"sqlite:///{path}")
    with database.session_of(engine) as session:
        content = bundles.export(session, bundles.recorded(session).slug)
    engine.dispose()
    return content
