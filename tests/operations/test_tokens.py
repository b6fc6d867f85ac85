"""API tokens: shown once, kept as a hash, and nobody's as soon as anything about their person changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.errors import BadInput, NotAllowed, NotFound
from pilot_eval.domain.people import Role, TokenScope
from pilot_eval.operations import people, tokens
from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.people import ApiToken, User
from tests.conftest import OPERATOR, acting
from tests.field import NOW

SCOPES = [TokenScope.VISITS_WRITE, TokenScope.BRANCHES_READ]


def made(session: Session, person: User, **changes: Any) -> str:
    given = {"scopes": SCOPES, "name": "Ночная выгрузка", "days": 30, "now": NOW} | changes
    return tokens.make_token(session, OPERATOR, person.email, **given)


def test_a_token_opens_for_its_person_until_it_ends(session: Session, auditor: User) -> None:
    token = made(session, auditor)
    found = tokens.person_of(session, token, NOW)
    assert found is not None
    assert found[0] is auditor
    assert found[1].scopes == ["branches:read", "visits:write"]
    assert tokens.person_of(session, token, NOW + timedelta(days=30)) is None
    for wrong in ("", token[:-1], token + "x", token.upper(), "\ud800"):
        assert tokens.person_of(session, wrong, NOW) is None


def test_only_the_hash_is_kept_and_the_log_holds_no_secret(session: Session, auditor: User) -> None:
    token = made(session, auditor)
    row = session.exec(select(ApiToken)).one()
    assert token not in str(row.model_dump())
    assert row.token_sha256 not in repr(row)
    (event,) = session.exec(select(AuditEvent).where(AuditEvent.action == "person.token_made"))
    assert event.details == {"token": row.id, "scopes": row.scopes, "days": 30}


def test_two_tokens_of_a_person_are_two(session: Session, auditor: User) -> None:
    first, second = made(session, auditor), made(session, auditor)
    assert first != second
    assert all(tokens.person_of(session, token, NOW) for token in (first, second))
    assert len(tokens.list_of(session, acting(auditor), auditor.id, NOW)) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda session, person: people.change_person(
            session, OPERATOR, person.id, role=Role.AUDITOR, region_id=None, full_name="", active=False
        ),
        lambda session, person: people.change_person(
            session, OPERATOR, person.id, role=Role.HEAD_OFFICE, region_id=None, full_name="", active=True
        ),
        lambda session, person: people.use_reset_link(
            session, people.make_reset_link(session, OPERATOR, person.id, NOW), "a hash", NOW
        ),
    ],
    ids=["disabled", "another role", "a new password"],
)
def test_a_change_of_the_person_ends_their_tokens(
    session: Session, auditor: User, change: Callable[[Session, User], Any]
) -> None:
    token = made(session, auditor)
    change(session, auditor)
    assert tokens.person_of(session, token, NOW) is None
    assert tokens.list_of(session, OPERATOR, auditor.id, NOW) == []


def test_everyone_ends_their_own_and_an_administrator_anybody_s(
    session: Session, create_auditor: Callable[..., User], administrator: User
) -> None:
    one, other = create_auditor(), create_auditor()
    first, second = made(session, one), made(session, one)
    newest, oldest = tokens.list_of(session, acting(one), one.id, NOW)
    for actor in (acting(other),):
        with pytest.raises(NotFound):
            tokens.end(session, actor, oldest.id or 0, NOW)
        with pytest.raises(NotFound):
            tokens.list_of(session, actor, one.id, NOW)
    assert tokens.end(session, acting(one), oldest.id or 0, NOW) == one.id
    assert tokens.person_of(session, first, NOW) is None
    assert tokens.list_of(session, acting(administrator), one.id, NOW) == [newest]
    assert tokens.end(session, acting(administrator), newest.id or 0, NOW) == one.id
    assert tokens.person_of(session, second, NOW) is None
    with pytest.raises(NotFound):
        tokens.end(session, acting(one), oldest.id or 0, NOW)
    ended = session.exec(select(AuditEvent).where(AuditEvent.action == "person.token_ended")).all()
    assert [event.user_id for event in ended] == [one.id, administrator.id]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"scopes": []}, "scope"),
        ({"days": 0}, "days"),
        ({"days": 367}, "days"),
        ({"name": "x" * 101}, "name"),
    ],
)
def test_what_is_out_of_bounds_is_refused(
    session: Session, auditor: User, changes: dict[str, Any], where: str
) -> None:
    with pytest.raises(BadInput) as refused:
        made(session, auditor, **changes)
    assert [problem.where for problem in refused.value.problems] == [where]
    assert session.exec(select(ApiToken)).all() == []


def test_nobody_and_the_disabled_get_no_token(session: Session, auditor: User) -> None:
    with pytest.raises(BadInput, match="sign-in name"):
        tokens.make_token(session, OPERATOR, "nobody", scopes=SCOPES, days=1, now=NOW)
    auditor.active = False
    session.add(auditor)
    session.commit()
    with pytest.raises(BadInput, match="sign-in name"):
        made(session, auditor)


def test_no_role_makes_tokens(session: Session, administrator: User) -> None:
    with pytest.raises(NotAllowed):
        tokens.make_token(session, acting(administrator), "x", scopes=SCOPES, days=1, now=NOW)
