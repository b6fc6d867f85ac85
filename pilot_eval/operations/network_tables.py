"""Tables of the whole network: regions, and branches page by page, as far as the reader may see them.

However many branches there are, a table takes the same number of statements, and none of them skips over
rows that were shown before: a page begins after the branch that the last one ended with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pilot_eval.domain.errors import NotFound
from pilot_eval.domain.network import folded
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Arm
from pilot_eval.operations.branch_results import pending_pilots
from pilot_eval.operations.policy import Action, Scope, may, scope_of
from pilot_eval.records.branch_results import BranchResult, PilotResult
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.pilots import Pilot, PilotBranch, PilotOutcome
from pilot_eval.reports.network import Change, Mean, metric_of
from pilot_eval.stats.branch_uplifts import GroupMean, group_mean

PAGE = 25
# What a table of branches can be sorted by.
Sort = Literal["name", "code", "change", "shrunken"]
SORTS: tuple[Sort, ...] = ("name", "code", "change", "shrunken")
LEVEL = 0.95  # of the intervals of regions
_SHOWN = ("arm", "n_before", "n_after", "change", "low", "high", "shrunken", "verdict", "thin")


@dataclass(frozen=True, slots=True)
class Metric:
    """What branches are compared by: the same outcome in the same unit, of whichever pilots have it."""

    key: str
    kind: str
    unit: str
    label_en: str
    label_ru: str


@dataclass(frozen=True, slots=True)
class Made:
    """When results were last made, None where there are none; whether any are of invented data."""

    as_of: datetime | None
    made_up: bool


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
    region: Region | None
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


def regions_table(session: Session, actor: Actor, metric: str = "") -> Regions:
    """The regions that the actor may see, with their mean changes.

    Raises
    ------
    NotAllowed
        For roles that compare no branches.
    """
    own = _own_region(actor)
    metrics = _metrics(session, own)
    chosen = _chosen(metrics, metric)
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
    return Regions(
        metrics,
        chosen,
        tuple(sorted(rows, key=lambda row: (folded(row.name), row.code))),
        pending,
        _made(session, own),
    )


def branches_table(session: Session, actor: Actor, wish: Wish, region: str | None = None) -> Branches:
    """One page of the branches that the actor may see, in one region or in all.

    Raises
    ------
    NotAllowed
        For roles that compare no branches.
    NotFound
        If there is no such region, or it is not the manager's: the two are never told apart.
    """
    own = _own_region(actor)
    place = _region(session, region, own) if region is not None else None
    if place is None and own is not None:
        place = session.get(Region, own)
    within = None if place is None else place.id
    metrics = _metrics(session, own)
    chosen = _chosen(metrics, wish.metric)
    sort, descending = _order(wish, chosen)
    listing = _Listing(chosen, within, folded(wish.search), sort, descending)
    rows = listing.page(session, wish.after)
    total = _count(session, within, "")
    return Branches(
        metrics,
        chosen,
        place,
        tuple(_line(row) for row in rows[:PAGE]),
        total,
        _count(session, within, listing.search) if listing.search else total,
        rows[PAGE - 1].code if len(rows) > PAGE else "",
        _made(session, own),
    )


def _own_region(actor: Actor) -> int | None:
    """The region that a manager is held to; None for head office."""
    if scope_of(actor, Action.SEE_NETWORK) is Scope.REGION:
        return -1 if actor.region_id is None else actor.region_id
    return None


def _region(session: Session, code: str, own: int | None) -> Region:
    region = session.exec(select(Region).where(col(Region.code) == code)).one_or_none()
    if region is None or own not in (None, region.id):
        raise NotFound
    return region


def _metrics(session: Session, own: int | None) -> tuple[Metric, ...]:
    """What pilots with stored results measured, in the order of the newest pilot's plan."""
    statement = _measured(own is not None)
    found: dict[str, Metric] = {}
    for code, kind, unit, label_en, label_ru in session.execute(statement, {"own": own}):
        if kind != "rate":
            key = metric_of(code, kind, unit)
            found.setdefault(key, Metric(key, kind, unit, label_en, label_ru))
    return tuple(found.values())


@cache
def _measured(one_region: bool) -> Any:
    outcome = PilotOutcome
    shown = (outcome.code, outcome.kind, outcome.unit, outcome.label_en, outcome.label_ru)
    statement = (
        sa.select(*(col(each) for each in shown))
        .join(PilotResult, col(PilotResult.pilot_id) == col(outcome.pilot_id))
        .join(Pilot, col(Pilot.id) == col(outcome.pilot_id))
        .order_by(
            col(Pilot.after_to).is_(None),
            col(Pilot.after_to).desc(),
            col(Pilot.id).desc(),
            col(outcome.position),
        )
    )
    return statement.where(col(outcome.pilot_id).in_(_pilots_of_own())) if one_region else statement


def _chosen(metrics: Sequence[Metric], key: str) -> Metric | None:
    return next((metric for metric in metrics if metric.key == key), metrics[0] if metrics else None)


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


def _made(session: Session, own: int | None) -> Made:
    """When the results shown were last made, and whether of invented data."""
    as_of, made_up = session.execute(_last_made(own is not None), {"own": own}).one()
    return Made(as_of, bool(made_up))


@cache
def _last_made(one_region: bool) -> Any:
    statement = sa.select(
        sa.func.max(PilotResult.made_at), sa.func.max(sa.case((col(Pilot.made_up), 1), else_=0))
    ).join(Pilot, col(Pilot.id) == col(PilotResult.pilot_id))
    return statement.where(col(PilotResult.pilot_id).in_(_pilots_of_own())) if one_region else statement


def _pilots_of_own() -> Any:
    return (
        select(PilotBranch.pilot_id)
        .join(Branch, col(Branch.id) == col(PilotBranch.branch_id))
        .where(col(Branch.region_id) == sa.bindparam("own"))
    )


def _count(session: Session, within: int | None, search: str) -> int:
    statement = _counted(within is not None, bool(search))
    return int(session.execute(statement, _limits(within, search)).scalar_one())


def _order(wish: Wish, metric: Metric | None) -> tuple[Sort, bool]:
    """The order in stored values: a fall of log time is a rise of speed."""
    sort: Sort = next((known for known in SORTS if known == wish.sort), "name")
    if sort in ("change", "shrunken"):
        if metric is None:
            return "name", False
        return sort, wish.descending != (metric.kind == "duration")
    return sort, wish.descending


@dataclass(frozen=True, slots=True)
class _Listing:
    """Branches in one order, in up to two stretches: those with a value to sort by, then all others."""

    metric: Metric | None
    within: int | None
    search: str
    sort: Sort
    descending: bool

    def page(self, session: Session, after: str) -> list[Any]:
        """PAGE + 1 rows that follow a branch; the last one only tells that there are more."""
        last = self._last(session, after)
        if self.sort in ("name", "code"):
            return self._others(session, last, PAGE + 1, every=True)
        rows: list[Any] = []
        if last is None or self._has_value(last):
            rows = self._with_value(session, last)
            last = None
        if len(rows) <= PAGE:
            rows += self._others(session, last, PAGE + 1 - len(rows), every=False)
        return rows

    def _last(self, session: Session, after: str) -> Any:
        if not after:
            return None
        statement = _one_row(self.within is not None, bool(self.search))
        return session.execute(statement, self._given() | {"after": after}).one_or_none()

    def _has_value(self, row: Any) -> bool:
        return row.thin is False and getattr(row, self.sort) is not None

    def _given(self) -> dict[str, Any]:
        metric = "" if self.metric is None else self.metric.key
        return {"metric": metric} | _limits(self.within, self.search)

    def _with_value(self, session: Session, last: Any) -> list[Any]:
        shape = self.within is not None, bool(self.search), last is not None
        statement = _valued_rows(self.sort, self.descending, *shape)
        given = self._given() | {"most": PAGE + 1}
        if last is not None:
            given |= {"last_value": getattr(last, self.sort), "last_id": last.branch_id}
        return list(session.execute(statement, given))

    def _others(self, session: Session, last: Any, most: int, *, every: bool) -> list[Any]:
        by_code = every and self.sort == "code"
        valueless = "" if every else self.sort
        shape = self.within is not None, bool(self.search), last is not None
        statement = _other_rows(valueless, by_code, every and self.descending, *shape)
        given = self._given() | {"most": most}
        if last is not None:
            given["last_key"] = last.code if by_code else last.search_key
        return list(session.execute(statement, given))


# The statements behind every page, put together once each: that takes longer than answering them. What is
# asked for stands in their parameters.


@cache
def _all_rows(inner: bool, within: bool, search: bool) -> Any:
    """Branches with their newest result of the metric; `inner` those with one only."""
    result = BranchResult
    found = sa.and_(
        col(result.branch_id) == col(Branch.id),
        col(result.metric) == sa.bindparam("metric"),
        col(result.newest) == sa.true(),
    )
    columns: tuple[Any, ...] = (
        col(Branch.id).label("branch_id"),
        col(Branch.code).label("code"),
        col(Branch.name).label("name"),
        col(Branch.search_key).label("search_key"),
        col(Region.code).label("region_code"),
        col(Region.name).label("region"),
        *(getattr(result, name).label(name) for name in _SHOWN),
        col(PilotResult.level).label("level"),
        col(Pilot.slug).label("pilot"),
        col(Pilot.title_en).label("pilot_en"),
        col(Pilot.title_ru).label("pilot_ru"),
    )
    joined = sa.select(*columns).select_from(Branch).join(BranchResult, found, isouter=not inner)
    joined = joined.join(Region, col(Region.id) == col(Branch.region_id))
    for table, key in ((PilotResult, PilotResult.pilot_id), (Pilot, Pilot.id)):
        joined = joined.join(table, col(key) == col(result.pilot_id), isouter=not inner)
    return _narrowed(joined, within, search)


@cache
def _one_row(within: bool, search: bool) -> Any:
    return _all_rows(False, within, search).where(col(Branch.code) == sa.bindparam("after"))


@cache
def _valued_rows(sort: Sort, descending: bool, within: bool, search: bool, follow: bool) -> Any:
    """Branches that have a value to sort by; `follow` those after the last one shown."""
    key, branch = col(getattr(BranchResult, sort)), col(BranchResult.branch_id)
    statement = _all_rows(True, within, search).where(col(BranchResult.thin) == sa.false(), key.is_not(None))
    if within:
        statement = statement.where(col(BranchResult.region_id) == sa.bindparam("region_id"))
    if follow:
        here = sa.tuple_(key, branch)
        there = sa.tuple_(
            sa.bindparam("last_value", type_=sa.Float), sa.bindparam("last_id", type_=sa.Integer)
        )
        statement = statement.where(here < there if descending else here > there)
    ordered = statement.order_by(*(each.desc() if descending else each for each in (key, branch)))
    return ordered.limit(sa.bindparam("most", type_=sa.Integer))


@cache
def _other_rows(
    valueless: str, by_code: bool, descending: bool, within: bool, search: bool, follow: bool
) -> Any:
    """Branches by name or code: all, or those that have nothing to sort by in a column."""
    key = col(Branch.code) if by_code else col(Branch.search_key)
    statement = _all_rows(False, within, search)
    if valueless:
        value = col(getattr(BranchResult, valueless))
        statement = statement.where(sa.or_(value.is_(None), col(BranchResult.thin) == sa.true()))
    if follow:
        there = sa.bindparam("last_key", type_=sa.String)
        statement = statement.where(key < there if descending else key > there)
    ordered = statement.order_by(key.desc() if descending else key)
    return ordered.limit(sa.bindparam("most", type_=sa.Integer))


@cache
def _counted(within: bool, search: bool) -> Any:
    return _narrowed(sa.select(sa.func.count()).select_from(Branch), within, search)


def _narrowed(statement: Any, within: bool, search: bool) -> Any:
    if within:
        statement = statement.where(col(Branch.region_id) == sa.bindparam("region_id"))
    if search:
        statement = statement.where(col(Branch.search_key).like(sa.bindparam("pattern"), escape="/"))
    return statement


def _limits(within: int | None, search: str) -> dict[str, Any]:
    """Parameters of `_narrowed`; the signs that a pattern gives a meaning stand for themselves."""
    plain = search.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return {"region_id": within, "pattern": f"%{plain}%"}


def _line(row: Any) -> BranchLine:
    change = None
    if row.change is not None:
        change = Change(
            row.n_before,
            row.n_after,
            row.change,
            row.low,
            row.high,
            row.shrunken,
            row.verdict,
            row.thin,
            row.level,
        )
    return BranchLine(
        row.code,
        row.name,
        row.region_code,
        row.region,
        row.arm.value if row.arm else "",
        change,
        row.pilot or "",
        row.pilot_en or "",
        row.pilot_ru or "",
    )
