"""Exports that are made in the background."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final

# How long a file that is ready, or the word of a failure, is kept.
KEPT: Final = timedelta(hours=24)
# A job that was begun and has not been heard of for so long has lost its process.
LOST_AFTER: Final = timedelta(minutes=10)
# Unfinished ones that a person may have at a time.
MOST_WAITING: Final = 5


class ExportState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


class ExportProblem(StrEnum):
    """Why an export failed; none while it has not."""

    NONE = ""
    NOT_ALLOWED = "not_allowed"
    DISK = "disk"
    BROKEN = "broken"
