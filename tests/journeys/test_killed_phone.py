"""A browser is killed while visits are made without a signal, then half of what it sends meets a fault: every
visit is stored, and none twice.

Short by default; `make soak` makes sixty visits and kills the browser six times.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Error, Page, Playwright

from pilot_eval.domain.pilots import Period
from pilot_eval.operations.assignments import VisitPlan, assign_visits
from pilot_eval.records import audit, database
from pilot_eval.records.pilots import Assignment
from pilot_eval.records.visits import SubmissionConflict, Visit
from tests.conftest import cheap_hash
from tests.field import BEFORE, NOW, OPERATOR, create_field
from tests.journeys.conftest import FLAGS, PHONE, Site, own_browser
from tests.journeys.phones import fill_form, kept, kept_pages, save, until
from tests.journeys.roads import EVERY_FAULT, Road, served_by_road
from tests.journeys.walking import sign_in_as, stored
from tests.web.field_pages import GOOD_VISIT

VISITS, KILLS, TABS = (60, 6, 3) if os.environ.get("PILOT_EVAL_LONG") else (8, 2, 2)
PATIENCE = 300 if os.environ.get("PILOT_EVAL_LONG") else 90  # s until everything has got through


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path) -> Iterator[tuple[Site, Road]]:
    with served_by_road(sqlite_url, tmp_path) as (site, road):
        site.app.config["CLOCK"] = lambda: NOW + timedelta(days=25)
        yield site, road


@pytest.fixture
def assignments(place: tuple[Site, Road]) -> Iterator[tuple[str, list[Assignment]]]:
    """The auditor's sign-in name, and as many visits to make."""
    with database.session_of(place[0].app.extensions["engine"]) as session:
        field = create_field(session, cheap_hash())
        days = [BEFORE[0] + timedelta(days=day) for day in range(20)]
        plans = [
            VisitPlan(f"60000{code}", Period.BEFORE, field.anna.id or 0, "transfer", (day, day))
            for day in days
            for code in range(1, 5)
        ]
        yield field.anna.email, assign_visits(session, OPERATOR, "vladimir", plans[:VISITS], confirmed=True)


class Phone:
    """A browser with a folder of its own, which outlives it."""

    def __init__(self, playwright: Playwright, site: Site, folder: Path) -> None:
        self.playwright, self.site, self.folder = playwright, site, folder
        self.context: BrowserContext
        self.tabs: list[Page] = []
        self.kills = 0

    def start(self) -> None:
        self.context = self.playwright.chromium.launch_persistent_context(
            self.folder,
            executable_path=own_browser(),
            args=FLAGS,
            base_url=self.site.url,
            viewport={"width": PHONE, "height": 800},
            locale="en",
        )
        self.context.set_default_timeout(30_000)
        self.tabs = [*self.context.pages, *(self.context.new_page() for _ in range(TABS - 1))]

    def kill(self) -> None:
        """As an empty battery does: no process of this browser hears of it."""
        for process in self._processes():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.kills += 1
        with suppress(Error):
            self.context.close()
        for _ in range(200):
            if not list(self._processes()):
                return
            time.sleep(0.05)
        raise AssertionError("the browser survived")

    def _processes(self) -> Iterable[int]:
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                ours = f"--user-data-dir={self.folder}".encode() in (folder / "cmdline").read_bytes()
                if ours and (folder / "stat").read_text().split(")")[1].split()[0] != "Z":
                    yield int(folder.name)


@pytest.fixture
def phone(playwright: Playwright, place: tuple[Site, Road], tmp_path: Path) -> Iterator[Phone]:
    phone = Phone(playwright, place[0], tmp_path / "browser")
    phone.start()
    yield phone
    with suppress(Error):
        phone.context.close()


def form_of(assignment: Assignment) -> str:
    return f"/assignments/{assignment.id}/visit"


def load(phone: Phone, name: str, assignments: list[Assignment]) -> None:
    page = phone.tabs[0]
    sign_in_as(page, name)
    page.goto("/assignments")
    paths = {form_of(each) for each in assignments} | {"/outbox", "/outbox/saved"}
    until(page, lambda: paths <= set(kept_pages(page)), seconds=PATIENCE)


def answers_of(assignment: Assignment) -> dict[str, str]:
    day = assignment.window_from.isoformat()
    return GOOD_VISIT | {"day": day, "narrative": f"Визит {assignment.id}"}


def record_without_a_signal(phone: Phone, assignments: list[Assignment]) -> None:
    """Make the visits in turn in each tab; every so often the browser dies in the middle of a form."""
    every = len(assignments) // KILLS
    for number, assignment in enumerate(assignments):
        page = phone.tabs[number % TABS]
        page.goto(form_of(assignment))
        fill_form(page, answers_of(assignment))
        if number % every == every - 1 and phone.kills < KILLS:
            phone.kill()
            phone.start()
            page = phone.tabs[number % TABS]
            page.goto(form_of(assignment))
            until(page, lambda page=page: page.locator("[name=narrative]").input_value() != "")
            assert page.locator("[name=q_G7]:checked").count() == 1
        save(page)
        page.wait_for_url("**/outbox/saved?record=*")


def send_all(phone: Phone) -> None:
    """Look now and then whether everything has gone."""
    for page in phone.tabs:
        page.goto("/outbox")
    ends = time.monotonic() + PATIENCE
    while kept(phone.tabs[0], "outbox"):
        assert time.monotonic() < ends, json.dumps(kept(phone.tabs[0], "facts"))
        for page in phone.tabs:
            page.evaluate("dispatchEvent(new Event('online'))")
        phone.tabs[0].wait_for_timeout(500)


def losses(site: Site, receipts: list[dict[str, Any]]) -> list[str]:
    """Visits that the phone holds a receipt for and the office has not, or has more than once."""
    visits = stored(site.app, Visit)
    found = [str(visit.id) for visit in visits]
    twice = [one for one in found if found.count(one) > 1]
    return sorted({receipt["uuid"] for receipt in receipts} - set(found)) + twice


def test_no_visit_is_lost_and_none_is_stored_twice(
    place: tuple[Site, Road], assignments: tuple[str, list[Assignment]], phone: Phone
) -> None:
    (site, road), (name, to_make) = place, assignments
    load(phone, name, to_make)
    road.close()
    record_without_a_signal(phone, to_make)
    assert phone.kills == KILLS
    assert not stored(site.app, Visit)
    phone.tabs[0].goto("/outbox")
    assert len(kept(phone.tabs[0], "outbox")) == VISITS
    road.shake(EVERY_FAULT, share=0.5, seed=VISITS)
    sign_in_as(phone.tabs[0], name)  # a browser that was killed has forgotten its sign-in
    send_all(phone)
    assert set(road.met) >= {"cut_after", "fails_after"}, "nothing went wrong after storing: no test at all"

    visits = stored(site.app, Visit)
    assert sorted(visit.assignment_id or 0 for visit in visits) == sorted(each.id or 0 for each in to_make)
    assert all(visit.document["header"]["narrative"] == f"Визит {visit.assignment_id}" for visit in visits)  # type: ignore[index]  # the document is JSON
    assert not stored(site.app, SubmissionConflict)
    assert not losses(site, kept(phone.tabs[0], "receipts"))
    assert len(kept(phone.tabs[0], "receipts")) == VISITS
    assert not kept(phone.tabs[0], "drafts")
    with database.session_of(site.app.extensions["engine"]) as session:
        assert audit.first_break(session) is None


def test_an_office_that_acknowledges_too_early_is_found_out(
    place: tuple[Site, Road], assignments: tuple[str, list[Assignment]], phone: Phone
) -> None:
    (site, road), (name, to_make) = place, assignments
    load(phone, name, to_make[:1])
    road.close()
    phone.tabs[0].goto(form_of(to_make[0]))
    fill_form(phone.tabs[0], answers_of(to_make[0]))
    save(phone.tabs[0])
    phone.tabs[0].wait_for_url("**/outbox/saved?record=*")
    road.fault = lambda environ: acknowledges_early if environ["REQUEST_METHOD"] == "PUT" else None
    send_all(phone)
    assert losses(site, kept(phone.tabs[0], "receipts"))


def acknowledges_early(_road: Road, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The planted fault: says that it is stored, and stores nothing."""
    environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    uuid = environ["PATH_INFO"].rsplit("/", 1)[1]
    told = {"uuid": uuid, "status": "created", "received_at": "2014-08-05T08:00:00Z", "receipt": "0000-0000"}
    body = json.dumps(told).encode()
    start_response("201 Created", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
