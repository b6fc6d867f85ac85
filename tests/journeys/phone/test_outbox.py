"""What an auditor hands in waits on the phone until the office has it, whatever happens on the way."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from pilot_eval.domain.pilots import WaveState
from pilot_eval.operations.assignments import withdraw_assignment
from pilot_eval.records.pilots import Assignment
from pilot_eval.records.visits import SubmissionConflict
from tests.field import NOW, OPERATOR, Field
from tests.journeys import roads
from tests.journeys.conftest import Site
from tests.journeys.phones import (
    RECEIPT,
    SAVED,
    expect_empty,
    fill_form,
    form_of,
    hand_in,
    kept,
    kept_pages,
    load,
    look_again,
    phone_of,
    save,
    send_now,
    until,
    visits_of,
)
from tests.journeys.roads import Road
from tests.journeys.walking import fill_sign_in, seen, sign_in_as, stored
from tests.web.field_pages import GOOD_VISIT

# Without a signal.


def test_a_visit_without_a_signal_is_sent_once_when_it_is_back(
    site: Site, road: Road, field: Field, assignment: Assignment, chromium: Browser
) -> None:
    with phone_of(chromium, site) as page:
        sign_in_as(page, field.anna.email)
        load(page, assignment)
        road.close()
        page.goto(form_of(assignment))
        fill_form(page, GOOD_VISIT | {"narrative": "Очередь"})
        page.reload()
        expect(page.locator("[name=narrative]")).to_have_value("Очередь")
        page.close()
        page = page.context.new_page()
        page.goto(form_of(assignment))
        expect(page.get_by_text("Your answers from before are back.")).to_be_visible()
        expect(page.locator("[name=q_G7]:checked")).to_have_count(1)
        save(page)
        page.wait_for_url(SAVED)
        expect(page.get_by_role("heading", level=1)).to_have_text("Saved on this phone")
        expect(page.locator(".outbox-line")).to_contain_text("Waiting to be sent: 1 visit.")
        assert not visits_of(site, assignment)
        road.open()
        send_now(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Stored")
        (visit,) = visits_of(site, assignment)
        expect(page.locator(".receipt-code")).to_have_text(f"{visit.digest[:4]}-{visit.digest[4:8]}".upper())
        expect_empty(page)


def test_a_page_that_is_not_on_the_phone_says_so(road: Road, phone: Page, field: Field) -> None:
    load(phone)
    phone.wait_for_timeout(500)
    road.close()
    phone.goto("/account")
    expect(phone.get_by_role("heading", level=1)).to_have_text("No connection")
    phone.goto("/")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Visits to make")


@pytest.mark.parametrize("fault", roads.EVERY_FAULT, ids=lambda fault: fault.__name__)
def test_whatever_happens_on_the_way_it_is_stored_once(
    site: Site, road: Road, phone: Page, assignment: Assignment, fault: roads.Fault
) -> None:
    phone.goto(form_of(assignment))
    fill_form(phone, GOOD_VISIT)
    road.fault = lambda environ: fault if environ["REQUEST_METHOD"] == "PUT" else None
    save(phone)
    phone.wait_for_url(SAVED)
    assert road.met[-1] == fault.__name__
    assert [record["state"] for record in kept(phone, "outbox")] == ["waiting"]
    road.open()
    phone.wait_for_timeout(1100)  # the office may have asked for a second
    look_again(phone)
    expect_empty(phone)
    assert len(visits_of(site, assignment)) == 1
    assert not stored(site.app, SubmissionConflict, record_id=visits_of(site, assignment)[0].id)


VERDICTS: list[tuple[int, Any, str]] = [
    (200, {"uuid": "ours", "status": "duplicate"}, "stored"),
    (201, {"uuid": "ours", "status": "created"}, "stored"),
    (200, {"uuid": "another"}, "again"),
    (200, None, "again"),
    (201, {}, "again"),
    (302, None, "again"),
    (400, {"uuid": "ours", "code": "unreadable"}, "attention"),
    (400, {"uuid": "ours", "code": "stale_token"}, "again"),
    (400, None, "again"),
    (401, None, "signed out"),
    (403, {"uuid": "ours", "code": "forbidden"}, "attention"),
    (403, None, "again"),
    (404, {"uuid": "ours", "code": "not_found"}, "attention"),
    (404, {"code": "404"}, "again"),
    (408, None, "again"),
    (409, {"uuid": "ours", "code": "conflict", "status": "conflict"}, "conflict"),
    (409, {"uuid": "ours", "code": "wrong_state"}, "attention"),
    (409, {"uuid": "ours", "code": "stale_revision"}, "attention"),
    (410, {"uuid": "ours", "code": "withdrawn", "status": "withdrawn"}, "conflict"),
    (410, {"uuid": "ours", "code": "withdrawn"}, "attention"),
    (413, None, "attention"),
    (422, {"uuid": "ours", "code": "invalid"}, "attention"),
    (429, None, "hold"),
    (500, {"uuid": "ours"}, "again"),
    (503, None, "hold"),
    (0, None, "again"),
]


def test_each_answer_has_its_meaning(phone: Page) -> None:
    judged = phone.evaluate(
        """async cases => {
            const { judge } = await import("/static/js/field/flusher.js");
            return cases.map(([status, body]) => judge({ status, body }, "ours"));
        }""",
        [[status, body] for status, body, _verdict in VERDICTS],
    )
    assert judged == [verdict for _status, _body, verdict in VERDICTS]


def test_pauses_grow_to_five_minutes_and_differ(phone: Page) -> None:
    pauses = phone.evaluate(
        """async () => {
            const { pause } = await import("/static/js/field/flusher.js");
            return Array.from({ length: 400 }, (_, at) => pause(at % 40) / 1000);
        }"""
    )
    assert min(pauses) >= 1
    assert 280 < max(pauses) <= 300
    assert len(set(pauses)) > 300


# What the office does not take.


def test_another_version_is_kept_visible_and_can_be_put_away(
    site: Site, road: Road, phone: Page, field: Field, assignment: Assignment, chromium: Browser
) -> None:
    phone.goto(form_of(assignment))
    fill_form(phone, GOOD_VISIT)
    with phone_of(chromium, site) as second:
        sign_in_as(second, field.anna.email)
        hand_in(second, assignment)
        until(second, lambda: bool(visits_of(site, assignment)))
    save(phone)
    phone.wait_for_url(SAVED)
    expect(phone.get_by_role("heading", level=1)).to_have_text("A version is stored already")
    expect(phone.locator("main")).to_contain_text("is kept beside it")
    (aside,) = stored(site.app, SubmissionConflict)
    expect(phone.locator(".receipt-code")).to_have_text(f"{aside.digest[:4]}-{aside.digest[4:8]}".upper())
    seen(phone, "outbox-conflict")
    phone.goto("/outbox")
    phone.get_by_role("button", name="Put away").tap()
    expect(phone.get_by_role("heading", name="What was put away")).to_be_visible()
    phone.get_by_role("button", name="Put back").tap()
    expect(phone.locator("main .status")).to_have_text("Kept beside another version")
    phone.get_by_role("button", name="Put away").tap()
    expect(phone.get_by_text("Nothing waits on this phone")).to_be_visible()


def test_what_the_office_refuses_comes_back_into_its_form_and_blocks_nothing(
    site: Site, road: Road, phone: Page, field: Field, assign: Callable[[], Assignment]
) -> None:
    first, second = assign(), assign()
    load(phone, first, second)
    road.close()
    for each in (first, second):
        hand_in(phone, each)
        phone.wait_for_url(SAVED)
    spoil(phone, first)
    road.open()
    look_again(phone)
    expect(phone.locator("main .status-bad")).to_have_text("Needs your attention")
    assert len(visits_of(site, second)) == 1
    seen(phone, "outbox-attention")
    phone.get_by_role("link", name="Change it").tap()
    expect(phone.locator(".error-summary")).to_be_focused()
    expect(phone).to_have_title(re.compile("^Error:"))
    expect(phone.locator("[name=q_G7]:checked")).to_have_count(1)
    phone.locator(".error-summary a").first.tap()
    expect(phone.locator("[name=window_no]")).to_be_focused()
    phone.locator("[name=window_no]").fill("3")
    save(phone)
    phone.wait_for_url(RECEIPT)
    assert len(visits_of(site, first)) == 1
    expect_empty(phone)


def spoil(page: Page, assignment: Assignment) -> None:
    """Make a waiting record one that the office must refuse: its form let something pass."""
    page.evaluate(
        """number => new Promise(resolve => {
            const opening = indexedDB.open("field");
            opening.onsuccess = () => {
                const shelf = opening.result.transaction("outbox", "readwrite").objectStore("outbox");
                const asked = shelf.getAll();
                asked.onsuccess = () => {
                    const record = asked.result.find(one => one.assignment === number);
                    record.body.window_no = 1000;
                    shelf.put(record);
                };
                shelf.transaction.oncomplete = () => { opening.result.close(); resolve(); };
            };
        })""",
        assignment.id,
    )


def test_a_visit_whose_assignment_was_taken_back_is_kept_at_the_office(
    site: Site, road: Road, phone: Page, field: Field, assignment: Assignment
) -> None:
    phone.goto(form_of(assignment))
    fill_form(phone, GOOD_VISIT)
    withdraw_assignment(field.session, OPERATOR, "vladimir", assignment.id or 0, NOW, "Ошибка")
    save(phone)
    phone.wait_for_url(SAVED)
    expect(phone.locator(".receipt-code")).to_be_visible()
    assert not visits_of(site, assignment)
    assert [record["state"] for record in kept(phone, "outbox")] == ["conflict"]


def test_a_locked_wave_keeps_the_visit_on_the_phone(
    road: Road, phone: Page, field: Field, assignment: Assignment
) -> None:
    phone.goto(form_of(assignment))
    fill_form(phone, GOOD_VISIT)
    field.set_wave(WaveState.LOCKED)
    try:
        save(phone)
        expect(phone.locator(".error-summary")).to_contain_text("locked")
        assert [record["state"] for record in kept(phone, "outbox")] == ["attention"]
    finally:
        field.set_wave(WaveState.OPEN)
    save(phone)
    phone.wait_for_url(RECEIPT)


# Who is signed in.


def test_an_ended_sign_in_keeps_the_visit_and_asks(
    site: Site, road: Road, phone: Page, field: Field, assignment: Assignment
) -> None:
    load(phone, assignment)
    phone.goto(form_of(assignment))
    fill_form(phone, GOOD_VISIT)
    phone.context.clear_cookies()
    save(phone)
    phone.wait_for_url("**/sign-in**")
    expect(phone.locator(".outbox-line")).to_contain_text("1 record is saved on this phone.")
    seen(phone, "outbox-signed-out")
    fill_sign_in(phone, field.anna.email)
    phone.wait_for_url(SAVED)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Stored")
    expect_empty(phone)
    assert len(visits_of(site, assignment)) == 1


def test_a_sign_in_that_ended_is_told_on_a_page_from_the_phone(
    road: Road, phone: Page, assignment: Assignment
) -> None:
    load(phone, assignment)
    road.close()
    hand_in(phone, assignment)
    phone.wait_for_url(SAVED)
    phone.context.clear_cookies()
    road.open()
    send_now(phone)
    expect(phone.locator(".outbox-line")).to_contain_text("Your sign-in has ended.")
    expect(phone.get_by_role("link", name="Sign in to send them")).to_be_visible()


def test_nobody_else_s_records_are_sent_or_shown(
    site: Site, road: Road, phone: Page, field: Field, assignment: Assignment
) -> None:
    load(phone, assignment)
    road.close()
    hand_in(phone, assignment, narrative="Секрет Анны")
    phone.wait_for_url(SAVED)
    road.open()
    phone.context.clear_cookies()
    road.fault = lambda environ: roads.cut_before if environ["PATH_INFO"].startswith("/api/") else None
    sign_in_as(phone, field.boris.email)
    road.open()
    phone.goto("/outbox")
    expect(phone.locator(".outbox-line")).to_contain_text("1 record of another person waits on this phone.")
    expect(phone.get_by_text("Nothing waits on this phone")).to_be_visible()
    phone.evaluate("dispatchEvent(new Event('online'))")
    phone.wait_for_timeout(700)
    assert "Секрет" not in phone.content()
    assert not visits_of(site, assignment)
    assert len(kept(phone, "outbox")) == 1
    assert form_of(assignment) not in kept_pages(phone), "the pages of one are not shown to another"
    phone.context.clear_cookies()
    sign_in_as(phone, field.anna.email)
    expect_empty(phone)
    assert len(visits_of(site, assignment)) == 1


def test_signing_out_warns_and_takes_the_pages_along(
    site: Site, road: Road, phone: Page, field: Field, assignment: Assignment
) -> None:
    load(phone, assignment)
    road.close()
    hand_in(phone, assignment)
    phone.wait_for_url(SAVED)
    road.fault = lambda environ: roads.cut_before if environ["REQUEST_METHOD"] == "PUT" else None
    phone.get_by_role("button", name="Sign out").tap()
    phone.wait_for_url("**/outbox/leaving")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Not everything is sent")
    seen(phone, "outbox-leaving")
    phone.get_by_role("button", name="Sign out all the same").tap()
    phone.wait_for_url("**/sign-in")
    assert kept_pages(phone) == []
    assert len(kept(phone, "outbox")) == 1
    road.open()
    sign_in_as(phone, field.anna.email)
    expect_empty(phone)
    phone.get_by_role("button", name="Sign out").tap()
    phone.wait_for_url("**/sign-in")


def test_signing_out_without_a_connection_is_said(road: Road, phone: Page) -> None:
    phone.goto("/account")
    road.close()
    phone.get_by_role("button", name="Sign out").tap()
    expect(phone.locator(".outbox-line")).to_contain_text("signing out needs a connection")


# What waits too long, and the way out.


@pytest.mark.parametrize(
    ("hours", "said"), [(2, None), (25, "more than a day"), (73, "more than three days")]
)
def test_what_waits_too_long_is_said(
    road: Road, phone: Page, field: Field, assignment: Assignment, hours: int, said: str | None
) -> None:
    load(phone, assignment)
    road.close()
    hand_in(phone, assignment)
    phone.wait_for_url(SAVED)
    phone.clock.install()
    phone.clock.fast_forward(hours * 3600 * 1000)
    phone.goto("/outbox")
    line = phone.locator(".outbox-line")
    expect(line).to_contain_text("Waiting to be sent: 1 visit.")
    if said:
        expect(line).to_contain_text(said)
        seen(phone, f"outbox-after-{hours}-hours")
    else:
        expect(line).not_to_contain_text("more than")


def test_unsent_records_leave_as_a_file_and_are_handed_in_elsewhere_once(
    site: Site,
    road: Road,
    phone: Page,
    field: Field,
    assign: Callable[[], Assignment],
    chromium: Browser,
    tmp_path: Path,
) -> None:
    first, second = assign(), assign()
    load(phone, first, second)
    road.close()
    for each in (first, second):
        hand_in(phone, each)
        phone.wait_for_url(SAVED)
    phone.goto("/outbox")
    with phone.expect_download() as saved:
        phone.get_by_role("button", name="Download what is not sent").tap()
    path = tmp_path / saved.value.suggested_filename
    saved.value.save_as(path)
    assert len(json.loads(path.read_text())["records"]) == 2
    road.open()
    with phone_of(chromium, site, java_script_enabled=False) as elsewhere:
        sign_in_as(elsewhere, field.anna.email)
        for word in ("Stored", "Stored before"):
            elsewhere.goto("/outbox/file")
            elsewhere.locator("input[type=file]").set_input_files(path)
            elsewhere.locator("main form button").click()
            expect(elsewhere.locator("tbody tr")).to_have_count(2)
            expect(elsewhere.locator("tbody .status").first).to_have_text(word)
        seen_without_scripts(elsewhere)
    assert [len(visits_of(site, each)) for each in (first, second)] == [1, 1]
    look_again(phone)
    expect_empty(phone)
    assert [len(visits_of(site, each)) for each in (first, second)] == [1, 1]


def seen_without_scripts(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
