"""What is wrong, or odd, in something that a person filled in: which field, and why, in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from pilot_eval.domain.errors import BadInput, Message, Problem


def N_(message: str) -> str:  # noqa: N802 - the name by which message extractors know a text to translate later
    """Mark an English sentence for translation where it is shown."""
    return message


@dataclasses.dataclass(frozen=True, slots=True)
class FieldProblem:
    """One finding about one field.

    Parameters
    ----------
    field : str
        Name of the field, or path inside a document such as `sections[2].items[0].type`.
    code : str
        A word for programs, such as `out_of_order`.
    message : str
        English sentence with `%(name)s` places: the msgid to translate.
    values : mapping
        What goes into those places; a date is written as the reader writes dates.
    """

    field: str
    code: str
    message: str
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def sentence(self) -> Message:
        """The whole sentence, which a page can show in the reader's language."""
        return Message(self.message, **self.values)

    def __str__(self) -> str:
        """The sentence in English."""
        return str(self.sentence)


class Refused(BadInput):
    """Something filled in was refused; `findings` say which fields, and why.

    Parameters
    ----------
    findings : sequence of FieldProblem
        At least one.
    """

    def __init__(self, findings: Sequence[FieldProblem]) -> None:
        self.findings = tuple(findings)
        super().__init__([Problem(finding.field, finding.sentence) for finding in findings])


class Unconfirmed(Refused):
    """Nothing is wrong, but something is odd: stored once the person says that it is right."""
