"""Revisions, rulings and remarks of visits

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-30 20:00:00
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_OUTCOMES = ("done", "closed", "recognised", "refused")
_RULINGS = ("approve", "return", "exclude", "restore")
_KINDS = ("correction", "redaction")
_REMARKS = ("comment", "dispute")
_text, _moment = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime


def _words(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=32)


def _known(table: str, column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}_known"))


def _person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["person.id"], name=op.f(f"fk_{table}_{column}_person"))


def _of_visit(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f(f"fk_{table}_visit_id_visit"))


def upgrade() -> None:
    for column in ("revision", "row_version"):
        op.add_column("visit", sa.Column(column, sa.Integer(), nullable=False, server_default="1"))
    op.create_index("ix_visit_wave_id_state", "visit", ["wave_id", "state", "received_at", "id"])
    op.add_column("wave", sa.Column("lock_reason", _text(length=500), nullable=False, server_default=""))
    _add_assignments_of_conflicts()
    op.create_table(
        "visit_revision",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcome", _words("visitoutcome", _OUTCOMES), nullable=False),
        sa.Column("started_at", _moment(), nullable=False),
        sa.Column("left_at", _moment(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("score_hundredths", sa.Integer(), nullable=True),
        sa.Column("critical_failed", sa.Integer(), nullable=False),
        sa.Column("digest", _text(length=64), nullable=False),
        sa.Column("superseded_at", _moment(), nullable=False),
        sa.Column("superseded_by", sa.Integer(), nullable=True),
        sa.Column("kind", _words("revisionkind", _KINDS), nullable=False),
        sa.Column("reason", _text(length=500), nullable=False),
        sa.Column("after_results", sa.Boolean(), nullable=False),
        _known("visit_revision", "outcome", _OUTCOMES),
        _known("visit_revision", "kind", _KINDS),
        sa.CheckConstraint("number >= 1", name=op.f("ck_visit_revision_number_counted_from_one")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_visit_revision_reason_given")),
        _person("visit_revision", "superseded_by"),
        _of_visit("visit_revision"),
        sa.PrimaryKeyConstraint("visit_id", "number", name=op.f("pk_visit_revision")),
    )
    op.create_table(
        "visit_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("ruling", _words("ruling", _RULINGS), nullable=False),
        sa.Column("made_at", _moment(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("reason", _text(length=500), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("after_results", sa.Boolean(), nullable=False),
        _known("visit_review", "ruling", _RULINGS),
        sa.CheckConstraint("ruling = 'approve' OR reason <> ''", name=op.f("ck_visit_review_reason_given")),
        _person("visit_review", "made_by"),
        _of_visit("visit_review"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_review")),
    )
    op.create_table(
        "visit_remark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _words("remarkkind", _REMARKS), nullable=False),
        sa.Column("said_at", _moment(), nullable=False),
        sa.Column("said_by", sa.Integer(), nullable=False),
        sa.Column("text", _text(length=2000), nullable=False),
        sa.Column("answered_at", _moment(), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answer", _text(length=2000), nullable=False),
        _known("visit_remark", "kind", _REMARKS),
        sa.CheckConstraint("text <> ''", name=op.f("ck_visit_remark_text_given")),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answer = '')", name=op.f("ck_visit_remark_answer_has_its_moment")
        ),
        _person("visit_remark", "said_by"),
        _person("visit_remark", "answered_by"),
        _of_visit("visit_remark"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_remark")),
    )
    for table in ("visit_review", "visit_remark"):
        op.create_index(op.f(f"ix_{table}_visit_id"), table, ["visit_id"])


def _add_assignments_of_conflicts() -> None:
    """A column for what stood in the document until now."""
    with op.batch_alter_table("submission_conflict") as table:
        table.add_column(sa.Column("assignment_id", sa.Integer(), nullable=True))
        table.create_foreign_key(
            op.f("fk_submission_conflict_assignment_id_assignment"),
            "assignment",
            ["assignment_id"],
            ["id"],
        )
        table.create_index(op.f("ix_submission_conflict_assignment_id"), ["assignment_id"])
    conflict = sa.table(
        "submission_conflict",
        sa.column("id", sa.Integer()),
        sa.column("document", sa.JSON()),
        sa.column("assignment_id", sa.Integer()),
    )
    connection = op.get_bind()
    found = [
        {"of": row.id, "known": row.document["assignment"]}
        for row in connection.execute(sa.select(conflict.c.id, conflict.c.document))
        if row.document.get("assignment") is not None
    ]
    if found:
        fill = sa.update(conflict).where(conflict.c.id == sa.bindparam("of"))
        connection.execute(fill.values(assignment_id=sa.bindparam("known")), found)


def downgrade() -> None:
    for table in ("visit_remark", "visit_review", "visit_revision"):
        op.drop_table(table)
    with op.batch_alter_table("submission_conflict") as batch:
        batch.drop_index(op.f("ix_submission_conflict_assignment_id"))
        batch.drop_constraint(op.f("fk_submission_conflict_assignment_id_assignment"), type_="foreignkey")
        batch.drop_column("assignment_id")
    op.drop_index("ix_visit_wave_id_state", "visit")
    # Not by a batch, which would rebuild tables without their rules.
    op.execute("ALTER TABLE wave DROP COLUMN lock_reason")
    for column in ("row_version", "revision"):
        op.execute(f"ALTER TABLE visit DROP COLUMN {column}")
