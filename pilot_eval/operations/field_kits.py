"""What a device takes along to the branches: the assignments, and the forms that they are recorded on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from pilot_eval.domain.checklists import Checklist
from pilot_eval.domain.people import Actor
from pilot_eval.domain.timings import TimingForm
from pilot_eval.operations import forms
from pilot_eval.operations.policy import Action, Scope, scope_of
from pilot_eval.operations.visits import AssignedVisits, list_assigned, standing_ids
from pilot_eval.records.forms import ChecklistVersion, TimingFormVersion
from pilot_eval.records.pilots import Pilot


@dataclass(frozen=True, slots=True)
class FieldKit:
    """Assignments with their forms.

    Parameters
    ----------
    checklists, timing_forms : dict
        By the pilot's id; a pilot without one is absent.
    of_others : bool
        The assignments are everybody's, and so name their auditors.
    following : int or None
        The id after which the next part of everybody's begins; None where nothing follows.
    """

    assigned: AssignedVisits
    checklists: dict[int, Checklist]
    timing_forms: dict[int, TimingForm]
    of_others: bool
    following: int | None = None


def pack(session: Session, actor: Actor, now: datetime, *, after: int, most: int) -> FieldKit:
    """An auditor's own assignments, or for head office those of everybody, a part at a time.

    Parameters
    ----------
    after, most : int
        For head office: so many, those whose ids follow this one.

    Raises
    ------
    NotAllowed
        If the actor may see no assignments.
    """
    scope = scope_of(actor, Action.SEE_ASSIGNMENTS)
    of_others = scope is Scope.ALL
    ids = standing_ids(session, after, most + 1) if of_others else []
    following = ids[most - 1] if len(ids) > most else None
    between = (after, ids[:most][-1] if ids else after) if of_others else None
    assigned = list_assigned(session, actor, now, between=between)
    rows = (*assigned.returned, *assigned.to_do, *assigned.done)
    pilots = {row.assignment.pilot_id for row in rows}
    return FieldKit(
        assigned,
        {
            pilot_id: forms.checklist_of(version)
            for pilot_id, version in session.exec(
                select(Pilot.id, ChecklistVersion)
                .join(ChecklistVersion, col(ChecklistVersion.id) == col(Pilot.checklist_id))
                .where(col(Pilot.id).in_(pilots))
            )
            if pilot_id is not None
        },
        {
            pilot_id: forms.timing_form_of(version)
            for pilot_id, version in session.exec(
                select(Pilot.id, TimingFormVersion)
                .join(TimingFormVersion, col(TimingFormVersion.id) == col(Pilot.timing_form_id))
                .where(col(Pilot.id).in_(pilots))
            )
            if pilot_id is not None
        },
        of_others,
        following,
    )
