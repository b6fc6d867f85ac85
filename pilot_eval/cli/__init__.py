"""The `pilot-eval` command: one module per group of commands, loaded when called."""

from __future__ import annotations

from importlib import import_module

import click

from pilot_eval import __version__

COMMANDS = {
    "evaluate": "pilot_eval.cli.evaluate:evaluate",
}


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


@click.group(cls=LazyGroup)
@click.version_option(__version__, prog_name="pilot-eval")
def main() -> None:
    """Record branch visits and evaluate training pilots."""
