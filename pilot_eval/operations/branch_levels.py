"""Level before and after, and change, of each branch, as `pilot-summary/1` and evidence bundles have them."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

from pilot_eval.domain.observations import Observations
from pilot_eval.domain.outcomes import OUTCOMES
from pilot_eval.domain.pilots import Period
from pilot_eval.stats.branches import BranchChanges, branch_changes
from pilot_eval.stats.cells import Cells, observed_cells

NOTHING: dict[str, Any] = {"before": None, "after": None, "change": None}


def branch_cells(
    observations: Observations, kind: str, seen: Collection[Period], level: float
) -> dict[str, dict[str, Any]]:
    """Level before and after, and change, by branch, in the units of `pilot-summary/1`."""
    cells = observed_cells(observations, OUTCOMES[kind].values)
    rows: dict[str, dict[str, Any]] = {code: dict(NOTHING) for code in observations.branches}
    for column, period in enumerate((Period.BEFORE, Period.AFTER)):
        if period not in seen:
            continue
        for place, code in enumerate(observations.branches):
            if cells.n[place, column]:
                mean = float(cells.mean[place, column])
                told = math.exp(mean) if kind == "duration" else mean
                rows[code][period.value] = {"n": int(cells.n[place, column]), "mean": told}
    if Period.AFTER in seen:
        for code, change in _changes(observations, cells, kind, level).items():
            rows[code]["change"] = change
    return rows


def _changes(observations: Observations, cells: Cells, kind: str, level: float) -> dict[str, dict[str, Any]]:
    """Change of each branch seen twice; without interval where no branch was seen often enough for one."""
    changes = branch_changes(observations, OUTCOMES[kind], confidence_level=level)
    if isinstance(changes, BranchChanges):
        told = changes.as_speed() if kind == "duration" else changes
        return {
            code: {"estimate": float(estimate), "confidence_interval": [float(low), float(high)]}
            for code, estimate, low, high in zip(told.branches, told.change, told.low, told.high, strict=True)
        }
    change = cells.mean[:, 1] - cells.mean[:, 0]
    return {
        code: {
            "estimate": 100 * math.expm1(-value) if kind == "duration" else float(value),
            "confidence_interval": None,
        }
        for code, value, paired in zip(observations.branches, change.tolist(), cells.paired, strict=True)
        if paired
    }
