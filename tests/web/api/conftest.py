"""A phone that speaks to the API."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from tests.field import Field, good_answers
from tests.web.conftest import Browser

GOOD_VISIT = {
    "outcome": "done",
    "started_at": "2014-08-05T10:00:00+04:00",
    "left_at": "2014-08-05T10:20:00+04:00",
    "answers": good_answers(),
}
GOOD_TIMING = {
    "mode": "observed",
    "outcome": "served",
    "operation": "parcel_send",
    "entry_method": "stopwatch",
    "events": {
        "joined": "2014-08-05T10:00:00.125+04:00",
        "called": "2014-08-05T10:05:00+04:00",
        "started": "2014-08-05T10:05:30+04:00",
        "ended": "2014-08-05T06:10:00Z",
    },
    "ticks": {"joined": 1000, "called": 300_875},
}
GOOD = {"visits": GOOD_VISIT, "timings": GOOD_TIMING}


class Phone:
    """A signed-in browser that sends records as the phone's outbox does."""

    def __init__(self, browser: Browser, assignment: int) -> None:
        self.browser = browser
        self.assignment = assignment

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.browser.get(f"/api/v1/{path}", **kwargs)

    def session(self) -> TestResponse:
        return self.get("session")

    def send(
        self,
        kind: str = "visits",
        record_id: Any = None,
        headers: dict[str, str] | None = None,
        **changes: Any,
    ) -> TestResponse:
        """PUT a good record with these changes, with a fresh token."""
        body = {"assignment": self.assignment, **GOOD[kind], **changes}
        return self.put(f"{kind}/{record_id or uuid4()}", json=body, headers=headers)

    def put(self, path: str, headers: dict[str, str] | None = None, **kwargs: Any) -> TestResponse:
        token = {"X-CSRFToken": self.session().json["csrf_token"]}  # type: ignore[index]  # always an object
        return self.browser.put(f"/api/v1/{path}", headers=token | (headers or {}), **kwargs)


@pytest.fixture
def phone(anna: Browser, field: Field) -> Phone:
    """Anna's."""
    assignment = field.anna_s.id or 0
    # Nothing stays open: SQLite has one writer.
    field.session.commit()
    return Phone(anna, assignment)
