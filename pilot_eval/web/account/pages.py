"""One's own account: sign-ins, language, password; and the one-time link that sets a first password."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from pilot_eval.domain.errors import NotFound
from pilot_eval.operations import people, signing_in, tokens
from pilot_eval.operations.policy import Action, may
from pilot_eval.web.account.forms import FirstPasswordForm
from pilot_eval.web.sessions import actor, clock, session
from pilot_eval.web.sign_in import password_hash

account = Blueprint("account", __name__)


@account.get("/account")
def index() -> ResponseReturnValue:
    """Who I am here and where I am signed in."""
    return render_template(
        "account/index.html",
        sign_ins=signing_in.list_of(session(), actor(), current_user.id, clock()),
        tokens=tokens.list_of(session(), actor(), current_user.id, clock()),
        this_sign_in=cookie.get("sign_in"),
        # Those who see the whole log have it in their menu.
        own_log=not may(actor(), Action.VERIFY_AUDIT_LOG),
        lasts_hours=int(signing_in.SIGN_IN_LIFE.total_seconds() // 3600),
    )


@account.post("/account/sign-ins/<sign_in_id>/end")
def end_sign_in(sign_in_id: str) -> ResponseReturnValue:
    """End a sign-in: one of my own or, for an administrator, anybody's."""
    owner_id = signing_in.end(session(), actor(), sign_in_id, clock())
    flash(gettext("That sign-in has ended."), "success")
    return redirect(_access_of(owner_id), 303)


@account.post("/account/tokens/<int:token_id>/end")
def end_token(token_id: int) -> ResponseReturnValue:
    """End an API token: one of my own or, for an administrator, anybody's."""
    owner_id = tokens.end(session(), actor(), token_id, clock())
    flash(gettext("That token has ended."), "success")
    return redirect(_access_of(owner_id), 303)


def _access_of(person_id: int) -> str:
    """The page that lists how a person gets in."""
    if person_id == current_user.id:
        return url_for("account.index")
    return url_for("people.access", person_id=person_id)


@account.route("/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> ResponseReturnValue:
    """Set a password by a one-time link."""
    try:
        person = people.person_of_link(session(), token, clock())
    except NotFound:
        return render_template("account/link_over.html"), 404
    form = FirstPasswordForm()
    if form.validate_on_submit():
        people.use_reset_link(session(), token, password_hash(form.new_password.data), clock())
        flash(gettext("Your password is set. Sign in with it."), "success")
        return redirect(url_for("security.login"), 303)
    return render_template("account/reset.html", form=form, person=person), 422 if form.errors else 200
