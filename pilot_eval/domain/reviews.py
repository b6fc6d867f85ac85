"""What becomes of a visit once it was sent: rulings of a reviewer, remarks of those who see it."""

from __future__ import annotations

from enum import StrEnum


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
