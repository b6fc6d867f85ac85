"""What opens without a signal: the auditor's own pages, as they were last, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from pilot_eval.domain.people import Role
from pilot_eval.operations import people
from pilot_eval.records.pilots import Assignment
from tests.conftest import cheap_hash
from tests.field import OPERATOR, Field
from tests.journeys import roads
from tests.journeys.conftest import Site
from tests.journeys.phones import fill_form, form_of, kept_pages, load, until
from tests.journeys.roads import Road
from tests.journeys.walking import sign_in_as
from tests.web.field_pages import GOOD_VISIT


def test_a_stranger_s_page_is_neither_kept_nor_shown_for_a_form(
    road: Road, phone: Page, field: Field, assignment: Assignment
) -> None:
    load(phone, assignment)
    road.fault = lambda _environ: roads.portal
    phone.goto(form_of(assignment))
    expect(phone.locator("form[data-rules]")).to_be_visible()
    road.open()
    phone.context.clear_cookies()
    phone.goto(form_of(assignment))
    phone.wait_for_url("**/sign-in**")
    road.close()
    phone.goto(form_of(assignment))
    expect(phone.locator("form[data-rules]")).to_be_visible()


def test_pages_of_head_office_are_never_kept(
    site: Site, road: Road, phone: Page, field: Field, create_head: Callable[[], str], assignment: Assignment
) -> None:
    load(phone, assignment)
    phone.context.clear_cookies()
    sign_in_as(phone, create_head())
    for path in ("/pilots", "/assignments", "/account"):
        phone.goto(path)
    assert kept_pages(phone) == []


@pytest.fixture
def create_head(field: Field) -> Callable[[], str]:
    def create() -> str:
        return people.create_person(
            field.session, OPERATOR, name="helena", role=Role.HEAD_OFFICE, password_hash=cheap_hash()
        ).email

    return create


def test_a_new_version_takes_over_with_every_page_and_no_draft_is_lost(
    road: Road, phone: Page, field: Field, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(phone, assignment)
    phone.goto(form_of(assignment))
    fill_form(phone, GOOD_VISIT | {"narrative": "Начато до обновления"})
    before = set(kept_pages(phone))
    monkeypatch.setattr("pilot_eval.web.phone.version", lambda: "a-new-version")
    phone.goto("/assignments")
    until(
        phone,
        lambda: (
            phone.evaluate("caches.keys()") == [f"field-{one}-a-new-version" for one in ("shell", "pages")]
        ),
    )
    assert set(kept_pages(phone)) >= before
    road.close()
    phone.goto(form_of(assignment))
    expect(phone.locator("[name=narrative]")).to_have_value("Начато до обновления")
