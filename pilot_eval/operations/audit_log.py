"""Reading the audit log, each role its own part, and proving that it is whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, or_, select

from pilot_eval.domain.people import Actor, Role
from pilot_eval.operations.policy import Action, Scope, scope_of
from pilot_eval.records import audit
from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.people import User

PAGE = 50
# Who may enter and what they may do there; everything else is business.
_SECURITY = ("person.", "list.people")
# Where people and branches stand is upkeep as well as business.
_UPKEEP = ("region.", "branch.")


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log; `who` is a pseudonym, or the operator at the server."""

    sequence: int
    at: datetime
    who: str
    action: str
    subject_type: str
    subject_id: str
    details: dict[str, object]


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the chain is whole; if not, its first broken event."""

    events: int
    head_hash: str
    first_broken: int | None


def list_events(session: Session, actor: Actor, *, before: int | None = None) -> list[Event]:
    """The newest events that the actor may read, at most `PAGE`, older than event `before`.

    An auditor and a manager read what they did themselves: who visited what and when would give the
    schedule away. Head office reads business, an administrator what concerns people and upkeep.
    """
    scope = scope_of(actor, Action.READ_AUDIT_LOG)
    statement = (
        select(AuditEvent, User.pseudonym)
        .join(User, col(User.id) == col(AuditEvent.user_id), isouter=True)
        .order_by(col(AuditEvent.sequence).desc())
        .limit(PAGE)
    )
    if before is not None:
        statement = statement.where(col(AuditEvent.sequence) < before)
    action = col(AuditEvent.action)
    if scope is Scope.OWN:
        statement = statement.where(col(AuditEvent.user_id) == actor.user_id)
    elif actor.role is Role.ADMINISTRATOR:
        statement = statement.where(or_(*(action.startswith(word) for word in _SECURITY + _UPKEEP)))
    elif actor.role is not None:
        statement = statement.where(*(~action.startswith(word) for word in _SECURITY))
    return [
        Event(
            event.sequence,
            event.at,
            pseudonym or event.operator,
            event.action,
            event.subject_type,
            event.subject_id,
            dict(event.details),
        )
        for event, pseudonym in session.exec(statement)
    ]


def verify(session: Session, actor: Actor) -> Verification:
    """Recompute the whole chain."""
    scope_of(actor, Action.VERIFY_AUDIT_LOG)
    broken = audit.first_break(session)
    head_hash, events = audit.head_of(session)
    return Verification(events, head_hash, broken)
