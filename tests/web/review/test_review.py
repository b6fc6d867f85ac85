"""The pages of review: the queue, one visit, what is ruled and said, and two people at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from pilot_eval.domain.people import Role
from pilot_eval.domain.pilots import WaveState
from pilot_eval.operations.visits import record_visit
from pilot_eval.records.people import User
from pilot_eval.records.reviews import VisitRemark, VisitReview
from pilot_eval.records.visits import Visit, VisitState
from tests.field import NOW, Field, actor_of, good_answers
from tests.web.conftest import Browser, Clock
from tests.web.field_pages import filled, stored

ODD = "<script>alert('Мария Петровна')</script>"


@pytest.fixture
def visit_id(session: Session, field: Field) -> UUID:
    """Anna's visit, with words that must never become a part of a page."""
    submission = field.visit(answers=good_answers(G2="no"), comments={"G2": ODD}, narrative=ODD)
    record_visit(session, actor_of(field.anna), submission, NOW)
    return submission.id


@pytest.fixture
def maria(field: Field, sign_in: Callable[[User], Browser]) -> Browser:
    return sign_in(field.maria)


@pytest.fixture
def page(visit_id: UUID) -> str:
    return f"/review/{visit_id}"


def version(browser: Browser, page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', browser.get(page).text)
    assert found
    return found[1]


def rule(browser: Browser, page: str, ruling: str, **fields: str) -> Any:
    return browser.submit(f"{page}/{ruling}", {"version": version(browser, page), **fields})


def state(session: Session) -> VisitState:
    return stored(session, Visit)[0].state


# The queue


def test_an_empty_queue_says_so(as_head_office: Browser) -> None:
    assert "No visit has been sent yet" in as_head_office.get("/review").text


def test_the_queue_lists_what_is_left_with_its_flags(as_head_office: Browser, page: str) -> None:
    listed = as_head_office.get("/review").text
    assert "1 visit is left to review." in listed
    assert page in listed
    assert "Perhaps personal data" in listed
    for address, there in {
        "/review?flag=any": True,
        "/review?flag=personal_data": True,
        "/review?flag=twin": False,
        "/review?flag=nonsense": True,
        "/review?state=approved": False,
        "/review?state=all": True,
        "/review?wave=before": True,
        "/review?wave=after": False,
        "/review?region=33": True,
        "/review?region=elsewhere": False,
        "/review?after=nonsense": True,
    }.items():
        assert (page in as_head_office.get(address).text) == there, address
    assert as_head_office.get("/review?pilot=missing").status_code == 404


def test_what_is_chosen_goes_on_with_the_reviewer(
    session: Session, field: Field, as_head_office: Browser, page: str
) -> None:
    other = field.visit(field.boris_s, answers=good_answers(A1="no"))
    record_visit(session, actor_of(field.boris), other, NOW)
    answer = as_head_office.submit(f"{page}/approve?wave=before", {"version": version(as_head_office, page)})
    assert answer.location == f"/review/{other.id}?wave=before"
    answer = rule(as_head_office, f"/review/{other.id}", "approve")
    assert answer.location == "/review?pilot=vladimir"
    assert "Every visit of this pilot has been ruled on." in as_head_office.get(answer.location).text


# One visit


def test_a_visit_is_shown_whole_and_nothing_of_it_runs(
    session: Session, as_head_office: Browser, page: str
) -> None:
    shown = as_head_office.get(page).text
    assert ODD not in shown
    assert shown.count("&lt;script&gt;") == 2
    assert "critical question failed" in shown
    assert "How the score came about" in shown
    visit = stored(session, Visit)[0]
    assert f"{visit.digest[:4]}-{visit.digest[4:8]}".upper() in shown
    assert "anna" not in shown
    assert "A-001" in shown


def test_a_visit_is_returned_with_a_reason_beside_a_question(
    session: Session, as_head_office: Browser, anna: Browser, page: str
) -> None:
    answer = rule(as_head_office, page, "return", reason="See G2 & A1", **{"why-G2": "Which parcel?"})
    assert answer.status_code == 302
    (ruling,) = stored(session, VisitReview)
    assert (ruling.reason, ruling.items) == ("See G2 & A1", {"G2": "Which parcel?"})
    listed = anna.get("/assignments").text
    assert "Returned: please correct" in listed
    assert "See G2 &amp; A1" in listed
    assert "G2: Which parcel?" in listed
    assert "Head office has returned this visit" in anna.get(page.replace("review", "visits")).text
    assert "returned" in as_head_office.get("/review?state=returned").text


def test_what_is_missing_is_said_and_what_was_typed_stays(
    session: Session, as_head_office: Browser, page: str
) -> None:
    answer = rule(as_head_office, page, "return", reason=" ", **{"why-G2": "Which parcel?"})
    assert answer.status_code == 422
    assert '<a href="#return-reason">Say why</a>' in answer.text
    assert "Which parcel?" in answer.text
    assert rule(as_head_office, page, "exclude").status_code == 422
    assert state(session) is VisitState.SUBMITTED
    assert as_head_office.submit(f"{page}/approve", {"version": "x"}).status_code == 400
    assert as_head_office.submit(f"{page}/approve").status_code == 400


def test_two_reviewers_never_overwrite_each_other(
    session: Session, as_head_office: Browser, sign_in: Callable[[User], Browser],
    create_person: Callable[..., User], page: str,
) -> None:  # fmt: skip
    other = sign_in(create_person(Role.HEAD_OFFICE))
    seen = version(as_head_office, page)
    assert rule(other, page, "approve").status_code == 302
    answer = as_head_office.submit(f"{page}/exclude", {"version": seen, "reason": "Copied from <another>"})
    assert answer.status_code == 409
    assert "Somebody else has changed this visit" in answer.text
    assert "Copied from &lt;another&gt;" in answer.text
    assert state(session) is VisitState.APPROVED


def test_a_locked_wave_offers_nothing_and_takes_nothing(
    session: Session, field: Field, as_head_office: Browser, page: str
) -> None:
    seen = version(as_head_office, page)
    field.set_wave(WaveState.LOCKED)
    shown = as_head_office.get(page).text
    assert "The wave is locked" in shown
    assert f'{page}/approve"' not in shown
    answer = as_head_office.submit(f"{page}/approve", {"version": seen})
    assert answer.status_code == 409
    assert "locked" in answer.text
    assert as_head_office.submit(f"{page}/remarks", {"text": "Hm"}).status_code == 409


def test_versions_corrections_and_history_are_shown_in_words(
    session: Session,
    field: Field,
    clock: Clock,
    as_head_office: Browser,
    anna: Browser,
    visit_id: UUID,
    page: str,
) -> None:
    kept = field.visit(id=visit_id, answers=good_answers(A1="no"), narrative="Otherwise")
    record_visit(session, actor_of(field.anna), kept, NOW)
    shown = as_head_office.get(page).text
    assert "Other versions that were sent" in shown
    assert "Otherwise" in shown
    clock.forward(minutes=1)
    rule(as_head_office, page, "return", reason="See A1")
    clock.forward(minutes=1)
    form = f"/visits/{visit_id}/correct"
    answer = anna.post(form, data=filled(anna.get(form).text, q_A1="no", reason="A slip"))
    assert answer.status_code == 303
    shown = as_head_office.get(page).text
    assert "Revision 2" in shown
    assert re.search(r"A1</span>.*?Yes.*?No", shown[shown.index("What was corrected") :], re.DOTALL)
    history = shown[shown.index('class="history"') :]
    words = ["Received", "Another version received", "Returned: See A1", "Corrected: A slip"]
    places = [history.index(word) for word in words]
    assert places == sorted(places)


# Managers, remarks


def test_a_manager_reads_a_visit_once_its_wave_has_closed_without_what_concerns_the_auditor(
    field: Field, maria: Browser, page: str
) -> None:
    assert maria.get(page).status_code == 404
    field.set_wave(WaveState.CLOSED)
    shown = maria.get(page).text
    assert "A-001" in shown
    for word in ("Look at this first", "Perhaps personal data", "Approve", "History", "Your decision"):
        assert word not in shown
    assert maria.get("/review").status_code == 403


def test_a_dispute_is_seen_in_the_queue_and_answered_once(
    session: Session, field: Field, maria: Browser, as_head_office: Browser, page: str
) -> None:
    field.set_wave(WaveState.CLOSED)
    assert "No names, please" in maria.get(page).text
    assert maria.submit(f"{page}/remarks", {"kind": "dispute", "text": " "}).status_code == 422
    assert maria.submit(f"{page}/remarks", {"kind": "shout", "text": "Hm"}).status_code == 400
    assert maria.submit(f"{page}/remarks", {"kind": "dispute", "text": "Not <so>"}).status_code == 302
    assert page in as_head_office.get("/review?flag=dispute").text
    shown = as_head_office.get(page).text
    assert "Not &lt;so&gt;" in shown
    (remark,) = stored(session, VisitRemark)
    address = f"{page}/remarks/{remark.id}/answer"
    refused = as_head_office.submit(address, {"answer": ""})
    assert f'<a href="#answer-{remark.id}">' in refused.text
    assert as_head_office.submit(address, {"answer": "It was <so>"}).status_code == 302
    assert "It was &lt;so&gt;" in maria.get(page).text
    assert as_head_office.submit(address, {"answer": "Again"}).status_code == 409
    assert page not in as_head_office.get("/review?flag=dispute").text


def test_an_auditor_comments_on_the_own_visit(session: Session, anna: Browser, visit_id: UUID) -> None:
    own = f"/visits/{visit_id}"
    refused = anna.submit(f"{own}/remarks", {"text": ""})
    assert refused.status_code == 422
    assert '<a href="#say-text">' in refused.text
    assert anna.submit(f"{own}/remarks", {"text": "The <terminal>"}).status_code == 302
    assert "The &lt;terminal&gt;" in anna.get(own).text
    assert stored(session, VisitRemark)[0].kind == "comment"


# Personal data


def test_personal_data_are_chosen_and_taken_out(session: Session, as_head_office: Browser, page: str) -> None:
    asked = as_head_office.get(f"{page}/redact").text
    assert 'value="Мария Петровна"' in asked
    refused = as_head_office.submit(
        f"{page}/redact", {"version": version(as_head_office, page), "other": "nowhere"}
    )
    assert refused.status_code == 422
    assert "nowhere" in refused.text
    answer = as_head_office.submit(
        f"{page}/redact",
        {"version": version(as_head_office, page), "passage": ["Мария Петровна"], "other": "alert\n\n"},
    )
    assert answer.status_code == 302
    (visit,) = stored(session, Visit)
    assert visit.document["comments"] == {"G2": "<script>[…]('[…]')</script>"}
    assert visit.revision == 2
    assert "Personal data were taken out." in as_head_office.get(page).text


def test_the_pages_send_the_same_number_of_queries_however_many_visits_there_are(
    session: Session, field: Field, as_head_office: Browser, app_queries: list[str], page: str
) -> None:
    def asked(address: str) -> int:
        as_head_office.get(address)
        app_queries.clear()
        as_head_office.get(address)
        return len(app_queries)

    before = {address: asked(address) for address in ("/review", page)}
    record_visit(session, actor_of(field.boris), field.visit(field.boris_s), NOW)
    assert {address: asked(address) for address in before} == before
