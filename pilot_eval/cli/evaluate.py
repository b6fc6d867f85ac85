"""`pilot-eval evaluate`: a file in, the answer out."""

from __future__ import annotations

import json
from typing import Any

import click

from pilot_eval.domain.errors import BadInput


class Unreadable(click.ClickException):
    """Options or data that cannot be used: every place found, on standard error, exit code 2."""

    exit_code = 2

    def __init__(self, source: str, error: BadInput) -> None:
        shown = len(error.problems)
        if error.total == 1:
            message = f"{source}: {error.problems[0]}"
        else:
            count = f"{error.total} problems" + (f", the first {shown}" if shown < error.total else "")
            message = "\n".join([f"{source}: {count}", *(f"  {problem}" for problem in error.problems)])
        super().__init__(message)


@click.command()
@click.argument("file", type=click.Path())
@click.option("--outcome", required=True, metavar="COL", help="Column of the outcome.")
@click.option("--kind", default="score", show_default=True, help="score, proportion or duration.")
@click.option(
    "--design",
    default="difference_in_differences",
    show_default=True,
    help="before_after or difference_in_differences.",
)
@click.option("--strata", metavar="COL", help="Compare branches within the strata of this column.")
@click.option(
    "--weights", default="branch", show_default=True, help="What counts once: branch or observation."
)
@click.option("--better", help="higher or lower, where it is not what the kind usually has.")
@click.option(
    "--smallest-effect", type=float, metavar="X", help="Points, percentage points, or per cent of speed."
)
@click.option("--minimum-branches", type=int, metavar="N", help="Fewest branches in the smaller arm.")
@click.option("--minimum-observations", type=int, metavar="N", help="Fewest rows used.")
@click.option("--level", type=float, default=0.95, show_default=True, help="Level of the intervals.")
@click.option("--draws", type=int, default=9999, show_default=True, help="Random patterns, at least 99.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the random patterns.")
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
