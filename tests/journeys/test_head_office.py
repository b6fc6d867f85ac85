"""Head office: from a plan to an answer, from somebody's file to an answer, and the files to take away."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Download, Page, expect
from python_calamine import load_workbook

from pilot_eval.demo.fill import RUNNING, SLUG, sign_in_names
from pilot_eval.domain.people import Role
from pilot_eval.records.network import Branch
from pilot_eval.records.pilots import Assignment, Pilot, PilotBranch
from tests.journeys.conftest import PHONE, Site
from tests.journeys.walking import in_language, person, seen, sign_in_as, stored

HEAD_OFFICE = sign_in_names()[Role.HEAD_OFFICE]
OVERVIEW = f"/pilots/{SLUG}"
CHOSEN = 12  # branches of the new pilot
# Card and Krueger (1994): full-time employment, with the branch as the unit and CR2 errors.
PUBLISHED = {"effect": 2.75, "uplift": 15.15, "pvalue": 0.0428}
BAD_FILE = """branch,arm,period,fte
S1,trained,before,20
S1,trained,later,21
S2,comparison,before,many
S2,trained,after,19
"""


@pytest.fixture
def site(demo_on_sqlite: Site) -> Site:
    return demo_on_sqlite


@pytest.fixture
def desk(site: Site, read_by: Callable[..., Page]) -> Page:
    return read_by(HEAD_OFFICE, site)


def pilot_tab(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Pages of this pilot").get_by_role("link", name=name).click()


# A pilot of one's own.


@pytest.mark.parametrize("served_from", ["demo_on_sqlite", "demo_on_postgresql"])
def test_a_pilot_is_planned_drawn_and_assigned(
    served_from: str, request: pytest.FixtureRequest, read_by: Callable[..., Page]
) -> None:
    site: Site = request.getfixturevalue(served_from)
    page = read_by(HEAD_OFFICE, site)
    page.get_by_role("link", name="Plan a pilot").click()
    page.get_by_label("Title in English").fill("Mentoring in Murom")
    page.get_by_label("Title in Russian").fill("Наставничество в Муроме")
    today = datetime.now(UTC).date()
    spans = {"before": (0, 30), "training": (31, 60), "after": (61, 90)}
    for name, (first, last) in spans.items():
        page.fill(f"[name={name}_from]", (today + timedelta(days=first)).isoformat())
        page.fill(f"[name={name}_to]", (today + timedelta(days=last)).isoformat())
    page.fill("[name=after_from]", today.isoformat())
    page.fill("[name=smallest_quality]", "3,5")
    page.fill("[name=smallest_speed]", "5")
    page.get_by_role("button", name="Plan the pilot").click()

    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.get_by_label("Title in English")).to_have_value("Mentoring in Murom")
    expect(page.locator("[name=smallest_quality]")).to_have_value("3,5")
    page.fill("[name=after_from]", (today + timedelta(days=61)).isoformat())
    page.get_by_role("button", name="Plan the pilot").click()
    page.wait_for_url("**/mentoring-in-murom**")
    (pilot,) = stored(site.app, Pilot, slug="mentoring-in-murom")

    page.goto("/pilots/mentoring-in-murom/plan")
    boxes = page.locator("input[name=codes]")
    for number in range(CHOSEN):
        boxes.nth(number).check()
    page.get_by_role("button", name="Save the branches").click()
    page.locator("[name=seed]").last.fill("2014")
    page.get_by_role("button", name=re.compile("^Draw$")).click()
    expect(page.get_by_text("Drawn at random with the seed 2014")).to_be_visible()
    arms = [member.arm for member in stored(site.app, PilotBranch, pilot_id=pilot.id)]
    assert (arms.count("trained"), arms.count("comparison")) == (CHOSEN // 2, CHOSEN // 2)  # type: ignore[comparison-overlap]  # a StrEnum

    pilot_tab(page, "Visits")
    page.get_by_label("Branch").select_option(index=1)
    page.get_by_label("Before training").check()
    page.get_by_label("Scenario").select_option(index=1)
    page.get_by_label("Auditor").select_option(index=1)
    page.fill("[name=window_from]", today.isoformat())
    page.fill("[name=window_to]", (today + timedelta(days=6)).isoformat())
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_text("The visit is assigned.")).to_be_visible()
    assert len(stored(site.app, Assignment, pilot_id=pilot.id)) == 1
    pilot_tab(page, "Overview")
    expect(page.locator(".verdict")).to_have_text("Not shown yet")


# An answer.


def test_the_overview_answers_with_its_uncertainty(desk: Page) -> None:
    desk.get_by_role("link", name="Vladimir 2014").click()
    expect(desk.locator(".status").first).to_have_text("Ready to decide")
    verdicts = desk.locator("section[aria-labelledby^=answer]")
    expect(verdicts).to_have_count(2)
    for answer in verdicts.all():
        assert re.search(r"interval: [+−]?\d.* to [+−]?\d", answer.inner_text())
    tiles = desk.locator("ul.tiles > li")
    expect(tiles).to_have_count(3)
    for tile in tiles.all():
        assert "interval" in tile.inner_text()
        assert "24 trained and 20 comparison branches" in tile.inner_text()
        expect(tile.locator("svg.interval-bar")).to_have_attribute("aria-label", re.compile(r"\d"))
    desk.locator(".health summary").click()
    expect(desk.get_by_text("drawn at random").first).to_be_visible()
    expect(desk.locator("figure.chart")).to_have_count(5)


def test_a_running_pilot_shows_coverage_and_no_result(desk: Page) -> None:
    desk.goto(f"/pilots/{RUNNING}")
    expect(desk.locator(".verdict")).to_have_text("Not shown yet")
    desk.locator(".health summary").click()
    expect(desk.get_by_text(re.compile(r"\d+ of \d+ visits")).first).to_be_visible()
    assert desk.locator("ul.tiles").count() == 0


# Somebody's file.


def fill_import(page: Page, file: Path | dict[str, object]) -> None:
    page.goto("/pilots/import")
    page.set_input_files("[name=file]", file)  # type: ignore[arg-type]  # a file or its content
    page.fill("[name=outcome]", "fte")
    page.fill("[name=title_en]", "Card and Krueger")
    page.fill("[name=title_ru]", "Кард и Крюгер")
    page.get_by_text("More choices").click()
    page.fill("[name=label_en]", "Employment")
    page.fill("[name=label_ru]", "Занятость")


def test_a_published_study_is_imported_and_answers_as_published(
    site: Site, desk: Page, data_folder: Path
) -> None:
    fill_import(desk, data_folder / "card_krueger.csv")
    desk.get_by_role("button", name="Check the file").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("What would be stored")
    expect(desk.locator("pre.report")).to_contain_text("2.75")
    assert not stored(site.app, Pilot, slug="card-and-krueger"), "looking stores nothing"
    seen(desk, "head-office-import-preview")
    desk.get_by_role("button", name="Save it as a pilot").click()
    desk.wait_for_url("**/pilots/card-and-krueger")
    answer = desk.locator(".answer").inner_text()
    assert "+2.8 points (95% interval: +0.1 to +5.4" in answer
    assert "+15.2% (+0.4% to +34.6%)" in answer
    assert "309 trained and 75 comparison branches" in desk.locator("ul.tiles").inner_text()
    assert published_numbers(desk) == pytest.approx(PUBLISHED, abs=0.005)
    desk.goto("/pilots/card-and-krueger")
    for language in ("en", "ru"):
        in_language(desk, language)
        seen(desk, "head-office-imported")


def published_numbers(page: Page) -> dict[str, float]:
    """What the page rounds, in full from the file that is meant for programs."""
    page.goto("/pilots/card-and-krueger/exports")
    with page.expect_download() as waiting:
        page.locator("form[action$='/json/en'] button").click()
    (outcome,) = json.loads(Path(waiting.value.path()).read_bytes())["outcomes"]
    effect, uplift = outcome["evaluation"]["effect"], outcome["evaluation"]["uplift"]
    return {"effect": effect["estimate"], "uplift": uplift["estimate"], "pvalue": effect["pvalue"]}


def test_a_bad_file_is_told_by_row_and_column_and_the_choices_stay(site: Site, desk: Page) -> None:
    pilots = len(stored(site.app, Pilot))
    branches = len(stored(site.app, Branch))
    fill_import(desk, {"name": "bad.csv", "mimeType": "text/csv", "buffer": BAD_FILE.encode()})
    desk.get_by_label("A score or any other number").check()
    desk.get_by_role("button", name="Check the file").click()
    summary = desk.locator(".error-summary")
    expect(summary).to_be_focused()
    for place, what in (("row 3", "period"), ("row 4", "fte"), ("row 5", "arm")):
        assert re.search(f"{place}.*{what}|{what}.*{place}", summary.inner_text(), re.IGNORECASE), place
    expect(desk.locator("[name=outcome]")).to_have_value("fte")
    expect(desk.locator("[name=title_en]")).to_have_value("Card and Krueger")
    seen(desk, "head-office-import-refused")
    assert len(stored(site.app, Pilot)) == pilots
    assert len(stored(site.app, Branch)) == branches


# Files to take away.


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_file_opens(desk: Page, language: str) -> None:
    desk.goto(f"{OVERVIEW}/exports")
    opened = set()
    for form in desk.locator(f"form[action$='/{language}']").all():
        with desk.expect_download(timeout=60_000) as waiting:
            form.get_by_role("button").click(timeout=60_000)  # a bundle is computed twice before it is sent
        opened.add(opens(waiting.value, language))
    assert opened == {"pdf", "xlsx", "csv", "json", "pptx", "parquet", "sav", "dta", "zip"}


def opens(download: Download, language: str) -> str:
    """Open the file as its reader would; its kind."""
    path = Path(download.path())
    kind = download.suggested_filename.rpartition(".")[2]
    content = path.read_bytes()
    if kind == "pdf":
        assert content.startswith(b"%PDF-")
        assert content.rstrip().endswith(b"%%EOF")
    elif kind == "xlsx":
        sheets = load_workbook(io.BytesIO(content)).sheet_names
        assert len(sheets) >= 5
    elif kind == "csv":
        delimiter = {"en": ",", "ru": ";"}[language]
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=delimiter))
        assert {len(row) for row in rows} == {len(rows[0])}
        assert len(rows) > 44
    elif kind == "json":
        assert json.loads(content)["schema"] == "pilot-summary/1"
    elif kind in ("pptx", "zip"):
        assert zipfile.ZipFile(path).testzip() is None
    else:
        assert content.startswith({"parquet": b"PAR1", "sav": b"$FL", "dta": b"<stata_dta>"}[kind])
    return kind


@pytest.mark.parametrize("kind", ["SVG", "PNG", "CSV"])
def test_a_chart_can_be_taken_away(desk: Page, kind: str) -> None:
    desk.goto(OVERVIEW)
    with desk.expect_download() as waiting:
        desk.locator(".chart-files").first.get_by_role("link", name=kind).click()
    content = Path(waiting.value.path()).read_bytes()
    begins = {"SVG": b"<svg", "PNG": b"\x89PNG", "CSV": "\ufeff".encode()}
    assert content.startswith(begins[kind])


# What the pages look like.


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_pages_look_right(site: Site, desk: Page, language: str) -> None:
    in_language(desk, language)
    for name, address in (
        ("pilots", "/pilots"),
        ("overview", OVERVIEW),
        ("plan", f"{OVERVIEW}/plan"),
        ("waves", f"{OVERVIEW}/waves"),
        ("funnel", f"{OVERVIEW}/branches"),
        ("intervals", f"{OVERVIEW}/branches?tab=intervals"),
        ("branch", f"{OVERVIEW}/branches/600001"),
        ("downloads", f"{OVERVIEW}/exports"),
    ):
        desk.goto(address)
        seen(desk, f"head-office-{name}")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_pages_of_planning_look_right(desk: Page, language: str) -> None:
    in_language(desk, language)
    for name, address in (
        ("running", f"/pilots/{RUNNING}"),
        ("running-plan", f"/pilots/{RUNNING}/plan"),
        ("running-visits", f"/pilots/{RUNNING}/assignments"),
        ("running-waves", f"/pilots/{RUNNING}/waves"),
        ("pilot-new", "/pilots/new"),
        ("import", "/pilots/import"),
        ("people", "/people"),
    ):
        desk.goto(address)
        seen(desk, f"head-office-{name}")


def test_the_overview_fits_a_phone(site: Site, open_page: Callable[..., Page]) -> None:
    assert person(site.app, HEAD_OFFICE).active
    page = open_page(PHONE, has_touch=True, is_mobile=True)
    sign_in_as(page, HEAD_OFFICE)
    page.goto(OVERVIEW)
    # What can be trusted comes first, in a line or two; then the answer.
    assert page.locator(".verdict").first.evaluate(
        "(verdict) => verdict.getBoundingClientRect().top < 1.6 * innerHeight"
    )
