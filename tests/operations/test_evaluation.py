"""The door in Python: options are checked, and what does not go together is refused by name."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest

import pilot_eval
from pilot_eval.domain.errors import BadInput

SMALL_CALL_SECONDS = 0.040  # 44 branches with 199 draws, after import
DEFAULT_CALL_SECONDS = 0.5  # the same with 9,999 draws


def columns(branches: int = 44, visits: int = 6) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    branch = np.repeat(np.arange(branches), 2 * visits)
    return {
        "branch": branch.astype(str),
        "arm": np.where(branch < branches * 24 // 44, "trained", "comparison"),
        "period": np.tile(np.repeat(["before", "after"], visits), branches),
        "score": rng.normal(60.0, 9.0, len(branch)),
    }


def refusal(**options: Any) -> str:
    with pytest.raises(BadInput) as caught:
        pilot_eval.evaluate(columns(4), outcome="score", **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "durations"}, "did you mean duration?"),
        ({"design": "did"}, "difference_in_differences"),
        ({"weights": "row"}, "branch, observation"),
        ({"better": "more"}, "higher, lower"),
        ({"level": 95}, "0.5 and 1"),
        ({"level": 0.4}, "0.5 and 1"),
        ({"draws": 98}, "99"),
        ({"draws": 99, "level": 0.995}, "too few for level"),
        ({"seed": -1}, "negative"),
        ({"smallest_effect": 0.0}, "above 0"),
        ({"smallest_effect": float("nan")}, "above 0"),
        ({"minimum_branches": 0}, "above 0"),
        ({"with_parts": ("colours",)}, "'colours' is not known"),
        ({"strata": "region", "design": "before_after"}, "comparison branches"),
        ({"strata": "region"}, "no column 'region'"),
        ({"covariates": ("size",)}, "no column 'size'"),
        ({"operation": "kind"}, "no column 'kind'"),
        ({"with_parts": ("mix",)}, "--operation"),
        ({"operation": "kind", "design": "stepped_wedge"}, "two periods"),
        ({"covariates": ("size",), "design": "before_after"}, "comparison branches"),
        ({"estimator": "ancova"}, "--allocation random"),
        ({"estimator": "ancova", "allocation": "chosen"}, "--allocation random"),
        ({"estimator": "ancova", "allocation": "random", "design": "before_after"}, "comparison branches"),
        ({"estimator": "ancova", "allocation": "random", "weights": "observation"}, "--weights branch"),
        ({"time_unit": "month"}, "has dates"),
        ({"season": True}, "interrupted_time_series"),
        ({"slope_change": True}, "interrupted_time_series"),
        ({"auditor": "who"}, "--with reliability, sensitivity, threats"),
        ({"pair": "double", "with_parts": ("threats",)}, "--with reliability"),
        ({"daypart": "hour"}, "--with threats"),
        ({"entered": "on", "with_parts": ("sensitivity",)}, "--with threats"),
        ({"items": ("Q*",)}, "--with items, reliability, sensitivity"),
        ({"items": ("Q*",), "facility": ("Q1",)}, "--with reliability, threats"),
        ({"network": 100}, "--with roll_out"),
        ({"closed": "shut"}, "--with sensitivity"),
        ({"closed": "shut", "with_parts": ("sensitivity",), "kind": "duration"}, "scores and proportions"),
        ({"strata": "arm"}, "another column than branch, arm, period and the outcome"),
        ({"covariates": ("score",)}, "another column than the outcome"),
        ({"kind": "rate", "exposure": "score"}, "another column than the outcome"),
    ],
)
def test_an_option_that_cannot_be_used_says_what_can(options: dict[str, Any], words: str) -> None:
    assert words in refusal(**options)


@pytest.mark.parametrize("design", ["difference_in_differences", "staggered", "stepped_wedge"])
def test_only_cells_whose_rows_are_left_out_are_warned_of(design: str) -> None:
    rng = np.random.default_rng(1)
    branch, month = (part.ravel() for part in np.meshgrid(np.arange(9), np.arange(1, 7), indexing="ij"))
    score = rng.normal(60.0, 9.0, len(branch))
    score[[5, 20, 33]] = np.nan
    often = np.arange(len(branch)) % 2 == 0
    data: dict[str, Any] = {
        "branch": branch.astype(str),
        "date": [f"2025-{m:02d}-01" for m in month],
        "trained_on": np.where(branch < 4, "2025-04-01", ""),
        "score": score,
        "who": np.where(often, "A", ""),
        "double": np.where(often, "", "p"),
    }
    if design == "difference_in_differences":
        data["arm"] = np.where(branch < 4, "trained", "comparison")
    asked: dict[str, Any] = {"auditor": "who", "pair": "double", "with_parts": ["reliability"]}
    found = pilot_eval.evaluate(data, outcome="score", design=design, draws=99, **asked).to_dict()
    said = {warning["code"]: warning["text"] for warning in found["warnings"]}
    assert found["input"]["missing"] == {"score": 3, "who": 27}
    assert said["missing_values"].startswith("3\u00a0cells")


def test_draws_may_be_as_few_as_ninety_nine() -> None:
    found = pilot_eval.evaluate(columns(), outcome="score", draws=99).to_dict()
    assert [test["draws"] for test in found["robustness"]] == [99, 99]


def test_strata_are_compared_within() -> None:
    data = columns()
    data["region"] = np.where(data["branch"].astype(int) % 3 == 0, "north", "south")
    plain = pilot_eval.evaluate(data, outcome="score", draws=99).to_dict()
    within = pilot_eval.evaluate(data, outcome="score", draws=99, strata="region").to_dict()
    assert within["effect"]["estimate"] != plain["effect"]["estimate"]
    assert within["effect"]["df"] < plain["effect"]["df"]


def test_rows_whose_numbers_balance_out_leave_nothing_to_resample() -> None:
    data = {
        "branch": ["A", "B", "A", "B", "B", "B"],
        "period": ["before", "before", "after", "after", "after", "after"],
        "score": [3.0, 0.0, 4.0, 0.0, 0.0, 0.0],
    }
    asked: dict[str, Any] = {"outcome": "score", "design": "before_after", "draws": 99}
    found = pilot_eval.evaluate(data, weights="observation", **asked).to_dict()
    assert found["not_estimable"]["code"] == "no_variation"
    assert pilot_eval.evaluate(data, **asked).to_dict()["effect"]["estimate"] == 0.5


def test_an_evaluation_is_frozen() -> None:
    found = pilot_eval.evaluate(columns(6), outcome="score", draws=99)
    with pytest.raises(AttributeError):
        found.verdict = None  # type: ignore[misc, assignment]  # that is the test


@pytest.mark.parametrize(("draws", "limit"), [(199, SMALL_CALL_SECONDS), (9999, DEFAULT_CALL_SECONDS)])
def test_a_call_on_forty_four_branches_is_quick(draws: int, limit: float) -> None:
    data = columns()
    taken = []
    for _ in range(15):
        started = time.perf_counter()
        pilot_eval.evaluate(data, outcome="score", draws=draws)
        taken.append(time.perf_counter() - started)
    assert min(taken) < limit


def test_importing_the_package_loads_neither_flask_nor_a_database() -> None:
    code = (
        "import sys, pilot_eval; before = set(sys.modules); pilot_eval.evaluate; "
        "heavy = ('flask', 'sqlalchemy', 'sqlmodel', 'duckdb', 'pysqlite3', 'psycopg', 'scipy.stats'); "
        "assert not [m for m in heavy if m in before], 'on import'; "
        "assert not [m for m in heavy if m in sys.modules], [m for m in heavy if m in sys.modules]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
