"""Nothing typed is lost: a form that could not be taken is given back and sent on after signing in.

It works for every form of the site without the form's doing anything, and keeps nothing on the
server. When a POST meets a sign-in that has ended, or a right that wants the password once more, the
answer is the sign-in (or password) page with what was posted in one sealed hidden field, `carried`.
After the password a page shows one key that posts everything on to where it was meant to go, with a
fresh token. A form whose token has grown old, or that met a failing database, comes back the same way,
without the password.

Passwords and files are never carried. Only what our own page has posted (a browser says so in
`Sec-Fetch-Site` or `Origin`) is carried, only to an address of ours that takes a POST, and only for the
person who wrote it, where the old cookie still tells who that was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_login import current_user
from itsdangerous import BadSignature, URLSafeTimedSerializer
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

_DAYS_KEPT = 7
_PASSES = frozenset({"security.login", "security.verify"})
_NEVER_A_TARGET = frozenset({"security.login", "security.logout", "security.verify", "account.reset"})
_NEVER_CARRIED = frozenset({"csrf_token", "carried"})


@dataclass(frozen=True, slots=True)
class Carried:
    """What was posted: to which path, the fields in their order, by whom, and whether files were there."""

    path: str
    fields: tuple[tuple[str, str], ...]
    person_id: int | None
    files: bool


def install(app: Flask) -> None:
    """Offer the key after a sign-in, and let the sign-in pages hand on what they carry."""
    app.after_request(_offer_after_password)
    app.context_processor(lambda: {"carried": carried(), "carried_fields": carried_fields})


def carry() -> None:
    """Keep this request's form for the pages that follow, if it is one of ours."""
    if request.method == "POST" and request.endpoint not in _NEVER_A_TARGET and _from_our_own_page():
        g.carried = _posted()


def carried() -> Carried | None:
    """What the page at hand carries."""
    if "carried" not in g:
        g.carried = _opened(_parcel()) if request.method == "POST" else None
    held: Carried | None = g.carried
    return held


def carried_fields() -> Markup:
    """The sealed hidden field for a sign-in form; nothing when nothing is carried."""
    held = carried()
    if held is None:
        return Markup()
    sealed = _seal().dumps([held.path, held.fields, held.person_id, held.files])
    return Markup('<input type="hidden" name="carried" value="{}">').format(sealed)


def send_on(held: Carried, *, signed_in_again: bool) -> str:
    """The page with the key that posts everything on."""
    return render_template(
        "shell/resume.html",
        held=held,
        signed_in_again=signed_in_again,
        of_another_person=current_user.is_authenticated and held.person_id not in {None, current_user.id},
    )


def give_back() -> ResponseReturnValue | None:
    """The form of this request with a fresh token; None if it was not one of ours."""
    carry()
    held = carried()
    return None if held is None else (send_on(held, signed_in_again=False), 400)


def _offer_after_password(response: Response) -> Response:
    if request.endpoint not in _PASSES or response.status_code not in {302, 303}:
        return response
    held = carried()
    if held is None or not current_user.is_authenticated or not _takes_a_post(held.path):
        return response
    return make_response(send_on(held, signed_in_again=True))


def _posted() -> Carried:
    fields = tuple(
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in _NEVER_CARRIED and "password" not in name.lower()
    )
    # From the cookie, not from the database: that may be what has just failed.
    known = cookie.get("person")
    return Carried(
        request.full_path.rstrip("?"), fields, known, any(file.filename for file in request.files.values())
    )


def _parcel() -> str:
    try:
        return request.form.get("carried", "")
    except HTTPException:  # a form that cannot be read carries nothing
        return ""


def _opened(sealed: str) -> Carried | None:
    if not sealed:
        return None
    try:
        path, fields, person_id, files = _seal().loads(sealed, max_age=_DAYS_KEPT * 24 * 3600)
    except BadSignature:
        return None
    return Carried(path, tuple((name, value) for name, value in fields), person_id, files)


def _seal() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="carried form")


def _takes_a_post(path: str) -> bool:
    try:
        endpoint, _values = current_app.create_url_adapter(request).match(  # type: ignore[union-attr]  # a request has an adapter
            urlsplit(path).path, method="POST"
        )
    except HTTPException:
        return False
    return endpoint not in _NEVER_A_TARGET


def _from_our_own_page() -> bool:
    site: Any = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return bool(site == "same-origin")
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin)[:2] == (request.scheme, request.host)
