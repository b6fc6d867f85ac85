"""Signing in and out, by Flask-Security; what a person may do is the policy's matter.

Every page asks for a sign-in unless its endpoint is in `PUBLIC`. A sign-in is a row whose id lies in the
browser's cookie: when the row ends, every copy of the cookie is nobody's.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import (
    Flask,
    Request,
    Response,
    abort,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask import session as cookie
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext, ngettext
from flask_login import current_user, user_logged_out
from flask_security import (
    Security,
    SQLAlchemySessionUserDatastore,
    hash_password,
    password_changed,
    user_authenticated,
)
from flask_security.forms import ChangePasswordForm, LoginForm, VerifyForm
from flask_security.mail_util import MailUtil
from flask_security.utils import set_request_attr
from flask_wtf import CSRFProtect
from itsdangerous import BadSignature, SignatureExpired
from wtforms import StringField

from pilot_eval.domain.errors import NotFound
from pilot_eval.operations import signing_in
from pilot_eval.operations.people import SHORTEST_PASSWORD
from pilot_eval.records.people import RoleRecord, User
from pilot_eval.web import bearer, resume
from pilot_eval.web.devices import device
from pilot_eval.web.local_paths import here, local_path
from pilot_eval.web.sessions import actor, clock, install_notes, scoped_session, session

FRESH = timedelta(minutes=15)
WRONG = lazy_gettext("The sign-in name or the password is wrong")

# What a visitor may see; every other endpoint asks for a sign-in.
PUBLIC = frozenset(
    {
        "account.reset",
        "api.openapi",
        "bootstrap.static",
        "field.service_worker",
        "security.login",
        "security.logout",
        "shell.choose_language",
        "shell.favicon",
        "shell.health",
        "shell.ready",
        "static",
    }
)
PUBLIC_AREAS = frozenset({"help", "schemas"})


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

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The cookie's content; of one that is too old only whose it was and the language."""
        opened = super().open_session(app, request)
        if opened is not None and not opened:
            old = self._expired(app, request)
            for key in ("person", "language"):
                if key in old:
                    opened[key] = old[key]
        return opened

    def _expired(self, app: Flask, request: Request) -> dict[str, Any]:
        serializer = self.get_signing_serializer(app)
        value = request.cookies.get(self.get_cookie_name(app))
        if serializer is None or value is None:
            return {}
        try:
            serializer.loads(value, max_age=int(app.permanent_session_lifetime.total_seconds()))
        except SignatureExpired as error:
            # The signature was right: it is our own cookie, only old.
            return dict(serializer.load_payload(error.payload or b""))
        except BadSignature:
            pass
        return {}


class _CountedTries:
    """A form that asks for a password: at most so many wrong ones per name in a quarter of an hour."""

    def validate(self, **kwargs: Any) -> bool:
        name = self._name()
        if not name or not self.password.data:  # type: ignore[attr-defined]  # of the form this is mixed into
            return bool(super().validate(**kwargs))  # type: ignore[misc]  # of the form this is mixed into
        try_id = signing_in.begin_try(session(), name, clock())
        if try_id is None:
            self._refuse(signing_in.seconds_to_wait(session(), name, clock()))
            return False
        right = bool(super().validate(**kwargs))  # type: ignore[misc]  # of the form this is mixed into
        if right or not self._password_was_wrong():
            signing_in.forgive(session(), try_id)
            session().commit()
        return right

    def _name(self) -> str:
        return str(current_user.email)

    def _password_was_wrong(self) -> bool:
        return True

    def _refuse(self, seconds: int) -> None:
        g.wait_seconds = seconds
        minutes = -(-seconds // 60)
        self.form_errors.append(  # type: ignore[attr-defined]  # of the form this is mixed into
            ngettext(
                "Too many wrong passwords for this name. Try again in %(num)s minute.",
                "Too many wrong passwords for this name. Try again in %(num)s minutes.",
                minutes,
            )
        )


class SignInForm(_CountedTries, LoginForm):
    email = StringField(lazy_gettext("Sign-in name"), filters=[lambda name: name and name.strip().lower()])
    remember = None

    def validate(self, **kwargs: Any) -> bool:
        if not self.email.data or not self.password.data:
            self.form_errors.append(gettext("Enter your sign-in name and your password"))
            return False
        if super().validate(**kwargs):
            return True
        # One sentence, whether the name, the password or the account was the reason.
        self.email.errors = []
        self.password.errors = [] if self.form_errors else [str(WRONG)]
        return False

    def _name(self) -> str:
        return str(self.email.data)


class ConfirmPasswordForm(_CountedTries, VerifyForm):
    """The password once more before something weighty."""


class NewPasswordForm(_CountedTries, ChangePasswordForm):
    """The password now and the new one."""

    def _password_was_wrong(self) -> bool:
        return bool(self.password.errors)


class FormTokens(CSRFProtect):
    """Asks every writing request for a token of our own page, unless it shows an API token instead."""

    def protect(self, apply_exemptions: bool = False) -> None:
        if not bearer.shown():
            super().protect(apply_exemptions=apply_exemptions)


def install(app: Flask) -> None:
    """Wire the sign-in library to our people, ask every page for a sign-in, and protect every form."""
    app.session_interface = Cookies()
    app.config.update(
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=signing_in.SIGN_IN_LIFE,
        # A form stays good for as long as its sign-in.
        WTF_CSRF_TIME_LIMIT=None,
        # argon2 salts by itself; a second hash keyed by a secret would tie every password to that secret.
        SECURITY_PASSWORD_SINGLE_HASH=["argon2"],
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of the algorithm
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        # A person has one role, in a column.
        SECURITY_JOIN_USER_ROLES=False,
        SECURITY_PASSWORD_LENGTH_MIN=SHORTEST_PASSWORD,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_MSG_GENERIC_AUTHN_FAILED=(
            WRONG,
            "error",
        ),
        SECURITY_MSG_INVALID_PASSWORD=(lazy_gettext("The password is wrong"), "error"),
        SECURITY_MSG_PASSWORD_NOT_PROVIDED=(lazy_gettext("Enter a password"), "error"),
        # The site sets its own on every answer.
        SECURITY_CACHE_CONTROL=None,
        SECURITY_DATETIME_FACTORY=lambda: datetime.now(UTC),
        SECURITY_API_ENABLED_METHODS=["session"],
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_LOGIN_URL="/sign-in",
        SECURITY_LOGOUT_URL="/sign-out",
        SECURITY_VERIFY_URL="/confirm-password",
        SECURITY_FRESHNESS=FRESH,
        SECURITY_FRESHNESS_GRACE_PERIOD=timedelta(0),
        SECURITY_SEND_REGISTER_EMAIL=False,
        SECURITY_CHANGEABLE=True,
        SECURITY_CHANGE_URL="/account/password",
        SECURITY_POST_CHANGE_VIEW="/account",
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
        SECURITY_POST_LOGIN_VIEW="/",
        SECURITY_POST_LOGOUT_VIEW="/sign-in",
    )
    install_notes(app)
    bearer.install(app)
    # Before the check of tokens: a form sent after the sign-in ended must come back, not be refused.
    app.before_request(_ask_for_sign_in)
    app.before_request(_refuse_to_lead_away)
    # Every POST is checked; see the sign-in library's own switches before touching WTF_CSRF_*.
    FormTokens(app)
    with app.app_context():
        people = SQLAlchemySessionUserDatastore(scoped_session(), User, RoleRecord)
    Security(
        app,
        people,
        mail_util_cls=SignInNames,
        login_form=SignInForm,
        verify_form=ConfirmPasswordForm,
        change_password_form=NewPasswordForm,
    )
    app.login_manager.user_loader(_person_of_cookie)  # type: ignore[attr-defined]  # set by the library
    # Only the cookie signs in: no tokens in headers or addresses.
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]  # set by the library
    user_authenticated.connect(_signed_in, app)
    user_logged_out.connect(_signed_out, app)
    password_changed.connect(_password_changed, app)
    app.after_request(_say_how_long_to_wait)
    app.after_request(_hand_on_at_sign_out)
    resume.install(app)


def _person_of_cookie(uniquifier: str) -> User | None:
    found = signing_in.person_of(session(), cookie.get("sign_in", ""), uniquifier, clock())
    if found is None:
        return None
    person, sign_in = found
    # The library's own pages ask how and when the person came in.
    set_request_attr("fs_authn_via", "session")
    set_request_attr("fs_paa", cookie.get("fs_paa", 0))
    if signing_in.seen_long_ago(sign_in.last_seen_at, clock()):
        g.note_use = (signing_in.note_seen, sign_in.id)
    return person


def _refuse_to_lead_away() -> ResponseReturnValue | None:
    if request.endpoint not in {"security.login", "security.verify"}:
        return None
    given = request.values.get("next")
    if not given or local_path(given):
        return None
    if request.method == "POST":
        abort(400)
    return redirect(url_for(request.endpoint))


def _signed_in(_app: Flask, user: User, authn_via: list[str] | None = None, **_more: Any) -> None:
    if authn_via == ["change"]:
        signing_in.end_all(session(), user, clock())
    cookie["sign_in"] = signing_in.begin(session(), user, clock(), device(request.user_agent.string))
    cookie["person"] = user.id
    session().commit()


def _signed_out(_app: Flask, **_more: Any) -> None:
    sign_in_id = cookie.pop("sign_in", "")
    if current_user.is_authenticated:
        with suppress(NotFound):
            signing_in.end(session(), actor(), sign_in_id, clock())


def _password_changed(_app: Flask, user: User, **_more: Any) -> None:
    signing_in.password_changed(session(), user)
    session().commit()


def _ask_for_sign_in() -> ResponseReturnValue | None:
    if request.endpoint is None or request.endpoint in PUBLIC or request.blueprint in PUBLIC_AREAS:
        return None
    if current_user.is_authenticated:
        return None
    if wants_json():
        abort(401)
    if request.method in {"GET", "HEAD"}:
        return redirect(url_for("security.login", next=here() if request.path != "/" else None))
    resume.carry()
    return sign_in_page(), 401


def wants_json() -> bool:
    """Whether a program asks, not a person."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return request.path.startswith("/api/") or request.is_json or best == "application/json"


def sign_in_page() -> str:
    """The sign-in form, empty, carrying what was posted."""
    return render_template("security/login_user.html", login_user_form=SignInForm(formdata=None))


def confirm_password_page() -> str:
    """The form that asks for the password once more, carrying what was posted."""
    form = ConfirmPasswordForm(formdata=None, user=current_user)
    return render_template("security/verify.html", verify_form=form)


def _say_how_long_to_wait(response: Response) -> Response:
    if seconds := g.get("wait_seconds"):
        response.status_code = 429
        response.headers["Retry-After"] = str(seconds)
    return response


def _hand_on_at_sign_out(response: Response) -> Response:
    if request.endpoint == "security.logout" and resume.carried():
        return make_response(sign_in_page())
    return response


def password_hash(password: str) -> str:
    """The hash to store."""
    return str(hash_password(password))


def signed_in_recently() -> bool:
    """Whether the password was given within the last minutes."""
    if bearer.shown():
        return False
    given: Any = cookie.get("fs_paa")
    return given is not None and clock().timestamp() - float(given) < FRESH.total_seconds()
