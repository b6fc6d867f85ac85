"""One branch of a pilot: against its own past and the pilot, its weeks, times, items and visits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from sqlmodel import Session

from pilot_eval.domain.errors import NotFound
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Period
from pilot_eval.engines.records import TIMING_SOURCES, Snapshot, VisitRow
from pilot_eval.engines.snapshots import known_snapshot
from pilot_eval.engines.stored_forms import ItemRow
from pilot_eval.operations import pilots
from pilot_eval.operations.branch_comparison import BranchComparison, BranchResult, compare_read
from pilot_eval.operations.forms import timing_form_of
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.operations.summaries import periods_seen, summarise
from pilot_eval.operations.weeks import weeks_of
from pilot_eval.records.forms import TimingFormVersion
from pilot_eval.records.pilots import Pilot
from pilot_eval.stats.heatmaps import item_changes
from pilot_eval.stats.single_branch import Spread, lowest, spread

# What times of customers are told of.
TIMES: Final = ("timing_wait", "timing_service")
FEWEST_VISITS: Final = 3  # after training, for an item to be worked on
MOST_TO_WORK_ON: Final = 3
_TARGET: Final = {"timing_wait": 600}  # seconds, where the timing form names none


@dataclass(frozen=True, slots=True)
class VisitLine:
    """A visit as those see it who may read it: never by whom beyond a pseudonym, never a plan."""

    id: UUID
    state: str
    day: str
    period: str
    outcome: str
    score: float | None
    auditor: str


@dataclass(frozen=True, slots=True)
class Verdicts:
    """One outcome of the branch, compared with its past and with the other branches of its arm.

    Parameters
    ----------
    pilot : what it was compared with, and why not where it was not
    """

    outcome: dict[str, Any]
    past: BranchResult
    others: BranchResult
    pilot: BranchComparison


@dataclass(frozen=True, slots=True)
class Times:
    """Times of customers before and after, where there are any that may be seen."""

    source: str
    target: int
    before: Spread | None
    after: Spread | None


@dataclass(frozen=True, slots=True)
class BranchItem:
    """One item of the checklist in the branch; NaN where nothing is known."""

    item: ItemRow
    n: tuple[int, int]
    share: tuple[float, float]
    change: float
    outstanding: bool


@dataclass(frozen=True, slots=True)
class BranchReport:
    """Everything on the page of one branch.

    Parameters
    ----------
    summary : the pilot's document, its `weekly` that of this branch alone
    items : by change, the largest fall first
    to_work_on : of the items
    """

    summary: dict[str, Any]
    branch: dict[str, Any]
    verdicts: tuple[Verdicts, ...]
    times: tuple[Times, ...]
    items: tuple[BranchItem, ...]
    to_work_on: tuple[BranchItem, ...]
    visits: tuple[VisitLine, ...]


def branch_report(session: Session, actor: Actor, slug: str, code: str, now: datetime) -> BranchReport:
    """One branch, from the waves that the actor may see.

    Raises
    ------
    NotFound
        If the pilot has no such branch, or it is not the manager's: the two are never told apart.
    """
    pilot = pilots.get_pilot(session, actor, slug)
    code = pilots.code_in(session, pilot, code)
    snapshot = known_snapshot(session, pilots.stored_id(pilot))
    summary = summarise(session, actor, slug, now, snapshot)
    found = [branch for branch in summary["branches"] if branch["code"] == code]
    if not found:
        raise NotFound
    alone = of_branch(snapshot, code)
    outcomes = pilots.outcomes_of(session, pilot)
    seen = periods_seen(session, pilot, scope_of(actor, Action.READ_RECORDED))
    items = _items(alone) if Period.AFTER in seen else ()
    return BranchReport(
        summary=summary | {"weekly": weeks_of(alone, outcomes, seen, None)},
        branch=found[0],
        verdicts=_verdicts(session, actor, pilot, snapshot, summary, code),
        times=_times(session, pilot, alone, seen),
        items=items,
        to_work_on=_to_work_on(items),
        visits=_visits(alone, seen),
    )


def of_branch(snapshot: Snapshot, code: str) -> Snapshot:
    """What a snapshot holds of one branch."""
    return replace(
        snapshot,
        branches=tuple(branch for branch in snapshot.branches if branch.code == code),
        visits=tuple(visit for visit in snapshot.visits if visit.branch == code),
        timings=tuple(timing for timing in snapshot.timings if timing.branch == code),
        measurements=tuple(row for row in snapshot.measurements if row.branch == code),
    )


def weeks_of_branch(session: Session, actor: Actor, slug: str, code: str, now: datetime) -> dict[str, Any]:
    """The pilot's document with the weeks of one branch alone.

    Raises
    ------
    NotFound
        As `branch_report`.
    """
    pilot = pilots.get_pilot(session, actor, slug)
    code = pilots.code_in(session, pilot, code)
    snapshot = known_snapshot(session, pilots.stored_id(pilot))
    summary = summarise(session, actor, slug, now, snapshot)
    if code not in {branch["code"] for branch in summary["branches"]}:
        raise NotFound
    seen = periods_seen(session, pilot, scope_of(actor, Action.READ_RECORDED))
    outcomes = pilots.outcomes_of(session, pilot)
    return summary | {"weekly": weeks_of(of_branch(snapshot, code), outcomes, seen, None)}


def _verdicts(
    session: Session, actor: Actor, pilot: Pilot, snapshot: Snapshot, summary: dict[str, Any], code: str
) -> tuple[Verdicts, ...]:
    found = []
    for outcome in summary["outcomes"]:
        past, others = (
            compare_read(session, actor, pilot, snapshot, summary, outcome["code"], against)
            for against in ("past", "pilot")
        )
        own, beside = (
            next(result for result in compared.results if result.code == code) for compared in (past, others)
        )
        found.append(Verdicts(outcome, own, beside, others))
    return tuple(found)


def _times(session: Session, pilot: Pilot, alone: Snapshot, seen: frozenset[Period]) -> tuple[Times, ...]:
    """Waiting and service with their targets, where the branch was timed."""
    target = _targets(session, pilot)
    found = []
    for source in TIMES:
        values = {
            period: np.array(
                [
                    value
                    for row in alone.timings
                    if row.period is period and (value := TIMING_SOURCES[source](row)) is not None
                ],
                dtype=np.float64,
            )
            for period in (Period.BEFORE, Period.AFTER)
            if period in seen
        }
        told = {period: spread(own, target[source], pilot.level) for period, own in values.items()}
        if any(told.values()):
            found.append(Times(source, target[source], told.get(Period.BEFORE), told.get(Period.AFTER)))
    return tuple(found)


def _targets(session: Session, pilot: Pilot) -> dict[str, int]:
    """Seconds within which to be served: the middle one of the form for waits, its least for service."""
    version = session.get(TimingFormVersion, pilot.timing_form_id) if pilot.timing_form_id else None
    seconds = sorted(target.seconds for target in timing_form_of(version).targets) if version else []
    if not seconds:
        return dict.fromkeys(TIMES, _TARGET["timing_wait"])
    return {"timing_wait": seconds[len(seconds) // 2], "timing_service": seconds[0]}


def _items(alone: Snapshot) -> tuple[BranchItem, ...]:
    observations = alone.observations("visit_score", detailed=True)
    if observations.items is None:
        return ()
    rows = np.isin(observations.period, (0, 2))
    column = np.zeros(int(rows.sum()), dtype=np.intp)
    found = item_changes(observations.items.values[rows], column, observations.period[rows] == 2, 1)
    items = [
        BranchItem(
            item=item,
            n=(int(found.n[place, 0, 0]), int(found.n[place, 0, 1])),
            share=(float(found.share[place, 0, 0]), float(found.share[place, 0, 1])),
            change=float(found.change[place, 0]),
            outstanding=bool(found.adjusted_pvalue[place, 0] <= 0.05),
        )
        for place, item in enumerate(alone.items)
        if found.n[place, 0].any()
    ]
    return tuple(sorted(items, key=lambda one: (np.isnan(one.change), one.change)))


def _to_work_on(items: tuple[BranchItem, ...]) -> tuple[BranchItem, ...]:
    """Items that training can move, lowest after it."""
    able = [item for item in items if item.item.lever == "training"]
    shares, n = [item.share[1] for item in able], [item.n[1] for item in able]
    return tuple(able[place] for place in lowest(shares, n, FEWEST_VISITS, MOST_TO_WORK_ON))


def _visits(alone: Snapshot, seen: frozenset[Period]) -> tuple[VisitLine, ...]:
    zone = ZoneInfo(alone.branches[0].time_zone)
    visits = sorted((v for v in alone.visits if v.period in seen), key=lambda visit: visit.started_at)
    return tuple(_visit_line(visit, zone) for visit in visits)


def _visit_line(visit: VisitRow, zone: ZoneInfo) -> VisitLine:
    score = None if visit.score_hundredths is None else visit.score_hundredths / 100
    day = visit.started_at.astimezone(zone).date().isoformat()
    return VisitLine(
        UUID(visit.id),
        visit.state.value,
        day,
        Period(visit.period).value,
        visit.outcome.value,
        score,
        visit.auditor,
    )
