"""What a look through a file found: kept as JSON, told as sentences that a page can translate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pilot_eval.domain.errors import BadInput, Message, Problem
from pilot_eval.domain.lists import MOST_PROBLEMS
from pilot_eval.operations.lists.sheets import Effect
from pilot_eval.records.lists import ListFile


def kept_text(text: str) -> Any:
    """A sentence with its values, as JSON."""
    if isinstance(text, Message):
        return {
            "msgid": text.msgid,
            "values": {name: _kept_value(value) for name, value in text.values.items()},
        }
    return str(text)


def _kept_value(value: Any) -> Any:
    if isinstance(value, Message):
        return kept_text(value)
    return value if isinstance(value, int | float | str) else str(value)


def told_text(kept: Any) -> str:
    """The sentence that `kept_text` kept."""
    if isinstance(kept, dict):
        msgid, values = kept["msgid"], kept["values"]
        return Message(
            msgid,
            **{
                name: told_text(value) if isinstance(value, dict) else value for name, value in values.items()
            },
        )
    return str(kept)


@dataclass(frozen=True, slots=True)
class Report:
    """What a look through a file found."""

    added: int = 0
    known: int = 0
    changed: int = 0
    notes: Sequence[str] = ()
    problems: Sequence[Problem] = ()
    total: int = 0
    failure: str = ""


def report_of(file: ListFile) -> Report:
    """What a file's record says of it, in sentences that a page can translate."""
    kept: Mapping[str, Any] = file.report
    return Report(
        added=kept.get("added", 0),
        known=kept.get("known", 0),
        changed=kept.get("changed", 0),
        notes=[told_text(note) for note in kept.get("notes", ())],
        problems=[Problem(told_text(where), told_text(what)) for where, what in kept.get("problems", ())],
        total=kept.get("total", 0),
        failure=told_text(kept.get("failure", "")),
    )


def of_effect(effect: Effect) -> dict[str, object]:
    """What a file would do, or did, as JSON."""
    return {
        "added": effect.added,
        "known": effect.known,
        "changed": effect.changed,
        "notes": [kept_text(note) for note in effect.notes],
    }


def of_problems(error: BadInput) -> dict[str, object]:
    """What is wrong with a file, as JSON."""
    listed = error.problems[:MOST_PROBLEMS]
    return {
        "problems": [[kept_text(problem.where), kept_text(problem.what)] for problem in listed],
        "total": error.total,
    }
