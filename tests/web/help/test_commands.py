"""Every command and option that help and handbook name is there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from pilot_eval.cli import COMMANDS, main
from tests.web.help.test_help import ADDRESSES, LANGUAGES, page_at

ROOT = Path(__file__).resolve().parents[3]


def _commands(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        line = line.split("      #")[0].strip()
        if line.startswith("pilot-eval "):
            yield shlex.split(line)[1:]


def _documents(client: Any) -> Iterator[tuple[str, str]]:
    """Where commands are named: code of help pages, of the introduction and of the handbook."""
    for address in ADDRESSES:
        for language in LANGUAGES:
            for code in page_at(client, address, language).codes:
                yield address, code
    for path in (ROOT / "README.md", ROOT / "docs" / "operations.md", ROOT / "docs" / "api.md"):
        text = path.read_text()
        for code in re.findall(r"```.*?\n(.*?)```|`([^`\n]+)`", text, flags=re.DOTALL):
            yield path.name, "".join(code)


def _check(words: list[str]) -> None:
    """Walk down to the command and see that it has these options."""
    command: click.Command = main
    rest = list(words)
    while isinstance(command, click.Group) and rest:
        found = command.get_command(click.Context(command), rest[0])
        assert found is not None, " ".join(words)
        command, rest = found, rest[1:]
    options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
    for word in rest:
        if word.startswith("-") and word != "-":
            assert word.split("=")[0] in options, f"{' '.join(words)}: there is no {word}"


def test_every_command_that_is_named_exists_with_its_options(client: Any) -> None:
    checked = 0
    for where, code in _documents(client):
        for words in _commands(code):
            if words[0] != "...":
                _check(words)
                checked += 1
        for option in re.findall(r"^--[a-z-]+$", code):
            assert option in _all_options(), f"{where}: {option}"
    assert checked > 20


def _all_options() -> set[str]:
    """Options of every command and of what is below it."""
    found = {"--help", "--version"}
    commands = [main.get_command(click.Context(main), name) for name in COMMANDS]
    while commands:
        command = commands.pop()
        assert command is not None
        found |= {name for parameter in command.params for name in parameter.opts}
        if isinstance(command, click.Group):
            commands += command.commands.values()
    return found


def test_every_command_has_its_place_in_help(client: Any) -> None:
    codes = "\n".join(page_at(client, "/help/command-line", "en").codes)
    assert {words[0] for words in _commands(codes)} == set(COMMANDS)
