"""The schedule of a pilot: its visits, a new one, one handed over or withdrawn."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import SelectChoice

from pilot_eval.domain.errors import BadInput
from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.domain.problems import Unconfirmed
from pilot_eval.operations import assignments, pilots
from pilot_eval.operations.policy import Action
from pilot_eval.operations.schedules import Wanted, assignment_row, schedule
from pilot_eval.operations.visit_plans import VisitPlan, dayparts_of, scenarios_of
from pilot_eval.records.pilots import Pilot
from pilot_eval.web.languages import language
from pilot_eval.web.problems import add_problems
from pilot_eval.web.schedule.forms import AssignmentForm, HandOverForm, WithdrawForm
from pilot_eval.web.sessions import actor, clock, session

area = Blueprint("schedule", __name__, url_prefix="/pilots/<slug>")


@area.route("/assignments", methods=["GET", "POST"])
def index(slug: str) -> ResponseReturnValue:
    """Who visits which branch when."""
    pilot = pilots.get_pilot(session(), actor(), slug, Action.PLAN_PILOT)
    form = _assignment_form(pilot)
    odd = False
    if form.validate_on_submit():
        try:
            confirmed = bool(form.confirmed.data)
            assignments.assign_visits(session(), actor(), slug, [_visit(form)], confirmed=confirmed)
        except BadInput as error:
            session().rollback()
            odd = isinstance(error, Unconfirmed)
            add_problems(form, error)
        else:
            flash(_("The visit is assigned."), "success")
            return redirect(url_for("schedule.index", slug=slug))
    status = 422 if form.is_submitted() else 200
    page = render_template(
        "schedule/index.html",
        pilot=pilot,
        form=form,
        odd=odd,
        page=schedule(session(), actor(), slug, _wanted(), request.args.get("after", type=int)),
        chosen={name: request.args.get(name, "") for name in ("state", "wave", "auditor")},
        **words_of(pilot),
        waves=pilots.waves_of(session(), pilot),
        made_up=pilot.made_up,
    )
    return page, status


def words_of(pilot: Pilot) -> dict[str, Mapping[str, str]]:
    """Names of scenarios and parts of the day in the reader's language, by code."""
    scenarios, parts = scenarios_of(session(), pilot), dayparts_of(session(), pilot)
    return {
        "scenarios": {code: names[language()] for code, names in scenarios.items()},
        "dayparts": {part.code: part.text.to(language()) for part in parts},
    }


def _wanted() -> Wanted:
    """Which part of the schedule is wanted: what is still to be made, unless the address says otherwise."""
    state, period = request.args.get("state", ""), request.args.get("wave", "")
    return Wanted(
        made={"made": True, "all": None}.get(state, False),
        period=Period(period) if period in set(Period) else None,
        auditor_id=request.args.get("auditor", type=int),
    )


def _assignment_form(pilot: Pilot) -> AssignmentForm:
    form = AssignmentForm()
    branches = [branch for _member, branch in pilots.members_of(session(), pilot)]
    form.branch.choices = _choices({branch.code: f"{branch.code} {branch.name}" for branch in branches})
    words = words_of(pilot)
    form.scenario.choices = _choices(words["scenarios"])
    form.daypart.choices = _choices(words["dayparts"], nothing=_("At any time"))
    form.auditor.choices = _auditors(pilot)
    return form


def _auditors(pilot: Pilot) -> list[SelectChoice]:
    found = assignments.list_auditors(session(), actor(), pilot.slug)
    return _choices({str(person.id): person.pseudonym for person in found})


def _choices(named: Mapping[str, str], nothing: str = "") -> list[SelectChoice]:
    return [SelectChoice("", nothing), *(SelectChoice(value, label) for value, label in named.items())]


def _visit(form: AssignmentForm) -> VisitPlan:
    return VisitPlan(
        branch=form.branch.data,
        period=Period(form.period.data),
        auditor_id=int(form.auditor.data),
        scenario=form.scenario.data,
        window=(form.window_from.data, form.window_to.data),
        daypart=form.daypart.data or "",
    )


@area.get("/assignments/<int:assignment_id>")
def show(slug: str, assignment_id: int) -> ResponseReturnValue:
    """One assignment, and what can be changed about it."""
    return _page(slug, assignment_id)


@area.post("/assignments/<int:assignment_id>/hand-over")
def hand_over(slug: str, assignment_id: int) -> ResponseReturnValue:
    """Give an assignment to another auditor."""
    form = _hand_over_form(slug, assignment_id)
    if not form.validate():
        return _page(slug, assignment_id, hand_over=form)
    try:
        new = assignments.hand_over(
            session(),
            actor(),
            slug,
            assignment_id,
            int(form.auditor.data),
            clock(),
            form.reason.data,
            window=(form.window_from.data, form.window_to.data),
            confirmed=bool(form.confirmed.data),
        )
    except BadInput as error:
        session().rollback()
        add_problems(form, error)
        return _page(slug, assignment_id, hand_over=form, odd=isinstance(error, Unconfirmed))
    flash(_("The assignment is handed over."), "success")
    return redirect(url_for("schedule.show", slug=slug, assignment_id=new.id))


@area.post("/assignments/<int:assignment_id>/withdraw")
def withdraw(slug: str, assignment_id: int) -> ResponseReturnValue:
    """Take an assignment back."""
    form = WithdrawForm()
    assignments.get_assignment(session(), actor(), slug, assignment_id)
    if not form.validate():
        return _page(slug, assignment_id, withdraw=form)
    try:
        assignments.withdraw_assignment(session(), actor(), slug, assignment_id, clock(), form.reason.data)
    except BadInput as error:
        session().rollback()
        add_problems(form, error)
        return _page(slug, assignment_id, withdraw=form)
    flash(_("The assignment is withdrawn."), "success")
    return redirect(url_for("schedule.index", slug=slug))


def _hand_over_form(slug: str, assignment_id: int, **shown: object) -> HandOverForm:
    pilot = pilots.get_pilot(session(), actor(), slug, Action.PLAN_PILOT)
    row = assignments.get_assignment(session(), actor(), slug, assignment_id)
    form = HandOverForm(**shown)
    mine = str(row.auditor_id)
    form.auditor.choices = [choice for choice in _auditors(pilot) if choice.value != mine]
    return form


def _page(
    slug: str,
    assignment_id: int,
    *,
    hand_over: HandOverForm | None = None,
    withdraw: WithdrawForm | None = None,
    odd: bool = False,
) -> ResponseReturnValue:
    pilot = pilots.get_pilot(session(), actor(), slug, Action.PLAN_PILOT)
    row = assignment_row(session(), actor(), slug, assignment_id)
    wrong = hand_over or withdraw
    if hand_over is None:
        # An empty form: what was posted was for the other one.
        window = {"window_from": row.assignment.window_from, "window_to": row.assignment.window_to}
        hand_over = _hand_over_form(slug, assignment_id, formdata=None, data=window)
    page = render_template(
        "schedule/assignment.html",
        pilot=pilot,
        row=row,
        hand_over=hand_over,
        withdraw=withdraw or WithdrawForm(formdata=None),
        form=wrong,
        odd=odd,
        standing=row.assignment.withdrawn_at is None and not row.visited and row.wave_state is WaveState.OPEN,
        **words_of(pilot),
        made_up=pilot.made_up,
    )
    return page, 422 if wrong else 200
