"""The ratio of pooled rates against R's clubSandwich, statsmodels, full matrices and plain arithmetic."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from pilot_eval.domain.observations import AFTER, BEFORE, Observations
from pilot_eval.stats.rate_ratio import (
    RateEffect,
    RatePanel,
    dispersion,
    estimate_rate_ratio,
    estimate_within_branches,
    too_regular,
)
from pilot_eval.stats.results import NotEstimable

PRINTED = 1e-7  # relative: R stops its iterations when the deviance changes by 1e-14, and prints 15 digits
EXACT = 1e-9  # relative: the same numbers by another order of sums
ITERATED = 1e-7  # relative: statsmodels stops its iterations when the deviance changes by 1e-8
REFERENCE = json.loads(
    (Path(__file__).parent.parent / "reference" / "rates.json").read_text(encoding="utf-8")
)["answers"]


def observations_of(rows: dict[str, Any]) -> Observations:
    return Observations.from_columns(
        branch=np.array([f"B{b}" for b in rows["branch"]]),
        trained=np.array(rows["trained"], dtype=bool),
        period=np.where(np.array(rows["after"]) == 1, AFTER, BEFORE),
        value=rows["events"],
        exposure=rows["exposure"],
    )


def panel_of(rows: dict[str, Any]) -> RatePanel:
    observations = observations_of(rows)
    return RatePanel.of(observations, np.ones(len(observations.branches), dtype=bool))


def made_up(seed: int, trained: int, comparison: int, *, fewest: int = 1) -> RatePanel:
    """Branches of unequal size whose events vary more than Poisson's."""
    rng = np.random.default_rng(seed)
    count = trained + comparison
    exposure = np.exp(rng.normal(9.0, 0.8, count))[:, None] * np.exp(rng.normal(0.0, 0.2, (count, 2)))
    rate = 0.002 * np.exp(rng.normal(0.0, 0.5, (count, 2)))
    events = np.maximum(rng.poisson(rate * exposure), fewest).astype(float)
    return RatePanel(np.arange(count) < trained, events, exposure)


def estimated(panel: RatePanel) -> RateEffect:
    effect = estimate_rate_ratio(panel)
    assert isinstance(effect, RateEffect)
    return effect


@pytest.mark.parametrize("answer", REFERENCE, ids=lambda answer: answer["name"])
def test_effect_error_and_degrees_of_freedom_equal_clubsandwich(answer: dict[str, Any]) -> None:
    panel = panel_of(answer["rows"])
    effect = estimated(panel)
    for name in ("estimate", "standard_error", "df", "pvalue"):
        assert getattr(effect, name) == pytest.approx(answer[name], rel=PRINTED), name
    assert dispersion(panel, effect.means) == pytest.approx(answer["dispersion"], rel=PRINTED)


@pytest.mark.parametrize("answer", REFERENCE, ids=lambda answer: answer["name"])
def test_without_small_sample_corrections_the_error_equals_statsmodels(answer: dict[str, Any]) -> None:
    rows = {name: np.array(cells, dtype=float) for name, cells in answer["rows"].items()}
    alone = bool(rows["trained"].all())
    columns = [np.ones_like(rows["after"]), rows["after"]]
    if not alone:
        columns += [rows["trained"], rows["after"] * rows["trained"]]
    theirs = sm.GLM(
        rows["events"],
        np.column_stack(columns),
        family=sm.families.Poisson(),
        offset=np.log(rows["exposure"]),
    ).fit(
        tol=1e-12,
        cov_type="cluster",
        cov_kwds={"groups": rows["branch"].astype(int), "use_correction": False},
    )
    panel = panel_of(answer["rows"])
    share, events = panel.shares(), panel.pooled(panel.events)
    scores = panel.events / events[panel.trained.astype(int)] - share
    assert np.sqrt(np.sum((scores[:, 1] - scores[:, 0]) ** 2)) == pytest.approx(theirs.bse[-1], rel=ITERATED)
    assert estimated(panel).estimate == pytest.approx(theirs.params[-1], rel=ITERATED)


@pytest.mark.parametrize(("trained", "comparison"), [(4, 7), (6, 0)])
def test_the_closed_form_equals_full_matrices(trained: int, comparison: int) -> None:
    panel = made_up(5, trained, comparison)
    branch = np.repeat(np.arange(len(panel.trained)), 2)
    after = np.tile([0.0, 1.0], len(panel.trained))
    arm = panel.trained[branch].astype(float)
    columns = [np.ones_like(after), after] + ([arm, after * arm] if comparison else [])
    X = np.column_stack(columns)
    effect = estimated(panel)
    expected = panel.exposure.ravel() * effect.means[arm.astype(int), after.astype(int)]
    root = np.sqrt(expected)  # regressors and residuals over the standard deviation of the working model
    Z, residual = root[:, None] * X, (panel.events.ravel() - expected) / root
    bread = np.linalg.inv(Z.T @ Z)
    maker = np.eye(len(Z)) - Z @ bread @ Z.T
    variance, spread = 0.0, []
    for group in np.unique(branch):
        own = branch == group
        values, vectors = np.linalg.eigh(maker[np.ix_(own, own)])
        weight = (bread @ Z[own].T @ vectors @ np.diag(values**-0.5) @ vectors.T)[-1]
        variance += float(weight @ residual[own]) ** 2
        spread.append(maker[:, own] @ weight)
    gram = np.array(spread) @ np.array(spread).T
    assert effect.standard_error == pytest.approx(math.sqrt(variance), rel=EXACT)
    assert effect.df == pytest.approx(np.trace(gram) ** 2 / np.sum(gram**2), rel=EXACT)


def test_with_equal_exposures_and_rates_degrees_of_freedom_are_those_of_branch_means() -> None:
    panel = made_up(6, 5, 8)
    events = np.full_like(panel.events, 40.0) + np.arange(13)[:, None] % 3 * np.array([-1.0, 1.0])
    alike = RatePanel(panel.trained, events, np.full_like(panel.exposure, 1000.0))
    ours = estimated(alike).df
    n, w = np.array([8, 5]), 1.0 / alike.pooled(alike.events)
    per_arm = w.sum(axis=1)  # variance of each arm's log ratio with dispersion 1
    assert ours == pytest.approx(per_arm.sum() ** 2 / np.sum(per_arm**2 / (n - 1)), rel=EXACT)


def test_complaints_that_fell_by_a_third_while_volume_rose_fell_by_half_per_item() -> None:
    # -33 % complaints, +40 % items: 0.67 / 1.40 = 0.479
    early = np.array([120.0, 80.0, 200.0, 150.0, 100.0])
    noise = np.array([1.02, 0.97, 1.01, 1.0, 0.98])
    late = 0.67 * early * noise * early.sum() / (early * noise).sum()
    items = np.array([1.1e4, 0.9e4, 2.1e4, 1.4e4, 1.0e4])
    panel = RatePanel(
        np.ones(5, dtype=bool), np.column_stack([early, late]), np.column_stack([items, 1.4 * items])
    )
    effect = estimated(panel)
    assert math.exp(effect.estimate) == pytest.approx(0.67 / 1.40, rel=EXACT)
    assert 100.0 * math.expm1(effect.estimate) == pytest.approx(-52.1, abs=0.05)


def test_swapping_periods_or_arms_turns_the_sign_and_nothing_else() -> None:
    panel = made_up(7, 6, 9)
    effect = estimated(panel)
    for turned in (
        RatePanel(panel.trained, panel.events[:, ::-1], panel.exposure[:, ::-1]),
        RatePanel(~panel.trained, panel.events, panel.exposure),
    ):
        other = estimated(turned)
        assert other.estimate == pytest.approx(-effect.estimate, rel=EXACT)
        assert other.standard_error == pytest.approx(effect.standard_error, rel=EXACT)
        assert other.df == pytest.approx(effect.df, rel=EXACT)


def test_the_unit_of_exposure_does_not_matter() -> None:
    panel = made_up(8, 6, 9)
    other = estimated(replace(panel, exposure=panel.exposure / 10_000.0))
    assert other.estimate == pytest.approx(estimated(panel).estimate, rel=EXACT)
    assert other.standard_error == pytest.approx(estimated(panel).standard_error, rel=EXACT)


def test_an_arm_without_events_has_no_rate_ratio() -> None:
    panel = made_up(9, 3, 4)
    events = panel.events.copy()
    events[panel.trained, 1] = 0.0
    found = estimate_rate_ratio(replace(panel, events=events))
    assert found == NotEstimable("no_events_after", {"arm": "trained"})


def test_a_branch_with_all_the_exposure_of_its_arm_decides_nothing() -> None:
    panel = made_up(10, 3, 4)
    exposure = panel.exposure.copy()
    exposure[0] = 1e18
    found = estimate_rate_ratio(replace(panel, exposure=exposure))
    assert found == NotEstimable("exposure_of_one_branch", {"arm": "trained"})


def test_one_branch_in_an_arm_is_not_estimable() -> None:
    panel = made_up(11, 1, 4)
    assert estimate_rate_ratio(panel) == NotEstimable("few_branches", {"arm": "trained", "n": 1, "need": 2})


def test_branches_that_all_changed_alike_tell_nothing_of_chance() -> None:
    panel = made_up(12, 3, 4)
    events = panel.exposure * np.array([0.002, 0.001])
    assert estimate_rate_ratio(replace(panel, events=events)) == NotEstimable("no_variation", {"n": 7})


@pytest.mark.parametrize("answer", REFERENCE, ids=lambda answer: answer["name"])
def test_the_ratio_within_branches_equals_clubsandwich(answer: dict[str, Any]) -> None:
    found = estimate_within_branches(panel_of(answer["rows"]))
    assert isinstance(found, RateEffect)
    for name in ("estimate", "standard_error", "df", "pvalue"):
        assert getattr(found, name) == pytest.approx(answer["within"][name], rel=PRINTED), name


def test_the_ratio_within_branches_equals_pyfixest_with_branch_and_period_effects() -> None:
    import pandas as pd
    import pyfixest as pf

    panel = made_up(13, 8, 11)
    count = len(panel.trained)
    rows = pd.DataFrame(
        {
            "branch": np.repeat(np.arange(count), 2),
            "after": np.tile([0.0, 1.0], count),
            "treated": (panel.trained[:, None] * np.array([0.0, 1.0])).ravel(),
            "events": panel.events.ravel(),
            "log_exposure": np.log(panel.exposure.ravel()),
        }
    )
    theirs = pf.fepois(
        "events ~ treated | branch + after", data=rows, vcov="hetero", offset="log_exposure", iwls_tol=1e-12
    )
    found = estimate_within_branches(panel)
    assert isinstance(found, RateEffect)
    assert found.estimate == pytest.approx(float(theirs.coef()["treated"]), rel=1e-6)


def test_a_shift_of_volume_between_branches_is_told_apart_from_a_change_of_rates() -> None:
    # hardly a branch changed its rate; the exposure moved to the one with the high rate
    exposure = np.array([[1e4, 1e4], [1e4, 5e4], [1e4, 1.1e4]])
    events = exposure * np.array([0.001, 0.01, 0.001])[:, None] * np.array([[1, 1.02], [1, 0.99], [1, 1.01]])
    panel = RatePanel(np.ones(3, dtype=bool), events, exposure)
    within = estimate_within_branches(panel)
    assert isinstance(within, RateEffect)
    assert estimated(panel).estimate > 0.3
    assert within.estimate == pytest.approx(0.0, abs=0.01)


def test_counts_that_vary_less_than_chance_are_told_from_counts() -> None:
    panel = made_up(14, 12, 12)
    effect = estimated(panel)
    assert not too_regular(dispersion(panel, effect.means), 44)
    assert too_regular(0.2, 44)
    assert not too_regular(0.9, 44)
