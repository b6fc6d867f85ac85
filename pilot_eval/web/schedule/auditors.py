"""Auditors as head office plans with them: branches they must not visit, regions they travel to."""

from __future__ import annotations

import re

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pilot_eval.domain.errors import BadInput
from pilot_eval.operations import auditors as operations
from pilot_eval.operations import network
from pilot_eval.web.problems import add_problems
from pilot_eval.web.schedule.forms import AuditorForm
from pilot_eval.web.sessions import actor, clock, session

auditors = Blueprint("auditors", __name__, url_prefix="/auditors")


@auditors.get("")
def index() -> ResponseReturnValue:
    """The auditors, and how much is declared of each."""
    return render_template("schedule/auditors.html", lines=operations.list_declared(session(), actor()))


@auditors.route("/<int:person_id>", methods=["GET", "POST"])
def show(person_id: int) -> ResponseReturnValue:
    """What is declared of one auditor."""
    declared = operations.declared_of(session(), actor(), person_id)
    form = AuditorForm(barred="\n".join(branch.code for branch in declared.barred))
    chosen = {region.id for region in declared.regions}
    if form.validate_on_submit():
        wanted = {int(value) for value in request.form.getlist("regions") if value.isdigit()}
        codes = re.split(r"[\r\n,;]+", form.barred.data or "")
        try:
            operations.declare(session(), actor(), person_id, barred=codes, regions=wanted, now=clock())
        except BadInput as error:
            session().rollback()
            add_problems(form, error)
            chosen = set(wanted)
        else:
            flash(_("The changes are saved."), "success")
            return redirect(url_for("auditors.index"), 303)
    page = render_template(
        "schedule/auditor.html",
        form=form,
        declared=declared,
        regions=network.list_regions(session()),
        chosen=chosen,
    )
    return page, 422 if form.errors or form.form_errors else 200
