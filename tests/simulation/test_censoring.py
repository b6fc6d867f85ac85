"""How often the interval of waits that were given up misses the truth, and what dropping them would do.

The short form runs with every change; PILOT_EVAL_LONG=1 makes 10,000 pilots of each scenario.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from pilot_eval.domain.observations import AFTER, BEFORE, Observations
from pilot_eval.stats.cells import Cells
from pilot_eval.stats.censoring import Waits, lognormal_sensitivity
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.flow import Flow
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.relative import speed_of_means
from tests.simulation.pilots import runs
from tests.simulation.test_size_and_coverage import margin

LEVEL = 0.95
# Claimed (2,000 pilots of each: 3.8 to 5.0 %).
LIMIT = 0.06
CAP = 240.0  # seconds, the limit of the mean
SHORTER = -0.25  # log seconds, after training


@dataclass(frozen=True)
class Queue:
    """Branches whose customers wait, and may leave.

    Parameters
    ----------
    name : for the test's id
    trained, comparison : branches
    visits : fewest and most per branch and period
    patience : mean of the time after which a customer leaves, in seconds
    patience_after : times as much in trained branches after training
    seeing : how much longer than they would the leaving have to wait: 0 where leaving tells nothing
    spread : standard deviation of log seconds within a branch
    swing : standard deviation of a branch's own change
    """

    name: str
    trained: int
    comparison: int
    visits: tuple[int, int] = (25, 25)
    patience: float = 900.0
    patience_after: float = 1.0
    seeing: float = 0.0
    spread: float = 0.6
    swing: float = 0.1

    def told(self) -> str:
        """The pilot in words."""
        low, high = self.visits
        waits = f"{low} waits" if low == high else f"{low} to {high} waits"
        arms = f"{self.trained} trained and {self.comparison} comparison branches"
        return f"{arms}, {waits} per branch and period"

    def waits(self, rng: np.random.Generator, effect: float = SHORTER) -> Waits:
        """One pilot; every longest wait of a branch and period was seen to the limit or served."""
        observations = self.observations(rng, effect)
        return Waits.of(observations, Flow.of(observations, with_comparison=True))

    def observations(self, rng: np.random.Generator, effect: float) -> Observations:
        """The rows of one pilot."""
        count = self.trained + self.comparison
        n = rng.integers(self.visits[0], self.visits[1] + 1, (count, 2))
        branch = np.repeat(np.repeat(np.arange(count), 2), n.ravel())
        after = np.repeat(np.tile([False, True], count), n.ravel())
        trained = np.arange(count) < self.trained
        level = rng.normal(5.3, 0.2, count)[:, None] + rng.normal(0.0, self.swing, (count, 2))
        level[:, 1] += effect * trained
        noise = self.spread * rng.normal(size=len(branch))
        wait = np.exp(level[branch, after.astype(int)] + noise)
        leave = rng.exponential(self.patience, len(branch)) * np.exp(-self.seeing * noise)
        leave[trained[branch] & after] *= self.patience_after
        return Observations.from_columns(
            branch=branch.astype(str),
            trained=trained[branch],
            period=np.where(after, AFTER, BEFORE),
            value=np.minimum(wait, leave),
            censored=leave < wait,
        )

    def truth(self) -> tuple[float, float]:
        """Difference of the mean waits up to the limit, and the same in per cent of speed."""
        sd = np.sqrt(self.spread**2 + 0.2**2 + self.swing**2)
        before, after = (capped_mean(5.3 + shift, sd) for shift in (0.0, SHORTER))
        return after - before, 100.0 * (before / after - 1.0)


def capped_mean(mu: float, sd: float) -> float:
    """Mean of the shorter of a lognormal and the limit."""
    z = (np.log(CAP) - mu) / sd
    return float(np.exp(mu + 0.5 * sd * sd) * ndtr(z - sd) + CAP * ndtr(-z))


QUEUES = (
    Queue("eight against eight", 8, 8),
    Queue("four of twenty, few waits", 4, 16, (10, 20)),
    Queue("twelve of forty, many leave", 12, 28, (10, 60), patience=400.0),
)


def effect_of(panel: Panel) -> Effect:
    effect = estimate_effect(panel)
    assert isinstance(effect, Effect)
    return effect


def restricted(waits: Waits) -> Panel:
    """Restricted means, the curve of a cell that ends before the limit going on level, as few do here."""
    mean = [[curve.restricted_mean(CAP) for curve in pair] for pair in waits.curves()]
    return waits.panel(np.array(mean))


@pytest.mark.parametrize("queue", QUEUES, ids=lambda queue: queue.name)
def test_intervals_of_seconds_and_speed_miss_the_truth_as_seldom_as_claimed(queue: Queue) -> None:
    count = runs(100)
    rng = np.random.default_rng(1)
    seconds, percent = queue.truth()
    missed = {"seconds": 0, "speed": 0}
    for _ in range(count):
        panel = restricted(queue.waits(rng))
        effect = effect_of(panel)
        missed["seconds"] += not effect.confidence_interval(LEVEL).contains(seconds)
        _, speed = speed_of_means(AnalysisPlan("x", kind="duration", level=LEVEL), panel, effect)
        assert speed is not None
        missed["speed"] += not speed.interval.contains(percent)
    for name, number in missed.items():
        assert number / count < margin(LIMIT, count), name


@pytest.mark.parametrize("queue", QUEUES, ids=lambda queue: queue.name)
def test_the_lognormal_row_misses_the_truth_as_seldom_as_claimed(queue: Queue) -> None:
    count = runs(40)
    rng = np.random.default_rng(6)
    plan = AnalysisPlan("x", kind="duration", level=LEVEL)
    missed = 0
    for _ in range(count):
        low, high = lognormal_row(plan, queue.waits(rng))["confidence_interval"]
        missed += not low <= SHORTER <= high
    assert missed / count < margin(LIMIT, count)


def lognormal_row(plan: AnalysisPlan, waits: Waits) -> dict[str, Any]:
    found = lognormal_sensitivity(plan, waits)
    assert found is not None
    return found


def test_real_effects_are_found() -> None:
    rng = np.random.default_rng(2)
    found = [effect_of(restricted(QUEUES[0].waits(rng, 3.0 * SHORTER))).pvalue < 0.05 for _ in range(30)]
    nothing = [effect_of(restricted(QUEUES[0].waits(rng, 0.0))).pvalue < 0.05 for _ in range(60)]
    assert np.mean(found) > 0.9
    assert np.mean(nothing) < 0.16


def means_and_change(
    queue: Queue, count: int, seed: int, effect: float = SHORTER
) -> tuple[np.ndarray, np.ndarray]:
    """Mean (before, change) of the trained branches: restricted, and with the given-up waits dropped."""
    rng = np.random.default_rng(seed)
    kept, dropped = [], []
    for _ in range(count):
        waits = queue.waits(rng, effect)
        kept.append(effect_of(restricted(waits)))
        served = ~waits.gave_up
        mean = np.full((len(waits.trained), 2), np.nan)
        for branch in range(len(waits.trained)):
            for late in (False, True):
                own = served & (waits.branch == branch) & (waits.after == late)
                mean[branch, int(late)] = np.minimum(waits.seconds[own], CAP).mean()
        dropped.append(effect_of(Panel.of(Cells(np.ones_like(mean), mean, mean), waits.trained)))
    return tuple(
        np.mean([[one.means[1, 0], one.estimate] for one in effects], axis=0) for effects in (kept, dropped)
    )


def test_dropping_waits_that_were_given_up_makes_them_and_their_change_look_small() -> None:
    queue = Queue("many leave", 10, 10, (40, 40), patience=250.0)
    change, _ = queue.truth()
    before = capped_mean(5.3, np.sqrt(queue.spread**2 + 0.2**2 + queue.swing**2))
    kept, dropped = means_and_change(queue, 25, 3)
    assert kept[0] == pytest.approx(before, rel=0.03)
    assert kept[1] == pytest.approx(change, abs=5.0)
    assert dropped[0] < 0.9 * before
    assert abs(dropped[1]) < 0.93 * abs(kept[1])


def test_dropping_them_would_take_more_patience_for_longer_waits() -> None:
    queue = Queue("patience grows", 10, 10, (40, 40), patience=250.0, patience_after=3.0)
    kept, dropped = means_and_change(queue, 15, 5, 0.0)
    assert kept[1] == pytest.approx(0.0, abs=5.0)
    assert dropped[1] > 10.0


def test_where_leaving_tells_of_a_long_wait_the_mean_is_too_short_as_the_evaluation_says() -> None:
    queue = Queue("leave because it takes long", 10, 10, (40, 40), patience=400.0, seeing=1.5)
    before = capped_mean(5.3, np.sqrt(queue.spread**2 + 0.2**2 + queue.swing**2))
    kept, _ = means_and_change(queue, 10, 4)
    assert kept[0] < 0.95 * before
