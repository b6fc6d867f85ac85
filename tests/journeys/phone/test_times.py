"""Times on a phone: the branch's own in every zone, whatever its clock does, from the hall or the pocket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from time import sleep
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from pilot_eval.domain.pilots import Period
from pilot_eval.records.pilots import Assignment, Wave
from pilot_eval.records.visits import Timing
from tests.field import BEFORE, NOW, Field
from tests.journeys.conftest import Site
from tests.journeys.phones import RECEIPT, fill_form, form_of, kept, load, phone_of, save, until, visits_of
from tests.journeys.roads import Road, cut_before
from tests.journeys.walking import press, sign_in_as, stored
from tests.web.field_pages import GOOD_VISIT

RUSSIA = (
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Europe/Samara",
    "Asia/Yekaterinburg",
    "Asia/Omsk",
    "Asia/Krasnoyarsk",
    "Asia/Irkutsk",
    "Asia/Yakutsk",
    "Asia/Vladivostok",
    "Asia/Magadan",
    "Asia/Kamchatka",
)
ELSEWHERE = ("Europe/Berlin", "America/St_Johns", "Asia/Kolkata")  # where clocks change, and odd offsets
# Ordinary days, and those on which clocks were changed: in Russia for the last time in 2014.
DAYS = (date(2014, 8, 5), date(2014, 10, 26), date(2026, 3, 29), date(2026, 10, 25), date(2026, 12, 31))
CLOCKS = (time(0), time(0, 30), time(1, 30), time(2, 30), time(3, 15), time(12, 5, 7), time(23, 59, 59))
READINGS = {
    "10:05": "10:05:00",
    "10.05": "10:05:00",
    "1005": "10:05:00",
    "9:05:30": "09:05:30",
    " 10:05 ": "10:05:00",
    "25:00": None,
    "10:60": None,
    "ten": None,
    "": None,
}
KEYS = {"joined": 0, "called": 1, "started": 2, "ended": 3, "left": 4}


def instants(day: date, clock: time, zone: str) -> list[float]:
    """The instants that a clock time names, worked out beside the phone."""
    here = ZoneInfo(zone)
    found = {datetime.combine(day, clock, here).replace(fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(
        at.timestamp() * 1000
        for at in found
        if at.astimezone(here).replace(tzinfo=None) == datetime.combine(day, clock)
    )


@pytest.mark.parametrize("phone_s_zone", ["Europe/Kaliningrad", "Asia/Kamchatka"])
def test_clock_times_name_the_same_instants_as_at_the_office(
    site: Site, chromium: Browser, phone_s_zone: str
) -> None:
    cases = [(day, clock, zone) for day in DAYS for clock in CLOCKS for zone in (*RUSSIA, *ELSEWHERE)]
    with phone_of(chromium, site, timezone_id=phone_s_zone) as page:
        page.goto("/sign-in")
        found = page.evaluate(
            """async cases => {
                const { instantsOf, isoOf, dayOf, clockOf } = await import("/static/js/field/instants.js");
                return cases.map(([day, clock, zone]) => {
                    const all = instantsOf(day, clock, zone).sort((one, other) => one - other);
                    const told = all.map(at => [isoOf(at, zone), dayOf(at, zone), clockOf(at, zone)]);
                    return [all, told];
                });
            }""",
            [[day.isoformat(), clock.isoformat("seconds"), zone] for day, clock, zone in cases],
        )
    several = 0
    for (day, clock, zone), (all_of_them, told) in zip(cases, found, strict=True):
        assert all_of_them == instants(day, clock, zone), (day, clock, zone)
        several += len(all_of_them) != 1
        for iso, own_day, own_clock in told:
            here = datetime.fromisoformat(iso)
            assert here.utcoffset() == here.astimezone(ZoneInfo(zone)).utcoffset()
            assert (own_day, own_clock) == (day.isoformat(), clock.isoformat("seconds"))
    assert several > 10, "no clock was changed: no test at all"


def test_clock_times_are_read_as_they_are_typed(phone: Page) -> None:
    read = phone.evaluate(
        """async typed => {
            const { readClock } = await import("/static/js/field/instants.js");
            return typed.map(readClock);
        }""",
        list(READINGS),
    )
    assert read == list(READINGS.values())


# Visits.


@pytest.fixture
def last_evening(site: Site) -> Iterator[datetime]:
    """Five to midnight on the last day of the wave at the branch; in Kamchatka the next month has begun."""
    night = datetime.combine(BEFORE[1], time(23, 55), ZoneInfo("Europe/Moscow"))
    site.app.config["CLOCK"] = lambda: night.astimezone(UTC)
    yield night
    site.app.config["CLOCK"] = lambda: NOW


@pytest.mark.parametrize("phone_s_zone", ["Europe/Kaliningrad", "Asia/Kamchatka"])
def test_a_visit_late_on_the_last_day_stays_in_its_wave(
    site: Site,
    field: Field,
    assignment: Assignment,
    last_evening: datetime,
    chromium: Browser,
    phone_s_zone: str,
) -> None:
    with phone_of(chromium, site, timezone_id=phone_s_zone) as page:
        page.clock.install(time=last_evening)
        sign_in_as(page, field.anna.email)
        page.goto(form_of(assignment))
        until(page, lambda: page.locator("[name=day]").input_value() == BEFORE[1].isoformat())
        answers = GOOD_VISIT | {"started_at": "23:30", "left_at": "23:50"}
        fill_form(page, {name: value for name, value in answers.items() if name != "day"})
        save(page)
        page.wait_for_url(RECEIPT)
    (visit,) = visits_of(site, assignment)
    assert visit.started_at == last_evening.astimezone(UTC) - timedelta(minutes=25)
    assert visit.left_at - visit.started_at == timedelta(minutes=20)
    (wave,) = stored(site.app, Wave, id=visit.wave_id)
    assert wave.period is Period.BEFORE
    assert not visit.late


def test_a_clock_put_back_in_the_middle_of_a_visit_makes_no_length_negative(
    site: Site, field: Field, assignment: Assignment, chromium: Browser
) -> None:
    with phone_of(chromium, site) as page:
        page.clock.install(time=NOW)
        sign_in_as(page, field.anna.email)
        page.goto(form_of(assignment))
        fill_form(page, GOOD_VISIT)
        page.clock.set_system_time(NOW - timedelta(hours=3))
        page.locator("[name=narrative]").fill("Часы перевели")
        save(page)
        expect(page.locator(".error-summary")).to_contain_text(
            "By the clock of this phone 10:20 has not come yet"
        )
        press(page.locator("label[for=confirmed]"))
        save(page)
        page.wait_for_url(RECEIPT)
    (visit,) = visits_of(site, assignment)
    assert visit.left_at > visit.started_at
    assert visit.document["filling"]["seconds"] >= 0  # type: ignore[index]  # the document is JSON


# The stopwatch.


@pytest.fixture
def hall(site: Site, field: Field, chromium: Browser) -> Iterator[Page]:
    """A phone whose clock the test moves, on the timing form at eleven where the branch is."""
    with phone_of(chromium, site) as page:
        page.clock.install(time=NOW - timedelta(hours=1))
        sign_in_as(page, field.anna.email)
        page.goto(timing_of(field))
        yield page


def timing_of(field: Field) -> str:
    return f"/assignments/{field.anna_s.id}/timing"


def tap(page: Page, event: str, then: int = 0) -> None:
    """Tap a key, and let seconds go by."""
    press(page.locator(".stopwatch-key").nth(KEYS[event]))
    expect(page.locator(".stopwatch-key").nth(KEYS[event])).to_have_attribute("aria-pressed", "true")
    page.clock.fast_forward(then * 1000)


def lane(page: Page, number: int) -> None:
    press(page.locator(f"[data-lane='{number}']"))
    expect(page.locator(f"[data-lane='{number}']")).to_have_attribute("aria-pressed", "true")


def finish(page: Page, outcome: str = "served") -> None:
    """Say what is asked about somebody watched from the hall, and save."""
    press(page.locator("[name=mode][value=observed] + label"))
    press(page.locator(f"[name=outcome][value={outcome}] + label"))
    page.select_option("[name=operation]", "parcel_send" if outcome == "served" else "")
    save(page)


def test_four_customers_are_timed_side_by_side(site: Site, field: Field, hall: Page) -> None:
    before = {timing.id for timing in stored(site.app, Timing)}
    tap(hall, "joined", 60)
    for number in (2, 3, 4):
        press(hall.locator("[data-more-lanes]"))
        lane(hall, number)
        tap(hall, "joined", 60)
    expect(hall.locator("[data-more-lanes]")).to_be_hidden()
    lane(hall, 3)
    tap(hall, "left", 10)
    lane(hall, 1)
    tap(hall, "called", 10)
    tap(hall, "started", 120)
    hall.reload()
    expect(hall.locator("[data-lane]")).to_have_count(4)
    lane(hall, 1)
    tap(hall, "ended", 5)
    finish(hall)
    expect(hall.locator("[data-told]")).to_contain_text("Customer 1 is stored, receipt")
    lane(hall, 3)
    expect(hall.locator("[name=mode]:checked")).to_have_count(0)
    finish(hall, "abandoned")
    expect(hall.locator("[data-lane]")).to_have_count(2)
    new = [timing for timing in stored(site.app, Timing) if timing.id not in before]
    served = next(timing for timing in new if timing.outcome == "served")
    gave_up = next(timing for timing in new if timing.outcome == "abandoned")
    # The clock runs on while the test walks: each length is at least what was waited.
    assert 250 <= (served.wait_seconds or 0) < 280
    assert 120 <= (served.service_seconds or 0) < 150
    assert 120 <= gave_up.document["gave_up_after_seconds"] < 150  # type: ignore[operator]  # the document is JSON
    assert {timing.entry_method for timing in new} == {"stopwatch"}
    assert len(kept(hall, "drafts")) == 2


def test_another_customer_who_is_chosen_while_one_is_sent_stays(site: Site, road: Road, hall: Page) -> None:
    before = {timing.id for timing in stored(site.app, Timing)}
    for event, wait in (("joined", 60), ("called", 10), ("started", 120), ("ended", 5)):
        tap(hall, event, wait)
    press(hall.locator("[data-more-lanes]"))
    lane(hall, 2)
    tap(hall, "joined", 30)
    lane(hall, 1)
    road.fault = lambda environ: slow if environ["REQUEST_METHOD"] == "PUT" else None
    finish(hall)
    lane(hall, 2)
    tap(hall, "called")
    expect(hall.locator("[data-told]")).to_contain_text("Customer 1 is stored, receipt")
    expect(hall.locator("[data-lane]")).to_have_count(1)
    expect(hall.locator("[data-lane='2']")).to_have_attribute("aria-pressed", "true")
    expect(hall.locator(".stopwatch-key").nth(KEYS["called"])).to_have_attribute("aria-pressed", "true")
    assert [draft["lane"] for draft in kept(hall, "drafts")] == [2]
    assert len({timing.id for timing in stored(site.app, Timing)} - before) == 1


def test_a_timing_that_is_changed_takes_nobody_s_place(
    site: Site, road: Road, hall: Page, field: Field
) -> None:
    road.fault = lambda environ: cut_before if environ["REQUEST_METHOD"] == "PUT" else None
    for event, wait in (("joined", 60), ("called", 10), ("started", 120), ("ended", 5)):
        tap(hall, event, wait)
    press(hall.locator("[data-more-lanes]"))
    lane(hall, 2)
    lane(hall, 1)
    finish(hall)
    expect(hall.locator("[data-told]")).to_contain_text("Customer 1 is saved on this phone")
    tap(hall, "joined", 30)
    for number in (1, 3, 4):
        press(hall.locator("[data-more-lanes]"))
        lane(hall, number)
        tap(hall, "joined", 30)
    (record,) = kept(hall, "outbox")
    hall.goto("/outbox")
    hall.goto(f"{timing_of(field)}#change={record['uuid']}")
    hall.fill("[name=x_windows_total]", "5")
    until(hall, lambda: len(kept(hall, "drafts")) == 5)
    hall.reload()
    expect(hall.locator("[data-lane]")).to_have_count(5)
    expect(hall.locator("[name=x_windows_total]")).to_have_value("5")
    save(hall)
    expect(hall.locator("[data-told]")).to_contain_text("Customer 5 is saved on this phone")
    assert sorted(draft["lane"] for draft in kept(hall, "drafts")) == [1, 2, 3, 4]
    assert [record["body"]["context"] for record in kept(hall, "outbox")] == [{"windows_total": 5}]


def slow(road: Road, environ: dict[str, Any], start_response: Any) -> list[bytes]:
    sleep(2)
    return road.answer(environ, start_response)


def test_what_is_so_in_the_hall_is_said_once(hall: Page, field: Field) -> None:
    tap(hall, "joined", 30)
    tap(hall, "called", 10)
    tap(hall, "started", 120)
    tap(hall, "ended", 5)
    hall.fill("[name=x_windows_total]", "4")
    finish(hall)
    hall.wait_for_url("**/timings/*")
    hall.goto(timing_of(field))
    expect(hall.locator("[name=mode][value=observed]")).to_be_checked()
    expect(hall.locator("[name=x_windows_total]")).to_have_value("4")
    expect(hall.locator("[name=outcome]:checked")).to_have_count(0)


def test_a_clock_put_back_is_said_and_no_time_is_negative(site: Site, field: Field, hall: Page) -> None:
    before = {timing.id for timing in stored(site.app, Timing)}
    tap(hall, "joined", 300)
    hall.clock.set_system_time(NOW - timedelta(hours=2))
    hall.clock.run_for(2000)
    expect(hall.locator("[data-clock]")).to_contain_text("was put back by 1:0")
    for event, wait in (("called", 10), ("started", 60), ("ended", 0)):
        tap(hall, event, wait)
    finish(hall)
    expect(hall.locator(".error-summary")).to_contain_text("before joining the queue")
    assert {timing.id for timing in stored(site.app, Timing)} == before
    hall.locator("[name=at_joined]").fill("09:55")
    save(hall)
    hall.wait_for_url("**/timings/*")
    (new,) = [timing for timing in stored(site.app, Timing) if timing.id not in before]
    assert (new.wait_seconds or 0) >= 0
    assert new.entry_method == "manual"


def test_a_clock_put_ahead_is_flagged(site: Site, hall: Page) -> None:
    before = {timing.id for timing in stored(site.app, Timing)}
    tap(hall, "joined", 60)
    hall.clock.set_system_time(NOW - timedelta(minutes=30))
    hall.clock.run_for(2000)
    expect(hall.locator("[data-clock]")).to_contain_text("was put ahead by")
    for event, wait in (("called", 10), ("started", 60), ("ended", 0)):
        tap(hall, event, wait)
    finish(hall)
    hall.wait_for_url("**/timings/*")
    (new,) = [timing for timing in stored(site.app, Timing) if timing.id not in before]
    assert "clock_moved" in new.document["flags"]  # type: ignore[operator]  # the document is JSON


# Pocket mode.


def test_times_from_the_pocket_fill_in_visit_and_timing(
    site: Site, field: Field, road: Road, assignment: Assignment, chromium: Browser
) -> None:
    with phone_of(chromium, site) as page:
        page.clock.install(time=NOW - timedelta(hours=1))
        sign_in_as(page, field.anna.email)
        load(page, assignment)
        page.goto(f"/notes#{assignment.id}")
        assert "pilot" not in page.title().lower()
        page.wait_for_url("**/notes")  # the address tells nobody which visit it is
        road.close()
        page.reload()
        for event, wait in (("came", 60), ("joined", 300), ("called", 20), ("started", 200), ("ended", 60)):
            note(page, event, wait)
        note(page, "left")
        press(page.locator("[data-event=left] + .undo"))
        note(page, "left")
        road.open()
        page.clock.fast_forward(3600 * 1000)
        page.goto("/assignments")
        expect(page.locator(".outbox-line")).to_contain_text(
            "wait for their visit: fill it in within 24 hours"
        )
        page.clock.fast_forward(26 * 3600 * 1000)
        page.goto("/assignments")
        expect(page.locator(".outbox-line")).to_contain_text("for more than a day")
        press(page.get_by_role("link", name="To the visit"))
        expect(page.locator("[data-notes]")).to_contain_text("are those that you noted")
        expect(page.locator("[data-notes]")).to_contain_text("more than a day ago")
        expect(page.locator("[name=day]")).to_have_value("2014-08-05")
        came, left = (page.locator(f"[name={name}]").input_value() for name in ("started_at", "left_at"))
        assert came.startswith("11:00:")
        assert left.startswith("11:10:")
        late = {
            name: value for name, value in GOOD_VISIT.items() if name not in {"day", "started_at", "left_at"}
        }
        fill_form(page, late)
        save(page)
        page.wait_for_url(RECEIPT)
        page.goto(f"/assignments/{assignment.id}/timing")
        expect(page.locator("[data-notes]")).to_contain_text("are those that you noted")
        expect(page.locator("[name=mode][value=own_visit]")).to_be_checked()
        for name, value in (("windows_total", "4"), ("windows_open", "2"), ("ahead", "3")):
            page.fill(f"[name=x_{name}]", value)
        press(page.locator("[name=x_queue_kind][value=single_line] + label"))
        press(page.locator("[name=outcome][value=served] + label"))
        page.select_option("[name=operation]", "parcel_send")
        save(page)
        page.wait_for_url("**/timings/*")
        page.goto("/assignments")
        expect(page.locator(".outbox-line")).not_to_contain_text("noted")
    (visit,) = visits_of(site, assignment)
    (timing,) = stored(site.app, Timing, assignment_id=assignment.id)
    assert timing.entry_method == "stopwatch"
    assert timing.visit_id == visit.id
    assert 300 <= (timing.wait_seconds or 0) < 330
    assert visit.started_at < timing.happened_at < visit.left_at


def note(page: Page, event: str, then: int = 0) -> None:
    press(page.locator(f"[data-event={event}]"))
    expect(page.locator(f"[data-event={event}]")).to_have_attribute("aria-pressed", "true")
    page.clock.fast_forward(then * 1000)


def test_two_tabs_of_the_pocket_lose_no_moment_of_each_other(phone: Page) -> None:
    phone.goto("/notes")
    press(phone.locator("[data-event=came]"))
    expect(phone.locator("[data-event=came]")).to_have_attribute("aria-pressed", "true")
    second = phone.context.new_page()
    second.goto("/notes")
    for page, event in ((phone, "joined"), (second, "called"), (phone, "started")):
        press(page.locator(f"[data-event={event}]"))
        expect(page.locator(f"[data-event={event}]")).to_have_attribute("aria-pressed", "true")
        page.wait_for_timeout(200)  # until it is on the disk
    (noted,) = kept(phone, "notes")
    assert set(noted["taps"]) == {"came", "joined", "called", "started"}


def test_times_for_no_visit_yet_are_offered(field: Field, assignment: Assignment, phone: Page) -> None:
    phone.goto("/notes")
    for event in ("came", "left"):
        press(phone.locator(f"[data-event={event}]"))
    phone.goto(form_of(assignment))
    notice = phone.locator("[data-notes]")
    expect(notice).to_contain_text("There are times that you noted in pocket mode:")
    expect(phone.locator("[name=started_at]")).to_have_value("")
    press(notice.get_by_role("button").first)
    expect(phone.locator("[name=started_at]")).not_to_have_value("")


def test_times_that_belong_to_no_visit_are_put_away_and_back(
    field: Field, assignment: Assignment, phone: Page
) -> None:
    phone.goto("/notes")
    press(phone.locator("[data-afresh]"))
    for event in ("came", "left"):
        press(phone.locator(f"[data-event={event}]"))
        expect(phone.locator(f"[data-event={event}]")).to_have_attribute("aria-pressed", "true")
    phone.goto(form_of(assignment))
    notice = phone.locator("[data-notes]")
    press(notice.get_by_role("button", name="Put these times away"))
    expect(notice).to_contain_text("The times are put away")
    assert all("discarded_at" in each for each in kept(phone, "notes"))
    press(notice.get_by_role("button", name="Put back"))
    expect(notice).to_contain_text("There are times that you noted in pocket mode:")
    press(notice.get_by_role("button", name="Put these times away"))
    expect(notice).to_contain_text("The times are put away")
    phone.goto("/assignments")
    expect(phone.locator(".outbox-line")).not_to_contain_text("noted")
