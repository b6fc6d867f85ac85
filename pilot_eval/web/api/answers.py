"""What the API answers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Literal
from uuid import UUID

from flask import Response, jsonify, make_response
from pydantic import BaseModel, ConfigDict, Field

from pilot_eval.domain import checklists
from pilot_eval.operations.field_kits import FieldKit
from pilot_eval.operations.submissions import Receipt
from pilot_eval.operations.visits import AssignedVisit
from pilot_eval.records.network import Branch
from pilot_eval.records.visits import Visit


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def response(self, status: int = 200) -> Response:
        return make_response(jsonify(self.model_dump(mode="json", exclude_unset=True)), status)


class SessionAnswer(Answer):
    """Who asks, and a fresh token for what they send."""

    person: int
    name: str
    pseudonym: str
    role: str
    language: str
    csrf_token: str | None = Field(description="For the header X-CSRFToken; null with an API token.")
    server_time: datetime


class ReceiptAnswer(Answer):
    """What became of something sent."""

    uuid: UUID
    digest: str = Field(description="SHA-256 of what was sent, validated and normalised.")
    status: Literal["created", "duplicate"]
    received_at: datetime
    receipt: str = Field(description="A short code to read out: 1A2B-3C4D.")
    revision: int


class FieldFault(Answer):
    """What is wrong in one field, named as in the form."""

    field: str
    code: str
    message: str


class CurrentVersion(Answer):
    """A visit as it stands, its members named as in a payload."""

    revision: int
    outcome: str
    started_at: datetime
    left_at: datetime
    answers: dict[str, int | str]
    comments: dict[str, str]
    narrative: str = ""
    window_no: int | None = None
    receipt_time: str = ""
    receipt_tail: str = ""
    incidents: list[str] = []


class Refusal(Answer):
    """Why something was not done: a word for programs, a sentence for people."""

    code: str
    message: str
    uuid: UUID | None = Field(None, description="Of the record that was sent.")
    reason: str = Field("", description="What exactly is not in the state for it.")
    errors: list[FieldFault] = []
    current: CurrentVersion | None = Field(
        None, description="The version that counts, where another was corrected."
    )


class KeptAside(Answer):
    """Not stored as a record, but kept for a reviewer: it need not be sent again."""

    code: Literal["conflict", "withdrawn"]
    message: str
    uuid: UUID
    digest: str
    status: Literal["conflict", "withdrawn"]
    received_at: datetime
    receipt: str
    revision: int


class BranchAnswer(Answer):
    code: str
    name: str
    time_zone: str
    region: str = Field(description="Code of the region.")
    closed_on: date | None


class BranchesAnswer(Answer):
    """Branches by code."""

    branches: list[BranchAnswer]
    next: str | None = Field(description="For `after`: there are more branches from here on.")


class PlaceAnswer(Answer):
    code: str
    name: str
    time_zone: str


class DaypartAnswer(Answer):
    """A part of the day with its names."""

    code: str
    en: str
    ru: str


class ReturnedAnswer(Answer):
    """Why head office returned a visit."""

    reason: str
    items: dict[str, str] = Field(description="By code of the question.")


class AssignmentAnswer(Answer):
    """A visit to make, or made."""

    id: int
    branch: PlaceAnswer
    scenario: str
    window_from: date
    window_to: date
    daypart: DaypartAnswer | None = Field(description="The part of the day to make it in; null: any.")
    to_do: bool
    takes_timings: bool
    visit: UUID | None = Field(description="The visit recorded for it.")
    revision: int | None = Field(description="Of that visit: for If-Match, where it is corrected.")
    returned: ReturnedAnswer | None = Field(description="Why it is to be corrected, where it is.")
    timings: int
    checklist: str | None = Field(description="Digest; see `checklists`.")
    timing_form: str | None = Field(description="Digest; see `timing_forms`.")
    auditor: str | None = Field(None, description="Pseudonym; for head office only.")


class AssignmentsAnswer(Answer):
    """Assignments in the order of reading, and the forms that they are recorded on, by digest."""

    person: int
    assignments: list[AssignmentAnswer]
    checklists: dict[str, dict[str, Any]]
    timing_forms: dict[str, dict[str, Any]]
    next: int | None = Field(description="For `after`: head office has more assignments from here on.")


def told(receipt: Receipt) -> dict[str, Any]:
    """A receipt's members."""
    return {
        "uuid": receipt.id,
        "digest": receipt.digest,
        "status": receipt.status.value,
        "received_at": receipt.received_at.astimezone(UTC),
        "receipt": receipt.code,
        "revision": receipt.revision,
    }


def current_version(visit: Visit) -> dict[str, Any]:
    """The version of a visit that a stale correction did not know."""
    document: dict[str, Any] = visit.document
    header = {
        name: value for name, value in document["header"].items() if name in CurrentVersion.model_fields
    }
    found = CurrentVersion.model_validate(
        {
            **header,
            "revision": visit.revision,
            "answers": document["answers"],
            "comments": document["comments"],
        }
    )
    return found.model_dump(mode="json")


def branches_answer(rows: list[tuple[Branch, str]], following: str | None) -> BranchesAnswer:
    """Branches with the codes of their regions."""
    listed = [
        BranchAnswer(
            code=branch.code,
            name=branch.name,
            time_zone=branch.time_zone,
            region=region,
            closed_on=branch.closed_on,
        )
        for branch, region in rows
    ]
    return BranchesAnswer(branches=listed, next=following)


def assignments_answer(kit: FieldKit, person: int) -> AssignmentsAnswer:
    """What a device takes along; nothing that tells an auditor what the visits are compared for."""
    return AssignmentsAnswer(
        person=person,
        assignments=[
            _assignment(kit, row) for row in (*kit.assigned.returned, *kit.assigned.to_do, *kit.assigned.done)
        ],
        checklists={each.digest: checklists.questions(each) for each in kit.checklists.values()},
        timing_forms={
            each.digest: {name: part for name, part in each.document.items() if name != "targets"}
            for each in kit.timing_forms.values()
        },
        next=kit.following,
    )


def _assignment(kit: FieldKit, row: AssignedVisit) -> AssignmentAnswer:
    assignment, branch = row.assignment, row.branch
    checklist = kit.checklists.get(assignment.pilot_id)
    timing_form = kit.timing_forms.get(assignment.pilot_id)
    return AssignmentAnswer(
        id=assignment.id or 0,
        branch=PlaceAnswer(code=branch.code, name=branch.name, time_zone=branch.time_zone),
        scenario=assignment.scenario,
        window_from=assignment.window_from,
        window_to=assignment.window_to,
        daypart=_daypart(row),
        to_do=row.to_do,
        takes_timings=row.asks_for_timings,
        visit=row.visit_id,
        revision=row.revision,
        returned=_returned(row),
        timings=row.timings,
        checklist=checklist.digest if checklist else None,
        timing_form=timing_form.digest if timing_form else None,
        **({"auditor": row.auditor} if kit.of_others else {}),
    )


def _daypart(row: AssignedVisit) -> DaypartAnswer | None:
    if row.daypart is None:
        return None
    return DaypartAnswer(code=row.assignment.daypart, en=row.daypart.en, ru=row.daypart.ru)


def _returned(row: AssignedVisit) -> ReturnedAnswer | None:
    if row.returned is None:
        return None
    items = {code: str(why) for code, why in row.returned.items.items()}
    return ReturnedAnswer(reason=row.returned.reason, items=items)
