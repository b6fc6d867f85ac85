"""Timings: one customer contact, timed by an auditor at a branch where a visit is assigned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from pilot_eval.domain import timings
from pilot_eval.domain.documents import digest
from pilot_eval.domain.errors import WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.problems import N_, FieldProblem, Refused, Unconfirmed
from pilot_eval.domain.timings import OWN_VISIT, Entry, Findings, TimingForm
from pilot_eval.operations import forms
from pilot_eval.operations.computed_answers import settle_computed
from pilot_eval.operations.plans import freeze_with_record
from pilot_eval.operations.submissions import (
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
    settle,
    together,
)
from pilot_eval.records import audit
from pilot_eval.records.branch_results import mark_stale
from pilot_eval.records.forms import TimingFormVersion
from pilot_eval.records.network import Branch
from pilot_eval.records.visits import EntryMethod, Timing, Visit


@dataclass(frozen=True, slots=True)
class TimingSubmission:
    """A timing as filled in.

    Parameters
    ----------
    id : UUID
        Minted where the timing was begun.
    assignment_id : int
    entry : Entry
        Events, outcome and surroundings.
    confirmed : bool
        The auditor has seen what is odd and sends it all the same.
    unreadable : sequence of FieldProblem
        What was typed but could not be read: told together with all else that is wrong.
    timing_form : str
        Digest of the version that the form showed; the pilot's own unless given.
    """

    id: UUID
    assignment_id: int
    entry: Entry
    confirmed: bool = False
    unreadable: Sequence[FieldProblem] = ()
    timing_form: str = ""


def timing_form_for(session: Session, place: Place, shown: str = "") -> tuple[int, TimingForm]:
    """The timing form that timings of this place are pinned to, with its id.

    Parameters
    ----------
    shown : str
        Digest of the version that the form showed: an earlier one of the same form is as good.

    Raises
    ------
    WrongState
        If the pilot has none.
    Refused
        If the form showed something else.
    """
    pinned = place.pilot.timing_form_id
    version = session.get(TimingFormVersion, pinned) if pinned else None
    if version is None or version.id is None:
        raise WrongState("no_timing_form", N_("This pilot has no timing form"))
    if shown and shown != version.digest:
        version = forms.earlier_version(session, version, shown, "timing_form")
    return version.id or 0, forms.timing_form_of(version)


def record_timing(session: Session, actor: Actor, submission: TimingSubmission, now: datetime) -> Receipt:
    """Store a timing once, with its audit event, and commit; see `store_timing`."""
    with one_transaction(session):
        return store_timing(session, actor, submission, now)


def store_timing(session: Session, actor: Actor, submission: TimingSubmission, now: datetime) -> Receipt:
    """Store a timing in the caller's transaction.

    The same timing sent again is a duplicate whatever has happened to its wave since. Another content under
    the same UUID is a conflict; the assignment may have been taken back meanwhile: what was sent is then kept
    for a reviewer. A wait that was given up is no completed wait: its column stays empty, its length stands
    in the document as `gave_up_after_seconds`.

    Raises
    ------
    NotAllowed, NotFound
        If it is not the actor's own assignment.
    Refused
        Naming every field that is wrong.
    Unconfirmed
        If a length is implausible and `confirmed` is false.
    WrongState
        If the wave is locked.
    """
    place = held_place_of(session, actor, submission.assignment_id)
    form_id, form = timing_form_for(session, place, submission.timing_form)
    entry = submission.entry
    sent = _sent(place.identities, form, submission)
    if place.assignment.withdrawn_at is not None:
        return keep_aside(session, actor, sent, now, Status.WITHDRAWN)
    findings = timings.check(form, entry, now, place.zone)
    problems = together(submission.unreadable, findings.problems + _not_by_hand(form, entry))
    if problems:
        raise Refused(problems)
    if findings.questions and not submission.confirmed:
        raise Unconfirmed(findings.questions)
    timing = timing_as_sent(place.identities, place.zone, form_id, form, submission, findings, now)
    receipt = settle(session, actor, timing, now)
    if receipt.status is not Status.CREATED:
        return receipt
    late = lateness(place, timing.happened_at, now, "day")
    freeze_with_record(session, actor, place.pilot, place.wave.period, now)
    _finish(session, actor, timing, late)
    return receipt


def _not_by_hand(form: TimingForm, entry: Entry) -> list[FieldProblem]:
    mode = form.mode(entry.mode)
    if (mode and mode.imported) or entry.entry_method == EntryMethod.IMPORT:
        return [FieldProblem("mode", "imported", N_("A ticket system's log is imported as a file"))]
    return []


def timing_as_sent(
    identities: Mapping[str, Any],
    zone: ZoneInfo,
    form_id: int,
    form: TimingForm,
    submission: TimingSubmission,
    findings: Findings,
    now: datetime,
) -> Timing:
    """The timing that was filled in, with its durations; not stored.

    Parameters
    ----------
    identities : mapping
        The columns that tell where it belongs; see `Place.identities`.
    zone : ZoneInfo
        The branch's.
    findings : Findings
        Of a check that found no problem.
    """
    sent, entry = _sent(identities, form, submission), submission.entry
    durations = timings.derive(entry.events, entry.outcome)
    happened_at = entry.events.get("joined") or min(entry.events.values())
    derived = given(
        daypart=form.daypart(happened_at, zone).code,
        flags=findings.flags,
        confirmed=[question.code for question in findings.questions],
        gave_up_after_seconds=durations.wait_seconds if durations.wait_censored else None,
    )
    return Timing(
        id=submission.id,
        **identities,
        timing_form_id=form_id,
        mode=entry.mode,
        outcome=entry.outcome,
        operation=entry.operation,
        entry_method=EntryMethod(entry.entry_method),
        happened_at=happened_at,
        document={**sent.document, **derived},
        wait_seconds=None if durations.wait_censored else durations.wait_seconds,
        handover_seconds=durations.handover_seconds,
        service_seconds=durations.service_seconds,
        total_seconds=durations.total_seconds,
        digest=sent.digest,
        received_at=now,
    )


def _sent(identities: Mapping[str, Any], form: TimingForm, submission: TimingSubmission) -> Sent:
    payload = _payload(submission.entry)
    return Sent(
        "timing",
        submission.id,
        identities["assignment_id"],
        identities["auditor_id"],
        payload,
        digest({**payload, **identities, "timing_form": form.digest}),
    )


def _payload(entry: Entry) -> dict[str, object]:
    return given(
        mode=entry.mode,
        outcome=entry.outcome,
        operation=entry.operation,
        entry_method=str(entry.entry_method),
        events={code: moment.astimezone(UTC).isoformat() for code, moment in entry.events.items()},
        ticks=dict(entry.ticks),
        context=given(**{code: _settled(value) for code, value in entry.context.items()}),
        reason=entry.reason.strip(),
        operation_text=entry.operation_text.strip(),
        receipt_at=entry.receipt_at and entry.receipt_at.astimezone(UTC).isoformat(),
    )


def _settled(value: object) -> object:
    return sorted(set(value)) if isinstance(value, list) else value


def _finish(session: Session, actor: Actor, timing: Timing, late: bool) -> None:
    if late:
        session.get_one(Timing, timing.id).late = True
        mark_stale(session, timing.pilot_id)
    if timing.mode == OWN_VISIT:
        _join_visit(session, session.get_one(Timing, timing.id))
    details = {"assignment": timing.assignment_id, "digest": timing.digest, "late": late}
    audit.append(session, actor, "timing.record", "timing", timing.id, **details)


def _join_visit(session: Session, timing: Timing) -> None:
    # Held and read anew: somebody may be correcting it.
    visit = session.exec(
        select(Visit)
        .where(col(Visit.assignment_id) == timing.assignment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if visit is not None:
        timing.visit_id = visit.id
        session.flush()
        settle_computed(session, visit)


@dataclass(frozen=True, slots=True)
class RecordedTiming:
    """What its auditor may see of a recorded timing."""

    timing: Timing
    branch: Branch


def recorded_timing(session: Session, actor: Actor, timing_id: UUID) -> RecordedTiming:
    """An auditor's own recorded timing.

    Raises
    ------
    NotAllowed, NotFound
        If it is not there or not the actor's.
    """
    timing = own_record(session, actor, Timing, timing_id)
    return RecordedTiming(timing, session.get_one(Branch, timing.branch_id))
