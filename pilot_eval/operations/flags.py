"""What a reviewer should look at in each visit, with its reason in words; nothing is done by itself."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session, col, select

from pilot_eval.domain.checklists import unexpected
from pilot_eval.domain.errors import Message
from pilot_eval.domain.problems import N_
from pilot_eval.domain.reviews import RemarkKind
from pilot_eval.operations.visit_facts import (
    answer_places,
    codes_of,
    suspects_in,
    timing_facts,
    visit_facts,
)
from pilot_eval.records.network import Branch
from pilot_eval.records.pilots import PilotBranch
from pilot_eval.records.reviews import VisitRemark
from pilot_eval.records.visits import SubmissionConflict, Timing, Visit
from pilot_eval.stats import signals

KEPT = 8
FAR_METRES = 1000

# What each flag is called, in the order of reading.
LABELS: Final[Mapping[str, str]] = {
    "dispute": N_("Disputed"),
    "conflict": N_("Another version was sent"),
    "integrity": N_("Known answer missed"),
    "twin": N_("Like another visit"),
    "same_words": N_("Same words as in another visit"),
    "travel": N_("Too soon after another branch"),
    "too_fast": N_("Filled in too fast"),
    "straight_line": N_("Always the same place among the answers"),
    "late_fill": N_("Sent late"),
    "after_closing": N_("Arrived after its wave had closed"),
    "clock_moved": N_("Clock was moved"),
    "receipt_time": N_("Time on the receipt does not fit"),
    "heaping": N_("Typed times are round"),
    "far": N_("Sent from far away"),
    "auditor_mean": N_("Auditor unlike the others"),
    "auditor_spread": N_("Auditor's scores spread unlike the others'"),
    "personal_data": N_("Perhaps personal data"),
}
_ORDER: Final = {code: place for place, code in enumerate(LABELS)}
_OF_TIMINGS: Final = {
    "clock_moved": ("clock_moved", N_("The phone's clock and its stopwatch differ over a timing")),
    "receipt_time_mismatch": (
        "receipt_time",
        N_("The time on the receipt is far from the end of service"),
    ),
}


@dataclass(frozen=True, slots=True)
class Flag:
    """Why a visit deserves a look.

    Parameters
    ----------
    code : str
        A key of LABELS.
    reason : Message
        One sentence with its numbers.
    other : UUID or None
        The visit that it was compared with.
    """

    code: str
    reason: Message
    other: UUID | None = None


Flags = Mapping[UUID, tuple[Flag, ...]]

_kept: OrderedDict[tuple[int, int], Flags] = OrderedDict()
_lock = threading.Lock()


def flags_of(session: Session, pilot_id: int) -> Flags:
    """The flags of each visit of a pilot, raised anew only when something has changed."""
    key = (pilot_id, _mark(session, pilot_id))
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    found = _Raising(session, pilot_id).flags()
    with _lock:
        _kept[key] = found
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


def _mark(session: Session, pilot_id: int) -> int:
    """Of what the flags rest on: another one after each visit, change, timing, conflict, remark and move."""
    visits = sa.select(col(Visit.id), col(Visit.row_version)).where(col(Visit.pilot_id) == pilot_id)
    timings = sa.select(sa.func.count(), sa.func.max(col(Timing.received_at))).where(
        col(Timing.pilot_id) == pilot_id
    )
    conflicts = sa.select(sa.func.count(), sa.func.max(col(SubmissionConflict.id)))
    remarks = sa.select(sa.func.max(col(VisitRemark.id)), sa.func.count(col(VisitRemark.answered_at)))
    places = (
        sa.select(col(Branch.id), col(Branch.latitude), col(Branch.longitude))
        .join(PilotBranch, col(PilotBranch.branch_id) == col(Branch.id))
        .where(col(PilotBranch.pilot_id) == pilot_id, col(Branch.latitude).is_not(None))
    )
    found = [
        frozenset(tuple(row) for row in session.execute(query))
        for query in (visits, timings, conflicts, remarks, places)
    ]
    return hash(tuple(found))


class _Raising:
    """One pass over a pilot's visits."""

    def __init__(self, session: Session, pilot_id: int) -> None:
        self._session, self._pilot_id = session, pilot_id
        self._rows = visit_facts(session, pilot_id)
        self._raised: list[list[Flag]] = [[] for _row in self._rows]
        visits = [row.visit for row in self._rows]
        self._auditor = codes_of([visit.auditor_id for visit in visits])
        self._branch = codes_of([visit.branch_id for visit in visits])
        self._wave = codes_of([visit.wave_id for visit in visits])
        self._started, self._left, self._received = (
            np.array([getattr(visit, name).timestamp() for visit in visits])
            for name in ("started_at", "left_at", "received_at")
        )
        places = [(row.branch.latitude, row.branch.longitude) for row in self._rows]
        self._position = np.array(places, dtype=float).reshape(-1, 2)

    def flags(self) -> Flags:
        if self._rows:
            self._disputes()
            self._conflicts()
            self._filling()
            self._contents()
            self._likeness()
            self._journeys()
            self._timings()
            self._auditors()
        return {
            row.visit.id: tuple(sorted(raised, key=lambda flag: _ORDER[flag.code]))
            for row, raised in zip(self._rows, self._raised, strict=True)
        }

    def _raise(self, place: int, code: str, reason: str, other: int | None = None, **values: object) -> None:
        if other is not None:
            values |= {"branch": self._rows[other].branch.code, "day": self._rows[other].day}
        compared = None if other is None else self._rows[other].visit.id
        self._raised[place].append(Flag(code, Message(reason, **values), compared))

    def _disputes(self) -> None:
        found = self._session.exec(
            select(col(VisitRemark.visit_id)).where(
                col(VisitRemark.kind) == RemarkKind.DISPUTE, col(VisitRemark.answered_at).is_(None)
            )
        )
        disputed = set(found)
        for place, row in enumerate(self._rows):
            if row.visit.id in disputed:
                self._raise(place, "dispute", N_("The regional manager objects and has no answer yet"))

    def _conflicts(self) -> None:
        kept = self._session.exec(
            select(col(SubmissionConflict.record_id), col(SubmissionConflict.assignment_id)).where(
                col(SubmissionConflict.record_type) == "visit"
            )
        ).all()
        by_record = Counter(record_id for record_id, _assignment_id in kept)
        by_assignment = Counter(assignment_id for _record_id, assignment_id in kept)
        for place, row in enumerate(self._rows):
            count = max(
                by_record[row.visit.id],
                by_assignment[row.visit.assignment_id] if row.visit.assignment_id else 0,
            )
            if count:
                self._raise(place, "conflict", N_("Versions kept beside this one: %(count)s"), count=count)

    def _filling(self) -> None:
        answered = np.array([len(row.answers) for row in self._rows], dtype=np.intp)
        seconds = np.array([row.filling_seconds for row in self._rows])
        for place in _where(signals.too_fast(answered, seconds)):
            reason = N_("%(count)s answers in %(seconds)s seconds with the form in sight")
            values = {"count": int(answered[place]), "seconds": int(seconds[place])}
            self._raise(place, "too_fast", reason, **values)
        for place in _where(signals.late_fill(self._left, self._received)):
            hours = int(self._received[place] - self._left[place]) // 3600
            reason = N_("It arrived %(hours)s hours after the auditor had left the branch")
            self._raise(place, "late_fill", reason, hours=hours)
        for place, row in enumerate(self._rows):
            if row.visit.late:
                self._raise(place, "after_closing", N_("The wave had closed when it arrived"))
            if row.clock_moved:
                reason = N_("The phone's clock and its stopwatch differ over the time of filling in")
                self._raise(place, "clock_moved", reason)

    def _contents(self) -> None:
        for place, row in enumerate(self._rows):
            if missed := unexpected(row.checklist, row.answers):
                reason = N_("Answered otherwise than is known to be true: %(items)s")
                self._raise(place, "integrity", reason, items=", ".join(missed))
            suspected = suspects_in(row.document)
            if "narrative" in suspected:
                reason = N_("A name, telephone number or e-mail address may stand in what happened")
                self._raise(place, "personal_data", reason)
            if beside := sorted(suspected.keys() - {"narrative"}):
                reason = N_("A name, telephone number or e-mail address may stand beside %(items)s")
                self._raise(place, "personal_data", reason, items=", ".join(beside))
            metres = row.document.get("distance_m")
            if isinstance(metres, int) and metres > FAR_METRES:
                self._raise(place, "far", N_("The phone was %(metres)s m from the branch"), metres=metres)

    def _likeness(self) -> None:
        answers = answer_places(self._rows)
        for place in _where(signals.straight_line(answers)):
            count = int(np.sum(answers[place] != signals.UNANSWERED))
            reason = N_("All %(count)s answers stand in the same place among those offered")
            self._raise(place, "straight_line", reason, count=count)
        twin = signals.twins(self._auditor, answers)
        for place in _where(np.nan_to_num(twin.share) >= signals.ALIKE):
            reason = N_("%(equal)s of %(both)s answers equal those for branch %(branch)s on %(day)s")
            values = {"equal": int(twin.equal[place]), "both": int(twin.both[place])}
            self._raise(place, "twin", reason, int(twin.other[place]), **values)
        words = signals.same_words(self._auditor, tuple(row.comparable_narrative for row in self._rows))
        for place in _where(words >= 0):
            reason = N_("What happened is told word for word as for branch %(branch)s on %(day)s")
            self._raise(place, "same_words", reason, int(words[place]))

    def _journeys(self) -> None:
        found = signals.impossible_journeys(
            self._auditor, self._branch, self._started, self._left, self._position
        )
        for place in _where(found.other >= 0):
            other, minutes = int(found.other[place]), int(found.seconds[place] // 60)
            if found.seconds[place] < 0:
                reason = N_("The same auditor was in branch %(branch)s at the same time, on %(day)s")
                self._raise(place, "travel", reason, other)
            elif np.isnan(found.metres[place]):
                reason = N_("Between it and branch %(branch)s on %(day)s lie %(minutes)s min")
                self._raise(place, "travel", reason, other, minutes=minutes)
            else:
                reason = N_(
                    "Between it and branch %(branch)s on %(day)s lie %(minutes)s min, "
                    "and %(km)s km in a straight line"
                )
                km = _kilometres(float(found.metres[place]))
                self._raise(place, "travel", reason, other, minutes=minutes, km=km)

    def _timings(self) -> None:
        by_place = timing_facts(self._session, self._pilot_id, self._rows)
        typed: dict[int, list[int]] = defaultdict(list)
        for place, found in by_place.items():
            typed[int(self._auditor[place])] += found.minutes
            for noted in sorted(found.flags & _OF_TIMINGS.keys()):
                self._raise(place, *_OF_TIMINGS[noted])
        heaped = {auditor: signals.heaping(np.array(times, np.intp)) for auditor, times in typed.items()}
        for place, found in by_place.items():
            heaping = heaped[int(self._auditor[place])]
            if found.minutes and heaping.heaped:
                reason = N_("%(round)s of %(times)s times typed by this auditor are multiples of 5 min")
                self._raise(place, "heaping", reason, round=heaping.round_ones, times=heaping.times)

    def _auditors(self) -> None:
        scores = np.array([row.counted_score for row in self._rows])
        found = signals.outliers(self._auditor, self._branch, self._wave, scores)
        if found is None:
            return
        for own in _where(found.outlying):
            self._raise_for(own, "auditor_mean", *_apart(found, own))
        for own in _where(found.spread_outlying):
            self._raise_for(own, "auditor_spread", *_spread(found, own))

    def _raise_for(self, auditor: int, code: str, reason: str, values: Mapping[str, Any]) -> None:
        for place in _where(self._auditor == auditor):
            self._raise(place, code, reason, **values)


def _where(there: signals.Bools) -> list[int]:
    return [int(place) for place in np.flatnonzero(there)]


def _kilometres(metres: float) -> float:
    """As exact as it matters: 0.4, 7.2, 178."""
    return round(metres / 1000, 1) if metres < 10_000 else round(metres / 1000)


def _apart(found: signals.Outliers, own: int) -> tuple[str, dict[str, Any]]:
    values = {
        "points": round(abs(float(found.apart[own])), 1),
        "visits": int(found.visits[own]),
        "chance": _per_cent(float(found.apart_pvalue[own])),
    }
    low = N_(
        "%(points)s points below colleagues who visited the same (%(visits)s visits); "
        "by chance alone in %(chance)s of 100 pilots"
    )
    high = N_(
        "%(points)s points above colleagues who visited the same (%(visits)s visits); "
        "by chance alone in %(chance)s of 100 pilots"
    )
    return (low if found.apart[own] < 0 else high), values


def _spread(found: signals.Outliers, own: int) -> tuple[str, dict[str, Any]]:
    reason = N_(
        "Scores spread %(ratio)s times as far as those of colleagues (%(visits)s visits); "
        "by chance alone in %(chance)s of 100 pilots"
    )
    values = {
        "ratio": round(float(found.spread[own]), 2),
        "visits": int(found.visits[own]),
        "chance": _per_cent(float(found.spread_pvalue[own])),
    }
    return reason, values


def _per_cent(pvalue: float) -> float:
    """One digit that tells: 0.8, 0.03; never 0."""
    return float(f"{100 * max(pvalue, 1e-6):.1g}")
