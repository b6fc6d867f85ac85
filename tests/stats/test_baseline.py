"""How alike two groups were, and how several outcomes share an error rate."""

import pytest

from pilot_eval.stats.baseline import standardised_difference
from pilot_eval.stats.families import holm, interval_level

# Worked by hand: exact up to rounding.
TOLERANCE = 1e-12


def test_the_difference_is_in_standard_deviations_of_both_groups() -> None:
    # Means 3 and 1, variances 2 and 2.
    assert standardised_difference([2.0, 4.0], [0.0, 2.0]) == pytest.approx(2 / 2**0.5, rel=TOLERANCE)


def test_a_lonely_branch_or_no_spread_tells_nothing() -> None:
    assert standardised_difference([1.0], [1.0, 2.0]) is None
    assert standardised_difference([1.0, 1.0], [2.0, 2.0]) is None


def test_holm_never_goes_above_one_and_keeps_the_order() -> None:
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([0.03, 0.02]) == pytest.approx([0.04, 0.04], rel=TOLERANCE)
    assert interval_level(0.9, 4) == pytest.approx(0.975, rel=TOLERANCE)
