"""Signing in and out, by Flask-Security; what a person may do is the policy's matter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, request
from flask import session as cookie
from flask.sessions import SecureCookieSessionInterface
from flask_security import Security, SQLAlchemySessionUserDatastore, hash_password
from flask_security.mail_util import MailUtil
from flask_wtf import CSRFProtect

from pilot_eval.operations.people import SHORTEST_PASSWORD
from pilot_eval.records.people import RoleRecord, User
from pilot_eval.web.sessions import clock, scoped_session

FRESH = timedelta(minutes=15)


class SignInNames(MailUtil):
    """A sign-in name need not be an e-mail address."""

    def normalize(self, email: str) -> str:
        return email.strip().lower()

    def validate(self, email: str) -> str:
        return self.normalize(email)


class Cookies(SecureCookieSessionInterface):
    """A `__Host-` cookie over HTTPS; a plain one on this very machine only."""

    def get_cookie_name(self, app: Flask) -> str:
        return "__Host-pilot_eval" if request.is_secure else "pilot_eval"

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


def install(app: Flask) -> None:
    """Wire the sign-in library to our people and protect every form."""
    app.session_interface = Cookies()
    app.config.update(
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        # argon2 salts by itself; a second hash keyed by a secret would tie every password to that secret.
        SECURITY_PASSWORD_SINGLE_HASH=["argon2"],
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of the algorithm
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_PASSWORD_LENGTH_MIN=SHORTEST_PASSWORD,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_DATETIME_FACTORY=lambda: datetime.now(UTC),
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_LOGIN_URL="/sign-in",
        SECURITY_LOGOUT_URL="/sign-out",
        SECURITY_VERIFY_URL="/confirm-password",
        SECURITY_FRESHNESS=FRESH,
        SECURITY_FRESHNESS_GRACE_PERIOD=timedelta(0),
        SECURITY_SEND_REGISTER_EMAIL=False,
        SECURITY_CHANGEABLE=True,
        SECURITY_CHANGE_URL="/account/password",
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
        SECURITY_POST_LOGIN_VIEW="/",
        SECURITY_POST_LOGOUT_VIEW="/sign-in",
    )
    # Every POST is checked; see the sign-in library's own switches before touching WTF_CSRF_*.
    CSRFProtect(app)
    with app.app_context():
        people = SQLAlchemySessionUserDatastore(scoped_session(), User, RoleRecord)
    Security(app, people, mail_util_cls=SignInNames)


def password_hash(password: str) -> str:
    """The hash to store."""
    return str(hash_password(password))


def signed_in_recently() -> bool:
    """Whether the password was given within the last minutes."""
    given: Any = cookie.get("fs_paa")
    return given is not None and clock().timestamp() - float(given) < FRESH.total_seconds()
