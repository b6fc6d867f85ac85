"""One visit with all that is known of it, for those who review it, manage its region or made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, or_, select

from pilot_eval.domain.checklists import Checklist, Explanation, explain
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import WaveState
from pilot_eval.domain.reviews import Change, RevisionKind, Ruling, differences
from pilot_eval.operations import forms
from pilot_eval.operations.corrections import may_be_corrected
from pilot_eval.operations.flags import Flag, flags_of
from pilot_eval.operations.policy import Action, Scope, scope_of
from pilot_eval.operations.reviews import readable_visit, rulings_open, wrote
from pilot_eval.operations.visit_facts import kept_beside
from pilot_eval.records.forms import ChecklistVersion
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Pilot, Wave
from pilot_eval.records.reviews import (
    VisitRemark,
    VisitReview,
    VisitRevision,
    remarks_on,
    revisions_of,
    rulings_on,
)
from pilot_eval.records.visits import SubmissionConflict, Timing, Visit, VisitState


@dataclass(frozen=True, slots=True)
class Correction:
    """How one revision came about, and what it changed.

    Parameters
    ----------
    number : int
        Of the revision that it made.
    """

    number: int
    at: datetime
    by: str
    kind: RevisionKind
    reason: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """Another content that was sent under the identity of the visit, or for the same assignment."""

    at: datetime
    by: str
    code: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class ReviewedVisit:
    """A visit with everything beside it.

    Parameters
    ----------
    explanation : Explanation
        The score step by step.
    people : mapping of int to str
        Pseudonyms by id.
    flags, corrections, kept, rulings : tuple
        Empty for who only reads: they speak of the auditor, not of the branch.
    open_rulings : tuple of Ruling
        What the reader may do now.
    own_work : bool
        The reader recorded or corrected it, and so does not review it.
    """

    visit: Visit
    branch: Branch
    region: Region
    wave: Wave
    pilot: Pilot
    checklist: Checklist
    explanation: Explanation
    timings: tuple[Timing, ...]
    people: Mapping[int | None, str]
    remarks: tuple[VisitRemark, ...]
    flags: tuple[Flag, ...]
    corrections: tuple[Correction, ...]
    kept: tuple[KeptVersion, ...]
    rulings: tuple[VisitReview, ...]
    open_rulings: tuple[Ruling, ...]
    own_work: bool
    reviews: bool

    @property
    def auditor(self) -> str:
        return self.people[self.visit.auditor_id]

    @property
    def locked(self) -> bool:
        return self.wave.state is WaveState.LOCKED

    @property
    def ruling(self) -> VisitReview | None:
        """The ruling that its state rests on; None where it was changed since, or never ruled on."""
        newest = self.rulings[-1] if self.rulings else None
        return None if self.visit.state is VisitState.SUBMITTED else newest

    @property
    def history(self) -> list[tuple[datetime, str, str, str]]:
        """What happened, the first thing first: when, by whom, a word for it, and why."""
        found = [(self.visit.received_at, self.auditor, "record", "")]
        found += [(one.at, one.by, "kept", "") for one in self.kept]
        found += [
            (one.at, one.by, one.kind.value, one.reason if one.kind is RevisionKind.CORRECTION else "")
            for one in self.corrections
        ]
        found += [
            (one.made_at, self.people[one.made_by], one.ruling.value, one.reason) for one in self.rulings
        ]
        for one in self.remarks:
            found.append((one.said_at, self.people[one.said_by], one.kind.value, ""))
            if one.answered_at:
                found.append((one.answered_at, self.people[one.answered_by], "answer", ""))
        return sorted(found, key=lambda event: event[0])


def visit_to_review(session: Session, actor: Actor, visit_id: UUID) -> ReviewedVisit:
    """A visit as head office reviews it; a manager reads one of the own region once its wave has closed.

    Raises
    ------
    NotAllowed, NotFound
        As `reviews.readable_visit`; an auditor has a page of their own, without a score.
    """
    scope_of(actor, Action.READ_REVIEWED)
    visit = readable_visit(session, actor, visit_id, Action.READ_REVIEWED)
    reviews = scope_of(actor, Action.READ_REVIEWED) is Scope.ALL
    branch = session.get_one(Branch, visit.branch_id)
    wave = session.get_one(Wave, visit.wave_id)
    checklist = forms.checklist_of(session.get_one(ChecklistVersion, visit.checklist_id))
    revisions = revisions_of(session, visit.id) if reviews else []
    rulings = rulings_on(session, visit.id)
    remarks = remarks_on(session, visit.id)
    kept = kept_beside(session, visit) if reviews else []
    people = _pseudonyms(session, visit, revisions, rulings, remarks, kept)
    document: dict[str, Any] = visit.document
    own_work = wrote(actor, visit, revisions)
    return ReviewedVisit(
        visit=visit,
        branch=branch,
        region=session.get_one(Region, branch.region_id),
        wave=wave,
        pilot=session.get_one(Pilot, visit.pilot_id),
        checklist=checklist,
        explanation=explain(checklist, document["answers"], document.get("computed")),
        timings=_timings(session, visit),
        people=people,
        remarks=tuple(remarks),
        flags=flags_of(session, visit.pilot_id).get(visit.id, ()) if reviews else (),
        corrections=_corrections(visit, revisions, checklist, people),
        kept=tuple(
            KeptVersion(
                one.received_at,
                people[one.user_id],
                one.digest,
                differences(document, one.document, checklist.items),
            )
            for one in kept
        ),
        rulings=tuple(rulings) if reviews else tuple(rulings[-1:]),
        open_rulings=rulings_open(visit, wave) if reviews and not own_work else (),
        own_work=own_work,
        reviews=reviews,
    )


def _timings(session: Session, visit: Visit) -> tuple[Timing, ...]:
    belongs = col(Timing.visit_id) == visit.id
    if visit.assignment_id is not None:
        belongs = or_(belongs, col(Timing.assignment_id) == visit.assignment_id)
    return tuple(
        session.exec(select(Timing).where(belongs).order_by(col(Timing.happened_at), col(Timing.id)))
    )


def _pseudonyms(
    session: Session,
    visit: Visit,
    revisions: Sequence[VisitRevision],
    rulings: Sequence[VisitReview],
    remarks: Sequence[VisitRemark],
    kept: Sequence[SubmissionConflict],
) -> dict[int | None, str]:
    ids = {visit.auditor_id, *(one.superseded_by for one in revisions), *(one.made_by for one in rulings)}
    ids |= {one.said_by for one in remarks} | {one.answered_by for one in remarks}
    ids |= {one.user_id for one in kept}
    rows = session.exec(select(col(User.id), col(User.pseudonym)).where(col(User.id).in_(ids - {None})))
    return {None: "", **dict(rows.all())}


def _corrections(
    visit: Visit,
    revisions: Sequence[VisitRevision],
    checklist: Checklist,
    people: Mapping[int | None, str],
) -> tuple[Correction, ...]:
    contents: list[Mapping[str, Any]] = [*(one.document for one in revisions), visit.document]
    return tuple(
        Correction(
            one.number + 1,
            one.superseded_at,
            people[one.superseded_by],
            one.kind,
            one.reason,
            differences(before, after, checklist.items),
        )
        for one, (before, after) in zip(revisions, pairwise(contents), strict=True)
    )


# What its auditor sees --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OwnReview:
    """What became of an auditor's own visit: never its score.

    Parameters
    ----------
    returned : VisitReview or None
        Why head office has returned it, where it has.
    correctable : bool
        Whether it can be corrected now.
    """

    returned: VisitReview | None
    correctable: bool
    remarks: tuple[VisitRemark, ...]
    locked: bool


def own_review(session: Session, visit: Visit) -> OwnReview:
    """What the auditor may know of the review of their own visit, which was read before."""
    wave = session.get_one(Wave, visit.wave_id)
    rulings = rulings_on(session, visit.id)
    returned = rulings[-1] if visit.state is VisitState.RETURNED and rulings else None
    remarks = tuple(one for one in remarks_on(session, visit.id) if one.said_by == visit.auditor_id)
    correctable = may_be_corrected(visit, wave, Scope.OWN)
    return OwnReview(returned, correctable, remarks, wave.state is WaveState.LOCKED)
