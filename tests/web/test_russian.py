"""A Russian reader meets no English: every page that can be reached by links, in each role."""

import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urldefrag

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException

from pilot_eval.demo import fill
from pilot_eval.demo.world import TOWNS
from pilot_eval.domain.observations import ARMS, PERIODS
from pilot_eval.domain.people import Role
from tests import catalogue
from tests.conftest import PASSWORD
from tests.web.field_pages import filled
from tests.web.reading import Page

PER_ENDPOINT = 2  # pages of one kind that are read: another branch has the same labels
FEWEST_PAGES = {Role.AUDITOR: 12, Role.MANAGER: 7, Role.HEAD_OFFICE: 10, Role.ADMINISTRATOR: 10}

# Latin letters that are right on a Russian page: names, and codes that the demonstration's own data have.
NAMES = {
    *TOWNS,
    *("pilot", "eval", "Apache", "API", "OpenAPI", "UUID", "UTC", "ID", "English"),
    *("EMS", "Excel", "CSV", "XLSX", "JSON", "PDF", "HTTPS", "UTF", "Parquet", "PNG", "SVG", "NA", "SHA"),
    *("YAML", "XLSForm", "ODK", "KoboToolbox", "QR"),
    *("SPSS", "Stata", "PowerPoint", "ZIP", "XmR", "n", "JavaScript"),
}
CODES = re.compile(
    r"""[\w.-]+@[\w.-]+      # sign-in names
    | \b[0-9A-F]{4}-[0-9A-F]{4}\b  # receipts, before the codes that they begin like
    | \b[A-Z]-?\d+\b         # codes of questions, pseudonyms
    | \b[a-z]+\d[\w-]*       # hashes and slugs
    | \b[0-9a-f]{8,}\b
    """,
    re.VERBOSE,
)


@pytest.fixture
def database_url(demo_url: str) -> str:
    """Pages have something to say only where there are data."""
    return demo_url


def latin_words(text: str) -> list[str]:
    return [word for word in re.findall(r"[A-Za-z]{2,}", CODES.sub(" ", text)) if word not in NAMES]


def reachable(app: Flask, browser: Any) -> Iterator[tuple[str, Page]]:
    """Pages that links lead to from the start page, a few of each kind."""
    waiting, seen, count = ["/"], set(), Counter[str]()
    routes = app.url_map.bind("localhost")
    while waiting:
        address = waiting.pop(0)
        if address in seen or not address.startswith("/"):
            continue
        seen.add(address)
        try:
            endpoint = str(routes.match(address.partition("?")[0], "GET")[0])
        except HTTPException:
            continue
        if endpoint.endswith("static") or count[endpoint] >= PER_ENDPOINT:
            continue
        count[endpoint] += 1
        answer = browser.get(address, follow_redirects=True)
        assert answer.status_code == 200, f"{address}: {answer.status_code}"
        if answer.mimetype == "text/html":
            page = Page(answer.text)
            yield address, page
            waiting += [urldefrag(link).url for link in page.links]


def _enter(browser: Any, role: Role) -> None:
    """Sign in as somebody who reads Russian."""
    browser.submit("/sign-in", {"email": fill.sign_in_names()[role], "password": PASSWORD})
    browser.submit("/language", {"language": "ru", "next": "/"})


@pytest.mark.parametrize("role", Role)
def test_no_page_in_russian_has_an_english_label(app: Flask, client: Any, role: Role) -> None:
    _enter(client, role)
    english = {message.id for message in catalogue.extracted() if isinstance(message.id, str) and message.id}
    found, pages = set(), 0
    for address, page in reachable(app, client):
        pages += 1
        found |= {
            (text, address)
            for text in page.texts
            if latin_words(text) or (text in english and text.isascii())
        }
    assert not found
    assert pages >= FEWEST_PAGES[role]


@pytest.mark.parametrize("address", ["/sign-in", "/nothing-here"])
def test_a_visitor_is_spoken_to_in_the_browsers_language(client: Any, address: str) -> None:
    answer = client.get(address, headers={"Accept-Language": "ru"}, follow_redirects=True)
    assert 'lang="ru"' in answer.text
    assert not [text for text in Page(answer.text).texts if latin_words(text)]


REFUSED = [
    (
        Role.AUDITOR,
        "/account/password",
        {"password": "wrong", "new_password": "a", "new_password_confirm": "b"},
    ),
    (
        Role.AUDITOR,
        "/account/password",
        {"password": PASSWORD, "new_password": "short", "new_password_confirm": "x"},
    ),
    (Role.ADMINISTRATOR, "/people/new", {}),
    (Role.ADMINISTRATOR, "/people/new", {"name": "x" * 300, "role": "manager", "language": "ru"}),
    (Role.ADMINISTRATOR, "/regions", {}),
    (Role.HEAD_OFFICE, "/pilots/new", {}),
    (
        Role.HEAD_OFFICE,
        "/pilots/new",
        {"title_en": "x", "slug": "-", "level": "2", "seed": "a", "before_from": "x"},
    ),
    (Role.HEAD_OFFICE, "/pilots/import", {}),
    (Role.HEAD_OFFICE, "/pilots/running-now/assignments", {}),
    (Role.HEAD_OFFICE, "/confirm-password", {"password": "wrong"}),
    (Role.HEAD_OFFICE, "/regions", {"code": "vladimir", "name": "Владимир"}),
]


@pytest.mark.parametrize(("role", "address", "data"), REFUSED)
def test_what_a_form_says_when_it_refuses_is_russian(
    client: Any, role: Role, address: str, data: dict[str, str]
) -> None:
    _enter(client, role)
    answer = client.submit(address, data)
    assert answer.status_code in {200, 400, 422}
    page = Page(answer.text)
    assert "Проверьте введённое" in page.texts
    assert not [text for text in page.texts if latin_words(text)]


@pytest.mark.parametrize("kind", ["visit", "timing"])
def test_what_the_auditors_forms_say_when_they_refuse_is_russian(client: Any, kind: str) -> None:
    _enter(client, Role.AUDITOR)
    links = Page(client.get("/assignments").text).links
    address = next(link for link in links if link.endswith(f"/{kind}"))
    form = filled(client.get(address).text)
    for changes in ({}, {"outcome": "done", "day": "2999-01-01", "started_at": "x", "at_joined": "25:00"}):
        page = Page(client.post(address, data=form | changes).text)
        assert "Проверьте введённое" in page.texts
        assert not [text for text in page.texts if latin_words(text)]


FILES = [
    "branch,arm,period,балл\nА,обученные,before,нет\nА,trained,потом,5\nА,comparison,after,1e999\n",
    "branch,arm,period,балл\nА,trained\n",
    "branch,arm,балл\nА,trained,5\n",
    "branch,branch,балл\nА,А,5\n",
    "branch,arm,date,trained_on,балл\nА,trained,вчера,,5\n",
    "branch,arm,date,trained_on,балл\nА,trained,2014-08-01,2014-09-01,5\nБ,trained,2014-08-01,2014-09-02,5\n",
    "branch,arm,period,id,балл\nА,trained,before,ы,5\nА,,after,ы,6\n",
    "branch,region,arm,period,балл\nА,,trained,before,5\n",
    'branch,arm,period,балл\nА,"trained,before,5\n',
    f"branch,arm,period,балл\nА,{'ы' * 200_000},before,5\n",
    "",
    "балл",
]
COMMANDS = {"csv", "staggered", "pilot", "eval", "evaluate"}
COLUMNS = {*("branch", "arm", "period", "region", "name", "date", "trained", "on", "id"), *ARMS, *PERIODS}


@pytest.mark.parametrize("content", FILES)
def test_what_is_wrong_with_a_file_is_said_in_russian(client: Any, content: str) -> None:
    _enter(client, Role.HEAD_OFFICE)
    form = {"title_en": "Made up", "outcome": "балл", "kind": "score", "design": "difference_in_differences"}
    form |= {"better": "", "level": "0,95", "draws": "199", "seed": "1"}
    sent = {"file": (io.BytesIO(content.encode()), "файл.csv")}
    page = Page(client.submit("/pilots/import", form | sent).text)
    assert "Проверьте введённое" in page.texts
    assert not [text for text in page.texts if set(latin_words(text)) - COLUMNS - COMMANDS]


def test_a_visitor_is_refused_in_russian(client: Any) -> None:
    client.submit("/language", {"language": "ru", "next": "/"})
    for data in ({}, {"email": "nobody", "password": "wrong and long enough"}):
        page = Page(client.submit("/sign-in", data).text)
        assert "Проверьте введённое" in page.texts
        assert not [text for text in page.texts if latin_words(text)]
