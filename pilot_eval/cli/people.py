"""`pilot-eval user`: the first administrator, and a new link for somebody locked out."""

from __future__ import annotations

import click
from sqlmodel import select

from pilot_eval.cli.opening import opened, operator
from pilot_eval.domain.people import Role, TokenScope
from pilot_eval.operations import people, tokens
from pilot_eval.records.base import now
from pilot_eval.records.people import User


@click.group()
def user() -> None:
    """People: the first administrator, one-time links."""


@user.command("create-admin")
@click.argument("name")
@click.option("--language", type=click.Choice(["en", "ru"]), default="en", show_default=True)
def create_admin(name: str, language: str) -> None:
    """Create an administrator with the sign-in NAME and print a one-time link to set the password."""
    with opened() as session:
        person = people.create_person(
            session, operator(), name=name, role=Role.ADMINISTRATOR, language=language
        )
        token = people.make_reset_link(session, operator(), person.id, now())
    _print_link(person.email, token)


@user.command("reset-link")
@click.argument("name")
def reset_link(name: str) -> None:
    """Print a one-time link that lets the person with the sign-in NAME set a new password."""
    with opened() as session:
        person = session.exec(select(User).where(User.email == name.strip().lower())).first()
        if person is None:
            raise click.ClickException(f"nobody signs in as {name!r}; `pilot-eval user list` shows the names")
        token = people.make_reset_link(session, operator(), person.id, now())
    _print_link(person.email, token)


@user.command("token")
@click.argument("login")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([scope.value for scope in TokenScope]),
    help="What the token may be used for; can be given several times.",
)
@click.option("--name", default="", help="What it is for, as its owner and administrators see it.")
@click.option("--days", default=90, show_default=True, help="How long it holds, at most 366.")
def token(login: str, scopes: tuple[str, ...], name: str, days: int) -> None:
    """Make a token for programs that act as the person who signs in as LOGIN, and print it this once."""
    with opened() as session:
        made = tokens.make_token(
            session,
            operator(),
            login,
            scopes=[TokenScope(scope) for scope in scopes],
            name=name,
            days=days,
            now=now(),
        )
    click.echo(made)
    click.echo("It cannot be shown again. A new password or another role of the person ends it.", err=True)


@user.command("list")
def list_() -> None:
    """List everyone: sign-in name, role, whether active."""
    with opened() as session:
        for person in people.list_people(session, operator()):
            state = "" if person.active else "\tinactive"
            click.echo(f"{person.email}\t{person.role.value}\t{person.pseudonym}{state}")


def _print_link(name: str, token: str) -> None:
    hours = int(people.LINK_LIFE.total_seconds() // 3600)
    click.echo(f"{name} can set a password within {hours} hours, once, at:\n/reset/{token}")
    click.echo("Put the site's address before it, such as http://127.0.0.1:8000")
