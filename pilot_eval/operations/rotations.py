"""The rotation of auditors as the records have it: bars, regions, visits made and to make in any pilot."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pilot_eval.domain.rotation import Rotation
from pilot_eval.records.network import Branch
from pilot_eval.records.pilots import Assignment, AuditorRegion, BarredBranch, Pilot, PilotBranch
from pilot_eval.records.visits import Visit


def rotation_of(session: Session, pilot: Pilot, but: Assignment | None = None) -> Rotation:
    """Who must not, or not so soon, visit the pilot's branches.

    Parameters
    ----------
    but : Assignment, optional
        One that is to be replaced.
    """
    regions: dict[int, set[int]] = defaultdict(set)
    for row in session.exec(select(AuditorRegion)):
        regions[row.auditor_id].add(row.region_id)
    mine = select(PilotBranch.branch_id).where(col(PilotBranch.pilot_id) == pilot.id)
    bars = session.exec(select(BarredBranch).where(col(BarredBranch.branch_id).in_(mine)))
    rotation = Rotation(
        barred={(bar.auditor_id, bar.branch_id) for bar in bars},
        regions={auditor: frozenset(found) for auditor, found in regions.items()},
    )
    made = session.execute(
        sa.select(
            col(Visit.assignment_id),
            col(Visit.auditor_id),
            col(Visit.branch_id),
            col(Visit.started_at),
            col(Branch.time_zone),
        )
        .join(Branch, col(Branch.id) == col(Visit.branch_id))
        .where(col(Visit.branch_id).in_(mine))
    ).all()
    for _assignment, auditor, branch, started_at, zone in made:
        day: date = started_at.astimezone(ZoneInfo(zone)).date()
        rotation.take(auditor, branch, (day, day))
    done = {assignment for assignment, *_more in made}
    standing = session.exec(
        select(Assignment).where(col(Assignment.branch_id).in_(mine), col(Assignment.withdrawn_at).is_(None))
    )
    for to_make in standing:
        if to_make.id not in done and to_make is not but:
            days = (to_make.window_from, to_make.window_to)
            rotation.take(to_make.auditor_id, to_make.branch_id, days)
    return rotation
