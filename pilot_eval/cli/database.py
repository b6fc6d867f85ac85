"""`pilot-eval db`: bring the tables up to date, or say what is wrong with them."""

from __future__ import annotations

import click

from pilot_eval.records import audit, database
from pilot_eval.settings import read_settings


@click.group()
def db() -> None:
    """The database: upgrade it, check it."""


@db.command()
def upgrade() -> None:
    """Create the tables or bring them to this version (make a backup first)."""
    engine = database.open_database(read_settings(needs_secret=False).database)
    try:
        before = database.current_version(engine)
        database.upgrade(engine)
        after = database.current_version(engine)
    finally:
        engine.dispose()
    click.echo(f"The database is at version {after}" + (" already." if before == after else "."))


@db.command()
def check() -> None:
    """Say whether this version can use the database, and whether the audit log is whole."""
    engine = database.open_database(read_settings(needs_secret=False).database)
    try:
        database.check(engine)
        with database.session_of(engine) as session:
            broken = audit.first_break(session)
            _, events = audit.head_of(session)
    finally:
        engine.dispose()
    if broken is not None:
        raise click.ClickException(f"the audit log is broken at event {broken}: compare it with a backup")
    click.echo(
        f"The database is at version {database.newest_version()}; its audit log of {events} events is whole."
    )
