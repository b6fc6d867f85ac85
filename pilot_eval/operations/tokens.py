"""API tokens: keys for programs that act as a person, within scopes and for a while."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select, update
from sqlmodel.sql.expression import Select

from pilot_eval.domain.errors import BadInput, NotFound, Problem
from pilot_eval.domain.people import Actor, TokenScope
from pilot_eval.domain.problems import N_
from pilot_eval.operations.policy import Action, require, scope_of
from pilot_eval.records import audit
from pilot_eval.records.people import ApiToken, User

# Told apart from other secrets by whoever finds one.
PREFIX = "pilot_eval_"
LONGEST_DAYS = 366
LONGEST_NAME = 100


def make_token(
    session: Session,
    actor: Actor,
    login: str,
    *,
    scopes: Sequence[TokenScope],
    name: str = "",
    days: int,
    now: datetime,
) -> str:
    """A new token, which nobody can read again.

    Parameters
    ----------
    login : str
        Whose token it is to be.
    scopes : sequence of TokenScope
        At least one.
    name : str
        What it is for.
    days : int
        How long it holds.

    Raises
    ------
    NotAllowed
        Unless the actor is at the server's command line.
    BadInput
        If nobody active has that sign-in name, or something given is out of bounds.
    """
    scope_of(actor, Action.MAKE_TOKEN)
    person = session.exec(select(User).where(User.email == login.strip().lower())).one_or_none()
    problems = []
    if person is None or not person.active:
        problems.append(Problem("login", N_("Nobody who may sign in has this sign-in name")))
    if not scopes:
        problems.append(Problem("scope", N_("Name at least one scope")))
    if not 1 <= days <= LONGEST_DAYS:
        problems.append(Problem("days", N_("A token holds from 1 to 366 days")))
    if len(name) > LONGEST_NAME:
        problems.append(Problem("name", N_("Write at most 100 characters")))
    if problems or person is None:
        raise BadInput(problems)
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(
        token_sha256=_sha256(token),
        user_id=person.id,
        fs_uniquifier=person.fs_uniquifier,
        name=name.strip(),
        scopes=sorted({scope.value for scope in scopes}),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    details = {"token": row.id, "scopes": row.scopes, "days": days}
    audit.append(session, actor, "person.token_made", "person", person.id, **details)
    session.commit()
    return token


def person_of(session: Session, token: str, now: datetime) -> tuple[User, ApiToken] | None:
    """Whose token this is; None when it is unknown, ended or too old, or the person is disabled."""
    given = {"sha256": _sha256(token), "now": now}
    return session.exec(_by_token(), params=given).one_or_none()


@cache
def _by_token() -> Select[User, ApiToken]:
    """Put together once, as what every request asks."""
    return (
        select(User, ApiToken)
        .join(ApiToken, col(ApiToken.user_id) == col(User.id))
        .where(
            col(ApiToken.token_sha256) == sa.bindparam("sha256"),
            *_holds(sa.bindparam("now")),
        )
    )


def _holds(now: Any) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(ApiToken.revoked_at).is_(None),
        col(ApiToken.expires_at) > now,
        col(ApiToken.fs_uniquifier) == col(User.fs_uniquifier),
        col(User.active).is_(True),
    )


def note_used(session: Session, token_id: int, now: datetime) -> None:
    """Note that a token is in use, and commit."""
    session.exec(update(ApiToken).where(col(ApiToken.id) == token_id).values(last_used_at=now))
    session.commit()


def list_of(session: Session, actor: Actor, person_id: int, now: datetime) -> list[ApiToken]:
    """A person's tokens that hold, newest first.

    Raises
    ------
    NotFound
        If the person is somebody else and the actor no administrator.
    """
    require(actor, Action.END_ACCESS, owner_id=person_id)
    return list(
        session.exec(
            select(ApiToken)
            .join(User, col(User.id) == col(ApiToken.user_id))
            .where(col(ApiToken.user_id) == person_id, *_holds(now))
            .order_by(col(ApiToken.created_at).desc(), col(ApiToken.id).desc())
        )
    )


def end(session: Session, actor: Actor, token_id: int, now: datetime) -> int:
    """End a token: what it opens is closed from now on.

    Returns
    -------
    int
        Whose it was.

    Raises
    ------
    NotFound
        If it has ended, or is somebody else's and the actor no administrator.
    """
    row = session.get(ApiToken, token_id)
    if row is None or row.revoked_at is not None:
        raise NotFound
    require(actor, Action.END_ACCESS, owner_id=row.user_id)
    row.revoked_at = now
    audit.append(session, actor, "person.token_ended", "person", row.user_id, token=row.id)
    session.commit()
    return row.user_id


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
