"""The part `sensitivity` in the document and in the text."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import pilot_eval
from tests.reports.test_evaluations import columns


def made(**options: Any) -> dict[str, Any]:
    asked = {"outcome": "x", "draws": 99, "with_parts": ["sensitivity"], **options}
    found = pilot_eval.evaluate(asked.pop("data", columns()), **asked).to_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return found


@pytest.mark.parametrize("kind", ["score", "duration"])
@pytest.mark.parametrize("better", ["higher", "lower"])
def test_as_planned_is_the_headline(kind: str, better: str) -> None:
    found = made(kind=kind, better=better, smallest_effect=2.0)
    planned = found["sensitivity"]["specifications"][0]
    for name in ("scale", "estimate", "standard_error", "df", "confidence_interval", "pvalue"):
        assert planned["effect"][name] == found["effect"][name]
    assert planned["verdict"] == found["verdict"]["key"] == found["sensitivity"]["headline_verdict"]
    if kind == "duration":
        assert planned["change"]["estimate"] == pytest.approx(found["uplift"]["estimate"])
        assert planned["change"]["confidence_interval"] == pytest.approx(
            found["uplift"]["confidence_interval"]
        )


def test_shares_count_the_rows_that_say_so() -> None:
    found = made()["sensitivity"]
    others = found["specifications"][1:]
    assert found["agreement"]["others"] == len(others)
    assert found["agreement"]["same_verdict"] == sum(one["same_verdict"] for one in others)
    assert found["agreement"]["same_verdict_share"] == found["agreement"]["same_verdict"] / len(others)
    assert len(found["leave_one_out"]["branches"]) == 16


def test_every_change_is_signed_so_that_plus_is_better() -> None:
    up, down = made(better="higher"), made(better="lower")
    for one, other in zip(
        up["sensitivity"]["specifications"], down["sensitivity"]["specifications"], strict=True
    ):
        assert one["code"] == other["code"]
        if one["code"].startswith("without_"):
            continue  # the least favourable is another branch then
        assert one["effect"]["estimate"] == other["effect"]["estimate"]
        assert one["change"]["estimate"] == pytest.approx(-other["change"]["estimate"])


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"kind": "duration", "smallest_effect": 3.0},
        {"design": "before_after"},
        {"kind": "proportion", "outcome": "yes"},
        {"auditor": "auditor", "weights": "observation"},
    ],
)
def test_every_text_can_be_written(language: str, options: dict[str, Any]) -> None:
    data = columns()
    data["auditor"] = np.array(["a", "b", "c"])[np.arange(len(data["x"])) % 3]
    data["yes"] = (data["x"] > 62.0).astype(float)
    asked = {"outcome": "x", "draws": 99, "with_parts": ["sensitivity"], **options}
    text = pilot_eval.evaluate(data, **asked).to_text(language)
    assert ("as planned" if language == "en" else "как в плане") in text
    assert "{" not in text
    assert "nan" not in text
    assert "None" not in text


def test_without_an_effect_the_reason_is_told() -> None:
    found = made(data=columns(trained=1))
    assert found["sensitivity"]["not_estimable"]["code"] == "few_branches"


def test_what_is_not_computed_is_grouped_by_its_reason() -> None:
    text = pilot_eval.evaluate(columns(), outcome="x", draws=99, with_parts=["sensitivity"]).to_text("en")
    (line,) = [line for line in text.splitlines() if "no such column (auditor)" in line]
    assert line.startswith("Not computed, because the data have no such column (auditor): ")
    assert "differences between auditors taken out; without one auditor." in line


@pytest.mark.parametrize("part", ["sensitivity", "threats"])
def test_censored_times_have_these_parts_too(part: str) -> None:
    data = columns()
    data["gave_up"] = (np.arange(len(data["x"])) % 7 == 0).astype(int)
    asked = {"kind": "duration", "censored": "gave_up", "draws": 99, "with_parts": [part]}
    made = pilot_eval.evaluate(data, outcome="x", **asked)
    found = made.to_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    if part == "sensitivity":
        planned = found[part]["specifications"][0]
        assert planned["effect"]["estimate"] == found["effect"]["estimate"]
        assert planned["verdict"] == found["verdict"]["key"]
        assert len(found[part]["leave_one_out"]["branches"]) == 16
        (model,) = [one for one in found[part]["specifications"] if one["code"] == "lognormal_aft"]
        assert model["effect"]["estimate"] == found["lognormal_aft"]["estimate"]
        assert model["effect"]["pvalue"] == pytest.approx(found["lognormal_aft"]["pvalue"])
        assert model["change"]["estimate"] == pytest.approx(found["lognormal_aft"]["speed_percent"])
    for language in ("en", "ru"):
        assert "{" not in made.to_text(language)


def test_the_specifications_together_are_told() -> None:
    made = pilot_eval.evaluate(columns(), outcome="x", draws=99, with_parts=["sensitivity"])
    found = made.to_dict()["sensitivity"]["joint"]
    assert 0.0 < found["median_pvalue"] <= 1.0
    assert found["significant"] <= len(found["specifications"]) == 5
    assert "5 of these ways taken together" in made.to_text("en")
    assert "Эти способы вместе (5)" in made.to_text("ru")
    assert ("speak for one direction" in made.to_text("en")) == (found["significant"] > 0)
    alone = pilot_eval.evaluate(
        columns(), outcome="x", design="before_after", draws=99, with_parts=["sensitivity"]
    )
    assert alone.to_dict()["sensitivity"]["joint"]["not_estimable"]["code"] == "no_comparison_arm"


def test_where_the_checks_disagree_as_planned_is_unclear_like_the_headline() -> None:
    rng = np.random.default_rng(5)
    for seed in range(200):
        data = columns(trained=3, comparison=9, seed=seed)
        data["x"] = data["x"] + rng.normal(0.0, 0.1, len(data["x"]))
        plain = pilot_eval.evaluate(data, outcome="x", draws=99).to_dict()
        if plain["agreement"] is False:
            break
    found = made(data=data)
    assert found["agreement"] is False
    planned = found["sensitivity"]["specifications"][0]
    assert planned["verdict"] == found["verdict"]["key"] == "unclear"
    for one in found["sensitivity"]["specifications"][1:]:
        if one["effect"]["scale"] == "difference":
            assert one["same_verdict"] == (one["verdict"] == "unclear")
