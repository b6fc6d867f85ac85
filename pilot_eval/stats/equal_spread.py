"""Whether values vary alike in all branches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

from pilot_eval.domain.observations import AFTER, Observations
from pilot_eval.domain.outcomes import Outcome
from pilot_eval.stats.cells import on_scale
from pilot_eval.stats.flow import in_either_period
from pilot_eval.stats.results import NotEstimable

Floats = NDArray[np.float64]

FEWEST_FOR_SPREAD = 3  # values of a branch and period


@dataclass(frozen=True, slots=True)
class SpreadTest:
    """Whether values vary alike in all branches: F, its degrees of freedom and p-value."""

    statistic: float
    df: tuple[float, float]
    pvalue: float


def equal_spread(observations: Observations, measure: Outcome) -> SpreadTest | NotEstimable:
    """Test that values vary alike in all branches, which the pooled variance takes for granted.

    Analysis of variance of the absolute distances from the median of their branch and period, over branches;
    cells of fewer than three values say nothing of spread and are left out.

    References
    ----------
    Brown & Forsythe 1974, JASA 69(346).
    """
    rows = in_either_period(observations)
    value = on_scale(observations.value[rows], measure.values)
    cell = 2 * observations.branch[rows] + (observations.period[rows] == AFTER)
    order = np.argsort(cell, kind="stable")
    cells, starts = np.unique(cell[order], return_index=True)
    groups: dict[int, list[Floats]] = {}
    for own, found in zip(cells.tolist(), np.split(value[order], starts[1:]), strict=True):
        if len(found) >= FEWEST_FOR_SPREAD:
            groups.setdefault(own // 2, []).append(np.abs(found - np.median(found)))
    distances = [np.concatenate(parts) for parts in groups.values()]
    n = sum(len(part) for part in distances)
    df = (float(len(distances) - 1), float(n - len(distances)))
    if min(df) < 1.0:
        return NotEstimable("single_observations")
    grand = sum(float(part.sum()) for part in distances) / n
    between = sum(len(part) * (float(part.mean()) - grand) ** 2 for part in distances)
    within = sum(float(np.sum((part - part.mean()) ** 2)) for part in distances)
    if within <= 0.0:
        return NotEstimable("no_variation_within")
    statistic = between / df[0] / (within / df[1])
    return SpreadTest(statistic, df, float(fdtrc(*df, statistic)))
