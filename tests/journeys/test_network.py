"""Head office looks through the network and plans a pilot; a manager finds only the own region."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from pilot_eval.demo.fill import SLUG, sign_in_names
from pilot_eval.domain.people import Role
from tests.journeys.conftest import PHONE, Site
from tests.journeys.walking import in_language, seen

HEAD_OFFICE, MANAGER = (sign_in_names()[role] for role in (Role.HEAD_OFFICE, Role.MANAGER))


@pytest.mark.parametrize("language", ["en", "ru"])
def test_from_regions_to_branches_to_the_planner(
    demo_on_sqlite: Site, read_by: Callable[..., Page], language: str
) -> None:
    page = read_by(HEAD_OFFICE, demo_on_sqlite)
    page.goto("/network")
    in_language(page, language)
    page.goto("/network")
    seen(page, "network-regions")
    page.get_by_role("link", name="Ковров").click()
    expect(page.locator(".branch-table tbody tr")).to_have_count(10)
    seen(page, "network-region")
    page.goto("/network/branches")
    page.fill("#search", "МУРОМ, отделение 602256")
    page.keyboard.press("Enter")
    expect(page.locator(".branch-table tbody tr")).to_have_count(1)
    page.goto("/planner")
    seen(page, "planner-assumptions")
    page.goto(f"/planner?source={SLUG}:speed&trained=60&comparison=60&visits=20")
    seen(page, "planner-from-a-pilot")


def test_the_planner_is_worked_by_keyboard(demo_on_sqlite: Site, read_by: Callable[..., Page]) -> None:
    page = read_by(HEAD_OFFICE, demo_on_sqlite, java_script_enabled=False)
    page.goto("/planner")
    page.fill("#trained", "1")
    page.keyboard.press("Enter")
    expect(page.locator(".error-summary")).to_be_visible()
    page.fill("#trained", "200")
    page.fill("#comparison", "200")
    page.keyboard.press("Enter")
    expect(page.locator(".verdict")).to_contain_text("200 trained and 200 comparison branches")
    assert "trained=200" in page.url


def test_a_manager_reads_the_own_region_on_a_phone(
    demo_on_sqlite: Site, read_by: Callable[..., Page]
) -> None:
    page = read_by(MANAGER, demo_on_sqlite, PHONE)
    page.goto("/network")
    expect(page.locator(".branch-table tbody tr")).to_have_count(1)
    page.get_by_role("link", name=re.compile("Владимир")).first.click()
    expect(page.locator(".branch-table tbody tr")).to_have_count(14)
    assert not page.get_by_text("Ковров").count()
    assert not page.get_by_role("link", name="Planner").count()
