"""What becomes of a visit once it was sent: rulings of a reviewer, remarks of those who see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Ruling(StrEnum):
    """What a reviewer does with a visit."""

    APPROVE = "approve"
    RETURN = "return"
    EXCLUDE = "exclude"
    RESTORE = "restore"


class RevisionKind(StrEnum):
    """Why the content of a sent visit was replaced."""

    CORRECTION = "correction"
    REDACTION = "redaction"  # personal data were taken out; no answer changed


class RemarkKind(StrEnum):
    """What somebody says of a visit."""

    COMMENT = "comment"
    DISPUTE = "dispute"  # a manager objects: open until head office has answered


@dataclass(frozen=True, slots=True)
class Change:
    """Where two versions of a visit differ.

    Parameters
    ----------
    part : str
        `answer` or `comment` of a question, or `header`.
    name : str
        The question's code, or the header's field.
    before, after : str, int, list or None
        As they stand in the documents; None where there is nothing.
    """

    part: str
    name: str
    before: Any
    after: Any


# The fields of a visit's header in the order of reading.
HEADER_FIELDS = (
    "outcome",
    "started_at",
    "left_at",
    "window_no",
    "receipt_time",
    "receipt_tail",
    "incidents",
    "narrative",
)


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], questions: Iterable[str]
) -> tuple[Change, ...]:
    """Where two documents of a visit differ, question by question, then in the header.

    Parameters
    ----------
    questions : iterable of str
        Codes of the checklist's questions in their order.
    """
    asked = tuple(questions)
    places = [(part, code) for code in asked for part in ("answer", "comment")]
    places += [("header", name) for name in HEADER_FIELDS]
    keys = {"answer": "answers", "comment": "comments", "header": "header"}
    found = [
        Change(part, name, *(version.get(keys[part], {}).get(name) for version in (before, after)))
        for part, name in places
    ]
    return tuple(change for change in found if change.before != change.after)
