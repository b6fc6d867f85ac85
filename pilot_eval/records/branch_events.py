"""What happened to branches while pilots ran: dated, and kept for good."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, Session, SQLModel, col, select

from pilot_eval.domain.network import BranchChange
from pilot_eval.domain.pilots import Arm
from pilot_eval.records.base import now, one_of, words
from pilot_eval.records.network import Branch


class BranchEvent(SQLModel, table=True):
    """A branch closed, was merged or renumbered, or was not treated as its arm says."""

    __tablename__ = "branch_event"

    id: int | None = Field(default=None, primary_key=True)
    branch_id: int = Field(foreign_key="branch.id", index=True)
    change: BranchChange = Field(sa_type=words(BranchChange))
    happened_on: date
    # The pilot that it concerns; empty where it concerns the network.
    pilot_id: int | None = Field(default=None, foreign_key="pilot.id", index=True)
    # The branch that it was merged into.
    successor_id: int | None = Field(default=None, foreign_key="branch.id", index=True)
    old_code: str = Field(default="", max_length=64, index=True)
    new_code: str = Field(default="", max_length=64)
    # As which it was treated from that day on.
    arm: Arm | None = Field(default=None, sa_type=words(Arm))
    reason: str = Field(default="", max_length=500)
    recorded_at: datetime = Field(default_factory=now)
    recorded_by: int | None = Field(default=None, foreign_key="person.id")
    # It was noted by mistake.
    withdrawn_at: datetime | None = None

    __table_args__ = (
        one_of("change", BranchChange),
        sa.CheckConstraint("arm IS NULL OR arm IN ('trained', 'comparison')", name="arm_known"),
        sa.CheckConstraint("(change = 'merged') = (successor_id IS NOT NULL)", name="merged_into_another"),
        sa.CheckConstraint("successor_id IS NULL OR successor_id <> branch_id", name="not_its_own_successor"),
        sa.CheckConstraint(
            "(change = 'renumbered') = (old_code <> '' AND new_code <> '')", name="numbers_of_renumbering"
        ),
        sa.CheckConstraint("(change = 'arm_changed') = (arm IS NOT NULL)", name="arm_of_change"),
        sa.CheckConstraint(
            "(change IN ('arm_changed', 'trained_late')) = (pilot_id IS NOT NULL)", name="pilot_of_change"
        ),
    )


def former_codes(session: Session) -> dict[str, int]:
    """Keys of branches by the codes that they no longer have."""
    rows = session.exec(
        select(BranchEvent.old_code, BranchEvent.branch_id).where(
            col(BranchEvent.change) == BranchChange.RENUMBERED, col(BranchEvent.withdrawn_at).is_(None)
        )
    )
    current = set(session.exec(select(Branch.code)))
    return {code: branch_id for code, branch_id in rows if code not in current}


def branch_of(session: Session, code: str) -> Branch | None:
    """The branch that has this code, or had it once."""
    found = session.exec(select(Branch).where(col(Branch.code) == code)).one_or_none()
    if found is None:
        event = session.exec(
            select(BranchEvent.branch_id)
            .where(col(BranchEvent.old_code) == code, col(BranchEvent.withdrawn_at).is_(None))
            .limit(1)
        ).first()
        found = session.get(Branch, event) if event is not None else None
    return found


def successors(session: Session) -> dict[int, int]:
    """The branch that each merged one was merged into, by their keys."""
    rows = session.exec(
        select(BranchEvent.branch_id, BranchEvent.successor_id).where(
            col(BranchEvent.change) == BranchChange.MERGED, col(BranchEvent.withdrawn_at).is_(None)
        )
    )
    return {branch_id: successor_id for branch_id, successor_id in rows if successor_id is not None}
