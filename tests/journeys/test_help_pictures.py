"""The pictures of help and of the introduction, taken from the demonstration: `make pictures`.

They are taken on demand and kept with the sources; that help has each of them, in both languages and
with words, is tested with the pages of help.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import FloatRect, Page

from pilot_eval.demo.fill import RUNNING, SLUG, sign_in_names
from pilot_eval.domain.people import Role
from tests.conftest import PROJECT
from tests.journeys.conftest import Site
from tests.journeys.walking import in_language, sign_in_as

pytestmark = pytest.mark.skipif(
    not os.environ.get("PILOT_EVAL_PICTURES"), reason="renews the pictures of help: make pictures"
)
FOLDER = PROJECT / "static" / "help"
MOST_BYTES = 60_000
TALLEST = 900  # pixels; what is longer is cut there
EDGE = 14  # pixels left round what is shown
PATIENCE = 90  # seconds for the charts of a page to be drawn
PILOT = f"/pilots/{SLUG}"
PAIR = "tab=side-by-side&branch=600001&branch=600004"


@dataclass(frozen=True)
class Picture:
    """Part of a page.

    Parameters
    ----------
    name : str
        Of the file.
    role : Role
        Who looks.
    address : str
    first, last : str
        Selectors: the picture reaches from the top of one to the foot of the other.
    width : int
        Of the window.
    """

    name: str
    role: Role
    address: str
    first: str
    last: str = ""
    width: int = 860


HEAD, MANAGER, AUDITOR = Role.HEAD_OFFICE, Role.MANAGER, Role.AUDITOR
PICTURES = (
    Picture("answer", HEAD, PILOT, "h1", ".answer >> nth=1"),
    Picture("numbers", HEAD, PILOT, ".tiles"),
    Picture(
        "weeks", HEAD, PILOT, "figure:has(img[src*='weeks-'])", "figure:has(img[src*='weeks-']) img >> nth=0"
    ),
    Picture(
        "items", HEAD, PILOT, "figure:has(img[src*='items'])", "figure:has(img[src*='items']) img >> nth=0"
    ),
    Picture("decision", HEAD, f"{PILOT}/decision", "main form"),
    Picture("plan", HEAD, f"{PILOT}/plan", "h1", "main section.panel", width=760),
    Picture("planner", HEAD, "/planner", "h1", ".answer"),
    Picture("network", HEAD, "/network", "h1", "main tbody tr >> nth=2"),
    Picture("downloads", HEAD, f"{PILOT}/exports", ".file-list", ".file-list > li >> nth=5"),
    Picture("schedule", HEAD, f"/pilots/{RUNNING}/assignments", ".filters", "main tbody tr >> nth=4"),
    Picture("funnel", HEAD, f"{PILOT}/branches", "figure.chart figcaption", "figure.chart .chart-picture"),
    Picture("branches", MANAGER, f"{PILOT}/branches?tab=table", ".branch-table", "tbody tr >> nth=3", 1180),
    Picture("branch", MANAGER, f"{PILOT}/branches/600001", "h1", ".branch-page .tiles", width=1000),
    Picture("side-by-side", MANAGER, f"{PILOT}/branches?{PAIR}", ".filters", "main table"),
    Picture("heatmap", MANAGER, f"{PILOT}/heatmap", "figure.heatmap", ".heat-table tbody >> nth=0", 1000),
    Picture("assignments", AUDITOR, "/assignments", "h1", ".visit-list > li >> nth=1", 390),
)


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("role", [HEAD, MANAGER, AUDITOR])
def test_the_pictures_are_taken(
    demo_on_sqlite: Site, open_page_of: Callable[..., Page], role: Role, language: str
) -> None:
    page = open_page_of(demo_on_sqlite, java_script_enabled=False, language=language)
    sign_in_as(page, sign_in_names()[role])
    in_language(page, language)
    (FOLDER / language).mkdir(parents=True, exist_ok=True)
    for wanted in PICTURES:
        if wanted.role is not role:
            continue
        content = taken(page, wanted)
        assert len(content) < MOST_BYTES, f"{wanted.name}: {len(content)} bytes"
        (FOLDER / language / f"{wanted.name}.webp").write_bytes(content)


def test_the_picture_of_the_introduction_is_taken(
    demo_on_sqlite: Site, open_page_of: Callable[..., Page]
) -> None:
    page = open_page_of(demo_on_sqlite, width=1280, java_script_enabled=False)
    sign_in_as(page, sign_in_names()[HEAD])
    in_language(page, "en")
    page.goto(PILOT)
    wait_for_pictures(page)
    page.set_viewport_size({"width": 1280, "height": 1500})
    page.screenshot(path=PROJECT / "docs" / "images" / "overview.png")


def taken(page: Page, wanted: Picture) -> bytes:
    """The picture as WebP."""
    from PIL import Image

    page.set_viewport_size({"width": wanted.width, "height": 900})
    page.goto(wanted.address)
    wait_for_pictures(page)
    first = page.locator(wanted.first).first.bounding_box()
    last = page.locator(wanted.last or wanted.first).first.bounding_box()
    assert first, f"{wanted.name}: {wanted.first}"
    assert last, f"{wanted.name}: {wanted.last}"
    top = first["y"] - EDGE
    foot = min(last["y"] + last["height"] + EDGE, top + TALLEST)
    clip = FloatRect(x=0, y=top, width=wanted.width, height=foot - top)
    drawn = Image.open(io.BytesIO(page.screenshot(clip=clip, full_page=True)))
    found = io.BytesIO()
    drawn.convert("RGB").save(found, "WEBP", quality=80, method=6)
    return found.getvalue()


def wait_for_pictures(page: Page) -> None:
    until = time.monotonic() + PATIENCE
    while not page.evaluate("[...document.images].every(image => image.complete)"):
        assert time.monotonic() < until, page.url
        page.wait_for_timeout(100)
