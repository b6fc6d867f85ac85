"""Intervals that allow for drift: another program, linear programmes and worst cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from pilot_eval.stats.honest import (
    Drift,
    breakdown_change,
    breakdown_ratio,
    relative_magnitudes,
    smoothness,
)
from pilot_eval.stats.results import ConfidenceInterval
from pilot_eval.stats.student import two_sided_quantile
from tests.simulation.pilots import LONG, runs

EXACT = 1e-9  # relative
LENGTH = 1e-6  # relative, of an interval found by an optimiser; its centre is flat there
NORMAL = float("inf")
SIZES = [(1, 1), (1, 3), (2, 1), (3, 2), (5, 4), (8, 6)]


def drawn(seed: int, before: int, after: int, df: float = NORMAL) -> tuple[Drift, np.ndarray, np.ndarray]:
    """A drift with even weights after training, all its estimates and their covariance."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(before + after, before + after + 3))
    covariance = root @ root.T / (before + after)
    estimates = rng.normal(size=before + after)
    estimates[before:] += 6.0
    weight = np.full(after, 1.0 / after)
    take = np.zeros((1 + before, before + after))
    take[0, before:] = weight
    take[1:, :before] = np.eye(before)
    own = Drift(
        float(weight @ estimates[before:]), weight, estimates[:before], take @ covariance @ take.T, df
    )
    return own, estimates, covariance


@pytest.mark.parametrize(("before", "after"), SIZES if LONG else SIZES[:4])
def test_smoothness_has_the_shortest_length_of_diff_diff(before: int, after: int) -> None:
    from diff_diff.honest_did import _flci_solve

    drift, estimates, covariance = drawn(1, before, after)
    for change in (0.0, 0.1, 0.5, 2.0) if LONG else (0.0, 0.5):
        ends = smoothness(drift, change)
        low, high, _ = _flci_solve(
            estimates[:before], estimates[before:], covariance, drift.post_weight, before, after, change
        )
        assert length(ends) == pytest.approx(high - low, rel=LENGTH)
        assert ends.low == pytest.approx(low, abs=1e-3 * (high - low))


def length(ends: ConfidenceInterval) -> float:
    assert ends.low is not None
    assert ends.high is not None
    return ends.high - ends.low


def limits_by_programme(drift: Drift, ratio: float) -> tuple[float, float]:
    """The effects that exactly known estimates leave possible: one linear programme per step and sign."""
    after = len(drift.post_weight)
    steps = np.diff(np.append(drift.before, 0.0))
    ends = []
    for largest in np.abs(steps)[np.abs(steps) == np.abs(steps).max()]:
        walk = np.tril(np.ones((after, after)))  # drift after training from its steps
        for sign in (1.0, -1.0):
            found = linprog(
                sign * drift.post_weight @ walk, bounds=[(-ratio * largest, ratio * largest)] * after
            )
            ends.append(drift.effect - sign * found.fun)
    return min(ends), max(ends)


@pytest.mark.parametrize(("before", "after"), SIZES)
def test_relative_magnitudes_of_known_estimates_are_the_identified_set(before: int, after: int) -> None:
    from diff_diff.honest_did import _solve_rm_bounds_union

    drift, estimates, _ = drawn(2, before, after)
    known = Drift(drift.effect, drift.post_weight, drift.before, 0.0 * drift.covariance, drift.df)
    for ratio in (0.0, 0.5, 1.0, 2.0):
        ends = relative_magnitudes(known, ratio)
        expected = limits_by_programme(known, ratio)
        peer = _solve_rm_bounds_union(
            estimates[:before], estimates[before:], drift.post_weight, before, ratio
        )
        assert (ends.low, ends.high) == pytest.approx(expected, rel=EXACT)
        assert (ends.low, ends.high) == pytest.approx(peer, rel=EXACT)


@pytest.mark.parametrize("df", [4.0, 30.0, NORMAL])
def test_without_drift_the_interval_is_the_effects_own(df: float) -> None:
    drift, _, _ = drawn(3, 3, 2, df)
    half = two_sided_quantile(0.9, df) * float(np.sqrt(drift.covariance[0, 0]))
    ends = relative_magnitudes(drift, 0.0, 0.9)
    assert (ends.low, ends.high) == pytest.approx((drift.effect - half, drift.effect + half), rel=EXACT)


def test_intervals_grow_with_the_drift_allowed_and_break_down_where_they_say() -> None:
    drift, _, _ = drawn(4, 3, 2, 20.0)
    for interval, breakdown in ((relative_magnitudes, breakdown_ratio), (smoothness, breakdown_change)):
        lengths = [length(interval(drift, size)) for size in (0.0, 0.3, 1.0)]
        assert lengths == sorted(lengths)
        value = breakdown(drift)
        assert value is not None
        assert value > 0.0
        assert interval(drift, value).contains(0.0)
        assert not interval(drift, 0.99 * value).contains(0.0)


def test_an_effect_that_is_unsure_without_drift_breaks_down_at_once() -> None:
    drift, _, _ = drawn(5, 2, 2)
    unsure = Drift(0.1, drift.post_weight, drift.before, drift.covariance, 10.0)
    assert breakdown_ratio(unsure) == 0.0
    flat = Drift(100.0, drift.post_weight, np.zeros(2), 1e-6 * drift.covariance, 10.0)
    assert breakdown_ratio(flat) is None


@pytest.mark.parametrize("shape", ["one step", "every step", "zigzag"])
def test_relative_magnitudes_cover_the_worst_drift_that_they_allow(shape: str) -> None:
    rng = np.random.default_rng(6)
    before, after, ratio, count = 3, 2, 1.0, runs(800)
    _, _, covariance = drawn(7, before, after)
    root = np.linalg.cholesky(covariance)
    steps = {"one step": [0.0, 2.0, 0.0], "every step": [1.0, 1.0, 1.0], "zigzag": [1.0, -1.0, 1.0]}[shape]
    early = -np.cumsum(steps[::-1])[::-1]
    late = ratio * max(np.abs(steps)) * np.arange(1.0, after + 1.0)
    weight = np.full(after, 0.5)
    take = np.zeros((1 + before, before + after))
    take[0, before:] = weight
    take[1:, :before] = np.eye(before)
    missed = 0
    for _ in range(count):
        estimates = np.append(early, late) + root @ rng.normal(size=before + after)
        drift = Drift(
            float(weight @ estimates[before:]), weight, estimates[:before], take @ covariance @ take.T, NORMAL
        )
        missed += not relative_magnitudes(drift, ratio).contains(0.0)
    assert missed / count < 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / count)


def test_smoothness_covers_the_worst_kinks_that_it_allows_and_is_not_endless() -> None:
    rng = np.random.default_rng(8)
    before, after, change, count = 3, 2, 0.5, runs(150)
    _, _, covariance = drawn(9, before, after)
    root = np.linalg.cholesky(covariance)
    times = np.append(np.arange(-before - 1, -1), np.arange(after)) + 1.0
    truth = 2.0 * times + 0.5 * change * times**2  # every second difference is `change`
    weight = np.full(after, 0.5)
    take = np.zeros((1 + before, before + after))
    take[0, before:] = weight
    take[1:, :before] = np.eye(before)
    missed, widest = 0, 0.0
    for _ in range(count):
        estimates = truth + root @ rng.normal(size=before + after)
        drift = Drift(
            float(weight @ estimates[before:]), weight, estimates[:before], take @ covariance @ take.T, NORMAL
        )
        ends = smoothness(drift, change)
        missed += not ends.contains(0.0)
        widest = max(widest, length(ends))
    assert missed / count < 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / count)
    assert widest < 30.0
