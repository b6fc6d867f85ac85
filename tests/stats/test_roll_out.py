"""Random-effects means against metafor, predictions by brute force, and what must hold of any of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pilot_eval.stats.cells import Cells
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.roll_out import RollOut, hartung_knapp, roll_out

STORED = json.loads((Path(__file__).parent.parent / "reference" / "roll_out.json").read_text())
SAME = 1e-8  # metafor finds tau^2 by iteration
DRAWN = 0.06  # of the interval's width: quantiles of 100,000 draws, and 100 values of tau^2 instead of all


def made(seed: int, trained: int, comparison: int, *, effect_sd: float = 3.0, visit_sd: float = 6.0) -> Cells:
    rng = np.random.default_rng(seed)
    count = trained + comparison
    n = rng.integers(3, 12, (count, 2)).astype(float)
    mean = rng.normal(60, 6, count)[:, None] + rng.normal(0, 2, (count, 2))
    mean += rng.normal(0, visit_sd, (count, 2)) / np.sqrt(n)
    mean[:trained, 1] += 5 + rng.normal(0, effect_sd, trained)
    return Cells(n, mean, visit_sd**2 * rng.chisquare(n - 1))


def found(cells: Cells, trained: int) -> RollOut:
    result = roll_out(cells, np.arange(len(cells.n)) < trained)
    assert isinstance(result, RollOut)
    return result


@pytest.mark.parametrize("name", ["spread", "alike", "bcg"])
def test_means_and_their_prediction_intervals_are_those_of_metafor(name: str) -> None:
    stored = STORED[name]
    mean = hartung_knapp(np.array(stored["effect"]), np.array(stored["variance"]))
    assert mean.estimate == pytest.approx(stored["estimate"], rel=SAME)
    assert mean.standard_error == pytest.approx(stored["standard_error"], rel=SAME)
    assert mean.tau_squared == pytest.approx(stored["tau_squared"], rel=SAME, abs=SAME)
    assert mean.df == stored["df"]
    ends, predicted = mean.confidence_interval(), mean.prediction_interval()
    assert [ends.low, ends.high] == pytest.approx(stored["interval"], rel=SAME)
    assert [predicted.low, predicted.high] == pytest.approx(stored["prediction"], rel=SAME)


def test_a_new_branch_is_predicted_as_by_drawing_tau_from_its_distribution() -> None:
    cells = made(1, 8, 0)
    result = found(cells, 8)
    change = cells.mean[:, 1] - cells.mean[:, 0]
    variance = cells.squares.sum() / (cells.n - 1).sum() * (1 / cells.n).sum(axis=1)
    rng = np.random.default_rng(2)
    grid = np.concatenate([[0.0], np.geomspace(1e-4, 1e5, 20_000)])
    weight = 1 / (variance + grid[:, None])
    centre = weight @ change / weight.sum(axis=1)
    q = (weight * (change - centre[:, None]) ** 2).sum(axis=1)
    place = np.searchsorted(-q, -rng.chisquare(7, 100_000))
    place = np.minimum(place, len(grid) - 1)
    spread = np.sqrt(1 / weight.sum(axis=1)[place] + grid[place])
    drawn = np.quantile(rng.normal(centre[place], spread), [0.025, 0.975])
    ends = result.new_branch()
    assert ends.low is not None
    assert ends.high is not None
    assert np.array([ends.low, ends.high]) == pytest.approx(drawn, abs=DRAWN * (ends.high - ends.low))


def test_the_comparison_arm_is_one_number_and_does_not_make_branches_alike() -> None:
    """Noise that every trained branch shares is no part of how branches differ."""
    cells = made(3, 10, 10)
    moved = Cells(cells.n, cells.mean.copy(), cells.squares)
    moved.mean[10:, 1] += 100.0
    first, second = found(cells, 10), found(moved, 10)
    assert second.estimate == pytest.approx(first.estimate - 100.0)
    assert second.trained == first.trained
    assert second.standard_error == pytest.approx(first.standard_error)
    alone = found(cells.take(np.arange(20) < 10), 10)
    assert first.comparison is not None
    assert first.standard_error**2 == pytest.approx(
        alone.standard_error**2 + first.comparison.standard_error**2
    )


def test_a_network_is_surer_than_a_branch_and_less_sure_than_its_mean() -> None:
    result = found(made(4, 12, 12), 12)

    def width(ends: object) -> float:
        return ends.high - ends.low  # type: ignore[attr-defined, no-any-return] # bounded here

    mean, small, branch = result.confidence_interval(), result.network(10), result.new_branch()
    assert width(mean) < width(small) < width(branch)
    assert width(result.network(42_000)) == pytest.approx(width(mean), rel=1e-3)


def test_more_level_is_wider_and_the_chance_agrees_with_the_interval() -> None:
    result = found(made(5, 8, 8), 8)
    chance = result.chance_above_zero()
    level = abs(2.0 * chance - 1.0)
    ends = result.new_branch(level)
    nearest = ends.low if chance > 0.5 else ends.high
    assert nearest == pytest.approx(0.0, abs=1e-6)
    assert result.new_branch(0.99).low < result.new_branch(0.9).low  # type: ignore[operator] # bounded


def test_exchanging_the_periods_turns_everything_round() -> None:
    cells = made(6, 7, 9)
    turned = Cells(cells.n[:, ::-1], cells.mean[:, ::-1], cells.squares[:, ::-1])
    first, second = found(cells, 7), found(turned, 7)
    assert second.estimate == pytest.approx(-first.estimate)
    assert second.new_branch().low == pytest.approx(-first.new_branch().high)  # type: ignore[operator] # bounded
    assert second.chance_above_zero() == pytest.approx(1 - first.chance_above_zero())


@pytest.mark.parametrize(
    ("trained", "comparison", "code"),
    [(2, 9, "few_branches_to_roll_out"), (9, 2, "few_branches_to_roll_out")],
)
def test_two_branches_of_an_arm_cannot_tell_how_branches_differ(
    trained: int, comparison: int, code: str
) -> None:
    result = roll_out(made(7, trained, comparison), np.arange(trained + comparison) < trained)
    assert isinstance(result, NotEstimable)
    assert result.code == code


def test_single_visits_cannot_be_told_from_branches() -> None:
    cells = Cells(np.ones((8, 2)), made(8, 8, 0).mean, np.zeros((8, 2)))
    result = roll_out(cells, np.ones(8, dtype=bool))
    assert isinstance(result, NotEstimable)
    assert result.code == "single_observations"
