"""Made-up pilots of known effect, one per seed, for size and coverage."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from pilot_eval.stats.cells import Cells
from pilot_eval.stats.contrasts import Panel

LONG = os.environ.get("PILOT_EVAL_LONG") == "1"


def runs(short: int) -> int:
    """10,000 in the long form, `short` otherwise."""
    return 10_000 if LONG else short


@dataclass(frozen=True)
class Scenario:
    """Branches and visits of a pilot, and how they vary.

    Parameters
    ----------
    name : for the test's id
    trained, comparison : branches
    visits : fewest and most per branch and period
    ratio : standard deviation of the trained branches' change over that of the comparison branches'
    skewed : whether single values are lognormal seconds, analysed by logarithms, with skewed branch changes
    by_rows : whether rows count once
    equal : whether both arms vary alike
    """

    name: str
    trained: int
    comparison: int
    visits: tuple[int, int] = (6, 6)
    ratio: float = 1.0
    skewed: bool = False
    by_rows: bool = False

    @property
    def equal(self) -> bool:
        return self.ratio == 1.0

    def panel(self, rng: np.random.Generator, effect: float = 0.0) -> Panel:
        """One pilot; `effect` is added to the trained branches' mean after training."""
        count = self.trained + self.comparison
        trained = np.arange(count) < self.trained
        low, high = self.visits
        n = rng.integers(low, high + 1, (count, 2)).astype(float)
        spread = np.where(trained, self.ratio, 1.0)
        if self.skewed:
            change = spread * (rng.exponential(2.0, count) - 2.0)
            noise = rng.gamma(2.0 * n) / np.sqrt(2.0) / n * 4.0 - np.sqrt(2.0) * 4.0
        else:
            change = spread * rng.normal(0.0, 2.0, count)
            noise = rng.normal(0.0, 4.0, (count, 2)) / np.sqrt(n)
        level = rng.normal(60.0, 6.0, count)
        mean = level[:, None] + noise
        mean[:, 1] += change + effect * trained
        return Panel.of(Cells(n, mean, np.zeros_like(mean)), trained, by_rows=self.by_rows)


SCENARIOS = (
    Scenario("three against three", 3, 3, (3, 5)),
    Scenario("four of twenty", 4, 16),
    Scenario("four of twenty, varying three times as much", 4, 16, ratio=3.0),
    Scenario("three of twelve, varying three times as much", 3, 9, ratio=3.0),
    Scenario("ten of twenty, three to thirty visits", 10, 10, (3, 30)),
    Scenario("rows of ten of twenty, three to thirty visits", 10, 10, (3, 30), by_rows=True),
    Scenario("twelve of forty, varying twice as much", 12, 28, (3, 30), ratio=2.0),
    Scenario("twenty of forty, skewed", 20, 20, (3, 10), skewed=True),
    Scenario("twenty four of forty four", 24, 20),
)
ALONE = (
    Scenario("six trained branches", 6, 0, (3, 30)),
    Scenario("twenty trained branches, skewed", 20, 0, (3, 10), skewed=True),
    Scenario("rows of fifteen trained branches", 15, 0, (3, 30), by_rows=True),
)
