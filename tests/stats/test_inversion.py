"""Confidence interval and p-value of one method never contradict each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_eval.stats.bootstrap import wild_cluster_bootstrap
from pilot_eval.stats.cells import Cells
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.inversion import TestOfEffect, invert
from pilot_eval.stats.permutation import permutation_test
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.ranks import wilcoxon_signed_rank
from pilot_eval.stats.relative import uplift_of_means
from pilot_eval.stats.results import ConfidenceInterval, significance

DATA_SETS = 2_000
LEVELS = (0.8, 0.9, 0.95, 0.975)


def random_panel(rng: np.random.Generator, *, comparison: bool, rounded: bool) -> Panel:
    """A small pilot; rounded values bring ties and changes of exactly 0."""
    trained = int(rng.integers(2, 9))
    count = trained + (int(rng.integers(2, 9)) if comparison else 0)
    arm = np.arange(count) < trained
    mean = rng.normal(10.0, 2.0, (count, 2)) * rng.choice([1.0, 4.0]) + rng.normal(0.0, 2.0) * arm[:, None]
    mean[:, 1] += rng.normal(0.0, 3.0) * arm
    if rounded:
        mean = np.round(mean)
    weight = rng.integers(1, 6, (count, 2)).astype(float)
    by_rows = bool(rng.integers(2))
    return Panel.of(Cells(weight, mean, np.zeros_like(mean)), arm, by_rows=by_rows)


def assert_consistent(test: TestOfEffect, level: float) -> None:
    rejected = test.pvalue <= significance(level)
    assert test.interval.contains(0.0) == (not rejected), test


@pytest.mark.parametrize("comparison", [True, False])
def test_zero_lies_in_the_interval_exactly_when_it_is_not_rejected(comparison: bool) -> None:
    rng = np.random.default_rng(41)
    seen = 0
    for number in range(DATA_SETS // 2 if comparison else DATA_SETS // 5):
        panel = random_panel(rng, comparison=comparison, rounded=bool(number % 2))
        level = LEVELS[number % len(LEVELS)]
        effect = estimate_effect(panel)
        if not isinstance(effect, Effect):
            continue
        assert effect.confidence_interval(level).contains(0.0) == (effect.pvalue >= significance(level))
        draws = {"draws": 99 if number % 3 else 299, "seed": number, "confidence_level": level}
        assert_consistent(wild_cluster_bootstrap(panel, effect, **draws), level)
        if comparison:
            assert_consistent(permutation_test(panel, effect, **draws), level)
        else:
            ranks = wilcoxon_signed_rank(
                panel.change, standard_error=effect.standard_error, confidence_level=level
            )
            assert_consistent(ranks, level)
        seen += 1
    assert seen > 0.9 * DATA_SETS / 5


def test_fiellers_set_holds_zero_exactly_when_the_effect_is_not_rejected() -> None:
    rng = np.random.default_rng(42)
    bounded = 0
    for number in range(DATA_SETS):
        panel = random_panel(rng, comparison=bool(number % 2), rounded=False)
        level = LEVELS[number % len(LEVELS)]
        effect = estimate_effect(panel)
        assert isinstance(effect, Effect)
        plan = AnalysisPlan("x", level=level)
        uplift = uplift_of_means(plan, panel, effect)
        if not uplift.interval.bounded:
            continue
        bounded += 1
        assert uplift.interval.contains(0.0) == (effect.pvalue >= significance(level))
    assert bounded > 0.5 * DATA_SETS


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    estimate=st.floats(-50.0, 50.0),
    wobble=st.lists(st.floats(-0.2, 0.2), min_size=9, max_size=9),
    level=st.sampled_from(LEVELS),
)
def test_even_a_pvalue_that_rises_again_gives_a_consistent_interval(
    estimate: float, wobble: list[float], level: float
) -> None:
    def pvalue(distance: float) -> float:
        step = min(8, int(abs(distance)))
        return float(np.clip(1.0 - abs(distance) / 8.0 + wobble[step], 0.0, 1.0)) if distance else 1.0

    ends = invert(pvalue, estimate, 1.0, level)
    assert ends.contains(0.0) == (pvalue(estimate) > significance(level))
    assert ends.contains(estimate)


def test_a_known_pvalue_function_is_inverted_to_the_last_digits() -> None:
    ends = invert(lambda distance: 1.0 / (1.0 + distance**2), 3.0, 0.7, 0.9)
    assert ends.low == pytest.approx(0.0, abs=1e-12)
    assert ends.high == pytest.approx(6.0, rel=1e-12)


def test_an_end_that_is_never_rejected_does_not_exist() -> None:
    ends = invert(lambda distance: 1.0 if distance > 0 else 1.0 / (1.0 + distance**2), 3.0, 1.0, 0.9)
    assert ends.low is None
    assert ends.high == pytest.approx(6.0)
    assert not ends.bounded
    assert ConfidenceInterval(None, 6.0).scaled(-2.0) == ConfidenceInterval(-12.0, None)
