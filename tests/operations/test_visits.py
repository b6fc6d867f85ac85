from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.checklists import default_checklist, parse, score
from pilot_eval.domain.documents import digest
from pilot_eval.domain.errors import NotAllowed, NotFound, WrongState
from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.domain.problems import Refused, Unconfirmed
from pilot_eval.operations.assignments import VisitPlan, assign_visits
from pilot_eval.operations.forms import publish_checklist
from pilot_eval.operations.submissions import Status
from pilot_eval.operations.visits import (
    AssignedVisits,
    Filling,
    list_assigned,
    record_visit,
    recorded_visit,
)
from pilot_eval.records.audit import AuditEvent, first_break
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import SubmissionConflict, Visit
from tests.field import NOW, OPERATOR, TEN, actor_of, count, good_answers


def events(session, action):
    return [event for event in session.exec(select(AuditEvent)) if event.action == action]


# Stored once


def test_a_visit_is_stored_with_its_score_its_pinned_checklist_and_its_audit_event(session, field, anna):
    submission = field.visit(answers=good_answers(A1="no", B5="na"))
    receipt = record_visit(session, anna, submission, NOW)
    visit = session.get_one(Visit, submission.id)
    assert receipt.status is Status.CREATED
    assert (receipt.received_at, receipt.digest) == (NOW, visit.digest)
    # A1 weighs 2 of 8 in a section of 8 of 100: two points are lost.
    assert (visit.score_hundredths, visit.critical_failed, visit.late) == (9800, 0, False)
    assert (visit.branch_id, visit.wave_id) == (field.anna_s.branch_id, field.anna_s.wave_id)
    assert visit.document["header"]["scenario"] == "parcel_advice"
    (event,) = events(session, "visit.record")
    assert (event.subject_id, event.user_id) == (str(submission.id), field.anna.id)
    assert first_break(session) is None


def test_the_receipt_has_a_short_code(session, field, anna):
    receipt = record_visit(session, anna, field.visit(), NOW)
    assert len(receipt.code) == 9
    assert receipt.code.replace("-", "").lower() == receipt.digest[:8]


def test_sent_again_it_is_a_duplicate_and_nothing_is_added(session, field, anna):
    submission = field.visit()
    first = record_visit(session, anna, submission, NOW)
    spelled_otherwise = replace(submission, narrative="  ", answers={**submission.answers, "C4": None})
    again = record_visit(session, anna, spelled_otherwise, NOW + timedelta(hours=1))
    assert (again.status, again.digest, again.received_at) == (Status.DUPLICATE, first.digest, NOW)
    assert (count(session, Visit), count(session, SubmissionConflict)) == (1, 0)
    assert len(events(session, "visit.record")) == 1


def test_other_content_under_the_same_identity_is_a_conflict_and_is_kept(session, field, anna):
    submission = field.visit()
    record_visit(session, anna, submission, NOW)
    changed = replace(submission, narrative="The second version")
    for _ in range(2):
        assert record_visit(session, anna, changed, NOW).status is Status.CONFLICT
    (kept,) = session.exec(select(SubmissionConflict)).all()
    assert kept.record_id == submission.id
    assert kept.document["header"]["narrative"] == "The second version"
    assert "narrative" not in session.get_one(Visit, submission.id).document["header"]
    assert len(events(session, "visit.conflict")) == 1


def test_a_second_visit_for_one_assignment_is_a_conflict_and_is_kept(session, field, anna):
    record_visit(session, anna, field.visit(), NOW)
    assert record_visit(session, anna, field.visit(), NOW).status is Status.CONFLICT
    assert (count(session, Visit), count(session, SubmissionConflict)) == (1, 1)


def test_somebody_else_s_identity_is_a_conflict_that_tells_nothing(session, field, anna):
    submission = field.visit()
    record_visit(session, anna, submission, NOW)
    stolen = replace(submission, assignment_id=field.boris_s.id)
    receipt = record_visit(session, actor_of(field.boris), stolen, NOW + timedelta(minutes=1))
    assert receipt.status is Status.CONFLICT
    assert receipt.received_at == NOW + timedelta(minutes=1)
    assert count(session, Visit) == 1


def test_one_visit_sent_eight_times_at_once_is_one_row(engine, session, field, anna):
    submission = field.visit()
    statuses = at_once(engine, anna, [submission] * 8)
    assert sorted(statuses) == ["created"] + ["duplicate"] * 7
    assert (count(session, Visit), len(events(session, "visit.record"))) == (1, 1)
    assert first_break(session) is None


def test_two_visits_for_one_assignment_sent_at_once_are_one_row_and_one_conflict(
    engine, session, field, anna
):
    statuses = at_once(engine, anna, [field.visit(), field.visit()])
    assert sorted(statuses) == ["conflict", "created"]
    assert (count(session, Visit), count(session, SubmissionConflict)) == (1, 1)


def at_once(engine, actor, submissions):
    barrier = Barrier(len(submissions))

    def send(submission):
        barrier.wait()
        with Session(engine, expire_on_commit=False) as own:
            return record_visit(own, actor, submission, NOW).status

    with ThreadPoolExecutor(len(submissions)) as pool:
        return list(pool.map(send, submissions))


# Who may


def test_only_the_assigned_auditor_may_record(session, field, anna):
    with pytest.raises(NotFound):
        record_visit(session, actor_of(field.boris), field.visit(), NOW)
    with pytest.raises(NotFound):
        record_visit(session, anna, field.visit(assignment_id=999), NOW)
    with pytest.raises(NotAllowed):
        record_visit(session, actor_of(field.maria), field.visit(), NOW)
    assert count(session, Visit) == 0


def test_what_comes_for_an_assignment_taken_back_is_no_record_but_kept(session, field, anna):
    field.anna_s.withdrawn_at = NOW
    session.add(field.anna_s)
    session.commit()
    submission = field.visit(answers=good_answers(F4="no"), started_at=None)
    for _ in range(2):
        assert record_visit(session, anna, submission, NOW).status is Status.WITHDRAWN
    (kept,) = session.exec(select(SubmissionConflict)).all()
    assert (kept.record_id, kept.user_id) == (submission.id, field.anna.id)
    assert kept.document["answers"] == good_answers(F4="no")
    assert kept.document["header"]["left_at"] == submission.left_at.isoformat()
    assert count(session, Visit) == 0
    actions = [event.action for event in session.exec(select(AuditEvent)).all()]
    assert actions.count("visit.withdrawn") == 1


# Versions of the checklist


def newer_checklist(session, field, **changes):
    """The pilot goes on with the next version, in which A1 weighs as `changes` say."""
    older = default_checklist()
    document = older.to_document() | {"version": older.version + 1}
    section = document["sections"][0]
    section["items"][0] |= changes
    newer = parse(document)
    version = publish_checklist(session, OPERATOR, newer)
    pilot = session.exec(select(Pilot)).one()
    pilot.checklist_id = version.id
    session.add(pilot)
    session.commit()
    return newer


def test_a_visit_filled_in_on_an_earlier_version_is_checked_and_scored_by_it(session, field, anna):
    older = default_checklist()
    first = older.sections[0].items[0].code
    newer = newer_checklist(session, field, weight=30)
    answers = good_answers(**{first: older.items[first].offered[1]})
    now_known = field.visit(answers=answers, checklist=newer.digest)
    assert record_visit(session, anna, now_known, NOW).status is Status.CREATED
    then_known = field.visit(field.boris_s, answers=answers, checklist=older.digest)
    assert record_visit(session, actor_of(field.boris), then_known, NOW).status is Status.CREATED
    rows = {visit.id: visit for visit in session.exec(select(Visit))}
    by_newer, by_older = rows[now_known.id], rows[then_known.id]
    assert by_older.score_hundredths == score(older, answers).hundredths
    assert by_newer.score_hundredths == score(newer, answers).hundredths
    assert by_older.score_hundredths != by_newer.score_hundredths
    assert by_older.checklist_id != by_newer.checklist_id
    assert record_visit(session, actor_of(field.boris), then_known, NOW).status is Status.DUPLICATE


@pytest.mark.parametrize("shown", ["ab" * 32, "x"])
def test_a_version_that_is_not_known_is_refused_with_what_to_do(session, field, anna, shown):
    with pytest.raises(Refused) as refused:
        record_visit(session, anna, field.visit(checklist=shown), NOW)
    (finding,) = refused.value.findings
    assert (finding.field, finding.code) == ("checklist", "unknown_version")
    assert "open the assignment again" in str(finding)


def test_a_later_version_than_the_pilot_s_is_not_known_to_it(session, field, anna):
    older_id = session.exec(select(Pilot)).one().checklist_id
    newer = newer_checklist(session, field, weight=30)
    pilot = session.exec(select(Pilot)).one()
    pilot.checklist_id = older_id
    session.add(pilot)
    session.commit()
    with pytest.raises(Refused):
        record_visit(session, anna, field.visit(checklist=newer.digest), NOW)


def test_how_it_was_filled_in_counts_for_the_digest_only_where_it_is_given(session, field, anna):
    filling = Filling(TEN, NOW, 300)
    plain = field.visit()
    told = replace(plain, filling=filling, distance_m=35)
    record_visit(session, anna, plain, NOW)
    assert record_visit(session, anna, told, NOW).status is Status.CONFLICT
    stored = session.exec(select(Visit)).one()
    # As it was computed before there was anything else to tell.
    assert stored.digest == digest(
        {
            "answers": plain.answers,
            "comments": {},
            "header": {
                "outcome": "done",
                "scenario": "parcel_advice",
                "started_at": "2014-08-05T06:00:00+00:00",
                "left_at": "2014-08-05T06:20:00+00:00",
            },
            "pilot_id": stored.pilot_id,
            "wave_id": stored.wave_id,
            "branch_id": stored.branch_id,
            "assignment_id": field.anna_s.id,
            "auditor_id": field.anna.id,
            "checklist": default_checklist().digest,
        }
    )


def test_an_auditor_reads_back_only_their_own_visit(session, field, anna):
    submission = field.visit(answers=good_answers(A1="") | {"B5": "na"}, confirmed=True)
    record_visit(session, anna, submission, NOW)
    recorded = recorded_visit(session, anna, submission.id)
    assert (recorded.answered, recorded.asked) == (32, 33)
    with pytest.raises(NotFound):
        recorded_visit(session, actor_of(field.boris), submission.id)
    with pytest.raises(NotFound):
        recorded_visit(session, anna, uuid4())
    with pytest.raises(NotAllowed):
        recorded_visit(session, actor_of(field.maria), submission.id)


# Waves


def test_a_closed_wave_takes_a_visit_begun_inside_its_dates_as_late(session, field, anna):
    field.set_wave(WaveState.CLOSED)
    submission = field.visit()
    record_visit(session, anna, submission, NOW + timedelta(days=40))
    assert session.get_one(Visit, submission.id).late


def test_a_locked_wave_takes_nothing_new_and_still_knows_a_duplicate(session, field, anna):
    submission = field.visit()
    record_visit(session, anna, submission, NOW)
    field.set_wave(WaveState.LOCKED)
    assert record_visit(session, anna, submission, NOW).status is Status.DUPLICATE
    with pytest.raises(WrongState) as caught:
        record_visit(session, actor_of(field.boris), field.visit(field.boris_s), NOW)
    assert caught.value.code == "wave_locked"
    assert count(session, Visit) == 1


@pytest.mark.parametrize("days", [-5, 30])
def test_a_visit_outside_the_wave_s_dates_is_refused(session, field, anna, days):
    begun = TEN + timedelta(days=days)
    submission = field.visit(started_at=begun, left_at=begun + timedelta(minutes=5))
    with pytest.raises(Refused) as caught:
        record_visit(session, anna, submission, NOW + timedelta(days=60))
    assert [finding.code for finding in caught.value.findings] == ["outside_wave"]
    assert count(session, Visit) == 0


def test_the_day_is_the_branch_s_own(session, field, anna):
    # 31 July 21:00 UTC is already August in Vladimir; an hour and a half earlier it is not.
    begun = TEN.replace(month=7, day=31, hour=20, minute=30)
    submission = field.visit(started_at=begun, left_at=begun + timedelta(minutes=5))
    assert record_visit(session, anna, submission, NOW).status is Status.CREATED
    earlier = field.visit(
        field.boris_s, started_at=begun - timedelta(hours=1), left_at=begun - timedelta(minutes=50)
    )
    with pytest.raises(Refused):
        record_visit(session, actor_of(field.boris), earlier, NOW)


# What is wrong or odd


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"outcome": ""}, {"outcome"}),
        ({"outcome": "fine"}, {"outcome"}),
        ({"started_at": None}, {"started_at"}),
        ({"left_at": None}, {"left_at"}),
        ({"left_at": TEN - timedelta(minutes=1)}, {"left_at"}),
        ({"left_at": NOW + timedelta(minutes=6)}, {"left_at"}),
        ({"answers": good_answers(A1="na")}, {"q_A1"}),
        ({"answers": good_answers(A1=True)}, {"q_A1"}),
        ({"answers": good_answers(G2="no")}, {"c_G2"}),
        ({"answers": good_answers(A2="no")}, {"narrative"}),
        ({"answers": good_answers() | {"Z1": "yes"}}, {"q_Z1"}),
        ({"incidents": ["rain"], "window_no": 0}, {"incidents", "window_no"}),
    ],
)
def test_a_bad_visit_is_refused_with_every_field_named_and_nothing_stored(
    session, field, anna, changes, fields
):
    with pytest.raises(Refused) as caught:
        record_visit(session, anna, field.visit(**changes), NOW)
    assert {finding.field for finding in caught.value.findings} == fields
    assert (count(session, Visit), len(events(session, "visit.record"))) == (0, 0)


def test_gaps_are_asked_about_and_then_taken(session, field, anna):
    submission = field.visit(answers={"A1": "yes"})
    with pytest.raises(Unconfirmed, match="A2, A3"):
        record_visit(session, anna, submission, NOW)
    assert count(session, Visit) == 0
    assert record_visit(session, anna, replace(submission, confirmed=True), NOW).status is Status.CREATED
    assert session.get_one(Visit, submission.id).score_hundredths is None


@pytest.mark.parametrize("outcome", ["closed", "recognised", "refused"])
def test_a_visit_that_was_not_done_needs_no_answers_and_has_no_score(session, field, anna, outcome):
    submission = field.visit(outcome=outcome, answers={})
    assert record_visit(session, anna, submission, NOW).status is Status.CREATED
    visit = session.get_one(Visit, submission.id)
    assert (visit.outcome, visit.score_hundredths) == (outcome, None)


def test_a_failed_critical_question_is_counted(session, field, anna):
    submission = field.visit(answers=good_answers(G2="no"), comments={"G2": "The parcel went astray"})
    record_visit(session, anna, submission, NOW)
    assert session.get_one(Visit, submission.id).critical_failed == 1


def test_the_audit_log_holds_no_words_of_the_auditor(session, field, anna):
    record_visit(session, anna, field.visit(narrative="A secret sentence"), NOW)
    assert all("secret" not in str(event.details) for event in session.exec(select(AuditEvent)))


# The list of assignments


def test_an_auditor_sees_only_their_own_assignments_and_no_score(session, field, anna):
    (row,) = list_assigned(session, anna, NOW).to_do
    assert (row.branch.code, row.visit_id, row.timings) == ("600001", None, 0)
    submission = field.visit()
    record_visit(session, anna, submission, NOW)
    assigned = list_assigned(session, anna, NOW)
    (row,) = assigned.done
    assert (row.visit_id, assigned.to_do) == (submission.id, ())
    assert not any("score" in name or name in ("arm", "period") for name in row.__slots__)


def test_head_office_sees_all_and_a_manager_none(session, field):
    assert len(list_assigned(session, Actor("head", Role.HEAD_OFFICE, 99), NOW).to_do) == 2
    with pytest.raises(NotAllowed):
        list_assigned(session, actor_of(field.maria), NOW)


@pytest.mark.parametrize(
    ("now", "due", "overdue"),
    [
        # Vladimir was four hours ahead of UTC: its days begin at 20:00.
        (datetime(2014, 7, 31, 19, 59, tzinfo=UTC), False, False),
        (datetime(2014, 7, 31, 20, 0, tzinfo=UTC), True, False),
        (datetime(2014, 8, 31, 19, 59, tzinfo=UTC), True, False),
        (datetime(2014, 8, 31, 20, 0, tzinfo=UTC), False, True),
    ],
)
def test_an_assignment_is_due_and_overdue_by_the_branch_s_own_calendar(
    session, field, anna, now, due, overdue
):
    (row,) = list_assigned(session, anna, now).to_do
    assert (row.due(now), row.overdue(now)) == (due, overdue)


def test_today_s_visits_come_first_then_the_overdue_then_those_to_come(session, field, anna):
    windows = {"first": (1, 1), "later": (5, 9), "today": (5, 5), "next": (6, 6), "last": (20, 31)}
    plans = [
        VisitPlan("600003", Period.BEFORE, anna.user_id, "transfer", (date(2014, 8, a), date(2014, 8, b)))
        for a, b in windows.values()
    ]
    assign_visits(session, OPERATOR, "vladimir", plans, confirmed=True)
    order = [row.assignment.window_to.day for row in list_assigned(session, anna, NOW).to_do]
    # The assignment of the whole month is due as well, and has the most time left.
    assert order == [5, 9, 31, 1, 6, 31]


def test_what_is_done_comes_newest_first(session, field, anna):
    plans = [VisitPlan("600003", Period.BEFORE, anna.user_id, name) for name in ("transfer", "bill_payment")]
    transfer, bill = assign_visits(session, OPERATOR, "vladimir", plans, confirmed=True)
    for assignment, day in ((transfer, 3), (field.anna_s, 9), (bill, 5)):
        at = datetime(2014, 8, day, 6, 0, tzinfo=UTC)
        submission = field.visit(assignment, started_at=at, left_at=at + timedelta(minutes=20))
        record_visit(session, anna, submission, datetime(2014, 8, 10, tzinfo=UTC))
    assert [row.last_day.day for row in list_assigned(session, anna, NOW).done] == [9, 5, 3]


@pytest.mark.parametrize("state", list(WaveState))
def test_timings_are_asked_for_while_the_wave_is_open(session, field, anna, state):
    submission = field.visit()
    record_visit(session, anna, submission, NOW)
    field.set_wave(state)
    (row,) = list_assigned(session, anna, NOW).done
    recorded = recorded_visit(session, anna, submission.id)
    assert row.asks_for_timings == recorded.asks_for_timings == (state is WaveState.OPEN)


def test_what_was_taken_back_or_locked_unvisited_is_not_listed(session, field, anna):
    nothing = AssignedVisits((), ())
    field.set_wave(WaveState.LOCKED)
    assert list_assigned(session, anna, NOW) == nothing
    field.set_wave(WaveState.OPEN)
    field.anna_s.withdrawn_at = NOW
    session.add(field.anna_s)
    session.commit()
    assert list_assigned(session, anna, NOW) == nothing
    assert list_assigned(session, OPERATOR, NOW).to_do
