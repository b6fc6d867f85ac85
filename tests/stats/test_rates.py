"""Rates as a whole: what is answered and refused, warnings, invariances, the texts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import pilot_eval
from pilot_eval.domain.errors import BadInput

EXACT = 1e-9  # relative: the same numbers by another order of sums


def complaints(seed: int = 1, *, trained: int = 8, comparison: int = 9, rows: int = 2) -> dict[str, Any]:
    """Columns of complaints and items of a made-up pilot."""
    rng = np.random.default_rng(seed)
    count = trained + comparison
    branch = np.repeat(np.arange(count), 2 * rows)
    after = np.tile(np.repeat([0, 1], rows), count)
    items = np.round(np.exp(rng.normal(8.5, 0.6, count))[branch] * rng.uniform(0.9, 1.1, len(branch)))
    level = 0.003 * np.exp(rng.normal(0.0, 0.3, count))[branch]
    events = rng.negative_binomial(8, 8 / (8 + level * np.exp(-0.3 * after * (branch < trained)) * items))
    return {
        "branch": [f"B{b:02d}" for b in branch],
        "arm": np.where(branch < trained, "trained", "comparison").tolist(),
        "period": np.where(after == 1, "after", "before").tolist(),
        "complaints": events.astype(float).tolist(),
        "items": items.tolist(),
    }


def evaluated(data: dict[str, Any], **options: Any) -> dict[str, Any]:
    wanted = {"outcome": "complaints", "kind": "rate", "exposure": "items", "draws": 199, **options}
    return pilot_eval.evaluate(data, **wanted).to_dict()


def codes(document: dict[str, Any]) -> list[str]:
    return [one["code"] for one in document["warnings"]]


def test_the_document_tells_rates_counts_and_a_signed_change() -> None:
    made = evaluated(complaints())
    effect, uplift = made["effect"], made["uplift"]
    assert (effect["scale"], effect["unit"], effect["method"]) == ("log_rate_ratio", "log_rate", "cr2")
    assert made["weights"] == "exposure"
    means = made["means"]
    change = math.log(means["trained"]["after"] / means["trained"]["before"])
    change -= math.log(means["comparison"]["after"] / means["comparison"]["before"])
    assert effect["estimate"] == pytest.approx(change, rel=EXACT)
    low, high = effect["confidence_interval"]
    assert uplift["estimate"] == pytest.approx(100.0 * (1.0 - math.exp(change)), rel=EXACT)
    assert uplift["confidence_interval"] == pytest.approx(
        [100.0 * (1.0 - math.exp(high)), 100.0 * (1.0 - math.exp(low))], rel=EXACT
    )
    own = made["counts"]["trained"]["before"]
    assert own["events"] / own["exposure"] == pytest.approx(means["trained"]["before"], rel=EXACT)
    assert made["dispersion"] > 1.0
    assert [test["method"] for test in made["robustness"]] == ["permutation"]


def test_complaints_down_by_a_third_and_volume_up_by_forty_percent_are_half_as_many_per_item() -> None:
    rng = np.random.default_rng(2)
    early = rng.uniform(50.0, 200.0, 12)
    late = early * rng.uniform(0.9, 1.1, 12)
    late *= 0.67 * early.sum() / late.sum()
    items = rng.uniform(5e3, 2e4, 12)
    data = {
        "branch": [f"B{b}" for b in range(12)] * 2,
        "period": ["before"] * 12 + ["after"] * 12,
        "complaints": [*early, *late],
        "items": [*items, *(1.4 * items)],
    }
    made = evaluated(data, design="before_after", smallest_effect=10)
    assert math.exp(made["effect"]["estimate"]) == pytest.approx(0.67 / 1.40, rel=EXACT)
    assert made["uplift"]["estimate"] == pytest.approx(52.14, abs=0.01)
    assert made["verdict"]["key"] == "clear_gain"
    assert {"exposure_changed", "fractional_counts", "no_comparison_group"} <= set(codes(made))
    text = next(one["text"] for one in made["warnings"] if one["code"] == "exposure_changed")
    assert "+40.0" in text


def test_more_is_better_turns_the_uplift_and_not_the_effect() -> None:
    lower, higher = evaluated(complaints()), evaluated(complaints(), better="higher")
    assert higher["effect"] == lower["effect"]
    assert higher["uplift"]["estimate"] == -lower["uplift"]["estimate"]
    assert higher["uplift"]["confidence_interval"] == [
        -end for end in reversed(lower["uplift"]["confidence_interval"])
    ]


def test_splitting_a_count_into_rows_their_order_and_names_make_no_difference() -> None:
    data = complaints()
    first = evaluated(data)
    turned = np.random.default_rng(3).permutation(len(data["branch"]))
    other = {name: [cells[place] for place in turned] for name, cells in data.items()}
    other["branch"] = [f"Z-{name[::-1]}" for name in other["branch"]]
    for name in ("complaints", "items"):
        other[name] = [0.25 * cell for cell in other[name]] + [0.75 * cell for cell in other[name]]
    for name in ("branch", "arm", "period"):
        other[name] = other[name] * 2
    second = evaluated(other)
    for name in ("estimate", "standard_error", "df", "pvalue"):
        assert second["effect"][name] == pytest.approx(first["effect"][name], rel=EXACT)
    assert second["dispersion"] == pytest.approx(first["dispersion"], rel=EXACT)
    assert second["robustness"][0]["pvalue"] == first["robustness"][0]["pvalue"]


def test_a_row_without_exposure_is_missing_and_counted() -> None:
    data = complaints()
    data["items"][3] = None
    made = evaluated(data)
    assert made["input"]["missing"] == {"complaints": 1, "items": 1} or made["input"]["missing"] == {
        "items": 1
    }
    assert made["input"]["rows_used"] == len(data["items"]) - 1
    without = {name: cells[:3] + cells[4:] for name, cells in data.items()}
    assert made["effect"] == evaluated(without)["effect"]


@pytest.mark.parametrize(
    ("cell", "said"), [(0.0, "not above 0"), (-5.0, "not above 0"), ("NA", "not a number")]
)
def test_an_exposure_that_is_none_is_refused_with_its_row(cell: Any, said: str) -> None:
    data = complaints()
    data["items"][4] = cell
    with pytest.raises(BadInput) as refused:
        evaluated(data)
    assert "items" in str(refused.value)
    assert said in str(refused.value)


def test_a_negative_count_is_refused() -> None:
    data = complaints()
    data["complaints"][0] = -1.0
    with pytest.raises(BadInput, match="negative; a count is 0 or more"):
        evaluated(data)


def test_a_rate_without_exposure_is_refused() -> None:
    with pytest.raises(BadInput, match="rate needs --exposure"):
        evaluated(complaints(), exposure=None)


@pytest.mark.parametrize(
    "options",
    [{"strata": "arm"}, {"weights": "observation"}, {"design": "staggered"}, {"with_parts": ("roll_out",)}],
)
def test_what_would_take_a_rate_for_a_mean_is_refused_by_name(options: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=r"does not go with --kind rate|not available"):
        evaluated(complaints(), **options)


def test_an_arm_without_events_is_not_estimable_and_its_counts_are_shown() -> None:
    data = complaints()
    data["complaints"] = [
        0.0 if (arm, period) == ("comparison", "before") else cell
        for arm, period, cell in zip(data["arm"], data["period"], data["complaints"], strict=True)
    ]
    made = evaluated(data)
    assert made["effect"] is None
    assert made["not_estimable"]["code"] == "no_events_before"
    assert made["counts"]["comparison"]["before"]["events"] == 0.0
    assert made["verdict"]["key"] == "not_valid"


def test_one_branch_with_most_of_the_exposure_is_warned_of() -> None:
    data = complaints()
    for place, branch in enumerate(data["branch"]):
        if branch in ("B00", "B10"):  # one of each arm
            data["items"][place] *= 300.0
            data["complaints"][place] *= 300.0
    made = evaluated(data)
    assert "uneven_exposure" in codes(made)
    assert made["effect"]["df"] < 5.0


def test_few_branches_are_warned_of() -> None:
    assert "few_branches" in codes(evaluated(complaints(trained=3, comparison=9)))
    assert "few_branches" not in codes(evaluated(complaints()))


def test_a_rate_that_changed_only_by_the_mix_of_branches_is_warned_of() -> None:
    rng = np.random.default_rng(5)
    count = 10
    items = rng.uniform(9e3, 1.1e4, count)
    rate = np.where(np.arange(count) < 5, 0.01, 0.001)
    grown = np.where(np.arange(count) < 5, 3.0, 1.0)
    data = {
        "branch": [f"B{b}" for b in range(count)] * 2,
        "period": ["before"] * count + ["after"] * count,
        "complaints": np.round([*(items * rate), *(items * grown * rate * 0.9)]).tolist(),
        "items": [*items, *(items * grown)],
    }
    made = evaluated(data, design="before_after")
    assert made["effect"]["estimate"] > 0.0
    assert "rate_mix_disagrees" in codes(made)


def test_few_branches_without_comparison_are_warned_of() -> None:
    made = evaluated(complaints(), design="before_after")
    assert "few_branches_alone" in codes(made)
    assert "few_branches_alone" not in codes(evaluated(complaints()))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("of exposure", "log ratio of rates", "% on the rate", "Variance/mean")),
        ("ru", ("объёма", "по частоте", "Дисперсия/среднее")),
    ],
)
def test_the_text_speaks_of_rates_in_both_languages(language: str, words: tuple[str, ...]) -> None:
    wanted = {"outcome": "complaints", "kind": "rate", "exposure": "items", "draws": 199}
    text = pilot_eval.evaluate(complaints(), **wanted).to_text(language)
    for word in words:
        assert word in text
