"""Branches against others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from pilot_eval.domain.observations import AFTER, Observations
from pilot_eval.domain.outcomes import OUTCOMES
from pilot_eval.stats.branches import BranchChanges, branch_changes
from pilot_eval.stats.comparisons import (
    DrawnTogether,
    against_others,
    comparison_arm,
    drawn_together,
    nearest_baseline,
    same_arm,
    same_stratum,
)
from pilot_eval.stats.ranking import differences
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.shrinkage import Posterior
from tests.stats.test_branches import changes_of, pilot

EXACT = 1e-9  # relative: the same number by another order of sums
DRAWN = 0.25  # of ends of intervals by 4,000 draws: four times their standard deviation


def test_the_difference_from_others_is_that_of_a_linear_model_with_a_mean_per_branch_and_period() -> None:
    observations = pilot(3, branches=8)
    changes = changes_of(observations)
    found = against_others(changes, same_arm(changes))
    frame = pd.DataFrame(
        {
            "cell": [
                f"{observations.branches[b]}{'a' if p == AFTER else 'b'}"
                for b, p in zip(observations.branch, observations.period, strict=True)
            ],
            "value": observations.value,
        }
    )
    fit = smf.ols("value ~ 0 + cell", frame).fit()
    names = [name[5:-1] for name in fit.params.index]
    for row, branch in enumerate(changes.branches):
        others = [changes.branches[other] for other in np.flatnonzero(same_arm(changes)[row])]
        weight = np.zeros(len(names))
        for place, name in enumerate(names):
            code, sign = name[:-1], 1.0 if name.endswith("a") else -1.0
            weight[place] = sign * ((code == branch) - (code in others) / len(others))
        model = fit.t_test(weight)
        low, high = model.conf_int()[0]
        assert found.count[row] == len(others) == 3
        assert found.estimate[row] == pytest.approx(float(model.effect[0]), rel=EXACT, abs=1e-9)
        assert (found.low[row], found.high[row]) == pytest.approx((low, high), rel=EXACT, abs=1e-9)


def test_beside_one_other_branch_it_is_the_difference_of_the_two() -> None:
    changes = changes_of(pilot(1, branches=4))
    found = against_others(changes, same_arm(changes))
    (pair,) = differences(changes, [changes.branches[0], changes.branches[2]])
    assert found.estimate[0] == pytest.approx(pair.estimate, rel=EXACT)
    assert (found.low[0], found.high[0]) == pytest.approx((pair.interval.low, pair.interval.high), rel=EXACT)


def test_a_branch_without_others_has_no_difference_and_none_is_compared_with_itself() -> None:
    changes = changes_of(pilot(1, branches=3))
    found = against_others(changes, same_arm(changes))
    assert found.count.tolist() == [1, 0, 1]
    assert np.isnan(found.estimate).tolist() == [False, True, False]
    with pytest.raises(ValueError, match="not with itself"):
        against_others(changes, np.ones((3, 3), dtype=np.bool_))


def test_others_are_those_that_the_rule_names() -> None:
    changes = changes_of(pilot(2, branches=10))
    strata = ["city" if place < 4 else "village" for place in range(10)]
    assert np.flatnonzero(same_stratum(changes, strata)[0]).tolist() == [2]
    assert np.flatnonzero(comparison_arm(changes)[0]).tolist() == [1, 3, 5, 7, 9]
    assert np.flatnonzero(comparison_arm(changes)[1]).tolist() == [3, 5, 7, 9]
    nearest = nearest_baseline(changes, same_arm(changes), 2)
    before = changes.mean[:, 0]
    for row in range(10):
        others = [other for other in range(10) if other != row and other % 2 == row % 2]
        wanted = sorted(others, key=lambda other: abs(before[other] - before[row]))[:2]
        assert sorted(wanted) == np.flatnonzero(nearest[row]).tolist()


def test_nearest_are_never_more_than_there_are() -> None:
    changes = changes_of(pilot(2, branches=4))
    assert nearest_baseline(changes, same_arm(changes), 5).sum(axis=1).tolist() == [1, 1, 1, 1]


def test_drawn_changes_are_those_of_each_arm_by_itself() -> None:
    changes = changes_of(pilot(4, between=3.0))
    found = drawn_together(changes, None)
    assert isinstance(found, DrawnTogether)
    for arm in (True, False):
        rows = changes.trained == arm
        alone = Posterior.of(changes.change[rows], changes.standard_error[rows]).shrunken()
        assert found.estimate[rows].tolist() == alone.estimate.tolist()
        assert found.low[rows].tolist() == alone.low.tolist()


def test_drawn_differences_hold_the_difference_of_means_and_shrink() -> None:
    changes = changes_of(pilot(4, between=3.0))
    others = same_arm(changes)
    own = drawn_together(changes, None)
    found = drawn_together(changes, others)
    assert isinstance(own, DrawnTogether)
    assert isinstance(found, DrawnTogether)
    weight = others / others.sum(axis=1, keepdims=True)
    assert found.estimate.tolist() == pytest.approx((own.estimate - weight @ own.estimate).tolist())
    assert (found.low < found.estimate).all()
    assert (found.estimate < found.high).all()
    raw = against_others(changes, others)
    assert np.abs(found.estimate).mean() < np.abs(raw.estimate).mean()


def test_the_interval_of_a_drawn_difference_of_two_arms_is_the_normal_one() -> None:
    """With many exact branches per arm nothing is shrunk: the posterior of a difference is known."""
    rng = np.random.default_rng(5)
    count = 12
    changes = BranchChanges(
        branches=tuple(f"B{n:02}" for n in range(count)),
        trained=np.arange(count) % 2 == 0,
        n=np.full((count, 2), 9.0),
        mean=np.zeros((count, 2)),
        change=rng.normal(0.0, 100.0, count),
        standard_error=np.ones(count),
        low=np.zeros(count),
        high=np.zeros(count),
        confidence_level=0.95,
        within_variance=4.5,
        df=200.0,
        scale="difference",
    )
    others = np.zeros((count, count), dtype=np.bool_)
    others[0, 1] = True
    found = drawn_together(changes, others, draws=4000, seed=3)
    assert isinstance(found, DrawnTogether)
    centre, half = changes.change[0] - changes.change[1], 1.959964 * np.sqrt(2.0)
    assert found.low[0] == pytest.approx(centre - half, abs=DRAWN)
    assert found.high[0] == pytest.approx(centre + half, abs=DRAWN)
    assert np.isnan(found.estimate[1:]).all()


def test_too_few_branches_are_not_drawn_together() -> None:
    assert isinstance(drawn_together(changes_of(pilot(1, branches=6)), None), NotEstimable)


def test_differences_of_logarithms_are_told_as_speed() -> None:
    rng = np.random.default_rng(2)
    branch = np.repeat(np.arange(10), 20)
    period = np.tile(np.repeat([0, AFTER], 10), 10)
    value = np.exp(5.0 - 0.1 * (period == AFTER) * (branch == 0) + rng.normal(0.0, 0.001, 200))
    observations = Observations.from_columns(
        branch=np.array([f"B{b}" for b in branch]), trained=branch < 5, period=period, value=value
    )
    changes = branch_changes(observations, OUTCOMES["duration"])
    assert isinstance(changes, BranchChanges)
    found = against_others(changes, same_arm(changes)).as_speed()
    assert found.estimate[0] == pytest.approx(100 * np.expm1(0.1), rel=0.02)
    assert found.low[0] < found.estimate[0] < found.high[0]
    drawn = drawn_together(changes, same_arm(changes))
    assert isinstance(drawn, DrawnTogether)
    assert drawn.as_speed().low[0] < drawn.as_speed().high[0]
