"""People, their one-time links and their sign-ins, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.errors import BadInput, NeedsFreshSignIn, NotAllowed, NotFound, WrongState
from pilot_eval.domain.people import Role
from pilot_eval.operations import people, signing_in
from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.network import Region
from pilot_eval.records.people import ResetLink, User
from tests.conftest import OPERATOR, acting

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_people_are_listed_by_role_and_name(
    session: Session, create_person: Callable[..., User], administrator: User
) -> None:
    create_person(Role.AUDITOR, name="Vera")
    create_person(Role.AUDITOR, name="anna")
    names = [person.email for person in people.list_people(session, acting(administrator))]
    assert names == [administrator.email, "anna", "vera"]


def test_each_person_gets_a_pseudonym_of_their_role(
    create_person: Callable[..., User], create_manager: Callable[..., User]
) -> None:
    given = [create_person(Role.AUDITOR), create_person(Role.AUDITOR), create_manager()]
    assert [person.pseudonym for person in given] == ["A-001", "A-002", "M-001"]


@pytest.mark.parametrize(
    ("wrong", "problems"),
    [
        ({"name": "  "}, {"name": "Enter a sign-in name"}),
        ({"name": "ANNA"}, {"name": "This sign-in name is taken"}),
        ({"role": Role.MANAGER}, {"region": "Choose the manager's region"}),
        ({"role": Role.MANAGER, "region_id": 999}, {"region": "Choose the manager's region"}),
        (
            {"name": "", "role": Role.MANAGER},
            {"name": "Enter a sign-in name", "region": "Choose the manager's region"},
        ),
    ],
)
def test_a_bad_input_is_refused_whole_and_names_every_place(
    session: Session, create_auditor: Callable[..., User], wrong: dict[str, Any], problems: dict[str, str]
) -> None:
    create_auditor(name="anna")
    before = len(session.exec(select(AuditEvent)).all())
    with pytest.raises(BadInput) as refused:
        people.create_person(session, OPERATOR, **{"name": "vera", "role": Role.AUDITOR, **wrong})
    assert {problem.where: problem.what for problem in refused.value.problems} == problems
    session.rollback()
    assert len(session.exec(select(User)).all()) == 1
    assert len(session.exec(select(AuditEvent)).all()) == before


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.MANAGER, Role.HEAD_OFFICE])
def test_only_administrators_manage_people(
    session: Session, create_person: Callable[..., User], create_region: Callable[..., Region], role: Role
) -> None:
    region = create_region().id if role is Role.MANAGER else None
    actor = acting(create_person(role, region_id=region))
    with pytest.raises(NotAllowed):
        people.create_person(session, actor, name="x", role=Role.AUDITOR)
    with pytest.raises(NotAllowed):
        people.make_reset_link(session, actor, 1, NOW)
    with pytest.raises(NotAllowed):
        people.change_person(
            session, actor, 1, role=Role.ADMINISTRATOR, region_id=None, full_name="", active=True
        )


def test_managing_people_asks_for_the_password_once_more(session: Session, administrator: User) -> None:
    with pytest.raises(NeedsFreshSignIn):
        people.make_reset_link(session, acting(administrator, fresh=False), administrator.id, NOW)


def test_the_last_administrator_stays(session: Session, administrator: User) -> None:
    for role, active in ((Role.AUDITOR, True), (Role.ADMINISTRATOR, False)):
        with pytest.raises(WrongState):
            people.change_person(
                session,
                acting(administrator),
                administrator.id,
                role=role,
                region_id=None,
                full_name="",
                active=active,
            )


def test_a_disabled_administrator_does_not_count_as_another_one(
    session: Session, create_person: Callable[..., User]
) -> None:
    one, other = create_person(Role.ADMINISTRATOR), create_person(Role.ADMINISTRATOR)
    people.change_person(
        session, acting(one), other.id, role=Role.ADMINISTRATOR, region_id=None, full_name="", active=False
    )
    with pytest.raises(WrongState):
        people.change_person(
            session, acting(one), one.id, role=Role.ADMINISTRATOR, region_id=None, full_name="", active=False
        )


def test_a_link_sets_a_password_once(session: Session, auditor: User) -> None:
    token = people.make_reset_link(session, OPERATOR, auditor.id, NOW)
    before = auditor.fs_uniquifier
    person = people.use_reset_link(session, token, "a hash", NOW + timedelta(hours=23))
    assert (person.id, person.password) == (auditor.id, "a hash")
    assert person.fs_uniquifier != before
    with pytest.raises(NotFound):
        people.use_reset_link(session, token, "another hash", NOW + timedelta(hours=23))
    assert session.exec(select(User.password).where(User.id == auditor.id)).one() == "a hash"


def test_a_link_ends_after_a_day_by_a_newer_one_and_with_the_person(session: Session, auditor: User) -> None:
    late = people.make_reset_link(session, OPERATOR, auditor.id, NOW)
    with pytest.raises(NotFound):
        people.person_of_link(session, late, NOW + timedelta(hours=24))
    replaced = people.make_reset_link(session, OPERATOR, auditor.id, NOW)
    good = people.make_reset_link(session, OPERATOR, auditor.id, NOW)
    with pytest.raises(NotFound):
        people.person_of_link(session, replaced, NOW)
    assert people.person_of_link(session, good, NOW).id == auditor.id
    auditor.active = False
    session.add(auditor)
    session.commit()
    for token in (good, "never made", ""):
        with pytest.raises(NotFound):
            people.person_of_link(session, token, NOW)


def test_a_link_is_stored_as_a_hash_only(session: Session, auditor: User) -> None:
    token = people.make_reset_link(session, OPERATOR, auditor.id, NOW)
    stored = session.exec(select(ResetLink)).one()
    assert token not in str(stored.model_dump())
    assert token not in str([event.details for event in session.exec(select(AuditEvent))])


def test_a_person_does_not_print_secrets(auditor: User) -> None:
    assert auditor.password
    assert auditor.password not in repr(auditor)
    assert auditor.fs_uniquifier not in repr(auditor)


# Sign-ins and wrong tries.


def test_a_sign_in_holds_until_it_ends(session: Session, auditor: User) -> None:
    sign_in_id = signing_in.begin(session, auditor, NOW)
    session.commit()

    def person_at(moment: datetime, uniquifier: str = auditor.fs_uniquifier) -> User | None:
        found = signing_in.person_of(session, sign_in_id, uniquifier, moment)
        return found and found[0]

    assert person_at(NOW) is auditor
    assert person_at(NOW + signing_in.SIGN_IN_LIFE) is None
    assert person_at(NOW, "of another password") is None
    assert signing_in.person_of(session, "", auditor.fs_uniquifier, NOW) is None
    signing_in.end(session, acting(auditor), sign_in_id, NOW)
    assert person_at(NOW) is None
    with pytest.raises(NotFound):
        signing_in.end(session, acting(auditor), sign_in_id, NOW)


def test_a_sign_in_of_one_person_lets_no_other_in(
    session: Session, create_auditor: Callable[..., User]
) -> None:
    one, other = create_auditor(), create_auditor()
    sign_in_id = signing_in.begin(session, one, NOW)
    session.commit()
    assert signing_in.person_of(session, sign_in_id, other.fs_uniquifier, NOW) is None
    with pytest.raises(NotFound):
        signing_in.end(session, acting(other), sign_in_id, NOW)


def test_ten_wrong_tries_a_quarter_of_an_hour_and_name(session: Session) -> None:
    for minute in range(10):
        assert signing_in.begin_try(session, "Anna", NOW + timedelta(minutes=minute)) is not None
    at = NOW + timedelta(minutes=10)
    assert signing_in.begin_try(session, " anna ", at) is None
    # A refused try is not a try: the wait does not grow.
    assert signing_in.seconds_to_wait(session, "anna", at) == 5 * 60 + 1
    assert signing_in.begin_try(session, "vera", at) is not None
    assert signing_in.begin_try(session, "anna", NOW + timedelta(minutes=15)) is not None
    assert signing_in.begin_try(session, "anna", NOW + timedelta(minutes=15)) is None


def test_a_right_password_takes_its_try_back(session: Session) -> None:
    for _ in range(25):
        try_id = signing_in.begin_try(session, "anna", NOW)
        assert try_id is not None
        signing_in.forgive(session, try_id)
        session.commit()


def test_a_name_of_any_length_is_counted(session: Session) -> None:
    assert signing_in.begin_try(session, "x" * 5000, NOW) is not None
