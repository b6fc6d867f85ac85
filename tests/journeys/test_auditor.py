"""An auditor's day with a phone: visits, timings, and all that goes wrong between a branch and a server."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Locator, Page, expect
from sqlmodel import Session, col, select

from pilot_eval.demo.fill import RUNNING, sign_in_names
from pilot_eval.domain.people import Role
from pilot_eval.domain.pilots import Period
from pilot_eval.operations import assignments
from pilot_eval.operations.assignments import VisitPlan
from pilot_eval.operations.submissions import receipt_code
from pilot_eval.records import database
from pilot_eval.records.network import Branch
from pilot_eval.records.pilots import Assignment, Pilot, Wave
from pilot_eval.records.visits import SubmissionConflict, Timing, Visit
from tests.conftest import acting
from tests.journeys.conftest import PHONE, Site
from tests.journeys.walking import (
    THUMB,
    fill_sign_in,
    in_language,
    person,
    press,
    seen,
    sign_in_as,
    stored,
    yesterday,
)

AUDITOR = sign_in_names()[Role.AUDITOR]
CAME_IN, LEFT = "10:05", "10:40"
NARRATIVE = "Всё спокойно, окно 3"


@pytest.fixture(scope="module", autouse=True)
def _enough_to_do(demo_on_sqlite: Site) -> None:
    """More visits for the auditor than the demonstration leaves to be made."""
    app = demo_on_sqlite.app
    head = person(app, sign_in_names()[Role.HEAD_OFFICE])
    (pilot,) = stored(app, Pilot, slug=RUNNING)
    (wave,) = stored(app, Wave, pilot_id=pilot.id, period=Period.BEFORE)
    done = stored(app, Assignment, wave_id=wave.id)
    window = (wave.closes_on - timedelta(days=6), wave.closes_on)
    auditor_id = person(app, AUDITOR).id
    assert auditor_id is not None
    with database.session_of(app.extensions["engine"]) as session:
        codes = session.exec(select(Branch.code).where(col(Branch.id).in_({row.branch_id for row in done})))
        plans = [VisitPlan(code, Period.BEFORE, auditor_id, done[0].scenario, window) for code in codes.all()]
        assignments.assign_visits(session, acting(head), RUNNING, plans, confirmed=True)
        session.commit()


@pytest.fixture
def site(demo_on_sqlite: Site) -> Site:
    return demo_on_sqlite


@pytest.fixture
def phone(site: Site, read_by: Callable[..., Page]) -> Page:
    """An auditor's phone, signed in."""
    return read_by(AUDITOR, site, PHONE, **THUMB)


def key(page: Page, name: str) -> Locator:
    """The key for the work at the first branch where it is still to be done."""
    page.goto("/assignments")
    to_do = page.locator("h2", has_text=re.compile("To do|Сделать|Предстоит")).locator("+ ul")
    return to_do.get_by_role("link", name=re.compile(f"^{name}")).first


def begin_visit(page: Page) -> int:
    """Open the form of the next visit; the assignment's number."""
    press(key(page, "Record the visit"))
    page.wait_for_url("**/visit")
    return int(page.url.split("/")[-2])


def fill_header(page: Page, outcome: str = "done") -> None:
    press(page.locator(f"input[name=outcome][value={outcome}] + label"))
    page.fill("[name=day]", yesterday())
    page.fill("[name=started_at]", CAME_IN)
    page.fill("[name=left_at]", LEFT)


def questions(page: Page) -> list[str]:
    """The names of the fields that ask the checklist's questions."""
    names = page.locator(".checklist fieldset.question input[type=radio]").evaluate_all(
        "radios => [...new Set(radios.map(radio => radio.name))]"
    )
    return [str(name) for name in names]


def answer_all(page: Page) -> dict[str, str]:
    """Press the first answer of every question; the answers by question code."""
    answers = {}
    for name in questions(page):
        first = page.locator(f"input[name={name}]").first
        press(page.locator(f"label[for='{first.get_attribute('id')}']"))
        answers[name.removeprefix("q_")] = str(first.get_attribute("value"))
    return answers


def send(page: Page) -> None:
    press(page.locator(".sticky-bar .btn-primary"))


def the_visit(site: Site, assignment_id: int) -> Visit:
    """The one visit stored for the assignment."""
    (visit,) = stored(site.app, Visit, assignment_id=assignment_id)
    return visit


def expect_receipt(page: Page, digest: str) -> None:
    expect(page.locator(".receipt-code")).to_have_text(receipt_code(digest))


def expect_filled(page: Page, answers: dict[str, str]) -> None:
    """Everything that was typed and pressed is still there."""
    expect(page.locator("[name=started_at]")).to_have_value(CAME_IN)
    expect(page.locator("[name=narrative]")).to_have_value(NARRATIVE)
    kept = page.locator(".checklist input[type=radio]:checked").evaluate_all(
        "radios => Object.fromEntries(radios.map(radio => [radio.name.slice(2), radio.value]))"
    )
    assert kept == answers


# One visit with one thumb.


@pytest.mark.parametrize("served_from", ["demo_on_sqlite", "demo_on_postgresql"])
def test_a_visit_is_recorded_with_one_thumb(
    served_from: str, request: pytest.FixtureRequest, open_page_of: Callable[..., Page]
) -> None:
    site: Site = request.getfixturevalue(served_from)
    phone = open_page_of(site, PHONE, **THUMB)
    sign_in_as(phone, AUDITOR)
    assignment_id = begin_visit(phone)
    fill_header(phone)
    answers = answer_all(phone)
    assert len(answers) > 25
    expect(phone.locator("[data-left-all]")).to_have_text("Everything is answered")
    phone.fill("[name=narrative]", NARRATIVE)
    send(phone)
    phone.wait_for_url("**/visits/*")

    visit = the_visit(site, assignment_id)
    expect_receipt(phone, visit.digest)
    assert visit.document["answers"] == answers
    assert visit.score_hundredths is not None
    phone.get_by_role("link", name="Visits to make").last.tap()
    receipt = phone.locator(f"a[href='/visits/{visit.id}']")
    expect(receipt).not_to_be_visible()
    phone.locator("main summary").tap()
    expect(receipt).to_be_visible()


def test_only_own_assignments_are_listed_and_a_strangers_is_missing(site: Site, phone: Page) -> None:
    own = person(site.app, AUDITOR).id
    with Session(site.app.extensions["engine"]) as session:
        strangers = session.exec(select(Assignment).where(col(Assignment.auditor_id) != own)).first()
    assert strangers is not None
    phone.goto("/assignments")
    links = phone.locator("main a[href*='/assignments/']").evaluate_all(
        "links => links.map(link => link.href)"
    )
    listed = {int(link.split("/")[-2]) for link in links}
    assert listed
    assert listed <= {row.id for row in stored(site.app, Assignment, auditor_id=own)}
    answers = [phone.goto(f"/assignments/{number}/visit") for number in (strangers.id, 10**7)]
    assert [answer.status for answer in answers if answer] == [404, 404]


def test_nothing_tells_an_auditor_scores_arms_or_periods(site: Site, phone: Page) -> None:
    done = stored(site.app, Visit, auditor_id=person(site.app, AUDITOR).id)
    scored = next(visit for visit in done if visit.score_hundredths)
    begin_visit(phone)
    told = phone.content()
    for address in ("/assignments", f"/visits/{scored.id}"):
        phone.goto(address)
        told += phone.content()
    score = f"{(scored.score_hundredths or 0) / 100:.2f}".rstrip("0")
    for word in ("trained", "comparison", "baseline", "Baseline", "Score", f">{score}"):
        assert word not in told, word


# What goes wrong on the way.


def test_an_expired_sign_in_in_the_middle_of_a_form_loses_nothing(site: Site, phone: Page) -> None:
    assignment_id = begin_visit(phone)
    fill_header(phone)
    answers = answer_all(phone)
    phone.fill("[name=narrative]", NARRATIVE)
    phone.context.clear_cookies()
    send(phone)
    expect(phone.locator(".outbox-line")).to_contain_text("1 record is saved on this phone.")
    fill_sign_in(phone, AUDITOR)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Stored")
    visit = the_visit(site, assignment_id)
    expect_receipt(phone, visit.digest)
    assert visit.document["answers"] == answers
    assert visit.document["header"]["narrative"] == NARRATIVE  # type: ignore[index]  # the document is JSON


def send_plainly(page: Page) -> None:
    """Send the form as a browser without scripts does."""
    page.locator("form[data-rules]").evaluate("form => form.submit()")


def test_without_scripts_an_expired_sign_in_loses_nothing_either(site: Site, phone: Page) -> None:
    assignment_id = begin_visit(phone)
    fill_header(phone)
    answers = answer_all(phone)
    phone.fill("[name=narrative]", NARRATIVE)
    phone.context.clear_cookies()
    send_plainly(phone)
    expect(phone.locator(".notice")).to_contain_text("nothing you wrote is lost")
    seen(phone, "auditor-signed-out-midway")
    fill_sign_in(phone, AUDITOR)
    expect(phone.get_by_role("heading", level=1)).to_have_text("You are signed in again")
    seen(phone, "auditor-signed-in-again")
    press(phone.get_by_role("button", name="Send my answers"))
    phone.wait_for_url("**/visits/*")
    visit = the_visit(site, assignment_id)
    expect_receipt(phone, visit.digest)
    assert visit.document["answers"] == answers


def test_an_expired_sign_in_and_a_mistake_at_once_lose_nothing(phone: Page) -> None:
    begin_visit(phone)
    fill_header(phone)
    answers = answer_all(phone)
    phone.fill("[name=narrative]", NARRATIVE)
    phone.fill("[name=left_at]", "9 o'clock")
    phone.context.clear_cookies()
    send_plainly(phone)
    fill_sign_in(phone, AUDITOR)
    press(phone.get_by_role("button", name="Send my answers"))
    expect(phone).to_have_title(re.compile("^Error:"))
    expect_filled(phone, answers)


def test_a_double_tap_stores_once(site: Site, phone: Page) -> None:
    assignment_id = begin_visit(phone)
    fill_header(phone)
    answer_all(phone)
    phone.locator(".sticky-bar .btn-primary").dblclick()
    expect(phone.locator(".receipt-code")).to_be_visible()
    expect_receipt(phone, the_visit(site, assignment_id).digest)
    assert not stored(site.app, SubmissionConflict, assignment_id=assignment_id)


def test_sending_again_from_the_history_stores_once(site: Site, phone: Page) -> None:
    assignment_id = begin_visit(phone)
    fill_header(phone, "refused")
    phone.fill("[name=narrative]", NARRATIVE)
    fields = phone.locator("form[data-rules]").evaluate("form => Object.fromEntries(new FormData(form))")
    send_plainly(phone)
    phone.wait_for_url("**/visits/*")
    again = phone.request.post(
        f"/assignments/{assignment_id}/visit", form=fields, headers={"Origin": site.url}
    )
    visit = the_visit(site, assignment_id)
    assert again.url.endswith(f"/visits/{visit.id}")


def test_a_mistake_keeps_what_was_typed_and_leads_to_its_field(site: Site, phone: Page) -> None:
    assignment_id = begin_visit(phone)
    fill_header(phone)
    answers = answer_all(phone)
    phone.fill("[name=narrative]", NARRATIVE)
    phone.fill("[name=left_at]", "25:99")
    send(phone)
    expect(phone.locator(".error-summary")).to_be_focused()
    expect(phone).to_have_title(re.compile("^Error:"))
    expect_filled(phone, answers)
    expect(phone.locator("[name=left_at]")).to_have_value("25:99")
    seen(phone, "auditor-visit-refused")
    in_language(phone, "ru")
    expect_filled(phone, answers)
    send(phone)
    expect(phone.locator(".error-summary")).to_be_focused()
    seen(phone, "auditor-visit-refused")
    press(phone.locator(".error-summary a").first)
    expect(phone.locator("[name=left_at]")).to_be_focused()
    phone.fill("[name=left_at]", LEFT)
    send(phone)
    phone.wait_for_url("**/visits/*")
    assert the_visit(site, assignment_id).document["answers"] == answers


def test_a_failing_server_loses_nothing(site: Site, phone: Page) -> None:
    assignment_id = begin_visit(phone)
    fill_header(phone)
    answers = answer_all(phone)
    phone.fill("[name=narrative]", NARRATIVE)
    engine = site.app.extensions["engine"]

    def fail(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("INSERT INTO visit"):
            raise sa.exc.OperationalError(statement, None, Exception("the disk is full"))

    sa.event.listen(engine, "before_cursor_execute", fail)
    try:
        send_plainly(phone)
        expect(phone.get_by_role("heading", level=1)).to_have_text("Busy for a moment")
        seen(phone, "auditor-server-failed")
    finally:
        sa.event.remove(engine, "before_cursor_execute", fail)
    assert not stored(site.app, Visit, assignment_id=assignment_id), "nothing is half-stored"
    press(phone.get_by_role("button", name="Send my answers"))
    phone.wait_for_url("**/visits/*")
    visit = the_visit(site, assignment_id)
    assert visit.document["answers"] == answers


def test_a_closed_branch_needs_no_answers(site: Site, phone: Page) -> None:
    assignment_id = begin_visit(phone)
    fill_header(phone, "closed")
    expect(phone.locator(".checklist")).to_be_hidden()
    send(phone)
    phone.wait_for_url("**/visits/*")
    visit = the_visit(site, assignment_id)
    assert (visit.outcome, visit.score_hundredths, visit.document["answers"]) == ("closed", None, {})


# Other ways to use the form.


def test_the_visit_form_works_without_javascript(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(PHONE, java_script_enabled=False)
    sign_in_as(page, AUDITOR)
    assignment_id = begin_visit_without_javascript(page)
    page.locator("label[for='outcome-0']").click()
    page.fill("[name=day]", yesterday())
    page.fill("[name=started_at]", CAME_IN)
    answered = 0
    for fieldset in page.locator(".checklist fieldset.question").all():
        fieldset.locator("label.tile").first.click()
        answered += 1
    page.locator(".sticky-bar .btn-primary").click()
    expect(page).to_have_title(re.compile("^Error:"))
    assert page.locator(".checklist input:checked").count() == answered
    page.fill("[name=left_at]", LEFT)
    page.locator(".sticky-bar .btn-primary").click()
    page.wait_for_url("**/visits/*")
    visit = the_visit(site, assignment_id)
    expect_receipt(page, visit.digest)
    assert len(visit.document["answers"]) == answered  # type: ignore[arg-type]  # the document is JSON


def begin_visit_without_javascript(page: Page) -> int:
    key(page, "Record the visit").click()
    page.wait_for_url("**/visit")
    return int(page.url.split("/")[-2])


def test_a_visit_is_recorded_by_the_keyboard_alone(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(PHONE)
    page.goto("/")
    walk(page, {"email": AUDITOR, "password": "correct horse battery staple"}, last="password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/assignments")
    until_focused(page, "a[href$='/visit']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/visit")
    assignment_id = int(page.url.split("/")[-2])
    hours = {"started_at": CAME_IN, "left_at": LEFT, "narrative": NARRATIVE}
    walk(page, hours, last="narrative")
    page.locator("[name=day]").focus()
    page.fill("[name=day]", yesterday())
    until_focused(page, ".sticky-bar .btn-primary")
    page.keyboard.press("Enter")
    page.wait_for_url("**/visits/*")
    assert len(the_visit(site, assignment_id).document["answers"]) > 25  # type: ignore[arg-type]  # the document is JSON


def until_focused(page: Page, selector: str) -> None:
    for _ in range(200):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way to {selector} by Tab")


def walk(page: Page, texts: dict[str, str], last: str) -> None:
    """Tab through a form: type into fields, choose the first answer of each question, up to a field.

    What holds the focus must show it.
    """
    for _ in range(300):
        page.keyboard.press("Tab")
        name, kind, marked = page.evaluate(
            """() => {
                const active = document.activeElement;
                const shown = active.matches(".btn-check") ? active.nextElementSibling : active;
                const style = getComputedStyle(shown);
                // A part inside a control, such as a calendar's key, has the browser's own mark.
                const inside = !active.matches(":focus");
                return [active.name ?? "", active.type ?? "",
                        inside || style.boxShadow !== "none" || style.outlineStyle !== "none"];
            }"""
        )
        assert marked, f"nothing shows that {name} has the focus"
        if kind == "radio":
            page.keyboard.press("Space")
        elif name in texts:
            page.keyboard.type(texts[name])
        if name == last:
            return
    raise AssertionError(f"no way to {last} by Tab")


# Timings.


def begin_timing(page: Page) -> int:
    press(key(page, "Time a customer"))
    page.wait_for_url("**/timing")
    return int(page.url.split("/")[-2])


def fill_around(page: Page) -> None:
    """What is asked about an own visit, beside its times."""
    press(page.locator("input[name=mode][value=own_visit] + label"))
    press(page.locator("input[name=outcome][value=served] + label"))
    page.select_option("[name=operation]", "parcel_receive")
    for name, value in (("windows_total", "4"), ("windows_open", "2"), ("ahead", "3")):
        page.fill(f"[name=x_{name}]", value)
    press(page.locator("input[name=x_queue_kind][value=single_line] + label"))


def newest_timing(site: Site, assignment_id: int) -> Timing:
    return max(stored(site.app, Timing, assignment_id=assignment_id), key=lambda timing: timing.received_at)


def test_a_typed_timing_is_stored_as_typed(site: Site, phone: Page) -> None:
    assignment_id = begin_timing(phone)
    fill_around(phone)
    press(phone.locator(".typed-times summary"))
    phone.fill("[name=day]", yesterday())
    for event, time in (
        ("joined", "10:05"),
        ("called", "10:12:30"),
        ("started", "10:12:40"),
        ("ended", "10:11"),
    ):
        phone.fill(f"[name=at_{event}]", time)
    send(phone)
    expect(phone.locator(".error-summary")).to_be_focused()
    seen(phone, "auditor-timing-refused")
    expect(phone.locator("[name=at_called]")).to_have_value("10:12:30")
    phone.fill("[name=at_ended]", "10:14:40")
    send(phone)
    phone.wait_for_url("**/timings/*")
    timing = newest_timing(site, assignment_id)
    expect_receipt(phone, timing.digest)
    assert (timing.entry_method, timing.wait_seconds, timing.service_seconds) == ("manual", 450, 120)


def test_a_stopwatch_survives_a_reload_and_a_tap_can_be_undone(site: Site, phone: Page) -> None:
    # The phone's own clock, moved on by hand, and started so that no tap lies in the future.
    phone.clock.install(time=datetime.now(UTC) - timedelta(minutes=20))
    assignment_id = begin_timing(phone)
    taps = phone.locator(".stopwatch-key")
    assert taps.first.bounding_box()["height"] >= 64  # type: ignore[index]  # it is on the page
    taps.nth(0).tap()
    phone.clock.fast_forward("05:00")
    taps.nth(1).tap()
    phone.clock.fast_forward("00:07")
    phone.reload()
    expect(taps.nth(0)).to_have_attribute("aria-pressed", "true")
    taps.nth(2).tap()
    phone.clock.fast_forward("00:30")
    taps.nth(3).tap()
    phone.locator(".stopwatch-undo").nth(3).tap()
    expect(taps.nth(3)).to_have_attribute("aria-pressed", "false")
    seen(phone, "auditor-stopwatch")
    phone.clock.fast_forward("01:30")
    taps.nth(3).tap()
    fill_around(phone)
    send(phone)
    phone.wait_for_url("**/timings/*")
    timing = newest_timing(site, assignment_id)
    assert timing.entry_method == "stopwatch"
    # The clock runs on while the test walks: each length is at least what was waited.
    assert 300 <= (timing.wait_seconds or 0) < 330
    assert 120 <= (timing.service_seconds or 0) < 150
    press(phone.get_by_role("link", name="Time the next customer"))
    expect(taps.nth(0)).to_have_attribute("aria-pressed", "false")


# What the pages look like.


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_pages_look_right(site: Site, phone: Page, language: str) -> None:
    done = stored(site.app, Visit, auditor_id=person(site.app, AUDITOR).id)[0]
    timed = stored(site.app, Timing, auditor_id=done.auditor_id)[0]
    to_do = max(row.id or 0 for row in stored(site.app, Assignment, auditor_id=done.auditor_id))
    phone.goto("/")
    in_language(phone, language)
    for name, address in (
        ("assignments", "/assignments"),
        ("visit", f"/assignments/{to_do}/visit"),
        ("timing", f"/assignments/{to_do}/timing"),
        ("visit-receipt", f"/visits/{done.id}"),
        ("timing-receipt", f"/timings/{timed.id}"),
        ("account", "/account"),
        ("forbidden", "/people"),
    ):
        phone.goto(address)
        seen(phone, f"auditor-{name}")
    phone.goto(f"/assignments/{to_do}/visit")
    assert branch_of(site, to_do) in phone.title(), "a visit still to be made"


def branch_of(site: Site, assignment_id: int | None) -> str:
    (assignment,) = stored(site.app, Assignment, id=assignment_id)
    (branch,) = stored(site.app, Branch, id=assignment.branch_id)
    return branch.name
