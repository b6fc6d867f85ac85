"""What branches of the network can be compared by: the outcomes of pilots whose results are stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pilot_eval.domain.people import Actor
from pilot_eval.operations.policy import Action, Scope, scope_of
from pilot_eval.records.branch_results import PilotResult
from pilot_eval.records.network import Branch
from pilot_eval.records.pilots import Pilot, PilotBranch, PilotOutcome
from pilot_eval.reports.network import metric_of


@dataclass(frozen=True, slots=True)
class Metric:
    """What branches are compared by: the same outcome in the same unit, of whichever pilots have it."""

    key: str
    kind: str
    unit: str
    label_en: str
    label_ru: str


@dataclass(frozen=True, slots=True)
class Made:
    """When results were last made, None where there are none; whether any are of invented data."""

    as_of: datetime | None
    made_up: bool


def own_region(actor: Actor) -> int | None:
    """The region that a manager is held to; None for head office.

    Raises
    ------
    NotAllowed
        For roles that compare no branches.
    """
    if scope_of(actor, Action.SEE_NETWORK) is Scope.REGION:
        return -1 if actor.region_id is None else actor.region_id
    return None


def stored_metrics(session: Session, own: int | None) -> tuple[tuple[Metric, ...], Made]:
    """What pilots with stored results measured, in the order of the newest pilot's plan, and how old it is.

    Parameters
    ----------
    own : the region whose pilots count; None for all
    """
    metrics: dict[str, Metric] = {}
    moments: list[datetime] = []
    made_up = False
    for outcome in session.execute(_measured(own is not None), {"own": own}):
        moments.append(outcome.made_at)
        made_up = made_up or outcome.made_up
        if outcome.kind != "rate":
            key = metric_of(outcome.code, outcome.kind, outcome.unit)
            shown = (outcome.kind, outcome.unit, outcome.label_en, outcome.label_ru)
            metrics.setdefault(key, Metric(key, *shown))
    return tuple(metrics.values()), Made(max(moments, default=None), made_up)


def chosen_metric(metrics: Sequence[Metric], key: str) -> Metric | None:
    """The one that is asked for, else the first; None where there is none."""
    return next((metric for metric in metrics if metric.key == key), metrics[0] if metrics else None)


@cache
def _measured(one_region: bool) -> Any:
    outcome = PilotOutcome
    shown = (outcome.code, outcome.kind, outcome.unit, outcome.label_en, outcome.label_ru)
    statement = (
        sa.select(*(col(each) for each in shown), col(PilotResult.made_at), col(Pilot.made_up))
        .join(PilotResult, col(PilotResult.pilot_id) == col(outcome.pilot_id))
        .join(Pilot, col(Pilot.id) == col(outcome.pilot_id))
        .order_by(
            col(Pilot.after_to).is_(None),
            col(Pilot.after_to).desc(),
            col(Pilot.id).desc(),
            col(outcome.position),
        )
    )
    return statement.where(col(outcome.pilot_id).in_(_pilots_of_own())) if one_region else statement


def _pilots_of_own() -> Any:
    return (
        select(PilotBranch.pilot_id)
        .join(Branch, col(Branch.id) == col(PilotBranch.branch_id))
        .where(col(Branch.region_id) == sa.bindparam("own"))
    )
