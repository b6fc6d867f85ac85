"""Waves of visits are closed and locked, for good."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from pilot_eval.domain.errors import BadInput, Message, NotFound, Problem, WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.domain.problems import N_
from pilot_eval.operations import pilots
from pilot_eval.operations.branch_results import rebuild_pilot
from pilot_eval.operations.corrections import LONGEST_REASON
from pilot_eval.operations.pilots import commit_change, get_pilot, waves_of
from pilot_eval.operations.policy import Action
from pilot_eval.operations.reviews import left_to_review
from pilot_eval.records.pilots import Pilot, Wave


def close_wave(session: Session, actor: Actor, slug: str, period: Period, now: datetime) -> Wave:
    """Close a wave for good: it still takes visits that began inside its window, flagged late.

    Raises
    ------
    NeedsFreshSignIn
        If the password was given too long ago.
    WrongState
        If it is closed already, its last day is still to come, or an earlier wave is open.
    """
    pilot = get_pilot(session, actor, slug, Action.CLOSE_WAVE)
    wave = _wave(session, pilot, period)
    if wave.state is not WaveState.OPEN:
        raise WrongState("wave_closed", N_("This wave is closed already"))
    # Whoever closes a wave may read its results: closing early would be a look that the plan does not name.
    if now.date() < wave.closes_on:
        raise WrongState("wave_running", N_("This wave still runs; it can be closed on its last day"))
    if any(
        other.opens_on < wave.opens_on and other.state is WaveState.OPEN for other in waves_of(session, pilot)
    ):
        raise WrongState("earlier_wave_open", N_("Close the earlier wave first"))
    return _move_wave(session, actor, pilot, wave, WaveState.CLOSED)


def lock_wave(session: Session, actor: Actor, slug: str, period: Period, reason: str = "") -> Wave:
    """Lock a closed wave: from now on it takes nothing, and nothing in it changes.

    Parameters
    ----------
    reason : str
        Why it is locked although visits were not reviewed or disputes not answered.

    Raises
    ------
    NeedsFreshSignIn
        If the password was given too long ago.
    WrongState
        If it is open, or locked already.
    BadInput
        If something is left to do and no reason is given.
    """
    pilot = get_pilot(session, actor, slug, Action.CLOSE_WAVE)
    wave = _wave(session, pilot, period)
    # Reviews hold the wave still: what they store is counted, or they find it locked.
    session.refresh(wave, with_for_update=True)
    if wave.state is not WaveState.CLOSED:
        raise WrongState("wave_not_closed", N_("Only a closed wave can be locked"))
    visits, disputes = left_to_review(session, pilots.stored_id(wave))
    if visits or disputes:
        wave.lock_reason = _reason_to_lock(reason.strip(), visits, disputes)
    return _move_wave(
        session, actor, pilot, wave, WaveState.LOCKED, unreviewed=visits, open_disputes=disputes
    )


def _reason_to_lock(reason: str, visits: int, disputes: int) -> str:
    if not reason:
        message = Message(
            N_(
                "Visits without a review: %(visits)s, disputes without an answer: %(disputes)s. "
                "Settle them first, or say why the wave is locked all the same"
            ),
            visits=visits,
            disputes=disputes,
        )
        raise BadInput([Problem("reason", message)])
    if len(reason) > LONGEST_REASON:
        raise BadInput([Problem("reason", N_("At most 500 characters"))])
    return reason


def _wave(session: Session, pilot: Pilot, period: Period) -> Wave:
    for wave in waves_of(session, pilot):
        if wave.period is period:
            return wave
    raise NotFound


def _move_wave(
    session: Session, actor: Actor, pilot: Pilot, wave: Wave, state: WaveState, **details: object
) -> Wave:
    wave.state = state
    session.flush()
    if wave.period is Period.AFTER:
        rebuild_pilot(session, pilot)
    commit_change(session, actor, pilot, f"wave.{state}", wave=wave.id, period=wave.period, **details)
    return wave
