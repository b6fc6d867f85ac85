"""Observations that came in a file instead of through a form."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from pilot_eval.domain.pilots import Period
from pilot_eval.records.base import document, now, one_of, words


class ImportedFile(SQLModel, table=True):
    __tablename__ = "imported_file"

    id: int | None = Field(default=None, primary_key=True)
    pilot_id: int = Field(foreign_key="pilot.id", index=True)
    name: str = Field(max_length=255)
    # The same bytes a second time add nothing.
    sha256: str = Field(max_length=64)
    rows: int
    # Which column meant what: {"outcome": "fte", "kind": "score", "strata": null, ...}.
    options: dict[str, object] = Field(sa_type=document())
    imported_by: int | None = Field(default=None, foreign_key="person.id")
    imported_at: datetime = Field(default_factory=now)

    __table_args__ = (sa.UniqueConstraint("pilot_id", "sha256"),)


class Measurement(SQLModel, table=True):
    """One row of a file: one value of one outcome."""

    id: int | None = Field(default=None, primary_key=True)
    pilot_id: int = Field(foreign_key="pilot.id")
    file_id: int = Field(foreign_key="imported_file.id", index=True)
    # As a spreadsheet counts: the header is row 1.
    row_number: int
    # The file's own id, when it has one.
    external_id: str | None = Field(default=None, max_length=200)
    branch_id: int = Field(foreign_key="branch.id", index=True)
    period: Period = Field(sa_type=words(Period))
    outcome: str = Field(max_length=64)
    # Empty: the cell was empty; it is counted as missing.
    value: float | None = None

    __table_args__ = (
        one_of("period", Period),
        sa.UniqueConstraint("file_id", "row_number", "outcome"),
        sa.UniqueConstraint("pilot_id", "outcome", "external_id"),
        sa.Index("ix_measurement_pilot_id_outcome", "pilot_id", "outcome"),
    )
