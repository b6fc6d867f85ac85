"""Signing in through the form, and reading on in a language."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.conftest import PASSWORD


def in_language(page: Page, language: str) -> None:
    """Read on in this language, chosen by the switch of the page."""
    if page.locator("html").get_attribute("lang") != language:
        page.locator(f"button[name=language][value={language}]").click()
    expect(page.locator("html")).to_have_attribute("lang", language)


def sign_in_as(page: Page, name: str, password: str = PASSWORD) -> None:
    """Sign in through the form."""
    page.goto("/sign-in")
    fill_sign_in(page, name, password)
    page.wait_for_url(lambda address: "/sign-in" not in address)


def fill_sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.fill("#email", name)
    page.fill("#password", password)
    page.click("main button.btn-primary")
