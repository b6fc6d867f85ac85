"""Personal data leave every place where they stand, and nothing else of a visit changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session, SQLModel, select

from pilot_eval.domain.errors import BadInput, EditConflict, NotAllowed, NotFound
from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.personal_data import REMOVED
from pilot_eval.domain.pilots import WaveState
from pilot_eval.domain.reviews import RemarkKind, RevisionKind, Ruling
from pilot_eval.engines.snapshots import known_snapshot
from pilot_eval.operations.corrections import correct_visit
from pilot_eval.operations.redactions import redact_visit, suspected_passages
from pilot_eval.operations.reviews import remark, review_visit
from pilot_eval.operations.submissions import Status
from pilot_eval.operations.visits import record_visit
from pilot_eval.records.audit import AuditEvent, first_break
from pilot_eval.records.people import User
from pilot_eval.records.reviews import revisions_of
from pilot_eval.records.visits import Visit, VisitState
from tests.conftest import acting
from tests.field import NOW, Field, actor_of, good_answers

NAME = "Мария Петровна"


@pytest.fixture
def head(create_person: Callable[..., User]) -> Actor:
    return acting(create_person(Role.HEAD_OFFICE))


@pytest.fixture
def visit_id(session: Session, field: Field, anna: Actor, head: Actor) -> UUID:
    """A visit in which a name stands wherever a person can write."""
    first = field.visit(
        answers=good_answers(G2="no"), comments={"G2": f"Сказала {NAME}"}, narrative=f"{NAME} была занята"
    )
    record_visit(session, anna, first, NOW)
    record_visit(session, anna, replace(first, narrative=f"Иначе: {NAME}"), NOW)
    again = replace(first, narrative=f"Окно 3, {NAME}, ждали")
    correct_visit(session, anna, again, NOW, revision=1, reason=f"Забыли: {NAME}")
    version = session.get_one(Visit, first.id).row_version
    review_visit(
        session, head, first.id, Ruling.RETURN, NOW,
        version=version, reason=f"Кто такая {NAME}?", items={"G2": f"Без имён: {NAME}"},
    )  # fmt: skip
    remark(session, anna, first.id, RemarkKind.COMMENT, f"Это {NAME}", NOW)
    return first.id


def everything(session: Session) -> str:
    """All that is stored, as text; no transaction is left open that another would wait for."""
    session.commit()
    stored = json.dumps(
        [
            [dict(row._mapping) for row in session.execute(sa.select(table))]
            for table in SQLModel.metadata.sorted_tables
        ],
        default=str,
        ensure_ascii=False,
    )
    session.rollback()
    return stored


def redact(session: Session, actor: Actor, visit_id: UUID, *passages: str, version: int = 0) -> Visit:
    version = version or session.get_one(Visit, visit_id, populate_existing=True).row_version
    return redact_visit(session, actor, visit_id, passages, NOW, version=version)


def test_a_name_leaves_every_place_and_answers_and_state_stay(
    session: Session, head: Actor, visit_id: UUID
) -> None:
    before = session.get_one(Visit, visit_id).model_dump()
    snapshot = known_snapshot(session, before["pilot_id"]).sha256
    assert everything(session).count(NAME) == 10
    assert suspected_passages(session, head, visit_id) == (NAME,)
    visit = redact(session, head, visit_id, NAME)
    assert NAME not in everything(session)
    assert visit.document["header"]["narrative"] == f"Окно 3, {REMOVED}, ждали"  # type: ignore[index]
    assert visit.document["answers"] == before["document"]["answers"]
    for name in ("state", "score_hundredths", "critical_failed", "digest", "outcome", "started_at"):
        assert getattr(visit, name) == before[name], name
    assert known_snapshot(session, visit.pilot_id).sha256 == snapshot
    kinds = [one.kind for one in revisions_of(session, visit_id)]
    assert kinds == [RevisionKind.CORRECTION, RevisionKind.REDACTION]
    (event,) = [one for one in session.exec(select(AuditEvent)) if one.action == "visit.redact"]
    assert event.details == {"revision": 3, "places": 6}
    assert first_break(session) is None


def test_who_took_a_name_out_may_still_review(session: Session, head: Actor, visit_id: UUID) -> None:
    visit = redact(session, head, visit_id, NAME)
    approved = review_visit(session, head, visit_id, Ruling.APPROVE, NOW, version=visit.row_version)
    assert approved.state is VisitState.APPROVED


def test_what_was_sent_before_is_still_known_and_brings_nothing_back(
    session: Session, field: Field, anna: Actor, head: Actor
) -> None:
    first = field.visit(narrative=f"{NAME} была занята")
    record_visit(session, anna, first, NOW)
    redact(session, head, first.id, NAME)
    assert record_visit(session, anna, first, NOW).status is Status.DUPLICATE
    assert NAME not in everything(session)


def test_a_name_in_what_was_said_alone_makes_no_revision(
    session: Session, field: Field, anna: Actor, head: Actor
) -> None:
    submission = field.visit()
    record_visit(session, anna, submission, NOW)
    remark(session, anna, submission.id, RemarkKind.COMMENT, f"Это {NAME}", NOW)
    visit = redact(session, head, submission.id, NAME)
    assert (visit.revision, NAME in everything(session)) == (1, False)


def test_names_are_taken_out_of_a_locked_wave_too(
    session: Session, field: Field, head: Actor, visit_id: UUID
) -> None:
    field.set_wave(WaveState.LOCKED)
    redact(session, head, visit_id, NAME)
    assert NAME not in everything(session)


def test_what_cannot_be_taken_out_is_said(
    session: Session, field: Field, anna: Actor, head: Actor, visit_id: UUID
) -> None:
    before = everything(session)
    for passages in ((), ("  ",), ("x",), ("x" * 201,), ("no such words",)):
        with pytest.raises(BadInput):
            redact(session, head, visit_id, *passages)
    with pytest.raises(EditConflict):
        redact(session, head, visit_id, NAME, version=1)
    for actor in (anna, actor_of(field.maria)):
        with pytest.raises(NotAllowed):
            redact(session, actor, visit_id, NAME)
        with pytest.raises(NotAllowed):
            suspected_passages(session, actor, visit_id)
    with pytest.raises(NotFound):
        suspected_passages(session, head, UUID(int=1))
    assert everything(session) == before


def test_an_answer_that_is_a_code_is_never_touched(session: Session, head: Actor, visit_id: UUID) -> None:
    answers = dict(session.get_one(Visit, visit_id).document["answers"])  # type: ignore[call-overload]
    with pytest.raises(BadInput):
        redact(session, head, visit_id, "full")
    assert session.get_one(Visit, visit_id, populate_existing=True).document["answers"] == answers
