"""The mix of operations as a field of the document and as lines of the report."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import pilot_eval


def columns(*, lean: float = 0.4, zeros: bool = False) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    branch = np.repeat(np.arange(20), 16)
    after = np.tile(np.repeat([0, 1], 8), 20)
    trained = branch < 9
    parcel = (np.arange(320) % 4 == 0) | (rng.random(320) < lean * after * trained)
    score = rng.normal(60.0, 5.0, 20)[branch] + after * rng.normal(0.0, 2.0, 20)[branch]
    score += 5.0 * trained * after - 15.0 * parcel + rng.normal(0.0, 4.0, 320)
    return {
        "branch": branch.astype(str),
        "arm": np.where(trained, "trained", "comparison"),
        "period": np.where(after == 1, "after", "before"),
        "score": score,
        "seconds": np.where(np.arange(320) % 7 == 0, 0.0, np.exp(score / 20.0)) if zeros else score,
        "operation": np.where(parcel, "parcel", "letter"),
    }


def evaluated(data: dict[str, Any], **options: Any) -> pilot_eval.Evaluation:
    return pilot_eval.evaluate(data, operation="operation", draws=99, **{"outcome": "score", **options})


def test_both_numbers_are_told_where_operations_are_named() -> None:
    found = evaluated(columns())
    document = found.to_dict()
    mix = document["mix"]
    plain = pilot_eval.evaluate(columns(), outcome="score", draws=99).to_dict()
    assert document["effect"] == plain["effect"]
    assert mix["adjusted"]["effect"].keys() == document["effect"].keys()
    assert mix["adjusted"]["uplift"].keys() == document["uplift"].keys()
    assert mix["shift"] == pytest.approx(
        mix["adjusted"]["effect"]["estimate"] - document["effect"]["estimate"], rel=1e-9
    )
    assert sum(one["shares"]["trained"]["after"] for one in mix["operations"]) == pytest.approx(1.0)
    assert mix["distance"]["trained"] > 0.3
    json.dumps(document, allow_nan=False)


def test_a_changed_mix_and_a_changed_answer_are_warned_of() -> None:
    found = evaluated(columns()).to_dict()
    assert "mix_differs" in [warning["code"] for warning in found["warnings"]]
    assert [warning["code"] for warning in found["mix"]["warnings"]] == ["mix_changes_answer"]
    calm = evaluated(columns(lean=0.0)).to_dict()
    assert "mix_differs" not in [warning["code"] for warning in calm["warnings"]]
    assert calm["mix"]["warnings"] == []


@pytest.mark.parametrize(
    ("language", "heading"),
    [("en", "With the mix of operations taken out"), ("ru", "Без влияния состава операций")],
)
def test_the_report_has_the_adjusted_number_in_both_languages(language: str, heading: str) -> None:
    lines = evaluated(columns()).to_text(language).splitlines()
    place = lines.index(heading)
    assert "+" in lines[place + 1]
    assert "%" in lines[place + 1]


def test_durations_tell_their_speed() -> None:
    adjusted = evaluated(columns(), outcome="seconds", kind="duration").to_dict()["mix"]["adjusted"]
    assert {"effect", "uplift", "speed"} == adjusted.keys()


def test_trained_branches_alone_have_shares_of_their_own_only() -> None:
    mix = evaluated(columns(), design="before_after").to_dict()["mix"]
    assert mix["distance"]["comparison"] is None
    assert set(mix["operations"][0]["shares"]) == {"trained"}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_what_cannot_be_taken_out_is_said(language: str) -> None:
    found = evaluated(columns(), estimator="ancova", allocation="random")
    assert found.to_dict()["mix"]["adjusted"]["not_estimable"]["code"] == "mix_of_adjusted"
    assert found.to_text(language)
    zeros = evaluated(columns(zeros=True), outcome="seconds", kind="duration")
    assert zeros.to_dict()["mix"]["not_estimable"]["code"] == "too_many_zeros"
    assert zeros.to_text(language)
