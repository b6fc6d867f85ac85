"""Boundaries of planned looks against published tables, multiple integrals and made-up paths."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect
from pilot_eval.stats.families import interval_level
from pilot_eval.stats.looks import are_looks, looks_of, obrien_fleming_spending
from pilot_eval.stats.student import normal_quantile
from tests.simulation.pilots import runs

# Published with four decimals, from integrations on a grid that is wrong by up to 1.2e-4.
PUBLISHED = 1.5e-4
INTEGRATED = 2e-6  # scipy's integral over up to three dimensions
ALL_ERROR = 0.06  # claimed of t intervals at two looks, from 10 + 10 branches

# R's gsDesign(k, test.type = 2, alpha = 0.025, sfu = sfLDOF), ldbounds and Reboussin et al. 2000, table 1.
TABLES = {
    (1.0,): (1.96,),
    (0.5, 1.0): (2.9626, 1.9686),
    (1 / 3, 2 / 3, 1.0): (3.7103, 2.5114, 1.9930),
    (0.25, 0.5, 0.75, 1.0): (4.3326, 2.9631, 2.3590, 2.0141),
    (0.2, 0.4, 0.6, 0.8, 1.0): (4.8769, 3.3569, 2.6803, 2.2898, 2.0310),
}


@pytest.mark.parametrize("fractions", TABLES)
def test_boundaries_are_the_published_ones(fractions: tuple[float, ...]) -> None:
    assert looks_of(fractions, 0.95).quantiles == pytest.approx(TABLES[fractions], abs=PUBLISHED)


@pytest.mark.parametrize(
    ("fractions", "level"),
    [((0.5, 1.0), 0.95), ((0.3, 0.55, 0.9), 0.975), ((0.4, 0.55, 1.0), 0.9)],
)
def test_the_error_spent_is_the_probability_of_ever_crossing(
    fractions: tuple[float, ...], level: float
) -> None:
    found = looks_of(fractions, level)
    times = np.array(fractions)
    correlation = np.sqrt(np.minimum.outer(times, times) / np.maximum.outer(times, times))
    for last in range(1, len(fractions) + 1):
        limit = np.array(found.quantiles[:last])
        inside = multivariate_normal.cdf(
            limit,
            mean=np.zeros(last),
            cov=correlation[:last, :last],
            lower_limit=-limit,
            abseps=1e-7,
            releps=1e-7,
            rng=np.random.default_rng(1),
        )
        assert 1.0 - inside == pytest.approx(found.spent[last - 1], abs=INTEGRATED)


def test_a_single_look_at_the_end_is_the_ordinary_test() -> None:
    found = looks_of((1.0,), 0.9)
    assert found.quantiles[0] == pytest.approx(normal_quantile(0.9), rel=1e-12)
    assert found.level_of(1) == pytest.approx(0.9, rel=1e-12)
    assert obrien_fleming_spending(1.0, 0.1) == pytest.approx(0.1, rel=1e-12)


def test_looks_that_stop_before_the_end_keep_the_rest_of_the_error() -> None:
    found = looks_of((0.2, 0.5), 0.95)
    assert found.spent[-1] == pytest.approx(0.00305, abs=1e-5)
    assert found.level_of(1) > found.level_of(2) > 0.99


def test_very_early_looks_have_boundaries_that_hardly_anything_crosses() -> None:
    found = looks_of((0.01, 0.02, 0.5, 1.0), 0.95)
    assert found.quantiles[0] == pytest.approx(22.383, abs=0.001)  # 2 Phi(-z) = 4 Phi(-2.2414 / 0.1)
    assert found.quantiles[2:] == pytest.approx(TABLES[(0.5, 1.0)], abs=PUBLISHED)


def test_outcomes_of_a_family_share_the_error_of_each_look() -> None:
    one, two = (looks_of((0.5, 1.0), interval_level(0.95, k)) for k in (1, 2))
    assert two.spent[-1] == pytest.approx(one.spent[-1] / 2.0, rel=1e-12)
    assert two.level_of(1) > one.level_of(1)


@pytest.mark.parametrize(
    "fractions", [(), (0.0, 1.0), (0.5, 0.5), (0.6, 0.5), (0.5, 1.1), (0.5, 0.505), (math.nan, 1.0)]
)
def test_fractions_that_do_not_grow_within_the_plan_are_refused(fractions: tuple[float, ...]) -> None:
    assert not are_looks(fractions)
    with pytest.raises(ValueError, match="fractions must grow"):
        looks_of(fractions, 0.95)


def test_brownian_paths_cross_as_often_as_was_spent() -> None:
    fractions = (0.2, 0.5, 0.8, 1.0)
    found = looks_of(fractions, 0.9)
    rng = np.random.default_rng(3)
    steps = rng.normal(size=(200_000, 4)) * np.sqrt(np.diff((0.0, *fractions)))
    z = np.abs(steps.cumsum(axis=1)) / np.sqrt(fractions)
    for last in range(4):
        ever = (z[:, : last + 1] >= found.quantiles[: last + 1]).any(axis=1).mean()
        error = math.sqrt(found.spent[last] / len(z))
        assert ever == pytest.approx(found.spent[last], abs=4.0 * error)


@pytest.mark.parametrize("branches", [10, 20])
def test_t_intervals_at_two_looks_together_miss_the_truth_as_seldom_as_claimed(branches: int) -> None:
    """Half of the branches of each arm are in at the first look; boundaries are read as quantiles of t."""
    looks = looks_of((0.5, 1.0), 0.95)
    rng = np.random.default_rng(4)
    count, missed = runs(1_000), 0
    for _ in range(count):
        change = rng.normal(0.0, 2.0, 2 * branches)
        trained = np.arange(2 * branches) % 2 == 0
        covered = True
        for look, seen in ((1, branches), (2, 2 * branches)):
            mean = np.column_stack([np.zeros(seen), change[:seen]])
            effect = estimate_effect(Panel(trained[:seen], np.ones((seen, 2)), mean))
            assert isinstance(effect, Effect)
            covered &= effect.confidence_interval(looks.level_of(look)).contains(0.0)
        missed += not covered
    assert 0.03 < missed / count < ALL_ERROR + 3.0 * math.sqrt(0.05 * 0.95 / count)
