"""Signals against plain loops over the visits, and how often chance alone raises them."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from pilot_eval.stats import signals
from pilot_eval.stats.signals import UNANSWERED

HOUR = 3600.0


def made_up(seed: int, n: int = 60, items: int = 14) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    answers = random.integers(-1, 3, (n, items))
    answers[5] = answers[2]  # copied
    answers[9] = 1  # all alike
    answers[9, 0] = UNANSWERED
    auditor = random.integers(0, 5, n)
    auditor[5] = auditor[2]
    started = random.uniform(0, 20 * 24 * HOUR, n)
    started[7], auditor[7] = started[6] + 1500.0, auditor[6]
    return {
        "auditor": auditor,
        "branch": random.integers(0, 9, n),
        "answers": answers,
        "started": started,
        "left": started + random.uniform(600, 2400, n),
    }


@pytest.mark.parametrize("seed", range(5))
def test_the_most_alike_visit_is_that_of_a_plain_loop(seed: int) -> None:
    visits = made_up(seed)
    answers, auditor = visits["answers"], visits["auditor"]
    found = signals.twins(auditor, answers)
    for row in range(len(auditor)):
        shares = {}
        for other in range(len(auditor)):
            if other == row or auditor[other] != auditor[row]:
                continue
            pairs = [
                (a, b)
                for a, b in zip(answers[row], answers[other], strict=True)
                if a != UNANSWERED and b != UNANSWERED
            ]
            if len(pairs) >= signals.FEWEST_ANSWERS:
                shares[other] = sum(a == b for a, b in pairs) / len(pairs)
        if not shares:
            assert found.other[row] == -1
            assert np.isnan(found.share[row])
        else:
            assert found.share[row] == pytest.approx(max(shares.values()))
            assert shares[int(found.other[row])] == pytest.approx(max(shares.values()))
    if found.both[5]:
        assert found.share[5] == found.share[2] == 1.0


def test_a_visit_alone_or_hardly_answered_has_no_twin() -> None:
    answers = np.full((3, 12), UNANSWERED)
    answers[:, :9] = 1
    found = signals.twins(np.array([0, 0, 1]), answers)
    assert found.other.tolist() == [-1, -1, -1]


@pytest.mark.parametrize("seed", range(5))
def test_straight_lines_are_those_of_a_plain_loop(seed: int) -> None:
    answers = made_up(seed)["answers"]
    expected = [
        len(given) >= signals.FEWEST_ANSWERS and len(set(given)) == 1
        for given in ([a for a in row if a != UNANSWERED] for row in answers.tolist())
    ]
    assert signals.straight_line(answers).tolist() == expected
    assert expected[9]
    assert signals.straight_line(np.zeros((2, 0), np.intp)).tolist() == [False, False]


def test_the_same_words_are_found_once_said_by_the_same_auditor() -> None:
    auditor = np.array([0, 1, 0, 0, 0, 0])
    words = ("the queue was long", "the queue was long", "the queue was long", "", "", "other words")
    assert signals.same_words(auditor, words).tolist() == [2, -1, 0, -1, -1, -1]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("placed", [False, True])
def test_impossible_journeys_are_those_of_a_plain_loop(seed: int, placed: bool) -> None:
    visits = made_up(seed)
    random = np.random.default_rng(seed + 100)
    n = len(visits["auditor"])
    position = None
    if placed:
        of_branch = np.column_stack([random.uniform(55, 57, 9), random.uniform(38, 42, 9)])
        of_branch[0] = np.nan
        position = of_branch[visits["branch"]]
    found = signals.impossible_journeys(
        visits["auditor"], visits["branch"], visits["started"], visits["left"], position
    )
    nearest: dict[int, float] = {}
    for a, b in combinations(range(n), 2):
        first, second = (a, b) if visits["started"][a] <= visits["started"][b] else (b, a)
        if visits["auditor"][a] != visits["auditor"][b] or visits["branch"][a] == visits["branch"][b]:
            continue
        gap = visits["started"][second] - visits["left"][first]
        way = 600.0
        if position is not None and not np.isnan(position[[a, b]]).any():
            way = signals.metres(position[a], position[b]) / (80 / 3.6)
        if gap < way:
            for row in (a, b):
                nearest[row] = min(gap, nearest.get(row, math.inf))
    assert {row for row in range(n) if found.other[row] != -1} == set(nearest)
    for row, gap in nearest.items():
        assert found.seconds[row] == pytest.approx(gap)
        if position is not None:
            far = signals.metres(position[row], position[found.other[row]])
            assert found.metres[row] == pytest.approx(far, nan_ok=True)


def test_the_distance_of_two_places() -> None:
    moscow, vladimir = (55.7558, 37.6173), (56.1291, 40.4066)
    assert signals.metres(moscow, vladimir) == pytest.approx(178_000, rel=0.02)
    assert signals.metres(moscow, moscow) == 0.0
    assert signals.metres((0.0, 0.0), (0.0, 180.0)) == pytest.approx(math.pi * 6_371_000)
    assert math.isnan(signals.metres(moscow, (math.nan, math.nan)))


def test_a_form_filled_in_faster_than_anybody_reads() -> None:
    answered = np.array([34, 34, 34, 0])
    seconds = np.array([60.0, 68.0, np.nan, 0.0])
    assert signals.too_fast(answered, seconds).tolist() == [True, False, False, False]


def test_a_visit_sent_days_later() -> None:
    left = np.zeros(3)
    received = np.array([48 * HOUR, 48 * HOUR + 1, 100.0])
    assert signals.late_fill(left, received).tolist() == [False, True, False]


@pytest.mark.parametrize(("round_ones", "times"), [(0, 0), (0, 12), (5, 20), (12, 20), (9, 9), (20, 20)])
def test_heaping_is_a_binomial_tail(round_ones: int, times: int) -> None:
    minutes = np.array([5] * round_ones + [7] * (times - round_ones), dtype=np.intp)
    found = signals.heaping(minutes)
    tail = stats.binomtest(round_ones, times, 0.2, alternative="greater").pvalue if times else 1.0
    assert found.pvalue == pytest.approx(tail)
    assert found.heaped == (times >= 10 and round_ones >= times / 2 and tail <= 0.001)


# Auditors against their colleagues


def scores(
    random: np.random.Generator, shift: float = 0.0, ratio: float = 1.0, repeat: int = 2
) -> tuple[np.ndarray, ...]:
    """Eight auditors on 40 branches in two waves; the first is severe, or scatters otherwise."""
    branch = np.tile(np.repeat(np.arange(40), repeat), 2)
    wave = np.repeat([0, 1], 40 * repeat)
    auditor = np.concatenate([random.permutation(8)[:repeat] for _ in range(80)])
    noise = random.normal(0, 8, len(auditor)) * np.where(auditor == 0, ratio, 1.0)
    value = 60 + random.normal(0, 5, 40)[branch] + 4 * wave + noise + shift * (auditor == 0)
    return auditor, branch, wave, value


def test_the_difference_from_colleagues_is_that_of_least_squares() -> None:
    """Dummies for cells and auditors, solved by numpy; the contrast of each with the mean of the others."""
    auditor, branch, wave, value = scores(np.random.default_rng(3), shift=-9.0)
    value[4] = np.nan
    found = signals.outliers(auditor, branch, wave, value)
    assert found is not None
    there = ~np.isnan(value)
    cell = branch * 2 + wave
    columns = np.column_stack(
        [*(cell == code for code in range(80)), *(auditor == code for code in range(8))]
    )[there].astype(float)
    solution, _rest, rank, _values = np.linalg.lstsq(columns, value[there], rcond=None)
    residual = value[there] - columns @ solution
    variance = residual @ residual / (there.sum() - rank)
    covariance = variance * np.linalg.pinv(columns.T @ columns)
    for own in range(8):
        contrast = np.zeros(88)
        contrast[80:] = -1 / 7
        contrast[80 + own] = 1.0
        assert found.apart[own] == pytest.approx(contrast @ solution)
        error = math.sqrt(contrast @ covariance @ contrast)
        raw = 2 * stats.t.sf(abs(contrast @ solution) / error, there.sum() - rank)
        assert found.apart_pvalue[own] >= raw - 1e-12
    assert found.outlying.tolist() == [True] + [False] * 7
    assert found.same_branches


def test_where_no_branch_was_visited_twice_the_wave_is_compared() -> None:
    auditor, branch, wave, value = scores(np.random.default_rng(4), shift=-15.0, repeat=1)
    found = signals.outliers(auditor, branch, wave, value)
    assert found is not None
    assert not found.same_branches
    means = [value[(auditor == own) & (wave == 0)].mean() for own in range(8)]
    assert np.argmin(means) == np.nanargmin(found.apart)


def test_nobody_to_compare_with_is_nobody() -> None:
    one = np.zeros(9, np.intp)
    assert signals.outliers(one, np.arange(9), one, np.linspace(50, 60, 9)) is None
    assert signals.outliers(one[:0], one[:0], one[:0], np.zeros(0)) is None
    few = signals.outliers(np.array([0, 1, 0, 1]), one[:4], one[:4], np.array([5.0, 9.0, 6.0, 7.0]))
    assert few is not None
    assert np.isnan(few.apart).all()
    assert not few.outlying.any()
    assert not few.spread_outlying.any()


def test_a_narrow_and_a_wide_spread_are_found() -> None:
    for ratio in (0.2, 3.0):
        auditor, branch, wave, value = scores(np.random.default_rng(5), ratio=ratio, repeat=4)
        found = signals.outliers(auditor, branch, wave, value)
        assert found is not None
        assert found.spread_outlying.tolist() == [True] + [False] * 7
        assert (found.spread[0] > 1) == (ratio > 1)


def test_chance_alone_raises_these_signals_hardly_ever() -> None:
    means = spreads = 0
    for seed in range(200):
        auditor, branch, wave, value = scores(np.random.default_rng(1000 + seed), repeat=3)
        found = signals.outliers(auditor, branch, wave, value)
        assert found is not None
        means += bool(np.nanmin(found.apart_pvalue) <= signals.OUTLYING)
        spreads += bool(np.nanmin(found.spread_pvalue) <= signals.OUTLYING)
    # One in a hundred by the limit; six and more of 200 would come once in 70 such tests.
    assert means <= 6
    assert spreads <= 6
