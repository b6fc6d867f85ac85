"""One's own account, and the one-time link that sets a password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval.operations import people
from pilot_eval.records.base import now
from pilot_eval.records.people import ResetLink, User
from tests.conftest import OPERATOR, PASSWORD
from tests.web.conftest import Browser

NEW = "a password of my own"


@pytest.fixture
def reset_path(session: Session, auditor: User) -> str:
    return f"/reset/{people.make_reset_link(session, OPERATOR, auditor.id, now())}"


def test_the_account_page_shows_who_one_is(as_auditor: Browser, auditor: User) -> None:
    page = as_auditor.get("/account").text
    for text in (auditor.email, auditor.pseudonym, "Auditor", "This browser"):
        assert text in page


def test_those_without_the_whole_log_find_their_own_from_their_account(
    as_auditor: Browser, as_administrator: Browser
) -> None:
    sentence = "What the audit log holds about you"
    assert sentence in as_auditor.get("/account").text
    assert sentence not in as_administrator.get("/account").text
    assert "Signed in" in as_auditor.get("/audit-log").text


@pytest.mark.parametrize(
    ("first", "again", "sentence"),
    [
        ("0123456789", "0123456789", "too short"),
        ("x" * 14, "x" * 14, "too short"),
        (NEW, NEW + "!", "The two passwords differ"),
        ("", "", "Enter a password"),
    ],
)
def test_a_bad_password_is_not_set(
    client: Any, auditor: User, session: Session, reset_path: str, first: str, again: str, sentence: str
) -> None:
    answer = client.submit(reset_path, {"new_password": first, "once_more": again})
    assert answer.status_code == 422
    assert sentence in answer.text
    if first:
        assert first not in answer.text
    session.expire_all()
    assert session.exec(select(ResetLink.used_at)).one() is None
    assert client.sign_in(auditor, PASSWORD).status_code == 302


def test_a_set_password_ends_the_sign_ins_that_had_the_old_one(
    client: Any, auditor: User, sign_in: Callable[[User], Browser], reset_path: str
) -> None:
    before = sign_in(auditor)
    client.submit(reset_path, {"new_password": NEW, "once_more": NEW})
    assert before.get("/account").status_code == 302
    assert client.sign_in(auditor, PASSWORD).status_code == 200
    assert client.sign_in(auditor, NEW).status_code == 302


def test_a_link_that_is_over_says_so_and_takes_nothing(client: Any, reset_path: str, auditor: User) -> None:
    client.submit(reset_path, {"new_password": NEW, "once_more": NEW})
    later = "somebody else's password"
    for answer in (
        client.get(reset_path),
        client.submit(reset_path, {"new_password": later, "once_more": later}),
    ):
        assert answer.status_code == 404
        assert "This link no longer works" in answer.text
        assert auditor.email not in answer.text
    assert client.sign_in(auditor, later).status_code == 200


def test_a_disabled_person_cannot_use_a_link(
    client: Any, auditor: User, session: Session, reset_path: str
) -> None:
    auditor.active = False
    session.add(auditor)
    session.commit()
    assert client.get(reset_path).status_code == 404
