"""The rules that the database itself keeps, whatever the code does, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pysqlite3
import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from pilot_eval.records import database
from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.people import FailedSignIn
from tests.records.filled import fill

# Each breaks one rule of the rows in `filled`, by SQL that no code of ours would write.
BREACHES = {
    "a role that is none": "UPDATE person SET role = 'boss'",
    "a manager without a region": "UPDATE person SET role = 'manager'",
    "a language that is none": "UPDATE person SET language = 'de'",
    "a region that is none": "UPDATE branch SET region_id = 999",
    "a branch without a code": "UPDATE branch SET code = ''",
    "a region in use is deleted": "DELETE FROM region",
    "a person in use is deleted": "DELETE FROM person",
    "two regions of one code": "INSERT INTO region (id, code, name) VALUES (2, '33', 'Again')",
    "a design that is none": "UPDATE pilot SET design = 'guess'",
    "a pilot without a slug": "UPDATE pilot SET slug = ''",
    "a level of one": "UPDATE pilot SET level = 1.0",
    "a level of a half": "UPDATE pilot SET level = 0.5",
    "too few draws": "UPDATE pilot SET draws = 98",
    "weights that are none": "UPDATE pilot SET weights = 'people'",
    "a baseline that ends before it begins": "UPDATE pilot SET before_to = '2025-12-31'",
    "a training that begins in the baseline": "UPDATE pilot SET training_from = '2026-01-31'",
    "an after that begins in the training": "UPDATE pilot SET after_from = '2026-02-14'",
    "an arm that is none": "UPDATE pilot_branch SET arm = 'control'",
    "a kind that is none": "UPDATE pilot_outcome SET kind = 'feeling'",
    "a direction that is none": "UPDATE pilot_outcome SET better = 'more'",
    "a smallest effect of nothing": "UPDATE pilot_outcome SET smallest_effect = 0",
    "a wave that closes before it opens": "UPDATE wave SET closes_on = '2025-12-31'",
    "a wave of no period": "UPDATE wave SET period = 'later'",
    "a wave of no state": "UPDATE wave SET state = 'ajar'",
    "two waves of one period": "INSERT INTO wave (id, pilot_id, period, opens_on, closes_on, state)"
    " VALUES (2, 1, 'before', '2026-01-01', '2026-01-02', 'open')",
    "a window that ends before it begins": "UPDATE assignment SET window_to = '2026-01-04'",
    "a visit that ends before it begins": "UPDATE visit SET left_at = '2026-03-02 09:30:14'",
    "an outcome of a visit that is none": "UPDATE visit SET outcome = 'nice'",
    "a state of a visit that is none": "UPDATE visit SET state = 'lost'",
    "a score above 100": "UPDATE visit SET score_hundredths = 10001",
    "a score below 0": "UPDATE visit SET score_hundredths = -1",
    "a negative count": "UPDATE visit SET critical_failed = -1",
    "a wait below 0": "UPDATE timing SET wait_seconds = -1",
    "a handover below 0": "UPDATE timing SET handover_seconds = -1",
    "a service below 0": "UPDATE timing SET service_seconds = -1",
    "a total below 0": "UPDATE timing SET total_seconds = -1",
    "an entry method that is none": "UPDATE timing SET entry_method = 'guessed'",
    "a measurement of no period": "UPDATE measurement SET period = 'later'",
    "a draft both published and thrown away": "UPDATE checklist_draft SET published_id = 1",
    "a published checklist that changes": "UPDATE checklist_version SET document = '{}'",
    "a published checklist of another digest": "UPDATE checklist_version SET digest = 'x'",
    "a published checklist of another number": "UPDATE checklist_version SET version = 2",
    "an export of no state": "UPDATE export_job SET state = 'lost'",
    "an export that failed without a word": "UPDATE export_job SET state = 'failed'",
    "an export with a word of failure that did not fail": "UPDATE export_job SET problem = 'disk'",
    "an export of more rows than there are": "UPDATE export_job SET done = 6",
    "an export in no language": "UPDATE export_job SET language = 'de'",
    "a ready export without its file": "UPDATE export_job SET file_name = ''",
    "a version of a checklist below 1": "INSERT INTO checklist_version (id, code, version, document, digest,"
    " published_at) VALUES (2, 'x', 0, '{}', 'x', '2026-03-02 09:30:00')",
    "a version of a timing form below 1": "UPDATE timing_form_version SET version = 0",
    "an event before the first": "INSERT INTO audit_event SELECT 0, at, user_id, operator, action,"
    " subject_type, subject_id, details, previous_hash, hash FROM audit_event WHERE sequence = 1",
    "a second head of the log": "INSERT INTO audit_head (id, sequence, hash) VALUES (2, 1, '')",
    "an event is changed": "UPDATE audit_event SET action = 'nothing'",
    "an event is deleted": "DELETE FROM audit_event WHERE sequence = 2",
}


def test_the_database_refuses_every_breach(engine: database.Engine) -> None:
    fill(engine)
    stored = []
    for what, statement in BREACHES.items():
        try:
            with engine.begin() as connection:
                connection.exec_driver_sql(statement)
            stored.append(what)
        except sa.exc.DBAPIError:
            continue
    assert stored == []


def test_the_log_cannot_be_emptied_on_postgresql(postgresql_url: str) -> None:
    engine = database.open_database(postgresql_url)
    fill(engine)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE audit_event")
    engine.dispose()


def test_a_moment_keeps_its_instant_and_comes_back_in_utc(session: Session) -> None:
    kamchatka = datetime(2026, 3, 2, 9, 0, tzinfo=timezone(timedelta(hours=12)))
    session.add(FailedSignIn(name="x", at=kamchatka))
    session.commit()
    session.expire_all()
    stored = session.exec(select(FailedSignIn.at)).one()
    assert stored == kamchatka
    assert stored.tzinfo is UTC
    assert stored.isoformat() == "2026-03-01T21:00:00+00:00"


def test_a_moment_without_a_zone_is_refused(session: Session) -> None:
    session.add(FailedSignIn(name="x", at=datetime(2026, 3, 2, 9, 0)))  # noqa: DTZ001 - what is refused
    with pytest.raises(sa.exc.StatementError, match="timezone"):
        session.flush()
    session.rollback()


def test_russian_in_a_document_stays_readable_in_the_database(engine: database.Engine) -> None:
    fill(engine)
    with engine.connect() as connection:
        details = connection.execute(sa.select(sa.cast(AuditEvent.details, sa.Text)).limit(1)).scalar_one()
    assert "текст" in details


def test_sqlite_is_safe_and_its_commits_reach_the_disk(sqlite_url: str) -> None:
    engine = database.open_database(sqlite_url)
    with engine.connect() as connection:
        answers = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
        version = connection.exec_driver_sql("SELECT sqlite_version()").scalar()
        lower = connection.exec_driver_sql("SELECT lower('Ёлка И')").scalar()
    assert answers == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 15_000}
    assert version == pysqlite3.sqlite_version
    assert tuple(map(int, str(version).split("."))) >= (3, 51, 3)
    assert lower == "ёлка и"
    engine.dispose()


def test_what_was_not_committed_is_gone(engine: database.Engine) -> None:
    with database.session_of(engine) as session:
        session.add(FailedSignIn(name="x"))
        session.flush()
    with database.session_of(engine) as session:
        assert session.exec(select(FailedSignIn)).all() == []
