"""`pilot-eval demo`: a made-up pilot to look at, with one sign-in per role."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

import click

from pilot_eval.cli.opening import operator
from pilot_eval.cli.serve import run
from pilot_eval.demo import fill
from pilot_eval.records import database
from pilot_eval.records.base import now
from pilot_eval.settings import Settings, read_settings

SIGN_INS = "demo-sign-ins.json"


@click.command()
@click.option("--no-serve", is_flag=True, help="Fill the database and stop.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def demo(no_serve: bool, port: int) -> None:
    """Fill an empty database with a made-up pilot, print one sign-in per role, and serve it."""
    settings = read_settings({"PILOT_EVAL_ENV": "development", **os.environ})
    passwords = _prepare(settings)
    click.echo("Sign-ins of the demonstration (made-up people, made-up data):")
    for name, password in passwords.items():
        click.echo(f"  {name:<32} {password}")
    if not no_serve:
        run(settings, "127.0.0.1", port)


def _prepare(settings: Settings) -> dict[str, str]:
    """Fill the database unless it is filled, and return the passwords by sign-in name."""
    path = settings.data / SIGN_INS
    engine = database.open_database(settings.database)
    try:
        database.upgrade(engine)
        with database.session_of(engine) as session:
            filled = fill.is_filled(session)
        if not filled:
            passwords = {name: _password() for name in fill.sign_in_names().values()}
            hashes = _hashes(settings, passwords)
            _write_private(path, passwords)
            with database.session_of(engine) as session:
                fill.fill(session, operator(), hashes, now(), progress=_show)
    finally:
        engine.dispose()
    if not path.exists():
        raise click.ClickException(
            f"the demonstration is there, but its sign-ins ({path}) are gone; make a new one-time link with: "
            "pilot-eval user reset-link NAME (pilot-eval user list shows the names)"
        )
    return dict(json.loads(path.read_text()))


def _hashes(settings: Settings, passwords: dict[str, str]) -> dict[str, str]:
    # Imported here: a second start needs the site only when it serves.
    from pilot_eval.web.app import create_app
    from pilot_eval.web.sign_in import password_hash

    with create_app(settings).app_context():
        return {name: password_hash(password) for name, password in passwords.items()}


def _show(pilot: str, done: int, of: int) -> None:
    click.echo(f"\r  {pilot}: visit {done} of {of}", nl=done == of)


def _password() -> str:
    """Easy to read out, hard to guess."""
    return "-".join(secrets.token_hex(2) for _ in range(4))


def _write_private(path: Path, content: dict[str, str]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
        json.dump(content, file, indent=1)
