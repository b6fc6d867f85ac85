"""A person's own exports: those that are being made, and those that are ready to take."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from pilot_eval.domain.exports import KEPT, ExportProblem
from pilot_eval.operations import export_jobs
from pilot_eval.reports.files import FORMATS
from pilot_eval.web.background import background
from pilot_eval.web.languages import LANGUAGES, language
from pilot_eval.web.sessions import actor, clock, session

own_exports = Blueprint("own_exports", __name__, url_prefix="/exports")

REFRESH_SECONDS = 5
PROBLEMS = {
    ExportProblem.NOT_ALLOWED: lazy_gettext("You may not have this file any more."),
    ExportProblem.DISK: lazy_gettext("The server could not store the file. Tell an administrator."),
    ExportProblem.BROKEN: lazy_gettext(
        "The fault is ours, not yours, and it has been noted. Ask for it again."
    ),
}


def make_later(slug: str, format_name: str, chosen: str) -> Response:
    """Have a file made in the background, and show where it will be."""
    job = export_jobs.ask(session(), actor(), slug, format_name, chosen, clock())
    background().enqueue(job.id)
    return make_response(redirect(url_for("own_exports.index"), 303))


@own_exports.get("")
def index() -> ResponseReturnValue:
    """What the person asked for, how far it has come, and what is ready."""
    asked = export_jobs.asked_by(session(), actor(), clock())
    page = make_response(
        render_template(
            "exports/own.html",
            asked=asked,
            waiting=any(one.unfinished for one in asked),
            formats=FORMATS,
            all_languages=LANGUAGES,
            problems=PROBLEMS,
            russian=language() == "ru",
            hours=int(KEPT.total_seconds() // 3600),
        )
    )
    if any(one.unfinished for one in asked):
        page.headers["Refresh"] = str(REFRESH_SECONDS)
    return page


@own_exports.post("/<job_id>/file")
def download(job_id: str) -> ResponseReturnValue:
    """The file; taking it is noted, so it is a POST."""
    file = export_jobs.take(session(), actor(), job_id, background().folder, clock())
    answer = Response(file.content, content_type=file.media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=file.name)
    return answer


@own_exports.post("/<job_id>/remove")
def remove(job_id: str) -> ResponseReturnValue:
    """An export of one's own, removed."""
    export_jobs.remove(session(), actor(), job_id, background().folder, clock())
    flash(gettext("The export has been removed."), "success")
    return redirect(url_for("own_exports.index"), 303)
