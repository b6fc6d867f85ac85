"""The wild bootstrap against refits of every draw and against the package wildboottest."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from pilot_eval.stats.bootstrap import (
    Weights,
    _draws_by_branch,
    _draws_by_row,
    wild_cluster_bootstrap,
)
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.draws import WEBB, random_signs, webb_weights
from pilot_eval.stats.inversion import TestOfEffect
from tests.stats.brute import Rows, made_up, two_by_two, wild_pvalue, with_stratum_dummies

DRAWN = 0.012  # three standard errors of the difference of two p-values near 0.1 from 9,999 draws each
TIE = 1.0 - 1e-10


def bootstrap(panel: Panel, *, draws: int = 999, seed: int = 1, level: float = 0.95) -> TestOfEffect:
    effect = estimate_effect(panel)
    assert isinstance(effect, Effect)
    return wild_cluster_bootstrap(panel, effect, draws=draws, seed=seed, confidence_level=level)


def all_patterns(count: int) -> np.ndarray:
    bits = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
    return 1.0 - 2.0 * bits


def enumerated_pvalue(X: np.ndarray, y: np.ndarray, cluster: np.ndarray, effect: float = 0.0) -> float:
    statistics = wild_pvalue(X, y, cluster, all_patterns(cluster.max() + 1), effect)
    return float(np.mean(statistics[1:] >= statistics[0] * TIE))


@pytest.mark.parametrize(("trained", "comparison"), [(2, 3), (4, 3), (3, 3)])
def test_all_patterns_of_branches_equal_refits(trained: int, comparison: int) -> None:
    panel = made_up(21, trained, comparison).panel()
    X = np.column_stack([np.ones(len(panel.trained)), panel.trained.astype(float)])
    found = bootstrap(panel)
    assert found.enumerated
    assert found.draws == 2 ** len(panel.trained)
    assert found.pvalue == enumerated_pvalue(X, panel.change, np.arange(len(panel.trained)))


@pytest.mark.parametrize(("trained", "comparison"), [(3, 3), (2, 4), (6, 0)])
def test_all_patterns_of_rows_equal_refits(trained: int, comparison: int) -> None:
    rows = made_up(22, trained, comparison)
    found = bootstrap(rows.panel(by_rows=True))
    assert found.pvalue == enumerated_pvalue(two_by_two(rows), rows.value, rows.branch)


def test_all_patterns_within_strata_equal_refits() -> None:
    panel = made_up(23, 3, 4, strata=2).panel()
    assert panel.stratum is not None
    X = with_stratum_dummies(panel.trained, panel.stratum)
    assert bootstrap(panel).pvalue == enumerated_pvalue(X, panel.change, np.arange(7))


@pytest.mark.parametrize("by_rows", [False, True])
def test_the_interval_ends_where_refits_begin_to_reject(by_rows: bool) -> None:
    rows = made_up(24, 4, 3)
    panel = rows.panel(by_rows=by_rows)
    if by_rows:
        X, y, cluster = two_by_two(rows), rows.value, rows.branch
    else:
        X, y, cluster = two_by_two(_of_means(panel)), panel.mean.ravel(), np.repeat(np.arange(7), 2)
    effect = estimate_effect(panel)
    assert isinstance(effect, Effect)
    ends = bootstrap(panel, level=0.8).interval
    assert ends.low is not None
    assert ends.high is not None
    assert ends.low < effect.estimate < ends.high
    small = 1e-6 * effect.standard_error
    for end, outwards in ((ends.low, -small), (ends.high, small)):
        assert enumerated_pvalue(X, y, cluster, end - outwards) > 0.2
        assert enumerated_pvalue(X, y, cluster, end + outwards) <= 0.2


def _of_means(panel: Panel) -> Rows:
    count = len(panel.trained)
    return Rows(np.repeat(np.arange(count), 2), panel.trained, np.tile([0, 1], count), panel.mean.ravel())


def test_webb_draws_equal_refits_with_the_same_weights() -> None:
    panel = made_up(25, 4, 11).panel()
    count = len(panel.trained)
    X = np.column_stack([np.ones(count), panel.trained.astype(float)])
    weights = np.concatenate(list(webb_weights(count, 299, 5)))
    statistics = wild_pvalue(X, panel.change, np.arange(count), weights)
    found = bootstrap(panel, draws=299, seed=5)
    assert found.weights == "webb"
    assert found.pvalue == (1 + np.sum(statistics[1:] >= statistics[0] * TIE)) / 300


def test_webb_weights_have_mean_zero_and_variance_one() -> None:
    assert WEBB.mean() == pytest.approx(0.0, abs=1e-15)
    assert (WEBB**2).mean() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("trained", "comparison", "draws", "name", "enumerated"),
    [
        (5, 7, 99, "rademacher", True),  # 2^12 = 4,096
        (6, 7, 99, "webb", False),
        (6, 7, 9999, "rademacher", True),  # 2^13 = 8,192
        (11, 40, 999, "webb", False),
        (12, 40, 999, "rademacher", False),
        (13, 0, 99, "rademacher", False),
    ],
)
def test_weights_are_chosen_by_the_stated_rule(
    trained: int, comparison: int, draws: int, name: str, enumerated: bool
) -> None:
    arm = np.arange(trained + comparison) < trained
    chosen = Weights.choose(arm, draws, seed=1)
    assert (chosen.name, chosen.enumerated) == (name, enumerated)
    assert chosen.count == (2 ** len(arm) if enumerated else draws)


def test_strata_and_rows_collapse_to_plain_branches() -> None:
    rows = made_up(26, 13, 14, visits=(1,))
    plain = bootstrap(rows.panel())
    one = bootstrap(Panel.of(rows.cells, rows.trained, stratum=np.zeros(27, dtype=np.intp)))
    assert one.pvalue == plain.pvalue
    assert one.statistic == pytest.approx(plain.statistic, rel=1e-12)
    assert one.interval.low == pytest.approx(plain.interval.low, rel=1e-9)
    assert one.interval.high == pytest.approx(plain.interval.high, rel=1e-9)


@pytest.mark.parametrize("rows", [made_up(28, 14, 16), made_up(29, 13, 40, visits=(1, 4, 20))])
def test_the_pvalue_agrees_with_wildboottest(rows: Rows) -> None:
    frame = pd.DataFrame({"y": rows.value, "t": rows.trained[rows.branch] * 1.0, "a": rows.after * 1.0})
    frame["ta"] = frame.t * frame.a
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package's own deprecations
        from wildboottest.wildboottest import wildboottest

        theirs = wildboottest(
            smf.ols("y ~ t + a + ta", frame),
            cluster=pd.Series(rows.branch),
            param="ta",
            B=9999,
            bootstrap_type="11",
            seed=7,
            show=False,
        )
    ours = bootstrap(rows.panel(by_rows=True), draws=9999)
    assert ours.statistic == pytest.approx(float(theirs["statistic"].iloc[0]), rel=1e-7)
    assert ours.pvalue == pytest.approx(float(theirs["p-value"].iloc[0]), abs=DRAWN)


def test_without_comparison_it_is_the_sign_flip_test_of_changes() -> None:
    panel = made_up(30, 9, 0).panel()
    means = np.abs(all_patterns(9) @ panel.change)
    found = bootstrap(panel)
    assert found.method == "sign_flip"
    assert found.pvalue == np.mean(means >= abs(panel.change.sum()) * TIE)


@pytest.mark.parametrize(("trained", "comparison"), [(3, 3), (6, 0), (5, 14), (30, 20)])
@pytest.mark.parametrize("name", ["rademacher", "webb"])
def test_branches_that_count_once_are_rows_of_equal_number(trained: int, comparison: int, name: str) -> None:
    """The short form of the draws is the long one."""
    panel = made_up(29, trained, comparison).panel()
    effect = estimate_effect(panel)
    assert isinstance(effect, Effect)
    signs = random_signs(len(panel.trained), 499, 3) if name == "rademacher" else None
    weights = Weights(name, False, 499, signs, 3)
    short, long = _draws_by_branch(panel, effect, weights), _draws_by_row(panel, effect, weights)
    for one, two in zip((*short.top, *short.bottom), (*long.top, *long.bottom), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-12, atol=1e-13 * np.abs(two).max())
    for distance in (effect.estimate, -1.3, 0.4, 7.0):
        assert short.pvalue(distance) == long.pvalue(distance)
