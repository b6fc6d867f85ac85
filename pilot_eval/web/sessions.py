"""One database session a request, and the person who makes the request."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from flask import Flask, Response, current_app, g, has_request_context, request
from flask_login import current_user
from sqlmodel import Session

from pilot_eval.domain.people import Actor
from pilot_eval.records.database import (
    Engine,
    OperationalError,
    ScopedSession,
    reading_only,
    scoped_session_of,
)

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def install(app: Flask, engine: Engine) -> None:
    """Open a session when a request first needs one; roll back what it did not commit."""
    app.extensions["engine"] = engine
    app.extensions["sessions"] = scoped_session_of(engine)

    @app.before_request
    def _choose_transaction() -> None:
        g.reading_only = reading_only.set(request.method in _SAFE_METHODS)

    @app.teardown_appcontext
    def _close(_error: BaseException | None) -> None:
        scoped_session().remove()
        if token := g.pop("reading_only", None):
            reading_only.reset(token)


def scoped_session() -> ScopedSession:
    """The registry that the sign-in library wants."""
    registry: ScopedSession = current_app.extensions["sessions"]
    return registry


def session() -> Session:
    """This request's database session."""
    return scoped_session()()


def only_read() -> None:
    """Drop what this request has begun; from here it reads, and so waits for nobody who writes."""
    session().rollback()
    reading_only.set(True)


def install_notes(app: Flask) -> None:
    """Note, once the answer is made, that the sign-in or the token of this request is in use."""

    @app.after_request
    def _note(response: Response) -> Response:
        if (note := g.pop("note_use", None)) is None:
            return response
        operation, key = note
        session().rollback()
        # Also in a request that reads; what could not be noted is noted another time.
        writes = reading_only.set(False)
        with suppress(OperationalError):
            operation(session(), key, clock())
        session().rollback()
        reading_only.reset(writes)
        return response


def actor() -> Actor:
    """Who makes this request.

    Raises
    ------
    RuntimeError
        If nobody is signed in: the view lacks its `auth_required`.
    """
    if not (has_request_context() and current_user.is_authenticated):
        raise RuntimeError("no one is signed in")
    from pilot_eval.web.sign_in import signed_in_recently

    return Actor(
        name=current_user.email,
        role=current_user.role,
        user_id=current_user.id,
        region_id=current_user.region_id,
        fresh=signed_in_recently(),
    )


def clock() -> datetime:
    """The time of this request; one place, so that a test can set it."""
    now = current_app.config.get("CLOCK")
    return now() if now else datetime.now(UTC)
