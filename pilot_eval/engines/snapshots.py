"""Snapshots kept while nothing has changed: a page is looked at more often than its data change."""

from __future__ import annotations

import threading
from collections import OrderedDict

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pilot_eval.engines.records import Snapshot, read_snapshot
from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.measurements import ImportedFile, Measurement
from pilot_eval.records.visits import Timing, Visit, VisitState

# Events after which every pilot holds what it held before.
IDLE = (
    "person.sign_in",
    "person.sign_out",
    "person.reset_link",
    "person.set_password",
    "pilot.export",
)
KEPT = 8
MOST_ROWS = 200_000  # of a snapshot that is kept; some hundred bytes each

Mark = tuple[object, ...]

_kept: OrderedDict[tuple[int, Mark], Snapshot] = OrderedDict()
_lock = threading.Lock()


def known_snapshot(session: Session, pilot_id: int) -> Snapshot:
    """The snapshot of a pilot, read again only if something has changed since it was read last.

    Whatever changes a pilot is logged in the same transaction, and the seal of the last such event is that of
    the whole history before it, so that it names the state of one database and of no other. Counts and sums
    of the records stand beside it.

    Parameters
    ----------
    session : Session
        Its transaction is the snapshot's moment.
    pilot_id : int
    """
    key = (pilot_id, _mark(session, pilot_id))
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    snapshot = read_snapshot(session, pilot_id)
    if sum(snapshot.counts.values()) <= MOST_ROWS:
        with _lock:
            _kept[key] = snapshot
            while len(_kept) > KEPT:
                _kept.popitem(last=False)
    return snapshot


def _mark(session: Session, pilot_id: int) -> Mark:
    seal = session.exec(
        select(AuditEvent.hash)
        .where(col(AuditEvent.action).not_in(IDLE))
        .order_by(col(AuditEvent.sequence).desc())
        .limit(1)
    ).first()
    set_aside = sa.case((col(Visit.state).in_([VisitState.RETURNED, VisitState.EXCLUDED]), 1), else_=0)
    visits = sa.select(
        sa.func.count(),
        sa.func.sum(col(Visit.score_hundredths)),
        sa.func.sum(set_aside),
        sa.func.max(col(Visit.received_at)),
    ).where(col(Visit.pilot_id) == pilot_id)
    timings = sa.select(
        sa.func.count(),
        sa.func.sum(col(Timing.service_seconds)),
        sa.func.sum(col(Timing.wait_seconds)),
        sa.func.max(col(Timing.received_at)),
    ).where(col(Timing.pilot_id) == pilot_id)
    files = sa.select(sa.func.count(), sa.func.max(col(ImportedFile.imported_at))).where(
        col(ImportedFile.pilot_id) == pilot_id
    )
    rows = sa.select(sa.func.count()).where(col(Measurement.pilot_id) == pilot_id)
    return (seal, *(tuple(session.execute(query).one()) for query in (visits, timings, files, rows)))
