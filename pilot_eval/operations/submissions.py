"""What visits and timings share on their way in: nothing lost, nothing twice.

The record's UUID was minted where it was begun. It is inserted first, under the unique key; only when that
fails are the digests compared. Whatever cannot become the record is kept for a reviewer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from pilot_eval.domain.errors import NotFound, WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import WaveState
from pilot_eval.domain.problems import N_, FieldProblem, Refused
from pilot_eval.operations.policy import Action, require, scope_of
from pilot_eval.records import audit
from pilot_eval.records.forms import ChecklistVersion
from pilot_eval.records.network import Branch
from pilot_eval.records.pilots import Assignment, Pilot, Wave
from pilot_eval.records.reviews import revisions_of
from pilot_eval.records.visits import SubmissionConflict, Timing, Visit

FUTURE = timedelta(minutes=5)  # how far a phone's clock may run ahead of the server's

_Record = TypeVar("_Record", Visit, Timing)

# What every record asks for is put together once: that takes longer than the database does.
_PLACE = (
    sa.select(Assignment, Branch, Wave, Pilot, col(ChecklistVersion.digest))
    .join(Branch, col(Branch.id) == col(Assignment.branch_id))
    .join(Wave, col(Wave.id) == col(Assignment.wave_id))
    .join(Pilot, col(Pilot.id) == col(Assignment.pilot_id))
    .outerjoin(ChecklistVersion, col(ChecklistVersion.id) == col(Pilot.checklist_id))
    .where(col(Assignment.id) == sa.bindparam("assignment_id"))
)
# One record at a time for an assignment, many for a wave. SQLite holds the whole database already.
_HELD_PLACE = (
    _PLACE.with_for_update(key_share=True, of=Assignment)
    .suffix_with("FOR SHARE OF wave", dialect="postgresql")
    .execution_options(populate_existing=True)
)
_HELD_WAVE = (
    select(Wave)
    .where(col(Wave.id) == sa.bindparam("wave_id"))
    .with_for_update(read=True)
    .execution_options(populate_existing=True)
)


class Status(StrEnum):
    """What became of something sent in."""

    CREATED = "created"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Sent:
    """Something sent in, validated as far as it goes and normalised.

    Parameters
    ----------
    kind : str
        `visit` or `timing`.
    digest : str
        Tells a repeat from a conflict.
    """

    kind: str
    id: UUID
    assignment_id: int | None
    auditor_id: int
    document: Mapping[str, object]
    digest: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to something sent in.

    Parameters
    ----------
    id : UUID
        Of the record.
    digest : str
        SHA-256 of what was sent, validated and normalised.
    status : Status
        Created; a duplicate of what is stored (nothing was added); a conflict with it, or sent for an
        assignment that was taken back: in both cases it is kept for a reviewer.
    received_at : datetime
        When the record was stored first; for what is kept beside, when it arrived.
    revision : int
        Which content of the record it speaks of: 1 as it was sent first, one more at each correction.
    """

    id: UUID
    digest: str
    status: Status
    received_at: datetime
    revision: int = 1

    @property
    def code(self) -> str:
        """A short code to read out or write down."""
        return receipt_code(self.digest)


def receipt_code(digest: str) -> str:
    """Eight hexadecimal digits of a digest in two groups: 1A2B-3C4D."""
    return f"{digest[:4]}-{digest[4:8]}".upper()


@dataclass(frozen=True, slots=True)
class Place:
    """Where and for what an auditor records: the assignment with all that it refers to.

    Parameters
    ----------
    checklist : str or None
        Digest of the pilot's checklist, if it has one.
    """

    assignment: Assignment
    branch: Branch
    wave: Wave
    pilot: Pilot
    checklist: str | None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.branch.time_zone)

    @property
    def identities(self) -> dict[str, Any]:
        """The columns of a record that tell where it belongs."""
        return {
            "pilot_id": self.pilot.id,
            "wave_id": self.wave.id,
            "branch_id": self.branch.id,
            "assignment_id": self.assignment.id,
            "auditor_id": self.assignment.auditor_id,
        }


def place_of(session: Session, actor: Actor, assignment_id: int) -> Place:
    """The actor's own assignment.

    Raises
    ------
    NotAllowed
        If the actor is no auditor.
    NotFound
        If there is none or it is somebody else's: the two are never told apart.
    """
    return _place_of(session, actor, assignment_id, _PLACE)


def held_place_of(session: Session, actor: Actor, assignment_id: int) -> Place:
    """The actor's own assignment and its wave as they are now, held still until the transaction ends.

    Nobody else stores a visit or a timing for the assignment meanwhile, takes it back or moves its wave.

    Raises
    ------
    NotAllowed, NotFound
        As `place_of`.
    """
    return _place_of(session, actor, assignment_id, _HELD_PLACE)


def _place_of(session: Session, actor: Actor, assignment_id: int, statement: sa.Executable) -> Place:
    scope_of(actor, Action.RECORD)
    found = session.execute(statement, {"assignment_id": assignment_id}).one_or_none()
    if found is None:
        raise NotFound
    require(actor, Action.RECORD, owner_id=found[0].auditor_id)
    return Place(*found)


def require_standing(place: Place) -> None:
    """Refuse to record for an assignment that was taken back.

    Raises
    ------
    WrongState
    """
    if place.assignment.withdrawn_at is not None:
        raise WrongState("withdrawn", N_("This assignment was taken back: nothing can be recorded for it"))


def own_record(session: Session, actor: Actor, table: type[_Record], record_id: UUID) -> _Record:
    """An auditor's own visit or timing.

    Raises
    ------
    NotAllowed, NotFound
        If it is not there or not the actor's.
    """
    scope_of(actor, Action.RECORD)
    record = session.get(table, record_id)
    if record is None:
        raise NotFound
    require(actor, Action.RECORD, owner_id=record.auditor_id)
    return record


@contextmanager
def one_transaction(session: Session) -> Iterator[None]:
    """Commit what was stored, or take all of it back."""
    try:
        yield
    except Exception:
        session.rollback()
        raise
    session.commit()


def insert_once(session: Session, record: SQLModel) -> bool:
    """Insert a row unless one with its unique key is there; whether it was inserted.

    A concurrent insert of the same key is waited for, on both databases.
    """
    held = sa.inspect(record).dict
    values = {
        name: value
        for name in type(record).model_fields
        if (value := held.get(name)) is not None or name != "id"
    }
    statement = _insert_once(type(record), session.get_bind().dialect.name)
    # A row comes back only if it was inserted; the drivers do not agree on counting rows.
    return session.connection().execute(statement, values).first() is not None


@cache
def _insert_once(table: type[SQLModel], dialect: str) -> sa.Executable:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing().returning(sa.inspect(table).primary_key[0])


def settle(session: Session, actor: Actor, record: Visit | Timing, now: datetime) -> Receipt:
    """Insert a record once: its receipt, or that of one which met another under its UUID."""
    if insert_once(session, record):
        return Receipt(record.id, record.digest, Status.CREATED, record.received_at)
    stored = _stored(session, record)
    if stored.auditor_id == record.auditor_id and (revision := revision_of(session, stored, record.digest)):
        return Receipt(record.id, record.digest, Status.DUPLICATE, stored.received_at, revision)
    return keep_aside(session, actor, sent_of(record), now, Status.CONFLICT)


def revision_of(session: Session, record: Visit | Timing, digest: str) -> int | None:
    """The newest revision that has this digest: what was corrected since is no other content."""
    newest = record.revision if isinstance(record, Visit) else 1
    if record.digest == digest:
        return newest
    earlier = (revision for revision in reversed(revisions_of(session, record.id)))
    return next((one.number for one in earlier if one.digest == digest), None)


def _stored(session: Session, record: Visit | Timing) -> Visit | Timing:
    if isinstance(record, Visit):
        return session.get_one(Visit, record.id, populate_existing=True)
    return session.get_one(Timing, record.id, populate_existing=True)


def sent_of(record: Visit | Timing) -> Sent:
    """A record as it was sent."""
    return Sent(
        str(record.__tablename__),
        record.id,
        record.assignment_id,
        record.auditor_id,
        record.document,
        record.digest,
    )


def keep_aside(session: Session, actor: Actor, sent: Sent, now: datetime, why: Status) -> Receipt:
    """Keep for a reviewer what cannot become the record; the same thing sent again is kept once."""
    lost = SubmissionConflict(
        record_id=sent.id,
        record_type=sent.kind,
        user_id=sent.auditor_id,
        assignment_id=sent.assignment_id,
        digest=sent.digest,
        document=dict(sent.document) | {"assignment": sent.assignment_id},
        received_at=now,
    )
    if insert_once(session, lost):
        audit.append(session, actor, f"{sent.kind}.{why}", sent.kind, sent.id, digest=sent.digest)
    return Receipt(sent.id, sent.digest, why, now)


def lateness(place: Place, begun_at: datetime, now: datetime, field: str) -> bool:
    """Whether a record begun then comes late, the wave of its held place having closed.

    Raises
    ------
    WrongState
        If the wave is locked.
    Refused
        If it was begun outside of the wave's dates, by the branch's own calendar, or lies in the future.
    """
    wave = place.wave
    if wave.state is WaveState.LOCKED:
        raise WrongState(
            "wave_locked", N_("This round of visits is locked: nothing more can be recorded in it")
        )
    require_begun_within(wave, place.zone, begun_at, now, field)
    return wave.state is not WaveState.OPEN


def held_wave(session: Session, wave_id: int | None) -> Wave:
    """A wave as it is now, held still until the transaction ends."""
    return session.exec(_HELD_WAVE, params={"wave_id": wave_id}).one()


def require_begun_within(wave: Wave, zone: ZoneInfo, begun_at: datetime, now: datetime, field: str) -> None:
    """Refuse what was begun outside of the wave's dates, by the branch's own calendar, or in the future.

    Raises
    ------
    Refused
    """
    if begun_at > now + FUTURE:
        raise Refused([FieldProblem(field, "in_future", N_("This time has not come yet"))])
    if not wave.opens_on <= begun_at.astimezone(zone).date() <= wave.closes_on:
        message = N_("This assignment takes visits from %(first)s to %(last)s")
        values = {"first": wave.opens_on, "last": wave.closes_on}
        raise Refused([FieldProblem("day", "outside_wave", message, values)])


def given(**values: object) -> dict[str, object]:
    """The values that were filled in; zero is one of them."""
    return {name: value for name, value in values.items() if value is not None and value not in ("", [], {})}


def stripped(texts: Mapping[str, str]) -> dict[str, str]:
    """Texts without outer blanks, empty ones left out."""
    return {name: text.strip() for name, text in texts.items() if text.strip()}


def together(unreadable: Sequence[FieldProblem], found: Sequence[FieldProblem]) -> list[FieldProblem]:
    """Everything wrong: what could not be read, and what was found in the other fields."""
    named = {problem.field for problem in unreadable}
    return [*unreadable, *(problem for problem in found if problem.field not in named)]
