"""Wherever a document gives a p-value and an interval together, they say the same, in all designs and parts.

Found by walking through the whole document, so that new methods are looked at without being named here.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import pilot_eval

DATA_SETS = 400 if os.environ.get("PILOT_EVAL_LONG") == "1" else 6  # of each case
LEVELS = (0.8, 0.9, 0.95)
ROUNDING = 1e-9  # a p-value this near to the level may fall on either side

Columns = dict[str, Any]


def two_periods(rng: np.random.Generator, *, rounded: bool) -> Columns:
    """A small pilot with an outcome of each kind; rounded values bring ties and changes of exactly 0."""
    trained, comparison = int(rng.integers(3, 8)), int(rng.integers(3, 8))
    count = trained + comparison
    n = rng.integers(2, 6, (count, 2))
    branch = np.repeat(np.repeat(np.arange(count), 2), n.ravel())
    after = np.repeat(np.tile([0, 1], count), n.ravel())
    arm = branch < trained
    rows = len(branch)
    effect = rng.normal(0.0, 3.0)
    score = 60.0 + rng.normal(0.0, 4.0, count)[branch] + effect * (after & arm) + rng.normal(0.0, 4.0, rows)
    volume = rng.integers(50, 400, rows)
    return {
        "branch": branch.astype(str),
        "arm": np.where(arm, "trained", "comparison"),
        "period": np.where(after, "after", "before"),
        "score": np.round(score / 4.0) * 4.0 if rounded else score,
        "served": (score > 60.0).astype(int),
        "seconds": np.exp(score / 15.0),
        "left": (rng.random(rows) < 0.15).astype(int),
        "complaints": rng.poisson(volume * 0.02 * np.exp((score - 60.0) / 20.0)),
        "volume": volume,
        "half": np.array(["a", "b"])[branch % 2],
        "size": rng.normal(0.0, 1.0, count)[branch] + 0.1 * rng.normal(0.0, 1.0, rows),
        "kind": rng.choice(["parcel", "letter"], rows),
        "who": rng.choice(["p", "q", "r"], rows),
        **{f"Q{i}": (rng.random(rows) < 0.5 + 0.1 * (after & arm)).astype(int) for i in (1, 2, 3)},
    }


def dated(rng: np.random.Generator, *, rounded: bool) -> Columns:
    """Branches of which a part is trained in one of two months, the others later than the data or never."""
    count = int(rng.integers(8, 13))
    crossing = rng.permutation(np.array([2, 3, 9])[np.arange(count) % 3])
    branch = np.repeat(np.arange(count), 5)
    month = np.tile(np.arange(1, 6), count)
    effect = rng.normal(0.0, 3.0)
    score = 60.0 + rng.normal(0.0, 4.0, count)[branch] + effect * (month >= crossing[branch])
    score += rng.normal(0.0, 3.0, len(branch))
    return {
        "branch": branch.astype(str),
        "date": np.array([f"2024-{m:02}-10" for m in month]),
        "trained_on": np.array([f"2024-{c:02}-01" if c < 9 else "" for c in crossing[branch]]),
        "score": np.round(score / 3.0) * 3.0 if rounded else score,
        "seconds": np.exp(score / 15.0),
    }


def series(rng: np.random.Generator, *, rounded: bool) -> Columns:
    """Forty months of one branch, trained after twenty four."""
    months = np.arange("2020-01", "2023-05", dtype="datetime64[M]")
    noise = rng.normal(0.0, 2.0, len(months)) + rng.normal(0.0, 2.0) * (np.arange(len(months)) >= 24)
    score = 60.0 + 0.1 * np.arange(len(months)) + noise
    volume = rng.integers(200, 500, len(months))
    return {
        "branch": ["Vladimir"] * len(months),
        "date": [f"{month}-01" for month in months],
        "trained_on": ["2022-01-01"] * len(months),
        "score": np.round(score) if rounded else score,
        "complaints": rng.poisson(volume * 0.05 * np.exp(noise / 10.0)),
        "volume": volume,
    }


Make = Callable[..., Columns]
CASES: dict[str, tuple[Make, dict[str, Any]]] = {
    "score": (two_periods, {"with_parts": ("sensitivity", "threats")}),
    "score of strata": (two_periods, {"strata": "half"}),
    "score of rows": (two_periods, {"weights": "observation"}),
    "score of rows in strata": (two_periods, {"weights": "observation", "strata": "half"}),
    "score, trained alone": (two_periods, {"design": "before_after"}),
    "score with covariates": (two_periods, {"covariates": ("size",)}),
    "ancova": (two_periods, {"estimator": "ancova", "allocation": "random"}),
    "auditors and items": (
        two_periods,
        {"auditor": "who", "items": ("Q*",), "facility": ("Q3",), "with_parts": ("items", "reliability")},
    ),
    "proportion": (two_periods, {"outcome": "served", "kind": "proportion"}),
    "duration": (
        two_periods,
        {"outcome": "seconds", "kind": "duration", "target": 60, "with_parts": ("quantiles", "roll_out")},
    ),
    "mix": (two_periods, {"outcome": "seconds", "kind": "duration", "operation": "kind"}),
    "gave up": (two_periods, {"outcome": "seconds", "kind": "duration", "censored": "left"}),
    "rate": (two_periods, {"outcome": "complaints", "kind": "rate", "exposure": "volume"}),
    "rate, trained alone": (
        two_periods,
        {"outcome": "complaints", "kind": "rate", "exposure": "volume", "design": "before_after"},
    ),
    "staggered": (
        dated,
        {"design": "staggered", "time_unit": "month", "draws": 199, "with_parts": ("event_study",)},
    ),
    "stepped wedge": (dated, {"design": "stepped_wedge", "time_unit": "month"}),
    "stepped wedge of rounds drawn at random": (
        dated,
        {"design": "stepped_wedge", "time_unit": "month", "allocation": "random"},
    ),
    "series": (series, {"design": "interrupted_time_series"}),
    "series of a rate": (
        series,
        {
            "design": "interrupted_time_series",
            "outcome": "complaints",
            "kind": "rate",
            "exposure": "volume",
            "season": True,
        },
    ),
}


def pairs_of(document: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every place with a p-value and an interval of its own."""
    if isinstance(document, dict):
        if document.get("pvalue") is not None and document.get("confidence_interval") is not None:
            yield path, document
        for key, value in document.items():
            yield from pairs_of(value, f"{path}.{key}")
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from pairs_of(value, f"{path}[{number}]")


def holds_zero(ends: list[float | None]) -> bool:
    low, high = ends
    return (low is None or low <= 0.0) and (high is None or high >= 0.0)


@pytest.mark.parametrize("case", CASES)
def test_an_interval_holds_zero_exactly_when_its_pvalue_does_not_reject(case: str) -> None:
    make, options = CASES[case]
    rng = np.random.default_rng(61)
    seen: Counter[bool] = Counter()
    for number in range(DATA_SETS):
        level = LEVELS[number % 3]
        data = make(rng, rounded=bool(number % 2))
        asked = {"outcome": "score", "draws": 99, "seed": number, "level": level, **options}
        document = pilot_eval.evaluate(data, **asked).to_dict()
        for path, found in pairs_of(document):
            own = found.get("level", level)
            alpha = round(1.0 - own, 12)
            if abs(found["pvalue"] - alpha) < ROUNDING and "draws" not in found:
                continue
            rejected = found["pvalue"] <= alpha
            assert holds_zero(found["confidence_interval"]) == (not rejected), (path, found)
            seen[rejected] += 1
    assert seen[False], "nothing was looked at that did not reject"
    assert seen[True], "nothing was looked at that rejected"
