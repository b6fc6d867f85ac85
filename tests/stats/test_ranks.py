"""Wilcoxon's signed ranks against scipy and against all signs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pilot_eval.stats.ranks import wilcoxon_signed_rank


def pvalue(change: np.ndarray) -> float:
    return wilcoxon_signed_rank(change, standard_error=1.0, confidence_level=0.95).pvalue


@pytest.mark.parametrize("count", [4, 11, 50])
def test_without_ties_it_is_scipys_exact_test(count: int) -> None:
    change = np.random.default_rng(count).normal(0.4, 1.0, count)
    expected = stats.wilcoxon(change, method="exact")
    found = wilcoxon_signed_rank(change, standard_error=0.2, confidence_level=0.95)
    assert found.pvalue == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.statistic == expected.statistic


def test_many_tied_changes_have_scipys_approximation() -> None:
    change = np.round(np.random.default_rng(5).normal(0.3, 2.0, 200))
    assert pvalue(change) == pytest.approx(stats.wilcoxon(change, method="approx").pvalue, rel=1e-9)


def test_few_tied_changes_are_exact_over_all_signs() -> None:
    change = np.array([1.0, 1.0, -1.0, 2.0, 2.0, 0.0, 3.0, -2.0, 4.0])
    kept = change[change != 0]
    ranks = stats.rankdata(np.abs(kept))
    signs = (np.arange(2 ** len(kept))[:, None] >> np.arange(len(kept))) & 1
    sums = signs @ ranks
    smaller = min(ranks[kept > 0].sum(), ranks[kept < 0].sum())
    assert pvalue(change) == pytest.approx(min(1.0, 2.0 * np.mean(sums <= smaller)), rel=1e-12)


def test_the_interval_is_made_of_walsh_averages() -> None:
    change = np.random.default_rng(6).normal(1.0, 1.0, 12)
    ends = wilcoxon_signed_rank(change, standard_error=0.3, confidence_level=0.95).interval
    walsh = np.sort([(a + b) / 2 for i, a in enumerate(change) for b in change[i:]])
    # n = 12: P(T <= 13) = 0.0212 is rejected at 2.5 % a side, so the 14th smallest average is the lower end
    assert ends.low == pytest.approx(walsh[13], abs=1e-9)
    assert ends.high == pytest.approx(walsh[-14], abs=1e-9)


def test_no_change_at_all_rejects_nothing() -> None:
    assert pvalue(np.zeros(6)) == 1.0


def test_the_estimate_is_the_median_of_walsh_averages() -> None:
    change = np.random.default_rng(5).normal(1.0, 3.0, 9)
    averages = [(a + b) / 2.0 for i, a in enumerate(change) for b in change[i:]]
    found = wilcoxon_signed_rank(change, standard_error=1.0, confidence_level=0.95)
    assert found.estimate == pytest.approx(np.median(averages), abs=1e-9)
