"""Fieller's interval of a ratio."""

from __future__ import annotations

import numpy as np
import pytest

from pilot_eval.stats.contrasts import Effect, estimate_effect
from pilot_eval.stats.fieller import ratio
from pilot_eval.stats.relative import counterfactual
from pilot_eval.stats.student import two_sided_quantile
from tests.stats.brute import made_up


@pytest.mark.parametrize(("numerator", "denominator"), [(2.0, 10.0), (-3.0, 10.0), (0.0, 5.0), (4.0, -9.0)])
def test_both_ends_are_where_the_test_of_the_ratio_just_rejects(numerator: float, denominator: float) -> None:
    covariance = np.array([[1.3, -0.4], [-0.4, 0.8]])
    ends = ratio(numerator, denominator, covariance, 2.1).interval
    for end in (ends.low, ends.high):
        assert end is not None
        spread = covariance[0, 0] - 2.0 * end * covariance[0, 1] + end**2 * covariance[1, 1]
        assert abs(numerator - end * denominator) / np.sqrt(spread) == pytest.approx(2.1, rel=1e-9)
    assert ends.contains(numerator / denominator)


def test_a_denominator_that_may_be_zero_gives_no_ends() -> None:
    result = ratio(3.0, 1.0, np.diag([1.0, 1.0]), 2.0)
    assert result.estimate == 3.0
    assert not result.interval.bounded
    assert (result.interval.low, result.interval.high) == (None, None)


def test_the_covariance_is_that_of_the_sample_within_arms() -> None:
    panel = made_up(51, 8, 11).panel()
    effect = estimate_effect(panel)
    assert isinstance(effect, Effect)
    mean, covariance = counterfactual(panel, effect)
    one, zero = panel.mean[panel.trained], panel.mean[~panel.trained]
    assert mean == pytest.approx(one[:, 0].mean() + (zero[:, 1] - zero[:, 0]).mean(), rel=1e-12)
    trained, comparison = np.cov(one.T, ddof=1) / 8, np.cov(zero.T, ddof=1) / 11
    on_effect, on_mean = np.array([-1.0, 1.0]), np.array([1.0, 0.0])
    expected = np.array(
        [
            [on_effect @ trained @ on_effect, on_effect @ trained @ on_mean],
            [on_mean @ trained @ on_effect, on_mean @ trained @ on_mean],
        ]
    )
    change = on_effect @ comparison @ on_effect
    np.testing.assert_allclose(
        covariance, expected + np.array([[change, -change], [-change, change]]), rtol=1e-9
    )


def test_dividing_the_interval_of_the_difference_would_be_too_narrow() -> None:
    panel = made_up(52, 6, 9).panel()
    effect = estimate_effect(panel)
    assert isinstance(effect, Effect)
    mean, covariance = counterfactual(panel, effect)
    covariance = covariance * 30.0  # few visits: the counterfactual is as unsure as the effect
    quantile = two_sided_quantile(0.95, effect.df)
    ends = ratio(effect.estimate, mean, covariance, quantile).interval
    assert ends.low is not None
    assert ends.high is not None
    naive = 2.0 * quantile * np.sqrt(covariance[0, 0]) / mean
    assert ends.high - ends.low > naive
