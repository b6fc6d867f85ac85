"""`pilot-eval privacy`: what is kept no longer than it is needed."""

from __future__ import annotations

import click

from pilot_eval.cli.opening import opened, operator
from pilot_eval.operations import photos
from pilot_eval.records.base import now
from pilot_eval.settings import read_settings


@click.group()
def privacy() -> None:
    """Personal data: what is kept no longer than it is needed."""


@privacy.command()
@click.option("--days", type=click.IntRange(0), help="Instead of PILOT_EVAL_PHOTO_DAYS.")
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
def retention(days: int | None, dry_run: bool) -> None:
    """Delete photographs of visits whose time is over; `serve` and `work` do so by themselves."""
    settings = read_settings(needs_secret=False)
    days = settings.photo_days if days is None else days
    with opened() as session:
        count = photos.delete_old(session, operator(), settings.photos, now(), days, dry_run=dry_run)
    said = "to be deleted" if dry_run else "deleted"
    click.echo(f"Photographs received more than {days} days ago: {count} {said}.")
