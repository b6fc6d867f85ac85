"""`pilot-eval verify`: whether an evidence bundle holds."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--language", type=click.Choice(["en", "ru"]), default="en", show_default=True, help="Of the text."
)
def verify(file: Path, form: str, language: str) -> None:
    """Compute every number of the evidence bundle FILE again and say whether it matches.

    Files are compared by their hashes, numbers within one part in a thousand million; neither site nor
    database is needed. The exit status is 0 when all matches, 1 when something differs, which is named, and
    2 when FILE is not an evidence bundle.
    """
    from pilot_eval.cli.progress import shown_progress
    from pilot_eval.operations.bundles import NotABundle
    from pilot_eval.operations.verifying import verify as run

    try:
        with shown_progress():
            found = run(file)
    except NotABundle as error:
        click.echo(f"{file}: {getattr(error.why, language)}", err=True)
        sys.exit(2)
    if form == "json":
        click.echo(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
    else:
        click.echo(found.to_text(language), nl=False)
    sys.exit(0 if found.matches else 1)
