"""Signing in and out: who gets in, who does not, and when a sign-in ends."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlmodel import Session, select

from pilot_eval.operations.signing_in import WRONG_TRIES
from pilot_eval.records.people import FailedSignIn, SignIn, User
from pilot_eval.web.sign_in import PUBLIC, PUBLIC_AREAS
from tests.conftest import PASSWORD
from tests.web.conftest import Browser, Clock

WRONG = "The sign-in name or the password is wrong"
TOO_MANY = "Too many wrong passwords"


def plain(page: str) -> str:
    """A page without what differs from one answer to the next."""
    return re.sub(r'(name="csrf_token"|id="email" name="email"[^>]*) value="[^"]*"', "", page)


def works(browser: Browser) -> bool:
    """Whether the browser is signed in."""
    return browser.get("/account").status_code == 200


def copy_of(browser: Browser, app: Flask) -> Any:
    """Another browser with the same cookie, as a thief has it."""
    thief: Any = app.test_client()
    cookie = browser.get_cookie("pilot_eval")
    assert cookie is not None
    thief.set_cookie("pilot_eval", cookie.value)
    return thief


def test_name_and_password_let_in(client: Any, auditor: User) -> None:
    assert client.sign_in(auditor).location == "/"
    assert works(client)


def test_the_name_may_be_typed_in_any_case(client: Any, create_auditor: Callable[..., User]) -> None:
    create_auditor(name="anna")
    answer = client.submit("/sign-in", {"email": " ANNA ", "password": PASSWORD})
    assert answer.status_code == 302


def test_after_signing_in_one_is_where_one_wanted_to_be(client: Any, administrator: User) -> None:
    there = client.get("/people?x=1").location
    answer = client.submit(there, {"email": administrator.email, "password": PASSWORD})
    assert answer.location == "/people?x=1"


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
     "https:evil.example", "javascript:alert(1)"],
)  # fmt: skip
def test_next_never_leads_away(client: Any, auditor: User, elsewhere: str) -> None:
    assert client.get("/sign-in", query_string={"next": elsewhere}).location == "/sign-in"
    data = {"email": auditor.email, "password": PASSWORD}
    assert client.submit("/sign-in", data, query_string={"next": elsewhere}).status_code == 400
    assert client.submit("/sign-in", {**data, "next": elsewhere}).status_code == 400


def test_a_wrong_password_an_unknown_name_and_a_disabled_person_look_the_same(
    client: Any, auditor: User, create_auditor: Callable[..., User], session: Session
) -> None:
    disabled = create_auditor()
    disabled.active = False
    session.add(disabled)
    session.commit()
    without_password = create_auditor(password_hash=None)
    tries = [
        (auditor.email, "a wrong password, long enough"),
        ("nobody", PASSWORD),
        (disabled.email, PASSWORD),
        (without_password.email, PASSWORD),
    ]
    answers = [client.submit("/sign-in", {"email": name, "password": given}) for name, given in tries]
    assert {answer.status_code for answer in answers} == {200}
    assert len({plain(answer.text) for answer in answers}) == 1
    assert WRONG in answers[0].text
    assert not works(client)


def test_an_empty_form_says_what_to_enter_and_counts_nothing(client: Any, session: Session) -> None:
    answer = client.submit("/sign-in", {"email": "", "password": ""})
    assert "Enter your sign-in name and your password" in answer.text
    assert not session.exec(select(FailedSignIn)).all()


@pytest.mark.parametrize("exists", [True, False])
def test_the_eleventh_wrong_password_in_a_quarter_of_an_hour_is_not_looked_at(
    client: Any, auditor: User, clock: Clock, exists: bool
) -> None:
    name = auditor.email if exists else "nobody"
    for _ in range(WRONG_TRIES):
        answer = client.submit("/sign-in", {"email": name, "password": "wrong, but long enough"})
        assert answer.status_code == 200
    # Not even the right one: else the refusal would tell it from the wrong ones.
    answer = client.submit("/sign-in", {"email": name, "password": PASSWORD})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60 + 1
    assert TOO_MANY in answer.text
    assert not works(client)
    clock.forward(minutes=15, seconds=1)
    answer = client.submit("/sign-in", {"email": name, "password": PASSWORD})
    assert answer.status_code == (302 if exists else 200)


def test_right_passwords_are_not_counted(client: Any, auditor: User, session: Session) -> None:
    for _ in range(WRONG_TRIES + 2):
        assert client.sign_in(auditor).status_code == 302
        client.submit("/sign-out")
    assert not session.exec(select(FailedSignIn)).all()


def test_guesses_made_at_the_same_moment_count_each_other(
    app: Flask, auditor: User, session: Session
) -> None:
    session.rollback()

    def guess(number: int) -> int:
        browser: Any = app.test_client()
        data = {"email": auditor.email, "password": f"wrong password number {number}"}
        return int(browser.submit("/sign-in", data).status_code)

    with ThreadPoolExecutor(8) as threads:
        codes = list(threads.map(guess, range(24)))
    assert set(codes) == {200, 429}
    assert codes.count(200) <= WRONG_TRIES


def test_the_password_that_is_asked_once_more_is_counted_too(as_administrator: Any) -> None:
    codes = [
        as_administrator.submit("/confirm-password", {"password": "a wrong one"}).status_code
        for _ in range(WRONG_TRIES + 1)
    ]
    assert codes == [200] * WRONG_TRIES + [429]


def test_many_people_sign_in_at_once(
    app: Flask, create_auditor: Callable[..., User], session: Session
) -> None:
    everyone = [create_auditor() for _ in range(8)]
    names = [person.email for person in everyone]
    session.rollback()

    def enter(name: str) -> int:
        browser: Any = app.test_client()
        return int(browser.submit("/sign-in", {"email": name, "password": PASSWORD}).status_code)

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(enter, names * 3)) == [302] * 24


# What ends a sign-in, on every copy of its cookie.


def test_signing_out_ends_every_copy_of_the_cookie(app: Flask, as_auditor: Browser) -> None:
    thief = copy_of(as_auditor, app)
    assert works(thief)
    assert as_auditor.submit("/sign-out").location == "/sign-in"
    assert not works(as_auditor)
    assert not works(thief)


def test_signing_out_takes_a_post(as_auditor: Browser) -> None:
    assert as_auditor.get("/sign-out").status_code == 405
    assert works(as_auditor)


def test_disabling_a_person_ends_their_sign_ins(
    sign_in: Callable[[User], Browser], auditor: User, as_administrator: Browser
) -> None:
    theirs = sign_in(auditor)
    as_administrator.submit(f"/people/{auditor.id}", {"role": "auditor", "region": "", "full_name": ""})
    assert not works(theirs)


def test_a_new_role_ends_the_sign_ins_that_had_the_old_one(
    sign_in: Callable[[User], Browser], auditor: User, as_administrator: Browser
) -> None:
    theirs = sign_in(auditor)
    data = {"role": "head_office", "region": "", "full_name": "", "active": "y"}
    assert as_administrator.submit(f"/people/{auditor.id}", data).status_code == 303
    assert not works(theirs)


def test_a_new_password_ends_all_sign_ins_but_the_one_that_set_it(
    app: Flask, sign_in: Callable[[User], Browser], auditor: User, client: Any
) -> None:
    here, elsewhere = sign_in(auditor), sign_in(auditor)
    thief = copy_of(here, app)
    new = "another battery staple"
    data = {"password": PASSWORD, "new_password": new, "new_password_confirm": new}
    assert here.submit("/account/password", data).status_code == 302
    assert works(here)
    assert not works(elsewhere)
    assert not works(thief)
    assert client.sign_in(auditor, PASSWORD).status_code == 200
    assert client.sign_in(auditor, new).status_code == 302


@pytest.mark.parametrize(
    ("given", "new", "once_more"),
    [
        (PASSWORD, "short", "short"),
        (PASSWORD, "long enough, surely", "but not the same"),
        ("not the password", "long enough, surely", "long enough, surely"),
    ],
)
def test_a_password_is_not_changed_by_a_bad_form(
    as_auditor: Browser, auditor: User, client: Any, given: str, new: str, once_more: str
) -> None:
    data = {"password": given, "new_password": new, "new_password_confirm": once_more}
    answer = as_auditor.submit("/account/password", data)
    assert answer.status_code == 200
    assert "There is a problem" in answer.text
    assert client.sign_in(auditor).status_code == 302


def test_a_sign_in_ends_after_twelve_hours(as_auditor: Browser, clock: Clock) -> None:
    clock.forward(hours=11, minutes=59)
    assert works(as_auditor)
    clock.forward(minutes=2)
    assert not works(as_auditor)


def test_a_sign_in_can_be_ended_from_elsewhere(
    sign_in: Callable[[User], Browser], auditor: User, session: Session
) -> None:
    here, lost = sign_in(auditor), sign_in(auditor)
    page = here.get("/account").text
    ends = re.findall(r'action="(/account/sign-ins/[^"]+/end)"', page)
    assert len(ends) == 1
    assert here.submit(ends[0]).status_code == 303
    assert works(here)
    assert not works(lost)


def test_another_persons_sign_in_is_as_if_it_did_not_exist(
    as_auditor: Browser, as_manager: Browser, manager: User, session: Session
) -> None:
    theirs = session.exec(select(SignIn.id).where(SignIn.user_id == manager.id)).one()
    strange = as_auditor.submit(f"/account/sign-ins/{theirs}/end")
    missing = as_auditor.submit("/account/sign-ins/missing/end")
    assert strange.status_code == missing.status_code == 404
    assert plain(strange.text) == plain(missing.text)
    assert works(as_manager)


# The cookie, and what else might let somebody in.


def test_over_https_the_cookie_is_bound_to_the_host(client: Any) -> None:
    headers = {"Origin": "https://localhost", "Referer": "https://localhost/"}
    answer = client.get("/sign-in", base_url="https://localhost", headers=headers)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-pilot_eval=")
    for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert word in cookie
    assert "Domain" not in cookie


def test_on_this_machine_the_cookie_is_a_plain_one(client: Any) -> None:
    cookie = client.get("/sign-in").headers["Set-Cookie"]
    assert cookie.startswith("pilot_eval=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_nothing_remembers_a_person_beside_the_cookie(client: Any, auditor: User) -> None:
    data = {"email": auditor.email, "password": PASSWORD, "remember": "y"}
    answer = client.submit("/sign-in", data)
    assert answer.status_code == 302
    assert "remember_token" not in "".join(answer.headers.getlist("Set-Cookie"))


def test_a_token_in_header_or_address_lets_nobody_in(app: Flask, client: Any, auditor: User) -> None:
    with app.app_context():
        token = auditor.get_auth_token()
    assert client.get("/account", headers={"Authentication-Token": token}).status_code == 302
    assert client.get("/account", query_string={"auth_token": token}).status_code == 302


def test_every_page_that_is_not_named_public_asks_for_a_sign_in(app: Flask, client: Any) -> None:
    asked = 0
    adapter = app.create_url_adapter(None) or app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if rule.endpoint in PUBLIC or rule.endpoint.partition(".")[0] in PUBLIC_AREAS:
            continue
        values = {name: _sample(rule, name) for name in rule.arguments}
        path = adapter.build(rule.endpoint, values)
        for method in (rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}:
            answer = client.open(path, method=method)
            if method == "GET" and not path.startswith("/api/"):
                assert answer.status_code == 302, f"{method} {path}"
                assert answer.location.startswith("/sign-in"), f"{method} {path}"
            else:
                assert answer.status_code == 401, f"{method} {path}"
            asked += 1
    assert asked >= 15


def _sample(rule: Any, name: str) -> Any:
    converter = type(rule._converters[name]).__name__
    if converter == "AnyConverter":
        return sorted(rule._converters[name].items)[0]
    return {
        "IntegerConverter": 1,
        "UUIDConverter": "00000000-0000-4000-8000-000000000000",
    }.get(converter, "x")


def test_a_program_is_told_in_its_own_language(client: Any) -> None:
    answer = client.get("/account", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json) == (
        401,
        {"code": "signed_out", "message": "Sign in first"},
    )


def test_a_post_without_a_token_is_refused(as_administrator: Browser, session: Session) -> None:
    answer = as_administrator.post("/regions", data={"code": "n", "name": "North"}, headers={})
    assert answer.status_code == 400
    assert client_regions(as_administrator) == []


def client_regions(browser: Browser) -> list[str]:
    """The codes of the regions that the page lists."""
    return [
        html.unescape(code)
        for code in re.findall(r'<th scope="row">([^<]+)</th>', browser.get("/regions").text)
    ]


# Freshness.


def grow_stale(browser: Browser) -> None:
    """As if the password had been given 16 minutes ago."""
    with browser.session_transaction() as cookie:
        cookie["fs_paa"] -= 16 * 60


def test_weighty_pages_ask_for_the_password_once_more_and_lead_back(
    as_administrator: Browser, session: Session
) -> None:
    grow_stale(as_administrator)
    answer = as_administrator.get("/people/new")
    assert answer.location == "/confirm-password?next=/people/new"
    answer = as_administrator.submit(answer.location, {"password": PASSWORD})
    assert answer.location == "/people/new"
    assert as_administrator.get("/people/new").status_code == 200


def test_reading_does_not_ask_for_the_password(as_administrator: Browser) -> None:
    grow_stale(as_administrator)
    assert as_administrator.get("/people").status_code == 200


# Language.


def test_the_sign_in_page_speaks_the_browsers_language(client: Any) -> None:
    page = client.get("/sign-in", headers={"Accept-Language": "ru-RU,ru;q=0.9,en;q=0.5"}).text
    assert '<html lang="ru">' in page
    assert "Войти" in page


def test_a_refusal_is_in_russian_for_a_russian_reader(client: Any) -> None:
    client.submit("/language", {"language": "ru"})
    answer = client.submit("/sign-in", {"email": "nobody", "password": "anything at all"})
    assert WRONG not in answer.text
    assert '<html lang="ru">' in answer.text


def test_the_chosen_language_stays_with_the_person(
    sign_in: Callable[[User], Browser], auditor: User, session: Session
) -> None:
    first = sign_in(auditor)
    assert first.submit("/language", {"language": "ru", "next": "/account"}).location == "/account"
    assert '<html lang="ru">' in sign_in(auditor).get("/account").text
    session.rollback()
    assert session.exec(select(User.language).where(User.id == auditor.id)).one() == "ru"


def test_choosing_a_language_never_leads_away(client: Any) -> None:
    answer = client.submit("/language", {"language": "ru", "next": "//evil.example"})
    assert answer.location == "/"
