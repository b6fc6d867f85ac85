"""The published schemas: what the product writes keeps to them, and they refuse what it would never write."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest

from pilot_eval.operations.evaluation import evaluate
from pilot_eval.reports.files import write_file
from pilot_eval.reports.parts import PARTS
from pilot_eval.reports.schemas import SCHEMA_FILES
from tests.reports import samples
from tests.reports.schemas import problems_of_summary, published, unnamed


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


def rows_of_months() -> dict[str, list[Any]]:
    """Visits of sixteen branches in eight months, half of them trained in June, with every column."""
    random = np.random.default_rng(3)
    branch, month, _ = (part.ravel() for part in np.meshgrid(range(16), range(1, 9), range(3), indexing="ij"))
    trained, late = branch < 8, month >= 6
    count = len(branch)
    items = {f"Q{k}": random.integers(0, 2, count).astype(float).tolist() for k in range(4)}
    return {
        "branch": [f"b{b}" for b in branch],
        "arm": np.where(trained, "trained", "comparison").tolist(),
        "period": np.where(late, "after", "before").tolist(),
        "date": [f"2025-{m:02d}-01" for m in month],
        "trained_on": np.where(trained, "2025-06-01", "").tolist(),
        "day": [f"2025-{m:02d}-03" for m in month],
        "score": (random.normal(60, 9, count) + 4.0 * (trained & late)).tolist(),
        "seconds": random.lognormal(5, 0.4, count).tolist(),
        "gone": (random.random(count) < 0.1).astype(int).tolist(),
        "events": random.poisson(5, count).astype(float).tolist(),
        "items": random.integers(50, 90, count).astype(float).tolist(),
        "kind": random.choice(["parcel", "letter"], count).tolist(),
        "who": random.choice(["A", "B", "C"], count).tolist(),
        "half": random.choice(["am", "pm"], count).tolist(),
        "double": [f"d{place // 2}" for place in range(count)],
        **items,
    }


EVERY_PART: dict[str, Any] = {
    "operation": "kind",
    "auditor": "who",
    "daypart": "half",
    "entered": "day",
    "pair": "double",
    "items": ("Q*",),
    "facility": ("Q3",),
    "time_unit": "month",
    "with_parts": tuple(PARTS),
}


@pytest.mark.parametrize(
    "options",
    [
        {"outcome": "score", **EVERY_PART},
        {"outcome": "seconds", "kind": "duration", "target": 150.0, **EVERY_PART},
        {
            "outcome": "seconds",
            "kind": "duration",
            "censored": "gone",
            "with_parts": ("threats", "sensitivity"),
        },
        {"outcome": "score", "design": "before_after", **EVERY_PART},
        {"outcome": "score", "covariates": ("Q0",), "looks": (0.5, 1.0), "look": 2},
        {
            "outcome": "events",
            "kind": "rate",
            "exposure": "items",
            "with_parts": ("ranking", "sensitivity", "threats"),
        },
        {"outcome": "score", "design": "staggered", "with_parts": ("event_study", "sensitivity", "threats")},
        {"outcome": "score", "design": "stepped_wedge", "with_parts": ("event_study", "threats")},
        {"outcome": "score", "design": "interrupted_time_series", "slope_change": True},
        {"outcome": "events", "kind": "rate", "exposure": "items", "design": "interrupted_time_series"},
    ],
    ids=lambda options: "-".join(str(options.get(name, "")) for name in ("outcome", "design", "censored")),
)
def test_every_field_of_every_part_is_named_in_the_schema(options: dict[str, Any]) -> None:
    document = evaluate(rows_of_months(), draws=199, **options).to_dict()
    plain = json.loads(json.dumps(document, allow_nan=False))
    assert list(published("evaluation-1").iter_errors(plain)) == []
    assert unnamed(plain, "evaluation-1") == set()


def test_a_field_that_no_schema_names_is_found() -> None:
    document = copy.deepcopy(samples.summary()["outcomes"][0]["evaluation"])
    document["effect"]["magic"] = 1.0
    assert ".effect.magic" in unnamed(document, "evaluation-1")


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
