"""A database with at least one row in each table."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel

from pilot_eval.domain.people import Actor
from pilot_eval.records import audit, database

AT = datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC)
VISIT = UUID("6f0d7a4e-8f55-4c4e-9d0c-0d8b1f2a3c4d")
TIMING = UUID("7f0d7a4e-8f55-4c4e-9d0c-0d8b1f2a3c4d")
SHA = "ab" * 32

# In an order in which each row finds what it refers to.
ROWS: list[tuple[str, dict[str, Any]]] = [
    ("region", {"id": 1, "code": "33", "name": "Владимирская область"}),
    (
        "branch",
        {
            "id": 1,
            "code": "600001",
            "name": "Отделение № 1",
            "region_id": 1,
            "stratum": "city",
            "time_zone": "Europe/Moscow",
            "closed_on": date(2026, 12, 31),
            "latitude": 56.13,
            "longitude": 40.41,
            "former_codes": "600000",
            "search_key": "отделение № 1 600001 600000",
        },
    ),
    (
        "branch",
        {
            "id": 2,
            "code": "600002",
            "name": "Отделение № 2",
            "region_id": 1,
            "stratum": "",
            "time_zone": "Europe/Moscow",
            "closed_on": None,
            "latitude": None,
            "longitude": None,
            "former_codes": "",
            "search_key": "отделение № 2 600002",
        },
    ),
    (
        "person",
        {
            "id": 1,
            "email": "anna",
            "password": None,
            "fs_uniquifier": "u" * 64,
            "active": True,
            "role": "auditor",
            "region_id": None,
            "pseudonym": "A-001",
            "full_name": "Анна «Тест»",
            "language": "ru",
            "created_at": AT,
        },
    ),
    (
        "sign_in",
        {
            "id": "s1",
            "user_id": 1,
            "device": "Chrome, Android",
            "created_at": AT,
            "last_seen_at": AT,
            "revoked_at": None,
        },
    ),
    (
        "api_token",
        {
            "id": 1,
            "token_sha256": SHA,
            "user_id": 1,
            "fs_uniquifier": "u" * 64,
            "name": "Выгрузка «Тест»",
            "scopes": ["branches:read", "visits:write"],
            "created_at": AT,
            "last_used_at": None,
            "expires_at": AT,
            "revoked_at": None,
        },
    ),
    ("failed_sign_in", {"id": 1, "name": "anna", "at": AT}),
    (
        "reset_link",
        {"token_sha256": SHA, "user_id": 1, "created_at": AT, "expires_at": AT, "used_at": None},
    ),
    (
        "checklist_version",
        {
            "id": 1,
            "code": "post-branch",
            "version": 1,
            "document": {"вес": [1, 2.5, None]},
            "digest": SHA,
            "published_at": AT,
            "retired_at": AT,
        },
    ),
    (
        "checklist_draft",
        {
            "id": 1,
            "document": {"code": "post-branch", "sections": [{"key": "0a1b2c3d", "items": []}]},
            "earlier": [{"code": "", "sections": []}],
            "based_on_id": 1,
            "published_id": None,
            "thrown_away_at": AT,
            "created_at": AT,
            "changed_at": AT,
            "changed_by": 1,
            "row_version": 2,
        },
    ),
    (
        "timing_form_version",
        {
            "id": 1,
            "code": "post-timing",
            "version": 1,
            "document": {"a": {"b": True}},
            "digest": SHA,
            "published_at": AT,
        },
    ),
    (
        "pilot",
        {
            "id": 1,
            "slug": "vladimir",
            "title_en": "Vladimir",
            "title_ru": "Владимир",
            "design": "difference_in_differences",
            "before_from": date(2026, 1, 1),
            "before_to": date(2026, 1, 31),
            "training_from": date(2026, 2, 1),
            "training_to": date(2026, 2, 14),
            "after_from": date(2026, 2, 15),
            "after_to": date(2026, 3, 15),
            "checklist_id": 1,
            "timing_form_id": 1,
            "level": 0.95,
            "seed": 7,
            "draws": 9999,
            "weights": "branch",
            "minimum_branches": 4,
            "minimum_observations": None,
            "looks": [0.5],
            "exclusions": "визиты в дни отключения света",
            "allocation": {"method": "drawn", "seed": 7},
            "asks_photos": True,
            "asks_distance": False,
            "made_up": True,
            "created_at": AT,
            "created_by": 1,
            "row_version": 3,
        },
    ),
    ("pilot_branch", {"pilot_id": 1, "branch_id": 1, "arm": "trained", "stratum": "city", "code": "600000"}),
    (
        "pilot_outcome",
        {
            "pilot_id": 1,
            "code": "quality",
            "position": 1,
            "kind": "score",
            "better": "higher",
            "primary": True,
            "smallest_effect": 2.5,
            "source": "visit_score",
            "label_en": "Quality",
            "label_ru": "Качество",
            "unit": "points",
        },
    ),
    (
        "plan_version",
        {
            "pilot_id": 1,
            "number": 1,
            "cause": "frozen",
            "document": '{"уровень":0.95}',
            "sha256": SHA,
            "made_at": AT,
            "made_by": 1,
            "reason": "",
            "after_results": False,
        },
    ),
    (
        "planned_look",
        {
            "pilot_id": 1,
            "number": 1,
            "taken_at": AT,
            "taken_by": 1,
            "planned_fraction": 0.5,
            "visits_done": 44,
            "visits_planned": 88,
            "snapshot_sha256": SHA,
            "plan_version": 1,
            "plan_sha256": SHA,
            "level": 0.9985,
            "result": "[]",
        },
    ),
    (
        "decision",
        {
            "pilot_id": 1,
            "number": 1,
            "choice": "roll_out",
            "reasons": "Прирост больше заметного.",
            "signed_at": AT,
            "signed_by": 1,
            "snapshot_sha256": SHA,
            "plan_version": 1,
            "plan_sha256": SHA,
            "look": None,
            "verdicts": "[]",
        },
    ),
    (
        "wave",
        {
            "id": 1,
            "pilot_id": 1,
            "period": "before",
            "opens_on": date(2026, 1, 1),
            "closes_on": date(2026, 1, 31),
            "state": "open",
            "lock_reason": "Спор решён устно",
        },
    ),
    (
        "assignment",
        {
            "id": 1,
            "pilot_id": 1,
            "wave_id": 1,
            "branch_id": 1,
            "auditor_id": 1,
            "scenario": "letter",
            "window_from": date(2026, 1, 5),
            "window_to": date(2026, 1, 9),
            "daypart": "morning",
            "replaces_id": None,
            "double_of_id": None,
            "withdrawn_at": AT,
            "withdrawn_reason": "заболела",
        },
    ),
    (
        "assignment",
        {
            "id": 2,
            "pilot_id": 1,
            "wave_id": 1,
            "branch_id": 1,
            "auditor_id": 1,
            "scenario": "letter",
            "window_from": date(2026, 1, 5),
            "window_to": date(2026, 1, 9),
            "daypart": "morning",
            "replaces_id": 1,
            "double_of_id": 1,
            "withdrawn_at": None,
            "withdrawn_reason": "",
        },
    ),
    (
        "branch_event",
        {
            "id": 1,
            "branch_id": 1,
            "change": "merged",
            "happened_on": date(2026, 2, 1),
            "pilot_id": None,
            "successor_id": 2,
            "old_code": "",
            "new_code": "",
            "arm": None,
            "reason": "ремонт",
            "recorded_at": AT,
            "recorded_by": 1,
            "withdrawn_at": None,
        },
    ),
    ("wave_quota", {"wave_id": 1, "daypart": "morning", "visits": 2}),
    ("barred_branch", {"auditor_id": 1, "branch_id": 1, "declared_at": AT}),
    ("auditor_region", {"auditor_id": 1, "region_id": 1}),
    (
        "visit",
        {
            "id": VISIT,
            "pilot_id": 1,
            "wave_id": 1,
            "branch_id": 1,
            "assignment_id": 1,
            "auditor_id": 1,
            "checklist_id": 1,
            "outcome": "done",
            "state": "submitted",
            "started_at": AT,
            "left_at": AT,
            "document": {"answers": {"A1": "yes"}},
            "score_hundredths": 8125,
            "critical_failed": 0,
            "digest": SHA,
            "received_at": AT,
            "late": False,
            "revision": 2,
            "row_version": 3,
        },
    ),
    (
        "visit_revision",
        {
            "visit_id": VISIT,
            "number": 1,
            "outcome": "done",
            "started_at": AT,
            "left_at": AT,
            "document": {"answers": {"A1": "no"}},
            "score_hundredths": 7925,
            "critical_failed": 1,
            "digest": SHA,
            "superseded_at": AT,
            "superseded_by": 1,
            "kind": "correction",
            "reason": "Перепутаны пункты",
            "after_results": False,
        },
    ),
    (
        "visit_review",
        {
            "id": 1,
            "visit_id": VISIT,
            "revision": 1,
            "ruling": "return",
            "made_at": AT,
            "made_by": 1,
            "reason": "Проверьте пункт A1",
            "items": {"A1": "В комментарии сказано другое"},
            "after_results": True,
        },
    ),
    (
        "visit_remark",
        {
            "id": 1,
            "visit_id": VISIT,
            "kind": "dispute",
            "said_at": AT,
            "said_by": 1,
            "text": "В этот день отделение не работало",
            "answered_at": AT,
            "answered_by": 1,
            "answer": "Чек того дня есть",
        },
    ),
    (
        "timing",
        {
            "id": TIMING,
            "pilot_id": 1,
            "wave_id": 1,
            "branch_id": 1,
            "assignment_id": 1,
            "visit_id": VISIT,
            "auditor_id": 1,
            "timing_form_id": 1,
            "mode": "own_visit",
            "outcome": "served",
            "operation": "letter",
            "entry_method": "stopwatch",
            "happened_at": AT,
            "document": {"events": {}},
            "wait_seconds": 60,
            "handover_seconds": None,
            "service_seconds": 120,
            "total_seconds": 180,
            "digest": SHA,
            "received_at": AT,
            "late": False,
        },
    ),
    (
        "submission_conflict",
        {
            "id": 1,
            "record_id": VISIT,
            "record_type": "visit",
            "user_id": 1,
            "assignment_id": 1,
            "digest": SHA,
            "document": {"answers": {"A1": "no"}, "assignment": 1},
            "received_at": AT,
        },
    ),
    (
        "imported_file",
        {
            "id": 1,
            "pilot_id": 1,
            "name": "данные.csv",
            "sha256": SHA,
            "rows": 1,
            "options": {"outcome": "fte"},
            "imported_by": 1,
            "imported_at": AT,
        },
    ),
    (
        "measurement",
        {
            "id": 1,
            "pilot_id": 1,
            "file_id": 1,
            "row_number": 2,
            "external_id": "x-1",
            "branch_id": 1,
            "period": "before",
            "outcome": "fte",
            "value": 20.25,
        },
    ),
    (
        "pilot_result",
        {"pilot_id": 1, "snapshot_sha256": SHA, "level": 0.95, "made_at": AT, "stale": True},
    ),
    (
        "branch_result",
        {
            "pilot_id": 1,
            "outcome": "quality",
            "branch_id": 1,
            "region_id": 1,
            "metric": "quality:score:points",
            "ended_on": date(2026, 10, 31),
            "arm": "trained",
            "n_before": 4,
            "n_after": 5,
            "change": 3.25,
            "low": -1.5,
            "high": 8.0,
            "shrunken": 2.5,
            "shrunken_low": -0.5,
            "shrunken_high": 5.5,
            "verdict": "unclear",
            "thin": False,
            "newest": True,
            "snapshot_sha256": SHA,
        },
    ),
    (
        "export_job",
        {
            "id": "8f0d7a4e-8f55-4c4e-9d0c-0d8b1f2a3c4d",
            "user_id": 1,
            "pilot_id": 1,
            "format_name": "parquet",
            "language": "ru",
            "with_rows": True,
            "state": "ready",
            "problem": "",
            "done": 5,
            "total": 5,
            "asked_at": AT,
            "heard_at": AT,
            "expires_at": AT,
            "file_name": "владимир.parquet",
            "size_bytes": 3_000_000,
        },
    ),
    (
        "visit_photo",
        {
            "id": UUID("9d3f0d6e-52a7-4a0b-8f7f-2f60a1b2c3d4"),
            "visit_id": VISIT,
            "user_id": 1,
            "kind": "receipt",
            "digest": "b" * 64,
            "size_bytes": 1234,
            "received_at": AT,
            "deleted_at": None,
        },
    ),
    (
        "list_file",
        {
            "id": "6a0d7a4e-8f55-4c4e-9d0c-0d8b1f2a3c4d",
            "user_id": 1,
            "kind": "visits",
            "pilot_id": 1,
            "name": "визиты.xlsx",
            "sha256": "a" * 64,
            "rows": 12,
            "columns": {"headings": ["Индекс"], "matches": {"branch": "Индекс"}},
            "state": "checked",
            "report": {"added": 12},
            "asked_at": AT,
            "heard_at": AT,
        },
    ),
    (
        "column_match",
        {"kind": "visits", "heading": "индекс", "column": "branch", "matched_at": AT},
    ),
]


def fill(engine: database.Engine) -> None:
    """Store the rows, and two events of the audit log."""
    with engine.begin() as connection:
        insert(connection, dict_of_lists(ROWS))
    with database.session_of(engine) as session:
        for number in (1, 2):
            audit.append(session, Actor("operator@test", None), "pilot.create", "pilot", number, текст="да")
        session.commit()


def dict_of_lists(rows: list[tuple[str, dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Rows by table."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for table, row in rows:
        tables.setdefault(table, []).append(row)
    return tables


def insert(connection: sa.Connection, tables: dict[str, list[dict[str, Any]]]) -> None:
    """Store rows as they are, in an order in which each finds what it refers to."""
    for table in SQLModel.metadata.sorted_tables:
        if tables.get(table.name):
            connection.execute(table.insert(), tables[table.name])


def contents(engine: database.Engine) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables as Python values, the same on every database."""
    with engine.connect() as connection:
        return {
            table.name: [
                dict(row._mapping)
                for row in connection.execute(table.select().order_by(*table.primary_key.columns))
            ]
            for table in SQLModel.metadata.sorted_tables
        }
