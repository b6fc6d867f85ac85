"""BCa of the uplift against scipy.stats.bootstrap, R's boot, refits of resamples and made-up pilots."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from pilot_eval.domain.outcomes import Better
from pilot_eval.stats import draws as drawing
from pilot_eval.stats.branch_bootstrap import (
    Groups,
    UpliftBootstrap,
    acceleration,
    bca,
    bootstrap_uplift,
)
from pilot_eval.stats.cells import Cells
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.relative import speed_of_log_ratio, speed_of_means, uplift_of_means
from pilot_eval.stats.results import ConfidenceInterval, NotEstimable
from tests.stats.brute import made_up

ROUNDING = 1e-9  # relative: the same sums in another order
QUANTILES = (
    0.01  # of the width: boot interpolates between resamples as normal quantiles, and has (R+1) of them
)
DRAWN = 0.05  # of the width: ends from other 9,999 resamples; their own spread is about 0.015
R = json.loads((Path(__file__).parent.parent / "reference" / "bca.json").read_text("utf-8"))


def panel_of(trained: np.ndarray, before: np.ndarray, after: np.ndarray) -> Panel:
    mean = np.column_stack([before, after])
    return Panel(trained, np.ones_like(mean), mean)


def found(plan: AnalysisPlan, panel: Panel) -> UpliftBootstrap:
    result = bootstrap_uplift(plan, panel)
    assert isinstance(result, UpliftBootstrap)
    return result


def uplift(one: np.ndarray, zero: np.ndarray, axis: int = -1) -> np.ndarray:
    """Per cent of the counterfactual; a branch is before + i after."""
    one, zero = one.mean(axis=axis), zero.mean(axis=axis)
    base = one.real + zero.imag - zero.real
    return np.asarray(100.0 * (one.imag - base) / base)


def close(ours: ConfidenceInterval, theirs: tuple[float, float], tolerance: float) -> bool:
    width = theirs[1] - theirs[0]
    return (ours.low, ours.high) == pytest.approx(theirs, abs=tolerance * width)


@pytest.mark.parametrize(("trained", "comparison"), [(9, 9), (7, 20)])
def test_interval_is_that_of_scipy_from_the_same_resamples(trained: int, comparison: int) -> None:
    panel = made_up(61, trained, comparison).panel()
    whole = panel.mean[:, 0] + 1j * panel.mean[:, 1]
    one, zero = whole[panel.trained], whole[~panel.trained]
    theirs = stats.bootstrap(
        (one, zero), uplift, vectorized=True, n_resamples=4999, rng=np.random.default_rng(5)
    )
    groups = Groups.of(panel)
    left_out = np.concatenate(
        [_jackknife(zero, lambda x: uplift(one, x)), _jackknife(one, lambda x: uplift(x, zero))]
    )
    ours = bca(
        theirs.bootstrap_distribution, float(uplift(one, zero)), acceleration(left_out, groups.sizes), 0.95
    )
    assert close(ours, tuple(theirs.confidence_interval), ROUNDING)
    # The same with our own resamples.
    plan = AnalysisPlan("x", draws=9999)
    own = found(plan, panel)
    assert own.estimate == pytest.approx(float(uplift(one, zero)), rel=ROUNDING)
    assert close(own.interval, tuple(theirs.confidence_interval), DRAWN)


def _jackknife(sample: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    return np.array([statistic(np.delete(sample, i)) for i in range(len(sample))])


@pytest.mark.parametrize("name", ["balanced", "unbalanced"])
def test_interval_is_that_of_r_boot_from_the_same_resamples(name: str) -> None:
    stored = R[name]
    data = {key: np.array(values) for key, values in stored["data"].items()}
    panel = Panel.of(_cells(data["before"], data["after"]), data["trained"].astype(bool))
    plan = AnalysisPlan("x", draws=9999)
    own = found(plan, panel)
    assert own.estimate == pytest.approx(stored["estimate"], rel=ROUNDING)
    assert close(own.interval, tuple(stored["confidence_interval"]), 2.0 * DRAWN)  # 1,999 resamples there
    groups = Groups.of(panel)
    arms = groups.left_out()
    base = arms[:, 1, 0] + arms[:, 0, 1] - arms[:, 0, 0]
    slant = acceleration(100.0 * (arms[:, 1, 1] / base - 1.0), groups.sizes)
    same = bca(np.array(stored["drawn"]), stored["estimate"], slant, 0.95)
    assert close(same, tuple(stored["confidence_interval"]), QUANTILES)


def _cells(before: np.ndarray, after: np.ndarray) -> Cells:
    mean = np.column_stack([before, after])
    return Cells(np.ones_like(mean), mean, np.zeros_like(mean))


def test_a_normal_mean_has_the_interval_of_the_normal_distribution() -> None:
    """With symmetric resamples nothing is to be corrected, and the ends are their plain quantiles."""
    drawn = np.linspace(-1.0, 1.0, 2001)
    assert close(bca(drawn, 0.0, 0.0, 0.9), (-0.9, 0.9), ROUNDING)


@pytest.mark.parametrize(
    ("by_rows", "strata", "comparison"), [(False, 0, 6), (True, 0, 6), (False, 2, 6), (False, 0, 0)]
)
def test_resamples_are_the_effect_of_the_picked_branches(by_rows: bool, strata: int, comparison: int) -> None:
    """Each resample refitted as a panel of its own; the picks are read from the stated stream."""
    panel = made_up(62, 5, comparison, strata=strata).panel(by_rows=by_rows)
    groups = Groups.of(panel)
    arms = groups.arms(groups.resampled(40, 7))
    words = np.random.PCG64(7).random_raw(40 * ((len(panel.trained) + 1) // 2)).reshape(40, -1)
    starts = np.cumsum(groups.sizes) - groups.sizes
    for draw in range(40):
        picks = []
        for size, start in zip(groups.sizes, starts, strict=True):
            for place in range(start, start + size):
                half = int(words[draw, place // 2]) >> (32 * (place % 2)) & 0xFFFFFFFF
                picks.append(int(start) + half * int(size) // 2**32)
        own = np.array(picks)
        stratum = None if panel.stratum is None else panel.stratum[own]
        refit = estimate_effect(Panel(panel.trained[own], panel.weight[own], panel.mean[own], stratum))
        assert isinstance(refit, Effect) or refit.code == "no_variation"
        if isinstance(refit, Effect):
            change = np.nan_to_num(arms[draw, :, 1] - arms[draw, :, 0])
            assert change[1] - change[0] == pytest.approx(refit.estimate, rel=1e-9)
            assert arms[draw, 1] == pytest.approx(refit.means[1], rel=1e-12)


def test_leaving_out_a_branch_is_leaving_out_its_rows() -> None:
    panel = made_up(63, 5, 6).panel(by_rows=True)
    arms = Groups.of(panel).left_out()
    for branch in range(11):
        keep = np.arange(11) != branch
        refit = estimate_effect(Panel(panel.trained[keep], panel.weight[keep], panel.mean[keep]))
        assert isinstance(refit, Effect)
        assert arms[branch] == pytest.approx(refit.means, rel=1e-12)


@pytest.mark.parametrize("design", ["difference_in_differences", "before_after"])
@pytest.mark.parametrize("better", [Better.HIGHER, Better.LOWER])
def test_the_estimate_is_the_uplift_itself(design: str, better: Better) -> None:
    comparison = 8 if design == "difference_in_differences" else 0
    panel = made_up(64, 7, comparison).panel()
    plan = AnalysisPlan("x", design=design, better=better, draws=199)
    effect = estimate_effect(panel)
    assert isinstance(effect, Effect)
    assert found(plan, panel).estimate == pytest.approx(uplift_of_means(plan, panel, effect).estimate)
    plan = replace(plan, kind="duration")
    times = bootstrap_uplift(plan, panel, logarithms=False)
    assert isinstance(times, UpliftBootstrap)
    assert times.estimate == pytest.approx(speed_of_means(plan, panel, effect)[0].estimate)
    logs = replace(panel, mean=np.log(panel.mean))
    effect = estimate_effect(logs)
    assert isinstance(effect, Effect)
    assert found(plan, logs).estimate == pytest.approx(speed_of_log_ratio(plan, effect)[0].estimate)


def test_with_many_branches_the_interval_is_that_of_fieller() -> None:
    rng = np.random.default_rng(65)
    trained = np.arange(600) < 300
    before = rng.normal(60.0, 6.0, 600)
    panel = panel_of(trained, before, before + rng.normal(1.0, 5.0, 600) + 4.0 * trained)
    plan = AnalysisPlan("x", draws=9999)
    effect = estimate_effect(panel)
    assert isinstance(effect, Effect)
    fieller = uplift_of_means(plan, panel, effect).interval
    assert close(found(plan, panel).interval, (fieller.low, fieller.high), DRAWN)


def test_a_counterfactual_that_may_be_zero_leaves_no_ends() -> None:
    rng = np.random.default_rng(66)
    trained = np.arange(30) < 15
    before = rng.normal(1.0, 3.0, 30)
    panel = panel_of(trained, before, before + rng.normal(0.0, 1.0, 30) + trained)
    result = bootstrap_uplift(AnalysisPlan("x", draws=999), panel)
    assert isinstance(result, UpliftBootstrap)
    assert result.without_base > 0.025 * 999
    assert result.interval == ConfidenceInterval(None, None)
    gone = bootstrap_uplift(AnalysisPlan("x", draws=999), replace(panel, mean=panel.mean - 10.0))
    assert isinstance(gone, NotEstimable)
    assert gone.code == "no_base"


def test_a_few_resamples_without_base_are_the_farthest() -> None:
    drawn = np.append(np.linspace(0.0, 1.0, 970), np.full(30, np.inf))
    ends = bca(drawn, 0.5, 0.0, 0.95)
    assert ends.low is not None
    assert ends.high is None
    assert bca(drawn, 0.5, 0.0, 0.8).bounded


def test_ends_beyond_all_resamples_do_not_exist() -> None:
    drawn = np.linspace(0.0, 1.0, 99)
    assert bca(drawn, 0.5, 0.0, 0.9).bounded
    assert bca(drawn, 0.5, 0.0, 0.99) == ConfidenceInterval(None, None)
    assert bca(drawn, 2.0, 0.0, 0.9) == ConfidenceInterval(None, None)


def test_a_branch_alone_in_its_arm_and_stratum_cannot_be_resampled() -> None:
    panel = made_up(67, 3, 6, strata=2).panel()
    result = bootstrap_uplift(AnalysisPlan("x", draws=99), panel)
    assert result == NotEstimable("lone_branches", {"n": 1})


def test_swapping_directions_exchanges_the_ends_and_large_means_keep_their_digits() -> None:
    panel = made_up(68, 8, 8).panel()
    up = found(AnalysisPlan("x", draws=499), panel)
    down = found(AnalysisPlan("x", draws=499, better=Better.LOWER), panel)
    assert (down.estimate, down.interval.low, down.interval.high) == (
        -up.estimate,
        pytest.approx(-up.interval.high, rel=1e-12),
        pytest.approx(-up.interval.low, rel=1e-12),
    )
    groups, far = Groups.of(panel), Groups.of(replace(panel, mean=panel.mean + 1e9))
    ours, theirs = groups.arms(groups.resampled(50, 1)), far.arms(far.resampled(50, 1)) - 1e9
    assert np.abs(ours - theirs).max() < 1e-6


def test_seeds_repeat_and_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = made_up(69, 8, 9).panel()
    first = found(AnalysisPlan("x", draws=499, seed=3), panel)
    monkeypatch.setattr(drawing, "PICKED_AT_ONCE", 50)
    assert found(AnalysisPlan("x", draws=499, seed=3), panel) == first
    assert found(AnalysisPlan("x", draws=499, seed=4), panel) != first


def test_a_distribution_that_is_far_off_has_no_interval() -> None:
    """The correction itself may run away; then there is no answer rather than a wrong one."""
    assert bca(np.linspace(0.0, 1.0, 999), 0.5, 0.6, 0.95) == ConfidenceInterval(None, None)
