"""Rulings on visits, remarks, and the lock of a wave."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, EditConflict, NotAllowed, NotFound, WrongState
from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.domain.reviews import RemarkKind, Ruling
from pilot_eval.engines.snapshots import known_snapshot
from pilot_eval.operations.corrections import correct_visit
from pilot_eval.operations.policy import Action
from pilot_eval.operations.redactions import redact_visit
from pilot_eval.operations.reviews import (
    answer_remark,
    left_to_review,
    readable_visit,
    remark,
    review_visit,
)
from pilot_eval.operations.visits import record_visit
from pilot_eval.operations.waves import lock_wave
from pilot_eval.records import database
from pilot_eval.records.audit import AuditEvent, first_break
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Wave
from pilot_eval.records.reviews import remarks_on, rulings_on
from pilot_eval.records.visits import Visit, VisitState
from tests.conftest import acting
from tests.field import NOW, Field, actor_of, create_auditor, good_answers
from tests.operations.test_redactions import everything
from tests.operations.test_submissions import MOST_STATEMENTS, Failure, fail_at

SECRET = "a secret sentence"


@pytest.fixture
def head(create_person: Callable[..., User]) -> Actor:
    return acting(create_person(Role.HEAD_OFFICE))


@pytest.fixture
def another_head(create_person: Callable[..., User]) -> Actor:
    return acting(create_person(Role.HEAD_OFFICE))


@pytest.fixture
def visit_id(session: Session, field: Field, anna: Actor) -> UUID:
    submission = field.visit(answers=good_answers(A1="no"))
    record_visit(session, anna, submission, NOW)
    return submission.id


def rule(session: Session, actor: Actor, visit_id: UUID, ruling: Ruling, **more: Any) -> Visit:
    version = session.get_one(Visit, visit_id, populate_existing=True).row_version
    values = {"version": version, "reason": "" if ruling is Ruling.APPROVE else SECRET}
    return review_visit(session, actor, visit_id, ruling, NOW, **values | more)


# The states


def test_each_ruling_leads_where_it_says_and_is_kept(session: Session, head: Actor, visit_id: UUID) -> None:
    way = [
        (Ruling.RETURN, VisitState.RETURNED),
        (Ruling.APPROVE, VisitState.APPROVED),
        (Ruling.RETURN, VisitState.RETURNED),
        (Ruling.EXCLUDE, VisitState.EXCLUDED),
        (Ruling.RESTORE, VisitState.SUBMITTED),
        (Ruling.EXCLUDE, VisitState.EXCLUDED),
        (Ruling.RESTORE, VisitState.SUBMITTED),
        (Ruling.APPROVE, VisitState.APPROVED),
        (Ruling.EXCLUDE, VisitState.EXCLUDED),
    ]
    for ruling, state in way:
        rule(session, head, visit_id, ruling)
        assert session.get_one(Visit, visit_id, populate_existing=True).state is state
    assert [one.ruling for one in rulings_on(session, visit_id)] == [ruling for ruling, _state in way]
    actions = [e.action for e in session.exec(select(AuditEvent).order_by(col(AuditEvent.sequence)))]
    assert actions[-9:] == [f"visit.{ruling}" for ruling, _state in way]
    assert first_break(session) is None


@pytest.mark.parametrize(
    ("before", "ruling"),
    [
        ([], Ruling.RESTORE),
        ([Ruling.APPROVE], Ruling.APPROVE),
        ([Ruling.RETURN], Ruling.RETURN),
        ([Ruling.EXCLUDE], Ruling.EXCLUDE),
        ([Ruling.EXCLUDE], Ruling.APPROVE),
        ([Ruling.EXCLUDE], Ruling.RETURN),
        ([Ruling.APPROVE], Ruling.RESTORE),
    ],
)
def test_what_a_state_does_not_allow_is_refused(
    session: Session, head: Actor, visit_id: UUID, before: list[Ruling], ruling: Ruling
) -> None:
    for earlier in before:
        rule(session, head, visit_id, earlier)
    with pytest.raises(WrongState):
        rule(session, head, visit_id, ruling)
    assert len(rulings_on(session, visit_id)) == len(before)


def test_a_return_says_what_to_look_at_item_by_item(session: Session, head: Actor, visit_id: UUID) -> None:
    rule(session, head, visit_id, Ruling.RETURN, items={"A1": " Which sign? ", "A2": " "})
    (ruling,) = rulings_on(session, visit_id)
    assert (ruling.reason, ruling.items, ruling.revision) == (SECRET, {"A1": "Which sign?"}, 1)


@pytest.mark.parametrize("ruling", [Ruling.RETURN, Ruling.EXCLUDE, Ruling.RESTORE])
def test_a_reason_is_compulsory_but_for_an_approval(
    session: Session, head: Actor, visit_id: UUID, ruling: Ruling
) -> None:
    if ruling is Ruling.RESTORE:
        rule(session, head, visit_id, Ruling.EXCLUDE)
    for reason in ("", "  ", "x" * 501):
        with pytest.raises(BadInput) as caught:
            rule(session, head, visit_id, ruling, reason=reason)
        assert [problem.where for problem in caught.value.problems] == ["reason"]
    with pytest.raises(BadInput) as caught:
        rule(session, head, visit_id, ruling, items={"Z9": "?", "A1": "x" * 501})
    assert {problem.where for problem in caught.value.problems} == {"why-Z9", "why-A1"}


def test_an_excluded_visit_is_kept_and_counted_no_more(
    session: Session, field: Field, head: Actor, visit_id: UUID
) -> None:
    pilot_id = field.anna_s.pilot_id

    def counted() -> int:
        return len(known_snapshot(session, pilot_id).observations("visit_score").value)

    before = known_snapshot(session, pilot_id).sha256
    assert counted() == 1
    rule(session, head, visit_id, Ruling.EXCLUDE)
    assert counted() == 0
    assert session.get_one(Visit, visit_id).score_hundredths == 9800
    rule(session, head, visit_id, Ruling.RESTORE)
    assert counted() == 1
    assert known_snapshot(session, pilot_id).sha256 == before


# Who may


def test_only_head_office_reviews(session: Session, field: Field, anna: Actor, visit_id: UUID) -> None:
    for actor in (anna, actor_of(field.maria), Actor("admin", Role.ADMINISTRATOR, 99)):
        with pytest.raises(NotAllowed):
            rule(session, actor, visit_id, Ruling.APPROVE)
    head = Actor("head", Role.HEAD_OFFICE, 98)
    with pytest.raises(NotFound):
        review_visit(session, head, uuid4(), Ruling.APPROVE, NOW, version=1)


def test_who_recorded_or_corrected_a_visit_does_not_review_it(
    session: Session, field: Field, anna: Actor, head: Actor, another_head: Actor, visit_id: UUID
) -> None:
    promoted = replace(anna, role=Role.HEAD_OFFICE)
    with pytest.raises(WrongState) as caught:
        rule(session, promoted, visit_id, Ruling.APPROVE)
    assert caught.value.code == "own_work"
    submission = field.visit(id=visit_id, narrative="Mended")
    correct_visit(session, head, submission, NOW, revision=1, reason="A slip")
    correct_visit(session, anna, replace(submission, narrative="Again"), NOW, revision=2, reason="More")
    for ruling in (Ruling.APPROVE, Ruling.RETURN, Ruling.EXCLUDE):
        with pytest.raises(WrongState):
            rule(session, head, visit_id, ruling)
    assert rule(session, another_head, visit_id, Ruling.APPROVE).state is VisitState.APPROVED


def test_an_approved_visit_that_is_corrected_wants_approval_again(
    session: Session, field: Field, head: Actor, another_head: Actor, visit_id: UUID
) -> None:
    rule(session, head, visit_id, Ruling.APPROVE)
    correct_visit(session, another_head, field.visit(id=visit_id), NOW, revision=1, reason="A slip")
    assert session.get_one(Visit, visit_id).state is VisitState.SUBMITTED
    assert rule(session, head, visit_id, Ruling.APPROVE).state is VisitState.APPROVED


# Two at once


def test_a_ruling_on_what_has_changed_since_is_refused(
    session: Session, head: Actor, another_head: Actor, visit_id: UUID
) -> None:
    seen = session.get_one(Visit, visit_id).row_version
    rule(session, head, visit_id, Ruling.APPROVE)
    with pytest.raises(EditConflict):
        rule(session, another_head, visit_id, Ruling.EXCLUDE, version=seen)
    assert session.get_one(Visit, visit_id).state is VisitState.APPROVED


def test_two_reviewers_at_once_give_one_ruling(
    engine: database.Engine, session: Session, head: Actor, another_head: Actor, visit_id: UUID
) -> None:
    session.rollback()
    for number in range(1, 11):
        barrier, version = Barrier(2), session.get_one(Visit, visit_id, populate_existing=True).row_version
        session.rollback()

        def attempt(who: tuple[Actor, Ruling], barrier: Barrier = barrier, version: int = version) -> bool:
            actor, ruling = who
            barrier.wait()
            with Session(engine, expire_on_commit=False) as own:
                try:
                    review_visit(own, actor, visit_id, ruling, NOW, version=version, reason="Seen")
                except EditConflict:
                    return False
            return True

        pair = [(head, Ruling.APPROVE), (another_head, Ruling.EXCLUDE)]
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(attempt, pair)) == [False, True]
        session.rollback()
        state = session.get_one(Visit, visit_id, populate_existing=True).state
        assert len(rulings_on(session, visit_id)) == 2 * number - 1
        session.rollback()
        back = Ruling.RESTORE if state is VisitState.EXCLUDED else Ruling.RETURN
        rule(session, head, visit_id, back)
        if back is Ruling.RETURN:
            continue
    assert first_break(session) is None


# Remarks


def test_a_manager_disputes_a_visit_of_the_own_region_once_its_wave_has_closed(
    session: Session, field: Field, head: Actor, visit_id: UUID, create_manager: Callable[..., User]
) -> None:
    maria, stranger = actor_of(field.maria), acting(create_manager())
    for reader in (maria, stranger):
        with pytest.raises(NotFound):
            remark(session, reader, visit_id, RemarkKind.DISPUTE, "Not so", NOW)
    field.set_wave(WaveState.CLOSED)
    with pytest.raises(NotFound):
        readable_visit(session, stranger, visit_id, Action.READ_RECORDED)
    assert readable_visit(session, maria, visit_id, Action.READ_RECORDED).id == visit_id
    found = remark(session, maria, visit_id, RemarkKind.DISPUTE, f" {SECRET} ", NOW)
    assert left_to_review(session, wave_id(session)) == (1, 1)
    assert found.id is not None
    answered = answer_remark(session, head, visit_id, found.id, "We looked again", NOW)
    assert (answered.text, answered.answer, answered.answered_by) == (SECRET, "We looked again", head.user_id)
    assert left_to_review(session, wave_id(session)) == (1, 0)
    with pytest.raises(WrongState):
        answer_remark(session, head, visit_id, found.id, "And again", NOW)


def wave_id(session: Session, period: Period = Period.BEFORE) -> int:
    return session.exec(select(Wave.id).where(col(Wave.period) == period)).one() or 0


def test_an_auditor_comments_on_the_own_visits_only_and_disputes_none(
    session: Session, field: Field, anna: Actor, head: Actor, visit_id: UUID
) -> None:
    remark(session, anna, visit_id, RemarkKind.COMMENT, "The queue system was down", NOW)
    for actor in (actor_of(field.boris), actor_of(create_auditor(session, "clara"))):
        with pytest.raises(NotFound):
            remark(session, actor, visit_id, RemarkKind.COMMENT, "Hm", NOW)
    for actor in (anna, head):
        with pytest.raises(WrongState):
            remark(session, actor, visit_id, RemarkKind.DISPUTE, "Hm", NOW)
    with pytest.raises(NotAllowed):
        remark(session, Actor("a", Role.ADMINISTRATOR, 9), visit_id, RemarkKind.COMMENT, "Hm", NOW)
    for text in ("", "  ", "x" * 2001):
        with pytest.raises(BadInput):
            remark(session, head, visit_id, RemarkKind.COMMENT, text, NOW)
    with pytest.raises(NotFound):
        answer_remark(session, head, uuid4(), 1, "Hm", NOW)
    assert [one.said_by for one in remarks_on(session, visit_id)] == [anna.user_id]


def test_the_log_holds_ids_and_codes_and_no_words(
    session: Session, field: Field, anna: Actor, head: Actor, visit_id: UUID
) -> None:
    rule(session, head, visit_id, Ruling.RETURN, items={"A1": SECRET})
    submission = field.visit(id=visit_id, narrative=SECRET)
    correct_visit(session, anna, submission, NOW, revision=1, reason=SECRET)
    found = remark(session, anna, visit_id, RemarkKind.COMMENT, SECRET, NOW)
    answer_remark(session, head, visit_id, found.id or 0, SECRET, NOW)
    field.set_wave(WaveState.CLOSED)
    lock_wave(session, head, "vladimir", Period.BEFORE, SECRET)
    events = session.exec(select(AuditEvent)).all()
    assert {"visit.return", "visit.correct", "visit.comment", "visit.answer", "wave.locked"} <= {
        event.action for event in events
    }
    assert all(SECRET not in str(event.details) for event in events)


# The lock


def test_a_wave_is_locked_with_something_left_only_for_a_reason(
    session: Session, field: Field, head: Actor, visit_id: UUID
) -> None:
    field.set_wave(WaveState.CLOSED)
    maria = actor_of(field.maria)
    dispute = remark(session, maria, visit_id, RemarkKind.DISPUTE, "Not so", NOW)
    for reason in ("", " ", "x" * 501):
        with pytest.raises(BadInput):
            lock_wave(session, head, "vladimir", Period.BEFORE, reason)
        session.rollback()
    rule(session, head, visit_id, Ruling.APPROVE)
    with pytest.raises(BadInput):
        lock_wave(session, head, "vladimir", Period.BEFORE)
    session.rollback()
    answer_remark(session, head, visit_id, dispute.id or 0, "We looked again", NOW)
    wave = lock_wave(session, head, "vladimir", Period.BEFORE)
    assert (wave.state, wave.lock_reason) == (WaveState.LOCKED, "")


def test_the_reason_to_lock_with_something_left_is_kept(
    session: Session, field: Field, head: Actor, visit_id: UUID
) -> None:
    field.set_wave(WaveState.CLOSED)
    wave = lock_wave(session, head, "vladimir", Period.BEFORE, "The board meets tomorrow")
    assert wave.lock_reason == "The board meets tomorrow"
    (event,) = [one for one in session.exec(select(AuditEvent)) if one.action == "wave.locked"]
    assert (event.details["unreviewed"], event.details["open_disputes"]) == (1, 0)


def test_after_the_lock_nothing_changes(
    session: Session, field: Field, anna: Actor, head: Actor, another_head: Actor, visit_id: UUID
) -> None:
    field.set_wave(WaveState.CLOSED)
    maria = actor_of(field.maria)
    dispute = remark(session, maria, visit_id, RemarkKind.DISPUTE, "Not so", NOW)
    lock_wave(session, head, "vladimir", Period.BEFORE, "Enough")
    before = (session.get_one(Visit, visit_id).model_dump(), len(remarks_on(session, visit_id)))
    attempts: list[Callable[[], object]] = [
        *(lambda r=ruling: rule(session, another_head, visit_id, r, reason="Hm") for ruling in Ruling),
        lambda: remark(session, maria, visit_id, RemarkKind.DISPUTE, "Hm", NOW),
        lambda: remark(session, anna, visit_id, RemarkKind.COMMENT, "Hm", NOW),
        lambda: answer_remark(session, head, visit_id, dispute.id or 0, "Hm", NOW),
        *(
            lambda a=actor: correct_visit(session, a, field.visit(id=visit_id), NOW, revision=1, reason="Hm")
            for actor in (anna, head)
        ),
    ]
    for attempt in attempts:
        with pytest.raises(WrongState) as caught:
            attempt()
        assert caught.value.code == "wave_locked"
        session.rollback()
    after = (session.get_one(Visit, visit_id).model_dump(), len(remarks_on(session, visit_id)))
    assert after == before


# Together or not at all


@pytest.mark.parametrize("what", ["rule", "remark", "answer", "redact", "lock"])
def test_a_failure_at_any_statement_leaves_nothing_behind(
    engine: database.Engine, session: Session, field: Field, anna: Actor, head: Actor, what: str
) -> None:
    submission = field.visit(narrative="Мария Петровна была занята")
    record_visit(session, anna, submission, NOW)
    said = remark(session, anna, submission.id, RemarkKind.COMMENT, "Это Мария Петровна", NOW).id or 0
    field.set_wave(WaveState.CLOSED)
    version = session.get_one(Visit, submission.id).row_version
    maria = actor_of(field.maria)
    actions: dict[str, Callable[[Session], object]] = {
        "rule": lambda own: review_visit(
            own, head, submission.id, Ruling.RETURN, NOW, version=version, reason="See A1"
        ),
        "remark": lambda own: remark(own, maria, submission.id, RemarkKind.DISPUTE, "Not so", NOW),
        "answer": lambda own: answer_remark(own, head, submission.id, said, "So", NOW),
        "redact": lambda own: redact_visit(
            own, head, submission.id, ["Мария Петровна"], NOW, version=version
        ),
        "lock": lambda own: lock_wave(own, head, "vladimir", Period.BEFORE, "Enough"),
    }
    before = everything(session)
    for number in range(1, MOST_STATEMENTS):
        stop = fail_at(engine, number)
        try:
            with Session(engine, expire_on_commit=False) as own:
                actions[what](own)
            break
        except Failure:
            pass
        finally:
            stop()
        assert everything(session) == before, f"half-written after statement {number}"
    assert number > 3, "the failures were never met"
    assert everything(session) != before
    assert first_break(session) is None
