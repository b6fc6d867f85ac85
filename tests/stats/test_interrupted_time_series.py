"""Interrupted time series as a whole: against statsmodels, what is answered, warned of and refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

import pilot_eval
from pilot_eval.domain.errors import BadInput

EXACT = 1e-8  # relative: the same numbers by other matrices
MONTHS = np.arange("2011-01", "2015-07", dtype="datetime64[M]").astype("datetime64[D]")  # 54 of them
TRAINING = "2014-01-01"


def monthly(
    seed: int = 1,
    *,
    step: float = 4.0,
    trend: float = 0.1,
    season: float = 0.0,
    rho: float = 0.0,
    months: np.ndarray = MONTHS,
    training: str = TRAINING,
) -> dict[str, Any]:
    """Columns of a made-up monthly score with a step at `training`."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=len(months))
    for place in range(1, len(months)):
        noise[place] += rho * noise[place - 1]
    time = np.arange(len(months))
    after = months >= np.datetime64(training)
    month = months.astype("datetime64[M]").astype(int) % 12
    value = 60.0 + trend * time + step * after + season * np.cos(2 * np.pi * month / 12) + 1.5 * noise
    return {
        "branch": ["Vladimir"] * len(months),
        "date": [str(day) for day in months],
        "trained_on": [training] * len(months),
        "score": value.tolist(),
    }


def evaluated(data: dict[str, Any], **options: Any) -> dict[str, Any]:
    wanted = {"outcome": "score", "design": "interrupted_time_series", **options}
    return pilot_eval.evaluate(data, **wanted).to_dict()


def codes(document: dict[str, Any]) -> list[str]:
    return [one["code"] for one in document["warnings"]]


def regressors(data: dict[str, Any], *, season: bool = False, slope: bool = False) -> np.ndarray:
    after = np.array([day >= TRAINING for day in data["date"]], dtype=float)
    time = np.arange(len(after)) - float(np.argmax(after))
    columns = [np.ones_like(time), after, time]
    if slope:
        columns.append(after * time)
    if season:
        month = np.array([int(day[5:7]) for day in data["date"]])
        for cycles in (1, 2):
            angle = 2 * np.pi * cycles * month / 12
            columns += [np.sin(angle), np.cos(angle)]
    return np.column_stack(columns)


@pytest.mark.parametrize(("season", "slope"), [(False, False), (True, False), (False, True), (True, True)])
def test_a_mean_equals_least_squares_of_statsmodels(season: bool, slope: bool) -> None:
    data = monthly(season=2.0)
    made = evaluated(data, season=season, slope_change=slope)
    X = regressors(data, season=season, slope=slope)
    theirs = sm.OLS(data["score"], X).fit(
        cov_type="HAC", cov_kwds={"maxlags": made["newey_west"]["lag"], "use_correction": True}
    )
    assert made["effect"]["estimate"] == pytest.approx(theirs.params[1], rel=EXACT)
    assert made["trend"]["estimate"] == pytest.approx(theirs.params[2], rel=EXACT)
    assert made["newey_west"]["plain_standard_error"] == pytest.approx(theirs.bse[1], rel=EXACT)
    assert made["means"]["trained"]["before"] == pytest.approx(theirs.params[0], rel=EXACT)
    assert made["effect"]["method"] == "newey_west"
    assert made["effect"]["standard_error"] > theirs.bse[1]
    if slope:
        assert made["slope_change"]["estimate"] == pytest.approx(theirs.params[3], rel=EXACT)
        assert "slope_changes" in codes(made)
    assert ("slope_change" in made) == slope


def test_the_uplift_holds_zero_exactly_when_the_effect_is_not_told_from_it() -> None:
    for step in (0.0, 0.5, 1.0, 2.0, 4.0):
        made = evaluated(monthly(step=step))
        low, high = made["uplift"]["confidence_interval"]
        assert (low <= 0.0 <= high) == (made["effect"]["pvalue"] >= 0.05)
        level = made["means"]["trained"]["before"]
        assert made["uplift"]["estimate"] == pytest.approx(100.0 * made["effect"]["estimate"] / level)


def test_a_duration_is_told_as_speed_and_a_proportion_in_points_of_percent() -> None:
    data = monthly(step=-4.0)
    made = evaluated(data, kind="duration")
    b = made["effect"]["estimate"]
    logs = sm.OLS(np.log(data["score"]), regressors(data)).fit()
    assert b == pytest.approx(logs.params[1], rel=EXACT)
    assert made["speed"]["speed_percent"] == pytest.approx(100.0 * math.expm1(-b), rel=EXACT)
    assert made["uplift"]["estimate"] == made["speed"]["speed_percent"]
    share = {**data, "score": [value / 100.0 for value in data["score"]]}
    as_share, as_score = evaluated(share, kind="proportion"), evaluated(data)
    assert as_share["effect"]["estimate"] == pytest.approx(as_score["effect"]["estimate"], rel=EXACT)


def test_a_series_that_only_kept_rising_shows_no_step_where_before_and_after_would() -> None:
    made = evaluated(monthly(step=0.0, trend=0.3))
    assert made["naive"]["percent"] > 10.0
    assert made["effect"]["pvalue"] > 0.05
    assert made["verdict"]["key"] == "unclear"
    assert "no_comparison_group" in codes(made)


def test_a_trend_that_hides_the_step_is_told() -> None:
    made = evaluated(monthly(step=-5.0, trend=0.4))
    assert made["effect"]["estimate"] < 0.0 < made["naive"]["percent"]
    assert "trend_turns_percent" in codes(made)


def test_the_season_is_shown_beside_where_it_matters_and_taken_out_where_asked() -> None:
    data = monthly(step=0.0, season=6.0)
    plain, seasonal = evaluated(data), evaluated(data, season=True)
    assert plain["with_season"]["estimate"] == pytest.approx(seasonal["effect"]["estimate"], rel=EXACT)
    assert plain["with_season"]["pvalue"] == pytest.approx(seasonal["effect"]["pvalue"], rel=EXACT)
    assert seasonal["effect"]["standard_error"] < 0.6 * plain["effect"]["standard_error"]
    assert "with_season" not in seasonal


def test_a_season_that_turns_the_answer_is_warned_of() -> None:
    found = [codes(evaluated(monthly(seed, step=1.0, season=6.0))) for seed in range(6)]
    assert any("season_matters" in one for one in found)
    assert "season_matters" not in codes(evaluated(monthly(step=10.0)))


def test_quarters_have_three_columns_of_season_and_years_none() -> None:
    quarters = np.arange("2004-01", "2016-01", 3, dtype="datetime64[M]").astype("datetime64[D]")
    made = evaluated(monthly(months=quarters, training="2012-01-01"), season=True)
    assert made["effect"] is not None
    assert made["periods"]["per_year"] == 4.0
    years = np.arange("1990", "2016", dtype="datetime64[Y]").astype("datetime64[D]")
    made = evaluated(monthly(months=years, training="2005-01-01"), season=True)
    assert made["not_estimable"]["code"] == "season_unseen"


def test_neighbouring_periods_that_are_alike_are_warned_of() -> None:
    made = evaluated(monthly(rho=0.8))
    assert "autocorrelated" in codes(made)
    assert made["autocorrelation"]["first"] > 0.3
    assert "autocorrelated" not in codes(evaluated(monthly()))


def test_too_few_periods_are_not_estimable_and_few_are_warned_of() -> None:
    short = evaluated(monthly(months=MONTHS[34:40]))
    assert short["not_estimable"]["code"] == "few_periods"
    assert short["not_estimable"]["values"] == {"before": 2, "after": 4, "fewest": 3, "need": 6}
    some = evaluated(monthly(months=MONTHS[31:42]))
    assert some["effect"]["pvalue"] is not None
    assert {"few_periods", "season_unseen"} <= set(codes(some))


def test_several_branches_are_one_series_and_those_of_comparison_are_left_out() -> None:
    data = monthly()
    other = {**monthly(2), "branch": ["Murom"] * len(MONTHS)}
    third = {**monthly(3), "branch": ["Kovrov"] * len(MONTHS), "trained_on": [None] * len(MONTHS)}
    both = {name: data[name] + other[name] for name in data}
    made = evaluated({name: both[name] + third[name] for name in data})
    assert made["branches"]["trained"] == 2
    assert "comparison_left_out" in codes(made)
    means = {**data, "score": [(a + b) / 2 for a, b in zip(data["score"], other["score"], strict=True)]}
    assert made["effect"]["estimate"] == pytest.approx(evaluated(means)["effect"]["estimate"], rel=EXACT)
    gone = {name: cells[:-3] for name, cells in both.items()}
    assert "branches_come_and_go" in codes(evaluated(gone))


def test_different_days_of_training_are_no_single_series() -> None:
    data = monthly()
    other = {**monthly(2), "branch": ["Murom"] * len(MONTHS), "trained_on": ["2014-03-01"] * len(MONTHS)}
    made = evaluated({name: data[name] + other[name] for name in data})
    assert made["not_estimable"]["code"] == "several_training_days"


def test_rows_of_any_day_are_grouped_by_a_time_unit() -> None:
    rng = np.random.default_rng(6)
    date = np.sort(np.datetime64("2012-01-01") + rng.integers(0, 1200, 900))
    data = {
        "branch": ["A"] * 900,
        "date": [str(day) for day in date],
        "trained_on": ["2014-02-10"] * 900,
        "score": rng.normal(60.0, 8.0, 900).tolist(),
    }
    made = evaluated(data, time_unit="month")
    assert made["periods"]["before"] + made["periods"]["after"] == 40
    assert "split_period" in codes(made)
    assert made["input"]["rows_used"] < 900


def test_counts_of_a_month_without_events_are_kept_and_a_side_without_any_is_not_estimable() -> None:
    data = monthly()
    rng = np.random.default_rng(7)
    counts = {**data, "score": rng.poisson(2.0, len(MONTHS)).astype(float).tolist(), "items": [1000.0] * 54}
    made = evaluated(counts, kind="rate", exposure="items")
    assert made["effect"]["df"] is None
    assert [test["method"] for test in made["robustness"]] == ["newey_west", "poisson"]
    assert made["periods"]["before"] == 36
    none = {**counts, "score": [0.0 if day >= TRAINING else 3.0 for day in counts["date"]]}
    assert evaluated(none, kind="rate", exposure="items")["not_estimable"]["code"] == "no_events_after"
    none["score"] = [3.0 if day >= TRAINING else 0.0 for day in counts["date"]]
    assert evaluated(none, kind="rate", exposure="items")["not_estimable"]["code"] == "no_events_before"


def test_values_on_a_line_tell_nothing_of_chance() -> None:
    data = {**monthly(), "score": [50.0 + 0.5 * place for place in range(54)]}
    assert evaluated(data)["not_estimable"]["code"] == "no_variation_in_series"


def test_swapping_the_sign_of_values_turns_the_effect_and_its_interval() -> None:
    data = monthly()
    turned = {**data, "score": [-value for value in data["score"]]}
    one, other = evaluated(data)["effect"], evaluated(turned)["effect"]
    assert other["estimate"] == pytest.approx(-one["estimate"], rel=EXACT)
    assert other["confidence_interval"] == pytest.approx(
        [-end for end in reversed(one["confidence_interval"])], rel=EXACT
    )


@pytest.mark.parametrize(
    "options", [{"weights": "observation"}, {"strata": "branch"}, {"estimator": "ancova"}]
)
def test_what_a_series_cannot_use_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        evaluated(monthly(), **options)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("against their trend until then", "Newey-West", "Expected, seen")),
        ("ru", ("прежнего тренда", "Ньюи — Уэст", "Ожидалось")),
    ],
)
def test_the_text_speaks_of_a_series_in_both_languages(language: str, words: tuple[str, ...]) -> None:
    made = pilot_eval.evaluate(
        monthly(), outcome="score", design="interrupted_time_series", slope_change=True
    )
    text = made.to_text(language)
    for word in words:
        assert word in text
