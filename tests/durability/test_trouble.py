"""A full disk, a database that is locked or killed: phones are asked to come again, and nothing is lost.

The server is the real one and is never started again.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from subprocess import Popen
from typing import Any

import psutil
import pytest
from sqlmodel import Session, select

from pilot_eval.records import audit, database
from pilot_eval.records.visits import Timing, Visit
from tests.durability.conftest import Ground
from tests.durability.outbox import Busy, Outbox

LONG = bool(os.environ.get("PILOT_EVAL_LONG"))
SECONDS_LOCKED = 30.0 if LONG else 2.0

# The site, with less patience than it has: only the length of the wait differs.
IMPATIENT = """
import sys
from pilot_eval.records import database
database._LOCK_WAIT_MS = 300
from pilot_eval.cli import main
main(["serve", "--port", sys.argv[1]])
"""


def impatient(ground: Ground) -> list[str] | None:
    return None if LONG else [sys.executable, "-c", IMPATIENT, str(ground.port)]


def outboxes(ground: Ground, count: int) -> list[Outbox]:
    """Phones that have sent already, so that everything they need is there."""
    boxes = [Outbox(phone, ground.assignments[phone.name]) for phone in ground.phones(count)]
    for box in boxes:
        for _ in range(4):
            box.send()
    return boxes


def is_put_off(box: Outbox) -> bool:
    """Send; whether it is asked to come again."""
    try:
        box.send()
    except Busy:
        return True
    return False


def until(happens: Callable[[], bool], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < ends, "it did not happen in time"


def everything_is_there(ground: Ground, boxes: list[Outbox]) -> None:
    """Send what waits: afterwards each record is stored once, and the log is whole."""
    for box in boxes:
        while box.waiting:
            box.send()
        box.send()

    def stored(session: Session) -> list[Any]:
        return [*session.exec(select(Visit.id)), *session.exec(select(Timing.id))]

    assert sorted(ground.look(stored)) == sorted(identity for box in boxes for identity in box.acknowledged)
    assert ground.look(audit.first_break) is None


def test_a_full_disk_is_waited_out(ground: Ground) -> None:
    with ground.served() as site:
        boxes = outboxes(ground, 2)
        fill, clear = _disk_of(ground, site)
        fill()
        until(lambda: sum(is_put_off(box) for box in boxes) == len(boxes))
        before = len(boxes[0].acknowledged)
        assert all(is_put_off(box) for box in boxes * 2)
        assert len(boxes[0].acknowledged) == before
        clear()
        everything_is_there(ground, boxes)


def _disk_of(ground: Ground, site: Popen[bytes]) -> tuple[Callable[[], None], Callable[[], None]]:
    """How to fill the disk and how to clear it.

    For SQLite the kernel lets the site's files grow no more. PostgreSQL keeps room in its own log: there the
    table answers as PostgreSQL does when its disk is full.
    """
    if ground.url.startswith("sqlite"):
        log = ground.folder / "pilot_eval.sqlite3-wal"
        no_limit = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        return (
            lambda: (
                resource.prlimit(site.pid, resource.RLIMIT_FSIZE, (log.stat().st_size, no_limit[1])) and None
            ),
            lambda: resource.prlimit(site.pid, resource.RLIMIT_FSIZE, no_limit) and None,
        )
    full = (
        "CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;"
        "CREATE TRIGGER disk_full BEFORE INSERT ON audit_event EXECUTE FUNCTION disk_full()"
    )
    return lambda: _tell(ground, full), lambda: _tell(ground, "DROP FUNCTION disk_full CASCADE")


def _tell(ground: Ground, statement: str) -> None:
    engine = database.open_database(ground.url)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def test_a_locked_database_is_waited_out(ground: Ground) -> None:
    with ground.served(impatient(ground)):
        boxes = outboxes(ground, 2)
        engine = database.open_database(ground.url)
        with engine.connect() as other:
            if engine.dialect.name == "postgresql":
                other.exec_driver_sql("LOCK TABLE visit, timing IN ACCESS EXCLUSIVE MODE")
            else:
                other.exec_driver_sql("CREATE TABLE held (id INTEGER)")
            ends = time.monotonic() + SECONDS_LOCKED
            with ThreadPoolExecutor(2) as pool:
                put_off = list(pool.map(is_put_off, boxes))
            assert put_off == [True, True]
            time.sleep(max(0.0, ends - time.monotonic()))
            other.rollback()
        engine.dispose()
        everything_is_there(ground, boxes)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_killed_postgresql_is_waited_out(postgresql_server: Any, ground: Ground) -> None:
    with ground.served():
        boxes = outboxes(ground, 4)
        with ThreadPoolExecutor(len(boxes)) as pool:
            cut = [pool.submit(_send_until_put_off, box) for box in boxes]
            time.sleep(0.3)
            _kill(postgresql_server)
            for one in cut:
                one.result()
        assert all(is_put_off(box) for box in boxes)
        postgresql_server.ensure_postgres_running()
        until(lambda: sum(is_put_off(box) for box in boxes) == 0)
        everything_is_there(ground, boxes)


def _send_until_put_off(box: Outbox) -> None:
    while not is_put_off(box):
        pass


def _kill(server: Any) -> None:
    """Every process of it at once, as a power cut would."""
    postmaster = psutil.Process(server.get_pid())
    processes = [postmaster, *postmaster.children(recursive=True)]
    for process in processes:
        process.send_signal(signal.SIGKILL)
    psutil.wait_procs(processes, timeout=10)
