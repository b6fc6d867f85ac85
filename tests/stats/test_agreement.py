"""Agreement against the package krippendorff, psych, a published table, brute force and coverage."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from numpy.typing import NDArray

from pilot_eval.domain.observations import AFTER, BEFORE, Matrix, Observations
from pilot_eval.stats.agreement import (
    METRICS,
    Agreement,
    Alpha,
    DoubleVisits,
    IntraclassCorrelation,
    ItemAgreement,
    _alphas_of,
    absolute_correlation,
    agreement,
    double_visits,
    item_agreement,
    krippendorff_alpha,
    one_way_correlation,
)
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import NO_INTERVAL, NotEstimable
from tests.simulation.pilots import runs

EXACT = 1e-9  # relative: the same number by another order of sums
PUBLISHED = 0.005  # the table gives two decimals
R_SEARCH = 1e-6  # psych's ends come from tabulated quantiles of R
REFERENCE = json.loads((Path(__file__).parent.parent / "reference" / "reliability.json").read_text())["icc"]
Floats = NDArray[np.float64]


def ratings(seed: int, units: int = 14, auditors: int = 3, gaps: float = 0.3) -> Floats:
    """(auditors, units) small whole numbers with gaps; every unit has two values at least."""
    rng = np.random.default_rng(seed)
    table = rng.poisson(4.0, units) + rng.integers(-1, 2, (auditors, units)).astype(float)
    table = np.abs(table)
    hidden = rng.random(table.shape) < gaps
    hidden[:2] = False
    table[hidden] = np.nan
    return table


def long_form(table: Floats) -> tuple[NDArray[np.intp], Floats]:
    unit = np.broadcast_to(np.arange(table.shape[1]), table.shape)
    there = ~np.isnan(table)
    order = np.argsort(unit[there], kind="stable")
    return unit[there][order].astype(np.intp), table[there][order]


def alpha_of(table: Floats, metric: str, draws: int = 99) -> Alpha:
    unit, value = long_form(table)
    found = krippendorff_alpha(unit, value, metric, draws=draws, seed=1, level=0.95)
    assert isinstance(found, Alpha)
    return found


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_alpha_is_that_of_the_package(metric: str, seed: int) -> None:
    table = ratings(seed)
    expected = krippendorff.alpha(reliability_data=table, level_of_measurement=metric)
    assert alpha_of(table, metric).estimate == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize("metric", METRICS)
def test_leaving_units_out_and_doubling_them_is_weighing_them(metric: str) -> None:
    """The bootstrap's weights against the package on data written out."""
    table = ratings(4)
    picked = np.array([0, 0, 2, 3, 3, 3, 7, 8, 9, 10, 11, 12, 13, 13])
    written_out = table[:, picked]
    unit, value = long_form(table)
    times = np.bincount(picked, minlength=14).astype(float)
    found = _alphas_of(unit, value, metric)(np.vstack([times, np.ones(14)]))
    expected = krippendorff.alpha(reliability_data=written_out, level_of_measurement=metric)
    assert found[0] == pytest.approx(expected, rel=EXACT)


def test_alpha_of_equal_pairs_is_one_and_of_one_value_nothing() -> None:
    same = np.vstack([np.arange(12.0), np.arange(12.0)])
    found = alpha_of(same, "interval")
    assert found.estimate == 1.0
    assert found.interval == NO_INTERVAL
    unit, value = long_form(np.ones((2, 6)))
    nothing = krippendorff_alpha(unit, value, "interval", draws=99, seed=1, level=0.95)
    assert nothing == NotEstimable("ratings_all_equal", {"n": 12})


def test_a_metric_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="nominal, ordinal, interval, ratio"):
        alpha_of(ratings(1), "euclid")


def test_correlations_are_those_of_shrout_and_fleiss() -> None:
    judges = np.array(REFERENCE["shrout_fleiss"]["ratings"])
    unit, value = long_form(judges.T)
    one_way, absolute = one_way_correlation(unit, value), absolute_correlation(judges)
    assert isinstance(one_way, IntraclassCorrelation)
    assert isinstance(absolute, IntraclassCorrelation)
    assert one_way.estimate == pytest.approx(0.17, abs=PUBLISHED)
    assert absolute.estimate == pytest.approx(0.29, abs=PUBLISHED)


@pytest.mark.parametrize("data", ["shrout_fleiss", "pairs"])
@pytest.mark.parametrize("kind", ["one_way", "absolute"])
def test_correlations_and_intervals_are_those_of_psych(data: str, kind: str) -> None:
    table, expected = np.array(REFERENCE[data]["ratings"]), REFERENCE[data][kind]
    found = one_way_correlation(*long_form(table.T)) if kind == "one_way" else absolute_correlation(table)
    assert isinstance(found, IntraclassCorrelation)
    assert (found.estimate, found.interval.low, found.interval.high) == pytest.approx(
        (expected["estimate"], expected["low"], expected["high"]), rel=R_SEARCH
    )


def test_unequal_numbers_of_ratings_have_the_mean_number_of_the_analysis_of_variance() -> None:
    unit, value = long_form(ratings(5))
    found = one_way_correlation(unit, value)
    assert isinstance(found, IntraclassCorrelation)
    groups = [value[unit == u] for u in range(14)]
    sizes = np.array([len(group) for group in groups])
    between = sum(len(g) * (g.mean() - value.mean()) ** 2 for g in groups) / 13
    within = sum(((g - g.mean()) ** 2).sum() for g in groups) / (len(value) - 14)
    each = (len(value) - (sizes**2).sum() / len(value)) / 13
    assert found.estimate == pytest.approx((between - within) / (between + (each - 1) * within), rel=EXACT)


def test_perfect_agreement_has_no_interval_and_equal_values_no_answer() -> None:
    same = np.repeat(np.arange(6.0)[:, None], 2, axis=1)
    assert absolute_correlation(same) == IntraclassCorrelation(1.0, NO_INTERVAL, "A,1")
    assert one_way_correlation(*long_form(same.T)) == IntraclassCorrelation(1.0, NO_INTERVAL, "1")
    assert absolute_correlation(np.ones((6, 2))) == NotEstimable("ratings_all_equal", {"n": 12})


def visited(
    *, pair: bool = True, auditor: bool = True, date: bool = False, twice: bool = False
) -> Observations:
    """Eight branches seen by two auditors in one pair before, and by one after."""
    names = [f"B{b}" for b in range(8)]
    branch = names * 3
    second = ["x" if twice and b == 0 else "y" for b in range(8)]
    rng = np.random.default_rng(1)
    return Observations.from_columns(
        branch=branch,
        trained=[b % 2 for b in range(8)] * 3,
        period=[BEFORE] * 16 + [AFTER] * 8,
        value=np.concatenate([np.tile(rng.normal(70, 8, 8), 2) + rng.normal(0, 2, 16), np.ones(8)]),
        pair=["p"] * 16 + [None] * 8 if pair else None,
        auditor=["x"] * 8 + second + ["x"] * 8 if auditor else None,
        date=["2024-03-01"] * 16 + ["2024-09-01"] * 8 if date else None,
    )


@pytest.mark.parametrize(("pair", "date"), [(True, False), (False, True), (True, True)])
def test_double_visits_are_found_by_label_or_by_day(pair: bool, date: bool) -> None:
    observations = visited(pair=pair, date=date)
    found = double_visits(observations)
    assert isinstance(found, DoubleVisits)
    assert found.units == 8
    assert found.left_out == 0
    for own in range(8):
        rows = found.row[found.unit == own]
        assert len(set(observations.branch[rows])) == 1
        assert set(observations.period[rows]) == {BEFORE}


def test_one_auditor_twice_is_no_double_visit() -> None:
    found = double_visits(visited(twice=True))
    assert isinstance(found, DoubleVisits)
    assert found.units == 7


def test_without_labels_or_days_double_visits_are_not_guessed() -> None:
    assert double_visits(visited(pair=False)) == NotEstimable("double_visits_unmarked")
    few = visited(pair=False, auditor=True, date=True)
    assert isinstance(double_visits(few), DoubleVisits)


def test_agreement_of_a_pilot_has_all_three_coefficients() -> None:
    found = agreement(visited(), AnalysisPlan("score", draws=199))
    assert isinstance(found, Agreement)
    assert (found.units, found.ratings) == (8, 16)
    assert isinstance(found.alpha, Alpha)
    assert isinstance(found.one_way, IntraclassCorrelation)
    assert isinstance(found.absolute, IntraclassCorrelation)
    assert found.alpha.metric == "interval"
    unknown = agreement(visited(auditor=False), AnalysisPlan("score", draws=199))
    assert isinstance(unknown, Agreement)
    assert unknown.absolute == NotEstimable("auditors_unknown")


def test_agreement_on_each_item_is_the_packages_alpha_and_the_share_of_equal_answers() -> None:
    rng = np.random.default_rng(3)
    first = (rng.random(8) < 0.5).astype(float)
    second = np.where(rng.random(8) < 0.25, 1.0 - first, first)
    third = np.concatenate([first, second, np.zeros(8)])
    values = np.column_stack([third, np.ones(24), np.concatenate([first[:4], np.full(20, np.nan)])])
    base = visited()
    order = np.argsort(base.value)  # any rows will do: pair them by hand below
    observations = replace(base, items=Matrix(("a", "same", "rare"), values[order]))
    a, same, rare = item_agreement(observations)
    marked = double_visits(base)
    assert isinstance(marked, DoubleVisits)
    assert isinstance(a, ItemAgreement)
    pairs = observations.items.values[marked.row, 0].reshape(8, 2)
    assert a.same == pytest.approx(np.mean(pairs[:, 0] == pairs[:, 1]), rel=EXACT)
    expected = krippendorff.alpha(reliability_data=pairs.T, level_of_measurement="nominal")
    assert a.alpha == pytest.approx(expected, rel=EXACT)
    assert isinstance(same, ItemAgreement)
    assert same.same == 1.0
    assert same.alpha == NotEstimable("ratings_all_equal", {"n": 16})
    assert isinstance(rare, NotEstimable)
    assert rare.code == "few_double_visits"
    assert item_agreement(base) == ()


def test_counts_and_waits_given_up_have_no_agreement() -> None:
    counts = agreement(visited(), AnalysisPlan("x", kind="rate"))
    assert counts == NotEstimable("agreement_plain_only")
    cut = replace(visited(), censored=np.ones(24, dtype=np.bool_))
    assert agreement(cut, AnalysisPlan("x", kind="duration")) == NotEstimable("agreement_plain_only")


def test_mean_difference_is_that_of_all_pairs() -> None:
    found = agreement(visited(), AnalysisPlan("score", draws=199))
    marked = double_visits(visited())
    assert isinstance(found, Agreement)
    assert isinstance(marked, DoubleVisits)
    value = visited().value[marked.row]
    each = [
        np.mean([abs(a - b) for a, b in itertools.combinations(value[marked.unit == u], 2)]) for u in range(8)
    ]
    assert found.difference == pytest.approx(np.mean(each), rel=EXACT)


@pytest.mark.parametrize("units", [12, 40])
def test_intervals_hold_the_true_correlation(units: int) -> None:
    """Both estimate 0.6 here; F is exact, the bootstrap is not with a dozen pairs."""
    count, rng = runs(400), np.random.default_rng(units)
    held = {"alpha": 0, "icc": 0}
    for _ in range(count):
        table = np.sqrt(0.6) * rng.normal(size=units) + np.sqrt(0.4) * rng.normal(size=(2, units))
        icc = one_way_correlation(*long_form(table))
        assert isinstance(icc, IntraclassCorrelation)
        held["icc"] += icc.interval.contains(0.6)
        held["alpha"] += alpha_of(table, "interval", draws=399).interval.contains(0.6)
    error = 3.0 * np.sqrt(0.05 * 0.95 / count)
    assert held["icc"] / count == pytest.approx(0.95, abs=error)
    assert held["alpha"] / count > (0.87 if units < 20 else 0.91) - error
