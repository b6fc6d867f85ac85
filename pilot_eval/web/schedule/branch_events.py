"""What happened to a pilot's branches: listed, noted, taken back."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from wtforms import SelectChoice

from pilot_eval.domain.errors import BadInput
from pilot_eval.domain.network import BranchChange
from pilot_eval.domain.pilots import Arm, Design
from pilot_eval.operations import branch_events as operations
from pilot_eval.operations import pilots
from pilot_eval.operations.branch_events import Happening
from pilot_eval.operations.policy import Action
from pilot_eval.records.pilots import Pilot
from pilot_eval.web.languages import language
from pilot_eval.web.problems import add_problems
from pilot_eval.web.schedule.forms import BranchEventForm
from pilot_eval.web.sessions import actor, clock, session

branch_events = Blueprint("branch_events", __name__, url_prefix="/pilots/<slug>/plan/events")

_OTHER = {Arm.TRAINED: Arm.COMPARISON, Arm.COMPARISON: Arm.TRAINED}


@branch_events.route("", methods=["GET", "POST"])
def index(slug: str) -> ResponseReturnValue:
    """What happened to branches, and something more to note."""
    pilot = pilots.get_pilot(session(), actor(), slug, Action.PLAN_PILOT)
    members = pilots.members_of(session(), pilot)
    form = BranchEventForm()
    form.branch.choices = [
        SelectChoice("", ""),
        *(SelectChoice(branch.code, f"{branch.code} {branch.name}") for _member, branch in members),
    ]
    if pilot.design is Design.BEFORE_AFTER:
        form.change.choices = [c for c in form.change.choices if c.value != BranchChange.ARM_CHANGED.value]
    arms = {branch.code: member.arm for member, branch in members}
    if form.validate_on_submit():
        try:
            event = operations.record_event(session(), actor(), slug, _happening(form, arms), clock())
        except BadInput as error:
            session().rollback()
            add_problems(form, error)
        else:
            flash(_("It is noted."), "success")
            _warn(operations.visits_after(session(), event))
            return redirect(url_for("branch_events.index", slug=slug), 303)
    return _page(pilot, form)


def _happening(form: BranchEventForm, arms: dict[str, Arm | None]) -> Happening:
    arm = arms.get(form.branch.data)
    return Happening(
        branch=form.branch.data,
        change=BranchChange(form.change.data),
        day=form.day.data,
        successor=form.successor.data or "",
        new_code=form.new_code.data or "",
        arm=_OTHER[arm] if arm else None,
        reason=form.reason.data or "",
    )


def _warn(visits: int) -> None:
    if visits:
        sentence = ngettext(
            "%(num)s visit is still assigned there after that day: hand it over or withdraw it.",
            "%(num)s visits are still assigned there after that day: hand them over or withdraw them.",
            visits,
        )
        flash(sentence, "warning")


def _page(pilot: Pilot, form: BranchEventForm) -> ResponseReturnValue:
    events = operations.events_of(session(), pilot)
    page = render_template(
        "schedule/branch_events.html",
        pilot=pilot,
        form=form,
        events=[(one, getattr(operations.happened(one), language())) for one in events],
        made_up=pilot.made_up,
    )
    return page, 422 if form.is_submitted() else 200


@branch_events.post("/<int:event_id>/take-back")
def take_back(slug: str, event_id: int) -> ResponseReturnValue:
    """Take back what was noted by mistake."""
    operations.withdraw_event(session(), actor(), slug, event_id, clock())
    flash(_("It is taken back."), "success")
    return redirect(url_for("branch_events.index", slug=slug), 303)
