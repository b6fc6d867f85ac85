"""An analysis as a whole: invariances, what is answered when data are thin, durations, cautions."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pilot_eval.domain.observations import AFTER, BEFORE, DURING, Observations
from pilot_eval.domain.outcomes import Better
from pilot_eval.stats.analysis import Analysis, analyse
from pilot_eval.stats.contrasts import Effect
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import Caution, NotEstimable

EXACT = 1e-9  # relative: the same numbers by another order of sums
PLAN = AnalysisPlan("x", draws=199)


def pilot(
    seed: int = 1,
    *,
    trained: int = 13,
    comparison: int = 12,
    visits: int = 4,
    unit: float = 1.0,
    names: str = "B{}",
) -> dict[str, Any]:
    """Columns of a made-up pilot with positive skewed values."""
    rng = np.random.default_rng(seed)
    count = trained + comparison
    branch = np.repeat(np.arange(count), 2 * visits)
    period = np.tile(np.repeat([BEFORE, AFTER], visits), count)
    value = unit * np.exp(
        rng.normal(5.0, 0.3, count)[branch]
        - 0.1 * ((branch < trained) & (period == AFTER))
        + rng.normal(0.0, 0.4, len(branch))
    )
    order = rng.permutation(count)
    return {
        "branch": np.array([names.format(order[b]) for b in branch]),
        "trained": branch < trained,
        "period": period,
        "value": value,
    }


def analysed(columns: dict[str, Any], plan: AnalysisPlan = PLAN) -> Analysis:
    return analyse(Observations.from_columns(**columns), plan)


def effect_of(analysis: Analysis) -> Effect:
    assert isinstance(analysis.effect, Effect)
    return analysis.effect


def codes(analysis: Analysis) -> list[str]:
    return [caution.code for caution in analysis.cautions]


@pytest.mark.parametrize("weights", ["branch", "observation"])
@pytest.mark.parametrize("kind", ["score", "duration"])
def test_the_order_of_rows_and_the_names_of_branches_do_not_matter(kind: str, weights: str) -> None:
    plan = replace(PLAN, kind=kind, weights=weights)
    first = analysed(pilot(), plan)
    columns = pilot(names="Z{}-office")
    turned = np.random.default_rng(2).permutation(len(columns["value"]))
    codes_of = {name: f"{hash(name) % 10**9:09d}" for name in set(columns["branch"].tolist())}
    columns["branch"] = np.array([codes_of[name] for name in columns["branch"].tolist()])
    second = analysed({name: values[turned] for name, values in columns.items()}, plan)
    assert effect_of(second).estimate == pytest.approx(effect_of(first).estimate, rel=EXACT)
    assert effect_of(second).pvalue == pytest.approx(effect_of(first).pvalue, rel=EXACT)
    for one, two in zip(first.robustness, second.robustness, strict=True):
        assert one.pvalue == two.pvalue
        assert one.interval.low == pytest.approx(two.interval.low, rel=1e-6)


def test_seconds_or_minutes_leave_the_uplift_of_a_duration_alone() -> None:
    plan = replace(PLAN, kind="duration")
    seconds, minutes = analysed(pilot(), plan), analysed(pilot(unit=1 / 60), plan)
    assert seconds.uplift is not None
    assert minutes.uplift is not None
    assert minutes.uplift.estimate == pytest.approx(seconds.uplift.estimate, rel=EXACT)
    assert minutes.uplift.interval.low == pytest.approx(seconds.uplift.interval.low, rel=EXACT)
    assert minutes.robustness[0].pvalue == seconds.robustness[0].pvalue


def test_ten_percent_faster_is_a_time_of_ten_elevenths() -> None:
    columns = pilot(visits=1)
    columns["value"] = np.where(columns["period"] == AFTER, 100.0, 100.0) * np.exp(
        np.random.default_rng(3).normal(0.0, 1e-9, len(columns["value"]))
    )
    columns["value"] *= np.where(columns["trained"] & (columns["period"] == AFTER), 1 / 1.1, 1.0)
    found = analysed(columns, replace(PLAN, kind="duration"))
    assert found.speed is not None
    assert found.speed.speed_percent == pytest.approx(10.0, rel=1e-6)
    assert found.speed.time_percent == pytest.approx(-100.0 / 11.0, rel=1e-6)
    assert effect_of(found).estimate == pytest.approx(-math.log(1.1), rel=1e-6)


def test_durations_average_logarithms_within_branches_and_report_geometric_means() -> None:
    columns = pilot()
    found = analysed(columns, replace(PLAN, kind="duration"))
    logs = np.log(columns["value"])
    chosen = columns["trained"] & (columns["period"] == BEFORE)
    assert found.means is not None
    assert found.means[1, 0] == pytest.approx(math.exp(logs[chosen].mean()), rel=EXACT)
    change = np.log(found.means[:, 1] / found.means[:, 0])
    assert change[1] - change[0] == pytest.approx(effect_of(found).estimate, rel=EXACT)
    assert found.uplift is not None
    ends = effect_of(found).confidence_interval(0.95)
    assert ends.high is not None
    assert found.uplift.interval.low == pytest.approx(100 * math.expm1(-ends.high), rel=EXACT)


def test_proportions_are_told_in_percent() -> None:
    columns = pilot()
    columns["value"] = (columns["value"] > 150.0).astype(float)
    found = analysed(columns, replace(PLAN, kind="proportion"))
    as_score = analysed(columns, PLAN)
    assert effect_of(found).estimate == pytest.approx(100.0 * effect_of(as_score).estimate, rel=EXACT)


def test_lower_is_better_turns_the_uplift_and_not_the_effect() -> None:
    higher = analysed(pilot())
    lower = analysed(pilot(), replace(PLAN, better=Better.LOWER))
    assert effect_of(lower).estimate == effect_of(higher).estimate
    assert higher.uplift is not None
    assert lower.uplift is not None
    assert lower.uplift.estimate == -higher.uplift.estimate  # type: ignore[operator]  # both exist
    assert lower.uplift.interval.low == -higher.uplift.interval.high  # type: ignore[operator]  # both exist


@pytest.mark.parametrize(
    ("trained", "comparison", "arm", "n"),
    [(1, 9, "trained", 1), (9, 1, "comparison", 1), (9, 0, "comparison", 0)],
)
def test_fewer_than_two_branches_in_an_arm_are_not_estimable(
    trained: int, comparison: int, arm: str, n: int
) -> None:
    found = analysed(pilot(trained=trained, comparison=comparison))
    assert found.effect == NotEstimable("few_branches", {"arm": arm, "n": n, "need": 2})
    assert found.uplift is None
    assert found.robustness == ()
    assert found.agreement is None


def test_nothing_but_missing_values_is_not_estimable() -> None:
    columns = pilot()
    columns["value"] = np.full(len(columns["value"]), np.nan)
    for design in ("difference_in_differences", "before_after"):
        found = analysed(columns, replace(PLAN, design=design))
        assert isinstance(found.effect, NotEstimable)
        assert found.flow.rows_used == 0


def test_branches_of_one_period_and_rows_of_training_are_left_out_and_listed() -> None:
    columns = pilot()
    name = columns["branch"][0]
    lost = (columns["branch"] == name) & (columns["period"] == AFTER)
    columns["value"] = np.where(lost, np.nan, columns["value"])
    columns["period"] = np.where((columns["branch"] == name) & lost, DURING, columns["period"])
    found = analysed(columns)
    assert found.flow.unpaired_trained == (name,)
    assert found.flow.during == 4
    assert found.flow.trained == 12
    assert found.flow.rows_used == 24 * 8
    assert {"unpaired_branches", "during_left_out"} <= set(codes(found))


def test_before_after_looks_at_trained_branches_only_and_says_so() -> None:
    found = analysed(pilot(), replace(PLAN, design="before_after"))
    alone = analysed(pilot(comparison=0), replace(PLAN, design="before_after"))
    assert found.flow.comparison == 0
    assert Caution("comparison_left_out", {"n": 12}) in found.cautions
    assert "no_comparison_group" in codes(found)
    assert "no_comparison_group" in codes(alone)
    assert [test.method for test in found.robustness] == ["sign_flip", "wilcoxon_signed_rank"]
    assert effect_of(found).df == pytest.approx(12.0)


def test_few_branches_are_warned_of_with_their_degrees_of_freedom() -> None:
    found = analysed(pilot(trained=4, comparison=16))
    assert Caution("few_branches", {"n": 4, "df": effect_of(found).df}) in found.cautions
    assert "few_branches" not in codes(analysed(pilot(trained=6, comparison=6)))


def test_weights_that_turn_the_direction_are_warned_of() -> None:
    # the one large trained branch fell, the small ones rose
    sizes = [40, 2, 2, 2, 2, 2, 2]
    branch = np.repeat(np.repeat(np.arange(7), 2), np.repeat(sizes, 2))
    period = np.concatenate([np.repeat([BEFORE, AFTER], n) for n in sizes])
    fell = np.array([-6.0, 3.0, 2.0, 2.5, 0.0, 0.1, -0.1])
    value = 50.0 + np.where(period == AFTER, fell[branch], 0.0) + np.linspace(0.0, 0.1, len(branch))
    columns = {"branch": branch.astype(str), "trained": branch < 4, "period": period, "value": value}
    by_branch, by_row = analysed(columns), analysed(columns, replace(PLAN, weights="observation"))
    assert effect_of(by_branch).estimate > 0.0 > effect_of(by_row).estimate
    assert "weights_disagree" in codes(by_branch)
    assert "weights_disagree" in codes(by_row)
    assert "weights_disagree" not in codes(analysed(pilot()))


def test_a_few_zero_seconds_are_taken_as_half_a_second_and_counted() -> None:
    columns = pilot()
    columns["value"][[0, 5]] = 0.0
    found = analysed(columns, replace(PLAN, kind="duration"))
    columns["value"][[0, 5]] = 0.5
    same = analysed(columns, replace(PLAN, kind="duration"))
    assert effect_of(found).estimate == effect_of(same).estimate
    assert Caution("zero_durations", {"n": 2}) in found.cautions


def test_many_zero_seconds_are_answered_by_the_ratio_of_mean_times() -> None:
    columns = pilot()
    columns["value"][::9] = 0.0
    found = analysed(columns, replace(PLAN, kind="duration"))
    as_score = analysed(columns, PLAN)
    assert isinstance(found.effect, NotEstimable)
    assert found.effect.code == "too_many_zeros"
    assert found.interval is None
    assert found.robustness == ()
    assert found.uplift is not None
    assert as_score.uplift is not None
    change = as_score.uplift.estimate
    assert change is not None
    assert found.uplift.estimate == pytest.approx(100.0 * (100.0 / (100.0 + change) - 1.0), rel=EXACT)
    high = as_score.uplift.interval.high
    assert high is not None
    assert found.uplift.interval.low == pytest.approx(100.0 * (100.0 / (100.0 + high) - 1.0), rel=EXACT)
    assert found.uplift.method == "fieller"


def test_strata_without_both_arms_are_left_out_and_counted() -> None:
    columns = pilot()
    codes_of = {name: i for i, name in enumerate(dict.fromkeys(columns["branch"].tolist()))}
    place = np.array([codes_of[name] for name in columns["branch"].tolist()])
    columns["stratum"] = np.where(place < 2, "lonely", np.where(place % 2, "north", "south"))
    found = analysed(columns)
    assert found.flow.one_armed == 2
    assert found.flow.trained == 11
    kept = place >= 2
    without = analysed({name: values[kept] for name, values in columns.items()})
    assert effect_of(found).estimate == pytest.approx(effect_of(without).estimate, rel=EXACT)
    assert Caution("strata_without_both_arms", {"n": 2}) in found.cautions


def test_a_score_below_zero_has_no_uplift_in_percent() -> None:
    columns = pilot()
    columns["value"] = columns["value"] - 1e4
    found = analysed(columns)
    assert found.uplift is not None
    assert found.uplift.estimate is None
    assert "uplift_without_base" in codes(found)


def test_agreement_says_whether_all_fall_on_one_side() -> None:
    found = analysed(pilot(trained=3, comparison=3))
    assert found.agreement == (
        len({p <= 0.05 for p in (effect_of(found).pvalue, *(t.pvalue for t in found.robustness))}) == 1
    )
    columns = pilot(trained=3, comparison=3)
    columns["value"] = columns["value"] + 1e4 * (columns["trained"] & (columns["period"] == AFTER))
    apart = analysed(columns)
    assert effect_of(apart).pvalue < 0.05
    assert apart.robustness[1].pvalue == 0.1
    assert apart.agreement is False


def test_a_stricter_level_widens_every_interval() -> None:
    wide, narrow = analysed(pilot(), replace(PLAN, level=0.975)), analysed(pilot())
    assert wide.interval is not None
    assert narrow.interval is not None
    assert wide.interval.low < narrow.interval.low  # type: ignore[operator]  # both exist
    for one, two in zip(wide.robustness, narrow.robustness, strict=True):
        assert one.interval.low < two.interval.low  # type: ignore[operator]  # both exist


@pytest.mark.parametrize("design", ["difference_in_differences", "before_after"])
def test_no_rows_at_all_are_not_estimable(design: str) -> None:
    nothing = {"branch": [], "trained": [], "period": [], "value": []}
    for kind in ("score", "duration"):
        found = analysed(nothing, replace(PLAN, design=design, kind=kind))
        assert isinstance(found.effect, NotEstimable)


def test_many_strata_of_a_network_cost_no_regression_of_rows() -> None:
    """It would hold branches x strata squared numbers, for a warning."""
    rng = np.random.default_rng(1)
    branch = np.repeat(np.arange(4_000), 2)
    columns = {
        "branch": np.char.zfill(branch.astype(str), 5),
        "trained": branch % 2 == 0,
        "period": np.tile([BEFORE, AFTER], 4_000),
        "value": rng.normal(60.0, 5.0, 8_000),
        "stratum": (branch // 40).astype(str),
    }
    begun = time.process_time()
    assert isinstance(analysed(columns).effect, Effect)
    assert time.process_time() - begun < 4.0
