"""Observations of a stored pilot: one snapshot of its records, read the same way from both databases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from pilot_eval.domain.observations import AFTER, BEFORE, DURING, Matrix, Observations
from pilot_eval.domain.pilots import Arm, Period
from pilot_eval.engines.stored_forms import ItemRow, StoredForms, stored_forms
from pilot_eval.records.measurements import ImportedFile, Measurement
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Assignment, PilotBranch, Wave
from pilot_eval.records.visits import EntryMethod, Timing, Visit, VisitOutcome, VisitState

MEASUREMENT = "measurement"
_PERIODS = {Period.BEFORE: BEFORE, Period.DURING: DURING, Period.AFTER: AFTER}
# Sent back or set aside by a reviewer: kept, never counted.
SET_ASIDE = {VisitState.RETURNED, VisitState.EXCLUDED}
_NAN = float("nan")


class BranchRow(NamedTuple):
    """A branch of the pilot."""

    code: str
    name: str
    region: str
    region_id: int
    arm: Arm | None
    stratum: str
    time_zone: str


class VisitRow(NamedTuple):
    """A visit, whatever became of it."""

    id: str
    branch: str
    period: Period
    outcome: VisitOutcome
    state: VisitState
    score_hundredths: int | None
    critical_failed: int
    started_at: datetime
    auditor: str
    received_at: datetime
    # Share of the weight that each item of the snapshot earned; None where it did not apply or was left open.
    earned: tuple[float | None, ...]
    # What visits that auditors made twice have in common: the least of their ids; None for all others.
    pair: str | None = None


class TimingRow(NamedTuple):
    """A timing, whatever became of its customer; `visit_state` is that of the visit it belongs to."""

    id: str
    branch: str
    period: Period
    outcome: str
    entry_method: EntryMethod
    operation: str
    wait_seconds: int | None
    service_seconds: int | None
    total_seconds: int | None
    happened_at: datetime
    auditor: str
    visit_state: VisitState | None
    received_at: datetime


class MeasurementRow(NamedTuple):
    """A value out of a file; None where the cell was empty."""

    file_sha256: str
    row_number: int
    external_id: str | None
    branch: str
    period: Period
    outcome: str
    value: float | None


Daypart = Callable[[datetime, ZoneInfo], str | None]
# A value of an outcome; NaN where it should be there and is not; None where the record has no such value.
VisitValue = Callable[[VisitRow], float | None]
TimingValue = Callable[[TimingRow], float | None]
_Row = TypeVar("_Row", VisitRow, TimingRow)
Record = VisitRow | TimingRow | MeasurementRow


def counted_visit(visit: VisitRow) -> bool:
    """Whether a visit took place and no reviewer set it aside."""
    return visit.outcome is VisitOutcome.DONE and visit.state not in SET_ASIDE


def counted_timing(timing: TimingRow) -> bool:
    """Whether the customer was served and no reviewer set the visit aside."""
    return timing.outcome == "served" and timing.visit_state not in SET_ASIDE


def _score(visit: VisitRow) -> float | None:
    if not counted_visit(visit):
        return None
    return _NAN if visit.score_hundredths is None else visit.score_hundredths / 100


def _critical_fail(visit: VisitRow) -> float | None:
    return float(visit.critical_failed > 0) if counted_visit(visit) else None


def _service(timing: TimingRow) -> float | None:
    # Hand-typed times heap on whole minutes: only the stopwatch speaks for speed.
    counts = counted_timing(timing) and timing.entry_method is EntryMethod.STOPWATCH
    return _seconds(timing.service_seconds) if counts else None


def _wait(timing: TimingRow) -> float | None:
    return _seconds(timing.wait_seconds) if counted_timing(timing) else None


def _total(timing: TimingRow) -> float | None:
    return _seconds(timing.total_seconds) if counted_timing(timing) else None


def _seconds(value: int | None) -> float | None:
    return None if value is None else float(value)


VISIT_SOURCES: dict[str, VisitValue] = {"visit_score": _score, "critical_fail": _critical_fail}
TIMING_SOURCES: dict[str, TimingValue] = {
    "timing_service": _service,
    "timing_wait": _wait,
    "timing_total": _total,
}
SOURCES = (*VISIT_SOURCES, *TIMING_SOURCES, MEASUREMENT)


def records_of(source: str) -> str:
    """What the values of a source are read from: a key of `Snapshot.counts`."""
    if source in VISIT_SOURCES:
        return "visits"
    return "timings" if source in TIMING_SOURCES else "measurements"


@dataclass(frozen=True)
class Snapshot:
    """All that a pilot's results rest on, in a canonical order."""

    branches: tuple[BranchRow, ...]
    visits: tuple[VisitRow, ...]
    timings: tuple[TimingRow, ...]
    measurements: tuple[MeasurementRow, ...]
    items: tuple[ItemRow, ...] = ()
    # The part of the day by a branch's own clock; None where the pilot has no timing form.
    daypart: Daypart = field(default=lambda _moment, _zone: None, compare=False, repr=False)
    _made: dict[object, Observations] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def counts(self) -> dict[str, int]:
        """Number of rows by kind of record."""
        return {
            "visits": len(self.visits),
            "timings": len(self.timings),
            "measurements": len(self.measurements),
        }

    def within(self, periods: Collection[Period]) -> Snapshot:
        """The same without the records of other periods."""
        return replace(
            self,
            visits=tuple(visit for visit in self.visits if visit.period in periods),
            timings=tuple(timing for timing in self.timings if timing.period in periods),
            measurements=tuple(row for row in self.measurements if row.period in periods),
        )

    @cached_property
    def sha256(self) -> str:
        """Hash of the content: equal on both databases, whatever the plan.

        Auditors are numbers in the order of rows; when a row came in is not part of what was seen.
        """
        digest = hashlib.sha256()
        for line in self.lines():
            digest.update(line)
        return digest.hexdigest()

    def lines(self) -> Iterator[bytes]:
        """The content as lines of JSON, one per record: what the hash is taken of."""
        for line in self._content():
            yield json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    def _content(self) -> Iterator[list[object]]:
        for branch in self.branches:
            yield ["branch", branch.code, branch.arm, branch.stratum]
        auditors: dict[str, int] = {}
        for item in self.items:
            yield ["item", item.code, item.lever]
        for visit in self.visits:
            auditor = auditors.setdefault(visit.auditor, len(auditors))
            yield ["visit", *visit[:7], _instant(visit.started_at), auditor, visit.earned]
        for timing in self.timings:
            auditor = auditors.setdefault(timing.auditor, len(auditors))
            yield ["timing", *timing[:9], timing.visit_state, _instant(timing.happened_at), auditor]
        for row in self.measurements:
            yield ["measurement", *row]

    def observations(
        self, source: str, outcome: str = "", *, stratified: bool = False, detailed: bool = False
    ) -> Observations:
        """The observations of one outcome, as every engine hands them over.

        Parameters
        ----------
        source : str
            One of SOURCES.
        outcome : str
            Which measurement, where the source is `measurement`.
        stratified : bool
            Hand the strata over too.
        detailed : bool
            Hand over what is known beside the value: day, day of entry, auditor, part of the day, the
            operation of timings and the items of visits.

        Raises
        ------
        KeyError
            If there is no such source.
        """
        key = (source, outcome, stratified, detailed)
        if key not in self._made:
            self._made[key] = self._observations(source, outcome, stratified=stratified, detailed=detailed)
        return self._made[key]

    def _observations(self, source: str, outcome: str, *, stratified: bool, detailed: bool) -> Observations:
        name, digest = "score_points", self.sha256
        values: list[tuple[Record, float]]
        if source == MEASUREMENT:
            rows = [row for row in self.measurements if row.outcome == outcome]
            values = [(row, _NAN if row.value is None else row.value) for row in rows]
            files = {row.file_sha256 for row in rows}
            name, digest = outcome, files.pop() if len(files) == 1 else digest
        elif source in VISIT_SOURCES:
            values = list(_values(self.visits, VISIT_SOURCES[source]))
        else:
            values = list(_values(self.timings, TIMING_SOURCES[source]))
        branches = {branch.code: branch for branch in self.branches if branch.arm is not None}
        placed = [(row, value) for row, value in values if row.branch in branches]
        of_rows = [branches[row.branch] for row, _value in placed]
        missing = sum(value != value for _row, value in placed)
        return Observations.from_columns(
            branch=[branch.code for branch in of_rows],
            trained=[branch.arm is Arm.TRAINED for branch in of_rows],
            period=[_PERIODS[row.period] for row, _value in placed],
            value=[value for _row, value in placed],
            stratum=[branch.stratum for branch in of_rows] if stratified else None,
            rows=len(values),
            missing={name: missing} if missing else {},
            digest=digest,
            **(self._details([row for row, _value in placed], of_rows) if detailed else {}),
        )

    def _details(self, rows: Sequence[Record], branches: Sequence[BranchRow]) -> dict[str, Any]:
        """Columns beside the value, of visits and timings; a file's rows have none."""
        seen = [row for row in rows if not isinstance(row, MeasurementRow)]
        if not seen:
            return {}
        zones = [ZoneInfo(branch.time_zone) for branch in branches]
        moments = [row.started_at if isinstance(row, VisitRow) else row.happened_at for row in seen]
        found: dict[str, Any] = {
            "date": [at.astimezone(zone).date() for at, zone in zip(moments, zones, strict=True)],
            "entered": [
                row.received_at.astimezone(zone).date() for row, zone in zip(seen, zones, strict=True)
            ],
            "auditor": [row.auditor for row in seen],
        }
        parts = [self.daypart(at, zone) for at, zone in zip(moments, zones, strict=True)]
        if any(part is not None for part in parts):
            found["daypart"] = parts
        pairs = [row.pair if isinstance(row, VisitRow) else None for row in seen]
        if any(pair is not None for pair in pairs):
            found["pair"] = pairs
        timings = [row.operation for row in seen if isinstance(row, TimingRow)]
        if timings:
            found["operation"] = timings
        earned = [row.earned for row in seen if isinstance(row, VisitRow)]
        if self.items and earned:
            names = tuple(item.code for item in self.items)
            found["items"] = Matrix(names, np.array(earned, dtype=np.float64))
        return found


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _values(rows: Iterable[_Row], value_of: Callable[[_Row], float | None]) -> Iterator[tuple[_Row, float]]:
    for row in rows:
        value = value_of(row)
        if value is not None:
            yield row, value


def read_snapshot(session: Session, pilot_id: int) -> Snapshot:
    """Read all records of a pilot.

    Parameters
    ----------
    session : Session
        Its transaction is the snapshot's moment.
    pilot_id : int
    """
    codes = _codes_kept(session, pilot_id)
    branches = session.execute(
        sa.select(
            col(Branch.code),
            col(Branch.name),
            col(Region.name),
            col(Region.id),
            col(PilotBranch.arm),
            col(PilotBranch.stratum),
            col(Branch.time_zone),
        )
        .join(Branch, col(Branch.id) == col(PilotBranch.branch_id))
        .join(Region, col(Region.id) == col(Branch.region_id))
        .where(col(PilotBranch.pilot_id) == pilot_id)
    )
    forms = stored_forms(session, pilot_id)
    return Snapshot(
        branches=tuple(sorted(BranchRow(codes.get(row[0], row[0]), *row[1:]) for row in branches)),
        visits=tuple(sorted(_visits(session, pilot_id, forms, codes), key=lambda visit: visit.id)),
        timings=tuple(sorted(_timings(session, pilot_id, codes))),
        measurements=tuple(
            sorted(_measurements(session, pilot_id, codes), key=lambda row: (*row[:2], row.outcome))
        ),
        items=forms.items,
        daypart=forms.daypart,
    )


def _codes_kept(session: Session, pilot_id: int) -> dict[str, str]:
    """Codes that renumbered branches had when they came into the pilot, by those that they have now.

    The order of codes is that of random draws: a new number must not change a result.
    """
    rows = session.exec(
        select(Branch.code, PilotBranch.code)
        .join(Branch, col(Branch.id) == col(PilotBranch.branch_id))
        .where(col(PilotBranch.pilot_id) == pilot_id, col(PilotBranch.code) != "")
    )
    return dict(rows.all())


def latest_record(session: Session, pilot_id: int) -> datetime | None:
    """When the last record of a pilot came in; None while there is none."""
    columns = (
        (Visit.received_at, Visit.pilot_id),
        (Timing.received_at, Timing.pilot_id),
        (ImportedFile.imported_at, ImportedFile.pilot_id),
    )
    found = [
        session.exec(select(func.max(moment)).where(pilot == pilot_id)).one() for moment, pilot in columns
    ]
    return max((moment for moment in found if moment is not None), default=None)


def _visits(
    session: Session, pilot_id: int, forms: StoredForms, codes: Mapping[str, str]
) -> Iterator[VisitRow]:
    rows = session.execute(
        sa.select(
            col(Visit.id),
            col(Branch.code),
            col(Wave.period),
            col(Visit.outcome),
            col(Visit.state),
            col(Visit.score_hundredths),
            col(Visit.critical_failed),
            col(Visit.started_at),
            col(User.pseudonym),
            col(Visit.received_at),
            col(Visit.checklist_id),
            col(Visit.document),
            func.coalesce(col(Assignment.double_of_id), col(Visit.assignment_id)),
        )
        .join(Branch, col(Branch.id) == col(Visit.branch_id))
        .join(Wave, col(Wave.id) == col(Visit.wave_id))
        .join(User, col(User.id) == col(Visit.auditor_id))
        .outerjoin(Assignment, col(Assignment.id) == col(Visit.assignment_id))
        .where(col(Visit.pilot_id) == pilot_id)
    ).all()
    pairs = _pairs({str(row[0]): row[12] for row in rows})
    return (
        VisitRow._make(
            (
                str(row[0]),
                codes.get(row[1], row[1]),
                *row[2:10],
                forms.earned(*row[10:12]),
                pairs.get(str(row[0])),
            )
        )
        for row in rows
    )


def _pairs(asked: Mapping[str, int | None]) -> dict[str, str]:
    """The least id of the visits that repeat one another, by the id of each, from what each was asked for."""
    together: dict[int, list[str]] = {}
    for visit, assignment in asked.items():
        if assignment is not None:
            together.setdefault(assignment, []).append(visit)
    return {visit: min(visits) for visits in together.values() if len(visits) > 1 for visit in visits}


def _timings(session: Session, pilot_id: int, codes: Mapping[str, str]) -> Iterator[TimingRow]:
    rows = session.execute(
        sa.select(
            col(Timing.id),
            col(Branch.code),
            col(Wave.period),
            col(Timing.outcome),
            col(Timing.entry_method),
            col(Timing.operation),
            col(Timing.wait_seconds),
            col(Timing.service_seconds),
            col(Timing.total_seconds),
            col(Timing.happened_at),
            col(User.pseudonym),
            col(Visit.state),
            col(Timing.received_at),
        )
        .join(Branch, col(Branch.id) == col(Timing.branch_id))
        .join(Wave, col(Wave.id) == col(Timing.wave_id))
        .join(User, col(User.id) == col(Timing.auditor_id))
        .outerjoin(Visit, col(Visit.id) == col(Timing.visit_id))
        .where(col(Timing.pilot_id) == pilot_id)
    )
    return (TimingRow(str(row[0]), codes.get(row[1], row[1]), *row[2:]) for row in rows)


def _measurements(session: Session, pilot_id: int, codes: Mapping[str, str]) -> Iterator[MeasurementRow]:
    rows = session.execute(
        sa.select(
            col(ImportedFile.sha256),
            col(Measurement.row_number),
            col(Measurement.external_id),
            col(Branch.code),
            col(Measurement.period),
            col(Measurement.outcome),
            col(Measurement.value),
        )
        .join(ImportedFile, col(ImportedFile.id) == col(Measurement.file_id))
        .join(Branch, col(Branch.id) == col(Measurement.branch_id))
        .where(col(Measurement.pilot_id) == pilot_id)
    )
    return (MeasurementRow._make((*row[:3], codes.get(row[3], row[3]), *row[4:])) for row in rows)
