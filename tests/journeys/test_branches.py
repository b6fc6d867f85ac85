"""Branches compared, one branch on one sheet, and items by branches, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from pilot_eval.demo.fill import SLUG, sign_in_names
from pilot_eval.domain.people import Role
from tests.journeys.conftest import PHONE, Site, assert_fits, wait_until
from tests.journeys.walking import seen

HEAD_OFFICE, MANAGER = (sign_in_names()[role] for role in (Role.HEAD_OFFICE, Role.MANAGER))
BRANCHES = f"/pilots/{SLUG}/branches"


@pytest.fixture
def site(demo_on_sqlite: Site) -> Site:
    return demo_on_sqlite


def test_ticked_branches_stand_side_by_side_with_the_interval_of_their_difference(
    site: Site, read_by: Callable[..., Page]
) -> None:
    page = read_by(HEAD_OFFICE, site, java_script_enabled=False)
    page.goto(f"{BRANCHES}?tab=table&region=Владимир")
    for row in range(3):
        page.locator(".branch-table tbody tr").nth(row).get_by_role("checkbox").check()
    page.get_by_role("button", name="Put the ticked ones side by side").click()
    assert page.url.count("branch=6000") == 3
    differences = page.locator(".branch-table tbody tr")
    expect(differences).to_have_count(3)
    assert all(re.search(r"\d to", text) for text in differences.all_inner_texts())
    alive = read_by(HEAD_OFFICE, site)
    alive.goto(page.url.removeprefix(site.url))
    seen(alive, "branches-side-by-side")


def test_every_comparison_says_with_what(site: Site, read_by: Callable[..., Page]) -> None:
    page = read_by(HEAD_OFFICE, site)
    page.goto(f"{BRANCHES}?tab=intervals&region=Владимир")
    page.get_by_label("Compared with").select_option("similar")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("similar ones: the others of its arm and stratum")).to_be_visible()
    expect(page.locator("figcaption")).to_contain_text("did better than those compared with")
    seen(page, "branches-intervals-similar")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_one_branch_prints_on_one_sheet(site: Site, read_by: Callable[..., Page], language: str) -> None:
    page = read_by(MANAGER, site)
    page.goto(f"{BRANCHES}/600003")
    if language == "ru":
        page.locator("button[name=language][value=ru]").click()
    expect(page.locator(".items tbody tr").first).to_be_visible()
    sheet = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1
    if language == "en":
        seen(page, "branch")


def test_items_by_branches_scroll_in_their_own_box(site: Site, read_by: Callable[..., Page]) -> None:
    page = read_by(HEAD_OFFICE, site, PHONE)
    page.goto(f"/pilots/{SLUG}/heatmap?arm=all")
    expect(page.get_by_text("With this many branches regions come first")).to_be_visible()
    page.locator(".heat-table thead a").first.click()
    page.wait_for_url("**region=**")
    assert_fits(page)
    wide, window = page.evaluate(
        "(box => [box.scrollWidth, box.clientWidth])(document.querySelector('.heat-box'))"
    )
    assert wide > window
    cells = page.locator(".heat-table td")
    assert cells.count() > 200
    page.locator(".heat-box").focus()
    page.keyboard.press("ArrowRight")
    wait_until(page, "document.querySelector('.heat-box').scrollLeft > 0")
    seen(page, "heatmap")
