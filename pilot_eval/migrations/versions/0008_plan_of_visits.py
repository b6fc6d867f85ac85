"""The plan of visits: quotas, bars, regions of auditors, hand-over, double visits

Revision ID: 0008
Revises: 0007
Create Date: 2026-11-30 20:00:00.000000
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_LINKS = ("replaces_id", "double_of_id")


def upgrade() -> None:
    text, moment = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime
    op.add_column("assignment", sa.Column("daypart", text(length=32), nullable=False, server_default=""))
    op.add_column(
        "assignment", sa.Column("withdrawn_reason", text(length=500), nullable=False, server_default="")
    )
    for name in _LINKS:
        # Not by a batch, which would rebuild the table without its rule.
        op.execute(
            f"ALTER TABLE assignment ADD COLUMN {name} INTEGER "
            f"CONSTRAINT fk_assignment_{name}_assignment REFERENCES assignment (id)"
        )
        op.create_index(f"ix_assignment_{name}", "assignment", [name])
    op.create_table(
        "wave_quota",
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("daypart", text(length=32), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.CheckConstraint("visits >= 1", name=op.f("ck_wave_quota_visits_wanted")),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_wave_quota_wave_id_wave")),
        sa.PrimaryKeyConstraint("wave_id", "daypart", name=op.f("pk_wave_quota")),
    )
    op.create_table(
        "barred_branch",
        sa.Column("auditor_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("declared_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["auditor_id"], ["person.id"], name=op.f("fk_barred_branch_auditor_id_person")
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_barred_branch_branch_id_branch")),
        sa.PrimaryKeyConstraint("auditor_id", "branch_id", name=op.f("pk_barred_branch")),
    )
    op.create_index(op.f("ix_barred_branch_branch_id"), "barred_branch", ["branch_id"])
    op.create_table(
        "auditor_region",
        sa.Column("auditor_id", sa.Integer(), nullable=False),
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["auditor_id"], ["person.id"], name=op.f("fk_auditor_region_auditor_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["region_id"], ["region.id"], name=op.f("fk_auditor_region_region_id_region")
        ),
        sa.PrimaryKeyConstraint("auditor_id", "region_id", name=op.f("pk_auditor_region")),
    )
    op.create_index(op.f("ix_auditor_region_region_id"), "auditor_region", ["region_id"])


def downgrade() -> None:
    for table in ("auditor_region", "barred_branch", "wave_quota"):
        op.drop_table(table)
    for name in _LINKS:
        op.drop_index(f"ix_assignment_{name}", "assignment")
    for name in (*_LINKS, "withdrawn_reason", "daypart"):
        op.execute(f"ALTER TABLE assignment DROP COLUMN {name}")
