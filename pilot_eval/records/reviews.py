"""What became of visits after they were sent: superseded contents, rulings, remarks. Rows are only added."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, Session, SQLModel, col, select

from pilot_eval.domain.reviews import RemarkKind, RevisionKind, Ruling
from pilot_eval.records.base import document, one_of, words
from pilot_eval.records.visits import VisitOutcome


class VisitRevision(SQLModel, table=True):
    """The content of a visit before it was replaced; the visit itself holds the newest.

    Its words change only where personal data are taken out of them.
    """

    __tablename__ = "visit_revision"

    visit_id: UUID = Field(foreign_key="visit.id", primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    outcome: VisitOutcome = Field(sa_type=words(VisitOutcome))
    started_at: datetime
    left_at: datetime
    document: dict[str, object] = Field(sa_type=document())
    score_hundredths: int | None = None
    critical_failed: int = 0
    # As it was sent: the same content sent once more is still known.
    digest: str = Field(max_length=64)
    # When, by whom, how and why it was replaced by the next one.
    superseded_at: datetime
    superseded_by: int | None = Field(default=None, foreign_key="person.id")
    kind: RevisionKind = Field(sa_type=words(RevisionKind))
    reason: str = Field(max_length=500)
    # Results after training could be seen by then.
    after_results: bool = False

    __table_args__ = (
        one_of("outcome", VisitOutcome),
        one_of("kind", RevisionKind),
        sa.CheckConstraint("number >= 1", name="number_counted_from_one"),
        sa.CheckConstraint("reason <> ''", name="reason_given"),
    )


class VisitReview(SQLModel, table=True):
    """One ruling on a visit."""

    __tablename__ = "visit_review"

    id: int | None = Field(default=None, primary_key=True)
    visit_id: UUID = Field(foreign_key="visit.id", index=True)
    # The content that was ruled on.
    revision: int
    ruling: Ruling = Field(sa_type=words(Ruling))
    made_at: datetime
    made_by: int | None = Field(default=None, foreign_key="person.id")
    reason: str = Field(default="", max_length=500)
    # What is to be looked at again: {code of the question: why}.
    items: dict[str, object] = Field(sa_type=document())
    # Results after training could be seen by then.
    after_results: bool = False

    __table_args__ = (
        one_of("ruling", Ruling),
        sa.CheckConstraint("ruling = 'approve' OR reason <> ''", name="reason_given"),
    )


class VisitRemark(SQLModel, table=True):
    """What somebody says of a visit, and what head office answered."""

    __tablename__ = "visit_remark"

    id: int | None = Field(default=None, primary_key=True)
    visit_id: UUID = Field(foreign_key="visit.id", index=True)
    kind: RemarkKind = Field(sa_type=words(RemarkKind))
    said_at: datetime
    said_by: int = Field(foreign_key="person.id")
    text: str = Field(max_length=2000)
    answered_at: datetime | None = None
    answered_by: int | None = Field(default=None, foreign_key="person.id")
    answer: str = Field(default="", max_length=2000)

    __table_args__ = (
        one_of("kind", RemarkKind),
        sa.CheckConstraint("text <> ''", name="text_given"),
        sa.CheckConstraint("(answered_at IS NULL) = (answer = '')", name="answer_has_its_moment"),
    )


def revisions_of(session: Session, visit_id: UUID) -> list[VisitRevision]:
    """The superseded contents of a visit, the first one first."""
    return list(
        session.exec(
            select(VisitRevision)
            .where(col(VisitRevision.visit_id) == visit_id)
            .order_by(col(VisitRevision.number))
        )
    )


def rulings_on(session: Session, visit_id: UUID) -> list[VisitReview]:
    """The rulings on a visit, the first one first."""
    return list(
        session.exec(
            select(VisitReview).where(col(VisitReview.visit_id) == visit_id).order_by(col(VisitReview.id))
        )
    )


def remarks_on(session: Session, visit_id: UUID) -> list[VisitRemark]:
    """The remarks on a visit, the first one first."""
    return list(
        session.exec(
            select(VisitRemark).where(col(VisitRemark.visit_id) == visit_id).order_by(col(VisitRemark.id))
        )
    )
