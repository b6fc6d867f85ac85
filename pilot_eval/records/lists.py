"""Files of rows that are brought in, and which of their headings were taken for which column."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from pilot_eval.domain.lists import ListKind, ListState
from pilot_eval.records.base import document, now, one_of, words


class ListFile(SQLModel, table=True):
    """A file that somebody brings in, from its arrival to what became of it."""

    __tablename__ = "list_file"

    # Random, as it stands in addresses and names the file on disk.
    id: str = Field(primary_key=True, max_length=36)
    user_id: int = Field(foreign_key="person.id", index=True)
    kind: ListKind = Field(sa_type=words(ListKind))
    # Empty for branches and people, who belong to no pilot.
    pilot_id: int | None = Field(default=None, foreign_key="pilot.id", index=True)
    name: str = Field(max_length=255)
    sha256: str = Field(max_length=64)
    # Rows below the heading.
    rows: int
    # {"headings": [...]} of the file, then {"matches": {column: heading}} as chosen.
    columns: dict[str, object] = Field(sa_type=document())
    state: ListState = Field(default=ListState.CHOSEN, sa_type=words(ListState))
    # What was found: counts, and the problems in words.
    report: dict[str, object] = Field(default_factory=dict, sa_type=document())
    asked_at: datetime = Field(default_factory=now)
    # When it was last heard of.
    heard_at: datetime = Field(default_factory=now)

    __table_args__ = (
        one_of("kind", ListKind),
        one_of("state", ListState),
        sa.CheckConstraint("rows >= 0", name="rows_counted"),
    )


class ColumnMatch(SQLModel, table=True):
    """A heading of somebody's files that was taken for one of our columns: offered again next time."""

    __tablename__ = "column_match"

    kind: ListKind = Field(sa_type=words(ListKind), primary_key=True)
    # Without capitals and spare spaces.
    heading: str = Field(primary_key=True, max_length=200)
    column: str = Field(max_length=64)
    matched_at: datetime = Field(default_factory=now)

    __table_args__ = (one_of("kind", ListKind),)
