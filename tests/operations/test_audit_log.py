"""Who reads what of the audit log, and that it proves itself, on both databases."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlmodel import Session

from pilot_eval.domain.errors import NotAllowed
from pilot_eval.domain.people import Actor
from pilot_eval.operations import audit_log
from pilot_eval.records import audit
from pilot_eval.records.people import User
from tests.conftest import OPERATOR, acting

ACTIONS = ("person.sign_in", "region.create", "branch.create", "pilot.create", "visit.record", "import.file")


@pytest.fixture
def written(session: Session, auditor: User, manager: User) -> tuple[User, User]:
    """Each action done once by an auditor, by a manager, and by the operator."""
    for actor in (acting(auditor), acting(manager), OPERATOR):
        for action in ACTIONS:
            audit.append(session, actor, action, "thing", 7)
    session.commit()
    return auditor, manager


def read(session: Session, actor: Actor) -> set[tuple[str, str]]:
    """Who did what, of the test's own events."""
    return {
        (event.who, event.action)
        for event in audit_log.list_events(session, actor)
        if event.subject_type == "thing"
    }


def test_auditors_and_managers_read_what_they_did(session: Session, written: tuple[User, User]) -> None:
    for person in written:
        assert read(session, acting(person)) == {(person.pseudonym, action) for action in ACTIONS}


def test_head_office_reads_business_and_not_who_signed_in(
    session: Session, written: tuple[User, User], head_office: User
) -> None:
    seen = read(session, acting(head_office))
    assert {action for _who, action in seen} == set(ACTIONS) - {"person.sign_in"}
    assert {who for who, _action in seen} == {"A-001", "M-001", "operator@test"}


def test_an_administrator_reads_people_and_upkeep_and_no_business(
    session: Session, written: tuple[User, User], administrator: User
) -> None:
    seen = read(session, acting(administrator))
    assert {action for _who, action in seen} == {"person.sign_in", "region.create", "branch.create"}


def test_the_log_is_read_newest_first_page_by_page(
    session: Session, auditor: User, queries: list[str]
) -> None:
    for number in range(audit_log.PAGE * 2 + 5):
        audit.append(session, acting(auditor), "visit.record", "visit", number)
    session.commit()
    queries.clear()
    first = audit_log.list_events(session, acting(auditor))
    assert len(queries) == 1
    second = audit_log.list_events(session, acting(auditor), before=first[-1].sequence)
    third = audit_log.list_events(session, acting(auditor), before=second[-1].sequence)
    subjects = [event.subject_id for event in [*first, *second, *third]]
    assert subjects == [str(number) for number in reversed(range(audit_log.PAGE * 2 + 5))]


def test_a_whole_log_is_told_from_a_broken_one(
    session: Session, head_office: User, create_auditor: Callable[..., User]
) -> None:
    create_auditor()
    whole = audit_log.verify(session, acting(head_office))
    assert whole.first_broken is None
    assert (whole.head_hash, whole.events) == audit.head_of(session)
    assert whole.events == 2


def test_auditors_and_managers_do_not_verify(session: Session, auditor: User, manager: User) -> None:
    for person in (auditor, manager):
        with pytest.raises(NotAllowed):
            audit_log.verify(session, acting(person))
