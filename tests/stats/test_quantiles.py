"""Quantiles against numpy and R, resamples against copies of the rows, effects against definitions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pilot_eval.domain.observations import AFTER, BEFORE, Observations
from pilot_eval.domain.outcomes import Better
from pilot_eval.stats import quantiles as kernel
from pilot_eval.stats.analysis import analyse
from pilot_eval.stats.contrasts import Effect
from pilot_eval.stats.flow import Flow
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.quantile_effects import (
    Change,
    QuantileEffect,
    quantile_effects,
    target_effect,
    typical_seconds,
)
from pilot_eval.stats.quantiles import (
    Clusters,
    SortedRows,
    arm_quantiles,
    percentile_interval,
    quantile,
)
from pilot_eval.stats.results import ConfidenceInterval, NotEstimable

INTERPOLATED = 1e-9  # relative: between the same two values
R = json.loads((Path(__file__).parent.parent / "reference" / "quantiles.json").read_text("utf-8"))


@pytest.mark.parametrize("count", [1, 2, 5, 37, 400, 5001])
def test_with_equal_weights_it_is_numpys_quantile(count: int) -> None:
    value = np.sort(np.round(np.random.default_rng(count).lognormal(5.0, 1.0, count)))
    for probability in (0.01, 0.1, 0.5, 0.9, 0.999):
        found = quantile(value, np.ones(count), probability)
        assert found == pytest.approx(float(np.quantile(value, probability)), rel=INTERPOLATED)


def test_with_weights_it_is_that_of_r() -> None:
    value, weight = np.array(R["x"], dtype=float), np.array(R["weights"])
    order = np.argsort(value, kind="stable")
    for probability, plain, weighted in zip(R["probabilities"], R["plain"], R["weighted"], strict=True):
        normed = weight[order] * len(weight) / weight.sum()
        assert quantile(value[order], np.ones(47), probability) == pytest.approx(plain, rel=INTERPOLATED)
        assert quantile(value[order], normed, probability) == pytest.approx(weighted, rel=INTERPOLATED)


def test_resamples_are_quantiles_of_the_copied_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(91)
    branch, value = rng.integers(0, 12, 300), np.round(rng.lognormal(5.0, 1.0, 300))
    times = rng.multinomial(12, np.ones(12) / 12, size=40).astype(float)
    cell = SortedRows.of(value, branch, np.ones(300))
    found = cell.quantiles(times, (0.05, 0.5, 0.9))
    for own, drawn in zip(found, times, strict=True):
        copies = np.repeat(value, drawn[branch].astype(int))
        assert own == pytest.approx(np.quantile(copies, (0.05, 0.5, 0.9)), rel=INTERPOLATED)
    monkeypatch.setattr(kernel, "AT_ONCE", 100)
    np.testing.assert_array_equal(cell.quantiles(times, (0.05, 0.5, 0.9)), found)


def test_resamples_take_each_branch_as_often_as_it_is_picked() -> None:
    group = np.array([1, 0, 1, 0, 1, 0, 0])
    clusters = Clusters(group, group == 1, np.ones(7))
    times = clusters.times(2_000, 3)
    assert (times[:, group == 0].sum(axis=1) == 4).all()
    assert (times[:, group == 1].sum(axis=1) == 3).all()
    assert times.mean(axis=0) == pytest.approx(np.ones(7), abs=0.1)
    assert (Clusters(group, group == 1, None).times(50, 3) == times[:50]).all()


def test_a_branch_with_many_rows_weighs_as_much_as_one_with_few() -> None:
    branch = np.repeat([0, 1, 2, 3], [1, 1, 1, 97])
    value = np.concatenate([[10.0, 20.0, 30.0], np.full(97, 1000.0)])
    after = np.zeros(100, dtype=bool)
    for weight, expected in ((np.ones(4), 25.0), (None, 1000.0)):
        clusters = Clusters(np.zeros(4, dtype=np.intp), np.ones(4, dtype=bool), weight)
        found = arm_quantiles(branch, after, value, clusters, (0.5,), draws=99, seed=1)
        assert found.seen[1, 0, 0] == pytest.approx(expected)
        assert np.isnan(found.seen[0]).all()


@pytest.mark.parametrize(("drawn", "low"), [(np.linspace(0.0, 1.0, 1001), 0.05), (np.full(99, np.inf), None)])
def test_percentiles_of_resamples_are_the_interval(drawn: np.ndarray, low: float | None) -> None:
    ends = percentile_interval(drawn, 0.9)
    assert ends.low == (None if low is None else pytest.approx(low))
    assert ends.bounded == (low is not None)


def pilot(seed: int = 1, *, names: str = "{:03}", kind: str = "duration") -> Observations:
    """44 branches with 3 to 12 rows; times are 10 % shorter after training."""
    rng = np.random.default_rng(seed)
    n = rng.integers(3, 13, (44, 2))
    branch = np.repeat(np.repeat(np.arange(44), 2), n.ravel())
    after = np.repeat(np.tile([0, 1], 44), n.ravel())
    trained = branch < 24
    log = 5.0 + rng.normal(0.0, 0.3, 44)[branch] + rng.normal(0.0, 0.6, len(branch)) - 0.1 * trained * after
    order = rng.permutation(len(branch)) if names != "{:03}" else np.arange(len(branch))
    name = np.array([names.format(500 - b if names != "{:03}" else b) for b in branch])
    return Observations.from_columns(
        branch=name[order],
        trained=trained[order],
        period=np.where(after, AFTER, BEFORE)[order],
        value=(np.exp(log) if kind == "duration" else log * 10.0)[order],
    )


def effects(observations: Observations, plan: AnalysisPlan) -> tuple[QuantileEffect, ...]:
    flow = Flow.of(observations, with_comparison=plan.with_comparison)
    return quantile_effects(observations, flow, plan)


PLAN = AnalysisPlan("x", kind="duration", draws=399)


def test_effects_follow_their_definitions() -> None:
    for one in effects(pilot(), PLAN):
        (c0, c1), (t0, t1) = one.seen
        assert isinstance(one.change, Change)
        assert one.uplift is not None
        assert one.change.estimate == pytest.approx(t1 - t0 * c1 / c0)
        assert one.uplift.estimate == pytest.approx(100.0 * (t0 * c1 / c0 / t1 - 1.0))
        assert one.change.interval.contains(one.change.estimate)
    for one in effects(pilot(kind="score"), replace(PLAN, kind="score", weights="observation")):
        (c0, c1), (t0, t1) = one.seen
        assert isinstance(one.change, Change)
        assert one.uplift is not None
        assert one.change.estimate == pytest.approx(t1 - (t0 + c1 - c0))
        assert one.uplift.estimate == pytest.approx(100.0 * (t1 / (t0 + c1 - c0) - 1.0))
    for one in effects(pilot(), replace(PLAN, design="before_after", better=Better.HIGHER)):
        assert isinstance(one.change, Change)
        assert one.uplift is not None
        assert one.change.estimate == pytest.approx(one.seen[1, 1] - one.seen[1, 0])
        assert one.uplift.estimate == pytest.approx(100.0 * (one.seen[1, 1] / one.seen[1, 0] - 1.0))


def test_rows_of_equal_number_give_the_plain_quantile_of_rows() -> None:
    rng = np.random.default_rng(92)
    value = rng.lognormal(5.0, 1.0, 80)
    observations = Observations.from_columns(
        branch=np.repeat(np.arange(8), 10).astype(str),
        trained=np.repeat(np.arange(8) < 4, 10),
        period=np.tile(np.repeat([BEFORE, AFTER], 5), 8),
        value=value,
    )
    median, slow = effects(observations, PLAN)
    own = value.reshape(8, 2, 5)
    for arm, members in ((0, slice(4, 8)), (1, slice(0, 4))):
        for period in (0, 1):
            expected = np.quantile(own[members, period], [0.5, 0.9])
            assert median.seen[arm, period] == pytest.approx(expected[0], rel=INTERPOLATED)
            assert slow.seen[arm, period] == pytest.approx(expected[1], rel=INTERPOLATED)


def test_names_and_order_do_not_matter_and_minutes_leave_the_uplift_alone() -> None:
    first = effects(pilot(), PLAN)
    other = effects(pilot(names="B{:03}"), PLAN)
    for one, two in zip(first, other, strict=True):
        for ours, theirs in ((one.change, two.change), (one.uplift, two.uplift)):
            assert isinstance(ours, Change)
            assert isinstance(theirs, Change)
            assert theirs.estimate == pytest.approx(ours.estimate, rel=INTERPOLATED)
            assert theirs.interval.low == pytest.approx(ours.interval.low, rel=INTERPOLATED)
            assert theirs.interval.high == pytest.approx(ours.interval.high, rel=INTERPOLATED)
    observations = pilot()
    minutes = effects(replace(observations, value=observations.value / 60.0), PLAN)
    for one, two in zip(first, minutes, strict=True):
        assert one.uplift is not None
        assert two.uplift is not None
        assert two.uplift.estimate == pytest.approx(one.uplift.estimate, rel=INTERPOLATED)


def test_a_zero_to_compare_with_leaves_nothing_to_expect() -> None:
    observations = pilot()
    early = (observations.period == BEFORE) & ~observations.trained[observations.branch]
    gone = replace(observations, value=np.where(early, 0.0, observations.value))
    for one in effects(gone, PLAN):
        assert one.change == NotEstimable("zero_quantile")
        assert one.uplift is None


def test_the_share_within_a_target_is_analysed_as_a_proportion() -> None:
    observations = pilot()
    flow = Flow.of(observations, with_comparison=True)
    found = target_effect(observations, flow, PLAN, 180.0).effect
    within = replace(observations, value=(observations.value <= 180.0).astype(float))
    same = analyse(within, replace(PLAN, kind="proportion")).effect
    assert isinstance(found, Effect)
    assert isinstance(same, Effect)
    assert (found.estimate, found.standard_error, found.df) == (same.estimate, same.standard_error, same.df)


def test_seconds_of_a_typical_time_follow_the_log_ratio() -> None:
    found = analyse(pilot(), PLAN)
    assert isinstance(found.effect, Effect)
    assert found.means is not None
    typical = typical_seconds(found.effect, found.means, 0.95)
    base = float(found.means[1, 0])
    assert typical.estimate == pytest.approx(base * (np.exp(found.effect.estimate) - 1.0))
    ends = found.effect.confidence_interval(0.95)
    assert ends.low is not None
    assert typical.interval.low == pytest.approx(base * (np.exp(ends.low) - 1.0))
    assert typical.interval != ConfidenceInterval(None, None)
