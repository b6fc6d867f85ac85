"""Visits out of a file, each answer in a column of its own; a stored visit is never changed by a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from pilot_eval.domain.checklists import (
    NOT_APPLICABLE,
    OUTCOMES,
    Answer,
    Checklist,
    Item,
    answer_field,
    comment_field,
)
from pilot_eval.domain.errors import Message, WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.problems import N_, FieldProblem, Refused
from pilot_eval.domain.progress import told
from pilot_eval.operations import forms
from pilot_eval.operations.lists.places import COLUMNS, Places, Spot, places_of, storing
from pilot_eval.operations.lists.sheets import CHECKING, Column, Effect, Row, Rows, in_lots
from pilot_eval.operations.submissions import revision_of
from pilot_eval.operations.visits import VisitSubmission, visit_as_sent
from pilot_eval.records.base import now as clock
from pilot_eval.records.forms import ChecklistVersion
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import Visit

_AT_ONCE = 500  # rows that are asked for in one statement
_COMMENT = "c_"
# Answers as people write them in files, in both languages.
_WRITTEN: Mapping[str, str] = {
    **dict.fromkeys(("yes", "y", "да", "д", "true", "1"), "yes"),
    **dict.fromkeys(("no", "n", "нет", "н", "false", "0"), "no"),
    **dict.fromkeys(("full", "fully", "полностью"), "full"),
    **dict.fromkeys(("partial", "partly", "частично"), "partial"),
    **dict.fromkeys(("none", "not at all", "нет совсем", "совсем нет"), "none"),
    **dict.fromkeys(("n/a", "na", "н/п", "нп"), NOT_APPLICABLE),
}
# The column of each field of a visit whose name in files is another.
_COLUMN_OF = {"day": "started_at", "confirmed": ""}


def columns(session: Session, pilot: Pilot | None) -> Sequence[Column]:
    _version, checklist = _checklist(session, pilot)
    return (
        *COLUMNS,
        Column(
            "started_at",
            N_("when the auditor came in, by the clock of the branch"),
            needed=True,
            codes="2026-03-31 10:05",
        ),
        Column("left_at", N_("when the auditor left"), needed=True, codes="2026-03-31 10:31"),
        Column("outcome", N_("how the visit ended; done unless given"), codes=", ".join(OUTCOMES)),
        Column(
            "scenario",
            N_("what the auditor asked for; that of the assigned visit unless given"),
            codes=", ".join(option.code for option in checklist.scenarios),
        ),
        *(Column(item.code, item.text, codes=", ".join(item.offered)) for item in _asked(checklist)),
        *(
            Column(f"{_COMMENT}{item.code}", N_("words about that answer"))
            for item in _asked(checklist)
            if item.comment_on
        ),
        Column("narrative", N_("what happened, in a few words; no names")),
        Column("window_no", N_("number of the window, never a name")),
        Column("receipt_time", N_("time printed on the receipt"), codes="10:30"),
        Column("receipt_tail", N_("last digits of the receipt")),
        Column(
            "incidents",
            N_("what was out of the ordinary, with commas between"),
            codes=", ".join(option.code for option in checklist.incidents),
        ),
    )


def _asked(checklist: Checklist) -> list[Item]:
    return [item for item in checklist.items.values() if item.asked]


def _checklist(session: Session, pilot: Pilot | None) -> tuple[int, Checklist]:
    version = session.get(ChecklistVersion, pilot.checklist_id) if pilot and pilot.checklist_id else None
    if version is None or version.id is None:
        raise WrongState("no_checklist", N_("This pilot has no checklist"))
    return version.id, forms.checklist_of(version)


def check(session: Session, _actor: Actor, pilot: Pilot | None, rows: Rows) -> Effect:
    """What a file of visits would do; see `Kind.check`."""
    assert pilot is not None  # noqa: S101 - rows of visits belong to a pilot
    checklist_id, checklist = _checklist(session, pilot)
    places = places_of(session, pilot, clock())
    read = []
    for count, row in enumerate(rows, 1):
        told(CHECKING, count, len(rows))
        found = _read(row, checklist, places)
        if found is not None:
            read.append((row, *found))
    stored = _stored(session, [submission.id for _row, _spot, submission, _scenario in read])
    new: list[Visit] = []
    known = 0
    for row, spot, submission, scenario in read:
        visit = _visit(row, spot, submission, scenario, places, stored, checklist_id, checklist)
        if visit is None:
            continue
        if visit.id not in stored:
            new.append(visit)
        elif revision_of(session, stored[visit.id], visit.digest) is not None:
            known += 1
        else:
            row.wrong("", Message("is stored already with other answers; a file changes no stored visit"))
    rows.problems.refuse()
    return Effect(len(new), known, 0, storing(pilot, new), _notes(checklist, new))


def _read(row: Row, checklist: Checklist, places: Places) -> tuple[Spot, VisitSubmission, str] | None:
    zone = places.zone(row)
    started_at, left_at = row.moment("started_at", zone), row.moment("left_at", zone)
    for column in ("started_at", "left_at"):
        row.needed(column)
    spot = places.spot(row, started_at, "started_at")
    answers = {item.code: _answer(row, item) for item in _asked(checklist)}
    if spot is None or started_at is None or left_at is None:
        return None
    submission = VisitSubmission(
        id=places.identity(row, spot.code, spot.auditor.email, started_at.isoformat()),
        assignment_id=0,
        outcome=row.text("outcome").casefold() or "done",
        started_at=started_at,
        left_at=left_at,
        answers=answers,
        comments={
            item.code: row.text(f"{_COMMENT}{item.code}") for item in _asked(checklist) if item.comment_on
        },
        narrative=row.text("narrative"),
        window_no=row.whole("window_no"),
        receipt_time=row.clock("receipt_time"),
        receipt_tail=row.text("receipt_tail"),
        incidents=tuple(word.strip() for word in row.text("incidents").split(",") if word.strip()),
        confirmed=True,
    )
    return spot, submission, row.text("scenario")


def _answer(row: Row, item: Item) -> Answer | None:
    written = row.text(item.code)
    if not written:
        return None
    if item.type == "number" and written.isascii() and written.isdigit() and len(written) <= 7:
        return int(written)
    for option in item.options:
        if written.casefold() in {
            option.code.casefold(),
            option.text.en.casefold(),
            option.text.ru.casefold(),
        }:
            return option.code
    code = _WRITTEN.get(written.casefold(), "")
    return code if code in item.offered and written not in item.offered else written


def _stored(session: Session, ids: Sequence[UUID]) -> dict[UUID, Visit]:
    found: dict[UUID, Visit] = {}
    for some in in_lots(ids, _AT_ONCE):
        for visit in session.exec(select(Visit).where(col(Visit.id).in_(some))):
            found[visit.id] = visit
    return found


def _visit(
    row: Row,
    spot: Spot,
    submission: VisitSubmission,
    scenario: str,
    places: Places,
    stored: Mapping[UUID, Visit],
    checklist_id: int,
    checklist: Checklist,
) -> Visit | None:
    """The row as a visit; what is wrong with it is noted."""
    before = stored.get(submission.id)
    assignment = None if before else places.assignment(spot, scenario)
    if not scenario:
        header: Any = before.document["header"] if before else {}
        scenario = assignment.scenario if assignment else header.get("scenario", "")
    identities = spot.identities | {
        "assignment_id": before.assignment_id if before else assignment and assignment.id
    }
    try:
        visit = visit_as_sent(identities, scenario, checklist_id, checklist, submission, places.now)
    except Refused as refused:
        for finding in refused.findings:
            row.wrong(_column_of(finding, checklist), finding.sentence)
        return None
    visit.late = spot.late
    visit.document["entry_method"] = "import"
    return visit


def _column_of(finding: FieldProblem, checklist: Checklist) -> str:
    for code in checklist.items:
        if finding.field == answer_field(code):
            return code
        if finding.field == comment_field(code):
            return f"{_COMMENT}{code}"
    return _COLUMN_OF.get(finding.field, finding.field)


def _notes(checklist: Checklist, visits: Sequence[Visit]) -> list[str]:
    done = [visit for visit in visits if visit.outcome == "done"]
    without = sum(visit.score_hundredths is None for visit in done)
    if not without:
        return []
    what = Message(
        "%(count)s of the visits have no score: less than %(percent)s %% of their questions are answered.",
        count=without,
        percent=checklist.min_answered_percent,
    )
    return [what]
