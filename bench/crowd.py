"""Auditors with visits to make, the site served for them, and the phones that they send with."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pilot_eval.cli.opening import operator
from pilot_eval.domain.checklists import default_checklist
from pilot_eval.domain.people import Role
from pilot_eval.domain.pilots import Arm, Period
from pilot_eval.operations import allocation, network, people
from pilot_eval.operations.planning import create_pilot
from pilot_eval.records import database
from pilot_eval.records.network import Branch
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Assignment, Pilot, Wave

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "a long made-up password"  # noqa: S105 - of people who exist for this run only
SECRET = "only for made-up people, and long enough"  # noqa: S105 - likewise
SLUG = "crowd"
BRANCHES = ("600001", "600002", "600003", "600004")


# The place --------------------------------------------------------------------------------------------------


def fill(url: str, auditors: int, visits_each: int) -> dict[str, list[int]]:
    """Fill an empty database with a pilot that is in the field today; the assignments of each auditor."""
    engine = database.open_database(url)
    database.upgrade(engine)
    with database.session_of(engine) as session:
        _pilot(session)
    engine.dispose()
    return more_auditors(url, auditors, visits_each)


def more_auditors(url: str, auditors: int, visits_each: int) -> dict[str, list[int]]:
    """So many auditors more, with their assignments."""
    engine = database.open_database(url)
    with database.session_of(engine) as session:
        wave = session.exec(select(Wave).where(col(Wave.period) == Period.BEFORE)).one()
        there = len(session.exec(select(User.id).where(col(User.role) == Role.AUDITOR)).all())
        made = dict(
            _auditor(session, wave, f"auditor-{there + number}", visits_each) for number in range(auditors)
        )
    engine.dispose()
    return made


def _pilot(session: Session) -> None:
    region = network.create_region(session, operator(), code="33", name="Владимирская область")
    for code in BRANCHES:
        network.create_branch(
            session, operator(), code=code, name=f"Отделение {code}", region_id=region.id or 0
        )
    create_pilot(session, operator(), title_en="Crowd", slug=SLUG, **_spans(datetime.now(UTC).date()))
    allocation.choose_branches(session, operator(), SLUG, BRANCHES)
    arms = dict(zip(BRANCHES, (Arm.TRAINED, Arm.TRAINED, Arm.COMPARISON, Arm.COMPARISON), strict=True))
    allocation.set_arms(session, operator(), SLUG, arms, datetime.now(UTC))


def _spans(today: date) -> dict[str, Any]:
    days = [(-20, 20), (21, 40), (41, 60)]
    return {
        name: (today + timedelta(days=first), today + timedelta(days=last))
        for name, (first, last) in zip(("before", "training", "after"), days, strict=True)
    }


def _auditor(session: Session, wave: Wave, name: str, visits: int) -> tuple[str, list[int]]:
    # Hashed with the least effort: how long a sign-in takes is nobody's question here.
    from argon2 import PasswordHasher

    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    person = people.create_person(session, operator(), name=name, role=Role.AUDITOR, password_hash=hashed)
    branches = session.exec(select(Branch.id).where(col(Branch.code).in_(BRANCHES))).all()
    common = {
        "pilot_id": session.exec(select(Pilot.id).where(col(Pilot.slug) == SLUG)).one(),
        "wave_id": wave.id,
        "auditor_id": person.id,
        "scenario": "parcel_advice",
        "window_from": wave.opens_on,
        "window_to": wave.closes_on,
    }
    rows = [common | {"branch_id": branches[number % len(branches)]} for number in range(visits)]
    session.execute(sa.insert(Assignment), rows)
    session.commit()
    mine = select(Assignment.id).where(col(Assignment.auditor_id) == person.id).order_by(col(Assignment.id))
    return name, [number for number in session.exec(mine) if number is not None]


# What is sent -----------------------------------------------------------------------------------------------


def _yesterday() -> datetime:
    return (datetime.now(UTC) - timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)


def best_answers() -> dict[str, Any]:
    """The whole checklist answered, each question as well as can be."""
    return {code: item.offered[0] for code, item in default_checklist().items.items() if item.asked}


def visit(assignment: int, **changes: Any) -> dict[str, Any]:
    """A visit as the API takes it."""
    began = _yesterday()
    body = {
        "assignment": assignment,
        "outcome": "done",
        "started_at": began.isoformat(),
        "left_at": (began + timedelta(minutes=20)).isoformat(),
        "answers": best_answers(),
    }
    return body | changes


def timing(assignment: int, **changes: Any) -> dict[str, Any]:
    """A timing as the API takes it."""
    began = _yesterday()
    steps = {"joined": 0, "called": 300, "started": 330, "ended": 600}
    body = {
        "assignment": assignment,
        "mode": "observed",
        "outcome": "served",
        "operation": "parcel_send",
        "entry_method": "stopwatch",
        "events": {name: (began + timedelta(seconds=after)).isoformat() for name, after in steps.items()},
    }
    return body | changes


def typed_visit() -> dict[str, str]:
    """The same visit as it is typed into the page."""
    answers = {f"q_{code}": str(answer) for code, answer in best_answers().items()}
    times = {"day": _yesterday().date().isoformat(), "started_at": "10:00", "left_at": "10:20"}
    return {"outcome": "done", **times, **answers}


def typed_timing() -> dict[str, str]:
    """The same timing as it is typed into the page."""
    return {
        "mode": "observed",
        "day": _yesterday().date().isoformat(),
        "at_joined": "10:00",
        "at_called": "10:05",
        "at_started": "10:05:30",
        "at_ended": "10:10",
        "outcome": "served",
        "operation": "parcel_send",
    }


# The site ---------------------------------------------------------------------------------------------------


def environ(folder: Path, url: str) -> dict[str, str]:
    """What the site is told to serve."""
    return os.environ | {
        "PILOT_EVAL_ENV": "development",
        "PILOT_EVAL_DATA": str(folder),
        "PILOT_EVAL_DATABASE": url,
        "PILOT_EVAL_SECRET_KEY": SECRET,
    }


def site(port: int) -> list[str]:
    """The command that serves it."""
    return [sys.executable, "-m", "pilot_eval", "serve", "--port", str(port)]


@contextmanager
def served(command: list[str], port: int, environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A server as its own process, killed hard at the end if it still lives."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=quiet, stderr=quiet) as process:  # noqa: S603 - our own
        try:
            _wait_for(process, port)
            yield process
        finally:
            process.kill()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(1200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise TimeoutError("the server did not start")


def free_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Phone:
    """An auditor's browser: it keeps its connection while that lasts, and survives the server."""

    def __init__(self, port: int, name: str, timeout: float = 60) -> None:
        self.name = name
        self._port = port
        self._origin = f"http://127.0.0.1:{port}"
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self._cookie = ""
        self._token = ""

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, Mapping[str, str], str]:
        """Status, headers and text; OSError where nobody answers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            self._connection.request(
                method, path, body, {"Cookie": self._cookie, "Origin": self._origin, **named}
            )
            answer = self._connection.getresponse()
            text = answer.read().decode()
        except (http.client.HTTPException, OSError) as error:
            self._connection.close()
            raise OSError("nobody answered") from error
        if cookie := answer.headers.get("Set-Cookie"):
            self._cookie = cookie.split(";")[0]
        return answer.status, answer.headers, text

    def sign_in(self) -> None:
        """Sign in, and take the token that everything sent must carry."""
        _status, _headers, page = self.ask("GET", "/sign-in")
        fields = self.hidden(page) | {"email": self.name, "password": PASSWORD}
        status, headers, text = self.post("/sign-in", fields)
        assert (status, "sign-in" in headers["Location"]) == (302, False), text
        self._token = json.loads(self.ask("GET", "/api/v1/session")[2])["csrf_token"]

    def post(self, path: str, fields: Mapping[str, Any]) -> tuple[int, Mapping[str, str], str]:
        """Send a page's form."""
        body = urllib.parse.urlencode(fields, doseq=True).encode()
        return self.ask("POST", path, body, Content_Type="application/x-www-form-urlencoded")

    def put(self, kind: str, identity: UUID, body: object) -> tuple[int, Mapping[str, str], Any]:
        """Send a record to the API."""
        content = json.dumps(body).encode()
        status, headers, text = self.ask(
            "PUT",
            f"/api/v1/{kind}/{identity}",
            content,
            Content_Type="application/json",
            X_CSRFToken=self._token,
        )
        return status, headers, json.loads(text)

    @staticmethod
    def hidden(page: str) -> dict[str, str]:
        """What the page's forms carry unseen; of the same name the last one."""
        found = {}
        for field in re.findall(r'<input[^>]*type="hidden"[^>]*>', page):
            name, value = (re.search(rf'{part}="([^"]*)"', field) for part in ("name", "value"))
            if name and name[1] != "next":
                found[name[1]] = value[1] if value else ""
        return found

    def another(self) -> Phone:
        """A second device of the same sign-in."""
        other = Phone(self._port, self.name)
        other._cookie, other._token = self._cookie, self._token
        return other

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
