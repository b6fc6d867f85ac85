"""An auditor with a phone: the visit form and the stopwatch in a real browser."""

from datetime import timedelta

import pytest

from pilot_eval.domain.pilots import WaveState
from pilot_eval.records.visits import Timing, Visit
from tests.conftest import cheap_hash
from tests.field import NOW, create_field
from tests.journeys.conftest import PHONE
from tests.journeys.walking import seen
from tests.web.field_pages import GOOD_TIMING, GOOD_VISIT, stored

KEY = 64  # px: found without looking
TILE = 48  # px: found with a thumb


@pytest.fixture
def field(session, site):
    site.app.config["CLOCK"] = lambda: NOW
    return create_field(session, cheap_hash())


@pytest.fixture
def visit_path(field):
    return f"/assignments/{field.anna_s.id}/visit"


@pytest.fixture
def timing_path(field):
    return f"/assignments/{field.anna_s.id}/timing"


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
def test_a_visit_is_recorded_on_a_phone(session, field, open_page, visit_path, scripts):
    page = open_page(PHONE, user=field.anna, java_script_enabled=scripts)
    page.goto("/assignments")
    page.locator(".visit-card .btn-primary").click()
    type_in(page, GOOD_VISIT)
    send(page)
    (visit,) = stored(session, Visit)
    assert str(visit.id) in page.url
    assert page.locator(".receipt-code").inner_text() == f"{visit.digest[:4]}-{visit.digest[4:8]}".upper()
    assert visit.score_hundredths == 10_000


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_timing_is_typed_on_a_phone(session, field, open_page, timing_path, scripts):
    page = open_page(PHONE, user=field.anna, java_script_enabled=scripts)
    page.goto(timing_path)
    if scripts:
        page.locator(".typed-times summary").click()
    type_in(page, GOOD_TIMING)
    send(page)
    (timing,) = stored(session, Timing)
    assert (timing.entry_method, timing.wait_seconds, timing.service_seconds) == ("manual", 300, 270)


def test_answers_survive_a_closed_page_and_are_gone_once_stored(session, field, open_page, visit_path):
    page = open_page(PHONE, user=field.anna)
    page.goto(visit_path)
    identity = page.locator('[name="id"]').input_value()
    type_in(page, GOOD_VISIT | {"narrative": "Очередь"})
    page.goto("/assignments")
    page.goto(visit_path)
    assert page.locator('[name="narrative"]').input_value() == "Очередь"
    assert page.get_by_text("Your answers from before are back.").is_visible()
    assert page.locator('[name="id"]').input_value() == identity
    assert page.locator('[name="q_G7"]:checked').count() == 1
    assert page.locator("[data-left-all]").inner_text() == "Everything is answered"
    send(page)
    assert len(stored(session, Visit)) == 1
    assert page.evaluate("localStorage.length") == 0


def test_answers_from_before_can_be_put_away(field, open_page, visit_path):
    page = open_page(PHONE, user=field.anna)
    page.goto(visit_path)
    assert not page.get_by_text("Your answers from before are back.").is_visible()
    page.locator('[name="started_at"]').fill("10:00")
    page.reload()
    with page.expect_navigation():
        page.get_by_role("button", name="Start afresh").click()
    assert page.locator('[name="started_at"]').input_value() == ""


def test_the_chips_count_what_is_left(field, open_page, visit_path):
    page = open_page(PHONE, user=field.anna)
    page.goto(visit_path)
    chip = page.locator('[data-left="A"]')
    assert chip.inner_text() == "3"
    for code, left in (("A1", "2"), ("A2", "1"), ("A3", "✓")):
        page.locator(f'[name="q_{code}"][value="yes"] + label').click()
        assert chip.inner_text() == left


def test_a_closed_branch_hides_the_questions_and_a_no_asks_for_words(field, open_page, visit_path):
    page = open_page(PHONE, user=field.anna)
    page.goto(visit_path)
    comment = page.locator('[name="c_E5"]')
    assert not comment.is_visible()
    page.locator('[name="q_E5"][value="no"] + label').click()
    assert comment.is_visible()
    page.locator('[name="outcome"][value="closed"] + label').click()
    assert not page.locator(".checklist").is_visible()


def test_the_keyboard_alone_reaches_and_answers(field, open_page, visit_path):
    page = open_page(PHONE, user=field.anna)
    page.goto(visit_path)
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


def test_an_error_is_met_first_and_leads_to_its_question(field, open_page, visit_path):
    page = open_page(PHONE, user=field.anna)
    page.goto(visit_path)
    send(page)
    assert page.title().startswith("Error: ")
    assert "error-summary" in page.evaluate("document.activeElement.className")
    page.locator('.error-summary a[href="#started_at"]').click()
    assert page.evaluate("document.activeElement.name") == "started_at"


# The stopwatch


@pytest.fixture
def phone(field, open_page, timing_path):
    """A phone of another time zone whose clock the test moves, on the timing form."""
    page = open_page(PHONE, user=field.anna, timezone_id="Asia/Kamchatka")
    page.clock.install(time=NOW - timedelta(hours=1))
    page.goto(timing_path)
    return page


def tap(page, number):
    page.locator(".stopwatch-key").nth(number).click()


def test_taps_stamp_the_branch_s_time_and_are_sent(session, phone):
    for number, wait in ((0, 300), (1, 30), (2, 270), (3, 1)):
        tap(phone, number)
        phone.clock.fast_forward(wait * 1000)
    type_in(phone, {"mode": "observed", "outcome": "served", "operation": "parcel_send"})
    assert phone.locator('[name="at_joined"]').input_value().startswith("11:00:")
    send(phone)
    (timing,) = stored(session, Timing)
    assert timing.entry_method == "stopwatch"
    assert timing.wait_seconds == pytest.approx(300, abs=3)  # the taps themselves take moments
    assert timing.service_seconds == pytest.approx(270, abs=3)
    assert phone.evaluate("localStorage.length") == 0


def test_taps_survive_a_reload_and_can_be_undone(phone):
    tap(phone, 0)
    identity = phone.locator('[name="id"]').input_value()
    stamped = phone.locator('[name="at_joined"]').input_value()
    phone.clock.fast_forward(65_000)
    phone.reload()
    assert phone.locator('[name="at_joined"]').input_value() == stamped
    assert phone.locator('[name="id"]').input_value() == identity
    assert phone.locator(".stopwatch-clock").inner_text().startswith("Waiting: 1:0")
    phone.locator(".stopwatch-undo").first.click()
    assert phone.locator('[name="at_joined"]').input_value() == ""
    assert phone.locator('[name="stamp_joined"]').input_value() == ""
    assert phone.locator('[name="id"]').input_value() != identity
    phone.reload()
    assert phone.locator('[name="at_joined"]').input_value() == ""


def test_a_second_tap_on_a_key_changes_nothing(phone):
    tap(phone, 0)
    stamped = phone.locator('[name="at_joined"]').input_value()
    phone.clock.fast_forward(10_000)
    tap(phone, 0)
    assert phone.locator('[name="at_joined"]').input_value() == stamped


def test_a_time_typed_over_a_tap_replaces_it(phone):
    tap(phone, 0)
    phone.locator(".typed-times summary").click()
    phone.locator('[name="at_joined"]').fill("10:55")
    assert phone.locator('[name="stamp_joined"]').input_value() == ""
    assert phone.locator(".stopwatch-key").first.get_attribute("aria-pressed") == "false"


# Looks


def test_receipts_and_conflicts_are_accessible(session, site, field, open_page, visit_path):
    site.app.config["CLOCK"] = lambda: NOW + timedelta(days=40)
    page = open_page(PHONE, user=field.anna)
    page.goto("/assignments")
    page.get_by_text("Overdue").wait_for()
    seen(page, "auditor-overdue")
    second_phone = open_page(PHONE, user=field.anna)
    for each in (page, second_phone):
        each.goto(visit_path)
        type_in(each, GOOD_VISIT)
    field.set_wave(WaveState.CLOSED)
    send(page)
    seen(page, "auditor-late-receipt")
    send(second_phone)
    assert "is kept as well" in second_phone.locator("main").inner_text()
    seen(second_phone, "auditor-conflict")


def test_only_the_fields_that_matter_are_in_the_way(field, open_page, timing_path):
    page = open_page(PHONE, user=field.anna)
    page.goto(timing_path)
    for name in ("reason", "operation_text"):
        assert not page.locator(f'[name="{name}"]').is_visible()
    type_in(page, {"outcome": "refused", "operation": "other"})
    for name in ("reason", "operation_text"):
        assert page.locator(f'[name="{name}"]').is_visible()


def test_every_tile_and_key_is_large_enough(field, open_page, visit_path, timing_path):
    page = open_page(PHONE, user=field.anna)
    for path, selector, least in ((visit_path, ".tile", TILE), (timing_path, ".stopwatch-key", KEY)):
        page.goto(path)
        heights = page.locator(selector).evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().height)"
        )
        assert min(heights) >= least
