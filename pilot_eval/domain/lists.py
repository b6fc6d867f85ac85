"""Files of branches, people, assignments, visits and timings that are brought in."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final

# How long a file, or the word of what became of it, is kept.
KEPT: Final = timedelta(days=7)
# Rows that are looked through and stored while the person waits; more go to the background.
MOST_WAITED_FOR: Final = 2000
# Lines of problems that are kept to be read.
MOST_PROBLEMS: Final = 1000


class ListKind(StrEnum):
    """What the rows of a file are."""

    BRANCHES = "branches"
    PEOPLE = "people"
    ASSIGNMENTS = "assignments"
    VISITS = "visits"
    TIMINGS = "timings"


class ListState(StrEnum):
    """How far a file has come."""

    CHOSEN = "chosen"  # its columns are still to be matched
    CHECKING = "checking"
    REFUSED = "refused"  # it has problems; nothing was stored
    CHECKED = "checked"  # it has none; nothing is stored yet
    STORING = "storing"
    STORED = "stored"
    FAILED = "failed"  # the fault is the server's
