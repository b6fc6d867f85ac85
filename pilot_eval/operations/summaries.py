"""What is known of a pilot, as the document `pilot-summary/1`, of which page and files are made."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlmodel import Session

from pilot_eval import __version__
from pilot_eval.domain.observations import AFTER, BEFORE, Observations
from pilot_eval.domain.outcomes import Better
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Arm, Design, Period, WaveState
from pilot_eval.engines.records import (
    MEASUREMENT,
    Snapshot,
    latest_record,
    records_of,
)
from pilot_eval.engines.snapshots import known_snapshot
from pilot_eval.operations import pilots, set_aside, settled
from pilot_eval.operations.branch_events import events_of, limits_of
from pilot_eval.operations.branch_levels import NOTHING, branch_cells
from pilot_eval.operations.coverage import coverage
from pilot_eval.operations.health import health_of
from pilot_eval.operations.items import items_of, plan_of_items
from pilot_eval.operations.plans import results_open
from pilot_eval.operations.policy import Action, Scope, may, scope_of
from pilot_eval.operations.weeks import weeks_of
from pilot_eval.records import audit
from pilot_eval.records.pilots import Pilot, PilotOutcome
from pilot_eval.reports import wording
from pilot_eval.reports.evaluations import Evaluation
from pilot_eval.reports.summaries import SCHEMA
from pilot_eval.reports.words.plans import DIFFERS
from pilot_eval.stats.analysis import analyse
from pilot_eval.stats.families import holm, interval_level
from pilot_eval.stats.plan import AnalysisPlan

# Figures over fewer branches would show single ones.
FEWEST_IN_AGGREGATE = 5
WITHHELD = {"code": "running", "text": wording.RUNNING.to_dict()}
WITHHELD_BUT_LOOKS = {"code": "running", "text": wording.RUNNING_WITH_LOOKS.to_dict()}
HIDDEN_AGGREGATE = {"code": "aggregate_hidden", "text": wording.AGGREGATE_HIDDEN.to_dict()}
_EVERY_PERIOD = frozenset(Period)
# How arms came about, as a plan of analysis has it; of an imported pilot nobody knows.
_HOW_ALLOCATED = {"random": "random", "by_hand": "chosen"}


def summarise(
    session: Session, actor: Actor, slug: str, now: datetime, snapshot: Snapshot | None = None
) -> dict[str, Any]:
    """Everything that the actor may know of a pilot, as `pilot-summary/1`.

    While the wave after training is open nobody gets effects or results after training. A manager gets the
    branches of the own region, from waves that are closed, and the whole pilot's result where it gives away
    no single branch or region of others.

    Parameters
    ----------
    snapshot : Snapshot, optional
        The pilot's, where this transaction has read it already.

    Raises
    ------
    NotAllowed, NotFound
        As `pilots.get_pilot`.
    """
    scope = scope_of(actor, Action.SEE_UPLIFT)
    pilot = pilots.get_pilot(session, actor, slug, Action.SEE_UPLIFT)
    if snapshot is None:
        snapshot = known_snapshot(session, pilots.stored_id(pilot))
    withheld = is_withheld(session, pilot)
    seen = periods_seen(session, pilot, scope)
    outcomes = pilots.outcomes_of(session, pilot)
    own_region = actor.region_id if scope is Scope.REGION else None
    hides = scope is Scope.REGION and not may_see_aggregate(snapshot, outcomes, actor.region_id)
    hidden = hides and not withheld
    evaluations = {
        outcome.code: evaluate(snapshot, pilot, outcome, outcomes)
        for outcome in outcomes
        if not (withheld or hidden)
    }
    plan = settled.plan_part(session, pilot, outcomes, now)
    looks = settled.looks_part(
        session,
        pilot,
        outcomes,
        all_seen=scope is Scope.ALL,
        may_tell=lambda found: (
            scope is Scope.ALL or (not hides and may_see_look(snapshot, found, actor.region_id))
        ),
    )
    decision = settled.decision_part(session, pilot, snapshot.sha256, plan)
    status = pilots.pilot_status(session, pilot, now.date())
    step = None
    if scope is Scope.ALL:
        step = settled.next_step(session, pilot, status, now, plan=plan, looks=looks, decision=decision)
    head, events = audit.head_of(session)
    told = snapshot_told(session, pilot, snapshot, scope)
    documents = outcome_documents(outcomes, evaluations, own_only=own_region is not None)
    open_to_reader = own_region is None or not withheld
    changes = set_aside.changes_after_results(session, pilot, own_region) if open_to_reader else []
    summary = {
        "schema": SCHEMA,
        "product": {"name": "pilot_eval", "version": __version__},
        "pilot": _pilot(pilot, status) | {"next_step": step},
        "plan": plan,
        "snapshot": {
            "sha256": told.sha256,
            "as_of": _as_of(session, pilot, now, withheld=withheld)
            .astimezone(UTC)
            .isoformat(timespec="seconds"),
            "rows": told.counts,
            "filters": {},
        },
        "flow": _flow(snapshot, outcomes, evaluations, seen),
        "outcomes": documents,
        "branches": _branches(snapshot, outcomes, seen, pilot.level, own_region),
        "limits": _limits(
            evaluations.values(),
            ([HIDDEN_AGGREGATE] if hidden else _standing_limits(pilot, withheld))
            + _limits_of_plan(plan)
            + set_aside.limit_of(changes)
            + limits_of(events_of(session, pilot), own_region),
        ),
        "review": set_aside.review_part(
            snapshot,
            _EVERY_PERIOD if own_region is None else seen,
            own_region,
            changes,
            set_aside.results_with_all(
                snapshot,
                outcomes,
                documents,
                lambda whole, outcome: evaluate(whole, pilot, outcome, outcomes),
            ),
        ),
        "headline_withheld": (WITHHELD_BUT_LOOKS if pilot.looks else WITHHELD) if withheld else None,
        "looks": looks,
        "decision": decision,
        "audit": {"head": head, "events": events},
    }
    # Of the whole pilot a manager learns nothing before it is closed, nor what would give others away.
    whole = own_region is None or not (withheld or hidden)
    return summary | {
        "weekly": weeks_of(snapshot, outcomes, seen, own_region),
        "items": items_of(
            snapshot,
            _plan_of_items(pilot, outcomes),
            seen if whole else (),
            stratified=is_stratified(pilot),
            may_tell=None if own_region is None else lambda of: gives_nothing_away(of, own_region),
        ),
        "health": health_of(
            snapshot,
            summary,
            outcomes,
            lambda outcome: analysis_plan(pilot, outcome, outcomes),
            seen,
            coverage(session, actor, slug) if may(actor, Action.SEE_COVERAGE) else [],
        )
        if whole
        else [],
    }


def _plan_of_items(pilot: Pilot, outcomes: Sequence[PilotOutcome]) -> AnalysisPlan:
    """How items are analysed: as the score is."""
    score = next((o for o in outcomes if o.source == "visit_score"), outcomes[0])
    return plan_of_items(analysis_plan(pilot, score, outcomes), pilot.level)


def _as_of(session: Session, pilot: Pilot, now: datetime, *, withheld: bool) -> datetime:
    """When the last record came in, so that one snapshot makes one file.

    While a pilot runs it is the reader's time: the last record's would tell when branches are visited.
    """
    return now if withheld else latest_record(session, pilots.stored_id(pilot)) or pilot.created_at


def is_withheld(session: Session, pilot: Pilot) -> bool:
    """Whether nobody may see results after training yet; an imported pilot is whole from the start."""
    return not results_open(session, pilot)


def periods_seen(session: Session, pilot: Pilot, scope: Scope) -> frozenset[Period]:
    """Periods whose results the actor may see: while a pilot runs, of a manager only closed waves."""
    if not is_withheld(session, pilot):
        return _EVERY_PERIOD
    if scope is Scope.ALL:
        return frozenset({Period.BEFORE})
    return frozenset(
        wave.period
        for wave in pilots.waves_of(session, pilot)
        if wave.period is Period.BEFORE and wave.state is not WaveState.OPEN
    )


def snapshot_told(session: Session, pilot: Pilot, snapshot: Snapshot, scope: Scope) -> Snapshot:
    """What the hash and the counts on pages and files are of.

    Those of all records would tell a manager on which days a running pilot is visited.
    """
    if scope is Scope.ALL or not is_withheld(session, pilot):
        return snapshot
    return snapshot.within(periods_seen(session, pilot, scope))


def may_see_aggregate(snapshot: Snapshot, outcomes: Sequence[PilotOutcome], region_id: int | None) -> bool:
    """Whether figures of the whole pilot, less what a manager knows of the own branches, give nobody away."""
    arms: list[set[str]] = [{b.code for b in snapshot.branches if b.arm is arm} for arm in Arm]
    for outcome in outcomes:
        observed = plain_observations(snapshot, outcome)
        there = ~np.isnan(observed.value)
        early, late = (set(observed.branch[there & (observed.period == p)].tolist()) for p in (BEFORE, AFTER))
        both = {observed.branches[place] for place in early & late}
        arms += [arm & both for arm in arms[: len(Arm)]]
    region = {branch.code: branch.region_id for branch in snapshot.branches}
    return all(gives_nothing_away([region[code] for code in arm], region_id) for arm in arms)


def may_see_look(snapshot: Snapshot, found: Sequence[Mapping[str, Any]], region_id: int | None) -> bool:
    """Whether a look rested on enough branches that are not a manager's own.

    Those it rested on may be fewer than those seen today. Which of them were the manager's is not kept, so
    all are taken to have been.
    """
    for arm in Arm:
        regions = [branch.region_id for branch in snapshot.branches if branch.arm is arm]
        own = sum(region == region_id for region in regions)
        paired = [document["evaluation"]["branches"][arm.value] for document in found]
        if own < len(regions) and min(paired, default=0) - own < FEWEST_IN_AGGREGATE:
            return False
    return True


def gives_nothing_away(regions: Iterable[int], region_id: int | None) -> bool:
    """Whether those of branches that are not a manager's own are none, or enough and of several regions."""
    foreign = [region for region in regions if region != region_id]
    return not foreign or (len(foreign) >= FEWEST_IN_AGGREGATE and len(set(foreign)) > 1)


# Evaluations ------------------------------------------------------------------------------------------------


class _Recent:
    """The evaluations made last: a page is looked at more often than its data change."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: OrderedDict[object, Evaluation] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: object) -> Evaluation | None:
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
            return self._made.get(key)

    def keep(self, key: object, evaluation: Evaluation) -> None:
        with self._lock:
            self._made[key] = evaluation
            while len(self._made) > self._most:
                self._made.popitem(last=False)


_recent = _Recent(most=64)


def evaluate(
    snapshot: Snapshot,
    pilot: Pilot,
    outcome: PilotOutcome,
    outcomes: Sequence[PilotOutcome],
    look: int | None = None,
) -> Evaluation:
    """Evaluate one outcome of a snapshot under the pilot's plan; the same question is answered once."""
    plan = analysis_plan(pilot, outcome, outcomes, look)
    key = (snapshot.sha256, outcome.source, outcome.unit, is_stratified(pilot), plan)
    evaluation = _recent.get(key)
    if evaluation is None:
        evaluation = Evaluation.of(analyse(_observations(snapshot, pilot, outcome), plan), unit=outcome.unit)
        _recent.keep(key, evaluation)
    return evaluation


def analysis_plan(
    pilot: Pilot, outcome: PilotOutcome, outcomes: Sequence[PilotOutcome], look: int | None = None
) -> AnalysisPlan:
    """The pilot's plan for one outcome at a planned look or, by default, at the end.

    Primary outcomes share the error rate; where the plan has looks, so do they and the end.
    """
    family = sum(other.primary for other in outcomes)
    together = interval_level(pilot.level, family) if outcome.primary else pilot.level
    fractions = settled.fractions_of(pilot)
    return AnalysisPlan(
        outcome=outcome.code,
        kind=outcome.kind,
        design=pilot.design.value,
        better=Better(outcome.better),
        weights=pilot.weights,
        level=settled.level_at(pilot, together, look),
        draws=pilot.draws,
        seed=pilot.seed,
        smallest_effect=outcome.smallest_effect,
        minimum_branches=pilot.minimum_branches,
        minimum_observations=pilot.minimum_observations,
        looks=fractions,
        look=(look or len(fractions)) if fractions else None,
        level_of_looks=together if fractions else None,
        allocation=_HOW_ALLOCATED.get(str((pilot.allocation or {}).get("method", "by_hand"))),
    )


def is_stratified(pilot: Pilot) -> bool:
    """Whether branches were put into arms within strata, so that they are compared within them."""
    return bool((pilot.allocation or {}).get("strata"))


def _observations(snapshot: Snapshot, pilot: Pilot, outcome: PilotOutcome) -> Observations:
    code = outcome.code if outcome.source == MEASUREMENT else ""
    return snapshot.observations(outcome.source, code, stratified=is_stratified(pilot))


# Parts of the document --------------------------------------------------------------------------------------


def _pilot(pilot: Pilot, status: str) -> dict[str, Any]:
    dates = pilots.dates_of(pilot)
    allocation = pilot.allocation or {}
    return {
        "slug": pilot.slug,
        "title": {"en": pilot.title_en, "ru": pilot.title_ru},
        "made_up": pilot.made_up,
        "status": str(status),
        "design": pilot.design.value,
        "dates": {
            name: [day.isoformat() for day in getattr(dates, name)] if dates else None
            for name in ("before", "training", "after")
        },
        "allocation": {
            "method": allocation.get("method", "by_hand"),
            "seed": allocation.get("seed"),
            "strata": allocation.get("strata") or [],
            "drawn_at": allocation.get("drawn_at"),
        },
    }


def _flow(
    snapshot: Snapshot,
    outcomes: Sequence[PilotOutcome],
    evaluations: dict[str, Evaluation],
    seen: Collection[Period],
) -> dict[str, Any]:
    """Branches invited, seen in both periods, analysed; the last two only once results may be seen."""
    invited = {arm.value: sum(branch.arm is arm for branch in snapshot.branches) for arm in Arm}
    none = dict.fromkeys(invited, 0)
    if Period.AFTER not in seen:
        return {"invited": invited, "both_periods": none, "analysed": dict(none)}
    places: set[tuple[str, Period]] = {(visit.branch, visit.period) for visit in snapshot.visits}
    places |= {(timing.branch, timing.period) for timing in snapshot.timings}
    places |= {(row.branch, row.period) for row in snapshot.measurements if row.value is not None}
    both = {
        arm.value: sum(
            branch.arm is arm and {(branch.code, Period.BEFORE), (branch.code, Period.AFTER)} <= places
            for branch in snapshot.branches
        )
        for arm in Arm
    }
    first = next((evaluations[o.code] for o in outcomes if o.primary and o.code in evaluations), None)
    flow = first.analysis.flow if first else None
    analysed = {"trained": flow.trained, "comparison": flow.comparison} if flow else dict(none)
    return {"invited": invited, "both_periods": both, "analysed": analysed}


def outcome_documents(
    outcomes: Sequence[PilotOutcome], evaluations: dict[str, Evaluation], *, own_only: bool
) -> list[dict[str, Any]]:
    """The outcomes with their evaluations; without names of branches for who may see the own ones only."""
    documents = {code: evaluation.to_dict() for code, evaluation in evaluations.items()}
    if own_only:
        for document in documents.values():
            del document["branches"]["unpaired_names"]
    primary = [outcome.code for outcome in outcomes if outcome.primary and outcome.code in documents]
    corrected = dict(zip(primary, holm([_pvalue(documents[code]) for code in primary]), strict=True))
    return [
        {
            "code": outcome.code,
            "label": {"en": outcome.label_en, "ru": outcome.label_ru},
            "unit": outcome.unit,
            "kind": outcome.kind,
            "primary": outcome.primary,
            "better": outcome.better,
            "records": records_of(outcome.source),
            "smallest_effect": outcome.smallest_effect,
            "pvalue_holm": corrected.get(outcome.code),
            "evaluation": documents.get(outcome.code),
        }
        for outcome in outcomes
    ]


def _pvalue(document: dict[str, Any]) -> float | None:
    effect = document["effect"]
    return None if effect is None else float(effect["pvalue"])


def _branches(
    snapshot: Snapshot,
    outcomes: Sequence[PilotOutcome],
    seen: Collection[Period],
    level: float,
    region_id: int | None,
) -> list[dict[str, Any]]:
    """Each branch with its level before and after and its change, as far as they may be seen."""
    tables = {
        outcome.code: branch_cells(plain_observations(snapshot, outcome), outcome.kind, seen, level)
        for outcome in outcomes
    }
    return [
        {
            "code": branch.code,
            "name": branch.name,
            "region": branch.region,
            "arm": branch.arm.value,
            "outcomes": {code: table.get(branch.code, dict(NOTHING)) for code, table in tables.items()},
        }
        for branch in snapshot.branches
        if branch.arm is not None and region_id in (None, branch.region_id)
    ]


def plain_observations(snapshot: Snapshot, outcome: PilotOutcome) -> Observations:
    """The observations of an outcome, without strata."""
    return snapshot.observations(outcome.source, outcome.code if outcome.source == MEASUREMENT else "")


def _standing_limits(pilot: Pilot, withheld: bool) -> list[dict[str, Any]]:
    """What no result of this pilot can tell, however clear it is."""
    if withheld:
        return []
    limits = [{"code": "lasting", "text": wording.LASTING.to_dict()}]
    drawn = (pilot.allocation or {}).get("method") == "random"
    if pilot.design is Design.DIFFERENCE_IN_DIFFERENCES and not drawn:
        limits.append({"code": "not_drawn", "text": wording.NOT_DRAWN.to_dict()})
    return limits


def _limits_of_plan(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """What must be said with any result of a plan that did not stay as it was frozen."""
    limits = [
        {"code": f"plan_changed_{change['version']}", "text": change["text"]} for change in plan["changes"]
    ]
    if settled.differs_from_frozen(plan):
        limits.insert(0, {"code": "plan_differs", "text": DIFFERS.to_dict()})
    return limits


def _limits(evaluations: Collection[Evaluation], first: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the results do not tell: what must be said of the whole, then each warning once."""
    limits = {limit["code"]: limit for limit in first}
    for evaluation in evaluations:
        for warning in evaluation.to_dict()["warnings"]:
            text = {"en": warning["text"], "ru": warning["ru"]}
            limits.setdefault(warning["code"], {"code": warning["code"], "text": text})
    return list(limits.values())
