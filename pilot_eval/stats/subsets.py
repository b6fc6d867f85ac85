"""Observations of some rows, or with other values: what another way to analyse the same data looks at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import Labels, Matrix, Observations

PER_BRANCH = ("trained", "stratum", "trained_on")
PER_ROW = (
    "branch", "period", "value", "date", "exposure", "censored", "closed", "operation", "auditor", "daypart",
    "pair", "entered", "covariates", "items",
)  # fmt: skip


def with_rows(observations: Observations, kept: NDArray[np.bool_]) -> Observations:
    """Only some rows, and only the branches that have any of them.

    Parameters
    ----------
    observations : rows
    kept : (n,) which of them
    """
    seen = np.bincount(observations.branch[kept], minlength=len(observations.branches)) > 0
    place = np.cumsum(seen) - 1
    columns: dict[str, Any] = {name: _taken(getattr(observations, name), kept) for name in PER_ROW}
    columns |= {name: _taken(getattr(observations, name), seen) for name in PER_BRANCH}
    columns["branch"] = place[columns["branch"]]
    names = tuple(name for name, there in zip(observations.branches, seen, strict=True) if there)
    return replace(observations, branches=names, **columns)


def without_branch(observations: Observations, branch: int) -> Observations:
    """All but one branch."""
    return with_rows(observations, observations.branch != branch)


def _taken(column: Any, kept: NDArray[np.bool_]) -> Any:
    if column is None:
        return None
    if isinstance(column, Labels):
        return Labels(column.names, column.codes[kept])
    return column.take(kept) if isinstance(column, Matrix) else column[kept]
