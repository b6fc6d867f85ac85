"""The pages around signing in, accounts and people that no journey meets, as people see them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import Session

from pilot_eval.operations import people
from pilot_eval.records.base import now
from pilot_eval.records.people import User
from tests.conftest import OPERATOR
from tests.journeys.walking import in_language, seen

pytestmark = pytest.mark.parametrize("language", ["en", "ru"])


def test_a_visitors_pages(
    open_page: Callable[..., Page], session: Session, auditor: User, language: str
) -> None:
    token = people.make_reset_link(session, OPERATOR, auditor.id, now())
    page = open_page(language=language)
    page.goto("/sign-in")
    page.fill("#email", "nobody")
    page.fill("#password", "a password that is wrong")
    page.click("main button")
    expect(page.locator(".error-summary")).to_be_focused()
    seen(page, "visitor-sign-in-refused")
    page.goto(f"/reset/{token}")
    page.fill("#new_password", "short")
    page.click("main button")
    expect(page.locator(".error-summary")).to_be_focused()
    seen(page, "visitor-reset-refused")


def test_an_auditors_pages(open_page: Callable[..., Page], auditor: User, language: str) -> None:
    page = open_page(language=language, user=auditor)
    in_language(page, language)
    for name, address in (
        ("own-log", "/audit-log"),
        ("change-password", "/account/password"),
        ("confirm-password", "/confirm-password"),
    ):
        page.goto(address)
        seen(page, f"auditor-{name}")


def test_an_administrators_pages(
    open_page: Callable[..., Page],
    administrator: User,
    create_auditor: Callable[..., User],
    create_manager: Callable[..., User],
    language: str,
) -> None:
    create_manager(full_name="Ольга Константиновна Преображенская-Заволжская")
    person = create_auditor(password_hash=None, full_name="Анна Петрова")
    page = open_page(language=language, user=administrator)
    in_language(page, language)
    page.goto("/audit-log")
    page.click("main button")
    expect(page.locator(".notice-success")).to_be_visible()
    page.goto("/people/new")
    page.click("main button")
    expect(page.locator(".error-summary")).to_be_focused()
    seen(page, "administrator-person-refused")
    page.goto(f"/people/{person.id}")
    page.click("main form:last-of-type button")
    expect(page.locator("#one-time-link")).to_be_visible()
    seen(page, "administrator-one-time-link")
