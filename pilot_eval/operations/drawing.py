"""Visits proposed by a random draw, looked at, then assigned as a whole."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, EditConflict, Problem, WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Arm, Period, WaveState
from pilot_eval.domain.problems import N_
from pilot_eval.domain.visit_draws import (
    FEWEST_DOUBLES,
    MOST_DOUBLES,
    Demand,
    Draw,
    DrawnVisit,
    Unfilled,
    draw_visits,
)
from pilot_eval.operations import pilots
from pilot_eval.operations.quotas import quotas_of
from pilot_eval.operations.visit_plans import Place, place_for
from pilot_eval.records.network import Branch
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Assignment, Wave


@dataclass(frozen=True, slots=True)
class DrawOptions:
    """How visits are drawn.

    Parameters
    ----------
    seed : int
    doubles : float
        Share of the visits that a second auditor repeats.
    periods : frozenset of Period
        Waves to draw for.
    auditors : frozenset of int
        Who takes part.
    """

    seed: int
    doubles: float
    periods: frozenset[Period]
    auditors: frozenset[int]


@dataclass(frozen=True, slots=True)
class ProposedVisit:
    """A visit of a proposal, with the names that head office reads."""

    visit: DrawnVisit
    branch: Branch
    period: Period
    auditor: User


@dataclass(frozen=True, slots=True)
class LeftOver:
    """Visits of one branch and part of the day that nobody may make, and how many each rule keeps away."""

    branch: Branch
    period: Period
    why: Unfilled
    visits: int


@dataclass(frozen=True, slots=True)
class Load:
    """What one auditor would have: what there is already, then the visits of the proposal by wave and arm."""

    auditor: User
    before: int
    drawn: Mapping[tuple[Period, Arm], int]

    @property
    def total(self) -> int:
        return self.before + sum(self.drawn.values())


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a draw proposes.

    Parameters
    ----------
    digest : str
        SHA-256 of the visits: only what was seen is accepted.
    doubles_lacking : int
        Double visits for which there was no second auditor.
    closed : tuple of Branch
        Branches whose days are over: closed, or the wave has ended.
    """

    visits: tuple[ProposedVisit, ...]
    left: tuple[LeftOver, ...]
    loads: tuple[Load, ...]
    doubles_lacking: int
    closed: tuple[Branch, ...]
    digest: str

    @property
    def doubles(self) -> int:
        return sum(one.visit.double_of is not None for one in self.visits)


def propose_visits(
    session: Session, actor: Actor, slug: str, options: DrawOptions, now: datetime
) -> Proposal:
    """Draw the visits that quotas still ask for; nothing is stored.

    The same options, records and day give the same proposal.

    Raises
    ------
    BadInput
        If the seed, the share or the choice of waves or auditors is unusable.
    WrongState
        If there is no quota, or a wave is closed.
    """
    return _proposal(place_for(session, actor, slug), session, options, now)


def accept_proposal(
    session: Session, actor: Actor, slug: str, options: DrawOptions, digest: str, now: datetime
) -> list[Assignment]:
    """Draw once more and assign all of it, if it is what was seen; the seed stands in the log.

    Raises
    ------
    EditConflict
        If the draw comes out differently, because something was assigned, declared or closed meanwhile.
    BadInput, WrongState
        As `propose_visits`.
    """
    place = place_for(session, actor, slug)
    proposal = _proposal(place, session, options, now)
    if proposal.digest != digest:
        raise EditConflict
    rows = [_row(place, one) for one in proposal.visits]
    session.add_all(rows)
    session.flush()
    for row, one in zip(rows, proposal.visits, strict=True):
        if one.visit.double_of is not None:
            row.double_of_id = rows[one.visit.double_of].id
    details = {
        "seed": options.seed,
        "doubles": options.doubles,
        "periods": sorted(options.periods),
        "auditors": sorted(options.auditors),
        "sha256": digest,
        "assignments": [row.id for row in rows],
    }
    pilots.commit_change(session, actor, place.pilot, "assignment.draw", **details)
    return rows


def _row(place: Place, one: ProposedVisit) -> Assignment:
    return Assignment(
        pilot_id=pilots.stored_id(place.pilot),
        wave_id=pilots.stored_id(place.waves[one.period]),
        branch_id=pilots.stored_id(one.branch),
        auditor_id=one.auditor.id,
        scenario=one.visit.scenario,
        window_from=one.visit.days[0],
        window_to=one.visit.days[1],
        daypart=one.visit.daypart,
    )


def _proposal(place: Place, session: Session, options: DrawOptions, now: datetime) -> Proposal:
    _check(place, options)
    quotas = quotas_of(session, place.pilot)
    waves = [wave for period, wave in place.waves.items() if period in options.periods]
    if not any(quotas.get(wave.period) for wave in waves):
        raise WrongState("no_quota", N_("Set quotas first: a draw fills what they still ask for"))
    standing = _standing(session, place)
    arms = {branch.id: member.arm for member, branch in pilots.members_of(session, place.pilot)}
    demands, closed = [], dict[str, Branch]()
    for wave in waves:
        for branch in place.branches.values():
            visits = _wanted(place, quotas.get(wave.period, {}), standing[wave.id, branch.id])
            days = _days_left(wave, branch, now)
            if visits and days:
                demands.append(_demand(branch, arms[branch.id], wave, days, visits))
            elif visits:
                closed[branch.code] = branch
    drawn = draw_visits(
        demands,
        sorted(options.auditors),
        place.rotation,
        scenarios=sorted(place.scenarios),
        doubles=options.doubles,
        seed=options.seed,
        loads=(before := Counter(row.auditor_id for rows in standing.values() for row in rows)),
    )
    return _named(place, drawn, options, arms, tuple(closed.values()), before)


def _check(place: Place, options: DrawOptions) -> None:
    problems = []
    if options.seed < 0:
        problems.append(Problem("seed", N_("The seed must not be negative")))
    if options.doubles and not FEWEST_DOUBLES <= options.doubles <= MOST_DOUBLES:
        problems.append(Problem("doubles", N_("Give 0, or a share from 5 to 10 per cent")))
    if not options.periods & set(place.waves):
        problems.append(Problem("periods", N_("Choose a wave")))
    if not options.auditors or options.auditors - set(place.auditors):
        problems.append(Problem("auditors", N_("Choose auditors of the list")))
    if problems:
        raise BadInput(problems)
    if any(place.waves[period].state is not WaveState.OPEN for period in options.periods):
        raise WrongState("wave_closed", N_("This wave is closed; nothing more can be assigned in it"))


class _Standing(dict[tuple[int | None, int | None], list[Assignment]]):
    """Standing assignments by wave and branch."""

    def __missing__(self, key: tuple[int | None, int | None]) -> list[Assignment]:
        return self.setdefault(key, [])


def _standing(session: Session, place: Place) -> _Standing:
    found = _Standing()
    rows = session.exec(
        select(Assignment).where(
            col(Assignment.pilot_id) == place.pilot.id, col(Assignment.withdrawn_at).is_(None)
        )
    )
    for row in rows:
        found[row.wave_id, row.branch_id].append(row)
    return found


def _wanted(place: Place, quota: Mapping[str, int], rows: Sequence[Assignment]) -> dict[str, int]:
    """What the quota still asks for; a visit for any time fills the first gap there is."""
    there = Counter(row.daypart for row in rows if row.double_of_id is None)
    spare, wanted = there[""], dict[str, int]()
    for part in place.dayparts:
        gap = max(0, quota.get(part, 0) - there[part])
        filled = min(gap, spare)
        spare -= filled
        if gap > filled:
            wanted[part] = gap - filled
    return wanted


def _days_left(wave: Wave, branch: Branch, now: datetime) -> tuple[date, date] | None:
    """The days on which the branch can still be visited in a wave."""
    today = now.astimezone(ZoneInfo(branch.time_zone)).date()
    first, last = max(wave.opens_on, today), wave.closes_on
    if branch.closed_on is not None:
        last = min(last, branch.closed_on - timedelta(days=1))
    return (first, last) if first <= last else None


def _demand(
    branch: Branch, arm: Arm | None, wave: Wave, days: tuple[date, date], visits: Mapping[str, int]
) -> Demand:
    return Demand(
        branch=pilots.stored_id(branch),
        region=branch.region_id,
        arm=str(arm),
        wave=wave.period.value,
        days=days,
        visits=visits,
    )


def _named(
    place: Place,
    drawn: Draw,
    options: DrawOptions,
    arms: Mapping[int | None, Arm | None],
    closed: tuple[Branch, ...],
    before: Counter[int],
) -> Proposal:
    branches = {branch.id: branch for branch in place.branches.values()}
    visits = tuple(
        ProposedVisit(one, branches[one.branch], Period(one.wave), place.auditors[one.auditor])
        for one in drawn.visits
    )
    counts = Counter(
        (one.auditor.id, one.period, arm) for one in visits if (arm := arms[one.branch.id]) is not None
    )
    loads = [
        Load(
            auditor,
            before[auditor.id],
            {(period, arm): counts[auditor.id, period, arm] for period in Period for arm in Arm},
        )
        for auditor in place.auditors.values()
        if auditor.id in options.auditors
    ]
    return Proposal(
        visits=visits,
        left=tuple(_left_over(drawn, branches)),
        loads=tuple(loads),
        doubles_lacking=drawn.doubles_lacking,
        closed=closed,
        digest=_digest(drawn),
    )


def _left_over(drawn: Draw, branches: Mapping[int | None, Branch]) -> Iterator[LeftOver]:
    """Visits that are left for the same reasons, told together."""
    alike: Counter[Unfilled] = Counter(drawn.unfilled)
    for why, visits in alike.items():
        yield LeftOver(branches[why.branch], Period(why.wave), why, visits)


def _digest(drawn: Draw) -> str:
    content = json.dumps([asdict(visit) for visit in drawn.visits], default=str, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
