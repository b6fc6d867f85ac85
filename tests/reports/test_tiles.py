"""Tiles: numbers with interval, unit and n, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from pilot_eval.reports.charts import goodness
from pilot_eval.reports.tiles import tiles
from tests.reports.samples import summary as sample


@pytest.fixture(scope="module")
def summary() -> Any:
    return sample()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_number_has_its_interval_unit_and_base(summary: Any, language: str) -> None:
    found = tiles(summary, language)
    assert [tile.code for tile in found] == [outcome["code"] for outcome in summary["outcomes"]]
    for tile in found:
        assert tile.value
        assert tile.interval
        assert tile.level.startswith(("97.5", "97,5", "95"))
        assert any(sign.isdigit() for sign in tile.base)
        assert tile.bar is not None
        assert all(before and after for _arm, before, after in tile.means)


def test_a_tile_names_what_was_counted_and_an_uplift_says_of_what(summary: Any) -> None:
    given = {
        **summary,
        "outcomes": [
            {**outcome, "records": "timings" if outcome["kind"] == "duration" else "visits"}
            for outcome in summary["outcomes"]
        ],
    }
    for tile, outcome in zip(tiles(given, "en"), given["outcomes"], strict=True):
        assert tile.base.endswith(outcome["records"])
        assert tile.relative.endswith("of the level expected without the training") or not tile.relative
    assert any(tile.relative for tile in tiles(given, "en"))


def test_a_running_pilot_has_no_tile() -> None:
    assert tiles(sample(withheld=True), "en") == []


def test_a_fall_that_is_better_is_blue_although_the_result_of_the_whole_is_hidden(summary: Any) -> None:
    score = next(each for each in summary["outcomes"] if each["kind"] == "score")
    for better, words in (("higher", ("better", "worse")), ("lower", ("worse", "better"))):
        hidden = {**score, "better": better, "evaluation": None}
        assert goodness(hidden, 1.0) == words[0]
        assert goodness(hidden, -1.0) == words[1]
