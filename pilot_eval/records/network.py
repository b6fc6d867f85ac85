"""Regions and branches."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from pilot_eval.domain.network import folded
from pilot_eval.records import base as base  # names the constraints before the first table

LONGEST_KEY = 300


class Region(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=64, unique=True)
    name: str = Field(max_length=200)


class Branch(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    # The operator's own number or postcode, unique in the network.
    code: str = Field(max_length=64, unique=True)
    name: str = Field(max_length=200)
    region_id: int = Field(foreign_key="region.id", index=True)
    # What a random draw of arms is stratified by, e.g. city / village.
    stratum: str = Field(default="", max_length=64)
    # IANA name: clock times of visits are read in it.
    time_zone: str = Field(default="Europe/Moscow", max_length=64)
    closed_on: date | None = None
    # Degrees, for the distance of an auditor's phone; both or none.
    latitude: float | None = None
    longitude: float | None = None
    # Codes that it had before, with blanks between: it is found by them too.
    former_codes: str = Field(default="", max_length=300, sa_column_kwargs={"server_default": ""})
    # Name and codes as people look for them: databases fold Cyrillic letters differently, or not at all.
    search_key: str = Field(default="", max_length=LONGEST_KEY)

    @property
    def codes(self) -> list[str]:
        """Its code, then those that it had before."""
        return [self.code, *self.former_codes.split()]

    __table_args__ = (
        sa.CheckConstraint("code <> ''", name="code_given"),
        sa.CheckConstraint(
            "(latitude IS NULL) = (longitude IS NULL) AND (latitude IS NULL OR "
            "(latitude >= -90 AND latitude <= 90 AND longitude >= -180 AND longitude <= 180))",
            name="place_on_earth",
        ),
        sa.Index("ix_branch_search_key", "search_key"),
        sa.Index("ix_branch_region_id_search_key", "region_id", "search_key"),
    )


def search_key(name: str, *codes: str) -> str:
    """What a branch is found and sorted by."""
    return folded(" ".join((name, *codes)))[:LONGEST_KEY]


@sa.event.listens_for(Branch, "before_insert")
@sa.event.listens_for(Branch, "before_update")
def _make_findable(_mapper: Any, _connection: Any, branch: Branch) -> None:
    branch.search_key = search_key(branch.name, branch.code, branch.former_codes or "")
