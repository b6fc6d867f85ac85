"""A regional manager compares the branches of the own region, and sees nothing of the others."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from pilot_eval.demo.fill import RUNNING, SLUG, sign_in_names
from pilot_eval.domain.people import Role
from pilot_eval.operations import people
from pilot_eval.records import database
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.people import User
from tests.conftest import OPERATOR, cheap_hash
from tests.journeys.conftest import DESK, PHONE, Site
from tests.journeys.walking import in_language, seen, sign_in_as, stored

MANAGER = sign_in_names()[Role.MANAGER]
NEIGHBOUR = "kovrov@vladimir.example"
OVERVIEW = f"/pilots/{SLUG}"
BRANCHES = f"{OVERVIEW}/branches"


@pytest.fixture
def site(demo_on_sqlite: Site) -> Site:
    return demo_on_sqlite


@pytest.fixture
def desk(site: Site, read_by: Callable[..., Page]) -> Page:
    return read_by(MANAGER, site)


def branches(site: Site, *, own: bool) -> list[Branch]:
    """Branches of the manager's region, or of all others."""
    (region,) = stored(site.app, Region, code="vladimir")
    return [branch for branch in stored(site.app, Branch) if (branch.region_id == region.id) == own]


@pytest.mark.parametrize("served_from", ["demo_on_sqlite", "demo_on_postgresql"])
def test_the_own_region_before_and_after(
    served_from: str, request: pytest.FixtureRequest, read_by: Callable[..., Page]
) -> None:
    site: Site = request.getfixturevalue(served_from)
    page = read_by(MANAGER, site)
    page.get_by_role("link", name="Vladimir 2014").click()
    expect(page.locator(".verdict").first).to_be_visible()
    page.get_by_role("navigation", name="Pages of this pilot").get_by_role("link", name="Branches").click()
    page.get_by_role("link", name="Table", exact=True).click()
    rows = page.locator(".branch-table tbody tr")
    own = branches(site, own=True)
    expect(rows).to_have_count(len(own))
    for row in rows.all():
        counts, levels, _drawn = row.locator("td.number").all_inner_texts()
        assert re.fullmatch(r"\d+, \d+", counts)
        assert re.search(r"\d.+→.+\d", levels, re.DOTALL)
        assert row.locator("svg.interval-bar").count() == 1
        assert re.search(r"\d.+to.+\d", row.locator("td.change").inner_text(), re.DOTALL), "an interval"
        assert row.locator("td.verdict").inner_text().strip()
    listed = {row.locator("th a").inner_text() for row in rows.all()}
    assert listed == {branch.name for branch in own}

    rows.first.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Владимир, отделение"))
    expect(page.locator(".tile").first).to_contain_text("n before, after")


def test_another_regions_branch_is_as_missing_as_one_that_is_not_there(site: Site, desk: Page) -> None:
    strangers = branches(site, own=False)[0].code
    seen_there = []
    for code in (strangers, "999999"):
        answer = desk.goto(f"{BRANCHES}/{code}")
        assert answer is not None
        assert answer.status == 404
        seen_there.append(desk.locator("main").inner_text())
    assert seen_there[0] == seen_there[1]


def test_no_other_region_no_auditor_and_no_schedule_is_told(site: Site, desk: Page) -> None:
    told = ""
    for address in (
        OVERVIEW,
        BRANCHES,
        *(f"{BRANCHES}?tab={tab}" for tab in ("intervals", "before-after", "table")),
        f"{BRANCHES}/{branches(site, own=True)[0].code}",
    ):
        assert desk.goto(address).status == 200, address  # type: ignore[union-attr]  # there is an answer
        told += desk.content()
    for branch in branches(site, own=False):
        assert branch.code not in told
    for person in stored(site.app, User, role=Role.AUDITOR):
        assert person.email not in told
    for forbidden in ("plan", "assignments", "waves"):
        answer = desk.goto(f"{OVERVIEW}/{forbidden}")
        assert answer is not None
        assert answer.status in {403, 404}


@pytest.fixture(scope="module")
def neighbour(demo_on_sqlite: Site) -> str:
    """The manager of a region whose branches are being visited just now."""
    app = demo_on_sqlite.app
    (region,) = stored(app, Region, code="kovrov")
    with database.session_of(app.extensions["engine"]) as session:
        people.create_person(
            session,
            OPERATOR,
            name=NEIGHBOUR,
            role=Role.MANAGER,
            region_id=region.id,
            password_hash=cheap_hash(),
        )
    return NEIGHBOUR


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_running_pilot_tells_no_result_no_coverage_and_no_schedule(
    neighbour: str, open_page: Callable[..., Page], language: str
) -> None:
    page = open_page(DESK, language=language)
    sign_in_as(page, neighbour)
    in_language(page, language)
    page.goto(f"/pilots/{RUNNING}")
    expect(page.locator(".verdict")).to_have_text({"en": "Not shown yet", "ru": "Пока не показан"}[language])
    seen(page, "manager-running")
    told = page.locator("main").inner_text()
    page.goto(f"/pilots/{RUNNING}/branches?tab=table")
    told += page.locator("main").inner_text()
    assert not re.search(r"\d+ (of|из) \d+ (visits|визитов)|A-\d+", told)
    cells = page.locator(".branch-table tbody td.number").all_inner_texts()
    assert not re.search(r"[1-9]", "".join(cells)), "neither counts nor levels while the wave is open"


def test_a_pilot_of_other_regions_is_missing(desk: Page) -> None:
    answer = desk.goto(f"/pilots/{RUNNING}")
    assert answer is not None
    assert answer.status == 404


def test_charts_come_alive_under_the_content_policy(desk: Page) -> None:
    desk.goto(BRANCHES)
    expect(desk.locator(".chart-live svg").first).to_be_visible(timeout=60_000)
    expect(desk.locator("[data-chart-picture]").first).to_be_hidden()
    # Whatever the policy refused would be a console error, which fails the test when it ends.
    desk.locator(".chart-live svg").first.hover()


def test_charts_are_pictures_and_tables_without_javascript(open_page: Callable[..., Page]) -> None:
    page = open_page(DESK, java_script_enabled=False)
    sign_in_as(page, MANAGER)
    page.goto(BRANCHES)
    figure = page.locator("figure.chart").first
    picture = figure.get_by_role("img")  # a second one, for paper alone, has no name
    picture.scroll_into_view_if_needed()
    expect(picture).to_be_visible()
    assert picture.bounding_box()["width"] > 300  # type: ignore[index]  # it is on the page
    figure.locator("summary", has_text="table").click()
    assert figure.locator("tbody tr").count() > 3
    assert figure.locator("figcaption").inner_text().strip()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_pages_look_right(site: Site, desk: Page, language: str) -> None:
    in_language(desk, language)
    for name, address in (
        ("pilots", "/pilots"),
        ("overview", OVERVIEW),
        ("funnel", BRANCHES),
        ("table", f"{BRANCHES}?tab=table"),
        ("before-after", f"{BRANCHES}?tab=before-after"),
        ("branch", f"{BRANCHES}/{branches(site, own=True)[0].code}"),
        ("downloads", f"{OVERVIEW}/exports"),
    ):
        desk.goto(address)
        seen(desk, f"manager-{name}")


def test_a_branchs_page_prints(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(PHONE)
    sign_in_as(page, MANAGER)
    page.goto(f"{BRANCHES}/{branches(site, own=True)[0].code}")
    page.emulate_media(media="print")
    expect(page.locator(".site-nav")).to_be_hidden()
    expect(page.locator(".tile").first).to_be_visible()
