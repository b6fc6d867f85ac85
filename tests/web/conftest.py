"""The site on a fresh SQLite database, and browsers that hold a sign-in."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session
from werkzeug.test import TestResponse

from pilot_eval import create_app
from pilot_eval.records import database
from pilot_eval.records.people import User
from pilot_eval.settings import LOOPBACK, Settings
from tests.conftest import PASSWORD, cheap_hash
from tests.field import NOW, Field, create_field

SECRET = "only for tests, and long enough for anyone"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Pages are tested on SQLite; what they call is tested on both databases."""
    return sqlite_url


@pytest.fixture
def settings(database_url: str, tmp_path: Any) -> Settings:
    return Settings("production", database_url, tmp_path, SECRET, LOOPBACK)


class Browser(FlaskClient):
    """A client that behaves as a browser on our own page: it names its origin and sends fresh tokens."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("headers", {"Origin": "http://localhost"})
        return super().open(*args, **kwargs)

    def token(self) -> str:
        """A token that forms of this browser may send."""
        page = self.get("/account", follow_redirects=True).text
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found, page
        return found[1]

    def submit(self, path: str, data: Any = None, **kwargs: Any) -> TestResponse:
        """POST a form with a fresh token."""
        return self.post(path, data={"csrf_token": self.token(), **(data or {})}, **kwargs)

    def sign_in(self, user: User, password: str = PASSWORD, **kwargs: Any) -> TestResponse:
        return self.submit("/sign-in", {"email": user.email, "password": password}, **kwargs)


@pytest.fixture
def app(settings: Settings, session: Session) -> Iterator[Flask]:
    app = create_app(settings)
    app.test_client_class = Browser
    # The passwords of tests are hashed cheaply; do not hash them again at the real price.
    app.extensions["security"].pwd_context.update(
        argon2__rounds=1, argon2__memory_cost=8, argon2__parallelism=1
    )
    test_thread = threading.get_ident()

    @app.before_request
    def _end_the_tests_own_transaction() -> None:
        # SQLite has one writer: what the test has open would block the request.
        if threading.get_ident() == test_thread:
            session.commit()
            session.expire_all()

    yield app
    app.extensions["engine"].dispose()


@pytest.fixture
def client(app: Flask) -> Any:
    """A visitor's browser."""
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask) -> Callable[[User], Browser]:
    """`sign_in(user)`: a browser of that person, who has just given the password."""

    def browser_of(user: User) -> Browser:
        browser: Any = app.test_client()
        answer = browser.sign_in(user)
        assert answer.status_code == 302, answer.text
        return browser

    return browser_of


@pytest.fixture
def as_auditor(sign_in: Callable[[User], Browser], auditor: User) -> Browser:
    return sign_in(auditor)


@pytest.fixture
def as_manager(sign_in: Callable[[User], Browser], manager: User) -> Browser:
    return sign_in(manager)


@pytest.fixture
def as_head_office(sign_in: Callable[[User], Browser], head_office: User) -> Browser:
    return sign_in(head_office)


@pytest.fixture
def as_administrator(sign_in: Callable[[User], Browser], administrator: User) -> Browser:
    return sign_in(administrator)


class Clock:
    """The site's time, which stands still until it is set or moved."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def set(self, now: datetime) -> None:
        self.now = now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clock(app: Flask) -> Clock:
    """Freezes the site's time at now: `clock.forward(minutes=16)`, `clock.set(...)`."""
    clock = Clock()
    app.config["CLOCK"] = clock
    return clock


@pytest.fixture
def app_queries(app: Flask) -> Iterator[list[str]]:
    """Statements that the site sends: `app_queries.clear()`, ask for a page, look at `len(app_queries)`."""
    import sqlalchemy as sa

    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")):
            seen.append(statement)

    engine: database.Engine = app.extensions["engine"]
    sa.event.listen(engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def field(session: Session, clock: Clock) -> Field:
    """A pilot in the field, on one of its days."""
    clock.set(NOW)
    return create_field(session, cheap_hash())


@pytest.fixture
def anna(field: Field, sign_in: Callable[[User], Browser]) -> Browser:
    """The browser of one of its auditors."""
    return sign_in(field.anna)
