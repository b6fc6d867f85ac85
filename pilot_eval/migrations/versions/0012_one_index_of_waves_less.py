"""One index of visits less: that of waves with states begins with the wave too

Revision ID: 0012
Revises: 0011
Create Date: 2026-12-01 04:00:00.000000
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_visit_wave_id", table_name="visit")


def downgrade() -> None:
    op.create_index("ix_visit_wave_id", "visit", ["wave_id"])
