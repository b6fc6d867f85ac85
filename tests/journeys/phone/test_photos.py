"""Photographs without a signal: kept on the phone with their visit, sent after it, and never twice."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from sqlmodel import select

from pilot_eval.records.photos import VisitPhoto
from pilot_eval.records.pilots import Assignment, Pilot
from pilot_eval.records.visits import Visit
from tests.field import Field
from tests.journeys.conftest import Site
from tests.journeys.phones import (
    SAVED,
    expect_empty,
    hand_in,
    kept,
    load,
    look_again,
    phone_of,
    until,
    visits_of,
)
from tests.journeys.roads import EVERY_FAULT, Road
from tests.journeys.walking import in_language, press, seen, sign_in_as, stored

pytestmark = pytest.mark.usefixtures("asked_for_photos")


@pytest.fixture(scope="module")
def asked_for_photos(field: Field) -> None:
    pilot = field.session.exec(select(Pilot)).one()
    pilot.asks_photos = True
    field.session.add(pilot)
    field.session.commit()


def photograph(width: int = 2400) -> dict[str, object]:
    """A picture as a phone takes it, with the place where it was taken."""
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"  # the latitude's side, of the place
    written = io.BytesIO()
    Image.effect_noise((width, width // 2), 60).convert("RGB").save(written, "JPEG", exif=exif)
    return {"name": "branch.jpg", "mimeType": "image/jpeg", "buffer": written.getvalue()}


def add(page: Page, kind: str) -> None:
    press(page.locator(f"[name=kind][value={kind}] + label"))
    page.locator("[name=photo]").set_input_files(photograph())  # type: ignore[arg-type]  # one file's parts
    press(page.locator("[data-photo-form] button"))


def stored_visit(page: Page, site: Site, assignment: Assignment) -> Visit:
    hand_in(page, assignment)
    page.wait_for_url(re.compile(r"/visits/|/outbox/saved"))
    until(page, lambda: bool(visits_of(site, assignment)))
    return visits_of(site, assignment)[0]


def photos_of(site: Site, assignment: Assignment) -> list[VisitPhoto]:
    (visit,) = visits_of(site, assignment)
    return stored(site.app, VisitPhoto, visit_id=visit.id)


def test_two_taps_are_one_photograph(site: Site, road: Road, phone: Page, assignment: Assignment) -> None:
    load(phone, assignment)
    road.close()
    hand_in(phone, assignment)
    phone.wait_for_url(SAVED)
    press(phone.locator("[name=kind][value=exterior] + label"))
    phone.locator("[name=photo]").set_input_files(photograph(4000))  # type: ignore[arg-type]  # one file's parts
    phone.evaluate("for (const _ of [1, 2]) document.querySelector('[data-photo-form] button').click()")
    expect(phone.locator("[data-photo-said]")).to_contain_text("saved on this phone")
    phone.wait_for_timeout(1000)
    assert len([record for record in kept(phone, "outbox") if record["kind"] == "photo"]) == 1


def test_photographs_wait_behind_their_visit(
    site: Site, road: Road, phone: Page, assignment: Assignment
) -> None:
    load(phone, assignment)
    road.close()
    hand_in(phone, assignment)
    phone.wait_for_url(SAVED)
    press(phone.get_by_role("button", name="Store the photograph"))
    expect(phone.locator(".error-summary")).to_contain_text("Say what it shows")
    for kind in ("exterior", "receipt"):
        add(phone, kind)
        expect(phone.locator("[data-photo-said]")).to_contain_text("saved on this phone")
    expect(phone.locator(".outbox-line")).to_contain_text("1 visit, 2 photographs")
    pictures = [record for record in kept(phone, "outbox") if record["kind"] == "photo"]
    assert len(pictures) == 2
    road.shake(EVERY_FAULT, share=0.5, seed=7)

    def sent() -> bool:
        phone.evaluate("dispatchEvent(new Event('online'))")
        phone.wait_for_timeout(300)
        return not kept(phone, "outbox")

    until(phone, sent, seconds=60)
    road.open()
    phone.goto("/outbox")
    expect_empty(phone)
    assert sorted(photo.kind for photo in photos_of(site, assignment)) == ["exterior", "receipt"]
    for photo in photos_of(site, assignment):
        answer = phone.request.get(f"/photos/{photo.id}.jpg")
        picture = Image.open(io.BytesIO(answer.body()))
        assert picture.size == (1600, 800)
        assert not picture.getexif()


def test_a_photograph_of_a_refused_visit_waits_until_that_is_mended(
    site: Site, road: Road, phone: Page, assignment: Assignment
) -> None:
    load(phone, assignment)
    road.close()
    hand_in(phone, assignment)
    phone.wait_for_url(SAVED)
    add(phone, "exterior")
    expect(phone.locator("[data-photo-said]")).to_contain_text("saved on this phone")
    phone.evaluate(
        """async () => {
            const { note, records } = await import("/static/js/field/outbox.js");
            const [visit] = await records();
            await note(visit, { state: "attention", problem: { message: "?", errors: [] } });
        }"""
    )
    road.open()
    look_again(phone)
    expect(phone.locator(".outbox-line")).to_contain_text("Waiting to be sent: 1 photograph.")
    assert not visits_of(site, assignment)
    assert [record["state"] for record in kept(phone, "outbox")] == ["attention", "waiting"]


def test_the_file_of_what_is_not_sent_holds_photographs_too(
    site: Site,
    road: Road,
    phone: Page,
    field: Field,
    assignment: Assignment,
    chromium: Browser,
    tmp_path: Path,
) -> None:
    load(phone, assignment)
    road.close()
    hand_in(phone, assignment)
    phone.wait_for_url(SAVED)
    add(phone, "receipt")
    expect(phone.locator("[data-photo-said]")).to_contain_text("saved on this phone")
    phone.goto("/outbox")
    expect(phone.get_by_role("heading", name="Photograph:")).to_be_visible()
    with phone.expect_download() as saved:
        phone.get_by_role("button", name="Download what is not sent").tap()
    path = tmp_path / saved.value.suggested_filename
    saved.value.save_as(path)
    road.open()
    with phone_of(chromium, site, java_script_enabled=False) as elsewhere:
        sign_in_as(elsewhere, field.anna.email)
        elsewhere.goto("/outbox/file")
        elsewhere.locator("input[type=file]").set_input_files(path)
        elsewhere.locator("main form button").click()
        expect(elsewhere.locator("tbody .status")).to_have_text(["Stored", "Stored"])
    look_again(phone)
    expect_empty(phone)
    assert len(photos_of(site, assignment)) == 1


def test_a_stored_visit_takes_one_more_without_a_signal(
    site: Site, road: Road, phone: Page, assignment: Assignment
) -> None:
    visit = stored_visit(phone, site, assignment)
    phone.goto(f"/visits/{visit.id}/photos")
    road.close()
    add(phone, "exterior")
    expect(phone.locator("[data-photo-said]")).to_contain_text("saved on this phone")
    road.open()
    phone.goto(f"/visits/{visit.id}/photos")
    until(phone, lambda: len(photos_of(site, assignment)) == 1)
    phone.reload()
    add(phone, "receipt")
    expect(phone.locator(".photos figure")).to_have_count(2)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_page_that_takes_photographs_looks_right(
    road: Road, phone: Page, assign: Callable[[], Assignment], language: str
) -> None:
    assignment = assign()
    in_language(phone, language)
    load(phone, assignment)
    road.close()
    hand_in(phone, assignment)
    phone.wait_for_url(SAVED)
    press(phone.locator("[data-photo-form] button"))
    seen(phone, "phone-saved-photos")


def test_without_scripts_the_form_sends_itself(
    site: Site, field: Field, phone: Page, assignment: Assignment, chromium: Browser
) -> None:
    visit = stored_visit(phone, site, assignment)
    with phone_of(chromium, site, java_script_enabled=False) as plain:
        sign_in_as(plain, field.anna.email)
        plain.goto(f"/visits/{visit.id}/photos")
        plain.locator("[name=kind][value=receipt]").check(force=True)
        plain.locator("[name=photo]").set_input_files(photograph(1200))  # type: ignore[arg-type]  # one file's parts
        plain.locator("[data-photo-form] button").click()
        expect(plain.locator(".photos figure")).to_have_count(1)
