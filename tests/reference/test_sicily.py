"""Published results on real data: the smoking ban in Sicily (Lopez Bernal et al. 2017, IJE 46(1))."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

import pilot_eval

PUBLISHED = 5e-5  # absolute: ratios are known to four decimals
PRINTED = 1e-6  # relative: R and we both iterate until the deviance stands still
REFERENCE = json.loads((Path(__file__).parent / "series.json").read_text(encoding="utf-8"))["answers"]


def evaluated(data_folder: Path, **options: Any) -> dict[str, Any]:
    return pilot_eval.evaluate(
        data_folder / "sicily_its.csv",
        outcome="admissions",
        exposure="exposure",
        kind="rate",
        design="interrupted_time_series",
        **options,
    ).to_dict()


def ratios(ends: list[float]) -> list[float]:
    return [math.exp(end) for end in ends]


def test_the_rate_ratio_and_both_intervals_are_the_known_ones(data_folder: Path) -> None:
    made = evaluated(data_folder)
    poisson = next(test for test in made["robustness"] if test["method"] == "poisson")
    assert math.exp(made["effect"]["estimate"]) == pytest.approx(0.8944, abs=PUBLISHED)
    assert ratios(made["effect"]["confidence_interval"]) == pytest.approx([0.8392, 0.9532], abs=PUBLISHED)
    assert ratios(poisson["confidence_interval"]) == pytest.approx([0.8647, 0.9251], abs=PUBLISHED)
    assert made["dispersion"] == pytest.approx(3.56, abs=0.005)


def test_a_plain_comparison_would_say_the_opposite_and_the_document_says_so(data_folder: Path) -> None:
    made = evaluated(data_folder)
    assert made["naive"]["percent"] == pytest.approx(3.4, abs=0.05)
    assert "trend_turns_percent" in [one["code"] for one in made["warnings"]]
    assert made["uplift"]["estimate"] == pytest.approx(10.56, abs=0.005)


def test_with_the_season_the_ratio_is_the_published_one(data_folder: Path) -> None:
    made = evaluated(data_folder, season=True)
    assert math.exp(made["effect"]["estimate"]) == pytest.approx(0.885, abs=5e-4)
    assert ratios(made["effect"]["confidence_interval"]) == pytest.approx([0.839, 0.933], abs=5e-4)


@pytest.mark.parametrize(
    "answer", REFERENCE, ids=lambda one: f"season {one['season']}, {one['slope_change']}"
)
def test_every_model_equals_r(data_folder: Path, answer: dict[str, Any]) -> None:
    made = evaluated(data_folder, season=answer["season"], slope_change=answer["slope_change"])
    assert made["dispersion"] == pytest.approx(answer["dispersion"], rel=PRINTED)
    pairs = [("effect", "step"), ("trend", "trend")] + (
        [("slope_change", "change")] if answer["change"] else []
    )
    for ours, theirs in pairs:
        assert made[ours]["estimate"] == pytest.approx(answer[theirs]["Estimate"], rel=PRINTED)
        assert made[ours]["standard_error"] == pytest.approx(answer[theirs]["Std. Error"], rel=PRINTED)
