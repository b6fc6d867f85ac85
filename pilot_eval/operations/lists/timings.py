"""Timings out of a file, or a ticket system's log; a stored timing is never changed by a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from pilot_eval.domain import timings
from pilot_eval.domain.errors import Message, WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.problems import N_
from pilot_eval.domain.progress import told
from pilot_eval.domain.timings import ContextField, Entry, Named, TimingForm, context_field, event_field
from pilot_eval.operations import forms
from pilot_eval.operations.lists.places import COLUMNS, Places, Spot, places_of, storing
from pilot_eval.operations.lists.sheets import CHECKING, Column, Effect, Row, Rows, in_lots
from pilot_eval.operations.timings import TimingSubmission, timing_as_sent
from pilot_eval.records.base import now as clock
from pilot_eval.records.forms import TimingFormVersion
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import EntryMethod, Timing

_AT_ONCE = 500  # rows that are asked for in one statement
_LISTED = 8  # codes of a long list that are shown


def columns(session: Session, pilot: Pilot | None) -> Sequence[Column]:
    _version, form = _form(session, pilot)
    identity, branch, auditor = COLUMNS
    return (
        identity,
        branch,
        Column(auditor.name, N_("sign-in name or pseudonym of the auditor; a ticket system's log has none")),
        Column("mode", N_("who was timed"), needed=True, codes=", ".join(mode.code for mode in form.modes)),
        Column(
            "outcome", N_("how it ended"), needed=True, codes=", ".join(one.code for one in form.outcomes)
        ),
        Column("operation", N_("what the customer came for"), codes=_codes(form.operations)),
        Column("day", N_("where times below have none"), codes="2026-03-31"),
        *(Column(event.code, event.text, codes="2026-03-31 10:05:30, 10:05:30") for event in form.events),
        *(Column(each.code, each.text, codes=_codes(each.options)) for each in form.context),
        Column("reason", N_("why the customer was not served")),
        Column("operation_text", N_("which operation it was, where none of the list fits")),
    )


def _codes(named: Sequence[Named]) -> str:
    return ", ".join(one.code for one in named[:_LISTED]) + (" …" if len(named) > _LISTED else "")


def _form(session: Session, pilot: Pilot | None) -> tuple[int, TimingForm]:
    pinned = pilot.timing_form_id if pilot else None
    version = session.get(TimingFormVersion, pinned) if pinned else None
    if version is None or version.id is None:
        raise WrongState("no_timing_form", N_("This pilot has no timing form"))
    return version.id, forms.timing_form_of(version)


def check(session: Session, actor: Actor, pilot: Pilot | None, rows: Rows) -> Effect:
    """What a file of timings would do; see `Kind.check`."""
    assert pilot is not None  # noqa: S101 - rows of timings belong to a pilot
    form_id, form = _form(session, pilot)
    places = places_of(session, pilot, clock(), instead=actor.user_id)
    found: list[tuple[Row, Timing]] = []
    odd = 0
    for count, row in enumerate(rows, 1):
        told(CHECKING, count, len(rows))
        timing = _read(row, form_id, form, places)
        if timing is not None:
            found.append((row, timing))
            odd += bool(timing.document.get("confirmed"))
    stored = _stored(session, [timing.id for _row, timing in found])
    for row, timing in found:
        if timing.id in stored and stored[timing.id] != timing.digest:
            row.wrong("", Message("is stored already with other times; a file changes no stored timing"))
    rows.problems.refuse()
    new = [timing for _row, timing in found if timing.id not in stored]
    what = Message(
        "%(count)s of the timings are unusually long or short: they are stored as they are.", count=odd
    )
    return Effect(len(new), len(found) - len(new), 0, storing(pilot, new), [what] if odd else [])


def _read(row: Row, form_id: int, form: TimingForm, places: Places) -> Timing | None:
    zone, day = places.zone(row), row.day("day")
    events = {
        event.code: moment
        for event in form.events
        if (moment := row.moment_of(event.code, day, zone)) is not None
    }
    mode = form.mode(row.needed("mode"))
    row.needed("outcome")
    context = {each.code: _context(row, each) for each in form.context}
    if not events:
        row.wrong("", Message("has no time"))
        return None
    begun = events.get("joined") or min(events.values())
    named = next(code for code, moment in events.items() if moment == begun)
    spot = places.spot(row, begun, named, unnamed=mode is not None and mode.imported)
    if spot is None:
        return None
    entry = Entry(
        mode=row.text("mode"),
        outcome=row.text("outcome"),
        operation=row.text("operation"),
        entry_method=EntryMethod.IMPORT.value,
        events=events,
        context={code: value for code, value in context.items() if value is not None},
        reason=row.text("reason"),
        operation_text=row.text("operation_text"),
    )
    return _timing(row, spot, form_id, form, entry, places)


def _timing(
    row: Row, spot: Spot, form_id: int, form: TimingForm, entry: Entry, places: Places
) -> Timing | None:
    """The row as a timing; what is wrong with it is noted."""
    zone = places.zone(row)
    findings = timings.check(form, entry, places.now, zone)
    for finding in findings.problems:
        row.wrong(_column_of(finding.field, form), finding.sentence)
    if findings.problems:
        return None
    moments = sorted(entry.events.items())
    told_apart = (
        spot.code,
        spot.auditor.email,
        entry.mode,
        *(at.isoformat() for _code, at in moments),
    )
    submission = TimingSubmission(places.identity(row, *told_apart), 0, entry, confirmed=True)
    identities = spot.identities | {"assignment_id": None}
    timing = timing_as_sent(identities, zone, form_id, form, submission, findings, places.now)
    timing.late = spot.late
    return timing


def _context(row: Row, each: ContextField) -> Any:
    if each.type == "number":
        return row.whole(each.code)
    if each.type == "choices":
        return [word.strip() for word in row.text(each.code).split(",") if word.strip()] or None
    return row.text(each.code) or None


def _column_of(field: str, form: TimingForm) -> str:
    names = {event_field(event.code): event.code for event in form.events}
    names |= {context_field(each.code): each.code for each in form.context}
    return names.get(field, field)


def _stored(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, str]:
    found: dict[UUID, str] = {}
    for some in in_lots(ids, _AT_ONCE):
        wanted = select(col(Timing.id), col(Timing.digest)).where(col(Timing.id).in_(some))
        found |= dict(session.exec(wanted).all())
    return found
