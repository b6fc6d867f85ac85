"""Checklists as files: published ones are taken out, and a file is brought in as a draft."""

from __future__ import annotations

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pilot_eval.domain.errors import BadInput
from pilot_eval.operations import checklist_files, checklist_versions
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.web.checklists.forms import ImportForm
from pilot_eval.web.checklists.parts import area as area
from pilot_eval.web.sessions import actor, clock, session

TYPES = {
    "yml": "application/yaml; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@area.get("/versions/<int:version_id>/file.<kind>")
def download(version_id: int, kind: str) -> ResponseReturnValue:
    """A published version as YAML or XLSForm."""
    published = checklist_versions.get_published(session(), actor(), version_id)
    if kind not in checklist_files.FILE_KINDS:
        abort(404)
    name, content = checklist_files.checklist_file(published, kind)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype=TYPES[kind], headers=headers)


@area.route("/import", methods=["GET", "POST"])
def upload() -> ResponseReturnValue:
    """Bring a checklist in from a file."""
    scope_of(actor(), Action.EDIT_CHECKLISTS)
    form = ImportForm()
    if request.method == "GET":
        return render_template("checklists/upload.html", form=form, problems=[])
    file = request.files.get("file")
    if file is None or not file.filename:
        form.file.errors = [_("Choose a file")]
        return render_template("checklists/upload.html", form=form, problems=[]), 422
    try:
        draft, notes = checklist_files.import_checklist(
            session(), actor(), file.filename, file.read(checklist_files.MOST_BYTES + 1), clock()
        )
    except BadInput as refused:
        session().rollback()
        page = render_template(
            "checklists/upload.html", form=form, problems=refused.problems, name=file.filename
        )
        return page, 422
    if notes:
        return render_template("checklists/imported.html", draft=draft, notes=notes, name=file.filename)
    flash(_("The file is a draft now."), "success")
    return redirect(url_for(".draft", draft_id=draft.id))
