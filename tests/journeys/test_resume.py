"""The sign-in ends while somebody writes: in a real browser nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from sqlmodel import Session, select

from pilot_eval.records.network import Region
from pilot_eval.records.people import User
from tests.conftest import PASSWORD
from tests.journeys.conftest import PHONE, assert_accessible, assert_fits, picture

NAME = "Владимир & <b>область</b>"


@pytest.mark.parametrize("javascript", [True, False])
def test_what_was_typed_is_sent_after_signing_in_again(
    open_page: Callable[..., Page], head_office: User, session: Session, javascript: bool
) -> None:
    page = open_page(PHONE, user=head_office, java_script_enabled=javascript)
    page.goto("/regions")
    page.fill("#code", "33")
    page.fill("#name", NAME)
    page.context.clear_cookies()
    page.click("main form button")
    page.wait_for_selector("text=nothing you wrote is lost")
    look(page, "resume-sign-in", javascript)

    page.fill("#email", head_office.email)
    page.fill("#password", PASSWORD)
    page.click("main form button")
    page.wait_for_selector("text=Your answers are here")
    look(page, "resume-send", javascript)
    assert session.exec(select(Region)).all() == []
    session.rollback()

    page.click("main form button")
    page.wait_for_selector("text=The region is added.")
    assert [region.name for region in session.exec(select(Region))] == [NAME]


def look(page: Page, name: str, javascript: bool) -> None:
    """Keep a picture and check the page; axe itself is JavaScript."""
    if javascript:
        picture(page, name)
        assert_fits(page)
        assert_accessible(page)
