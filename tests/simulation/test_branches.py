"""Intervals and places of branches in made-up pilots, and the limits around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from pilot_eval.domain.observations import AFTER, BEFORE, Observations
from pilot_eval.domain.outcomes import OUTCOMES
from pilot_eval.stats.branches import BranchChanges, branch_changes
from pilot_eval.stats.ranking import Comparison, compare_branches
from tests.simulation.pilots import LONG

RUNS = 1_000 if LONG else 12
DRAWS = 400


@dataclass(frozen=True)
class Branches:
    """Branches of a pilot and how they vary.

    Parameters
    ----------
    name : for the test's id
    branches : of one arm
    between : standard deviation of their true changes
    skewed : whether single values are skewed
    lowest : share of 95 % intervals of shrunken changes that must hold the truth
    """

    name: str
    branches: int
    between: float
    skewed: bool = False
    lowest: float = 0.92

    def made(self, rng: np.random.Generator) -> tuple[np.ndarray, Observations]:
        """True changes, and visits: three to twelve per branch and period."""
        sizes = rng.integers(3, 13, (self.branches, 2))
        branch = np.repeat(np.repeat(np.arange(self.branches), 2), sizes.ravel())
        after = np.repeat(np.tile([0, 1], self.branches), sizes.ravel())
        change = rng.normal(3.0, self.between, self.branches)
        n = len(branch)
        noise = 4.0 * (rng.exponential(1.0, n) - 1.0 if self.skewed else rng.normal(0.0, 1.0, n))
        value = 50.0 + rng.normal(0.0, 5.0, self.branches)[branch] + after * change[branch] + noise
        observations = Observations.from_columns(
            branch=[f"B{b:03d}" for b in branch],
            trained=np.ones(n),
            period=np.where(after == 1, AFTER, BEFORE),
            value=value,
        )
        return change, observations


BRANCHES = (
    Branches("six", 6, 2.0),
    Branches("twenty", 20, 2.0),
    Branches("twenty alike", 20, 0.0),
    Branches("twenty very different", 20, 8.0),
    Branches("twenty, skewed values", 20, 2.0, skewed=True),
    Branches("forty", 40, 2.0),
)


@pytest.mark.parametrize("scenario", BRANCHES, ids=lambda s: s.name)
def test_intervals_hold_the_truth_and_limits_their_share(scenario: Branches) -> None:
    rng = np.random.default_rng(11)
    raw, shrunken, places, outside = [], [], [], []
    for _ in range(RUNS):
        truth, observations = scenario.made(rng)
        changes = branch_changes(observations, OUTCOMES["score"])
        assert isinstance(changes, BranchChanges)
        found = compare_branches(changes, draws=DRAWS)
        assert isinstance(found, Comparison)
        raw.append(np.mean((changes.low <= truth) & (truth <= changes.high)))
        own = found.shrunken
        shrunken.append(np.mean((own.low <= truth) & (truth <= own.high)))
        place = np.argsort(np.argsort(-truth)) + 1
        places.append(np.mean((found.ranks.low <= place) & (place <= found.ranks.high)))
        outside.append(np.mean([one != "" for one in found.funnel.outside]))
    error = 3.0 * np.sqrt(0.05 * 0.95 / (RUNS * scenario.branches))
    assert np.mean(raw) == pytest.approx(0.95, abs=0.01 + error)
    assert np.mean(shrunken) > scenario.lowest - error
    assert scenario.between == 0.0 or np.mean(places) > 0.94 - error  # alike branches have no true places
    assert np.mean(outside) < 0.06 + error
