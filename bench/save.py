"""A visit of 30 answers stored by our operation, beside the usual design: a row an answer, through the ORM.

The peer is what one writes first with SQLModel: an object for the visit and one for each answer, added and
committed together. It has the same duties: it holds the assignment and the wave, reads branch, pilot and
questions, checks the answers and works out digest and score by the same functions as ours, refuses a visit
that is there already, and seals an event to the one before. The second line compares the shapes of storage
alone: one row with a document against 31 rows through the ORM. Same database: SQLite with a write-ahead log,
every commit synced.

Times are those of the processor, so that what else runs on the machine does not count.

Usage: python -m bench.save [visits] [pairs]
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, Session, SQLModel, col, select

from bench import crowd
from pilot_eval.domain import checklists
from pilot_eval.domain.checklists import Answer, Checklist, default_checklist
from pilot_eval.domain.documents import digest
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import WaveState
from pilot_eval.domain.timings import OWN_VISIT
from pilot_eval.operations.submissions import Status, insert_once, require_begun_within
from pilot_eval.operations.visits import VisitSubmission, record_visit
from pilot_eval.records import audit, database
from pilot_eval.records.network import Branch
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Assignment, Pilot, Wave
from pilot_eval.records.visits import Timing, Visit, VisitOutcome

BAR = 5.0
WARM = 20  # visits stored before the clock runs


class Peer(SQLModel, registry=registry()):
    """Tables of the usual design, apart from ours."""

    metadata = sa.MetaData()


class PeerQuestion(Peer, table=True):
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(index=True)
    section: str
    text: str
    weight: int
    critical: bool


class PeerAnswer(Peer, table=True):
    id: int | None = Field(default=None, primary_key=True)
    visit_id: UUID = Field(foreign_key="peervisit.id", index=True)
    question_id: int = Field(foreign_key="peerquestion.id", index=True)
    value: str


class PeerVisit(Peer, table=True):
    id: UUID = Field(primary_key=True)
    assignment_id: int = Field(index=True)
    auditor_id: int = Field(index=True)
    branch_id: int = Field(index=True)
    wave_id: int = Field(index=True)
    outcome: str
    started_at: datetime
    left_at: datetime
    score_hundredths: int | None = None
    digest: str = ""
    received_at: datetime
    answers: list[PeerAnswer] = Relationship()


class PeerEvent(Peer, table=True):
    id: int | None = Field(default=None, primary_key=True)
    at: datetime
    user_id: int
    action: str
    subject_id: str
    details: dict[str, object] = Field(sa_type=sa.JSON)
    previous_hash: str
    hash: str = ""


class PeerHead(Peer, table=True):
    id: int = Field(default=1, primary_key=True)
    hash: str


class Desk:
    """Where visits come in: an auditor, assignments that are used one after the other, and the answers."""

    def __init__(self, url: str, visits: int) -> None:
        name, assignments = crowd.fill(url, 1, visits).popitem()
        self.engine = database.open_database(url)
        self.checklist: Checklist = default_checklist()
        self.answers = crowd.best_answers()
        self.now = datetime.now(UTC)
        self.left_at = self.now - timedelta(days=1)
        self.started_at = self.left_at - timedelta(minutes=20)
        self._assignments = iter(assignments)
        self._numbers = count(1)
        Peer.metadata.create_all(self.engine)
        with database.session_of(self.engine) as session:
            user = session.exec(select(User).where(col(User.email) == name)).one()
            self.actor = Actor(user.email, user.role, user.id)
            for section in self.checklist.sections:
                for item in section.items:
                    row = PeerQuestion(
                        code=item.code,
                        section=section.code,
                        text=item.text.en,
                        weight=1,
                        critical=item.critical,
                    )
                    session.add(row)
            session.add(PeerHead(hash=audit.GENESIS))
            session.commit()
            self.questions = {each.code: each.id or 0 for each in session.exec(select(PeerQuestion))}
            self.template = self._stored(session)

    def next_assignment(self) -> int:
        return next(self._assignments)

    def _stored(self, session: Session) -> dict[str, Any]:
        """The columns of a visit as ours stores it."""
        receipt = record_visit(session, self.actor, self._submission(), self.now)
        return session.get_one(Visit, receipt.id).model_dump()

    def _submission(self) -> VisitSubmission:
        return VisitSubmission(
            uuid4(), self.next_assignment(), "done", self.started_at, self.left_at, self.answers
        )

    def ours(self) -> None:
        """Our operation."""
        with database.session_of(self.engine) as session:
            receipt = record_visit(session, self.actor, self._submission(), self.now)
        assert receipt.status is Status.CREATED

    def peer(self) -> None:
        """The usual design with the same duties."""
        with database.session_of(self.engine) as session:
            assignment = session.get_one(
                Assignment, self.next_assignment(), with_for_update={"key_share": True}
            )
            assert assignment.auditor_id == self.actor.user_id
            assert assignment.withdrawn_at is None
            wave = session.get_one(Wave, assignment.wave_id, with_for_update={"read": True})
            branch = session.get_one(Branch, assignment.branch_id)
            pilot = session.get_one(Pilot, assignment.pilot_id)
            assert wave.state is WaveState.OPEN
            require_begun_within(wave, ZoneInfo(branch.time_zone), self.started_at, self.now, "started_at")
            visit = self._peer_visit(assignment)
            answers = self._checked(assignment.scenario)
            visit.score_hundredths = checklists.score(self.checklist, answers).hundredths
            visit.digest = digest(
                {
                    "answers": answers,
                    "visit": visit.model_dump(mode="json", exclude={"id"}),
                    "checklist": pilot.checklist_id,
                }
            )
            assert session.get(PeerVisit, visit.id) is None
            others = select(PeerVisit).where(col(PeerVisit.assignment_id) == assignment.id)
            assert session.exec(others).first() is None
            questions = {each.code: each.id or 0 for each in session.exec(select(PeerQuestion))}
            self._add(session, visit, answers, questions)
            own = select(Timing).where(
                col(Timing.assignment_id) == assignment.id, col(Timing.mode) == OWN_VISIT
            )
            for timing in session.exec(own):
                timing.visit_id = visit.id
            self._add_event(session, visit)
            session.commit()

    def _peer_visit(self, assignment: Assignment) -> PeerVisit:
        return PeerVisit(
            id=uuid4(),
            assignment_id=assignment.id or 0,
            auditor_id=assignment.auditor_id,
            branch_id=assignment.branch_id,
            wave_id=assignment.wave_id,
            outcome=VisitOutcome.DONE.value,
            started_at=self.started_at,
            left_at=self.left_at,
            received_at=self.now,
        )

    def _checked(self, scenario: str) -> dict[str, Answer]:
        answers = checklists.normalise_answers(self.checklist, self.answers)
        header: dict[str, Any] = {
            "outcome": VisitOutcome.DONE.value,
            "scenario": scenario,
            "started_at": self.started_at,
            "left_at": self.left_at,
        }
        assert not checklists.check_answers(self.checklist, answers, header, {})
        assert not checklists.unanswered(self.checklist, answers)
        return answers

    def _add(
        self,
        session: Session,
        visit: PeerVisit,
        answers: Mapping[str, Answer | None],
        questions: Mapping[str, int],
    ) -> None:
        visit.answers = [
            PeerAnswer(visit_id=visit.id, question_id=questions[code], value=str(value))
            for code, value in answers.items()
        ]
        session.add(visit)

    def _add_event(self, session: Session, visit: PeerVisit) -> None:
        head = session.exec(select(PeerHead).with_for_update()).one()
        event = PeerEvent(
            at=self.now,
            user_id=visit.auditor_id,
            action="visit.record",
            subject_id=str(visit.id),
            details={"assignment": visit.assignment_id, "digest": visit.digest, "late": False},
            previous_hash=head.hash,
        )
        event.hash = head.hash = digest(event.model_dump(mode="json", exclude={"id", "hash"}))
        session.add(event)

    def peer_rows(self) -> None:
        """Its shape of storage alone: a row for the visit and one for each answer."""
        with database.session_of(self.engine) as session:
            assignment = Assignment(
                id=self.next_assignment(), pilot_id=1, wave_id=1, branch_id=1, auditor_id=self.actor.user_id
            )
            self._add(session, self._peer_visit(assignment), self.answers, self.questions)
            session.commit()

    def our_row(self) -> None:
        """Our shape of storage alone: one row with a document."""
        with database.session_of(self.engine) as session:
            changes = {"id": uuid4(), "assignment_id": self.next_assignment()}
            assert insert_once(session, Visit(**self.template | changes))
            session.commit()


def measured(
    ours: Callable[[], None], peer: Callable[[], None], visits: int, pairs: int
) -> tuple[float, ...]:
    """Median milliseconds of the processor for a visit of each, and the median of the ratios of pairs."""
    for _ in range(WARM):
        ours()
        peer()
    seen = [(_milliseconds(ours, visits), _milliseconds(peer, visits)) for _ in range(pairs)]
    own, other = zip(*seen, strict=True)
    ratio = statistics.median(b / a for a, b in seen)
    return statistics.median(own), statistics.median(other), ratio


def _milliseconds(store: Callable[[], None], visits: int) -> float:
    started = time.process_time()
    for _ in range(visits):
        store()
    return 1000 * (time.process_time() - started) / visits


def main(visits: int = 200, pairs: int = 5) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(f"sqlite:///{folder}/save.sqlite3", 6 * (visits * pairs + WARM) + 1)
        answers = len(desk.answers)
        for name, ours, peer, bar in (
            ("the whole operation", desk.ours, desk.peer, ""),
            ("the rows alone", desk.our_row, desk.peer_rows, f" (bar {BAR:.0f})"),
        ):
            own, other, ratio = measured(ours, peer, visits, pairs)
            print(
                f"save, {answers} answers, {name}: ORM/ours {ratio:.1f}{bar}, "
                f"ours {own:.2f} ms, ORM {other:.2f} ms of the processor"
            )
        desk.engine.dispose()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
