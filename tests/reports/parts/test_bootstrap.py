"""The part `bootstrap` of a document: the same uplift, another interval, and what to know of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pilot_eval
from pilot_eval.domain.errors import BadInput


def columns(trained: int = 10, comparison: int = 10, *, level: float = 60.0) -> dict[str, Any]:
    rng = np.random.default_rng(81)
    count = trained + comparison
    branch = np.repeat(np.arange(count), 6)
    return {
        "branch": branch.astype(str),
        "arm": np.where(branch < trained, "trained", "comparison"),
        "period": np.tile(np.repeat(["before", "after"], 3), count),
        "value": np.abs(rng.normal(level, 9.0, count)[branch] + rng.normal(0.0, 5.0, len(branch))),
    }


def part(data: dict[str, Any], **options: Any) -> dict[str, Any]:
    made = pilot_eval.evaluate(data, outcome="value", draws=499, with_parts=("bootstrap",), **options)
    document = made.to_dict()
    found: dict[str, Any] = document["uplift_bootstrap"]
    if "estimate" in found:
        assert found["estimate"] == pytest.approx(document["uplift"]["estimate"], rel=1e-9)
        low, high = found["confidence_interval"]
        assert low < found["estimate"] < high
    return found


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"weights": "observation"},
        {"design": "before_after"},
        {"kind": "duration"},
        {"kind": "duration", "better": "higher"},
        {"better": "lower"},
        {"strata": "half"},
    ],
)
def test_it_has_the_uplift_of_the_document_and_warns_of_few_branches(options: dict[str, Any]) -> None:
    data = columns()
    data["half"] = np.where(data["branch"].astype(int) % 2 == 0, "a", "b")
    found = part(data, **options)
    assert found["method"] == "bca"
    assert found["bounded"] is True
    assert [warning["code"] for warning in found["warnings"]] == ["bca_with_few_branches"]


def test_with_enough_branches_nothing_is_warned_of() -> None:
    assert part(columns(20, 24))["warnings"] == []


def test_mean_times_are_resampled_where_zeros_leave_no_logarithms() -> None:
    data = columns()
    data["value"][::15] = 0.0
    found = part(data, kind="duration")
    assert found["method"] == "bca"


def test_what_cannot_be_resampled_says_why() -> None:
    data = columns(3, 8)
    data["half"] = np.where(data["branch"].astype(int) % 3 == 0, "a", "b")
    assert part(data, strata="half")["not_estimable"]["code"] == "lone_branches"
    data["value"] -= 500.0
    assert part(data)["not_estimable"]["code"] == "no_base"
    assert part(columns(1, 8))["not_estimable"]["code"] == "no_uplift"


@pytest.mark.parametrize(("language", "words"), [("en", "resampling branches"), ("ru", "повторным выборкам")])
def test_the_report_tells_it_after_its_heading(language: str, words: str) -> None:
    made = pilot_eval.evaluate(columns(), outcome="value", draws=99, level=0.9, with_parts=("bootstrap",))
    last = made.to_text(language).split("\n\n")[-1].splitlines()
    assert words in last[0]
    assert "%" in last[1]
    thin = pilot_eval.evaluate(columns(1, 8), outcome="value", with_parts=("bootstrap",))
    assert words in thin.to_text(language)


def test_designs_with_dates_are_refused() -> None:
    with pytest.raises(BadInput, match=r"two periods|not available"):
        pilot_eval.evaluate(columns(), outcome="value", design="staggered", with_parts=("bootstrap",))
