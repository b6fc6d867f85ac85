"""Every page that somebody of a role comes to by links: on a phone, on paper, by night, without scripts."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page, Response
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from pilot_eval.demo.fill import SLUG, sign_in_names
from pilot_eval.domain.people import Role
from tests.journeys.conftest import DESK, PHONE, SCREENSHOTS, Site, assert_fits, picture
from tests.journeys.walking import assert_no_english, in_language, sign_in_as

LONG = bool(os.environ.get("PILOT_EVAL_LONG"))
VISITOR = "visitor"
READERS = (VISITOR, *Role)
# What A4 leaves between its margins, in CSS pixels, upright and lying.
SHEET, ACROSS = {"width": 680, "height": 960}, {"width": 1031, "height": 690}
DRAWING = 60  # seconds for the charts of a page, on a machine that does other work too
# What one page shows in several ways; anything else in an address is the same page with other rows. The ways
# are walked by head office in the pilot that has results: elsewhere they show less of the same.
WAYS = ("tab", "against")

# On paper nothing scrolls: what does not fit is cut. Figures are pictures that came, no taller than a sheet.
CUT_ON_PAPER = """sheet => {
    const seen = element => element.checkVisibility() && element.getBoundingClientRect().width > 1;
    const faults = [];
    for (const element of document.querySelectorAll("main *")) {
        if (!seen(element)) continue;
        const box = element.getBoundingClientRect();
        const style = getComputedStyle(element);
        const folds = ["hidden", "auto", "scroll", "clip"].includes(style.overflowX);
        const hides = folds && style.clipPath === "none";
        const within = element.parentElement.getBoundingClientRect().right <= sheet.width + 1;
        if (box.right > sheet.width + 1 && within)
            faults.push(`beyond the sheet: ${element.outerHTML.slice(0, 120)}`);
        if (hides && element.scrollWidth > element.clientWidth + 1 && !element.matches("select, input"))
            faults.push(`cut: ${element.outerHTML.slice(0, 120)}`);
    }
    for (const figure of document.querySelectorAll("figure.chart")) {
        const drawn = [...figure.querySelectorAll("img")].filter(seen);
        if (drawn.length !== 1) faults.push(`${drawn.length} pictures of ${figure.innerText.slice(0, 60)}`);
        for (const image of drawn) {
            if (!image.complete || !image.naturalWidth) faults.push(`not drawn: ${image.src}`);
            const tall = image.getBoundingClientRect().height;
            if (tall > sheet.height) faults.push(`taller than a sheet: ${image.src}`);
        }
    }
    const unfolded = "main:not(:has(.branch-page)) .chart details:not(.no-print)";
    for (const folded of document.querySelectorAll(unfolded))
        if (!seen(folded.lastElementChild)) faults.push(`folded: ${folded.innerText.slice(0, 60)}`);
    // The picture of items shows ten of them: paper has to have the table with all.
    for (const left of document.querySelectorAll(".chart-items details.no-print"))
        faults.push(`left out: ${left.innerText.slice(0, 60)}`);
    for (const element of document.querySelectorAll(".site-nav, .site-person, .tabs, .breadcrumb"))
        if (seen(element)) faults.push(`for screens only: ${element.className}`);
    return faults;
}"""


# A picture whose address has just changed with the window is complete for a moment, and empty.
COME = """[...document.images].every(image =>
    image.complete && (image.naturalWidth > 0 || !image.checkVisibility()))"""


class Pages:
    """The pages that links lead to, each kind of page once for each pilot.

    Parameters
    ----------
    site : Site
    start : str
        The address to begin at.
    others : tuple of str
        Areas of pages that somebody else walks.
    ways : bool
        Walk each way that a page of the pilot with results is shown in.
    """

    def __init__(self, site: Site, start: str, others: tuple[str, ...] = (), ways: bool = False) -> None:
        self._addresses = site.app.url_map.bind("")
        self._others = others
        self._ways = WAYS if ways else ()
        self._met: set[object] = set()
        self._next: list[str] = []
        self.name = ""
        self.found(start)

    def __iter__(self) -> Iterator[str]:
        while self._next:
            address = self._next.pop(0)
            self.name = re.sub(r"[^a-z0-9]+", "-", address.lower()).strip("-") or "home"
            yield address

    def found(self, address: str) -> None:
        """Go there later, unless such a page was met already."""
        parts = urlsplit(address)
        try:
            endpoint, given = self._addresses.match(parts.path, "GET")
        except (HTTPException, RequestRedirect):
            return
        chosen = parse_qs(parts.query)
        kind = (
            endpoint,
            given.get("slug"),
            given.get("page"),
            *(tuple(chosen.get(way, ())) for way in self._ways if given.get("slug") == SLUG),
        )
        if endpoint.partition(".")[0] not in {"static", *self._others} and kind not in self._met:
            self._met.add(kind)
            self._next.append(address)


def opened(page: Page, address: str) -> Response | None:
    """What is at an address; None where it is a file to take away."""
    try:
        return page.goto(address)
    except BrowserError as error:
        if "Download is starting" in str(error) or "ERR_ABORTED" in str(error):
            return None
        raise


def links_of(page: Page) -> list[str]:
    """Addresses of this site that the page links to, as a reader finds them."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("a[href]:not([download])")]
            .filter(link => link.origin === location.origin).map(link => link.pathname + link.search)"""
    )
    return found


def walked(page: Page, site: Site, reader: str) -> Iterator[tuple[str, str]]:
    """Every page in turn, open, with its name; help is the visitor's walk."""
    ways = LONG or reader == Role.HEAD_OFFICE
    pages = Pages(site, "/help") if reader == VISITOR else Pages(site, "/", others=("help",), ways=ways)
    for address in pages:
        answer = opened(page, address)
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        assert answer.status == 200, address
        for link in links_of(page):
            pages.found(link)
        yield address, pages.name


def wait_until_drawn(page: Page) -> None:
    """Until every picture has come; asked again and again, because a page without scripts tells nothing.

    Asked twice more: a browser changes to the pictures for another window or for paper a moment later.
    """
    until, quiet = time.monotonic() + DRAWING, 0
    while quiet < 3:
        quiet = quiet + 1 if page.evaluate(COME) else 0
        assert time.monotonic() < until, f"{page.url}: pictures that do not come"
        page.wait_for_timeout(100)


def keep(page: Page, name: str) -> None:
    """Store the whole page, as it is without scripts."""
    wait_until_drawn(page)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def begin(open_one: Callable[..., Page], site: Site, reader: str, **kind: object) -> Page:
    page = open_one(site, **kind)
    if reader == VISITOR:
        page.goto("/help")
    else:
        sign_in_as(page, sign_in_names()[Role(reader)])
    in_language(page, "ru")  # its words are longer
    return page


@pytest.mark.parametrize("reader", READERS)
def test_every_page_fits_a_phone_and_a_sheet_of_paper_without_scripts(
    demo_on_sqlite: Site, open_page_of: Callable[..., Page], reader: str
) -> None:
    page = begin(open_page_of, demo_on_sqlite, reader, width=PHONE, java_script_enabled=False)
    faults: list[str] = []
    seen = 0
    for address, name in walked(page, demo_on_sqlite, reader):
        seen += 1
        assert page.locator("h1").count() == 1, address
        assert_fits(page)
        if LONG:
            keep(page, f"walk-{reader}-{name}-phone")
        page.emulate_media(media="print")
        sheet = ACROSS if page.locator(".heatmap").count() else SHEET
        page.set_viewport_size({"width": sheet["width"], "height": sheet["height"]})
        wait_until_drawn(page)
        # A page that says it in one way says it of every row: five faults tell enough.
        faults += [f"{address}: {fault}" for fault in page.evaluate(CUT_ON_PAPER, sheet)[:5]]
        if LONG:
            keep(page, f"walk-{reader}-{name}-paper")
        page.emulate_media(media="screen")
        page.set_viewport_size({"width": PHONE, "height": 800})
    assert seen > 3
    assert not faults, "\n".join(faults)


@pytest.mark.skipif(not LONG, reason="a walk of some minutes: PILOT_EVAL_LONG=1")
@pytest.mark.parametrize("reader", READERS)
def test_every_page_is_whole_by_night_with_scripts_and_all_in_the_readers_language(
    demo_on_sqlite: Site, open_page_of: Callable[..., Page], reader: str
) -> None:
    page = begin(open_page_of, demo_on_sqlite, reader, width=DESK, scheme="dark")
    for _address, name in walked(page, demo_on_sqlite, reader):
        assert_fits(page)
        picture(page, f"walk-{reader}-{name}-night")
        assert_no_english(page)
