"""The audit log finds whatever was done to it behind its back, on both databases."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from pilot_eval.domain.people import Actor, Role
from pilot_eval.records import audit, database
from pilot_eval.records.audit import AuditEvent

EVENTS = 40
TAMPERINGS = 200
SEED = 20260302

# Other content of a column, given the old one.
CHANGES: dict[str, str] = {
    "at": "'2020-01-01 00:00:00.000000'",
    "user_id": "coalesce(user_id, 0) + 1",
    "operator": "operator || 'x'",
    "action": "'visit.nothing'",
    "subject_type": "subject_type || 's'",
    "subject_id": "subject_id || '0'",
    "previous_hash": "hash",
    "hash": "previous_hash",
}


@pytest.fixture
def written(session: Session) -> Session:
    """A log of some length, of people and of the operator, with its guards taken away."""
    actors = [Actor("operator@test", None), Actor("anna", Role.AUDITOR, 1), Actor("vera", Role.AUDITOR, 2)]
    for number in range(EVENTS):
        audit.append(session, actors[number % 3], "visit.record", "visit", number, n=number, где="Ковров")
    session.commit()
    return session


def unguard(session: Session) -> None:
    """Take the triggers away, as somebody with the database's own password can."""
    if session.get_bind().dialect.name == "sqlite":
        for name in ("audit_event_no_update", "audit_event_no_delete"):
            session.execute(sa.text(f"DROP TRIGGER {name}"))
    else:
        session.execute(sa.text("DROP TRIGGER audit_event_no_change ON audit_event"))


def run(session: Session, statement: str) -> int:
    """How many rows a raw statement changed."""
    return int(session.execute(sa.text(statement)).rowcount)  # type: ignore[attr-defined]  # of a cursor result


def change_a_column(session: Session, draw: random.Random) -> int:
    column = draw.choice(sorted(CHANGES))
    at = draw.randint(1, EVENTS)
    return run(session, f"UPDATE audit_event SET {column} = {CHANGES[column]} WHERE sequence = {at}")  # noqa: S608 - of ours


def change_the_details(session: Session, draw: random.Random) -> int:
    at, value = draw.randint(1, EVENTS), draw.randint(1000, 9999)
    return run(session, f"""UPDATE audit_event SET details = '{{"n"\\: {value}}}' WHERE sequence = {at}""")  # noqa: S608 - of ours


def delete_one(session: Session, draw: random.Random) -> int:
    return run(session, f"DELETE FROM audit_event WHERE sequence = {draw.randint(1, EVENTS)}")  # noqa: S608 - of ours


def delete_the_end(session: Session, draw: random.Random) -> int:
    return run(session, f"DELETE FROM audit_event WHERE sequence > {draw.randint(0, EVENTS - 1)}")  # noqa: S608 - of ours


def swap_two(session: Session, draw: random.Random) -> int:
    first, second = draw.sample(range(1, EVENTS + 1), 2)
    run(session, f"UPDATE audit_event SET sequence = {EVENTS + 1} WHERE sequence = {first}")  # noqa: S608 - of ours
    run(session, f"UPDATE audit_event SET sequence = {first} WHERE sequence = {second}")  # noqa: S608 - of ours
    return run(session, f"UPDATE audit_event SET sequence = {second} WHERE sequence = {EVENTS + 1}")  # noqa: S608 - of ours


def add_one_at_the_end(session: Session, draw: random.Random) -> int:
    like = draw.randint(1, EVENTS)
    event = session.get(AuditEvent, like)
    assert event is not None
    columns = event.model_dump()
    columns["sequence"], columns["previous_hash"] = EVENTS + 1, audit.head_of(session)[0]
    added = AuditEvent(**columns)
    added.hash = audit.seal(added)
    session.add(added)
    session.flush()
    return 1


def change_and_seal_again(session: Session, draw: random.Random) -> int:
    """The cleverest: the changed event is sealed anew, but not the ones after it."""
    event = session.get(AuditEvent, draw.randint(1, EVENTS))
    assert event is not None
    event.subject_id += "0"
    event.hash = audit.seal(event)
    session.flush()
    return 1


def change_the_head(session: Session, draw: random.Random) -> int:
    change = draw.choice(["sequence = sequence - 1", "sequence = sequence + 1", "hash = 'x'"])
    return run(session, f"UPDATE audit_head SET {change}")  # noqa: S608 - of ours


TAMPER: list[Callable[[Session, random.Random], int]] = [
    change_a_column,
    change_the_details,
    delete_one,
    delete_the_end,
    swap_two,
    add_one_at_the_end,
    change_and_seal_again,
    change_the_head,
]


def test_a_log_that_nobody_touched_is_whole(written: Session) -> None:
    assert audit.first_break(written) is None
    head_hash, events = audit.head_of(written)
    assert events == EVENTS
    last = written.get(AuditEvent, EVENTS)
    assert last is not None
    assert last.hash == head_hash


def test_every_tampering_is_found(written: Session) -> None:
    draw = random.Random(SEED)  # noqa: S311 - which tampering comes next is no secret
    missed = []
    for number in range(TAMPERINGS):
        tamper = TAMPER[number % len(TAMPER)]
        unguard(written)
        changed = tamper(written, draw)
        written.expire_all()
        if changed < 1 or audit.first_break(written) is None:
            missed.append((number, tamper.__name__, changed))
        written.rollback()
        written.expire_all()
    assert missed == []
    assert audit.first_break(written) is None


def test_the_first_broken_event_is_named(written: Session) -> None:
    unguard(written)
    run(written, "UPDATE audit_event SET action = 'x' WHERE sequence IN (17, 30)")
    written.expire_all()
    assert audit.first_break(written) == 17
    written.rollback()


def test_a_chain_sealed_anew_from_end_to_end_has_another_head(written: Session) -> None:
    """Whoever can do this is found by the head hash that exports and backups carry."""
    before = audit.head_of(written)
    unguard(written)
    previous = audit.GENESIS
    for number in range(1, EVENTS + 1):
        event = written.get(AuditEvent, number)
        assert event is not None
        if number == 5:
            event.subject_id = "forged"
        event.previous_hash, event.hash = previous, ""
        event.hash = previous = audit.seal(event)
    written.flush()
    run(written, f"UPDATE audit_head SET hash = '{previous}'")  # noqa: S608 - of ours
    written.expire_all()
    assert audit.first_break(written) is None
    assert audit.head_of(written) != before
    written.rollback()


def test_an_event_is_stored_with_what_it_tells_of_or_not_at_all(written: Session) -> None:
    audit.append(written, Actor("anna", Role.AUDITOR, 1), "visit.record", "visit", 99)
    written.rollback()
    assert audit.head_of(written)[1] == EVENTS
    audit.append(written, Actor("anna", Role.AUDITOR, 1), "visit.record", "visit", 100)
    written.commit()
    assert audit.first_break(written) is None


def test_writers_at_the_same_time_make_one_chain(engine: database.Engine) -> None:
    def write(number: int) -> None:
        with database.session_of(engine) as session:
            audit.append(session, Actor("operator@test", None), "visit.record", "visit", number)
            session.commit()

    write(0)
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(write, range(1, 30)))
    with database.session_of(engine) as session:
        assert audit.head_of(session)[1] == 30
        assert audit.first_break(session) is None


def test_two_first_writers_make_one_chain(engine: database.Engine) -> None:
    def write(number: int) -> None:
        with database.session_of(engine) as session:
            audit.append(session, Actor("operator@test", None), "visit.record", "visit", number)
            session.commit()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))
    with database.session_of(engine) as session:
        assert audit.head_of(session)[1] == 4
        assert audit.first_break(session) is None
