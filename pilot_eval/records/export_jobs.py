"""Exports made in the background: who asked for what, how far they have come, until when they are kept."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from pilot_eval.domain.exports import ExportProblem, ExportState
from pilot_eval.records.base import now, one_of, words


class ExportJob(SQLModel, table=True):
    __tablename__ = "export_job"

    # Random, as it stands in addresses and names the file on disk.
    id: str = Field(primary_key=True, max_length=36)
    user_id: int = Field(foreign_key="person.id", index=True)
    pilot_id: int = Field(foreign_key="pilot.id", index=True)
    format_name: str = Field(max_length=32)
    language: str = Field(max_length=2)
    # Whether the file holds observations.
    with_rows: bool
    state: ExportState = Field(default=ExportState.QUEUED, sa_type=words(ExportState))
    problem: ExportProblem = Field(default=ExportProblem.NONE, sa_type=words(ExportProblem))
    # Rows written, and rows there are; both 0 until the first is written.
    done: int = 0
    total: int = 0
    asked_at: datetime = Field(default_factory=now)
    # When it was last heard of.
    heard_at: datetime = Field(default_factory=now)
    expires_at: datetime | None = None
    file_name: str = Field(default="", max_length=200)
    size_bytes: int = 0

    __table_args__ = (
        one_of("state", ExportState),
        one_of("problem", ExportProblem),
        sa.CheckConstraint("language IN ('en', 'ru')", name="language_known"),
        sa.CheckConstraint("done >= 0 AND done <= total", name="done_within_total"),
        sa.CheckConstraint("(state = 'failed') = (problem <> '')", name="failure_has_its_word"),
        sa.CheckConstraint(
            "state <> 'ready' OR (file_name <> '' AND expires_at IS NOT NULL)", name="ready_has_its_file"
        ),
    )
