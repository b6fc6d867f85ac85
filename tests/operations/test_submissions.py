"""A visit or timing is stored with its audit event in one transaction, or not at all."""

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from pilot_eval.operations.submissions import Status, receipt_code
from pilot_eval.operations.timings import record_timing
from pilot_eval.operations.visits import record_visit
from pilot_eval.records.audit import AuditEvent, first_break
from pilot_eval.records.visits import Timing, Visit
from tests.field import NOW, actor_of, create_field

MOST_STATEMENTS = 40


class Failure(Exception):
    """What the test makes go wrong."""


def fail_at(engine, number):
    """Make the number-th statement fail after it has run; returns how to stop."""
    seen = 0

    def count(*_details):
        nonlocal seen
        seen += 1
        if seen == number:
            raise Failure

    sa.event.listen(engine, "after_cursor_execute", count)
    return lambda: sa.event.remove(engine, "after_cursor_execute", count)


@pytest.mark.parametrize("kind", ["visit", "timing"])
def test_a_failure_at_any_statement_leaves_nothing_behind_and_the_next_try_succeeds(engine, session, kind):
    field = create_field(session)
    record, table = (record_visit, Visit) if kind == "visit" else (record_timing, Timing)
    submission = field.visit() if kind == "visit" else field.timing()
    anna = actor_of(field.anna)
    session.commit()
    events = len(session.exec(select(AuditEvent)).all())
    session.rollback()
    for number in range(1, MOST_STATEMENTS):
        stop = fail_at(engine, number)
        try:
            with Session(engine, expire_on_commit=False) as own:
                receipt = record(own, anna, submission, NOW)
            break
        except Failure:
            pass
        finally:
            stop()
        stored = (len(session.exec(select(table)).all()), len(session.exec(select(AuditEvent)).all()))
        session.rollback()
        assert stored == (0, events), f"half-written after statement {number}"
    assert number > 5, "the failures were never met"
    assert receipt.status is Status.CREATED
    assert len(session.exec(select(table)).all()) == 1
    assert first_break(session) is None


def test_a_receipt_code_is_the_head_of_the_digest():
    assert receipt_code("0d4091fd" + "0" * 56) == "0D40-91FD"
