"""The random draw of branches."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from pilot_eval.stats.allocation import draw, draw_pairs
from pilot_eval.stats.cells import Cells
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect

DRAWS = 4000
# Four standard errors of a share of one half over DRAWS draws.
TOLERANCE = 4 * 0.5 / DRAWS**0.5

CODES = {f"B{number:02}": ("city" if number < 8 else "village") for number in range(20)}


def test_half_of_each_stratum_is_drawn() -> None:
    drawn = draw(CODES, 0.5, seed=2014)
    assert Counter(CODES[code] for code in drawn) == {"city": 4, "village": 6}


def test_the_same_seed_draws_the_same_branches_whatever_their_order() -> None:
    backwards = dict(reversed(CODES.items()))
    assert draw(CODES, 0.5, seed=7) == draw(backwards, 0.5, seed=7)
    assert draw(CODES, 0.5, seed=7) != draw(CODES, 0.5, seed=8)


def test_a_draw_repeats_on_any_machine() -> None:
    codes = dict.fromkeys(["A", "B", "C", "D", "E", "F"], "")
    assert sorted(draw(codes, 0.5, seed=1)) == ["B", "D", "E"]


def test_the_share_is_exact_over_all_branches_though_strata_are_odd() -> None:
    strata = {f"{stratum}{number}": stratum for stratum in "abcde" for number in range(3)}
    for seed in range(50):
        drawn = draw(strata, 0.4, seed)
        assert len(drawn) == 6
        assert set(Counter(strata[code] for code in drawn).values()) <= {1, 2}


def test_every_branch_has_the_same_chance() -> None:
    counts = Counter(code for seed in range(DRAWS) for code in draw(CODES, 0.5, seed))
    assert all(abs(counts[code] / DRAWS - 0.5) < TOLERANCE for code in CODES)


@pytest.mark.parametrize("share", [0, 1, -0.5, float("nan")])
def test_an_impossible_share_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        draw(CODES, share, seed=1)


MEASURE = {f"B{place}": value for place, value in enumerate([61.0, 55.0, 70.0, 54.0, 62.5, 69.0, 90.0])}
ONE = dict.fromkeys(MEASURE, "")


def test_pairs_are_as_alike_as_any_pairing_can_be() -> None:
    pairing = draw_pairs(MEASURE, ONE, seed=1)
    made = sum(abs(MEASURE[a] - MEASURE[b]) for a, b in pairing.pairs)
    values = list(MEASURE.values())
    best = min(
        sum(abs(order[i] - order[i + 1]) for i in (0, 2, 4)) for order in permutations(values, len(values))
    )
    assert made == pytest.approx(best)
    assert pairing.left == ("B6",)


def test_each_of_a_pair_has_the_same_chance_and_a_seed_repeats() -> None:
    drawn = Counter(trained for seed in range(DRAWS) for trained, _ in draw_pairs(MEASURE, ONE, seed).pairs)
    assert all(abs(drawn[code] / DRAWS - 0.5) < TOLERANCE for code in MEASURE if code != "B6")
    backwards = dict(reversed(MEASURE.items()))
    assert draw_pairs(MEASURE, ONE, 7) == draw_pairs(backwards, ONE, 7)


def test_pairs_stay_within_their_stratum() -> None:
    strata = {code: "city" if place % 2 else "village" for place, code in enumerate(MEASURE)}
    pairing = draw_pairs(MEASURE, strata, seed=3)
    assert all(strata[a] == strata[b] for a, b in pairing.pairs)
    assert (len(pairing.pairs), len(pairing.left)) == (3, 1)


def test_pairs_as_strata_are_judged_by_the_paired_t_test() -> None:
    rng = np.random.default_rng(1)
    change = rng.normal(0, 2, 12)
    mean = np.column_stack([np.zeros(12), change])
    trained, pair = np.arange(12) % 2 == 0, np.repeat(np.arange(6), 2)
    effect = estimate_effect(Panel.of(Cells(np.ones((12, 2)), mean, mean * 0), trained, stratum=pair))
    assert isinstance(effect, Effect)
    paired = stats.ttest_rel(change[::2], change[1::2])
    assert effect.statistic == pytest.approx(paired.statistic)
    assert effect.df == pytest.approx(paired.df)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_branch_without_a_measure_cannot_be_paired(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        draw_pairs(MEASURE | {"B0": value}, ONE, seed=1)
