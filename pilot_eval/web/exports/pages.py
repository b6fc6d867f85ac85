"""Files of a pilot to take away."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, render_template
from flask.typing import ResponseReturnValue

from pilot_eval.domain.errors import NotFound
from pilot_eval.operations import pilots
from pilot_eval.operations.export_jobs import is_large
from pilot_eval.operations.exporting import export, not_installed
from pilot_eval.operations.policy import Action, may
from pilot_eval.reports.files import FORMATS
from pilot_eval.web.exports.own import make_later
from pilot_eval.web.languages import LANGUAGES, language
from pilot_eval.web.messages import said
from pilot_eval.web.sessions import actor, clock, session

area = Blueprint("exports", __name__, url_prefix="/pilots/<slug>/exports")


@area.get("")
def index(slug: str) -> ResponseReturnValue:
    """The files there are."""
    pilot = pilots.get_pilot(session(), actor(), slug, Action.EXPORT_SUMMARY)
    rows_too = may(actor(), Action.EXPORT_ROWS)
    return render_template(
        "exports/index.html",
        pilot=pilot,
        formats=[one for one in FORMATS.values() if rows_too or not one.only_rows],
        not_installed={one.name: said(not_installed(one.extra)) for one in FORMATS.values()},
        all_languages=LANGUAGES,
        title=pilot.title_ru if language() == "ru" else pilot.title_en,
        with_rows=rows_too,
        planner=may(actor(), Action.PLAN_PILOT),
        made_up=pilot.made_up,
    )


@area.post("/<format_name>/<chosen>")
def download(slug: str, format_name: str, chosen: str) -> ResponseReturnValue:
    """One file in one language; taking it is noted, so it is a POST."""
    if chosen not in LANGUAGES:
        raise NotFound
    limit = current_app.extensions["settings"].inline_rows
    if is_large(session(), actor(), slug, format_name, limit):
        return make_later(slug, format_name, chosen)
    file = export(session(), actor(), slug, format_name, chosen, clock())
    answer = Response(file.content, content_type=file.media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=file.name)
    return answer
