"""Files of a pilot: summary for those who may see it, rows for head office."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from pilot_eval.domain.errors import Message, NotFound, WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Period
from pilot_eval.domain.progress import told
from pilot_eval.engines.answers import read_answers
from pilot_eval.engines.records import (
    BranchRow,
    MeasurementRow,
    Snapshot,
    TimingRow,
    VisitRow,
    counted_timing,
    counted_visit,
    read_snapshot,
)
from pilot_eval.operations import pilots
from pilot_eval.operations.evidence import evidence_files, with_parts
from pilot_eval.operations.policy import Action, Scope, may, scope_of
from pilot_eval.operations.summaries import summarise
from pilot_eval.records import audit
from pilot_eval.records.database import reading
from pilot_eval.records.pilots import Pilot
from pilot_eval.reports.files import FORMATS, file_name, write_file
from pilot_eval.reports.files.observations import OBSERVATION_COLUMNS

# Why a record is not counted, in both languages.
REASONS = {
    "set_aside": ("set aside by a reviewer", "отложено проверяющим"),
    "not_done": ("the visit did not take place", "визит не состоялся"),
    "no_score": ("too few answers for a score", "для балла слишком мало ответов"),
    "not_served": ("the customer was not served", "клиент не был обслужен"),
    "during": ("during the training", "во время обучения"),
    "empty": ("empty in the file", "в файле пусто"),
    "no_arm": ("the branch has no arm", "отделение не входит ни в одну группу"),
}
# How the work of writing rows is named where its progress is told, and after how many it is told again.
ROWS = "observations"
EVERY_ROWS = 500
_EMPTY: dict[str, Any] = dict.fromkeys(OBSERVATION_COLUMNS)


@dataclass(frozen=True, slots=True)
class File:
    """A file to hand over."""

    name: str
    media_type: str
    content: bytes


def export(
    session: Session,
    actor: Actor,
    slug: str,
    format_name: str,
    language: str,
    now: datetime,
    *,
    with_rows: bool | None = None,
) -> File:
    """Write a pilot's file and note in the audit log who took which snapshot.

    Parameters
    ----------
    format_name : str
        A key of `reports.files.FORMATS`.
    with_rows : bool, optional
        Whether to hand over the observations too, where the format holds them; by default if the actor may.

    Raises
    ------
    NotAllowed, NotFound
        If the actor may not, or there is no such pilot or format.
    WrongState
        If the format needs an extra that is not installed.
    NeedsFreshSignIn
        For observations, if the password was given too long ago.
    """
    pilot, has_rows = may_take(session, actor, slug, format_name, with_rows=with_rows)
    chosen, pilot_id = FORMATS[format_name], pilots.stored_id(pilot)
    # Parts name branches of every region.
    with_others = bool(chosen.parts) and scope_of(actor, Action.EXPORT_SUMMARY) is Scope.ALL
    with reading(session):
        # A file's rows and what is told of them come from one reading.
        snapshot = read_snapshot(session, pilot_id) if has_rows or with_others else None
        summary = summarise(session, actor, slug, now, snapshot)
        outcomes = pilots.outcomes_of(session, pilot)
        if snapshot is not None and with_others:
            summary = with_parts(summary, snapshot, pilot, outcomes, chosen.parts)
        rows: Iterable[dict[str, Any]] | None = None
        if snapshot is not None and has_rows:
            if chosen.evidence:
                files = evidence_files(summary, snapshot, pilot, outcomes)
                rows = [{"path": path, "content": content} for path, content in files.items()]
            elif chosen.answers:
                rows = read_answers(session, pilot_id, language)
            else:
                rows = _told(rows_of(snapshot, language), summary)
        content = write_file(format_name, summary, language, rows)
    audit.append(
        session,
        actor,
        "pilot.export",
        "pilot",
        pilot_id,
        format=format_name,
        language=language,
        rows=has_rows,
        snapshot=summary["snapshot"]["sha256"],
    )
    session.commit()
    return File(file_name(format_name, summary, language), chosen.media_type, content)


def may_take(
    session: Session, actor: Actor, slug: str, format_name: str, *, with_rows: bool | None = None
) -> tuple[Pilot, bool]:
    """Return the pilot of an export, and whether the file will hold observations, if the actor may have it.

    Raises
    ------
    NotAllowed, NotFound, NeedsFreshSignIn, WrongState
        As `export`.
    """
    scope_of(actor, Action.EXPORT_SUMMARY)
    chosen = FORMATS.get(format_name)
    if chosen is None:
        raise NotFound
    wanted = may(actor, Action.EXPORT_ROWS) if with_rows is None else with_rows
    has_rows = chosen.only_rows or (chosen.has_rows and wanted)
    if has_rows:
        scope_of(actor, Action.EXPORT_ROWS)
    if not chosen.installed:
        raise WrongState("not_installed", not_installed(chosen.extra))
    return pilots.get_pilot(session, actor, slug, Action.EXPORT_SUMMARY), has_rows


def not_installed(extra: str) -> Message:
    """Say what has to be installed for a format."""
    return Message(
        "Files of this kind need a part that is not installed at the server: "
        'pip install "pilot_eval[%(extra)s]"',
        extra=extra,
    )


def _told(rows: Iterable[dict[str, Any]], summary: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Pass rows on, and tell whoever listens how many of them have been written."""
    total = sum(summary["snapshot"]["rows"].values())
    for done, row in enumerate(rows):
        if done % EVERY_ROWS == 0:
            told(ROWS, done, total)
        yield row
    told(ROWS, total, total)


def rows_of(snapshot: Snapshot, language: str) -> Iterator[dict[str, Any]]:
    """Every record of a snapshot, counted or not, with the keys of the workbook's observations."""
    branches = {branch.code: branch for branch in snapshot.branches}
    for visit in snapshot.visits:
        yield _row(branches[visit.branch], visit.period, _of_visit(visit, branches), language)
    for timing in snapshot.timings:
        yield _row(branches[timing.branch], timing.period, _of_timing(timing, branches), language)
    for row in snapshot.measurements:
        yield _row(branches[row.branch], row.period, _of_measurement(row), language)


def _row(branch: BranchRow, period: Period, record: dict[str, Any], language: str) -> dict[str, Any]:
    reason = record.pop("reason")
    if reason is None and period is Period.DURING:
        reason = "during"
    if reason is None and branch.arm is None:
        reason = "no_arm"
    return {
        **_EMPTY,
        "branch_code": branch.code,
        "branch": branch.name,
        "region": branch.region,
        "arm": branch.arm.value if branch.arm else None,
        "stratum": branch.stratum or None,
        "period": period.value,
        **record,
        "included": reason is None,
        "reason": None if reason is None else REASONS[reason][language == "ru"],
    }


def _of_visit(visit: VisitRow, branches: dict[str, BranchRow]) -> dict[str, Any]:
    reason = None
    if not counted_visit(visit):
        reason = "set_aside" if visit.outcome.value == "done" else "not_done"
    elif visit.score_hundredths is None:
        reason = "no_score"
    return {
        "record": "visit",
        "record_id": visit.id,
        "observed_on": _local_day(visit.started_at, branches[visit.branch]),
        "auditor": visit.auditor,
        "double_visit": visit.pair,
        "score_points": None if visit.score_hundredths is None else visit.score_hundredths / 100,
        "reason": reason,
    }


def _of_timing(timing: TimingRow, branches: dict[str, BranchRow]) -> dict[str, Any]:
    reason = None
    if not counted_timing(timing):
        reason = "not_served" if timing.outcome != "served" else "set_aside"
    return {
        "record": "timing",
        "record_id": timing.id,
        "observed_on": _local_day(timing.happened_at, branches[timing.branch]),
        "auditor": timing.auditor,
        "operation": timing.operation,
        "wait_seconds": timing.wait_seconds,
        "service_seconds": timing.service_seconds,
        "total_seconds": timing.total_seconds,
        "reason": reason,
    }


def _of_measurement(row: MeasurementRow) -> dict[str, Any]:
    return {
        "record": "measurement",
        "record_id": row.external_id or str(row.row_number),
        "measure": row.outcome,
        "value": row.value,
        "reason": "empty" if row.value is None else None,
    }


def _local_day(moment: datetime, branch: BranchRow) -> date:
    return moment.astimezone(ZoneInfo(branch.time_zone)).date()
