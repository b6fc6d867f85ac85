"""`pilot-eval doctor`: what is unsafe or broken in this installation."""

from __future__ import annotations

import stat
from collections.abc import Iterator

import click
import sqlalchemy as sa

from pilot_eval.domain.errors import BadSetting, DatabaseProblem
from pilot_eval.records import audit, database
from pilot_eval.settings import LOOPBACK, Settings, read_settings


@click.command()
@click.option("--deploy", is_flag=True, help="Also ask what a server for others must have.")
def doctor(deploy: bool) -> None:
    """Name every broken or unsafe thing; exit 1 if there is one."""
    findings = list(_findings(deploy))
    for finding in findings:
        click.echo(f"- {finding}")
    if findings:
        raise SystemExit(1)
    click.echo("Nothing found.")


def _findings(deploy: bool) -> Iterator[str]:
    try:
        settings = read_settings(needs_secret=deploy)
    except BadSetting as error:
        yield str(error)
        return
    yield from _database_findings(settings)
    if deploy:
        yield from _deployment_findings(settings)


def _database_findings(settings: Settings) -> Iterator[str]:
    try:
        engine = database.open_database(settings.database)
    except DatabaseProblem as error:
        yield str(error)
        return
    try:
        database.check(engine)
        with database.session_of(engine) as session:
            broken = audit.first_break(session)
        if broken is not None:
            yield f"the audit log is broken at event {broken}: compare it with a backup"
    except DatabaseProblem as error:
        yield str(error)
    finally:
        engine.dispose()


def _deployment_findings(settings: Settings) -> Iterator[str]:
    if settings.development:
        yield "PILOT_EVAL_ENV is development: set PILOT_EVAL_ENV=production"
    if settings.hosts == LOOPBACK:
        yield "PILOT_EVAL_HOSTS is not set: the site answers on this machine only"
    if not settings.proxies:
        yield "PILOT_EVAL_PROXIES is 0: without an HTTPS proxy in front, phones cannot sign in safely"
    url = sa.make_url(settings.database)
    if url.get_backend_name() == "postgresql" and url.password == "":
        yield "PILOT_EVAL_DATABASE has an empty password"
    if settings.data.is_dir() and settings.data.stat().st_mode & stat.S_IRWXO:
        yield f"{settings.data} can be opened by every account of this machine: chmod o-rwx {settings.data}"
