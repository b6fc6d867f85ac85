"""Sign-ins that can be ended from the server, and the count of wrong passwords."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from sqlmodel import Session, col, delete, func, select, update
from sqlmodel.sql.expression import Select

from pilot_eval.domain.errors import NotFound
from pilot_eval.domain.people import Actor
from pilot_eval.operations.policy import Action, require
from pilot_eval.records import audit
from pilot_eval.records.people import FailedSignIn, SignIn, User

SIGN_IN_LIFE = timedelta(hours=12)
WRONG_TRIES = 10
TRIES_WINDOW = timedelta(minutes=15)
SEEN_WITHIN = timedelta(minutes=10)


def begin(session: Session, user: User, now: datetime, device: str = "") -> str:
    """Note a new sign-in; the caller commits.

    Parameters
    ----------
    device : str
        The browser and its system, in words of ours.

    Returns
    -------
    str
        Its id, for the browser's cookie.
    """
    sign_in = SignIn(
        id=secrets.token_urlsafe(32), user_id=user.id, device=device, created_at=now, last_seen_at=now
    )
    session.add(sign_in)
    audit.append(session, _actor(user), "person.sign_in", "person", user.id)
    return sign_in.id


def person_of(
    session: Session, sign_in_id: str, uniquifier: str, now: datetime
) -> tuple[User, SignIn] | None:
    """Who is signed in by this cookie; None when it ended, is too old, or the person is disabled."""
    given = {"sign_in": sign_in_id, "uniquifier": uniquifier, "begun_after": now - SIGN_IN_LIFE}
    return session.exec(_by_cookie(), params=given).one_or_none()


def seen_long_ago(last_seen_at: datetime | None, now: datetime) -> bool:
    """Whether it is time to note again that a sign-in or a token is in use."""
    return last_seen_at is None or now - last_seen_at >= SEEN_WITHIN


def note_seen(session: Session, sign_in_id: str, now: datetime) -> None:
    """Note that a sign-in is in use, and commit."""
    session.exec(update(SignIn).where(col(SignIn.id) == sign_in_id).values(last_seen_at=now))
    session.commit()


def list_of(session: Session, actor: Actor, person_id: int, now: datetime) -> list[SignIn]:
    """A person's sign-ins that still hold, newest first.

    Raises
    ------
    NotFound
        If the person is somebody else and the actor no administrator.
    """
    require(actor, Action.END_ACCESS, owner_id=person_id)
    return list(
        session.exec(
            select(SignIn)
            .where(
                col(SignIn.user_id) == person_id,
                col(SignIn.revoked_at).is_(None),
                col(SignIn.created_at) > now - SIGN_IN_LIFE,
            )
            .order_by(col(SignIn.created_at).desc(), col(SignIn.id))
        )
    )


def end(session: Session, actor: Actor, sign_in_id: str, now: datetime) -> int:
    """End a sign-in: whoever holds its browser is nobody from now on.

    Returns
    -------
    int
        Whose it was.

    Raises
    ------
    NotFound
        If it has ended, or is somebody else's and the actor no administrator.
    """
    sign_in = session.get(SignIn, sign_in_id)
    if sign_in is None or sign_in.revoked_at is not None:
        raise NotFound
    require(actor, Action.END_ACCESS, owner_id=sign_in.user_id)
    sign_in.revoked_at = now
    audit.append(session, actor, "person.sign_out", "person", sign_in.user_id)
    session.commit()
    return sign_in.user_id


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
def _by_cookie() -> Select[User, SignIn]:
    """What every request asks, put together once: that takes longer than answering it."""
    return (
        select(User, SignIn)
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
