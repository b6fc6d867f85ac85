"""A small pilot of visits to test with: made through operations, then filled straight into the tables."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from sqlmodel import Session

from pilot_eval.domain.people import Role
from pilot_eval.domain.pilots import Arm, Period
from pilot_eval.operations import allocation, network, people, pilots
from pilot_eval.operations.planning import create_pilot
from pilot_eval.operations.waves import close_wave
from pilot_eval.records.network import Branch
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import EntryMethod, Timing, Visit, VisitOutcome
from tests.conftest import OPERATOR

BEFORE = (date(2014, 8, 1), date(2014, 8, 31))
TRAINING = (date(2014, 9, 1), date(2014, 9, 30))
AFTER = (date(2014, 10, 1), date(2014, 10, 31))
BEFORE_ENDS = datetime(2014, 9, 1, tzinfo=UTC)
AFTER_ENDS = datetime(2014, 11, 1, tzinfo=UTC)
# One branch of the three regions is trained more often than not.
REGIONS = ("North", "South", "West")
BRANCHES = 18


def plan_pilot(session: Session, **more: Any) -> Pilot:
    """A pilot without branches."""
    spans: dict[str, Any] = {"before": BEFORE, "training": TRAINING, "after": AFTER}
    return create_pilot(session, OPERATOR, **{"title_en": "Vladimir 2014", "draws": 199, **spans, **more})


def add_branches(session: Session, count: int = BRANCHES, regions: tuple[str, ...] = REGIONS) -> list[Branch]:
    """Branches B00, B01 ... in turn in each region, every third of them in a village."""
    made = [network.create_region(session, OPERATOR, code=name.lower(), name=name) for name in regions]
    found = []
    for number in range(count):
        region = made[number % len(made)]
        assert region.id is not None
        found.append(
            network.create_branch(
                session,
                OPERATOR,
                code=f"B{number:02}",
                name=f"Branch {number:02}",
                region_id=region.id,
                stratum="village" if number // len(made) % 2 else "city",
            )
        )
    return found


def draw(session: Session, pilot: Pilot, branches: list[Branch], seed: int = 2014) -> Pilot:
    allocation.choose_branches(session, OPERATOR, pilot.slug, [branch.code for branch in branches])
    return allocation.draw_arms(
        session, OPERATOR, pilot.slug, seed=seed, now=datetime(2014, 7, 1, tzinfo=UTC)
    )


def record(session: Session, pilot: Pilot, auditor: User, *, uplift: float = 12.0, seed: int = 1) -> None:
    """Four visits and eight timings in each branch and wave, as the auditors' operations store them."""
    random, answering = (np.random.Generator(np.random.PCG64(start)) for start in (seed, seed + 1000))
    waves = {wave.period: wave for wave in pilots.waves_of(session, pilot)}
    for member, branch in pilots.members_of(session, pilot):
        level, pace = random.normal(60, 4), random.normal(5.0, 0.1)
        for period, first in ((Period.BEFORE, BEFORE[0]), (Period.AFTER, AFTER[0])):
            gained = member.arm is Arm.TRAINED and period is Period.AFTER
            place = {
                "pilot_id": pilot.id,
                "wave_id": waves[period].id,
                "branch_id": branch.id,
                "auditor_id": auditor.id,
            }
            for number in range(4):
                begun = datetime(first.year, first.month, first.day + number, 9, tzinfo=UTC)
                points = level + uplift * gained + random.normal(0, 4)
                points = round(100 * float(np.clip(points, 0, 100)))
                session.add(_visit(random, place, pilot, begun, points, _answers(answering, gained)))
                for contact in range(2):
                    seconds = float(np.exp(pace - 0.1 * gained + random.normal(0, 0.2)))
                    at = begun + timedelta(minutes=5 * contact)
                    session.add(_timing(random, place, pilot, at, round(seconds)))
    session.commit()


def _uuid(random: np.random.Generator) -> uuid.UUID:
    return uuid.UUID(bytes=random.bytes(16))


def _answers(random: np.random.Generator, gained: bool) -> dict[str, str]:
    """Training teaches E1, how often B5 applies is chance, and A1 is the facility's."""
    share = {"A1": 0.8, "B5": 0.5, "E1": 0.95 if gained else 0.15, "E2": 0.6}
    answers = {code: "yes" if random.random() < likely else "no" for code, likely in share.items()}
    return answers | ({"B5": "na"} if random.random() < 0.3 else {})


def _visit(
    random: np.random.Generator,
    place: dict[str, Any],
    pilot: Pilot,
    begun: datetime,
    score: int | None,
    answers: dict[str, str],
) -> Visit:
    return Visit(
        **place,
        id=_uuid(random),
        checklist_id=pilot.checklist_id,
        outcome=VisitOutcome.DONE,
        started_at=begun,
        left_at=begun + timedelta(minutes=20),
        document={"answers": answers},
        score_hundredths=score,
        critical_failed=int(random.integers(0, 2)),
        digest="0" * 64,
    )


def _timing(
    random: np.random.Generator, place: dict[str, Any], pilot: Pilot, at: datetime, seconds: int
) -> Timing:
    return Timing(
        **place,
        id=_uuid(random),
        timing_form_id=pilot.timing_form_id,
        mode="observed",
        outcome="served",
        operation="parcel_receive",
        entry_method=EntryMethod.STOPWATCH,
        happened_at=at,
        document={},
        wait_seconds=300,
        service_seconds=seconds,
        total_seconds=300 + seconds,
        digest="0" * 64,
    )


def an_auditor(session: Session) -> User:
    return people.create_person(session, OPERATOR, name=f"auditor-{uuid.uuid4().hex[:6]}", role=Role.AUDITOR)


def filled_pilot(session: Session, **more: Any) -> Pilot:
    """A pilot with visits before and after in every branch; both waves still open."""
    pilot = plan_pilot(session, **more)
    draw(session, pilot, add_branches(session))
    record(session, pilot, an_auditor(session))
    return pilot


def close(session: Session, pilot: Pilot, *periods: Period) -> None:
    for period in periods or (Period.BEFORE, Period.AFTER):
        close_wave(session, OPERATOR, pilot.slug, period, AFTER_ENDS)
