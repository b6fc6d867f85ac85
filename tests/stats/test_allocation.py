"""The random draw of branches."""

from collections import Counter

import pytest

from pilot_eval.stats.allocation import draw

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
