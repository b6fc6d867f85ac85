"""Names of branches as people look for them."""

from __future__ import annotations


def folded(text: str) -> str:
    """A text without what a search should not mind: capitals, spare spaces, ё for е.

    Examples
    --------
    >>> folded("  Королёв  141070 ")
    'королев 141070'
    """
    return " ".join(text.casefold().replace("ё", "е").split())
