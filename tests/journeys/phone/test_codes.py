"""The code of a branch is scanned where there is no signal: what is on the phone opens."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.sync_api import Page, expect

from pilot_eval.domain.pilots import Period
from pilot_eval.operations.assignments import VisitPlan, assign_visits
from pilot_eval.records.network import Branch
from pilot_eval.records.pilots import Assignment
from tests.field import OPERATOR, Field
from tests.journeys.phones import form_of, load
from tests.journeys.roads import Road

WINDOW = (date(2014, 8, 4), date(2014, 8, 9))


@pytest.fixture
def assigned(field: Field) -> list[Assignment]:
    """One visit to 600002, which once was "Отделение 7", and two to 600003."""
    plans = [
        VisitPlan(code, Period.BEFORE, field.anna.id or 0, scenario, WINDOW)
        for code, scenario in (("600002", "transfer"), ("600003", "transfer"), ("600003", "bill_payment"))
    ]
    rows = assign_visits(field.session, OPERATOR, "vladimir", plans, confirmed=True)
    field.session.get_one(Branch, rows[0].branch_id).former_codes = "590001 Отделение-7"
    field.session.commit()
    return rows


def test_a_code_scanned_without_a_signal_opens_the_form_that_is_on_the_phone(
    road: Road, phone: Page, assigned: list[Assignment]
) -> None:
    load(phone, *assigned)
    road.close()
    for code in ("600002", "590001", "Отделение-7"):
        phone.goto(f"/at/{code}")
        phone.wait_for_url(f"**{form_of(assigned[0])}")
        expect(phone.locator("form[data-rules]")).to_be_visible()
    for code in ("600003", "600004", "no-such-branch"):
        phone.goto(f"/at/{code}")
        phone.wait_for_url("**/assignments")
        expect(phone.get_by_role("heading", level=1)).to_have_text("Visits to make")
