"""What was settled about a pilot: versions of its plan, the looks taken, the decisions.

Rows are added and never changed: triggers refuse UPDATE and DELETE on both databases.
"""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, Session, SQLModel, col, select

from pilot_eval.domain.pilots import Choice
from pilot_eval.records.base import one_of, words


class Cause(StrEnum):
    """Why there is a version of a plan."""

    FROZEN = "frozen"  # head office froze it
    WAVE_OPENED = "wave_opened"  # the first day of the wave after training had come
    FIRST_RECORD = "first_record"  # something was recorded after training
    IMPORT = "import"  # it came with data that were there already
    CHANGE = "change"  # it was changed after it was frozen


class PlanVersion(SQLModel, table=True):
    """A plan as it was frozen, and each change of it since."""

    __tablename__ = "plan_version"

    pilot_id: int = Field(foreign_key="pilot.id", primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    cause: Cause = Field(sa_type=words(Cause))
    # Canonical JSON, of which `sha256` is the hash.
    document: str = Field(sa_type=sa.Text)
    sha256: str = Field(max_length=64)
    made_at: datetime
    # Empty where nobody asked for it, or a command at the server did.
    made_by: int | None = Field(default=None, foreign_key="person.id")
    reason: str = Field(default="", max_length=2000)
    # Somebody could have seen results after training by then.
    after_results: bool = False

    __table_args__ = (
        one_of("cause", Cause),
        sa.CheckConstraint("number >= 1", name="number_counted_from_one"),
        sa.CheckConstraint("number = 1 OR reason <> ''", name="change_has_reason"),
    )


class Look(SQLModel, table=True):
    """A look at a running pilot that its plan allows, with what was seen."""

    __tablename__ = "planned_look"

    pilot_id: int = Field(foreign_key="pilot.id", primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    taken_at: datetime
    taken_by: int | None = Field(default=None, foreign_key="person.id")
    # Share of the information that the plan names, and visits made of those assigned.
    planned_fraction: float
    visits_done: int
    visits_planned: int
    snapshot_sha256: str = Field(max_length=64)
    plan_version: int
    plan_sha256: str = Field(max_length=64)
    # Of the intervals of primary outcomes.
    level: float
    # Canonical JSON: the outcomes with their evaluations.
    result: str = Field(sa_type=sa.Text)

    __table_args__ = (
        sa.CheckConstraint("number >= 1", name="number_counted_from_one"),
        sa.CheckConstraint("visits_planned >= 1 AND visits_done >= 0", name="visits_counted"),
    )


class Decision(SQLModel, table=True):
    """What was decided on a pilot, and on what; a new one supersedes it, and it stays."""

    __tablename__ = "decision"

    pilot_id: int = Field(foreign_key="pilot.id", primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    choice: Choice = Field(sa_type=words(Choice))
    reasons: str = Field(max_length=4000)
    signed_at: datetime
    signed_by: int | None = Field(default=None, foreign_key="person.id")
    snapshot_sha256: str = Field(max_length=64)
    plan_version: int
    plan_sha256: str = Field(max_length=64)
    # The planned look it rests on; empty where it rests on the whole pilot.
    look: int | None = None
    # JSON: [{"code": outcome, "key": verdict}], as they stood.
    verdicts: str = Field(sa_type=sa.Text)

    __table_args__ = (
        one_of("choice", Choice),
        sa.CheckConstraint("number >= 1", name="number_counted_from_one"),
        sa.CheckConstraint("reasons <> ''", name="reasons_given"),
    )


def versions_of(session: Session, pilot_id: int) -> list[PlanVersion]:
    """The versions of a pilot's plan, the first one first."""
    return list(
        session.exec(
            select(PlanVersion).where(col(PlanVersion.pilot_id) == pilot_id).order_by(col(PlanVersion.number))
        )
    )


def looks_of(session: Session, pilot_id: int) -> list[Look]:
    """The looks taken at a pilot, the first one first."""
    return list(session.exec(select(Look).where(col(Look.pilot_id) == pilot_id).order_by(col(Look.number))))


def decisions_of(session: Session, pilot_id: int) -> list[Decision]:
    """The decisions on a pilot, the newest first."""
    return list(
        session.exec(
            select(Decision).where(col(Decision.pilot_id) == pilot_id).order_by(col(Decision.number).desc())
        )
    )
