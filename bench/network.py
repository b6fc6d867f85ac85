"""A made-up network of 42,000 branches, filled straight into the tables: too many for operations.

One pilot spans the whole network with 84,000 visits and a million timings; a second one has 44 branches, as
pilots usually do. Everything follows from a seed.

Usage: python -m bench.network DATABASE_URL
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session, col, select

from pilot_eval.cli.opening import operator
from pilot_eval.domain.people import Role
from pilot_eval.domain.pilots import Arm, Period, WaveState
from pilot_eval.operations import pilots
from pilot_eval.operations.branch_results import rebuild_all
from pilot_eval.operations.people import create_person
from pilot_eval.operations.planning import create_pilot
from pilot_eval.records import database
from pilot_eval.records.network import Branch, Region, search_key
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Pilot, PilotBranch, Wave
from pilot_eval.records.visits import EntryMethod, Timing, Visit, VisitOutcome, VisitState

REGIONS, BRANCHES = 85, 42_000
VISITS, TIMINGS = 1, 12  # per branch and period
SMALL = 44
SEED = 2014
AT_ONCE = 20_000
SPANS: dict[str, Any] = {
    "before": (date(2014, 8, 1), date(2014, 8, 31)),
    "training": (date(2014, 9, 1), date(2014, 9, 30)),
    "after": (date(2014, 10, 1), date(2014, 10, 31)),
}


def fill(engine: database.Engine, branches: int = BRANCHES) -> None:
    """Fill an empty database with regions, branches, two pilots and their records."""
    database.upgrade(engine)
    random = np.random.Generator(np.random.PCG64(SEED))
    with database.session_of(engine) as session:
        create_person(session, operator(), name="auditor", role=Role.AUDITOR)
        create_person(session, operator(), name="head-office", role=Role.HEAD_OFFICE)
        _insert(session, Region, _regions())
        _insert(session, Branch, _branches(branches))
        ids = list(session.exec(select(Branch.id).order_by(col(Branch.id))))
        _pilot(session, random, "small", ids[:SMALL], visits=8, timings=24)
        _pilot(session, random, "network", ids, visits=VISITS, timings=TIMINGS)
        rebuild_all(session, operator())


def _regions() -> Iterator[dict[str, Any]]:
    for number in range(1, REGIONS + 1):
        yield {"id": number, "code": f"r{number:02}", "name": f"Регион {number:02}"}


def _branches(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        code, name = f"{100_000 + number}", f"Отделение «Улица {number % 997}», {number}"
        yield {
            "code": code,
            "name": name,
            "region_id": number % REGIONS + 1,
            "stratum": "city" if number % 3 else "village",
            "time_zone": "Europe/Moscow",
            "search_key": search_key(name, code),
        }


def _pilot(
    session: Session,
    random: np.random.Generator,
    slug: str,
    branches: list[Any],
    *,
    visits: int,
    timings: int,
) -> None:
    """A pilot with so many visits and timings per branch and period, both waves closed."""
    pilot = create_pilot(session, operator(), title_en=f"Pilot {slug}", slug=slug, draws=999, **SPANS)
    auditor = session.exec(select(User.id).where(User.role == Role.AUDITOR)).one()
    arms = [Arm.TRAINED if place % 2 else Arm.COMPARISON for place in range(len(branches))]
    member = {"pilot_id": pilot.id, "stratum": ""}
    _insert(
        session,
        PilotBranch,
        (member | {"branch_id": branch, "arm": arm} for branch, arm in zip(branches, arms, strict=True)),
    )
    for wave in pilots.waves_of(session, pilot):
        place = {"pilot_id": pilot.id, "wave_id": wave.id, "auditor_id": auditor}
        gain = np.array([arm is Arm.TRAINED and wave.period is Period.AFTER for arm in arms])
        _insert(session, Visit, _visits(random, pilot, wave, place, branches, gain, visits))
        _insert(session, Timing, _timings(random, pilot, wave, place, branches, gain, timings))
    session.execute(sa.update(Wave).where(col(Wave.pilot_id) == pilot.id).values(state=WaveState.CLOSED))
    session.commit()


def _moment(wave: Wave, place: int) -> datetime:
    opens = datetime(wave.opens_on.year, wave.opens_on.month, wave.opens_on.day, 9, tzinfo=UTC)
    return opens + timedelta(days=place % 28, minutes=place % 400)


def _visits(
    random: np.random.Generator,
    pilot: Pilot,
    wave: Wave,
    place: dict[str, Any],
    branches: list[Any],
    gain: np.ndarray[Any, Any],
    count: int,
) -> Iterator[dict[str, Any]]:
    scores = np.clip(random.normal(60.0 + 8.0 * gain, 8.0, (count, len(branches))), 0.0, 100.0)
    for number in range(count):
        for at, branch in enumerate(branches):
            begun = _moment(wave, at + 7 * number)
            yield place | {
                "id": uuid.UUID(bytes=random.bytes(16)),
                "branch_id": branch,
                "checklist_id": pilot.checklist_id,
                "outcome": VisitOutcome.DONE,
                "state": VisitState.SUBMITTED,
                "started_at": begun,
                "left_at": begun + timedelta(minutes=20),
                "document": {},
                "score_hundredths": round(100.0 * float(scores[number, at])),
                "critical_failed": 0,
                "digest": "0" * 64,
                "received_at": begun,
                "late": False,
            }


def _timings(
    random: np.random.Generator,
    pilot: Pilot,
    wave: Wave,
    place: dict[str, Any],
    branches: list[Any],
    gain: np.ndarray[Any, Any],
    count: int,
) -> Iterator[dict[str, Any]]:
    seconds = np.exp(random.normal(5.0 - 0.1 * gain, 0.4, (count, len(branches))))
    for number in range(count):
        for at, branch in enumerate(branches):
            service = round(float(seconds[number, at]))
            begun = _moment(wave, at + 3 * number)
            yield place | {
                "id": uuid.UUID(bytes=random.bytes(16)),
                "branch_id": branch,
                "timing_form_id": pilot.timing_form_id,
                "mode": "observed",
                "outcome": "served",
                "operation": "parcel_receive",
                "entry_method": EntryMethod.STOPWATCH,
                "happened_at": begun,
                "document": {},
                "wait_seconds": service // 2,
                "service_seconds": service,
                "total_seconds": service + service // 2,
                "digest": "0" * 64,
                "received_at": begun,
                "late": False,
            }


def _insert(session: Session, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    chunk: list[dict[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == AT_ONCE:
            session.execute(sa.insert(table.__table__), chunk)
            chunk = []
    if chunk:
        session.execute(sa.insert(table.__table__), chunk)
    session.flush()


if __name__ == "__main__":
    opened = database.open_database(sys.argv[1])
    fill(opened, *map(int, sys.argv[2:]))
    opened.dispose()
