"""When the database fails a page still says so, and gives back what was typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask import Flask

from pilot_eval.records.people import User

TITLE = "Ковров & Муром"


@contextmanager
def failing(app: Flask, begins: str = "") -> Iterator[None]:
    """Every statement that begins so fails, as with a full disk or a lost connection."""

    def fail(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith(begins):
            raise sa.exc.OperationalError(statement, None, Exception("gone"))

    sa.event.listen(app.extensions["engine"], "before_cursor_execute", fail)
    try:
        yield
    finally:
        sa.event.remove(app.extensions["engine"], "before_cursor_execute", fail)


def test_a_failing_write_gives_back_what_was_typed(
    app: Flask, sign_in: Callable[[User], Any], administrator: User
) -> None:
    browser = sign_in(administrator)
    with failing(app, "INSERT INTO region"):
        answer = browser.submit("/regions", {"code": "kovrov", "name": TITLE})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert 'action="/regions"' in answer.text
    assert 'name="name" value="Ковров &amp; Муром"' in answer.text
    token = re.findall(r'name="csrf_token" value="([^"]+)"', answer.text)[-1]
    again = browser.post("/regions", data={"csrf_token": token, "code": "kovrov", "name": TITLE})
    assert again.status_code == 303


def test_a_database_that_is_gone_altogether_is_said_on_a_page(
    app: Flask, sign_in: Callable[[User], Any], administrator: User
) -> None:
    browser = sign_in(administrator)
    token = browser.token()
    with failing(app):
        read = browser.get("/regions")
        sent = browser.post("/regions", data={"csrf_token": token, "code": "kovrov", "name": TITLE})
    assert (read.status_code, sent.status_code) == (503, 503)
    assert "Busy for a moment" in read.text
    assert 'name="name" value="Ковров &amp; Муром"' in sent.text


def test_a_failed_page_without_a_form_offers_nothing_to_send(
    app: Flask, sign_in: Callable[[User], Any], administrator: User
) -> None:
    browser = sign_in(administrator)
    with failing(app, "SELECT region"):
        assert "Send my answers" not in browser.get("/regions").text
