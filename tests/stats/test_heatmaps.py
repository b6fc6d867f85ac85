"""Items by branches, and what chance alone does to such a grid."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import fisher_exact

from pilot_eval.stats.families import benjamini_hochberg
from pilot_eval.stats.heatmaps import ALONE, LARGE, ItemChanges, item_changes

NEAR_ENOUGH = 0.03  # of the normal approximation for 2 x 100 graded answers


def grid(before: list[float], after: list[float]) -> ItemChanges:
    """One cell."""
    values = np.array([*before, *after])[:, None]
    late = np.array([False] * len(before) + [True] * len(after))
    return item_changes(values, np.zeros(len(values), dtype=np.intp), late, 1)


def dealt_out(before: list[float], after: list[float]) -> np.ndarray:
    """Every difference of means that dealing the values out anew can give."""
    values, n = [*before, *after], len(after)
    total = sum(values)
    return np.array(
        [
            sum(values[i] for i in late) / n - (total - sum(values[i] for i in late)) / len(before)
            for late in combinations(range(len(values)), n)
        ]
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [([0, 0, 1, 0, 1], [1, 1, 1, 1]), ([0, 1, 0], [1, 1, 0, 1, 0, 1]), ([1, 1], [1, 1]), ([0], [1])],
)
def test_chance_is_what_dealing_the_answers_out_gives(before: list[float], after: list[float]) -> None:
    found = grid(before, after)
    every = np.abs(dealt_out(before, after))
    seen = abs(np.mean(after) - np.mean(before))
    pvalue = np.mean(every >= seen - 1e-9)
    assert found.change[0, 0] == pytest.approx(np.mean(after) - np.mean(before))
    assert found.pvalue[0, 0] == pytest.approx(pvalue)
    assert found.large_by_chance == pytest.approx(np.mean(every >= LARGE - 1e-9))
    own = np.array([np.mean(every >= one - 1e-9) for one in every])
    assert found.outstanding_by_chance == pytest.approx(np.mean(own <= ALONE))


def test_with_as_many_visits_in_both_periods_it_is_fishers_exact_test() -> None:
    for yes in ((1, 5), (0, 6), (3, 3), (2, 6)):
        before, after = ([1.0] * k + [0.0] * (6 - k) for k in yes)
        expected = fisher_exact([[yes[0], 6 - yes[0]], [yes[1], 6 - yes[1]]]).pvalue
        assert grid(before, after).pvalue[0, 0] == pytest.approx(expected)


def test_graded_answers_are_dealt_out_too_and_many_of_them_nearly_so() -> None:
    rng = np.random.default_rng(1)
    before, after = (rng.choice([0.0, 0.25, 0.5, 0.75, 1.0], 7).tolist() for _ in range(2))
    every = np.abs(dealt_out(before, after))
    seen = abs(np.mean(after) - np.mean(before))
    assert grid(before, after).pvalue[0, 0] == pytest.approx(np.mean(every >= seen - 1e-9))
    assert grid(before, after).large_by_chance == pytest.approx(np.mean(every >= LARGE - 1e-9))
    many = rng.choice([0.0, 0.25, 0.5, 0.75, 1.0], 200)
    shuffled = np.array([rng.permutation(many) for _ in range(20_000)])
    apart = np.abs(shuffled[:, :100].mean(axis=1) - shuffled[:, 100:].mean(axis=1))
    seen = abs(many[:100].mean() - many[100:].mean())
    found = grid(many[:100].tolist(), many[100:].tolist())
    assert found.pvalue[0, 0] == pytest.approx(np.mean(apart >= seen - 1e-9), abs=NEAR_ENOUGH)
    assert found.outstanding_by_chance == ALONE


def test_a_grid_without_change_has_as_many_dark_and_outstanding_cells_as_it_says() -> None:
    rng = np.random.default_rng(3)
    columns, items, visits = 40, 30, 6
    column = np.repeat(np.arange(columns), 2 * visits)
    after = np.tile(np.repeat([False, True], visits), columns)
    values = (rng.random((len(column), items)) < rng.uniform(0.3, 0.9, items)).astype(np.float64)
    found = item_changes(values, column, after, columns)
    assert found.compared == columns * items
    # Counts of 1,200 cells: four standard deviations of a Poisson count.
    assert found.large == pytest.approx(found.large_by_chance, abs=4 * np.sqrt(found.large_by_chance))
    assert found.outstanding == pytest.approx(
        found.outstanding_by_chance, abs=4 * np.sqrt(found.outstanding_by_chance)
    )
    assert not (found.adjusted_pvalue <= 0.05).any()


def test_what_did_not_apply_counts_nowhere() -> None:
    values = np.array([[1.0, np.nan], [0.0, np.nan], [np.nan, 1.0], [1.0, np.nan]])
    found = item_changes(values, np.zeros(4, dtype=np.intp), np.array([False, False, True, True]), 2)
    assert found.n[:, 0].tolist() == [[2, 1], [0, 1]]
    assert found.share[0, 0].tolist() == [0.5, 1.0]
    assert np.isnan(found.change).tolist() == [[False, True], [True, True]]
    assert found.compared == 1


def test_marks_allow_for_the_whole_grid() -> None:
    rng = np.random.default_rng(5)
    column = np.repeat(np.arange(10), 24)
    after = np.tile(np.repeat([False, True], 12), 10)
    values = (rng.random((240, 4)) < 0.5).astype(np.float64)
    values[(column == 0) & after, 0] = 1.0
    values[(column == 0) & ~after, 0] = 0.0
    found = item_changes(values, column, after, 10)
    expected = benjamini_hochberg(found.pvalue.ravel().tolist())
    assert found.adjusted_pvalue.ravel().tolist() == expected
    assert np.argwhere(found.adjusted_pvalue <= 0.05).tolist() == [[0, 0]]
