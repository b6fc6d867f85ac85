"""Versions of plans, planned looks, decisions

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-22 23:25:00
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = ("plan_version", "planned_look", "decision")
_SQLITE_GUARD = """
CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table}
BEGIN SELECT RAISE(ABORT, 'what was settled is append-only'); END
"""
_POSTGRESQL_FUNCTION = """
CREATE FUNCTION settled_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'what was settled is append-only'; END $$
"""
_POSTGRESQL_GUARD = """
CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION settled_is_append_only()
"""


def _guard() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in _TABLES:
            for change in ("update", "delete"):
                op.execute(_SQLITE_GUARD.format(table=table, change=change))
        return
    op.execute(_POSTGRESQL_FUNCTION)
    for table in _TABLES:
        op.execute(_POSTGRESQL_GUARD.format(table=table))


def upgrade() -> None:
    op.add_column("pilot", sa.Column("looks", sa.JSON(), nullable=True))
    op.add_column(
        "pilot",
        sa.Column(
            "exclusions",
            sqlmodel.sql.sqltypes.AutoString(length=2000),
            server_default="",
            nullable=False,
        ),
    )
    op.create_table(
        "plan_version",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("made_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=False),
        sa.Column("after_results", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "cause IN ('frozen', 'wave_opened', 'first_record', 'import', 'change')",
            name=op.f("ck_plan_version_cause_known"),
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_plan_version_number_counted_from_one")),
        sa.CheckConstraint("number = 1 OR reason <> ''", name=op.f("ck_plan_version_change_has_reason")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_plan_version_made_by_person")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_plan_version_pilot_id_pilot")),
        sa.PrimaryKeyConstraint("pilot_id", "number", name=op.f("pk_plan_version")),
    )
    op.create_table(
        "planned_look",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("taken_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("taken_by", sa.Integer(), nullable=True),
        sa.Column("planned_fraction", sa.Float(), nullable=False),
        sa.Column("visits_done", sa.Integer(), nullable=False),
        sa.Column("visits_planned", sa.Integer(), nullable=False),
        sa.Column("snapshot_sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("plan_sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_planned_look_number_counted_from_one")),
        sa.CheckConstraint(
            "visits_planned >= 1 AND visits_done >= 0", name=op.f("ck_planned_look_visits_counted")
        ),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_planned_look_pilot_id_pilot")),
        sa.ForeignKeyConstraint(["taken_by"], ["person.id"], name=op.f("fk_planned_look_taken_by_person")),
        sa.PrimaryKeyConstraint("pilot_id", "number", name=op.f("pk_planned_look")),
    )
    op.create_table(
        "decision",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("choice", sa.String(length=32), nullable=False),
        sa.Column("reasons", sqlmodel.sql.sqltypes.AutoString(length=4000), nullable=False),
        sa.Column("signed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("signed_by", sa.Integer(), nullable=True),
        sa.Column("snapshot_sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("plan_sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("look", sa.Integer(), nullable=True),
        sa.Column("verdicts", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "choice IN ('roll_out', 'rework', 'stop', 'need_data')", name=op.f("ck_decision_choice_known")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_decision_number_counted_from_one")),
        sa.CheckConstraint("reasons <> ''", name=op.f("ck_decision_reasons_given")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_decision_pilot_id_pilot")),
        sa.ForeignKeyConstraint(["signed_by"], ["person.id"], name=op.f("fk_decision_signed_by_person")),
        sa.PrimaryKeyConstraint("pilot_id", "number", name=op.f("pk_decision")),
    )
    _guard()


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION settled_is_append_only()")
    op.drop_column("pilot", "exclusions")
    op.drop_column("pilot", "looks")
