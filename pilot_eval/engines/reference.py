"""The oracle: the same sums by plain loops, slow and exact, for every other engine to be compared with."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pilot_eval.domain.observations import PERIODS, Observations


@dataclass(frozen=True, slots=True)
class ReferenceCell:
    """Values of one branch in one period: how many, their mean, their sum of squared deviations."""

    n: int
    mean: float
    squares: float


def reference_cells(observations: Observations) -> dict[tuple[str, str], ReferenceCell]:
    """Cells by branch and period name, summed without rounding error; those without a value are not there."""
    values: dict[tuple[str, str], list[float]] = {}
    for branch, period, value in zip(
        observations.branch.tolist(), observations.period.tolist(), observations.value.tolist(), strict=True
    ):
        if not math.isnan(value):
            values.setdefault((observations.branches[branch], PERIODS[period]), []).append(value)
    return {place: _cell(own) for place, own in values.items()}


def _cell(values: list[float]) -> ReferenceCell:
    mean = math.fsum(values) / len(values)
    return ReferenceCell(len(values), mean, math.fsum((value - mean) ** 2 for value in values))
