"""What the demonstration has to review: odd visits, rulings on others, a dispute, all of them invented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, select

from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Period
from pilot_eval.domain.reviews import RemarkKind, Ruling
from pilot_eval.operations.flags import flags_of
from pilot_eval.operations.reviews import remark, review_visit, store_ruling
from pilot_eval.operations.submissions import Status
from pilot_eval.operations.visits import Filling, VisitSubmission, store_visit
from pilot_eval.records.network import Branch
from pilot_eval.records.pilots import Pilot, Wave
from pilot_eval.records.visits import Visit

# Which visits of the running pilot are odd.
HURRIED, LATE, NAMED, TWICE, COPIED = 3, 5, 8, 11, 14
APPROVED_SHARE: Final = 0.6
NAME: Final = "Оператор Кузнецова вышла к очереди и сама предложила талоны."
DOUBTFUL: Final = "Проверьте, пожалуйста, два пункта: они расходятся с тем, что известно об отделении."
DOUBTS: Final = {
    "B5": "Терминал в тот день ремонтировали. Он работал, когда вы пришли?",
    "C3": "Сколько вы ждали: больше или меньше 10 минут?",
}
OTHERWISE: Final = "Второе окно открыли сразу."


class Oddities:
    """Makes a few visits of a pilot odd, in the order in which they are recorded."""

    def __init__(self) -> None:
        self._number = 0
        self._copied = False
        self._first: dict[int, VisitSubmission] = {}

    def twist(
        self, auditor_id: int, submission: VisitSubmission, sent: datetime
    ) -> tuple[VisitSubmission, datetime]:
        """The visit as it is sent, and when."""
        self._number += 1
        copied = self._first.setdefault(auditor_id, submission)
        if self._number == HURRIED and submission.left_at:
            opened = submission.left_at + timedelta(minutes=4)
            return replace(submission, filling=Filling(opened, opened + timedelta(seconds=41), 41)), sent
        if self._number == LATE:
            return submission, sent + timedelta(hours=60)
        if self._number == NAMED:
            return replace(submission, narrative=NAME), sent
        if self._number >= COPIED and copied is not submission and not self._copied:
            self._copied = True
            return replace(submission, answers=copied.answers, comments=copied.comments), sent
        return submission, sent

    def send_again(self, session: Session, actor: Actor, submission: VisitSubmission, sent: datetime) -> None:
        """A second version of one visit, as from another phone."""
        if self._number == TWICE:
            other = replace(submission, narrative=OTHERWISE)
            receipt = store_visit(session, actor, other, sent + timedelta(minutes=3))
            assert receipt.status is Status.CONFLICT  # noqa: S101 - the same number, another content


def approve_all(session: Session, head_office: Actor, slug: str, now: datetime) -> None:
    """Approve every visit of a pilot."""
    for visit in _visits(session, slug):
        store_ruling(session, head_office, visit.id, Ruling.APPROVE, now, version=visit.row_version)
    session.commit()


def review_some(session: Session, head_office: Actor, own: Actor, slug: str, now: datetime) -> None:
    """Approve the first visits that nothing is odd about, return two, exclude one.

    Parameters
    ----------
    own : Actor
        An auditor, of whose visits one comes back and one is commented on.
    """
    visits = _visits(session, slug)
    if len(visits) < COPIED:
        return
    flags = flags_of(session, visits[0].pilot_id)
    plain = [visit for visit in visits if not flags[visit.id]]
    mine = [visit for visit in plain if visit.auditor_id == own.user_id]
    others = [visit for visit in plain if visit.auditor_id != own.user_id]
    if mine:
        _rule(session, head_office, mine[0], Ruling.RETURN, now, DOUBTFUL, DOUBTS)
    for visit in mine[1:2]:
        remark(session, own, visit.id, RemarkKind.COMMENT, "Электронная очередь не работала с утра.", now)
    shortened = "Отделение в этот день работало по сокращённому графику."
    _rule(session, head_office, others[0], Ruling.EXCLUDE, now, shortened)
    _rule(session, head_office, others[1], Ruling.RETURN, now, "Проверьте время выхода.")
    for visit in others[2 : 2 + round(APPROVED_SHARE * len(others))]:
        store_ruling(session, head_office, visit.id, Ruling.APPROVE, now, version=visit.row_version)
    session.commit()


def dispute_one(session: Session, manager: Actor, slug: str, now: datetime) -> None:
    """The manager objects to a visit of the own region after training."""
    visit = session.exec(
        select(Visit)
        .join(Pilot, col(Pilot.id) == col(Visit.pilot_id))
        .join(Branch, col(Branch.id) == col(Visit.branch_id))
        .join(Wave, col(Wave.id) == col(Visit.wave_id))
        .where(
            col(Pilot.slug) == slug,
            col(Branch.region_id) == manager.region_id,
            col(Wave.period) == Period.AFTER,
        )
        .order_by(col(Visit.score_hundredths), col(Visit.id))
    ).first()
    if visit is not None:
        said = "В этот день меняли окна обслуживания, очередь была необычной. Прошу учесть."
        remark(session, manager, visit.id, RemarkKind.DISPUTE, said, now)


def _rule(
    session: Session,
    head_office: Actor,
    visit: Visit,
    ruling: Ruling,
    now: datetime,
    reason: str,
    items: dict[str, str] | None = None,
) -> None:
    review_visit(
        session, head_office, visit.id, ruling, now,
        version=visit.row_version, reason=reason, items=items,
    )  # fmt: skip


def _visits(session: Session, slug: str) -> Sequence[Visit]:
    return session.exec(
        select(Visit)
        .join(Pilot, col(Pilot.id) == col(Visit.pilot_id))
        .where(col(Pilot.slug) == slug)
        .order_by(col(Visit.received_at), col(Visit.id))
    ).all()
