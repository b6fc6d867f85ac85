"""The change of each branch is stored when a pilot's results may be seen, and made again when data change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pilot_eval.domain.outcomes import OUTCOMES
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Arm, Period, WaveState
from pilot_eval.engines.records import Snapshot, read_snapshot
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.operations.summaries import is_withheld, plain_observations
from pilot_eval.records import audit
from pilot_eval.records.branch_results import BranchResult, PilotResult
from pilot_eval.records.network import Branch
from pilot_eval.records.pilots import Pilot, PilotBranch, PilotOutcome, Wave
from pilot_eval.reports.network import branch_verdict, metric_of
from pilot_eval.stats.branch_uplifts import BranchUplifts, branch_uplifts

# Records in each period below which a branch is shown but not compared, where any branch has as many.
FEWEST_RECORDS = 2
_ROWS_AT_ONCE = 1000


def rebuild_pilot(session: Session, pilot: Pilot) -> int:
    """Store the changes of a pilot's branches anew, in the transaction of the caller; how many there are.

    A pilot whose results may not be seen yet has none.
    """
    assert pilot.id is not None  # noqa: S101 - the pilot has been stored
    for table in (BranchResult, PilotResult):
        session.exec(sa.delete(table).where(col(table.pilot_id) == pilot.id))
    rows: list[dict[str, Any]] = []
    if not is_withheld(session, pilot):
        snapshot = read_snapshot(session, pilot.id)
        rows = list(_rows(session, pilot, snapshot))
        session.add(PilotResult(pilot_id=pilot.id, snapshot_sha256=snapshot.sha256, level=float(pilot.level)))
    session.flush()
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        session.execute(sa.insert(BranchResult), rows[first : first + _ROWS_AT_ONCE])
    _mark_newest(session)
    return len(rows)


def rebuild_all(session: Session, actor: Actor) -> int:
    """Store the changes of all pilots anew; how many there are.

    Raises
    ------
    NotAllowed
        For anyone but head office.
    """
    scope_of(actor, Action.REBUILD_RESULTS)
    count = sum(rebuild_pilot(session, pilot) for pilot in list(session.exec(select(Pilot))))
    audit.append(session, actor, "network.rebuild", "network", None, results=count)
    session.commit()
    return count


def rebuild_pending(session: Session, actor: Actor) -> int:
    """Store anew the changes of those pilots whose data have changed, or that have none yet.

    Raises
    ------
    NotAllowed
        For anyone but head office.
    """
    scope_of(actor, Action.REBUILD_RESULTS)
    pending = pending_pilots(session)
    for pilot in pending:
        count = rebuild_pilot(session, pilot)
        audit.append(session, actor, "network.rebuild", "pilot", pilot.id, results=count)
    session.commit()
    return len(pending)


def pending_pilots(session: Session) -> list[Pilot]:
    """Pilots whose results may be seen, but are not stored or rest on older data."""
    closed = select(Wave.pilot_id).where(col(Wave.period) == Period.AFTER, col(Wave.state) != WaveState.OPEN)
    statement = (
        select(Pilot)
        .outerjoin(PilotResult, col(PilotResult.pilot_id) == col(Pilot.id))
        .where(sa.or_(col(Pilot.before_from).is_(None), col(Pilot.id).in_(closed)))
        .where(sa.or_(col(PilotResult.pilot_id).is_(None), col(PilotResult.stale).is_(True)))
        .order_by(col(Pilot.id))
    )
    return list(session.exec(statement))


def _rows(session: Session, pilot: Pilot, snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    places = _places(session, pilot)
    outcomes = session.exec(select(PilotOutcome).where(col(PilotOutcome.pilot_id) == pilot.id))
    for outcome in outcomes:
        if outcome.kind == "rate":  # counts are not stored with their exposure yet
            continue
        measure = OUTCOMES[outcome.kind]
        found = branch_uplifts(plain_observations(snapshot, outcome), measure, pilot.level)
        for row in _rows_of(found, outcome):
            branch_id, region_id = places[row.pop("code")]
            yield row | {
                "pilot_id": pilot.id,
                "branch_id": branch_id,
                "region_id": region_id,
                "ended_on": _ended_on(pilot),
                "snapshot_sha256": snapshot.sha256,
                "newest": False,
            }


def _places(session: Session, pilot: Pilot) -> dict[str, tuple[int, int]]:
    """Keys of each branch and its region, by the code that the pilot knows it by."""
    rows = session.execute(
        sa.select(col(Branch.code), col(PilotBranch.code), col(Branch.id), col(Branch.region_id))
        .join(PilotBranch, col(PilotBranch.branch_id) == col(Branch.id))
        .where(col(PilotBranch.pilot_id) == pilot.id)
    )
    return {kept or code: (branch_id, region_id) for code, kept, branch_id, region_id in rows}


def _rows_of(found: BranchUplifts, outcome: PilotOutcome) -> Iterator[dict[str, Any]]:
    fewest = 1 if (found.low != found.low).all() else FEWEST_RECORDS
    numbers = ("change", "low", "high", "shrunken", "shrunken_low", "shrunken_high")
    columns = {name: [_or_none(value) for value in getattr(found, name).tolist()] for name in numbers}
    for place, code in enumerate(found.branches):
        n_before, n_after = (int(n) for n in found.n[place])
        values = {name: column[place] for name, column in columns.items()}
        thin = min(n_before, n_after) < fewest
        yield {
            "code": code,
            "outcome": outcome.code,
            "metric": metric_of(outcome.code, outcome.kind, outcome.unit),
            "arm": Arm.TRAINED if found.trained[place] else Arm.COMPARISON,
            "n_before": n_before,
            "n_after": n_after,
            **values,
            "thin": thin,
            "verdict": branch_verdict(
                outcome.kind,
                outcome.better,
                values["low"],
                values["high"],
                outcome.smallest_effect,
                thin=thin,
            ),
        }


def _or_none(value: float) -> float | None:
    return None if value != value else value


def _ended_on(pilot: Pilot) -> date:
    return pilot.after_to or pilot.created_at.date()


def _mark_newest(session: Session) -> None:
    """Mark of each branch and metric the result of the pilot that ended last."""
    own, other = BranchResult.__table__, BranchResult.__table__.alias()  # type: ignore[attr-defined]  # SQLModel
    later = sa.or_(
        other.c.ended_on > own.c.ended_on,
        sa.and_(other.c.ended_on == own.c.ended_on, other.c.pilot_id > own.c.pilot_id),
    )
    same = (other.c.branch_id == own.c.branch_id, other.c.metric == own.c.metric)
    is_newest = ~sa.exists().where(*same, later).correlate(own)
    session.execute(
        sa.update(own).values(newest=is_newest).where(own.c.newest != is_newest),
        execution_options={"synchronize_session": False},
    )
