"""Correcting a sent visit: a new revision with its reason, nothing lost, nobody overwritten."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from pilot_eval.domain.errors import NotAllowed, NotFound, WrongState
from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.pilots import WaveState
from pilot_eval.domain.problems import Refused, Unconfirmed
from pilot_eval.domain.reviews import Ruling
from pilot_eval.operations.corrections import StaleRevision, correct_visit
from pilot_eval.operations.reviews import review_visit
from pilot_eval.operations.submissions import Receipt, Status
from pilot_eval.operations.timings import record_timing
from pilot_eval.operations.visits import VisitSubmission, record_visit
from pilot_eval.records import database
from pilot_eval.records.audit import AuditEvent, first_break
from pilot_eval.records.branch_results import PilotResult
from pilot_eval.records.people import User
from pilot_eval.records.reviews import VisitRevision, revisions_of
from pilot_eval.records.visits import SubmissionConflict, Timing, Visit, VisitState
from tests.conftest import acting
from tests.field import NOW, TEN, Field, actor_of, count, good_answers, good_entry
from tests.operations.test_submissions import MOST_STATEMENTS, Failure, fail_at

LATER = NOW + timedelta(hours=1)
REASON = "Пункты были перепутаны"


@pytest.fixture
def head(create_person: Callable[..., User]) -> Actor:
    return acting(create_person(Role.HEAD_OFFICE))


@pytest.fixture
def sent(session: Session, field: Field, anna: Actor) -> VisitSubmission:
    """A visit of Anna's that is stored."""
    submission = field.visit(answers=good_answers(A1="no"))
    record_visit(session, anna, submission, NOW)
    return submission


def corrected(submission: VisitSubmission, **answers: str) -> VisitSubmission:
    return replace(submission, answers=good_answers(**answers))


def correct(
    session: Session, actor: Actor, submission: VisitSubmission, revision: int = 1, reason: str = REASON
) -> Receipt:
    return correct_visit(session, actor, submission, LATER, revision=revision, reason=reason)


def test_a_correction_is_a_revision_and_the_old_content_stays(
    session: Session, anna: Actor, sent: VisitSubmission
) -> None:
    before = session.get_one(Visit, sent.id).model_dump()
    receipt = correct(session, anna, corrected(sent))
    visit = session.get_one(Visit, sent.id)
    assert (receipt.status, receipt.revision, receipt.received_at) == (Status.CREATED, 2, NOW)
    assert (visit.revision, visit.score_hundredths, visit.state) == (2, 10_000, VisitState.SUBMITTED)
    assert (visit.digest, visit.received_at) == (receipt.digest, NOW)
    (kept,) = revisions_of(session, sent.id)
    for name in ("document", "digest", "score_hundredths", "outcome", "started_at", "left_at"):
        assert getattr(kept, name) == before[name], name
    assert (kept.number, kept.superseded_by, kept.superseded_at) == (1, anna.user_id, LATER)
    assert (kept.reason, kept.after_results) == (REASON, False)
    (event,) = [one for one in session.exec(select(AuditEvent)) if one.action == "visit.correct"]
    assert event.details == {"revision": 2, "digest": receipt.digest}
    assert first_break(session) is None


def test_every_content_is_kept_however_often_it_is_corrected(
    session: Session, anna: Actor, sent: VisitSubmission
) -> None:
    texts = [f"Version {number}" for number in range(2, 7)]
    for revision, text in enumerate(texts, 1):
        correct(session, anna, replace(sent, narrative=text), revision)
    kept = revisions_of(session, sent.id)
    assert [one.number for one in kept] == [1, 2, 3, 4, 5]
    told = [one.document["header"].get("narrative") for one in kept]  # type: ignore[attr-defined]
    assert told == [None, *texts[:-1]]


def test_score_critical_questions_and_results_follow(
    session: Session, anna: Actor, field: Field, sent: VisitSubmission
) -> None:
    session.add(PilotResult(pilot_id=field.anna_s.pilot_id, snapshot_sha256="0" * 64, level=0.95))
    session.commit()
    failed = replace(corrected(sent, G2="no"), comments={"G2": "The parcel went astray"})
    correct(session, anna, failed)
    visit = session.get_one(Visit, sent.id)
    assert visit.critical_failed == 1
    assert visit.score_hundredths is not None
    assert visit.score_hundredths < 10_000
    assert session.exec(select(PilotResult)).one().stale
    correct(session, anna, replace(sent, outcome="closed", answers={}), 2)
    visit = session.get_one(Visit, sent.id)
    assert (visit.outcome, visit.score_hundredths, visit.critical_failed) == ("closed", None, 0)


def test_timings_of_the_visit_stay_with_it(
    session: Session, anna: Actor, field: Field, sent: VisitSubmission
) -> None:
    record_timing(session, anna, field.timing(entry=good_entry(mode="own_visit", context=CONTEXT)), NOW)
    correct(session, anna, corrected(sent))
    assert session.exec(select(Timing)).one().visit_id == sent.id


CONTEXT = {"windows_total": 4, "windows_open": 2, "ahead": 1, "queue_kind": "single_line"}


# Sent again


def test_the_same_correction_sent_again_is_a_duplicate(
    session: Session, anna: Actor, head: Actor, sent: VisitSubmission
) -> None:
    first = correct(session, anna, corrected(sent))
    again = correct(session, anna, corrected(sent))
    assert (again.status, again.revision, again.digest) == (Status.DUPLICATE, 2, first.digest)
    review_visit(session, head, sent.id, Ruling.APPROVE, LATER, version=version_of(session, sent))
    assert correct(session, anna, corrected(sent)).status is Status.DUPLICATE
    assert len(revisions_of(session, sent.id)) == 1


def test_the_first_content_sent_again_after_a_correction_is_no_conflict(
    session: Session, anna: Actor, sent: VisitSubmission
) -> None:
    correct(session, anna, corrected(sent))
    receipt = record_visit(session, anna, sent, LATER)
    assert (receipt.status, receipt.revision) == (Status.DUPLICATE, 1)
    assert count(session, SubmissionConflict) == 0


def test_a_returned_visit_is_sent_again_even_where_nothing_was_wrong(
    session: Session, anna: Actor, head: Actor, sent: VisitSubmission
) -> None:
    give_back(session, head, sent)
    receipt = correct(session, anna, sent, reason="It was as I wrote")
    visit = session.get_one(Visit, sent.id)
    assert (receipt.status, visit.revision, visit.state) == (Status.CREATED, 2, VisitState.SUBMITTED)


# What stands in the way


def test_a_correction_of_an_older_revision_is_refused_with_the_one_that_counts(
    session: Session, anna: Actor, head: Actor, sent: VisitSubmission
) -> None:
    correct(session, head, replace(sent, narrative="Head office"))
    with pytest.raises(StaleRevision) as caught:
        correct(session, anna, corrected(sent))
    assert caught.value.current.revision == 2
    assert caught.value.current.document["header"]["narrative"] == "Head office"  # type: ignore[index]
    assert len(revisions_of(session, sent.id)) == 1


def test_a_reason_is_compulsory_and_told_beside_all_else(
    session: Session, anna: Actor, sent: VisitSubmission
) -> None:
    with pytest.raises(Refused) as caught:
        correct(session, anna, replace(sent, window_no=0), reason="  ")
    assert [finding.field for finding in caught.value.findings] == ["reason", "window_no"]
    with pytest.raises(Refused):
        correct(session, anna, sent, reason="x" * 501)
    with pytest.raises(Refused):
        correct(session, anna, replace(sent, started_at=TEN - timedelta(days=9)))
    with pytest.raises(Unconfirmed):
        correct(session, anna, replace(sent, answers={"A1": "yes"}))
    assert session.get_one(Visit, sent.id).revision == 1


def test_only_its_auditor_and_head_office_correct_a_visit(
    session: Session, field: Field, anna: Actor, head: Actor, sent: VisitSubmission
) -> None:
    with pytest.raises(NotFound):
        correct(session, actor_of(field.boris), corrected(sent))
    with pytest.raises(NotAllowed):
        correct(session, actor_of(field.maria), corrected(sent))
    with pytest.raises(NotFound):
        correct(session, anna, field.visit())
    with pytest.raises(Refused):
        correct(session, anna, replace(sent, assignment_id=field.boris_s.id or 0))
    assert correct(session, head, corrected(sent)).revision == 2


@pytest.mark.parametrize(
    ("ruling", "wave", "may"),
    [
        (None, WaveState.OPEN, {"anna", "head"}),
        (None, WaveState.CLOSED, {"head"}),
        (Ruling.RETURN, WaveState.CLOSED, {"anna", "head"}),
        (Ruling.APPROVE, WaveState.OPEN, {"head"}),
        (Ruling.EXCLUDE, WaveState.OPEN, set()),
        (Ruling.RETURN, WaveState.LOCKED, set()),
    ],
)
def test_a_visit_is_corrected_only_in_a_state_that_allows_it(
    session: Session,
    field: Field,
    anna: Actor,
    create_person: Callable[..., User],
    head: Actor,
    sent: VisitSubmission,
    ruling: Ruling | None,
    wave: WaveState,
    may: set[str],
) -> None:
    if ruling:
        give_back(session, head, sent, ruling)
    field.set_wave(wave)
    revision = 1
    for name, actor in {"anna": anna, "head": acting(create_person(Role.HEAD_OFFICE))}.items():
        if name not in may:
            with pytest.raises(WrongState):
                correct(session, actor, replace(sent, narrative=name), revision)
            continue
        correct(session, actor, replace(sent, narrative=name), revision)
        revision += 1
        if ruling is Ruling.RETURN and wave is not WaveState.LOCKED:
            give_back(session, head, sent)
    assert session.get_one(Visit, sent.id).revision == revision


def give_back(session: Session, head: Actor, sent: VisitSubmission, ruling: Ruling = Ruling.RETURN) -> None:
    version = version_of(session, sent)
    review_visit(session, head, sent.id, ruling, LATER, version=version, reason="See A1")


def version_of(session: Session, sent: VisitSubmission) -> int:
    return session.get_one(Visit, sent.id, populate_existing=True).row_version


# Together or not at all; never one over the other


def test_a_failure_at_any_statement_leaves_the_visit_as_it_was(
    engine: database.Engine, session: Session, anna: Actor, sent: VisitSubmission
) -> None:
    before = session.get_one(Visit, sent.id).model_dump()
    events = count(session, AuditEvent)
    session.rollback()
    for number in range(1, MOST_STATEMENTS):
        stop = fail_at(engine, number)
        try:
            with Session(engine, expire_on_commit=False) as own:
                receipt = correct(own, anna, corrected(sent))
            break
        except Failure:
            pass
        finally:
            stop()
        visit = session.get_one(Visit, sent.id, populate_existing=True).model_dump()
        assert visit == before, f"half-written after statement {number}"
        assert (count(session, VisitRevision), count(session, AuditEvent)) == (0, events)
        session.rollback()
    assert number > 5, "the failures were never met"
    assert receipt.status is Status.CREATED
    assert first_break(session) is None


ROUNDS = 200


def test_two_editors_never_overwrite_each_other(
    engine: database.Engine, session: Session, anna: Actor, head: Actor, sent: VisitSubmission
) -> None:
    """Both read, both write, the later one is refused, looks again and writes: all contents are kept."""
    session.rollback()
    barrier = Barrier(2)
    stale: list[int] = []

    def edit(editor: tuple[str, Actor]) -> list[str]:
        name, actor = editor
        written = []
        for number in range(ROUNDS):
            text = f"{name} {number}"
            barrier.wait()
            with Session(engine, expire_on_commit=False) as own:
                revision = read_revision(own, sent)
            barrier.wait()
            while True:
                with Session(engine, expire_on_commit=False) as own:
                    try:
                        receipt = correct(own, actor, replace(sent, narrative=text), revision)
                    except StaleRevision as refused:
                        stale.append(number)
                        revision = refused.current.revision
                        continue
                    assert receipt.status is Status.CREATED
                    written.append(text)
                    break
        return written

    with ThreadPoolExecutor(2) as pool:
        written = list(pool.map(edit, (("anna", anna), ("head", head))))
    session.rollback()
    visit = session.get_one(Visit, sent.id, populate_existing=True)
    contents: list[Any] = [one.document["header"] for one in revisions_of(session, sent.id)]
    contents.append(visit.document["header"])
    kept = [header["narrative"] for header in contents[1:]]
    assert visit.revision == 2 * ROUNDS + 1
    assert sorted(kept) == sorted([*written[0], *written[1]])
    assert len(stale) == ROUNDS, "each round the two met"
    assert first_break(session) is None


def read_revision(session: Session, sent: VisitSubmission) -> int:
    token = database.reading_only.set(True)
    try:
        return session.exec(select(Visit.revision).where(Visit.id == sent.id)).one()
    finally:
        database.reading_only.reset(token)


def test_a_content_that_was_superseded_is_never_written_again(
    session: Session, anna: Actor, sent: VisitSubmission, engine: database.Engine
) -> None:
    correct(session, anna, corrected(sent))
    first = revisions_of(session, sent.id)[0].model_dump()
    written: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *details: written.append(details[2]))
    correct(session, anna, replace(sent, narrative="Third"), 2)
    assert revisions_of(session, sent.id)[0].model_dump() == first
    assert not [text for text in written if text.startswith("UPDATE visit_revision")]
