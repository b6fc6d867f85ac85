"""The server is killed without warning while timings come in: what it acknowledged is stored exactly once.

Short by default; `make soak` kills it fifty times.
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from pilot_eval.demo import fill
from pilot_eval.domain.people import Role
from pilot_eval.records import audit, database
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Assignment, Pilot
from pilot_eval.records.visits import Timing
from tests.conftest import PASSWORD, PROJECT
from tests.web.field_pages import GOOD_TIMING, filled

KILLS = 50 if os.environ.get("PILOT_EVAL_LONG") else 3
SECONDS_OF_LOAD = 1.0
SECRET = "only for tests, and long enough for anyone"

# Answers "stored" without waiting for the database: the planted fault that the test must see.
EARLY_ACKNOWLEDGEMENT = """
import sys, waitress
from pilot_eval import create_app
app = create_app()
inner = app.wsgi_app
def early(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"].endswith("/timing"):
        start_response("303 SEE OTHER", [("Location", "/timings/" + environ["QUERY_STRING"])])
        return [b""]
    return inner(environ, start_response)
app.wsgi_app = early
waitress.serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=8)
"""


class Phone:
    """An auditor's browser that survives the server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookie = ""

    def ask(self, method: str, path: str, form: dict[str, Any] | None = None) -> tuple[int, str, str]:
        """Status, address to go to, and text; OSError where nobody answers."""
        body = urllib.parse.urlencode(form, doseq=True) if form is not None else None
        headers = {"Cookie": self.cookie, "Origin": f"http://127.0.0.1:{self.port}"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            if cookie := answer.headers.get("Set-Cookie"):
                self.cookie = cookie.split(";")[0]
            return answer.status, answer.headers.get("Location", ""), text
        except http.client.HTTPException as error:
            raise OSError("the answer broke off") from error
        finally:
            connection.close()

    def sign_in(self) -> None:
        _status, _to, page = self.ask("GET", "/sign-in")
        name = fill.sign_in_names()[Role.AUDITOR]
        status, to, page = self.ask("POST", "/sign-in", filled(page, email=name, password=PASSWORD))
        assert status == 302, page
        assert "sign-in" not in to


@contextmanager
def served(command: list[str], port: int, environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The server as its own process, killed hard at the end if it still lives."""
    with subprocess.Popen(
        command, cwd=PROJECT, env=environ, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as process:
        try:
            _wait_for(port)
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


def _wait_for(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("the server did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Setting:
    """A copy of the demonstration, an open assignment of its auditor, and the way to serve it."""

    def __init__(self, demo: Path, folder: Path) -> None:
        shutil.copyfile(demo, folder / "pilot_eval.sqlite3")
        self.url = f"sqlite:///{folder / 'pilot_eval.sqlite3'}"
        self.port = _free_port()
        self.environ = os.environ | {
            "PILOT_EVAL_ENV": "development",
            "PILOT_EVAL_DATA": str(folder),
            "PILOT_EVAL_DATABASE": self.url,
            "PILOT_EVAL_SECRET_KEY": SECRET,
        }
        self.serve = [sys.executable, "-m", "pilot_eval", "serve", "--port", str(self.port)]
        self.assignment = self.look(_open_assignment)

    def look(self, question: Callable[[Any], Any]) -> Any:
        engine = database.open_database(self.url)
        try:
            with database.session_of(engine) as session:
                return question(session)
        finally:
            engine.dispose()


def _open_assignment(session: Any) -> int:
    return session.exec(
        select(Assignment.id)
        .join(Pilot, col(Pilot.id) == col(Assignment.pilot_id))
        .join(User, col(User.id) == col(Assignment.auditor_id))
        .where(Pilot.slug == fill.RUNNING, User.email == fill.sign_in_names()[Role.AUDITOR])
        .limit(1)
    ).one()


@pytest.fixture
def setting(demo_template: Path, tmp_path: Path) -> Setting:
    return Setting(demo_template / "pilot_eval.sqlite3", tmp_path)


class Outbox:
    """Timings to send; each is kept until it was acknowledged, and sent again under its own identity."""

    def __init__(self, setting: Setting, phone: Phone) -> None:
        self.path = f"/assignments/{setting.assignment}/timing"
        self.phone = phone
        _status, _to, self.page = phone.ask("GET", self.path)
        self.acknowledged: set[UUID] = set()
        self.waiting: list[UUID] = []
        self.sent_again = 0

    def send(self) -> None:
        """Send one timing, an earlier one first; OSError where nobody answers."""
        again = bool(self.waiting)
        identity = self.waiting[0] if again else uuid4()
        if not again:
            self.waiting.append(identity)
        day = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
        form = filled(self.page, **GOOD_TIMING, id=str(identity)) | {"day": day}
        status, to, text = self.phone.ask("POST", f"{self.path}?{identity}", form)
        assert (status, to.endswith(f"/timings/{identity}")) == (303, True), f"{status} {to} {text[-2000:]}"
        self.sent_again += again
        self.acknowledged.add(identity)
        self.waiting.remove(identity)


def play(setting: Setting, command: list[str], kills: int) -> Outbox:
    """Send without pause, kill the server in the middle, start it again; at the end everything is sent."""
    phone = Phone(setting.port)
    outbox: Outbox | None = None
    for turn in range(kills + 1):
        with served(command, setting.port, setting.environ) as process:
            if outbox is None:
                phone.sign_in()
                outbox = Outbox(setting, phone)
            ends = time.monotonic() + SECONDS_OF_LOAD
            while time.monotonic() < ends or (turn == kills and outbox.waiting):
                outbox.send()
            if turn < kills:
                _cut(process, outbox)
    assert outbox is not None
    return outbox


def _cut(process: subprocess.Popen[bytes], outbox: Outbox) -> None:
    """Kill the server while a timing is on its way."""
    killer = subprocess.Popen(["sh", "-c", f"sleep 0.0{time.time_ns() % 10}; kill -9 {process.pid}"])
    try:
        while True:
            outbox.send()
    except OSError:
        killer.wait()


def stored(session: Any) -> list[UUID]:
    return list(session.exec(select(Timing.id)))


def test_what_was_acknowledged_is_stored_exactly_once(setting: Setting) -> None:
    before = set(setting.look(stored))
    outbox = play(setting, setting.serve, KILLS)
    after = setting.look(stored)
    assert len(outbox.acknowledged) > KILLS
    assert outbox.sent_again >= 1
    assert sorted(after) == sorted(before | outbox.acknowledged)
    assert setting.look(audit.first_break) is None


def test_a_server_that_acknowledges_too_early_is_found_out(setting: Setting) -> None:
    command = [sys.executable, "-c", EARLY_ACKNOWLEDGEMENT, str(setting.port)]
    before = set(setting.look(stored))
    outbox = play(setting, command, 0)
    assert outbox.acknowledged
    assert set(setting.look(stored)) != before | outbox.acknowledged
