"""Plans are changed and frozen, looks taken, decisions signed on pages: with bad input, and not by others."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.pilots import Choice
from pilot_eval.operations import pilots, plans
from pilot_eval.operations.decisions import decide
from pilot_eval.records.network import Region
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.plans import Decision, versions_of
from tests import pilots as world
from tests.conftest import OPERATOR


@pytest.fixture
def draft(session: Session, clock: Any) -> Pilot:
    """A pilot with arms whose visits after training have not begun."""
    clock.set(datetime.now(UTC))
    today = clock.now.date()
    spans = [(today + timedelta(days=n), today + timedelta(days=n + 9)) for n in (10, 20, 30)]
    pilot = world.plan_pilot(session, before=spans[0], training=spans[1], after=spans[2])
    return world.draw(session, pilot, world.add_branches(session, 6))


@pytest.fixture
def ready(session: Session) -> Pilot:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    return pilot


def plan_of(pilot: Pilot, **changes: str) -> dict[str, str]:
    sent = {
        "version": str(pilot.row_version),
        "primary_0": "y",
        "primary_1": "y",
        "smallest_0": "2,5",
        "level": "0.95",
        "looks": "50",
        "seed": "1",
        "draws": "199",
    }
    return {name: value for name, value in (sent | changes).items() if value}


def test_a_draft_is_changed_then_frozen(as_head_office: Any, session: Session, draft: Pilot) -> None:
    address = f"/pilots/{draft.slug}/plan"
    page = as_head_office.get(f"{address}/edit").text
    assert "frozen" in page
    assert 'name="reason"' not in page
    answer = as_head_office.submit(f"{address}/edit", plan_of(draft, looks="33; 67"))
    assert answer.location.endswith(address)
    session.refresh(draft)
    assert draft.looks == [0.33, 0.67]
    assert pilots.outcomes_of(session, draft)[0].smallest_effect == 2.5
    assert "Freeze the plan" in as_head_office.get(address).text
    assert as_head_office.submit(f"{address}/freeze").status_code == 302
    page = as_head_office.get(address).text
    assert "Version 1" in page
    assert "Freeze the plan" not in page
    assert "33%; 67%" in page
    assert as_head_office.submit(f"{address}/freeze").status_code == 409


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("level", "1.2", "between 0.5 and 1"),
        ("level", "", "Enter the level"),
        ("smallest_0", "much", "Enter a number"),
        ("smallest_0", "-1", "above zero"),
        ("looks", "half", "Enter shares in per cent"),
        ("looks", "70; 30", "Shares must grow"),
        ("minimum_branches", "0", "At least one"),
    ],
)
def test_a_mistake_is_said_at_its_field_and_nothing_is_lost(
    as_head_office: Any, session: Session, draft: Pilot, field: str, value: str, sentence: str
) -> None:
    sent = plan_of(draft, exclusions="blackouts", **{field: value})
    answer = as_head_office.submit(f"/pilots/{draft.slug}/plan/edit", sent)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'id="{field}-error"' in answer.text
    assert "blackouts" in answer.text
    session.refresh(draft)
    assert draft.exclusions == ""


def test_a_frozen_plan_wants_a_reason_which_every_reader_sees(
    as_head_office: Any, session: Session, ready: Pilot
) -> None:
    address = f"/pilots/{ready.slug}/plan"
    session.refresh(ready)
    sent = plan_of(ready, looks="")
    answer = as_head_office.submit(f"{address}/edit", sent)
    assert answer.status_code == 422
    assert "Say why the frozen plan is changed" in answer.text
    answer = as_head_office.submit(f"{address}/edit", sent | {"reason": "The board asked for <b>2.5</b>."})
    assert answer.status_code == 302
    page = as_head_office.get(address).text
    for text in ("Version 2", "after results could be seen", "&lt;b&gt;2.5&lt;/b&gt;", "smallest effect"):
        assert text in page
    assert "The board asked for" in as_head_office.get(f"/pilots/{ready.slug}").text
    assert len(versions_of(session, pilots.stored_id(ready))) == 2


def test_somebody_elses_change_is_not_overwritten(
    as_head_office: Any, session: Session, draft: Pilot
) -> None:
    sent = plan_of(draft)
    fields = plans.PlanFields.of(draft, pilots.outcomes_of(session, draft))
    plans.change_plan(session, OPERATOR, draft.slug, replace(fields, seed=77), datetime.now(UTC))
    answer = as_head_office.submit(f"/pilots/{draft.slug}/plan/edit", sent)
    assert answer.status_code == 409
    assert "Somebody else has changed this pilot" in answer.text
    session.refresh(draft)
    assert draft.seed == 77


def test_a_decision_is_signed_shown_and_superseded(
    as_head_office: Any, session: Session, ready: Pilot
) -> None:
    address = f"/pilots/{ready.slug}/decision"
    assert "Not decided yet" in as_head_office.get(f"/pilots/{ready.slug}").text
    snapshot = re.search(r'name="snapshot"[^>]*value="([0-9a-f]{64})"', as_head_office.get(address).text)
    assert snapshot is not None
    sent = {"snapshot": snapshot[1], "choice": "roll_out", "reasons": "Gain & no harm."}
    assert as_head_office.submit(address, sent).status_code == 302
    page = as_head_office.get(f"/pilots/{ready.slug}").text
    assert "roll the training out" in page
    assert "Gain &amp; no harm." in page
    assert "Decided" in page
    assert (
        as_head_office.submit(address, sent | {"choice": "stop", "reasons": "No money."}).status_code == 302
    )
    page = as_head_office.get(address).text
    assert "Superseded" in page
    assert [row.choice for row in session.exec(select(Decision).order_by(Decision.number))] == [  # type: ignore[arg-type]  # a column
        Choice.ROLL_OUT,
        Choice.STOP,
    ]


@pytest.mark.parametrize(
    ("changes", "status", "sentence"),
    [
        ({"choice": ""}, 422, "Choose what is decided"),
        ({"choice": "promote"}, 422, "Not a valid choice"),
        ({"reasons": " "}, 422, "Give the reasons"),
        ({"snapshot": "0" * 64}, 409, "The data have changed"),
    ],
)
def test_a_decision_that_cannot_be_signed_is_given_back(
    as_head_office: Any, session: Session, ready: Pilot, changes: dict[str, str], status: int, sentence: str
) -> None:
    sent = {"choice": "stop", "reasons": "Too little."} | changes
    sent = {name: value for name, value in sent.items() if value}
    answer = as_head_office.submit(f"/pilots/{ready.slug}/decision", sent)
    assert answer.status_code == status
    assert sentence in answer.text
    assert session.exec(select(Decision)).all() == []


def test_nothing_is_decided_while_the_pilot_runs(as_head_office: Any, draft: Pilot) -> None:
    address = f"/pilots/{draft.slug}/decision"
    assert "Nothing can be decided before results may be seen" in as_head_office.get(address).text
    assert as_head_office.submit(address, {"choice": "stop", "reasons": "A feeling."}).status_code == 409
    assert as_head_office.submit(f"/pilots/{draft.slug}/looks").status_code == 409


def test_an_old_password_is_asked_for_and_the_decision_is_not_lost(
    as_head_office: Any, ready: Pilot, clock: Any
) -> None:
    clock.forward(minutes=16)
    answer = as_head_office.submit(f"/pilots/{ready.slug}/decision", {"choice": "stop", "reasons": "Typed."})
    assert answer.status_code == 401
    assert 'name="carried"' in answer.text


def test_a_manager_reads_the_decision_but_cannot_sign(
    sign_in: Any, session: Session, create_manager: Any, ready: Pilot
) -> None:
    region = session.exec(select(Region).where(Region.name == "North")).one()
    decide(session, OPERATOR, ready.slug, Choice.REWORK, "Try again.", datetime.now(UTC))
    browser = sign_in(create_manager(region=region))
    page = browser.get(f"/pilots/{ready.slug}").text
    assert "Try again." in page
    assert "/decision" not in page
    assert browser.get(f"/pilots/{ready.slug}/decision").status_code == 403


@pytest.mark.parametrize("path", ["plan/freeze", "looks"])
def test_what_is_settled_comes_by_post_with_a_token_only(
    as_head_office: Any, session: Session, draft: Pilot, path: str
) -> None:
    address = f"/pilots/{draft.slug}/{path}"
    session.commit()
    assert as_head_office.get(address).status_code == 405
    assert as_head_office.post(address).status_code == 400
