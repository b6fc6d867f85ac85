"""Observations as plain lists, to be compared with the oracle."""

from __future__ import annotations

from pilot_eval.domain.observations import ARMS, PERIODS, Observations
from pilot_eval.engines.reference import ReferenceObservations, Row


def rows_of(observations: Observations) -> list[Row]:
    """The rows in the order in which they were handed over."""
    columns = (observations.branch.tolist(), observations.period.tolist(), observations.value.tolist())
    return [
        (observations.branches[branch], PERIODS[period], None if value != value else value)
        for branch, period, value in zip(*columns, strict=True)
    ]


def plain(observations: Observations) -> ReferenceObservations:
    branches, stratum = observations.branches, observations.stratum
    return ReferenceObservations(
        arms={name: ARMS[arm] for name, arm in zip(branches, observations.trained.tolist(), strict=True)},
        strata={
            name: stratum.names[code] for name, code in zip(branches, stratum.codes.tolist(), strict=True)
        }
        if stratum
        else {},
        rows=rows_of(observations),
        count=observations.rows,
        missing=dict(observations.missing),
    )
