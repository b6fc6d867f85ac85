"""Visits and timings as they were recorded."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from pilot_eval.records.base import document, now, one_of, words

_row_version = sa.Column("row_version", sa.Integer, nullable=False, server_default="1")


class VisitOutcome(StrEnum):
    DONE = "done"
    CLOSED = "closed"
    RECOGNISED = "recognised"
    REFUSED = "refused"


class VisitState(StrEnum):
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    EXCLUDED = "excluded"


class EntryMethod(StrEnum):
    STOPWATCH = "stopwatch"
    MANUAL = "manual"
    IMPORT = "import"


class Visit(SQLModel, table=True):
    # Minted on the device when the visit starts.
    id: UUID = Field(primary_key=True)
    pilot_id: int = Field(foreign_key="pilot.id")
    wave_id: int = Field(foreign_key="wave.id")
    branch_id: int = Field(foreign_key="branch.id", index=True)
    assignment_id: int | None = Field(default=None, foreign_key="assignment.id", index=True)
    auditor_id: int = Field(foreign_key="person.id", index=True)
    checklist_id: int = Field(foreign_key="checklist_version.id")
    outcome: VisitOutcome = Field(sa_type=words(VisitOutcome))
    state: VisitState = Field(default=VisitState.SUBMITTED, sa_type=words(VisitState))
    started_at: datetime
    left_at: datetime
    # The source of truth: {"answers": {code: answer}, "header": {...}} as validated.
    document: dict[str, object] = Field(sa_type=document())
    # Derived by the checklist's own rule; hundredths of a point, so that sums are exact. Empty: no score.
    score_hundredths: int | None = None
    critical_failed: int = 0
    # SHA-256 of the validated, normalised payload: tells a repeat from a conflict.
    digest: str = Field(max_length=64)
    received_at: datetime = Field(default_factory=now)
    # The wave had closed when it arrived.
    late: bool = False
    # Which content this is: 1 as it was sent, one more at each correction; `VisitRevision` holds the others.
    revision: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    # Counted up at every change of content or state: two people cannot overwrite each other.
    row_version: int = Field(default=1, sa_column=_row_version)

    __mapper_args__ = {"version_id_col": _row_version}
    __table_args__ = (
        one_of("outcome", VisitOutcome),
        one_of("state", VisitState),
        sa.CheckConstraint("started_at <= left_at", name="starts_before_it_ends"),
        sa.CheckConstraint(
            "score_hundredths IS NULL OR (score_hundredths >= 0 AND score_hundredths <= 10000)",
            name="score_within_100",
        ),
        sa.CheckConstraint("critical_failed >= 0", name="critical_failed_counted"),
        sa.Index("ix_visit_wave_id_state", "wave_id", "state", "received_at", "id"),
        sa.Index("ix_visit_pilot_id_branch_id_score", "pilot_id", "branch_id", "wave_id", "score_hundredths"),
    )


class Timing(SQLModel, table=True):
    id: UUID = Field(primary_key=True)
    pilot_id: int = Field(foreign_key="pilot.id")
    wave_id: int = Field(foreign_key="wave.id", index=True)
    branch_id: int = Field(foreign_key="branch.id", index=True)
    assignment_id: int | None = Field(default=None, foreign_key="assignment.id", index=True)
    # The visit it was part of, when it was.
    visit_id: UUID | None = Field(default=None, foreign_key="visit.id", index=True)
    auditor_id: int = Field(foreign_key="person.id", index=True)
    timing_form_id: int = Field(foreign_key="timing_form_version.id")
    # Codes of the timing form: own_visit / observed / ..., served / abandoned / ...
    mode: str = Field(max_length=32)
    outcome: str = Field(max_length=32)
    operation: str = Field(max_length=32)
    entry_method: EntryMethod = Field(sa_type=words(EntryMethod))
    # When the customer joined, or left at once: places the row in its wave.
    happened_at: datetime
    # {"events": {...}, "context": {...}} as validated.
    document: dict[str, object] = Field(sa_type=document())
    # Derived whole seconds; empty where the outcome has no such time.
    wait_seconds: int | None = None
    handover_seconds: int | None = None
    service_seconds: int | None = None
    total_seconds: int | None = None
    digest: str = Field(max_length=64)
    received_at: datetime = Field(default_factory=now)
    late: bool = False

    __table_args__ = (
        one_of("entry_method", EntryMethod),
        sa.CheckConstraint("wait_seconds IS NULL OR wait_seconds >= 0", name="wait_not_negative"),
        sa.CheckConstraint("handover_seconds IS NULL OR handover_seconds >= 0", name="handover_not_negative"),
        sa.CheckConstraint("service_seconds IS NULL OR service_seconds >= 0", name="service_not_negative"),
        sa.CheckConstraint("total_seconds IS NULL OR total_seconds >= 0", name="total_not_negative"),
        sa.Index(
            "ix_timing_pilot_id_branch_id_service", "pilot_id", "branch_id", "wave_id", "service_seconds"
        ),
    )


class SubmissionConflict(SQLModel, table=True):
    """What arrived under the identity of another record: kept for a reviewer, never lost."""

    __tablename__ = "submission_conflict"

    id: int | None = Field(default=None, primary_key=True)
    record_id: UUID = Field(index=True)
    record_type: str = Field(max_length=16)
    user_id: int = Field(foreign_key="person.id", index=True)
    # What it was sent for: another record of the same assignment may stand there already.
    assignment_id: int | None = Field(default=None, foreign_key="assignment.id", index=True)
    digest: str = Field(max_length=64)
    document: dict[str, object] = Field(sa_type=document())
    received_at: datetime = Field(default_factory=now)

    __table_args__ = (sa.UniqueConstraint("record_id", "digest"),)
