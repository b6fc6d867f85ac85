"""Help: a page for each role and for what everyone reads, in both languages, open to all."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from pilot_eval.web.languages import language

help_area = Blueprint("help", __name__, url_prefix="/help")

# Each has a text of its own in every language: templates/help/<language>/<page>.html
INDEX = "index"
PAGES = {
    "auditor": lazy_gettext("Record visits and timings"),
    "manager": lazy_gettext("Compare the branches of a region"),
    "head-office": lazy_gettext("Run a pilot"),
    "checklists": lazy_gettext("Write a checklist"),
    "administrator": lazy_gettext("People and upkeep"),
    "story": lazy_gettext("The demonstration, told"),
    "reading-results": lazy_gettext("Read the results"),
    "words": lazy_gettext("The words of results"),
    "files": lazy_gettext("Files that can be imported"),
    "designs": lazy_gettext("Choose an analysis, plan a pilot"),
    "api": lazy_gettext("Programs: the API"),
    "command-line": lazy_gettext("The command line"),
}


@help_area.get("")
def index() -> ResponseReturnValue:
    """What there is help for."""
    return _text(INDEX, lazy_gettext("Help"))


@help_area.get("/<page>")
def show(page: str) -> ResponseReturnValue:
    """One page of help."""
    if page not in PAGES:
        abort(404)
    return _text(page, PAGES[page])


def _text(page: str, heading: object) -> str:
    return render_template(f"help/{language()}/{page}.html", page=page, heading=heading, pages=PAGES)
