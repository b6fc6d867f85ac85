"""Fifty auditors send their visits through the served site: errors, how long each waits, and the site's work.

Each auditor sends a visit with every question answered once in ten seconds, half of them as the phone does
(PUT to the API), half by the page's form (POST, the page having been opened before). Afterwards every
visit must be there exactly once. The site's work is the processor's time of the server for one submission;
it is compared with that of a bare Flask application, served the same way, that reads as much and answers as
much, once asked in turn with ours, so that both find the machine in the same state, and once without a pause,
when nothing of it leaves the processor's caches.

Usage: python -m bench.load [auditors] [visits each] [seconds between them]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import psutil
from sqlmodel import select

from bench import crowd
from pilot_eval.records import audit, database
from pilot_eval.records.visits import Visit

P95_BAR = 0.5  # seconds
WORK_BAR = 12.0  # times a bare Flask answer
ALONE = 500  # submissions to measure the work, from one auditor: fewer than are refused as too many a minute
WARM = 20

BARE = """
import sys, waitress
from flask import Flask, jsonify, request
app = Flask("bare")
def answer(**_address):
    request.get_data()
    told = {"uuid": "0" * 36, "digest": "0" * 64, "received_at": "0" * 27, "receipt": "0" * 9}
    return jsonify(told | {"status": "created", "revision": 1}), 201
app.add_url_rule("/", view_func=answer, methods=["PUT", "POST"])
waitress.serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=8, ident="bare")
"""


@dataclass
class Seen:
    """What came of the submissions: seconds that each took, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    sent: set[UUID] = field(default_factory=set)

    @property
    def p95(self) -> float:
        return sorted(self.seconds)[int(0.95 * (len(self.seconds) - 1))]


@dataclass(frozen=True)
class Work:
    """Milliseconds of the processor for one answer."""

    site: float
    bare: float


class Sender:
    """One auditor's phone; it sends by the API or by the page."""

    def __init__(self, phone: crowd.Phone, assignments: list[int], *, by_page: bool) -> None:
        self.phone = phone
        self._assignments = iter(assignments)
        self._hidden: dict[str, str] = {}
        self.by_page = by_page

    def ready(self) -> None:
        self.phone.sign_in()

    def send(self, seen: Seen) -> None:
        """Send one visit; only the sending is timed."""
        assignment, identity = next(self._assignments), uuid4()
        path = f"/assignments/{assignment}/visit"
        if self.by_page and not self._hidden:
            self._hidden = self.phone.hidden(self.phone.ask("GET", path)[2])
        seen.sent.add(identity)
        started = time.perf_counter()
        if self.by_page:
            fields = self._hidden | crowd.typed_visit() | {"id": str(identity)}
            status, _headers, text = self.phone.post(path, fields)
        else:
            status, _headers, text = self.phone.put("visits", identity, crowd.visit(assignment))
        seen.seconds.append(time.perf_counter() - started)
        if status != (303 if self.by_page else 201):
            seen.errors.append(f"{status}: {text}")


def together(senders: list[Sender], visits: int, pace: float) -> Seen:
    """Everyone sends a visit each `pace` seconds, spread evenly over them."""
    seen = Seen()

    def work(number: int) -> None:
        begins = time.monotonic() + pace * number / len(senders)
        for turn in range(visits):
            time.sleep(max(0.0, begins + turn * pace - time.monotonic()))
            senders[number].send(seen)

    with ThreadPoolExecutor(len(senders)) as pool:
        list(pool.map(work, range(len(senders))))
    return seen


def bare(port: int) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """The bare Flask application, served."""
    return crowd.served([sys.executable, "-c", BARE, str(port)], port, os.environ)


def work_in_turns(site: int, ours: Callable[[], object], other: int, bare: Callable[[], object]) -> Work:
    """The processor's time of both servers for one answer, asked in turn: what disturbs, disturbs both."""
    for _ in range(WARM):
        ours()
        bare()
    before = _spent(site), _spent(other)
    for _ in range(ALONE):
        ours()
        bare()
    return Work(*(1000 * (_spent(pid) - was) / ALONE for pid, was in zip((site, other), before, strict=True)))


def work_without_pause(process: int, send: Callable[[], object]) -> float:
    """Milliseconds of the processor for one of many answers."""
    before = _spent(process)
    for _ in range(4 * ALONE):
        send()
    return 1000 * (_spent(process) - before) / (4 * ALONE)


def _spent(process: int) -> float:
    return sum(psutil.Process(process).cpu_times()[:2])


def is_whole(url: str, seen: Seen) -> bool:
    """Whether every visit that was sent is stored once, and the audit log is whole."""
    engine = database.open_database(url)
    with database.session_of(engine) as session:
        stored = list(session.exec(select(Visit.id)))
        whole = sorted(stored) == sorted(seen.sent) and audit.first_break(session) is None
    engine.dispose()
    return whole


def senders_of(assignments: dict[str, list[int]], port: int) -> list[Sender]:
    """Signed in, and every second one sends by the page."""
    senders = [
        Sender(crowd.Phone(port, name), own, by_page=bool(number % 2))
        for number, (name, own) in enumerate(assignments.items())
    ]
    for sender in senders:
        sender.ready()
    return senders


def main(auditors: int = 50, visits: int = 6, pace: int = 10) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), crowd.free_port()
        url = f"sqlite:///{folder}/load.sqlite3"
        assignments = crowd.fill(url, auditors, visits)
        alone = crowd.more_auditors(url, 2, ALONE + WARM)
        with crowd.served(crowd.site(port), port, crowd.environ(folder, url)) as server:
            senders = senders_of(assignments, port)
            # What the server does by itself at its start is over when it rests.
            _wait_until_idle(server.pid)
            seen = together(senders, visits, pace)
            print(
                f"load, {len(seen.sent)} visits of {auditors} auditors in {visits * pace} s: "
                f"{len(seen.errors)} errors, p95 {1000 * seen.p95:.0f} ms (bar {1000 * P95_BAR:.0f} ms)"
            )
            senders += (single := senders_of(alone, port))
            _tell_work(server.pid, single, seen)
        for sender in senders:
            sender.phone.close()
        assert not seen.errors, seen.errors[0]
        assert is_whole(url, seen), "not every visit is there exactly once"


def _tell_work(server: int, senders: list[Sender], seen: Seen) -> None:
    port = crowd.free_port()
    body = json.dumps(crowd.visit(1)).encode()
    phone = crowd.Phone(port, "nobody")

    def ask_bare() -> None:
        phone.ask("PUT", "/", body, Content_Type="application/json")

    with bare(port) as other:
        for sender in senders:
            work = work_in_turns(server, partial(sender.send, seen), other.pid, ask_bare)
            hot = work_without_pause(other.pid, ask_bare)
            way, turned, paced = "page" if sender.by_page else "API", work.site / work.bare, work.site / hot
            print(
                f"load, by {way}: {work.site:.2f} ms of the processor, {turned:.1f} bare Flask answers "
                f"asked in turn (bar {WORK_BAR:.0f}), {paced:.1f} asked without a pause"
            )
    phone.close()


def _wait_until_idle(process: int) -> None:
    for _ in range(60):
        if psutil.Process(process).cpu_percent(interval=1.0) < 2.0:
            return


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
