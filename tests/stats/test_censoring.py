"""Waits that were given up, from rows to the document."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pilot_eval
from pilot_eval.domain.errors import BadInput
from pilot_eval.stats.cells import Cells
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect

STORED = Path(__file__).parent.parent / "reference" / "censoring.json"
EXACT = 1e-9  # relative: the same number by another order of sums


def made_up_waits(
    seed: int, trained: int = 8, comparison: int = 8, *, visits: int = 25, patience: float = 600.0
) -> dict[str, Any]:
    """Lognormal waits, shorter by a fifth after training, of which customers give up some."""
    rng = np.random.default_rng(seed)
    rows: dict[str, list[Any]] = {name: [] for name in ("branch", "arm", "period", "wait", "gave_up")}
    for branch in range(trained + comparison):
        level = rng.normal(5.3, 0.2)
        for after in (0, 1):
            shift = -0.22 * (branch < trained) * after + rng.normal(0.0, 0.08)
            wait = np.exp(level + shift + rng.normal(0.0, 0.6, visits))
            leave = rng.exponential(patience, visits)
            rows["branch"] += [f"b{branch:02d}"] * visits
            rows["arm"] += ["trained" if branch < trained else "comparison"] * visits
            rows["period"] += ["after" if after else "before"] * visits
            rows["wait"] += np.minimum(wait, leave).round(1).tolist()
            rows["gave_up"] += (leave < wait).astype(int).tolist()
    return rows


def evaluated(rows: dict[str, Any], **options: Any) -> dict[str, Any]:
    chosen = {"outcome": "wait", "kind": "duration", "censored": "gave_up", "draws": 199} | options
    return pilot_eval.evaluate(rows, **chosen).to_dict()


def codes(document: dict[str, Any]) -> set[str]:
    return {warning["code"] for warning in document["warnings"]}


def from_r() -> tuple[dict[str, Any], dict[str, Any]]:
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    data = stored["data"]
    rows = {
        "branch": [f"b{branch}" for branch in data["branch"]],
        "arm": ["trained" if branch < 4 else "comparison" for branch in data["branch"]],
        "period": ["after" if after else "before" for after in data["after"]],
        "wait": data["seconds"],
        "gave_up": data["gave_up"],
    }
    return rows, stored


def test_the_effect_is_the_difference_of_the_restricted_means_of_survfit() -> None:
    rows, stored = from_r()
    document = evaluated(rows, limit=120.0)
    mean = np.array(stored["branch_period"]).T
    trained = np.arange(10) < 4
    expected = estimate_effect(Panel.of(Cells(np.ones_like(mean), mean, mean), trained))
    assert isinstance(expected, Effect)
    effect = document["effect"]
    assert (effect["scale"], effect["unit"], effect["method"]) == ("difference", "seconds", "cr2")
    assert effect["estimate"] == pytest.approx(expected.estimate, rel=EXACT)
    assert effect["standard_error"] == pytest.approx(expected.standard_error, rel=EXACT)
    assert effect["df"] == pytest.approx(expected.df, rel=EXACT)
    before, after = mean[trained].mean(axis=0)
    assert document["means"]["trained"] == pytest.approx({"before": before, "after": after}, rel=EXACT)
    assert document["limit"]["asked"] is True


def test_the_sensitivity_row_is_that_of_survreg() -> None:
    rows, stored = from_r()
    found, expected = evaluated(rows, limit=120.0)["lognormal_aft"], stored["aft"]
    both = expected["names"].index("trained:after")
    assert found["estimate"] == pytest.approx(expected["beta"][both], rel=1e-6)
    factor = math.sqrt(10.0 / 9.0)  # of ten branches, which survreg does without
    assert found["standard_error"] == pytest.approx(factor * expected["standard_error"][both], rel=1e-6)
    assert found["df"] == 3.0  # four trained branches
    assert found["time_percent"] == pytest.approx(100.0 * math.expm1(expected["beta"][both]), rel=1e-6)


def test_with_nobody_giving_up_it_is_the_mean_of_seconds() -> None:
    rows = made_up_waits(1)
    rows["gave_up"] = [0] * len(rows["wait"])
    document = evaluated(rows)
    plain = pilot_eval.evaluate(rows, outcome="wait", draws=199, better="lower").to_dict()
    for name in ("estimate", "standard_error", "df", "pvalue"):
        assert document["effect"][name] == pytest.approx(plain["effect"][name], rel=EXACT)
    assert document["limit"]["seconds"] == max(rows["wait"])
    assert document["abandonment"]["rows"] == 0
    assert "giving_up_may_inform" not in codes(document)
    # -uplift of a score that is better lower is the change of the mean time; speed is its reciprocal
    share = -plain["uplift"]["estimate"] / 100.0
    assert document["speed"]["time_percent"] == pytest.approx(100.0 * share, rel=EXACT)
    assert document["speed"]["speed_percent"] == pytest.approx(100.0 * (1.0 / (1.0 + share) - 1.0), rel=EXACT)


def test_abandonment_stands_beside_and_is_the_effect_on_the_share() -> None:
    rows = made_up_waits(2)
    found = evaluated(rows)["abandonment"]
    plain = pilot_eval.evaluate(
        rows, outcome="gave_up", kind="proportion", better="lower", draws=199
    ).to_dict()
    assert found["effect"]["estimate"] == pytest.approx(plain["effect"]["estimate"], rel=EXACT)
    assert found["effect"]["pvalue"] == pytest.approx(plain["effect"]["pvalue"], rel=EXACT)
    assert found["means"] == {
        arm: pytest.approx(plain["means"][arm], rel=EXACT) for arm in ("trained", "comparison")
    }
    assert found["rows"] == sum(rows["gave_up"])


def test_the_limit_of_the_data_is_the_last_time_that_every_curve_reaches() -> None:
    rows = made_up_waits(3)
    document = evaluated(rows)
    reach = {}
    for branch in set(rows["branch"]):
        for period in ("before", "after"):
            own = [
                (wait, gone)
                for b, p, wait, gone in zip(
                    rows["branch"], rows["period"], rows["wait"], rows["gave_up"], strict=True
                )
                if (b, p) == (branch, period)
            ]
            longest = max(own)
            if longest[1]:
                reach[branch, period] = longest[0]
    expected = min(reach.values())
    assert document["limit"]["seconds"] == expected
    assert (document["limit"]["set_by_branch"], expected) in {(b, v) for (b, _), v in reach.items()}
    assert "limit_set_by_a_branch" in codes(document)
    refused = evaluated(rows, limit=expected + 1.0)
    assert refused["effect"] is None
    assert refused["not_estimable"]["code"] == "limit_not_reached"
    assert refused["not_estimable"]["values"]["reach"] == expected
    assert evaluated(rows, limit=expected)["effect"]["estimate"] == document["effect"]["estimate"]


def test_no_row_is_dropped_and_an_empty_answer_is_counted() -> None:
    rows = made_up_waits(4)
    rows["gave_up"][7] = None
    document = evaluated(rows)
    assert document["input"]["rows_used"] == len(rows["wait"]) - 1
    assert document["input"]["missing"] == {"gave_up": 1}


def test_a_wait_given_up_at_once_leaves_nothing_to_average() -> None:
    rows = made_up_waits(5)
    first = [i for i, branch in enumerate(rows["branch"]) if branch == "b03" and rows["period"][i] == "after"]
    for row in first:
        rows["wait"][row], rows["gave_up"][row] = 0.0, 1
    assert evaluated(rows)["not_estimable"]["code"] == "limit_is_zero"


def test_minutes_leave_speed_alone_and_branch_names_do_not_matter() -> None:
    rows = made_up_waits(6)
    seconds = evaluated(rows)
    minutes = evaluated(rows | {"wait": [wait / 60.0 for wait in rows["wait"]]})
    assert minutes["uplift"]["estimate"] == pytest.approx(seconds["uplift"]["estimate"], rel=EXACT)
    assert minutes["effect"]["pvalue"] == pytest.approx(seconds["effect"]["pvalue"], rel=1e-7)
    renamed = evaluated(rows | {"branch": [f"x{99 - int(name[1:])}" for name in rows["branch"]]})
    assert renamed["effect"]["estimate"] == pytest.approx(seconds["effect"]["estimate"], rel=EXACT)
    assert renamed["robustness"][1]["pvalue"] == seconds["robustness"][1]["pvalue"]


@pytest.mark.parametrize(("yes", "no"), [("1", "0"), ("yes", "no"), ("да", "нет"), (True, False)])
def test_yes_and_no_are_known_in_both_languages(yes: Any, no: Any) -> None:
    rows = made_up_waits(7, 3, 3)
    expected = evaluated(rows)["effect"]["estimate"]
    rows["gave_up"] = [yes if gone else no for gone in rows["gave_up"]]
    assert evaluated(rows)["effect"]["estimate"] == expected


def test_another_word_is_refused_with_its_row() -> None:
    rows = made_up_waits(7, 3, 3)
    rows["gave_up"][4] = "maybe"
    with pytest.raises(BadInput) as refused:
        evaluated(rows)
    assert "gave_up" in str(refused.value)
    assert "maybe" in str(refused.value)


@pytest.mark.parametrize(
    ("option", "named"),
    [
        ({"kind": "score"}, "--censored"),
        ({"design": "stepped_wedge"}, "--censored"),
        ({"weights": "observation"}, "--weights observation"),
        ({"covariates": ["wait"]}, "--covariates"),
        ({"with_parts": ["bootstrap"]}, "--with"),
        ({"censored": None, "limit": 60.0}, "--limit"),
    ],
)
def test_what_would_take_a_broken_off_time_for_a_whole_one_is_refused_by_name(
    option: dict[str, Any], named: str
) -> None:
    with pytest.raises(BadInput) as refused:
        evaluated(made_up_waits(8, 3, 3), **option)
    assert named in str(refused.value)


def test_before_and_after_alone_and_strata_are_answered() -> None:
    rows = made_up_waits(9)
    alone = {
        name: [cell for cell, arm in zip(column, rows["arm"], strict=True) if arm == "trained"]
        for name, column in rows.items()
    }
    document = evaluated(alone, design="before_after")
    assert document["means"]["comparison"] is None
    means = document["means"]["trained"]
    assert document["effect"]["estimate"] == pytest.approx(means["after"] - means["before"], rel=EXACT)
    assert document["lognormal_aft"]["estimate"] < 0.0
    strata = evaluated(rows | {"zone": [str(int(name[1:]) % 2) for name in rows["branch"]]}, strata="zone")
    assert strata["effect"]["estimate"] == pytest.approx(evaluated(rows)["effect"]["estimate"], rel=EXACT)


def test_the_extremes_of_giving_up_enclose_every_mean_and_are_told() -> None:
    rows = made_up_waits(11)
    document = evaluated(rows, limit=100.0)
    shorter = [min(wait, 100.0) for wait in rows["wait"]]
    waiting = [100.0 if gone else wait for wait, gone in zip(shorter, rows["gave_up"], strict=True)]
    for case, values in (("served_when_leaving", shorter), ("waiting_to_the_limit", waiting)):
        plain = pilot_eval.evaluate(rows | {"x": values}, outcome="x", draws=99).to_dict()
        for name in ("estimate", "standard_error", "df", "pvalue"):
            assert document["giving_up"][case][name] == pytest.approx(plain["effect"][name], rel=EXACT)
        for arm, means in document["means"].items():
            for period, mean in means.items():
                low, high = (plain["means"][arm][period], mean)
                assert low < high if case == "served_when_leaving" else low > high


def test_the_report_reads_in_both_languages() -> None:
    rows = made_up_waits(10)
    evaluation = pilot_eval.evaluate(rows, outcome="wait", kind="duration", censored="gave_up", draws=199)
    english, russian = evaluation.to_text("en"), evaluation.to_text("ru")
    assert "The mean wait up to the limit changed by" in english
    assert "plus is longer" in english
    assert "true waits are longer than told here" in english
    assert "Среднее ожидание до предела изменилось на" in russian
    given_up = evaluation.to_dict()["abandonment"]["means"]["trained"]["before"]
    assert re.search(rf"Gave up +{given_up:.1f}%", english)
    assert "Не дождались" in russian
    assert "Waited to limit" in english
    assert "Обслужены сразу" in russian
    assert "nan" not in english
