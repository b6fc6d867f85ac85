"""Stored checklists and timing forms: published once, never changed."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlmodel import Session, col, select

from pilot_eval.domain.checklists import Checklist, default_checklist, parse
from pilot_eval.domain.errors import BadInput, Problem
from pilot_eval.domain.people import Actor
from pilot_eval.domain.problems import N_, FieldProblem, Refused
from pilot_eval.domain.timings import TimingForm, default_timing_form
from pilot_eval.domain.timings import parse as parse_timing_form
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.records import audit
from pilot_eval.records.forms import ChecklistVersion, TimingFormVersion

UNKNOWN_VERSION = N_(
    "This was filled in on a version of the form that is not known here. The device has kept it: open the"
    " assignment again while there is a connection, check the answers and send it once more."
)
Version = TypeVar("Version", ChecklistVersion, TimingFormVersion)

# A published version never changes, so its digest names what was once read from it.
_CHECKLISTS: dict[str, Checklist] = {}
_TIMING_FORMS: dict[str, TimingForm] = {}


def publish_checklist(session: Session, actor: Actor, checklist: Checklist) -> ChecklistVersion:
    """Store a checklist in the caller's transaction; the same content a second time adds nothing."""
    scope_of(actor, Action.PLAN_PILOT)
    stored = session.exec(
        select(ChecklistVersion).where(col(ChecklistVersion.digest) == checklist.digest)
    ).one_or_none()
    if stored is None:
        stored = ChecklistVersion(
            code=checklist.code,
            version=checklist.version,
            document=checklist.to_document(),
            digest=checklist.digest,
        )
        session.add(stored)
        session.flush()
        audit.append(session, actor, "checklist.publish", "checklist", stored.id, digest=stored.digest)
    return stored


def publish_timing_form(session: Session, actor: Actor, form: TimingForm) -> TimingFormVersion:
    """Store a timing form in the caller's transaction; the same content a second time adds nothing."""
    scope_of(actor, Action.PLAN_PILOT)
    stored = session.exec(
        select(TimingFormVersion).where(col(TimingFormVersion.digest) == form.digest)
    ).one_or_none()
    if stored is None:
        stored = TimingFormVersion(
            code=form.code, version=form.version, document=_document(form), digest=form.digest
        )
        session.add(stored)
        session.flush()
        audit.append(session, actor, "timing_form.publish", "timing_form", stored.id, digest=stored.digest)
    return stored


def _document(form: TimingForm) -> dict[str, Any]:
    return dict(form.document)


def forms_for_pilot(
    session: Session, actor: Actor, checklist_id: int | None = None
) -> tuple[ChecklistVersion, TimingFormVersion]:
    """The checklist and timing form for a new pilot.

    Parameters
    ----------
    checklist_id : int, optional
        Of a published checklist that is not retired; the last published one unless given, or, where there
        is none, the one that comes with the product.

    Raises
    ------
    BadInput
        If that checklist cannot be had.
    """
    in_use = select(ChecklistVersion).where(col(ChecklistVersion.retired_at).is_(None))
    if checklist_id is not None:
        in_use = in_use.where(col(ChecklistVersion.id) == checklist_id)
    checklist = session.exec(in_use.order_by(col(ChecklistVersion.id).desc()).limit(1)).first()
    if checklist is None and checklist_id is None:
        checklist = publish_checklist(session, actor, default_checklist())
    if checklist is None or checklist.retired_at is not None:
        raise BadInput([Problem("checklist_id", N_("Choose a published checklist that is in use"))])
    timing_form = session.exec(
        select(TimingFormVersion).order_by(col(TimingFormVersion.id).desc()).limit(1)
    ).first() or publish_timing_form(session, actor, default_timing_form())
    return checklist, timing_form


def earlier_version(session: Session, pinned: Version, shown: str, field: str) -> Version:
    """The earlier version of a pinned form that a device still showed.

    Parameters
    ----------
    shown : str
        Its digest.
    field : str
        What the refusal names.

    Raises
    ------
    Refused
        If there is none: of another form, a later one, or never published.
    """
    table = type(pinned)
    version = session.exec(
        select(table).where(
            col(table.digest) == shown,
            col(table.code) == pinned.code,
            col(table.version) < pinned.version,
        )
    ).one_or_none()
    if version is None:
        raise Refused([FieldProblem(field, "unknown_version", UNKNOWN_VERSION)])
    return version


def checklist_of(version: ChecklistVersion) -> Checklist:
    """The checklist that a stored version holds."""
    if version.digest not in _CHECKLISTS:
        _CHECKLISTS[version.digest] = parse(version.document)
    return _CHECKLISTS[version.digest]


def checklist_known_as(session: Session, version_id: int, known: str) -> Checklist:
    """The checklist of a stored version by its digest: its questions are read only where that is new."""
    return _CHECKLISTS.get(known) or checklist_of(session.get_one(ChecklistVersion, version_id))


def timing_form_of(version: TimingFormVersion) -> TimingForm:
    """The timing form that a stored version holds."""
    if version.digest not in _TIMING_FORMS:
        _TIMING_FORMS[version.digest] = parse_timing_form(version.document)
    return _TIMING_FORMS[version.digest]
