"""`pilot-eval evaluate`: a file in, the answer out."""

from __future__ import annotations

import json
from typing import Any, Final

import click

from pilot_eval.cli.observation_files import Unreadable, plan_options
from pilot_eval.cli.progress import shown_progress
from pilot_eval.domain.errors import BadInput


class Names(click.ParamType[Any]):
    """Names with commas between them."""

    name = "A,B"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())


class Numbers(Names):
    """Numbers with commas between them."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Any, ...]:
        names = super().convert(value, param, ctx)
        try:
            return tuple(float(name) for name in names)
        except ValueError:
            self.fail(f"{value!r} is not a list of numbers such as 0.5,1", param, ctx)


NAMES, NUMBERS = Names(), Numbers()
COLUMN_OPTIONS: Final = (
    click.option("--exposure", metavar="COL", help="What a count is a count of; of rates."),
    click.option("--censored", metavar="COL", help="1 or yes where a customer gave up; of durations."),
    click.option("--closed", metavar="COL", help="1 or yes where the branch was found closed."),
    click.option("--limit", type=float, metavar="S", help="Seconds up to which censored times are averaged."),
    click.option("--operation", metavar="COL", help="Kind of operation, whose mix may differ."),
    click.option("--auditor", metavar="COL", help="Who made the visit."),
    click.option("--pair", metavar="COL", help="Label that the rows of a double visit share."),
    click.option("--daypart", metavar="COL", help="Part of the day."),
    click.option("--entered", metavar="COL", help="Day on which the row was entered."),
    click.option("--covariates", type=NAMES, default="", help="Number columns to adjust for."),
    click.option(
        "--items", type=NAMES, default="", help="Items of a checklist; Q* is all that begin with Q."
    ),
    click.option("--facility", type=NAMES, default="", help="Those of them that training cannot move."),
    click.option("--estimator", default="change", show_default=True, help="change or ancova."),
    click.option("--allocation", help="How branches came into arms: random or chosen."),
    click.option("--time-unit", help="week, month or quarter, for designs with dates."),
    click.option("--season", is_flag=True, help="Two harmonics of the year; interrupted time series."),
    click.option("--slope-change", is_flag=True, help="A change of slope; interrupted time series."),
    click.option(
        "--target", type=float, metavar="S", help="Seconds within which to be served; of durations."
    ),
    click.option("--looks", type=NUMBERS, default="", help="Planned looks, as shares: 0.5,1."),
    click.option("--look", type=int, metavar="K", help="Which of the looks this is, from 1."),
    click.option(
        "--network", type=int, default=42_000, show_default=True, help="Branches that a roll-out would reach."
    ),
    click.option("--with", "with_parts", type=NAMES, default="", help="Tell beside it: sensitivity,threats."),
)


def column_options(command: Any) -> Any:
    """Give a command the options of `COLUMN_OPTIONS`, in their order."""
    for option in reversed(COLUMN_OPTIONS):
        command = option(command)
    return command


@click.command()
@click.argument("file", type=click.Path())
@click.option("--outcome", required=True, metavar="COL", help="Column of the outcome.")
@plan_options
@column_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--language", type=click.Choice(["en", "ru"]), default="en", show_default=True, help="Of the text."
)
def evaluate(file: str, form: str, language: str, **options: Any) -> None:
    """Say what the training changed, how sure that is, and what it means.

    FILE is a CSV (UTF-8), XLSX or Parquet file, one row per observation, with the columns branch, arm
    (trained or comparison), period (before, during or after; or date and trained_on) and the outcome. An
    empty cell is missing. The exit status is 0 with an answer, "too few data" being one, and 2 when the file
    or an option cannot be used.
    """
    from pilot_eval.operations.evaluation import evaluate_with
    from pilot_eval.operations.options import Options

    try:
        with shown_progress():
            evaluation = evaluate_with(file, Options(**options))
    except BadInput as error:
        raise Unreadable(file, error) from error
    if form == "json":
        click.echo(json.dumps(evaluation.to_dict(), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        click.echo(evaluation.to_text(language), nl=False)
