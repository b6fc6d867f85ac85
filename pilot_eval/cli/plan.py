"""`pilot-eval plan`: which effect a pilot of given size can find, and which size finds a given effect."""

from __future__ import annotations

import json
from typing import Any

import click

from pilot_eval.cli.evaluate import NUMBERS
from pilot_eval.cli.observation_files import Unreadable
from pilot_eval.domain.errors import BadInput


@click.command()
@click.argument("file", type=click.Path(), required=False)
@click.option("--outcome", metavar="COL", help="Column of the outcome, with FILE.")
@click.option("--kind", default="score", show_default=True, help="score, proportion, duration or rate.")
@click.option(
    "--design",
    default="difference_in_differences",
    show_default=True,
    help="before_after, difference_in_differences or stepped_wedge.",
)
@click.option("--exposure", metavar="COL", help="What a count is a count of; of rates.")
@click.option(
    "--assumptions",
    metavar="YML|K=V,..",
    help="Instead of FILE: within_sd=12,icc=0.1,correlation=0.8, or a YAML file of such names.",
)
@click.option("--trained", type=int, metavar="N", help="Branches to train; by default as in the data.")
@click.option("--comparison", type=int, metavar="N", help="Comparison branches; by default as in the data.")
@click.option(
    "--visits", type=float, metavar="N", help="Per branch and period; of a rate, exposure. As in the data."
)
@click.option("--steps", type=int, metavar="K", help="Groups that a stepped wedge trains one after another.")
@click.option(
    "--effect-sd",
    type=float,
    default=0.0,
    metavar="X",
    help="By how much branches gain unequally: points, percentage points, per cent of time.",
)
@click.option("--power", type=float, default=0.8, show_default=True, help="Probability of finding an effect.")
@click.option(
    "--smallest-effect",
    type=float,
    metavar="X",
    help="Points, percentage points, or per cent of speed or of the rate.",
)
@click.option("--better", help="higher or lower, where it is not what the kind usually has.")
@click.option("--estimator", default="change", show_default=True, help="change or ancova.")
@click.option("--allocation", help="How branches come into arms: random or chosen.")
@click.option("--primary", type=int, default=1, show_default=True, help="Outcomes that are to hold together.")
@click.option("--looks", type=NUMBERS, default="", help="Planned looks, as shares: 0.5,1.")
@click.option("--level", type=float, default=0.95, show_default=True, help="Level of the intervals.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--language", type=click.Choice(["en", "ru"]), default="en", show_default=True, help="Of the text."
)
def plan(file: str | None, form: str, language: str, **options: Any) -> None:
    """Say which effect a pilot could find, before it starts.

    FILE has observations of branches in two periods, as for evaluate; the column arm may be absent. How they
    vary tells how many branches and visits a pilot needs. Without such data give --assumptions.
    """
    from pilot_eval.operations.sizing import plan as run

    try:
        found = run(file, **options)
    except BadInput as error:
        raise Unreadable(file or "plan", error) from error
    if form == "json":
        click.echo(json.dumps(found.to_dict(), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        click.echo(found.to_text(language), nl=False)
