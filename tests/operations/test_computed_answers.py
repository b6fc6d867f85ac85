"""Answers worked out from the visit's own timing, whichever comes first, on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval.operations.corrections import correct_visit
from pilot_eval.operations.timings import TimingSubmission, record_timing
from pilot_eval.operations.visits import record_visit
from pilot_eval.records import database
from pilot_eval.records.visits import Timing, Visit
from tests.field import NOW, TEN, Field, actor_of, good_answers, good_entry

# Of an auditor's own visit the timing form wants to know how full the branch was.
AROUND = {"windows_total": 3, "windows_open": 2, "ahead": 4, "queue_kind": "ticket", "staff_idle": 0}


def own_timing(field: Field, waited: int) -> TimingSubmission:
    """A timing of Anna's own visit: served after so many minutes."""
    minutes = {"joined": 0, "called": waited, "started": waited + 1, "ended": waited + 4}
    events = {code: TEN + timedelta(minutes=after) for code, after in minutes.items()}
    return field.timing(entry=good_entry(mode="own_visit", events=events, context=AROUND), confirmed=True)


def gave_up(field: Field, after: int) -> TimingSubmission:
    events = {"joined": TEN, "left": TEN + timedelta(minutes=after)}
    entry = good_entry(
        mode="own_visit", outcome="abandoned", events=events, context=AROUND, reason="too_long"
    )
    return field.timing(entry=entry, confirmed=True)


def computed(session: Session) -> Any:
    session.expire_all()
    return session.exec(select(Visit)).one().document.get("computed")


@pytest.mark.parametrize(("waited", "answer"), [(5, "yes"), (15, "no")])
@pytest.mark.parametrize("timing_first", [True, False])
def test_the_answer_is_there_in_either_order(
    session: Session, field: Field, waited: int, answer: str, timing_first: bool
) -> None:
    anna = actor_of(field.anna)
    send = [
        lambda: record_timing(session, anna, own_timing(field, waited), NOW),
        lambda: record_visit(session, anna, field.visit(), NOW),
    ]
    for part in send if timing_first else reversed(send):
        part()
    assert computed(session) == {"C4": answer}
    timing = session.exec(select(Timing)).one()
    assert timing.visit_id == session.exec(select(Visit.id)).one()


def test_the_score_and_the_digest_do_not_depend_on_the_timing(session: Session, field: Field) -> None:
    anna, visit = actor_of(field.anna), field.visit()
    first = record_visit(session, anna, visit, NOW)
    record_timing(session, anna, own_timing(field, 15), NOW)
    stored = session.exec(select(Visit)).one()
    assert (stored.digest, stored.score_hundredths) == (first.digest, 10_000)
    assert record_visit(session, anna, visit, NOW).status == "duplicate"
    assert computed(session) == {"C4": "no"}


def test_a_timing_of_somebody_else_in_the_hall_answers_nothing(session: Session, field: Field) -> None:
    record_timing(session, actor_of(field.anna), field.timing(), NOW)
    record_visit(session, actor_of(field.anna), field.visit(), NOW)
    assert computed(session) is None


def test_a_wait_given_up_after_the_limit_is_known_to_be_longer(session: Session, field: Field) -> None:
    record_visit(session, actor_of(field.anna), field.visit(), NOW)
    record_timing(session, actor_of(field.anna), gave_up(field, 5), NOW)
    assert computed(session) is None
    record_timing(session, actor_of(field.anna), gave_up(field, 11), NOW)
    assert computed(session) == {"C4": "no"}


def test_of_several_timings_the_earliest_counts(session: Session, field: Field) -> None:
    anna = actor_of(field.anna)
    record_visit(session, anna, field.visit(), NOW)
    events = own_timing(field, 5).entry.events
    later = {code: moment + timedelta(minutes=30) for code, moment in events.items()}
    entry = good_entry(mode="own_visit", events=later, context=AROUND)
    record_timing(session, anna, field.timing(entry=entry, confirmed=True), NOW)
    assert computed(session) == {"C4": "yes"}
    record_timing(session, anna, own_timing(field, 15), NOW)
    assert computed(session) == {"C4": "no"}


def test_a_correction_keeps_what_the_timing_tells(session: Session, field: Field) -> None:
    anna, visit = actor_of(field.anna), field.visit()
    record_visit(session, anna, visit, NOW)
    record_timing(session, anna, own_timing(field, 15), NOW)
    corrected = replace(visit, answers=good_answers(A1="no"))
    receipt = correct_visit(session, anna, corrected, NOW, revision=1, reason="A slip")
    session.expire_all()
    stored = session.exec(select(Visit)).one()
    assert (stored.revision, stored.digest) == (2, receipt.digest)
    assert stored.document["answers"]["A1"] == "no"  # type: ignore[index]
    assert stored.document["computed"] == {"C4": "no"}


def test_a_timing_that_comes_during_a_correction_takes_nothing_back(
    engine: database.Engine, session: Session, field: Field
) -> None:
    anna, visit = actor_of(field.anna), field.visit()
    record_visit(session, anna, visit, NOW)
    session.commit()
    corrected, timing = replace(visit, answers=good_answers(A1="no")), own_timing(field, 15)
    at_once(
        engine,
        lambda own: record_timing(own, anna, timing, NOW),
        lambda own: correct_visit(own, anna, corrected, NOW, revision=1, reason="A slip"),
    )
    session.expire_all()
    stored = session.exec(select(Visit)).one()
    assert stored.document["answers"]["A1"] == "no"  # type: ignore[index]
    assert stored.document["computed"] == {"C4": "no"}


@pytest.mark.parametrize("round_", range(5))
def test_sent_at_once_they_find_each_other(
    engine: database.Engine, session: Session, field: Field, round_: int
) -> None:
    anna, visit, timing = actor_of(field.anna), field.visit(), own_timing(field, 15)
    session.commit()
    at_once(
        engine,
        lambda own: record_visit(own, anna, visit, NOW),
        lambda own: record_timing(own, anna, timing, NOW),
    )
    assert computed(session) == {"C4": "no"}


def at_once(engine: database.Engine, *deeds: Any) -> None:
    """Do each in a thread and with a session of its own, all begun together."""
    ready, failed = threading.Barrier(len(deeds)), []

    def do(deed: Any) -> None:
        try:
            with database.session_of(engine) as own:
                ready.wait()
                deed(own)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=do, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
