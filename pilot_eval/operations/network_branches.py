"""The branches of the network page by page, as far as the reader may see them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from pilot_eval.domain.errors import NotFound
from pilot_eval.domain.network import folded
from pilot_eval.domain.people import Actor
from pilot_eval.operations.branch_listing import SORTS, Listing, Sort, count_branches
from pilot_eval.operations.network_metrics import Made, Metric, chosen_metric, own_region, stored_metrics
from pilot_eval.operations.summaries import FEWEST_IN_AGGREGATE
from pilot_eval.records.branch_results import BranchResult
from pilot_eval.records.network import Branch, Region
from pilot_eval.reports.network import Change

# A pilot and one of its arms.
OfArm = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Place:
    """A region and how many branches it has."""

    id: int
    code: str
    name: str
    branches: int


@dataclass(frozen=True, slots=True)
class BranchLine:
    """A branch with its newest result, if it has one, and the pilot that this is from."""

    code: str
    name: str
    region_code: str
    region: str
    arm: str
    change: Change | None
    pilot: str
    pilot_en: str
    pilot_ru: str


@dataclass(frozen=True, slots=True)
class Branches:
    """One page of branches.

    Parameters
    ----------
    region : the one that the table is of; None for all
    total, found : branches in it, and those of them that the search finds
    following : code of the branch that the next page begins after; empty on the last page
    """

    metrics: tuple[Metric, ...]
    metric: Metric | None
    region: Place | None
    lines: tuple[BranchLine, ...]
    total: int
    found: int
    following: str
    made: Made


@dataclass(frozen=True, slots=True)
class Wish:
    """How a table of branches is asked for; what does not exist is as if it had not been said.

    Parameters
    ----------
    metric : key of a metric
    search : part of a name or code; capitals and ё do not matter
    sort, descending : an entry of SORTS
    after : code of the branch that the page begins after
    """

    metric: str = ""
    search: str = ""
    sort: str = "name"
    descending: bool = False
    after: str = ""


def branches_table(session: Session, actor: Actor, wish: Wish, region: str | None = None) -> Branches:
    """One page of the branches that the actor may see, in one region or in all.

    However many branches there are, it takes the same number of statements.

    Raises
    ------
    NotAllowed
        For roles that compare no branches.
    NotFound
        If there is no such region, or it is not the manager's: the two are never told apart.
    """
    own = own_region(actor)
    place = _place(session, region, own)
    metrics, made = stored_metrics(session, own)
    chosen = chosen_metric(metrics, wish.metric)
    hidden = set() if own is None or chosen is None else _giving_away(session, chosen, own)
    sort, descending = _order(wish, chosen, with_drawn=not hidden)
    within = None if place is None else place.id
    listing = Listing("" if chosen is None else chosen.key, within, folded(wish.search), sort, descending)
    rows, following = listing.page(session, wish.after)
    total = count_branches(session) if place is None else place.branches
    return Branches(
        metrics,
        chosen,
        place,
        tuple(_line(row, hidden) for row in rows),
        total,
        count_branches(session, within, listing.search) if listing.search else total,
        following,
        made,
    )


def _place(session: Session, code: str | None, own: int | None) -> Place | None:
    """The region that a table is of: the one asked for, else the manager's own, else none."""
    if code is None and own is None:
        return None
    given = {"code": code, "own": own}
    found = session.execute(_region(code is not None, own is not None), given).one_or_none()
    if found is None and code is not None:
        raise NotFound
    return None if found is None else Place(*found)


@cache
def _region(by_code: bool, held: bool) -> Any:
    branches = sa.select(sa.func.count()).where(col(Branch.region_id) == col(Region.id)).scalar_subquery()
    statement = sa.select(col(Region.id), col(Region.code), col(Region.name), branches)
    if by_code:
        statement = statement.where(col(Region.code) == sa.bindparam("code"))
    return statement.where(col(Region.id) == sa.bindparam("own")) if held else statement


def _giving_away(session: Session, metric: Metric, own: int) -> set[OfArm]:
    """Arms of pilots whose mean a manager may not learn: what is drawn to it would tell it.

    Take away the own branches, which the manager knows, and what is left would be that of too few others.
    """
    result = BranchResult
    foreign = col(result.region_id) != own
    statement = (
        sa.select(
            col(result.pilot_id),
            col(result.arm),
            sa.func.count(sa.case((foreign, 1))),
            sa.func.count(sa.distinct(sa.case((foreign, col(result.region_id))))),
        )
        .where(col(result.metric) == metric.key)
        .group_by(col(result.pilot_id), col(result.arm))
        .having(sa.func.count(sa.case((~foreign, 1))) > 0)
    )
    return {
        (pilot_id, arm.value)
        for pilot_id, arm, branches, regions in session.execute(statement)
        if branches and (branches < FEWEST_IN_AGGREGATE or regions < 2)
    }


def _order(wish: Wish, metric: Metric | None, *, with_drawn: bool) -> tuple[Sort, bool]:
    """The order in stored values: a fall of log time is a rise of speed."""
    sort: Sort = next((known for known in SORTS if known == wish.sort), "name")
    if sort in ("change", "shrunken"):
        if metric is None:
            return "name", False
        sort = sort if with_drawn else "change"  # an order would tell of the numbers that are not shown
        return sort, wish.descending != (metric.kind == "duration")
    return sort, wish.descending


def _line(row: Any, hidden: Collection[OfArm]) -> BranchLine:
    change = None
    arm = row.arm.value if row.arm else ""
    if row.change is not None:
        change = Change(
            row.n_before,
            row.n_after,
            row.change,
            row.low,
            row.high,
            None if (row.pilot_id, arm) in hidden else row.shrunken,
            row.verdict,
            row.thin,
            row.level,
        )
    return BranchLine(
        row.code,
        row.name,
        row.region_code,
        row.region,
        arm,
        change,
        row.pilot or "",
        row.pilot_en or "",
        row.pilot_ru or "",
    )
