"""`pilot-eval allocate`: which branches to train, drawn at random so that anybody can repeat it."""

from __future__ import annotations

import csv
import sys
from typing import Any

import click

from pilot_eval.cli.observation_files import Unreadable
from pilot_eval.domain.errors import BadInput


@click.command()
@click.argument("file", type=click.Path())
@click.option("--trained", type=int, metavar="N", help="How many branches to train.")
@click.option(
    "--pairs", metavar="COL", help="Instead: pair branches alike in this column, train one of each."
)
@click.option("--by", metavar="COL", help="Draw within the strata of this column.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same list.")
def allocate(file: str, **options: Any) -> None:
    """Draw which branches of FILE are trained, and print the list as CSV.

    FILE has the column branch, with one row or more for each. Where it has a period, only rows before
    training count for --pairs. A branch without a partner has no arm.
    """
    from pilot_eval.operations.allotment import allocate as run

    try:
        allotted = run(file, **options)
    except BadInput as error:
        raise Unreadable(file, error) from error
    optional = [name for name in ("stratum", "pair") if any(getattr(one, name) for one in allotted)]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    columns = ("branch", "arm", *optional)
    writer.writerow(columns)
    writer.writerows([getattr(one, name) for name in columns] for one in allotted)
