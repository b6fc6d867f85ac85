"""Covariates, strata of rows and analysis of covariance through the door."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import pilot_eval
from pilot_eval.domain.errors import BadInput

EXACT = 1e-8  # relative: the same number by another order of sums
RANDOM = {"estimator": "ancova", "allocation": "random"}


def columns(seed: int = 1, *, trained: int = 9, comparison: int = 11, visits: int = 5) -> dict[str, Any]:
    """A pilot whose branches grew with a size that the trained ones have more of."""
    rng = np.random.default_rng(seed)
    count = trained + comparison
    branch = np.repeat(np.arange(count), 2 * visits)
    after = np.tile(np.repeat([0, 1], visits), count)
    size = rng.integers(2, 20, count) + 4 * (np.arange(count) < trained)
    queue = rng.poisson(5, len(branch)) + after
    level = rng.normal(60.0, 6.0, count)
    score = level[branch] + after * (0.5 * size[branch] + 3.0 * (branch < trained)) - queue
    return {
        "branch": branch.astype(str),
        "arm": np.where(branch < trained, "trained", "comparison"),
        "period": np.where(after == 1, "after", "before"),
        "score": score + rng.normal(0.0, 4.0, len(branch)),
        "size": size[branch],
        "queue": queue,
        "region": np.where(branch % 2 == 0, "north", "south"),
    }


def told(data: dict[str, Any], **options: Any) -> dict[str, Any]:
    return pilot_eval.evaluate(data, outcome="score", draws=199, **options).to_dict()


def branch_means(data: dict[str, Any], column: str) -> np.ndarray:
    """(G, 2) in the order of the branches' numbers."""
    branch, after = data["branch"].astype(int), data["period"] == "after"
    return np.array(
        [
            [data[column][(branch == b) & (after == p)].mean() for p in (False, True)]
            for b in np.unique(branch)
        ]
    )


def test_a_covariate_that_drives_the_change_takes_its_part_out_of_the_effect() -> None:
    data = columns()
    plain, adjusted = told(data), told(data, covariates=("size",))
    assert adjusted["covariates"] == ["size"]
    assert plain["effect"]["estimate"] > adjusted["effect"]["estimate"] + 1.0
    assert adjusted["effect"]["estimate"] == pytest.approx(3.0, abs=2.5)
    assert adjusted["effect"]["standard_error"] < plain["effect"]["standard_error"]
    assert adjusted["effect"]["method"] == "cr2"
    means = adjusted["means"]
    change = (
        means["trained"]["after"]
        - means["trained"]["before"]
        - means["comparison"]["after"]
        + means["comparison"]["before"]
    )
    assert change == pytest.approx(adjusted["effect"]["estimate"], rel=EXACT)
    assert [test["method"] for test in adjusted["robustness"]] == ["wild_cluster_bootstrap", "permutation"]


def test_branches_with_covariates_are_least_squares_of_statsmodels() -> None:
    data = columns()
    found = told(data, covariates=("size", "queue"))["effect"]
    score, queue = branch_means(data, "score"), branch_means(data, "queue")
    trained = np.arange(20) < 9
    X = np.column_stack([np.ones(20), branch_means(data, "size")[:, 0], queue[:, 1] - queue[:, 0], trained])
    model = sm.OLS(score[:, 1] - score[:, 0], X.astype(float)).fit(cov_type="HC2")
    assert found["estimate"] == pytest.approx(model.params[-1], rel=EXACT)
    assert found["standard_error"] == pytest.approx(model.bse[-1], rel=EXACT)


@pytest.mark.parametrize("strata", [None, "region"])
def test_rows_with_strata_and_covariates_are_least_squares_of_statsmodels(strata: str | None) -> None:
    data = columns()
    found = told(data, covariates=("queue",), weights="observation", strata=strata)
    after = (data["period"] == "after").astype(float)
    arm = (data["arm"] == "trained").astype(float)
    north = (data["region"] == "north").astype(float)
    extra = [north, north * after] if strata else []
    X = np.column_stack([np.ones_like(arm), after, *extra, data["queue"], arm, arm * after])
    model = sm.OLS(data["score"], X).fit()
    assert found["effect"]["estimate"] == pytest.approx(model.params[-1], rel=EXACT)
    clustered = model.get_robustcov_results("cluster", groups=data["branch"].astype(int))
    bootstrap = found["robustness"][0]
    assert bootstrap["statistic"] == pytest.approx(clustered.tvalues[-1], rel=EXACT)


def test_slopes_are_told_in_the_units_of_the_covariates() -> None:
    data = columns()
    score, queue = branch_means(data, "score"), branch_means(data, "queue")
    X = np.column_stack(
        [np.ones(20), score[:, 0], branch_means(data, "size")[:, 0], queue[:, 0], np.arange(20) < 9]
    ).astype(float)
    model = sm.OLS(score[:, 1], X).fit(cov_type="HC2")
    told_slopes = told(data, covariates=("size", "queue"), **RANDOM)["slopes"]
    assert [(one["of"], one["enters"]) for one in told_slopes] == [
        ("before", "before"),
        ("size", "level"),
        ("queue", "level"),
    ]
    found = np.array([(one["coefficient"], one["standard_error"]) for one in told_slopes])
    np.testing.assert_allclose(found, np.column_stack([model.params, model.bse])[1:4], rtol=EXACT)
    entered = [one["enters"] for one in told(data, covariates=("size", "queue"))["slopes"]]
    assert entered == ["level", "change"]
    by_rows = told(data, covariates=("size", "queue"), weights="observation")["slopes"]
    assert [one["enters"] for one in by_rows] == ["value", "value"]


def test_real_stores_are_adjusted_as_by_statsmodels(data_folder: Path) -> None:
    """Card & Krueger's stores: hours open and cash registers taken out of the change of staff."""
    file = data_folder / "card_krueger.csv"
    options = {"covariates": ("open_hours", "registers"), "strata": "chain", "draws": 99}
    found = pilot_eval.evaluate(file, outcome="fte", **options).to_dict()
    rows = pd.read_csv(file).dropna(subset=["fte", "open_hours", "registers"])
    wide = rows.pivot(index="branch", columns="period", values=["fte", "open_hours", "registers"]).dropna()
    change = wide.xs("after", axis=1, level=1) - wide.xs("before", axis=1, level=1)
    about = rows.drop_duplicates("branch").set_index("branch").loc[change.index]
    X = pd.get_dummies(about["chain"]).astype(float)
    X["open_hours"], X["registers"] = change["open_hours"], change["registers"]
    X["trained"] = (about["arm"] == "trained").astype(float)
    model = sm.OLS(change["fte"].astype(float), X.astype(float)).fit(cov_type="HC2")
    assert found["branches"]["trained"] + found["branches"]["comparison"] == len(change)
    assert found["effect"]["estimate"] == pytest.approx(model.params["trained"], rel=EXACT)
    assert found["effect"]["standard_error"] == pytest.approx(model.bse["trained"], rel=EXACT)


def test_branches_that_started_alike_leave_nothing_to_adjust_for() -> None:
    data = columns()
    data["score"] = np.where(data["period"] == "before", 50.0, data["score"])
    found = pilot_eval.evaluate(data, outcome="score", draws=99, **RANDOM)
    assert found.to_dict()["not_estimable"]["code"] == "same_level_before"


def test_strata_of_rows_differ_from_strata_of_branches_where_visits_do() -> None:
    data = columns()
    kept = (np.arange(len(data["score"])) % 5 > 1) | (data["branch"].astype(int) % 3 > 0)
    data = {name: values[kept] for name, values in data.items()}
    by_rows = told(data, strata="region", weights="observation")["effect"]
    by_branch = told(data, strata="region")["effect"]
    assert by_rows["estimate"] != pytest.approx(by_branch["estimate"], rel=1e-3)


def test_ancova_is_told_as_such_and_compares_at_the_start_of_the_trained() -> None:
    data = columns()
    found = told(data, **RANDOM)
    score = branch_means(data, "score")
    X = np.column_stack([np.ones(20), score[:, 0], np.arange(20) < 9]).astype(float)
    model = sm.OLS(score[:, 1], X).fit(cov_type="HC2")
    assert found["estimator"] == "ancova"
    assert found["effect"]["estimate"] == pytest.approx(model.params[-1], rel=EXACT)
    assert found["effect"]["standard_error"] == pytest.approx(model.bse[-1], rel=EXACT)
    means = found["means"]
    assert means["trained"]["before"] == pytest.approx(means["comparison"]["before"], rel=EXACT)
    expected = 100.0 * found["effect"]["estimate"] / means["comparison"]["after"]
    assert found["uplift"]["estimate"] == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize(
    "options",
    [
        {"covariates": ("size", "queue")},
        {"covariates": ("size",), "strata": "region"},
        {"covariates": ("queue",), "weights": "observation"},
        {"strata": "region", "weights": "observation"},
        RANDOM,
        {**RANDOM, "covariates": ("size",), "strata": "region"},
    ],
)
def test_the_order_of_rows_and_the_names_of_branches_do_not_matter(options: dict[str, Any]) -> None:
    data = columns()
    turned = np.random.default_rng(2).permutation(len(data["score"]))
    other = {name: values[turned] for name, values in data.items()}
    other["branch"] = np.array([f"{(7 * int(b)) % 20:03d}-office" for b in other["branch"]])
    first, second = told(data, **options), told(other, **options)
    assert second["effect"]["estimate"] == pytest.approx(first["effect"]["estimate"], rel=EXACT)
    assert second["effect"]["pvalue"] == pytest.approx(first["effect"]["pvalue"], rel=1e-6)
    assert [t["pvalue"] for t in second["robustness"]] == [t["pvalue"] for t in first["robustness"]]


@pytest.mark.parametrize("options", [{"covariates": ("size",)}, RANDOM])
def test_durations_are_adjusted_by_their_logarithms(options: dict[str, Any]) -> None:
    data = columns()
    data["seconds"] = np.exp(data["score"] / 20.0)
    found = pilot_eval.evaluate(data, outcome="seconds", kind="duration", draws=99, **options).to_dict()
    logs = {**data, "score": data["score"] / 20.0}
    assert found["effect"]["estimate"] == pytest.approx(
        told(logs, **options)["effect"]["estimate"], rel=EXACT
    )
    low, high = found["effect"]["confidence_interval"]
    speeds = [100.0 * np.expm1(-high), 100.0 * np.expm1(-low)]
    assert found["speed"]["confidence_interval_speed_percent"] == pytest.approx(speeds, rel=EXACT)


def test_durations_with_many_zeros_are_adjusted_as_mean_times() -> None:
    data = columns()
    data["seconds"] = np.where(np.arange(len(data["score"])) % 8 == 0, 0.0, np.abs(data["score"]))
    options = {"covariates": ("size",), "draws": 99}
    found = pilot_eval.evaluate(data, outcome="seconds", kind="duration", **options).to_dict()
    assert found["effect"] is None
    assert found["not_estimable"]["code"] == "too_many_zeros"
    score = pilot_eval.evaluate(data, outcome="seconds", better="lower", **options).to_dict()
    assert found["speed"]["time_percent"] == pytest.approx(-score["uplift"]["estimate"], rel=EXACT)


def test_rows_without_a_covariate_are_left_out_and_counted() -> None:
    data = columns()
    gaps = np.arange(len(data["score"])) % 17 == 0
    data["queue"] = np.where(gaps, np.nan, data["queue"])
    found = told(data, covariates=("queue",), weights="observation")
    assert found["input"]["rows_used"] == int(np.sum(~gaps))
    assert found["input"]["missing"] == {"queue": int(gaps.sum())}
    complete = {name: values[~gaps] for name, values in data.items()}
    again = told(complete, covariates=("queue",), weights="observation")
    assert again["effect"]["estimate"] == pytest.approx(found["effect"]["estimate"], rel=EXACT)


def test_a_covariate_that_training_may_have_changed_is_warned_of() -> None:
    data = columns()
    lifted = (data["arm"] == "trained") & (data["period"] == "after")
    data["queue"] = data["queue"] + 4.0 * lifted
    codes = [warning["code"] for warning in told(data, covariates=("queue",))["warnings"]]
    assert "covariate_moved" in codes
    assert "covariate_moved" not in [
        w["code"] for w in told(data, covariates=("queue",), **RANDOM)["warnings"]
    ]


def test_few_degrees_of_freedom_are_warned_of_though_branches_are_many() -> None:
    data = columns()
    data |= {
        f"noise_{i}": np.random.default_rng(i).normal(size=20)[data["branch"].astype(int)] for i in range(14)
    }
    names = tuple(f"noise_{i}" for i in range(14))
    found = told(data, covariates=names)
    assert found["effect"]["df"] < 4.0
    assert "few_degrees_of_freedom" in [warning["code"] for warning in found["warnings"]]
    plain = told(data, covariates=names[:2])
    assert "few_degrees_of_freedom" not in [warning["code"] for warning in plain["warnings"]]


@pytest.mark.parametrize(
    ("covariates", "code"),
    [
        (("same",), "collinear_covariate"),
        (("size", "twice"), "collinear_covariate"),
        (("lot",), "arm_told_by_covariates"),
        (tuple(f"noise_{i}" for i in range(19)), "more_coefficients_than_branches"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_what_cannot_be_adjusted_for_is_said(covariates: tuple[str, ...], code: str, language: str) -> None:
    data = columns()
    rng = np.random.default_rng(3)
    data |= {"same": np.ones(200), "twice": 2 * data["size"], "lot": (data["arm"] == "trained").astype(int)}
    data |= {f"noise_{i}": rng.normal(size=200) for i in range(19)}
    found = pilot_eval.evaluate(data, outcome="score", draws=99, covariates=covariates)
    assert found.to_dict()["not_estimable"]["code"] == code
    assert found.to_text(language)


def test_a_covariate_of_names_is_refused() -> None:
    with pytest.raises(BadInput, match="not a number"):
        told(columns(), covariates=("region",))


def test_the_report_says_what_the_effect_is_adjusted_for() -> None:
    found = pilot_eval.evaluate(columns(), outcome="score", draws=99, covariates=("size",), **RANDOM)
    line = next(line for line in found.to_text().splitlines() if line.startswith("Adjusted for"))
    assert line.endswith("the level before, size")
    assert "уровень до обучения, size" in found.to_text("ru")
    assert "Adjusted for" not in pilot_eval.evaluate(columns(), outcome="score", draws=99).to_text()


THIN = (
    {"covariates": ("x",)},
    {"covariates": ("x", "z"), "strata": "s"},
    {"covariates": ("x", "z"), "weights": "observation"},
    {"strata": "s", "weights": "observation"},
    RANDOM,
    {**RANDOM, "covariates": ("z",), "strata": "s"},
    {"operation": "operation"},
    {"operation": "operation", "weights": "observation"},
    {"operation": "operation", "design": "before_after", "weights": "observation"},
)


@pytest.mark.parametrize("options", THIN)
def test_thin_pilots_have_an_answer_or_a_reason_and_no_test_contradicts_its_interval(
    options: dict[str, Any],
) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        branches = int(rng.integers(4, 12))
        count = branches * int(rng.integers(3, 9))
        branch = rng.integers(0, branches, count)
        data = {
            "branch": [f"b{code}" for code in branch],
            "arm": np.where(branch < rng.integers(1, branches), "trained", "comparison"),
            "period": rng.choice(["before", "after"], count),
            "score": rng.normal(5.0, 3.0, count).round(int(rng.integers(0, 3))),
            "x": np.where(rng.random(count) < 0.1, np.nan, rng.integers(0, 3, count)),
            "z": rng.normal(size=count),
            "s": [f"s{code % 2}" for code in branch],
            "operation": rng.choice(["a", "b", "c"][: int(rng.integers(1, 4))], count),
        }
        found = pilot_eval.evaluate(data, outcome="score", draws=99, **options)
        document = found.to_dict()
        json.dumps(document, allow_nan=False)
        assert found.to_text("ru")
        assert (document["effect"] is None) == ("not_estimable" in document)
        for test in document["robustness"]:
            low, high = test["confidence_interval"]
            holds = (low is None or low <= 0.0) and (high is None or high >= 0.0)
            assert holds == (test["pvalue"] > 0.05)
