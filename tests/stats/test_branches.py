"""Changes of single branches and the funnel around them."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy.stats import f_oneway, levene
from statsmodels.stats.meta_analysis import combine_effects

from pilot_eval.domain.observations import AFTER, BEFORE, DURING, Observations
from pilot_eval.domain.outcomes import OUTCOMES
from pilot_eval.stats.branch_shares import Shares
from pilot_eval.stats.branches import (
    BranchChanges,
    Funnel,
    branch_changes,
    branch_rate_changes,
    funnel,
)
from pilot_eval.stats.equal_spread import SpreadTest, equal_spread
from pilot_eval.stats.heterogeneity import winsorised_spread
from pilot_eval.stats.results import NotEstimable

EXACT = 1e-9  # relative: the same number by another order of sums


def pilot(seed: int = 1, *, branches: int = 25, between: float = 0.0, visits: int = 6) -> Observations:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 2 * visits, (branches, 2))
    branch = np.repeat(np.repeat(np.arange(branches), 2), sizes.ravel())
    after = np.repeat(np.tile([0, 1], branches), sizes.ravel())
    change = rng.normal(3.0, between, branches) if between else np.full(branches, 3.0)
    value = 80.0 + rng.normal(0.0, 5.0, branches)[branch] + after * change[branch]
    return Observations.from_columns(
        branch=np.array([f"B{b:02d}" for b in branch]),
        trained=branch % 2 == 0,
        period=np.where(after == 1, AFTER, BEFORE),
        value=value + rng.normal(0.0, 6.0, len(branch)),
    )


def changes_of(observations: Observations, kind: str = "score") -> BranchChanges:
    found = branch_changes(observations, OUTCOMES[kind])
    assert isinstance(found, BranchChanges)
    return found


def funnel_of(changes: BranchChanges) -> Funnel:
    found = funnel(changes)
    assert isinstance(found, Funnel)
    return found


def test_intervals_are_those_of_a_regression_on_branch_by_period() -> None:
    observations = pilot(branches=6)
    found = changes_of(observations)
    after = (observations.period == AFTER).astype(int)
    frame = pd.DataFrame({"y": observations.value, "b": observations.branch, "a": after})
    model = smf.ols("y ~ 0 + C(b) + C(b):a", frame).fit()
    assert found.df == model.df_resid
    assert found.within_variance == pytest.approx(model.mse_resid, rel=EXACT)
    ends = model.conf_int()
    for place in range(6):
        name = f"C(b)[{place}]:a"
        assert found.change[place] == pytest.approx(model.params[name], rel=EXACT)
        assert [found.low[place], found.high[place]] == pytest.approx(ends.loc[name].tolist(), rel=EXACT)


def test_tau_squared_without_winsorising_is_paule_and_mandels() -> None:
    found = changes_of(pilot(between=4.0))
    theirs = combine_effects(found.change, found.standard_error**2, method_re="iterated", atol=1e-13)
    centre, tau_squared = winsorised_spread(found.change, found.standard_error, winsorised=0.0)
    assert tau_squared == pytest.approx(theirs.tau2, rel=1e-6)  # found by their iteration
    assert centre == pytest.approx(theirs.mean_effect_re, rel=1e-6)


def test_one_wild_branch_hides_less_behind_a_winsorised_tau() -> None:
    change, error = np.append(np.random.default_rng(2).normal(0.0, 1.0, 30), 25.0), np.ones(31)
    plain = winsorised_spread(change, error, winsorised=0.0)[1]
    assert winsorised_spread(change, error, winsorised=0.1)[1] < 0.1 * plain


def test_limits_hold_their_share_of_branches_that_differ_by_chance_only() -> None:
    inside_95 = inside_998 = total = 0
    for seed in range(60):
        outside = funnel_of(changes_of(pilot(seed, branches=40))).outside
        inside_95 += outside.count("")
        inside_998 += len(outside) - outside.count("99.8")
        total += len(outside)
    assert inside_95 / total == pytest.approx(0.95, abs=0.02)
    assert inside_998 / total > 0.994


def test_real_differences_widen_the_limits_by_tau() -> None:
    calm = [funnel_of(changes_of(pilot(seed, branches=60))) for seed in range(20)]
    varied = [funnel_of(changes_of(pilot(seed, branches=60, between=6.0))) for seed in range(20)]
    assert np.median([one.tau_squared for one in calm]) < 1.0
    assert 30.0 < np.mean([one.tau_squared for one in varied]) < 42.0  # truly 36
    # So widened, the limits hold their share of branches that truly differ.
    outside = sum(60 - one.outside.count("") for one in varied) / (20 * 60)
    assert outside == pytest.approx(0.05, abs=0.025)
    assert sum(one.outside.count("99.8") for one in varied) / (20 * 60) < 0.01


def test_limits_narrow_with_size_and_enclose_the_centre() -> None:
    found = funnel_of(changes_of(pilot(4)))
    assert (np.diff(found.size) > 0).all()
    assert (np.diff(found.high_95 - found.low_95) < 0).all()
    assert (found.low_998 < found.low_95).all()
    assert found.high_95[0] - found.centre == pytest.approx(found.centre - found.low_95[0])


def test_a_branch_outside_its_limits_is_the_one_drawn_outside() -> None:
    changes = changes_of(pilot(5, between=5.0))
    found = funnel_of(changes)
    for place, size in enumerate(changes.size):
        spread = math.sqrt(4.0 * changes.within_variance / size + found.tau_squared)
        distance = abs(changes.change[place] - found.centre) / spread
        assert found.outside[place] == ("99.8" if distance > 3.0902 else "95" if distance > 1.96 else "")


def test_durations_are_compared_by_logarithms_and_told_as_speed() -> None:
    observations = pilot(6)
    found = changes_of(observations, "duration")
    speed = found.as_speed()
    assert speed.change[0] == pytest.approx(100.0 * (math.exp(-found.change[0]) - 1.0), rel=EXACT)
    assert (speed.low < speed.change).all()
    assert (speed.change < speed.high).all()
    limits = funnel_of(found)
    told = limits.as_speed()
    assert (told.low_998 < told.low_95).all()
    assert told.low_95[0] < told.centre < told.high_95[0]
    with pytest.raises(ValueError, match="speed"):
        speed.as_speed()


def test_one_value_per_period_tells_nothing_of_chance() -> None:
    observations = Observations.from_columns(
        branch=["a", "a", "b", "b"], trained=[1, 1, 1, 1], period=[BEFORE, AFTER] * 2, value=[1, 2, 3, 5]
    )
    assert branch_changes(observations, OUTCOMES["score"]) == NotEstimable("single_observations")


def test_equal_values_and_too_few_branches_are_not_estimable() -> None:
    columns = {"branch": ["a"] * 4, "trained": [1] * 4, "period": [BEFORE, BEFORE, AFTER, AFTER]}
    same = Observations.from_columns(**columns, value=[1, 1, 2, 2])
    assert branch_changes(same, OUTCOMES["score"]) == NotEstimable("no_variation_within")
    alone = changes_of(Observations.from_columns(**columns, value=[1, 2, 3, 4]))
    assert funnel(alone) == NotEstimable("few_in_funnel", {"n": 1, "need": 3})


def test_rows_of_training_and_unpaired_branches_are_left_out() -> None:
    observations = Observations.from_columns(
        branch=["a"] * 5 + ["b", "b"],
        trained=[1] * 7,
        period=[BEFORE, BEFORE, DURING, AFTER, AFTER, BEFORE, BEFORE],
        value=[1, 2, 99, 3, 5, 7, 8],
    )
    found = changes_of(observations)
    assert found.branches == ("a",)
    assert found.change.tolist() == [2.5]


def test_real_hospitals_differ_beyond_chance(data_folder: Path) -> None:
    """Monthly shares of waits over four hours in large departments, 2017 against 2018."""
    values: dict[str, dict[int, list[float]]] = {}
    with (data_folder / "nhs_ae.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            year = int(row["period"][:4])
            if row["type"] == "1" and int(row["attendances"]) > 0:
                share = float(row["breaches"]) / float(row["attendances"])
                values.setdefault(row["org_code"], {}).setdefault(year, []).append(share)
    rows = [
        (name, period, share)
        for name, years in values.items()
        for year, period in ((2017, BEFORE), (2018, AFTER))
        for share in years.get(year, [])
    ]
    branch, period, value = zip(*rows, strict=True)
    observations = Observations.from_columns(
        branch=branch, trained=[1] * len(rows), period=period, value=value
    )
    changes = changes_of(observations, "proportion")
    found = funnel_of(changes)
    assert len(changes.branches) > 130
    assert found.tau_squared > 0.0
    assert 0 < sum(outside != "" for outside in found.outside) < 0.2 * len(changes.branches)


def test_equal_spread_is_an_analysis_of_variance_of_distances_from_medians() -> None:
    observations = pilot(7, branches=8, visits=8)
    found = equal_spread(observations, OUTCOMES["score"])
    assert isinstance(found, SpreadTest)
    groups = []
    for branch in range(8):
        distances = []
        for period in (BEFORE, AFTER):
            own = observations.value[(observations.branch == branch) & (observations.period == period)]
            if len(own) >= 3:
                distances.append(np.abs(own - np.median(own)))
        groups.append(np.concatenate(distances))
    theirs = f_oneway(*groups)
    assert found.statistic == pytest.approx(theirs.statistic, rel=EXACT)
    assert found.pvalue == pytest.approx(theirs.pvalue, rel=1e-7)
    after = replace(observations, value=np.where(observations.period == AFTER, observations.value, np.nan))
    one_period = equal_spread(after, OUTCOMES["score"])
    assert isinstance(one_period, SpreadTest)
    kept = [observations.value[(observations.branch == b) & (observations.period == AFTER)] for b in range(8)]
    levenes = levene(*[own for own in kept if len(own) >= 3], center="median")
    assert one_period.statistic == pytest.approx(levenes.statistic, rel=EXACT)


def test_unequal_spread_is_found_and_equal_spread_seldom() -> None:
    def tested(seed: int, restless: float) -> float:
        observations = pilot(seed, branches=16, visits=8)
        wild = np.where(observations.branch % 2 == 1, restless, 1.0)
        found = equal_spread(
            replace(observations, value=wild * (observations.value - 80.0)), OUTCOMES["score"]
        )
        assert isinstance(found, SpreadTest)
        return found.pvalue

    assert sum(tested(seed, 1.0) <= 0.05 for seed in range(100)) <= 14
    assert all(tested(seed, 3.0) <= 0.01 for seed in range(10))


def test_shares_within_chance_lie_within_the_funnel() -> None:
    """Binomial counts of one share, and Poisson counts of one rate."""
    rng = np.random.default_rng(5)
    inside = {"arcsine": 0, "root": 0}
    taus = []
    for _ in range(40):
        exposure = rng.integers(60, 3000, 50).astype(float)
        for scale, events in (
            ("arcsine", rng.binomial(exposure.astype(int), 0.12)),
            ("root", rng.poisson(exposure * 0.12)),
        ):
            shares = Shares.of(events.astype(float), exposure, scale=scale)
            found = funnel(shares)
            assert isinstance(found, Funnel)
            inside[scale] += found.outside.count("")
            taus.append(found.tau_squared * np.median(exposure) * 4.0)
    assert [count / 2000 for count in inside.values()] == pytest.approx([0.95, 0.95], abs=0.02)
    assert np.median(taus) < 0.2  # of the variance of chance at a middling size


def test_limits_of_shares_are_told_as_shares() -> None:
    shares = Shares.of(np.array([1.0, 30.0, 200.0, 5.0]), np.array([10.0, 100.0, 1000.0, 40.0]))
    assert shares.told(shares.estimate).tolist() == pytest.approx([0.1, 0.3, 0.2, 0.125])
    found = funnel(shares)
    assert isinstance(found, Funnel)
    told = found.told(shares.told, "share")
    assert (told.low_95 >= 0.0).all()
    assert (told.high_998 <= 1.0).all()
    assert told.low_95[-1] < told.centre < told.high_95[-1]
    rates = Shares.of(np.array([4.0]), np.array([8.0]), scale="root")
    assert rates.told(rates.estimate).tolist() == pytest.approx([0.5])
    for events, exposure in ((-1.0, 3.0), (1.0, 0.0), (4.0, 3.0)):
        with pytest.raises(ValueError, match=r"exposure|trials"):
            Shares.of(np.array([events]), np.array([exposure]))


def test_real_hospitals_are_over_dispersed_beyond_the_binomial(data_folder: Path) -> None:
    """Waits over four hours in large departments over 2018: binomial limits would call nearly all unusual."""
    counts: dict[str, list[float]] = {}
    with (data_folder / "nhs_ae.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["type"] == "1" and row["period"].startswith("2018"):
                own = counts.setdefault(row["org_code"], [0.0, 0.0])
                own[0] += float(row["breaches"])
                own[1] += float(row["attendances"])
    events, exposure = np.array([c for c in counts.values() if c[1] > 0]).T
    shares = Shares.of(events, exposure)
    found = funnel(shares)
    assert isinstance(found, Funnel)
    by_chance = np.abs(shares.estimate - found.centre) / shares.standard_error
    assert np.mean(by_chance > 3.09) > 0.9
    assert np.mean([outside != "" for outside in found.outside]) < 0.12
    assert found.tau_squared > 100.0 * np.median(shares.standard_error**2)


def counts(dispersed: float = 0.0) -> Observations:
    rng = np.random.default_rng(8)
    branch = np.repeat(np.arange(10), 12)
    exposure = rng.uniform(50.0, 400.0, len(branch))
    rate = 0.1 * (rng.gamma(1.0 / dispersed, dispersed, len(branch)) if dispersed else 1.0)
    return Observations.from_columns(
        branch=np.array([f"B{b}" for b in branch]),
        trained=branch < 5,
        period=np.where(np.arange(len(branch)) % 2 == 1, AFTER, BEFORE),
        value=rng.poisson(rate * exposure),
        exposure=exposure,
    )


def test_rates_of_branches_are_those_of_a_poisson_regression() -> None:
    observations = counts(dispersed=0.3)
    found = branch_rate_changes(observations)
    assert not isinstance(found, NotEstimable)
    after = (observations.period == AFTER).astype(int)
    assert observations.exposure is not None
    frame = pd.DataFrame({"y": observations.value, "b": observations.branch, "a": after})
    model = smf.glm(
        "y ~ 0 + C(b) + C(b):a", frame, family=sm.families.Poisson(), exposure=observations.exposure
    ).fit(scale="X2")
    assert found.within_variance == pytest.approx(model.scale, rel=1e-6)
    assert found.df == model.df_resid
    for place in range(10):
        name = f"C(b)[{place}]:a"
        # half an event in about 100: the estimates are close, not the same
        assert found.change[place] == pytest.approx(model.params[name], abs=0.01)
        assert found.standard_error[place] == pytest.approx(model.bse[name], rel=0.01)


def test_counts_that_vary_by_chance_only_have_poisson_errors() -> None:
    found = branch_rate_changes(counts())
    assert not isinstance(found, NotEstimable)
    assert 1.0 <= found.within_variance < 1.4
    assert found.standard_error.tolist() == pytest.approx(
        np.sqrt(found.within_variance * (1.0 / found.n).sum(axis=1)).tolist(), rel=EXACT
    )
    limits = funnel_of(found)
    assert limits.scale == "log_rate_ratio"
