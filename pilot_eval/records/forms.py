"""Stored checklists and timing forms; a published version never changes."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from pilot_eval.records.base import document, now


class ChecklistVersion(SQLModel, table=True):
    __tablename__ = "checklist_version"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=64)
    version: int
    # The whole checklist as `domain.checklists` reads it.
    document: dict[str, object] = Field(sa_type=document())
    digest: str = Field(max_length=64)
    published_at: datetime = Field(default_factory=now)

    __table_args__ = (
        sa.UniqueConstraint("code", "version"),
        sa.UniqueConstraint("digest"),
        sa.CheckConstraint("version >= 1", name="version_counted_from_one"),
    )


class TimingFormVersion(SQLModel, table=True):
    __tablename__ = "timing_form_version"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=64)
    version: int
    document: dict[str, object] = Field(sa_type=document())
    digest: str = Field(max_length=64)
    published_at: datetime = Field(default_factory=now)

    __table_args__ = (
        sa.UniqueConstraint("code", "version"),
        sa.UniqueConstraint("digest"),
        sa.CheckConstraint("version >= 1", name="version_counted_from_one"),
    )
