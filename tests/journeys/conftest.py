"""A served site and a real Chromium: what people see, in both languages, colour schemes and widths."""

from __future__ import annotations

import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import pytest
import waitress
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import (
    Browser,
    BrowserType,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    sync_playwright,
)
from playwright.sync_api import TimeoutError as BrowserTimeout
from sqlmodel import SQLModel

from pilot_eval import create_app
from pilot_eval.records import database
from pilot_eval.records.people import User
from pilot_eval.settings import LOOPBACK, Settings
from tests.conftest import PROJECT
from tests.conftest import _administer as administer
from tests.journeys.signing_in import in_language, sign_in_as

SCREENSHOTS = PROJECT / "artifacts" / "screenshots"
PHONE, DESK = 360, 1280
PATIENCE = 30_000  # ms for what a page owes, on a machine that does other work too

# A browser in a container has no sandbox of its own, and must not call home.
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite; a journey on PostgreSQL asks for `postgresql_url` under this name."""
    return sqlite_url


@dataclass(frozen=True)
class Site:
    """A site that is being served."""

    url: str
    app: Flask


@contextmanager
def served(database_url: str, folder: Path) -> Iterator[Site]:
    """The site, served by waitress on a free port of this machine."""
    settings = Settings("production", database_url, folder, "only for tests, and long enough", LOOPBACK)
    app = create_app(settings)
    # The passwords of tests are hashed cheaply; do not hash them again at the real price.
    app.extensions["security"].pwd_context.update(
        argon2__rounds=1, argon2__memory_cost=8, argon2__parallelism=1
    )
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=8)
    server.adj.asyncore_loop_timeout = 0.1  # seconds until its loop sees that it is to end; usually 1
    thread = threading.Thread(target=_serve, args=(server,), daemon=True)
    thread.start()
    yield Site(f"http://127.0.0.1:{server.effective_port}", app)
    server.close()
    server.task_dispatcher.shutdown()
    thread.join(10)
    app.extensions["engine"].dispose()


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """An empty site of the test's own."""
    with served(database_url, tmp_path) as site:
        yield site


@pytest.fixture(scope="module")
def demo_on_sqlite(demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demonstration, served to all tests of a module."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copyfile(demo_template / "pilot_eval.sqlite3", folder / "pilot_eval.sqlite3")
    with served(f"sqlite:///{folder / 'pilot_eval.sqlite3'}", folder) as site:
        yield site


@pytest.fixture(scope="module")
def demo_on_postgresql(
    demo_template: Path,
    postgresql_server: Any,
    _postgresql_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """The same records on PostgreSQL."""
    name = f"demo_{secrets.token_hex(4)}"
    administer(postgresql_server, f"CREATE DATABASE {name} TEMPLATE {_postgresql_template}")
    url = str(postgresql_server.get_uri(database=name, driver="psycopg"))
    copy_records(f"sqlite:///{demo_template / 'pilot_eval.sqlite3'}", url)
    with served(url, tmp_path_factory.mktemp("site")) as site:
        yield site
    administer(postgresql_server, f"DROP DATABASE {name} WITH (FORCE)")


def copy_records(source_url: str, target_url: str) -> None:
    """Copy every row into an empty, migrated database, and let its counters go on after them."""
    source, target = database.open_database(source_url), database.open_database(target_url)
    with source.connect() as reading, target.begin() as writing:
        for table in SQLModel.metadata.sorted_tables:
            rows = [row._asdict() for row in reading.execute(table.select())]
            if rows:
                writing.execute(table.insert(), rows)
            for column in table.columns:
                if (
                    column.primary_key
                    and column.autoincrement is not False
                    and column.type.python_type is int
                ):
                    writing.exec_driver_sql(
                        f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'), "  # noqa: S608 - names of our own tables
                        f"(SELECT max({column.name}) FROM {table.name}))"
                    )
    source.dispose()
    target.dispose()


def _serve(server: Any) -> None:
    # Closing the listening socket from the test's thread is how this loop is told to end.
    with suppress(OSError):
        server.run()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


# The shell is Chromium without windows and toolbars of its own, made to be driven: it draws sooner, and does
# not wait for a window. The whole browser, run headless, at times owes a picture for ever.
_BROWSERS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")


def own_browser() -> str | None:
    """The machine's own Chromium if it has one, else None: Playwright's."""
    own = (os.environ.get("PILOT_EVAL_CHROMIUM", ""), *_BROWSERS)
    return next((path for path in own if Path(path).is_file()), None)


def launch(kind: BrowserType) -> Browser:
    """A browser of its own."""
    return kind.launch(executable_path=own_browser(), args=FLAGS)


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """A browser for the tests of one module: what is wrong with it ends with them."""
    browser = launch(playwright.chromium)
    yield browser
    browser.close()


@dataclass
class Watch:
    """What a page did that no page of ours may do."""

    site: Site
    faults: list[str] = field(default_factory=list)
    # Addresses that a test means to be refused: browsers call an answer over 399 an error.
    refused: set[str] = field(default_factory=set)

    def hear(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"} or message.location.get("url") in self.refused:
            return
        self.faults.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def note(self, request: Request) -> None:
        if request.url.startswith(("data:", "blob:")):
            return
        if urlsplit(request.url).netloc != urlsplit(self.site.url).netloc:
            self.faults.append(f"a request off the host: {request.url}")

    def pardon(self, response: Any) -> None:
        # A page may be refused, and a phone deals with what the API refuses.
        asked = response.request.is_navigation_request() or urlsplit(response.url).path.startswith("/api/")
        if asked and response.status >= 400:
            self.refused.add(response.url)


@contextmanager
def watched_pages(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """`open_one(site, width=PHONE, scheme="dark", language="ru")`; more goes to the browser's context.

    At the end a console error, a breach of the content policy or a request to another host on
    any of its pages fails the test.
    """
    contexts: list[Any] = []
    watches: list[Watch] = []

    def open_one(
        site: Site,
        width: int = DESK,
        scheme: str = "light",
        language: str = "en",
        user: User | None = None,
        **more: Any,
    ) -> Page:
        context = chromium.new_context(
            base_url=site.url,
            viewport={"width": width, "height": 800},
            color_scheme="dark" if scheme == "dark" else "light",
            locale=language,
            reduced_motion="reduce",  # a picture never shows a colour half-way to another
            **more,
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        watch = Watch(site)
        watches.append(watch)
        page = context.new_page()
        page.on("console", watch.hear)
        page.on("pageerror", lambda error: watch.faults.append(f"script error: {error}"))
        page.on("request", watch.note)
        page.on("response", watch.pardon)
        if user is not None:
            sign_in_as(page, user.email)
        return page

    yield open_one
    for context in contexts:
        context.close()
    faults = [fault for watch in watches for fault in watch.faults]
    assert not faults, "\n".join(faults)


@pytest.fixture
def open_page_of(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """`watched_pages` for one test."""
    with watched_pages(chromium) as open_one:
        yield open_one


@pytest.fixture
def open_page(site: Site, open_page_of: Callable[..., Page]) -> Callable[..., Page]:
    """`open_page(width=PHONE, ...)`: a page of the test's own site, watched as `open_page_of` does."""
    return partial(open_page_of, site)


@pytest.fixture
def read_by(open_page_of: Callable[..., Page]) -> Callable[..., Page]:
    """`read_by(name, site, width=PHONE, ...)`: a page of a person who is signed in and reads English."""

    def open_signed_in(name: str, site: Site, width: int = DESK, **more: Any) -> Page:
        page = open_page_of(site, width, **more)
        sign_in_as(page, name)
        in_language(page, "en")
        return page

    return open_signed_in


# Pictures in sight are loaded; where charts come alive they have.
DRAWN = """() =>
    [...document.images].every(image => image.complete || image.offsetParent === null)
    && [...document.querySelectorAll("figure[data-chart]")].every(
        figure => figure.clientWidth < 480 || figure.querySelector(".chart-live svg"))"""


def wait_until(page: Page, condition: str) -> None:
    """Until a condition in JavaScript holds.

    It is asked by the clock and from outside: Playwright's own way asks once a frame, which never comes where
    a browser draws nothing, or by code from a string, which our security policy refuses the second time.
    """
    until = monotonic() + PATIENCE / 1000
    while not page.evaluate(condition):
        if monotonic() > until:
            raise BrowserTimeout(f"Not so within {PATIENCE / 1000:.0f} s: {condition}")
        page.wait_for_timeout(100)


def picture(page: Page, name: str) -> Path:
    """Store the whole page as artifacts/screenshots/NAME.png."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    page.wait_for_load_state()
    window = page.viewport_size or {"width": DESK, "height": 800}
    # A window as tall as the page, so that what sticks to the window's edge hides nothing.
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": window["width"], "height": max(height, window["height"])})
    with suppress(BrowserTimeout):  # a chart that does not come alive stays the picture that it was
        wait_until(page, DRAWN)
    try:
        page.screenshot(path=path, timeout=PATIENCE)
    except BrowserTimeout:
        path = SCREENSHOTS / f"{name}.copy.png"
        picture_of_copy(page, path)
    page.set_viewport_size(window)
    return path


def picture_of_copy(page: Page, path: Path) -> None:
    """The last resort where a browser owes a frame: the page as it stands, drawn by a browser just started.

    What was typed into its fields is missing there, and no script runs.
    """
    document, address, stuck = page.content(), page.url, page.context.browser
    assert stuck is not None
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    with closing(launch(stuck.browser_type)) as browser:
        copy = browser.new_page(
            viewport=page.viewport_size,
            color_scheme="dark" if dark else "light",
            storage_state=page.context.storage_state(),
            java_script_enabled=False,
        )
        copy.route(address, lambda route: route.fulfill(body=document, content_type="text/html"))
        copy.goto(address)
        copy.screenshot(path=path, timeout=4 * PATIENCE)


_AXE = {"resultTypes": ["violations"], "preload": False}  # no rule of ours reads style sheets or films


def assert_accessible(page: Page) -> None:
    """axe finds nothing against WCAG 2.2 AA or its own best practices."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate("options => axe.run(document, options).then(found => found.violations)", _AXE)
    told = [
        f"{one['id']} ({one['impact']}): {one['help']}: {[node['html'] for node in one['nodes'][:3]]}"
        for one in found
    ]
    assert not told, f"{page.url}\n" + "\n".join(told)


def assert_fits(page: Page) -> None:
    """Nothing makes the page wider than its window."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    window = page.evaluate("document.documentElement.clientWidth")
    assert wide <= window, f"{page.url} is {wide} px wide in a window of {window} px"
