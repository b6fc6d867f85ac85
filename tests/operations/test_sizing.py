"""`pilot_eval.plan`: from data and from assumptions to an answer, and what is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pilot_eval
from pilot_eval.domain.errors import BadInput
from pilot_eval.reports.sizing import SizePlan

ASSUMED = {"mean": 60.0, "within_sd": 6.0, "between_sd": 40**0.5, "correlation": 0.9}
SIZE = {"trained": 8, "comparison": 12, "visits": 6}
OF_KIND: dict[str, dict[str, float]] = {
    "score": ASSUMED,
    "proportion": {"mean": 0.6, "icc": 0.1, "correlation": 0.7},
    "duration": {"mean": 240, "within_cv": 0.7, "between_cv": 0.2, "correlation": 0.7},
    "rate": {"mean": 0.01, "between_cv": 0.3, "correlation": 0.7, "exposure_cv": 0.4},
}


def data(seed: int = 1, *, branches: int = 20, visits: int = 6) -> dict[str, list[Any]]:
    rng = np.random.default_rng(seed)
    names = ("branch", "arm", "period", "score", "share", "seconds", "complaints", "items")
    columns: dict[str, list[Any]] = {name: [] for name in names}
    for b in range(branches):
        level = rng.normal(60, 6)
        for period in ("before", "after"):
            swing = rng.normal(0, 2)
            for _ in range(visits):
                value = level + swing + rng.normal(0, 6)
                items = int(rng.integers(100, 300))
                row = (
                    f"B{b:02}",
                    "trained" if b % 2 else "comparison",
                    period,
                    value,
                    int(value > 60),
                    float(np.exp(value / 20)),
                    int(rng.poisson(0.05 * items)),
                    items,
                )
                for name, cell in zip(names, row, strict=True):
                    columns[name].append(cell)
    return columns


def planned(*args: Any, **options: Any) -> dict[str, Any]:
    made = pilot_eval.plan(*args, **options)
    document = made.to_dict()
    json.dumps(document, allow_nan=False)
    return document


@pytest.mark.parametrize("kind", OF_KIND)
@pytest.mark.parametrize("design", ["before_after", "difference_in_differences", "stepped_wedge"])
def test_every_kind_and_design_can_be_planned_from_assumptions(kind: str, design: str) -> None:
    size = {"trained": 8, "visits": 500 if kind == "rate" else 6}
    if design == "difference_in_differences":
        size["comparison"] = 12
    if design == "stepped_wedge":
        size["steps"] = 4
        if kind == "rate":
            with pytest.raises(BadInput, match="stepped_wedge"):
                pilot_eval.plan(kind=kind, design=design, assumptions=OF_KIND[kind], **size)
            return
    made = pilot_eval.plan(kind=kind, design=design, assumptions=OF_KIND[kind], smallest_effect=15, **size)
    document = made.to_dict()
    json.dumps(document, allow_nan=False)
    assert document["schema"] == "pilot-eval/plan/1"
    assert document["source"] == {"from": "assumptions"}
    assert document["detectable"]["effect"] > 0.0
    assert 0.05 < document["power_at_smallest_effect"] < 1.0
    for language in ("en", "ru"):
        assert made.to_text(language)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("score", "score"), ("proportion", "share"), ("duration", "seconds"), ("rate", "complaints")],
)
def test_every_kind_can_be_planned_from_data(kind: str, outcome: str) -> None:
    exposure = {"exposure": "items"} if kind == "rate" else {}
    document = planned(data(), outcome=outcome, kind=kind, **exposure)
    assert document["study"]["trained"] == document["study"]["comparison"] == 10
    assert document["components"]["branches"] == 20
    low, high = document["detectable"]["interval"]
    assert low < document["detectable"]["effect"] < high
    assert document["sentences"][0]["en"].startswith(
        "If branches vary as the 20\u00a0branches in these data did"
    )


def test_the_same_study_again_has_about_the_standard_error_that_was_seen() -> None:
    """Pooled over equal arms, planning and evaluating are the same sum."""
    document = planned(data(), outcome="score")
    seen = pilot_eval.evaluate(data(), outcome="score", draws=99).to_dict()["effect"]
    assert document["detectable"]["standard_error"] == pytest.approx(seen["standard_error"], rel=1e-9)
    assert document["detectable"]["df"] == pytest.approx(seen["df"])


def test_history_without_arms_can_plan_a_comparison() -> None:
    history = {name: cells for name, cells in data().items() if name != "arm"}
    document = planned(history, outcome="score", trained=6, comparison=14)
    assert document["study"]["comparison"] == 14
    with pytest.raises(BadInput, match="--comparison"):
        pilot_eval.plan(history, outcome="score")


def test_assumptions_are_read_from_text_files_and_mappings(tmp_path: Path) -> None:
    path = tmp_path / "assumed.yml"
    path.write_text("".join(f"{name}: {value}\n" for name, value in ASSUMED.items()), encoding="utf-8")
    text = ",".join(f"{name}={value}" for name, value in ASSUMED.items())
    found = [planned(assumptions=source, **SIZE) for source in (path, str(path), text, ASSUMED)]
    assert found[0] == found[1] == found[2] == found[3]


def test_thin_data_are_an_answer() -> None:
    made = pilot_eval.plan(data(branches=2), outcome="score")
    assert made.to_dict()["not_estimable"]["code"] == "few_branches_to_plan"
    assert "at least 3" in made.to_text("en")
    assert "не менее 3" in made.to_text("ru")


def test_a_pilot_that_would_only_find_the_impossible_says_so() -> None:
    made = pilot_eval.plan(
        kind="duration",
        assumptions={"within_sd": 3.0, "between_sd": 3.0, "correlation": 0.0},
        trained=2,
        comparison=2,
        visits=1,
        power=0.95,
    )
    assert made.to_dict()["not_estimable"]["code"] == "nothing_to_find"
    assert "factor of a thousand" in made.to_text("en")


def test_times_with_many_zeros_are_not_planned_by_logarithms() -> None:
    columns = data()
    columns["seconds"] = [0.0 if place % 10 == 0 else cell for place, cell in enumerate(columns["seconds"])]
    document = planned(columns, outcome="seconds", kind="duration")
    assert document["not_estimable"]["code"] == "too_many_zeros_to_plan"


def test_one_visit_each_plans_branches_but_not_visits() -> None:
    columns = data(visits=1)
    assert planned(columns, outcome="score")["spread"]["visit_sd"] is None
    with pytest.raises(BadInput, match="one visit per branch and period"):
        pilot_eval.plan(columns, outcome="score", visits=5)


def test_ancova_needs_a_draw_and_finds_smaller_effects() -> None:
    change = planned(assumptions=ASSUMED, **SIZE)["detectable"]["effect"]
    ancova = planned(assumptions=ASSUMED, **SIZE, estimator="ancova", allocation="random")
    assert ancova["detectable"]["effect"] < change
    with pytest.raises(BadInput, match="--allocation random"):
        pilot_eval.plan(assumptions=ASSUMED, **SIZE, estimator="ancova")


def test_a_stepped_wedge_from_data_has_all_branches_cross() -> None:
    made = pilot_eval.plan(data(), outcome="score", design="stepped_wedge", steps=5)
    assert made.to_dict()["study"] == {"trained": 20, "comparison": 0, "visits": 6.0, "steps": 5}
    assert "20 branches that cross in 5 steps" in made.to_text("en")
    few = pilot_eval.plan(assumptions=ASSUMED, design="stepped_wedge", trained=4, steps=4, visits=6)
    assert "few_orders_planned" in {warning["code"] for warning in few.to_dict()["warnings"]}


def test_unequal_gains_of_branches_cost_power() -> None:
    alike = planned(assumptions=ASSUMED, **SIZE)["detectable"]["effect"]
    assert planned(assumptions=ASSUMED, **SIZE, effect_sd=4.0)["detectable"]["effect"] > alike


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "either a file of observations or assumptions"),
        ({"assumptions": ASSUMED}, "--trained"),
        ({"assumptions": ASSUMED, "trained": 5}, "--comparison"),
        ({"assumptions": ASSUMED | {"withn_sd": 3}}, "did you mean within_sd"),
        ({"assumptions": ASSUMED | {"icc": 0.1}}, "exactly one"),
        ({"assumptions": ASSUMED | {"correlation": 1.5}}, "from 0.0 to 1.0"),
        ({"assumptions": ASSUMED | {"within_sd": "much"}}, "not a number"),
        ({"assumptions": "nothing.yml"}, "no such file"),
        ({"assumptions": ASSUMED, **SIZE, "power": 0.05}, "--power"),
        ({"assumptions": ASSUMED, **SIZE, "power": 1.0}, "--power"),
        ({"assumptions": ASSUMED, **SIZE, "trained": 1}, "--trained"),
        ({"assumptions": ASSUMED, **SIZE, "visits": 0}, "--visits"),
        ({"assumptions": ASSUMED, **SIZE, "primary": 0}, "--primary"),
        ({"assumptions": ASSUMED, **SIZE, "effect_sd": -1}, "--effect-sd"),
        ({"assumptions": ASSUMED, **SIZE, "design": "before_after"}, "--comparison"),
        ({"assumptions": ASSUMED, **SIZE, "design": "staggered"}, "staggered cannot be planned"),
        ({"assumptions": ASSUMED, **SIZE, "design": "stepped_wedge"}, "--steps"),
        ({"assumptions": ASSUMED, **SIZE, "steps": 3}, "--steps"),
        (
            {"assumptions": ASSUMED, "trained": 3, "visits": 6, "design": "stepped_wedge", "steps": 3},
            "too few for 3 steps",
        ),
        (
            {"assumptions": ASSUMED, **SIZE, "design": "stepped_wedge", "steps": 3, "effect_sd": 2},
            "--effect-sd",
        ),
        ({"assumptions": ASSUMED, **SIZE, "kind": "scroe"}, "did you mean score"),
        (
            {"assumptions": OF_KIND["rate"], **SIZE, "kind": "rate", "smallest_effect": 100},
            "--smallest-effect",
        ),
        ({"assumptions": OF_KIND["rate"], **SIZE, "kind": "rate", "effect_sd": 1}, "--effect-sd"),
        ({"data": {"branch": ["A"], "period": ["before"], "x": [1]}}, "--outcome"),
    ],
)
def test_what_cannot_be_planned_is_refused_by_name(options: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        pilot_eval.plan(**options)


def test_a_plan_is_frozen() -> None:
    made = pilot_eval.plan(assumptions=ASSUMED, **SIZE)
    assert isinstance(made, SizePlan)
    with pytest.raises(AttributeError):
        made.kind = "rate"  # type: ignore[misc] # that is what is tested
