"""The regions of the network with their mean changes, as far as the reader may see them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from pilot_eval.domain.network import folded
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Arm
from pilot_eval.operations.branch_results import pending_pilots
from pilot_eval.operations.network_metrics import Made, Metric, chosen_metric, own_region, stored_metrics
from pilot_eval.operations.policy import Action, may
from pilot_eval.records.branch_results import BranchResult
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.pilots import PilotBranch
from pilot_eval.reports.network import Mean
from pilot_eval.stats.branch_uplifts import GroupMean, group_mean

LEVEL = 0.95  # of the intervals of regions


@dataclass(frozen=True, slots=True)
class RegionRow:
    """A region; `piloted` branches take or took part in a pilot."""

    code: str
    name: str
    branches: int
    piloted: int
    trained: Mean | None
    comparison: Mean | None


@dataclass(frozen=True, slots=True)
class Regions:
    """The regions that the reader may see, by name; `pending` pilots have newer data than the table."""

    metrics: tuple[Metric, ...]
    metric: Metric | None
    rows: tuple[RegionRow, ...]
    pending: int
    made: Made


def regions_table(session: Session, actor: Actor, metric: str = "") -> Regions:
    """The regions that the actor may see, with their mean changes.

    Raises
    ------
    NotAllowed
        For roles that compare no branches.
    """
    own = own_region(actor)
    metrics, made = stored_metrics(session, own)
    chosen = chosen_metric(metrics, metric)
    means = {} if chosen is None else _means(session, chosen, own)
    statement = (
        sa.select(col(Region.id), col(Region.code), col(Region.name), sa.func.count(col(Branch.id)))
        .outerjoin(Branch, col(Branch.region_id) == col(Region.id))
        .group_by(col(Region.id), col(Region.code), col(Region.name))
    )
    if own is not None:
        statement = statement.where(col(Region.id) == own)
    piloted = _piloted(session, own)
    rows = [
        RegionRow(
            code,
            name,
            count,
            piloted.get(region_id, 0),
            means.get((region_id, Arm.TRAINED)),
            means.get((region_id, Arm.COMPARISON)),
        )
        for region_id, code, name, count in session.execute(statement)
    ]
    pending = len(pending_pilots(session)) if may(actor, Action.REBUILD_RESULTS) else 0
    by_name = tuple(sorted(rows, key=lambda row: (folded(row.name), row.code)))
    return Regions(metrics, chosen, by_name, pending, made)


def _means(session: Session, metric: Metric, own: int | None) -> dict[tuple[int, Arm], Mean]:
    """Mean change of each region's branches by arm, from sums that the database makes."""
    result = BranchResult
    statement = (
        sa.select(
            col(result.region_id),
            col(result.arm),
            sa.func.count(),
            sa.func.sum(col(result.change)),
            sa.func.sum(col(result.change) * col(result.change)),
        )
        .where(col(result.metric) == metric.key, col(result.newest) == sa.true())
        .group_by(col(result.region_id), col(result.arm))
    )
    if own is not None:
        statement = statement.where(col(result.region_id) == own)
    return {
        (region_id, Arm(arm)): _mean(count, total, squares)
        for region_id, arm, count, total, squares in session.execute(statement)
    }


def _mean(count: int, total: float, squares: float) -> Mean:
    found = group_mean(count, total, squares)
    if not isinstance(found, GroupMean):
        return Mean(count, total / count, None, None)
    ends = found.confidence_interval(LEVEL)
    return Mean(count, found.estimate, ends.low, ends.high)


def _piloted(session: Session, own: int | None) -> dict[int, int]:
    """Branches by region that take or took part in a pilot."""
    branch, member = col(Branch.id), col(PilotBranch.branch_id)
    statement = sa.select(col(Branch.region_id), sa.func.count(sa.distinct(branch))).join(
        PilotBranch, member == branch
    )
    if own is not None:
        statement = statement.where(col(Branch.region_id) == own)
    grouped = session.execute(statement.group_by(col(Branch.region_id)))
    return {region_id: count for region_id, count in grouped}  # noqa: C416 - rows are no pairs to mypy
