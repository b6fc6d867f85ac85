"""What the API tells: who is signed in, assignments, branches; and what it keeps to itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from pilot_eval.domain.checklists import default_checklist
from pilot_eval.domain.pilots import Period
from pilot_eval.domain.reviews import Ruling
from pilot_eval.domain.timings import default_timing_form
from pilot_eval.operations.assignments import VisitPlan, assign_visits, withdraw_assignment
from pilot_eval.operations.reviews import review_visit
from pilot_eval.records.people import User
from pilot_eval.records.visits import Visit
from pilot_eval.web.api import routes
from tests.conftest import acting
from tests.field import NOW, OPERATOR, Field
from tests.web.api.conftest import Phone

# What visits are compared for, and what an auditor would be swayed by.
SECRETS = (
    "before", "after", "period", "arm", "trained", "comparison", "wave", "score", "weight", "critical",
    "lever", "facility", "percent\"", "target", "pilot",
)  # fmt: skip


def test_a_session_tells_who_is_signed_in(phone: Phone, field: Field) -> None:
    answer = phone.session().json
    assert answer is not None
    token, time = answer.pop("csrf_token"), answer.pop("server_time")
    assert token
    assert datetime.fromisoformat(time) == NOW
    assert answer == {
        "person": field.anna.id,
        "name": "anna",
        "pseudonym": field.anna.pseudonym,
        "role": "auditor",
        "language": "en",
    }


def test_without_a_sign_in_the_answer_is_401(client: Any) -> None:
    answer = client.get("/api/v1/session")
    assert (answer.status_code, answer.json["code"]) == (401, "signed_out")
    assert answer.json["message"]


def test_an_auditor_takes_along_their_own_assignments_with_the_forms(phone: Phone, field: Field) -> None:
    answer = phone.get("assignments").json
    assert answer is not None
    checklist, timing_form = default_checklist(), default_timing_form()
    assert answer["person"] == field.anna.id
    assert answer["assignments"] == [
        {
            "id": field.anna_s.id,
            "branch": {"code": "600001", "name": "Отделение 600001", "time_zone": "Europe/Moscow"},
            "scenario": "parcel_advice",
            "window_from": "2014-08-01",
            "window_to": "2014-08-31",
            "daypart": None,
            "to_do": True,
            "takes_timings": True,
            "visit": None,
            "revision": None,
            "returned": None,
            "timings": 0,
            "checklist": checklist.digest,
            "timing_form": timing_form.digest,
        }
    ]
    (form,) = answer["checklists"].values()
    asked = [item["code"] for section in form["sections"] for item in section["items"]]
    assert asked == [item.code for item in checklist.items.values() if item.asked]
    assert list(answer["timing_forms"]) == [timing_form.digest]


def test_what_was_recorded_shows(phone: Phone) -> None:
    visit = phone.send().json
    phone.send("timings")
    (row,) = phone.get("assignments").json["assignments"]  # type: ignore[index]  # always an object
    assert visit is not None
    assert (row["visit"], row["timings"], row["to_do"]) == (visit["uuid"], 1, False)
    assert (row["revision"], row["returned"]) == (1, None)


def test_a_returned_visit_comes_first_with_what_is_to_be_corrected(
    phone: Phone, session: Session, head_office: User
) -> None:
    sent = phone.send().json
    assert sent is not None
    visit_id = UUID(sent["uuid"])
    review_visit(
        session, acting(head_office), visit_id, Ruling.RETURN, NOW,
        version=session.get_one(Visit, visit_id).row_version, reason="See A1", items={"A1": "Which sign?"},
    )  # fmt: skip
    row = phone.get("assignments").json["assignments"][0]  # type: ignore[index]  # always an object
    assert (row["visit"], row["to_do"]) == (sent["uuid"], False)
    assert row["returned"] == {"reason": "See A1", "items": {"A1": "Which sign?"}}
    assert row["checklist"] == default_checklist().digest, "it is corrected on its form"


def test_an_auditor_learns_nothing_that_would_sway_them(phone: Phone) -> None:
    phone.send()
    told = phone.get("assignments").json
    names = set(_names(told)) | {str(value) for value in _codes(told)}
    assert {secret for secret in SECRETS for name in names if secret in name.split("_")} == set()
    assert "auditor" not in told["assignments"][0]  # type: ignore[index]  # always an object


def _names(value: Any) -> Any:
    if isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from _names(each)
    elif isinstance(value, list):
        for each in value:
            yield from _names(each)


def _codes(told: Any) -> Any:
    for row in told["assignments"]:
        yield from row.values()


def test_head_office_sees_everybody_s_with_their_auditors(field: Field, as_head_office: Any) -> None:
    rows = Phone(as_head_office, 0).get("assignments").json["assignments"]  # type: ignore[index]  # always an object
    assert {row["auditor"] for row in rows} == {field.anna.pseudonym, field.boris.pseudonym}


def test_head_office_reads_everybody_s_a_few_at_a_time(
    field: Field, phone: Phone, as_head_office: Any, monkeypatch: Any, session: Session
) -> None:
    monkeypatch.setattr(routes, "ASSIGNMENTS_AT_ONCE", 2)
    phone.send()  # one is done: it stays where its id puts it
    window = (date(2014, 8, 1), date(2014, 8, 9))
    plans = [VisitPlan(f"60000{n}", Period.BEFORE, field.anna.id or 0, "transfer", window) for n in (2, 3, 4)]
    added = assign_visits(session, OPERATOR, "vladimir", plans, confirmed=True)
    withdraw_assignment(session, OPERATOR, "vladimir", added[0].id or 0, NOW, "ill")
    standing = [row.id for row in (*field.assignments, *added[1:])]
    read: list[list[int]] = []
    address = "/api/v1/assignments"
    while address:
        answer = as_head_office.get(address).json
        read.append([row["id"] for row in answer["assignments"]])
        assert set(answer["checklists"]) == {row["checklist"] for row in answer["assignments"]}
        address = f"/api/v1/assignments?after={answer['next']}" if answer["next"] else ""
    assert [sorted(part) for part in read] == [standing[:2], standing[2:]]
    assert sum(len(part) for part in read) == 4
    nothing = as_head_office.get(f"/api/v1/assignments?after={standing[-1]}").json
    assert (nothing["assignments"], nothing["checklists"], nothing["next"]) == ([], {}, None)
    own = phone.get("assignments").json
    assert own is not None
    assert (len(own["assignments"]), own["next"]) == (3, None), "a phone takes all of its own along"


@pytest.mark.parametrize("after", ["", "-1", "1e3", "x", "9" * 10, "１"])
def test_an_assignment_that_cannot_be_meant_is_refused(as_head_office: Any, field: Field, after: str) -> None:
    answer = as_head_office.get(f"/api/v1/assignments?after={after}")
    assert (answer.status_code, answer.json["code"]) == (400, "unreadable")


def test_a_manager_sees_no_assignments(field: Field, sign_in: Any) -> None:
    answer = Phone(sign_in(field.maria), 0).get("assignments")
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")  # type: ignore[index]  # always an object


def test_each_role_reads_its_branches(
    field: Field, phone: Phone, sign_in: Any, as_head_office: Any, as_administrator: Any, create_branch: Any
) -> None:
    create_branch(code="700001")

    def codes(browser: Any) -> list[str]:
        answer = browser.get("/api/v1/branches").json
        assert answer["next"] is None
        return [branch["code"] for branch in answer["branches"]]

    region = ["600001", "600002", "600003", "600004"]
    assert codes(phone.browser) == ["600001"]
    assert codes(sign_in(field.maria)) == region
    assert codes(as_head_office) == codes(as_administrator) == [*region, "700001"]


def test_branches_come_a_few_at_a_time(
    field: Field, as_head_office: Any, monkeypatch: Any, session: Session
) -> None:
    monkeypatch.setattr(routes, "BRANCHES_AT_ONCE", 3)
    first = as_head_office.get("/api/v1/branches").json
    rest = as_head_office.get(f"/api/v1/branches?after={first['next']}").json
    assert [branch["code"] for branch in first["branches"]] == ["600001", "600002", "600003"]
    assert ([branch["code"] for branch in rest["branches"]], rest["next"]) == (["600004"], None)
    assert rest["branches"][0]["region"] == "33"
