"""The part `threats` in the document and in the text."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import pilot_eval
from pilot_eval.reports.parts.threats import sentence_of
from pilot_eval.reports.words import LABELS
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.threats import THREATS, Threat
from tests.reports.test_evaluations import columns


def recorded() -> dict[str, Any]:
    data = columns()
    rng = np.random.default_rng(3)
    n = len(data["x"])
    day = np.where(data["period"] == "after", np.datetime64("2014-10-01"), np.datetime64("2014-08-01"))
    day = day + rng.integers(0, 28, n).astype("timedelta64[D]")
    data["date"] = day.astype(str)
    data["entered"] = (day + rng.integers(0, 5, n).astype("timedelta64[D]")).astype(str)
    for name in ("auditor", "daypart", "operation"):
        data[name] = np.array(["a", "b", "c"])[rng.integers(0, 3, n)]
    data["roof"] = rng.integers(0, 2, n)
    return data


COLUMNS: dict[str, Any] = {
    name: name for name in ("auditor", "daypart", "operation", "entered")
} | {"items": ["roof"], "facility": ["roof"]}  # fmt: skip


def test_the_document_names_every_threat_with_its_sentence() -> None:
    made = pilot_eval.evaluate(
        recorded(), outcome="x", draws=199, with_parts=["threats"], **COLUMNS
    ).to_dict()
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    found = {one["code"]: one for one in made["threats"]["threats"]}
    assert list(found) == list(THREATS)
    unchecked = {code for code, one in found.items() if one["severity"] == "not_checked"}
    assert unchecked == {"parallel_trends", "exposure"}
    assert found["exposure"]["not_estimable"]["code"] == "not_for_this_kind"
    assert "entered more than 2 days after the visit" in found["late_entries"]["text"]["en"]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("design", ["difference_in_differences", "before_after"])
@pytest.mark.parametrize("kind", ["score", "duration"])
def test_every_text_can_be_written_and_serious_ones_come_first(language: str, design: str, kind: str) -> None:
    asked: dict[str, Any] = COLUMNS | {"design": design, "kind": kind, "with_parts": ["threats"]}
    text = pilot_eval.evaluate(recorded(), outcome="x", draws=199, **asked).to_text(language)
    for wrong in ("{", "None", "nan"):
        assert wrong not in text
    order = [LABELS[f"threat_severity_{one}"] for one in ("serious", "look", "fine")]
    places = [text.find(f"[{getattr(one, language)}]") for one in order]
    there = [place for place in places if place >= 0]
    assert there == sorted(there)


def test_every_threat_has_a_name_and_a_sentence() -> None:
    for code in THREATS:
        assert f"threat_name_{code}" in LABELS
        assert code == "allocation" or f"threat_{code}" in LABELS


def test_bounds_and_breakdown_are_told_where_there_are_any() -> None:
    plan = AnalysisPlan("x")
    values = {"trained_share": 30.0, "comparison_share": 0.0, "low": -1.0, "high": 2.0}
    wide = values | {"interval_low": -3.0, "interval_high": 4.0}
    told = sentence_of(Threat("missing_branches", "serious", wide), plan)
    assert "lies between −1.0 points and +2.0 points" in told.en
    assert "от −3,0 балла до +4,0 балла" in told.ru
    assert "lies between" not in sentence_of(Threat("missing_branches", "look", values), plan).en
    trend = {"periods": 4, "pvalue_share": 30.0, "power_share": 70.0, "breakdown": 1.5}
    told = sentence_of(Threat("parallel_trends", "look", trend), plan)
    assert "1.50 times" in told.en
    assert "составляет 1,50 от самого крупного шага" in told.ru


def test_no_multiple_of_a_drift_is_told_where_none_is_needed() -> None:
    trend = {"periods": 3, "pvalue_share": 30.0, "power_share": 70.0, "breakdown": 0.0}
    told = sentence_of(Threat("parallel_trends", "look", trend), AnalysisPlan("x"))
    assert "0.00" not in told.en
    assert "even without any drift" in told.en
    assert "0,00" not in told.ru
    assert "и без всякого тренда" in told.ru
