"""API tokens at the door: a program that shows one acts as its person, within the API and nowhere else.

Where a token is shown the cookie counts for nothing, and so a request needs no form token: no page of
another site can make a browser show a token.
"""

from __future__ import annotations

from flask import Flask, g, request
from flask_login import AnonymousUserMixin

from pilot_eval.domain.people import TokenScope
from pilot_eval.operations import signing_in, tokens
from pilot_eval.web.sessions import clock, session

API = "api"  # the blueprint


def install(app: Flask) -> None:
    """Look for a token before anything asks who is signed in."""
    app.before_request(_read_token)


def shown() -> bool:
    """Whether this request shows a token, good or bad."""
    return "token_scopes" in g


def reaches(scope: TokenScope | None) -> bool:
    """Whether the token of this request has a scope; what no scope opens is closed to every token."""
    return scope is not None and scope in g.token_scopes


def _read_token() -> None:
    if request.blueprint != API or "Authorization" not in request.headers:
        return
    g.token_scopes = frozenset()
    # Where the sign-in library keeps the person of this request.
    g._login_user = AnonymousUserMixin()
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        return
    found = tokens.person_of(session(), given.token, clock())
    if found is not None:
        g._login_user, token = found
        g.token_scopes = frozenset(token.scopes)
        if signing_in.seen_long_ago(token.last_used_at, clock()):
            g.note_use = (tokens.note_used, token.id)
