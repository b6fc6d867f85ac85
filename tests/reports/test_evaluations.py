"""The document `pilot-eval/evaluation/1` and the text made of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pilot_eval
from pilot_eval.domain.observations import AFTER, Observations
from pilot_eval.reports.evaluations import Evaluation
from pilot_eval.reports.numbers import NBSP
from pilot_eval.stats.analysis import analyse
from pilot_eval.stats.plan import AnalysisPlan

FIELDS = [
    "schema", "design", "outcome", "kind", "better", "level", "seed", "input", "branches", "means", "effect",
    "uplift", "robustness", "agreement", "warnings", "smallest_effect", "verdict",
]  # fmt: skip


def columns(trained: int = 8, comparison: int = 8, *, seed: int = 1) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    count = trained + comparison
    branch = np.repeat(np.arange(count), 8)
    period = np.tile(np.repeat(["before", "after"], 4), count)
    gain = 6.0 * ((branch < trained) & (period == "after"))
    return {
        "branch": branch,
        "arm": np.where(branch < trained, "trained", "comparison"),
        "period": period,
        "x": 60.0 + rng.normal(0.0, 3.0, count)[branch] + rng.normal(0.0, 4.0, len(branch)) + gain,
    }


def document(data: dict[str, Any], **options: Any) -> dict[str, Any]:
    made = pilot_eval.evaluate(data, outcome="x", **{"draws": 199, **options}).to_dict()
    assert json.loads(json.dumps(made, allow_nan=False)) == made  # plain types only, and no NaN
    return made


@pytest.mark.parametrize("kind", ["score", "duration"])
@pytest.mark.parametrize("design", ["difference_in_differences", "before_after"])
def test_every_field_of_the_contract_is_there(kind: str, design: str) -> None:
    made = document(columns(), kind=kind, design=design)
    assert [field for field in FIELDS if field not in made] == []
    assert made["schema"] == "pilot-eval/evaluation/1"
    assert set(made["effect"]) >= {
        "scale", "estimate", "standard_error", "df", "confidence_interval", "pvalue", "method",
    }  # fmt: skip
    assert set(made["uplift"]) == {"estimate", "confidence_interval", "bounded", "method"}
    assert made["uplift"]["method"] == ("exp" if kind == "duration" else "fieller")
    assert made["effect"]["scale"] == ("log_ratio" if kind == "duration" else "difference")
    assert ("speed" in made) == (kind == "duration")
    for test in made["robustness"]:
        assert set(test) >= {
            "method", "enumerated", "draws", "statistic", "pvalue", "confidence_interval", "bounded",
        }  # fmt: skip
    assert set(made["verdict"]) == {"key", "en", "ru", "sentences"}
    assert made["level"] == 0.95
    assert len(made["input"]["sha256"]) == 64
    assert "not_estimable" not in made


def test_speed_is_the_uplift_of_a_duration() -> None:
    made = document(columns(), kind="duration")
    assert made["better"] == "lower"
    assert made["speed"]["speed_percent"] == made["uplift"]["estimate"]
    assert made["speed"]["confidence_interval_speed_percent"] == made["uplift"]["confidence_interval"]
    time = 1.0 + made["speed"]["time_percent"] / 100.0
    assert 1.0 / time == pytest.approx(1.0 + made["speed"]["speed_percent"] / 100.0)


def test_what_cannot_be_estimated_says_why_in_both_languages() -> None:
    made = document(columns(trained=1))
    assert made["effect"] is None
    assert made["uplift"] is None
    assert made["robustness"] == []
    assert made["agreement"] is None
    assert made["not_estimable"]["code"] == "few_branches"
    assert made["not_estimable"]["text"]["en"].startswith("an arm needs at least 2 branches")
    assert made["not_estimable"]["text"]["ru"].startswith("в группе нужно не менее 2 отделений")
    assert made["verdict"]["key"] == "too_few"
    assert made["verdict"]["en"] == f"Too few data: 1 of 2{NBSP}branches"


def test_the_same_data_and_seed_give_the_same_document() -> None:
    assert document(columns(), seed=7) == document(columns(), seed=7)
    many = columns(trained=20, comparison=20)
    one, two = document(many, seed=7), document(many, seed=8)
    first, second = (made["robustness"][0]["confidence_interval"] for made in (one, two))
    assert first != second
    assert one["effect"] == two["effect"]


def test_a_stored_pilot_is_evaluated_without_a_file() -> None:
    data = columns()
    observations = Observations.from_columns(
        branch=data["branch"].astype(str),
        trained=data["arm"] == "trained",
        period=np.where(data["period"] == "after", AFTER, 0),
        value=data["x"],
    )
    plan = AnalysisPlan("x", level=1 - 0.05 / 2, draws=199)
    made = Evaluation.of(analyse(observations, plan)).to_dict()
    assert made["level"] == 0.975
    assert made["input"]["sha256"] is None
    assert made["effect"]["estimate"] == document(data)["effect"]["estimate"]


def test_the_text_begins_with_the_verdict_and_gives_n_interval_and_unit() -> None:
    made = pilot_eval.evaluate(columns(), outcome="x", draws=199)
    english, russian = made.to_text("en"), made.to_text("ru")
    assert english.startswith("Better; may be small.\nTrained branches against comparison branches: +")
    assert "8 trained and 8 comparison branches, 128 of 128 rows" in english
    assert " points (95%: +" in english
    assert russian.startswith("Стало лучше; величина может быть небольшой.\n")
    assert f"балла (95{NBSP}%: от +" in russian
    with pytest.raises(ValueError, match="unknown language"):
        made.to_text("de")


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(
    "options",
    [
        {"design": "before_after"},
        {"kind": "duration"},
        {"better": "lower", "smallest_effect": 3.0},
        {"kind": "duration", "design": "before_after", "level": 0.975},
        {"weights": "observation"},
    ],
)
def test_every_text_can_be_written(language: str, options: dict[str, Any]) -> None:
    for data in (columns(), columns(trained=1), columns(trained=3, comparison=3)):
        text = pilot_eval.evaluate(data, outcome="x", **{"draws": 199, **options}).to_text(language)
        assert "{" not in text
        assert "None" not in text
        assert "nan" not in text


def test_a_duration_of_many_zeros_is_told_by_its_means(tmp_path: Path) -> None:
    data = columns()
    data["x"] = np.where(np.arange(len(data["x"])) % 9 == 0, 0.0, data["x"])
    made = document(data, kind="duration")
    assert made["effect"] is None
    assert made["not_estimable"]["code"] == "too_many_zeros"
    assert made["uplift"]["method"] == "fieller"
    assert made["speed"]["speed_percent"] == made["uplift"]["estimate"]
    assert made["verdict"]["key"] in {"gain", "loss", "unclear"}
