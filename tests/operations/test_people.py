"""People, on both databases."""

from __future__ import annotations

from collections.abc import Callable

from sqlmodel import Session

from pilot_eval.domain.people import Role
from pilot_eval.operations import people
from pilot_eval.records.people import User
from tests.conftest import acting


def test_people_are_listed_by_role_and_name(
    session: Session, create_person: Callable[..., User], administrator: User
) -> None:
    create_person(Role.AUDITOR, name="Vera")
    create_person(Role.AUDITOR, name="anna")
    names = [person.email for person in people.list_people(session, acting(administrator))]
    assert names == [administrator.email, "anna", "vera"]
