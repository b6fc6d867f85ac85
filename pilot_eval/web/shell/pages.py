"""The front door: start page, language, health."""

from __future__ import annotations

from flask import Blueprint, current_app, jsonify, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import refresh
from flask_login import current_user

from pilot_eval.domain.errors import DatabaseProblem
from pilot_eval.operations import people
from pilot_eval.records import database
from pilot_eval.web.languages import LANGUAGES
from pilot_eval.web.local_paths import local_path
from pilot_eval.web.sessions import actor, session
from pilot_eval.web.shell.navigation import start_page

shell = Blueprint("shell", __name__)


@shell.get("/")
def home() -> ResponseReturnValue:
    """To where the person's work begins."""
    return redirect(start_page())


@shell.post("/language")
def choose_language() -> ResponseReturnValue:
    """Keep the reader's language: with the person, or in a visitor's cookie."""
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        cookie["language"] = chosen
        if current_user.is_authenticated:
            people.choose_language(session(), actor(), chosen)
        refresh()
    return redirect(local_path(request.form.get("next")) or url_for("shell.home"), 303)


@shell.get("/health")
def health() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="ok")


@shell.get("/ready")
def ready() -> ResponseReturnValue:
    """The database is reachable and of this version."""
    try:
        database.check(current_app.extensions["engine"])
    except DatabaseProblem:
        return jsonify(status="the database cannot be used"), 503, {"Retry-After": "5"}
    return jsonify(status="ready")


@shell.get("/favicon.ico")
def favicon() -> ResponseReturnValue:
    """For browsers that ask by habit."""
    return current_app.send_static_file("img/favicon.svg")
