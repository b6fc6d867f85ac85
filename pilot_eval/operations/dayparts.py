"""Planned and made by branch, wave and part of the day, with what is missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pilot_eval.domain.errors import NotFound
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Arm, Period, WaveState
from pilot_eval.domain.timings import Daypart
from pilot_eval.operations import pilots
from pilot_eval.operations.policy import Action, Scope, scope_of
from pilot_eval.operations.quotas import quotas_of
from pilot_eval.operations.visit_plans import dayparts_of
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.pilots import Assignment, Pilot, Wave
from pilot_eval.records.visits import Visit, VisitState

MOST_BRANCHES: Final = 25  # of one page
ANY: Final = ""  # at any time of the day


class Lack(StrEnum):
    """Why a quota is not met."""

    ASSIGN = "assign"  # nobody has been asked
    MAKE = "make"  # somebody has, and the visit is not made
    ELSEWHEN = "elsewhen"  # made, in another part of the day


@dataclass(frozen=True, slots=True)
class Missing:
    """So many visits lack in a part of the day; `ANY` where none was named."""

    lack: Lack
    daypart: str
    visits: int


@dataclass(frozen=True, slots=True)
class Cell:
    """Visits of a branch, or of several, in one part of the day; repeated ones are not among them."""

    quota: int = 0
    assigned: int = 0
    made: int = 0

    def __add__(self, other: Cell) -> Cell:
        return Cell(self.quota + other.quota, self.assigned + other.assigned, self.made + other.made)


@dataclass(frozen=True, slots=True)
class BranchParts:
    """One branch in one wave.

    Parameters
    ----------
    cells : mapping of part of the day to Cell
        `ANY` has what was assigned for any time.
    doubles, doubles_made : int
        Visits that repeat another one, assigned and made.
    missing : tuple of Missing
        Nothing where all is done.
    """

    branch: Branch
    region: str
    arm: Arm | None
    cells: Mapping[str, Cell]
    doubles: int
    doubles_made: int
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class WaveParts:
    """One page of a wave.

    Parameters
    ----------
    total : mapping of part of the day to Cell
        Of all branches that were asked for.
    complete, found : int
        Branches in which nothing is missing, and all that were asked for.
    next_after : str
        Code of the branch after which the next page begins; empty on the last one.
    """

    wave: Wave
    dayparts: tuple[Daypart, ...]
    total: Mapping[str, Cell]
    doubles: int
    doubles_made: int
    complete: int
    found: int
    lines: tuple[BranchParts, ...]
    next_after: str


def waves_told(session: Session, actor: Actor, pilot: Pilot) -> list[Wave]:
    """Waves of which the actor may know what was planned: of a manager only closed ones."""
    scope = scope_of(actor, Action.SEE_DAYPARTS)
    return [
        wave
        for wave in pilots.waves_of(session, pilot)
        if scope is Scope.ALL or wave.state is not WaveState.OPEN
    ]


def wave_parts(
    session: Session,
    actor: Actor,
    slug: str,
    period: Period,
    *,
    region: str = "",
    lacking: bool = False,
    after: str = "",
    most: int = MOST_BRANCHES,
) -> WaveParts:
    """Planned and made in a wave, branch by branch, in the order of codes.

    Parameters
    ----------
    region : str
        Code of a region; all of them unless given. A manager gets the own one.
    lacking : bool
        Only branches in which something is missing.
    after : str
        Code of the last branch of the page before.

    Raises
    ------
    NotAllowed
        For auditors and administrators.
    NotFound
        If there is no such pilot or wave, or a manager's wave is still open.
    """
    pilot = pilots.get_pilot(session, actor, slug, Action.SEE_DAYPARTS)
    own = actor.region_id if scope_of(actor, Action.SEE_DAYPARTS) is Scope.REGION else None
    wave = next((wave for wave in waves_told(session, actor, pilot) if wave.period is period), None)
    if wave is None:
        raise NotFound
    dayparts = tuple(dayparts_of(session, pilot))
    counted = _counted(session, pilot, wave)
    regions = {row.id: row for row in session.exec(select(Region))}
    lines = [
        _line(branch, regions[branch.region_id].name, member.arm, counted, dayparts)
        for member, branch in pilots.members_of(session, pilot)
        if own in (None, branch.region_id) and region in ("", regions[branch.region_id].code)
    ]
    shown = [line for line in lines if line.missing or not lacking]
    rest = [line for line in shown if line.branch.code > after]
    return WaveParts(
        wave=wave,
        dayparts=dayparts,
        total=_total(line.cells for line in lines),
        doubles=sum(line.doubles for line in lines),
        doubles_made=sum(line.doubles_made for line in lines),
        complete=sum(not line.missing for line in lines),
        found=len(lines),
        lines=tuple(rest[:most]),
        next_after=rest[most - 1].branch.code if len(rest) > most else "",
    )


@dataclass(frozen=True, slots=True)
class _Counted:
    """Counts of a wave by branch, then by part of the day."""

    quota: Mapping[str, int]
    assigned: Mapping[int, Counter[str]]
    to_make: Mapping[int, Counter[str]]
    made: Mapping[int, Counter[str]]
    doubles: Counter[int]
    doubles_made: Counter[int]


def _counted(session: Session, pilot: Pilot, wave: Wave) -> _Counted:
    assigned, to_make, made = (defaultdict[int, Counter[str]](Counter) for _ in range(3))
    doubles, doubles_made = Counter[int](), Counter[int]()
    seen: set[int | None] = set()
    parts = dayparts_of(session, pilot)
    for number, branch, started_at, zone, double, state in _visits(session, wave):
        seen.add(number)
        if state is VisitState.EXCLUDED:
            continue
        if double is not None:
            doubles_made[branch] += 1
        elif parts:
            clock = started_at.astimezone(ZoneInfo(zone)).time()
            part = next(part for part in reversed(parts) if part.begins <= clock)
            made[branch][part.code] += 1
    standing = select(Assignment).where(
        col(Assignment.wave_id) == wave.id, col(Assignment.withdrawn_at).is_(None)
    )
    for row in session.exec(standing):
        if row.double_of_id is not None:
            doubles[row.branch_id] += 1
            continue
        assigned[row.branch_id][row.daypart] += 1
        if row.id not in seen:
            to_make[row.branch_id][row.daypart] += 1
    quota = quotas_of(session, pilot).get(wave.period, {})
    return _Counted(quota, assigned, to_make, made, doubles, doubles_made)


def _visits(session: Session, wave: Wave) -> Sequence[Any]:
    return session.execute(
        sa.select(
            col(Visit.assignment_id),
            col(Visit.branch_id),
            col(Visit.started_at),
            col(Branch.time_zone),
            col(Assignment.double_of_id),
            col(Visit.state),
        )
        .join(Branch, col(Branch.id) == col(Visit.branch_id))
        .outerjoin(Assignment, col(Assignment.id) == col(Visit.assignment_id))
        .where(col(Visit.wave_id) == wave.id)
    ).all()


def _line(
    branch: Branch, region: str, arm: Arm | None, counted: _Counted, dayparts: Sequence[Daypart]
) -> BranchParts:
    key = pilots.stored_id(branch)
    nothing: Counter[str] = Counter()
    assigned, made = counted.assigned.get(key, nothing), counted.made.get(key, nothing)
    cells = {
        code: Cell(counted.quota.get(code, 0), assigned[code], made[code])
        for code in (*(part.code for part in dayparts), ANY)
    }
    return BranchParts(
        branch=branch,
        region=region,
        arm=arm,
        cells=cells,
        doubles=counted.doubles[key],
        doubles_made=counted.doubles_made[key],
        missing=tuple(_missing(cells, counted.to_make.get(key, nothing))),
    )


def _missing(cells: Mapping[str, Cell], to_make: Counter[str]) -> Iterator[Missing]:
    """What lacks in each part of the day; a visit assigned for any time fills the first gap there is."""
    spare, open_spare = cells[ANY].assigned, to_make[ANY]
    for code, cell in cells.items():
        if code == ANY:
            continue
        to_assign = max(0, cell.quota - cell.assigned)
        filled = min(to_assign, spare)
        spare -= filled
        to_assign -= filled
        found = {Lack.ASSIGN: to_assign, Lack.MAKE: to_make[code]}
        lost = cell.quota - cell.made - to_assign - to_make[code]
        waiting = min(max(0, lost), open_spare)
        open_spare -= waiting
        found[Lack.ELSEWHEN] = max(0, lost - waiting)
        yield from (Missing(lack, code, visits) for lack, visits in found.items() if visits)
    if to_make[ANY]:
        yield Missing(Lack.MAKE, ANY, to_make[ANY])


def _total(rows: Iterator[Mapping[str, Cell]]) -> dict[str, Cell]:
    total: dict[str, Cell] = defaultdict(Cell)
    for cells in rows:
        for code, cell in cells.items():
            total[code] += cell
    return dict(total)
