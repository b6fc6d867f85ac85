"""Head office changes a frozen plan with its reason and signs a decision, on a phone without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from pilot_eval.demo.fill import SLUG, sign_in_names
from pilot_eval.domain.people import Role
from tests.journeys.conftest import PHONE, Site
from tests.journeys.walking import in_language, seen

HEAD_OFFICE, MANAGER = (sign_in_names()[role] for role in (Role.HEAD_OFFICE, Role.MANAGER))
PILOT = f"/pilots/{SLUG}"
REASON = "Правление хочет четыре балла."
WHY = "Прирост качества не меньше заметного, ожидание не выросло."


@pytest.fixture
def site(demo_on_sqlite: Site) -> Site:
    return demo_on_sqlite


def test_a_plan_is_changed_and_a_decision_signed(site: Site, read_by: Callable[..., Page]) -> None:
    page = read_by(HEAD_OFFICE, site, PHONE, java_script_enabled=False)
    page.goto(f"{PILOT}/plan")
    page.get_by_role("link", name="Change the plan").click()
    page.locator("[name=smallest_0]").fill("4")
    page.get_by_role("button", name="Keep as a new version").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why the frozen plan is changed")
    assert page.locator("[name=smallest_0]").input_value() == "4"
    page.get_by_label("Why the frozen plan is changed").fill(REASON)
    page.get_by_role("button", name="Keep as a new version").click()
    version = page.locator("section", has=page.get_by_role("heading", name="Version 2"))
    expect(version).to_contain_text(REASON)
    row = version.get_by_role("row").last
    expect(row.get_by_role("rowheader")).to_have_text("Service quality: smallest effect that would matter")
    assert row.get_by_role("cell").all_inner_texts() == ["3", "4"]

    page.goto(PILOT)
    page.get_by_role("link", name="decide, with reasons").click()
    page.get_by_label("Roll the training out").check()
    page.get_by_label("Reasons").fill(WHY)
    page.get_by_role("button", name="Sign the decision").click()
    expect(page.locator(".status").first).to_have_text("Decided")
    box = page.locator("section", has=page.get_by_role("heading", name="Decision"))
    expect(box).to_contain_text(WHY)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_pages_look_right(site: Site, read_by: Callable[..., Page], language: str) -> None:
    page = read_by(HEAD_OFFICE, site)
    in_language(page, language)
    for name, address in (
        ("settled-plan", f"{PILOT}/plan"),
        ("settled-edit", f"{PILOT}/plan/edit"),
        ("settled-decision", f"{PILOT}/decision"),
    ):
        page.goto(address)
        seen(page, name)


def test_a_manager_reads_what_was_decided(site: Site, read_by: Callable[..., Page]) -> None:
    page = read_by(MANAGER, site)
    page.goto(PILOT)
    expect(page.locator("section", has=page.get_by_role("heading", name="Decision"))).to_contain_text(WHY)
    expect(page.get_by_role("link", name="Decide anew")).to_have_count(0)
