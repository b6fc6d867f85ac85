"""The parts `reliability` and `items`: fields of the document, sentences, lines in both languages."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import numpy as np
import pytest

import pilot_eval
from pilot_eval.domain.errors import BadInput
from pilot_eval.reports.evaluations import Evaluation

OPTIONS = {
    "auditor": "who",
    "pair": "twin",
    "items": ("Q*",),
    "facility": ("Q2", "Q3"),
    "with_parts": ("items", "reliability"),
    "draws": 99,
}


def columns(*, drift: float = 0.0, gone: bool = False, visits: int = 6, auditors: int = 3) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    branches = 20
    branch = np.repeat(np.arange(branches), 2 * visits)
    period = np.tile(np.repeat(["before", "after"], visits), branches)
    moved = (branch < 10) & (period == "after")
    auditor = rng.integers(0, auditors, len(branch))
    answers = (rng.random((len(branch), 5)) < 0.55).astype(float)
    answers[:, 0] = rng.random(len(branch)) < 0.2 + 0.7 * moved
    answers[:, 1:3] = rng.random((len(branch), 2)) < 0.5 + drift * moved[:, None]
    if gone:
        answers[moved & (rng.random(len(branch)) < 0.6), 4] = np.nan
    found: dict[str, Any] = {
        "branch": branch,
        "arm": np.where(branch < 10, "trained", "comparison"),
        "period": period,
        "score": 70.0 + rng.normal(0, 4, branches)[branch] + rng.normal(0, 4, len(branch)) + 3.0 * auditor,
        "who": [f"A{a}" for a in auditor],
        "twin": ["x" if place % visits < 2 else None for place in range(len(branch))],
    }
    return found | {f"Q{i + 1}": answers[:, i] for i in range(5)}


def evaluation(data: dict[str, Any], **options: Any) -> Evaluation:
    return pilot_eval.evaluate(data, outcome="score", **{**OPTIONS, **options})


def document(data: dict[str, Any], **options: Any) -> dict[str, Any]:
    made = evaluation(data, **options).to_dict()
    assert json.loads(json.dumps(made, allow_nan=False)) == made  # plain types only, and no NaN
    return made


@cache
def usual(*, drift: float = 0.0, gone: bool = False) -> dict[str, Any]:
    return document(columns(drift=drift, gone=gone))


def codes(part: dict[str, Any]) -> set[str]:
    return {warning["code"] for warning in part["warnings"]}


def test_every_item_has_its_effect_its_adjusted_p_and_where_it_did_not_apply() -> None:
    made = usual(gone=True)["items"]
    assert [item["name"] for item in made["items"]] == ["Q1", "Q2", "Q3", "Q4", "Q5"]
    first, last = made["items"][0], made["items"][4]
    assert first["effect"]["unit"] == "percentage_points"
    assert first["pvalue_adjusted"] >= first["effect"]["pvalue"]
    assert made["found"] == ["Q1"]
    assert last["not_applicable"]["trained"]["before"] == 0.0
    assert last["not_applicable"]["trained"]["after"] > 0.4
    assert last["change_in_not_applicable"]["effect"]["pvalue"] < 0.05
    assert codes(made) == {"items_less_applicable"}
    assert codes(usual()["items"]) == set()


def test_an_item_that_cannot_be_answered_says_why_in_both_languages() -> None:
    data = columns()
    data["Q4"] = np.ones(len(data["Q4"]))
    item = document(data)["items"]["items"][3]
    assert item["effect"] is None
    assert item["not_estimable"]["code"] == "no_variation"
    assert item["pvalue_adjusted"] is None
    assert item["discrimination_not_estimable"]["code"] == "item_constant"


def test_reliability_tells_severity_agreement_consistency_and_control() -> None:
    made = usual()["reliability"]
    assert [one["auditor"] for one in made["auditors"]["severity"]] == ["A0", "A1", "A2"]
    assert made["auditors"]["groups"] == 1
    spread = [one["difference"] for one in made["auditors"]["severity"]]
    assert spread == sorted(spread)
    assert made["adjusted_effect"]["method"] == "two_way"
    assert made["agreement"]["double_visits"] + made["agreement"]["left_out"] <= 40
    assert made["agreement"]["krippendorff_alpha"]["metric"] == "interval"
    assert made["agreement"]["icc_a1"]["not_estimable"]["code"] == "auditors_not_the_same"
    each = made["agreement"]["items"]
    assert [one["name"] for one in each] == ["Q1", "Q2", "Q3", "Q4", "Q5"]
    assert all(0.0 <= one["same_percent"] <= 100.0 for one in each)
    assert set(made["consistency"]["loadings"]) == {"Q1", "Q2", "Q3", "Q4", "Q5"}
    assert made["facility_items"]["moved"] is False
    assert codes(made) >= {"auditors_differ", "double_visits_few"}
    assert "facility_items_moved" not in codes(made)


def test_items_that_training_cannot_move_warn_when_they_move() -> None:
    made = usual(drift=0.4)["reliability"]
    assert made["facility_items"]["moved"] is True
    assert "facility_items_moved" in codes(made)


def test_what_was_not_asked_for_says_what_to_name() -> None:
    made = document(columns(), auditor=None, pair=None, items=(), facility=())
    assert made["items"]["not_estimable"]["code"] == "no_items"
    reliability = made["reliability"]
    assert reliability["auditors"]["not_estimable"]["code"] == "no_auditors"
    assert reliability["agreement"]["not_estimable"]["code"] == "double_visits_unmarked"
    assert reliability["facility_items"]["not_estimable"]["code"] == "no_facility_items"


def test_an_auditor_who_was_never_beside_another_has_no_severity() -> None:
    data = columns()
    alone = (data["branch"] == 0) & (data["period"] == "before")
    data["who"] = ["Z" if own else name for own, name in zip(alone, data["who"], strict=True)]
    made = document(data)["reliability"]
    last = made["auditors"]["severity"][-1]
    assert (last["auditor"], last["difference"]) == ("Z", None)
    assert made["auditors"]["groups"] == 2
    assert made["adjusted_effect"]["not_estimable"]["code"] == "labels_not_linked"
    assert "auditors_in_groups" in codes(made)


def test_rows_without_a_twin_and_items_that_did_not_apply_are_not_missing() -> None:
    made = document(columns(gone=True), items=("Q1", "Q5"), facility=())
    assert made["input"]["missing"] == {}
    assert "missing_values" not in {warning["code"] for warning in made["warnings"]}


def test_a_facility_item_that_is_no_item_is_refused() -> None:
    with pytest.raises(BadInput, match=r"--facility.*Q9"):
        evaluation(columns(), facility=("Q2", "Q9"))


@pytest.mark.parametrize(
    ("language", "headings"),
    [
        ("en", ["Items", "Reliability", "Severity of auditors", "McDonald's omega"]),
        ("ru", ["Пункты", "Надёжность", "Строгость аудиторов", "Омега Макдональда"]),
    ],
)
def test_the_text_has_both_parts_in_one_language(language: str, headings: list[str]) -> None:
    text = evaluation(columns(drift=0.4, gone=True)).to_text(language)
    for heading in headings:
        assert heading in text
    assert "{" not in text
    if language == "en":
        assert not re.search("[А-Яа-я]", text)


def test_parts_of_durations_and_shares_are_on_their_own_scale() -> None:
    data = columns()
    seconds = document({**data, "score": np.exp(data["score"] / 20.0)}, kind="duration")["reliability"]
    assert seconds["auditors"]["unit"] == "log_seconds"
    assert seconds["agreement"]["krippendorff_alpha"]["metric"] == "ratio"
    shares = document({**data, "score": data["Q1"]}, kind="proportion")["reliability"]
    assert shares["auditors"]["unit"] == "percentage_points"
    assert shares["agreement"]["krippendorff_alpha"]["metric"] == "nominal"
