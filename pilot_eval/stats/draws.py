"""Random signs, arms and resamples, drawn in one stated way so that counts repeat on any machine.

Signs come from the raw 64-bit words of PCG64(seed): each draw takes ceil(G/64) words, branch g is bit g (the
lowest bit first), a set bit is -1. Webb weights come from its doubles in [0, 1), G per draw.
Random arms are drawn in blocks of 16,384, stratum by stratum, as `random_subsets` says: raw words toss for
each of n branches (bit g of a draw's ceil(n/64) words; such words of all draws for each binary digit of the
probability in 256ths, from its last 1); then, pass by pass, every draw whose number is not right yet takes a
half-word h that names branch floor(h n / 2^32). More draws than a block holds do not change those before.
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
ARMS_BLOCK = 16_384  # draws of arms that share a run of words; another number would draw other arms
PICKED_AT_ONCE = 65_536  # draws x branches of resamples, small enough to stay in the processor's cache
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
    """Chunks (draws, G) of arms permuted over the branches of each stratum."""
    members = [np.flatnonzero(stratum == code) for code in range(int(stratum.max()) + 1)]
    for drawn in _blocks_of_arms(trained, members, draws, seed):
        done = 0
        for count in chunks(len(drawn[0]), len(trained)):
            arms = np.empty((count, len(trained)), dtype=np.bool_)
            for rows, bits in zip(members, drawn, strict=True):
                arms[:, rows] = _unpacked(bits[done : done + count], len(rows))
            done += count
            yield arms


def random_arm_bits(
    trained: NDArray[np.bool_], stratum: NDArray[np.intp], draws: int, seed: int
) -> Iterator[Bytes]:
    """The arms of `random_arms`, eight to a byte: (draws, bytes)."""
    if stratum.any():
        yield from (packed(arms) for arms in random_arms(trained, stratum, draws, seed))
        return
    for (bits,) in _blocks_of_arms(trained, [np.arange(len(trained))], draws, seed):
        yield bits


def _blocks_of_arms(
    trained: NDArray[np.bool_], members: list[NDArray[np.intp]], draws: int, seed: int
) -> Iterator[list[Bytes]]:
    """Packed arms of each stratum's members, a block of draws at a time."""
    stream = np.random.PCG64(seed)
    for first in range(0, draws, ARMS_BLOCK):
        count = min(ARMS_BLOCK, draws - first)
        yield [random_subsets(len(rows), int(trained[rows].sum()), count, stream) for rows in members]


def _unpacked(bits: Bytes, size: int) -> NDArray[np.bool_]:
    return np.unpackbits(bits, axis=1, count=size, bitorder="little").view(np.bool_)


def random_subsets(size: int, wanted: int, draws: int, stream: np.random.PCG64) -> Bytes:
    """(draws, bytes) packed sets of `wanted` out of `size`, all of them equally likely.

    Every member is tossed for with a probability near wanted/size: given its size, such a set is uniform.
    Then members picked at random leave, or others join, until the size is right, which keeps it uniform.
    """
    words = -(-size // 64)
    whole = np.full(words, 2**64 - 1, dtype="<u8")
    if size % 64:
        whole[-1] = 2 ** (size % 64) - 1
    bits = _tossed(words, draws, round(256 * wanted / size), stream) & whole
    excess = np.bitwise_count(bits).sum(axis=1, dtype=np.intp) - wanted
    short = excess < 0
    bits[short] ^= whole  # where some must join, they leave the complement
    flat = bits.reshape(-1)
    row = np.flatnonzero(excess)
    left = np.abs(excess[row])
    row *= words
    while len(row):
        halves = stream.random_raw(-(-len(row) // 2)).astype("<u8", copy=False).view("<u4")
        place = halves[: len(row)] * np.uint64(size) >> np.uint64(32)
        word = row + (place >> np.uint64(6)).view(np.intp)
        bit = np.uint64(1) << (place & np.uint64(63))
        own = flat[word]
        flat[word] = own & ~bit
        left -= (own & bit) != 0
        row, left = row[left > 0], left[left > 0]
    bits[short] ^= whole
    return np.asarray(bits.view(np.uint8).reshape(draws, -1)[:, : -(-size // 8)])


def _tossed(words: int, draws: int, share: int, stream: np.random.PCG64) -> NDArray[np.uint64]:
    """(draws, words) bits set with probability share/256: words for each binary digit from its last 1."""
    bits = np.full((draws, words), 2**64 - 1 if share == 256 else 0, dtype="<u8")
    if share in (0, 256):
        return bits
    last = (share & -share).bit_length() - 1
    for digit in range(last, 8):
        raw = stream.random_raw(draws * words).astype("<u8", copy=False).reshape(draws, words)
        bits = bits | raw if share >> digit & 1 else bits & raw
    return bits


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

    A chunk is overwritten by the next.

    Parameters
    ----------
    sizes : (K,) branches of each group; the groups follow one another, G in all
    draws, seed : as everywhere
    """
    branches = int(sizes.sum())
    words = -(-branches // 2)
    size = np.repeat(sizes, sizes).astype(np.uint64)
    start = np.repeat(np.cumsum(sizes) - sizes, sizes).astype(np.uint64)
    stream = np.random.PCG64(seed)
    step = max(1, PICKED_AT_ONCE // branches)
    picks = np.empty((min(step, draws), branches), dtype=np.uint64)
    for first in range(0, draws, step):
        count = min(step, draws - first)
        raw = stream.random_raw(count * words).astype("<u8", copy=False)
        own = picks[:count]
        np.multiply(raw.view("<u4").reshape(count, -1)[:, :branches], size, out=own)
        np.right_shift(own, np.uint64(32), out=own)
        np.add(own, start, out=own)
        yield own.view(np.intp)


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
