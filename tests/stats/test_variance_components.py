"""Variance components against lme4 and statsmodels, expectations by brute force, rates of known spread."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas
import pytest
import statsmodels.formula.api as smf

from pilot_eval.stats.cells import Cells, sum_cells
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.variance_components import VarianceComponents, rate_components, variance_components

STORED = json.loads((Path(__file__).parent.parent / "reference" / "variance_components.json").read_text())
EXACT = 1e-9  # the same algebra in another order
OPTIMISED = 1e-4  # relative: lme4 and statsmodels stop their search there
# With unequal numbers of visits REML weighs branches by their visits and ours counts each once: two estimates
# of the same variances, which on this file of 40 branches differ by at most this share of the total.
ESTIMATORS_DIFFER = 0.06


def estimated(found: VarianceComponents | NotEstimable) -> VarianceComponents:
    assert isinstance(found, VarianceComponents)
    return found


def of_rows(data: dict[str, list[float]]) -> VarianceComponents:
    branch, arm, period = (np.array(data[name], dtype=np.intp) for name in ("branch", "arm", "period"))
    cells = sum_cells(branch - 1, period, np.array(data["value"], dtype=float), int(branch.max()))
    group = np.zeros(int(branch.max()), dtype=np.intp)
    group[branch - 1] = arm
    return estimated(variance_components(cells, group))


def test_with_equal_visits_they_are_those_of_lme4() -> None:
    stored, found = STORED["balanced"], of_rows(STORED["balanced"]["data"])
    assert found.branch.raw == pytest.approx(stored["branch"], rel=OPTIMISED)
    assert found.branch_period.raw == pytest.approx(stored["branch_period"], rel=OPTIMISED)
    assert found.visit is not None
    assert found.visit.raw == pytest.approx(stored["visit"], rel=OPTIMISED)


def test_with_equal_visits_they_are_those_of_statsmodels() -> None:
    data = STORED["balanced"]["data"]
    frame = pandas.DataFrame(data)
    fit = smf.mixedlm(
        "value ~ arm * period", frame, groups="branch", re_formula="1", vc_formula={"swing": "0 + C(period)"}
    ).fit()
    found = of_rows(data)
    assert found.branch.raw == pytest.approx(float(fit.cov_re.iloc[0, 0]), rel=1e-2)
    assert found.branch_period.raw == pytest.approx(float(fit.vcomp[0]), rel=1e-2)


def test_with_unequal_visits_they_are_near_those_of_lme4() -> None:
    stored, found = STORED["unbalanced"], of_rows(STORED["unbalanced"]["data"])
    total = stored["branch"] + stored["branch_period"] + stored["visit"]
    assert found.visit is not None
    for ours, theirs in (
        (found.branch, "branch"),
        (found.branch_period, "branch_period"),
        (found.visit, "visit"),
    ):
        assert ours.raw == pytest.approx(stored[theirs], abs=ESTIMATORS_DIFFER * total)


def test_every_component_is_unbiased_whatever_the_visits() -> None:
    """A quadratic form of values with covariance ZZ' has the sum over Z's columns as its expectation."""
    visits = np.array([[2, 5], [1, 3], [4, 4], [7, 2], [3, 1]])
    branch = np.repeat(np.arange(5), visits.sum(axis=1))
    period = np.concatenate([np.repeat([0, 1], row) for row in visits])
    group = np.array([0, 0, 1, 1, 1])
    cell = 2 * branch + period
    columns = {
        "branch": [branch == b for b in range(5)],
        "branch_period": [cell == c for c in range(10)],
        "visit": list(np.eye(len(branch))),
    }
    for source, design in columns.items():
        parts = [
            estimated(variance_components(sum_cells(branch, period, np.asarray(z, float), 5), group))
            for z in design
        ]
        for name in columns:
            expectation = sum(getattr(part, name).raw for part in parts)
            assert expectation == pytest.approx(float(name == source), abs=EXACT), (name, source)


def test_the_same_study_again_has_the_standard_error_that_was_seen() -> None:
    rng = np.random.default_rng(3)
    cells = Cells(
        rng.integers(2, 9, (14, 2)).astype(float), rng.normal(50, 8, (14, 2)), rng.uniform(5, 9, (14, 2))
    )
    found = estimated(variance_components(cells, np.zeros(14, dtype=np.intp)))
    effect = estimate_effect(Panel.of(cells, np.ones(14, dtype=bool)))
    assert isinstance(effect, Effect)
    assert found.change_variance / 14 == pytest.approx(effect.standard_error**2, rel=EXACT)
    assert found.visit is not None
    parts = 2.0 * found.branch_period.raw + found.visit_share * found.visit.raw
    assert parts == pytest.approx(found.change_variance, rel=EXACT)


def test_a_negative_component_is_reported_as_nothing_with_what_was_estimated() -> None:
    mean = np.column_stack([np.arange(6.0), np.arange(6.0) + 1.0 + 0.01 * np.array([1, -1, 1, -1, 1, -1])])
    cells = Cells(np.full((6, 2), 2.0), mean, np.full((6, 2), 50.0))
    found = estimated(variance_components(cells, np.zeros(6, dtype=np.intp)))
    assert found.branch_period.raw < -20.0
    assert found.branch_period.variance == 0.0
    assert found.level_correlation == 1.0


def test_single_visits_are_not_told_apart_from_swings_of_the_branch() -> None:
    rng = np.random.default_rng(4)
    cells = Cells(np.ones((10, 2)), rng.normal(size=(10, 2)), np.zeros((10, 2)))
    found = estimated(variance_components(cells, np.zeros(10, dtype=np.intp)))
    assert found.visit is None
    assert found.icc is None
    assert found.branch_period.raw == pytest.approx(found.change_variance / 2.0, rel=EXACT)


def test_two_branches_are_too_few() -> None:
    cells = Cells(np.ones((2, 2)), np.zeros((2, 2)), np.zeros((2, 2)))
    assert isinstance(variance_components(cells, np.zeros(2, dtype=np.intp)), NotEstimable)


def test_rates_of_known_spread_are_found() -> None:
    rng = np.random.default_rng(5)
    branch_cv, swing_cv, rate, found = 0.4, 0.25, 0.02, []
    for _ in range(300):
        exposure = rng.gamma(4.0, 250.0, 30)[:, None] * np.ones(2)
        lasting = rng.gamma(1 / branch_cv**2, branch_cv**2, 30)[:, None]
        swing = rng.gamma(1 / swing_cv**2, swing_cv**2, (30, 2))
        count = rng.poisson(rate * exposure * lasting * swing).astype(float)
        parts = estimated(rate_components(count, exposure, np.arange(30) % 2))
        assert parts.visit is not None
        found.append((parts.branch.raw, parts.branch_period.raw, parts.visit.raw, parts.before))
    branch, swing_part, visit, before = np.mean(found, axis=0)
    assert branch == pytest.approx(branch_cv**2, rel=0.1)
    assert swing_part == pytest.approx(swing_cv**2 * (1 + branch_cv**2), rel=0.1)
    assert visit == pytest.approx(1 / rate, rel=0.05)
    assert before == pytest.approx(rate, rel=0.02)


def test_rates_need_events() -> None:
    found = rate_components(np.zeros((6, 2)), np.ones((6, 2)), np.zeros(6, dtype=np.intp))
    assert isinstance(found, NotEstimable)
    assert found.code == "no_events_to_plan"
