from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import select

from pilot_eval.domain.errors import NotAllowed, NotFound, WrongState
from pilot_eval.domain.pilots import WaveState
from pilot_eval.domain.problems import Refused, Unconfirmed
from pilot_eval.domain.timings import default_timing_form, parse
from pilot_eval.operations.forms import publish_timing_form
from pilot_eval.operations.submissions import Status
from pilot_eval.operations.timings import record_timing, recorded_timing
from pilot_eval.operations.visits import record_visit
from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import SubmissionConflict, Timing
from tests.field import NOW, OPERATOR, TEN, actor_of, count, good_entry

CONTEXT = {"windows_total": 4, "windows_open": 2, "ahead": 0, "queue_kind": "ticket"}


def test_a_timing_is_stored_with_whole_seconds_and_its_audit_event(session, field, anna):
    submission = field.timing()
    receipt = record_timing(session, anna, submission, NOW)
    timing = session.get_one(Timing, submission.id)
    assert receipt.status is Status.CREATED
    seconds = (timing.wait_seconds, timing.handover_seconds, timing.service_seconds, timing.total_seconds)
    assert seconds == (300, 60, 240, 600)
    assert (timing.happened_at, timing.document["daypart"]) == (TEN, "morning")
    assert [
        event.subject_id for event in session.exec(select(AuditEvent)) if event.action == "timing.record"
    ] == [str(submission.id)]


def test_sent_again_it_is_a_duplicate_and_changed_a_conflict(session, field, anna):
    submission = field.timing()
    record_timing(session, anna, submission, NOW)
    assert record_timing(session, anna, submission, NOW + timedelta(days=1)).status is Status.DUPLICATE
    changed = replace(submission, entry=good_entry(operation="question"))
    assert record_timing(session, anna, changed, NOW).status is Status.CONFLICT
    assert (count(session, Timing), count(session, SubmissionConflict)) == (1, 1)


def test_an_assignment_takes_many_timings(session, field, anna):
    for _ in range(3):
        record_timing(session, anna, field.timing(), NOW)
    assert count(session, Timing) == 3


def test_a_wait_that_was_given_up_is_kept_and_is_no_completed_wait(session, field, anna):
    events = {"joined": TEN, "left": TEN + timedelta(minutes=20)}
    submission = field.timing(entry=good_entry(outcome="abandoned", operation="", events=events))
    record_timing(session, anna, submission, NOW)
    timing = session.get_one(Timing, submission.id)
    assert (timing.outcome, timing.wait_seconds, timing.operation) == ("abandoned", None, "")
    assert timing.document["gave_up_after_seconds"] == 1200


def test_balked_needs_nothing_but_left(session, field, anna):
    entry = good_entry(outcome="balked", mode="own_visit", operation="", events={"left": TEN})
    submission = field.timing(entry=entry)
    record_timing(session, anna, submission, NOW)
    assert session.get_one(Timing, submission.id).happened_at == TEN


def test_an_impossible_order_is_refused_and_an_odd_length_asked_about(session, field, anna):
    backwards = good_entry(events={**good_entry().events, "called": TEN - timedelta(minutes=1)})
    with pytest.raises(Refused) as caught:
        record_timing(session, anna, field.timing(entry=backwards), NOW)
    assert [finding.field for finding in caught.value.findings] == ["at_called"]
    slow = field.timing(
        entry=good_entry(events={**good_entry().events, "ended": TEN + timedelta(minutes=50)})
    )
    with pytest.raises(Unconfirmed):
        record_timing(session, anna, slow, NOW)
    assert count(session, Timing) == 0
    record_timing(session, anna, replace(slow, confirmed=True), NOW)
    assert session.get_one(Timing, slow.id).document["confirmed"] == ["unusual_service"]


def test_the_own_visit_s_timing_and_visit_find_each_other_in_either_order(session, field, anna):
    own = good_entry(mode="own_visit", context=CONTEXT)
    before, after, other = field.timing(entry=own), field.timing(entry=own), field.timing()
    visit = field.visit()
    record_timing(session, anna, before, NOW)
    record_timing(session, anna, other, NOW)
    record_visit(session, anna, visit, NOW)
    record_timing(session, anna, after, NOW)
    session.expire_all()
    linked = [session.get_one(Timing, each.id).visit_id for each in (before, after, other)]
    assert linked == [visit.id, visit.id, None]


def test_zero_customers_ahead_is_kept(session, field, anna):
    submission = field.timing(entry=good_entry(mode="own_visit", context={**CONTEXT, "staff_idle": None}))
    record_timing(session, anna, submission, NOW)
    assert session.get_one(Timing, submission.id).document["context"] == CONTEXT


def test_a_log_is_not_typed_in_by_hand(session, field, anna):
    for entry in (good_entry(mode="equeue_log"), good_entry(entry_method="import")):
        with pytest.raises(Refused):
            record_timing(session, anna, field.timing(entry=entry), NOW)


def test_only_the_assigned_auditor_may_record_and_read(session, field, anna):
    with pytest.raises(NotFound):
        record_timing(session, actor_of(field.boris), field.timing(), NOW)
    with pytest.raises(NotAllowed):
        record_timing(session, actor_of(field.maria), field.timing(), NOW)
    submission = field.timing()
    record_timing(session, anna, submission, NOW)
    assert recorded_timing(session, anna, submission.id).branch.code == "600001"
    for actor, record_id in ((actor_of(field.boris), submission.id), (anna, uuid4())):
        with pytest.raises(NotFound):
            recorded_timing(session, actor, record_id)


def test_what_comes_for_an_assignment_taken_back_is_no_record_but_kept(session, field, anna):
    field.anna_s.withdrawn_at = NOW
    session.add(field.anna_s)
    session.commit()
    submission = field.timing(entry=good_entry(outcome=""))
    for _ in range(2):
        assert record_timing(session, anna, submission, NOW).status is Status.WITHDRAWN
    (kept,) = session.exec(select(SubmissionConflict)).all()
    assert (kept.record_type, kept.record_id) == ("timing", submission.id)
    assert set(kept.document["events"]) == {"joined", "called", "started", "ended"}
    assert count(session, Timing) == 0


def test_a_timing_on_an_earlier_version_of_the_form_is_pinned_to_it(session, field, anna):
    pilot = session.exec(select(Pilot)).one()
    older, older_id = default_timing_form(), pilot.timing_form_id
    document = {**older.document, "version": older.version + 1}
    version = publish_timing_form(session, OPERATOR, parse(document))
    pilot.timing_form_id = version.id
    session.add(pilot)
    session.commit()
    then, now = field.timing(timing_form=older.digest), field.timing(timing_form=version.digest)
    for submission, form_id in ((then, older_id), (now, version.id), (field.timing(), version.id)):
        record_timing(session, anna, submission, NOW)
        assert session.get_one(Timing, submission.id).timing_form_id == form_id
    with pytest.raises(Refused, match="not known here"):
        record_timing(session, anna, field.timing(timing_form="x"), NOW)


def test_events_and_ticks_that_the_form_does_not_ask_for_are_refused(session, field, anna):
    entry = good_entry()
    odd = replace(entry, events={**entry.events, "born": TEN}, ticks={"died": 1})
    with pytest.raises(Refused) as refused:
        record_timing(session, anna, field.timing(entry=odd), NOW)
    assert [(each.field, each.code) for each in refused.value.findings] == [
        ("at_born", "unknown"),
        ("tick_died", "unknown"),
    ]


def test_waves_hold_for_timings_too(session, field, anna):
    field.set_wave(WaveState.CLOSED)
    late = field.timing()
    record_timing(session, anna, late, NOW)
    assert session.get_one(Timing, late.id).late
    field.set_wave(WaveState.LOCKED)
    with pytest.raises(WrongState):
        record_timing(session, anna, field.timing(), NOW)
    assert record_timing(session, anna, late, NOW).status is Status.DUPLICATE
