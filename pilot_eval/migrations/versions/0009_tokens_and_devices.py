"""API tokens, and what is known of signed-in devices

Revision ID: 0009
Revises: 0008
Create Date: 2026-11-30 21:00:00.000000
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text, moment = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", text(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("fs_uniquifier", text(length=64), nullable=False),
        sa.Column("name", text(length=100), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("last_used_at", moment(), nullable=True),
        sa.Column("expires_at", moment(), nullable=False),
        sa.Column("revoked_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["person.id"], name=op.f("fk_api_token_user_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_api_token_token_sha256")),
    )
    op.create_index(op.f("ix_api_token_user_id"), "api_token", ["user_id"])
    with op.batch_alter_table("sign_in") as batch:
        batch.add_column(sa.Column("device", text(length=64), server_default="", nullable=False))
        batch.add_column(sa.Column("last_seen_at", moment(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("sign_in") as batch:
        batch.drop_column("last_seen_at")
        batch.drop_column("device")
    op.drop_table("api_token")
