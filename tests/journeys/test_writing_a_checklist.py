"""A checklist with every kind of question, written to its publishing by keyboard alone and by thumb alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from pilot_eval.demo.fill import sign_in_names
from pilot_eval.domain.checklists import parse
from pilot_eval.domain.people import Role
from pilot_eval.records.forms import ChecklistVersion
from tests.journeys.conftest import DESK, PHONE, Site, picture
from tests.journeys.walking import THUMB, stored

HEAD_OFFICE = sign_in_names()[Role.HEAD_OFFICE]
MOST_TABS = 150

# Kind, words in English and Russian, what is filled in beside them, what is ticked.
QUESTIONS: list[tuple[str, str, str, dict[str, str], list[str]]] = [
    ("yesno", "The floor is clean", "Пол чистый", {"#weight": "2", "#expected": "yes"}, ["#critical", "#na"]),
    (
        "scale3",
        "The greeting",
        "Приветствие",
        {
            "#anchors-full-en": "At once",
            "#anchors-full-ru": "Сразу",
            "#anchors-partial-en": "After a while",
            "#anchors-partial-ru": "Не сразу",
            "#anchors-none-en": "Never",
            "#anchors-none-ru": "Никогда",
            "#weight": "3",
        },
        [],
    ),
    ("scale5", "How tidy is the desk?", "Насколько прибран стол?", {"#weight": "1"}, ["#required"]),
    ("choice", "Which light?", "Какой свет?", {"#weight": "1"}, []),
    ("number", "How many windows are open?", "Сколько окон открыто?", {"#low": "0", "#high": "40"}, []),
    ("text", "What hung at the door?", "Что висело на двери?", {}, []),
    ("computed", "Served quickly", "Обслужили быстро", {"#formula-limit": "600"}, []),
]


class Keyboard:
    """Every step by keys, each field reached by Tab from where one is."""

    more: Mapping[str, bool] = MappingProxyType({})
    width = DESK

    def __init__(self, page: Page) -> None:
        self.page = page

    def reach(self, target: Locator) -> None:
        for _press in range(MOST_TABS):
            if target.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no way to {target} by Tab")

    def press(self, target: Locator) -> None:
        self.reach(target)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def tick(self, target: Locator) -> None:
        self.reach(target)
        self.page.keyboard.press("Space")

    def write(self, target: Locator, text: str) -> None:
        self.reach(target)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def pick(self, target: Locator, value: str) -> None:
        self.reach(target)
        self.page.keyboard.press("Home")
        for _press in range(MOST_TABS):
            if target.input_value() == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{value} is not offered")


class Thumb:
    """Every step by a tap that finds its target where it is seen."""

    more: Mapping[str, bool] = THUMB
    width = PHONE

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, target: Locator) -> None:
        with self.page.expect_navigation():
            target.tap()

    def tick(self, target: Locator) -> None:
        target.tap()

    def write(self, target: Locator, text: str) -> None:
        target.tap()
        target.fill(text)

    def pick(self, target: Locator, value: str) -> None:
        target.tap()
        target.select_option(value)  # the wheel of the phone itself


@pytest.fixture
def site(demo_on_sqlite: Site) -> Site:
    return demo_on_sqlite


@pytest.mark.parametrize("way", [Keyboard, Thumb])
def test_every_kind_of_question_is_written_and_published(
    site: Site, read_by: Callable[..., Page], way: type[Keyboard | Thumb]
) -> None:
    page = read_by(HEAD_OFFICE, site, way.width, **way.more)
    hand = way(page)
    code = f"by_{way.__name__.lower()}"
    page.goto("/checklists")
    hand.press(page.get_by_role("button", name="Begin with an empty one"))
    hand.press(page.get_by_role("link", name="A. Untitled section"))
    for field, text in {"#title-en": "Inside", "#title-ru": "Внутри", "#weight": "100"}.items():
        hand.write(page.locator(field), text)
    hand.press(page.get_by_role("button", name="Save", exact=True))
    hand.press(page.get_by_role("button", name="Add a question"))
    for number, (kind, en, ru, filled, ticked) in enumerate(QUESTIONS, 1):
        write_question(hand, kind, en, ru, filled, ticked)
        picture(page, f"writing-{kind}-{way.width}")
        last = number == len(QUESTIONS)
        hand.press(
            page.get_by_role("button", name="Save" if last else "Save and add another question", exact=True)
        )
    settle(hand, code)
    picture(page, f"writing-draft-{way.width}")
    preview(hand, way.width)
    hand.press(page.get_by_role("button", name="Publish version 1"))
    expect(page.get_by_role("heading", level=1)).to_have_text("The lobby: version 1")

    (version,) = stored(site.app, ChecklistVersion, code=code)
    items = parse(version.document).items
    assert [(item.type, item.text.en, item.text.ru) for item in items.values()] == [
        question[:3] for question in QUESTIONS
    ]
    floor, greeting, _tidy, light, windows, _door, quick = items.values()
    assert (floor.weight, floor.critical, floor.na, floor.expected) == (2, True, True, "yes")
    assert greeting.anchors["partial"].ru == "Не сразу"
    assert [(option.code, option.percent) for option in light.options] == [("day", 100), ("lamp", 0)]
    assert windows.shown_if is not None
    assert (windows.high, windows.shown_if.item, windows.shown_if.answers) == (40, floor.code, ("no",))
    assert str(quick.formula) == "timing.wait_seconds <= 600"


def write_question(hand: Any, kind: str, en: str, ru: str, filled: dict[str, str], ticked: list[str]) -> None:
    page = hand.page
    hand.write(page.locator("#en"), en)
    hand.write(page.locator("#ru"), ru)
    if kind != "yesno":  # which a new question is
        hand.pick(page.locator("#type"), kind)
        hand.press(page.get_by_role("button", name="Show its fields"))
    if kind == "choice":
        for at, (answer, text) in enumerate((("day", "Daylight"), ("lamp", "A lamp"))):
            hand.press(page.get_by_role("button", name="Add an answer"))
            hand.write(page.locator(f"#options-{at}-code"), answer)
            hand.write(page.locator(f"#options-{at}-en"), text)
            hand.write(page.locator(f"#options-{at}-ru"), {"day": "Дневной", "lamp": "Лампа"}[answer])
            hand.write(page.locator(f"#options-{at}-percent"), "100" if answer == "day" else "0")
    for field, value in filled.items():
        target = page.locator(field)
        if target.evaluate("element => element.matches('select')"):
            hand.pick(target, value)
        else:
            hand.write(target, value)
    for box in ticked:
        hand.tick(page.locator(box))
    if kind == "number":
        hand.pick(page.locator("#shown_if-item"), "A1")
        hand.press(page.get_by_role("button", name="Show its answers"))
        hand.tick(page.locator("#shown_if-answers").get_by_label("No", exact=True))


def settle(hand: Any, code: str) -> None:
    """Title, code and a scenario."""
    page = hand.page
    hand.press(page.get_by_role("link", name="Title, score, scenarios"))
    for field, text in {"#code": code, "#title-en": "The lobby", "#title-ru": "Вестибюль"}.items():
        hand.write(page.locator(field), text)
    hand.press(page.get_by_role("button", name="Add a scenario"))
    for part, text in {"code": "letter", "en": "A letter", "ru": "Письмо"}.items():
        hand.write(page.locator(f"#header-scenarios-0-{part}"), text)
    hand.press(page.get_by_role("button", name="Save", exact=True))


def preview(hand: Any, width: int) -> None:
    """As auditors will meet it, in both languages; back by the way that the page shows."""
    page = hand.page
    draft = page.url
    hand.press(page.get_by_role("link", name="Preview on a phone"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Preview: The lobby")
    picture(page, f"writing-preview-{width}")
    hand.press(page.get_by_role("link", name="Русский"))
    for _kind, _en, ru, _filled, _ticked in QUESTIONS[:-1]:
        expect(page.get_by_text(ru)).to_be_visible()
    page.go_back()
    page.go_back()
    expect(page).to_have_url(draft)
