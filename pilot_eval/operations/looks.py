"""A look at a running pilot, as its plan allows: taken once, kept for good."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from pilot_eval.domain.errors import WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.problems import N_
from pilot_eval.engines.records import read_snapshot
from pilot_eval.operations import pilots, settled
from pilot_eval.operations.plans import canonical, versions
from pilot_eval.operations.policy import Action
from pilot_eval.operations.summaries import evaluate, outcome_documents
from pilot_eval.records.plans import Look
from pilot_eval.stats.families import interval_level


def take_look(session: Session, actor: Actor, slug: str, now: datetime) -> Look:
    """Take the look that is due, and keep what is seen for everyone who may see the uplift.

    Of several looks that have been reached, the latest is taken: the error that the earlier ones might have
    spent stays unspent.

    Raises
    ------
    NeedsFreshSignIn
        If the password was given too long ago.
    WrongState
        If the plan names no look for now, or is no longer a plan that was frozen before.
    EditConflict
        If somebody changed the pilot in the meantime.
    """
    pilot = pilots.get_pilot(session, actor, slug, Action.TAKE_LOOK)
    made = settled.visits_made(session, pilot)
    number = settled.due_look(session, pilot, made)
    if number is None:
        raise WrongState("no_look_due", N_("The plan allows no look now"))
    frozen = versions(session, pilot, now)
    if not frozen:
        raise WrongState("plan_draft", N_("Freeze the plan first: only a frozen plan can allow a look"))
    snapshot = read_snapshot(session, pilots.stored_id(pilot))
    outcomes = pilots.outcomes_of(session, pilot)
    seen = {outcome.code: evaluate(snapshot, pilot, outcome, outcomes, look=number) for outcome in outcomes}
    together = interval_level(pilot.level, sum(outcome.primary for outcome in outcomes))
    look = Look(
        pilot_id=pilots.stored_id(pilot),
        number=number,
        taken_at=now,
        taken_by=actor.user_id,
        planned_fraction=settled.fractions_of(pilot)[number - 1],
        visits_done=made.done,
        visits_planned=made.planned,
        snapshot_sha256=snapshot.sha256,
        plan_version=frozen[-1].number,
        plan_sha256=frozen[-1].sha256,
        level=settled.level_at(pilot, together, number),
        result=canonical(outcome_documents(outcomes, seen, own_only=False)),
    )
    session.add(look)
    pilots.commit_change(
        session, actor, pilot, "pilot.look", look=number, snapshot=look.snapshot_sha256, level=look.level
    )
    return look
