"""Wild cluster bootstrap: p and interval of 9,999 draws, beside pyfixest's p alone.

Usage: python -m bench.wild [draws] [pairs]
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np

from bench.pairs import interleaved
from pilot_eval.stats.bootstrap import wild_cluster_bootstrap
from pilot_eval.stats.cells import Cells
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.inversion import TestOfEffect

BARS = {40: 20.0, 1_000: 300.0}
NETWORK, NETWORK_SECONDS = 42_000, 2.0
SAME_PVALUE = 0.02  # two p-values from 9,999 draws each


def made_up(branches: int) -> Panel:
    rng = np.random.default_rng(2)
    trained = np.arange(branches) < branches // 2
    mean = rng.normal(60.0, 5.0, (branches, 2))
    mean[:, 1] += trained * 20.0 / np.sqrt(branches)
    return Panel.of(Cells(np.ones_like(mean), mean, np.zeros_like(mean)), trained)


def ours(panel: Panel, draws: int) -> TestOfEffect:
    effect = estimate_effect(panel)
    assert isinstance(effect, Effect)
    return wild_cluster_bootstrap(panel, effect, draws=draws, seed=1, confidence_level=0.95)


def main(draws: int = 9_999, pairs: int = 5) -> None:
    warnings.simplefilter("ignore")  # the peer's own dependencies deprecate one another
    import pandas as pd
    import pyfixest as pf

    for branches, bar in BARS.items():
        panel = made_up(branches)
        frame = pd.DataFrame(
            {
                "y": panel.mean.ravel(),
                "b": np.repeat(np.arange(branches), 2),
                "t": np.repeat(panel.trained, 2).astype(float),
                "a": np.tile([0.0, 1.0], branches),
            }
        )
        frame["ta"] = frame.t * frame.a
        model = pf.feols("y ~ t + a + ta", frame, vcov={"CRV1": "b"})

        def peer() -> float:
            return float(model.wildboottest(param="ta", reps=draws, cluster="b", seed=3)["Pr(>|t|)"])  # noqa: B023  # called in this turn of the loop

        difference = abs(peer() - ours(panel, draws).pvalue)
        found = interleaved(lambda: ours(panel, draws), peer, pairs)  # noqa: B023  # called in this turn of the loop
        print(
            f"wild, {branches:,} branches, {draws:,} draws: pyfixest/ours {found.ratio:.0f} (bar {bar:.0f}), "
            f"ours with interval {1e3 * found.ours:.1f} ms, pyfixest without {1e3 * found.peer:.0f} ms; "
            f"p differ by {difference:.4f}"
        )
        assert difference < SAME_PVALUE
    network = made_up(NETWORK)
    started = time.perf_counter()
    ours(network, draws)
    seconds = time.perf_counter() - started
    print(f"wild, {NETWORK:,} branches, {draws:,} draws: ours {seconds:.2f} s (bar {NETWORK_SECONDS:.0f} s)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
