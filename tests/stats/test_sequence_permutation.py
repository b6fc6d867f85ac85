"""The permutation of crossing dates against refits of every distinct order."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.inversion import invert
from pilot_eval.stats.permutation import permutation_test
from pilot_eval.stats.sequence_permutation import (
    all_sequences,
    assignments,
    random_sequences,
    sequence_draws,
)
from pilot_eval.stats.wedge_regression import Wedge, two_way_fit
from tests.stats.wedges import fit_of, made_up_wedge

TIE = 1.0 - 1e-10
EXACT = 1e-9  # relative: the same number by another order of sums


def every_order(crossing: np.ndarray) -> set[tuple[int, ...]]:
    return set(permutations(crossing.tolist()))


def studentised(panel: Wedge) -> float:
    """|coefficient| over its CR0 standard error, from dummies and least squares."""
    branch, period = np.nonzero(panel.seen)
    X = np.column_stack(
        [
            np.eye(len(panel.mean))[branch],
            np.eye(panel.mean.shape[1])[period][:, 1:],
            panel.exposed[branch, period].astype(float),
        ]
    )
    y = panel.mean[branch, period]
    coefficients, _, rank, _ = np.linalg.lstsq(X, y, rcond=None)
    if rank < X.shape[1]:
        return float("inf")
    bread = np.linalg.inv(X.T @ X)
    residual = y - X @ coefficients
    scores = [float((bread @ X[branch == b].T @ residual[branch == b])[-1]) for b in range(len(panel.mean))]
    return float(abs(coefficients[-1]) / np.sqrt(np.sum(np.square(scores))))


def refitted_pvalue(panel: Wedge, effect: float = 0.0) -> float:
    lowered = panel.mean - effect * panel.exposed
    own = studentised(Wedge(lowered, panel.crossing))
    drawn = [studentised(Wedge(lowered, np.array(order))) for order in every_order(panel.crossing)]
    return float(np.mean(np.array(drawn) >= own * TIE))


CASES = [([1, 1, 2, 3, 3, 4], 4, 0), ([1, 2, 2, 3, 4, 4], 4, 3), ([0, 1, 2, 3, 3], 3, 1)]


@pytest.mark.parametrize(("crossing", "periods", "missing"), CASES)
def test_all_orders_equal_refits_of_each(crossing: list[int], periods: int, missing: int) -> None:
    panel = made_up_wedge(11, crossing, periods, missing=missing)
    fit = fit_of(panel)
    drawn = sequence_draws(panel, fit, draws=99, seed=1)
    assert drawn.enumerated
    assert drawn.count == len(every_order(panel.crossing)) == assignments(panel.crossing)
    for effect in (0.0, 1.0, 3.5):
        expected = refitted_pvalue(panel, effect)
        assert drawn.pvalue(float(fit.coefficients[0]) - effect) == expected


def test_the_interval_ends_where_refits_begin_to_reject() -> None:
    panel = made_up_wedge(12, [1, 2, 2, 3, 4, 4], 4, missing=2)
    fit = fit_of(panel)
    drawn = sequence_draws(panel, fit, draws=99, seed=1)
    effect = fit.contrast(np.ones(1))
    ends = invert(drawn.pvalue, effect.estimate, effect.standard_error, 0.9)
    assert ends.low is not None
    assert ends.high is not None
    small = 1e-6 * effect.standard_error
    for end, outwards in ((ends.low, -small), (ends.high, small)):
        assert refitted_pvalue(panel, end - outwards) > 0.1
        assert refitted_pvalue(panel, end + outwards) <= 0.1


def test_two_periods_and_equal_arms_are_the_permutation_of_arms() -> None:
    trained = np.arange(12) < 6
    panel = made_up_wedge(13, [1] * 6 + [2] * 6, 2)
    pair = Panel(trained, np.ones((12, 2)), panel.mean)
    effect = estimate_effect(pair)
    assert isinstance(effect, Effect)
    expected = permutation_test(pair, effect, draws=999, seed=5, confidence_level=0.95)
    drawn = sequence_draws(panel, fit_of(panel), draws=999, seed=5)
    assert drawn.pvalue(effect.estimate) == expected.pvalue
    found = invert(drawn.pvalue, effect.estimate, effect.standard_error, 0.95)
    assert (found.low, found.high) == pytest.approx(
        (expected.interval.low, expected.interval.high), rel=EXACT
    )


def test_chunks_do_not_change_what_is_drawn() -> None:
    crossing = np.array([1, 1, 2, 3, 3, 4, 5, 5], dtype=np.intp)
    whole = np.concatenate(list(random_sequences(crossing, 50, 7, 1)))
    parts = np.concatenate(list(random_sequences(crossing, 50, 7, 1_000_000)))
    assert np.array_equal(whole, parts)
    assert np.array_equal(np.sort(whole, axis=1), np.broadcast_to(crossing, whole.shape))
    small = np.array([0, 1, 1, 2], dtype=np.intp)
    listed = [tuple(row) for part in all_sequences(small, 1_500_000) for row in part.tolist()]
    assert len(listed) == 12
    assert set(listed) == every_order(small)


def test_an_order_without_a_coefficient_counts_as_extreme() -> None:
    """The later branch is seen late only: where it crosses first, nothing tells training from the period."""
    panel = Wedge(
        np.array([[5.0, 7.0, 8.0, 8.5], [4.0, 4.5, 6.0, 7.1], [np.nan, np.nan, 5.0, 6.0]]),
        np.array([1, 2, 3]),
    )
    fit = fit_of(panel)
    orders = [Wedge(panel.mean, np.array(order)) for order in every_order(panel.crossing)]
    none = [o for o in orders if two_way_fit(o, o.exposed[None].astype(float)) is None]
    drawn = sequence_draws(panel, fit, draws=99, seed=1)
    assert drawn.pvalue(float(fit.coefficients[0])) == refitted_pvalue(panel)
    assert drawn.pvalue(float(fit.coefficients[0])) >= len(none) / len(orders)
