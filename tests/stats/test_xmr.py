"""XmR charts."""

from __future__ import annotations

import numpy as np
import pytest

from pilot_eval.stats.xmr import xmr

# NIST/SEMATECH e-Handbook of Statistical Methods, section 6.3.2.2: ten batches, limits by 3 / 1.128.
FLOWS = np.array([49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1])
PRINTED = 1e-3  # 2.66 for 3 / 1.128 = 2.6596


def test_limits_are_those_of_the_handbook() -> None:
    (stretch,) = xmr(FLOWS).stretches
    assert stretch.centre == pytest.approx(50.81)
    assert stretch.mean_range == pytest.approx(1.8778, abs=5e-5)
    assert stretch.high == pytest.approx(55.8041, abs=PRINTED)
    assert stretch.low == pytest.approx(45.8159, abs=PRINTED)
    assert stretch.range_limit == pytest.approx(3.268 * 1.87778, abs=PRINTED)
    assert stretch.trial
    assert not xmr(FLOWS).signal.any()


def test_limits_begin_anew_at_training() -> None:
    calm = np.tile([10.0, 11.0], 8)
    found = xmr(np.concatenate([calm, calm + 20.0]), [16])
    before, after = found.stretches
    assert (after.centre - before.centre, after.start, after.stop) == (20.0, 16, 32)
    assert not before.trial
    assert np.isnan(found.moving_range[[0, 16]]).all()
    assert not found.signal.any()
    whole = xmr(np.concatenate([calm, calm + 20.0]))
    assert whole.outside.any()
    assert whole.wide_range[16]


def test_a_value_far_out_and_eight_on_one_side_are_signals() -> None:
    spiked = np.append(np.tile([10.0, 11.0], 12), 30.0)
    assert xmr(spiked).outside.tolist() == [False] * 24 + [True]
    drift = np.array([0.0, 1.0] * 6 + [5.0, 5.2] * 4)
    assert xmr(drift).run[12:].all()
    seven = xmr(np.array([0.0, 2.0] * 6 + [1.4] * 3)).run
    assert not seven.any()


def test_a_value_on_the_centre_ends_a_run() -> None:
    values = np.array([1.0] * 5 + [0.0] + [1.0] * 5 + [-1.0] * 10)
    assert float(values.mean()) == 0.0
    assert xmr(values).run.tolist() == [False] * 11 + [True] * 10


def test_one_value_has_no_limits_and_bad_places_are_refused() -> None:
    found = xmr(np.array([3.0]))
    assert np.isnan(found.stretches[0].low)
    assert not found.signal.any()
    for places in ([0], [10], [5, 5], [7, 3]):
        with pytest.raises(ValueError, match="growing places"):
            xmr(FLOWS, places)
