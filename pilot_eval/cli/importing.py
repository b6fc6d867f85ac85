"""`pilot-eval import`: a file becomes a pilot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pilot_eval.cli.observation_files import Unreadable, plan_options
from pilot_eval.cli.opening import opened, operator
from pilot_eval.domain.errors import BadInput


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--slug", default="", help="The pilot's address; made from the title unless given.")
@click.option("--title", "title_en", required=True, help="Title in English.")
@click.option("--title-ru", default="", help="Title in Russian.")
@click.option("--outcome", required=True, metavar="COL", help="Column of the outcome.")
@click.option("--label", "label_en", default="", help="What people call the outcome, in English.")
@click.option("--label-ru", default="", help="What people call the outcome, in Russian.")
@click.option("--unit", default="", help="Unit of the outcome.")
@plan_options
@click.option("--made-up", is_flag=True, help="The data are invented; every page and file says so.")
@click.option("--dry-run", is_flag=True, help="Say what would be stored, and store nothing.")
@click.option("--language", type=click.Choice(["en", "ru"]), default="en", show_default=True)
def import_command(file: Path, dry_run: bool, language: str, **options: Any) -> None:
    """Store FILE (CSV, XLSX or Parquet; as for `evaluate`) as a pilot, whole or not at all.

    The columns `region` and `name` tell of branches that the network does not know yet; `id` names rows.
    """
    from pilot_eval.operations import importing
    from pilot_eval.operations.import_plans import ImportPlan

    plan = ImportPlan(**options)
    try:
        with opened() as session:
            if dry_run:
                _tell(importing.preview_file(session, operator(), file, plan), language)
                return
            done = importing.import_file(session, operator(), file, plan)
            if done.added:
                click.echo(f"{done.added} rows are stored in the pilot {done.pilot.slug}.")
            else:
                click.echo(f"This file is in the pilot {done.pilot.slug} already; nothing was added.")
    except BadInput as error:
        raise Unreadable(str(file), error) from error


def _tell(preview: Any, language: str) -> None:
    click.echo(
        f"{preview.rows} rows, {preview.missing} without a value; "
        f"{preview.trained} trained and {preview.comparison} comparison branches."
    )
    click.echo(f"Not in the network yet: {len(preview.new_branches)} branches.")
    if named := [region for region in preview.new_regions if region]:
        click.echo(f"New regions: {', '.join(named)}.")
    click.echo("Nothing is stored yet. The first numbers:\n")
    click.echo(preview.evaluation.to_text(language), nl=False)
