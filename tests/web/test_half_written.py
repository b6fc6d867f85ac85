"""A failure at any statement of any request that records: nothing half-written, and what was typed is back.

Each statement in turn fails, then the commit; on both databases; once as a database fails, once as code does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlmodel import Session, SQLModel, select
from werkzeug.test import TestResponse

from pilot_eval.operations.photos import change_evidence
from pilot_eval.records import audit, database
from pilot_eval.records.pilots import Pilot
from tests.conftest import OPERATOR
from tests.field import Field
from tests.operations.test_photos import picture
from tests.web.api.conftest import GOOD
from tests.web.conftest import Browser
from tests.web.field_pages import GOOD_TIMING, GOOD_VISIT, filled

MOST_STATEMENTS = 60
OWN = {
    "mode": "own_visit",
    "context": {"windows_total": 4, "windows_open": 2, "ahead": 1, "queue_kind": "ticket"},
}


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


class Failure(Exception):
    """A mistake in the code."""


def _gone() -> Exception:
    return sa.exc.OperationalError("", None, Exception("gone"))


@contextmanager
def failing_at(app: Flask, number: int, error: Callable[[], Exception]) -> Iterator[list[str]]:
    """The number-th statement fails once it has run, the commit being the last one; what was met."""
    engine: database.Engine = app.extensions["engine"]
    met: list[str] = []

    def count(what: str) -> None:
        met.append(what)
        if len(met) == number:
            raise error()

    def statement(_connection: Any, _cursor: Any, text: str, *_more: Any) -> None:
        count(text)

    def commit(_connection: Any) -> None:
        count("COMMIT")

    sa.event.listen(engine, "after_cursor_execute", statement)
    sa.event.listen(engine, "commit", commit)
    try:
        yield met
    finally:
        sa.event.remove(engine, "after_cursor_execute", statement)
        sa.event.remove(engine, "commit", commit)


@dataclass
class Sending:
    """Something sent again and again, always the same: how it is answered at last, and where it failed."""

    send: Callable[[], TestResponse]
    answered: int
    check_failed: Callable[[TestResponse], None]


def by_api(
    kind: str,
    browser: Browser,
    field: Field,
    answered: int = 201,
    *,
    record_id: UUID | None = None,
    query: dict[str, str] | None = None,
    data: bytes | None = None,
    headers: dict[str, str] | None = None,
    **changes: Any,
) -> Sending:
    record_id = record_id or uuid4()
    body = None if data else {"assignment": field.anna_s.id, **GOOD.get(kind, {}), **changes}
    path, who = f"/api/v1/{kind}/{record_id}", browser.get("/api/v1/session").json
    assert who is not None

    def send() -> TestResponse:
        given = {"X-CSRFToken": who["csrf_token"]} | (headers or {})
        return browser.put(path, json=body, data=data, query_string=query, headers=given)

    def check_failed(answer: TestResponse) -> None:
        told, code = answer.json, {503: "busy", 500: "failed"}[answer.status_code]
        assert told is not None
        assert (told["code"], told["uuid"]) == (code, str(record_id))

    return Sending(send, answered, check_failed)


def by_page(path: str, browser: Browser, **typed: Any) -> Sending:
    return _posting(path, browser, filled(browser.get(path).text, **typed))


def _posting(path: str, browser: Browser, form: dict[str, Any]) -> Sending:
    def check_failed(answer: TestResponse) -> None:
        assert answer.text.count(f'action="{path}"') == 1
        again = filled(answer.text)
        assert {**again, "csrf_token": ""} == {**form, "csrf_token": ""}

    return Sending(lambda: browser.post(path, data=form), 303, check_failed)


def _sent_visit(browser: Browser, field: Field) -> str:
    told = by_api("visits", browser, field).send().json
    assert told is not None
    return str(told["uuid"])


def _visit_after_its_timing(browser: Browser, field: Field) -> Sending:
    assert by_api("timings", browser, field, **OWN).send().status_code == 201
    return by_api("visits", browser, field)


def _timing_after_its_visit(browser: Browser, field: Field) -> Sending:
    _sent_visit(browser, field)
    return by_api("timings", browser, field, **OWN)


def _other_content(browser: Browser, field: Field) -> Sending:
    record_id = UUID(_sent_visit(browser, field))
    return by_api("visits", browser, field, 409, record_id=record_id, narrative="Other")


def _second_visit(browser: Browser, field: Field) -> Sending:
    _sent_visit(browser, field)
    return by_api("visits", browser, field, 409)


def _correction(browser: Browser, field: Field) -> Sending:
    record_id = UUID(_sent_visit(browser, field))
    edited = {"headers": {"If-Match": '"1"'}, "reason": "A slip", "narrative": "Corrected"}
    return by_api("visits", browser, field, record_id=record_id, **edited)


def _correction_by_page(browser: Browser, field: Field) -> Sending:
    path = f"/visits/{_sent_visit(browser, field)}/correct"
    return by_page(path, browser, reason="A slip", q_A1="no")


def _comment(browser: Browser, field: Field) -> Sending:
    path = f"/visits/{_sent_visit(browser, field)}/remarks"
    return replace(
        _posting(path, browser, {"csrf_token": browser.token(), "text": "Закрыто & пусто"}), answered=302
    )


def _photograph(browser: Browser, field: Field) -> Sending:
    slug = field.session.exec(select(Pilot.slug)).one()
    change_evidence(field.session, OPERATOR, slug, asks_photos=True, asks_distance=False)
    path = f"visits/{_sent_visit(browser, field)}/photos"
    return by_api(path, browser, field, query={"kind": "receipt"}, data=picture(80, 40))


CASES: dict[str, tuple[str, Callable[[Browser, Field], Sending]]] = {
    "visit by its page": (
        "visits.record",
        lambda browser, field: by_page(f"/assignments/{field.anna_s.id}/visit", browser, **GOOD_VISIT),
    ),
    "timing by its page": (
        "timings.record",
        lambda browser, field: by_page(f"/assignments/{field.anna_s.id}/timing", browser, **GOOD_TIMING),
    ),
    "visit": ("api.visit", lambda browser, field: by_api("visits", browser, field)),
    "timing": ("api.timing", lambda browser, field: by_api("timings", browser, field)),
    "visit after its timing": ("api.visit", _visit_after_its_timing),
    "timing after its visit": ("api.timing", _timing_after_its_visit),
    "other content under the same identity": ("api.visit", _other_content),
    "second visit for the same assignment": ("api.visit", _second_visit),
    "correction": ("api.visit", _correction),
    "correction by its page": ("corrections.correct", _correction_by_page),
    "comment on a visit": ("corrections.say", _comment),
    "photograph of a visit": ("api.photo", _photograph),
}
ONCE_EACH = ("visit by its page", "timing by its page", "visit", "timing", "correction by its page")
RECORDING = frozenset({"visits", "corrections", "timings", "api"})


def test_every_route_that_records_is_tried(app: Flask) -> None:
    writing = {
        str(rule.endpoint)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.split(".")[0] in RECORDING
        and not rule.endpoint.endswith(".practice")  # stores nothing
        and (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
    }
    assert writing == {endpoint for endpoint, _make in CASES.values()}


def everything(session: Session) -> dict[str, list[Any]]:
    """Every row of every table."""
    session.rollback()
    rows = {
        table.name: sorted(map(repr, session.execute(sa.select(table)).all()))
        for table in SQLModel.metadata.sorted_tables
    }
    session.rollback()
    return rows


def endpoint_of(app: Flask, answer: TestResponse) -> str:
    asked = answer.request
    return str(app.url_map.bind("localhost").match(asked.path, method=asked.method)[0])


@pytest.mark.parametrize(
    ("case", "error"), [*((case, _gone) for case in CASES), *((case, Failure) for case in ONCE_EACH)]
)
def test_a_failure_anywhere_writes_nothing_and_gives_back_what_was_sent(
    app: Flask, anna: Browser, field: Field, session: Session, case: str, error: Callable[[], Exception]
) -> None:
    endpoint, make = CASES[case]
    sending = make(anna, field)
    before = everything(session)
    for number in range(1, MOST_STATEMENTS):
        with failing_at(app, number, error) as met:
            answer = sending.send()
        if len(met) < number:
            break
        assert answer.status_code == (503 if error is _gone else 500), met[number - 1]
        sending.check_failed(answer)
        assert everything(session) == before, f"half-written after {met[number - 1]}"
    assert answer.status_code == sending.answered, answer.text
    assert endpoint_of(app, answer) == endpoint
    assert number > 8, "the failures were never met"
    assert met.count("COMMIT") == 1, "more than one transaction"
    assert everything(session) != before
    assert audit.first_break(session) is None


def test_a_transaction_that_is_cut_in_two_is_found_out(
    app: Flask, anna: Browser, field: Field, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: an operation that commits its visit before its event."""
    append = audit.append

    def too_early(session: Session, *args: Any, **details: Any) -> Any:
        session.commit()
        return append(session, *args, **details)

    monkeypatch.setattr(audit, "append", too_early)
    with pytest.raises(AssertionError, match="half-written"):
        test_a_failure_anywhere_writes_nothing_and_gives_back_what_was_sent(
            app, anna, field, session, "visit", _gone
        )
