"""Checklists: which there are, their published versions, and a draft as a whole."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pilot_eval.domain.checklists import default_checklist, drafts
from pilot_eval.domain.checklists.drafts import Document
from pilot_eval.domain.errors import EditConflict
from pilot_eval.domain.problems import FieldProblem, Refused
from pilot_eval.operations import checklist_drafts, checklist_versions
from pilot_eval.operations.checklist_versions import next_number
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.records.forms import ChecklistDraft
from pilot_eval.web.checklists.words import KNOCKOUTS, LEVERS, TOPICS, TYPES, anchor, place_words
from pilot_eval.web.messages import said
from pilot_eval.web.sessions import actor, clock, session

area = Blueprint("checklists", __name__, url_prefix="/checklists")

NAMES = {"types": TYPES, "levers": LEVERS, "topics": TOPICS, "knockouts": KNOCKOUTS}


@area.get("")
def index() -> ResponseReturnValue:
    """Checklists with their versions, and the drafts that are written at."""
    published = checklist_versions.list_published(session(), actor())
    opened = [
        (draft, *drafts.read_draft(draft.document))
        for draft in checklist_drafts.list_open(session(), actor())
    ]
    return render_template(
        "checklists/index.html",
        published=published,
        opened=opened,
        thrown_away=_thrown_away(),
    )


def _thrown_away() -> ChecklistDraft | None:
    """The draft that was just thrown away and can be brought back."""
    given = request.args.get("thrown_away", "")
    if not (given.isascii() and given.isdigit()):
        return None
    draft = session().get(ChecklistDraft, int(given[:9]))
    return draft if draft is not None and draft.thrown_away_at is not None else None


@area.post("/drafts")
def begin() -> ResponseReturnValue:
    """Begin a draft: an empty one, or one with the checklist of the product."""
    scope_of(actor(), Action.EDIT_CHECKLISTS)
    if request.form.get("from") == "product":
        document = drafts.draft_of(default_checklist().to_document())
    else:
        document = drafts.blank_draft()
    draft = checklist_drafts.begin_draft(session(), actor(), document, clock())
    return redirect(url_for(".draft", draft_id=draft.id))


# Published versions -----------------------------------------------------------------------------------------


@area.get("/versions/<int:version_id>")
def version(version_id: int) -> ResponseReturnValue:
    """A published version: what it asks and who uses it."""
    published = checklist_versions.get_published(session(), actor(), version_id)
    return render_template(
        "checklists/version.html", published=published, checklist=published.checklist, **NAMES
    )


@area.post("/versions/<int:version_id>/edit")
def edit(version_id: int) -> ResponseReturnValue:
    """Begin a draft with the content of a published version."""
    draft = checklist_drafts.edit_version(session(), actor(), version_id, clock())
    return redirect(url_for(".draft", draft_id=draft.id))


@area.post("/versions/<int:version_id>/retire")
def retire(version_id: int) -> ResponseReturnValue:
    """Offer a version to no new pilot."""
    checklist_versions.retire(session(), actor(), version_id, clock())
    flash(_("The version is retired: no new pilot can take it. Pilots that have it go on."), "success")
    return redirect(url_for(".version", version_id=version_id))


@area.post("/versions/<int:version_id>/reinstate")
def reinstate(version_id: int) -> ResponseReturnValue:
    """Offer a retired version again."""
    checklist_versions.reinstate(session(), actor(), version_id)
    flash(_("The version is in use again."), "success")
    return redirect(url_for(".version", version_id=version_id))


# A draft ----------------------------------------------------------------------------------------------------


@area.route("/drafts/<int:draft_id>", methods=["GET", "POST"])
def draft(draft_id: int) -> ResponseReturnValue:
    """A draft as a whole: its sections and questions in order, and what is still wrong with it."""
    opened = checklist_drafts.get_draft(session(), actor(), draft_id)
    if request.method == "GET":
        return draft_page(opened)
    deed, _sign, key = request.form.get("do", "").partition("|")
    added: list[str] = []

    def change(document: Document) -> Document:
        return _rearranged(document, deed, key, added)

    try:
        checklist_drafts.change_draft(session(), actor(), draft_id, version_of_form(), change, clock())
    except EditConflict:
        return _conflict_page(draft_id)
    except Refused as refused:
        session().rollback()
        return draft_page(opened, refused=refused.findings), 422
    if added:
        endpoint = ".section" if deed == "add-section" else ".question"
        return redirect(url_for(endpoint, draft_id=draft_id, key=added[0]))
    if deed == "remove":
        flash(_("Removed. You can undo it."), "success")
    return redirect(url_for(".draft", draft_id=draft_id, _anchor=None if deed == "remove" else key))


def _rearranged(document: Document, deed: str, key: str, added: list[str]) -> Document:
    if deed == "add-section":
        document, new = drafts.add_section(document)
        added.append(new)
    elif deed == "add-question":
        document, new = drafts.add_item(document, key)
        added.append(new)
    elif deed in {"up", "down"}:
        document = drafts.moved(document, key, -1 if deed == "up" else 1)
    elif deed == "remove":
        document = drafts.removed(document, key)
    else:
        abort(400)
    return document


@area.post("/drafts/<int:draft_id>/undo")
def undo(draft_id: int) -> ResponseReturnValue:
    """Take the last change back."""
    checklist_drafts.get_draft(session(), actor(), draft_id)
    try:
        checklist_drafts.undo(session(), actor(), draft_id, version_of_form(), clock())
    except EditConflict:
        return _conflict_page(draft_id)
    flash(_("The last change is undone."), "success")
    return redirect(url_for(".draft", draft_id=draft_id))


@area.post("/drafts/<int:draft_id>/discard")
def discard(draft_id: int) -> ResponseReturnValue:
    """Take a draft out of the list; it can be brought back."""
    checklist_drafts.get_draft(session(), actor(), draft_id)
    try:
        checklist_drafts.throw_away(session(), actor(), draft_id, version_of_form(), clock())
    except EditConflict:
        return _conflict_page(draft_id)
    return redirect(url_for(".index", thrown_away=draft_id))


@area.post("/drafts/<int:draft_id>/restore")
def restore(draft_id: int) -> ResponseReturnValue:
    """Put a draft that was thrown away back into the list."""
    checklist_drafts.bring_back(session(), actor(), draft_id, clock())
    flash(_("The draft is back."), "success")
    return redirect(url_for(".draft", draft_id=draft_id))


@area.post("/drafts/<int:draft_id>/publish")
def publish(draft_id: int) -> ResponseReturnValue:
    """Publish a draft under its next number."""
    scope_of(actor(), Action.PUBLISH_CHECKLIST)
    opened = checklist_drafts.get_draft(session(), actor(), draft_id)
    if opened.published_id is not None:
        # A double tap: it is done already.
        return redirect(url_for(".version", version_id=opened.published_id))
    try:
        stored = checklist_drafts.publish_draft(session(), actor(), draft_id, version_of_form(), clock())
    except EditConflict:
        return _conflict_page(draft_id)
    except Refused as refused:
        session().rollback()
        own = [finding for finding in refused.findings if finding.code == "unchanged"]
        return draft_page(opened, refused=own), 422
    flash(
        _(
            "Version %(version)s is published. It never changes; new pilots can take it.",
            version=stored.version,
        ),
        "success",
    )
    return redirect(url_for(".version", version_id=stored.id))


def version_of_form() -> int:
    """The draft's version that the page was made of."""
    given = request.form.get("version", "")
    if not (given.isascii() and given.isdigit()):
        abort(400)
    return int(given[:9])


def draft_page(
    opened: ChecklistDraft,
    *,
    refused: list[FieldProblem] | tuple[FieldProblem, ...] = (),
    conflict: bool = False,
) -> str:
    """The page of a draft as a whole."""
    checklist, problems = drafts.read_draft(opened.document)
    return render_template(
        "checklists/draft.html",
        draft=opened,
        document=opened.document,
        checklist=checklist,
        problems=[],
        refused=[said(finding.sentence) for finding in refused],
        conflict=conflict,
        todo=to_do(opened, problems),
        number=next_number(session(), checklist.code),
        **NAMES,
    )


def to_do(opened: ChecklistDraft, problems: list[FieldProblem]) -> list[tuple[str, str, str]]:
    """What is still wrong: key of its section or question, a sentence with the place, and the link there."""
    found = []
    for problem in problems:
        spot = drafts.spot(opened.document, problem.field)
        endpoint = {"checklist": ".settings", "section": ".section", "item": ".question"}[spot.kind]
        inside = spot.field not in {"sections", "items"}
        if not inside:
            endpoint = ".draft"
        keys: dict[str, Any] = {"key": spot.key} if spot.key and inside else {}
        address = url_for(
            endpoint, draft_id=opened.id, **keys, _anchor=anchor(spot.field) if inside else spot.key
        )
        words = place_words(spot)
        sentence = said(problem.sentence)
        found.append((spot.key, f"{words}: {sentence}" if words else sentence, address))
    return found


def _conflict_page(draft_id: int) -> ResponseReturnValue:
    session().rollback()
    opened = checklist_drafts.get_draft(session(), actor(), draft_id)
    return draft_page(opened, conflict=True), 409
