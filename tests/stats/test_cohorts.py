"""Effects of cohorts equal other programs, full matrices and the two-period difference."""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pilot_eval.stats.branch_periods import BranchPeriods
from pilot_eval.stats.cohorts import (
    SUMMARIES,
    CohortEffects,
    Summary,
    cohort_effects,
    effect_at,
    effect_of_cohort,
    overall_effect,
    weights_of_means,
    without_always_trained,
)
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.results import NotEstimable
from tests.stats.cohorts_made_up import made_up, panel_of

EXACT = 1e-9  # relative: the same number by another order of sums
PEERS = 1e-8  # relative: theirs go through data frames and regressions
# With branches never trained, without any, and with a cohort that only compares.
STARTS = {
    "never": [2] * 5 + [3] * 4 + [5] * 6 + [6] * 7,
    "none never": [2] * 5 + [3] * 4 + [5] * 6,
    "after the first": [1] * 3 + [4] * 5 + [6] * 3,
}


def summary_of(effects: CohortEffects, name: str = "group") -> Summary:
    summary = overall_effect(effects, name)
    assert isinstance(summary, Summary)
    return summary


def frame_of(panel: BranchPeriods) -> pd.DataFrame:
    """Long, with periods from 1 and 0 for branches never trained."""
    rows = [
        {"id": i + 1, "t": t + 1, "g": int(s) + 1 if s < panel.periods else 0, "y": panel.mean[i, t]}
        for i, s in enumerate(panel.start)
        for t in range(panel.periods)
    ]
    return pd.DataFrame(rows).dropna()


def quietly(work: Any) -> Any:
    """Run a peer without its printing and its warnings."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        return work()


@pytest.fixture(scope="module", params=STARTS)
def balanced(request: pytest.FixtureRequest) -> BranchPeriods:
    return made_up(3, STARTS[request.param], 6)


def test_every_cell_and_summary_equals_csdid(balanced: BranchPeriods) -> None:
    def fit() -> Any:
        from csdid.att_gt import ATTgt

        model = ATTgt(
            yname="y",
            tname="t",
            idname="id",
            gname="g",
            data=frame_of(balanced),
            control_group=["notyettreated"],
            panel=True,
        )
        return model.fit(est_method="reg", base_period="varying", bstrap=False)

    theirs = quietly(fit)
    effects = cohort_effects(balanced)
    found = {
        (g + 1, t + 1): (estimate, np.sqrt(np.sum(plain**2)))
        for g, t, estimate, plain in zip(
            effects.cohort, effects.period, effects.estimate, effects.plain, strict=True
        )
    }
    told = theirs.results
    expected = dict(
        zip(
            zip(told["group"], told["year"], strict=True),
            zip(told["att"], told["se"], strict=True),
            strict=True,
        )
    )
    assert set(found) == set(expected)
    for key, values in expected.items():
        assert found[key] == pytest.approx(values, rel=PEERS)
    for name in SUMMARIES:
        own = summary_of(effects, name)
        peer = quietly(lambda name=name: theirs.aggte(typec=name, bstrap=False, cband=False)).atte
        assert own.estimate == pytest.approx(peer["overall_att"], rel=PEERS)
        assert own.analytic_standard_error == pytest.approx(peer["overall_se"], rel=PEERS)
        if name == "dynamic":
            for time, estimate, error in zip(
                peer["egt"], peer["att_egt"], np.ravel(peer["se_egt"]), strict=True
            ):
                at = effect_at(effects, int(time))
                assert (at.estimate, at.analytic_standard_error) == pytest.approx(
                    (estimate, error), rel=PEERS
                )


@pytest.mark.parametrize("universal", [False, True])
def test_cells_of_branches_missing_periods_equal_diff_diff(universal: bool) -> None:
    panel = made_up(4, STARTS["never"], 6, missing=0.15)

    def fit() -> Any:
        from diff_diff import CallawaySantAnna

        model = CallawaySantAnna(
            control_group="not_yet_treated", base_period="universal" if universal else "varying"
        )
        return model.fit(frame_of(panel), outcome="y", unit="id", time="t", first_treat="g")

    theirs = quietly(fit).group_time_effects
    effects = cohort_effects(panel, universal=universal)
    assert len(effects.cohort) >= 12
    for g, t, estimate, plain in zip(
        effects.cohort, effects.period, effects.estimate, effects.plain, strict=True
    ):
        peer = theirs[(g + 1, t + 1)]
        assert estimate == pytest.approx(peer["effect"], rel=PEERS)
        assert np.sqrt(np.sum(plain**2)) == pytest.approx(peer["se"], rel=PEERS)


@pytest.mark.parametrize(("trained", "comparison"), [(2, 2), (3, 9), (12, 7)])
def test_one_cohort_and_two_periods_are_the_difference_in_differences(trained: int, comparison: int) -> None:
    panel = made_up(5, [1] * trained + [2] * comparison, 2)
    expected = estimate_effect(Panel(panel.start == 1, np.ones_like(panel.mean), panel.mean))
    assert isinstance(expected, Effect)
    for name in SUMMARIES:
        summary = summary_of(cohort_effects(panel), name)
        assert summary.estimate == pytest.approx(expected.estimate, rel=EXACT)
        assert summary.standard_error == pytest.approx(expected.standard_error, rel=EXACT)
        assert summary.df == pytest.approx(expected.df, rel=EXACT)
        assert summary.pvalue == pytest.approx(expected.pvalue, rel=EXACT)


@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_the_weights_of_means_make_the_effect(missing: float) -> None:
    panel = made_up(6, STARTS["never"], 6, missing=missing)
    effects = cohort_effects(panel)
    for name in SUMMARIES:
        summary = summary_of(effects, name)
        weights = weights_of_means(effects, summary.weight)
        assert np.nansum(weights * panel.mean) == pytest.approx(summary.estimate, rel=EXACT)
        np.testing.assert_allclose(weights.sum(axis=1), 0.0, atol=1e-12)
        trained = np.arange(6)[None, :] >= panel.start[:, None]
        assert np.sum(weights * trained) == pytest.approx(1.0, rel=EXACT)


def test_variance_and_degrees_of_freedom_equal_full_matrices(balanced: BranchPeriods) -> None:
    """The variance is unbiased and its degrees of freedom Satterthwaite's, from the quadratic form itself."""
    effects = cohort_effects(balanced)
    units = np.eye(balanced.mean.size).reshape(-1, *balanced.mean.shape)
    forms = np.array([cohort_effects(panel_of(unit, balanced.start)).influence for unit in units])
    for name in SUMMARIES:
        summary = summary_of(effects, name)
        form = np.tensordot(forms, summary.weight, axes=(1, 0))  # (GT, G): linear in the means
        gram = form.T @ form
        weights = weights_of_means(effects, summary.weight)
        assert np.trace(gram) == pytest.approx(np.sum(weights**2), rel=EXACT)
        assert summary.df == pytest.approx(np.trace(gram) ** 2 / np.sum(gram**2), rel=EXACT)


@pytest.mark.parametrize(
    ("start", "missing"), [([1] * 5 + [2] * 5 + [4] * 5 + [6] * 5, 0.1), ([2] * 3 + [4] * 3 + [6] * 3, 0.15)]
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_with_gaps_variance_and_degrees_of_freedom_come_near_to_full_matrices(
    seed: int, start: list[int], missing: float
) -> None:
    panel = made_up(seed, start, 6, missing=missing)
    effects = cohort_effects(panel)
    summary = summary_of(effects)
    columns = []
    for place in np.argwhere(~np.isnan(panel.mean)):
        unit = np.where(np.isnan(panel.mean), np.nan, 0.0)
        unit[tuple(place)] = 1.0
        columns.append(summary.weight @ cohort_effects(panel_of(unit, panel.start)).influence)
    gram = np.array(columns).T @ np.array(columns)
    truth = np.sum(weights_of_means(effects, summary.weight) ** 2)
    assert np.trace(gram) == pytest.approx(truth, rel=0.05)
    assert summary.df == pytest.approx(np.trace(gram) ** 2 / np.sum(gram**2), rel=0.1)


def test_the_variance_is_that_of_independent_cohort_means(balanced: BranchPeriods) -> None:
    effects = cohort_effects(balanced)
    summary = summary_of(effects)
    score = np.sum(weights_of_means(effects, summary.weight) * balanced.mean, axis=1)
    expected = sum(
        np.sum(own == balanced.start) * score[balanced.start == own].var(ddof=1)
        for own in np.unique(balanced.start)
    )
    assert summary.standard_error**2 == pytest.approx(expected, rel=EXACT)


def test_a_cohort_of_one_branch_has_no_effect_and_no_standard_error_of_zero() -> None:
    effects = cohort_effects(made_up(7, [2] + [3] * 4 + [5] * 5, 5))
    assert set(effects.cohort.tolist()) == {3}
    assert {cell[0] for cell in effects.lacking} == {2}
    assert all(trained == 1 for _, _, trained, _ in effects.lacking)
    assert effect_of_cohort(effects, 2) == NotEstimable("cohort_without_comparison", {"need": 2})
    summary = summary_of(effects)
    assert summary.weight[effects.cohort == 3].sum() == pytest.approx(1.0)
    # The branch alone still compares while it is not trained; it deviates from the mean of all.
    assert np.all(np.sqrt(np.sum(effects.influence**2, axis=1)) > 0.0)
    assert weights_of_means(effects, np.eye(len(effects.cohort))[0])[0].any()


def test_nobody_to_compare_with_is_not_estimable() -> None:
    panel = without_always_trained(made_up(8, [0] * 3 + [2] * 4, 4))
    assert len(panel.start) == 4
    assert overall_effect(cohort_effects(panel)) == NotEstimable("no_cohort_to_compare", {"need": 2})


def test_branches_trained_already_are_never_a_comparison() -> None:
    panel = made_up(9, [1] * 4 + [3] * 4 + [5] * 4, 5)
    later = panel.mean.copy()
    later[panel.start == 1, 3:] += 1000.0
    changed = cohort_effects(panel_of(later, panel.start))
    own = changed.cohort == 3
    np.testing.assert_allclose(changed.estimate[own], cohort_effects(panel).estimate[own], rtol=EXACT)


def test_swapping_the_sign_of_values_turns_every_effect_round() -> None:
    panel = made_up(10, STARTS["never"], 6)
    plain, turned = (
        summary_of(cohort_effects(panel_of(sign * panel.mean, panel.start))) for sign in (1.0, -1.0)
    )
    assert turned.estimate == pytest.approx(-plain.estimate, rel=EXACT)
    assert turned.pvalue == pytest.approx(plain.pvalue, rel=EXACT)


def test_large_means_do_not_cancel() -> None:
    panel = made_up(11, STARTS["never"], 6)
    exact = np.round(panel.mean * 1024.0) / 1024.0  # so that adding 1e9 loses nothing
    near = summary_of(cohort_effects(panel_of(exact, panel.start)))
    far = summary_of(cohort_effects(panel_of(exact + 1e9, panel.start)))
    assert far.estimate == pytest.approx(near.estimate, rel=1e-6)
    assert far.standard_error == pytest.approx(near.standard_error, rel=1e-6)
