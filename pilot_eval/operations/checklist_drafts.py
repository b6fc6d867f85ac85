"""Drafts of checklists: begun, changed, undone, thrown away and brought back, and in the end published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session, col, select

from pilot_eval.domain.checklists import drafts
from pilot_eval.domain.checklists.drafts import Document
from pilot_eval.domain.errors import EditConflict, NotFound, WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.problems import N_, FieldProblem, Refused
from pilot_eval.operations.checklist_versions import get_published, next_number
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.operations.submissions import insert_once
from pilot_eval.records import audit
from pilot_eval.records.forms import ChecklistDraft, ChecklistVersion

MOST_UNDONE = 30  # changes that can be undone


def list_open(session: Session, actor: Actor) -> list[ChecklistDraft]:
    """Drafts that are still written at, the last changed first."""
    scope_of(actor, Action.EDIT_CHECKLISTS)
    return list(
        session.exec(
            select(ChecklistDraft)
            .where(col(ChecklistDraft.published_id).is_(None), col(ChecklistDraft.thrown_away_at).is_(None))
            .order_by(col(ChecklistDraft.changed_at).desc(), col(ChecklistDraft.id).desc())
        )
    )


def get_draft(session: Session, actor: Actor, draft_id: int) -> ChecklistDraft:
    """A draft, whatever has become of it.

    Raises
    ------
    NotFound
    """
    scope_of(actor, Action.EDIT_CHECKLISTS)
    draft = session.get(ChecklistDraft, draft_id)
    if draft is None:
        raise NotFound
    return draft


def begin_draft(
    session: Session, actor: Actor, document: Document, now: datetime, *, based_on_id: int | None = None
) -> ChecklistDraft:
    """Begin a draft with this content.

    Raises
    ------
    Refused
        If it is too large.
    """
    scope_of(actor, Action.EDIT_CHECKLISTS)
    drafts.check_size(document)
    draft = ChecklistDraft(
        document=document, based_on_id=based_on_id, created_at=now, changed_at=now, changed_by=actor.user_id
    )
    session.add(draft)
    session.flush()
    audit.append(session, actor, "checklist.draft", "checklist_draft", draft.id, based_on=based_on_id)
    session.commit()
    return draft


def edit_version(session: Session, actor: Actor, version_id: int, now: datetime) -> ChecklistDraft:
    """Begin a draft with the content of a published version, which itself never changes.

    Raises
    ------
    NotFound
    """
    published = get_published(session, actor, version_id)
    document = drafts.draft_of(published.checklist.to_document())
    return begin_draft(session, actor, document, now, based_on_id=version_id)


def change_draft(
    session: Session,
    actor: Actor,
    draft_id: int,
    version: int,
    change: Callable[[Document], Document],
    now: datetime,
) -> ChecklistDraft:
    """Change an open draft; how it stood can be brought back by `undo`.

    Parameters
    ----------
    version : int
        The draft's `row_version` that the change was made on.
    change : callable
        From the document to the changed one, such as those of `domain.checklists.drafts`.

    Raises
    ------
    NotFound
        If there is no such draft; also if `change` does not find what it is to change.
    WrongState
        If it is published or thrown away.
    EditConflict
        If somebody else has changed it in the meantime.
    Refused
        If it has grown too large.
    """
    draft = _open_draft(session, actor, draft_id, version)
    try:
        changed = change(draft.document)
    except (KeyError, IndexError):
        raise NotFound from None
    drafts.check_size(changed)
    if changed != draft.document:
        draft.earlier = [*draft.earlier, draft.document][-MOST_UNDONE:]
        draft.document = changed
        _store(session, actor, draft, now)
    return draft


def undo(session: Session, actor: Actor, draft_id: int, version: int, now: datetime) -> ChecklistDraft:
    """Bring a draft back to how it stood before its last change.

    Raises
    ------
    NotFound, EditConflict
        As `change_draft`.
    WrongState
        If it is no longer open, or nothing is left to undo.
    """
    draft = _open_draft(session, actor, draft_id, version)
    if not draft.earlier:
        raise WrongState("nothing_to_undo", N_("There is nothing to undo"))
    *draft.earlier, draft.document = draft.earlier
    _store(session, actor, draft, now)
    return draft


def throw_away(session: Session, actor: Actor, draft_id: int, version: int, now: datetime) -> ChecklistDraft:
    """Take a draft out of the list; `bring_back` puts it there again.

    Raises
    ------
    NotFound, EditConflict, WrongState
        As `change_draft`.
    """
    draft = _open_draft(session, actor, draft_id, version)
    draft.thrown_away_at = now
    _store(session, actor, draft, now, "checklist.discard")
    return draft


def bring_back(session: Session, actor: Actor, draft_id: int, now: datetime) -> ChecklistDraft:
    """Put a draft that was thrown away back into the list.

    Raises
    ------
    NotFound
    WrongState
        If it was not thrown away.
    """
    draft = get_draft(session, actor, draft_id)
    if draft.thrown_away_at is None:
        raise WrongState("not_thrown_away", N_("This draft was not thrown away"))
    draft.thrown_away_at = None
    _store(session, actor, draft, now, "checklist.restore")
    return draft


def publish_draft(
    session: Session, actor: Actor, draft_id: int, version: int, now: datetime
) -> ChecklistVersion:
    """Publish a draft under the next number of its code; from now on it never changes.

    Raises
    ------
    NeedsFreshSignIn
        If the password was given too long ago.
    NotFound, EditConflict, WrongState
        As `change_draft`.
    Refused
        Everything that is still wrong or missing, by path of the document; or that nothing was changed
        since the newest version.
    """
    scope_of(actor, Action.PUBLISH_CHECKLIST)
    draft = _open_draft(session, actor, draft_id, version)
    while True:
        published = _next_version(session, draft.document, now)
        if insert_once(session, published):
            break
    stored = session.exec(
        select(ChecklistVersion).where(col(ChecklistVersion.digest) == published.digest)
    ).one()
    draft.published_id = stored.id
    audit.append(session, actor, "checklist.publish", "checklist", stored.id, digest=stored.digest)
    _store(session, actor, draft, now)
    return stored


def _next_version(session: Session, document: Document, now: datetime) -> ChecklistVersion:
    code = str(document.get("code") or "")
    number = next_number(session, code)
    checklist, problems = drafts.read_draft(document, number)
    if problems:
        raise Refused(problems)
    newest = session.exec(
        select(ChecklistVersion).where(
            col(ChecklistVersion.code) == checklist.code, col(ChecklistVersion.version) == number - 1
        )
    ).one_or_none()
    content = checklist.to_document()
    if newest is not None and newest.document | {"version": number} == content:
        message = N_("Nothing is different from version %(version)s, which is published already")
        raise Refused([FieldProblem("", "unchanged", message, {"version": newest.version})])
    return ChecklistVersion(
        code=checklist.code,
        version=number,
        document=content,
        digest=checklist.digest,
        published_at=now,
    )


def _open_draft(session: Session, actor: Actor, draft_id: int, version: int) -> ChecklistDraft:
    draft = get_draft(session, actor, draft_id)
    if draft.published_id is not None:
        raise WrongState("published", N_("This draft is published: edit that version as a new draft"))
    if draft.thrown_away_at is not None:
        raise WrongState("thrown_away", N_("This draft was thrown away: bring it back first"))
    if draft.row_version != version:
        raise EditConflict
    return draft


def _store(
    session: Session, actor: Actor, draft: ChecklistDraft, now: datetime, action: str = "", **details: Any
) -> None:
    draft.changed_at, draft.changed_by = now, actor.user_id
    session.add(draft)
    try:
        session.flush()
        if action:
            audit.append(session, actor, action, "checklist_draft", draft.id, **details)
        session.commit()
    except StaleDataError as error:
        session.rollback()
        raise EditConflict from error
