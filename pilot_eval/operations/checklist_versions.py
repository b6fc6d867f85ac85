"""Published checklists: which there are, who uses them, and which new pilots may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from pilot_eval.domain.checklists import Checklist
from pilot_eval.domain.errors import NotFound, WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.problems import N_
from pilot_eval.operations import forms
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.records import audit
from pilot_eval.records.forms import ChecklistVersion
from pilot_eval.records.pilots import Pilot


@dataclass(frozen=True, slots=True)
class PublishedChecklist:
    """A published version as head office sees it.

    Parameters
    ----------
    pilots : tuple of Pilot
        Those whose visits are recorded with it.
    """

    version: ChecklistVersion
    checklist: Checklist
    pilots: tuple[Pilot, ...]


def list_published(session: Session, actor: Actor) -> list[PublishedChecklist]:
    """Every published version, by code, the newest version of each first."""
    scope_of(actor, Action.EDIT_CHECKLISTS)
    versions = session.exec(
        select(ChecklistVersion).order_by(col(ChecklistVersion.code), col(ChecklistVersion.version).desc())
    ).all()
    users: dict[int | None, list[Pilot]] = {}
    for pilot in session.exec(select(Pilot).where(col(Pilot.checklist_id).is_not(None)).order_by(Pilot.slug)):
        users.setdefault(pilot.checklist_id, []).append(pilot)
    return [_published(version, users.get(version.id, [])) for version in versions]


def get_published(session: Session, actor: Actor, version_id: int) -> PublishedChecklist:
    """One published version.

    Raises
    ------
    NotFound
    """
    scope_of(actor, Action.EDIT_CHECKLISTS)
    version = session.get(ChecklistVersion, version_id)
    if version is None:
        raise NotFound
    pilots = session.exec(select(Pilot).where(col(Pilot.checklist_id) == version_id).order_by(Pilot.slug))
    return _published(version, pilots.all())


def _published(version: ChecklistVersion, pilots: Sequence[Pilot]) -> PublishedChecklist:
    return PublishedChecklist(version, forms.checklist_of(version), tuple(pilots))


def offered(session: Session) -> list[ChecklistVersion]:
    """What a new pilot may take: published and not retired, the last published first."""
    return list(
        session.exec(
            select(ChecklistVersion)
            .where(col(ChecklistVersion.retired_at).is_(None))
            .order_by(col(ChecklistVersion.id).desc())
        )
    )


def retire(session: Session, actor: Actor, version_id: int, now: datetime) -> ChecklistVersion:
    """Offer a version to no new pilot; pilots that have it, and their late visits, go on.

    Raises
    ------
    NotFound
    WrongState
        If it is retired already.
    """
    version = get_published(session, actor, version_id).version
    if version.retired_at is not None:
        raise WrongState("retired", N_("This version is retired already"))
    return _set_retired(session, actor, version, now)


def reinstate(session: Session, actor: Actor, version_id: int) -> ChecklistVersion:
    """Offer a retired version again.

    Raises
    ------
    NotFound
    WrongState
        If it is not retired.
    """
    version = get_published(session, actor, version_id).version
    if version.retired_at is None:
        raise WrongState("not_retired", N_("This version is in use already"))
    return _set_retired(session, actor, version, None)


def _set_retired(
    session: Session, actor: Actor, version: ChecklistVersion, moment: datetime | None
) -> ChecklistVersion:
    version.retired_at = moment
    session.add(version)
    action = "checklist.retire" if moment else "checklist.reinstate"
    audit.append(session, actor, action, "checklist", version.id, digest=version.digest)
    session.commit()
    return version


def next_number(session: Session, code: str) -> int:
    """The number that the next published version of a checklist gets."""
    newest = session.exec(
        select(func.max(ChecklistVersion.version)).where(col(ChecklistVersion.code) == code)
    ).one()
    return (newest or 0) + 1
