"""`pilot-eval export`: a pilot's summary as a file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pilot_eval.cli.opening import opened, operator
from pilot_eval.cli.progress import shown_progress
from pilot_eval.domain.errors import NotFound
from pilot_eval.operations import exporting
from pilot_eval.operations.pilots import list_pilots
from pilot_eval.records.base import now
from pilot_eval.reports.files import FORMATS


@click.command()
@click.argument("pilot")
@click.option(
    "--format", "format_name", type=click.Choice(sorted(FORMATS)), default="json", show_default=True
)
@click.option("--language", type=click.Choice(["en", "ru"]), default="en", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
def export(pilot: str, format_name: str, language: str, output: Path | None) -> None:
    """Write the summary of PILOT (its slug) to a file, or to standard output."""
    is_text = FORMATS[format_name].media_type.startswith(("text/", "application/json"))
    if output is None and sys.stdout.isatty() and not is_text:
        raise click.UsageError(f"{format_name} is not text: name a file with -o")
    with opened() as session, shown_progress():
        try:
            made = exporting.export(session, operator(), pilot, format_name, language, now())
        except NotFound as error:
            there = ", ".join(each.slug for each in list_pilots(session, operator())) or "none yet"
            raise click.UsageError(f"there is no pilot {pilot!r}; there are: {there}") from error
    if output is None:
        sys.stdout.buffer.write(made.content)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(made.content)
    click.echo(f"{output}: {len(made.content)} bytes")
