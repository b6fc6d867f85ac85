"""What the tests of the auditor's phone share: filling in quickly, and looking into what the phone keeps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as BrowserTimeout

from pilot_eval.records.pilots import Assignment
from pilot_eval.records.visits import Visit
from tests.journeys.conftest import PHONE, Site, wait_until
from tests.journeys.walking import THUMB, ZONE, stored
from tests.web.field_pages import GOOD_VISIT

SAVED = re.compile(r"/outbox/saved\?record=")
RECEIPT = re.compile("/visits/")

_FILL = """values => {
    const form = document.querySelector("form[data-rules]");
    for (const [name, value] of Object.entries(values)) {
        const controls = [...form.querySelectorAll(`[name="${name}"]`)];
        const control = controls.find(one => one.type === "radio" && one.value === value) ?? controls[0];
        if (control.type === "radio") control.checked = true;
        else control.value = value;
        control.dispatchEvent(new Event("input", { bubbles: true }));
    }
}"""
# A database that is not there yet must not be made here: its shelves are the site's matter.
_WITHIN = """async work => {
    if (!(await indexedDB.databases()).some(({ name }) => name === "field")) return [];
    const database = await new Promise((resolve, reject) => {
        const opening = indexedDB.open("field");
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(opening.error);
    });
    const answer = await work(database);
    database.close();
    return answer;
}"""
_KEPT = f"""shelf => ({_WITHIN})(database => new Promise(resolve => {{
    const asked = database.transaction(shelf).objectStore(shelf).getAll();
    asked.onsuccess = () => resolve(asked.result);
}}))"""
_EMPTY = f"""() => ({_WITHIN})(database => new Promise(resolve => {{
    const shelves = [...database.objectStoreNames];
    const emptying = database.transaction(shelves, "readwrite");
    for (const shelf of shelves) emptying.objectStore(shelf).clear();
    emptying.oncomplete = resolve;
}}))"""
_PAGES = """async () => {
    const found = [];
    for (const name of await caches.keys()) {
        if (!name.startsWith("field-pages-")) continue;
        for (const { url } of await (await caches.open(name)).keys()) found.push(new URL(url).pathname);
    }
    return found;
}"""


@contextmanager
def phone_of(chromium: Browser, site: Site, **kind: Any) -> Iterator[Page]:
    """A phone of its own, watched for errors of scripts and breaches of the content policy."""
    context = chromium.new_context(
        base_url=site.url,
        viewport={"width": PHONE, "height": 800},
        locale="en",
        reduced_motion="reduce",
        **(THUMB | {"timezone_id": ZONE.key} | kind),
    )
    context.set_default_timeout(15_000)
    faults: list[str] = []
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on(
        "console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None
    )
    yield context.new_page()
    context.close()
    assert not faults, "\n".join(faults)


def fill_form(page: Page, values: dict[str, str]) -> None:
    """All at once, as far as the form can tell; and it is kept on the phone when this returns."""
    wait_until(page, "document.querySelector('form[data-rules] [name=id]').value")
    page.evaluate(_FILL, values)
    narrative = ["narrative", values.get("narrative", "")]
    until(page, lambda: any(narrative in draft["fields"] for draft in kept(page, "drafts")))


def until(page: Page, come: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for something that no locator can see."""
    for _ in range(int(seconds * 20)):
        if come():
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"it did not come within {seconds} s")


def save(page: Page) -> None:
    page.locator(".sticky-bar button").click()


def kept(page: Page, shelf: str) -> list[dict[str, Any]]:
    """Everything on a shelf of the phone's own database."""
    found: list[dict[str, Any]] = page.evaluate(_KEPT, shelf)
    return found


def empty_shelves(page: Page) -> None:
    """Forget everything that the phone keeps in its own database."""
    page.evaluate(_EMPTY)


def kept_pages(page: Page) -> list[str]:
    """The pages that would open without a signal."""
    found: list[str] = page.evaluate(_PAGES)
    return found


def load_pages(page: Page, *paths: str) -> None:
    """Wait until these pages would open without a signal."""
    page.goto("/assignments")
    until(page, lambda: set(paths) <= set(kept_pages(page)))


def form_of(assignment: Assignment) -> str:
    """The address of its visit's form."""
    return f"/assignments/{assignment.id}/visit"


def load(page: Page, *assignments: Assignment) -> None:
    """Everything for these visits is on the phone."""
    load_pages(page, "/outbox", "/outbox/saved", "/outbox/offline", *map(form_of, assignments))


def hand_in(page: Page, assignment: Assignment, **changes: str) -> None:
    """Fill in a visit and save it."""
    page.goto(form_of(assignment))
    fill_form(page, GOOD_VISIT | changes)
    save(page)


def send_now(page: Page) -> None:
    """Press the key, unless the phone was faster by itself and the key has gone."""
    with suppress(BrowserTimeout):
        page.get_by_role("button", name="Send now").tap(timeout=3_000)


def look_again(page: Page) -> None:
    """Open a page, which sends what waits."""
    page.goto("/outbox")


def visits_of(site: Site, assignment: Assignment) -> list[Visit]:
    """What the office has stored for an assignment."""
    return stored(site.app, Visit, assignment_id=assignment.id)


def expect_empty(page: Page) -> None:
    """Everything has got through, and nothing is left on the phone."""
    expect(page.locator(".outbox-line")).to_contain_text("Everything is sent")
    assert kept(page, "outbox") == []
    assert kept(page, "drafts") == []
