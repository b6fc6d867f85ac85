"""Errors as pages: what happened and what to do, never a trace."""

from __future__ import annotations

from flask import Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from pilot_eval.domain.errors import NeedsFreshSignIn, NotAllowed, NotFound, WrongState
from pilot_eval.records.database import OperationalError


def install(app: Flask) -> None:
    """One handler for each kind of error that people meet."""
    app.register_error_handler(NotAllowed, lambda _error: _page(403))
    app.register_error_handler(NotFound, lambda _error: _page(404))
    app.register_error_handler(WrongState, _wrong_state)
    app.register_error_handler(NeedsFreshSignIn, _confirm_password)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database_busy)
    app.register_error_handler(500, lambda _error: _page(500))


def _page(status: int, sentence: str = "") -> ResponseReturnValue:
    return render_template("errors/error.html", status=status, sentence=sentence), status


def _wrong_state(error: WrongState) -> ResponseReturnValue:
    return _page(409, gettext(str(error)))


def _confirm_password(_error: NeedsFreshSignIn) -> ResponseReturnValue:
    back = request.full_path.rstrip("?") if request.method == "GET" else request.referrer or "/"
    return redirect(url_for("security.verify", next=back))


def _stale_form(_error: CSRFError) -> ResponseReturnValue:
    return _page(400, gettext("This form has grown old. Go back, reload the page and send it again."))


def _http(error: HTTPException) -> ResponseReturnValue:
    # Redirects and answers that were made on purpose pass.
    if error.code is None or error.code < 400 or error.response is not None:
        return error
    return _page(error.code)


def _database_busy(_error: OperationalError) -> ResponseReturnValue:
    body, status = render_template("errors/error.html", status=503, sentence=""), 503
    return body, status, {"Retry-After": "5"}
