"""Random allocation of branches to arms: seeded, stratified, with an exact share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np


def draw(strata: Mapping[str, str], share: float, seed: int) -> frozenset[str]:
    """Draw the branches to be trained.

    Within each stratum the sorted codes are put into a random order and the first ones are taken.
    The total is `share` of all branches, rounded; strata get their part by largest remainder,
    equal remainders in random order.

    Parameters
    ----------
    strata : mapping
        Code of each branch to its stratum; one name for all when the draw is not stratified.
    share : float
        Part of the branches to train, between 0 and 1.
    seed : int
        Of PCG64. Its raw numbers are ranked, so that the draw repeats on any machine.

    Returns
    -------
    frozenset of str
        Codes of the branches drawn.

    Raises
    ------
    ValueError
        If `share` is not between 0 and 1 or `seed` is negative.

    References
    ----------
    Imbens & Rubin (2015), Causal Inference, chapter 4: stratified randomized experiments.
    """
    if not 0 < share < 1:
        raise ValueError("the share must lie between 0 and 1")
    source = np.random.PCG64(seed)
    groups: dict[str, list[str]] = defaultdict(list)
    for code in sorted(strata):
        groups[strata[code]].append(code)
    names = sorted(groups)
    counts = _shares([len(groups[name]) for name in names], share, _order(source, len(names)))
    drawn: set[str] = set()
    for name, count in zip(names, counts, strict=True):
        codes = groups[name]
        drawn.update(codes[place] for place in _order(source, len(codes))[:count])
    return frozenset(drawn)


def _order(source: np.random.PCG64, count: int) -> list[int]:
    """A random order of 0 to count - 1."""
    ranks: list[int] = np.argsort(source.random_raw(count), kind="stable").tolist()
    return ranks


def _shares(sizes: list[int], share: float, order: list[int]) -> list[int]:
    """How many of each stratum: whole parts first, then the largest remainders."""
    exact = [size * share for size in sizes]
    counts = [int(part + 1e-9) for part in exact]
    total = int(sum(sizes) * share + 0.5)
    by_remainder = sorted(order, key=lambda place: round(counts[place] - exact[place], 9))
    for place in by_remainder[: max(0, total - sum(counts))]:
        counts[place] += 1
    return counts
