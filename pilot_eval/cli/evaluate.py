"""`pilot-eval evaluate`: a file in, the answer out."""

from __future__ import annotations

import json
from typing import Any

import click

from pilot_eval.cli.observation_files import Unreadable, plan_options
from pilot_eval.domain.errors import BadInput


@click.command()
@click.argument("file", type=click.Path())
@click.option("--outcome", required=True, metavar="COL", help="Column of the outcome.")
@plan_options
@click.option("--auditor", metavar="COL", help="Column of auditors; nothing in this version uses it.")
@click.option("--exposure", metavar="COL", hidden=True)
@click.option("--censored", metavar="COL", hidden=True)
@click.option("--operation", metavar="COL", hidden=True)
@click.option("--time-unit", hidden=True)
@click.option("--season", is_flag=True, hidden=True)
@click.option("--slope-change", is_flag=True, hidden=True)
@click.option("--with", "with_parts", hidden=True)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--language", type=click.Choice(["en", "ru"]), default="en", show_default=True, help="Of the text."
)
def evaluate(file: str, form: str, language: str, with_parts: str | None, **options: Any) -> None:
    """Say what the training changed, how sure that is, and what it means.

    FILE is a CSV (UTF-8) or Parquet file, one row per observation, with the columns branch, arm (trained or
    comparison), period (before, during or after; or date and trained_on) and the outcome. An empty cell is
    missing. The exit status is 0 with an answer, "too few data" being one, and 2 when the file or an option
    cannot be used.
    """
    from pilot_eval.operations.evaluation import evaluate as run

    parts = tuple(part.strip() for part in (with_parts or "").split(",") if part.strip())
    try:
        evaluation = run(file, with_parts=parts, **options)
    except BadInput as error:
        raise Unreadable(file, error) from error
    if form == "json":
        click.echo(json.dumps(evaluation.to_dict(), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        click.echo(evaluation.to_text(language), nl=False)
