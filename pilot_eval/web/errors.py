"""Errors as pages: what happened and what to do, never a trace."""

from __future__ import annotations

from flask import Flask, Response, g, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_login import AnonymousUserMixin, current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError

from pilot_eval.domain.errors import EditConflict, NeedsFreshSignIn, NotAllowed, NotFound, WrongState
from pilot_eval.records.database import OperationalError
from pilot_eval.web import resume, sign_in
from pilot_eval.web.local_paths import here
from pilot_eval.web.messages import said
from pilot_eval.web.sessions import only_read

# What happened, and what to do about it.
PAGES = {
    400: (
        lazy_gettext("This request cannot be read"),
        lazy_gettext("Go back, reload the page and try again."),
    ),
    401: (lazy_gettext("Sign in first"), lazy_gettext("Nobody is signed in here, or the sign-in has ended.")),
    403: (
        lazy_gettext("You cannot open this page"),
        lazy_gettext("Your role does not include this page. An administrator can change roles."),
    ),
    404: (
        lazy_gettext("Page not found"),
        lazy_gettext("It does not exist, or it is not yours to see. Check the address."),
    ),
    405: (lazy_gettext("This cannot be done at this address"), lazy_gettext("Go back and try again.")),
    409: (
        lazy_gettext("This cannot be done now"),
        lazy_gettext("Somebody or something has changed it in the meantime. Go back and look again."),
    ),
    413: (
        lazy_gettext("This is too large"),
        lazy_gettext("A form with its files may hold at most 16 MB. Send less at a time."),
    ),
    429: (lazy_gettext("Too many tries"), lazy_gettext("Wait a few minutes and try again.")),
    500: (
        lazy_gettext("Something went wrong here"),
        lazy_gettext("It is our fault, not yours, and it has been noted. Nothing was half-saved. Try again."),
    ),
    503: (
        lazy_gettext("Busy for a moment"),
        lazy_gettext(
            "The database did not answer in time. Nothing was half-saved. Try again in a few seconds."
        ),
    ),
}

# The same for programs; what is not here is told by its number.
CODES = {
    400: "unreadable",
    401: "signed_out",
    403: "forbidden",
    404: "not_found",
    405: "wrong_method",
    409: "wrong_state",
    413: "too_large",
    429: "too_many",
    500: "failed",
    503: "busy",
}


def install(app: Flask) -> None:
    """One handler for each kind of error that people meet."""
    app.register_error_handler(NotAllowed, lambda _error: error_page(403))
    app.register_error_handler(NotFound, lambda _error: error_page(404))
    app.register_error_handler(WrongState, lambda error: error_page(409, said(error.message)))
    app.register_error_handler(EditConflict, lambda _error: error_page(409))
    app.register_error_handler(NeedsFreshSignIn, _confirm_password)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database_busy)
    app.register_error_handler(500, lambda _error: _failed(500))


def error_page(status: int, sentence: str = "") -> Response:
    """A page that says what happened, or the same for a program.

    Parameters
    ----------
    status : int
        The HTTP status.
    sentence : str
        In the reader's language; the status's own sentence unless given.
    """
    heading, usual = PAGES.get(status, PAGES[400])
    if sign_in.wants_json():
        return refusal(status, CODES.get(status, str(status)), sentence or str(heading))
    page = render_template("errors/error.html", status=status, heading=heading, sentence=sentence or usual)
    return make_response(page, status)


def refusal(status: int, code: str, message: str, **more: object) -> Response:
    """What a program is told: a word for it, a sentence for its user, and which record this was about."""
    record_id = (request.view_args or {}).get("record_id")
    about = {} if record_id is None else {"uuid": str(record_id)}
    return make_response(jsonify(code=code, message=message, **about, **more), status)


def _confirm_password(_error: NeedsFreshSignIn) -> ResponseReturnValue:
    if sign_in.wants_json():
        return refusal(401, "confirm_password", gettext("Enter your password"))
    if request.method == "GET":
        return redirect(url_for("security.verify", next=here()))
    resume.carry()
    return sign_in.confirm_password_page(), 401


def _stale_form(_error: CSRFError) -> ResponseReturnValue:
    if sign_in.wants_json():
        message = gettext("The page has grown old: its token is no longer valid. Fetch a fresh one.")
        return refusal(400, "stale_token", message)
    if request.endpoint == "security.login":
        return sign_in.sign_in_page(), 400
    return resume.give_back() or error_page(400)


def _http(error: HTTPException) -> ResponseReturnValue:
    # Redirects and answers that were made on purpose pass.
    if error.code is None or error.code < 400 or error.response is not None:
        return error
    if isinstance(error, SecurityError):
        # A host that is not ours: no address of a page can be made.
        return Response("This site is not served under that name.\n", 400, mimetype="text/plain")
    return error_page(error.code)


def _database_busy(_error: OperationalError) -> ResponseReturnValue:
    response = _failed(503)
    response.headers["Retry-After"] = "5"
    return response


def _failed(status: int) -> Response:
    """A page that can be made without a database, and that gives back what was posted."""
    try:
        only_read()
        _person = current_user.is_authenticated and current_user.id
    except OperationalError:
        # Where the sign-in library keeps the person of this request.
        g._login_user = AnonymousUserMixin()
    resume.carry()
    return error_page(status)
