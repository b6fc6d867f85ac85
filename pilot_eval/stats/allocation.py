"""Random allocation of branches to arms: seeded, stratified with an exact share, or in matched pairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Pairing:
    """Branches in pairs, one of each drawn to be trained.

    Parameters
    ----------
    pairs : trained and comparison branch of each pair, from low to high within a stratum
    left : branches without a partner, one at most per stratum
    """

    pairs: tuple[tuple[str, str], ...]
    left: tuple[str, ...]


def draw_pairs(measure: Mapping[str, float], strata: Mapping[str, str], seed: int) -> Pairing:
    """Pair branches that are alike before training, and draw one of each pair to be trained.

    Within each stratum neighbours in the measure become pairs, which makes the differences within pairs add
    up to the least there is; of an odd number the branch is left whose absence makes that sum smallest.

    Parameters
    ----------
    measure : mapping
        Code of each branch to what it should be alike in, such as its mean before training.
    strata : mapping
        Code of each branch to its stratum; one name for all when pairs may cross strata.
    seed : int
        Of PCG64.

    Raises
    ------
    ValueError
        If a measure is not a finite number, or a branch has no stratum.

    References
    ----------
    Imai, King & Nall 2009, Statistical Science 24(1): matched pairs in cluster-randomized experiments.
    """
    if set(measure) != set(strata) or not all(np.isfinite(value) for value in measure.values()):
        raise ValueError("each branch needs a stratum and a finite measure")
    source = np.random.PCG64(seed)
    pairs: list[tuple[str, str]] = []
    left: list[str] = []
    for name in sorted(set(strata.values())):
        codes = sorted((code for code in strata if strata[code] == name), key=lambda one: (measure[one], one))
        if len(codes) % 2:
            left.append(codes.pop(_loneliest([measure[code] for code in codes])))
        for low, high in zip(codes[::2], codes[1::2], strict=True):
            first, second = _order(source, 2)
            pairs.append(((low, high)[first], (low, high)[second]))
    return Pairing(tuple(pairs), tuple(left))


def _loneliest(values: list[float]) -> int:
    """Which of an odd number of sorted values to leave, so that neighbours in the rest differ least."""
    return min(
        range(0, len(values), 2),
        key=lambda place: _differences(values[:place]) + _differences(values[place + 1 :]),
    )


def _differences(values: list[float]) -> float:
    return sum(values[1::2]) - sum(values[::2])


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
