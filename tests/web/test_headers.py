"""The headers that keep a page to itself, on every kind of answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.web.conftest import Browser

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}
LONG_TEXT = (
    b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\n' + b"x" * 3_000_000 + b"\r\n--b--\r\n"
)
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.fixture
def app(app: Flask) -> Flask:
    """The site with a page that breaks."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/breaks", view_func=lambda: 1 / 0)
    return app


ANSWERS: dict[str, tuple[int, Callable[[Any, Any], Any]]] = {
    "a page": (200, lambda visitor, _person: visitor.get("/sign-in")),
    "a person's page": (200, lambda _visitor, person: person.get("/account")),
    "data": (200, lambda visitor, _person: visitor.get("/health")),
    "a style sheet": (200, lambda visitor, _person: visitor.get("/static/css/app.css")),
    "a style sheet of Bootstrap": (
        200,
        lambda visitor, _person: visitor.get("/bootstrap/static/css/bootstrap.min.css"),
    ),
    "a redirect": (302, lambda visitor, _person: visitor.get("/account")),
    "a bad request": (400, lambda visitor, _person: visitor.post("/language", data={})),
    "a host that is not ours": (400, lambda visitor, _person: visitor.get("/", base_url="http://evil.example")),
    "signed out": (401, lambda visitor, _person: visitor.post("/regions", data={})),
    "not allowed": (403, lambda _visitor, person: person.get("/people")),
    "not found": (404, lambda visitor, _person: visitor.get("/nowhere")),
    "a file that is not there": (404, lambda visitor, _person: visitor.get("/static/nowhere.css")),
    "a wrong method": (405, lambda visitor, _person: visitor.put("/sign-in")),
    "a form that is too large": (
        413,
        lambda visitor, _person: visitor.post("/sign-in", data={"email": "x" * 17_000_000}),
    ),
    "a text that is too large beside a file": (
        413,
        lambda visitor, _person: visitor.post(
            "/sign-in", data=LONG_TEXT, content_type="multipart/form-data; boundary=b"
        ),
    ),
    "a fault of ours": (500, lambda _visitor, person: person.get("/breaks")),
}  # fmt: skip


@pytest.mark.parametrize("what", ANSWERS)
def test_every_answer_has_every_header(client: Any, as_auditor: Browser, what: str) -> None:
    status, ask = ANSWERS[what]
    answer = ask(client, as_auditor)
    assert answer.status_code == status
    policy = set(answer.headers["Content-Security-Policy"].split("; "))
    assert policy >= POLICY
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in answer.headers
    answer.close()


@pytest.mark.parametrize("path", ["/sign-in", "/nowhere", "/static/css/app.css"])
def test_over_https_the_browser_is_told_to_stay_there(client: Any, path: str) -> None:
    answer = client.get(path, base_url="https://localhost")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    answer.close()


def test_pages_are_not_kept_by_caches(client: Any, as_auditor: Browser) -> None:
    for answer in (client.get("/sign-in"), as_auditor.get("/account"), client.get("/nowhere")):
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_fault_shows_no_trace(as_auditor: Browser) -> None:
    page = as_auditor.get("/breaks").text
    assert "ZeroDivisionError" not in page
    assert "Traceback" not in page
    assert "Something went wrong here" in page


def test_a_proxy_is_trusted_only_when_there_is_one(client: Any) -> None:
    answer = client.get("/sign-in", headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" not in answer.headers
