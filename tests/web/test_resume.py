"""What was typed when the sign-in had ended comes back, and is sent on, for any form of the site."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, jsonify, request
from sqlmodel import Session, select

from pilot_eval.records.network import Region
from pilot_eval.records.people import User
from tests.conftest import PASSWORD
from tests.web.conftest import Browser
from tests.web.forms_of_pages import form_to, forms_of
from tests.web.test_sign_in import grow_stale

# Multi-values, order, markup, line ends and Russian all have to survive.
TYPED = {"q_A1": ["yes"], "note": ["Очередь <b>12</b> чел.\r\n\"Да\" & 'нет'"], "lever": ["b", "a", "b"]}


@pytest.fixture
def app(app: Flask) -> Flask:
    """The site with a page of no area in particular, which keeps what it is sent."""
    app.extensions["received"] = []

    @app.post("/probe/<int:number>")
    def probe(number: int) -> Any:
        app.extensions["received"].append({name: request.form.getlist(name) for name in request.form})
        return jsonify(number=number, query=request.args)

    return app


@pytest.fixture
def probe(app: Flask) -> list[dict[str, list[str]]]:
    """What that page was sent."""
    received: list[dict[str, list[str]]] = app.extensions["received"]
    return received


def lose_sign_in(browser: Browser) -> None:
    """As after twelve hours, or after signing out in another tab: the cookie is good for nothing."""
    browser.submit("/sign-out")


def sign_in_again(browser: Browser, page: str, user: User, password: str = PASSWORD) -> Any:
    form = form_to(page, "/sign-in")
    return browser.post("/sign-in", data={**form.as_data(), "email": user.email, "password": password})


def test_a_form_is_sent_on_after_signing_in_again(
    as_auditor: Browser, auditor: User, probe: list[dict[str, list[str]]]
) -> None:
    token = as_auditor.token()
    lose_sign_in(as_auditor)
    refused = as_auditor.post("/probe/7?x=%D0%B6", data={"csrf_token": token, **TYPED})
    assert refused.status_code == 401
    assert "nothing you wrote is lost" in refused.text
    assert not probe

    again = sign_in_again(as_auditor, refused.text, auditor)
    assert again.status_code == 200
    assert "Your answers are here" in again.text
    assert not probe

    form = form_to(again.text, "/probe/7")
    answer = as_auditor.post(form.action, data=form.as_data())
    assert answer.json == {"number": 7, "query": {"x": "ж"}}
    assert len(probe) == 1
    probe[0].pop("csrf_token")
    assert probe[0] == TYPED


def test_a_wrong_password_in_between_loses_nothing(
    as_auditor: Browser, auditor: User, probe: list[dict[str, list[str]]]
) -> None:
    lose_sign_in(as_auditor)
    refused = as_auditor.post("/probe/7", data=TYPED)
    wrong = sign_in_again(as_auditor, refused.text, auditor, "not the password at all")
    assert "wrong" in wrong.text
    form = form_to(sign_in_again(as_auditor, wrong.text, auditor).text, "/probe/7")
    as_auditor.post(form.action, data=form.as_data())
    assert [answers["lever"] for answers in probe] == [TYPED["lever"]]


def test_a_cookie_that_is_too_old_still_tells_whose_the_answers_are(
    app: Flask,
    as_auditor: Browser,
    auditor: User,
    manager: User,
    probe: list[dict[str, list[str]]],
) -> None:
    lasts = app.permanent_session_lifetime
    app.config["PERMANENT_SESSION_LIFETIME"] = -1
    refused = as_auditor.post("/probe/7", data=TYPED)
    app.config["PERMANENT_SESSION_LIFETIME"] = lasts
    assert refused.status_code == 401
    assert "another person" in sign_in_again(as_auditor, refused.text, manager).text


def test_answers_of_one_person_are_never_sent_as_another(
    as_auditor: Browser, auditor: User, manager: User, probe: list[dict[str, list[str]]]
) -> None:
    lose_sign_in(as_auditor)
    refused = as_auditor.post("/probe/7", data=TYPED)
    strange = sign_in_again(as_auditor, refused.text, manager)
    assert "another person" in strange.text
    assert "Очередь" not in strange.text
    assert 'action="/probe/7"' not in strange.text

    # Signing out hands the answers on to the sign-in page, and so to their author.
    kept = [form for form in _forms(strange.text, "/sign-out") if "carried" in form.as_data()]
    assert len(kept) == 1
    handed_on = as_auditor.post("/sign-out", data=kept[0].as_data())
    form = form_to(sign_in_again(as_auditor, handed_on.text, auditor).text, "/probe/7")
    as_auditor.post(form.action, data=form.as_data())
    assert [answers["note"] for answers in probe] == [TYPED["note"]]


def _forms(page: str, action: str) -> list[Any]:
    return [form for form in forms_of(page) if form.action == action]


def test_an_old_token_gives_the_form_back_with_a_fresh_one(
    as_auditor: Browser, probe: list[dict[str, list[str]]]
) -> None:
    refused = as_auditor.post("/probe/7", data={"csrf_token": "grown old", **TYPED})
    assert refused.status_code == 400
    assert not probe
    form = form_to(refused.text, "/probe/7")
    as_auditor.post(form.action, data=form.as_data())
    assert [answers["note"] for answers in probe] == [TYPED["note"]]


def test_a_weighty_form_comes_back_after_the_password(as_administrator: Browser, session: Session) -> None:
    data = {"name": "vera", "role": "auditor", "region": "", "full_name": "Вера", "language": "ru"}
    grow_stale(as_administrator)
    asked = as_administrator.submit("/people/new", data)
    assert asked.status_code == 401
    form = form_to(asked.text, "/confirm-password")
    again = as_administrator.post("/confirm-password", data={**form.as_data(), "password": PASSWORD})
    form = form_to(again.text, "/people/new")
    assert "One-time link for vera" in as_administrator.post(form.action, data=form.as_data()).text
    assert session.exec(select(User.full_name).where(User.email == "vera")).one() == "Вера"


def test_passwords_are_never_carried(as_auditor: Browser, auditor: User, app: Flask) -> None:
    lose_sign_in(as_auditor)
    data = {"password": "my old secret one", "new_password": "my new secret one", "other": "kept"}
    refused = as_auditor.post("/account/password", data=data)
    again = sign_in_again(as_auditor, refused.text, auditor)
    form = form_to(again.text, "/account/password")
    assert {name for name, _value in form.fields} == {"csrf_token", "other"}


def test_files_cannot_be_kept_and_it_says_so(as_auditor: Browser, auditor: User, probe: Any) -> None:
    lose_sign_in(as_auditor)
    data = {"title": "Visits", "file": (io.BytesIO(b"a;b"), "visits.csv")}
    refused = as_auditor.post("/probe/7", data=data)
    assert "Files cannot be kept" in refused.text
    assert "choose it again" in sign_in_again(as_auditor, refused.text, auditor).text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("signed_in", [True, False])
def test_nothing_is_carried_for_a_page_that_is_not_ours(
    as_auditor: Browser, probe: Any, headers: dict[str, str], signed_in: bool
) -> None:
    if not signed_in:
        lose_sign_in(as_auditor)
    answer = as_auditor.post("/probe/7", data=TYPED, headers=headers)
    assert answer.status_code == (400 if signed_in else 401)
    assert "Очередь" not in answer.text
    assert 'name="carried"' not in answer.text
    assert not probe


@pytest.mark.parametrize("carried", ["", "nonsense", "eyJhIjoxfQ.aaaa.bbbb"])
def test_a_forged_parcel_is_dropped(client: Any, auditor: User, carried: str) -> None:
    answer = client.submit("/sign-in", {"email": auditor.email, "password": PASSWORD, "carried": carried})
    assert (answer.status_code, answer.location) == (302, "/")


def test_a_parcel_for_an_address_that_takes_no_post_is_dropped(
    app: Flask, client: Any, auditor: User
) -> None:
    from itsdangerous import URLSafeTimedSerializer

    seal = URLSafeTimedSerializer(app.secret_key, salt="carried form")
    for path in ("/account", "/nowhere", "/sign-out", "//evil.example/x"):
        data = {"email": auditor.email, "password": PASSWORD, "carried": seal.dumps([path, [], None, False])}
        answer = client.submit("/sign-in", data)
        assert answer.status_code == 302, path
        client.submit("/sign-out")


def test_a_sign_in_form_that_grew_old_is_shown_again(client: Any, auditor: User) -> None:
    data = {"csrf_token": "old", "email": auditor.email, "password": PASSWORD}
    answer = client.post("/sign-in", data=data)
    assert answer.status_code == 400
    form = form_to(answer.text, "/sign-in")
    data = {**form.as_data(), "email": auditor.email, "password": PASSWORD}
    assert client.post("/sign-in", data=data).status_code == 302


def test_a_long_form_is_carried_whole(as_auditor: Browser, auditor: User, probe: Any) -> None:
    answers = {f"q_{number}": [f"Ответ {number} " * 40] for number in range(300)}
    lose_sign_in(as_auditor)
    refused = as_auditor.post("/probe/7", data=answers)
    form = form_to(sign_in_again(as_auditor, refused.text, auditor).text, "/probe/7")
    as_auditor.post(form.action, data=form.as_data())
    probe[0].pop("csrf_token")
    assert probe[0] == answers


def test_a_region_typed_after_the_sign_in_ended_is_stored_once(
    as_head_office: Browser, head_office: User, session: Session
) -> None:
    lose_sign_in(as_head_office)
    refused = as_head_office.post("/regions", data={"code": "33", "name": "Владимир"})
    form = form_to(sign_in_again(as_head_office, refused.text, head_office).text, "/regions")
    assert as_head_office.post(form.action, data=form.as_data()).status_code == 303
    assert session.exec(select(Region.name).where(Region.code == "33")).all() == ["Владимир"]


def test_a_parcel_does_not_lead_past_the_rights(
    as_auditor: Browser, auditor: User, sign_in: Callable[[User], Browser]
) -> None:
    lose_sign_in(as_auditor)
    refused = as_auditor.post("/regions", data={"code": "33", "name": "North"})
    form = form_to(sign_in_again(as_auditor, refused.text, auditor).text, "/regions")
    assert as_auditor.post(form.action, data=form.as_data()).status_code == 403
