"""What the commands that read a file of observations share: their options and their refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

from pilot_eval.domain.errors import BadInput

Command = Callable[..., Any]

PLAN_OPTIONS: Final = (
    click.option("--kind", default="score", show_default=True, help="score, proportion, duration or rate."),
    click.option(
        "--design",
        default="difference_in_differences",
        show_default=True,
        help="before_after, difference_in_differences, staggered, stepped_wedge, interrupted_time_series.",
    ),
    click.option("--strata", metavar="COL", help="Compare branches within the strata of this column."),
    click.option(
        "--weights", default="branch", show_default=True, help="What counts once: branch or observation."
    ),
    click.option("--better", help="higher or lower, where it is not what the kind usually has."),
    click.option(
        "--smallest-effect", type=float, metavar="X", help="Points, percentage points, or per cent of speed."
    ),
    click.option("--minimum-branches", type=int, metavar="N", help="Fewest branches in the smaller arm."),
    click.option("--minimum-observations", type=int, metavar="N", help="Fewest rows used."),
    click.option("--level", type=float, default=0.95, show_default=True, help="Level of the intervals."),
    click.option("--draws", type=int, default=9999, show_default=True, help="Random patterns, at least 99."),
    click.option("--seed", type=int, default=1, show_default=True, help="Seed of the random patterns."),
)


def plan_options(command: Command) -> Command:
    """Give a command the options that say how an outcome is judged, in the order of `PLAN_OPTIONS`."""
    for option in reversed(PLAN_OPTIONS):
        command = option(command)
    return command


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
