"""Items of a checklist: each by the ordinary analysis, the share without a value, the fixed set, R."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import pointbiserialr

from pilot_eval.domain.observations import AFTER, BEFORE, Matrix, Observations
from pilot_eval.stats.analysis import analyse
from pilot_eval.stats.families import benjamini_hochberg
from pilot_eval.stats.items import (
    Items,
    checklist_consistency,
    fixed_item_set,
    item_discrimination,
    item_effects,
)
from pilot_eval.stats.omega import Consistency
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import NotEstimable
from tests.simulation.pilots import runs

EXACT = 1e-9  # relative: the same number by another order of sums
REFERENCE = json.loads((Path(__file__).parent.parent / "reference" / "reliability.json").read_text())["items"]
PLAN = AnalysisPlan("score", draws=99)
Floats = NDArray[np.float64]


def observed(names: tuple[str, ...], values: Floats, *, trained: int, visits: int) -> Observations:
    """Rows by branch, period and visit; `values` (G, 2, visits, k)."""
    count = values.shape[0]
    branch = np.repeat(np.arange(count), 2 * visits)
    flat = values.reshape(-1, len(names))
    return Observations.from_columns(
        branch=np.array([f"B{b:02d}" for b in branch]),
        trained=branch < trained,
        period=np.tile(np.repeat([BEFORE, AFTER], visits), count),
        value=100.0 * np.nan_to_num(flat).mean(axis=1),
        items=Matrix(names, flat),
    )


def checklist(
    seed: int, *, gains: tuple[float, ...] = (0.0, 0.3, 0.0, 0.0), trained: int = 8, comparison: int = 10
) -> Observations:
    rng = np.random.default_rng(seed)
    count, visits, k = trained + comparison, 5, len(gains)
    chance = np.full((count, 2, visits, k), 0.5) + rng.normal(0.0, 0.08, (count, 1, 1, 1))
    chance[:trained, 1] += np.array(gains)
    values = (rng.random(chance.shape) < chance).astype(float)
    return observed(tuple(f"I{i}" for i in range(k)), values, trained=trained, visits=visits)


def items_of(observations: Observations, plan: AnalysisPlan = PLAN) -> Items:
    found = item_effects(observations, plan)
    assert isinstance(found, Items)
    return found


def test_each_item_has_the_ordinary_effect_in_percentage_points() -> None:
    observations = checklist(1)
    matrix = observations.items
    assert matrix is not None
    found = items_of(observations)
    for place, item in enumerate(found.items):
        alone = Observations.from_columns(
            branch=[observations.branches[b] for b in observations.branch],
            trained=observations.trained[observations.branch],
            period=observations.period,
            value=matrix.values[:, place],
        )
        expected = analyse(alone, AnalysisPlan(item.name, kind="proportion", draws=99)).effect
        assert not isinstance(expected, NotEstimable)
        assert not isinstance(item.analysis.effect, NotEstimable)
        assert item.analysis.effect.estimate == pytest.approx(expected.estimate, rel=EXACT)
        assert item.analysis.effect.pvalue == pytest.approx(expected.pvalue, rel=EXACT)


def test_p_values_are_adjusted_over_all_items_and_the_moved_one_is_found() -> None:
    found = items_of(checklist(2, gains=(0.0, 0.45, 0.0, 0.0)))
    effects = [item.analysis.effect for item in found.items]
    raw = [None if isinstance(effect, NotEstimable) else effect.pvalue for effect in effects]
    assert [item.adjusted_pvalue for item in found.items] == benjamini_hochberg(raw)
    assert found.found == ("I1",)


def test_items_that_never_vary_or_never_apply_say_so() -> None:
    base = checklist(3).items
    assert base is not None
    values = base.values.reshape(18, 2, 5, 4).copy()
    values[..., 0], values[..., 2] = 1.0, np.nan
    found = items_of(observed(base.names, values, trained=8, visits=5))
    assert found.items[0].analysis.effect == NotEstimable("no_variation", {"n": 18})
    assert found.items[0].discrimination == NotEstimable("item_constant")
    never = found.items[2]
    assert isinstance(never.analysis.effect, NotEstimable)
    assert never.adjusted_pvalue is None
    assert never.applicability is None
    assert never.not_applicable.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert isinstance(never.discrimination, NotEstimable)


def test_items_that_no_longer_apply_are_counted_by_arm_and_period() -> None:
    base = checklist(4, trained=8, comparison=10).items
    assert base is not None
    values = base.values.reshape(18, 2, 5, 4).copy()
    rng = np.random.default_rng(4)
    values[:8, 1, :, 3][rng.random((8, 5)) < 0.7] = np.nan
    found = items_of(observed(base.names, values, trained=8, visits=5)).items[3]
    gone = np.isnan(values[:8, 1, :, 3])
    assert found.not_applicable.tolist() == [[0.0, 0.0], [0.0, pytest.approx(gone.mean())]]
    assert found.applicability is not None
    effect = found.applicability.effect
    assert not isinstance(effect, NotEstimable)
    assert effect.estimate == pytest.approx(100.0 * gone.mean(axis=1).mean(), rel=EXACT)
    assert effect.pvalue < 0.01


def test_a_fixed_set_undoes_what_a_changing_checklist_pretends() -> None:
    """A hard item stops applying in trained branches: nothing improved, yet the plain score rises."""
    rng = np.random.default_rng(5)
    count, trained = 24, 12
    chance = np.array([0.9, 0.8, 0.8, 0.1])
    values = (rng.random((count, 2, 8, 4)) < chance).astype(float)
    values[:trained, 1, :, 3] = np.nan
    found = items_of(observed(("a", "b", "c", "hard"), values, trained=trained, visits=8))
    plain, fixed = found.any_set.effect, found.fixed_set
    assert not isinstance(plain, NotEstimable)
    assert not isinstance(fixed, NotEstimable)
    assert not isinstance(fixed.effect, NotEstimable)
    assert plain.estimate > 12.0
    assert plain.pvalue < 0.001
    assert abs(fixed.effect.estimate) < 4.0
    assert fixed.effect.pvalue > 0.05


def test_a_fixed_set_is_the_mean_of_item_means_by_loops() -> None:
    rng = np.random.default_rng(6)
    values = rng.random((6, 2, 3, 4))
    values[rng.random(values.shape) < 0.45] = np.nan
    observations = observed(("a", "b", "c", "d"), values, trained=3, visits=3)
    found = fixed_item_set(observations)
    assert isinstance(found, Observations)
    expected = {}
    for b in range(6):
        both = [i for i in range(4) if all((~np.isnan(values[b, p, :, i])).any() for p in (0, 1))]
        for p, period in enumerate((BEFORE, AFTER)):
            if both:
                expected[b, period] = np.mean([np.nanmean(values[b, p, :, i]) for i in both])
    got = dict(zip(zip(found.branch.tolist(), found.period.tolist(), strict=True), found.value, strict=True))
    assert got.keys() == expected.keys()
    for key, score in expected.items():
        assert got[key] == pytest.approx(score, rel=EXACT)


def test_a_complete_checklist_has_one_score() -> None:
    found = items_of(checklist(7))
    assert not isinstance(found.fixed_set, NotEstimable)
    plain, fixed = found.any_set.effect, found.fixed_set.effect
    assert not isinstance(plain, NotEstimable)
    assert not isinstance(fixed, NotEstimable)
    assert fixed.estimate == pytest.approx(plain.estimate, rel=EXACT)
    assert fixed.standard_error == pytest.approx(plain.standard_error, rel=EXACT)


@pytest.mark.parametrize("data", ["scales", "yes_no"])
def test_discrimination_is_psychs_corrected_item_total_correlation(data: str) -> None:
    values = np.array(REFERENCE[data]["values"])
    found = item_discrimination(np.zeros(len(values), dtype=np.intp), values)
    assert list(found) == pytest.approx(REFERENCE[data]["rest_correlation"], rel=EXACT)


def test_discrimination_of_a_yes_no_item_is_point_biserial_within_cells() -> None:
    rng = np.random.default_rng(8)
    cell = np.repeat(np.arange(4), 15).astype(np.intp)
    values = (rng.random((60, 3)) < 0.5).astype(float) + np.array([0.0, 0.0, 1.0]) * cell[:, None]
    values[:5, 1] = np.nan
    found = item_discrimination(cell, values)
    rest = np.nanmean(values[:, 1:], axis=1)

    def centred(column: Floats) -> Floats:
        return column - np.array([column[cell == c].mean() for c in cell])

    expected = np.corrcoef(centred(values[:, 0]), centred(rest))[0, 1]
    assert found[0] == pytest.approx(expected, rel=EXACT)
    one = item_discrimination(np.zeros(60, dtype=np.intp), values[:, :2])[0]
    rows = ~np.isnan(values[:, 1])
    assert one == pytest.approx(pointbiserialr(values[rows, 0], values[rows, 1]).statistic, rel=EXACT)


def test_checklists_of_one_thing_are_told_from_heaps() -> None:
    rng = np.random.default_rng(9)
    visit = rng.normal(size=(20, 2, 6, 1))
    joined = (visit + rng.normal(size=(20, 2, 6, 5)) > 0).astype(float)
    heap = (rng.normal(size=(20, 2, 6, 5)) > 0).astype(float)
    names = ("a", "b", "c", "d", "e")
    one, many = (
        checklist_consistency(observed(names, values, trained=10, visits=6)) for values in (joined, heap)
    )
    assert isinstance(one, Consistency)
    assert isinstance(many, Consistency)
    assert one.omega > 0.6
    assert many.omega < 0.4


def test_without_items_there_is_nothing_to_tell() -> None:
    bare = Observations.from_columns(
        branch=["a", "b"], trained=[1, 0], period=[BEFORE, AFTER], value=[1.0, 2.0]
    )
    assert item_effects(bare, PLAN) == NotEstimable("no_items")
    assert checklist_consistency(bare) == NotEstimable("no_items")
    assert fixed_item_set(bare) == NotEstimable("no_items")


def test_where_nothing_moved_few_pilots_find_an_item() -> None:
    """Benjamini and Hochberg: with no true effect, one false one in at most 5 % of pilots."""
    count = min(runs(20), 2_000)
    found = [bool(items_of(checklist(seed, gains=(0.0,) * 5)).found) for seed in range(count)]
    assert np.mean(found) < 0.06 + 3.0 * np.sqrt(0.05 * 0.95 / count)
