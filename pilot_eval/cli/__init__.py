"""The `pilot-eval` command: one module per group of commands, loaded when called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from pilot_eval import __version__
from pilot_eval.domain.errors import PilotEvalError

COMMANDS = {
    "allocate": "pilot_eval.cli.allocate:allocate",
    "db": "pilot_eval.cli.database:db",
    "demo": "pilot_eval.cli.demo:demo",
    "doctor": "pilot_eval.cli.doctor:doctor",
    "evaluate": "pilot_eval.cli.evaluate:evaluate",
    "export": "pilot_eval.cli.export:export",
    "import": "pilot_eval.cli.importing:import_command",
    "plan": "pilot_eval.cli.plan:plan",
    "privacy": "pilot_eval.cli.privacy:privacy",
    "serve": "pilot_eval.cli.serve:serve",
    "user": "pilot_eval.cli.people:user",
    "verify": "pilot_eval.cli.verify:verify",
    "work": "pilot_eval.cli.work:work",
}


class Refused(click.ClickException):
    """An error in words on standard error, exit code 2."""

    exit_code = 2


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PilotEvalError as error:
            raise Refused(str(error)) from error


@click.group(cls=LazyGroup)
@click.version_option(__version__, prog_name="pilot-eval")
def main() -> None:
    """Record branch visits and evaluate training pilots."""
