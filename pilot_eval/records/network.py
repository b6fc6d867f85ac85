"""Regions and branches."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from pilot_eval.records import base as base  # names the constraints before the first table


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

    __table_args__ = (sa.CheckConstraint("code <> ''", name="code_given"),)
