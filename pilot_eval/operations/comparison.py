"""Branches compared, and the charts of a pilot, as far as the reader may see them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
from sqlmodel import Session

from pilot_eval.domain.errors import NotFound
from pilot_eval.domain.outcomes import OUTCOMES
from pilot_eval.domain.people import Actor
from pilot_eval.engines.records import Snapshot
from pilot_eval.engines.snapshots import known_snapshot
from pilot_eval.operations import pilots
from pilot_eval.operations.policy import Action, Scope, scope_of
from pilot_eval.operations.summaries import (
    may_see_aggregate,
    plain_observations,
    summarise,
)
from pilot_eval.records.pilots import PilotOutcome
from pilot_eval.reports import wording
from pilot_eval.reports.charts import (
    Chart,
    FunnelLimits,
    FunnelPoint,
    dumbbell,
    funnel,
    intervals,
    items,
    weeks,
)
from pilot_eval.reports.sentences import Sentence
from pilot_eval.stats import branches as branch_stats
from pilot_eval.stats.results import NotEstimable

# Records in each period below which a branch is shown but not compared.
FEWEST_RECORDS = 2
Document = Mapping[str, Any]


def outcome_of(summary: Document, code: str) -> Document:
    """An outcome of the summary; the first one where none is named.

    Raises
    ------
    NotFound
        If there is no such outcome.
    """
    for outcome in summary["outcomes"]:
        if code in ("", outcome["code"]):
            return dict(outcome)
    raise NotFound


def fewest_records(summary: Document, code: str) -> int:
    """Records in each period that a branch needs to be compared: one, where no branch has more."""
    intervals_there = any(
        (branch["outcomes"][code]["change"] or {}).get("confidence_interval")
        for branch in summary["branches"]
    )
    return FEWEST_RECORDS if intervals_there else 1


def regions_of(summary: Document) -> list[str]:
    """Names of the regions that the reader's branches are in."""
    return sorted({branch["region"] for branch in summary["branches"] if branch["region"]})


def chart_of(
    session: Session, actor: Actor, slug: str, name: str, language: str, now: datetime
) -> Chart | Sentence:
    """A chart by its name, or why there is none.

    Parameters
    ----------
    name : str
        `intervals`, `items`, `weeks-OUTCOME`, `before-after-OUTCOME`, or `funnel-ARM-OUTCOME`.

    Raises
    ------
    NotFound
        If there is no such chart, or nothing in it may be shown yet.
    """
    pilot = pilots.get_pilot(session, actor, slug)
    snapshot = known_snapshot(session, pilots.stored_id(pilot))
    summary = summarise(session, actor, slug, now, snapshot)
    if name == "intervals":
        return _there(intervals(summary, language))
    if name == "items":
        return _there(items(summary, language))
    if name.startswith("weeks-"):
        outcome = outcome_of(summary, name.removeprefix("weeks-") or "?")
        return _there(weeks(summary, outcome["code"], language))
    if name.startswith("before-after-"):
        outcome = outcome_of(summary, name.removeprefix("before-after-") or "?")
        return _there(dumbbell(summary, outcome["code"], language))
    for arm in ("trained", "comparison"):
        if name.startswith(f"funnel-{arm}-"):
            code = name.removeprefix(f"funnel-{arm}-") or "?"
            outcomes = pilots.outcomes_of(session, pilot)
            outcome = outcome_of(summary, code)
            stored = next(o for o in outcomes if o.code == outcome["code"])
            return funnel_of(actor, summary, snapshot, stored, arm, language)
    raise NotFound


def _there(chart: Chart | None) -> Chart:
    if chart is None:
        raise NotFound
    return chart


def funnel_of(
    actor: Actor, summary: Document, snapshot: Snapshot, stored: PilotOutcome, arm: str, language: str
) -> Chart | Sentence:
    """The changes of one arm's branches with the limits of chance, which are those of the whole arm.

    Raises
    ------
    NotFound
        While changes may not be shown.
    """
    if summary["headline_withheld"] is not None:
        raise NotFound
    own_only = scope_of(actor, Action.COMPARE_BRANCHES) is Scope.REGION
    if own_only and not may_see_aggregate(snapshot, [stored], actor.region_id):
        return wording.AGGREGATE_HIDDEN
    changes = branch_stats.branch_changes(plain_observations(snapshot, stored), OUTCOMES[stored.kind])
    if isinstance(changes, NotEstimable):
        return wording.reason(changes.code, changes.values)
    of_arm = changes.trained == (arm == "trained")
    found = branch_stats.funnel(changes, of_arm)
    if isinstance(found, NotEstimable):
        return wording.reason(found.code, found.values)
    if stored.kind == "duration":
        changes, found = changes.as_speed(), found.as_speed()
    shown = {branch["code"]: branch["name"] for branch in summary["branches"]}
    points = [
        FunnelPoint(
            shown[changes.branches[place]],
            arm,
            float(changes.size[place]),
            float(changes.change[place]),
            outside,
        )
        for place, outside in zip(np.flatnonzero(of_arm).tolist(), found.outside, strict=True)
        if changes.branches[place] in shown
    ]
    limits = FunnelLimits(
        size=found.size.tolist(),
        centre=found.centre,
        low_95=found.low_95.tolist(),
        high_95=found.high_95.tolist(),
        low_998=found.low_998.tolist(),
        high_998=found.high_998.tolist(),
    )
    return funnel(outcome_of(summary, stored.code), points, limits, language)
