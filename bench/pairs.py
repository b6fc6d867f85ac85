"""Ours and a peer run in turn, so that both meet the same machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Pairs:
    """Median seconds of both, and the median of the ratios of each pair."""

    ours: float
    peer: float
    ratio: float


def interleaved(ours: Callable[[], object], peer: Callable[[], object], pairs: int) -> Pairs:
    """Time both in turn, after one run of each that is not counted."""
    ours()
    peer()
    seen = [(_seconds(ours), _seconds(peer)) for _ in range(pairs)]
    return Pairs(
        statistics.median(a for a, _ in seen),
        statistics.median(b for _, b in seen),
        statistics.median(b / a for a, b in seen),
    )


def _seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started
