"""Drafts of checklists, and published ones that never change

Revision ID: 0007
Revises: 0006
Create Date: 2026-11-23 09:10:00
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_FIXED = "id, code, version, document, digest, published_at"
_SQLITE_GUARDS = {
    "checklist_version_no_update": f"BEFORE UPDATE OF {_FIXED} ON checklist_version",
    "checklist_version_no_delete": "BEFORE DELETE ON checklist_version",
}
_POSTGRESQL_GUARDS = {
    "checklist_version_no_update": f"BEFORE UPDATE OF {_FIXED} ON checklist_version",
    "checklist_version_no_delete": "BEFORE DELETE OR TRUNCATE ON checklist_version",
}


def _guard() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name, when in _SQLITE_GUARDS.items():
            op.execute(
                f"CREATE TRIGGER {name} {when} "
                "BEGIN SELECT RAISE(ABORT, 'a published checklist never changes'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION published_never_changes() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a published checklist never changes'; END $$"
    )
    for name, when in _POSTGRESQL_GUARDS.items():
        op.execute(
            f"CREATE TRIGGER {name} {when} FOR EACH STATEMENT EXECUTE FUNCTION published_never_changes()"
        )


def upgrade() -> None:
    moment = sqlmodel.sql.sqltypes.UTCDateTime
    op.add_column("checklist_version", sa.Column("retired_at", moment(), nullable=True))
    op.create_table(
        "checklist_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("earlier", sa.JSON(), nullable=False),
        sa.Column("based_on_id", sa.Integer(), nullable=True),
        sa.Column("published_id", sa.Integer(), nullable=True),
        sa.Column("thrown_away_at", moment(), nullable=True),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("changed_at", moment(), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "published_id IS NULL OR thrown_away_at IS NULL", name=op.f("ck_checklist_draft_ends_in_one_way")
        ),
        sa.ForeignKeyConstraint(
            ["based_on_id"],
            ["checklist_version.id"],
            name=op.f("fk_checklist_draft_based_on_id_checklist_version"),
        ),
        sa.ForeignKeyConstraint(
            ["published_id"],
            ["checklist_version.id"],
            name=op.f("fk_checklist_draft_published_id_checklist_version"),
        ),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["person.id"], name=op.f("fk_checklist_draft_changed_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_draft")),
    )
    _guard()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in _SQLITE_GUARDS:
            op.execute(f"DROP TRIGGER {name}")
    else:
        for name in _POSTGRESQL_GUARDS:
            op.execute(f"DROP TRIGGER {name} ON checklist_version")
        op.execute("DROP FUNCTION published_never_changes()")
    op.drop_table("checklist_draft")
    op.drop_column("checklist_version", "retired_at")
