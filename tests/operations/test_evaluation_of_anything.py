"""Whatever the numbers are, the answer is consistent, can be written, and is never a trace."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np
import pytest

import pilot_eval
from pilot_eval.domain.errors import BadInput

DATA_SETS = 400
ALPHA = 0.05
ROUNDING = 1e-9  # a p-value this near to the level may fall on either side of Fieller's set


def strange_values(rng: np.random.Generator, n: int) -> np.ndarray:
    kinds = (
        rng.integers(0, 3, n).astype(float),
        rng.normal(0.0, 1.0, n),
        60.0 + rng.normal(0.0, 5.0, n),
        np.minimum(np.exp(rng.normal(0.0, 30.0, n)), 1e14),
        np.full(n, 7.0),
        1e9 + rng.normal(0.0, 1.0, n),
        rng.choice([0.0, 0.0, 0.0, 5.0, 1e-300, 1e14], n),
        -np.exp(rng.normal(0.0, 3.0, n)),
        rng.choice([1e-8, 0.1], n),
    )
    return kinds[rng.integers(len(kinds))]


def strange_pilot(rng: np.random.Generator, kind: str) -> dict[str, Any]:
    branches = int(rng.integers(1, 14))
    branch = np.tile(np.arange(branches), int(rng.integers(1, 8)))
    n = len(branch)
    value = np.where(rng.random(n) < rng.choice([0.0, 0.2]), np.nan, strange_values(rng, n))
    value = value if kind == "score" else np.abs(value)
    return {
        "branch": branch,
        "arm": np.where(branch < rng.integers(0, branches + 1), "trained", "comparison"),
        "period": rng.choice(["before", "during", "after"], n, p=[0.45, 0.1, 0.45]),
        "region": np.array(["north", "south", "west"])[branch % int(rng.integers(1, 4))],
        "x": np.minimum(value, 1.0) if kind == "proportion" else value,
    }


def holds_zero(ends: list[float | None]) -> bool:
    low, high = ends
    return (low is None or low <= 0.0) and (high is None or high >= 0.0)


def assert_consistent(made: dict[str, Any]) -> None:
    for test in made["robustness"]:
        assert holds_zero(test["confidence_interval"]) == (test["pvalue"] > ALPHA)
        assert test["bounded"] == (None not in test["confidence_interval"])
    effect, uplift = made["effect"], made["uplift"]
    assert (effect is None) == ("not_estimable" in made)
    if effect is None:
        return
    low, high = effect["confidence_interval"]
    assert low <= effect["estimate"] <= high
    assert holds_zero([low, high]) == (effect["pvalue"] >= ALPHA)
    if uplift["bounded"]:
        assert uplift["confidence_interval"][0] <= uplift["estimate"] <= uplift["confidence_interval"][1]
        if abs(effect["pvalue"] - ALPHA) > ROUNDING:
            assert holds_zero(uplift["confidence_interval"]) == (effect["pvalue"] >= ALPHA)


@pytest.mark.parametrize("kind", ["score", "proportion", "duration"])
def test_strange_pilots_are_answered_or_refused_in_words(kind: str) -> None:
    rng = np.random.default_rng(7)
    keys: Counter[str] = Counter()
    refused: list[str] = []
    for number in range(DATA_SETS):
        design = ("before_after", "difference_in_differences")[number % 2]
        options: dict[str, Any] = {"weights": ("branch", "observation")[number // 2 % 2]}
        if design == "difference_in_differences" and number % 5 == 0:
            options = {"strata": "region"}
        if number % 3 == 0:
            options |= {"smallest_effect": 2.0, "better": ("lower", "higher")[number % 2]}
        data = strange_pilot(rng, kind)
        try:
            found = pilot_eval.evaluate(data, outcome="x", kind=kind, design=design, draws=99, **options)
        except BadInput as error:
            refused.append(str(error))
            continue
        made = found.to_dict()
        json.dumps(made, allow_nan=False)
        assert found.to_text("en")
        assert found.to_text("ru")
        assert_consistent(made)
        keys[made["verdict"]["key"]] += 1
    assert {"too_few", "unclear", "not_valid"} <= set(keys)
    assert all("no row has all of" in text for text in refused)
    assert sum(keys.values()) > 0.7 * DATA_SETS


def strange_rollout(rng: np.random.Generator, kind: str) -> dict[str, Any]:
    branches, periods = int(rng.integers(2, 9)), int(rng.integers(2, 6))
    branch, period = (cells.ravel() for cells in np.indices((branches, periods)))
    keep = rng.random(len(branch)) > rng.choice([0.0, 0.2])
    branch, period = branch[keep], period[keep]
    crossing = rng.integers(0, periods + 2, branches)
    value = np.where(
        rng.random(len(branch)) < rng.choice([0.0, 0.2]), np.nan, strange_values(rng, len(branch))
    )
    value = value if kind == "score" else np.abs(value)
    days = np.array([f"2014-{month:02d}-01" for month in range(1, 13)])
    return {
        "branch": branch,
        "date": days[period],
        "trained_on": [str(days[c]) if c < periods else None for c in crossing[branch]],
        "x": np.minimum(value, 1.0) if kind == "proportion" else value,
    }


@pytest.mark.parametrize("kind", ["score", "proportion", "duration"])
def test_strange_rollouts_are_answered_or_refused_in_words(kind: str) -> None:
    rng = np.random.default_rng(8)
    keys: Counter[str] = Counter()
    refused: list[str] = []
    for _ in range(DATA_SETS // 8):
        data = strange_rollout(rng, kind)
        try:
            found = pilot_eval.evaluate(data, outcome="x", kind=kind, design="stepped_wedge", draws=99)
        except BadInput as error:
            refused.append(str(error))
            continue
        made = found.to_dict()
        json.dumps(made, allow_nan=False)
        assert found.to_text("en")
        assert found.to_text("ru")
        keys[made["verdict"]["key"]] += 1
        if made["effect"] is not None:
            rejects = made["effect"]["pvalue"] <= ALPHA
            assert holds_zero(made["effect"]["confidence_interval"]) != rejects
            if made["uplift"]["bounded"]:
                assert holds_zero(made["uplift"]["confidence_interval"]) != rejects
    assert {"too_few", "unclear"} <= set(keys)
    assert all("no row has" in text for text in refused)
    assert sum(keys.values()) > 0.7 * DATA_SETS // 8


def test_strange_waits_are_answered_or_refused_in_words() -> None:
    rng = np.random.default_rng(9)
    keys: Counter[str] = Counter()
    refused: list[str] = []
    for number in range(DATA_SETS // 4):
        data = strange_pilot(rng, "duration")
        data["gone"] = rng.random(len(data["x"])) < rng.choice([0.0, 0.1, 0.5, 1.0])
        design = ("before_after", "difference_in_differences")[number % 2]
        options: dict[str, Any] = {"limit": float(rng.choice([1e-3, 1.0, 100.0]))} if number % 3 == 0 else {}
        try:
            found = pilot_eval.evaluate(
                data, outcome="x", kind="duration", design=design, censored="gone", draws=99, **options
            )
        except BadInput as error:
            refused.append(str(error))
            continue
        made = found.to_dict()
        json.dumps(made, allow_nan=False)
        assert found.to_text("en")
        assert found.to_text("ru")
        assert_consistent(made)
        keys[made["verdict"]["key"]] += 1
    assert all("no row has all of" in text for text in refused)
    assert {"too_few", "unclear", "not_valid"} <= set(keys)
