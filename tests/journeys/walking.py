"""What the journeys share: acting as a person does, and judging each page that is met on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from flask import Flask
from playwright.sync_api import Locator, Page, expect
from sqlmodel import SQLModel, select

from pilot_eval.records import database
from pilot_eval.records.people import User
from tests.journeys.conftest import DESK, PATIENCE, PHONE, assert_accessible, assert_fits, picture
from tests.journeys.signing_in import fill_sign_in as fill_sign_in
from tests.journeys.signing_in import in_language as in_language
from tests.journeys.signing_in import sign_in_as as sign_in_as

Record = TypeVar("Record", bound=SQLModel)

ZONE = ZoneInfo("Europe/Moscow")
THUMB = {"has_touch": True, "is_mobile": True}

expect.set_options(timeout=PATIENCE)

# Names and codes that are written with Latin letters in Russian too, those of the demonstration and of the
# tests' own people and regions among them.
_LATIN = re.compile(
    r"\b(pilot_eval|Apache|API|CSV|XLSX|PDF|JSON|Parquet|SPSS|Stata|ZIP|PowerPoint|SVG|PNG|JPEG|WebP|Excel|YAML|XLSForm|ODK|KoboToolbox|English|JavaScript|SHA|EMS|XmR|UTC|UTF|HTTPS|UUID|OpenAPI|clubSandwich"
    r"|[0-9a-f]{8,}|[0-9A-F]{4}-[0-9A-F]{4}"
    r"|anna|city|village|vladimir|kovrov|murom|suzdal|Region r-[0-9a-f]{6}|[a-z_]+-[0-9a-f]{6})\b"
)


# How a page is looked at. The two languages together show each width in each colour scheme; for axe, the two
# ways that are left out of one language differ in nothing.
LOOKS: dict[str, tuple[tuple[int, Literal["light", "dark"]], ...]] = {
    "en": ((PHONE, "light"), (DESK, "dark")),
    "ru": ((PHONE, "dark"), (DESK, "light")),
}


def seen(page: Page, name: str) -> None:
    """Judge a page as it is read on phone and desk, by day and by night, and keep the pictures.

    It fits, axe finds nothing on it, and a Russian page has no English left.
    """
    language = page.locator("html").get_attribute("lang") or ""
    before = page.viewport_size
    for width, scheme in LOOKS[language]:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        picture(page, f"{name}-{width}-{scheme}-{language}")
        assert_accessible(page)
        assert_fits(page)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(before or {"width": DESK, "height": 800})
    if language == "ru":
        assert_no_english(page)


def assert_no_english(page: Page) -> None:
    """Nothing that a reader sees is English, but for names, codes and what is marked as English."""
    left = [text for text in _russian_texts(page) if re.search(r"[A-Za-z]{3,}", _LATIN.sub("", text))]
    assert not left, f"{page.url}\n" + "\n".join(left)


def _russian_texts(page: Page) -> Iterable[str]:
    texts: list[str] = page.evaluate(
        """() => {
            const found = [document.title];
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
                const element = walker.currentNode.parentElement;
                if (element.closest("script, style, code, pre, [lang=en], [translate=no]")) continue;
                if (walker.currentNode.data.trim()) found.push(walker.currentNode.data.trim());
            }
            for (const element of document.querySelectorAll("[aria-label], [placeholder], [alt], [title]"))
                for (const name of ["aria-label", "placeholder", "alt", "title"])
                    if (element.hasAttribute(name) && !element.closest("[aria-hidden=true]"))
                        found.push(element.getAttribute(name));
            return found;
        }"""
    )
    # Sign-in names look like addresses, and so do one-time links.
    return [text for text in texts if "@" not in text and "://" not in text]


def press(target: Locator) -> None:
    """Tap with a thumb where there is one, click elsewhere."""
    page = target.page
    if page.evaluate("navigator.maxTouchPoints > 0"):
        target.tap()
    else:
        target.click()


def stored(app: Flask, kind: type[Record], **matching: object) -> list[Record]:
    """Rows of the site's database that match."""
    engine: database.Engine = app.extensions["engine"]
    with database.session_of(engine) as session:
        return list(session.exec(select(kind).filter_by(**matching)))


def person(app: Flask, name: str) -> User:
    (found,) = stored(app, User, email=name)
    return found


def yesterday() -> str:
    """The day before today where the branches are: any clock time on it is past."""
    return (datetime.now(UTC).astimezone(ZONE).date() - timedelta(days=1)).isoformat()
