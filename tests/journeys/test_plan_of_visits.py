"""Head office plans visits: quotas, what is missing, an auditor who falls ill, and who may go where."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import segno
from playwright.sync_api import Page, expect

from pilot_eval.demo.fill import RUNNING, SLUG, sign_in_names
from pilot_eval.domain.people import Role
from pilot_eval.domain.pilots import Period
from pilot_eval.operations.assignments import VisitPlan, assign_visits
from pilot_eval.operations.people import create_person
from pilot_eval.records.database import session_of
from pilot_eval.records.network import Branch
from pilot_eval.records.pilots import Assignment, BarredBranch, Pilot, PilotBranch, WaveQuota
from tests.conftest import OPERATOR, acting, cheap_hash
from tests.journeys.conftest import DESK, PHONE, Site, picture
from tests.journeys.walking import THUMB, ZONE, fill_sign_in, in_language, person, seen, stored

HEAD_OFFICE = sign_in_names()[Role.HEAD_OFFICE]
MANAGER = sign_in_names()[Role.MANAGER]
AUDITOR = sign_in_names()[Role.AUDITOR]
SHEET = {"width": 680, "height": 960}  # what A4 leaves between its margins, in CSS pixels


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
    pictures = desk.locator(".code-picture svg")
    expect(pictures).to_have_count(20)
    seen_in_both(desk, "plan-codes")
    # What is drawn is the code of the address, and a finger's breadth wide on paper.
    (branch, *_others) = sorted(branch.code for branch in branches_of(site, RUNNING))
    wanted = segno.make(f"{site.url}/at/{branch}", micro=False, error="m").svg_inline(omitsize=True)
    drawn = re.findall(r' d="([^"]+)"', wanted)
    assert pictures.first.locator("path").last.get_attribute("d") == drawn[-1]
    desk.emulate_media(media="print")
    desk.set_viewport_size(SHEET)
    picture(desk, "plan-codes-paper")
    for name in ("Pages about visits", "Pages of this table"):
        expect(desk.get_by_role("navigation", name=name)).to_be_hidden()
    expect(desk.get_by_role("button", name="Show")).to_be_hidden()
    assert min(box["width"] for one in pictures.all() if (box := one.bounding_box())) > 100
    desk.emulate_media(media="screen")
    desk.set_viewport_size({"width": DESK, "height": 800})
    desk.get_by_label("Region").select_option(index=1)
    desk.get_by_role("button", name="Show").click()
    expect(pictures).to_have_count(10)
    about_visits(desk, "Reminders")
    expect(desk.get_by_label("A-001")).to_have_value(re.compile(r"Hello!.*/assignments$"))
    seen_in_both(desk, "plan-reminders")


def test_an_auditor_scans_a_code_and_records_at_once(
    site: Site, open_page_of: Callable[..., Page], newcomer: str
) -> None:
    here, there, later, elsewhere = branches_of(site, RUNNING)[:4]
    (only,) = assign(site, newcomer, here, 0)
    page = open_page_of(site, PHONE, **THUMB)
    page.goto(f"/at/{here.code}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    fill_sign_in(page, newcomer)
    page.wait_for_url(f"**/assignments/{only}/visit")
    in_language(page, "en")
    expect(page.get_by_text(here.name).first).to_be_visible()
    _one, other = assign(site, newcomer, there, 0, times=2)
    page.goto(f"/at/{there.code}")
    expect(page.get_by_text("Which one are you making?")).to_be_visible()
    seen_in_both(page, "plan-at-several")
    page.locator(f"a[href='/assignments/{other}/visit']").tap()
    page.wait_for_url(f"**/assignments/{other}/visit")
    assign(site, newcomer, later, 1)
    page.goto(f"/at/{later.code}")
    expect(page.get_by_text("Your visit here has not begun")).to_be_visible()
    seen_in_both(page, "plan-at-later")
    page.goto(f"/at/{elsewhere.code}")
    expect(page.get_by_text("You have no visit to make here.")).to_be_visible()
    seen_in_both(page, "plan-at-none")


def test_a_scanned_code_tells_others_nothing(site: Site, read_by: Callable[..., Page]) -> None:
    page = read_by(MANAGER, site, width=PHONE)
    page.goto(f"/at/{branches_of(site, RUNNING)[0].code}")
    expect(page.get_by_text("This code is for the auditor who visits the branch.")).to_be_visible()
    seen_in_both(page, "plan-at-manager")


def branches_of(site: Site, slug: str) -> list[Branch]:
    (pilot,) = stored(site.app, Pilot, slug=slug)
    members = {row.branch_id for row in stored(site.app, PilotBranch, pilot_id=pilot.id)}
    return [branch for branch in stored(site.app, Branch) if branch.id in members]


@pytest.fixture
def newcomer(site: Site) -> str:
    """An auditor who has no visit to make yet."""
    with session_of(site.app.extensions["engine"]) as session:
        name = "newcomer@vladimir.example"
        create_person(session, OPERATOR, name=name, role=Role.AUDITOR, password_hash=cheap_hash())
        session.commit()
        return name


def assign(site: Site, name: str, branch: Branch, days_ahead: int, times: int = 1) -> list[int]:
    """Visits to make on one day; their ids."""
    head, auditor = person(site.app, HEAD_OFFICE), person(site.app, name)
    day = datetime.now(UTC).astimezone(ZONE).date() + timedelta(days=days_ahead)
    (pilot,) = stored(site.app, Pilot, slug=RUNNING)
    scenarios = sorted({row.scenario for row in stored(site.app, Assignment, pilot_id=pilot.id)})
    plans = [
        VisitPlan(branch.code, Period.BEFORE, auditor.id or 0, scenario, (day, day))
        for scenario in scenarios[:times]
    ]
    with session_of(site.app.extensions["engine"]) as session:
        return [row.id or 0 for row in assign_visits(session, acting(head), RUNNING, plans, confirmed=True)]


def test_a_manager_reads_what_was_planned_once_it_is_over(site: Site, read_by: Callable[..., Page]) -> None:
    page = read_by(MANAGER, site)
    page.goto(f"/pilots/{SLUG}/coverage")
    expect(page.get_by_role("navigation", name="Pages about visits")).to_have_count(0)
    seen_in_both(page, "plan-coverage-manager")
