"""Regions, which managers and branches belong to."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from pilot_eval.domain.errors import BadInput
from pilot_eval.operations import network
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.web.people.forms import RegionForm
from pilot_eval.web.problems import add_problems
from pilot_eval.web.sessions import actor, session

regions = Blueprint("regions", __name__, url_prefix="/regions")


@regions.route("", methods=["GET", "POST"])
def index() -> ResponseReturnValue:
    """The regions, and a form for one more."""
    scope_of(actor(), Action.MANAGE_NETWORK)
    form = RegionForm()
    if form.validate_on_submit():
        try:
            network.create_region(session(), actor(), code=form.code.data, name=form.name.data)
            flash(gettext("The region is added."), "success")
            return redirect(url_for("regions.index"), 303)
        except BadInput as refused:
            add_problems(form, refused)
    page = render_template("people/regions.html", form=form, regions=network.list_regions(session()))
    return page, 422 if form.errors else 200
