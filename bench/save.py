"""A visit of 30 answers stored by our operation, beside the usual design: a row an answer, through the ORM.

The peer is what one writes first with SQLModel: an object for the visit and one for each answer, added and
committed together. It reads the assignment with its wave and branch, and the questions, checks the answers,
works out the score by the same functions as ours, refuses a visit that is there already, and keeps an event.
Ours does what the peer leaves out: the digest that tells a repeat from a conflict, the event sealed to the
one before, the wave and the assignment held still. A second line gives the peer's writing alone, without
reading and checking, and a third compares the two shapes of storage alone: one row with a document against
31 rows through the ORM. Same database: SQLite with a write-ahead log, every commit synced.

Times are those of the processor, so that what else runs on the machine does not count.

Usage: python -m bench.save [visits] [pairs]
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, Session, SQLModel, col, select

from bench import crowd
from pilot_eval.domain import checklists
from pilot_eval.domain.checklists import Checklist, default_checklist
from pilot_eval.domain.people import Actor
from pilot_eval.operations.submissions import Status, insert_once
from pilot_eval.operations.visits import VisitSubmission, record_visit
from pilot_eval.records import database
from pilot_eval.records.network import Branch
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Assignment, Wave
from pilot_eval.records.visits import Visit, VisitOutcome

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
    received_at: datetime
    answers: list[PeerAnswer] = Relationship()


class PeerEvent(Peer, table=True):
    id: int | None = Field(default=None, primary_key=True)
    at: datetime
    user_id: int
    action: str
    subject_id: str


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
            assignment = session.get_one(Assignment, self.next_assignment())
            wave, branch = (
                session.get_one(Wave, assignment.wave_id),
                session.get_one(Branch, assignment.branch_id),
            )
            assert assignment.auditor_id == self.actor.user_id
            assert wave.opens_on <= self.started_at.date() <= wave.closes_on
            assert branch.time_zone
            questions = {each.code: each.id or 0 for each in session.exec(select(PeerQuestion))}
            identity = uuid4()
            assert session.get(PeerVisit, identity) is None
            assert (
                session.exec(select(PeerVisit).where(col(PeerVisit.assignment_id) == assignment.id)).first()
                is None
            )
            answers = checklists.normalise_answers(self.checklist, self.answers)
            header: dict[str, Any] = {
                "outcome": "done",
                "scenario": assignment.scenario,
                "started_at": self.started_at,
                "left_at": self.left_at,
            }
            assert not checklists.check_answers(self.checklist, answers, header, {})
            score = checklists.score(self.checklist, answers).hundredths
            self._write(session, identity, assignment, score, questions)

    def peer_writing(self) -> None:
        """Its writing alone."""
        with database.session_of(self.engine) as session:
            assignment = Assignment(
                id=self.next_assignment(), pilot_id=1, wave_id=1, branch_id=1, auditor_id=self.actor.user_id
            )
            self._write(session, uuid4(), assignment, 10_000, self.questions)

    def _write(
        self,
        session: Session,
        identity: UUID,
        assignment: Assignment,
        score: int | None,
        questions: dict[str, int],
    ) -> None:
        visit = PeerVisit(
            id=identity,
            assignment_id=assignment.id or 0,
            auditor_id=assignment.auditor_id,
            branch_id=assignment.branch_id,
            wave_id=assignment.wave_id,
            outcome=VisitOutcome.DONE.value,
            started_at=self.started_at,
            left_at=self.left_at,
            score_hundredths=score,
            received_at=self.now,
        )
        visit.answers = [
            PeerAnswer(visit_id=identity, question_id=questions[code], value=str(value))
            for code, value in self.answers.items()
        ]
        event = PeerEvent(
            at=self.now, user_id=assignment.auditor_id, action="visit.record", subject_id=str(identity)
        )
        session.add(visit)
        session.add(event)
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
            ("operation", desk.ours, desk.peer, f" (bar {BAR:.0f})"),
            ("operation, peer's writing alone", desk.ours, desk.peer_writing, ""),
            ("storage alone", desk.our_row, desk.peer_writing, ""),
        ):
            own, other, ratio = measured(ours, peer, visits, pairs)
            print(
                f"save, {answers} answers, {name}: ORM/ours {ratio:.1f}{bar}, "
                f"ours {own:.2f} ms, ORM {other:.2f} ms of the processor"
            )
        desk.engine.dispose()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
