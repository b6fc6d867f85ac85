"""Head office writes a checklist: on a phone without JavaScript, by keyboard, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from pilot_eval.demo.fill import sign_in_names
from pilot_eval.domain.people import Role
from tests.engines.test_xlsforms import widgets
from tests.journeys.conftest import PHONE, Site
from tests.journeys.walking import in_language, seen

HEAD_OFFICE = sign_in_names()[Role.HEAD_OFFICE]


@pytest.fixture
def site(demo_on_sqlite: Site) -> Site:
    return demo_on_sqlite


def begin(page: Page, how: str) -> str:
    page.goto("/checklists")
    page.get_by_role("button", name=how).click()
    return page.url


def question(page: Page, code: str) -> Locator:
    return page.locator(".outline li", has=page.get_by_text(code, exact=True))


def test_a_checklist_is_written_and_published_on_a_phone_without_scripts(
    site: Site, read_by: Callable[..., Page]
) -> None:
    page = read_by(HEAD_OFFICE, site, PHONE, java_script_enabled=False)
    draft = begin(page, "Begin with an empty one")
    page.get_by_role("link", name="Title: is missing").first.click()
    page.get_by_label("Code").first.fill("lobby")
    page.locator("#title-en").fill("The lobby")
    page.locator("#title-ru").fill("Вестибюль")
    page.get_by_role("button", name="Add a scenario").click()
    assert page.locator("#title-en").input_value() == "The lobby"
    page.locator("#header-scenarios-0-code").fill("letter")
    page.locator("#header-scenarios-0-en").fill("A letter")
    page.locator("#header-scenarios-0-ru").fill("Письмо")
    page.get_by_role("button", name="Save", exact=True).click()

    page.get_by_role("link", name="A. Untitled section").click()
    page.locator("#title-en").fill("Inside")
    page.locator("#title-ru").fill("Внутри")
    page.get_by_label("Weight in the score").fill("100")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Add a question").click()
    page.locator("#en").fill("The floor is clean")
    page.locator("#ru").fill("Пол чистый")
    page.get_by_label("Weight in the section").fill("2")
    page.get_by_role("button", name="Save and add another question").click()
    page.locator("#en").fill("How bright is it?")
    page.locator("#ru").fill("Насколько светло?")
    page.get_by_label("Kind of answer").select_option("choice")
    page.get_by_role("button", name="Show its fields").click()
    for at, (code, en, ru) in enumerate((("dark", "Dark", "Темно"), ("light", "Light", "Светло"))):
        page.get_by_role("button", name="Add an answer").click()
        page.locator(f"#options-{at}-code").fill(code)
        page.locator(f"#options-{at}-en").fill(en)
        page.locator(f"#options-{at}-ru").fill(ru)
    page.locator("#options-1").get_by_role("button", name="Up").click()
    assert page.locator("#options-0-code").input_value() == "light"
    page.get_by_role("button", name="Save", exact=True).click()
    question(page, "A2").get_by_role("button", name="Up").click()
    expect(page.locator(".outline li").first).to_contain_text("How bright is it?")
    question(page, "A1").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status")).to_contain_text("You can undo it")
    page.get_by_role("button", name="Undo the last change").click()
    expect(page.locator(".outline li")).to_have_count(2)
    assert page.url.startswith(draft)

    page.get_by_role("link", name="Preview on a phone").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Preview: The lobby")
    expect(page.get_by_text("How bright is it?")).to_be_visible()
    page.get_by_role("link", name="Русский").click()
    expect(page.get_by_text("Насколько светло?")).to_be_visible()
    page.goto(draft)
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The lobby: version 1")
    page.get_by_role("button", name="Retire").click()
    expect(page.get_by_role("status")).to_contain_text("no new pilot can take it")


def test_a_question_is_written_by_keyboard(site: Site, read_by: Callable[..., Page]) -> None:
    page = read_by(HEAD_OFFICE, site)
    begin(page, "Begin with an empty one")
    page.get_by_role("button", name="Add a question").focus()
    page.keyboard.press("Enter")
    page.locator("#code").focus()
    page.keyboard.type("9")
    page.keyboard.press("Tab")
    page.keyboard.type("Is it warm?")
    page.keyboard.press("Tab")
    page.keyboard.type("Тепло?")
    page.locator("#weight").focus()
    page.keyboard.type("3")
    page.keyboard.press("Enter")  # saves, and removes nothing
    expect(page.locator(".outline li")).to_contain_text("Is it warm?")
    expect(page.locator(".outline li")).to_contain_text("weight 3")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_pages_look_right(
    site: Site, read_by: Callable[..., Page], language: str, tmp_path: Path
) -> None:
    page = read_by(HEAD_OFFICE, site)
    in_language(page, language)
    page.goto("/checklists")
    seen(page, "checklists")
    page.goto("/checklists/versions/1")
    seen(page, "checklist-version")
    page.locator("form[action$='/edit'] button").click()
    draft = page.url
    seen(page, "checklist-draft")
    for name, link in (
        ("checklist-question", page.locator(".outline li a").nth(1)),
        ("checklist-section", page.locator(".outline h2 a").nth(2)),
        ("checklist-settings", page.locator(".starts a").first),
        ("checklist-preview", page.locator(".starts a").nth(1)),
    ):
        link.click()
        seen(page, name)
        page.goto(draft)
    page.goto("/checklists/import")
    seen(page, "checklist-import")
    if language == "en":  # the words of the file are its own
        file = tmp_path / "widgets.xlsx"
        file.write_bytes(widgets())
        page.locator("#file").set_input_files(file)
        page.locator("main .btn-primary").click()
        seen(page, "checklist-imported")
        page.locator("main .btn-primary").click()
        seen(page, "checklist-to-do")
