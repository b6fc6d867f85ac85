"""What is decided on a pilot: signed, with reasons, on data and a plan that are named; never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from pilot_eval.domain.errors import BadInput, EditConflict, Problem, WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Choice
from pilot_eval.domain.problems import N_
from pilot_eval.operations import pilots
from pilot_eval.operations.plans import canonical
from pilot_eval.operations.policy import Action
from pilot_eval.operations.summaries import summarise
from pilot_eval.records.plans import Decision, decisions_of

LONGEST_REASONS = 4000


@dataclass(frozen=True, slots=True)
class Basis:
    """What a decision rests on: the whole pilot, or the last planned look at it.

    Parameters
    ----------
    outcomes : sequence of mapping
        With their evaluations, as in the summary.
    look : int or None
        Number of the look.
    """

    outcomes: Sequence[Mapping[str, Any]]
    snapshot_sha256: str
    look: int | None


def basis_of(summary: Mapping[str, Any]) -> Basis | None:
    """What can be decided on now; None while nothing may be seen."""
    if not summary["headline_withheld"]:
        if summary["pilot"]["status"] == "draft":
            return None
        return Basis(summary["outcomes"], summary["snapshot"]["sha256"], None)
    if taken := summary["looks"]["taken"]:
        return Basis(taken[-1]["outcomes"], taken[-1]["snapshot_sha256"], taken[-1]["number"])
    return None


def decide(
    session: Session,
    actor: Actor,
    slug: str,
    choice: Choice,
    reasons: str,
    now: datetime,
    snapshot_sha256: str | None = None,
) -> Decision:
    """Sign a decision; an earlier one is superseded and stays.

    Parameters
    ----------
    snapshot_sha256 : str, optional
        Of the data that the person has seen.

    Raises
    ------
    NeedsFreshSignIn
        If the password was given too long ago.
    BadInput
        Without reasons.
    WrongState
        While the pilot runs and no look that its plan names was taken.
    EditConflict
        If the data are others than those that the person has seen.
    """
    pilot = pilots.get_pilot(session, actor, slug, Action.DECIDE)
    summary = summarise(session, actor, slug, now)
    basis = basis_of(summary)
    if basis is None:
        raise WrongState("not_ready", N_("Nothing can be decided before results may be seen"))
    if problems := _problems(reasons):
        raise BadInput(problems)
    if snapshot_sha256 is not None and snapshot_sha256 != basis.snapshot_sha256:
        raise EditConflict
    plan = summary["plan"]
    earlier = decisions_of(session, pilots.stored_id(pilot))
    decision = Decision(
        pilot_id=pilots.stored_id(pilot),
        number=earlier[0].number + 1 if earlier else 1,
        choice=choice,
        reasons=reasons.strip(),
        signed_at=now,
        signed_by=actor.user_id,
        snapshot_sha256=basis.snapshot_sha256,
        plan_version=plan["version"] or 0,
        plan_sha256=plan["sha256"],
        look=basis.look,
        verdicts=canonical(
            [
                {"code": outcome["code"], "key": outcome["evaluation"]["verdict"]["key"]}
                for outcome in basis.outcomes
                if outcome["evaluation"]
            ]
        ),
    )
    session.add(decision)
    pilots.commit_change(
        session,
        actor,
        pilot,
        "pilot.decide",
        decision=decision.number,
        choice=decision.choice,
        snapshot=decision.snapshot_sha256,
        plan=decision.plan_sha256,
    )
    return decision


def _problems(reasons: str) -> list[Problem]:
    found = [] if reasons.strip() else [Problem("reasons", N_("Give the reasons"))]
    if len(reasons.strip()) > LONGEST_REASONS:
        found.append(Problem("reasons", N_("At most 4,000 characters")))
    return found
