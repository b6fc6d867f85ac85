"""Head office plans visits: quotas, what is missing, an auditor who falls ill, and who may go where."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from pilot_eval.demo.fill import RUNNING, SLUG, sign_in_names
from pilot_eval.domain.people import Role
from pilot_eval.records.network import Branch
from pilot_eval.records.pilots import Assignment, BarredBranch, Pilot, WaveQuota
from pilot_eval.records.visits import Visit
from tests.journeys.conftest import PHONE, Site
from tests.journeys.walking import in_language, person, seen, stored

HEAD_OFFICE = sign_in_names()[Role.HEAD_OFFICE]
MANAGER = sign_in_names()[Role.MANAGER]
AUDITOR = sign_in_names()[Role.AUDITOR]


@pytest.fixture
def site(demo_on_sqlite: Site) -> Site:
    return demo_on_sqlite


@pytest.fixture
def desk(site: Site, read_by: Callable[..., Page]) -> Page:
    return read_by(HEAD_OFFICE, site)


def seen_in_both(page: Page, name: str) -> None:
    for language in ("en", "ru"):
        in_language(page, language)
        seen(page, name)
    in_language(page, "en")


def about_visits(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Pages about visits").get_by_role("link", name=name).click()


def test_quotas_are_set_and_coverage_says_what_is_missing(site: Site, desk: Page) -> None:
    desk.goto(f"/pilots/{RUNNING}/assignments")
    seen_in_both(desk, "plan-schedule")
    about_visits(desk, "Quotas")
    seen_in_both(desk, "plan-quotas")
    evening = desk.get_by_role("group", name="Before training").get_by_label("Evening")
    evening.fill("1")
    desk.get_by_role("button", name="Save the quotas").click()
    expect(desk.get_by_text("The quotas are saved.")).to_be_visible()
    (pilot,) = stored(site.app, Pilot, slug=RUNNING)
    assert [row.visits for row in stored(site.app, WaveQuota, daypart="evening")] == [1]
    assert pilot.id
    expect(desk.get_by_text(re.compile("not assigned: (midday.1, )?evening.1")).first).to_be_visible()
    seen_in_both(desk, "plan-coverage")
    desk.get_by_label("Only where something is missing").check()
    desk.get_by_role("button", name="Show").click()
    expect(desk.locator("tbody tr")).not_to_have_count(0)


def test_an_assignment_goes_to_somebody_else_on_a_phone(site: Site, read_by: Callable[..., Page]) -> None:
    page = read_by(HEAD_OFFICE, site, width=PHONE)
    page.goto(f"/pilots/{RUNNING}/assignments")
    page.get_by_role("link", name="Change").last.click()
    seen_in_both(page, "plan-assignment")
    number = int(page.url.rpartition("/")[2])
    page.get_by_label("New auditor").select_option(index=1)
    page.get_by_role("button", name="Hand over").click()
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_label("Why?").first.fill("болезнь")
    page.get_by_role("button", name="Hand over").click()
    if page.locator(".error-summary").count():
        # This auditor has been there within thirty days: it has to be meant.
        page.get_by_label("Hand it over all the same").check()
        page.get_by_role("button", name="Hand over").click()
    expect(page.get_by_text("The assignment is handed over.")).to_be_visible()
    (new,) = stored(site.app, Assignment, replaces_id=number)
    (old,) = stored(site.app, Assignment, id=number)
    assert old.withdrawn_reason == "болезнь"
    assert new.auditor_id != old.auditor_id
    page.get_by_role("link", name="The assignment that this one replaces").click()
    seen_in_both(page, "plan-assignment-withdrawn")


def test_branches_are_barred_for_an_auditor(site: Site, desk: Page) -> None:
    desk.goto(f"/pilots/{RUNNING}/assignments")
    about_visits(desk, "Auditors")
    seen_in_both(desk, "plan-auditors")
    desk.get_by_role("link", name="A-002").click()
    desk.get_by_label("Branches that this auditor must not visit").fill("999")
    desk.get_by_role("button", name="Save").click()
    expect(desk.locator(".error-summary")).to_contain_text("There is no branch 999")
    seen_in_both(desk, "plan-auditor-refused")
    desk.goto("/auditors")
    desk.get_by_role("link", name="A-002").click()
    desk.get_by_label("Branches that this auditor must not visit").fill("600001")
    desk.get_by_label("Владимир").check()
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_text("The changes are saved.")).to_be_visible()
    assert len(stored(site.app, BarredBranch)) == 1


def test_visits_are_drawn_looked_at_and_assigned(site: Site, read_by: Callable[..., Page]) -> None:
    page = read_by(HEAD_OFFICE, site, width=PHONE)
    page.goto(f"/pilots/{RUNNING}/assignments")
    about_visits(page, "Random draw")
    page.get_by_label("Before training").uncheck()
    page.get_by_label("Double visits, per cent").fill("50")
    page.get_by_role("button", name="Draw").click()
    expect(page.locator(".error-summary")).to_contain_text("from 5 to 10 per cent")
    seen_in_both(page, "plan-draw-refused")
    page.get_by_label("Double visits, per cent").fill("8")
    page.get_by_role("button", name="Draw").click()
    expect(page.get_by_role("heading", name="Proposal")).to_be_visible()
    seen_in_both(page, "plan-draw")
    before = len(stored(site.app, Assignment))
    page.get_by_role("button", name="Assign all of these visits").click()
    expect(page.get_by_text("visits are assigned.")).to_be_visible()
    added = stored(site.app, Assignment)[before:]
    assert len(added) > 100
    assert any(row.double_of_id for row in added)
    about_visits(page, "Coverage")
    page.get_by_label("Wave").select_option("after")
    page.get_by_role("button", name="Show").click()
    # Only where a branch closes before the wave is over.
    expect(page.get_by_role("row").filter(has_text="not assigned")).to_have_count(1)
    expect(page.get_by_role("row").filter(has_text="not assigned")).to_contain_text("closed from")


def test_what_happened_to_a_branch_is_noted_and_told(site: Site, desk: Page) -> None:
    desk.goto(f"/pilots/{SLUG}/plan")
    desk.get_by_role("link", name="A branch closed, was merged, renumbered").click()
    seen_in_both(desk, "plan-events")
    desk.get_by_label("Branch", exact=True).select_option(index=3)
    desk.get_by_label("It was renumbered").check()
    desk.get_by_label("Since which day?").fill("2014-10-01")
    desk.get_by_role("button", name="Note it").click()
    expect(desk.locator(".error-summary")).to_contain_text("Enter the new code")
    desk.get_by_label("New code").fill("699999")
    desk.get_by_role("button", name="Note it").click()
    expect(desk.get_by_text("became 699999")).to_be_visible()
    desk.goto("/network/branches?search=600003")
    expect(desk.get_by_role("cell", name="699999")).to_be_visible()
    desk.goto(f"/pilots/{SLUG}")
    expect(desk.get_by_text("intention to treat")).to_be_visible()
    desk.goto(f"/pilots/{SLUG}/plan")
    seen(desk, "plan-with-events")


def test_codes_are_printed_and_auditors_reminded(site: Site, desk: Page) -> None:
    desk.goto(f"/pilots/{RUNNING}/assignments")
    about_visits(desk, "QR codes")
    expect(desk.locator(".code-picture svg")).to_have_count(20)
    seen_in_both(desk, "plan-codes")
    desk.get_by_label("Region").select_option(index=1)
    desk.get_by_role("button", name="Show").click()
    expect(desk.locator(".code-picture svg")).to_have_count(10)
    about_visits(desk, "Reminders")
    expect(desk.get_by_label("A-001")).to_have_value(re.compile(r"Hello!.*/assignments$"))
    seen_in_both(desk, "plan-reminders")


def test_an_auditor_scans_a_code_and_records_at_once(site: Site, read_by: Callable[..., Page]) -> None:
    page = read_by(AUDITOR, site, width=PHONE)
    (pilot,) = stored(site.app, Pilot, slug=RUNNING)
    person_id = person(site.app, AUDITOR).id
    made = {visit.assignment_id for visit in stored(site.app, Visit, pilot_id=pilot.id)}
    mine = [
        row
        for row in stored(site.app, Assignment, pilot_id=pilot.id, auditor_id=person_id)
        if row.id not in made and row.withdrawn_at is None
    ]
    soon = min(mine, key=lambda row: row.window_from)
    (branch,) = stored(site.app, Branch, id=soon.branch_id)
    page.goto(f"/at/{branch.code}")
    if page.url.endswith(branch.code):  # several, or not yet
        seen_in_both(page, "plan-at")
    else:
        assert page.url.endswith("/visit")
    elsewhere = next(
        one.code for one in stored(site.app, Branch) if one.id not in {row.branch_id for row in mine}
    )
    page.goto(f"/at/{elsewhere}")
    expect(page.get_by_text("You have no visit to make here.")).to_be_visible()
    seen_in_both(page, "plan-at-none")


def test_a_manager_reads_what_was_planned_once_it_is_over(site: Site, read_by: Callable[..., Page]) -> None:
    page = read_by(MANAGER, site)
    page.goto(f"/pilots/{SLUG}/coverage")
    expect(page.get_by_role("navigation", name="Pages about visits")).to_have_count(0)
    seen_in_both(page, "plan-coverage-manager")
