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
    """A published checklist: triggers refuse every change but that of `retired_at`."""

    __tablename__ = "checklist_version"
    __table_args__ = _rules()

    # No new pilot takes it from then on; visits of pilots that have it go on.
    retired_at: datetime | None = None


_draft_version = sa.Column("row_version", sa.Integer, nullable=False)


class ChecklistDraft(SQLModel, table=True):
    """A checklist while it is written; open until it is published or thrown away."""

    __tablename__ = "checklist_draft"

    id: int | None = Field(default=None, primary_key=True)
    # What `domain.checklists.drafts` changes; it may be incomplete.
    document: dict[str, object] = Field(sa_type=sa.JSON)
    # How it stood before each of the last changes, the newest last: what can be undone.
    earlier: list[dict[str, object]] = Field(default_factory=list, sa_type=sa.JSON)
    based_on_id: int | None = Field(default=None, foreign_key="checklist_version.id")
    published_id: int | None = Field(default=None, foreign_key="checklist_version.id")
    thrown_away_at: datetime | None = None
    created_at: datetime = Field(default_factory=now)
    changed_at: datetime = Field(default_factory=now)
    changed_by: int | None = Field(default=None, foreign_key="person.id")
    # Counted up at every change: two editors cannot overwrite each other.
    row_version: int = Field(default=1, sa_column=_draft_version)

    __mapper_args__ = {"version_id_col": _draft_version}
    __table_args__ = (
        sa.CheckConstraint("published_id IS NULL OR thrown_away_at IS NULL", name="ends_in_one_way"),
    )


class TimingFormVersion(FormVersion, table=True):
    __tablename__ = "timing_form_version"
    __table_args__ = _rules()
