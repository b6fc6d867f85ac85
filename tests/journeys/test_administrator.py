"""An administrator lets people in and out, and never sees what they observed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from pilot_eval.demo.fill import SLUG, sign_in_names
from pilot_eval.domain.people import Role, TokenScope
from pilot_eval.operations import tokens
from pilot_eval.records.database import session_of
from pilot_eval.records.people import User
from tests.conftest import OPERATOR
from tests.journeys.conftest import DESK, PHONE, Site
from tests.journeys.walking import fill_sign_in, in_language, person, seen, sign_in_as, stored

ADMINISTRATOR = sign_in_names()[Role.ADMINISTRATOR]
SIGN_IN = re.compile("/sign-in")
NINA = "nina@vladimir.example"
NEW_PASSWORD = "four quiet words together"


@pytest.fixture
def site(demo_on_sqlite: Site) -> Site:
    return demo_on_sqlite


@pytest.fixture
def desk(site: Site, read_by: Callable[..., Page]) -> Page:
    return read_by(ADMINISTRATOR, site)


@pytest.mark.parametrize("served_from", ["demo_on_sqlite", "demo_on_postgresql"])
def test_a_person_is_let_in_by_a_one_time_link_and_out_by_a_tick(
    served_from: str,
    request: pytest.FixtureRequest,
    open_page_of: Callable[..., Page],
    read_by: Callable[..., Page],
) -> None:
    site: Site = request.getfixturevalue(served_from)
    desk = read_by(ADMINISTRATOR, site)
    desk.get_by_role("link", name="People").first.click()
    desk.get_by_role("link", name="Add a person").click()
    desk.get_by_label("Sign-in name").fill(NINA)
    desk.get_by_label("Auditor").check()
    desk.get_by_label("English").check()
    desk.get_by_role("button", name="Add and make a link").click()
    link = desk.locator("#one-time-link").inner_text()
    assert person(site.app, NINA).password is None

    phone = open_page_of(site, PHONE)
    phone.goto(link)
    phone.fill("#new_password", NEW_PASSWORD)
    phone.fill("#once_more", NEW_PASSWORD)
    phone.get_by_role("button", name="Set the password").click()
    phone.wait_for_url(SIGN_IN)
    fill_sign_in(phone, NINA, NEW_PASSWORD)
    phone.wait_for_url("**/assignments")
    phone.goto(link)
    expect(phone.get_by_role("heading", level=1)).to_have_text("This link no longer works")

    desk.goto(f"/people/{person(site.app, NINA).id}")
    desk.get_by_label("May sign in").uncheck()
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_text("The changes are saved.")).to_be_visible()
    phone.goto("/assignments")
    phone.wait_for_url(SIGN_IN)
    fill_sign_in(phone, NINA, NEW_PASSWORD)
    expect(phone.get_by_role("alert")).to_contain_text("wrong")


def test_a_changed_role_ends_the_sign_in(site: Site, desk: Page, open_page: Callable[..., Page]) -> None:
    manager = person(site.app, sign_in_names()[Role.MANAGER])
    other = open_page(DESK)
    sign_in_as(other, manager.email)
    desk.goto(f"/people/{manager.id}")
    desk.get_by_label("Head office").check()
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_text("The changes are saved.")).to_be_visible()
    other.goto("/pilots")
    other.wait_for_url(SIGN_IN)


ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Mobile Safari/537.36"
)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_lost_phone_is_ended_and_a_token_with_it(
    site: Site, desk: Page, open_page: Callable[..., Page], language: str
) -> None:
    auditor = person(site.app, sign_in_names()[Role.AUDITOR])
    phone = open_page(PHONE, user_agent=ANDROID, language=language)
    sign_in_as(phone, auditor.email)
    in_language(phone, language)
    with session_of(site.app.extensions["engine"]) as session:
        scopes = [TokenScope.VISITS_WRITE, TokenScope.ASSIGNMENTS_READ]
        tokens.make_token(
            session, OPERATOR, auditor.email, scopes=scopes, name="T-1", days=30, now=datetime.now(UTC)
        )
    phone.goto("/account")
    expect(phone.get_by_text("Chrome, Android")).to_be_visible()
    seen(phone, "auditor-account")

    in_language(desk, language)
    desk.goto(f"/people/{auditor.id}/access")
    seen(desk, "administrator-access")
    for row in ("Chrome, Android", "T-1"):
        desk.get_by_role("row").filter(has_text=row).get_by_role("button").click()
        expect(desk.get_by_role("row").filter(has_text=row)).to_have_count(0)
    phone.goto("/account")
    phone.wait_for_url(SIGN_IN)


def test_the_audit_log_is_whole_and_says_so(desk: Page) -> None:
    desk.get_by_role("link", name="Audit log").click()
    desk.get_by_role("button", name="Check that the log is whole").click()
    expect(desk.get_by_role("status")).to_contain_text("The log is whole.")


def test_no_observation_is_within_reach(site: Site, desk: Page) -> None:
    for address in (
        "/pilots",
        f"/pilots/{SLUG}",
        f"/pilots/{SLUG}/branches",
        f"/pilots/{SLUG}/exports",
        f"/pilots/{SLUG}/assignments",
        "/pilots/import",
        "/assignments",
        "/assignments/1/visit",
    ):
        answer = desk.goto(address)
        assert answer is not None
        assert answer.status == 403, address
    desk.goto("/")
    links = desk.locator("a").evaluate_all("links => links.map(link => link.pathname)")
    assert not [link for link in links if re.match("/(pilots|assignments|visits|timings)", link)]


def test_what_is_wrong_with_a_new_person_is_said_beside_the_field(site: Site, desk: Page) -> None:
    before = len(stored(site.app, User))
    desk.goto("/people/new")
    desk.get_by_label("Sign-in name").fill(ADMINISTRATOR.upper())
    desk.get_by_label("Regional manager").check()
    desk.get_by_label("English").check()
    desk.get_by_role("button", name="Add and make a link").click()
    expect(desk.locator(".error-summary")).to_be_focused()
    expect(desk.get_by_label("Sign-in name")).to_have_value(re.compile(ADMINISTRATOR, re.IGNORECASE))
    expect(desk.get_by_label("Regional manager")).to_be_checked()
    assert len(stored(site.app, User)) == before


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_pages_look_right(site: Site, desk: Page, language: str) -> None:
    in_language(desk, language)
    someone = person(site.app, sign_in_names()[Role.AUDITOR])
    for name, address in (
        ("people", "/people"),
        ("person", f"/people/{someone.id}"),
        ("person-new", "/people/new"),
        ("regions", "/regions"),
        ("log", "/audit-log"),
        ("account", "/account"),
    ):
        desk.goto(address)
        seen(desk, f"administrator-{name}")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_visitors_pages_look_right(open_page: Callable[..., Page], language: str) -> None:
    page = open_page(DESK, language=language)
    for name, address in (("sign-in", "/sign-in"), ("missing", "/no-such-page"), ("link-over", "/reset/old")):
        page.goto(address)
        seen(page, f"visitor-{name}")
