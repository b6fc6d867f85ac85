"""Commands at the server, run as an operator runs them."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pilot_eval.cli import main
from pilot_eval.records.database import newest_version

Environ = dict[str, str]


@pytest.fixture
def environ(tmp_path: Path) -> Environ:
    """Settings of a fresh machine that tries things."""
    return {
        "PILOT_EVAL_ENV": "development",
        "PILOT_EVAL_DATA": str(tmp_path / "data"),
        "PILOT_EVAL_DATABASE": f"sqlite:///{tmp_path / 'data' / 'pilot.sqlite3'}",
        "PILOT_EVAL_SECRET_KEY": "",
        "PILOT_EVAL_HOSTS": "",
    }


def run(environ: Mapping[str, str], *words: str) -> Result:
    return CliRunner(env=dict(environ)).invoke(main, list(words))


def test_upgrade_creates_the_tables_and_a_second_one_changes_nothing(environ: Environ) -> None:
    first, second = run(environ, "db", "upgrade"), run(environ, "db", "upgrade")
    assert first.output == f"The database is at version {newest_version()}.\n"
    assert second.output == f"The database is at version {newest_version()} already.\n"
    assert run(environ, "db", "check").exit_code == 0


def test_check_of_an_empty_database_says_to_upgrade(environ: Environ) -> None:
    result = run(environ, "db", "check")
    assert result.exit_code == 2
    assert "is empty" in result.output
    assert "pilot-eval db upgrade" in result.output


@pytest.mark.parametrize("words", [("db", "upgrade"), ("db", "check"), ("user", "list"), ("serve",)])
def test_a_database_of_a_newer_version_is_refused_and_left_alone(
    environ: Environ, tmp_path: Path, words: tuple[str, ...]
) -> None:
    run(environ, "db", "upgrade")
    path = tmp_path / "data" / "pilot.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    result = run(environ, *words)
    assert result.exit_code == 2
    assert "version 9999" in result.output
    assert "newer" in result.output
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]
    connection.close()


def test_the_first_administrator_gets_a_one_time_link(environ: Environ) -> None:
    run(environ, "db", "upgrade")
    result = run(environ, "user", "create-admin", "Root@Example.org")
    assert result.exit_code == 0
    assert "root@example.org can set a password within 24 hours, once" in result.output
    assert "/reset/" in result.output
    assert run(environ, "user", "list").output == "root@example.org\tadministrator\tS-001\n"
    assert "/reset/" in run(environ, "user", "reset-link", "root@example.org").output


def test_a_token_is_printed_alone_and_once(environ: Environ) -> None:
    run(environ, "db", "upgrade")
    run(environ, "user", "create-admin", "root")
    words = ("user", "token", "root", "--scope", "branches:read", "--name", "nightly", "--days", "7")
    first, second = run(environ, *words), run(environ, *words)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout != second.stdout
    assert len(first.stdout.split()) == 1
    assert "cannot be shown again" in first.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nobody", "--scope", "branches:read"), "sign-in name"),
        (("root", "--scope", "everything"), "is not one of"),
        (("root",), "--scope"),
        (("root", "--scope", "branches:read", "--days", "0"), "from 1 to 366"),
    ],
)
def test_a_token_that_cannot_be_is_refused_in_words(
    environ: Environ, words: tuple[str, ...], told: str
) -> None:
    run(environ, "db", "upgrade")
    run(environ, "user", "create-admin", "root")
    result = run(environ, "user", "token", *words)
    assert result.exit_code == 2
    assert told in result.output
    assert "pilot_eval_" not in result.output


def test_a_name_is_given_once(environ: Environ) -> None:
    run(environ, "db", "upgrade")
    run(environ, "user", "create-admin", "root")
    again = run(environ, "user", "create-admin", "ROOT")
    assert again.exit_code == 2
    assert "taken" in again.output


def test_serving_in_production_without_a_secret_key_is_refused(environ: Environ) -> None:
    result = run(environ | {"PILOT_EVAL_ENV": "production"}, "serve")
    assert result.exit_code == 2
    assert "PILOT_EVAL_SECRET_KEY is not set" in result.output
    assert "Example:" in result.output


def test_the_doctor_names_every_unsafe_setting_of_a_server(environ: Environ) -> None:
    run(environ, "db", "upgrade")
    result = run(environ, "doctor", "--deploy")
    assert result.exit_code == 1
    for setting in ("PILOT_EVAL_ENV", "PILOT_EVAL_HOSTS", "PILOT_EVAL_PROXIES"):
        assert setting in result.output


def test_the_doctor_is_content_with_a_proper_server(environ: Environ) -> None:
    run(environ, "db", "upgrade")
    proper = {
        "PILOT_EVAL_ENV": "production",
        "PILOT_EVAL_SECRET_KEY": "k" * 48,
        "PILOT_EVAL_HOSTS": "pilot.example.org",
        "PILOT_EVAL_PROXIES": "1",
    }
    result = run(environ | proper, "doctor", "--deploy")
    assert result.output == "Nothing found.\n"
    assert result.exit_code == 0


def test_the_doctor_finds_a_tampered_audit_log(environ: Environ, tmp_path: Path) -> None:
    run(environ, "db", "upgrade")
    run(environ, "user", "create-admin", "root")
    with sqlite3.connect(tmp_path / "data" / "pilot.sqlite3") as connection:
        connection.execute("DROP TRIGGER audit_event_no_update")
        connection.execute("UPDATE audit_event SET action = 'nothing' WHERE sequence = 2")
    connection.close()
    result = run(environ, "doctor")
    assert result.exit_code == 1
    assert "broken at event 2" in result.output
