"""How far the phone was from the branch: asked once, refused or measured; only metres leave it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import select

from pilot_eval.records.network import Branch
from pilot_eval.records.pilots import Assignment, Pilot
from pilot_eval.stats import signals
from tests.field import Field
from tests.journeys.conftest import Site
from tests.journeys.phones import fill_form, form_of, phone_of, save, until, visits_of
from tests.journeys.walking import in_language, press, seen, sign_in_as
from tests.web.field_pages import GOOD_VISIT

BRANCH = {"latitude": 56.129, "longitude": 40.407}


@pytest.fixture
def asked_for_distance(field: Field, assignment: Assignment) -> Iterator[None]:
    """The pilot asks for the distance, and the branch has its place."""
    branch = field.session.get_one(Branch, assignment.branch_id)
    pilot = field.session.exec(select(Pilot)).one()
    branch.latitude, branch.longitude = BRANCH["latitude"], BRANCH["longitude"]
    pilot.asks_distance = True
    field.session.add_all([branch, pilot])
    field.session.commit()
    yield
    pilot.asks_distance = False
    field.session.add(pilot)
    field.session.commit()


@pytest.mark.usefixtures("asked_for_distance")
def test_the_distance_is_measured_once_and_outlives_a_closed_page(
    site: Site, field: Field, assignment: Assignment, chromium: Browser
) -> None:
    near = {"latitude": 56.1302, "longitude": 40.407, "accuracy": 12}
    with phone_of(chromium, site, geolocation=near, permissions=["geolocation"]) as page:
        sign_in_as(page, field.anna.email)
        page.goto(form_of(assignment))
        press(page.get_by_role("button", name="Measure the distance"))
        expect(page.locator("[data-distance-said]")).to_contain_text("133 m from the branch")
        fill_form(page, GOOD_VISIT)
        page.reload()
        expect(page.locator("[data-distance-said]")).to_contain_text("133 m from the branch")
        expect(page.get_by_role("button", name="Measure the distance")).to_be_hidden()
        save(page)
        until(page, lambda: bool(visits_of(site, assignment)))
    (visit,) = visits_of(site, assignment)
    assert visit.document["distance_m"] == 133
    assert "56.13" not in json.dumps(visit.document)


@pytest.mark.usefixtures("asked_for_distance")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_distance_may_be_left_out(
    site: Site, field: Field, assignment: Assignment, chromium: Browser, language: str
) -> None:
    far_off = {**BRANCH, "accuracy": 3000}
    with phone_of(chromium, site, geolocation=far_off, permissions=["geolocation"]) as page:
        sign_in_as(page, field.anna.email)
        in_language(page, language)
        page.goto(form_of(assignment))
        press(page.locator("[data-measure]"))
        expect(page.locator("[data-distance-said]")).to_contain_text("3000")
        page.context.clear_permissions()
        press(page.locator("[data-measure]"))
        expect(page.locator("[data-distance-said]")).not_to_contain_text("3000")
        seen(page, "phone-distance")
        press(page.locator("[data-leave-out]"))
        expect(page.locator("[data-measure]")).to_be_hidden()
        fill_form(page, GOOD_VISIT)
        save(page)
        until(page, lambda: bool(visits_of(site, assignment)))
    (visit,) = visits_of(site, assignment)
    assert "distance_m" not in visit.document


def test_phone_and_office_measure_alike(phone: Page) -> None:
    vladimir, moscow = (56.129, 40.407), (55.75, 37.62)
    places = [(vladimir, moscow), (moscow, moscow), ((0, 179.9), (0, -179.9)), ((-90, 0), (90, 0))]
    found = phone.evaluate(
        """async places => {
            const { metres } = await import("/static/js/field/distance.js");
            return places.map(([one, other]) => metres(one, other));
        }""",
        places,
    )
    assert found == pytest.approx([signals.metres(*pair) for pair in places])
