"""What an evaluation tells of other branches."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import pilot_eval
from pilot_eval.domain.errors import BadInput


def data(seed: int = 1, *, trained: int = 8, comparison: int = 8, visits: int = 5) -> dict[str, list[Any]]:
    rng = np.random.default_rng(seed)
    columns: dict[str, list[Any]] = {
        name: [] for name in ("branch", "arm", "period", "score", "seconds", "share")
    }
    for b in range(trained + comparison):
        level, arm = rng.normal(60, 5), "trained" if b < trained else "comparison"
        for period in ("before", "after"):
            gain = 6.0 + rng.normal(0, 2) if arm == "trained" and period == "after" else 0.0
            for _ in range(visits):
                value = level + gain + rng.normal(0, 5)
                row = (f"B{b}", arm, period, value, float(np.exp(value / 12)), 0.5)
                for name, cell in zip(columns, row, strict=True):
                    columns[name].append(cell)
    return columns


def part(**options: Any) -> dict[str, Any]:
    chosen = {"outcome": "score", "draws": 99, "with_parts": ["roll_out"]} | options
    made = chosen.pop("data", None) or data()
    found: dict[str, Any] = pilot_eval.evaluate(made, **chosen).to_dict()["roll_out"]
    json.dumps(found, allow_nan=False)
    return found


def test_a_new_branch_is_less_sure_than_the_network() -> None:
    found = part()
    low, high = found["expected"]["confidence_interval"]
    new_low, new_high = found["new_branch"]["prediction_interval"]
    assert new_low < low < found["expected"]["estimate"] < high < new_high
    assert found["network"]["branches"] == 42_000
    assert found["network"]["confidence_interval"] == pytest.approx([low, high], abs=0.01)
    assert 0.5 < found["new_branch"]["chance_better"] <= 1.0


def test_a_duration_is_told_in_speed_plus_being_better() -> None:
    found = part(outcome="seconds", kind="duration")
    assert found["unit"] == "speed_percent"
    estimate = found["expected"]["estimate"]
    assert found["expected"]["estimate_in_unit"] == pytest.approx(100 * np.expm1(-estimate))
    low, high = found["new_branch"]["prediction_interval"]
    told = found["new_branch"]["prediction_interval_in_unit"]
    assert told == pytest.approx([100 * np.expm1(-high), 100 * np.expm1(-low)])
    assert found["new_branch"]["chance_better"] < 0.5  # longer is worse, and the times grew


def test_the_better_direction_turns_only_what_is_told() -> None:
    higher, lower = part(), part(better="lower")
    assert lower["expected"]["estimate"] == higher["expected"]["estimate"]
    assert lower["expected"]["estimate_in_unit"] == -higher["expected"]["estimate_in_unit"]
    assert lower["new_branch"]["chance_better"] == pytest.approx(1 - higher["new_branch"]["chance_better"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"allocation": "random"}, "drawn at random"),
        ({"allocation": "chosen"}, "not drawn at random"),
        ({}, "is not stated"),
        ({"design": "before_after"}, "no comparison group"),
    ],
)
def test_what_is_assumed_is_said_by_allocation(options: dict[str, str], words: str) -> None:
    said = [sentence["en"] for sentence in part(**options)["assumptions"]]
    assert any(words in sentence for sentence in said)


def test_the_report_says_it_in_both_languages() -> None:
    evaluation = pilot_eval.evaluate(
        data(), outcome="score", draws=99, with_parts=["roll_out"], network=1200, allocation="random"
    )
    english, russian = evaluation.to_text("en"), evaluation.to_text("ru")
    assert "What other branches may expect" in english
    assert "Averaged over a network of 1\u00a0200" in english
    assert "Чего ждать другим отделениям" in russian
    assert "по жребию" in russian


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"data": data(trained=2)}, "few_branches_to_roll_out"),
        ({"data": data(visits=1)}, "single_observations"),
        ({"data": data(trained=1)}, "few_branches"),
    ],
)
def test_what_cannot_be_told_says_why(options: dict[str, Any], code: str) -> None:
    assert part(**options)["not_estimable"]["code"] == code


def test_other_weights_than_branches_are_said() -> None:
    codes = {warning["code"] for warning in part(weights="observation")["warnings"]}
    assert codes == {"roll_out_unadjusted"}


def test_a_network_of_no_branches_is_refused() -> None:
    with pytest.raises(BadInput, match="--network"):
        pilot_eval.evaluate(data(), outcome="score", with_parts=["roll_out"], network=0)
