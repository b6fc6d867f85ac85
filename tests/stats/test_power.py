"""Power of the branch analysis: known answers, what must not happen, and sizes that are the smallest."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower, TTestPower

from pilot_eval.stats.bootstrap import wild_cluster_bootstrap
from pilot_eval.stats.cells import Cells
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.permutation import permutation_test
from pilot_eval.stats.power import (
    Precision,
    Spread,
    Study,
    can_reject,
    detectable_effect,
    patterns,
    power,
    precision_of,
    required_branches,
    required_visits,
    resized,
)

SPREAD = Spread(branch=36.0, branch_period=4.0, visit=36.0)
QUADRATURE = 1e-5  # error of the integral over the estimated spread
EXACT = 1e-12
LEVEL, WANTED = 0.95, 0.8


@pytest.mark.parametrize("n", [3, 10, 40])
@pytest.mark.parametrize("effect", [0.0, 2.0, 5.0])
def test_equal_arms_have_the_power_of_the_t_test_of_statsmodels(n: int, effect: float) -> None:
    change_sd = math.sqrt(2 * 4.0 + 2 * 36.0 / 6)
    theirs = TTestIndPower().power(effect / change_sd, nobs1=n, alpha=0.05, ratio=1.0)
    ours = power(effect, precision_of(SPREAD, Study(n, n, 6)), LEVEL)
    assert ours[0] == pytest.approx(theirs, abs=QUADRATURE)


def test_trained_branches_alone_have_the_power_of_the_paired_t_test() -> None:
    theirs = TTestPower().power(3.0 / math.sqrt(2 * 4.0 + 2 * 36.0 / 6), nobs=12, alpha=0.05)
    assert power(3.0, precision_of(SPREAD, Study(12, 0, 6)), LEVEL)[0] == pytest.approx(
        theirs, abs=QUADRATURE
    )


@pytest.mark.parametrize("df", [1.0, 2.5, 4.6, 18.0, 300.0])
@pytest.mark.parametrize("shift", [0.5, 2.0, 4.0])
def test_power_is_the_tail_of_the_noncentral_t(df: float, shift: float) -> None:
    critical = stats.t.isf(0.025, df)
    tails = stats.nct.sf(critical, df, shift) + stats.nct.cdf(-critical, df, shift)
    assert power(shift, Precision(1.0, df, df), LEVEL)[0] == pytest.approx(tails, abs=QUADRATURE)


@pytest.mark.parametrize("df", [1.0, 3.0, 18.0, 1e5])
def test_without_an_effect_power_is_the_error_that_the_level_allows_and_grows_from_there(df: float) -> None:
    found = power(np.linspace(0.0, 60.0, 200), Precision(1.0, df, df), LEVEL)
    assert found[0] == pytest.approx(0.05, abs=QUADRATURE)
    assert np.all(np.diff(found) >= -EXACT)
    assert np.all(np.isfinite(found))
    assert found.max() <= 1.0 + EXACT
    assert power(1.0, Precision(1.0, df, df), LEVEL)[0] < 0.3


def test_the_detectable_effect_is_found_as_often_as_wanted() -> None:
    made = precision_of(SPREAD, Study(4, 16, 6))
    effect = detectable_effect(made, LEVEL, WANTED)
    assert power(effect, made, LEVEL)[0] == pytest.approx(WANTED, abs=EXACT)
    assert power(-effect, made, LEVEL)[0] == pytest.approx(WANTED, abs=EXACT)


@pytest.mark.parametrize("wanted", [0.05, 0.0, 1.0])
def test_impossible_power_is_refused(wanted: float) -> None:
    with pytest.raises(ValueError, match=r"between 0\.05 and 1"):
        detectable_effect(Precision(1.0, 5.0, 5.0), LEVEL, wanted)


@pytest.mark.parametrize("estimator", ["change", "ancova"])
def test_required_sizes_are_enough_and_the_smallest(estimator: str) -> None:
    study, effect = Study(8, 16, 6), 4.0
    asked = {"level": LEVEL, "wanted": WANTED}
    found = required_branches(SPREAD, study, effect, estimator=estimator, **asked)
    assert found is not None
    assert found.trained * 2 == pytest.approx(found.comparison, abs=2)
    total = found.trained + found.comparison
    fewer = resized(study, total - 1)
    assert power(effect, precision_of(SPREAD, found, estimator), LEVEL)[0] >= WANTED
    assert power(effect, precision_of(SPREAD, fewer, estimator), LEVEL)[0] < WANTED
    visits = required_visits(SPREAD, study, 5.0, estimator=estimator, **asked)
    assert visits is not None
    at = [
        power(5.0, precision_of(SPREAD, replace(study, visits=n), estimator), LEVEL)[0]
        for n in (visits - 1, visits)
    ]
    assert at[0] < WANTED <= at[1]


def test_no_number_of_visits_makes_up_for_few_branches() -> None:
    assert required_visits(SPREAD, Study(3, 3, 6), 3.0, level=LEVEL, wanted=WANTED) is None


def test_true_effects_that_differ_cost_precision_and_degrees_of_freedom() -> None:
    alike = precision_of(SPREAD, Study(4, 16, 6))
    differing = precision_of(replace(SPREAD, effect=16.0), Study(4, 16, 6))
    assert differing.standard_error**2 == pytest.approx(alike.standard_error**2 + 4.0)
    assert differing.df == alike.df  # what the analysis uses does not know of it
    assert differing.spread_df < alike.spread_df


def test_analysis_of_covariance_gains_what_the_correlation_says() -> None:
    """Borm, Fransen & Lemmens 2007: variance (1 - r^2) of a mean against 2 (1 - r) of a change."""
    large = Study(2_000, 2_000, 6)
    change, ancova = (precision_of(SPREAD, large, estimator) for estimator in ("change", "ancova"))
    correlation = 36.0 / (36.0 + 4.0 + 6.0)
    gained = ancova.standard_error**2 / change.standard_error**2
    assert gained == pytest.approx((1 + correlation) / 2, rel=1e-3)


def test_unequal_visits_cost_what_eldridge_says_where_rows_count_once() -> None:
    spread = replace(SPREAD, branch=0.0, unevenness=1.0 + 0.6**2, pooled=True)
    one_period = spread.of_means(10.0)[0]
    icc = 4.0 / (4.0 + 36.0)
    design_effect = 1.0 + ((1.0 + 0.6**2) * 10.0 - 1.0) * icc
    assert one_period == pytest.approx(design_effect * (4.0 + 36.0) / 10.0)


@pytest.mark.parametrize(
    ("study", "estimator"),
    [
        (Study(1, 5, 6), "change"),
        (Study(5, 1, 6), "change"),
        (Study(5, 5, 0), "change"),
        (Study(5, 0, 6), "ancova"),
        (Study(2, 2, 6), "ancova"),
        (Study(5, 5, 6), "anova"),
        (Study(5, 0, 6, 1), "change"),
        (Study(3, 0, 6, 4), "change"),
        (Study(5, 5, 6, 2), "ancova"),
    ],
)
def test_studies_that_cannot_be_analysed_are_refused(study: Study, estimator: str) -> None:
    with pytest.raises(ValueError, match=r"two branches|visits|ancova|estimator|steps"):
        precision_of(SPREAD, study, estimator)


@pytest.mark.parametrize(("trained", "never", "steps"), [(12, 0, 4), (6, 0, 3), (10, 4, 5), (20, 20, 4)])
def test_a_stepped_wedge_has_the_variance_of_hussey_and_hughes_with_branches_that_differ_without_limit(
    trained: int, never: int, steps: int
) -> None:
    """Hussey & Hughes 2007, eq. 8, without limit to the variance between branches."""
    first = 1 + np.arange(trained) * steps // trained
    crossing = np.concatenate([first, np.full(never, steps + 1)])
    exposed = (np.arange(steps + 1) >= crossing[:, None]).astype(float)
    (count, periods), total = exposed.shape, exposed.sum()
    by_period, by_branch = (exposed.sum(axis=0) ** 2).sum(), (exposed.sum(axis=1) ** 2).sum()
    below = total**2 + count * periods * total - periods * by_period - count * by_branch
    sigma_squared = 4.0 + 36.0 / 6
    made = precision_of(SPREAD, Study(trained, never, 6, steps))
    assert made.standard_error**2 == pytest.approx(sigma_squared * count * periods / below)


def test_orders_of_a_stepped_wedge_must_be_able_to_be_rare() -> None:
    assert patterns(Study(4, 0, 6, 4)) == 24
    assert not can_reject(Study(3, 0, 6, 3), LEVEL)
    assert can_reject(Study(4, 0, 6, 4), LEVEL)
    assert not can_reject(Study(4, 0, 6, 4), 0.99)


@pytest.mark.parametrize(
    ("study", "rarest"),
    [(Study(3, 3, 6), 0.1), (Study(4, 4, 6), 1 / 35), (Study(3, 4, 6), 1 / 35), (Study(5, 0, 6), 1 / 16)],
)
def test_patterns_are_those_of_the_tests_beside_the_effect(study: Study, rarest: float) -> None:
    """The smallest p-value that the permutation, or the sign flips, give to an effect beyond doubt."""
    rng = np.random.default_rng(1)
    count = study.trained + study.comparison
    trained = np.arange(count) < study.trained
    mean = np.column_stack([np.zeros(count), rng.normal(0, 1, count) + 1000.0 * trained])
    panel = Panel.of(Cells(np.ones((count, 2)), mean, mean * 0), trained)
    effect = estimate_effect(panel)
    assert isinstance(effect, Effect)
    test = permutation_test if study.comparison else wild_cluster_bootstrap
    found = test(panel, effect, draws=99, seed=1, confidence_level=LEVEL)
    assert found.pvalue == pytest.approx(rarest)
    assert patterns(study) == round(1 / rarest)
    assert can_reject(study, LEVEL) == (rarest <= 0.05)


def test_very_many_branches_have_patterns_enough() -> None:
    assert can_reject(Study(20_000, 22_000, 6), LEVEL)
    assert can_reject(Study(2_000, 0, 6), LEVEL)


def test_values_that_vary_less_after_training_are_known_better() -> None:
    moved = replace(SPREAD, visit_trained=9.0)
    known, plain = (precision_of(spread, Study(8, 12, 6)) for spread in (moved, SPREAD))
    assert known.standard_error**2 == pytest.approx(plain.standard_error**2 - 27.0 / 6 / 8)
