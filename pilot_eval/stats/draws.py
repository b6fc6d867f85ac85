"""Random signs, arms and resamples, drawn in one stated way so that counts repeat on any machine.

Signs come from the raw 64-bit words of PCG64(seed): each draw takes ceil(G/64) words, branch g is bit g (the
lowest bit first), a set bit is -1. Webb weights and random arms come from its doubles in [0, 1), G per draw.
Resampled branches come from the raw words too: each draw takes ceil(G/2) words; place g takes half-word g, h
(the low half first), and picks branch floor(h n / 2^32) of the n of its group.
Nothing depends on how many draws are taken at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

CHUNK_ELEMENTS = 4_000_000  # draws x branches held at once (32 MB of doubles)
PICKED_AT_ONCE = 16_384  # draws x branches of resamples, small enough to stay in the processor's cache
WEBB = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])
_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little").astype(np.float64)


def chunks(draws: int, branches: int) -> Iterator[int]:
    """Numbers of draws that together make `draws` and fit in memory."""
    step = max(1, CHUNK_ELEMENTS // max(branches, 1))
    for start in range(0, draws, step):
        yield min(step, draws - start)


def random_signs(branches: int, draws: int, seed: int) -> Bytes:
    """(draws, bytes) packed signs: bit g of a row is set where branch g has -1."""
    words = -(-branches // 64)
    raw = np.random.PCG64(seed).random_raw(draws * words).astype("<u8")
    return raw.view(np.uint8).reshape(draws, -1)[:, : -(-branches // 8)]


def all_signs(branches: int) -> Bytes:
    """(2^G, bytes) every pattern of signs, the identity first."""
    return np.arange(2**branches, dtype="<u8").view(np.uint8).reshape(-1, 8)[:, : -(-branches // 8)]


def webb_weights(branches: int, draws: int, seed: int) -> Iterator[Floats]:
    """Chunks (draws, G) of Webb's six-point weights.

    References
    ----------
    Webb 2023, Canadian Journal of Economics 56(3).
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    for count in chunks(draws, branches):
        yield WEBB[(rng.random((count, branches)) * 6.0).astype(np.intp)]


def random_arms(
    trained: NDArray[np.bool_], stratum: NDArray[np.intp], draws: int, seed: int
) -> Iterator[NDArray[np.bool_]]:
    """Chunks (draws, G) of arms permuted over the branches of each stratum.

    Within a stratum the branches with the smallest of their random numbers are trained.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    members = [np.flatnonzero(stratum == code) for code in range(int(stratum.max()) + 1)]
    for count in chunks(draws, len(trained)):
        keys = rng.random((count, len(trained)))
        arms = np.empty(keys.shape, dtype=np.bool_)
        for rows in members:
            wanted = int(trained[rows].sum())
            own = keys[:, rows]
            if wanted in (0, len(rows)):
                arms[:, rows] = wanted > 0
            else:
                limit = np.partition(own, wanted - 1, axis=1)[:, wanted - 1]
                arms[:, rows] = own <= limit[:, None]
        yield arms


def all_arms(trained: NDArray[np.bool_], stratum: NDArray[np.intp]) -> NDArray[np.bool_]:
    """(assignments, G) every way to give each stratum as many trained branches as it has."""
    arms = np.zeros((1, len(trained)), dtype=np.bool_)
    for code in range(int(stratum.max()) + 1):
        rows = np.flatnonzero(stratum == code)
        chosen = np.array(list(combinations(rows.tolist(), int(trained[rows].sum()))), dtype=np.intp)
        own = np.zeros((len(chosen), len(trained)), dtype=np.bool_)
        np.put_along_axis(own, chosen, True, axis=1)
        arms = (arms[:, None, :] | own[None, :, :]).reshape(-1, len(trained))
    return arms


def random_picks(sizes: NDArray[np.intp], draws: int, seed: int) -> Iterator[NDArray[np.intp]]:
    """Chunks (draws, G) of branches drawn with replacement, each place from its own group.

    Parameters
    ----------
    sizes : (K,) branches of each group; the groups follow one another, G in all
    draws, seed : as everywhere
    """
    branches = int(sizes.sum())
    words = -(-branches // 2)
    size = np.repeat(sizes, sizes).astype(np.uint64)
    start = np.repeat(np.cumsum(sizes) - sizes, sizes)
    stream = np.random.PCG64(seed)
    step = max(1, PICKED_AT_ONCE // branches)
    for first in range(0, draws, step):
        count = min(step, draws - first)
        raw = stream.random_raw(count * words).astype("<u8", copy=False)
        picks = raw.view("<u4").reshape(count, -1)[:, :branches] * size
        picks >>= np.uint64(32)
        places = picks.view(np.intp)
        places += start
        yield places


def packed(arms: NDArray[np.bool_]) -> Bytes:
    """(draws, bytes) the same bits, eight to a byte."""
    return np.packbits(arms, axis=1, bitorder="little")


def sums_of_set(bits: Bytes, columns: Floats) -> Floats:
    """(draws, k) sums of columns (G, k) over the branches whose bit is set.

    Eight branches at a time: a table of the 256 partial sums turns the product into look-ups.
    """
    branches, width = columns.shape
    padded = np.zeros((8 * bits.shape[1], width))
    padded[:branches] = columns
    total = np.zeros((len(bits), width))
    by_byte = np.ascontiguousarray(bits.T)
    for place, own in enumerate(by_byte):
        total += (_BITS @ padded[8 * place : 8 * place + 8]).take(own, axis=0)
    return total


def signed_sums(bits: Bytes, columns: Floats) -> Floats:
    """(draws, k) sums of columns (G, k) with the signs of each draw."""
    return np.asarray(columns.sum(axis=0) - 2.0 * sums_of_set(bits, columns))
