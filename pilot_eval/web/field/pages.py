"""An auditor's phone: what waits on it, its notes of times, the worker that opens pages without a signal."""

from __future__ import annotations

import json

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from pilot_eval.assets import folder
from pilot_eval.domain.errors import Problem
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.web import phone
from pilot_eval.web.field import files, words
from pilot_eval.web.payloads import Unreadable
from pilot_eval.web.photographs import PhotoForm, photo_texts
from pilot_eval.web.sessions import actor

field = Blueprint("field", __name__)


@field.get("/service-worker.js")
def service_worker() -> ResponseReturnValue:
    """The worker, with the list of what it keeps; its text changes whenever any of that does."""
    given = {
        "version": phone.version(),
        "assets": phone.assets(),
        "home": url_for("shell.home"),
        "list": url_for("visits.assignments"),
        "codes": url_for("codes.at", code="-").removesuffix("-"),
        "fallback": url_for("field.offline"),
    }
    script = (folder("static") / "js" / "field" / "service-worker.js").read_text(encoding="utf-8")
    answer = Response(f"const FIELD = {json.dumps(given)};\n{script}", mimetype="text/javascript")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@field.get("/outbox")
def queue() -> ResponseReturnValue:
    """What is on this phone: records that wait, forms begun, receipts. The phone fills it in."""
    return _page("queue", queue_texts=words.queue_texts())


@field.get("/outbox/saved")
def saved() -> ResponseReturnValue:
    """One record that was saved on this phone, until its receipt comes."""
    return _page("saved", saved_texts=words.saved_texts(), form=PhotoForm(), photo_texts=photo_texts())


@field.get("/outbox/leaving")
def leaving() -> ResponseReturnValue:
    """Before signing out: what has not been sent."""
    return _page("leaving")


@field.get("/outbox/offline")
def offline() -> ResponseReturnValue:
    """Shown by the phone in place of a page that it could not get."""
    return _page("offline")


@field.route("/outbox/file", methods=["GET", "POST"])
def hand_in() -> ResponseReturnValue:
    """Hand in the file of a phone that could not send: each record is stored once, whichever way it comes."""
    scope_of(actor(), Action.RECORD)
    if request.method == "GET":
        return render_template("field/hand_in.html", results=None)
    file = request.files.get("file")
    try:
        records = files.read_file(file.read() if file else b"")
    except Unreadable as unreadable:
        problems = [Problem("file", unreadable.message)]
        return render_template("field/hand_in.html", results=None, problems=problems), 422
    return render_template("field/hand_in.html", results=[files.store(record) for record in records])


@field.get("/notes")
def notes() -> ResponseReturnValue:
    """Pocket mode: the times of a visit by one tap each, on a page that looks like nothing in particular."""
    return _page("notes", notes_texts=words.notes_texts())


def _page(name: str, **given: object) -> str:
    scope_of(actor(), Action.RECORD)
    return render_template(f"field/{name}.html", **given)
