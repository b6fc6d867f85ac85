"""Photographs and the distance to the branch

Revision ID: 0010
Revises: 0009
Create Date: 2026-11-30 20:50:00
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_PLACE = (
    "(latitude IS NULL) = (longitude IS NULL) AND (latitude IS NULL OR "
    "(latitude >= -90 AND latitude <= 90 AND longitude >= -180 AND longitude <= 180))"
)


def upgrade() -> None:
    moment = sqlmodel.sql.sqltypes.UTCDateTime
    for column in ("asks_photos", "asks_distance"):
        op.add_column("pilot", sa.Column(column, sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("branch") as branch:
        branch.add_column(sa.Column("latitude", sa.Float(), nullable=True))
        branch.add_column(sa.Column("longitude", sa.Float(), nullable=True))
        branch.create_check_constraint("place_on_earth", _PLACE)
    op.create_table(
        "visit_photo",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("exterior", "receipt", name="photokind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("received_at", moment(), nullable=False),
        sa.Column("deleted_at", moment(), nullable=True),
        sa.CheckConstraint("kind IN ('exterior', 'receipt')", name=op.f("ck_visit_photo_kind_known")),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_visit_photo_size_positive")),
        sa.ForeignKeyConstraint(["user_id"], ["person.id"], name=op.f("fk_visit_photo_user_id_person")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_visit_photo_visit_id_visit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_photo")),
    )
    for column in ("user_id", "visit_id"):
        op.create_index(op.f(f"ix_visit_photo_{column}"), "visit_photo", [column])


def downgrade() -> None:
    op.drop_table("visit_photo")
    with op.batch_alter_table("branch") as branch:
        branch.drop_constraint("place_on_earth", type_="check")
        branch.drop_column("longitude")
        branch.drop_column("latitude")
    for column in ("asks_distance", "asks_photos"):
        op.drop_column("pilot", column)
