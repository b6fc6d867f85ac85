"""Bounds for missing branches: every choice of what to trim, a worked example, and coverage."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import norm

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.lee_bounds import LeeBounds, bounds_of_missing_branches, lee_bounds
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import NotEstimable
from tests.simulation.pilots import runs

EXACT = 1e-9  # relative
NAN = float("nan")


def bounds_of(trained: list[float], comparison: list[float]) -> LeeBounds:
    found = lee_bounds(
        np.array(trained + comparison), np.arange(len(trained) + len(comparison)) < len(trained)
    )
    assert isinstance(found, LeeBounds)
    return found


def test_a_worked_example() -> None:
    """All of five trained, four of five comparison branches seen: one fifth of the trained is trimmed."""
    bounds = bounds_of([1.0, 2.0, 3.0, 4.0, 5.0], [0.0, 1.0, 1.0, 2.0, NAN])
    assert (bounds.low, bounds.high) == pytest.approx((2.5 - 1.0, 3.5 - 1.0), rel=EXACT)
    assert bounds.trimmed_arm == "trained"
    assert bounds.trimmed_share == pytest.approx(0.2)
    assert (bounds.seen, bounds.branches) == ((4, 5), (5, 5))
    # Proposition 3 by hand, lower bound: spread 5/3 of the four kept, cut at 4, mean 2.5, 4/5 of five seen.
    variance = (5 / 3) / 4 + (4 - 2.5) ** 2 * (0.2 / 4 + 0.2 / 0.8 / 5) + (2 / 3) / 4
    assert bounds.standard_errors[0] == pytest.approx(np.sqrt(variance), rel=EXACT)


def test_bounds_are_the_extremes_of_every_choice_of_branches_to_leave_out() -> None:
    rng = np.random.default_rng(1)
    trained, comparison = rng.normal(2.0, 3.0, 9), rng.normal(0.0, 2.0, 6)
    bounds = bounds_of([*trained, NAN], [*comparison, NAN, NAN, NAN, NAN])  # 9/10 against 6/10: keep 6
    kept = [np.mean(chosen) for chosen in combinations(trained, 6)]
    assert bounds.low == pytest.approx(min(kept) - comparison.mean(), rel=EXACT)
    assert bounds.high == pytest.approx(max(kept) - comparison.mean(), rel=EXACT)


def test_a_branch_may_count_in_part() -> None:
    """Two of three trained, one half of the comparison branches seen: a quarter of two is half a branch."""
    bounds = bounds_of([1.0, 2.0, 5.0, NAN], [0.0, 4.0, NAN, NAN])  # 3/4 against 1/2: share 1/3, one branch
    assert bounds.trimmed_share == pytest.approx(1 / 3)
    part = bounds_of([1.0, 2.0, 5.0, 9.0, NAN], [0.0, 4.0, 5.0, NAN, NAN])  # 4/5 against 3/5: a quarter
    assert part.low == pytest.approx((1 + 2 + 5) / 3 - 3.0)
    half = bounds_of([1.0, 2.0, 5.0], [0.0, 2.0, 4.0, 2.0, 2.0, NAN])  # all against 5/6: half a branch
    assert half.low == pytest.approx((1 + 2 + 0.5 * 5) / 2.5 - 2.0)
    assert half.high == pytest.approx((0.5 * 1 + 2 + 5) / 2.5 - 2.0)


def test_swapping_arms_exchanges_the_bounds() -> None:
    trained, comparison = [1.0, 2.0, 3.0, 7.0, NAN], [0.0, 1.0, 2.5, NAN, NAN, NAN]
    first, second = bounds_of(trained, comparison), bounds_of(comparison, trained)
    assert (second.low, second.high) == pytest.approx((-first.high, -first.low), rel=EXACT)
    assert second.standard_errors == pytest.approx(first.standard_errors[::-1], rel=EXACT)
    assert second.trimmed_arm == "comparison"


def test_with_nobody_missing_they_are_the_effect_with_its_interval() -> None:
    rng = np.random.default_rng(2)
    change, trained = rng.normal(size=17), np.arange(17) < 5
    bounds = lee_bounds(change, trained)
    mean = np.column_stack([np.zeros(17), change])
    effect = estimate_effect(Panel(trained, np.ones_like(mean), mean))
    assert isinstance(bounds, LeeBounds)
    assert isinstance(effect, Effect)
    assert bounds.trimmed_arm is None
    assert (bounds.low, bounds.high) == pytest.approx((effect.estimate, effect.estimate), rel=EXACT)
    own, expected = bounds.confidence_interval(0.9), effect.confidence_interval(0.9)
    assert (own.low, own.high) == pytest.approx((expected.low, expected.high), rel=EXACT)


def test_wide_bounds_take_the_one_sided_quantile() -> None:
    bounds = LeeBounds(0.0, 100.0, (1.0, 1.0), 1e9, (50, 50), (50, 50), "trained", 0.1)
    ends = bounds.confidence_interval(0.95)
    assert ends.low == pytest.approx(-norm.ppf(0.95), rel=1e-6)


def test_standard_errors_are_those_of_repeated_pilots_and_the_interval_covers() -> None:
    rng = np.random.default_rng(3)
    lows, errors, covered, count = [], [], 0, runs(300)
    trained = np.arange(120) < 60
    for _ in range(count):
        change = rng.normal(0.0, 1.0, 120) + 0.5 * trained
        change[rng.random(120) > np.where(trained, 0.95, 0.75)] = np.nan  # unrelated to the change
        bounds = lee_bounds(change, trained)
        assert isinstance(bounds, LeeBounds)
        lows.append(bounds.low)
        errors.append(bounds.standard_errors[0])
        covered += bounds.confidence_interval(0.95).contains(0.5)
    assert np.mean(errors) == pytest.approx(np.std(lows), rel=0.12)
    assert covered / count > 0.95


def test_what_is_missing_because_of_its_change_stays_within() -> None:
    """The best trained branches drop out: the difference of those seen is too small, the bounds hold the "
    "truth."""
    rng = np.random.default_rng(4)
    trained = np.arange(4000) < 2000
    change = rng.normal(0.0, 1.0, 4000) + trained
    change[trained & (change > 1.8)] = np.nan
    bounds = lee_bounds(change, trained)
    seen = ~np.isnan(change)
    naive = change[seen & trained].mean() - change[seen & ~trained].mean()
    assert isinstance(bounds, LeeBounds)
    assert bounds.trimmed_arm == "comparison"
    assert naive < 0.75
    # The truth for branches seen in either arm: those whose change stays below 1.8 when trained.
    assert bounds.low <= naive <= bounds.high
    assert bounds.high == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize("trained", [[1.0, NAN, NAN], [NAN, NAN]])
def test_fewer_than_two_branches_left_are_not_estimable(trained: list[float]) -> None:
    found = lee_bounds(np.array([*trained, 1.0, 2.0, 3.0]), np.arange(len(trained) + 3) < len(trained))
    assert isinstance(found, NotEstimable)
    assert found.code == "few_branches"


def test_bounds_of_a_pilot_count_branches_seen_once_as_missing() -> None:
    branch = ["a", "a", "b", "b", "c", "d", "d", "e", "e", "f", "f", "g", "g"]
    period = [0, 2, 0, 2, 0, 0, 2, 0, 2, 0, 2, 0, 2]
    value = [1.0, 3.0, 2.0, 5.0, 4.0, 1.0, 1.0, 2.0, 4.0, 3.0, 3.5, 1.0, 2.0]
    pilot = Observations.from_columns(
        branch=branch, trained=[name in "abc" for name in branch], period=period, value=value
    )
    found = bounds_of_missing_branches(pilot, AnalysisPlan("x"))
    expected = bounds_of([2.0, 3.0, NAN], [0.0, 2.0, 0.5, 1.0])
    assert found == expected


def test_changes_without_any_spread_have_no_bounds() -> None:
    change = np.array([1.0, 1.0, 1.0, NAN, 1.0, 1.0, 1.0])
    found = lee_bounds(change, np.arange(7) < 4)
    assert found == NotEstimable("no_variation", {"n": 6})
