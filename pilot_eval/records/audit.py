"""The audit log: append-only, each event sealed with the hash of the one before.

It holds ids and codes, never names or free text, so that a person's data can be erased
without breaking the chain. Triggers refuse UPDATE and DELETE on both databases.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, Session, SQLModel, col, select

from pilot_eval.domain.people import Actor
from pilot_eval.records.base import document, now

GENESIS = "0" * 64


class AuditEvent(SQLModel, table=True):
    __tablename__ = "audit_event"

    # Counted without gaps from 1: a missing event shows.
    sequence: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime
    user_id: int | None = None
    # `operator@host` when a command at the server acted; empty for a person.
    operator: str = Field(default="", max_length=200)
    # visit.record, pilot.create, user.role, ...; the first word tells who may read it.
    action: str = Field(max_length=64, index=True)
    subject_type: str = Field(max_length=32)
    subject_id: str = Field(max_length=64)
    details: dict[str, object] = Field(sa_type=document())
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)

    __table_args__ = (sa.CheckConstraint("sequence >= 1", name="sequence_counted_from_one"),)


class AuditHead(SQLModel, table=True):
    """One row, locked while an event is appended; a second witness of the chain's end."""

    __tablename__ = "audit_head"

    id: int = Field(default=1, primary_key=True)
    sequence: int
    hash: str = Field(max_length=64)

    __table_args__ = (sa.CheckConstraint("id = 1", name="one_row"),)


_EVENTS, _HEADS = AuditEvent.__table__, AuditHead.__table__  # type: ignore[attr-defined]  # SQLModel
_SEALED = (
    "sequence",
    "at",
    "user_id",
    "operator",
    "action",
    "subject_type",
    "subject_id",
    "details",
    "previous_hash",
)
# Put together once: every change of anything is followed by these three.
_LOCKED_HEAD = sa.select(_HEADS.c.sequence, _HEADS.c.hash).with_for_update()
_EVENT = sa.insert(_EVENTS)
_MOVED_HEAD = sa.update(_HEADS).values(sequence=sa.bindparam("last"), hash=sa.bindparam("last_hash"))


def append(
    session: Session, actor: Actor, action: str, subject_type: str, subject_id: object, **details: object
) -> None:
    """Add an event to the caller's transaction: it is stored with what it tells of, or not at all."""
    session.flush()
    connection = session.connection()
    last, last_hash = _locked_head(connection)
    event = {
        "sequence": last + 1,
        "at": now(),
        "user_id": actor.user_id,
        "operator": "" if actor.user_id else actor.name,
        "action": action,
        "subject_type": subject_type,
        "subject_id": str(subject_id),
        "details": json.loads(json.dumps(details, default=str)),
        "previous_hash": last_hash,
    }
    sealed = _seal(event)
    connection.execute(_EVENT, event | {"hash": sealed})
    connection.execute(_MOVED_HEAD, {"last": last + 1, "last_hash": sealed})


def _locked_head(connection: sa.Connection) -> tuple[int, str]:
    """Number and hash of the last event; nobody else appends until the transaction ends."""
    head = connection.execute(_LOCKED_HEAD).one_or_none()
    if head is None:
        # The first two writers may meet here: one inserts, the other waits and finds its row.
        first = sa.text(
            "INSERT INTO audit_head (id, sequence, hash) VALUES (1, 0, :hash) ON CONFLICT DO NOTHING"
        )
        connection.execute(first, {"hash": GENESIS})
        head = connection.execute(_LOCKED_HEAD).one()
    return head.sequence, head.hash


def seal(event: AuditEvent) -> str:
    """SHA-256 of the event's content and of the hash before it."""
    return _seal(event.model_dump())


def _seal(event: Mapping[str, Any]) -> str:
    content = [event[name] if name != "at" else event["at"].isoformat() for name in _SEALED]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def head_of(session: Session) -> tuple[str, int]:
    """The chain's last hash and its number of events."""
    head = session.exec(select(AuditHead.hash, AuditHead.sequence)).one_or_none()
    return (head[0], head[1]) if head else (GENESIS, 0)


def first_break(session: Session) -> int | None:
    """The first event that was changed, removed or added outside the log; None when the chain is whole."""
    previous, expected = GENESIS, 1
    statement = select(AuditEvent).order_by(col(AuditEvent.sequence)).execution_options(yield_per=1000)
    with closing(session.exec(statement)) as events:
        for event in events:
            if event.sequence != expected or event.previous_hash != previous or event.hash != seal(event):
                return expected
            previous, expected = event.hash, expected + 1
    return None if head_of(session) == (previous, expected - 1) else expected
