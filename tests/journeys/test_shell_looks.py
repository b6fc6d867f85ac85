"""Each page of the shell as people see it: fits, accessible, nothing off the host."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from sqlmodel import Session

from pilot_eval.domain.people import Role
from pilot_eval.operations import people
from pilot_eval.records.base import now
from pilot_eval.records.people import User
from tests.conftest import OPERATOR
from tests.journeys.conftest import DESK, PHONE, assert_accessible, assert_fits, picture

LOOKS = [
    (PHONE, "light", "en"),
    (DESK, "dark", "en"),
    (PHONE, "dark", "ru"),
    (DESK, "light", "ru"),
]


@pytest.fixture(params=LOOKS, ids=lambda look: "-".join(map(str, look)))
def look(request: pytest.FixtureRequest) -> tuple[int, str, str]:
    chosen: tuple[int, str, str] = request.param
    return chosen


def seen(page: Page, name: str, look: tuple[int, str, str]) -> None:
    """The page fits, is accessible, and is kept as a picture."""
    picture(page, f"{name}-{'-'.join(map(str, look))}")
    assert_fits(page)
    assert_accessible(page)


def test_a_visitors_pages(
    open_page: Callable[..., Page], look: tuple[int, str, str], session: Session, auditor: User
) -> None:
    token = people.make_reset_link(session, OPERATOR, auditor.id, now())
    page = open_page(*look)
    page.goto("/")
    seen(page, "sign-in", look)
    page.fill("#email", "nobody")
    page.fill("#password", "a password that is wrong")
    page.click("main button")
    page.wait_for_selector(".error-summary:focus")
    seen(page, "sign-in-refused", look)
    page.goto("/nowhere")
    seen(page, "not-found", look)
    page.goto(f"/reset/{token}")
    page.fill("#new_password", "short")
    page.click("main button")
    seen(page, "reset-refused", look)
    page.goto("/reset/unknown")
    seen(page, "reset-over", look)


def test_an_auditors_pages(
    open_page: Callable[..., Page], look: tuple[int, str, str], create_auditor: Callable[..., User]
) -> None:
    page = open_page(*look, user=create_auditor(language=look[2]))
    for name, address in (
        ("account", "/account"),
        ("own-log", "/audit-log"),
        ("change-password", "/account/password"),
        ("confirm-password", "/confirm-password"),
        ("not-allowed", "/people"),
    ):
        page.goto(address)
        seen(page, name, look)


def test_an_administrators_pages(
    open_page: Callable[..., Page],
    look: tuple[int, str, str],
    create_person: Callable[..., User],
    create_auditor: Callable[..., User],
    create_manager: Callable[..., User],
) -> None:
    create_manager(full_name="Ольга Константиновна Преображенская-Заволжская")
    person = create_auditor(password_hash=None, full_name="Anna Petrova")
    page = open_page(*look, user=create_person(Role.ADMINISTRATOR, language=look[2]))
    for name, address in (
        ("people", "/people"),
        ("person-add", "/people/new"),
        ("person", f"/people/{person.id}"),
        ("regions", "/regions"),
        ("log", "/audit-log"),
    ):
        page.goto(address)
        seen(page, name, look)
    page.click("main button")
    seen(page, "log-verified", look)
    page.goto("/people/new")
    page.click("main button")
    seen(page, "person-add-refused", look)
    page.goto(f"/people/{person.id}")
    page.click("main form:last-of-type button")
    seen(page, "one-time-link", look)
