"""Observations are columns in one canonical order, and a branch has one arm and one stratum."""

from __future__ import annotations

import numpy as np
import pytest

from pilot_eval.domain.errors import BadInput
from pilot_eval.domain.observations import AFTER, BEFORE, DURING, Observations


def test_rows_stand_in_one_order_whatever_order_they_came_in() -> None:
    columns = {
        "branch": np.array(["b", "a", "b", "a", "a"]),
        "trained": np.array([0, 1, 0, 1, 1]),
        "period": np.array([AFTER, BEFORE, BEFORE, AFTER, DURING]),
        "value": np.array([4.0, 2.0, 1.0, np.nan, 3.0]),
        "auditor": np.array(["x", "y", "x", "z", "y"]),
    }
    first = Observations.from_columns(**columns)
    turned = Observations.from_columns(**{name: column[::-1] for name, column in columns.items()})
    assert first.branches == turned.branches == ("a", "b")
    assert first.trained.tolist() == turned.trained.tolist() == [True, False]
    assert first.period.tolist() == turned.period.tolist() == [BEFORE, DURING, AFTER, BEFORE, AFTER]
    np.testing.assert_array_equal(first.value, turned.value)
    assert first.auditor is not None
    assert turned.auditor is not None
    assert first.auditor.names == ("x", "y", "z")
    assert first.auditor.codes.tolist() == turned.auditor.codes.tolist() == [1, 1, 2, 0, 0]


@pytest.mark.parametrize("column", ["trained", "stratum"])
def test_a_branch_in_two_arms_or_strata_is_refused_by_name(column: str) -> None:
    columns = {"branch": ["a", "a", "b"], "trained": [1, 1, 0], "period": [0, 2, 0], "value": [1, 2, 3]}
    mixed = columns | ({"trained": [1, 0, 0]} if column == "trained" else {"stratum": ["n", "s", "n"]})
    with pytest.raises(BadInput, match="branch a") as caught:
        Observations.from_columns(**mixed)
    assert caught.value.total == 1


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="same length"):
        Observations.from_columns(branch=["a", "b"], trained=[1, 0], period=[0], value=[1, 2])


def test_rows_and_missing_cells_may_be_more_than_what_is_here() -> None:
    found = Observations.from_columns(
        branch=["a"], trained=[1], period=[0], value=[1], rows=5, missing={"branch": 4}, digest="f0"
    )
    assert (found.rows, found.missing, found.digest) == (5, {"branch": 4}, "f0")
    assert Observations.from_columns(branch=["a"], trained=[1], period=[0], value=[1]).rows == 1


def test_no_rows_are_no_branches() -> None:
    found = Observations.from_columns(branch=[], trained=[], period=[], value=[])
    assert found.branches == ()
    assert len(found.value) == 0
