"""Several outcomes, items or branches that share one error rate."""

from __future__ import annotations

from collections.abc import Sequence


def interval_level(level: float, outcomes: int) -> float:
    """Level of each interval when `outcomes` primary ones are to hold together at `level` (Bonferroni)."""
    return 1 - (1 - level) / max(outcomes, 1)


def holm(pvalues: Sequence[float | None]) -> list[float | None]:
    """p values corrected for their number by Holm's method.

    Parameters
    ----------
    pvalues : sequence of float or None
        None where an outcome could not be estimated; it still counts in the family, as if its p were 1.

    Returns
    -------
    list of float or None
        In the same order.

    References
    ----------
    Holm 1979, Scandinavian Journal of Statistics 6(2).
    """
    order = sorted(range(len(pvalues)), key=lambda place: _or_one(pvalues[place]))
    corrected: list[float | None] = [None] * len(pvalues)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(pvalues) - rank) * _or_one(pvalues[place])))
        corrected[place] = None if pvalues[place] is None else highest
    return corrected


def benjamini_hochberg(pvalues: Sequence[float | None]) -> list[float | None]:
    """p values adjusted so that, of all found at q, a share of at most q is false on average.

    Holds for independent and for positively dependent p values.

    Parameters
    ----------
    pvalues : sequence of float or None
        None where nothing could be estimated; it still counts in the family, as if its p were 1.

    Returns
    -------
    list of float or None
        In the same order.

    References
    ----------
    Benjamini & Hochberg 1995, JRSS B 57(1); Benjamini & Yekutieli 2001, Annals of Statistics
    29(4), theorem 1.2.
    """
    count = len(pvalues)
    order = sorted(range(count), key=lambda place: _or_one(pvalues[place]), reverse=True)
    adjusted: list[float | None] = [None] * count
    lowest = 1.0
    for above, place in enumerate(order):
        lowest = min(lowest, count / (count - above) * _or_one(pvalues[place]))
        adjusted[place] = None if pvalues[place] is None else lowest
    return adjusted


def _or_one(pvalue: float | None) -> float:
    return 1.0 if pvalue is None else pvalue
