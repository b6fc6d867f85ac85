"""Live charts in a real browser under the product's own content security policy."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import jinja2
import pytest
from playwright.sync_api import Browser, Page

from pilot_eval.reports import charts
from pilot_eval.reports.summaries import Headline, headline
from tests.journeys.conftest import wait_until
from tests.reports import samples

ROOT = Path(__file__).parents[2]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGE = """<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><title>Charts</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/app.css"><link rel="stylesheet" href="/charts.css">
<script type="module" src="/charts.js"></script></head>
<body>{% import "charts/macros.html" as charts %}
{% for chart in found %}{{ charts.figure(chart, urls[chart.name]) }}{% endfor %}
{{ charts.interval_bar(bar) }}</body></html>"""


@dataclass
class Site:
    """A site on this machine that serves what it is given, with the product's policy."""

    address: str
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    files: dict[str, tuple[str, bytes]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, content = files.get(self.path, ("text/plain", b""))
            self.send_response(200 if self.path in files else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the name is the library's
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    made = Site(f"http://127.0.0.1:{server.server_port}", files)
    fill(made, charts.vega_bundle(tmp_path_factory.mktemp("bundle")))
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def fill(site: Site, bundle: Path) -> None:
    document = samples.summary()
    intervals = charts.intervals(document, "ru")
    dumbbell = charts.dumbbell(document, "quality", "ru")
    assert intervals is not None
    assert dumbbell is not None
    found = [dumbbell, intervals]
    urls = {}
    for chart in found:
        start = f"/{chart.name}"
        names = {"spec": f"{start}.json", "light": f"{start}-light.svg", "dark": f"{start}-dark.svg"}
        urls[chart.name] = {**names, "bundle": "/vega.js"}
        site.files[names["spec"]] = ("application/json", json.dumps(chart.spec).encode())
        for theme in charts.THEMES:
            site.files[names[theme]] = ("image/svg+xml", charts.svg(chart.spec, theme).encode())
    loader = jinja2.FileSystemLoader(ROOT / "templates")
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    environment.globals["_"] = lambda text: text
    effect = charts.interval_bar(first_effect(document), "better", "ru")
    page = environment.from_string(PAGE).render(found=found, urls=urls, bar=effect)
    site.files["/"] = ("text/html; charset=utf-8", page.encode())
    site.files["/vega.js"] = ("text/javascript", bundle.read_bytes())
    site.files["/charts.js"] = ("text/javascript", (ROOT / "static/js/charts.js").read_bytes())
    for name in ("app.css", "charts.css"):
        site.files[f"/{name}"] = ("text/css", (ROOT / "static/css" / name).read_bytes())


def first_effect(document: dict[str, Any]) -> Headline:
    found = headline(document["outcomes"][0])
    assert found is not None
    return found


@pytest.fixture(scope="module")
def browser(chromium: Browser) -> Browser:
    return chromium


def opened(
    browser: Browser, site: Site, width: int, scheme: Literal["dark", "light"] = "light"
) -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(site.address)
    return page, said


def wait_for_live_charts(page: Page) -> None:
    for figure in page.locator("figure[data-chart]").all():
        figure.scroll_into_view_if_needed()
        figure.locator(".chart-live svg").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_come_alive_without_breaking_the_policy(
    browser: Browser, site: Site, scheme: Literal["dark", "light"]
) -> None:
    page, said = opened(browser, site, 900, scheme)
    wait_for_live_charts(page)
    assert said == []
    assert page.locator("[data-chart-picture]:visible").count() == 0
    texts = page.locator(".chart-live svg text").all_text_contents()
    assert "До" in texts
    ink = charts.THEMES[scheme]["@better"]
    assert page.locator(f'.chart-live svg [fill="{ink}"]').count() > 0
    page.close()


def test_a_mark_tells_its_numbers_when_pointed_at(browser: Browser, site: Site) -> None:
    page, said = opened(browser, site, 900)
    wait_for_live_charts(page)
    page.locator(".chart-live").first.locator(".mark-symbol path").first.hover()
    tooltip = page.locator("#vg-tooltip-element.visible")
    tooltip.wait_for()
    assert "Отделение" in tooltip.inner_text()
    assert tooltip.evaluate("element => getComputedStyle(element).position") == "fixed"
    assert said == []
    page.close()


def test_a_live_chart_follows_the_colour_scheme(browser: Browser, site: Site) -> None:
    page, said = opened(browser, site, 900, "light")
    wait_for_live_charts(page)
    page.emulate_media(color_scheme="dark")
    page.locator(f'.chart-live svg [fill="{charts.THEMES["dark"]["@better"]}"]').first.wait_for()
    assert said == []
    page.close()


def test_on_a_narrow_screen_picture_and_table_stay(browser: Browser, site: Site) -> None:
    page, said = opened(browser, site, 400)
    page.wait_for_load_state("networkidle")
    assert page.locator(".chart-live").count() == 0
    assert page.locator("[data-chart-picture]:visible").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert said == []
    page.close()


def test_without_the_script_of_charts_the_picture_stays(browser: Browser, site: Site) -> None:
    kept = site.files.pop("/vega.js")
    try:
        page, said = opened(browser, site, 900)
        wait_until(page, "performance.getEntriesByName(location.origin + '/vega.js').length > 0")
        page.wait_for_load_state("networkidle")
        assert page.locator("[data-chart-picture]:visible").count() == 2
        assert any("The picture of the chart stays" in text for text in said)
        page.close()
    finally:
        site.files["/vega.js"] = kept
