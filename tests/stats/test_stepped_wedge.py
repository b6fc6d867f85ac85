"""A stepped wedge from rows with dates to the document."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import pilot_eval
from pilot_eval.domain.errors import BadInput
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.hussey_hughes import hussey_hughes
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.relative import uplift_of_means
from pilot_eval.stats.sequence_permutation import PermutedEffect, sequence_draws
from pilot_eval.stats.stepped_wedge import uplift_of_wedge
from pilot_eval.stats.wedge_regression import Wedge
from tests.stats.wedges import fit_of, made_up_wedge

EXACT = 1e-9  # relative: the same number by another order of sums
MONTHS = ["2014-01-15", "2014-02-15", "2014-03-15", "2014-04-15", "2014-05-15"]


def made_up_rows(
    seed: int,
    crossing: list[int],
    *,
    visits: tuple[int, int] = (2, 6),
    effect: float = 3.0,
    growth: float = 0.0,
    spread: float = 1.0,
) -> dict[str, Any]:
    """Rows of branches that cross before the month of that number; 5 is never."""
    rng = np.random.default_rng(seed)
    rows: dict[str, list[Any]] = {"branch": [], "date": [], "trained_on": [], "x": []}
    for branch, first in enumerate(crossing):
        level = rng.normal(60.0, 5.0)
        for month, day in enumerate(MONTHS):
            own = level + month * 0.5 + rng.normal(0.0, spread)
            own += (effect + growth * (month - first)) * (month >= first)
            for _ in range(int(rng.integers(visits[0], visits[1] + 1))):
                rows["branch"].append(f"b{branch:02d}")
                rows["date"].append(day)
                rows["trained_on"].append(MONTHS[first] if first < len(MONTHS) else None)
                rows["x"].append(float(own + rng.normal(0.0, 2.0)))
    return rows


CROSSING = [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def evaluated(rows: dict[str, Any], **options: Any) -> dict[str, Any]:
    chosen = {"outcome": "x", "design": "stepped_wedge", "draws": 499, "allocation": "random"} | options
    return pilot_eval.evaluate(rows, **chosen).to_dict()


def wedge_of(rows: dict[str, Any], crossing: list[int], log: bool = False) -> Wedge:
    mean = np.full((len(crossing), len(MONTHS)), np.nan)
    value = np.log(rows["x"]) if log else np.array(rows["x"])
    names, days = np.array(rows["branch"]), np.array(rows["date"])
    for branch in range(len(crossing)):
        for month, day in enumerate(MONTHS):
            own = (names == f"b{branch:02d}") & (days == day)
            if own.any():
                mean[branch, month] = value[own].mean()
    return Wedge.of(mean, np.array(crossing))


def codes(document: dict[str, Any]) -> set[str]:
    return {warning["code"] for warning in document["warnings"]}


def test_the_document_tells_the_regression_the_permutation_and_the_mixed_model() -> None:
    rows = made_up_rows(1, CROSSING)
    document, wedge = evaluated(rows), wedge_of(rows, CROSSING)
    expected, effect = fit_of(wedge).contrast(np.ones(1)), document["effect"]
    assert effect["estimate"] == pytest.approx(expected.estimate, rel=EXACT)
    assert effect["standard_error"] == pytest.approx(expected.standard_error, rel=EXACT)
    assert effect["df"] == pytest.approx(expected.df, rel=EXACT)
    assert effect["method"] == "sequence_permutation"
    (cr2,) = document["robustness"]
    assert cr2["method"] == "cr2"
    assert cr2["pvalue"] == pytest.approx(expected.pvalue, rel=EXACT)
    theirs = hussey_hughes(wedge)
    assert theirs is not None
    assert document["hussey_hughes"]["estimate"] == pytest.approx(theirs.estimate, rel=1e-6)
    assert document["hussey_hughes"]["pvalue"] == pytest.approx(theirs.pvalue, rel=1e-6)
    permutation = document["sequence_permutation"]
    assert permutation["orders"] == math.factorial(10) // 2**5
    assert (permutation["draws"], permutation["enumerated"]) == (499, False)
    assert document["branches"]["trained"] == 8
    assert document["branches"]["comparison"] == 2
    assert document["periods"] == MONTHS
    assert [one["branches"] for one in document["sequences"]] == [2, 2, 2, 2, 2]
    assert document["sequences"][-1]["first_trained_period"] is None
    assert document["input"]["rows_used"] == len(rows["x"])


def test_the_uplift_is_the_effect_over_what_was_expected_and_never_contradicts_it() -> None:
    for seed in range(6):
        document = evaluated(made_up_rows(seed, CROSSING, effect=1.2), draws=199)
        expected, effect = document["exposed_cells"]["expected_without_training"], document["effect"]
        uplift = document["uplift"]
        assert uplift["estimate"] == pytest.approx(100.0 * effect["estimate"] / expected, rel=EXACT)
        for low, high in (effect["confidence_interval"], uplift["confidence_interval"]):
            assert (low <= 0.0 <= high) == (effect["pvalue"] > 0.05)
        # Of this the spread of the base adds next to nothing to the effect's own.
        observed = document["exposed_cells"]["observed"]
        for end, own in zip(uplift["confidence_interval"], effect["confidence_interval"], strict=True):
            assert end == pytest.approx(100.0 * own / (observed - own), abs=0.3)


def test_for_two_periods_the_uplift_is_that_of_the_difference_in_differences_but_for_the_quantile() -> None:
    crossing = [1] * 10 + [2] * 10
    wedge = made_up_wedge(31, crossing, 2, effect=15.0)
    fit = fit_of(wedge)
    plan = AnalysisPlan("x", design="stepped_wedge")
    effect = PermutedEffect(fit.contrast(np.ones(1)), sequence_draws(wedge, fit, draws=999, seed=1))
    found = uplift_of_wedge(plan, wedge, fit, effect)
    panel = Panel(np.arange(20) < 10, np.ones((20, 2)), wedge.mean)
    plain = estimate_effect(panel)
    assert isinstance(plain, Effect)
    expected = uplift_of_means(AnalysisPlan("x"), panel, plain)
    assert found.estimate == pytest.approx(expected.estimate, rel=EXACT)
    assert found.interval.low == pytest.approx(expected.interval.low, rel=0.15)
    assert found.interval.high == pytest.approx(expected.interval.high, rel=0.15)


def test_two_periods_are_the_difference_in_differences() -> None:
    crossing = [1] * 6 + [5] * 6
    rows = made_up_rows(3, crossing)
    two = {
        name: [c for c, day in zip(column, rows["date"], strict=True) if day in MONTHS[:2]]
        for name, column in rows.items()
    }
    document = evaluated(two)
    two["arm"] = ["trained" if day else "comparison" for day in two["trained_on"]]
    two["period"] = ["before" if day == MONTHS[0] else "after" for day in two["date"]]
    plain = pilot_eval.evaluate(two, outcome="x", draws=499).to_dict()
    for name in ("estimate", "standard_error", "df"):
        assert document["effect"][name] == pytest.approx(plain["effect"][name], rel=EXACT)
    permutation = plain["robustness"][1]
    assert permutation["method"] == "permutation"
    assert document["effect"]["pvalue"] == permutation["pvalue"]
    assert document["effect"]["confidence_interval"] == pytest.approx(permutation["confidence_interval"])
    assert document["exposure_time"] is None


def test_names_and_order_of_rows_do_not_matter() -> None:
    rows = made_up_rows(4, CROSSING)
    order = np.random.default_rng(1).permutation(len(rows["x"]))
    other = {name: [column[i] for i in order] for name, column in rows.items()}
    other["branch"] = [f"z{99 - int(name[1:])}" for name in other["branch"]]
    one, two = evaluated(rows), evaluated(other)
    one.pop("input"), two.pop("input")
    assert one["effect"]["pvalue"] == two["effect"]["pvalue"]
    ends = two["effect"]["confidence_interval"]
    assert one["effect"]["confidence_interval"] == pytest.approx(ends, rel=EXACT)


def test_durations_are_told_as_speed() -> None:
    rows = made_up_rows(5, CROSSING)
    rows["x"] = [math.exp((value - 20.0) / 20.0) * 60.0 for value in rows["x"]]
    document = evaluated(rows, kind="duration")
    wedge = wedge_of(rows, CROSSING, log=True)
    b = float(fit_of(wedge).coefficients[0])
    assert document["effect"]["scale"] == "log_ratio"
    assert document["speed"]["time_percent"] == pytest.approx(100.0 * (math.exp(b) - 1.0))
    assert document["speed"]["speed_percent"] == pytest.approx(100.0 * (math.exp(-b) - 1.0))
    minutes = evaluated(rows | {"x": [value / 60.0 for value in rows["x"]]}, kind="duration")
    assert minutes["speed"]["speed_percent"] == pytest.approx(document["speed"]["speed_percent"], rel=EXACT)


def test_proportions_are_told_in_percentage_points() -> None:
    rows = made_up_rows(6, CROSSING)
    rows["x"] = [float(value > 62.0) for value in rows["x"]]
    document, wedge = evaluated(rows, kind="proportion"), wedge_of(rows, CROSSING)
    assert document["effect"]["unit"] == "percentage_points"
    assert document["effect"]["estimate"] == pytest.approx(100.0 * float(fit_of(wedge).coefficients[0]))


def test_an_effect_that_grows_is_said_to_and_given_by_time_since_training() -> None:
    rows = made_up_rows(7, [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4], growth=4.0, spread=0.3, visits=(6, 6))
    document = evaluated(rows)
    assert "wedge_effect_changes" in codes(document)
    times = document["exposure_time"]
    assert times["change_per_period"]["estimate"] == pytest.approx(4.0, abs=1.0)
    found = [one["estimate"] for one in times["by_time"]]
    assert found == pytest.approx([3.0, 7.0, 11.0, 15.0], abs=2.0)
    assert times["average_over_times"]["estimate"] == pytest.approx(9.0, abs=1.5)
    # The one number is far from the mean of what it mixes, so that no verdict rests on it.
    assert document["effect"]["estimate"] < 5.0
    assert document["verdict"]["key"] == "not_valid"
    assert "changes with the time since training (p < 0.0001)" in document["verdict"]["en"]
    steady = evaluated(made_up_rows(7, CROSSING, spread=0.3, visits=(6, 6)))
    assert "wedge_effect_changes" not in codes(steady)
    assert steady["verdict"]["key"] == "gain"


def test_missing_cells_and_branches_seen_once_are_counted() -> None:
    rows = made_up_rows(8, CROSSING)
    gone = {("b00", MONTHS[2]), ("b05", MONTHS[0]), *((("b09"), day) for day in MONTHS[1:])}
    kept = [i for i, key in enumerate(zip(rows["branch"], rows["date"], strict=True)) if key not in gone]
    document = evaluated({name: [column[i] for i in kept] for name, column in rows.items()})
    assert document["cells"] == {"seen": 43, "missing": 2}
    assert document["branches"]["unpaired_names"] == {"trained": [], "comparison": ["b09"]}
    assert {"wedge_missing_cells", "wedge_branches_left_out"} <= codes(document)


def test_months_group_dates_and_rows_before_the_day_of_training_are_left_out() -> None:
    rows = made_up_rows(9, CROSSING)
    fine = evaluated(rows)
    early = {
        "branch": [*rows["branch"], "b00"],
        "date": [*[day.replace("-15", "-20") for day in rows["date"]], "2014-02-03"],
        "trained_on": [*rows["trained_on"], MONTHS[1]],
        "x": [*rows["x"], 0.0],
    }
    document = evaluated(early, time_unit="month")
    assert document["effect"]["estimate"] == pytest.approx(fine["effect"]["estimate"], rel=EXACT)
    assert "wedge_rows_before_training" in codes(document)


def test_what_cannot_be_told_from_the_period_is_not_estimable() -> None:
    document = evaluated(made_up_rows(10, [2] * 6))
    assert document["effect"] is None
    assert document["not_estimable"]["code"] == "wedge_not_identified"
    one = evaluated(made_up_rows(10, [2, 5, 5, 5]))
    assert one["not_estimable"]["code"] == "few_branches"
    assert one["verdict"]["key"] == "too_few"


def test_too_few_orders_are_said_and_cannot_reject() -> None:
    document = evaluated(made_up_rows(11, [1, 2, 3], effect=30.0))
    assert document["sequence_permutation"]["orders"] == 6
    assert "wedge_few_orders" in codes(document)
    assert document["effect"]["pvalue"] > 0.05
    assert document["effect"]["confidence_interval"] == [None, None]
    assert document["sequence_permutation"]["bounded"] is False
    assert document["uplift"]["bounded"] is False
    assert "uplift_unbounded" not in codes(document)
    assert document["verdict"]["key"] == "unclear"


def test_the_mixed_model_is_a_row_of_its_own_estimate_among_the_specifications() -> None:
    document = evaluated(made_up_rows(1, CROSSING), with_parts=["sensitivity"])
    rows = {row["code"]: row for row in document["sensitivity"]["specifications"]}
    assert rows["hussey_hughes"]["effect"]["estimate"] == document["hussey_hughes"]["estimate"]
    assert rows["cr2"]["effect"]["estimate"] == document["effect"]["estimate"]


def test_items_are_analysed_in_a_wedge_too() -> None:
    rows = made_up_rows(1, CROSSING)
    rows |= {"i1": [i % 2 for i in range(len(rows["x"]))], "i2": [i // 2 % 2 for i in range(len(rows["x"]))]}
    items = evaluated(rows, with_parts=["items"], items=["i1", "i2"])["items"]
    assert [item["effect"]["method"] for item in items["items"]] == ["sequence_permutation"] * 2
    assert items["fixed_item_set"]["not_estimable"]["code"] == "fixed_set_needs_two_periods"


def test_an_order_that_was_not_drawn_is_said() -> None:
    rows = made_up_rows(12, CROSSING)
    assert "wedge_order_not_drawn" in codes(evaluated(rows, allocation=None))
    assert "wedge_order_not_drawn" not in codes(evaluated(rows))


@pytest.mark.parametrize(
    "option", [{"kind": "rate", "exposure": "x"}, {"weights": "observation"}, {"strata": "x"}]
)
def test_what_does_not_go_with_a_wedge_is_refused_by_name(option: dict[str, str]) -> None:
    with pytest.raises(BadInput) as refused:
        evaluated(made_up_rows(13, CROSSING), **option)
    assert f"--{next(iter(option))}" in str(refused.value)


def test_the_report_reads_in_both_languages() -> None:
    rows = made_up_rows(14, CROSSING)
    evaluation = pilot_eval.evaluate(rows, outcome="x", design="stepped_wedge", draws=199)
    assert "those not yet trained, in the same periods" in evaluation.to_text("en")
    assert "Permuted dates: SE" in evaluation.to_text("en")
    assert "Expected → seen" in evaluation.to_text("en")
    assert "ещё не обученных" in evaluation.to_text("ru")
    assert "Смешанная модель" in evaluation.to_text("ru")
