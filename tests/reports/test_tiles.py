"""Tiles and lines of branches: numbers with interval, unit and n, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from pilot_eval.reports.charts import goodness
from pilot_eval.reports.tiles import branch_lines, tiles
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


def test_a_branch_seen_too_seldom_stands_last(summary: Any) -> None:
    outcome = summary["outcomes"][0]
    first = summary["branches"][0]
    cells = {**first["outcomes"], outcome["code"]: _without_after(first, outcome["code"])}
    thin = {**first, "outcomes": cells}
    lines = branch_lines(summary, outcome, [thin, *summary["branches"][1:]], "en", fewest=2)
    assert [line.code for line in lines if line.thin] == [first["code"]]
    assert lines[-1].code == first["code"]
    assert len(lines) == len(summary["branches"])


def _without_after(branch: Any, code: str) -> Any:
    return {**branch["outcomes"][code], "after": None, "change": None}


def test_faster_is_better_and_slower_is_worse(summary: Any) -> None:
    outcome = next(each for each in summary["outcomes"] if each["kind"] == "duration")
    for line, branch in zip(
        branch_lines(summary, outcome, summary["branches"], "en", fewest=1), summary["branches"], strict=True
    ):
        low, high = branch["outcomes"][outcome["code"]]["change"]["confidence_interval"]
        assert line.tone == ("better" if low > 0 else "worse" if high < 0 else "neither")


def test_a_fall_that_is_better_is_blue_although_the_result_of_the_whole_is_hidden(summary: Any) -> None:
    score = next(each for each in summary["outcomes"] if each["kind"] == "score")
    branches = summary["branches"]
    for better, words in (("higher", ("better", "worse")), ("lower", ("worse", "better"))):
        hidden = {**score, "better": better, "evaluation": None}
        for line, branch in zip(
            branch_lines(summary, hidden, branches, "en", fewest=1), branches, strict=True
        ):
            low, high = branch["outcomes"][score["code"]]["change"]["confidence_interval"]
            expected = words[0] if low > 0 else words[1] if high < 0 else "neither"
            assert line.tone == expected
        assert goodness(hidden, 1.0) == words[0]
        assert goodness(hidden, -1.0) == words[1]
