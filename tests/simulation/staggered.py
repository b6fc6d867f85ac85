"""Made-up staggered pilots of known effect, one per seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pilot_eval.stats.branch_periods import BranchPeriods

PERIODS = 6
NEVER = PERIODS


@dataclass(frozen=True)
class Staggered:
    """Branches of a staggered pilot, and how they vary.

    Parameters
    ----------
    name : for the test's id
    cohorts : branches by first trained period; NEVER for those not trained within the data
    visits : fewest and most per branch and period
    ratio : standard deviation of the branches' own effects over that of their periods
    skewed : whether these effects are skewed
    missing : share of branch-periods without a visit
    """

    name: str
    cohorts: dict[int, int]
    visits: tuple[int, int] = (3, 3)
    ratio: float = 1.0
    skewed: bool = False
    missing: float = 0.0

    def panel(self, rng: np.random.Generator, effect: float = 0.0, drift: float = 0.0) -> BranchPeriods:
        """One pilot; `effect` of every trained branch-period, `drift` per period of every trained branch.

        A branch's periods depend on one another (autocorrelation 0.5), and branches respond differently,
        about the same mean.
        """
        start = np.repeat(list(self.cohorts), list(self.cohorts.values())).astype(np.intp)
        count = len(start)
        swing = np.empty((count, PERIODS))
        last = rng.normal(0.0, 2.0, count)
        for period in range(PERIODS):
            last = 0.5 * last + np.sqrt(0.75) * rng.normal(0.0, 2.0, count)
            swing[:, period] = last
        own = rng.exponential(1.0, count) - 1.0 if self.skewed else rng.normal(0.0, 1.0, count)
        visits = rng.integers(self.visits[0], self.visits[1] + 1, (count, PERIODS))
        trained = np.arange(PERIODS)[None, :] >= start[:, None]
        mean = rng.normal(60.0, 5.0, (count, 1)) + rng.normal(0.0, 1.0, PERIODS) + swing
        mean += rng.normal(0.0, 4.0, (count, PERIODS)) / np.sqrt(visits)
        mean += trained * (effect + 2.0 * self.ratio * own)[:, None]
        mean += drift * np.arange(PERIODS)[None, :] * (start < PERIODS)[:, None]
        mean[rng.random(mean.shape) < self.missing] = np.nan
        days = np.arange(PERIODS).astype("datetime64[D]")
        return BranchPeriods(days, start, np.where(np.isnan(mean), 0.0, 1.0), mean, np.arange(count))


SCENARIOS = (
    Staggered("six: two, two, two never", {2: 2, 4: 2, NEVER: 2}),
    Staggered("six: three, three, none never", {2: 3, 4: 3}),
    Staggered("eight: two, two, four never", {2: 2, 4: 2, NEVER: 4}),
    Staggered("twelve in three", {2: 4, 4: 4, NEVER: 4}),
    Staggered("twelve in four, none never", {1: 3, 2: 3, 4: 3, 5: 3}),
    Staggered("four trained of twenty", {2: 2, 4: 2, NEVER: 16}),
    Staggered("four trained of twenty, responding unevenly", {2: 2, 4: 2, NEVER: 16}, ratio=2.0),
    Staggered("twenty in four, skewed", {1: 5, 2: 5, 4: 5, NEVER: 5}, skewed=True),
    Staggered("twenty in four, a tenth missing", {1: 5, 2: 5, 4: 5, NEVER: 5}, missing=0.1),
    Staggered("forty in four, three to thirty visits", {1: 10, 2: 10, 4: 10, NEVER: 10}, (3, 30)),
)
