"""Photographs of visits; the pictures themselves are files beside the database."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from pilot_eval.domain.photos import PhotoKind
from pilot_eval.records.base import now, one_of, words


class VisitPhoto(SQLModel, table=True):
    __tablename__ = "visit_photo"

    # Minted on the device; names the file too.
    id: UUID = Field(primary_key=True)
    visit_id: UUID = Field(foreign_key="visit.id", index=True)
    user_id: int = Field(foreign_key="person.id", index=True)
    kind: PhotoKind = Field(sa_type=words(PhotoKind))
    # SHA-256 of what was sent: tells a repeat from a conflict.
    digest: str = Field(max_length=64)
    size_bytes: int
    received_at: datetime = Field(default_factory=now)
    # The picture is gone: by retention, or because somebody removed it.
    deleted_at: datetime | None = None

    __table_args__ = (
        one_of("kind", PhotoKind),
        sa.CheckConstraint("size_bytes > 0", name="size_positive"),
    )
