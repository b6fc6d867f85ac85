"""People and their roles; passwords only through one-time links or the first command."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from pilot_eval.domain.errors import BadInput, NotFound, Problem, WrongState
from pilot_eval.domain.people import Actor, Role
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.records import audit
from pilot_eval.records.network import Region
from pilot_eval.records.people import ResetLink, User

LINK_LIFE = timedelta(hours=24)
SHORTEST_PASSWORD = 15
_PSEUDONYM_LETTER = {
    Role.AUDITOR: "A",
    Role.MANAGER: "M",
    Role.HEAD_OFFICE: "H",
    Role.ADMINISTRATOR: "S",
}


def list_people(session: Session, actor: Actor) -> list[User]:
    """Everyone, by role and sign-in name."""
    scope_of(actor, Action.READ_PEOPLE)
    return list(session.exec(select(User).order_by(col(User.role), col(User.email))))


def create_person(
    session: Session,
    actor: Actor,
    *,
    name: str,
    role: Role,
    region_id: int | None = None,
    full_name: str = "",
    language: str = "en",
    password_hash: str | None = None,
) -> User:
    """Add a person, who can sign in once a one-time link has set a password.

    Raises
    ------
    BadInput
        If the name is empty or taken, or a manager has no region.
    """
    scope_of(actor, Action.MANAGE_PEOPLE)
    user = add_person(
        session,
        actor,
        name=name,
        role=role,
        region_id=region_id,
        full_name=full_name,
        language=language,
        password_hash=password_hash,
    )
    session.commit()
    return user


def add_person(
    session: Session,
    actor: Actor,
    *,
    name: str,
    role: Role,
    region_id: int | None = None,
    full_name: str = "",
    language: str = "en",
    password_hash: str | None = None,
) -> User:
    """`create_person` in the caller's transaction, whose right was looked at."""
    name = name.strip().lower()
    problems = _problems_of(session, name, role, region_id)
    if problems:
        raise BadInput(problems)
    user = User(
        email=name,
        role=role,
        region_id=region_id if role is Role.MANAGER else None,
        full_name=full_name.strip(),
        language=language,
        password=password_hash,
        fs_uniquifier=secrets.token_hex(32),
        pseudonym=_next_pseudonym(session, role),
    )
    session.add(user)
    session.flush()
    audit.append(session, actor, "person.create", "person", user.id, role=role, region=user.region_id)
    return user


def _problems_of(session: Session, name: str, role: Role, region_id: int | None) -> list[Problem]:
    problems = []
    if not name:
        problems.append(Problem("name", "Enter a sign-in name"))
    elif session.exec(select(User.id).where(User.email == name)).first():
        problems.append(Problem("name", "This sign-in name is taken"))
    if role is Role.MANAGER and (region_id is None or session.get(Region, region_id) is None):
        problems.append(Problem("region", "Choose the manager's region"))
    return problems


def _next_pseudonym(session: Session, role: Role) -> str:
    letter = _PSEUDONYM_LETTER[role]
    taken = session.exec(select(func.count()).where(col(User.pseudonym).startswith(f"{letter}-"))).one()
    return f"{letter}-{taken + 1:03d}"


def get_person(session: Session, actor: Actor, person_id: int) -> User:
    scope_of(actor, Action.READ_PEOPLE)
    return _person(session, person_id)


def _person(session: Session, person_id: int) -> User:
    user = session.get(User, person_id)
    if user is None:
        raise NotFound
    return user


def change_person(
    session: Session,
    actor: Actor,
    person_id: int,
    *,
    role: Role,
    region_id: int | None,
    full_name: str,
    active: bool,
) -> User:
    """Change what a person may do; leaving or losing a right ends the sign-ins at once.

    Raises
    ------
    BadInput
        If a manager has no region.
    WrongState
        If it would leave no administrator who can sign in.
    """
    scope_of(actor, Action.MANAGE_PEOPLE)
    user = _person(session, person_id)
    if role is Role.MANAGER and (region_id is None or session.get(Region, region_id) is None):
        raise BadInput([Problem("region", "Choose the manager's region")])
    if user.role is Role.ADMINISTRATOR and not (role is Role.ADMINISTRATOR and active):
        _keep_an_administrator(session, person_id)
    region_id = region_id if role is Role.MANAGER else None
    if (role, region_id, active) != (user.role, user.region_id, user.active):
        user.fs_uniquifier = secrets.token_hex(32)
    user.role, user.region_id, user.active, user.full_name = role, region_id, active, full_name.strip()
    audit.append(
        session, actor, "person.change", "person", user.id, role=role, region=region_id, active=active
    )
    session.commit()
    return user


def choose_language(session: Session, actor: Actor, language: str) -> None:
    """Keep the language in which the actor reads."""
    user = _person(session, actor.user_id or 0)
    user.language = language
    session.commit()


def _keep_an_administrator(session: Session, leaving_id: int) -> None:
    others = session.exec(
        select(func.count()).where(
            col(User.role) == Role.ADMINISTRATOR, col(User.active).is_(True), col(User.id) != leaving_id
        )
    ).one()
    if not others:
        raise WrongState("last_administrator", "This is the last administrator; appoint another one first")


def make_reset_link(session: Session, actor: Actor, person_id: int, now: datetime) -> str:
    """A token that lets its bearer set the person's password once, within a day.

    Earlier unused links of the person end.
    """
    scope_of(actor, Action.MANAGE_PEOPLE)
    user = _person(session, person_id)
    for link in session.exec(
        select(ResetLink).where(col(ResetLink.user_id) == user.id, col(ResetLink.used_at).is_(None))
    ):
        session.delete(link)
    token = secrets.token_urlsafe(32)
    session.add(
        ResetLink(token_sha256=_sha256(token), user_id=person_id, created_at=now, expires_at=now + LINK_LIFE)
    )
    audit.append(session, actor, "person.reset_link", "person", user.id)
    session.commit()
    return token


def person_of_link(session: Session, token: str, now: datetime) -> User:
    """Whose link this is.

    Raises
    ------
    NotFound
        If it is unknown, used, or too old: the three are never told apart.
    """
    link = session.get(ResetLink, _sha256(token))
    if link is None or link.used_at is not None or link.expires_at <= now:
        raise NotFound
    user = _person(session, link.user_id)
    if not user.active:
        raise NotFound
    return user


def use_reset_link(session: Session, token: str, password_hash: str, now: datetime) -> User:
    """Set the password and end every sign-in of the person."""
    user = person_of_link(session, token, now)
    link = session.get(ResetLink, _sha256(token))
    assert link is not None  # noqa: S101 - person_of_link has just read it
    link.used_at = now
    user.password = password_hash
    user.fs_uniquifier = secrets.token_hex(32)
    audit.append(session, Actor(user.email, user.role, user.id), "person.set_password", "person", user.id)
    session.commit()
    return user


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
