"""Sign-ins that can be ended from the server, and the count of wrong passwords."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from sqlmodel import Session, col, delete, func, select, update
from sqlmodel.sql.expression import SelectOfScalar

from pilot_eval.domain.errors import NotFound
from pilot_eval.domain.people import Actor
from pilot_eval.records import audit
from pilot_eval.records.people import FailedSignIn, SignIn, User

SIGN_IN_LIFE = timedelta(hours=12)
WRONG_TRIES = 10
TRIES_WINDOW = timedelta(minutes=15)


def begin(session: Session, user: User, now: datetime) -> str:
    """Note a new sign-in; the caller commits.

    Returns
    -------
    str
        Its id, for the browser's cookie.
    """
    sign_in = SignIn(id=secrets.token_urlsafe(32), user_id=user.id, created_at=now)
    session.add(sign_in)
    audit.append(session, _actor(user), "person.sign_in", "person", user.id)
    return sign_in.id


def person_of(session: Session, sign_in_id: str, uniquifier: str, now: datetime) -> User | None:
    """Who is signed in by this cookie; None when it ended, is too old, or the person is disabled."""
    given = {"sign_in": sign_in_id, "uniquifier": uniquifier, "begun_after": now - SIGN_IN_LIFE}
    return session.exec(_by_cookie(), params=given).one_or_none()


def list_own(session: Session, actor: Actor, now: datetime) -> list[SignIn]:
    """The actor's sign-ins that still hold, newest first."""
    return list(
        session.exec(
            select(SignIn)
            .where(
                col(SignIn.user_id) == actor.user_id,
                col(SignIn.revoked_at).is_(None),
                col(SignIn.created_at) > now - SIGN_IN_LIFE,
            )
            .order_by(col(SignIn.created_at).desc(), col(SignIn.id))
        )
    )


def end_own(session: Session, actor: Actor, sign_in_id: str, now: datetime) -> None:
    """End one of the actor's own sign-ins.

    Raises
    ------
    NotFound
        If it is not theirs or has ended.
    """
    sign_in = session.get(SignIn, sign_in_id)
    if sign_in is None or sign_in.user_id != actor.user_id or sign_in.revoked_at is not None:
        raise NotFound
    sign_in.revoked_at = now
    audit.append(session, actor, "person.sign_out", "person", actor.user_id)
    session.commit()


def end_all(session: Session, user: User, now: datetime) -> None:
    """End every sign-in of a person; the caller commits."""
    session.exec(
        update(SignIn)
        .where(col(SignIn.user_id) == user.id, col(SignIn.revoked_at).is_(None))
        .values(revoked_at=now)
    )


def password_changed(session: Session, user: User) -> None:
    """Note that a person has set a new password; the caller commits."""
    audit.append(session, _actor(user), "person.set_password", "person", user.id)


def begin_try(session: Session, name: str, now: datetime) -> int | None:
    """Count a try before the password is looked at, whether or not the name exists.

    The try is stored first and counted after, so that tries made at the same moment count each other.

    Returns
    -------
    int or None
        The try, to be taken back by `forgive` if the password is right; None if there were too many.
    """
    session.exec(delete(FailedSignIn).where(col(FailedSignIn.at) <= now - TRIES_WINDOW))
    mine = FailedSignIn(name=_cut(name), at=now)
    session.add(mine)
    session.commit()
    if _tries(session, name, now) <= WRONG_TRIES:
        return mine.id
    session.delete(mine)
    session.commit()
    return None


def forgive(session: Session, try_id: int) -> None:
    """Take back a try whose password was right; the caller commits."""
    session.exec(delete(FailedSignIn).where(col(FailedSignIn.id) == try_id))


def seconds_to_wait(session: Session, name: str, now: datetime) -> int:
    """Until the oldest of too many tries is forgotten."""
    oldest = session.exec(
        select(func.min(FailedSignIn.at)).where(
            col(FailedSignIn.name) == _cut(name), col(FailedSignIn.at) > now - TRIES_WINDOW
        )
    ).one()
    return 1 if oldest is None else max(1, int((oldest + TRIES_WINDOW - now).total_seconds()) + 1)


@cache
def _by_cookie() -> SelectOfScalar[User]:
    """What every request asks, put together once: that takes longer than answering it."""
    return (
        select(User)
        .join(SignIn, col(SignIn.user_id) == col(User.id))
        .where(
            col(SignIn.id) == sa.bindparam("sign_in"),
            col(SignIn.revoked_at).is_(None),
            col(SignIn.created_at) > sa.bindparam("begun_after"),
            col(User.fs_uniquifier) == sa.bindparam("uniquifier"),
            col(User.active).is_(True),
        )
    )


def _tries(session: Session, name: str, now: datetime) -> int:
    return session.exec(
        select(func.count()).where(
            col(FailedSignIn.name) == _cut(name), col(FailedSignIn.at) > now - TRIES_WINDOW
        )
    ).one()


def _cut(name: str) -> str:
    return name.strip().lower()[:200]


def _actor(user: User) -> Actor:
    return Actor(user.email, user.role, user.id, user.region_id)
