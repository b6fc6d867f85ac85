"""A program that shows a token: what it reaches, what it never reaches, and how it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlmodel import Session, select
from werkzeug.test import TestResponse

from pilot_eval.domain.people import TokenScope
from pilot_eval.operations import tokens
from pilot_eval.records.people import ApiToken, SignIn, User
from pilot_eval.records.visits import Visit
from pilot_eval.web.api.routes import SCOPES
from tests.conftest import OPERATOR, PASSWORD
from tests.field import NOW, Field
from tests.web.api.conftest import GOOD
from tests.web.conftest import Browser
from tests.web.field_pages import stored

READS = {
    "session": TokenScope.SESSION_READ,
    "assignments": TokenScope.ASSIGNMENTS_READ,
    "branches": TokenScope.BRANCHES_READ,
}
EVERY = list(TokenScope)


class Program:
    """Something without cookies that shows a token."""

    def __init__(self, app: Flask, token: str) -> None:
        self.client = app.test_client(use_cookies=False)
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, headers=self.headers)

    def send(self, kind: str, assignment: int) -> TestResponse:
        body = {"assignment": assignment, **GOOD[kind]}
        return self.client.put(f"/api/v1/{kind}/{uuid4()}", json=body, headers=self.headers)


@pytest.fixture
def to_make(field: Field) -> dict[str, int]:
    """The assignments; nothing stays open: SQLite has one writer."""
    ids = {"anna": field.anna_s.id or 0, "boris": field.boris_s.id or 0}
    field.session.commit()
    return ids


@pytest.fixture
def program(app: Flask, field: Field) -> Any:
    """`program(scope, ...)`: one that acts as Anna."""

    def make(*scopes: TokenScope, person: User = field.anna, **changes: Any) -> Program:
        given = {"scopes": scopes, "days": 30, "now": NOW} | changes
        return Program(app, tokens.make_token(field.session, OPERATOR, person.email, **given))

    return make


def test_a_token_records_a_visit_without_a_form_token(
    program: Any, session: Session, field: Field, to_make: dict[str, int]
) -> None:
    person = field.anna.id
    answer = program(TokenScope.VISITS_WRITE).send("visits", to_make["anna"])
    assert answer.status_code == 201
    (visit,) = stored(session, Visit)
    assert visit.auditor_id == person
    assert "Set-Cookie" not in answer.headers


def test_each_scope_opens_its_own_addresses_and_no_others(program: Any, to_make: dict[str, int]) -> None:
    assignment = to_make["anna"]
    for scope in TokenScope:
        acting = program(scope)
        answers = {needed: acting.get(f"/api/v1/{path}").status_code for path, needed in READS.items()}
        answers[TokenScope.VISITS_WRITE] = acting.send("visits", assignment).status_code
        answers[TokenScope.TIMINGS_WRITE] = acting.send("timings", assignment).status_code
        assert {needed for needed, status in answers.items() if status in {200, 201, 409}} == {scope}
        assert {status for needed, status in answers.items() if needed is not scope} == {403}


def test_what_has_no_scope_is_closed_to_every_token(
    program: Any, field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    acting = program(*EVERY)
    assert acting.get("/api/v1/branches").status_code == 200
    monkeypatch.delitem(SCOPES, "api.branches")
    answer = acting.get("/api/v1/branches")
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")


def test_every_address_of_the_api_but_the_document_has_its_scope(app: Flask) -> None:
    there = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")}
    assert there - {"api.openapi"} == set(SCOPES)
    assert set(SCOPES.values()) == set(TokenScope)


def test_the_role_still_decides(program: Any, field: Field, to_make: dict[str, int]) -> None:
    maria, anna = program(*EVERY, person=field.maria), program(*EVERY)
    assert maria.send("visits", to_make["anna"]).status_code == 403
    assert maria.get("/api/v1/assignments").status_code == 403
    assert anna.send("visits", to_make["boris"]).status_code == 404


def test_a_token_opens_no_page(app: Flask, program: Any) -> None:
    acting = program(*EVERY)
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments and not rule.rule.startswith("/api/"):
            with (
                acting.get(rule.rule) as answer,
                app.test_client(use_cookies=False).get(rule.rule) as anonymous,
            ):
                assert (answer.status_code, answer.location) == (anonymous.status_code, anonymous.location)


def test_whoever_shows_a_bad_token_is_nobody_and_learns_nothing(
    app: Flask, program: Any, session: Session, field: Field, clock: Any
) -> None:
    expired = program(TokenScope.SESSION_READ, days=1)
    revoked = program(TokenScope.SESSION_READ, name="revoked")
    disabled = program(TokenScope.SESSION_READ, person=field.boris)
    assert [each.get("/api/v1/session").status_code for each in (expired, revoked, disabled)] == [200] * 3
    clock.set(NOW + timedelta(days=2))
    row = next(row for row in session.exec(select(ApiToken)) if row.name == "revoked")
    tokens.end(session, OPERATOR, row.id or 0, NOW)
    field.boris.active = False
    session.add(field.boris)
    session.commit()
    unknown = Program(app, tokens.PREFIX + "x" * 43)
    answers = [each.get("/api/v1/session") for each in (expired, revoked, disabled, unknown)]
    answers += [
        app.test_client(use_cookies=False).get("/api/v1/session", headers={"Authorization": header})
        for header in ("", "Bearer", "Bearer ", "Basic eDp4", "Bearer \x00", "nonsense", "Bearer a b")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.data for answer in answers}) == 1
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}


def test_beside_a_token_the_cookie_counts_for_nothing(anna: Browser, to_make: dict[str, int]) -> None:
    """A cookie with a header that is no token would otherwise need no form token."""
    body = {"assignment": to_make["anna"], **GOOD["visits"]}
    for header in ("Bearer nonsense", "Basic eDp4", ""):
        answer = anna.put(
            f"/api/v1/visits/{uuid4()}", json=body, headers={"Authorization": header, "Origin": "http://evil"}
        )
        assert (answer.status_code, answer.json["code"]) == (401, "signed_out")
    assert anna.get("/api/v1/session").status_code == 200


def test_a_form_that_names_a_token_still_needs_the_page_s_own(as_administrator: Browser) -> None:
    answer = as_administrator.post(
        "/regions", data={"code": "n", "name": "North"}, headers={"Authorization": "Bearer x"}
    )
    assert answer.status_code == 400


def test_a_session_by_token_has_no_form_token(program: Any, field: Field) -> None:
    answer = program(TokenScope.SESSION_READ).get("/api/v1/session")
    assert answer.json["csrf_token"] is None
    assert answer.json["person"] == field.anna.id


def test_a_new_password_ends_the_tokens(anna: Browser, program: Any) -> None:
    acting = program(TokenScope.SESSION_READ)
    assert acting.get("/api/v1/session").status_code == 200
    new = "another long password of mine"
    changed = anna.submit(
        "/account/password", {"password": PASSWORD, "new_password": new, "new_password_confirm": new}
    )
    assert changed.status_code == 302
    assert acting.get("/api/v1/session").status_code == 401


def test_use_is_noted_now_and_then(
    program: Any, session: Session, clock: Any, app_queries: list[str]
) -> None:
    acting = program(TokenScope.SESSION_READ)

    def used() -> Any:
        (row,) = stored(session, ApiToken)
        return row.last_used_at

    assert used() is None
    acting.get("/api/v1/session")
    assert used() == NOW
    clock.forward(minutes=9)
    app_queries.clear()
    acting.get("/api/v1/session")
    assert not [statement for statement in app_queries if statement.startswith("UPDATE")]
    clock.forward(minutes=1)
    acting.get("/api/v1/session")
    assert used() == clock.now


# The pages.


PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Mobile Safari/537.36"
)


def test_everyone_sees_and_ends_their_own_devices_and_tokens(
    app: Flask, program: Any, field: Field, session: Session, clock: Any
) -> None:
    acting = program(TokenScope.SESSION_READ, name="Night <b>import</b>")
    phone: Any = app.test_client()
    phone.environ_base["HTTP_USER_AGENT"] = PHONE
    phone.sign_in(field.anna)
    desk: Any = app.test_client()
    desk.sign_in(field.anna)
    page = desk.get("/account").text
    assert "Chrome, Android" in page
    assert "Night &lt;b&gt;import&lt;/b&gt;" in page
    (lost,) = (row.id for row in stored(session, SignIn) if row.device == "Chrome, Android")
    (token,) = (row.id for row in stored(session, ApiToken))
    assert desk.submit(f"/account/sign-ins/{lost}/end").location == "/account"
    assert desk.submit(f"/account/tokens/{token}/end").location == "/account"
    assert phone.get("/account").status_code == 302
    assert acting.get("/api/v1/session").status_code == 401
    page = desk.get("/account").text
    assert "Chrome, Android" not in page
    assert "You have none." in page


def test_an_administrator_ends_a_lost_phone(
    program: Any, field: Field, anna: Browser, as_administrator: Browser, session: Session
) -> None:
    acting = program(TokenScope.SESSION_READ)
    person = field.anna.id
    (device,) = (row.id for row in stored(session, SignIn) if row.user_id == person)
    (token,) = (row.id for row in stored(session, ApiToken))
    path = f"/people/{person}/access"
    assert "End this sign-in" in as_administrator.get(path).text
    assert as_administrator.submit(f"/account/sign-ins/{device}/end").location == path
    assert as_administrator.submit(f"/account/tokens/{token}/end").location == path
    assert "There are none." in as_administrator.get(path).text
    assert anna.get("/api/v1/session").status_code == 401
    assert acting.get("/api/v1/session").status_code == 401


def test_a_device_is_seen_while_it_is_used(anna: Browser, session: Session, clock: Any) -> None:
    clock.forward(minutes=30)
    anna.get("/account")
    assert clock.now in {row.last_seen_at for row in stored(session, SignIn)}


def test_a_program_gone_wild_is_asked_to_wait(app: Flask, program: Any, clock: Any) -> None:
    app.config["API_REQUESTS_A_MINUTE"] = 3
    acting = program(TokenScope.SESSION_READ)
    answers = [acting.get("/api/v1/session") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].json["code"] == "too_many"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61
    clock.forward(seconds=61)
    assert acting.get("/api/v1/session").status_code == 200
