"""The recorded calibration is complete, keeps its claims and comes out again; the peers are real."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pyfixest
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from pilot_eval.domain.observations import AFTER, Observations
from pilot_eval.stats.methods import METHODS
from tests.simulation.calibration.peers import CLUSTERED_NORMAL, CLUSTERED_T, INDEPENDENT, peers
from tests.simulation.calibration.record import (
    DOCUMENT,
    WHOLE,
    claimed_method,
    excused,
    false_alarms,
    limit_of,
    load,
    page,
)
from tests.simulation.calibration.scenarios import RATES, SCENARIOS, TWO_PERIODS, Scenario
from tests.simulation.calibration.study import LEVEL, Tally, answers, tally

EXACT = 1e-8  # relative: the same number by another order of sums
LEAST = 0.02  # a primary method that hardly ever rejects would cost power
SHORT = 20  # runs made again
RECORD = load()

# Methods that are no test of the effect, or whose size is measured where they are tested.
ELSEWHERE = {
    "percentile": "tests/simulation/test_quantiles.py",
    "benjamini_hochberg": "tests/stats/test_items.py",
    "event_study": "tests/simulation/test_staggered.py",
    "parallel_trends": "tests/stats/test_parallel_trends.py",
    "relative_magnitudes": "tests/stats/test_honest.py",
    "smoothness": "tests/stats/test_honest.py",
    "lee_bounds": "tests/stats/test_lee_bounds.py",
    "branch_poisson": "tests/simulation/test_rates.py",
    "hussey_hughes": "tests/simulation/test_stepped_wedge.py",
    "exposure_time": "tests/simulation/test_stepped_wedge.py",
    "lognormal_aft": "tests/stats/test_lognormal_aft.py",
    "krippendorff_alpha": "tests/stats/test_agreement.py",
    "intraclass_correlation": "tests/stats/test_agreement.py",
    "item_effects": "tests/stats/test_items.py",
    "fixed_item_set": "tests/stats/test_items.py",
    "omega": "tests/stats/test_omega.py",
    "variance_components": "tests/stats/test_variance_components.py",
    "power": "tests/simulation/test_power.py",
    "roll_out": "tests/simulation/test_roll_out.py",
    "branch_changes": "tests/stats/test_branches.py",
    "funnel": "tests/stats/test_branches.py",
    "heterogeneity": "tests/stats/test_heterogeneity.py",
    "shrinkage": "tests/stats/test_shrinkage.py",
    "ranks": "tests/stats/test_ranking.py",
    "xmr": "tests/stats/test_xmr.py",
    "threats": "tests/stats/test_threats.py",
    "specification_curve": "tests/stats/test_sensitivity.py",
}
# Methods that stand under the name of the test they hand over, and words of the scenarios that show them.
AS_PRIMARY = {
    "covariates": "with a covariate",
    "ancova": "by ancova",
    "restricted_mean": "waits given up",
}
ROOT = Path(__file__).parents[3]


def ids(scenario: Scenario) -> str:
    return scenario.name


def test_the_page_is_what_was_counted() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == page(RECORD, SCENARIOS)


def test_every_scenario_was_run_at_least_a_thousand_times() -> None:
    assert {scenario.name for scenario in SCENARIOS} == set(RECORD)
    assert min(entry["runs"] for entry in RECORD.values()) >= 1_000


def test_every_method_that_claims_a_size_is_on_the_page() -> None:
    shown = {method for entry in RECORD.values() for method in entry["tallies"]}
    shown |= {method for method, words in AS_PRIMARY.items() if any(words in name for name in RECORD)}
    assert set(METHODS) - shown - set(ELSEWHERE) == set()
    assert set(ELSEWHERE) <= set(METHODS)
    assert [path for path in ELSEWHERE.values() if not (ROOT / path).exists()] == []
    assert not set(ELSEWHERE) & shown


@pytest.mark.parametrize("scenario", SCENARIOS, ids=ids)
def test_false_alarms_stay_below_the_claim_or_the_evaluation_warns(scenario: Scenario) -> None:
    entry = RECORD[scenario.name]
    share, limit = false_alarms(entry, claimed_method(scenario, entry)), limit_of(scenario)
    chance = 0.0 if entry["runs"] >= WHOLE else 3.0 * math.sqrt(limit * (1.0 - limit) / entry["runs"])
    assert share <= limit + chance or excused(entry)
    assert share > LEAST or excused(entry)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=ids)
def test_the_verdict_cries_no_oftener_than_the_primary_method(scenario: Scenario) -> None:
    entry = RECORD[scenario.name]
    verdicts = [method for method in entry["tallies"] if method.startswith("verdict")]
    for method in verdicts:
        assert false_alarms(entry, method) <= false_alarms(entry, entry["primary"])


@pytest.mark.parametrize("scenario", SCENARIOS[:: max(1, len(SCENARIOS) // 4)], ids=ids)
def test_made_again_the_counts_are_near_the_recorded_ones(scenario: Scenario) -> None:
    entry, found = RECORD[scenario.name], tally(scenario, 0, SHORT)
    assert found.primary == entry["primary"]
    for method, counted in found.tallies.items():
        recorded = Tally(**entry["tallies"][method])
        share = recorded.false_alarms / max(recorded.runs, 1)
        error = math.sqrt(max(share * (1.0 - share), 0.01) / max(counted.runs, 1))
        assert abs(counted.false_alarms / max(counted.runs, 1) - share) < 4.5 * error, method


def test_a_run_is_the_same_each_time_and_apart_from_others() -> None:
    scenario = SCENARIOS[0]
    first, again, other = (scenario.observations(run, 0.0).value for run in (3, 3, 4))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other[: len(first)].tolist()
    assert answers(scenario, 3, 0.0) == answers(scenario, 3, 0.0)


def frame_of(observations: Observations, scale: str) -> pd.DataFrame:
    value = observations.value
    return pd.DataFrame(
        {
            "y": np.log(value) if scale == "log" else 100.0 * value if scale == "percent" else value,
            "g": observations.branch,
            "t": observations.trained[observations.branch].astype(float),
            "a": (observations.period == AFTER).astype(float),
        }
    )


@pytest.mark.parametrize("scenario", TWO_PERIODS, ids=ids)
def test_peers_are_what_the_other_programs_say(scenario: Scenario) -> None:
    observations = scenario.observations(5, scenario.effect)
    ours = peers(observations, scenario.plan)
    frame = frame_of(observations, scenario.plan.measure.values)
    formula, name = ("y ~ t * a", "t:a") if scenario.plan.with_comparison else ("y ~ a", "a")
    model = smf.ols(formula, frame)
    clustered = model.fit(cov_type="cluster", cov_kwds={"groups": frame["g"]})
    assert ours[CLUSTERED_NORMAL].pvalue == pytest.approx(clustered.pvalues[name], rel=EXACT)
    assert ours[CLUSTERED_NORMAL].confidence_interval(LEVEL).low == pytest.approx(
        clustered.conf_int().loc[name, 0], rel=EXACT
    )
    assert ours[INDEPENDENT].pvalue == pytest.approx(model.fit().pvalues[name], rel=EXACT)
    theirs = pyfixest.feols(formula, frame, vcov={"CRV1": "g"})
    assert ours[CLUSTERED_T].pvalue == pytest.approx(theirs.pvalue()[name], rel=EXACT)


@pytest.mark.parametrize("scenario", RATES, ids=ids)
def test_peers_of_rates_are_what_statsmodels_says(scenario: Scenario) -> None:
    observations = scenario.observations(5, scenario.effect)
    ours = peers(observations, scenario.plan)
    frame = frame_of(observations, "value").assign(e=observations.exposure)
    frame = frame.groupby(["g", "t", "a"], as_index=False).sum()
    formula, name = ("y ~ t * a", "t:a") if scenario.plan.with_comparison else ("y ~ a", "a")
    model = smf.glm(formula, frame, family=sm.families.Poisson(), offset=np.log(frame["e"]))
    clustered = model.fit(cov_type="cluster", cov_kwds={"groups": frame["g"]}, tol=1e-14)
    assert ours[CLUSTERED_NORMAL].estimate == pytest.approx(clustered.params[name], rel=1e-6)
    assert ours[CLUSTERED_NORMAL].standard_error == pytest.approx(clustered.bse[name], rel=1e-6)
    assert ours[INDEPENDENT].standard_error == pytest.approx(model.fit(tol=1e-14).bse[name], rel=1e-6)
