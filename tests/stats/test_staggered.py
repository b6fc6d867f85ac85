"""The staggered design from rows to document."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import pilot_eval
from pilot_eval.domain.errors import BadInput

EXACT = 1e-9  # relative


def rows(
    seed: int, starts: dict[str, tuple[int, str]], months: int = 6, effect: float = 4.0, **more: Any
) -> dict[str, list[Any]]:
    """Three visits a month to every branch; `starts` has the number and the day of training of each "
    "cohort."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[Any]] = {"branch": [], "date": [], "trained_on": [], "y": []}
    for cohort, (count, day) in starts.items():
        for number in range(count):
            level = rng.normal(60.0, 5.0)
            for month in range(1, months + 1):
                swing = rng.normal(0.0, 2.0)
                for visit in range(3):
                    date = f"2024-{month:02d}-{5 + 7 * visit:02d}"
                    trained = bool(day) and date >= day
                    grown = (
                        effect * (1.0 + more.get("growth", 0.0) * (month - int(day[5:7]))) if trained else 0.0
                    )
                    found["branch"].append(f"{cohort}{number}")
                    found["date"].append(date)
                    found["trained_on"].append(day)
                    found["y"].append(level + month + swing + rng.normal(0.0, 3.0) + grown)
    return found


COHORTS = {"a": (5, "2024-02-01"), "b": (6, "2024-04-01"), "c": (7, "")}


def document(data: dict[str, list[Any]], **options: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {"outcome": "y", "design": "staggered", "time_unit": "month", "draws": 199}
    return pilot_eval.evaluate(data, **(usual | options)).to_dict()


def test_one_day_of_training_and_two_periods_are_the_difference_in_differences() -> None:
    data = rows(1, {"a": (5, "2024-02-01"), "c": (9, "")}, months=2)
    staggered = document(data)
    plain = dict(data)
    plain["arm"] = ["trained" if day else "comparison" for day in data["trained_on"]]
    plain["period"] = ["after" if day >= "2024-02" else "before" for day in data["date"]]
    expected = pilot_eval.evaluate(
        {name: plain[name] for name in ("branch", "arm", "period", "y")}, outcome="y", draws=199
    ).to_dict()
    for name in ("estimate", "standard_error", "df", "pvalue", "statistic"):
        assert staggered["effect"][name] == pytest.approx(expected["effect"][name], rel=EXACT)
    assert staggered["effect"]["confidence_interval"] == pytest.approx(
        expected["effect"]["confidence_interval"]
    )
    for arm in ("trained", "comparison"):
        assert staggered["means"][arm] == pytest.approx(expected["means"][arm], rel=EXACT)
        assert staggered["branches"][arm] == expected["branches"][arm]
    assert staggered["uplift"]["estimate"] == pytest.approx(expected["uplift"]["estimate"], rel=EXACT)
    assert staggered["uplift"]["confidence_interval"] == pytest.approx(
        expected["uplift"]["confidence_interval"], rel=EXACT
    )
    assert staggered["two_way_fixed_effects"]["estimate"] == pytest.approx(expected["effect"]["estimate"])
    theirs = next(test for test in expected["robustness"] if test["method"] == "permutation")
    ours = next(test for test in staggered["robustness"] if test["method"] == "cohort_permutation")
    assert ours["pvalue"] == pytest.approx(theirs["pvalue"])
    assert ours["confidence_interval"] == pytest.approx(theirs["confidence_interval"], rel=1e-6)


def test_the_document_tells_cohorts_cells_and_summaries() -> None:
    found = document(rows(2, COHORTS))
    assert found["effect"]["method"] == "callaway_santanna"
    assert found["branches"]["trained"] == 11
    assert found["branches"]["comparison"] == 7
    assert found["input"]["rows_used"] == found["input"]["rows"] == 18 * 18
    assert [day[:7] for day in found["periods"]] == [f"2024-{month:02d}" for month in range(1, 7)]
    assert [(one["trained_on"], one["branches"]) for one in found["cohorts"]] == [
        ("2024-02-01", 5),
        ("2024-04-01", 6),
    ]
    sizes = np.array([one["branches"] for one in found["cohorts"]])
    effects = np.array([one["effect"]["estimate"] for one in found["cohorts"]])
    assert found["effect"]["estimate"] == pytest.approx(sizes @ effects / sizes.sum(), rel=EXACT)
    first = [c for c in found["att"] if c["cohort"] == "2024-02-01" and c["event_time"] >= 0]
    assert np.mean([cell["effect"]["estimate"] for cell in first]) == pytest.approx(effects[0], rel=EXACT)
    assert found["aggregations"]["group"]["estimate"] == found["effect"]["estimate"]
    assert set(found["aggregations"]) == {"group", "simple", "dynamic", "calendar"}
    low, high = found["effect"]["confidence_interval"]
    assert (low <= 0.0 <= high) == (found["effect"]["pvalue"] >= 0.05)
    means = found["means"]
    change = {arm: means[arm]["after"] - means[arm]["before"] for arm in means}
    assert change["trained"] - change["comparison"] == pytest.approx(found["effect"]["estimate"], rel=EXACT)
    assert found["agreement"] is True
    assert found["warnings"] == []


def test_what_is_left_out_is_counted_and_said() -> None:
    data = rows(3, {"z": (2, "2024-01-01"), "s": (1, "2024-03-01"), **COHORTS})
    for place in range(0, len(data["y"]), 100):
        data["y"][place] = ""
    last = [i for i, branch in enumerate(data["branch"]) if branch == "c6" and data["date"][i] < "2024-03"]
    for place in last:
        data["y"][place] = ""
    data["y"] = ["" if value == "" else str(value) for value in data["y"]]
    found = document(data)
    codes = [warning["code"] for warning in found["warnings"]]
    assert codes == [
        "always_trained",
        "missing_values",
        "cells_without_effect",
        "branches_missing_periods",
    ]
    assert found["branches"]["trained"] == 11
    assert found["branches"]["comparison"] == 8  # the branch alone at its date compares until then
    lacking = [cell for cell in found["att"] if cell["effect"] is None]
    assert {cell["trained"] for cell in lacking} == {1}
    assert found["cohorts"][1]["effect"] is None
    assert found["agreement"] is True


def test_when_all_are_trained_in_the_end_the_last_compare() -> None:
    found = document(rows(4, {"a": (5, "2024-02-01"), "b": (6, "2024-04-01")}))
    assert [warning["code"] for warning in found["warnings"]] == [
        "last_cohort_is_comparison",
        "few_branches_in_cohorts",
    ]
    assert max(cell["period"] for cell in found["att"]) == "2024-03-01"
    assert found["branches"] | {"unpaired": 0, "unpaired_names": 0} == {
        "trained": 5,
        "comparison": 6,
        "unpaired": 0,
        "unpaired_names": 0,
    }


def test_the_two_way_regression_is_told_apart_where_its_sign_is_opposite() -> None:
    """Effects that grow, and everybody trained in the end: trained branches that still grow compare with "
    "others."""
    data = rows(5, {"a": (9, "2024-02-01"), "b": (9, "2024-06-01")}, months=12, effect=2.0, growth=3.0)
    found = document(data)
    assert found["effect"]["estimate"] > 0.0 > found["two_way_fixed_effects"]["estimate"]
    assert "two_way_opposite" in [warning["code"] for warning in found["warnings"]]


def test_times_are_told_as_speed() -> None:
    data = rows(6, COHORTS, effect=0.0)
    data["y"] = [
        60.0 * np.exp((y - 60.0) / 50.0) * (0.8 if t and d >= t else 1.0)
        for y, d, t in zip(data["y"], data["date"], data["trained_on"], strict=True)
    ]
    found = document(data, kind="duration")
    assert found["effect"]["scale"] == "log_ratio"
    assert found["speed"]["speed_percent"] == pytest.approx(100 * (np.exp(-found["effect"]["estimate"]) - 1))
    assert found["speed"]["speed_percent"] == pytest.approx(25.0, abs=8.0)
    minutes = dict(data, y=[value / 60.0 for value in data["y"]])
    again = document(minutes, kind="duration")
    assert again["uplift"]["estimate"] == pytest.approx(found["uplift"]["estimate"], rel=1e-6)


def test_many_zero_seconds_are_refused_by_reason() -> None:
    data = rows(7, COHORTS)
    data["y"] = [0.0 if place % 10 == 0 else value for place, value in enumerate(data["y"])]
    found = document(data, kind="duration")
    assert found["effect"] is None
    assert found["not_estimable"]["code"] == "too_many_zeros_by_period"


def test_shares_are_told_in_percentage_points() -> None:
    data = rows(8, COHORTS)
    data["y"] = [float(value > 63.0) for value in data["y"]]
    assert document(data, kind="proportion")["effect"]["unit"] == "percentage_points"


def test_days_that_nobody_shares_are_not_estimable() -> None:
    data = rows(9, {f"{name}{i}": (1, f"2024-02-{5 + i:02d}") for i, name in enumerate("abcdefgh")})
    found = document(data, time_unit=None)
    assert found["effect"] is None
    assert found["not_estimable"]["code"] == "no_cohort_to_compare"
    assert found["verdict"]["key"] == "not_valid"


def test_equal_changes_have_no_standard_error_of_zero() -> None:
    data = rows(10, COHORTS)
    data["y"] = [float(int(date[5:7])) for date in data["date"]]
    assert document(data)["not_estimable"]["code"] == "no_variation"


def test_a_single_branch_without_gaps_does_not_pass_for_several() -> None:
    """One trained branch is seen in every month, each other one in its own month after training only."""
    data = rows(13, {"a": (9, "2024-02-01"), "c": (9, "")}, months=9)
    for place, (branch, date) in enumerate(zip(data["branch"], data["date"], strict=True)):
        number, month = int(branch[1:]), int(date[5:7])
        if branch[0] == "a" and number and month not in (1, number + 1):
            data["y"][place] = float("nan")
    found = document(data)
    json.dumps(found, allow_nan=False)
    assert 1.0 <= found["effect"]["df"] < 3.0
    assert "few_branches_in_cohorts" in [warning["code"] for warning in found["warnings"]]


def test_names_and_order_of_rows_do_not_matter() -> None:
    data = rows(11, COHORTS)
    rng = np.random.default_rng(1)
    order = rng.permutation(len(data["y"]))
    names = sorted(set(data["branch"]))
    other = dict(zip(names, rng.permutation([f"n{i}" for i in range(len(names))]), strict=True))
    mixed = {name: [column[i] for i in order] for name, column in data.items()}
    mixed["branch"] = [str(other[name]) for name in mixed["branch"]]
    first, second = document(data), document(mixed)
    for name in ("effect", "means", "uplift", "robustness", "cohorts", "att", "aggregations"):
        assert second[name] == first[name]


@pytest.mark.parametrize(
    "options", [{"weights": "observation"}, {"strata": "trained_on"}, {"season": True}, {"covariates": ["y"]}]
)
def test_what_does_not_go_with_the_design_is_refused_by_name(options: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as refused:
        document(rows(12, COHORTS), **options)
    (name,) = options
    assert name.replace("_", "-") in str(refused.value)


def strange(seed: int, kind: str) -> dict[str, list[Any]]:
    """Few and many branches and months, gaps, single branches, days of training anywhere, equal and empty "
    "values."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[Any]] = {"branch": [], "date": [], "trained_on": [], "y": []}
    months = int(rng.integers(1, 9))
    for number in range(int(rng.integers(1, 20))):
        anywhere = f"2024-{rng.integers(1, 10):02d}-{rng.integers(1, 28):02d}"
        day = str(rng.choice(["", "", "2024-03-01", "2024-03-01", anywhere]))
        for month in range(1, months + 1):
            for visit in range(int(rng.integers(0, 4))):
                value = {"score": 50.0, "proportion": 0.0, "duration": 60.0}[kind]
                if seed % 5:
                    value = {
                        "score": float(rng.normal(0.0 if seed % 3 else 50.0, 10.0)),
                        "proportion": float(rng.integers(0, 2)),
                        "duration": float(rng.exponential(60.0)) if rng.random() > 0.01 else 0.0,
                    }[kind]
                found["branch"].append(f"b{number}")
                found["date"].append(f"2024-{month:02d}-{3 + 9 * (visit % 3):02d}")
                found["trained_on"].append(day)
                found["y"].append(value if rng.random() > 0.05 else None)
    return found


@pytest.mark.parametrize("kind", ["score", "proportion", "duration"])
def test_strange_pilots_are_answered_or_refused_in_words(kind: str) -> None:
    answered = 0
    for seed in range(60):
        unit = [None, "week", "month", "quarter"][seed % 4]
        try:
            made = pilot_eval.evaluate(
                strange(seed, kind),
                outcome="y",
                kind=kind,
                design="staggered",
                time_unit=unit,
                draws=99,
                level=0.9,
                with_parts=["event_study"],
            )
        except BadInput:  # such as: no row has a date of training
            continue
        found = made.to_dict()
        json.dumps(found, allow_nan=False)
        assert made.to_text("en")
        assert made.to_text("ru")
        if found["effect"] is None:
            assert found["not_estimable"]["text"]["en"]
            continue
        answered += 1
        for test in (found["effect"], *found["robustness"]):
            low, high = test["confidence_interval"]
            holds = (low is None or low <= 0.0) and (high is None or high >= 0.0)
            assert holds == (test["pvalue"] > 0.1)
    assert answered > 5
