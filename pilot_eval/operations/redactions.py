"""Personal data are taken out of a visit: out of what it says now and out of everything kept beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from pilot_eval.domain.documents import CODE
from pilot_eval.domain.errors import BadInput, EditConflict, NotFound, Problem
from pilot_eval.domain.people import Actor
from pilot_eval.domain.personal_data import without
from pilot_eval.domain.problems import N_
from pilot_eval.domain.reviews import RevisionKind
from pilot_eval.operations.corrections import CONTENT, held_visit, supersede
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.operations.submissions import one_transaction
from pilot_eval.operations.visit_facts import kept_beside, suspects_in
from pilot_eval.records import audit
from pilot_eval.records.reviews import remarks_on, revisions_of, rulings_on
from pilot_eval.records.visits import Visit

SHORTEST, LONGEST = 2, 200  # characters of a passage
REASON: Final = "redaction"

Removing = Callable[[str], str]


def suspected_passages(session: Session, actor: Actor, visit_id: UUID) -> tuple[str, ...]:
    """Passages anywhere in a visit that may be personal data, each once.

    Raises
    ------
    NotAllowed, NotFound
    """
    scope_of(actor, Action.REVIEW)
    visit = session.get(Visit, visit_id)
    if visit is None:
        raise NotFound
    documents = [visit.document, *(one.document for one in revisions_of(session, visit_id))]
    documents += [one.document for one in kept_beside(session, visit)]
    found = [those for document in documents for those in suspects_in(document).values()]
    said = [{"header": {"narrative": text}} for text in _words_beside(session, visit_id)]
    found += [those for document in said for those in suspects_in(document).values()]
    return tuple(dict.fromkeys(suspect.text for those in found for suspect in those))


def _words_beside(session: Session, visit_id: UUID) -> list[str]:
    words = [text for one in remarks_on(session, visit_id) for text in (one.text, one.answer)]
    for ruling in rulings_on(session, visit_id):
        words += [ruling.reason, *map(str, ruling.items.values())]
    return words + [one.reason for one in revisions_of(session, visit_id)]


def redact_visit(
    session: Session, actor: Actor, visit_id: UUID, passages: Sequence[str], now: datetime, *, version: int
) -> Visit:
    """Take passages out of all words of a visit, with its audit event, and commit.

    No answer and no number changes, and the state stays as it is, so that it is allowed in a locked wave too.
    What the visit says becomes a new revision; the passages are removed from the superseded ones as well,
    from versions kept beside it, and from everything that was said of it.

    Parameters
    ----------
    passages : sequence of str
        As they stand in the text.
    version : int
        The `row_version` that was looked at.

    Raises
    ------
    NotAllowed, NotFound
    EditConflict
        If somebody else changed the visit in the meantime.
    BadInput
        If no passage was given, or none of them stands anywhere.
    """
    scope_of(actor, Action.REVIEW)
    chosen = tuple(dict.fromkeys(passage.strip() for passage in passages if passage.strip()))
    if not chosen or any(not SHORTEST <= len(passage) <= LONGEST for passage in chosen):
        raise BadInput([Problem("other", N_("Choose or write what is to be taken out, 2 to 200 characters"))])
    with one_transaction(session):
        visit = held_visit(session, visit_id)
        if visit.row_version != version:
            raise EditConflict

        def removing(text: str) -> str:
            return without(text, chosen)

        document = redacted(visit.document, removing)
        changed = document != visit.document
        if changed:
            content = {name: getattr(visit, name) for name in CONTENT} | {"document": document}
            supersede(session, actor, visit, content, RevisionKind.REDACTION, REASON, now)
            session.flush()
        places = changed + _redact_beside(session, visit, removing)
        if not places:
            raise BadInput([Problem("other", N_("This stands nowhere in the visit"))])
        session.flush()
        details = {"revision": visit.revision, "places": places}
        audit.append(session, actor, "visit.redact", "visit", visit.id, **details)
    return visit


def _redact_beside(session: Session, visit: Visit, removing: Removing) -> int:
    """Remove passages from all that is kept beside a visit; in how many rows they stood."""
    rows: list[Any] = [*revisions_of(session, visit.id), *rulings_on(session, visit.id)]
    rows += [*kept_beside(session, visit), *remarks_on(session, visit.id)]
    changed = 0
    for row in rows:
        before = row.model_dump()
        if "document" in before:
            row.document = redacted(before["document"], removing)
        if "items" in before:
            row.items = {code: removing(str(why)) for code, why in before["items"].items()}
        for name in {"reason", "text", "answer"} & before.keys():
            setattr(row, name, removing(before[name]))
        changed += row.model_dump() != before
        session.add(row)
    return changed


def redacted(document: Mapping[str, Any], removing: Removing) -> dict[str, Any]:
    """A visit's document with passages removed from its free texts; answers that are codes stay."""
    parts: dict[str, Callable[[str, Any], Any]] = {
        "header": lambda name, value: removing(value) if name == "narrative" else value,
        "answers": lambda _code, answer: removing(answer) if _is_text(answer) else answer,
        "comments": lambda _code, text: removing(text),
    }
    return dict(document) | {
        part: {name: change(name, value) for name, value in document[part].items()}
        for part, change in parts.items()
        if part in document
    }


def _is_text(answer: object) -> bool:
    return isinstance(answer, str) and not CODE.fullmatch(answer)
