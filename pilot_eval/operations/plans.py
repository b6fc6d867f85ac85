"""The analysis plan: a draft until it is frozen, afterwards versions, each with its reason.

The pilot and its outcomes hold the plan that counts now; a version keeps a copy of it as canonical JSON, with
its hash. A plan freezes when head office says so, with the first record after training, or when the wave
after training begins, whichever comes first. The last needs nobody: until something is stored that version
is made from what is known, always the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, EditConflict, Message, Problem, WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.domain.problems import N_
from pilot_eval.operations import pilots
from pilot_eval.operations.forms import checklist_of
from pilot_eval.operations.planning import problems_of_settings
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.operations.submissions import insert_once
from pilot_eval.records import audit, plans
from pilot_eval.records.branch_results import mark_stale
from pilot_eval.records.forms import ChecklistVersion
from pilot_eval.records.pilots import Assignment, Pilot, PilotOutcome
from pilot_eval.records.plans import Cause, PlanVersion
from pilot_eval.stats.looks import are_looks

SCHEMA = "pilot-plan/1"
LONGEST_EXCLUSIONS = 2000
LONGEST_REASON = 500  # it stands on every page and in every file


@dataclass(frozen=True, slots=True)
class PlanFields:
    """What may be changed in a plan.

    Parameters
    ----------
    level, seed, draws, minimum_branches, minimum_observations : as in `AnalysisPlan`
    looks : tuple of float
        Shares of the visits after training at which to look before the end.
    exclusions : str
        What is left out of the analysis, in words.
    primary : frozenset of str
        Codes of the primary outcomes; the others are guardrails.
    smallest_effects : mapping of str to float or None
        By code of the outcome.
    checklist_id : int or None
        The published checklist that visits are recorded with; None for an imported pilot.
    """

    level: float
    seed: int
    draws: int
    minimum_branches: int | None
    minimum_observations: int | None
    looks: tuple[float, ...]
    exclusions: str
    primary: frozenset[str]
    smallest_effects: Mapping[str, float | None]
    checklist_id: int | None

    @classmethod
    def of(cls, pilot: Pilot, outcomes: Sequence[PilotOutcome]) -> PlanFields:
        """The plan as it stands."""
        return cls(
            level=pilot.level,
            seed=pilot.seed,
            draws=pilot.draws,
            minimum_branches=pilot.minimum_branches,
            minimum_observations=pilot.minimum_observations,
            looks=tuple(pilot.looks or ()),
            exclusions=pilot.exclusions,
            primary=frozenset(outcome.code for outcome in outcomes if outcome.primary),
            smallest_effects={outcome.code: outcome.smallest_effect for outcome in outcomes},
            checklist_id=pilot.checklist_id,
        )


# The document -----------------------------------------------------------------------------------------------


def plan_document(session: Session, pilot: Pilot, outcomes: Sequence[PilotOutcome]) -> dict[str, Any]:
    """All that a plan settles, as JSON."""
    dates = pilots.dates_of(pilot)
    allocation = pilot.allocation or {}
    checklist = session.get(ChecklistVersion, pilot.checklist_id) if pilot.checklist_id else None
    return {
        "schema": SCHEMA,
        "design": pilot.design.value,
        "dates": {
            name: [day.isoformat() for day in getattr(dates, name)] if dates else None
            for name in ("before", "training", "after")
        },
        "allocation": {name: allocation.get(name) for name in ("method", "seed", "share", "strata")},
        "checklist": checklist
        and {"code": checklist.code, "version": checklist.version, "digest": checklist.digest},
        "level": pilot.level,
        "seed": pilot.seed,
        "draws": pilot.draws,
        "weights": pilot.weights,
        "minimum_branches": pilot.minimum_branches,
        "minimum_observations": pilot.minimum_observations,
        "looks": list(pilot.looks or ()),
        "exclusions": pilot.exclusions,
        "outcomes": {
            outcome.code: {
                "kind": outcome.kind,
                "better": outcome.better,
                "primary": outcome.primary,
                "smallest_effect": outcome.smallest_effect,
                "source": outcome.source,
            }
            for outcome in outcomes
        },
    }


def canonical(document: object) -> str:
    """JSON with sorted keys and no blanks: the same text for the same content."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# Versions ---------------------------------------------------------------------------------------------------


def versions(session: Session, pilot: Pilot, now: datetime) -> list[PlanVersion]:
    """The versions of a plan, the first one first; none while it is a draft."""
    if stored := plans.versions_of(session, pilots.stored_id(pilot)):
        return stored
    first = _frozen_by_itself(session, pilot, now)
    return [first] if first else []


def _frozen_by_itself(session: Session, pilot: Pilot, now: datetime) -> PlanVersion | None:
    """The first version where nobody asked for it: of an import, or once the wave after training began."""
    dates = pilots.dates_of(pilot)
    if dates is None:
        return _version(session, pilot, 1, Cause.IMPORT, pilot.created_at)
    drawn_at = (pilot.allocation or {}).get("drawn_at")
    opened = datetime.combine(dates.after[0], time.min, UTC)
    if drawn_at is None or now < opened:
        return None
    moment = max(opened, pilot.created_at, datetime.fromisoformat(str(drawn_at)))
    return _version(session, pilot, 1, Cause.WAVE_OPENED, moment)


def _version(
    session: Session, pilot: Pilot, number: int, cause: Cause, made_at: datetime, **more: Any
) -> PlanVersion:
    document = canonical(plan_document(session, pilot, pilots.outcomes_of(session, pilot)))
    return PlanVersion(
        pilot_id=pilots.stored_id(pilot),
        number=number,
        cause=cause,
        document=document,
        sha256=sha256(document),
        made_at=made_at,
        **more,
    )


def results_open(session: Session, pilot: Pilot) -> bool:
    """Whether results after training may be seen; an imported pilot is whole from the start."""
    if pilots.dates_of(pilot) is None:
        return True
    return any(
        wave.period is Period.AFTER and wave.state is not WaveState.OPEN
        for wave in pilots.waves_of(session, pilot)
    )


def results_seen(session: Session, pilot: Pilot) -> bool:
    """Whether somebody could have seen results after training by now: all of them, or at a look."""
    return results_open(session, pilot) or bool(plans.looks_of(session, pilots.stored_id(pilot)))


# What people do ---------------------------------------------------------------------------------------------


def freeze_plan(
    session: Session, actor: Actor, slug: str, now: datetime, version: int | None = None
) -> PlanVersion:
    """Freeze a draft: from now on every change is a version of its own, with a reason.

    Raises
    ------
    NeedsFreshSignIn
        If the password was given too long ago.
    WrongState
        If it is frozen already, or branches have no arms yet.
    EditConflict
        If somebody changed the pilot in the meantime.
    """
    pilot = pilots.get_pilot(session, actor, slug, Action.FREEZE_PLAN)
    if version is not None and pilot.row_version != version:
        raise EditConflict
    if versions(session, pilot, now):
        raise WrongState("plan_frozen", N_("The plan is frozen already"))
    if not pilots.has_arms(session, pilot):
        raise WrongState("no_arms", N_("Put every branch into an arm first: the plan says how that was done"))
    first = _version(session, pilot, 1, Cause.FROZEN, now, made_by=actor.user_id)
    session.add(first)
    pilots.commit_change(session, actor, pilot, "plan.freeze", version=1, sha256=first.sha256)
    return first


def freeze_with_record(session: Session, actor: Actor, pilot: Pilot, period: Period, now: datetime) -> None:
    """Freeze a draft in the caller's transaction, because something was recorded after training."""
    if period is not Period.AFTER or plans.versions_of(session, pilots.stored_id(pilot)):
        return
    first = _frozen_by_itself(session, pilot, now)
    if first is None or first.made_at > now:
        first = _version(session, pilot, 1, Cause.FIRST_RECORD, now)
    # Two first records may meet here: one of them freezes the plan.
    if insert_once(session, first):
        details = {"version": 1, "sha256": first.sha256, "cause": first.cause}
        audit.append(session, actor, "plan.freeze", "pilot", pilot.id, **details)


def change_plan(
    session: Session,
    actor: Actor,
    slug: str,
    wanted: PlanFields,
    now: datetime,
    *,
    reason: str = "",
    version: int | None = None,
) -> PlanVersion | None:
    """Change a plan: a draft at will, a frozen one as a new version with a reason.

    Returns
    -------
    PlanVersion or None
        The new version; None where a draft was changed, or nothing.

    Raises
    ------
    NeedsFreshSignIn
        For a frozen plan, if the password was given too long ago.
    BadInput
        Naming every field that is wrong; a missing reason is one.
    EditConflict
        If somebody changed the pilot in the meantime.
    """
    pilot = pilots.get_pilot(session, actor, slug, Action.PLAN_PILOT)
    if version is not None and pilot.row_version != version:
        raise EditConflict
    outcomes = pilots.outcomes_of(session, pilot)
    known = versions(session, pilot, now)
    if known:
        scope_of(actor, Action.FREEZE_PLAN)
    if problems := _problems(session, pilot, outcomes, wanted, bool(known), reason):
        raise BadInput(problems)
    if wanted == PlanFields.of(pilot, outcomes):
        return None
    if known and not plans.versions_of(session, pilots.stored_id(pilot)):
        # Frozen by itself: stored as it was before it changes.
        session.add(known[0])
    _apply(session, pilot, outcomes, wanted)
    if not known:
        pilots.commit_change(session, actor, pilot, "plan.edit")
        return None
    session.flush()
    new = _version(
        session,
        pilot,
        known[-1].number + 1,
        Cause.CHANGE,
        now,
        made_by=actor.user_id,
        reason=reason.strip(),
        after_results=results_seen(session, pilot),
    )
    session.add(new)
    mark_stale(session, pilots.stored_id(pilot))
    pilots.commit_change(
        session,
        actor,
        pilot,
        "plan.change",
        version=new.number,
        sha256=new.sha256,
        after_results=new.after_results,
    )
    return new


def _apply(session: Session, pilot: Pilot, outcomes: Sequence[PilotOutcome], wanted: PlanFields) -> None:
    pilot.level, pilot.seed, pilot.draws = wanted.level, wanted.seed, wanted.draws
    pilot.minimum_branches = wanted.minimum_branches
    pilot.minimum_observations = wanted.minimum_observations
    pilot.looks = list(wanted.looks) or None
    pilot.exclusions = wanted.exclusions.strip()
    pilot.checklist_id = wanted.checklist_id
    for outcome in outcomes:
        outcome.primary = outcome.code in wanted.primary
        outcome.smallest_effect = wanted.smallest_effects.get(outcome.code)
        session.add(outcome)
    session.add(pilot)


def _problems(
    session: Session,
    pilot: Pilot,
    outcomes: Sequence[PilotOutcome],
    wanted: PlanFields,
    frozen: bool,
    reason: str,
) -> list[Problem]:
    found = problems_of_settings(wanted.level, wanted.seed, wanted.draws)
    for name in ("minimum_branches", "minimum_observations"):
        value = getattr(wanted, name)
        if value is not None and value < 1:
            found.append(Problem(name, N_("At least one, or empty")))
    found += _problems_of_looks(session, pilot, wanted.looks)
    found += _problems_of_checklist(session, pilot, wanted.checklist_id)
    if not wanted.primary:
        found.append(Problem("primary", N_("Name at least one primary outcome")))
    for outcome in outcomes:
        smallest = wanted.smallest_effects.get(outcome.code)
        if smallest is not None and not smallest > 0:
            message = N_("The smallest effect must be above zero; leave it empty if there is none")
            found.append(Problem(f"smallest-{outcome.code}", message))
    if frozen and not reason.strip():
        found.append(Problem("reason", N_("Say why the frozen plan is changed")))
    if len(reason.strip()) > LONGEST_REASON:
        found.append(Problem("reason", N_("At most 500 characters")))
    if len(wanted.exclusions.strip()) > LONGEST_EXCLUSIONS:
        found.append(Problem("exclusions", N_("At most 2,000 characters")))
    return found


def _problems_of_checklist(session: Session, pilot: Pilot, checklist_id: int | None) -> list[Problem]:
    if checklist_id == pilot.checklist_id:
        return []
    version = session.get(ChecklistVersion, checklist_id) if checklist_id and pilot.checklist_id else None
    if version is None or version.retired_at is not None:
        return [Problem("checklist_id", N_("Choose a published checklist that is in use"))]
    known = {option.code for option in checklist_of(version).scenarios}
    assigned = select(Assignment.scenario).where(
        col(Assignment.pilot_id) == pilot.id, col(Assignment.withdrawn_at).is_(None)
    )
    if unknown := sorted(set(session.exec(assigned)) - known):
        message = Message(
            "Visits with these scenarios are assigned, and that checklist has none such: %(scenarios)s",
            scenarios=", ".join(unknown),
        )
        return [Problem("checklist_id", message)]
    return []


def _problems_of_looks(session: Session, pilot: Pilot, looks: tuple[float, ...]) -> list[Problem]:
    if looks == tuple(pilot.looks or ()):
        return []
    if looks and pilots.dates_of(pilot) is None:
        return [Problem("looks", N_("An imported pilot is seen whole: it has no looks"))]
    if looks and not are_looks((*looks, 1.0)):
        message = N_("Shares must grow from above 0 to below 100 per cent, at least one apart")
        return [Problem("looks", message)]
    if results_open(session, pilot):
        return [Problem("looks", N_("Results can be seen already: the looks stay as they are"))]
    taken = tuple(look.planned_fraction for look in plans.looks_of(session, pilots.stored_id(pilot)))
    if taken and looks[: len(taken)] != tuple(pilot.looks or ())[: len(taken)]:
        return [Problem("looks", N_("Looks that were taken stay in the plan"))]
    return []
