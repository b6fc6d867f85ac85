"""Visits and timings sent in: each answer of the contract, and nothing lost or stored twice."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlmodel import Session

from pilot_eval.domain.pilots import WaveState
from pilot_eval.operations.submissions import receipt_code
from pilot_eval.records import database
from pilot_eval.records.visits import SubmissionConflict, Timing, Visit
from tests.field import NOW, Field
from tests.web.api.conftest import GOOD, Phone
from tests.web.conftest import Browser
from tests.web.field_pages import GOOD_VISIT as TYPED_VISIT
from tests.web.field_pages import filled, stored
from tests.web.shell.test_failing_database import failing

TABLES: dict[str, Any] = {"visits": Visit, "timings": Timing}
KINDS = pytest.mark.parametrize("kind", ["visits", "timings"])


def faults(answer: Any) -> dict[str, str]:
    """Codes by field."""
    return {each["field"]: each["code"] for each in answer.json["errors"]}


@KINDS
def test_a_record_is_stored_once_and_a_repeat_is_told_so(phone: Phone, session: Session, kind: str) -> None:
    record_id = uuid4()
    first, again = phone.send(kind, record_id), phone.send(kind, record_id)
    (row,) = stored(session, TABLES[kind])
    assert row.id == record_id
    told = {
        "uuid": str(record_id),
        "digest": row.digest,
        "received_at": NOW.isoformat().replace("+00:00", "Z"),
        "receipt": receipt_code(row.digest),
        "revision": 1,
    }
    assert (first.status_code, first.json) == (201, {**told, "status": "created"})
    assert (again.status_code, again.json) == (200, {**told, "status": "duplicate"})
    assert first.headers["Cache-Control"] == "no-store"


@KINDS
def test_other_content_under_the_same_uuid_is_a_conflict_that_is_kept(
    phone: Phone, session: Session, kind: str
) -> None:
    record_id = uuid4()
    first = phone.send(kind, record_id)
    changed = {"narrative": "Other"} if kind == "visits" else {"entry_method": "manual"}
    other = phone.send(kind, record_id, **changed)
    assert other.status_code == 409
    assert (other.json["code"], other.json["status"]) == ("conflict", "conflict")
    assert other.json["uuid"] == str(record_id)
    assert other.json["digest"] != first.json["digest"]
    (kept,) = stored(session, SubmissionConflict)
    assert kept.digest == other.json["digest"]
    assert len(stored(session, TABLES[kind])) == 1


def test_the_page_and_the_api_store_the_same_visit(
    phone: Phone, anna: Browser, session: Session, field: Field
) -> None:
    path = f"/assignments/{field.anna_s.id}/visit"
    form = filled(anna.get(path).text, **TYPED_VISIT)
    assert anna.post(path, data=form).status_code == 303
    again = phone.send("visits", UUID(form["id"]))
    assert (again.status_code, again.json["status"]) == (200, "duplicate")


@KINDS
def test_an_assignment_taken_back_answers_gone_and_what_was_sent_is_kept(
    phone: Phone, session: Session, field: Field, kind: str
) -> None:
    field.anna_s.withdrawn_at = NOW
    session.add(field.anna_s)
    session.commit()
    record_id = uuid4()
    # Half-filled: it would be refused, but nobody is to mend what is not wanted any more.
    outcome = {"outcome": ""}
    answers = [phone.send(kind, record_id, **outcome) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [410, 410]
    assert answers[0].json["code"] == "withdrawn"
    assert answers[0].json["uuid"] == str(record_id)
    (kept,) = stored(session, SubmissionConflict)
    assert kept.record_id == record_id
    assert kept.document["assignment"] == phone.assignment
    assert stored(session, TABLES[kind]) == []


@KINDS
def test_everything_that_is_wrong_is_told_at_once_by_its_field(phone: Phone, kind: str) -> None:
    record_id = uuid4()
    changes: dict[str, Any] = {
        "visits": {
            "outcome": "",
            "started_at": "2014-08-05T10:00:00",
            "left_at": 7,
            "answers": {"A1": True, "N1": "3", "ZZ": "yes"},
            "window_no": "Anna",
            "receipt_time": "25:00",
            "incidents": "none",
            "filling": {"opened_at": "yesterday", "seconds": 1},
            "distance_m": -1,
            "colour": "blue",
        },
        "timings": {
            "mode": 1,
            "events": {"joined": "2014-08-05T10:00:00", "born": "2014-08-05T06:00:00Z"},
            "ticks": {"joined": 0.5},
            "context": {"items": [3]},
            "receipt_at": "2014-13-01T00:00:00Z",
            "confirmed": "yes",
        },
    }[kind]
    answer = phone.send(kind, record_id, **changes)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")
    assert answer.json["uuid"] == str(record_id)
    expected: dict[str, str] = {
        "visits": {
            "outcome": "missing",
            "started_at": "no_offset",
            "left_at": "no_instant",
            "q_A1": "not_an_answer",
            "q_N1": "unknown_question",
            "q_ZZ": "unknown_question",
            "window_no": "not_a_number",
            "receipt_time": "no_time",
            "incidents": "not_a_list",
            "filling.opened_at": "no_instant",
            "filling.finished_at": "missing",
            "distance_m": "out_of_range",
            "colour": "unknown_field",
        },
        "timings": {
            "mode": "not_a_text",
            "at_joined": "no_offset",
            "at_born": "unknown",
            "tick_joined": "not_a_number",
            "x_items": "not_an_answer",
            "receipt_time": "no_instant",
            "confirmed": "not_true_or_false",
        },
    }[kind]
    assert expected.items() <= faults(answer).items()
    assert all(each["message"] for each in answer.json["errors"])
    if kind == "visits":
        unknown = next(each for each in answer.json["errors"] if each["field"] == "colour")
        assert "colour" in unknown["message"]


def test_the_words_are_in_the_reader_s_language(phone: Phone, session: Session, field: Field) -> None:
    field.anna.language = "ru"
    session.add(field.anna)
    session.commit()
    answer = phone.send(outcome="")
    (fault,) = (each for each in answer.json["errors"] if each["field"] == "outcome")
    assert fault["message"] == "Укажите, чем закончился визит"


def test_what_is_odd_is_asked_about_once(phone: Phone) -> None:
    record_id = uuid4()
    odd = phone.send("visits", record_id, answers={})
    assert (odd.status_code, odd.json["code"]) == (422, "unconfirmed")
    assert list(faults(odd)) == ["confirmed"]
    assert phone.send("visits", record_id, answers={}, confirmed=True).status_code == 201


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b'{"assignment": 1, "assignment": 2}', "application/json"),
        (b'{"window_no": NaN}', "application/json"),
        (b'{"window_no": ' + b"9" * 5000 + b"}", "application/json"),
        (b'{"narrative": "\\u0000"}', "application/json"),
        (b'{"narrative": "\\ud800"}', "application/json"),
        (b'{"\\ud800": ""}', "application/json"),
        (b'{"narrative": "\xff"}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"a":' * 100_000, "application/json"),
        (b"{}", "text/plain"),
        (b"assignment=1", "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_no_json_object_is_unreadable(phone: Phone, data: bytes, content_type: str) -> None:
    record_id = uuid4()
    answer = phone.put(f"visits/{record_id}", data=data, content_type=content_type)
    assert (answer.status_code, answer.json["code"]) == (400, "unreadable")
    assert answer.json["uuid"] == str(record_id)
    assert answer.json["message"]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        (
            {"filling": {"opened_at": "x", "finished_at": "y", "seconds": "z"}},
            {"filling.opened_at", "filling.finished_at", "filling.seconds"},
        ),
        ({"filling": {"opened_at": "x"}}, {"filling.opened_at", "filling.finished_at", "filling.seconds"}),
        ({"filling": {"colour": 1}}, {"filling.colour", "filling.opened_at"}),
        ({"q_A1": 1, "answers": {"A1": 0.5}}, {"q_A1"}),
        ({"answers": {"A1": [], "A2": {}, "A3": None, "": True}}, {"q_A1", "q_A2", "q_"}),
        ({"answers": []}, {"answers"}),
        ({"incidents": [1, 2]}, {"incidents"}),
    ],
)
def test_faults_of_any_shape_are_told_and_end(
    phone: Phone, changes: dict[str, Any], fields: set[str]
) -> None:
    answer = phone.send(confirmed=True, **changes)
    assert answer.status_code == 422
    assert fields <= set(faults(answer))


def test_a_body_without_an_assignment_says_so(phone: Phone) -> None:
    answer = phone.put(f"visits/{uuid4()}", json={"colour": 1})
    assert answer.status_code == 422
    assert faults(answer) == {"assignment": "missing", "colour": "unknown_field"}


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**63, 10**30])
def test_a_number_that_no_database_holds_is_refused(phone: Phone, number: int) -> None:
    answer = phone.send(assignment=number)
    assert faults(answer) == {"assignment": "out_of_range"}


def test_a_body_that_is_too_large_is_refused(phone: Phone) -> None:
    record_id = uuid4()
    answer = phone.send("visits", record_id, narrative="x" * 1_100_000)
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")
    assert answer.json["uuid"] == str(record_id)


@KINDS
def test_somebody_else_s_assignment_looks_as_a_missing_one(phone: Phone, field: Field, kind: str) -> None:
    record_id = uuid4()
    foreign = phone.send(kind, record_id, assignment=field.boris_s.id)
    missing = phone.send(kind, record_id, assignment=987654)
    assert (foreign.status_code, foreign.json["code"]) == (404, "not_found")
    assert foreign.json["uuid"] == str(record_id)
    assert foreign.data == missing.data


@KINDS
def test_who_does_not_record_is_refused(field: Field, sign_in: Any, kind: str) -> None:
    record_id = uuid4()
    answer = Phone(sign_in(field.maria), field.anna_s.id or 0).send(kind, record_id)
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")
    assert answer.json["uuid"] == str(record_id)


@KINDS
def test_a_locked_wave_is_in_the_wrong_state(phone: Phone, field: Field, session: Session, kind: str) -> None:
    field.set_wave(WaveState.LOCKED)
    answer = phone.send(kind)
    assert (answer.status_code, answer.json["code"]) == (409, "wrong_state")
    assert answer.json["reason"] == "wave_locked"
    assert stored(session, TABLES[kind]) == []


def test_a_timing_that_was_sent_cannot_be_corrected(phone: Phone) -> None:
    record_id = uuid4()
    phone.send("timings", record_id)
    answer = phone.send("timings", record_id, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json["code"]) == (409, "wrong_state")


@KINDS
def test_nobody_signed_in_is_told_so_with_the_record(client: Browser, kind: str) -> None:
    record_id = uuid4()
    answer = client.put(f"/api/v1/{kind}/{record_id}", json={})
    assert (answer.status_code, answer.json["code"]) == (401, "signed_out")
    assert answer.json["uuid"] == str(record_id)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("token", [None, "", "stale", "ImFiYyI.Z0.sig"])
def test_a_token_that_is_missing_or_stale_is_told_so_and_a_fresh_one_helps(
    phone: Phone, session: Session, token: str | None
) -> None:
    record_id = uuid4()
    body = {"assignment": phone.assignment, **GOOD["visits"]}
    headers = {} if token is None else {"X-CSRFToken": token}
    answer = phone.browser.put(f"/api/v1/visits/{record_id}", json=body, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (400, "stale_token")
    assert answer.json["uuid"] == str(record_id)
    assert stored(session, Visit) == []
    assert phone.send("visits", record_id).status_code == 201


def test_another_browser_s_token_is_stale(phone: Phone, field: Field, sign_in: Any) -> None:
    other = Phone(sign_in(field.boris), 1).session().json["csrf_token"]
    body = {"assignment": phone.assignment, **GOOD["visits"]}
    answer = phone.browser.put(f"/api/v1/visits/{uuid4()}", json=body, headers={"X-CSRFToken": other})
    assert answer.json["code"] == "stale_token"


@KINDS
@pytest.mark.parametrize("statement", ["INSERT", ""])
def test_a_failing_database_asks_to_come_again(
    app: Flask, phone: Phone, session: Session, kind: str, statement: str
) -> None:
    record_id = uuid4()
    token = phone.session().json["csrf_token"]
    body = {"assignment": phone.assignment, **GOOD[kind]}
    with failing(app, statement):
        answer = phone.browser.put(f"/api/v1/{kind}/{record_id}", json=body, headers={"X-CSRFToken": token})
    assert (answer.status_code, answer.json["code"]) == (503, "busy")
    assert answer.json["uuid"] == str(record_id)
    assert int(answer.headers["Retry-After"]) > 0
    assert stored(session, TABLES[kind]) == []
    assert phone.send(kind, record_id).status_code == 201


@pytest.fixture
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """A site that waits for a locked database but a moment."""
    monkeypatch.setattr(database, "_LOCK_WAIT_MS", 300)


def test_a_database_that_somebody_holds_locked_asks_to_come_again(
    in_haste: None, phone: Phone, session: Session, sqlite_url: str
) -> None:
    record_id = uuid4()
    token = phone.session().json["csrf_token"]
    body = {"assignment": phone.assignment, **GOOD["visits"]}
    holder = database.open_database(sqlite_url)
    with holder.connect() as connection:
        connection.exec_driver_sql("SELECT 1")  # begins at once, for writing
        answer = phone.browser.put(f"/api/v1/visits/{record_id}", json=body, headers={"X-CSRFToken": token})
    holder.dispose()
    assert (answer.status_code, answer.json["code"]) == (503, "busy")
    assert answer.json["uuid"] == str(record_id)
    assert answer.headers["Retry-After"] == "5"
    assert stored(session, Visit) == []
    assert phone.send("visits", record_id).status_code == 201


def test_how_it_was_filled_in_is_stored_and_counts_for_the_digest(phone: Phone, session: Session) -> None:
    record_id = uuid4()
    filling = {
        "opened_at": "2014-08-05T10:21:00+04:00",
        # A clock that was set back on the way is a signal, never a refusal.
        "finished_at": "2014-08-05T10:00:00+04:00",
        "seconds": 312,
    }
    sent = phone.send("visits", record_id, filling=filling, distance_m=0)
    assert sent.status_code == 201
    (visit,) = stored(session, Visit)
    assert visit.document["filling"] == {
        "opened_at": "2014-08-05T06:21:00+00:00",
        "finished_at": "2014-08-05T06:00:00+00:00",
        "seconds": 312,
    }
    assert visit.document["distance_m"] == 0
    assert phone.send("visits", record_id, filling=filling).json["status"] == "conflict"
    assert phone.send("visits", record_id, filling=filling, distance_m=0).json["status"] == "duplicate"


def test_a_visit_may_arrive_late(phone: Phone, field: Field, clock: Any, session: Session) -> None:
    field.set_wave(WaveState.CLOSED)
    clock.set(NOW + timedelta(hours=5))
    assert phone.send().status_code == 201
    (visit,) = stored(session, Visit)
    assert visit.late


def test_an_address_that_is_not_there_is_told_in_json(phone: Phone) -> None:
    for path, code in (("nothing", "not_found"), ("visits/not-a-uuid", "not_found")):
        answer = phone.get(path)
        assert (answer.status_code, answer.json["code"]) == (404, code)
    answer = phone.get(f"visits/{uuid4()}")
    assert (answer.status_code, answer.json["code"]) == (405, "wrong_method")


def test_a_body_may_hold_letters_as_they_are(phone: Phone, session: Session) -> None:
    body = {"assignment": phone.assignment, **GOOD["visits"], "narrative": "Очередь до двери 😀"}
    data = json.dumps(body, ensure_ascii=False).encode()
    assert phone.put(f"visits/{uuid4()}", data=data, content_type="application/json").status_code == 201
    (visit,) = stored(session, Visit)
    assert visit.document["header"]["narrative"] == "Очередь до двери 😀"
