"""The part `quantiles` of a document."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import pilot_eval
from pilot_eval.domain.errors import BadInput


def columns(trained: int = 10, comparison: int = 12) -> dict[str, Any]:
    rng = np.random.default_rng(95)
    count = trained + comparison
    branch = np.repeat(np.arange(count), 12)
    return {
        "branch": branch.astype(str),
        "arm": np.where(branch < trained, "trained", "comparison"),
        "period": np.tile(np.repeat(["before", "after"], 6), count),
        "seconds": np.round(
            np.exp(5.0 + rng.normal(0.0, 0.3, count)[branch] + rng.normal(0.0, 0.5, len(branch)))
        ),
        "half": np.where(branch % 2 == 0, "a", "b"),
    }


def document(data: dict[str, Any], **options: Any) -> dict[str, Any]:
    asked = {"kind": "duration", "draws": 199, "with_parts": ("quantiles",), **options}
    made = pilot_eval.evaluate(data, outcome="seconds", **asked).to_dict()
    json.dumps(made, allow_nan=False)
    return made


@pytest.mark.parametrize(
    ("options", "unit", "uplift_unit"),
    [
        ({}, "seconds", "speed_percent"),
        ({"better": "higher"}, "seconds", "time_percent"),
        ({"kind": "score"}, "points", "percent"),
        ({"design": "before_after"}, "seconds", "speed_percent"),
        ({"weights": "observation"}, "seconds", "speed_percent"),
        ({"strata": "half"}, "seconds", "speed_percent"),
    ],
)
def test_the_median_and_the_slow_end_have_effects_with_intervals(
    options: dict[str, Any], unit: str, uplift_unit: str
) -> None:
    found = document(columns(), **options)["quantiles"]
    assert [one["probability"] for one in found["quantiles"]] == [0.5, 0.9]
    for one in found["quantiles"]:
        assert one["effect"]["unit"] == one["unit"] == unit
        assert one["uplift"]["unit"] == uplift_unit
        low, high = one["effect"]["confidence_interval"]
        assert low < one["effect"]["estimate"] < high
        assert (one["comparison"] is None) == (options.get("design") == "before_after")
    assert found["method"] == "percentile"
    assert found["warnings"] == []


def test_without_strata_all_rows_of_equal_branches_make_the_quantile() -> None:
    data = columns()
    one = document(data)["quantiles"]["quantiles"][1]
    rows = (data["arm"] == "trained") & (data["period"] == "after")
    assert one["trained"]["after"] == pytest.approx(np.quantile(data["seconds"][rows], 0.9))


def test_target_and_typical_time_stand_beside_them() -> None:
    data = columns()
    made = document(data, target=150)
    target = made["quantiles"]["target"]
    rows = (data["arm"] == "trained") & (data["period"] == "after")
    assert target["trained"]["after"] == pytest.approx(100.0 * np.mean(data["seconds"][rows] <= 150))
    low, high = target["effect"]["confidence_interval"]
    assert low < target["effect"]["estimate"] < high
    typical = made["quantiles"]["typical"]
    assert typical["before"] == pytest.approx(made["means"]["trained"]["before"])
    assert typical["estimate"] == pytest.approx(
        typical["before"] * (np.exp(made["effect"]["estimate"]) - 1.0)
    )
    never = document(data, target=1)["quantiles"]["target"]
    assert never["effect"] is None
    assert never["not_estimable"]["code"] == "no_variation"


def test_a_quantile_beyond_which_few_rows_lie_is_warned_of() -> None:
    data = columns()
    kept = (np.arange(len(data["branch"])) % 6) < 3  # 30 rows of the trained in each period
    few = {name: values[kept] for name, values in data.items()}
    found = document(few)["quantiles"]["warnings"]
    assert [warning["code"] for warning in found] == ["quantile_of_few_rows"]
    assert "90.0%" in found[0]["text"]


def test_few_branches_are_warned_of_and_too_few_say_why() -> None:
    codes = [warning["code"] for warning in document(columns(4, 8))["quantiles"]["warnings"]]
    assert codes == ["quantiles_with_few_branches", "quantile_of_few_rows"]
    assert document(columns(1, 8))["quantiles"]["not_estimable"]["code"] == "few_branches"


@pytest.mark.parametrize(("language", "words"), [("en", "90% of values"), ("ru", "90\u00a0% значений")])
def test_the_report_tells_them(language: str, words: str) -> None:
    made = pilot_eval.evaluate(
        columns(5, 8),
        outcome="seconds",
        kind="duration",
        draws=99,
        target=150,
        level=0.9,
        with_parts=("quantiles",),
    )
    assert words in made.to_text(language)
    assert "150" in made.to_text(language)
    thin = pilot_eval.evaluate(columns(1, 8), outcome="seconds", kind="duration", with_parts=("quantiles",))
    assert made.to_text(language).split("\n\n")[-1].splitlines()[0][:10] in thin.to_text(language)


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "proportion", "with_parts": ("quantiles",)},
        {"design": "staggered", "with_parts": ("quantiles",)},
        {"kind": "duration", "covariates": ("half",), "with_parts": ("quantiles",)},
        {"kind": "duration", "target": 100},
        {"kind": "score", "target": 100, "with_parts": ("quantiles",)},
        {"kind": "duration", "target": -1.0, "with_parts": ("quantiles",)},
    ],
)
def test_what_has_no_quantiles_is_refused_by_name(options: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=r"--with quantiles|--target|not available"):
        pilot_eval.evaluate(columns(), outcome="seconds", **options)
