"""Correcting a sent visit on the page: prefilled, with a reason, and never over somebody else's work."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from pilot_eval.domain.pilots import WaveState
from pilot_eval.operations.corrections import correct_visit
from pilot_eval.operations.visits import record_visit
from pilot_eval.records.reviews import VisitRevision
from pilot_eval.records.visits import Visit
from tests.field import NOW, OPERATOR, TEN, Field, actor_of, good_answers
from tests.web.conftest import Browser
from tests.web.field_pages import controls, filled, stored


@pytest.fixture
def visit_id(session: Session, field: Field) -> UUID:
    submission = field.visit(
        answers=good_answers(G2="no", B5="na"),
        comments={"G2": "The parcel went astray"},
        narrative="A long queue",
        window_no=3,
        receipt_tail="123",
        incidents=("it_outage",),
    )
    record_visit(session, actor_of(field.anna), submission, NOW)
    return submission.id


@pytest.fixture
def path(visit_id: UUID) -> str:
    return f"/visits/{visit_id}/correct"


def send(browser: Browser, path: str, **changes: Any) -> Any:
    return browser.post(path, data=everything(browser.get(path).text, **changes))


def everything(page: str, **changes: Any) -> dict[str, Any]:
    """The page's form with several values of a field where it has several."""
    return {name: given if len(given) > 1 else given[0] for name, given in controls(page).items()} | changes


def test_the_form_holds_what_was_sent_and_sent_unchanged_changes_nothing_but_the_revision(
    session: Session, anna: Browser, path: str
) -> None:
    before = stored(session, Visit)[0]
    shown = controls(anna.get(path).text)
    assert (shown["q_B5"], shown["c_G2"], shown["started_at"]) == (
        ["na"],
        ["The parcel went astray"],
        ["10:00"],
    )
    answer = send(anna, path, reason="Nothing was wrong")
    assert (answer.status_code, answer.location) == (303, f"/visits/{before.id}")
    after = stored(session, Visit)[0]
    assert (after.document, after.digest, after.revision) == (before.document, before.digest, 2)


def test_a_correction_is_stored_with_its_reason(session: Session, anna: Browser, path: str) -> None:
    assert send(anna, path, q_A1="no", reason="A slip").status_code == 303
    (visit,), (kept,) = stored(session, Visit), stored(session, VisitRevision)
    assert visit.document["answers"]["A1"] == "no"  # type: ignore[index]
    assert (kept.document["answers"]["A1"], kept.reason) == ("yes", "A slip")  # type: ignore[index]
    assert visit.started_at == TEN


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(anna: Browser, path: str) -> None:
    answer = send(anna, path, reason="", left_at="9:00", narrative="Typed just now")
    assert answer.status_code == 422
    assert '<a href="#reason">Say why</a>' in answer.text
    assert "You left before you came in" in answer.text
    assert "Typed just now" in answer.text
    assert send(anna, path, reason="x", revision="two").status_code == 400


def test_a_visit_that_changed_meanwhile_is_shown_beside_what_was_typed(
    session: Session, field: Field, anna: Browser, path: str, visit_id: UUID
) -> None:
    form = filled(anna.get(path).text, q_A1="no", narrative="Typed <just> now", reason="A slip")
    theirs = field.visit(id=visit_id, narrative="Head office wrote")
    correct_visit(session, OPERATOR, theirs, NOW, revision=1, reason="Theirs")
    answer = anna.post(path, data=form)
    assert answer.status_code == 409
    assert "Somebody else has corrected this visit" in answer.text
    for words in ("Head office wrote", "Typed &lt;just&gt; now", "Stored now", "Yours"):
        assert words in answer.text
    assert stored(session, Visit)[0].document["header"]["narrative"] == "Head office wrote"  # type: ignore[index]
    # Looked at and sent again, it becomes the next revision, and both are kept.
    assert anna.post(path, data=filled(answer.text)).status_code == 303
    visit = stored(session, Visit)[0]
    assert (visit.revision, visit.document["header"]["narrative"]) == (3, "Typed <just> now")  # type: ignore[index]
    assert len(stored(session, VisitRevision)) == 2


def test_a_visit_that_may_not_be_corrected_says_why(
    field: Field, anna: Browser, as_head_office: Browser, path: str
) -> None:
    form = filled(anna.get(path).text, reason="A slip")
    field.set_wave(WaveState.CLOSED)
    for answer in (anna.get(path), anna.post(path, data=form)):
        assert answer.status_code == 409
        assert "only once head office has returned it" in answer.text
    assert as_head_office.get(path).status_code == 200
    answer = send(as_head_office, path, narrative="Head office", reason="As told on the telephone")
    assert (answer.status_code, answer.location) == (
        303,
        path.replace("visits", "review").removesuffix("/correct"),
    )
