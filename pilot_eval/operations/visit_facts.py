"""What flags are raised by: the visits of a pilot with their timings, and their free texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from sqlmodel import Session, col, or_, select

from pilot_eval.domain.checklists import Answers, Checklist
from pilot_eval.domain.documents import CODE
from pilot_eval.domain.personal_data import Suspect, suspects
from pilot_eval.operations import forms
from pilot_eval.records.forms import ChecklistVersion
from pilot_eval.records.network import Branch
from pilot_eval.records.visits import (
    EntryMethod,
    SubmissionConflict,
    Timing,
    Visit,
    VisitOutcome,
    VisitState,
)
from pilot_eval.stats.signals import UNANSWERED, Codes

SHORTEST_NARRATIVE: Final = 20  # characters; shorter ones are alike by chance
CLOCK_SECONDS: Final = 120  # between the device's clock and its steady one
_SET_ASIDE: Final = (VisitState.RETURNED, VisitState.EXCLUDED)
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """A visit, its branch, and the checklist that it was recorded with."""

    visit: Visit
    branch: Branch
    checklist: Checklist

    @property
    def document(self) -> Document:
        return self.visit.document

    @property
    def answers(self) -> Answers:
        answers: Answers = self.document.get("answers", {})
        return answers

    @property
    def day(self) -> date:
        """By the branch's own calendar."""
        return self.visit.started_at.astimezone(ZoneInfo(self.branch.time_zone)).date()

    @property
    def counted_score(self) -> float:
        """Points; NaN where there are none, or the visit does not count."""
        counts = self.visit.outcome is VisitOutcome.DONE and self.visit.state not in _SET_ASIDE
        points = self.visit.score_hundredths
        return points / 100 if counts and points is not None else np.nan

    @property
    def filling_seconds(self) -> float:
        """How long the form was in sight; NaN where the device did not tell."""
        seconds = (self.document.get("filling") or {}).get("seconds")
        return float(seconds) if isinstance(seconds, int) else np.nan

    @property
    def clock_moved(self) -> bool:
        """Whether less time went by on the device's clock than the form was in sight for."""
        filling = self.document.get("filling") or {}
        if not filling.get("opened_at") or not filling.get("finished_at"):
            return False
        opened, finished = (datetime.fromisoformat(filling[name]) for name in ("opened_at", "finished_at"))
        return bool((finished - opened).total_seconds() < self.filling_seconds - CLOCK_SECONDS)

    @property
    def comparable_narrative(self) -> str:
        """What happened; empty where it is too short to tell anything."""
        told = " ".join(str(self.document.get("header", {}).get("narrative", "")).lower().split())
        return told if len(told) >= SHORTEST_NARRATIVE else ""


@dataclass(frozen=True, slots=True)
class TimingFacts:
    """The timings of one visit: what was noted of them, and the minutes of times that were typed."""

    flags: frozenset[str] = frozenset()
    minutes: tuple[int, ...] = ()


def visit_facts(session: Session, pilot_id: int) -> list[VisitFacts]:
    """The visits of a pilot in the order in which they came in."""
    found = session.exec(
        select(Visit, Branch)
        .join(Branch, col(Branch.id) == col(Visit.branch_id))
        .where(col(Visit.pilot_id) == pilot_id)
        .order_by(col(Visit.received_at), col(Visit.id))
    ).all()
    used = {visit.checklist_id for visit, _branch in found}
    versions = session.exec(select(ChecklistVersion).where(col(ChecklistVersion.id).in_(used)))
    known = {version.id: forms.checklist_of(version) for version in versions}
    return [VisitFacts(visit, branch, known[visit.checklist_id]) for visit, branch in found]


def timing_facts(session: Session, pilot_id: int, rows: Sequence[VisitFacts]) -> dict[int, TimingFacts]:
    """By place of the visit: a customer who was observed belongs to the visit of the same assignment."""
    by_visit: dict[UUID | None, int] = {row.visit.id: place for place, row in enumerate(rows)}
    by_assignment: dict[int | None, int] = {
        row.visit.assignment_id: place for place, row in enumerate(rows) if row.visit.assignment_id
    }
    flags: dict[int, set[str]] = defaultdict(set)
    minutes: dict[int, list[int]] = defaultdict(list)
    statement = select(Timing).where(col(Timing.pilot_id) == pilot_id).order_by(col(Timing.id))
    for timing in session.exec(statement):
        place = by_visit.get(timing.visit_id)
        place = by_assignment.get(timing.assignment_id) if place is None else place
        if place is None:
            continue
        document: Document = timing.document
        flags[place] |= set(document.get("flags", ()))
        if timing.entry_method is EntryMethod.MANUAL:
            minutes[place] += _minutes(document)
    return {place: TimingFacts(frozenset(flags[place]), tuple(minutes[place])) for place in flags | minutes}


def _minutes(document: Document) -> Iterator[int]:
    for moment in document.get("events", {}).values():
        yield datetime.fromisoformat(moment).minute


def codes_of(values: Sequence[int]) -> Codes:
    """Numbers from 0 on for equal values."""
    return np.unique(np.array(values), return_inverse=True)[1].astype(np.intp)


def answer_places(rows: Sequence[VisitFacts]) -> Codes:
    """(n, m) the place of each answer among those offered, by question; UNANSWERED where there is none."""
    columns: dict[str, int] = {}
    for row in rows:
        for code, item in row.checklist.items.items():
            if item.offered and item.asked:
                columns.setdefault(code, len(columns))
    found = np.full((len(rows), len(columns)), UNANSWERED, np.intp)
    for place, row in enumerate(rows):
        for code, answer in row.answers.items():
            offered = row.checklist.items[code].offered if code in row.checklist.items else ()
            if code in columns and answer in offered:
                found[place, columns[code]] = offered.index(str(answer))
    return found


def texts_of(document: Document) -> dict[str, list[str]]:
    """Free texts of a visit's document by where they stand: a question's code, or `narrative`."""
    found: dict[str, list[str]] = defaultdict(list)
    narrative = document.get("header", {}).get("narrative")
    if narrative:
        found["narrative"].append(str(narrative))
    for code, text in document.get("comments", {}).items():
        found[code].append(str(text))
    for code, answer in document.get("answers", {}).items():
        if isinstance(answer, str) and not CODE.fullmatch(answer):
            found[code].append(answer)
    return dict(found)


def suspects_in(document: Document) -> dict[str, list[Suspect]]:
    """What may be personal data in a visit's document, by where it stands."""
    found = {
        place: [suspect for text in texts for suspect in suspects(text)]
        for place, texts in texts_of(document).items()
    }
    return {place: those for place, those in found.items() if those}


def kept_beside(session: Session, visit: Visit) -> list[SubmissionConflict]:
    """What else was sent under the identity of a visit, or for the same assignment."""
    same: Any = col(SubmissionConflict.record_id) == visit.id
    if visit.assignment_id is not None:
        same = or_(same, col(SubmissionConflict.assignment_id) == visit.assignment_id)
    return list(
        session.exec(
            select(SubmissionConflict)
            .where(col(SubmissionConflict.record_type) == "visit", same)
            .order_by(col(SubmissionConflict.id))
        )
    )
