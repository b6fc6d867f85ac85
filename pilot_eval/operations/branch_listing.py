"""Branches of the network in order, a page at a time.

None of the statements skips over rows that were shown before: a page begins after the branch that the last
one ended with.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Session, col

from pilot_eval.records.branch_results import BranchResult, PilotResult
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.pilots import Pilot

PAGE = 25
# What branches can be sorted by.
Sort = Literal["name", "code", "change", "shrunken"]
SORTS: tuple[Sort, ...] = ("name", "code", "change", "shrunken")
_SHOWN = ("arm", "n_before", "n_after", "change", "low", "high", "shrunken", "verdict", "thin")


@dataclass(frozen=True, slots=True)
class Listing:
    """Branches in one order, in up to two stretches: those with a value to sort by, then all others.

    Parameters
    ----------
    metric : key of what they are compared by; empty for nothing
    within : the region they are in; None for all
    search : part of a name or code, folded
    sort, descending : in stored values
    """

    metric: str
    within: int | None
    search: str
    sort: Sort
    descending: bool

    def page(self, session: Session, after: str) -> tuple[list[Any], str]:
        """The rows that follow a branch, and the branch that the next page follows; empty on the last."""
        rows = self._following(session, after)  # the last one only tells that there are more
        return rows[:PAGE], rows[PAGE - 1].code if len(rows) > PAGE else ""

    def _following(self, session: Session, after: str) -> list[Any]:
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
        return {"metric": self.metric} | _limits(self.within, self.search)

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


def count_branches(session: Session, within: int | None = None, search: str = "") -> int:
    """How many branches there are, in one region or in all, that a search finds."""
    statement = _counted(within is not None, bool(search))
    return int(session.execute(statement, _limits(within, search)).scalar_one())


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
        col(Pilot.id).label("pilot_id"),
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
