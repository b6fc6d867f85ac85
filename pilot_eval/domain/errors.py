"""What can go wrong, in words that the person who meets it can act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class Message(str):
    """A sentence in English, from which a page can make the same in another language.

    It reads and compares as its English text, so that commands and logs need not know of it.

    Parameters
    ----------
    msgid : str
        English with `%(name)s` places; message extractors collect it.
    **values
        What goes into the places: texts, numbers, dates, or messages.
    """

    msgid: str
    values: dict[str, Any]

    def __new__(cls, msgid: str, **values: Any) -> Message:
        message = super().__new__(cls, msgid % values if values else msgid)
        message.msgid, message.values = msgid, values
        return message

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.msgid,), self.values


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input.

    Parameters
    ----------
    where : str or Message
        Field, or "row 12, column fte": what the reader needs to find the place.
    what : str or Message
        What was found and what was expected, one sentence; a Message where values go into it.
    """

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


class PilotEvalError(Exception):
    """Any error that is reported to the person, never as a trace."""


class BadInput(PilotEvalError):
    """An input was refused whole; `problems` name every place found.

    Parameters
    ----------
    problems : sequence of Problem
        At least one.
    total : int, optional
        How many there are, when not all are listed.
    """

    def __init__(self, problems: Sequence[Problem], total: int | None = None) -> None:
        self.problems = tuple(problems)
        self.total = len(self.problems) if total is None else total
        super().__init__("; ".join(map(str, self.problems)))


class BadSetting(PilotEvalError):
    """A PILOT_EVAL_* setting is missing or unusable."""


class DatabaseProblem(PilotEvalError):
    """The database cannot be used: wrong version, missing, or unsafe."""


class NotAllowed(PilotEvalError):
    """The actor's role may not do this at all."""


class NotFound(PilotEvalError):
    """Missing, or out of the actor's sight: the two are never told apart."""


class NeedsFreshSignIn(PilotEvalError):
    """Allowed, but only shortly after the password was given."""


class WrongState(PilotEvalError):
    """The thing is not in a state that allows this.

    Parameters
    ----------
    code : str
        A word for programs, such as `wave_locked`.
    message : str or Message
        A sentence for people.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


class EditConflict(PilotEvalError):
    """Somebody else changed the same thing in the meantime."""
