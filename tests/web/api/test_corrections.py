"""Correcting a sent visit from the phone: the edited revision is named, and nothing is overwritten."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session
from werkzeug.test import TestResponse

from pilot_eval.domain.pilots import WaveState
from pilot_eval.records.reviews import VisitRevision
from pilot_eval.records.visits import Visit, VisitState
from tests.field import Field
from tests.web.api.conftest import Phone
from tests.web.field_pages import stored

REASON = "Пункты были перепутаны"


@pytest.fixture
def record_id(phone: Phone) -> UUID:
    """A visit that is stored."""
    record_id = uuid4()
    assert phone.send("visits", record_id, narrative="First").status_code == 201
    return record_id


def correct(phone: Phone, record_id: UUID, revision: int = 1, **changes: Any) -> TestResponse:
    headers = {"If-Match": f'"{revision}"'}
    return phone.send("visits", record_id, headers=headers, **{"reason": REASON} | changes)


def test_a_correction_is_a_new_revision_and_sent_again_a_duplicate(
    phone: Phone, session: Session, record_id: UUID
) -> None:
    for status, code in (("created", 201), ("duplicate", 200)):
        answer = correct(phone, record_id, narrative="Second")
        assert (answer.status_code, answer.json["status"], answer.json["revision"]) == (code, status, 2)
        assert answer.json["uuid"] == str(record_id)
    (visit,), (kept,) = stored(session, Visit), stored(session, VisitRevision)
    assert visit.document["header"]["narrative"] == "Second"  # type: ignore[index]
    assert (kept.document["header"]["narrative"], kept.reason) == ("First", REASON)  # type: ignore[index]


def test_the_first_version_sent_again_is_a_duplicate_of_its_revision(phone: Phone, record_id: UUID) -> None:
    correct(phone, record_id, narrative="Second")
    answer = phone.send("visits", record_id, narrative="First")
    assert (answer.status_code, answer.json["status"], answer.json["revision"]) == (200, "duplicate", 1)


def test_a_stale_correction_is_told_the_version_that_counts(phone: Phone, record_id: UUID) -> None:
    correct(phone, record_id, narrative="Second", window_no=3)
    answer = correct(phone, record_id, narrative="Third")
    assert (answer.status_code, answer.json["code"]) == (409, "stale_revision")
    current = answer.json["current"]
    assert (current["revision"], current["narrative"], current["window_no"]) == (2, "Second", 3)
    assert current["answers"]["A1"] == "yes"
    assert correct(phone, record_id, current["revision"], narrative="Third").json["revision"] == 3


def test_how_the_form_was_filled_in_first_is_not_forgotten(phone: Phone, session: Session) -> None:
    record_id = uuid4()
    filling = {
        "opened_at": "2014-08-05T10:15:00+04:00",
        "finished_at": "2014-08-05T10:21:00+04:00",
        "seconds": 300,
    }
    phone.send("visits", record_id, filling=filling, distance_m=35)
    for _again in range(2):
        assert correct(phone, record_id, narrative="Second").json["revision"] == 2
    (visit,) = stored(session, Visit)
    assert visit.document["filling"]["seconds"] == 300  # type: ignore[index]
    assert visit.document["distance_m"] == 35


def test_a_correction_without_its_reason_names_the_field(phone: Phone, record_id: UUID) -> None:
    answer = correct(phone, record_id, reason=" ")
    assert (answer.status_code, [fault["field"] for fault in answer.json["errors"]]) == (422, ["reason"])


@pytest.mark.parametrize("header", ["2", '"0"', '"x"', "*", "", 'W/"1"', '"1", "2"', '"99999999999"'])
def test_a_revision_that_cannot_be_read_is_refused(phone: Phone, record_id: UUID, header: str) -> None:
    answer = phone.send("visits", record_id, headers={"If-Match": header}, reason=REASON)
    assert (answer.status_code, answer.json["code"]) == (400, "unreadable")


def test_what_is_not_there_or_not_ones_own_is_not_found(phone: Phone) -> None:
    assert correct(phone, uuid4()).status_code == 404


def test_a_visit_that_may_not_be_changed_is_in_the_wrong_state(
    phone: Phone, field: Field, session: Session, record_id: UUID
) -> None:
    visit = session.get_one(Visit, record_id)
    visit.state = VisitState.APPROVED
    session.commit()
    answer = correct(phone, record_id, narrative="Second")
    assert (answer.status_code, answer.json["reason"]) == (409, "not_returned")
    field.set_wave(WaveState.LOCKED)
    answer = correct(phone, record_id, narrative="Second")
    assert (answer.status_code, answer.json["reason"]) == (409, "wave_locked")
