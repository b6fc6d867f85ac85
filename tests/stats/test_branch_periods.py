"""Rows become branch-period means: what a period is, and from when a branch counts as trained."""

from __future__ import annotations

import numpy as np
import pytest

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.branch_periods import branch_periods, first_days, skipped_periods


def observations(rows: list[tuple[str, str, str, float]]) -> Observations:
    """Rows of branch, date, day of training or "", and value."""
    branch, date, trained_on, value = zip(*rows, strict=True)
    days = np.array([day or "NaT" for day in trained_on], dtype="datetime64[D]")
    late = np.array(date, dtype="datetime64[D]") >= days
    return Observations.from_columns(
        branch=list(branch),
        trained=~np.isnat(days),
        period=np.where(late, 2, 0),
        value=list(value),
        date=np.array(date, dtype="datetime64[D]"),
        trained_on=days,
    )


@pytest.mark.parametrize(
    ("unit", "first"),
    [
        (None, ["2024-02-29", "2024-03-03", "2024-03-04", "1969-12-31"]),
        ("week", ["2024-02-26", "2024-02-26", "2024-03-04", "1969-12-29"]),  # Mondays
        ("month", ["2024-02-01", "2024-03-01", "2024-03-01", "1969-12-01"]),
        ("quarter", ["2024-01-01", "2024-01-01", "2024-01-01", "1969-10-01"]),
    ],
)
def test_periods_begin_on_their_first_day(unit: str | None, first: list[str]) -> None:
    days = np.array(["2024-02-29", "2024-03-03", "2024-03-04", "1969-12-31", "NaT"], dtype="datetime64[D]")
    found = first_days(days, unit)
    assert [str(day) for day in found] == [*first, "NaT"]
    if unit == "week":
        assert all(day.astype(object).weekday() == 0 for day in found[:-1])


@pytest.mark.parametrize(
    ("unit", "days", "skipped"),
    [
        ("month", ["2023-11-01", "2023-12-01", "2024-03-01"], 2),
        ("quarter", ["2023-10-01", "2024-01-01", "2024-07-01"], 1),
        ("week", ["2024-02-26", "2024-03-04", "2024-03-25"], 2),
        (None, ["2024-01-01", "2024-06-01"], 0),
        ("month", ["2024-01-01"], 0),
    ],
)
def test_periods_without_rows_are_counted(unit: str | None, days: list[str], skipped: int) -> None:
    assert skipped_periods(np.array(days, dtype="datetime64[D]"), unit) == skipped


def test_each_date_is_a_period_and_training_counts_from_the_next() -> None:
    rows = [
        ("a", day, "2024-01-15", value)
        for day, value in (("2024-01-01", 1.0), ("2024-02-01", 5.0), ("2024-02-01", 7.0), ("2024-03-01", 9.0))
    ]
    rows += [("b", "2024-02-01", "", 4.0), ("c", "2024-03-01", "2024-06-01", 3.0)]
    panel = branch_periods(observations(rows))
    assert [str(day) for day in panel.first_day] == ["2024-01-01", "2024-02-01", "2024-03-01"]
    place = {int(branch): row for row, branch in enumerate(panel.place)}
    np.testing.assert_array_equal(panel.mean[place[0]], [1.0, 6.0, 9.0])
    np.testing.assert_array_equal(panel.n[place[0]], [1.0, 2.0, 1.0])
    np.testing.assert_array_equal(panel.mean[place[1]], [np.nan, 4.0, np.nan])
    assert panel.start[place[0]] == 1
    assert panel.start[place[1]] == panel.start[place[2]] == 3  # never, and after the data
    assert not panel.balanced


def test_rows_before_training_in_its_month_are_left_out_and_counted() -> None:
    rows = [("a", "2024-01-10", "2024-02-15", 1.0), ("a", "2024-02-10", "2024-02-15", 100.0)]
    rows += [("a", "2024-02-20", "2024-02-15", 3.0), ("b", "2024-02-01", "", 2.0)]
    panel = branch_periods(observations(rows), time_unit="month")
    assert panel.split == 1
    assert panel.mean[panel.start == 1].tolist() == [[1.0, 3.0]]


def test_names_and_order_of_rows_do_not_matter() -> None:
    rng = np.random.default_rng(1)
    names = [f"b{i}" for i in range(9)]
    rows = [
        (name, f"2024-0{month}-01", "2024-03-01" if i < 4 else "", float(rng.normal()))
        for i, name in enumerate(names)
        for month in range(1, 6)
    ]
    other = {name: f"x{i}" for i, name in enumerate(rng.permutation(names))}
    mixed = [(other[row[0]], *row[1:]) for row in (rows[i] for i in rng.permutation(len(rows)))]
    first, second = branch_periods(observations(rows)), branch_periods(observations(mixed))
    np.testing.assert_array_equal(first.mean, second.mean)
    np.testing.assert_array_equal(first.start, second.start)


def test_scales_of_shares_and_times() -> None:
    rows = [("a", "2024-01-01", "", 0.0), ("a", "2024-01-01", "", 1.0), ("a", "2024-02-01", "", 0.5)]
    assert branch_periods(observations(rows), scale="percent").mean.tolist() == [[50.0, 50.0]]
    logs = branch_periods(observations(rows), scale="log").mean
    np.testing.assert_allclose(logs, [[np.log(0.5) / 2.0, np.log(0.5)]])
