"""The server is killed without warning while records come in: what it acknowledged is stored exactly once.

Short by default; `make soak` kills it fifty times.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from subprocess import Popen
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pilot_eval.records import audit, database
from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.visits import SubmissionConflict, Timing, Visit
from tests.durability.conftest import Ground
from tests.durability.outbox import Outbox

LONG = bool(os.environ.get("PILOT_EVAL_LONG"))
KILLS = 50 if LONG else 2
MET_STORED = 10 if LONG else 0
AIMED = 0.5  # share of the kills that wait for a row whose answer is not there yet
LEAST, MOST = 12, 24  # records acknowledged before a kill

# Answers "stored" at once and stores a moment later: the planted fault that the test must see.
EARLY_ACKNOWLEDGEMENT = """
import io, json, queue, sys, threading, time, waitress
from pilot_eval import create_app
app = create_app()
inner, late = app.wsgi_app, queue.Queue()
def store():
    while True:
        time.sleep(0.02)
        environ = late.get()
        list(inner(environ, lambda *_answer: None))
def early(environ, start_response):
    path = environ["PATH_INFO"]
    identity = path.rsplit("/", 1)[-1]
    if environ["REQUEST_METHOD"] == "PUT":
        body = environ["wsgi.input"].read()
        late.put(environ | {"wsgi.input": io.BytesIO(body)})
        start_response("201 CREATED", [("Content-Type", "application/json")])
        return [json.dumps({"uuid": identity, "digest": ""}).encode()]
    return inner(environ, start_response)
app.wsgi_app = early
threading.Thread(target=store, daemon=True).start()
waitress.serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=8)
"""


class Play:
    """Phones send without pause, the server is killed in the middle and started again.

    Attributes
    ----------
    lost : set of UUID
        Acknowledged, but not stored, when the server was killed.
    met_stored : int
        Records to be sent again that were stored, though their answer never came.
    """

    def __init__(self, ground: Ground, command: list[str] | None = None) -> None:
        self.ground = ground
        self.command = command
        self.outboxes: list[Outbox] = []
        self.lost: set[UUID] = set()
        self.met_stored = 0
        self._random = random.Random(2014)  # noqa: S311 - when to kill is no secret

    def kill(self, times: int) -> None:
        for _ in range(times):
            with self.ground.served(self.command) as process:
                if not self.outboxes:
                    self.outboxes = [
                        Outbox(phone, self.ground.assignments[phone.name]) for phone in self.ground.phones()
                    ]
                self._cut(process)
                self._compare(set(self.ground.look(stored)))

    def send_what_waits(self) -> None:
        with self.ground.served(self.command):
            for outbox in self.outboxes:
                while outbox.waiting:
                    outbox.send()

    def _cut(self, process: Popen[bytes]) -> None:
        enough = len(self.acknowledged) + self._random.randint(LEAST, MOST)
        over = threading.Event()
        with ThreadPoolExecutor(len(self.outboxes)) as pool:
            sending = [pool.submit(_send_until_cut, outbox, over) for outbox in self.outboxes]
            while len(self.acknowledged) < enough and not any(one.done() for one in sending):
                time.sleep(0.001)
            # Anywhere in the work, and where it hurts most: stored, and the answer not yet there.
            if self._random.random() < AIMED:
                self._wait_for_a_row_without_answer()
            else:
                time.sleep(self._random.random() / 50)
            process.kill()
            process.wait()
            over.set()
            for one in sending:
                one.result()

    def _wait_for_a_row_without_answer(self) -> None:
        engine = database.open_database(self.ground.url)
        rows = sa.text("SELECT (SELECT count(*) FROM visit) + (SELECT count(*) FROM timing)")
        with database.session_of(engine) as session:
            ends = time.monotonic() + 10
            while time.monotonic() < ends:
                acknowledged = len(self.acknowledged)
                with database.reading(session):
                    if session.scalar(rows) > acknowledged:
                        break
        engine.dispose()

    def _compare(self, stored: set[UUID]) -> None:
        self.lost |= self.acknowledged - stored
        for outbox in self.outboxes:
            outbox.waiting_is_stored = outbox.waiting is not None and outbox.waiting.id in stored
            self.met_stored += outbox.waiting_is_stored

    @property
    def acknowledged(self) -> set[UUID]:
        return {identity for outbox in self.outboxes for identity in tuple(outbox.acknowledged)}


def _send_until_cut(outbox: Outbox, over: threading.Event) -> None:
    try:
        while not over.is_set():
            outbox.send()
    except OSError:
        pass


def stored(session: Session) -> list[UUID]:
    return [*session.exec(select(Visit.id)), *session.exec(select(Timing.id))]


def _digests(session: Session) -> dict[UUID, str]:
    return {
        identity: digest
        for table in (Visit, Timing)
        for identity, digest in session.exec(select(table.id, table.digest)).all()
    }


def _logged(session: Session) -> Counter[str]:
    recorded = col(AuditEvent.action).in_(("visit.record", "timing.record"))
    return Counter(session.exec(select(AuditEvent.subject_id).where(recorded)))


def test_what_was_acknowledged_is_stored_exactly_once(ground: Ground) -> None:
    play = Play(ground)
    play.kill(KILLS)
    assert play.lost == set()
    play.send_what_waits()
    assert len(play.acknowledged) >= KILLS * LEAST
    # Nothing beside what was acknowledged, each once, with its one event, and as it was acknowledged.
    assert sorted(ground.look(stored)) == sorted(play.acknowledged)
    assert ground.look(_logged) == Counter(str(identity) for identity in play.acknowledged)
    told = {identity: digest for outbox in play.outboxes for identity, digest in outbox.digests.items()}
    assert told.items() <= ground.look(_digests).items()
    assert ground.look(lambda session: session.exec(select(SubmissionConflict)).all()) == []
    assert ground.look(audit.first_break) is None
    again = sum(outbox.sent_again for outbox in play.outboxes)
    assert again >= KILLS
    assert play.met_stored >= MET_STORED


def test_a_server_that_acknowledges_too_early_is_found_out(ground: Ground) -> None:
    play = Play(ground, [sys.executable, "-c", EARLY_ACKNOWLEDGEMENT, str(ground.port)])
    play.kill(1)
    assert play.lost, "the planted fault was not seen"
