"""Names of branches as people look for them."""

from __future__ import annotations

from enum import StrEnum


def folded(text: str) -> str:
    """A text without what a search should not mind: capitals, spare spaces, ё for е.

    Examples
    --------
    >>> folded("  Королёв  141070 ")
    'королев 141070'
    """
    return " ".join(text.casefold().replace("ё", "е").split())


class BranchChange(StrEnum):
    """What may happen to a branch while pilots run."""

    CLOSED = "closed"  # for good
    MERGED = "merged"  # into another branch
    RENUMBERED = "renumbered"
    ARM_CHANGED = "arm_changed"  # it was treated as the other arm
    TRAINED_LATE = "trained_late"


# Those that concern one pilot; the others concern the network.
OF_PILOT = frozenset({BranchChange.ARM_CHANGED, BranchChange.TRAINED_LATE})
