"""Who visits which branch when is known to the auditor and head office alone, until the wave closes.

Every page, file and answer that somebody else may ask for is read, and nothing of the schedule is in it.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlmodel import Session, select
from werkzeug.routing import Rule

from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.operations.assignments import VisitPlan, assign_visits, hand_over
from pilot_eval.operations.quotas import set_quotas
from pilot_eval.operations.visits import record_visit
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Assignment
from pilot_eval.records.visits import Visit
from pilot_eval.reports.files import FORMATS
from tests.conftest import OPERATOR, cheap_hash
from tests.field import Field, actor_of, create_auditor

# An auditor and days that stand nowhere but in the schedule: 13 to 17 August 2014, in every way of writing.
AUDITOR = "A-777"
WINDOW = (date(2014, 8, 13), date(2014, 8, 17))
MADE = datetime(2014, 8, 14, 8, tzinfo=UTC)
DAYS = re.compile(
    r"2014-08-1[3-7]|\b1[3-7]\.0?8\.(20)?14"
    r"|\b1[3-7](\s*[–-]\s*1[3-7])?\s+(Aug|авг)|(Aug(ust)?\s+1[3-7]\b)",
    re.IGNORECASE,
)
NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def secret(session: Session, field: Field) -> User:
    """Somebody who has made one visit and is to make another; the waves are open."""
    who = create_auditor(session, "secret-auditor", cheap_hash())
    who.pseudonym = AUDITOR
    session.add(who)
    session.commit()
    plans = [
        VisitPlan(code, Period.BEFORE, who.id, "transfer", WINDOW, "evening")
        for code in ("600003", "600004", "600002")
    ]
    made, _to_make, handed = assign_visits(session, OPERATOR, "vladimir", plans)
    now = MADE + timedelta(hours=2)
    visit = field.visit(made, started_at=MADE, left_at=MADE + timedelta(minutes=20))
    record_visit(session, actor_of(who), visit, now)
    hand_over(session, OPERATOR, "vladimir", handed.id or 0, field.boris.id, now, "ill", confirmed=True)
    set_quotas(session, OPERATOR, "vladimir", {Period.BEFORE: {"evening": 3}})
    return who


def given_away(text: str) -> list[str]:
    """What of the schedule stands in a text."""
    plain = html.unescape(re.sub(r"<[^>]+>", " ", text)).replace("\xa0", " ")
    found = [match[0] for match in DAYS.finditer(plain)]
    return found + [word for word in (AUDITOR, "secret-auditor") if word in plain]


def text_of(content: bytes) -> str:
    """A file as text: what a workbook, slides or a bundle pack is unpacked."""
    if not content.startswith(b"PK"):
        return content.decode("utf-8", "ignore")
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return " ".join(packed.read(name).decode("utf-8", "ignore") for name in packed.namelist())


def addresses(app: Flask, values: dict[str, Any]) -> Iterator[tuple[Rule, str]]:
    """Every address that can be asked for; of objects that are no part of the schedule any one will do."""
    build = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.endpoint in {"static", "bootstrap.static"}:
            continue
        any_one = {
            name: NOWHERE if type(converter).__name__ == "UUIDConverter" else "1"
            for name, converter in rule._converters.items()
        }
        given = any_one | {name: value for name, value in values.items() if name in any_one}
        yield rule, build.build(rule.endpoint, given, method="GET")


def values_of(session: Session, field: Field, secret: User) -> dict[str, Any]:
    """What belongs to the schedule, and where it might be told."""
    assignment = next(
        row for row in session.exec(_assignments()) if row.auditor_id == secret.id and not row.withdrawn_at
    )
    visit = session.exec(_visits(secret)).one()
    return {
        "assignment_id": assignment.id,
        "chosen": "en",
        "code": "600003",
        "filename": "js/base64.js",
        "kind": "svg",
        "name": "before-after-quality",
        "page": "auditor",
        "period": "before",
        "person_id": secret.id,
        "record_id": visit.id,
        "region": "33",
        "schema": "pilot-summary-1",
        "slug": "vladimir",
        "suffix": "csv",
        "visit_id": visit.id,
    }


def _assignments() -> Any:
    return select(Assignment)


def _visits(who: User) -> Any:
    return select(Visit).where(Visit.auditor_id == who.id)


# An administrator looks after people: who there are is no part of the schedule.
OF_PEOPLE = ("/people", "/privacy")


@pytest.mark.parametrize("role", ["manager", "administrator", "auditor", "visitor"])
def test_nobody_else_reads_the_schedule_anywhere(
    app: Flask,
    session: Session,
    field: Field,
    secret: User,
    sign_in: Any,
    client: Any,
    administrator: User,
    role: str,
) -> None:
    values = values_of(session, field, secret)
    people = {"manager": field.maria, "administrator": administrator, "auditor": field.anna}
    browser = sign_in(people[role]) if role in people else client
    read = 0
    for rule, address in addresses(app, values):
        if role == "administrator" and rule.rule.startswith(OF_PEOPLE):
            continue
        for question in ("", "?wave=before&tab=table&auditor=1&state=all&language=ru"):
            with browser.get(address + question) as answer:
                assert given_away(text_of(answer.get_data())) == [], f"{role} reads {address}"
                read += answer.status_code == 200
    assert read > 5, "something was read"


def test_no_file_of_a_manager_holds_the_schedule(sign_in: Any, field: Field, secret: User) -> None:
    maria = sign_in(field.maria)
    taken = 0
    for name in FORMATS:
        for language in ("en", "ru"):
            with maria.submit(f"/pilots/vladimir/exports/{name}/{language}") as answer:
                assert given_away(text_of(answer.get_data())) == [], name
                taken += answer.status_code == 200
    assert taken > 4


def test_head_office_and_the_auditor_do_read_it(
    as_head_office: Any, sign_in: Any, field: Field, secret: User
) -> None:
    """What these tests look for is really there where it may be."""
    for address in ("/pilots/vladimir/assignments?state=all", "/pilots/vladimir/reminders"):
        assert given_away(as_head_office.get(address).text), address
    assert given_away(sign_in(secret).get("/assignments").text)


def test_once_the_wave_is_closed_the_manager_reads_the_day_of_a_visit(
    sign_in: Any, field: Field, secret: User
) -> None:
    maria = sign_in(field.maria)
    page = "/pilots/vladimir/branches/600003"
    assert given_away(maria.get(page).text) == []
    field.set_wave(WaveState.CLOSED)
    assert DAYS.search(maria.get(page).text.replace("\xa0", " "))
