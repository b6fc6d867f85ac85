"""Waits that were given up: curve and restricted mean against R's survival and lifelines."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pilot_eval.stats.survival import kaplan_meier

STORED = Path(__file__).parent.parent / "reference" / "censoring.json"
PRINTED = 1e-12  # relative: R wrote 15 digits


@pytest.fixture(scope="module")
def stored() -> dict[str, Any]:
    return json.loads(STORED.read_text(encoding="utf-8"))


def test_curve_and_restricted_means_are_those_of_survfit(stored: dict[str, Any]) -> None:
    data = {name: np.array(column, dtype=float) for name, column in stored["data"].items()}
    curve = kaplan_meier(data["seconds"], data["gave_up"] == 1.0)
    assert curve.time.tolist() == stored["curve"]["time"]
    assert curve.share == pytest.approx(stored["curve"]["share"], rel=PRINTED)
    means = [curve.restricted_mean(limit) for limit in stored["limits"]]
    assert means == pytest.approx(stored["restricted_mean"], rel=PRINTED)
    for period in (0, 1):
        for branch in range(10):
            rows = (data["branch"] == branch) & (data["after"] == period)
            own = kaplan_meier(data["seconds"][rows], data["gave_up"][rows] == 1.0)
            assert own.restricted_mean(120.0) == pytest.approx(
                stored["branch_period"][period][branch], rel=PRINTED
            )


def test_lifelines_gives_the_same_restricted_mean(stored: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lifelines' own dependencies deprecate one another
        from lifelines import KaplanMeierFitter
        from lifelines.utils import restricted_mean_survival_time

        time = np.array(stored["data"]["seconds"], dtype=float)
        gave_up = np.array(stored["data"]["gave_up"]) == 1
        theirs = KaplanMeierFitter().fit(time, ~gave_up)
        for limit in (30.0, 150.0, 333.0):
            expected = restricted_mean_survival_time(theirs, limit)
            assert kaplan_meier(time, gave_up).restricted_mean(limit) == pytest.approx(expected, rel=1e-9)


def test_with_nobody_giving_up_it_is_the_mean_of_the_shorter_of_wait_and_limit() -> None:
    time = np.random.default_rng(1).gamma(2.0, 100.0, 50)
    curve = kaplan_meier(time, np.zeros(50, dtype=bool))
    assert curve.reach == float("inf")
    for limit in (50.0, 200.0, 1e6):
        assert curve.restricted_mean(limit) == pytest.approx(np.minimum(time, limit).mean(), rel=1e-12)


def test_a_curve_ends_where_the_last_one_gave_up() -> None:
    time = np.array([10.0, 20.0, 30.0])
    assert kaplan_meier(time, np.array([False, False, True])).reach == 30.0
    assert kaplan_meier(time, np.array([True, True, False])).reach == float("inf")
    assert kaplan_meier(np.array([10.0, 30.0, 30.0]), np.array([False, False, True])).reach == 30.0
    nobody = kaplan_meier(time, np.ones(3, dtype=bool))
    assert nobody.reach == 30.0
    assert nobody.restricted_mean(30.0) == 30.0


def test_worked_by_hand() -> None:
    """Served at 10 and 30, given up at 20: 10 whole, then 2/3 to 30, then none."""
    curve = kaplan_meier(np.array([10.0, 20.0, 30.0]), np.array([False, True, False]))
    assert curve.share == pytest.approx([2 / 3, 0.0])
    assert curve.restricted_mean(25.0) == pytest.approx(10.0 + 15.0 * 2 / 3)
    assert curve.restricted_mean(100.0) == pytest.approx(10.0 + 20.0 * 2 / 3)
