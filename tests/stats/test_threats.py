"""Threats to an effect, each where it is there and where it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pilot_eval.domain.observations import AFTER, BEFORE, Labels, Matrix, Observations
from pilot_eval.stats.analysis import Analysis, analyse
from pilot_eval.stats.lee_bounds import bounds_of_missing_branches
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.threats import THREATS, Threat, slope_within_arms, threats_to, total_variation

SEVERITIES = {"fine", "look", "serious", "not_checked"}


def pilot(branches: int = 20, visits: int = 6, *, seed: int = 1, **columns: Any) -> Observations:
    """Half the branches trained, rows of a branch and period in the order before, after."""
    rng = np.random.default_rng(seed)
    branch = np.repeat(np.arange(branches), 2 * visits)
    after = np.tile(np.repeat([0, 1], visits), branches)
    value = 50.0 + rng.normal(0.0, 5.0, branches)[branch] + 3.0 * after + rng.normal(0.0, 4.0, len(branch))
    more = {name: make(branch, after, rng) for name, make in columns.items()}
    return Observations.from_columns(
        branch=np.array([f"B{b:02d}" for b in branch]),
        trained=branch < branches // 2,
        period=np.where(after == 1, AFTER, BEFORE),
        value=more.pop("value", value),
        **more,
    )


def threat(observations: Observations, code: str, **options: Any) -> Threat:
    analysis = analysed(observations, **options)
    (found,) = [one for one in threats_to(observations, analysis) if one.code == code]
    assert found.severity in SEVERITIES
    assert (found.severity == "not_checked") == (found.reason is not None)
    return found


def analysed(observations: Observations, **options: Any) -> Analysis:
    return analyse(observations, AnalysisPlan("x", **{"draws": 99, **options}))


def days(first: str, later: str, spread: int = 28) -> Callable[..., Any]:
    def make(branch: Any, after: Any, rng: np.random.Generator) -> Any:
        start = np.where(after == 1, np.datetime64(later), np.datetime64(first))
        return start + rng.integers(0, spread, len(branch)).astype("timedelta64[D]")

    return make


def test_nothing_is_passed_over() -> None:
    observations = pilot()
    found = threats_to(observations, analysed(observations))
    assert [one.code for one in found] == list(THREATS)
    missing = {one.code: one.reason for one in found if one.severity == "not_checked"}
    assert missing["mix_daypart"] == NotEstimable("no_column", {"column": "daypart"})
    assert missing["mix_weekday"] == NotEstimable("no_column", {"column": "date"})
    assert missing["late_entries"] == NotEstimable("no_column", {"column": "entered"})
    assert missing["auditors"] == NotEstimable("no_column", {"column": "auditor"})
    assert missing["facility_items"] == NotEstimable("no_facility_items")


@pytest.mark.parametrize(
    ("allocation", "severity"), [("random", "fine"), ("chosen", "serious"), (None, "look")]
)
def test_how_branches_came_into_the_arms(allocation: str | None, severity: str) -> None:
    assert threat(pilot(), "allocation", allocation=allocation).severity == severity


def test_a_difference_before_is_serious_unless_it_was_drawn() -> None:
    def lifted(branch: Any, after: Any, rng: np.random.Generator) -> Any:
        return 50.0 + 10.0 * (branch < 10) + rng.normal(0.0, 4.0, len(branch)) + after

    observations = pilot(value=lifted)
    found = threat(observations, "baseline_difference", allocation="chosen")
    assert found.severity == "serious"
    assert found.values["difference"] == pytest.approx(10.0, abs=2.0)
    assert threat(observations, "baseline_difference", allocation="random").severity == "look"
    assert threat(pilot(), "baseline_difference", design="before_after").reason == NotEstimable(
        "no_comparison_arm"
    )


def test_branches_chosen_for_bad_luck_recover_by_as_much_as_the_threat_says() -> None:
    """No training does anything; the half with the worst means before is 'trained'."""
    rng = np.random.default_rng(9)
    expected, seen = [], []
    for _ in range(40):
        true = rng.normal(50.0, 3.0, 40)
        mean = true[:, None] + rng.normal(0.0, 3.0, (40, 2))
        trained = mean[:, 0] < np.median(mean[:, 0])
        observations = Observations.from_columns(
            branch=[f"B{b:02d}" for b in np.repeat(np.arange(40), 2)],
            trained=np.repeat(trained, 2),
            period=np.tile([BEFORE, AFTER], 40),
            value=mean.ravel(),
        )
        analysis = analysed(observations)
        assert not isinstance(analysis.effect, NotEstimable)
        seen.append(analysis.effect.estimate)
        (found,) = [one for one in threats_to(observations, analysis) if one.code == "regression_to_mean"]
        expected.append(float(found.values["expected"]))
    assert np.mean(seen) > 2.0
    assert np.mean(expected) == pytest.approx(float(np.mean(seen)), rel=0.15)


def test_the_slope_is_that_of_the_arms_together() -> None:
    rng = np.random.default_rng(4)
    trained = np.arange(30) < 12
    early = rng.normal(0.0, 1.0, 30) + 5.0 * trained
    mean = np.column_stack([early, 0.6 * early + 40.0 * ~trained])
    assert slope_within_arms(mean, trained) == pytest.approx(0.6)
    assert slope_within_arms(np.column_stack([early, -early]), trained) == 0.0
    assert slope_within_arms(mean[:3], trained[:3]) == NotEstimable("few_to_compare")


def test_distance_of_mixes_and_what_chance_makes_of_it() -> None:
    assert total_variation(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]))[0] == 0.25
    assert total_variation(np.zeros(5, dtype=np.intp), np.ones(9, dtype=np.intp))[0] == 1.0
    rng = np.random.default_rng(1)
    drawn = [total_variation(rng.integers(0, 7, 80), rng.integers(0, 7, 120)) for _ in range(400)]
    assert np.mean([one for one, _ in drawn]) == pytest.approx(np.mean([two for _, two in drawn]), rel=0.05)


@pytest.mark.parametrize("column", ["operation", "daypart"])
def test_a_mix_that_moved_in_one_arm_is_seen_there(column: str) -> None:
    def moved(branch: Any, after: Any, rng: np.random.Generator) -> Any:
        early = rng.random(len(branch)) < np.where((after == 1) & (branch < 10), 0.9, 0.3)
        return np.where(early, "morning", "evening")

    def calm(branch: Any, after: Any, rng: np.random.Generator) -> Any:
        return np.where(rng.random(len(branch)) < 0.3, "morning", "evening")

    found = threat(pilot(**{column: moved}), f"mix_{column}")
    assert found.severity == "serious"
    assert found.values["trained_share"] == pytest.approx(60.0, abs=15.0)
    assert float(found.values["comparison_share"]) < 20.0
    assert threat(pilot(**{column: calm}), f"mix_{column}").severity == "fine"


def test_weekdays_follow_the_calendar() -> None:
    mondays = pilot(date=lambda b, a, r: np.full(len(b), np.datetime64("2014-08-04")))
    assert threat(mondays, "mix_weekday").values["trained_share"] == 0.0
    moved = pilot(
        date=lambda b, a, r: np.where(a == 1, np.datetime64("2014-10-07"), np.datetime64("2014-08-04"))
    )
    assert threat(moved, "mix_weekday").values["trained_share"] == 100.0  # Tuesdays after Mondays
    assert threat(moved, "mix_weekday").severity == "serious"


def test_missing_branches_bring_lees_bounds() -> None:
    observations = pilot()
    lost = np.isin(observations.branch, [0, 1, 2]) & (observations.period == AFTER)
    some = replace(observations, value=np.where(lost, np.nan, observations.value))
    found = threat(some, "missing_branches")
    assert found.severity == "serious"
    assert (found.values["trained_share"], found.values["comparison_share"]) == (30.0, 0.0)
    bounds = bounds_of_missing_branches(some, AnalysisPlan("x"))
    assert not isinstance(bounds, NotEstimable)
    assert (found.values["low"], found.values["high"]) == (bounds.low, bounds.high)
    assert threat(observations, "missing_branches").values == {"trained_share": 0.0, "comparison_share": 0.0}


def test_without_comparison_another_season_is_serious() -> None:
    other = pilot(date=days("2014-08-01", "2014-10-01"))
    assert threat(other, "season", design="before_after").values == {"unseen_share": 100.0}
    assert threat(other, "season", design="before_after").severity == "serious"
    same = pilot(date=days("2013-10-01", "2014-10-01"))
    assert threat(same, "season", design="before_after").severity == "fine"
    assert threat(other, "season").severity == "fine"  # both arms at the same time
    apart = pilot(
        date=lambda b, a, r: np.where(b < 10, np.datetime64("2014-08-04"), np.datetime64("2014-09-04"))
    )
    assert threat(apart, "season").severity == "serious"


def test_late_and_impossible_entries() -> None:
    visits = days("2014-08-01", "2014-10-01")
    observations = pilot(date=visits)
    assert observations.date is not None
    late = replace(observations, entered=observations.date + np.timedelta64(3, "D"))
    assert threat(late, "late_entries").values["late_share"] == 100.0
    in_time = replace(observations, entered=observations.date + np.timedelta64(2, "D"))
    assert threat(in_time, "late_entries").severity == "fine"
    entered = in_time.entered
    assert entered is not None
    early = replace(in_time, entered=np.where(np.arange(len(entered)) == 0, observations.date - 1, entered))
    assert threat(early, "late_entries").severity == "serious"
    assert threat(early, "late_entries").values["early"] == 1


def test_one_auditor_per_arm_is_serious() -> None:
    def by_arm(branch: Any, after: Any, rng: np.random.Generator) -> Any:
        return np.where(branch < 10, "Ann", "Bob")

    def by_period(branch: Any, after: Any, rng: np.random.Generator) -> Any:
        return np.where(after == 1, "Ann", "Bob")

    def crossed(branch: Any, after: Any, rng: np.random.Generator) -> Any:
        return np.array(["Ann", "Bob", "Cid"])[rng.integers(0, 3, len(branch))]

    assert threat(pilot(auditor=by_arm), "auditors").severity == "serious"
    assert threat(pilot(auditor=by_arm), "auditors").values["both_arms"] == 0
    assert threat(pilot(auditor=by_period), "auditors").severity == "serious"
    assert threat(pilot(auditor=by_period), "auditors").values["both_periods"] == 0
    assert threat(pilot(auditor=crossed), "auditors").severity == "fine"


def test_branches_at_the_top_cannot_rise() -> None:
    def high(branch: Any, after: Any, rng: np.random.Generator) -> Any:
        return np.minimum(100.0, rng.normal(97.0, 6.0, len(branch)))

    found = threat(pilot(value=high), "ceiling")
    assert found.severity == "serious"
    assert found.values["best"] == 100.0
    assert threat(pilot(), "ceiling").severity == "fine"
    sure = pilot(value=lambda b, a, r: (r.random(len(b)) < 0.97).astype(float))
    assert threat(sure, "ceiling", kind="proportion").severity == "serious"


def test_facility_items_that_move_are_serious() -> None:
    def drifting(branch: Any, after: Any, rng: np.random.Generator) -> Any:
        late = (after == 1) & (branch < 10)
        yes = rng.random((len(branch), 1)) < np.where(late, 0.9, 0.3)[:, None]
        return Matrix(("roof",), yes.astype(float))

    found = threat(pilot(items=drifting), "facility_items", facility=("roof",))
    assert found.severity == "serious"
    assert found.values["items"] == "roof"


def test_exposure_that_changed_in_one_arm_is_seen() -> None:
    def grown(branch: Any, after: Any, rng: np.random.Generator) -> Any:
        return 100.0 * np.where((after == 1) & (branch < 10), 1.4, 1.0)

    counts = pilot(exposure=grown, value=lambda b, a, r: r.poisson(10.0, len(b)).astype(float))
    found = threat(counts, "exposure", kind="rate")
    assert found.severity == "look"
    assert found.values["trained_change_share"] == pytest.approx(40.0)
    assert found.values["comparison_change_share"] == pytest.approx(0.0)


def test_trends_before_training_are_looked_at_where_there_are_dates() -> None:
    """Six months before and three after one day of training; the trained branches drift upwards all along."""
    rng = np.random.default_rng(3)
    months = np.arange(np.datetime64("2014-01"), np.datetime64("2014-10"))
    branch = np.repeat(np.arange(24), len(months))
    when = np.tile(np.arange(len(months)), 24)
    trained = branch < 12
    trained_on = np.where(trained, np.datetime64("2014-07-01"), np.datetime64("NaT", "D"))

    def drifting(slope: float) -> Observations:
        return Observations.from_columns(
            branch=[f"B{b:02d}" for b in branch],
            trained=trained,
            period=np.where(when >= 6, AFTER, BEFORE),
            value=50.0 + slope * when * trained + rng.normal(0.0, 1.0, len(branch)),
            date=months[when].astype("datetime64[D]"),
            trained_on=trained_on,
        )

    found = threat(drifting(2.0), "parallel_trends", time_unit="month")
    assert found.severity == "serious"
    assert found.values["periods"] == 5
    assert float(found.values["pvalue_share"]) < 1.0
    calm = threat(drifting(0.0), "parallel_trends", time_unit="month")
    assert calm.severity in {"fine", "look"}


def test_labels_that_are_missing_do_not_count() -> None:
    observations = pilot()
    gaps = Labels.with_gaps([None if i % 2 else "a" for i in range(len(observations.value))])
    assert threat(replace(observations, operation=gaps), "mix_operation").severity == "fine"


def test_regression_to_the_mean_is_serious_only_where_branches_were_chosen() -> None:
    rng = np.random.default_rng(2)
    mean = rng.normal(50.0, 3.0, (20, 1)) + rng.normal(0.0, 3.0, (20, 2))
    trained = mean[:, 0] < np.median(mean[:, 0])
    observations = Observations.from_columns(
        branch=[f"B{b:02d}" for b in np.repeat(np.arange(20), 2)],
        trained=np.repeat(trained, 2),
        period=np.tile([BEFORE, AFTER], 20),
        value=mean.ravel(),
    )
    found = {
        how: threat(observations, "regression_to_mean", allocation=how).severity
        for how in ("chosen", None, "random")
    }
    assert found == {"chosen": "serious", None: "look", "random": "fine"}


def test_an_arm_without_branches_is_not_looked_at() -> None:
    whole = pilot()
    alone = Observations.from_columns(
        branch=np.array(whole.branches)[whole.branch],
        trained=np.ones(len(whole.branch), dtype=np.bool_),
        period=whole.period,
        value=whole.value,
    )
    for code in ("baseline_difference", "regression_to_mean"):
        found = threat(alone, code)
        assert (found.severity, found.reason) == ("not_checked", NotEstimable("few_to_compare"))
