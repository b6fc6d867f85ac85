"""A file becomes a pilot in two steps: looked through, then stored."""

from __future__ import annotations

import contextlib
import re
import secrets
import time
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from pilot_eval.domain.errors import BadInput, Problem
from pilot_eval.operations.import_plans import ImportPlan
from pilot_eval.operations.importing import Preview, import_file, preview_file
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.reports.evaluations import Evaluation
from pilot_eval.web.imports.forms import ImportForm
from pilot_eval.web.languages import language
from pilot_eval.web.sessions import actor, session

area = Blueprint("imports", __name__, url_prefix="/pilots/import")

KEPT_SECONDS = 24 * 3600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@area.route("", methods=["GET", "POST"])
def upload() -> ResponseReturnValue:
    """Choose a file, say what its columns mean, and see what an import would do."""
    scope_of(actor(), Action.IMPORT)
    form = ImportForm()
    if not form.is_submitted():
        return render_template("imports/upload.html", form=form, problems=[])
    path, name = _given(form)
    problems: list[Problem] = []
    valid = form.validate()
    if path is None and not form.file.errors:
        form.file.errors = [_("Choose a file; one that was chosen before has to be chosen again")]
    elif path is not None and valid:
        plan = _plan(form)
        if form.confirmed.data == "change":
            return _again(form, path, name, problems, 0, status=200)
        try:
            if form.confirmed.data == "yes":
                return _store(path, name, plan)
            preview = preview_file(session(), actor(), path, plan)
        except BadInput as error:
            session().rollback()
            problems = _problems(form, error)
            return _again(form, path, name, problems, error.total)
        return _preview(form, path, name, preview)
    return _again(form, path, name, problems, len(problems))


def _store(path: Path, name: str, plan: ImportPlan) -> ResponseReturnValue:
    done = import_file(session(), actor(), path, plan, file_name=name)
    _forget(path)
    if done.added:
        flash(_("%(rows)s rows are stored.", rows=done.added), "success")
    else:
        flash(_("This file was imported before; nothing was added."), "success")
    return redirect(url_for("pilots.show", slug=done.pilot.slug))


def _preview(form: ImportForm, path: Path, name: str, preview: Preview) -> ResponseReturnValue:
    form.token.data, form.file_name.data = path.name.partition("-")[2], name
    evaluation: Evaluation = preview.evaluation
    return render_template(
        "imports/preview.html",
        form=form,
        name=name,
        preview=preview,
        report=evaluation.to_text(language()),
        hidden=_hidden(form),
    )


def _hidden(form: ImportForm) -> list[tuple[str, str]]:
    """What was chosen, to be sent again with the confirmation."""
    given = []
    for field in form:
        if field.name in {"file", "confirmed", "csrf_token"} or field.data in (None, False, ""):
            continue
        given.append((field.name, "y" if field.data is True else str(field.data)))
    return given


def _again(
    form: ImportForm, path: Path | None, name: str, problems: list[Problem], total: int, status: int = 422
) -> ResponseReturnValue:
    """The form with what is wrong and with all that was chosen, the file too."""
    form.token.data = path.name.partition("-")[2] if path else ""
    form.file_name.data = name
    page = render_template("imports/upload.html", form=form, problems=problems, total=total, kept=name)
    return page, status


def _problems(form: ImportForm, error: BadInput) -> list[Problem]:
    """Problems of options go to their fields, those of the file are returned."""
    of_file = []
    for problem in error.problems:
        name = str(problem.where).removeprefix("--").replace("-", "_")
        if name in form and name not in {"file", "token"}:
            form[name].errors = [*form[name].errors, problem.what]
        else:
            of_file.append(problem)
    return of_file


def _plan(form: ImportForm) -> ImportPlan:
    given: dict[str, Any] = {
        name: form[name].data for name in form.data if name in ImportPlan.__dataclass_fields__
    }
    given["strata"] = given.get("strata") or None
    given["better"] = given.get("better") or None
    return ImportPlan(**{name: value for name, value in given.items() if value is not None})


# The file between the two steps: kept under a random name that begins with its bearer's key


def _given(form: ImportForm) -> tuple[Path | None, str]:
    """The file just chosen, or the one kept from the step before."""
    file: FileStorage | None = form.file.data
    if file is not None and file.filename:
        return _keep(file), Path(file.filename).name[:255]
    path = _kept(form.token.data or "")
    return path, (form.file_name.data or "")[:255] if path else ""


def _folder() -> Path:
    folder: Path = current_app.extensions["settings"].data / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _keep(file: FileStorage) -> Path:
    _sweep()
    path = _folder() / f"{actor().user_id}-{secrets.token_urlsafe(32)}"
    file.save(path)
    return path


def _kept(token: str) -> Path | None:
    """The kept file of this very person; what the browser sends names nothing else."""
    if not _TOKEN.fullmatch(token):
        return None
    path = _folder() / f"{actor().user_id}-{token}"
    return path if path.is_file() else None


def _forget(path: Path) -> None:
    path.unlink(missing_ok=True)


def _sweep() -> None:
    """Remove what nobody came back for."""
    oldest = time.time() - KEPT_SECONDS
    for path in _folder().iterdir():
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()
