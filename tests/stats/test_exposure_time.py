"""Effects by time since training against clubSandwich and against what was put in."""

from __future__ import annotations

import numpy as np
import pytest

from pilot_eval.stats.exposure_time import ExposureTime, exposure_time
from pilot_eval.stats.wedge_regression import Contrast, Wedge
from tests.stats.wedges import fit_of, from_r, made_up_wedge

PRINTED = 1e-9  # relative: R wrote 15 digits, its own order of sums loses some


def times_of(wedge: Wedge) -> ExposureTime:
    found = exposure_time(wedge)
    assert found is not None
    return found


def test_the_line_over_time_is_that_of_clubsandwich() -> None:
    wedge, stored = from_r()
    found = times_of(wedge)
    for own, expected in ((found.first, stored["slope"]["trained"]), (found.slope, stored["slope"]["since"])):
        assert own.estimate == pytest.approx(expected["estimate"], rel=PRINTED)
        assert own.standard_error == pytest.approx(expected["standard_error"], rel=PRINTED)
        assert own.df == pytest.approx(expected["df"], rel=PRINTED)
        assert own.pvalue == pytest.approx(expected["pvalue"], rel=PRINTED)


def test_effects_put_in_without_noise_come_out() -> None:
    crossing, put_in = np.array([1, 1, 2, 2, 3, 3, 5, 5]), np.array([3.0, 1.0, 4.0, -1.0])
    since = np.arange(5) - crossing[:, None]
    mean = 10.0 * np.arange(8)[:, None] + np.arange(5) ** 2 + 60.0
    mean = mean + np.where(since >= 0, put_in[np.clip(since, 0, 3)], 0.0)
    found = times_of(Wedge.of(mean + 1e-7 * np.random.default_rng(1).normal(size=mean.shape), crossing))
    assert [one.estimate for one in found.effects] == pytest.approx(put_in.tolist(), abs=1e-5)
    assert found.average is not None
    assert found.average.estimate == pytest.approx(float(put_in.mean()), abs=1e-5)
    assert found.average.method == "exposure_time"
    assert found.last == 3


def test_where_everyone_has_been_trained_for_one_period_time_cannot_be_told_from_training() -> None:
    assert exposure_time(made_up_wedge(41, [1] * 6 + [2] * 6, 2)) is None


def test_without_never_trained_branches_the_line_is_known_and_the_mean_may_not_be() -> None:
    found = times_of(made_up_wedge(42, [1, 1, 1, 2, 2, 2], 4))
    assert found.last == 2
    assert (found.average is None) == (len(found.effects) == 0)


def test_one_number_misleads_only_where_the_slope_is_clear_and_the_mean_excludes_it() -> None:
    flat, steep = Contrast(0.1, 0.2, 8.0), Contrast(2.0, 0.2, 8.0)
    mean = Contrast(5.0, 0.5, 8.0, "exposure_time")
    first = Contrast(1.0, 0.5, 8.0)
    assert ExposureTime(first, steep, 3, (), mean).misleads(1.0, 0.95)
    assert not ExposureTime(first, steep, 3, (), mean).misleads(4.5, 0.95)
    assert not ExposureTime(first, flat, 3, (), mean).misleads(1.0, 0.95)
    assert not ExposureTime(first, steep, 3).misleads(1.0, 0.95)
    unknown = Contrast(2.0, 0.2, float("nan"))  # a single branch decides the slope
    assert not ExposureTime(first, unknown, 3, (), mean).misleads(1.0, 0.95)


def test_a_constant_effect_gives_the_same_number_both_ways_on_average() -> None:
    differences = []
    for seed in range(40):
        wedge = made_up_wedge(seed, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5], 5)
        found = times_of(wedge)
        assert found.average is not None
        differences.append(found.average.estimate - float(fit_of(wedge).coefficients[0]))
    assert np.mean(differences) == pytest.approx(0.0, abs=3.0 * np.std(differences) / np.sqrt(40))
