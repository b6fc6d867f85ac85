"""Permutation of arms with its interval, beside scipy.stats.permutation_test's p alone.

Both permute Welch's t of branch changes; scipy is given it once as a function of one permutation, which it
calls for each (the bar), once written for all permutations at a time.

Usage: python -m bench.permute [draws] [pairs]
"""

from __future__ import annotations

import sys
from functools import partial

import numpy as np

from bench.pairs import interleaved
from bench.wild import made_up
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.inversion import TestOfEffect
from pilot_eval.stats.permutation import permutation_test

BARS = {40: 1.0, 1_000: 15.0}
SAME_PVALUE = 0.04  # from 9,999 permutations each; scipy doubles the smaller side, and its error with it
SAME = 1e-9  # relative difference allowed between observed statistics


def ours(panel: Panel, draws: int) -> TestOfEffect:
    effect = estimate_effect(panel)
    assert isinstance(effect, Effect)
    return permutation_test(panel, effect, draws=draws, seed=1, confidence_level=0.95)


def welch(one: np.ndarray, zero: np.ndarray, axis: int = -1) -> np.ndarray:
    spread = one.var(axis=axis, ddof=1) / one.shape[axis] + zero.var(axis=axis, ddof=1) / zero.shape[axis]
    return (one.mean(axis=axis) - zero.mean(axis=axis)) / np.sqrt(spread)


def compare(branches: int, bar: float, draws: int, pairs: int) -> None:
    from scipy import stats

    panel = made_up(branches)
    samples = (panel.change[panel.trained], panel.change[~panel.trained])
    own = ours(panel, draws)

    def peer(vectorized: bool) -> tuple[float, float]:
        found = stats.permutation_test(
            samples,
            welch if vectorized else lambda one, zero: welch(one, zero),
            n_resamples=draws,
            vectorized=vectorized,
            rng=np.random.default_rng(3),
        )
        return float(found.statistic), float(found.pvalue)

    for name, vectorized, at_least in (("scipy", False, bar), ("scipy vectorised", True, 1.0)):
        statistic, pvalue = peer(vectorized)
        difference = abs(pvalue - own.pvalue)
        found = interleaved(partial(ours, panel, draws), partial(peer, vectorized), pairs)
        print(
            f"permute, {branches:,} branches, {draws:,} draws: {name}/ours {found.ratio:.1f} "
            f"(bar {at_least:.0f}), ours with interval {1e3 * found.ours:.1f} ms, {name} without "
            f"{1e3 * found.peer:.0f} ms; p differ by {difference:.4f}"
        )
        assert abs(statistic / own.statistic - 1.0) < SAME
        assert difference < SAME_PVALUE


def main(draws: int = 9_999, pairs: int = 5) -> None:
    for branches, bar in BARS.items():
        compare(branches, bar, draws, pairs)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
