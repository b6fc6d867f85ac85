"""The answers of a pilot's visits, one row for each question that was asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pilot_eval.domain.checklists import Checklist, parse, shown
from pilot_eval.engines.records import SET_ASIDE
from pilot_eval.records.forms import ChecklistVersion
from pilot_eval.records.network import Branch
from pilot_eval.records.people import User
from pilot_eval.records.pilots import PilotBranch, Wave
from pilot_eval.records.visits import Visit, VisitOutcome


def read_answers(session: Session, pilot_id: int, language: str) -> Iterator[dict[str, Any]]:
    """Every asked question of every visit, in the order of visits and of their checklists.

    Questions of every kind are there, computed ones too: `answer` is as it is stored, None where there is
    none; `earned` and `possible` are points within the section, None where the question counts nowhere.
    """
    checklists: dict[int, Checklist] = {}
    for visit, branch, arm, period, auditor in _visits(session, pilot_id):
        if visit.checklist_id not in checklists:
            checklists[visit.checklist_id] = _checklist(session, visit.checklist_id)
        checklist = checklists[visit.checklist_id]
        of_visit = {
            "record_id": str(visit.id),
            "branch_code": branch.code,
            "arm": arm.value if arm else None,
            "period": period.value,
            "observed_on": visit.started_at.astimezone(ZoneInfo(branch.time_zone)).date().isoformat(),
            "auditor": auditor,
            "ended": visit.outcome.value,
            "included": visit.outcome is VisitOutcome.DONE and visit.state not in SET_ASIDE,
            "checklist": f"{checklist.code} {checklist.version}",
        }
        yield from (of_visit | row for row in _answers(checklist, visit, language))


def _visits(session: Session, pilot_id: int) -> Iterator[Any]:
    return iter(
        session.execute(
            sa.select(Visit, Branch, col(PilotBranch.arm), col(Wave.period), col(User.pseudonym))
            .join(Branch, col(Branch.id) == col(Visit.branch_id))
            .join(Wave, col(Wave.id) == col(Visit.wave_id))
            .join(User, col(User.id) == col(Visit.auditor_id))
            .outerjoin(
                PilotBranch,
                sa.and_(
                    col(PilotBranch.branch_id) == col(Visit.branch_id),
                    col(PilotBranch.pilot_id) == col(Visit.pilot_id),
                ),
            )
            .where(col(Visit.pilot_id) == pilot_id)
            .order_by(col(Visit.started_at), col(Visit.id))
        )
    )


def _checklist(session: Session, checklist_id: int) -> Checklist:
    return parse(
        session.exec(select(ChecklistVersion).where(ChecklistVersion.id == checklist_id)).one().document
    )


def _answers(checklist: Checklist, visit: Visit, language: str) -> Iterator[dict[str, Any]]:
    document: dict[str, Any] = dict(visit.document)
    given = {**document.get("answers", {}), **document.get("computed", {})}
    asked = {item.code for item in shown(checklist, given)}
    for section in checklist.sections:
        for item in (item for item in section.items if item.code in asked):
            answer = given.get(item.code)
            share = item.shares.get(answer) if item.scored and isinstance(answer, str) else None
            yield {
                "section": section.title.to(language),
                "item_code": item.code,
                "item": item.text.to(language),
                "kind": item.type,
                "answer": answer,
                "earned": None if share is None else float(item.weight * share),
                "possible": None if share is None else item.weight,
            }
