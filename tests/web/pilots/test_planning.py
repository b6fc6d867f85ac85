"""Planning a pilot on pages: works, only by POST, not for others, with bad input."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.pilots import Arm, Period, WaveState
from pilot_eval.operations import allocation, pilots
from pilot_eval.records.pilots import Assignment, Pilot
from tests import pilots as world
from tests.conftest import OPERATOR

NEW = {
    "title_en": "Suzdal 2015",
    "before_from": "2015-08-01",
    "before_to": "2015-08-31",
    "training_from": "2015-09-01",
    "training_to": "2015-09-30",
    "after_from": "2015-10-01",
    "after_to": "2015-10-31",
    "design": "difference_in_differences",
    "smallest_quality": "2,5",
    "level": "0.95",
    "seed": "7",
}


@pytest.fixture
def pilot(session: Session) -> Pilot:
    """A pilot with branches of the network beside it, none of them chosen yet."""
    made = world.plan_pilot(session)
    world.add_branches(session, 6)
    return made


@pytest.fixture
def drawn(session: Session, pilot: Pilot) -> Pilot:
    allocation.choose_branches(session, OPERATOR, pilot.slug, [f"B0{n}" for n in range(6)])
    return allocation.draw_arms(session, OPERATOR, pilot.slug, seed=1, now=world.BEFORE_ENDS)


def test_the_list_invites_to_plan_and_shows_pilots(as_head_office: Any, session: Session) -> None:
    assert "No pilots yet" in as_head_office.get("/pilots").text
    world.plan_pilot(session, made_up=True)
    page = as_head_office.get("/pilots").text
    assert "Vladimir 2014" in page
    assert "made-up data" in page


def test_a_pilot_is_planned_with_a_decimal_comma(as_head_office: Any, session: Session) -> None:
    answer = as_head_office.submit("/pilots/new", NEW)
    assert answer.status_code == 302
    assert answer.location.endswith("/pilots/suzdal-2015/plan")
    pilot = session.exec(select(Pilot)).one()
    assert (pilot.seed, pilot.before_to) == (7, date(2015, 8, 31))
    assert pilots.outcomes_of(session, pilot)[0].smallest_effect == 2.5


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title_en", "", "Enter a title"),
        ("before_to", "", "Enter a date"),
        ("before_to", "2015-13-01", "Not a valid date"),
        ("before_to", "2015-09-15", "follow each other"),
        ("smallest_quality", "much", "Enter a number"),
        ("smallest_quality", "-1", "above zero"),
        ("level", "1.2", "between 0.5 and 1"),
        ("seed", "1.5", "Enter a whole number"),
        ("slug", "Ой", "small Latin letters"),
        ("design", "staggered", "Not a valid choice"),
    ],
)
def test_a_mistake_is_said_at_its_field_and_nothing_is_lost(
    as_head_office: Any, session: Session, field: str, value: str, sentence: str
) -> None:
    answer = as_head_office.submit("/pilots/new", NEW | {"title_ru": "Суздаль", field: value})
    assert answer.status_code == 422
    assert "Error:" in answer.text
    assert sentence.lower() in answer.text.lower()
    assert 'value="Суздаль"' in answer.text
    assert 'value="2015-10-31"' in answer.text
    assert session.exec(select(Pilot)).all() == []


def test_branches_are_chosen_and_arms_drawn(as_head_office: Any, session: Session, pilot: Pilot) -> None:
    path = f"/pilots/{pilot.slug}/plan"
    chosen = {"codes": ["B00", "B01", "B02", "B03"], "version": pilot.row_version}
    assert as_head_office.submit(f"{path}/branches", chosen).status_code == 302
    session.refresh(pilot)
    form = {"version": pilot.row_version, "seed": "5", "share": "0,5", "stratified": "y"}
    assert as_head_office.submit(f"{path}/draw", form).status_code == 302
    session.refresh(pilot)
    assert pilot.allocation is not None
    assert pilot.allocation["seed"] == 5
    assert "Drawn at random with the seed 5" in as_head_office.get(path).text


def test_arms_are_set_by_hand_and_a_missing_one_is_named(
    as_head_office: Any, session: Session, drawn: Pilot
) -> None:
    path = f"/pilots/{drawn.slug}/plan/arms"
    arms = {f"arm-B0{n}": "trained" if n < 3 else "comparison" for n in range(6)}
    version = {"version": drawn.row_version}
    without = {name: arm for name, arm in arms.items() if name != "arm-B05"}
    refused = as_head_office.submit(path, without | version)
    assert refused.status_code == 422
    assert "<strong>B05:</strong> Choose an arm" in refused.text
    assert as_head_office.submit(path, arms | version).status_code == 302
    session.expire_all()
    stored = {branch.code: member.arm for member, branch in pilots.members_of(session, drawn)}
    assert stored["B00"] is Arm.TRAINED
    assert stored["B05"] is Arm.COMPARISON


def test_an_unknown_branch_is_named_and_the_choice_kept(as_head_office: Any, pilot: Pilot) -> None:
    answer = as_head_office.submit(
        f"/pilots/{pilot.slug}/plan/branches", {"codes": ["B00", "B99"], "version": pilot.row_version}
    )
    assert answer.status_code == 422
    assert "<strong>B99:</strong> There is no such branch" in answer.text
    assert 'value="B00" id="take-' in answer.text


def test_a_change_on_an_old_page_is_a_conflict_in_words(
    as_head_office: Any, session: Session, drawn: Pilot
) -> None:
    answer = as_head_office.submit(f"/pilots/{drawn.slug}/plan/branches", {"codes": ["B00"], "version": 1})
    assert answer.status_code == 409
    assert "Somebody else has changed this pilot" in answer.text
    assert len(pilots.members_of(session, drawn)) == 6
    assert as_head_office.submit(f"/pilots/{drawn.slug}/plan/branches", {"codes": ["B00"]}).status_code == 400


def test_a_visit_is_assigned_and_withdrawn(
    as_head_office: Any, session: Session, drawn: Pilot, auditor: Any
) -> None:
    path = f"/pilots/{drawn.slug}/assignments"
    visit = {
        "branch": "B00",
        "period": "before",
        "scenario": "parcel_advice",
        "auditor": auditor.id,
        "window_from": "2014-08-04",
        "window_to": "2014-08-08",
    }
    outside = as_head_office.submit(path, visit | {"window_to": "2014-09-08"})
    assert outside.status_code == 422
    assert "within the days of the wave" in outside.text
    assert as_head_office.submit(path, visit | {"auditor": "99999"}).status_code == 422
    assert as_head_office.submit(path, visit).status_code == 302
    page = as_head_office.get(path).text
    assert auditor.pseudonym in page
    assert "Advice on sending a parcel" in page
    row = session.exec(select(Assignment)).one()
    assert as_head_office.submit(f"{path}/{row.id}/withdraw").status_code == 422
    assert as_head_office.submit(f"{path}/{row.id}/withdraw", {"reason": "ill"}).status_code == 302
    assert "No visit is assigned yet" in as_head_office.get(path).text
    assert as_head_office.submit(f"{path}/4711/withdraw").status_code == 404


def test_waves_are_closed_in_their_order_then_locked(as_head_office: Any, session: Session) -> None:
    pilot = world.filled_pilot(session)
    path = f"/pilots/{pilot.slug}/waves"
    assert "72 of 0 visits" in as_head_office.get(path).text
    early = as_head_office.submit(f"{path}/after/close")
    assert early.status_code == 409
    assert "Close the earlier wave first" in early.text
    assert as_head_office.submit(f"{path}/nonsense/close").status_code == 404
    assert as_head_office.submit(f"{path}/before/close").status_code == 302
    assert "Visits without a review: 72" in as_head_office.get(path).text
    refused = as_head_office.submit(f"{path}/before/lock", {"reason": " "})
    assert refused.status_code == 422
    assert "say why the wave is locked all the same" in refused.text
    assert 'href="#reason-before"' in refused.text
    assert 'aria-describedby="reason-before-error"' in refused.text
    assert as_head_office.submit(f"{path}/before/lock", {"reason": "<Enough>"}).status_code == 302
    assert "Locked all the same because: &lt;Enough&gt;" in as_head_office.get(path).text
    session.expire_all()
    states = [wave.state for wave in pilots.waves_of(session, pilot)]
    assert states == [WaveState.LOCKED, WaveState.OPEN]


def test_closing_asks_for_the_password_when_it_is_old(
    as_head_office: Any, session: Session, clock: Any
) -> None:
    pilot = world.filled_pilot(session)
    assert as_head_office.submit(f"/pilots/{pilot.slug}/waves/before/close").status_code == 302
    clock.forward(minutes=16)
    answer = as_head_office.submit(f"/pilots/{pilot.slug}/waves/after/close")
    assert answer.status_code == 401
    session.expire_all()
    states = {wave.period: wave.state for wave in pilots.waves_of(session, pilot)}
    assert states == {Period.BEFORE: WaveState.CLOSED, Period.AFTER: WaveState.OPEN}


WRITING = ("plan/branches", "plan/arms", "plan/draw", "assignments/1/withdraw", "waves/before/close")
READING = ("plan", "assignments", "waves")


@pytest.mark.parametrize("path", WRITING)
def test_changes_come_by_post_with_a_token_only(
    as_head_office: Any, session: Session, pilot: Pilot, path: str
) -> None:
    address = f"/pilots/{pilot.slug}/{path}"
    assert as_head_office.get(address).status_code == 405
    session.commit()
    assert as_head_office.post(address, data={"version": "1"}).status_code == 400


@pytest.mark.parametrize("role", ["auditor", "manager", "administrator"])
def test_planning_is_head_offices_alone(
    request: pytest.FixtureRequest, sign_in: Callable[..., Any], pilot: Pilot, role: str
) -> None:
    browser = sign_in(request.getfixturevalue(role))
    for path in READING:
        assert browser.get(f"/pilots/{pilot.slug}/{path}").status_code == 403
    for path in WRITING:
        assert (
            browser.submit(
                f"/pilots/{pilot.slug}/{path}", {"version": "1", "seed": "1", "share": "0.5"}
            ).status_code
            == 403
        )
    assert browser.get("/pilots/new").status_code == 403
    assert browser.submit("/pilots/new", NEW).status_code == 403


def test_visitors_are_asked_to_sign_in(client: Any, pilot: Pilot) -> None:
    for path in ("", "/new", f"/{pilot.slug}", *(f"/{pilot.slug}/{each}" for each in READING)):
        answer = client.get(f"/pilots{path}")
        assert answer.status_code == 302
        assert "/sign-in" in answer.location


def test_a_missing_pilot_is_not_found(as_head_office: Any) -> None:
    for path in ("", *(f"/{each}" for each in READING)):
        assert as_head_office.get(f"/pilots/none{path}").status_code == 404
