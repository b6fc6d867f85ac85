"""How alike two groups were."""

import pytest

from pilot_eval.stats.baseline import standardised_difference

# Worked by hand: exact up to rounding.
TOLERANCE = 1e-12


def test_the_difference_is_in_standard_deviations_of_both_groups() -> None:
    # Means 3 and 1, variances 2 and 2.
    assert standardised_difference([2.0, 4.0], [0.0, 2.0]) == pytest.approx(2 / 2**0.5, rel=TOLERANCE)


def test_a_lonely_branch_or_no_spread_tells_nothing() -> None:
    assert standardised_difference([1.0], [1.0, 2.0]) is None
    assert standardised_difference([1.0, 1.0], [2.0, 2.0]) is None
