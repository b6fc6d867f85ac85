"""An acknowledgement means that the record is on the disk: the sync stands between request and answer.

Seen from outside, in what the processes ask the kernel for: the request is received, then the log of the
database (SQLite's write-ahead log, PostgreSQL's) is synced, then the answer is sent.

Short by default; `make soak` looks at a hundred.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from bench import crowd
from tests.durability import syscalls
from tests.durability.conftest import Ground
from tests.durability.syscalls import Call

REQUESTS = 100 if os.environ.get("PILOT_EVAL_LONG") else 20

# The site with a database that calls a record stored before it is on the disk: the planted fault.
UNSYNCED = """
import sys
from sqlalchemy import event
from pilot_eval.records import database
opened = database.open_database
def open_database(address):
    engine = opened(address)
    sqlite = engine.dialect.name == "sqlite"
    unsafe = "PRAGMA synchronous=NORMAL" if sqlite else "SET synchronous_commit = off"
    def prepare(connection, _record):
        cursor = connection.cursor()
        cursor.execute(unsafe)
        cursor.close()
        connection.commit()
    event.listen(engine, "connect", prepare)
    return engine
database.open_database = open_database
from pilot_eval.cli import main
main(["serve", "--port", sys.argv[1]])
"""


@pytest.fixture
def trace(request: pytest.FixtureRequest, ground: Ground, tmp_path: Path) -> Iterator[Any]:
    """`trace(command)`: serve by it, send records, and return the calls and the identities sent."""
    syscalls.need_strace()
    server = None if ground.url.startswith("sqlite") else request.getfixturevalue("postgresql_server")

    def run(command: list[str]) -> tuple[list[Call], list[UUID]]:
        logs = {"site": tmp_path / "site.log", "database": tmp_path / "database.log"}
        with ExitStack() as traced:
            if server is not None:
                traced.enter_context(syscalls.attached(logs["database"], server.get_pid()))
            site = traced.enter_context(ground.served(command))
            traced.enter_context(syscalls.attached(logs["site"], site.pid))
            sent = _send(ground)
        calls = [call for log in logs.values() if log.exists() for call in syscalls.read(log)]
        return sorted(calls, key=lambda call: call.ended), sent

    with _syncing(server) if server is not None else nullcontext():
        yield run


def _send(ground: Ground) -> list[UUID]:
    (phone,) = ground.phones(1)
    sent = []
    for assignment in ground.assignments[phone.name][:REQUESTS]:
        identity = uuid4()
        status, _headers, told = phone.put("visits", identity, crowd.visit(assignment))
        assert status == 201, told
        sent.append(identity)
    return sent


@contextmanager
def _syncing(server: Any) -> Iterator[None]:
    """The tests' PostgreSQL with its usual care, which it lays aside for the other tests."""
    _tell(server, "ALTER SYSTEM SET fsync = on")
    try:
        yield
    finally:
        _tell(server, "ALTER SYSTEM SET fsync = off")


def _tell(server: Any, statement: str) -> None:
    engine = sa.create_engine(server.get_uri(driver="psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    engine.dispose()


def synced_before_the_answer(calls: list[Call], sent: list[UUID]) -> int:
    """How many of the records were on the disk before they were acknowledged."""
    return sum(any(_between(calls, identity)) for identity in sent)


def _between(calls: list[Call], identity: UUID) -> Iterator[bool]:
    (asked,) = (
        call
        for call in calls
        if call.text.startswith("recvfrom") and f"PUT /api/v1/visits/{identity}" in call.text
    )
    answered = next(
        call.began
        for call in calls
        if call.began > asked.ended and call.text.startswith("sendto") and "HTTP/1.1 201" in call.text
    )
    for call in calls:
        if asked.ended < call.began and call.ended < answered:
            yield call.synced.endswith("-wal") or "/pg_wal/" in call.synced


def test_every_record_is_on_the_disk_before_it_is_acknowledged(ground: Ground, trace: Any) -> None:
    calls, sent = trace(crowd.site(ground.port))
    assert synced_before_the_answer(calls, sent) == len(sent) == REQUESTS


def test_a_database_that_syncs_later_is_found_out(ground: Ground, trace: Any) -> None:
    calls, sent = trace([sys.executable, "-c", UNSYNCED, str(ground.port)])
    assert synced_before_the_answer(calls, sent) < len(sent), "the planted fault was not seen"
