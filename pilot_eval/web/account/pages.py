"""One's own account: sign-ins, language, password; and the one-time link that sets a first password."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from pilot_eval.domain.errors import NotFound
from pilot_eval.operations import people, signing_in
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
        sign_ins=signing_in.list_own(session(), actor(), clock()),
        this_sign_in=cookie.get("sign_in"),
        # Those who see the whole log have it in their menu.
        own_log=not may(actor(), Action.VERIFY_AUDIT_LOG),
        lasts_hours=int(signing_in.SIGN_IN_LIFE.total_seconds() // 3600),
    )


@account.post("/account/sign-ins/<sign_in_id>/end")
def end_sign_in(sign_in_id: str) -> ResponseReturnValue:
    """End one of my sign-ins, here or elsewhere."""
    signing_in.end_own(session(), actor(), sign_in_id, clock())
    flash(gettext("That sign-in has ended."), "success")
    return redirect(url_for("account.index"), 303)


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
