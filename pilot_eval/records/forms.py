"""Stored checklists and timing forms; a published version never changes."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from pilot_eval.records.base import document, now


class FormVersion(SQLModel):
    """What both kinds of stored form have."""

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=64)
    version: int
    # The whole form as the domain reads it.
    document: dict[str, object] = Field(sa_type=document())
    digest: str = Field(max_length=64)
    published_at: datetime = Field(default_factory=now)


def _rules() -> tuple[sa.Constraint, ...]:
    return (
        sa.UniqueConstraint("code", "version"),
        sa.UniqueConstraint("digest"),
        sa.CheckConstraint("version >= 1", name="version_counted_from_one"),
    )


class ChecklistVersion(FormVersion, table=True):
    __tablename__ = "checklist_version"
    __table_args__ = _rules()


class TimingFormVersion(FormVersion, table=True):
    __tablename__ = "timing_form_version"
    __table_args__ = _rules()
