"""The published schemas: what the product writes keeps to them, and they refuse what it would never write."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest

from pilot_eval.operations.evaluation import evaluate
from pilot_eval.reports.files import write_file
from pilot_eval.reports.schemas import SCHEMA_FILES
from tests.reports import samples
from tests.reports.schemas import problems_of_summary, published


@pytest.mark.parametrize("design", ["before_after", "difference_in_differences"])
@pytest.mark.parametrize("withheld", [False, True])
def test_every_json_file_keeps_to_its_schema(design: str, withheld: bool) -> None:
    document = json.loads(write_file("json", samples.summary(design, withheld=withheld), "en"))
    assert problems_of_summary(document) == []


@pytest.mark.parametrize("kind", ["score", "proportion", "duration"])
def test_an_evaluation_of_a_file_keeps_to_its_schema(kind: str) -> None:
    random = np.random.default_rng(7)
    values = {
        "score": random.normal(60, 9, 160),
        "proportion": random.integers(0, 2, 160).astype(float),
        "duration": random.lognormal(5, 0.4, 160),
    }[kind]
    rows = {
        "branch": [f"b{place // 8}" for place in range(160)],
        "arm": ["trained" if place < 80 else "comparison" for place in range(160)],
        "period": ["before" if place % 8 < 4 else "after" for place in range(160)],
        "y": values.tolist(),
    }
    document = evaluate(rows, outcome="y", kind=kind, with_parts=("threats", "sensitivity")).to_dict()
    plain = json.loads(json.dumps(document, allow_nan=False))
    assert not list(published("evaluation-1").iter_errors(plain))


def test_an_evaluation_of_a_rate_is_weighted_by_exposure_and_keeps_to_its_schema() -> None:
    rows = {
        "branch": [f"b{place // 8}" for place in range(128)],
        "arm": ["trained" if place < 64 else "comparison" for place in range(128)],
        "period": ["before" if place % 8 < 4 else "after" for place in range(128)],
        "y": np.random.default_rng(1).poisson(5, 128).astype(float).tolist(),
        "hours": [8.0] * 128,
    }
    document = evaluate(rows, outcome="y", kind="rate", exposure="hours").to_dict()
    assert document["weights"] == "exposure"
    plain = json.loads(json.dumps(document, allow_nan=False))
    assert not list(published("evaluation-1").iter_errors(plain))


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("verdict"),
        lambda d: d["verdict"].update(key="splendid"),
        lambda d: d["effect"].update(pvalue=1.5),
        lambda d: d["effect"].update(confidence_interval=[1.0]),
        lambda d: d.update(level=95),
        lambda d: d["input"].update(rows="many"),
    ],
)
def test_a_broken_evaluation_is_refused(change: Any) -> None:
    document = copy.deepcopy(samples.summary()["outcomes"][0]["evaluation"])
    assert not list(published("evaluation-1").iter_errors(document))
    change(document)
    assert list(published("evaluation-1").iter_errors(document))


def test_schemas_carry_the_names_under_which_they_are_served() -> None:
    for name, path in SCHEMA_FILES.items():
        schema = json.loads(path.read_text())
        assert path.name == f"{name}.schema.json" == schema["$id"]
        assert published(name)
