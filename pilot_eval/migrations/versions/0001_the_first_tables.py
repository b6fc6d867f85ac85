"""The first tables

Revision ID: 0001
Revises:
Create Date: 2026-11-22 16:47:18.485503
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SQLITE_GUARDS = """
CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
---
CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
"""

_POSTGRESQL_GUARDS = """
CREATE FUNCTION audit_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$
---
CREATE TRIGGER audit_event_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
FOR EACH STATEMENT EXECUTE FUNCTION audit_event_is_append_only()
"""


def _guard_the_audit_log() -> None:
    guards = _SQLITE_GUARDS if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL_GUARDS
    for statement in guards.split("---"):
        op.execute(statement)


def upgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("operator", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("action", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("subject_type", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("subject_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("previous_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_audit_event_sequence_counted_from_one")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_event")),
    )
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_event_action"), ["action"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "checklist_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("published_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_checklist_version_version_counted_from_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_version")),
        sa.UniqueConstraint("code", "version", name=op.f("uq_checklist_version_code_version")),
        sa.UniqueConstraint("digest", name=op.f("uq_checklist_version_digest")),
    )
    op.create_table(
        "failed_sign_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_sign_in")),
    )
    with op.batch_alter_table("failed_sign_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_failed_sign_in_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_failed_sign_in_name"), ["name"], unique=False)

    op.create_table(
        "region",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_region")),
        sa.UniqueConstraint("code", name=op.f("uq_region_code")),
    )
    op.create_table(
        "timing_form_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("published_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_timing_form_version_version_counted_from_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timing_form_version")),
        sa.UniqueConstraint("code", "version", name=op.f("uq_timing_form_version_code_version")),
        sa.UniqueConstraint("digest", name=op.f("uq_timing_form_version_digest")),
    )
    op.create_table(
        "branch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.Column("stratum", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("time_zone", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("code <> ''", name=op.f("ck_branch_code_given")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_branch_region_id_region")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branch")),
        sa.UniqueConstraint("code", name=op.f("uq_branch_code")),
    )
    with op.batch_alter_table("branch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_branch_region_id"), ["region_id"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("password", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=True),
        sa.Column("fs_uniquifier", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "auditor",
                "manager",
                "head_office",
                "administrator",
                name="role",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("region_id", sa.Integer(), nullable=True),
        sa.Column("pseudonym", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("full_name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("language", sqlmodel.sql.sqltypes.AutoString(length=2), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.CheckConstraint("language IN ('en', 'ru')", name=op.f("ck_person_language_known")),
        sa.CheckConstraint(
            "role <> 'manager' OR region_id IS NOT NULL", name=op.f("ck_person_manager_has_region")
        ),
        sa.CheckConstraint(
            "role IN ('auditor', 'manager', 'head_office', 'administrator')",
            name=op.f("ck_person_role_known"),
        ),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_person_region_id_region")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_person_fs_uniquifier")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_person_pseudonym")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_region_id"), ["region_id"], unique=False)

    op.create_table(
        "pilot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("title_en", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("title_ru", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column(
            "design",
            sa.Enum("before_after", "difference_in_differences", name="design", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("before_from", sa.Date(), nullable=True),
        sa.Column("before_to", sa.Date(), nullable=True),
        sa.Column("training_from", sa.Date(), nullable=True),
        sa.Column("training_to", sa.Date(), nullable=True),
        sa.Column("after_from", sa.Date(), nullable=True),
        sa.Column("after_to", sa.Date(), nullable=True),
        sa.Column("checklist_id", sa.Integer(), nullable=True),
        sa.Column("timing_form_id", sa.Integer(), nullable=True),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("draws", sa.Integer(), nullable=False),
        sa.Column("weights", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("minimum_branches", sa.Integer(), nullable=True),
        sa.Column("minimum_observations", sa.Integer(), nullable=True),
        sa.Column("allocation", sa.JSON(), nullable=True),
        sa.Column("made_up", sa.Boolean(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "design IN ('before_after', 'difference_in_differences')", name=op.f("ck_pilot_design_known")
        ),
        sa.CheckConstraint("slug <> ''", name=op.f("ck_pilot_slug_given")),
        sa.CheckConstraint("weights IN ('branch', 'observation')", name=op.f("ck_pilot_weights_known")),
        sa.CheckConstraint(
            "before_from IS NULL OR (before_from <= before_to AND before_to < training_from AND training_from <= training_to AND training_to < after_from AND after_from <= after_to)",
            name=op.f("ck_pilot_periods_in_order"),
        ),
        sa.CheckConstraint("draws >= 99", name=op.f("ck_pilot_draws_enough")),
        sa.CheckConstraint("level > 0.5 AND level < 1", name=op.f("ck_pilot_level_sensible")),
        sa.ForeignKeyConstraint(
            ["checklist_id"], ["checklist_version.id"], name=op.f("fk_pilot_checklist_id_checklist_version")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_pilot_created_by_person")),
        sa.ForeignKeyConstraint(
            ["timing_form_id"],
            ["timing_form_version.id"],
            name=op.f("fk_pilot_timing_form_id_timing_form_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pilot")),
        sa.UniqueConstraint("slug", name=op.f("uq_pilot_slug")),
    )
    op.create_table(
        "reset_link",
        sa.Column("token_sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("used_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["person.id"], name=op.f("fk_reset_link_user_id_person")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_reset_link")),
    )
    with op.batch_alter_table("reset_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reset_link_user_id"), ["user_id"], unique=False)

    op.create_table(
        "sign_in",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("revoked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["person.id"], name=op.f("fk_sign_in_user_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
    )
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_user_id"), ["user_id"], unique=False)

    op.create_table(
        "submission_conflict",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("record_type", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("received_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["person.id"], name=op.f("fk_submission_conflict_user_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_conflict")),
        sa.UniqueConstraint("record_id", "digest", name=op.f("uq_submission_conflict_record_id_digest")),
    )
    with op.batch_alter_table("submission_conflict", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_conflict_record_id"), ["record_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_submission_conflict_user_id"), ["user_id"], unique=False)

    op.create_table(
        "imported_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("imported_by", sa.Integer(), nullable=True),
        sa.Column("imported_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["imported_by"], ["person.id"], name=op.f("fk_imported_file_imported_by_person")
        ),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_imported_file_pilot_id_pilot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_file")),
        sa.UniqueConstraint("pilot_id", "sha256", name=op.f("uq_imported_file_pilot_id_sha256")),
    )
    with op.batch_alter_table("imported_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_imported_file_pilot_id"), ["pilot_id"], unique=False)

    op.create_table(
        "pilot_branch",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column(
            "arm", sa.Enum("trained", "comparison", name="arm", native_enum=False, length=32), nullable=True
        ),
        sa.Column("stratum", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.CheckConstraint(
            "arm IS NULL OR arm IN ('trained', 'comparison')", name=op.f("ck_pilot_branch_arm_known")
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_pilot_branch_branch_id_branch")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_pilot_branch_pilot_id_pilot")),
        sa.PrimaryKeyConstraint("pilot_id", "branch_id", name=op.f("pk_pilot_branch")),
    )
    with op.batch_alter_table("pilot_branch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pilot_branch_branch_id"), ["branch_id"], unique=False)

    op.create_table(
        "pilot_outcome",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("better", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column("primary", sa.Boolean(), nullable=False),
        sa.Column("smallest_effect", sa.Float(), nullable=True),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("label_en", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("label_ru", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("unit", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.CheckConstraint("better IN ('higher', 'lower')", name=op.f("ck_pilot_outcome_better_known")),
        sa.CheckConstraint(
            "kind IN ('score', 'proportion', 'duration', 'rate')", name=op.f("ck_pilot_outcome_kind_known")
        ),
        sa.CheckConstraint(
            "smallest_effect IS NULL OR smallest_effect > 0",
            name=op.f("ck_pilot_outcome_smallest_effect_positive"),
        ),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_pilot_outcome_pilot_id_pilot")),
        sa.PrimaryKeyConstraint("pilot_id", "code", name=op.f("pk_pilot_outcome")),
    )
    op.create_table(
        "wave",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column(
            "period",
            sa.Enum("before", "during", "after", name="period", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("open", "closed", "locked", name="wavestate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.CheckConstraint("period IN ('before', 'during', 'after')", name=op.f("ck_wave_period_known")),
        sa.CheckConstraint("state IN ('open', 'closed', 'locked')", name=op.f("ck_wave_state_known")),
        sa.CheckConstraint("opens_on <= closes_on", name=op.f("ck_wave_opens_before_it_closes")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_wave_pilot_id_pilot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wave")),
        sa.UniqueConstraint("pilot_id", "period", name=op.f("uq_wave_pilot_id_period")),
    )
    with op.batch_alter_table("wave", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_wave_pilot_id"), ["pilot_id"], unique=False)

    op.create_table(
        "assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("auditor_id", sa.Integer(), nullable=False),
        sa.Column("scenario", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("window_from", sa.Date(), nullable=False),
        sa.Column("window_to", sa.Date(), nullable=False),
        sa.Column("withdrawn_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.CheckConstraint("window_from <= window_to", name=op.f("ck_assignment_window_in_order")),
        sa.ForeignKeyConstraint(["auditor_id"], ["person.id"], name=op.f("fk_assignment_auditor_id_person")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_assignment_branch_id_branch")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_assignment_pilot_id_pilot")),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_assignment_wave_id_wave")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_assignment_auditor_id"), ["auditor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_assignment_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_assignment_pilot_id"), ["pilot_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_assignment_wave_id"), ["wave_id"], unique=False)

    op.create_table(
        "measurement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("external_id", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=True),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column(
            "period",
            sa.Enum("before", "during", "after", name="period", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("outcome", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.CheckConstraint(
            "period IN ('before', 'during', 'after')", name=op.f("ck_measurement_period_known")
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_measurement_branch_id_branch")),
        sa.ForeignKeyConstraint(
            ["file_id"], ["imported_file.id"], name=op.f("fk_measurement_file_id_imported_file")
        ),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_measurement_pilot_id_pilot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measurement")),
        sa.UniqueConstraint(
            "file_id", "row_number", "outcome", name=op.f("uq_measurement_file_id_row_number_outcome")
        ),
        sa.UniqueConstraint(
            "pilot_id", "outcome", "external_id", name=op.f("uq_measurement_pilot_id_outcome_external_id")
        ),
    )
    with op.batch_alter_table("measurement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_measurement_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_measurement_file_id"), ["file_id"], unique=False)
        batch_op.create_index("ix_measurement_pilot_id_outcome", ["pilot_id", "outcome"], unique=False)

    op.create_table(
        "visit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=True),
        sa.Column("auditor_id", sa.Integer(), nullable=False),
        sa.Column("checklist_id", sa.Integer(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "done", "closed", "recognised", "refused", name="visitoutcome", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "submitted",
                "returned",
                "approved",
                "excluded",
                name="visitstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("started_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("left_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("score_hundredths", sa.Integer(), nullable=True),
        sa.Column("critical_failed", sa.Integer(), nullable=False),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("received_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('done', 'closed', 'recognised', 'refused')", name=op.f("ck_visit_outcome_known")
        ),
        sa.CheckConstraint(
            "state IN ('submitted', 'returned', 'approved', 'excluded')", name=op.f("ck_visit_state_known")
        ),
        sa.CheckConstraint("critical_failed >= 0", name=op.f("ck_visit_critical_failed_counted")),
        sa.CheckConstraint(
            "score_hundredths IS NULL OR (score_hundredths >= 0 AND score_hundredths <= 10000)",
            name=op.f("ck_visit_score_within_100"),
        ),
        sa.CheckConstraint("started_at <= left_at", name=op.f("ck_visit_starts_before_it_ends")),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_visit_assignment_id_assignment")
        ),
        sa.ForeignKeyConstraint(["auditor_id"], ["person.id"], name=op.f("fk_visit_auditor_id_person")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_visit_branch_id_branch")),
        sa.ForeignKeyConstraint(
            ["checklist_id"], ["checklist_version.id"], name=op.f("fk_visit_checklist_id_checklist_version")
        ),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_visit_pilot_id_pilot")),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_visit_wave_id_wave")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visit_assignment_id"), ["assignment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_auditor_id"), ["auditor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index(
            "ix_visit_pilot_id_branch_id_score",
            ["pilot_id", "branch_id", "wave_id", "score_hundredths"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_visit_wave_id"), ["wave_id"], unique=False)

    op.create_table(
        "timing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=True),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("auditor_id", sa.Integer(), nullable=False),
        sa.Column("timing_form_id", sa.Integer(), nullable=False),
        sa.Column("mode", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("outcome", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("operation", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column(
            "entry_method",
            sa.Enum("stopwatch", "manual", "import", name="entrymethod", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("happened_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("wait_seconds", sa.Integer(), nullable=True),
        sa.Column("handover_seconds", sa.Integer(), nullable=True),
        sa.Column("service_seconds", sa.Integer(), nullable=True),
        sa.Column("total_seconds", sa.Integer(), nullable=True),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("received_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "entry_method IN ('stopwatch', 'manual', 'import')", name=op.f("ck_timing_entry_method_known")
        ),
        sa.CheckConstraint(
            "handover_seconds IS NULL OR handover_seconds >= 0", name=op.f("ck_timing_handover_not_negative")
        ),
        sa.CheckConstraint(
            "service_seconds IS NULL OR service_seconds >= 0", name=op.f("ck_timing_service_not_negative")
        ),
        sa.CheckConstraint(
            "total_seconds IS NULL OR total_seconds >= 0", name=op.f("ck_timing_total_not_negative")
        ),
        sa.CheckConstraint(
            "wait_seconds IS NULL OR wait_seconds >= 0", name=op.f("ck_timing_wait_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_timing_assignment_id_assignment")
        ),
        sa.ForeignKeyConstraint(["auditor_id"], ["person.id"], name=op.f("fk_timing_auditor_id_person")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_timing_branch_id_branch")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_timing_pilot_id_pilot")),
        sa.ForeignKeyConstraint(
            ["timing_form_id"],
            ["timing_form_version.id"],
            name=op.f("fk_timing_timing_form_id_timing_form_version"),
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_timing_visit_id_visit")),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_timing_wave_id_wave")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timing")),
    )
    with op.batch_alter_table("timing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_timing_assignment_id"), ["assignment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_timing_auditor_id"), ["auditor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_timing_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index(
            "ix_timing_pilot_id_branch_id_service",
            ["pilot_id", "branch_id", "wave_id", "service_seconds"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_timing_visit_id"), ["visit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_timing_wave_id"), ["wave_id"], unique=False)
    _guard_the_audit_log()


def downgrade() -> None:
    with op.batch_alter_table("timing", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_timing_wave_id"))
        batch_op.drop_index(batch_op.f("ix_timing_visit_id"))
        batch_op.drop_index("ix_timing_pilot_id_branch_id_service")
        batch_op.drop_index(batch_op.f("ix_timing_branch_id"))
        batch_op.drop_index(batch_op.f("ix_timing_auditor_id"))
        batch_op.drop_index(batch_op.f("ix_timing_assignment_id"))

    op.drop_table("timing")
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_wave_id"))
        batch_op.drop_index("ix_visit_pilot_id_branch_id_score")
        batch_op.drop_index(batch_op.f("ix_visit_branch_id"))
        batch_op.drop_index(batch_op.f("ix_visit_auditor_id"))
        batch_op.drop_index(batch_op.f("ix_visit_assignment_id"))

    op.drop_table("visit")
    with op.batch_alter_table("measurement", schema=None) as batch_op:
        batch_op.drop_index("ix_measurement_pilot_id_outcome")
        batch_op.drop_index(batch_op.f("ix_measurement_file_id"))
        batch_op.drop_index(batch_op.f("ix_measurement_branch_id"))

    op.drop_table("measurement")
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_assignment_wave_id"))
        batch_op.drop_index(batch_op.f("ix_assignment_pilot_id"))
        batch_op.drop_index(batch_op.f("ix_assignment_branch_id"))
        batch_op.drop_index(batch_op.f("ix_assignment_auditor_id"))

    op.drop_table("assignment")
    with op.batch_alter_table("wave", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_wave_pilot_id"))

    op.drop_table("wave")
    op.drop_table("pilot_outcome")
    with op.batch_alter_table("pilot_branch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pilot_branch_branch_id"))

    op.drop_table("pilot_branch")
    with op.batch_alter_table("imported_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_imported_file_pilot_id"))

    op.drop_table("imported_file")
    with op.batch_alter_table("submission_conflict", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submission_conflict_user_id"))
        batch_op.drop_index(batch_op.f("ix_submission_conflict_record_id"))

    op.drop_table("submission_conflict")
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_user_id"))

    op.drop_table("sign_in")
    with op.batch_alter_table("reset_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reset_link_user_id"))

    op.drop_table("reset_link")
    op.drop_table("pilot")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_region_id"))

    op.drop_table("person")
    with op.batch_alter_table("branch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_branch_region_id"))

    op.drop_table("branch")
    op.drop_table("timing_form_version")
    op.drop_table("region")
    with op.batch_alter_table("failed_sign_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_failed_sign_in_name"))
        batch_op.drop_index(batch_op.f("ix_failed_sign_in_at"))

    op.drop_table("failed_sign_in")
    op.drop_table("checklist_version")
    op.drop_table("audit_head")
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_event_action"))

    op.drop_table("audit_event")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_event_is_append_only()")
