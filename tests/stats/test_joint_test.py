"""All specifications together against permuted arms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pilot_eval.domain.observations import AFTER
from pilot_eval.stats.joint_test import JointTest, joint_test
from pilot_eval.stats.results import NotEstimable
from tests.simulation.pilots import runs
from tests.stats.test_sensitivity import analysed, curve_of, pilot, shares

EXACT = 1e-9  # relative: the same number by another order of sums


def joint_of(seed: int = 1, gain: float = 0.0, draws: int = 99) -> JointTest:
    observations = pilot(7, 7, seed=seed, gain=gain)
    found = joint_test(observations, analysed(observations, draws=draws))
    assert isinstance(found, JointTest)
    return found


@pytest.mark.parametrize("kind", ["score", "duration", "proportion"])
def test_its_median_is_that_of_the_curves_own_rows(kind: str) -> None:
    observations = shares() if kind == "proportion" else pilot()
    analysis = analysed(observations, kind=kind)
    found = joint_test(observations, analysis)
    assert isinstance(found, JointTest)
    rows = {row.code: row for row in curve_of(observations, kind=kind).rows}
    rows["weights_branch"] = rows["as_planned"]
    statistics = []
    for code in found.specifications:
        error = rows[code].standard_error
        assert error is not None
        statistics.append(rows[code].estimate / error)
    assert found.median == pytest.approx(analysis.plan.sign * float(np.median(statistics)), rel=EXACT)
    rejected = sum(rows[code].pvalue <= 0.05 for code in found.specifications)
    assert found.significant == rejected


def test_no_effect_is_rejected_as_often_as_it_says() -> None:
    times = runs(8)
    rejected = sum(joint_of(seed).median_pvalue <= 0.1 for seed in range(times))
    assert rejected / times < 0.1 + 3.0 * (0.1 * 0.9 / times) ** 0.5


def test_a_large_effect_is_found_and_the_seed_decides() -> None:
    found = joint_of(gain=15.0)
    assert found.median_pvalue == 0.01
    assert found.significant_pvalue <= 0.05
    assert found.significant == len(found.specifications)
    assert joint_of(gain=15.0) == found


def test_a_specification_without_an_answer_is_left_out() -> None:
    observations = shares()
    after = (observations.period == AFTER) & observations.trained[observations.branch]
    sure = replace(observations, value=np.where(after, 1.0, observations.value))
    found = joint_test(sure, analysed(sure, kind="proportion"))
    assert isinstance(found, JointTest)
    assert "logit" not in found.specifications
    assert "weights_branch" in found.specifications


def test_what_it_is_not_for_is_said() -> None:
    observations = pilot()
    alone = joint_test(observations, analysed(observations, design="before_after"))
    assert alone == NotEstimable("no_comparison_arm")
    ancova = joint_test(observations, analysed(observations, estimator="ancova", allocation="random"))
    assert ancova == NotEstimable("not_for_this_estimator")
    counts = replace(
        observations, value=np.round(observations.value), exposure=np.ones_like(observations.value)
    )
    rates = joint_test(counts, analysed(counts, kind="rate"))
    assert rates == NotEstimable("not_for_this_kind")
