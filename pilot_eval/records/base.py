"""What all tables share: names of constraints, kinds of columns, the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.mutable import MutableDict
from sqlmodel import SQLModel

# Named constraints, so that a migration can find each one again on both databases.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def words(enum: type[StrEnum]) -> sa.Enum:
    """A column type that stores an enumeration's values as text."""
    return sa.Enum(
        enum,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        length=32,
        validate_strings=True,
    )


def document() -> sa.types.TypeEngine[Any]:
    """A column type for a JSON document."""
    return MutableDict.as_mutable(sa.JSON())


def one_of(column: str, enum: type[StrEnum]) -> sa.CheckConstraint:
    """The enumeration repeated as a rule of the database."""
    allowed = ", ".join(f"'{member.value}'" for member in enum)
    return sa.CheckConstraint(f"{column} IN ({allowed})", name=f"{column}_known")


def now() -> datetime:
    return datetime.now(UTC)
