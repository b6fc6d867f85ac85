"""Checklists as files: published ones go out, and a file becomes a draft."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from pilot_eval.domain.checklists import drafts, parse
from pilot_eval.domain.documents import MAX_DOCUMENT_BYTES, read_yaml, write_yaml
from pilot_eval.domain.errors import BadInput, Message, Problem
from pilot_eval.domain.people import Actor
from pilot_eval.engines.xlsforms import Note, read_xlsform, xlsform_bytes
from pilot_eval.operations.checklist_drafts import begin_draft
from pilot_eval.operations.checklist_versions import PublishedChecklist
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.records.forms import ChecklistDraft

FILE_KINDS = ("yml", "xlsx")
MOST_BYTES = 5_000_000


def checklist_file(published: PublishedChecklist, kind: str) -> tuple[str, bytes]:
    """Name and content of a published checklist as a file of one of `FILE_KINDS`."""
    checklist = published.checklist
    name = f"{checklist.code}-{checklist.version}.{kind}"
    if kind == "xlsx":
        return name, xlsform_bytes(checklist)
    return name, write_yaml(checklist.to_document()).encode()


def import_checklist(
    session: Session, actor: Actor, name: str, content: bytes, now: datetime
) -> tuple[ChecklistDraft, tuple[Note, ...]]:
    """Begin a draft with the content of a file; what it could not take over is told.

    Parameters
    ----------
    name : str
        Of the file; its ending tells YAML from XLSForm.

    Raises
    ------
    BadInput
        If it is neither, or has faults: every one is named.
    """
    scope_of(actor, Action.EDIT_CHECKLISTS)
    if len(content) > MOST_BYTES:
        raise BadInput([Problem("", Message("is larger than %(most)s bytes", most=MOST_BYTES))])
    if name.lower().endswith((".yml", ".yaml")):
        document = drafts.draft_of(parse(read_yaml(_text(content))).to_document())
        notes: tuple[Note, ...] = ()
    elif name.lower().endswith((".xlsx", ".xls")):
        imported = read_xlsform(content)
        document, notes = drafts.draft_of(imported.document), imported.notes
    else:
        message = Message("should be a YAML file (.yml) or an XLSForm workbook (.xlsx or .xls)")
        raise BadInput([Problem("", message)])
    return begin_draft(session, actor, document, now), notes


def _text(content: bytes) -> str:
    try:
        return content[: MAX_DOCUMENT_BYTES + 1].decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput([Problem("", Message("is not text in UTF-8"))]) from None
