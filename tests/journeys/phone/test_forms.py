"""Forms on a phone: practice, versions of the checklist, two tabs, and what the pages look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from pilot_eval.domain.checklists import default_checklist, parse
from pilot_eval.operations.forms import publish_checklist
from pilot_eval.records.forms import ChecklistVersion
from pilot_eval.records.pilots import Assignment, Pilot
from pilot_eval.records.visits import SubmissionConflict, Visit
from tests.field import OPERATOR, Field
from tests.journeys.conftest import Site
from tests.journeys.phones import (
    RECEIPT,
    SAVED,
    expect_empty,
    fill_form,
    form_of,
    hand_in,
    kept,
    load,
    save,
    send_now,
    until,
    visits_of,
)
from tests.journeys.roads import Road, portal
from tests.journeys.walking import in_language, press, seen, stored
from tests.web.field_pages import GOOD_VISIT

# Practice.


@pytest.mark.parametrize("signal", [True, False], ids=["with a signal", "without"])
def test_practice_goes_all_the_way_and_is_stored_nowhere(
    site: Site, road: Road, phone: Page, assignment: Assignment, signal: bool
) -> None:
    before = len(stored(site.app, Visit)), len(stored(site.app, SubmissionConflict))
    load(phone, assignment)
    until(phone, lambda: phone.evaluate("caches.match('/practice').then(Boolean)"))
    if not signal:
        road.close()
    phone.goto("/practice")
    expect(phone.get_by_text("This is practice.")).to_be_visible()
    fill_form(phone, GOOD_VISIT | {"started_at": "10:20", "left_at": "10:00"})
    save(phone)
    expect(phone.locator(".error-summary")).to_contain_text("You left before you came in")
    phone.locator("[name=left_at]").fill("10:40")
    save(phone)
    phone.wait_for_url(SAVED)
    if not signal:
        expect(phone.locator(".outbox-line")).to_contain_text("1 practice visit")
        road.open()
        send_now(phone)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Practice done")
    assert kept(phone, "outbox") == []
    assert (len(stored(site.app, Visit)), len(stored(site.app, SubmissionConflict))) == before


# Versions.


@pytest.fixture
def publish(field: Field) -> Iterator[Callable[[], str]]:
    """Let the pilot go on with another version of the checklist; its first one stands again afterwards."""
    pilot = field.session.exec(select(Pilot)).one()
    first = pilot.checklist_id

    def use(checklist_id: int | None) -> None:
        pilot.checklist_id = checklist_id
        field.session.add(pilot)
        field.session.commit()

    def publish() -> str:
        older = default_checklist()
        document = older.to_document() | {"version": older.version + 1}
        document["sections"][0]["items"][0] |= {"en": "Another question", "ru": "Другой вопрос"}
        version = publish_checklist(field.session, OPERATOR, parse(document))
        use(version.id)
        return version.digest

    yield publish
    use(first)


def test_a_draft_stays_with_the_version_that_it_was_begun_under(
    site: Site, road: Road, phone: Page, field: Field, assignment: Assignment, publish: Callable[[], str]
) -> None:
    phone.goto(form_of(assignment))
    question = phone.locator("legend").nth(1).inner_text()
    fill_form(phone, GOOD_VISIT)
    newer = publish()
    phone.goto(form_of(assignment))
    phone.wait_for_url("**/visit?version=*")
    assert phone.locator("legend").nth(1).inner_text() == question
    expect(phone.locator("[name=q_A1]:checked")).to_have_count(1)
    save(phone)
    phone.wait_for_url(RECEIPT)
    (visit,) = visits_of(site, assignment)
    (version,) = stored(site.app, ChecklistVersion, id=visit.checklist_id)
    assert version.digest != newer
    assert version.digest == default_checklist().digest


def test_a_visit_that_waits_is_taken_by_the_version_that_its_form_showed(
    site: Site, road: Road, phone: Page, assignment: Assignment, publish: Callable[[], str]
) -> None:
    load(phone, assignment)
    road.close()
    hand_in(phone, assignment)
    phone.wait_for_url(SAVED)
    publish()
    road.open()
    phone.goto("/outbox")
    expect_empty(phone)
    (visit,) = visits_of(site, assignment)
    (version,) = stored(site.app, ChecklistVersion, id=visit.checklist_id)
    assert version.digest == default_checklist().digest


# Tabs, and changes of mind.


def test_two_tabs_with_one_form_go_on_with_the_newer_answers(
    site: Site, phone: Page, assignment: Assignment
) -> None:
    second = phone.context.new_page()
    for page in (phone, second):
        page.goto(form_of(assignment))
    fill_form(phone, GOOD_VISIT | {"narrative": "Из первой вкладки"})
    second.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(second.locator("[name=narrative]")).to_have_value("Из первой вкладки")
    save(phone)
    phone.wait_for_url(RECEIPT)
    second.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    second.wait_for_url(SAVED)
    assert len(visits_of(site, assignment)) == 1


def test_what_waits_can_still_be_changed(site: Site, road: Road, phone: Page, assignment: Assignment) -> None:
    load(phone, assignment)
    road.close()
    hand_in(phone, assignment, narrative="Сначала так")
    phone.wait_for_url(SAVED)
    press(phone.get_by_role("link", name="Change it"))
    expect(phone.locator("[name=narrative]")).to_have_value("Сначала так")
    fill_form(phone, {"narrative": "Потом иначе"})
    phone.reload()
    expect(phone.locator("[name=narrative]")).to_have_value("Потом иначе")
    save(phone)
    phone.wait_for_url(SAVED)
    assert len(kept(phone, "outbox")) == 1
    road.open()
    phone.goto("/outbox")
    expect_empty(phone)
    (visit,) = visits_of(site, assignment)
    assert visit.document["header"]["narrative"] == "Потом иначе"  # type: ignore[index]  # the document is JSON
    assert not stored(site.app, SubmissionConflict, record_id=visit.id)


def test_a_change_that_comes_after_its_record_was_sent_is_not_called_stored(
    site: Site, road: Road, phone: Page, assignment: Assignment
) -> None:
    load(phone, assignment)
    road.close()
    hand_in(phone, assignment, narrative="Сначала так")
    phone.wait_for_url(SAVED)
    press(phone.get_by_role("link", name="Change it"))
    expect(phone.locator("[name=narrative]")).to_have_value("Сначала так")
    fill_form(phone, {"narrative": "Потом иначе"})
    road.open()
    other = phone.context.new_page()
    other.goto("/outbox")
    until(other, lambda: bool(visits_of(site, assignment)))
    expect(other.locator(".outbox-line")).to_contain_text("Everything is sent")
    save(phone)
    phone.wait_for_url(SAVED)
    expect(phone.get_by_role("heading", level=1)).to_have_text("A version is stored already")
    (visit,) = visits_of(site, assignment)
    assert len(stored(site.app, SubmissionConflict, record_id=visit.id)) == 1


def test_where_no_page_was_kept_yet_the_form_says_that_all_is_well(
    site: Site, road: Road, phone: Page, assignment: Assignment
) -> None:
    phone.goto(form_of(assignment))
    fill_form(phone, GOOD_VISIT)
    phone.evaluate("caches.keys().then(names => Promise.all(names.map(name => caches.delete(name))))")
    road.close()
    save(phone)
    expect(phone.locator("[data-kept]")).to_contain_text("It is saved on this phone")
    assert len(kept(phone, "outbox")) == 1
    road.open()
    phone.goto("/outbox")
    expect_empty(phone)
    assert len(visits_of(site, assignment)) == 1


def test_unanswered_questions_are_asked_about_before_anything_is_sent(
    site: Site, road: Road, phone: Page, assignment: Assignment
) -> None:
    answers = {name: value for name, value in GOOD_VISIT.items() if name not in {"q_A2", "q_G7"}}
    load(phone, assignment)
    phone.goto(form_of(assignment))
    fill_form(phone, answers)
    road.close()
    save(phone)
    expect(phone.locator(".error-summary")).to_contain_text("Unanswered: A2, G7.")
    assert kept(phone, "outbox") == []
    press(phone.locator("label[for=confirmed]"))
    save(phone)
    phone.wait_for_url(SAVED)
    road.open()
    phone.goto("/outbox")
    expect_empty(phone)
    assert len(visits_of(site, assignment)) == 1


def test_a_failed_critical_question_wants_words_before_anything_is_sent(
    phone: Page, assignment: Assignment
) -> None:
    critical = next(
        item for item in default_checklist().items.values() if item.critical and not item.comment_on
    )
    failing = next(answer for answer in critical.offered if item_fails(critical.code, answer))
    phone.goto(form_of(assignment))
    fill_form(phone, GOOD_VISIT | {f"q_{critical.code}": failing})
    save(phone)
    expect(phone.locator(".error-summary")).to_contain_text(
        f"a critical question was failed ({critical.code})"
    )
    press(phone.locator(".error-summary a"))
    expect(phone.locator("[name=narrative]")).to_be_focused()


def item_fails(code: str, answer: str) -> bool:
    return default_checklist().items[code].fails(answer)


# What the pages look like.


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_pages_of_the_phone_look_right(
    site: Site, road: Road, phone: Page, assign: Callable[[], Assignment], language: str
) -> None:
    waiting, begun = assign(), assign()
    phone.goto("/assignments")
    in_language(phone, language)
    load(phone, waiting, begun)
    until(phone, lambda: phone.evaluate("caches.match('/practice').then(Boolean)"))
    seen(phone, "phone-assignments")
    phone.goto(f"/assignments/{begun.id}/timing")
    for _ in range(2):
        press(phone.locator(".stopwatch-key").first)
        press(phone.locator("[data-more-lanes]"))
    seen(phone, "phone-timing-lanes")
    phone.goto(form_of(begun))
    fill_form(phone, {"narrative": "Начат"})
    road.fault = lambda environ: portal if environ["PATH_INFO"].startswith("/api/") else None
    hand_in(phone, waiting)
    phone.wait_for_url(SAVED)
    seen(phone, "phone-saved")
    phone.goto("/outbox")
    expect(phone.locator("main li")).not_to_have_count(0)
    seen(phone, "phone-outbox")
    for name, path in (
        ("leaving", "/outbox/leaving"),
        ("offline", "/outbox/offline"),
        ("hand-in", "/outbox/file"),
        ("practice", "/practice"),
        ("notes", "/notes"),
        ("help", "/help/auditor"),
    ):
        phone.goto(path)
        if name == "notes":
            press(phone.locator("[data-event=came]"))
            expect(phone.locator(".undo").first).to_be_visible()
        seen(phone, f"phone-{name}")
    phone.goto("/practice")
    save(phone)
    expect(phone.locator(".error-summary")).to_be_focused()
    expect(phone).to_have_title(re.compile("^(Error|Ошибка)"))
    seen(phone, "phone-missing")
    phone.goto("/assignments")
    in_language(phone, "en")


def test_a_confirmation_holds_for_what_it_was_given_to(phone: Page, assignment: Assignment) -> None:
    phone.goto(form_of(assignment))
    fill_form(phone, {name: value for name, value in GOOD_VISIT.items() if name != "q_A2"})
    save(phone)
    expect(phone.locator(".error-summary")).to_contain_text("Unanswered: A2.")
    press(phone.locator("label[for=confirmed]"))
    expect(phone.locator("[name=confirmed]")).to_be_checked()
    phone.locator("[name=narrative]").fill("Ещё раз")
    expect(phone.locator("[name=confirmed]")).not_to_be_checked()
