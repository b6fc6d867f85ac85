"""Flags of visits, raised from stored records: each for its reason, and none for an ordinary visit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.checklists import default_checklist
from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.domain.reviews import RemarkKind, Ruling
from pilot_eval.operations import forms
from pilot_eval.operations.assignments import VisitPlan, assign_visits
from pilot_eval.operations.flags import LABELS, Flag, flags_of
from pilot_eval.operations.reviews import answer_remark, remark, review_visit
from pilot_eval.operations.timings import record_timing
from pilot_eval.operations.visits import VisitSubmission, record_visit
from pilot_eval.records.network import Branch
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Assignment, Pilot
from pilot_eval.records.visits import Visit
from tests.conftest import acting
from tests.field import NOW, OPERATOR, TEN, Field, actor_of, good_answers, good_entry


@pytest.fixture
def head(create_person: Callable[..., User]) -> Actor:
    return acting(create_person(Role.HEAD_OFFICE))


def mixed(shift: int = 0) -> dict[str, str]:
    """Answers of an ordinary visit: some good, some bad, none critical and failed."""
    items = default_checklist().items
    return {
        code: item.offered[0] if item.critical or item.comment_on else item.offered[(place + shift) % 2]
        for place, (code, item) in enumerate(items.items())
        if item.asked
    }


def send(session: Session, field: Field, submission: VisitSubmission, **more: Any) -> Visit:
    assignment = session.get_one(Assignment, submission.assignment_id)
    owner = session.get_one(User, assignment.auditor_id)
    record_visit(session, actor_of(owner), submission, more.get("now", NOW))
    return session.get_one(Visit, submission.id)


def raised(session: Session, visit: Visit) -> dict[str, Flag]:
    return {flag.code: flag for flag in flags_of(session, visit.pilot_id)[visit.id]}


def more_assignments(session: Session, field: Field, count: int) -> list[Assignment]:
    """Further visits of Anna's to the other branches of the pilot."""
    days = [(date(2014, 8, day), date(2014, 8, day)) for day in range(10, 10 + count)]
    plans = [
        VisitPlan("600003" if n % 2 else "600004", Period.BEFORE, field.anna.id or 0, "parcel_advice", window)
        for n, window in enumerate(days)
    ]
    return assign_visits(session, OPERATOR, "vladimir", plans, confirmed=True)


def test_an_ordinary_visit_has_no_flag(session: Session, field: Field) -> None:
    visit = send(session, field, field.visit(answers=mixed()))
    assert raised(session, visit) == {}
    assert set(LABELS) >= {"dispute", "twin", "travel", "heaping", "auditor_mean"}


def test_the_best_of_everything_is_a_straight_line(session: Session, field: Field) -> None:
    visit = send(session, field, field.visit(answers=good_answers()))
    assert str(raised(session, visit)["straight_line"].reason).startswith("All 33 answers")


def test_a_late_visit_and_one_after_closing(session: Session, field: Field) -> None:
    field.set_wave(WaveState.CLOSED)
    visit = send(session, field, field.visit(answers=mixed()), now=TEN + timedelta(hours=51))
    found = raised(session, visit)
    assert set(found) == {"late_fill", "after_closing"}
    assert "50 hours" in str(found["late_fill"].reason)


def test_a_copied_visit_points_at_the_one_it_was_copied_from(session: Session, field: Field) -> None:
    told = "The queue was long and the terminal was broken"
    (assignment,) = more_assignments(session, field, 1)
    first = send(session, field, field.visit(answers=mixed(), narrative=told))
    copied = field.visit(
        assignment,
        answers=mixed() | {"A1": "no", "A3": "no"},
        narrative=told.upper(),
        started_at=TEN + timedelta(days=5),
        left_at=TEN + timedelta(days=5, minutes=20),
    )
    second = send(session, field, copied, now=NOW + timedelta(days=5))
    for one, other in ((first, second), (second, first)):
        found = raised(session, one)
        assert found["twin"].other == found["same_words"].other == other.id
    assert "of 33 answers equal those for branch 600001 on 2014-08-05" in str(
        raised(session, second)["twin"].reason
    )


def test_answers_of_different_auditors_are_not_compared(session: Session, field: Field) -> None:
    visits = [send(session, field, field.visit(a, answers=mixed())) for a in field.assignments]
    assert all("twin" not in raised(session, visit) for visit in visits)


@pytest.mark.parametrize(("minutes", "expected"), [(-10, "at the same time"), (5, "lie 5 min"), (15, None)])
def test_two_branches_closer_in_time_than_the_way_between_them(
    session: Session, field: Field, minutes: int, expected: str | None
) -> None:
    (assignment,) = more_assignments(session, field, 1)
    send(session, field, field.visit(answers=mixed()))
    started = TEN + timedelta(minutes=20 + minutes)
    second = field.visit(
        assignment, answers=mixed(1), started_at=started, left_at=started + timedelta(minutes=20)
    )
    visit = send(session, field, second)
    found = raised(session, visit).get("travel")
    assert (found is None) == (expected is None)
    if found and expected:
        assert expected in str(found.reason)


@pytest.mark.parametrize(
    ("minutes", "north", "expected"),
    [
        (5, 56.13, None),
        (5, 56.22, "lie 5 min, and 10 km in a straight line"),
        (0, 56.13, "lie 0 min, and 0.1 km in a straight line"),
        (60, 57.129, "lie 60 min, and 111 km in a straight line"),
        (90, 57.129, None),  # 83 min at 80 km/h
        (-1, 57.129, "at the same time"),
    ],
)
def test_the_way_between_branches_whose_places_are_known(
    session: Session, field: Field, minutes: int, north: float, expected: str | None
) -> None:
    (assignment,) = more_assignments(session, field, 1)
    first = send(session, field, field.visit(answers=mixed()))
    started = TEN + timedelta(minutes=20 + minutes)
    later = field.visit(
        assignment, answers=mixed(1), started_at=started, left_at=started + timedelta(minutes=20)
    )
    second = send(session, field, later, now=NOW + timedelta(hours=2))
    flags_of(session, second.pilot_id)  # kept from before the places were known
    for visit, degrees in ((first, 56.129), (second, north)):
        branch = session.get_one(Branch, visit.branch_id)
        branch.latitude, branch.longitude = degrees, 40.4066
    session.flush()
    for visit in (first, second):
        found = raised(session, visit).get("travel")
        assert (found is None) == (expected is None)
        if found and expected:
            assert expected in str(found.reason)


def test_typed_times_that_are_round_and_clocks_that_were_moved(
    session: Session, field: Field, anna: Actor
) -> None:
    visit = send(session, field, field.visit(answers=mixed()))
    for number in range(4):
        at = {
            code: TEN + timedelta(minutes=10 * number + step)
            for code, step in {"joined": 0, "called": 5, "started": 5, "ended": 10}.items()
        }
        record_timing(session, anna, field.timing(entry=good_entry(events=at), confirmed=True), NOW)
    assert "16 of 16 times" in str(raised(session, visit)["heaping"].reason)
    moved = good_entry(
        entry_method="stopwatch",
        ticks={"joined": 0, "called": 900_000, "started": 960_000, "ended": 1_200_000},
    )
    record_timing(session, anna, field.timing(entry=moved), NOW)
    assert "clock_moved" in raised(session, visit)


def test_a_known_answer_that_was_missed(session: Session, field: Field) -> None:
    document = default_checklist().to_document()
    document["version"] = 2
    document["sections"][0]["items"][0]["expected"] = "no"
    version = forms.publish_checklist(session, OPERATOR, forms.parse(document))
    pilot = session.exec(select(Pilot)).one()
    pilot.checklist_id = version.id
    session.commit()
    visit = send(session, field, field.visit(answers=mixed() | {"A1": "yes"}))
    assert "A1" in str(raised(session, visit)["integrity"].reason)


def test_personal_data_in_the_text(session: Session, field: Field) -> None:
    submission = field.visit(
        answers=mixed() | {"G2": "no"},
        comments={"G2": "Оператор Кузнецова не ответила"},
        narrative="Звоните +7 492 232-15-48",
    )
    visit = send(session, field, submission)
    flags = [flag for flag in flags_of(session, visit.pilot_id)[visit.id] if flag.code == "personal_data"]
    assert [str(flag.reason).rsplit(maxsplit=1)[-1] for flag in flags] == ["happened", "G2"]


def test_a_version_kept_beside_it(session: Session, field: Field) -> None:
    submission = field.visit(answers=mixed())
    visit = send(session, field, submission)
    send(session, field, replace(submission, narrative="Otherwise"))
    assert "1" in str(raised(session, visit)["conflict"].reason)
    record_visit(session, actor_of(field.anna), field.visit(answers=mixed(1)), NOW)  # a second one
    assert "2" in str(raised(session, visit)["conflict"].reason)


def test_a_dispute_until_it_is_answered(session: Session, field: Field, head: Actor) -> None:
    visit = send(session, field, field.visit(answers=mixed()))
    field.set_wave(WaveState.CLOSED)
    found = remark(session, actor_of(field.maria), visit.id, RemarkKind.DISPUTE, "Not so", NOW)
    assert "dispute" in raised(session, visit)
    answer_remark(session, head, visit.id, found.id or 0, "So", NOW)
    assert "dispute" not in raised(session, visit)


def test_an_auditor_unlike_the_others(session: Session, field: Field, head: Actor) -> None:
    """Anna and Boris visit the same branches; Anna gives nearly everything, Boris half of it."""
    plans = [
        VisitPlan(code, Period.BEFORE, auditor.id or 0, "parcel_advice", (date(2014, 8, d), date(2014, 8, d)))
        for d in range(11, 17)
        for code, auditor in (("600003", field.anna), ("600003", field.boris))
    ]
    visits = []
    for number, assignment in enumerate(assign_visits(session, OPERATOR, "vladimir", plans, confirmed=True)):
        generous = assignment.auditor_id == field.anna.id
        answers = good_answers(A1="no" if number % 3 else "yes") if generous else mixed(number)
        at = TEN + timedelta(days=6 + number // 2, hours=number % 2)
        submission = field.visit(
            assignment, answers=answers, started_at=at, left_at=at + timedelta(minutes=9)
        )
        visits.append(send(session, field, submission, now=at + timedelta(hours=2)))
    reason = str(raised(session, visits[0])["auditor_mean"].reason)
    assert "points above colleagues who visited the same (6 visits)" in reason
    assert "points below" in str(raised(session, visits[1])["auditor_mean"].reason)
    for visit in visits[::2]:
        version = session.get_one(Visit, visit.id).row_version
        review_visit(session, head, visit.id, Ruling.EXCLUDE, NOW, version=version, reason="Too kind")
    assert "auditor_mean" not in raised(session, visits[1]), "excluded visits are nobody's measure"


def test_flags_are_raised_anew_only_when_something_changed(
    session: Session, field: Field, queries: Any, anna: Actor
) -> None:
    visit = send(session, field, field.visit(answers=mixed()))
    flags_of(session, visit.pilot_id)
    queries.clear()
    again = flags_of(session, visit.pilot_id)
    assert len(queries) == 5
    assert again[visit.id] == ()
    record_timing(session, anna, field.timing(), NOW)
    queries.clear()
    flags_of(session, visit.pilot_id)
    assert len(queries) > 4
