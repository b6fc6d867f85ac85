"""Quotas: how many visits each branch is to have in each part of the day of a wave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, Message, NotFound, Problem, WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.domain.problems import N_
from pilot_eval.operations import pilots
from pilot_eval.operations.policy import Action
from pilot_eval.operations.visit_plans import dayparts_of
from pilot_eval.records.pilots import Pilot, Wave, WaveQuota

MOST = 99  # visits to a branch in a part of the day

Quota = Mapping[str, int]  # visits by code of the part of the day


def quotas_of(session: Session, pilot: Pilot) -> dict[Period, dict[str, int]]:
    """The quota of every wave; a part of the day that is not in it has none."""
    rows = session.exec(
        select(Wave, WaveQuota)
        .join(WaveQuota, col(WaveQuota.wave_id) == col(Wave.id))
        .where(col(Wave.pilot_id) == pilot.id)
    )
    found: dict[Period, dict[str, int]] = defaultdict(dict)
    for wave, quota in rows:
        found[wave.period][quota.daypart] = quota.visits
    return dict(found)


def set_quotas(session: Session, actor: Actor, slug: str, wanted: Mapping[Period, Quota]) -> None:
    """Make these the quotas of the waves; what is assigned already stays.

    Parameters
    ----------
    wanted : mapping of Period to quota
        Waves that are not in it keep theirs.

    Raises
    ------
    NotFound
        If there is no such wave.
    BadInput
        If there is no such part of the day, or a number is out of range.
    WrongState
        If the quota of a wave that is closed would change.
    """
    pilot = pilots.get_pilot(session, actor, slug, Action.PLAN_PILOT)
    waves = {wave.period: wave for wave in pilots.waves_of(session, pilot)}
    if set(wanted) - set(waves):
        raise NotFound
    dayparts = {part.code for part in dayparts_of(session, pilot)}
    if problems := _problems(wanted, dayparts):
        raise BadInput(problems)
    before = quotas_of(session, pilot)
    changed = {
        period: kept
        for period, quota in wanted.items()
        if (kept := {code: visits for code, visits in quota.items() if visits}) != before.get(period, {})
    }
    if any(waves[period].state is not WaveState.OPEN for period in changed):
        raise WrongState("wave_closed", N_("This wave is closed; its quota stays as it is"))
    for period, quota in changed.items():
        _store(session, waves[period], quota)
    if changed:
        pilots.commit_change(session, actor, pilot, "wave.quota", visits=changed)


def _problems(wanted: Mapping[Period, Quota], dayparts: set[str]) -> list[Problem]:
    found = []
    for period, quota in wanted.items():
        for code, visits in quota.items():
            if code not in dayparts:
                found.append(Problem(f"{period}_{code}", N_("Choose a part of the day")))
            elif not 0 <= visits <= MOST:
                message = Message("Enter a whole number from 0 to %(most)s", most=MOST)
                found.append(Problem(f"{period}_{code}", message))
    return found


def _store(session: Session, wave: Wave, quota: Quota) -> None:
    wave_id = pilots.stored_id(wave)
    there = {
        row.daypart: row for row in session.exec(select(WaveQuota).where(col(WaveQuota.wave_id) == wave_id))
    }
    for code, row in there.items():
        if code not in quota:
            session.delete(row)
    for code, visits in quota.items():
        row = there.get(code) or WaveQuota(wave_id=wave_id, daypart=code, visits=visits)
        row.visits = visits
        session.add(row)
