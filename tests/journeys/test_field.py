"""An auditor with a phone: the visit form and the stopwatch in a real browser.

One site and one sign-in a phone serve all tests: starting and signing in would take most of the time.
What a test has typed is cleared away before the next; what a test stores is its own assignment's.
"""

import re
import shutil
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import expect

from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.operations.assignments import VisitPlan, assign_visits
from pilot_eval.records import database
from pilot_eval.records.visits import Timing, Visit
from tests.conftest import cheap_hash
from tests.field import NOW, OPERATOR, create_field
from tests.journeys.conftest import PHONE, served, watched_pages
from tests.journeys.phones import empty_shelves, kept
from tests.journeys.walking import seen, stored
from tests.web.field_pages import GOOD_TIMING, GOOD_VISIT

KEY = 64  # px: found without looking
TILE = 48  # px: found with a thumb


@pytest.fixture(scope="module")
def site(_sqlite_template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    shutil.copyfile(_sqlite_template, folder / "pilot_eval.sqlite3")
    with served(f"sqlite:///{folder / 'pilot_eval.sqlite3'}", folder) as site:
        site.app.config["CLOCK"] = lambda: NOW
        yield site


@pytest.fixture(scope="module")
def field(site):
    with database.session_of(site.app.extensions["engine"]) as session:
        yield create_field(session, cheap_hash())


@pytest.fixture
def assignment(field):
    """One more of Anna's, which a test may use up."""
    number = len(field.assignments)
    scenario = ("transfer", "bill_payment", "parcel_advice")[number % 3]
    plan = VisitPlan(f"60000{3 + number % 2}", Period.BEFORE, field.anna.id, scenario)
    field.assignments += assign_visits(field.session, OPERATOR, "vladimir", [plan], confirmed=True)
    return field.assignments[-1]


@pytest.fixture(scope="module")
def phone_with(site, field, chromium):
    """`phone_with(timezone_id=...)`: Anna's phone of that kind, signed in once."""
    phones = {}
    with watched_pages(chromium) as open_page:

        def phone(**kind):
            key = tuple(kind.items())
            if key not in phones:
                phones[key] = open_page(site, PHONE, user=field.anna, **kind)
            return phones[key]

        yield phone


def afresh(page, path):
    """Open a page with nothing kept from before."""
    page.goto("/assignments")
    empty_shelves(page)
    page.goto(path)
    return page


@pytest.fixture
def visit_page(field, phone_with):
    """The visit form, with scripts; whoever sends it has made an assignment of their own."""
    return afresh(phone_with(), f"/assignments/{field.anna_s.id}/visit")


@pytest.fixture
def timing_path(field):
    return f"/assignments/{field.anna_s.id}/timing"


def of_receipt(site, page, kind):
    """What is stored under the address that the page comes to."""
    page.wait_for_url(re.compile(r"/(visits|timings)/[0-9a-f-]{36}$"))
    (record,) = stored(site.app, kind, id=UUID(page.url.rsplit("/", 1)[1]))
    return record


def type_in(page, values):
    """Fill the form as a hand would: tap tiles, type texts, choose from lists."""
    for name, value in values.items():
        control = page.locator(f'[name="{name}"]').first
        if control.get_attribute("type") == "radio":
            page.locator(f'[name="{name}"][value="{value}"] + label').click()
        elif control.evaluate("control => control.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)


def send(page):
    page.locator(".sticky-bar button").click()
    page.wait_for_load_state()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_visit_is_recorded_on_a_phone(site, assignment, phone_with, scripts):
    page = phone_with(java_script_enabled=scripts)
    page.goto("/assignments")
    page.locator(f'.visit-card .btn-primary[href="/assignments/{assignment.id}/visit"]').click()
    type_in(page, GOOD_VISIT)
    send(page)
    visit = of_receipt(site, page, Visit)
    expect(page.locator(".receipt-code")).to_have_text(f"{visit.digest[:4]}-{visit.digest[4:8]}".upper())
    assert visit.score_hundredths == 10_000


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_timing_is_typed_on_a_phone(site, phone_with, timing_path, scripts):
    page = phone_with(java_script_enabled=scripts)
    page.goto(timing_path)
    if scripts:
        page.locator(".typed-times summary").click()
    type_in(page, GOOD_TIMING)
    send(page)
    timing = of_receipt(site, page, Timing)
    assert (timing.entry_method, timing.wait_seconds, timing.service_seconds) == ("manual", 300, 270)


def test_answers_survive_a_closed_page_and_are_gone_once_stored(site, assignment, phone_with):
    visit_path = f"/assignments/{assignment.id}/visit"
    page = afresh(phone_with(), visit_path)
    type_in(page, GOOD_VISIT | {"narrative": "Очередь"})
    identity = page.locator('[name="id"]').input_value()
    page.goto("/assignments")
    page.goto(visit_path)
    expect(page.locator('[name="narrative"]')).to_have_value("Очередь")
    expect(page.get_by_text("Your answers from before are back.")).to_be_visible()
    expect(page.locator('[name="id"]')).to_have_value(identity)
    assert page.locator('[name="q_G7"]:checked').count() == 1
    expect(page.locator("[data-left-all]")).to_have_text("Everything is answered")
    send(page)
    assert of_receipt(site, page, Visit).assignment_id == assignment.id
    assert len(stored(site.app, Visit, assignment_id=assignment.id)) == 1
    assert kept(page, "drafts") == []


def test_answers_from_before_can_be_put_away(visit_page):
    page = visit_page
    assert not page.get_by_text("Your answers from before are back.").is_visible()
    page.locator('[name="started_at"]').fill("10:00")
    page.reload()
    with page.expect_navigation():
        page.get_by_role("button", name="Start afresh").click()
    expect(page.locator('[name="started_at"]')).to_have_value("")


def test_the_chips_count_what_is_left(visit_page):
    page = visit_page
    chip = page.locator('[data-left="A"]')
    assert chip.inner_text() == "3"
    for code, left in (("A1", "2"), ("A2", "1"), ("A3", "✓")):
        page.locator(f'[name="q_{code}"][value="yes"] + label').click()
        assert chip.inner_text() == left


def test_a_closed_branch_hides_the_questions_and_a_no_asks_for_words(visit_page):
    page = visit_page
    comment = page.locator('[name="c_E5"]')
    assert not comment.is_visible()
    page.locator('[name="q_E5"][value="no"] + label').click()
    assert comment.is_visible()
    page.locator('[name="outcome"][value="closed"] + label').click()
    assert not page.locator(".checklist").is_visible()


def test_the_keyboard_alone_reaches_and_answers(visit_page):
    page = visit_page
    page.locator('[name="left_at"]').focus()
    for _ in range(7):  # past the chips of the sections
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "q_A1"
    page.keyboard.press("ArrowRight")
    assert page.locator('[name="q_A1"]:checked').get_attribute("value") == "no"
    ring = page.locator('[name="q_A1"]:checked + label').evaluate(
        "label => getComputedStyle(label).outlineStyle"
    )
    assert ring == "solid"


def test_an_error_is_met_first_and_leads_to_its_question(visit_page):
    page = visit_page
    send(page)
    assert page.title().startswith("Error: ")
    assert "error-summary" in page.evaluate("document.activeElement.className")
    page.locator('.error-summary a[href="#started_at"]').click()
    assert page.evaluate("document.activeElement.name") == "started_at"


# The stopwatch


@pytest.fixture(scope="module")
def phone_elsewhere(phone_with):
    """A phone of another time zone whose clock the tests move."""
    page = phone_with(timezone_id="Asia/Kamchatka")
    page.clock.install(time=NOW - timedelta(hours=1))
    return page


@pytest.fixture
def phone(phone_elsewhere, timing_path):
    """That phone at eleven o'clock where the branch is, on the timing form."""
    phone_elsewhere.clock.set_system_time(NOW - timedelta(hours=1))
    return afresh(phone_elsewhere, timing_path)


def tap(page, number):
    page.locator(".stopwatch-key").nth(number).click()


def test_taps_stamp_the_branch_s_time_and_are_sent(site, phone):
    for number, wait in ((0, 300), (1, 30), (2, 270), (3, 1)):
        tap(phone, number)
        phone.clock.fast_forward(wait * 1000)
    type_in(phone, {"mode": "observed", "outcome": "served", "operation": "parcel_send"})
    expect(phone.locator('[name="at_joined"]')).to_have_value(re.compile("^11:00:"))
    send(phone)
    timing = of_receipt(site, phone, Timing)
    assert timing.entry_method == "stopwatch"
    assert timing.wait_seconds == pytest.approx(300, abs=3)  # the taps themselves take moments
    assert timing.service_seconds == pytest.approx(270, abs=3)
    assert kept(phone, "drafts") == []


def test_taps_survive_a_reload_and_can_be_undone(phone):
    tap(phone, 0)
    identity = phone.locator('[name="id"]').input_value()
    stamped = phone.locator('[name="at_joined"]').input_value()
    phone.clock.fast_forward(65_000)
    phone.reload()
    expect(phone.locator('[name="at_joined"]')).to_have_value(stamped)
    expect(phone.locator('[name="id"]')).to_have_value(identity)
    expect(phone.locator(".stopwatch-clock")).to_have_text(re.compile("^Waiting: 1:0"))
    phone.locator(".stopwatch-undo").first.click()
    expect(phone.locator('[name="at_joined"]')).to_have_value("")
    expect(phone.locator('[name="stamp_joined"]')).to_have_value("")
    phone.reload()
    expect(phone.locator('[name="at_joined"]')).to_have_value("")


def test_a_second_tap_on_a_key_changes_nothing(phone):
    tap(phone, 0)
    stamped = phone.locator('[name="at_joined"]').input_value()
    phone.clock.fast_forward(10_000)
    tap(phone, 0)
    expect(phone.locator('[name="at_joined"]')).to_have_value(stamped)


def test_a_time_typed_over_a_tap_replaces_it(phone):
    tap(phone, 0)
    phone.locator(".typed-times summary").click()
    phone.locator('[name="at_joined"]').fill("10:55")
    expect(phone.locator('[name="stamp_joined"]')).to_have_value("")
    assert phone.locator(".stopwatch-key").first.get_attribute("aria-pressed") == "false"


def test_only_the_fields_that_matter_are_in_the_way(phone_with, timing_path):
    page = afresh(phone_with(), timing_path)
    for name in ("reason", "operation_text"):
        assert not page.locator(f'[name="{name}"]').is_visible()
    type_in(page, {"outcome": "refused", "operation": "other"})
    for name in ("reason", "operation_text"):
        assert page.locator(f'[name="{name}"]').is_visible()


def test_every_tile_and_key_is_large_enough(visit_page, timing_path):
    page = visit_page
    for path, selector, least in ((page.url, ".tile", TILE), (timing_path, ".stopwatch-key", KEY)):
        page.goto(path)
        heights = page.locator(selector).evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().height)"
        )
        assert min(heights) >= least


# Looks


@pytest.fixture
def forty_days_later(site, field):
    site.app.config["CLOCK"] = lambda: NOW + timedelta(days=40)
    yield
    site.app.config["CLOCK"] = lambda: NOW
    field.set_wave(WaveState.OPEN)


@pytest.mark.usefixtures("forty_days_later")
def test_receipts_and_conflicts_are_accessible(field, assignment, open_page):
    page, second_phone = (open_page(PHONE, user=field.anna) for _ in range(2))
    visit_path = f"/assignments/{assignment.id}/visit"
    page.goto("/assignments")
    page.get_by_text("Overdue").first.wait_for()
    seen(page, "auditor-overdue")
    for each in (page, second_phone):
        each.goto(visit_path)
        type_in(each, GOOD_VISIT)
    field.set_wave(WaveState.CLOSED)
    send(page)
    page.wait_for_url("**/visits/*")
    seen(page, "auditor-late-receipt")
    # As a browser without scripts does.
    second_phone.locator("form[data-rules]").evaluate("form => form.submit()")
    second_phone.get_by_text("is kept beside it").wait_for()
    seen(second_phone, "auditor-conflict")
    page.goto("/assignments")
    assert not page.locator(".visits-done li").first.is_visible()
    page.locator(".visits-done summary").click()
    seen(page, "auditor-done")
