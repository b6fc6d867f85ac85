"""Upgrading, going back and upgrading again, with something in every table, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

from pilot_eval.domain.errors import DatabaseProblem
from pilot_eval.records import database
from tests.records.filled import ROWS, contents, dict_of_lists, fill, insert

UNKNOWN = "ffff_from_the_future"


def shape(engine: database.Engine) -> dict[str, Any]:
    """Every table with its columns, keys, rules and indexes."""
    inspector = sa.inspect(engine)
    return {
        table: {
            "columns": [(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)],
            "key": inspector.get_pk_constraint(table)["constrained_columns"],
            "foreign": sorted(
                (str(key["name"]), key["constrained_columns"], key["referred_table"])
                for key in inspector.get_foreign_keys(table)
            ),
            "unique": sorted(str(rule["name"]) for rule in inspector.get_unique_constraints(table)),
            "rules": sorted((str(r["name"]), r["sqltext"]) for r in inspector.get_check_constraints(table)),
            "indexes": sorted(str(index["name"]) for index in inspector.get_indexes(table)),
        }
        for table in inspector.get_table_names()
    }


def test_the_rows_of_these_tests_reach_every_table(engine: database.Engine) -> None:
    fill(engine)
    assert [table for table, rows in contents(engine).items() if not rows] == []


def test_what_is_stored_is_what_was_given_on_either_database(engine: database.Engine) -> None:
    fill(engine)
    stored = contents(engine)
    for table, rows in dict_of_lists(ROWS).items():
        assert stored[table] == rows


def test_the_migrations_make_the_tables_that_the_code_knows(engine: database.Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_back_to_nothing_and_up_again_gives_the_same_tables(engine: database.Engine) -> None:
    fill(engine)
    before, rows = shape(engine), contents(engine)
    database.downgrade(engine, "base")
    assert set(sa.inspect(engine).get_table_names()) <= {"alembic_version"}
    with pytest.raises(DatabaseProblem, match="is empty"):
        database.check(engine)
    database.upgrade(engine)
    database.check(engine)
    assert shape(engine) == before
    with engine.begin() as connection:
        insert(connection, rows)
    assert contents(engine) == rows


def test_each_step_back_and_up_keeps_what_both_sides_know(engine: database.Engine) -> None:
    fill(engine)
    before = contents(engine)
    script = ScriptDirectory.from_config(database._migrations())
    steps = [revision.down_revision for revision in script.walk_revisions() if revision.down_revision]
    for step in steps:
        database.downgrade(engine, str(step))
        known = columns(engine)
        database.upgrade(engine)
        assert narrowed(contents(engine), known) == narrowed(before, known)


def columns(engine: database.Engine) -> dict[str, list[str]]:
    """The columns of every table as the database has them now."""
    inspector = sa.inspect(engine)
    return {
        table: [column["name"] for column in inspector.get_columns(table)]
        for table in inspector.get_table_names()
    }


def narrowed(rows: dict[str, Any], known: dict[str, list[str]]) -> dict[str, Any]:
    """The rows as far as these tables and columns reach."""
    return {
        table: [{name: value for name, value in row.items() if name in known[table]} for row in found]
        for table, found in rows.items()
        if table in known
    }


def test_upgrading_twice_changes_nothing(engine: database.Engine) -> None:
    fill(engine)
    before = shape(engine), contents(engine)
    database.upgrade(engine)
    assert (shape(engine), contents(engine)) == before


def test_the_guards_of_the_audit_log_come_back(engine: database.Engine) -> None:
    database.downgrade(engine, "base")
    database.upgrade(engine)
    fill(engine)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM audit_event")


def test_a_database_of_a_newer_version_is_left_alone(engine: database.Engine) -> None:
    fill(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{UNKNOWN}'")  # noqa: S608 - our own word
    before = contents(engine)
    for attempt in (database.check, database.upgrade):
        with pytest.raises(DatabaseProblem, match="newer version"):
            attempt(engine)
    assert contents(engine) == before
    assert database.current_version(engine) == UNKNOWN


def test_an_empty_database_is_told_what_to_do(tmp_path: Path) -> None:
    engine = database.open_database(f"sqlite:///{tmp_path / 'new' / 'empty.sqlite3'}")
    with pytest.raises(DatabaseProblem, match="Run: pilot-eval db upgrade"):
        database.check(engine)
    engine.dispose()


def test_a_database_that_is_not_there_is_named_without_its_password() -> None:
    engine = database.open_database("postgresql+psycopg://pilot:hush@127.0.0.1:1/pilot")
    with pytest.raises(DatabaseProblem, match="cannot be reached") as problem:
        database.check(engine)
    assert "127.0.0.1:1" in str(problem.value)
    assert "hush" not in str(problem.value)
    engine.dispose()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseProblem, match="cannot be made"):
        database.open_database(f"sqlite:///{tmp_path / 'file' / 'pilot.sqlite3'}")
