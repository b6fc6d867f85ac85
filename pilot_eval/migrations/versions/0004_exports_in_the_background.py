"""Exports that are made in the background

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-22 23:55:00.000000
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_STATES = ("queued", "running", "ready", "failed")
_PROBLEMS = ("", "not_allowed", "disk", "broken")


def upgrade() -> None:
    text, moment = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime
    op.create_table(
        "export_job",
        sa.Column("id", text(length=36), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("format_name", text(length=32), nullable=False),
        sa.Column("language", text(length=2), nullable=False),
        sa.Column("with_rows", sa.Boolean(), nullable=False),
        sa.Column(
            "state", sa.Enum(*_STATES, name="exportstate", native_enum=False, length=32), nullable=False
        ),
        sa.Column(
            "problem", sa.Enum(*_PROBLEMS, name="exportproblem", native_enum=False, length=32), nullable=False
        ),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("asked_at", moment(), nullable=False),
        sa.Column("heard_at", moment(), nullable=False),
        sa.Column("expires_at", moment(), nullable=True),
        sa.Column("file_name", text(length=200), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'ready', 'failed')", name=op.f("ck_export_job_state_known")
        ),
        sa.CheckConstraint(
            "problem IN ('', 'not_allowed', 'disk', 'broken')", name=op.f("ck_export_job_problem_known")
        ),
        sa.CheckConstraint("language IN ('en', 'ru')", name=op.f("ck_export_job_language_known")),
        sa.CheckConstraint("done >= 0 AND done <= total", name=op.f("ck_export_job_done_within_total")),
        sa.CheckConstraint(
            "(state = 'failed') = (problem <> '')", name=op.f("ck_export_job_failure_has_its_word")
        ),
        sa.CheckConstraint(
            "state <> 'ready' OR (file_name <> '' AND expires_at IS NOT NULL)",
            name=op.f("ck_export_job_ready_has_its_file"),
        ),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_export_job_pilot_id_pilot")),
        sa.ForeignKeyConstraint(["user_id"], ["person.id"], name=op.f("fk_export_job_user_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_job")),
    )
    op.create_index(op.f("ix_export_job_user_id"), "export_job", ["user_id"])
    op.create_index(op.f("ix_export_job_pilot_id"), "export_job", ["pilot_id"])


def downgrade() -> None:
    op.drop_table("export_job")
