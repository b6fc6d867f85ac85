"""Results of branches, and names as people look for them

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-22 23:30:00.000000
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from pilot_eval.domain.network import folded

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_branch_result_branch_id_metric": ["branch_id", "metric", "newest"],
    "ix_branch_result_regions": ["metric", "newest", "region_id", "arm", "change"],
    "ix_branch_result_in_region": ["region_id", "metric", "newest", "thin", "shrunken", "branch_id"],
    "ix_branch_result_by_change": ["metric", "newest", "thin", "change", "branch_id"],
    "ix_branch_result_by_shrunken": ["metric", "newest", "thin", "shrunken", "branch_id"],
}


def upgrade() -> None:
    _add_search_keys()
    op.create_table(
        "pilot_result",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("snapshot_sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("made_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.CheckConstraint("level > 0.5 AND level < 1", name=op.f("ck_pilot_result_level_sensible")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_pilot_result_pilot_id_pilot")),
        sa.PrimaryKeyConstraint("pilot_id", name=op.f("pk_pilot_result")),
    )
    text = sqlmodel.sql.sqltypes.AutoString
    numbers = ("low", "high", "shrunken", "shrunken_low", "shrunken_high")
    op.create_table(
        "branch_result",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("outcome", text(length=64), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.Column("metric", text(length=120), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column(
            "arm", sa.Enum("trained", "comparison", name="arm", native_enum=False, length=32), nullable=False
        ),
        sa.Column("n_before", sa.Integer(), nullable=False),
        sa.Column("n_after", sa.Integer(), nullable=False),
        sa.Column("change", sa.Float(), nullable=False),
        *[sa.Column(name, sa.Float(), nullable=True) for name in numbers],
        sa.Column("verdict", text(length=16), nullable=False),
        sa.Column("thin", sa.Boolean(), nullable=False),
        sa.Column("newest", sa.Boolean(), nullable=False),
        sa.Column("snapshot_sha256", text(length=64), nullable=False),
        sa.CheckConstraint("arm IN ('trained', 'comparison')", name=op.f("ck_branch_result_arm_known")),
        sa.CheckConstraint(
            "n_before > 0 AND n_after > 0", name=op.f("ck_branch_result_seen_in_both_periods")
        ),
        sa.CheckConstraint(
            "low IS NULL OR (low <= change AND change <= high)",
            name=op.f("ck_branch_result_interval_holds_change"),
        ),
        *[
            sa.ForeignKeyConstraint(
                [f"{table}_id"], [f"{table}.id"], name=op.f(f"fk_branch_result_{table}_id_{table}")
            )
            for table in ("pilot", "branch", "region")
        ],
        sa.PrimaryKeyConstraint("pilot_id", "outcome", "branch_id", name=op.f("pk_branch_result")),
    )
    for name, columns in _INDEXES.items():
        op.create_index(name, "branch_result", columns)


def _add_search_keys() -> None:
    op.add_column(
        "branch",
        sa.Column(
            "search_key", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False, server_default=""
        ),
    )
    branch = sa.table("branch", *(sa.column(name) for name in ("id", "name", "code", "search_key")))
    connection = op.get_bind()
    keys = [
        {"of": row.id, "key": folded(f"{row.name} {row.code}")}
        for row in connection.execute(sa.select(branch.c.id, branch.c.name, branch.c.code))
    ]
    if keys:
        fill = sa.update(branch).where(branch.c.id == sa.bindparam("of"))
        connection.execute(fill.values(search_key=sa.bindparam("key")), keys)
    op.create_index("ix_branch_search_key", "branch", ["search_key"])
    op.create_index("ix_branch_region_id_search_key", "branch", ["region_id", "search_key"])


def downgrade() -> None:
    op.drop_table("branch_result")
    op.drop_table("pilot_result")
    op.drop_index("ix_branch_region_id_search_key", "branch")
    op.drop_index("ix_branch_search_key", "branch")
    # Not by a batch, which would rebuild the table of branches without its rule.
    op.execute("ALTER TABLE branch DROP COLUMN search_key")
