"""Sizes of pilots: what must hold between the numbers, and rates of known spread."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pilot_eval.domain.outcomes import OUTCOMES, Better
from pilot_eval.stats.assumptions import known_of
from pilot_eval.stats.cells import Cells
from pilot_eval.stats.power import Spread, Study
from pilot_eval.stats.sizing import Known, Question, Sizing, effect_in_unit, effect_on_scale, size_pilot
from pilot_eval.stats.variance_components import VarianceComponents, variance_components

KNOWN = Known(Spread(36.0, 4.0, 36.0), 60.0)
QUESTION = Question(Study(8, 12, 6), "score", Better.HIGHER, smallest_effect=4.0)
EXACT = 1e-9


def codes(sizing: Sizing) -> set[str]:
    return {caution.code for caution in sizing.cautions}


def test_the_asked_size_stands_in_the_table_and_on_the_curve() -> None:
    found = size_pilot(KNOWN, QUESTION)
    own = [size.effect for size in found.sizes if size.study == QUESTION.study]
    assert own == [pytest.approx(found.detectable, rel=EXACT)]
    assert np.interp(found.detectable, found.effects, found.powers) == pytest.approx(0.8, abs=0.01)
    assert found.powers[0] == pytest.approx(0.05, abs=1e-5)
    assert np.all(np.diff(found.powers) > 0.0)
    assert found.powers[1] < 0.2  # not certain whatever the effect


def test_more_branches_and_more_visits_find_smaller_effects() -> None:
    sizes = size_pilot(KNOWN, QUESTION).sizes
    by_size = {(size.study.trained + size.study.comparison, size.study.visits): size.effect for size in sizes}
    totals, visits = sorted({n for n, _ in by_size}), sorted({v for _, v in by_size})
    assert len(by_size) == len(totals) * len(visits)
    table = np.array([[by_size[n, v] for v in visits] for n in totals])
    assert np.all(np.diff(table, axis=0) < 0.0)
    assert np.all(np.diff(table, axis=1) < 0.0)


def test_several_outcomes_and_looks_ask_for_larger_effects() -> None:
    one = size_pilot(KNOWN, QUESTION).detectable
    two = size_pilot(KNOWN, replace(QUESTION, primary=2)).detectable
    looked = size_pilot(KNOWN, replace(QUESTION, looks=(0.5, 1.0))).detectable
    assert two > looked > one


def test_what_is_required_finds_the_smallest_effect() -> None:
    found = size_pilot(KNOWN, QUESTION)
    assert found.branches is not None
    again = size_pilot(KNOWN, replace(QUESTION, study=found.branches))
    assert again.smallest_power is not None
    assert again.smallest_power >= 0.8
    assert found.smallest_power is not None
    assert found.smallest_power < 0.8


@pytest.mark.parametrize("kind", OUTCOMES)
@pytest.mark.parametrize("better", Better)
def test_effects_are_told_and_read_back_alike(kind: str, better: Better) -> None:
    for told in (0.5, 10.0, 60.0):
        assert effect_in_unit(effect_on_scale(told, kind, better), kind, better) == pytest.approx(told)


def test_ten_per_cent_faster_is_a_time_of_one_over_one_point_one() -> None:
    assert np.exp(-effect_on_scale(10.0, "duration", Better.LOWER)) == pytest.approx(1 / 1.1)
    assert np.exp(-effect_on_scale(10.0, "rate", Better.LOWER)) == pytest.approx(0.9)


def test_a_rate_cannot_fall_by_all_of_it() -> None:
    with pytest.raises(ValueError, match="100 per cent"):
        effect_on_scale(100.0, "rate", Better.LOWER)


def components(seed: int, n: int, visits: int, ratio: float = 1.0) -> tuple[Known, VarianceComponents]:
    rng = np.random.default_rng(seed)
    spread = np.where(np.arange(n) < n // 2, ratio, 1.0)[:, None]
    mean = rng.normal(60, 6, n)[:, None] + spread * rng.normal(0, 2, (n, 2))
    counts = np.full((n, 2), float(visits))
    mean += rng.normal(0, 6, (n, 2)) / np.sqrt(counts)
    cells = Cells(counts, mean, 36.0 * rng.chisquare(np.maximum(counts - 1, 1e-9)) * (visits > 1))
    found = variance_components(cells, (np.arange(n) < n // 2).astype(np.intp))
    assert isinstance(found, VarianceComponents)
    visit = 0.0 if found.visit is None else found.visit.variance
    return Known(Spread(found.branch.variance, found.branch_period.variance, visit), 60.0, found), found


def test_the_range_of_the_detectable_effect_covers_the_true_one() -> None:
    """20 branches of known spread; the interval should miss in about 5 %."""
    question = replace(QUESTION, study=Study(10, 10, 15), smallest_effect=None)
    truth = size_pilot(Known(Spread(36.0, 4.0, 36.0)), question).detectable
    missed = 0
    for seed in range(100):
        known, _ = components(seed, 20, 5)
        ends = size_pilot(known, question).interval
        assert ends is not None
        missed += not ends.contains(truth)
    assert missed / 100 < 0.05 + 3 * (0.05 * 0.95 / 100) ** 0.5


def test_few_branches_behind_and_in_the_plan_are_said() -> None:
    known, _ = components(1, 8, 5)
    assert {"few_branches_behind_plan", "few_branches_planned"} <= codes(
        size_pilot(known, replace(QUESTION, study=Study(4, 16, 6)))
    )
    many, _ = components(1, 40, 5)
    assert codes(size_pilot(many, QUESTION)) == set()


@pytest.mark.parametrize(
    ("study", "code"),
    [
        (Study(3, 3, 6), "checks_cannot_agree"),
        (Study(5, 0, 6), "checks_cannot_agree"),
        (Study(4, 4, 6), "checks_seldom_agree"),
        (Study(6, 0, 6), "checks_seldom_agree"),
        (Study(4, 0, 6, 4), "few_orders_planned"),
    ],
)
def test_a_verdict_that_the_tests_beside_the_effect_cannot_join_is_said(study: Study, code: str) -> None:
    assert code in codes(size_pilot(KNOWN, replace(QUESTION, study=study)))
    others = {"checks_cannot_agree", "checks_seldom_agree", "few_orders_planned"}
    assert not others & codes(size_pilot(KNOWN, replace(QUESTION, study=Study(6, 6, 6))))


def test_no_required_size_leaves_the_verdict_unclear() -> None:
    found = size_pilot(KNOWN, replace(QUESTION, study=Study(3, 3, 6), smallest_effect=50.0))
    assert found.branches == Study(4, 3, 6)  # 35 draws of the arms, where six branches have 10


def test_arms_that_vary_unequally_are_said() -> None:
    known, _ = components(2, 40, 5, ratio=4.0)
    assert "arms_vary_unequally" in codes(size_pilot(known, QUESTION))


def test_single_visits_tell_nothing_of_more() -> None:
    known, _ = components(3, 20, 1)
    found = size_pilot(known, replace(QUESTION, study=Study(10, 10, 1)))
    assert {size.study.visits for size in found.sizes} == {1}
    assert found.visits is None
    assert "single_visits_behind_plan" in codes(found)


def test_assumed_visits_that_vary_much_are_said() -> None:
    assumed = {"within_sd": 6.0, "between_sd": 6.0, "correlation": 0.9, "visits_cv": 0.6}
    assert "visits_vary_much" in codes(size_pilot(known_of("score", assumed), QUESTION))
    assert "visits_vary_much" not in codes(
        size_pilot(known_of("score", assumed | {"visits_cv": 0.4}), QUESTION)
    )


def test_a_share_has_no_room_above_all_of_it() -> None:
    known = known_of("proportion", {"mean": 0.9, "icc": 0.1, "correlation": 0.5})
    question = replace(QUESTION, kind="proportion", smallest_effect=None, study=Study(6, 6, 5))
    assert "no_room_for_effect" in codes(size_pilot(known, question))
    large = replace(question, smallest_effect=11.0, study=Study(400, 400, 50))
    assert codes(size_pilot(known, large)) == {"no_room_for_smallest_effect"}
    assert not codes(size_pilot(known, replace(large, smallest_effect=10.0)))


def test_assumptions_say_the_same_in_different_words() -> None:
    by_sd = known_of("score", {"within_sd": 12.0, "between_sd": 6.0, "correlation": 0.75})
    by_icc = known_of("score", {"within_sd": 12.0, "icc": 36 / (36 + 144), "correlation": 0.75})
    assert by_sd.spread.branch == pytest.approx(27.0)
    assert by_sd.spread.branch_period == pytest.approx(9.0)
    assert (by_icc.spread.branch, by_icc.spread.visit) == pytest.approx((27.0, 144.0))


def test_a_share_varies_as_its_mean_says() -> None:
    known = known_of("proportion", {"mean": 0.8, "icc": 0.25, "correlation": 1.0})
    assert known.spread.branch == pytest.approx(1e4 * 0.16 * 0.25)
    assert known.spread.visit == pytest.approx(1e4 * 0.16 * 0.75)
    assert known.before == pytest.approx(80.0)


@pytest.mark.parametrize(
    ("kind", "assumed"),
    [
        ("proportion", {"mean": 0.5, "between_sd": 60.0, "correlation": 0.5}),
        ("score", {"within_sd": 1.0, "icc": 1.0, "correlation": 0.5}),
    ],
)
def test_impossible_assumptions_are_refused(kind: str, assumed: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"vary|below 1"):
        known_of(kind, assumed)
