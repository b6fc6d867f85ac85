"""The database: how it is opened, brought up to date and checked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pysqlite3
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine as Engine
from sqlalchemy import event
from sqlalchemy.exc import OperationalError as OperationalError  # for callers that may not know the driver
from sqlalchemy.orm import scoped_session, sessionmaker
from sqlmodel import Session

from pilot_eval.domain.errors import DatabaseProblem
from pilot_eval.records import (
    audit,
    branch_events,
    branch_results,
    export_jobs,
    forms,
    lists,
    measurements,
    network,
    people,
    photos,
    pilots,
    plans,
    reviews,
    visits,
)

ScopedSession = scoped_session[Session]

# Named, so that whoever opens a database has loaded every table.
TABLE_MODULES = (
    network,
    branch_events,
    people,
    forms,
    pilots,
    plans,
    visits,
    photos,
    reviews,
    measurements,
    branch_results,
    export_jobs,
    lists,
    audit,
)

# A transaction that only reads may be DEFERRED; every other one takes SQLite's write lock at once,
# because SQLite never waits when a read snapshot has gone stale.
reading_only: ContextVar[bool] = ContextVar("reading_only", default=False)

# The write-ahead log of older versions can corrupt a database when it is reset.
_SAFE_SQLITE = (3, 51, 3)
_LOCK_WAIT_MS = 15_000


def open_database(address: str) -> Engine:
    """An engine for SQLite (WAL, every commit fsynced) or PostgreSQL.

    Raises
    ------
    DatabaseProblem
        If the folder cannot be made or the SQLite library is one that can corrupt a database.
    """
    url = sa.make_url(address)
    if url.get_backend_name() == "sqlite":
        return _open_sqlite(url)
    engine = sa.create_engine(url, json_serializer=_to_json, pool_pre_ping=True)
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _to_json(value: object) -> str:
    # Cyrillic stays readable and searchable instead of \u0441...
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _open_sqlite(url: sa.URL) -> Engine:
    if pysqlite3.sqlite_version_info < _SAFE_SQLITE:
        raise DatabaseProblem(
            f"SQLite {pysqlite3.sqlite_version} can corrupt a database in WAL mode; "
            "install pysqlite3 0.6.1 or newer"
        )
    if url.database and url.database != ":memory:":
        try:
            Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseProblem(f"the folder of {url.database} cannot be made: {error.strerror}") from error
    engine = sa.create_engine(
        url,
        module=pysqlite3,
        json_serializer=_to_json,
        connect_args={"check_same_thread": False, "timeout": _LOCK_WAIT_MS / 1000},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver would begin transactions by itself, and too late; `_begin_sqlite` does it.
    connection.isolation_level = None
    connection.create_function("lower", 1, lambda text: text and str(text).lower(), deterministic=True)
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_LOCK_WAIT_MS}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_postgresql(connection: Any, _record: object) -> None:
    # As on SQLite: who waits for a lock in vain is told to come again, and frees its thread for others.
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {_LOCK_WAIT_MS}")
    connection.commit()


def _begin_sqlite(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN DEFERRED" if reading_only.get() else "BEGIN IMMEDIATE")


def _migrations(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "pilot_eval:migrations")
    config.attributes["connection"] = connection
    return config


def newest_version() -> str:
    head = ScriptDirectory.from_config(_migrations()).get_current_head()
    assert head is not None, "the package holds its migrations"  # noqa: S101 - a broken package, not an input
    return head


def current_version(engine: Engine) -> str | None:
    token = reading_only.set(True)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        reading_only.reset(token)


def upgrade(engine: Engine, to: str = "head") -> None:
    """Bring the tables up to date, all or nothing.

    Raises
    ------
    DatabaseProblem
        If the database was written by a newer version of the product.
    """
    _refuse_newer(current_version(engine))
    # SQLite refuses to rebuild a table that others refer to unless foreign keys rest meanwhile.
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        command.upgrade(_migrations(connection), to)
        connection.commit()
        connection.invalidate()


def downgrade(engine: Engine, to: str) -> None:
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        command.downgrade(_migrations(connection), to)
        connection.commit()
        connection.invalidate()


def check(engine: Engine) -> None:
    """Refuse a database that this version cannot use.

    Raises
    ------
    DatabaseProblem
        Saying what to do: upgrade the database, or the product.
    """
    try:
        version = current_version(engine)
    except sa.exc.OperationalError as error:
        address = engine.url.render_as_string(hide_password=True)
        raise DatabaseProblem(f"the database {address} cannot be reached: {error.orig}") from error
    _refuse_newer(version)
    if version != newest_version():
        state = "is empty" if version is None else f"is at version {version}"
        raise DatabaseProblem(
            f"the database {state}; this product needs version {newest_version()}. Run: pilot-eval db upgrade"
        )


def _refuse_newer(version: str | None) -> None:
    known = {revision.revision for revision in ScriptDirectory.from_config(_migrations()).walk_revisions()}
    if version is not None and version not in known:
        raise DatabaseProblem(
            f"the database is at version {version}, which this product does not know: it was written "
            "by a newer version. Install that version of pilot_eval, or restore the backup made before "
            "the upgrade."
        )


@contextmanager
def session_of(engine: Engine) -> Iterator[Session]:
    """A session for one piece of work; what was not committed is rolled back."""
    with Session(engine, expire_on_commit=False) as session:
        yield session


@contextmanager
def reading(session: Session) -> Iterator[None]:
    """Read one state of the database for as long as it takes, in nobody's way.

    What the session has begun before is rolled back, and what it does within too.
    """
    session.rollback()
    token = reading_only.set(True)
    try:
        if session.get_bind().dialect.name == "postgresql":
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield
    finally:
        session.rollback()
        reading_only.reset(token)


def scoped_session_of(engine: Engine) -> ScopedSession:
    """A registry with one session a thread, for the pages."""
    return scoped_session(sessionmaker(engine, class_=Session, expire_on_commit=False))
