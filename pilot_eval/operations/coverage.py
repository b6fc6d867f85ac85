"""What was planned and what has come in, wave by wave; for head office only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Arm
from pilot_eval.operations import pilots
from pilot_eval.operations.policy import Action
from pilot_eval.records.network import Branch
from pilot_eval.records.pilots import Assignment, Wave
from pilot_eval.records.visits import Timing, Visit


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one branch, or of all of them, in one wave."""

    assigned: int
    visits: int
    timings: int

    @property
    def percent(self) -> int | None:
        """Visits made of those assigned; None where none are."""
        return round(100 * self.visits / self.assigned) if self.assigned else None


@dataclass(frozen=True, slots=True)
class BranchCoverage:
    branch: Branch
    arm: Arm | None
    tally: Tally


@dataclass(frozen=True, slots=True)
class WaveCoverage:
    """One wave; `visited` branches have at least one visit."""

    wave: Wave
    total: Tally
    branches: tuple[BranchCoverage, ...]

    @property
    def visited(self) -> int:
        return sum(row.tally.visits > 0 for row in self.branches)


def coverage(session: Session, actor: Actor, slug: str) -> list[WaveCoverage]:
    """Counts by wave and branch, in the order of time and of codes.

    Raises
    ------
    NotAllowed
        For anyone but head office: before a wave closes others may not know what was planned.
    """
    pilot = pilots.get_pilot(session, actor, slug, Action.SEE_COVERAGE)
    members = pilots.members_of(session, pilot)
    assigned = _counts(session, Assignment, pilots.stored_id(pilot))
    visits = _counts(session, Visit, pilots.stored_id(pilot))
    timings = _counts(session, Timing, pilots.stored_id(pilot))
    found = []
    for wave in pilots.waves_of(session, pilot):
        rows = tuple(
            BranchCoverage(
                branch,
                member.arm,
                Tally(*(table.get((wave.id, branch.id), 0) for table in (assigned, visits, timings))),
            )
            for member, branch in members
        )
        found.append(WaveCoverage(wave, _total(rows), rows))
    return found


def _total(rows: tuple[BranchCoverage, ...]) -> Tally:
    def sum_of(count: Callable[[Tally], int]) -> int:
        return sum(count(row.tally) for row in rows)

    return Tally(sum_of(lambda t: t.assigned), sum_of(lambda t: t.visits), sum_of(lambda t: t.timings))


def _counts(
    session: Session, table: type[Assignment] | type[Visit] | type[Timing], pilot_id: int
) -> dict[tuple[int | None, int | None], int]:
    statement = (
        select(col(table.wave_id), col(table.branch_id), func.count())
        .where(col(table.pilot_id) == pilot_id)
        .group_by(col(table.wave_id), col(table.branch_id))
    )
    if table is Assignment:
        statement = statement.where(col(Assignment.withdrawn_at).is_(None))
    return {(wave, branch): count for wave, branch, count in session.exec(statement)}
