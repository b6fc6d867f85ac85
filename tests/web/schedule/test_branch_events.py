"""Pages of what happened to branches."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval.records.branch_events import BranchEvent
from pilot_eval.records.network import Branch
from tests.field import Field

PATH = "/pilots/vladimir/plan/events"


@pytest.fixture
def desk(as_head_office: Any, field: Field) -> Any:
    return as_head_office


def given(change: str, **more: str) -> dict[str, str]:
    return {"branch": "600001", "change": change, "day": "2014-08-04"} | more


def test_a_closed_branch_is_noted_told_and_taken_back(desk: Any, session: Session, field: Field) -> None:
    assert "Nothing so far" in desk.get(PATH).text
    assert desk.submit(PATH, given("closed", reason="fire")).status_code == 303
    page = desk.get(PATH).text
    assert "Closed for good on 4\xa0August\xa02014" in page
    assert "fire" in page
    assert "1 visit is still assigned there after that day" in page
    assert "Closed for good on 4\xa0August\xa02014" in desk.get("/pilots/vladimir/plan").text
    told = desk.get("/pilots/vladimir").text
    assert "Closed for good while the pilot ran: 600001" in told
    assert "intention to treat" in told
    event = session.exec(select(BranchEvent)).one()
    assert desk.submit(f"{PATH}/{event.id}/take-back").status_code == 303
    assert "Nothing so far" in desk.get(PATH).text
    assert desk.submit(f"{PATH}/{event.id}/take-back").status_code == 409


def test_every_kind_of_change_can_be_noted(desk: Any, session: Session, field: Field) -> None:
    for form in (
        given("merged", successor="600002"),
        given("renumbered", branch="600002", new_code="600022"),
        given("arm_changed", branch="600003"),
    ):
        assert desk.submit(PATH, form).status_code == 303
    page = desk.get(PATH).text
    assert "Merged into 600022 on" in page
    assert "600002 became 600022" in page
    assert "Treated as trained from" in page
    session.expire_all()
    assert session.exec(select(Branch.closed_on).where(Branch.code == "600001")).one() == date(2014, 8, 4)
    # The old number still leads to the branch's page.
    assert desk.get("/pilots/vladimir/branches/600022").status_code == 200
    assert desk.get("/pilots/vladimir/branches/600002").status_code == 200


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "Choose a branch"),
        ({"change": ""}, "Choose what happened"),
        ({"day": ""}, "Enter a date"),
        (given("merged"), "Enter the code of the branch that it was merged into"),
        (given("renumbered"), "Enter the new code"),
        (given("renumbered", new_code="600003"), "This code is taken"),
        (given("trained_late", day="2014-09-15"), "The training lasts until"),
        (given("renumbered", new_code="600009", day="2999-01-01"), "This day has not come yet"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(desk: Any, form: dict[str, str], said: str) -> None:
    answer = desk.submit(PATH, form)
    assert answer.status_code == 422
    assert said in answer.text
