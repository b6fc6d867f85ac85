"""Branches beside one another."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy.stats import false_discovery_control

from pilot_eval.domain.observations import AFTER, BEFORE
from pilot_eval.domain.outcomes import OUTCOMES
from pilot_eval.stats.branches import BranchLevels, branch_changes, branch_levels
from pilot_eval.stats.ranking import Comparison, compare_branches, differences, ranks_of
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.shrinkage import Posterior
from tests.stats.test_branches import changes_of, pilot

EXACT = 1e-9  # relative: the same number by another order of sums


def compared_of(seed: int = 1, between: float = 4.0, **more: float) -> Comparison:
    found = compare_branches(changes_of(pilot(seed, between=between)), **more)  # type: ignore[arg-type] # floats
    assert isinstance(found, Comparison)
    return found


def test_places_sum_to_those_of_a_full_ranking() -> None:
    found = compared_of()
    count = len(found.ranks.mean)
    assert found.ranks.mean.sum() == pytest.approx(count * (count + 1) / 2)
    assert (found.ranks.low >= 1).all()
    assert (found.ranks.high <= count).all()
    assert (found.ranks.low <= found.ranks.mean).all()
    assert (found.ranks.mean <= found.ranks.high).all()


def test_the_better_direction_turns_places_round() -> None:
    up, down = compared_of(), compared_of(sign=-1.0)
    count = len(up.ranks.mean)
    assert (up.ranks.mean + down.ranks.mean).tolist() == pytest.approx([count + 1.0] * count)
    assert up.shrunken.estimate.tolist() == down.shrunken.estimate.tolist()


def test_branches_apart_have_certain_places_and_equal_ones_none() -> None:
    apart = Posterior.of(np.arange(6.0), np.full(6, 0.01))
    certain = ranks_of(apart, sign=1.0, draws=1000, seed=1)
    assert certain.low.tolist() == certain.high.tolist() == [6, 5, 4, 3, 2, 1]
    equal = ranks_of(Posterior.of(np.zeros(20), np.ones(20), 0.0), sign=1.0, draws=4000, seed=1)
    assert equal.mean.tolist() == pytest.approx([10.5] * 20, abs=10.5)
    unsure = ranks_of(Posterior.of(np.zeros(20), np.ones(20)), sign=1.0, draws=4000, seed=1)
    assert (unsure.high - unsure.low >= 17).all()


def test_two_branches_are_ordered_as_often_as_the_normal_integral_says() -> None:
    posterior = Posterior.of(np.array([1.0, 0.0]), np.array([1.0, 1.0]), math.inf)
    found = ranks_of(posterior, sign=1.0, draws=4000, seed=2)
    assert 2.0 - found.mean[0] == pytest.approx(0.760250, abs=4 * math.sqrt(0.76 * 0.24 / 4000))


def test_intervals_of_places_hold_the_true_ones() -> None:
    rng = np.random.default_rng(11)
    covered = total = 0
    for _ in range(25):
        truth = rng.normal(0.0, 1.5, 15)
        error = rng.uniform(0.5, 1.5, 15)
        found = ranks_of(Posterior.of(truth + rng.normal(0.0, error), error), sign=1.0, draws=600, seed=1)
        place = np.argsort(np.argsort(-truth)) + 1
        covered += int(((found.low <= place) & (place <= found.high)).sum())
        total += 15
    assert covered / total > 0.93


def test_pvalues_are_those_of_the_funnel_adjusted_over_branches() -> None:
    found = compared_of(between=6.0)
    theirs = false_discovery_control(found.funnel.pvalue)
    assert found.adjusted_pvalue.tolist() == pytest.approx(theirs.tolist(), rel=EXACT)


def test_one_arm_is_compared_with_itself() -> None:
    changes = changes_of(pilot(2, between=3.0))
    own = compare_branches(changes, changes.trained)
    assert isinstance(own, Comparison)
    assert len(own.shrunken.estimate) == changes.trained.sum()


def test_too_few_branches_are_not_ranked() -> None:
    changes = changes_of(pilot(branches=3))
    assert compare_branches(changes) == NotEstimable("few_in_funnel", {"n": 3, "need": 4})


def test_levels_are_those_of_a_regression_on_branches() -> None:
    observations = pilot(branches=6)
    found = branch_levels(observations, OUTCOMES["score"], AFTER)
    assert isinstance(found, BranchLevels)
    rows = observations.period == AFTER
    frame = pd.DataFrame({"y": observations.value[rows], "b": observations.branch[rows]})
    model = smf.ols("y ~ 0 + C(b)", frame).fit()
    assert found.estimate.tolist() == pytest.approx(model.params.tolist(), rel=EXACT)
    assert found.standard_error.tolist() == pytest.approx(model.bse.tolist(), rel=EXACT)
    assert found.df == model.df_resid
    assert found.low.tolist() == pytest.approx(model.conf_int()[0].tolist(), rel=EXACT)


def test_the_size_of_a_level_and_its_error_belong_together() -> None:
    found = branch_levels(pilot(3), OUTCOMES["score"], BEFORE)
    assert isinstance(found, BranchLevels)
    assert found.standard_error.tolist() == pytest.approx(
        np.sqrt(found.variance_of_one / found.size).tolist(), rel=EXACT
    )
    changes = changes_of(pilot(3))
    assert changes.standard_error.tolist() == pytest.approx(
        np.sqrt(changes.variance_of_one / changes.size).tolist(), rel=EXACT
    )


def test_a_difference_of_two_branches_is_that_of_a_regression() -> None:
    observations = pilot(branches=5)
    frame = pd.DataFrame(
        {
            "y": observations.value,
            "b": np.array(observations.branches)[observations.branch],
            "a": (observations.period == AFTER).astype(int),
        }
    )
    # The change of B01 is the slope there; that of others is told by its difference from it.
    model = smf.ols("y ~ C(b, Treatment('B01')) * a", frame).fit()
    pairs = differences(changes_of(observations), ["B03", "B01", "B00"])
    assert [(one.first, one.second) for one in pairs] == [("B03", "B01"), ("B03", "B00"), ("B01", "B00")]
    name = "C(b, Treatment('B01'))[T.B03]:a"
    assert pairs[0].estimate == pytest.approx(model.params[name], rel=EXACT)
    assert pairs[0].standard_error == pytest.approx(model.bse[name], rel=EXACT)
    assert pairs[0].pvalue == pytest.approx(model.pvalues[name], rel=1e-7)
    assert [pairs[0].interval.low, pairs[0].interval.high] == pytest.approx(
        model.conf_int().loc[name].tolist()
    )
    assert all(one.adjusted_pvalue >= one.pvalue for one in pairs)


def test_one_branch_twice_or_five_are_not_put_side_by_side() -> None:
    changes = branch_changes(pilot(), OUTCOMES["score"])
    assert not isinstance(changes, NotEstimable)
    for names in (["B01"], ["B01", "B01"], ["B00", "B01", "B02", "B03", "B04"]):
        with pytest.raises(ValueError, match="two to 4"):
            differences(changes, names)
