"""The part `event_study` in the document and in words."""

from __future__ import annotations

import json

import pytest

import pilot_eval
from tests.stats.test_staggered import COHORTS, rows


def test_the_document_has_effects_by_time_with_both_intervals_and_the_trends() -> None:
    found = pilot_eval.evaluate(
        rows(2, COHORTS),
        outcome="y",
        design="staggered",
        time_unit="month",
        draws=199,
        with_parts=["event_study"],
    )
    part = found.to_dict()["event_study"]
    json.dumps(part)
    times = [row["event_time"] for row in part["event_times"]]
    assert times == [-2, -1, 0, 1, 2, 3, 4]
    for row in part["event_times"]:
        low, high = row["confidence_interval"]
        wide_low, wide_high = row["simultaneous_interval"]
        assert wide_low < low < row["estimate"] < high < wide_high
    trends = part["parallel_trends"]
    assert [row["event_time"] for row in trends["event_times"]] == [-3, -2]
    assert 0.0 <= trends["test"]["pvalue"] <= 1.0
    assert 0.0 <= trends["test"]["power"] <= 1.0
    assert trends["effect"]["estimate"] == pytest.approx(found.to_dict()["effect"]["estimate"])


@pytest.mark.parametrize(
    ("language", "heading"),
    [("en", "Effect by periods since training"), ("ru", "Эффект по числу периодов с начала обучения")],
)
def test_the_text_has_a_line_for_each_time(language: str, heading: str) -> None:
    found = pilot_eval.evaluate(
        rows(2, COHORTS),
        outcome="y",
        design="staggered",
        time_unit="month",
        draws=199,
        with_parts=["event_study"],
    )
    block = found.to_text(language).split(heading)[1].strip().splitlines()
    assert len(block) == 7 + 2
    assert block[2].startswith("0: +")


def test_without_dates_the_part_says_why() -> None:
    data = {
        "branch": [name for name in "abcdefgh" for _ in range(2)],
        "arm": ["trained"] * 8 + ["comparison"] * 8,
        "period": ["before", "after"] * 8,
        "y": [1.0, 5.0, 2.0, 7.0, 3.0, 8.0, 2.0, 4.0, 3.0, 3.5, 4.0, 3.0, 5.0, 6.0, 2.0, 1.0],
    }
    found = pilot_eval.evaluate(data, outcome="y", draws=99, with_parts=["event_study"])
    assert found.to_dict()["event_study"]["not_estimable"]["code"] == "event_study_needs_dates"
    assert "need a date in every row" in found.to_text()


def test_two_arms_with_dates_have_an_event_study_in_periods_of_the_time_unit() -> None:
    data = rows(3, {"a": (6, "2024-04-01"), "c": (8, "")})
    data["arm"] = ["trained" if day else "comparison" for day in data["trained_on"]]
    found = pilot_eval.evaluate(
        data, outcome="y", time_unit="month", draws=199, with_parts=["event_study"]
    ).to_dict()
    assert found["design"] == "difference_in_differences"
    assert [row["event_time"] for row in found["event_study"]["event_times"]] == [-2, -1, 0, 1, 2]
    assert len(found["event_study"]["parallel_trends"]["event_times"]) == 2
