"""Visits: an auditor's assignments, and a visit recorded for one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from pilot_eval.domain import checklists
from pilot_eval.domain.checklists import Answer, Checklist
from pilot_eval.domain.documents import Text, digest
from pilot_eval.domain.errors import WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import WaveState
from pilot_eval.domain.problems import N_, FieldProblem, Refused, Unconfirmed
from pilot_eval.domain.timings import OWN_VISIT
from pilot_eval.operations import forms
from pilot_eval.operations.computed_answers import settle_computed
from pilot_eval.operations.plans import freeze_with_record
from pilot_eval.operations.policy import Action, Scope, scope_of
from pilot_eval.operations.submissions import (
    FUTURE,
    Place,
    Receipt,
    Sent,
    Status,
    given,
    held_place_of,
    keep_aside,
    lateness,
    one_transaction,
    own_record,
    place_of,
    sent_of,
    settle,
    stripped,
    together,
)
from pilot_eval.records import audit
from pilot_eval.records.branch_results import mark_stale
from pilot_eval.records.forms import ChecklistVersion, TimingFormVersion
from pilot_eval.records.network import Branch
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Assignment, Pilot, Wave
from pilot_eval.records.reviews import VisitReview
from pilot_eval.records.visits import Timing, Visit, VisitOutcome, VisitState

# As in `submissions`, put together once: whether there is another visit for an assignment, and an own timing.
_BESIDE = sa.select(
    sa.exists().where(
        col(Visit.assignment_id) == sa.bindparam("assignment"), col(Visit.id) != sa.bindparam("visit")
    ),
    sa.exists().where(col(Timing.assignment_id) == sa.bindparam("assignment"), col(Timing.mode) == OWN_VISIT),
)
_JOIN_TIMINGS = (
    sa.update(Timing.__table__)  # type: ignore[attr-defined]  # SQLModel
    .where(
        col(Timing.assignment_id) == sa.bindparam("joined_assignment"),
        col(Timing.mode) == OWN_VISIT,
    )
    .values(visit_id=sa.bindparam("joined_visit"))
)


@dataclass(frozen=True, slots=True)
class Filling:
    """When and for how long a form was open, by the device's own clock: signals for a reviewer, never rules.

    Parameters
    ----------
    seconds : int
        Time with the form in sight; less than from opening to finishing when it was laid aside.
    """

    opened_at: datetime
    finished_at: datetime
    seconds: int

    def to_document(self) -> dict[str, object]:
        return {
            "opened_at": self.opened_at.astimezone(UTC).isoformat(),
            "finished_at": self.finished_at.astimezone(UTC).isoformat(),
            "seconds": self.seconds,
        }


@dataclass(frozen=True, slots=True)
class VisitSubmission:
    """A visit as filled in.

    Parameters
    ----------
    id : UUID
        Minted where the visit was begun.
    assignment_id : int
    outcome : str
        One of `domain.checklists.OUTCOMES`.
    started_at, left_at : datetime or None
        Aware instants.
    answers : mapping of str to str, int or None
        By question code; None and empty are unanswered.
    comments : mapping of str to str
        Words about single answers, by question code.
    window_no : int or None
        Never a name.
    receipt_time : time or None
        The clock time printed on the receipt.
    confirmed : bool
        The auditor has seen what is odd and sends it all the same.
    unreadable : sequence of FieldProblem
        What was typed but could not be read: told together with all else that is wrong.
    checklist : str
        Digest of the version that the form showed; the pilot's own unless given.
    filling : Filling or None
        How the form was filled in, where the device knows.
    distance_m : int or None
        Metres from the branch, where the auditor let the device say so.
    """

    id: UUID
    assignment_id: int
    outcome: str
    started_at: datetime | None
    left_at: datetime | None
    answers: Mapping[str, Answer | None] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)
    narrative: str = ""
    window_no: int | None = None
    receipt_time: time | None = None
    receipt_tail: str = ""
    incidents: Sequence[str] = ()
    confirmed: bool = False
    unreadable: Sequence[FieldProblem] = ()
    checklist: str = ""
    filling: Filling | None = None
    distance_m: int | None = None


@dataclass(frozen=True, slots=True)
class AssignedVisit:
    """An assignment as its auditor sees it: where, what, when, and whether it was done. Never a score.

    Parameters
    ----------
    auditor : str
        Pseudonym.
    wave_state : WaveState
        An open wave asks for visits and timings; a closed one still takes a late visit; a locked one nothing.
    visit_id : UUID or None
        The visit recorded for it.
    visited_at : datetime or None
        When that visit began.
    timings : int
        How many timings were recorded for it.
    daypart : Text or None
        The part of the day in which it is to be made; None where any will do.
    revision : int or None
        Of the visit's content.
    returned : VisitReview or None
        Why head office wants the visit corrected, where it does.
    """

    assignment: Assignment
    branch: Branch
    auditor: str
    wave_state: WaveState
    visit_id: UUID | None
    visited_at: datetime | None
    timings: int
    daypart: Text | None = None
    revision: int | None = None
    returned: VisitReview | None = None

    @property
    def to_do(self) -> bool:
        """Not done, and still to be recorded."""
        return self.visit_id is None and self.wave_state is not WaveState.LOCKED

    @property
    def asks_for_timings(self) -> bool:
        return self.wave_state is WaveState.OPEN

    @property
    def last_day(self) -> date:
        """The day of the visit in the branch's own calendar; the last of its window if there is none."""
        return self._local_day(self.visited_at) if self.visited_at else self.assignment.window_to

    def today(self, now: datetime) -> date:
        """The branch's own day."""
        return self._local_day(now)

    def due(self, now: datetime) -> bool:
        """To be done today: its dates have begun and are not over."""
        return self.to_do and self.assignment.window_from <= self.today(now) <= self.assignment.window_to

    def overdue(self, now: datetime) -> bool:
        """Not done, though its dates are over."""
        return self.to_do and self.assignment.window_to < self.today(now)

    def _local_day(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.branch.time_zone)).date()


@dataclass(frozen=True, slots=True)
class AssignedVisits:
    """Assignments in the order of reading.

    Parameters
    ----------
    to_do : tuple of AssignedVisit
        Those of today first, the one that ends soonest at the head; then the overdue; then those to come.
    done : tuple of AssignedVisit
        Newest first.
    returned : tuple of AssignedVisit
        Made, but to be corrected; the one that was returned first at the head.
    """

    to_do: tuple[AssignedVisit, ...]
    done: tuple[AssignedVisit, ...]
    returned: tuple[AssignedVisit, ...] = ()


def list_assigned(
    session: Session,
    actor: Actor,
    now: datetime,
    pilot_id: int | None = None,
    between: tuple[int, int] | None = None,
) -> AssignedVisits:
    """Standing assignments: an auditor's own, or everybody's for head office.

    An assignment of a locked wave is listed only if something was recorded for it.

    Parameters
    ----------
    pilot_id : int, optional
        Of one pilot; of all unless given.
    between : (int, int), optional
        Only assignments whose id is above the first and not above the second.
    """
    scope = scope_of(actor, Action.SEE_ASSIGNMENTS)
    statement = (
        select(Assignment, Branch, Wave, User)
        .join(Branch, col(Branch.id) == col(Assignment.branch_id))
        .join(Wave, col(Wave.id) == col(Assignment.wave_id))
        .join(User, col(User.id) == col(Assignment.auditor_id))
        .where(col(Assignment.withdrawn_at).is_(None))
        .order_by(col(Assignment.window_from), col(Branch.code), col(Assignment.id))
    )
    if scope is Scope.OWN:
        statement = statement.where(col(Assignment.auditor_id) == actor.user_id)
    if pilot_id is not None:
        statement = statement.where(col(Assignment.pilot_id) == pilot_id)
    if between is not None:
        statement = statement.where(col(Assignment.id) > between[0], col(Assignment.id) <= between[1])
    visits, timings = _recorded(session, actor, scope, pilot_id, between)
    dayparts = _dayparts(session)
    returned = _returned(session)
    rows = [
        AssignedVisit(
            assignment,
            branch,
            auditor.pseudonym,
            wave.state,
            visit_id,
            visited_at,
            timings.get(assignment.id, 0),
            dayparts.get((assignment.pilot_id, assignment.daypart)),
            revision=revision,
            returned=returned.get(visit_id),
        )
        for assignment, branch, wave, auditor in session.exec(statement)
        for visit_id, visited_at, revision in [visits.get(assignment.id, (None, None, None))]
    ]
    again = [row for row in rows if row.returned and row.wave_state is not WaveState.LOCKED]
    done = [row for row in rows if not row.to_do and (row.visit_id or row.timings) and row not in again]
    return AssignedVisits(
        to_do=tuple(sorted((row for row in rows if row.to_do), key=lambda row: _urgency(row, now))),
        done=tuple(sorted(done, key=lambda row: row.last_day, reverse=True)),
        returned=tuple(sorted(again, key=lambda row: row.returned.made_at if row.returned else now)),
    )


def standing_ids(session: Session, after: int, most: int) -> list[int]:
    """The first standing assignments whose id is above `after`."""
    return [
        number
        for number in session.exec(
            select(Assignment.id)
            .where(col(Assignment.id) > after, col(Assignment.withdrawn_at).is_(None))
            .order_by(col(Assignment.id))
            .limit(most)
        )
        if number is not None
    ]


def _dayparts(session: Session) -> dict[tuple[int | None, str], Text]:
    """Names of the parts of the day by pilot and code."""
    pinned = select(Pilot.id, TimingFormVersion).join(
        TimingFormVersion, col(TimingFormVersion.id) == col(Pilot.timing_form_id)
    )
    return {
        (pilot_id, part.code): part.text
        for pilot_id, version in session.exec(pinned)
        for part in forms.timing_form_of(version).dayparts
    }


def _returned(session: Session) -> dict[UUID | None, VisitReview]:
    """The newest ruling on each visit that is to be corrected."""
    rulings = (
        select(VisitReview)
        .join(Visit, col(Visit.id) == col(VisitReview.visit_id))
        .where(col(Visit.state) == VisitState.RETURNED)
        .order_by(col(VisitReview.id))
    )
    return {ruling.visit_id: ruling for ruling in session.exec(rulings)}


def _urgency(row: AssignedVisit, now: datetime) -> tuple[int, date]:
    if row.due(now):
        return 0, row.assignment.window_to
    return (1, row.assignment.window_to) if row.overdue(now) else (2, row.assignment.window_from)


def _recorded(
    session: Session, actor: Actor, scope: Scope, pilot_id: int | None, between: tuple[int, int] | None
) -> tuple[dict[int | None, tuple[UUID, datetime, int]], dict[int | None, int]]:
    """The visit with its beginning and revision, and the number of timings, by assignment."""
    visits = select(Visit.assignment_id, Visit.id, Visit.started_at, Visit.revision)
    timings = select(Timing.assignment_id, func.count()).group_by(col(Timing.assignment_id))
    if scope is Scope.OWN:
        visits = visits.where(col(Visit.auditor_id) == actor.user_id)
        timings = timings.where(col(Timing.auditor_id) == actor.user_id)
    if pilot_id is not None:
        visits = visits.where(col(Visit.pilot_id) == pilot_id)
        timings = timings.where(col(Timing.pilot_id) == pilot_id)
    if between is not None:
        first, last = between
        visits = visits.where(col(Visit.assignment_id) > first, col(Visit.assignment_id) <= last)
        timings = timings.where(col(Timing.assignment_id) > first, col(Timing.assignment_id) <= last)
    by_assignment = {
        assignment_id: (visit_id, at, revision)
        for assignment_id, visit_id, at, revision in session.exec(visits)
    }
    return by_assignment, dict(session.exec(timings).all())


def checklist_for(session: Session, place: Place, shown: str = "") -> tuple[int, Checklist]:
    """The checklist that visits of this place are pinned to, with its id.

    Parameters
    ----------
    shown : str
        Digest of the version that the form showed: an earlier one of the same checklist is as good.

    Raises
    ------
    WrongState
        If the pilot has none.
    Refused
        If the form showed something else.
    """
    pinned = place.pilot.checklist_id
    if pinned is None or place.checklist is None:
        raise WrongState("no_checklist", N_("This pilot has no checklist"))
    if shown and shown != place.checklist:
        today = session.get_one(ChecklistVersion, pinned)
        version = forms.earlier_version(session, today, shown, "checklist")
        return version.id or 0, forms.checklist_of(version)
    return pinned, forms.checklist_known_as(session, pinned, place.checklist)


def record_visit(session: Session, actor: Actor, submission: VisitSubmission, now: datetime) -> Receipt:
    """Store a visit once, with its audit event, and commit; see `store_visit`."""
    with one_transaction(session):
        return store_visit(session, actor, submission, now)


def store_visit(session: Session, actor: Actor, submission: VisitSubmission, now: datetime) -> Receipt:
    """Store a visit in the caller's transaction.

    The same visit sent again is a duplicate whatever has happened to its wave since. Another content under
    the same UUID, or a second visit for the same assignment, is a conflict; an assignment may have been taken
    back meanwhile: what was sent is then kept for a reviewer.

    Parameters
    ----------
    now : datetime
        The server's time.

    Raises
    ------
    NotAllowed, NotFound
        If it is not the actor's own assignment.
    Refused
        Naming every field that is wrong.
    Unconfirmed
        If questions are unanswered and `confirmed` is false.
    WrongState
        If the wave is locked.
    """
    # Two visits for one assignment, sent at once: the second waits here until the first is stored.
    place = held_place_of(session, actor, submission.assignment_id)
    checklist_id, checklist = checklist_for(session, place, submission.checklist)
    if place.assignment.withdrawn_at is not None:
        sent = _sent(place.identities, place.assignment.scenario, checklist, submission)
        return keep_aside(session, actor, sent, now, Status.WITHDRAWN)
    visit = visit_as_sent(
        place.identities, place.assignment.scenario, checklist_id, checklist, submission, now
    )
    if not submission.confirmed:
        ask_about_gaps(checklist, visit)
    receipt = settle(session, actor, visit, now)
    if receipt.status is not Status.CREATED:
        return receipt
    late = lateness(place, visit.started_at, now, "started_at")
    beside = {"assignment": visit.assignment_id, "visit": visit.id}
    another_visit, timed = session.connection().execute(_BESIDE, beside).one()
    if another_visit:
        session.delete(session.get_one(Visit, visit.id))
        session.flush()
        return keep_aside(session, actor, sent_of(visit), now, Status.CONFLICT)
    freeze_with_record(session, actor, place.pilot, place.wave.period, now)
    _finish(session, actor, visit, late, timed)
    return receipt


def rehearse_visit(session: Session, actor: Actor, submission: VisitSubmission, now: datetime) -> Receipt:
    """Check a practice visit as a visit is checked, and store nothing.

    Raises
    ------
    NotAllowed, Refused, Unconfirmed
        As `store_visit`.
    """
    scope_of(actor, Action.RECORD)
    checklist = checklists.default_checklist()
    nowhere = dict.fromkeys(("pilot_id", "wave_id", "branch_id", "assignment_id"), 0)
    nowhere["auditor_id"] = actor.user_id or 0
    visit = visit_as_sent(nowhere, checklist.scenarios[0].code, 0, checklist, submission, now)
    if not submission.confirmed:
        ask_about_gaps(checklist, visit)
    return Receipt(visit.id, visit.digest, Status.CREATED, now)


def _sent(
    identities: Mapping[str, Any], scenario: str, checklist: Checklist, submission: VisitSubmission
) -> Sent:
    times = given(started_at=submission.started_at, left_at=submission.left_at)
    header = _header(scenario, submission) | {name: _utc(moment) for name, moment in times.items()}
    document = {
        "answers": checklists.normalise_answers(checklist, submission.answers),
        "comments": stripped(submission.comments),
        "header": header,
        **given(
            filling=submission.filling and submission.filling.to_document(), distance_m=submission.distance_m
        ),
    }
    return Sent(
        "visit",
        submission.id,
        identities["assignment_id"],
        identities["auditor_id"],
        document,
        digest({**document, **identities, "checklist": checklist.digest}),
    )


def _utc(moment: Any) -> str:
    return str(moment.astimezone(UTC).isoformat())


def visit_as_sent(
    identities: Mapping[str, Any],
    scenario: str,
    checklist_id: int,
    checklist: Checklist,
    submission: VisitSubmission,
    now: datetime,
) -> Visit:
    """The visit that was filled in, checked and scored; not stored.

    Parameters
    ----------
    identities : mapping
        The columns that tell where it belongs; see `Place.identities`.

    Raises
    ------
    Refused
        Naming every field that is wrong.
    """
    sent = _sent(identities, scenario, checklist, submission)
    answers: dict[str, Answer] = sent.document["answers"]  # type: ignore[assignment]  # built by _sent
    comments: dict[str, str] = sent.document["comments"]  # type: ignore[assignment]  # built by _sent
    times = given(started_at=submission.started_at, left_at=submission.left_at)
    problems = checklists.check_answers(checklist, answers, _header(scenario, submission) | times, comments)
    if submission.left_at and submission.left_at > now + FUTURE:
        problems.append(FieldProblem("left_at", "in_future", N_("This time has not come yet")))
    problems = together(submission.unreadable, problems)
    if problems or submission.started_at is None or submission.left_at is None:
        raise Refused(problems)
    score = checklists.score(checklist, answers)
    done = submission.outcome == VisitOutcome.DONE
    return Visit(
        id=submission.id,
        **identities,
        checklist_id=checklist_id,
        outcome=VisitOutcome(submission.outcome),
        started_at=submission.started_at,
        left_at=submission.left_at,
        document=dict(sent.document),
        score_hundredths=score.hundredths if done else None,
        critical_failed=len(score.critical_fails) if done else 0,
        digest=sent.digest,
        received_at=now,
    )


def _header(scenario: str, submission: VisitSubmission) -> dict[str, object]:
    return given(
        outcome=submission.outcome,
        scenario=scenario,
        window_no=submission.window_no,
        receipt_time=submission.receipt_time and submission.receipt_time.isoformat(),
        receipt_tail=submission.receipt_tail.strip(),
        incidents=sorted(set(submission.incidents)),
        narrative=submission.narrative.strip(),
    )


def ask_about_gaps(checklist: Checklist, visit: Visit) -> None:
    """Raise `Unconfirmed` where questions are unanswered."""
    answers: Mapping[str, Answer] = visit.document["answers"]  # type: ignore[assignment]  # built by visit_as_sent
    gaps = checklists.unanswered(checklist, answers) if visit.outcome is VisitOutcome.DONE else []
    if gaps:
        message = N_("Unanswered: %(items)s. With less than %(percent)s %% answered a visit has no score.")
        values = {"items": ", ".join(gaps), "percent": checklist.min_answered_percent}
        raise Unconfirmed([FieldProblem("confirmed", "unanswered", message, values)])


def _finish(session: Session, actor: Actor, visit: Visit, late: bool, timed: bool) -> None:
    if late:
        session.get_one(Visit, visit.id).late = True
        mark_stale(session, visit.pilot_id)
    if timed:
        join = {"joined_visit": visit.id, "joined_assignment": visit.assignment_id}
        session.connection().execute(_JOIN_TIMINGS, join)
        settle_computed(session, session.get_one(Visit, visit.id))
    details = {"assignment": visit.assignment_id, "digest": visit.digest, "late": late}
    audit.append(session, actor, "visit.record", "visit", visit.id, **details)


def visit_for(session: Session, actor: Actor, assignment_id: int) -> UUID | None:
    """The visit recorded for the actor's own assignment, if there is one.

    Raises
    ------
    NotAllowed, NotFound
        As `place_of`.
    """
    place = place_of(session, actor, assignment_id)
    return session.exec(select(Visit.id).where(col(Visit.assignment_id) == place.assignment.id)).first()


@dataclass(frozen=True, slots=True)
class RecordedVisit:
    """What its auditor may see of a recorded visit: that it is there, never its score."""

    visit: Visit
    branch: Branch
    answered: int
    asked: int
    asks_for_timings: bool
    asks_for_photos: bool


def recorded_visit(session: Session, actor: Actor, visit_id: UUID) -> RecordedVisit:
    """An auditor's own recorded visit.

    Raises
    ------
    NotAllowed, NotFound
        If it is not there or not the actor's.
    """
    visit = own_record(session, actor, Visit, visit_id)
    branch = session.get_one(Branch, visit.branch_id)
    checklist = forms.checklist_of(session.get_one(ChecklistVersion, visit.checklist_id))
    answers: Mapping[str, Answer] = visit.document["answers"]  # type: ignore[assignment]  # built by visit_as_sent
    open_questions = len(checklists.unanswered(checklist, answers))
    answered = sum(1 for item in checklists.shown(checklist, answers) if item.asked) - open_questions
    wave = session.get_one(Wave, visit.wave_id)
    pilot = session.get_one(Pilot, visit.pilot_id)
    return RecordedVisit(
        visit,
        branch,
        answered,
        answered + open_questions,
        asks_for_timings=wave.state is WaveState.OPEN,
        asks_for_photos=pilot.asks_photos,
    )
