"""Files of rows that are brought in

Revision ID: 0006
Revises: 0005
Create Date: 2026-11-30 19:40:00.000000
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_KINDS = ("branches", "people", "assignments", "visits", "timings")
_STATES = ("chosen", "checking", "refused", "checked", "storing", "stored", "failed")


def _known(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def upgrade() -> None:
    text, moment = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime
    kind = sa.Enum(*_KINDS, name="listkind", native_enum=False, length=32)
    state = sa.Enum(*_STATES, name="liststate", native_enum=False, length=32)
    op.create_table(
        "list_file",
        sa.Column("id", text(length=36), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", kind, nullable=False),
        sa.Column("pilot_id", sa.Integer(), nullable=True),
        sa.Column("name", text(length=255), nullable=False),
        sa.Column("sha256", text(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("state", state, nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("asked_at", moment(), nullable=False),
        sa.Column("heard_at", moment(), nullable=False),
        sa.CheckConstraint(_known("kind", _KINDS), name=op.f("ck_list_file_kind_known")),
        sa.CheckConstraint(_known("state", _STATES), name=op.f("ck_list_file_state_known")),
        sa.CheckConstraint("rows >= 0", name=op.f("ck_list_file_rows_counted")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_list_file_pilot_id_pilot")),
        sa.ForeignKeyConstraint(["user_id"], ["person.id"], name=op.f("fk_list_file_user_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_file")),
    )
    op.create_index(op.f("ix_list_file_user_id"), "list_file", ["user_id"])
    op.create_index(op.f("ix_list_file_pilot_id"), "list_file", ["pilot_id"])
    op.create_table(
        "column_match",
        sa.Column("kind", kind, nullable=False),
        sa.Column("heading", text(length=200), nullable=False),
        sa.Column("column", text(length=64), nullable=False),
        sa.Column("matched_at", moment(), nullable=False),
        sa.CheckConstraint(_known("kind", _KINDS), name=op.f("ck_column_match_kind_known")),
        sa.PrimaryKeyConstraint("kind", "heading", name=op.f("pk_column_match")),
    )


def downgrade() -> None:
    op.drop_table("column_match")
    op.drop_table("list_file")
