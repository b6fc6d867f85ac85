"""Head office brings in a file, mends it, and stores it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pilot_eval.demo.fill import sign_in_names
from pilot_eval.domain.people import Role
from pilot_eval.records.network import Branch
from tests.journeys.conftest import Site
from tests.journeys.walking import in_language, seen, stored

HEAD_OFFICE = sign_in_names()[Role.HEAD_OFFICE]
ROWS = "Индекс;Название;Регион\n602001;Суздаль 9;Суздальская\n602002;;Суздальская\n"


@pytest.fixture
def site(demo_on_sqlite: Site) -> Site:
    return demo_on_sqlite


def test_a_file_of_branches_is_mended_and_stored(
    site: Site, read_by: Callable[..., Page], tmp_path: Path
) -> None:
    desk = read_by(HEAD_OFFICE, site)
    desk.get_by_role("link", name="Bring in data").first.click()
    seen(desk, "lists")
    desk.get_by_role("link", name="Branches", exact=True).click()
    seen(desk, "lists-branches")
    hand_in(desk, tmp_path, ROWS)
    for column, heading in {"code": "Индекс", "name": "Название", "region": "Регион"}.items():
        desk.locator(f"#m_{column}").select_option(heading)
    seen(desk, "lists-match")
    desk.get_by_role("button", name="Look it through").click()
    expect(desk.get_by_role("heading", name="1 problem")).to_be_visible()
    expect(desk.get_by_text("row 3, column Название")).to_be_visible()
    in_language(desk, "ru")
    seen(desk, "lists-problems")
    in_language(desk, "en")
    assert not stored(site.app, Branch, code="602001")

    desk.goto("/lists/branches")
    hand_in(desk, tmp_path, ROWS.replace("602002;;", "602002;Суздаль 10;"))
    expect(desk.locator("#m_name")).to_have_value("Название")  # remembered
    desk.get_by_role("button", name="Look it through").click()
    expect(desk.get_by_role("heading", name="What would be stored")).to_be_visible()
    in_language(desk, "ru")
    seen(desk, "lists-checked")
    in_language(desk, "en")
    desk.get_by_role("button", name="Store it").click()
    expect(desk.get_by_role("heading", name="What was stored")).to_be_visible()
    assert stored(site.app, Branch, code="602002")[0].name == "Суздаль 10"


def hand_in(desk: Page, folder: Path, content: str) -> None:
    path = folder / "отделения.csv"
    path.write_text(content, encoding="utf-8")
    desk.locator("#file").set_input_files(path)
    desk.get_by_role("button", name="Go on").click()
