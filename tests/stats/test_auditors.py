"""Severity of auditors, the effect without it, and items that training cannot move."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from pilot_eval.domain.observations import AFTER, BEFORE, DURING, Matrix, Observations
from pilot_eval.stats.analysis import analyse
from pilot_eval.stats.auditors import (
    NegativeControl,
    Severity,
    auditor_adjusted_effect,
    negative_control,
    rater_severity,
)
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.two_way import AdjustedEffect
from tests.simulation.pilots import runs
from tests.stats.brute import fit

EXACT = 1e-8  # relative: the same number by another order of sums
PLAN = AnalysisPlan("score", draws=99)


def visited(
    seed: int = 1,
    *,
    severity: tuple[float, ...] = (0.0, -4.0, 3.0),
    drift: float = 0.0,
    gaps: float = 0.0,
    nested: str = "",
) -> Observations:
    """Ten trained and ten comparison branches, six visits each period, auditors drawn at random."""
    rng = np.random.default_rng(seed)
    count, visits = 20, 6
    branch = np.repeat(np.arange(count), 3 * visits)
    period = np.tile(np.repeat([BEFORE, DURING, AFTER], visits), count)
    trained = branch < 10
    auditor = rng.integers(0, len(severity), len(branch))
    if nested == "arm":
        auditor = 2 * trained + auditor % 2
    if nested == "period":
        auditor = 2 * (period == AFTER) + auditor % 2
    value = 70.0 + rng.normal(0.0, 4.0, count)[branch] + rng.normal(0.0, 3.0, len(branch))
    value = value + np.array([*severity, 0.0, 0.0])[auditor]
    names = [None if gap else f"A{a}" for a, gap in zip(auditor, rng.random(len(branch)) < gaps, strict=True)]
    chance = 0.6 + drift * (trained & (period == AFTER))
    return Observations.from_columns(
        branch=np.array([f"B{b:02d}" for b in branch]),
        trained=trained,
        period=period,
        value=value,
        auditor=names,
        items=Matrix(("A1", "A3", "B1"), (rng.random((len(branch), 3)) < chance[:, None]).astype(float)),
    )


def severity_of(observations: Observations, plan: AnalysisPlan = PLAN) -> Severity:
    found = rater_severity(observations, plan)
    assert isinstance(found, Severity)
    return found


def adjusted(observations: Observations, plan: AnalysisPlan = PLAN) -> AdjustedEffect:
    found = auditor_adjusted_effect(observations, plan)
    assert isinstance(found, AdjustedEffect)
    return found


@pytest.mark.parametrize("gaps", [0.0, 0.2])
def test_severity_is_that_of_a_regression_on_branch_by_period_and_auditor(gaps: float) -> None:
    observations = visited(gaps=gaps)
    found = severity_of(observations)
    auditor = observations.auditor
    assert auditor is not None
    rows = (observations.period != DURING) & (auditor.codes >= 0)
    frame = pd.DataFrame(
        {
            "y": observations.value[rows],
            "c": 3 * observations.branch[rows] + observations.period[rows],
            "a": auditor.codes[rows],
        }
    )
    model = smf.ols("y ~ 0 + C(c) + C(a, Sum)", frame).fit()
    assert found.auditors == ("A0", "A1", "A2")
    assert found.effects.effect[1] == pytest.approx(model.params["C(a, Sum)[S.1]"], rel=EXACT)
    assert found.effects.standard_error[1] == pytest.approx(model.bse["C(a, Sum)[S.1]"], rel=EXACT)
    clustered = model.get_robustcov_results("cluster", groups=frame["c"] // 3)
    place = model.params.index.get_loc("C(a, Sum)[S.1]")
    assert found.standard_error[1] == pytest.approx(clustered.bse[place], rel=0.35)  # CR1 counts all cells
    assert found.effects.rows.sum() == rows.sum()
    assert found.effects.pvalue < 1e-6
    assert (found.nesting.auditors, found.nesting.both_arms, found.nesting.both_periods) == (3, 3, 3)


@pytest.mark.parametrize("seed", [1, 2])
def test_severity_has_cr2_errors_and_df_of_full_matrices(seed: int) -> None:
    observations = visited(seed)
    found, auditor = severity_of(observations), observations.auditor
    assert auditor is not None
    rows = observations.period != DURING
    cell = 2 * observations.branch[rows] + (observations.period[rows] == AFTER)
    cells = (cell[:, None] == np.unique(cell)).astype(float)
    codes = auditor.codes[rows]
    # auditors against their mean, the one looked at last: the others, sum coded, less it
    for last in range(3):
        others = [a for a in range(3) if a != last]
        against = np.array([(codes == a).astype(float) for a in others]).T
        coded = np.column_stack([against[:, 0] - against[:, 1], (codes == last) - 0.5 * against.sum(axis=1)])
        X = np.column_stack([cells, coded])
        expected = fit(X, observations.value[rows], observations.branch[rows])
        assert found.effects.effect[last] == pytest.approx(expected.estimate, rel=EXACT)
        assert found.standard_error[last] ** 2 == pytest.approx(expected.cr2, rel=EXACT)
        assert found.df[last] == pytest.approx(expected.df, rel=EXACT)


def test_intervals_of_severity_hold_the_truth_where_auditors_like_some_branches_more() -> None:
    """An auditor's own view of a branch repeats within it: errors that take visits as independent miss it."""
    count, missed, taken_alone = min(runs(100), 2_000), 0, 0
    rng = np.random.default_rng(5)
    for seed in range(count):
        observations = visited(seed, severity=(0.0, 0.0, 0.0))
        auditor = observations.auditor
        assert auditor is not None
        views = rng.normal(0.0, 3.0, (20, 3, 3))[observations.branch, observations.period, auditor.codes]
        found = severity_of(replace(observations, value=observations.value + views))
        for low, high, name in (
            (*found.confidence_interval(0.95), "cr2"),
            (*found.effects.confidence_interval(0.95), "alone"),
        ):
            out = int(np.sum((low > 0.0) | (high < 0.0)))
            missed, taken_alone = missed + out * (name == "cr2"), taken_alone + out * (name == "alone")
    error = 3.0 * np.sqrt(0.05 * 0.95 / count)  # auditors of one pilot hang together
    assert 0.05 - error < missed / (3 * count) < 0.06 + error
    assert taken_alone > 1.5 * missed


def test_the_effect_without_severity_changes_by_what_the_shift_says() -> None:
    observations = visited(2)
    found, plain = adjusted(observations), analyse(observations, PLAN).effect
    assert not isinstance(plain, NotEstimable)
    assert found.estimate - found.shift == pytest.approx(plain.estimate, rel=EXACT)
    assert found.standard_error < 1.2 * plain.standard_error


def test_strata_before_after_and_other_scales_have_their_own_adjusted_effect() -> None:
    observations = visited(3)
    alone = replace(PLAN, design="before_after")
    plain = analyse(observations, alone).effect
    assert not isinstance(plain, NotEstimable)
    assert adjusted(observations, alone).estimate - adjusted(observations, alone).shift == pytest.approx(
        plain.estimate, rel=EXACT
    )
    seconds = replace(observations, value=np.exp(observations.value / 20.0))
    logs = adjusted(seconds, replace(PLAN, kind="duration"))
    assert logs.estimate == pytest.approx(adjusted(observations).estimate / 20.0, rel=EXACT)


def test_auditors_nested_in_arms_or_periods_are_told() -> None:
    by_arm = severity_of(visited(4, nested="arm"))
    assert by_arm.nesting.both_arms == 0
    assert by_arm.effects.groups == 2
    assert isinstance(auditor_adjusted_effect(visited(4, nested="arm"), PLAN), AdjustedEffect)
    by_period = visited(4, nested="period")
    assert severity_of(by_period).nesting.both_periods == 0
    # the new auditors came to both arms alike: whatever they are, it cancels in the difference
    assert isinstance(auditor_adjusted_effect(by_period, PLAN), AdjustedEffect)
    alone = auditor_adjusted_effect(by_period, replace(PLAN, design="before_after"))
    assert alone == NotEstimable("labels_not_linked", {"n": 2})


def test_what_severity_is_not_made_for_is_refused() -> None:
    observations = visited(5)
    for plan in (replace(PLAN, weights="observation"), replace(PLAN, estimator="ancova")):
        assert auditor_adjusted_effect(observations, plan) == NotEstimable("auditors_plain_only")
    dated = replace(PLAN, design="staggered")
    assert rater_severity(observations, dated) == NotEstimable("auditors_plain_only")
    assert rater_severity(replace(observations, auditor=None), PLAN) == NotEstimable("no_auditors")


def test_differences_that_only_one_branch_shows_have_no_error() -> None:
    """Every branch but one was visited by a single auditor: CR2 has nothing to measure spread by."""
    found = rater_severity(
        Observations.from_columns(
            branch=["A"] * 4 + ["B"] * 4 + ["C"] * 4,
            trained=[True] * 8 + [False] * 4,
            period=[BEFORE, BEFORE, AFTER, AFTER] * 3,
            value=[1.0, 3.0, 2.0, 5.0, 4.0, 4.5, 6.0, 6.0, 2.0, 3.0, 1.0, 1.5],
            auditor=["x", "y", "x", "y", *["x"] * 4, *["y"] * 4],
        ),
        PLAN,
    )
    assert isinstance(found, NotEstimable)


@pytest.mark.parametrize("seed", [19, 91, 50, 64, 71])
def test_a_variance_of_nothing_but_rounding_is_no_error(seed: int) -> None:
    """So few visits that CR2 variances are 0: neither below it nor a little above by rounding."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(6, 16))
    branch, late = rng.integers(0, 3, n), rng.integers(0, 2, n)
    value = rng.integers(0, 2, n).astype(np.float64)
    observations = Observations.from_columns(
        branch=branch.astype(str),
        trained=[True] * n,
        period=np.where(late == 1, AFTER, BEFORE),
        value=value,
        auditor=np.array(["X", "Y", "Z"])[rng.integers(0, 3, n)],
    )
    found = rater_severity(observations, replace(PLAN, design="before_after", kind="proportion"))
    if not isinstance(found, NotEstimable):
        assert not (found.standard_error < 0.01).any()


def test_many_zero_durations_have_no_effect_to_adjust() -> None:
    observations = visited(6)
    zeros = np.where(np.arange(len(observations.value)) % 5 == 0, 0.0, 30.0)
    found = auditor_adjusted_effect(replace(observations, value=zeros), replace(PLAN, kind="duration"))
    assert found == NotEstimable("auditors_plain_only")


def test_items_that_training_cannot_move_betray_drifting_auditors() -> None:
    plan = replace(PLAN, facility=("A1", "A3"))
    drifted, calm = negative_control(visited(7, drift=0.3), plan), negative_control(visited(7), plan)
    assert isinstance(drifted, NegativeControl)
    assert isinstance(calm, NegativeControl)
    assert drifted.moved
    assert not calm.moved
    assert [one.plan.outcome for one in drifted.each] == ["A1", "A3"]
    assert all(p is not None for p in drifted.adjusted_pvalues)
    both = drifted.analysis.effect
    each = [one.effect for one in drifted.each]
    assert not isinstance(both, NotEstimable)
    assert both.estimate == pytest.approx(
        np.mean([e.estimate for e in each if not isinstance(e, NotEstimable)]), rel=EXACT
    )
    assert negative_control(visited(7), PLAN) == NotEstimable("no_facility_items")
