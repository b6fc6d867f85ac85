"""What happened to branches, and the codes that they had

Revision ID: 0011
Revises: 0010
Create Date: 2026-11-30 23:30:00.000000
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_CHANGES = ("closed", "merged", "renumbered", "arm_changed", "trained_late")
_RULES = {
    "change_known": "change IN ('closed', 'merged', 'renumbered', 'arm_changed', 'trained_late')",
    "arm_known": "arm IS NULL OR arm IN ('trained', 'comparison')",
    "merged_into_another": "(change = 'merged') = (successor_id IS NOT NULL)",
    "not_its_own_successor": "successor_id IS NULL OR successor_id <> branch_id",
    "numbers_of_renumbering": "(change = 'renumbered') = (old_code <> '' AND new_code <> '')",
    "arm_of_change": "(change = 'arm_changed') = (arm IS NOT NULL)",
    "pilot_of_change": "(change IN ('arm_changed', 'trained_late')) = (pilot_id IS NOT NULL)",
}
_KEYS = {"branch_id": "branch", "pilot_id": "pilot", "successor_id": "branch", "recorded_by": "person"}
_INDEXED = ("branch_id", "pilot_id", "successor_id", "old_code")


def upgrade() -> None:
    text, moment = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime
    op.add_column("branch", sa.Column("former_codes", text(length=300), nullable=False, server_default=""))
    op.add_column("pilot_branch", sa.Column("code", text(length=64), nullable=False, server_default=""))
    op.create_table(
        "branch_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column(
            "change", sa.Enum(*_CHANGES, name="branchchange", native_enum=False, length=32), nullable=False
        ),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("pilot_id", sa.Integer(), nullable=True),
        sa.Column("successor_id", sa.Integer(), nullable=True),
        sa.Column("old_code", text(length=64), nullable=False),
        sa.Column("new_code", text(length=64), nullable=False),
        sa.Column(
            "arm", sa.Enum("trained", "comparison", name="arm", native_enum=False, length=32), nullable=True
        ),
        sa.Column("reason", text(length=500), nullable=False),
        sa.Column("recorded_at", moment(), nullable=False),
        sa.Column("recorded_by", sa.Integer(), nullable=True),
        sa.Column("withdrawn_at", moment(), nullable=True),
        *[sa.CheckConstraint(rule, name=op.f(f"ck_branch_event_{name}")) for name, rule in _RULES.items()],
        *[
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_branch_event_{name}_{table}"))
            for name, table in _KEYS.items()
        ],
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branch_event")),
    )
    for name in _INDEXED:
        op.create_index(op.f(f"ix_branch_event_{name}"), "branch_event", [name])


def downgrade() -> None:
    op.drop_table("branch_event")
    # Not by a batch, which would rebuild the tables without their rules.
    op.execute("ALTER TABLE pilot_branch DROP COLUMN code")
    op.execute("ALTER TABLE branch DROP COLUMN former_codes")
