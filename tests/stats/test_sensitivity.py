"""The specification curve and its own estimators."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import ttest_ind

from pilot_eval.domain.observations import AFTER, BEFORE, Labels, Matrix, Observations
from pilot_eval.stats.analysis import Analysis, analyse
from pilot_eval.stats.cells import observed_cells
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.sensitivity import SpecificationCurve, Specified, specification_curve
from pilot_eval.stats.specifications import (
    log_odds_ratio,
    of_transformed,
    rows_within,
    trimmed_difference,
)
from pilot_eval.stats.student import two_sided_pvalue
from pilot_eval.stats.subsets import with_rows
from tests.simulation.pilots import SCENARIOS, Scenario, runs

REFERENCE = Path(__file__).parent.parent / "reference"
CLUB_SANDWICH = json.loads((REFERENCE / "logit.json").read_text(encoding="utf-8"))
EXACT = 1e-9  # relative: the same number by another order of sums
ITERATED = 1e-7  # relative: R's logistic regression is found by iteration


def pilot(trained: int = 8, comparison: int = 8, *, seed: int = 1, gain: float = 5.0) -> Observations:
    rng = np.random.default_rng(seed)
    count = trained + comparison
    sizes = rng.integers(3, 9, (count, 2))
    branch = np.repeat(np.repeat(np.arange(count), 2), sizes.ravel())
    after = np.repeat(np.tile([0, 1], count), sizes.ravel())
    value = 60.0 + rng.normal(0.0, 5.0, count)[branch] + after * rng.normal(0.0, 2.0, count)[branch]
    value += gain * after * (branch < trained) + rng.normal(0.0, 4.0, len(branch))
    return Observations.from_columns(
        branch=np.array([f"B{b:02d}" for b in branch]),
        trained=branch < trained,
        period=np.where(after == 1, AFTER, BEFORE),
        value=value,
        auditor=[f"A{i}" for i in rng.integers(0, 4, len(branch))],
        operation=[f"O{i}" for i in rng.integers(0, 3, len(branch))],
    )


def shares() -> Observations:
    observations = pilot()
    return replace(observations, value=(observations.value > 62.0).astype(float))


def analysed(observations: Observations, **options: Any) -> Analysis:
    return analyse(observations, AnalysisPlan("x", **{"draws": 99, **options}))


def curve_of(observations: Observations, **options: Any) -> SpecificationCurve:
    found = specification_curve(observations, analysed(observations, **options))
    assert isinstance(found, SpecificationCurve)
    return found


def row(curve: SpecificationCurve, code: str) -> Specified:
    (found,) = [one for one in curve.rows if one.code == code]
    return found


@pytest.mark.parametrize("design", ["before_after", "difference_in_differences"])
@pytest.mark.parametrize("kind", ["score", "duration"])
@pytest.mark.parametrize("weights", ["branch", "observation"])
def test_as_planned_is_the_headline_to_the_last_digit(design: str, kind: str, weights: str) -> None:
    observations = pilot()
    analysis = analysed(observations, design=design, kind=kind, weights=weights)
    curve = specification_curve(observations, analysis)
    assert isinstance(curve, SpecificationCurve)
    planned = curve.rows[0]
    assert not isinstance(analysis.effect, NotEstimable)
    assert (planned.code, planned.estimate, planned.pvalue, planned.interval) == (
        "as_planned", analysis.effect.estimate, analysis.effect.pvalue, analysis.interval,
    )  # fmt: skip
    for test in analysis.robustness:
        again = row(curve, test.method)
        own = test.estimate is not None
        assert (again.pvalue, again.interval, again.own_estimate) == (test.pvalue, test.interval, own)


def test_other_weights_are_the_analysis_with_them() -> None:
    observations = pilot()
    other = analysed(observations, weights="observation").effect
    assert not isinstance(other, NotEstimable)
    found = row(curve_of(observations), "weights_observation")
    assert (found.estimate, found.standard_error) == (other.estimate, other.standard_error)
    back = row(curve_of(observations, weights="observation"), "weights_branch")
    assert back.estimate == row(curve_of(observations), "as_planned").estimate


def test_leaving_one_branch_out_is_the_analysis_of_the_others() -> None:
    observations = pilot(6, 7)
    curve = curve_of(observations)
    assert [one.name for one in curve.branches] == list(observations.branches)
    panel = observed_cells(observations)
    for place, one in enumerate(curve.branches):
        kept = np.arange(13) != place
        effect = estimate_effect(Panel.of(panel.take(kept), observations.trained[kept]))
        assert isinstance(effect, Effect)
        assert one.answer.estimate == pytest.approx(effect.estimate, rel=EXACT)
        assert one.answer.standard_error == pytest.approx(effect.standard_error, rel=EXACT)
        assert one.answer.branches == 12
    estimates = [one.answer.estimate for one in curve.branches]
    assert row(curve, "without_branch_lowest").estimate == min(estimates)
    assert row(curve, "without_branch_highest").estimate == max(estimates)


def test_leaving_one_auditor_out_is_the_analysis_of_other_rows() -> None:
    observations = pilot()
    curve = curve_of(observations)
    labels = observations.auditor
    assert labels is not None
    assert [one.name for one in curve.auditors] == list(labels.names)
    kept = labels.codes != 2
    by_hand = Observations.from_columns(
        branch=np.array(observations.branches)[observations.branch[kept]],
        trained=observations.trained[observations.branch[kept]],
        period=observations.period[kept],
        value=observations.value[kept],
    )
    effect = analysed(by_hand).effect
    assert not isinstance(effect, NotEstimable)
    assert curve.auditors[2].answer.estimate == pytest.approx(effect.estimate, rel=EXACT)


@pytest.mark.parametrize("unequal", [1.0, 3.0])
def test_trimmed_branches_are_yuens_test(unequal: float) -> None:
    rng = np.random.default_rng(3)
    trained = np.arange(55) < 25
    change = rng.standard_t(3, 55) * np.where(trained, unequal, 1.0) + 2.0 * trained
    estimate, error, df = trimmed_difference(change, trained, 0.1)
    theirs = ttest_ind(change[trained], change[~trained], equal_var=False, trim=0.1)
    assert estimate / error == pytest.approx(theirs.statistic, rel=EXACT)
    assert df == pytest.approx(theirs.df, rel=EXACT)


def test_a_trimmed_wild_branch_no_longer_decides() -> None:
    change = np.array([1.0, 1.1, 0.9, 1.2, 0.8, 1.0, 40.0])
    estimate, error, df = trimmed_difference(change, np.ones(7, dtype=np.bool_), 0.05)
    assert (estimate, df) == (pytest.approx(1.04), 4.0)
    assert error < 0.1


def test_branches_alike_but_for_the_trimmed_ones_show_no_spread() -> None:
    plain = pilot(7, 7)
    level = np.random.default_rng(1).normal(60.0, 9.0, 14)[plain.branch]
    usual = np.where(plain.trained[plain.branch], 10.0, 3.0)
    change = np.select([plain.branch % 7 == 0, plain.branch % 7 == 1], [-5.0, 20.0], usual)
    curve = curve_of(replace(plain, value=level + change * (plain.period == AFTER)))
    reasons = {one.code: one.reason for one in curve.unavailable}
    assert reasons["trimmed_branches"].code == "no_variation"


def test_trimmed_rows_are_the_middle_of_each_arm_and_period() -> None:
    observations = pilot(20, 20)
    kept = rows_within(observations, 0.05)
    arm = observations.trained[observations.branch]
    for trained in (True, False):
        for period in (BEFORE, AFTER):
            own = (arm == trained) & (observations.period == period)
            n = int(own.sum())
            assert int((own & kept).sum()) == n - 2 * int(0.05 * n)
            assert observations.value[own & kept].min() >= np.sort(observations.value[own])[int(0.05 * n)]


@pytest.mark.parametrize("name", CLUB_SANDWICH)
def test_the_logit_is_that_of_clubsandwich(name: str) -> None:
    theirs = CLUB_SANDWICH[name]
    observations = Observations.from_columns(
        branch=np.array(theirs["branch"]).astype(str),
        trained=np.array(theirs["trained"]) == 1,
        period=np.where(np.array(theirs["after"]) == 1, AFTER, BEFORE),
        value=np.array(theirs["y"], float),
    )
    found = log_odds_ratio(Panel.of(observed_cells(observations), observations.trained, by_rows=True))
    assert not isinstance(found, NotEstimable)
    assert found == pytest.approx((theirs["estimate"], theirs["standard_error"], theirs["df"]), rel=ITERATED)


def test_the_logit_of_all_or_nothing_is_not_estimable() -> None:
    observations = shares()
    after = (observations.period == AFTER) & observations.trained[observations.branch]
    sure = replace(observations, value=np.where(after, 1.0, observations.value))
    (found,) = [one for one in curve_of(sure, kind="proportion").unavailable if one.code == "logit"]
    assert found.reason == NotEstimable("share_of_zero_or_all")


def test_an_unchanged_scale_gives_the_effect_itself() -> None:
    """The delta method with the identity is the effect, its standard error and its degrees of freedom."""
    observations = pilot(5, 9)
    for by_rows in (False, True):
        panel = Panel.of(observed_cells(observations), observations.trained, by_rows=by_rows)
        effect = estimate_effect(panel)
        assert isinstance(effect, Effect)
        found = of_transformed(panel, effect, effect.means, np.ones((2, 2)))
        assert found == pytest.approx((effect.estimate, effect.standard_error, effect.df), rel=EXACT)


@pytest.mark.parametrize("design", ["before_after", "difference_in_differences"])
def test_branches_that_all_change_by_one_factor_have_no_ratio_to_test(design: str) -> None:
    plain = pilot()
    before = np.array([50.0, 60.0, 55.0, 62.0, 58.0, 41.0, 47.0, 66.0] * 2)[plain.branch]
    factor = np.where(plain.period == AFTER, np.where(plain.trained[plain.branch], 1.2, 1.1), 1.0)
    observations = replace(plain, value=before * factor)
    curve = curve_of(observations, design=design)
    reasons = {one.code: one.reason for one in curve.unavailable}
    assert reasons["ratio_of_ratios"].code == "no_variation"


def test_a_ratio_of_ratios_is_near_the_logarithms_where_values_vary_little() -> None:
    observations = pilot()
    large = replace(observations, value=1000.0 + observations.value)
    curve = curve_of(large)
    logs, ratio = row(curve, "logarithms"), row(curve, "ratio_of_ratios")
    assert ratio.estimate == pytest.approx(logs.estimate, rel=0.01)
    assert ratio.standard_error == pytest.approx(logs.standard_error, rel=0.01)
    means = analysed(large).means
    assert means is not None
    by_hand = (means[1, 1] / means[1, 0]) / (means[0, 1] / means[0, 0])
    assert ratio.estimate == pytest.approx(np.log(by_hand), rel=EXACT)


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if not s.skewed], ids=lambda s: s.name)
def test_the_ratio_of_ratios_rejects_no_change_as_often_as_it_says(scenario: Scenario) -> None:
    rng = np.random.default_rng(77)
    times = runs(400)
    rejected = 0
    for _ in range(times):
        panel = scenario.panel(rng)
        effect = estimate_effect(panel)
        assert isinstance(effect, Effect)
        estimate, error, df = of_transformed(panel, effect, np.log(effect.means), 1.0 / effect.means)
        rejected += two_sided_pvalue(estimate / error, df) < 0.05
    allowed = 0.06 if scenario.equal else 0.08
    assert rejected / times < allowed + 3.0 * (0.05 * 0.95 / times) ** 0.5


def test_a_severe_auditor_who_came_after_is_taken_out() -> None:
    observations = pilot(10, 10, gain=0.0)
    labels = observations.auditor
    assert labels is not None
    late = (observations.period == AFTER) & observations.trained[observations.branch]
    rng = np.random.default_rng(5)
    codes = np.where(late & (rng.random(len(late)) < 0.5), 0, labels.codes)
    severe = replace(
        observations,
        value=observations.value - 10.0 * (codes == 0),
        auditor=Labels(labels.names, codes),
    )
    curve = curve_of(severe)
    assert row(curve, "as_planned").estimate < -2.0
    assert abs(row(curve, "auditor_equal").estimate) < 2.0


def test_what_the_data_cannot_give_is_listed_with_its_reason() -> None:
    observations = replace(pilot(), auditor=None, operation=None)
    reasons = {one.code: one.reason for one in curve_of(observations).unavailable}
    assert reasons["auditor_equal"] == NotEstimable("no_column", {"column": "auditor"})
    assert reasons["operation_equal"] == NotEstimable("no_column", {"column": "operation"})
    assert reasons["without_auditor"] == NotEstimable("no_column", {"column": "auditor"})
    assert reasons["closed_as_zero"] == NotEstimable("no_column_of_closed")
    assert reasons["logit"] == NotEstimable("not_for_this_kind")


def test_a_branch_found_closed_counts_zero_where_a_column_says_so() -> None:
    observations = pilot()
    closed = np.arange(len(observations.value)) % 9 == 0
    empty = replace(observations, value=np.where(closed, np.nan, observations.value), closed=closed)
    zero = replace(observations, value=np.where(closed, 0.0, observations.value))
    found = row(curve_of(empty), "closed_as_zero")
    assert found.rows == len(observations.value)
    assert found.estimate == pytest.approx(analysed(zero).effect.estimate, rel=EXACT)
    assert row(curve_of(empty), "as_planned").rows == int(np.sum(~closed))
    durations = {one.code: one.reason for one in curve_of(empty, kind="duration").unavailable}
    assert durations["closed_as_zero"] == NotEstimable("not_for_this_kind")


def test_items_that_stopped_applying_no_longer_move_the_score() -> None:
    """Nobody improves; the harder item only stops applying after training, which lifts a naive score."""
    observations = pilot(8, 8, gain=0.0)
    rng = np.random.default_rng(6)
    late = (observations.period == AFTER) & observations.trained[observations.branch]
    easy, hard = (rng.random((2, len(late))) < [[0.9], [0.4]]).astype(float)
    hard[late] = np.nan
    items = Matrix(("easy", "hard"), np.column_stack([easy, hard]))
    with_items = replace(observations, value=100.0 * np.nanmean(items.values, axis=1), items=items)
    curve = curve_of(with_items)
    assert row(curve, "as_planned").estimate > 15.0
    assert abs(row(curve, "fixed_items").estimate) < 12.0
    assert row(curve, "fixed_items").scale == "difference"


def test_strata_and_their_absence_are_two_rows() -> None:
    stratum = [f"S{int(name[1:]) % 2}" for name in np.repeat([f"B{b:02d}" for b in range(16)], 1)]
    observations = pilot()
    labels = Labels.of(stratum)
    curve = curve_of(replace(observations, stratum=labels))
    assert row(curve, "without_strata").estimate == row(curve_of(observations), "as_planned").estimate
    assert row(curve, "as_planned").df != row(curve, "without_strata").df


def test_the_level_before_is_a_row_only_where_branches_were_drawn() -> None:
    observations = pilot()
    other = analysed(observations, estimator="ancova", allocation="random").effect
    assert not isinstance(other, NotEstimable)
    assert row(curve_of(observations, allocation="random"), "by_ancova").estimate == other.estimate
    planned = curve_of(observations, estimator="ancova", allocation="random")
    assert planned.rows[0].estimate == other.estimate
    assert row(planned, "by_change").estimate == row(curve_of(observations), "as_planned").estimate
    reasons = {one.code: one.reason for one in curve_of(observations, allocation="chosen").unavailable}
    assert reasons["other_estimator"] == NotEstimable("ancova_not_right")


def test_no_effect_no_curve() -> None:
    observations = pilot(1, 5)
    found = specification_curve(observations, analysed(observations))
    assert isinstance(found, NotEstimable)
    assert found.code == "few_branches"


def test_an_effect_of_all_specifications_agrees_with_itself() -> None:
    curve = curve_of(pilot(gain=15.0))
    assert curve.same_sign == curve.with_own_estimate > 6
    turned = curve_of(replace(pilot(gain=15.0), value=-pilot(gain=15.0).value))
    assert turned.same_sign == turned.with_own_estimate


def test_signed_ranks_are_told_with_their_own_estimate() -> None:
    """Rows that count once have another mean than branches, about which signed ranks ask."""
    observations = pilot(6, 6, gain=0.0)
    heavy = np.flatnonzero((observations.branch == 0) & (observations.period == AFTER))
    rows = np.concatenate([np.arange(len(observations.value)), np.repeat(heavy, 30)])
    many = with_rows(observations, np.ones(len(observations.value), dtype=np.bool_))
    many = replace(
        many,
        branch=many.branch[rows],
        period=many.period[rows],
        value=many.value[rows] + 100.0 * np.isin(rows, heavy),
        auditor=None,
        operation=None,
        rows=len(rows),
    )
    found = row(curve_of(many, design="before_after", weights="observation"), "wilcoxon_signed_rank")
    assert found.own_estimate
    assert found.interval.low is not None
    assert found.interval.high is not None
    assert found.interval.low <= found.estimate <= found.interval.high
