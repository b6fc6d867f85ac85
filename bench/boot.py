"""BCa interval of the relative uplift by resampling branches, beside scipy.stats.bootstrap.

scipy knows no samples that are paired within and independent between, so that it is given the branches of
both arms by number, and a statistic that fetches their means: once as a function of one resample, which it
calls for each (the bar), once written for all resamples at a time.

Usage: python -m bench.boot [draws] [pairs]
"""

from __future__ import annotations

import sys
from functools import partial

import numpy as np

from bench.pairs import interleaved
from bench.wild import made_up
from pilot_eval.stats.branch_bootstrap import UpliftBootstrap, bootstrap_uplift
from pilot_eval.stats.contrasts import Panel
from pilot_eval.stats.plan import AnalysisPlan

BARS = {40: 1.0, 1_000: 8.0}
SAME = 1e-9  # relative difference allowed between estimates
SAME_ENDS = 0.04  # of the width: ends from 9,999 resamples each


def ours(panel: Panel, draws: int) -> UpliftBootstrap:
    found = bootstrap_uplift(AnalysisPlan("x", draws=draws), panel)
    assert isinstance(found, UpliftBootstrap)
    return found


def compare(branches: int, bar: float, draws: int, pairs: int) -> None:
    from scipy import stats

    panel = made_up(branches)
    (t0, t1), (c0, c1) = panel.mean[panel.trained].T, panel.mean[~panel.trained].T
    numbers = (np.arange(len(t0)), np.arange(len(c0)))
    own = ours(panel, draws)
    assert own.interval.low is not None
    assert own.interval.high is not None

    def uplift(one: np.ndarray, zero: np.ndarray, axis: int = -1) -> np.ndarray:
        base = t0[one].mean(axis=axis) + c1[zero].mean(axis=axis) - c0[zero].mean(axis=axis)
        return 100.0 * (t1[one].mean(axis=axis) - base) / base

    def peer(vectorized: bool) -> tuple[float, float]:
        found = stats.bootstrap(
            numbers,
            uplift if vectorized else lambda one, zero: uplift(one, zero),
            n_resamples=draws,
            vectorized=vectorized,
            rng=np.random.default_rng(3),
        )
        return float(found.confidence_interval.low), float(found.confidence_interval.high)

    assert abs(float(uplift(*numbers)) / own.estimate - 1.0) < SAME
    for name, vectorized, at_least in (("scipy", False, bar), ("scipy vectorised", True, 1.0)):
        low, high = peer(vectorized)
        apart = max(abs(low - own.interval.low), abs(high - own.interval.high)) / (high - low)
        found = interleaved(partial(ours, panel, draws), partial(peer, vectorized), pairs)
        print(
            f"boot, {branches:,} branches, {draws:,} draws: {name}/ours {found.ratio:.1f} "
            f"(bar {at_least:.0f}), ours {1e3 * found.ours:.1f} ms, {name} {1e3 * found.peer:.0f} ms; "
            f"ends differ by {100.0 * apart:.1f} % of the width"
        )
        assert apart < SAME_ENDS


def main(draws: int = 9_999, pairs: int = 5) -> None:
    for branches, bar in BARS.items():
        compare(branches, bar, draws, pairs)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
