"""`pilot-eval work`: large exports in the background, beside a server that does not make them itself."""

from __future__ import annotations

import threading

import click

from pilot_eval.jobs import Background
from pilot_eval.records import database
from pilot_eval.settings import read_settings


@click.command()
def work() -> None:
    """Make large exports in the background until interrupted; `serve` does so by itself."""
    settings = read_settings(needs_secret=False)
    engine = database.open_database(settings.database)
    try:
        database.check(engine)
    finally:
        engine.dispose()
    background = Background(settings)
    background.start()
    click.echo("Large exports are made here  (stop with Ctrl-C)")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        click.echo("Stopped.")
    finally:
        background.stop()
