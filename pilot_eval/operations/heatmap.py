"""The items of a pilot's checklist in its branches or regions, as far as the reader may see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import numpy as np
from sqlmodel import Session

from pilot_eval.domain.errors import NotFound
from pilot_eval.domain.observations import AFTER, DURING
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Period
from pilot_eval.engines.records import BranchRow, Snapshot, latest_record
from pilot_eval.engines.snapshots import known_snapshot
from pilot_eval.engines.stored_forms import ItemRow
from pilot_eval.operations import pilots
from pilot_eval.operations.policy import Action, Scope, scope_of
from pilot_eval.operations.summaries import is_withheld, periods_seen, snapshot_told
from pilot_eval.records.pilots import Pilot
from pilot_eval.stats.heatmaps import ItemChanges, item_changes

MOST_COLUMNS: Final = 40  # branches; with more of them regions come first
ARMS: Final = ("trained", "comparison", "all")


@dataclass(frozen=True, slots=True)
class Column:
    """A branch, or a region with its branches.

    Parameters
    ----------
    code : of the branch; the name of the region
    branches : how many stand behind it
    """

    code: str
    name: str
    branches: int


@dataclass(frozen=True, slots=True)
class Heatmap:
    """The grid, or the sentence why there is none yet.

    Parameters
    ----------
    by : "branch" or "region"
    pages : how many there are, where one region has more branches than fit
    changes : None where nothing may be shown, or nothing is there
    """

    pilot: Pilot
    snapshot: Snapshot = field(repr=False)
    as_of: datetime
    arm: str
    by: str
    region: str
    regions: tuple[str, ...]
    page: int
    pages: int
    columns: tuple[Column, ...]
    items: tuple[ItemRow, ...]
    changes: ItemChanges | None
    withheld: bool


def heatmap(
    session: Session,
    actor: Actor,
    slug: str,
    now: datetime,
    *,
    arm: str = "",
    region: str = "",
    page: int = 1,
) -> Heatmap:
    """What each item moved in each branch, or in each region where branches are many.

    Parameters
    ----------
    arm : one of ARMS; the trained branches unless told otherwise
    region : name of one region, to see its branches
    page : of the branches of one region

    Raises
    ------
    NotAllowed, NotFound
        As `pilots.get_pilot`; no such region among the reader's.
    """
    pilot = pilots.get_pilot(session, actor, slug)
    scope = scope_of(actor, Action.COMPARE_BRANCHES)
    snapshot = known_snapshot(session, pilots.stored_id(pilot))
    mine = [b for b in snapshot.branches if scope is Scope.ALL or b.region_id == actor.region_id]
    regions = tuple(sorted({branch.region for branch in mine}))
    if region and region not in regions:
        raise NotFound
    arm = arm if arm in ARMS else ARMS[0]
    chosen = [b for b in mine if b.arm is not None and arm in ("all", b.arm.value)]
    by_region = not region and len(regions) > 1 and len(chosen) > MOST_COLUMNS
    if region:
        chosen = [branch for branch in chosen if branch.region == region]
    pages = 1 if by_region else max(1, -(-len(chosen) // MOST_COLUMNS))
    page = min(max(page, 1), pages)
    if not by_region:
        chosen = chosen[(page - 1) * MOST_COLUMNS : page * MOST_COLUMNS]
    withheld = Period.AFTER not in periods_seen(session, pilot, scope)
    columns = _columns(chosen, by_region)
    return Heatmap(
        pilot=pilot,
        snapshot=snapshot_told(session, pilot, snapshot, scope),
        as_of=now
        if is_withheld(session, pilot)
        else latest_record(session, pilots.stored_id(pilot)) or pilot.created_at,
        arm=arm,
        by="region" if by_region else "branch",
        region=region,
        regions=regions,
        page=page,
        pages=pages,
        columns=columns,
        items=snapshot.items,
        changes=None if withheld else _changes(snapshot, chosen, columns, by_region),
        withheld=withheld,
    )


def _columns(branches: Sequence[BranchRow], by_region: bool) -> tuple[Column, ...]:
    if not by_region:
        return tuple(Column(branch.code, branch.name, 1) for branch in branches)
    names = sorted({branch.region for branch in branches})
    return tuple(Column(name, name, sum(b.region == name for b in branches)) for name in names)


def _changes(
    snapshot: Snapshot, branches: Sequence[BranchRow], columns: Sequence[Column], by_region: bool
) -> ItemChanges | None:
    observations = snapshot.observations("visit_score", detailed=True)
    if observations.items is None or not columns:
        return None
    at = {column.code: place for place, column in enumerate(columns)}
    column_of = {branch.code: at[branch.region if by_region else branch.code] for branch in branches}
    place = np.array([column_of.get(code, -1) for code in observations.branches], dtype=np.intp)
    column = place[observations.branch]
    rows = (column >= 0) & (observations.period != DURING)
    return item_changes(
        observations.items.values[rows],
        column[rows],
        observations.period[rows] == AFTER,
        len(columns),
    )
