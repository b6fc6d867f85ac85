"""How often percentile intervals of effects on quantiles miss the truth."""

from __future__ import annotations

import numpy as np
import pytest

from pilot_eval.stats.quantiles import Clusters, arm_quantiles, percentile_interval
from tests.simulation.pilots import runs

LOG_RATIO = -0.1
DRAWS = 499
# Trained, comparison, fewest and most visits, skewed: lowest and highest share of misses in 2,000 pilots.
MEASURED = {
    (3, 3, 3, 5, False): (0.09, 0.16),
    (4, 16, 5, 10, False): (0.05, 0.105),
    (10, 10, 10, 10, True): (0.02, 0.06),
    (24, 20, 6, 6, False): (0.01, 0.06),
    (12, 0, 5, 10, False): (0.03, 0.085),
}


@pytest.mark.parametrize("pilot", MEASURED)
def test_intervals_of_median_and_slow_end_miss_as_often_as_measured(
    pilot: tuple[int, int, int, int, bool],
) -> None:
    """Times of trained branches shrink by one factor, so that every quantile does."""
    trained, comparison, low, high, skewed = pilot
    count, branches = min(runs(100), 2_000), trained + comparison
    rng = np.random.default_rng(8)
    missed = np.zeros(2)
    for seed in range(count):
        arm = np.arange(branches) < trained
        visits = rng.integers(low, high + 1, (branches, 2))
        branch = np.repeat(np.repeat(np.arange(branches), 2), visits.ravel())
        after = np.repeat(np.tile([0, 1], branches), visits.ravel()).astype(bool)
        noise = (
            0.5 * (rng.gamma(2.0, 1.0, len(branch)) - 2.0) if skewed else rng.normal(0.0, 0.6, len(branch))
        )
        own = rng.normal(0.0, 0.3, branches)[branch] + after * rng.normal(0.0, 0.15, branches)[branch]
        value = np.exp(5.0 + own + noise + LOG_RATIO * (after & arm[branch]))
        clusters = Clusters((~arm).astype(np.intp), arm, np.ones(branches))
        found = arm_quantiles(branch, after, value, clusters, (0.5, 0.9), draws=DRAWS, seed=seed)
        ratio = np.log(found.drawn[:, 1, 1] / found.drawn[:, 1, 0])
        if comparison:
            ratio -= np.log(found.drawn[:, 0, 1] / found.drawn[:, 0, 0])
        missed += [not percentile_interval(ratio[:, k], 0.95).contains(LOG_RATIO) for k in (0, 1)]
    least, most = MEASURED[pilot]
    error = 3.0 * np.sqrt(most * (1.0 - most) / count)
    assert (missed / count > least - error).all()
    assert (missed / count < most + error).all()
