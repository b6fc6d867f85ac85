"""Administrators add and change people; head office reads; nobody else sees them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from pilot_eval.domain.people import Role
from pilot_eval.records import audit
from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.network import Region
from pilot_eval.records.people import User
from tests.conftest import acting
from tests.web.conftest import Browser, Clock

NEW = {"name": "Vera", "role": "auditor", "region": "", "full_name": "Вера", "language": "ru"}
HOSTILE = "<script>alert(1)</script>\"'"


def link_on(page: str) -> str:
    found = re.search(r'id="one-time-link">([^<]+)<', page)
    assert found, page
    return found[1]


def test_a_new_person_gets_a_link_sets_a_password_and_signs_in(
    as_administrator: Browser, client: Any, session: Session
) -> None:
    page = as_administrator.submit("/people/new", NEW)
    assert page.status_code == 200
    link = link_on(page.text)
    assert link.startswith("http://localhost/reset/")
    path = link.removeprefix("http://localhost")

    assert "vera" in client.get(path).text
    new = "a password of my own"
    answer = client.submit(path, {"new_password": new, "once_more": new})
    assert answer.location == "/sign-in"
    vera = session.exec(select(User).where(User.email == "vera")).one()
    assert vera.role is Role.AUDITOR
    assert client.sign_in(vera, new).status_code == 302
    assert '<html lang="ru">' in client.get("/account").text

    over = client.get(path)
    assert over.status_code == 404
    assert client.submit(path, {"new_password": new, "once_more": new}).status_code == 404


def test_the_link_is_shown_once_and_stored_by_nobody(as_administrator: Browser, session: Session) -> None:
    link = link_on(as_administrator.submit("/people/new", NEW).text)
    token = link.rpartition("/")[2]
    for path in ("/people", "/people/2", "/audit-log"):
        assert token not in as_administrator.get(path).text
    assert token not in str([event.details for event in session.exec(select(AuditEvent))])


def test_a_link_ends_after_a_day(as_administrator: Browser, client: Any, clock: Clock) -> None:
    path = link_on(as_administrator.submit("/people/new", NEW).text).removeprefix("http://localhost")
    clock.forward(hours=23, minutes=59)
    assert client.get(path).status_code == 200
    clock.forward(minutes=1)
    assert client.get(path).status_code == 404
    assert client.get("/reset/unknown").text == client.get(path).text.replace(path, "/reset/unknown")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": " "}, "Enter a sign-in name"),
        ({"name": "x" * 201}, "At most 200 characters"),
        ({"full_name": "x" * 201}, "At most 200 characters"),
        ({"role": ""}, "Choose a role"),
        ({"role": "king"}, "Not a valid choice"),
        ({"role": "manager"}, "Choose the manager"),
        ({"role": "manager", "region": "999"}, "Not a valid choice"),
        ({"role": "manager", "region": "x"}, ""),
        ({"language": "de"}, "Not a valid choice"),
    ],
)
def test_a_bad_form_comes_back_with_what_was_typed(
    as_administrator: Browser, session: Session, wrong: dict[str, str], sentence: str
) -> None:
    answer = as_administrator.submit("/people/new", {**NEW, **wrong})
    assert answer.status_code == 422
    assert "<title>Error:" in answer.text
    assert sentence in answer.text
    if "full_name" not in wrong:
        assert 'value="Вера"' in answer.text
    assert session.exec(select(User).where(User.email == "vera")).all() == []


def test_what_is_wrong_is_listed_in_the_order_of_the_page(as_administrator: Browser) -> None:
    page = as_administrator.submit("/people/new", {}).text
    summary = re.search(r'class="error-summary".*?</div>', page, re.S)
    assert summary
    assert re.findall(r'href="#([^"]+)"', summary[0]) == ["name", "role-group", "language-group"]


def test_a_name_that_is_taken_is_said_at_its_field(as_administrator: Browser) -> None:
    as_administrator.submit("/people/new", NEW)
    answer = as_administrator.submit("/people/new", NEW)
    assert answer.status_code == 422
    assert '<a href="#name">This sign-in name is taken</a>' in answer.text
    assert 'aria-describedby="name-help name-error"' in answer.text


def test_a_person_is_changed(
    as_administrator: Browser, auditor: User, create_region: Callable[..., Region], session: Session
) -> None:
    region = create_region()
    page = as_administrator.get(f"/people/{auditor.id}").text
    assert re.search(r'<input[^>]*checked[^>]*value="auditor"', page)
    data = {"role": "manager", "region": region.id, "full_name": "Anna", "active": "y"}
    assert as_administrator.submit(f"/people/{auditor.id}", data).location == "/people"
    session.expire_all()
    assert (auditor.role, auditor.region_id, auditor.full_name) == (Role.MANAGER, region.id, "Anna")


def test_the_last_administrator_stays(
    as_administrator: Browser, administrator: User, session: Session
) -> None:
    data = {"role": "auditor", "region": "", "full_name": "", "active": "y"}
    answer = as_administrator.submit(f"/people/{administrator.id}", data)
    assert answer.status_code == 409
    assert "last administrator" in answer.text
    session.expire_all()
    assert administrator.role is Role.ADMINISTRATOR


def test_more_than_the_form_offers_is_not_taken(
    as_administrator: Browser, auditor: User, session: Session
) -> None:
    data = {"role": "auditor", "region": "", "full_name": "", "active": "y"}
    extra = {"password": "x", "pseudonym": "A-999", "email": "other", "id": "77", "fs_uniquifier": "x"}
    as_administrator.submit(f"/people/{auditor.id}", {**data, **extra})
    before = (auditor.password, auditor.pseudonym, auditor.email, auditor.id)
    session.expire_all()
    assert (auditor.password, auditor.pseudonym, auditor.email, auditor.id) == before


def test_stored_text_is_never_markup(as_administrator: Browser) -> None:
    as_administrator.submit("/people/new", {**NEW, "name": HOSTILE, "full_name": HOSTILE})
    as_administrator.submit("/regions", {"code": HOSTILE, "name": HOSTILE})
    for path in ("/people", "/people/2", "/people/new", "/regions", "/audit-log"):
        page = as_administrator.get(path).text
        assert "<script>alert" not in page, path
    assert "&lt;script&gt;" in as_administrator.get("/people").text


@pytest.mark.parametrize(
    ("role", "codes"),
    [
        (Role.AUDITOR, (403, 403, 403, 403, 403, 200, 403)),
        (Role.MANAGER, (403, 403, 403, 403, 403, 200, 403)),
        (Role.HEAD_OFFICE, (200, 403, 403, 403, 200, 200, 200)),
        (Role.ADMINISTRATOR, (200, 200, 200, 200, 200, 200, 200)),
    ],
)
def test_who_may_open_what(
    sign_in: Callable[[User], Browser],
    create_person: Callable[..., User],
    create_region: Callable[..., Region],
    auditor: User,
    role: Role,
    codes: tuple[int, ...],
) -> None:
    region = create_region().id if role is Role.MANAGER else None
    browser = sign_in(create_person(role, region_id=region))
    person = f"/people/{auditor.id}"
    found = (
        browser.get("/people").status_code,
        browser.get("/people/new").status_code,
        browser.get(person).status_code,
        browser.submit(f"{person}/link").status_code,
        browser.get("/regions").status_code,
        browser.get("/audit-log").status_code,
        browser.submit("/audit-log/verify").status_code,
    )
    assert found == codes


def test_somebody_who_is_not_there_is_not_found(as_administrator: Browser) -> None:
    assert as_administrator.get("/people/999").status_code == 404
    assert as_administrator.submit("/people/999/link").status_code == 404


@pytest.mark.parametrize(
    "path", ["/people/1/link", "/audit-log/verify", "/account/sign-ins/x/end", "/language"]
)
def test_what_changes_something_takes_a_post_only(as_administrator: Browser, path: str) -> None:
    assert as_administrator.get(path).status_code == 405


def test_the_menu_shows_what_the_role_may_do(
    as_auditor: Browser, as_head_office: Browser, as_administrator: Browser
) -> None:
    def menu(browser: Browser) -> list[str]:
        page = browser.get("/account").text
        nav = re.search(r'<nav class="page site-nav".*?</nav>', page, re.S)
        return re.findall(r'<a href="([^"]+)"', nav[0]) if nav else []

    assert "/people" not in menu(as_auditor)
    assert "/people" in menu(as_head_office)
    assert menu(as_administrator) == ["/people", "/regions", "/lists", "/audit-log"]
    for browser in (as_auditor, as_head_office, as_administrator):
        for path in menu(browser):
            assert browser.get(path).status_code == 200, path


def test_the_start_page_is_where_the_work_begins(as_administrator: Browser) -> None:
    assert as_administrator.get("/").location == "/people"


def test_the_list_of_people_asks_the_database_as_often_for_many_as_for_few(
    as_administrator: Browser, create_auditor: Callable[..., User], app_queries: list[str]
) -> None:
    as_administrator.get("/people")
    few = len(app_queries)
    for _ in range(20):
        create_auditor()
    app_queries.clear()
    assert as_administrator.get("/people").text.count("A-0") == 20
    assert len(app_queries) == few


def test_the_log_is_paged(as_auditor: Browser, auditor: User, session: Session) -> None:
    for number in range(60):
        audit.append(session, acting(auditor), "visit.record", "visit", number)
    session.commit()
    first = as_auditor.get("/audit-log").text
    older = re.search(r'href="(/audit-log\?before=\d+)"', first)
    assert older
    second = as_auditor.get(older[1]).text
    rows = [set(re.findall(r"visit (\d+)<", page)) for page in (first, second)]
    assert not rows[0] & rows[1]
    assert rows[0] | rows[1] == {str(number) for number in range(60)}
    assert as_auditor.get("/audit-log?before=nonsense").status_code == 200


def test_checking_the_log_says_that_it_is_whole_or_where_it_broke(
    as_administrator: Browser, session: Session
) -> None:
    assert "The log is whole" in as_administrator.submit("/audit-log/verify").text
    session.execute(sa.text("DROP TRIGGER audit_event_no_update"))
    session.execute(sa.text("UPDATE audit_event SET action = 'x' WHERE sequence = 1"))
    session.commit()
    assert "broken at event 1" in as_administrator.submit("/audit-log/verify").text
