"""`pilot-eval serve`: the site, by waitress."""

from __future__ import annotations

import logging
import threading
from typing import Any

import click

from pilot_eval.settings import Settings, read_settings

# Sign-ins hash passwords with argon2: more threads than cores only wait for each other.
THREADS = 8


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
def serve(port: int, host: str) -> None:
    """Serve the site until interrupted."""
    run(read_settings(), host, port)


def run(settings: Settings, host: str, port: int) -> None:
    """Serve with these settings.

    Raises
    ------
    click.ClickException
        If the port is taken.
    """
    import waitress

    from pilot_eval import create_app
    from pilot_eval.jobs import Background

    app = create_app(settings)
    try:
        server = waitress.create_server(app, host=host, port=port, threads=THREADS, ident="pilot_eval")
    except OSError as error:
        raise click.ClickException(
            f"cannot listen at {host}:{port} ({error.strerror}); choose another port with --port"
        ) from error
    threading.Thread(target=_warm, args=(app.extensions["engine"], settings), daemon=True).start()
    background = app.extensions["background"] = Background(settings)
    background.start()
    click.echo(f"pilot_eval is at http://{host}:{port}  (stop with Ctrl-C)")
    try:
        server.run()
    except KeyboardInterrupt:
        click.echo("Stopped.")
    finally:
        server.close()
        background.stop()


def _warm(engine: Any, settings: Settings) -> None:
    """Do beforehand what the first reader would wait for; without it the first pages are only slower."""
    from pilot_eval.cli.opening import operator
    from pilot_eval.operations.warming import warm_overviews
    from pilot_eval.records.base import now
    from pilot_eval.reports.charts import vega_bundle

    try:
        warm_overviews(engine, operator(), now())
        vega_bundle(settings.data / "charts")
    except Exception:
        logging.getLogger("pilot_eval").warning("The first pages will be slow:", exc_info=True)
