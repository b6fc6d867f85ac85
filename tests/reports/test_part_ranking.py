"""The part `ranking` in the document and in the text."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

import pilot_eval
from tests.reports.test_evaluations import columns

UNITS = {"score": "points", "duration": "speed_percent"}


def ranking(**options: Any) -> dict[str, Any]:
    asked = {"outcome": "x", "draws": 199, "with_parts": ["ranking"], **options}
    made = pilot_eval.evaluate(columns(), **asked).to_dict()
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    found: dict[str, Any] = made["ranking"]
    return found


@pytest.mark.parametrize("kind", UNITS)
def test_every_branch_stands_in_its_arm_with_its_numbers(kind: str) -> None:
    found = ranking(kind=kind)
    assert found["unit"] == UNITS[kind]
    assert set(found["arms"]) == {"trained", "comparison"}
    for arm in found["arms"].values():
        assert arm["n"] == len(arm["branches"]) == 8
        places = [one["rank"]["mean"] for one in arm["branches"]]
        assert sum(places) == pytest.approx(8 * 9 / 2)
        for one in arm["branches"]:
            for estimate, ends in (
                ("change", one["confidence_interval"]),
                ("shrunken", one["shrunken_interval"]),
            ):
                assert ends[0] < one[estimate] < ends[1]
            low, high = one["rank"]["interval"]
            assert 1 <= low <= high <= 8
            assert one["n"] == {"before": 4, "after": 4}
            assert one["level_after"]["rank"]["interval"][0] >= 1


def test_the_longer_time_has_the_lower_place() -> None:
    found = ranking(kind="duration")["arms"]["trained"]["branches"]
    by_change = sorted(found, key=lambda one: -float(one["shrunken"]))
    assert by_change[0]["rank"]["mean"] < by_change[-1]["rank"]["mean"]
    one = found[0]
    assert one["change"] == pytest.approx(100.0 * (one["before"] / one["after"] - 1.0))


def test_means_of_the_arms_changes_make_the_effect_where_branches_count_once() -> None:
    made = pilot_eval.evaluate(columns(), outcome="x", draws=199, with_parts=["ranking"]).to_dict()
    arms = made["ranking"]["arms"]
    means = {name: np.mean([one["change"] for one in arm["branches"]]) for name, arm in arms.items()}
    assert means["trained"] - means["comparison"] == pytest.approx(made["effect"]["estimate"])


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("options", [{}, {"kind": "duration"}, {"design": "before_after"}])
def test_the_text_lists_branches(language: str, options: dict[str, Any]) -> None:
    made = pilot_eval.evaluate(columns(), outcome="x", draws=199, with_parts=["ranking"], **options)
    text = made.to_text(language)
    assert " | 4, 4 | " in text
    assert "{" not in text
    assert "nan" not in text


def test_one_value_a_period_says_why_there_is_no_comparison() -> None:
    data = {
        "branch": [name for name in "abcdefgh" for _ in range(2)],
        "arm": ["trained"] * 8 + ["comparison"] * 8,
        "period": ["before", "after"] * 8,
        "x": [math.sqrt(i) for i in range(16)],
    }
    made = pilot_eval.evaluate(data, outcome="x", draws=199, with_parts=["ranking"])
    found = made.to_dict()["ranking"]["not_estimable"]
    assert found["code"] == "single_observations"
    assert found["text"]["en"] in made.to_text("en")
    assert found["text"]["ru"] in made.to_text("ru")


def test_rates_are_compared_by_their_ratio() -> None:
    data = columns()
    rng = np.random.default_rng(2)
    data["exposure"] = rng.uniform(50.0, 200.0, len(data["x"]))
    data["x"] = rng.poisson(0.1 * data["exposure"])
    made = pilot_eval.evaluate(
        data, outcome="x", kind="rate", exposure="exposure", draws=199, with_parts=["ranking"]
    )
    found = made.to_dict()["ranking"]
    assert found["unit"] == "rate_percent"
    for arm in found["arms"].values():
        for one in arm["branches"]:
            assert one["change"] == pytest.approx(100.0 * (one["after"] / one["before"] - 1.0))
            assert "level_after" not in one
    assert "events before, after" in made.to_text("en")
    assert "событий до, после" in made.to_text("ru")


def test_times_with_many_zeros_are_not_ranked_by_logarithms() -> None:
    data = columns()
    data["x"] = np.where(np.arange(len(data["x"])) % 9 == 0, 0.0, data["x"])
    made = pilot_eval.evaluate(data, outcome="x", kind="duration", draws=99, with_parts=["ranking"])
    assert made.to_dict()["ranking"]["not_estimable"]["code"] == "too_many_zeros"
