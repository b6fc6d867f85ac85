"""The change of each branch, stored once a pilot's results may be seen, for tables of the whole network."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, Session, SQLModel, col

from pilot_eval.domain.pilots import Arm
from pilot_eval.records.base import now, words


class PilotResult(SQLModel, table=True):
    """The snapshot that a pilot's stored branch results were made from."""

    __tablename__ = "pilot_result"

    pilot_id: int = Field(foreign_key="pilot.id", primary_key=True)
    snapshot_sha256: str = Field(max_length=64)
    # Level of the intervals: the pilot's own.
    level: float
    made_at: datetime = Field(default_factory=now)
    # Records have come in since, or the plan was changed.
    stale: bool = False

    __table_args__ = (sa.CheckConstraint("level > 0.5 AND level < 1", name="level_sensible"),)


class BranchResult(SQLModel, table=True):
    """The change of one branch in one outcome of one pilot; changes are on the analysis scale, unsigned by
    which direction is better."""

    __tablename__ = "branch_result"

    pilot_id: int = Field(foreign_key="pilot.id", primary_key=True)
    outcome: str = Field(primary_key=True, max_length=64)
    branch_id: int = Field(foreign_key="branch.id", primary_key=True)
    # Repeated from the branch, so that tables of a region need no join.
    region_id: int = Field(foreign_key="region.id")
    # Outcome, kind and unit: what may be compared between pilots.
    metric: str = Field(max_length=120)
    ended_on: date
    arm: Arm = Field(sa_type=words(Arm))
    n_before: int
    n_after: int
    change: float
    # Empty where no branch was seen twice in a period.
    low: float | None = None
    high: float | None = None
    # Drawn towards the mean of the branch's arm; empty with too few branches.
    shrunken: float | None = None
    shrunken_low: float | None = None
    shrunken_high: float | None = None
    verdict: str = Field(max_length=16)
    # Too few records to be compared.
    thin: bool
    # No later pilot has this metric of this branch.
    newest: bool = False
    snapshot_sha256: str = Field(max_length=64)

    __table_args__ = (
        sa.CheckConstraint("arm IN ('trained', 'comparison')", name="arm_known"),
        sa.CheckConstraint("n_before > 0 AND n_after > 0", name="seen_in_both_periods"),
        sa.CheckConstraint("low IS NULL OR (low <= change AND change <= high)", name="interval_holds_change"),
        sa.Index("ix_branch_result_branch_id_metric", "branch_id", "metric", "newest"),
        sa.Index("ix_branch_result_regions", "metric", "newest", "region_id", "arm", "change"),
        sa.Index(
            "ix_branch_result_in_region", "region_id", "metric", "newest", "thin", "shrunken", "branch_id"
        ),
        sa.Index("ix_branch_result_by_change", "metric", "newest", "thin", "change", "branch_id"),
        sa.Index("ix_branch_result_by_shrunken", "metric", "newest", "thin", "shrunken", "branch_id"),
    )


def mark_stale(session: Session, pilot_id: int) -> None:
    """Note that the data or the plan changed after the stored results were made."""
    session.execute(sa.update(PilotResult).where(col(PilotResult.pilot_id) == pilot_id).values(stale=True))
