"""One identity sent a hundred times at once through the server is one row; other content is a conflict."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session, select

from bench import crowd
from pilot_eval.records import audit
from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.visits import SubmissionConflict, Timing, Visit
from tests.durability.conftest import Ground
from tests.durability.outbox import BODIES

TIMES = 100
CLIENTS = 50  # each sends twice


def at_once(phone: crowd.Phone, kind: str, identity: UUID, bodies: list[dict[str, Any]]) -> Counter[int]:
    """Send all of them from clients that begin together; how often each status was answered."""
    barrier = Barrier(CLIENTS)

    def send(number: int) -> list[int]:
        own = phone.another()
        barrier.wait()
        statuses = [own.put(kind, identity, body)[0] for body in bodies[number::CLIENTS]]
        own.close()
        return statuses

    with ThreadPoolExecutor(CLIENTS) as pool:
        return Counter(status for statuses in pool.map(send, range(CLIENTS)) for status in statuses)


def test_one_identity_sent_a_hundred_times_at_once_is_one_row(ground: Ground) -> None:
    changes: dict[str, str] = {"visits": "narrative", "timings": "operation_text"}
    with ground.served():
        (phone,) = ground.phones(1)
        first, second = ground.assignments[phone.name][:2]
        for kind in ("visits", "timings"):
            same, other = uuid4(), uuid4()
            body = BODIES[kind](first)
            assert at_once(phone, kind, same, [body] * TIMES) == {201: 1, 200: TIMES - 1}
            status, _headers, told = phone.put(kind, same, body | {changes[kind]: "Other"})
            assert (status, told["code"], told["uuid"]) == (409, "conflict", str(same))
            # A hundred contents under one identity: one is the record, the others wait for a reviewer.
            bodies = [BODIES[kind](second) | {changes[kind]: f"No. {number}"} for number in range(TIMES)]
            assert at_once(phone, kind, other, bodies) == {201: 1, 409: TIMES - 1}
    rows = {Visit: 2, Timing: 2, SubmissionConflict: 2 * TIMES}
    assert {
        table: len(ground.look(lambda session, of=table: session.exec(select(of)).all())) for table in rows
    } == rows
    actions = Counter(ground.look(_actions))
    assert (actions["visit.record"], actions["timing.record"]) == (2, 2)
    assert actions["visit.conflict"] == actions["timing.conflict"] == TIMES
    assert ground.look(audit.first_break) is None


def _actions(session: Session) -> list[str]:
    return list(session.exec(select(AuditEvent.action)))
