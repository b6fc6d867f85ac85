"""The parts of a draft on pages of their own: the whole, a section, a question; nothing typed is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pilot_eval.domain.checklists import drafts
from pilot_eval.domain.checklists.drafts import Document
from pilot_eval.domain.errors import EditConflict, NotFound
from pilot_eval.domain.problems import Refused
from pilot_eval.operations import checklist_drafts
from pilot_eval.records.forms import ChecklistDraft
from pilot_eval.web.checklists.forms import (
    DraftForm,
    ItemForm,
    SectionForm,
    SettingsForm,
    earlier_items,
    fill_choices,
    item_data,
    item_form,
)
from pilot_eval.web.checklists.pages import area as area
from pilot_eval.web.checklists.pages import to_do, version_of_form
from pilot_eval.web.checklists.words import field_words
from pilot_eval.web.messages import said
from pilot_eval.web.sessions import actor, clock, session

_TEMPLATES = {"": "settings", "section": "section", "item": "question"}


@area.route("/drafts/<int:draft_id>/settings", methods=["GET", "POST"])
def settings(draft_id: int) -> ResponseReturnValue:
    """Title, score, scenarios and incidents of a draft."""
    return _edit(draft_id, "", "")


@area.route("/drafts/<int:draft_id>/sections/<key>", methods=["GET", "POST"])
def section(draft_id: int, key: str) -> ResponseReturnValue:
    """A section of a draft."""
    return _edit(draft_id, "section", key)


@area.route("/drafts/<int:draft_id>/questions/<key>", methods=["GET", "POST"])
def question(draft_id: int, key: str) -> ResponseReturnValue:
    """A question of a draft."""
    return _edit(draft_id, "item", key)


def _edit(draft_id: int, kind: str, key: str) -> ResponseReturnValue:
    opened = checklist_drafts.get_draft(session(), actor(), draft_id)
    if request.method == "POST":
        return _save(opened, kind, key)
    stored = _stored(opened, kind, key)
    if stored is None:
        raise NotFound
    return _page(opened, kind, key, _form(opened, kind, key, stored))


def _stored(opened: ChecklistDraft, kind: str, key: str) -> Document | None:
    """The part as it is stored; None if it is not there, or of another kind."""
    try:
        found = drafts.node(opened.document, key)
    except KeyError:
        return None
    return found if not key or ("items" in found) == (kind == "section") else None


def _form(opened: ChecklistDraft, kind: str, key: str, stored: Mapping[str, Any]) -> DraftForm:
    """The form of a part, with what was typed or else with what is stored."""
    typed = request.form if request.method == "POST" else None
    if kind == "item":
        form: DraftForm = item_form(str(stored.get("type")))(typed, data=item_data(stored))
        _offer(opened, key, form)
    else:
        form = (SectionForm if kind else SettingsForm)(typed, data=dict(stored))
    return form


def _offer(opened: ChecklistDraft, key: str, form: DraftForm) -> None:
    checklist, _problems = drafts.read_draft(opened.document)
    for section_at, part in enumerate(opened.document["sections"]):  # type: ignore[arg-type, var-annotated]  # JSON
        for item_at, item in enumerate(part["items"]):
            if item["key"] == key and isinstance(form, ItemForm):
                own = checklist.sections[section_at].items[item_at]
                fill_choices(form, own, earlier_items(checklist, section_at, item_at))


def _save(opened: ChecklistDraft, kind: str, key: str) -> ResponseReturnValue:
    version, stored = version_of_form(), _stored(opened, kind, key)
    if stored is None and version == opened.row_version:
        raise NotFound
    form = _form(opened, kind, key, stored or {"type": request.form.get("type", "")})
    fields = form.fields()
    deed, path, place = ([*request.form.get("do", "save").split("|"), "", ""])[:3]
    added: list[str] = []

    def change(document: Document) -> Document:
        return _changed(document, key, fields, (deed, path, place), added)

    try:
        if stored is None:
            raise EditConflict
        checklist_drafts.change_draft(session(), actor(), opened.id or 0, version, change, clock())
    except EditConflict:
        return _conflict(opened.id or 0, kind, key, form, fields)
    except Refused as refused:
        session().rollback()
        form.form_errors.extend(said(finding.sentence) for finding in refused.findings)
        return _page(opened, kind, key, form), 422
    return _onwards(opened, kind, key, deed, path, added, stored)


def _changed(
    document: Document, key: str, fields: Document, deed: tuple[str, str, str], added: list[str]
) -> Document:
    what, path, place = deed
    if what in {"add", "remove", "up", "down"}:
        if not (place.isascii() and place.isdigit()):
            abort(400)
        fields = drafts.rearranged(fields, path, what, int(place))
    document = drafts.changed(document, key, fields)
    if what == "next":
        section_key = next(
            part["key"] for part in document["sections"] if any(item["key"] == key for item in part["items"])
        )
        document, new = drafts.add_item(document, section_key, after=key)
        added.append(new)
    return document


def _onwards(
    opened: ChecklistDraft, kind: str, key: str, deed: str, path: str, added: list[str], before: Document
) -> ResponseReturnValue:
    """After saving: back to the whole, on to the next question, or to where rows were changed."""
    if added:
        flash(_("Saved. Here is the next question."), "success")
        return redirect(url_for(".question", draft_id=opened.id, key=added[0]))
    keys: dict[str, Any] = {"key": key} if key else {}
    endpoint = {"": ".settings", "section": ".section", "item": ".question"}[kind]
    here = url_for(endpoint, draft_id=opened.id, _anchor=path.replace(".", "-") or None, **keys)
    stored = drafts.node(opened.document, key)
    asked = ("type", "shown_if")
    if (
        deed == "show"
        or path
        or (kind == "item" and any(_changed_much(before, stored, name) for name in asked))
    ):
        return redirect(here)
    flash(_("Saved."), "success")
    return redirect(url_for(".draft", draft_id=opened.id, _anchor=key or None))


def _changed_much(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> bool:
    """Whether the page has other fields now: those of another type, or answers of another question."""
    if name == "shown_if":
        return bool((after.get(name) or {}).get("item") != (before.get(name) or {}).get("item")) and bool(
            (after.get(name) or {}).get("item")
        )
    return bool(before.get(name) != after.get(name))


def _conflict(draft_id: int, kind: str, key: str, form: DraftForm, fields: Document) -> ResponseReturnValue:
    """Both versions side by side; what was typed can be saved on top of the other's."""
    session().rollback()
    opened = checklist_drafts.get_draft(session(), actor(), draft_id)
    stored = _stored(opened, kind, key)
    differences = list(_differences(stored or {}, fields))
    return _page(opened, kind, key, form, differences=differences, gone=stored is None), 409


def _differences(stored: Mapping[str, Any], typed: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Name of the field, what is stored now, and what was typed."""
    theirs, mine = dict(_flat(stored)), dict(_flat(typed))
    for path in sorted(
        {*mine, *(path for path in theirs if path.partition(".")[0].partition("[")[0] in typed)}
    ):
        pair = str(theirs.get(path, "")), str(mine.get(path, ""))
        if pair[0] != pair[1] and not {pair[0], pair[1]} <= {"", "False"}:
            yield ", ".join(field_words(path)), *pair


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in {"key", "items", "sections"}:
                yield from _flat(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for row, inner in enumerate(value):
            yield from _flat(inner, f"{path}[{row}]")
    else:
        yield path, value


def _page(
    opened: ChecklistDraft,
    kind: str,
    key: str,
    form: DraftForm,
    *,
    differences: list[tuple[str, str, str]] | None = None,
    gone: bool = False,
) -> str:
    checklist, problems = drafts.read_draft(opened.document)
    todo = [each for each in to_do(opened, problems) if each[0] == key]
    return render_template(
        f"checklists/{_TEMPLATES[kind]}.html",
        draft=opened,
        key=key,
        form=form,
        stored=_stored(opened, kind, key) or {},
        checklist=checklist,
        todo=todo,
        version=opened.row_version,
        differences=differences,
        gone=gone,
    )
