"""The oracle: the same observations and sums by plain loops, for every other engine to be compared with."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pilot_eval.domain.observations import PERIODS

Row = tuple[str, str, float | None]


@dataclass(frozen=True, slots=True)
class ReferenceObservations:
    """Observations in plain lists.

    Parameters
    ----------
    arms, strata : arm and stratum by branch
    rows : (branch, period, value) by branch, period and value; None is missing and stands last
    count : rows of the source, placed or not
    missing : empty cells by column, where there are any
    """

    arms: dict[str, str]
    strata: dict[str, str]
    rows: list[Row]
    count: int
    missing: dict[str, int]


@dataclass(frozen=True, slots=True)
class ReferenceCell:
    """Values of one branch in one period: how many, their mean, their sum of squared deviations."""

    n: int
    mean: float
    squares: float


def reference_observations(
    records: Sequence[Mapping[str, str]], outcome: str, strata: str | None = None
) -> ReferenceObservations:
    """Observations of well-formed records of text; those without branch, arm, period or stratum are left out.

    Parameters
    ----------
    records : one mapping per row, with the keys branch, arm, period, `outcome` and `strata`
    outcome, strata : names of columns
    """
    needed = ["branch", "arm", "period"] + ([strata] if strata else [])
    missing: dict[str, int] = {}
    found = ReferenceObservations({}, {}, [], len(records), missing)
    for record in records:
        for column in [*needed, outcome]:
            if not record[column]:
                missing[column] = missing.get(column, 0) + 1
        if not all(record[column] for column in needed):
            continue
        branch = record["branch"]
        found.arms[branch] = record["arm"]
        if strata:
            found.strata[branch] = record[strata]
        found.rows.append((branch, record["period"], float(record[outcome]) if record[outcome] else None))
    found.rows.sort(key=_place)
    return found


def _place(row: Row) -> tuple[str, int, bool, float]:
    branch, period, value = row
    return branch, PERIODS.index(period), value is None, value or 0.0


def reference_cells(rows: Iterable[Row]) -> dict[tuple[str, str], ReferenceCell]:
    """Cells by branch and period name, summed without rounding error; those without a value are not there."""
    values: dict[tuple[str, str], list[float]] = {}
    for branch, period, value in rows:
        if value is not None:
            values.setdefault((branch, period), []).append(value)
    return {place: _cell(own) for place, own in values.items()}


def _cell(values: list[float]) -> ReferenceCell:
    mean = math.fsum(values) / len(values)
    return ReferenceCell(len(values), mean, math.fsum((value - mean) ** 2 for value in values))
