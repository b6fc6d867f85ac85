"""Pilots: the list, a new one, its plan and its waves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pilot_eval.domain.errors import BadInput, EditConflict, Problem
from pilot_eval.domain.pilots import Arm, Design, Period
from pilot_eval.operations import allocation, network, pilots
from pilot_eval.operations.branch_events import events_of, happened
from pilot_eval.operations.coverage import coverage
from pilot_eval.operations.planning import create_pilot
from pilot_eval.operations.policy import Action, may, scope_of
from pilot_eval.operations.reviews import left_to_review
from pilot_eval.operations.settled import plan_part
from pilot_eval.operations.waves import close_wave, lock_wave
from pilot_eval.records.pilots import Pilot
from pilot_eval.web.checklist_choices import checklist_choices
from pilot_eval.web.languages import language
from pilot_eval.web.pilots.forms import DrawForm, PilotForm
from pilot_eval.web.problems import add_problems
from pilot_eval.web.sessions import actor, clock, session

area = Blueprint("pilots", __name__, url_prefix="/pilots")

# Networks up to this size are ticked off a list; larger ones are typed by code.
LISTED_BRANCHES = 300


@area.get("")
def index() -> ResponseReturnValue:
    """Pilots that the reader may look at."""
    found = pilots.list_pilots(session(), actor())
    today = clock().date()
    rows = [(pilot, pilots.pilot_status(session(), pilot, today)) for pilot in found]
    return render_template("pilots/index.html", rows=rows, may_plan=may(actor(), Action.PLAN_PILOT))


@area.route("/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """Plan a pilot."""
    scope_of(actor(), Action.PLAN_PILOT)
    form = PilotForm()
    form.checklist_id.choices = checklist_choices()
    if form.validate_on_submit():
        try:
            pilot = create_pilot(session(), actor(), **_plan(form))
        except BadInput as error:
            session().rollback()
            add_problems(form, error)
        else:
            flash(_("The pilot is planned. Choose its branches now."), "success")
            return redirect(url_for("pilots.plan", slug=pilot.slug))
    status = 422 if form.is_submitted() else 200
    return render_template("pilots/new.html", form=form), status


def _plan(form: PilotForm) -> dict[str, Any]:
    checklist = form.checklist_id.data or ""
    return {
        "checklist_id": int(checklist) if checklist.isascii() and checklist.isdigit() else None,
        "title_en": form.title_en.data,
        "title_ru": form.title_ru.data or "",
        "slug": form.slug.data or "",
        "before": (form.before_from.data, form.before_to.data),
        "training": (form.training_from.data, form.training_to.data),
        "after": (form.after_from.data, form.after_to.data),
        "design": Design(form.design.data),
        "level": form.level.data,
        "seed": form.seed.data,
        "smallest_quality": form.smallest_quality.data,
        "smallest_speed": form.smallest_speed.data,
    }


@area.get("/<slug>/plan")
def plan(slug: str) -> ResponseReturnValue:
    """The plan: branches and arms."""
    pilot = pilots.get_pilot(session(), actor(), slug, Action.PLAN_PILOT)
    return _plan_page(pilot)


def _plan_page(
    pilot: Pilot,
    *,
    draw: DrawForm | None = None,
    chosen: dict[str, str] | None = None,
    codes: set[str] | None = None,
    problems: list[Any] | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    members = pilots.members_of(session(), pilot)
    every = network.list_branches(session(), actor(), most=LISTED_BRANCHES + 1)
    regions = {region.id: region.name for region in network.list_regions(session())}
    if draw is None:
        draw = DrawForm(formdata=None, seed=pilot.seed)
    draw.version.data, draw.version.raw_data = pilot.row_version, None
    outcomes = pilots.outcomes_of(session(), pilot)
    arms = {branch.code: member.arm.value if member.arm else "" for member, branch in members}
    page = render_template(
        "pilots/plan.html",
        pilot=pilot,
        members=members,
        arms=arms if chosen is None else chosen,
        drawn=bool(arms) and all(arms.values()),
        codes={branch.code for _member, branch in members} if codes is None else codes,
        every=every,
        listed=len(every) <= LISTED_BRANCHES,
        regions=regions,
        draw=draw,
        fixed=not allocation.is_changeable(session(), pilot),
        recorded=pilots.anything_recorded(session(), pilot),
        dates=pilots.dates_of(pilot),
        outcomes=outcomes,
        plan=plan_part(session(), pilot, outcomes, clock()),
        problems=problems or [],
        happened=[(one, getattr(happened(one), language())) for one in events_of(session(), pilot)],
        made_up=pilot.made_up,
    )
    return page, status


def _changed_meanwhile() -> Problem:
    return Problem(
        "",
        _(
            "Somebody else has changed this pilot since you opened the page. "
            "Check how it stands now, then send your change again."
        ),
    )


def _version() -> int:
    given = request.form.get("version", "")
    if not given.isdigit():
        abort(400)
    return int(given)


@area.post("/<slug>/plan/branches")
def choose_branches(slug: str) -> ResponseReturnValue:
    """Make the ticked, or typed, branches those of the pilot."""
    pilots.get_pilot(session(), actor(), slug, Action.PLAN_PILOT)
    given = [part for text in request.form.getlist("codes") for part in re.split(r"[\r\n,;]+", text)]
    codes = {part.strip() for part in given if part.strip()}
    try:
        allocation.choose_branches(session(), actor(), slug, codes, _version())
    except (BadInput, EditConflict) as error:
        return _plan_again(slug, error, codes=codes)
    flash(_("The branches are saved."), "success")
    return redirect(url_for("pilots.plan", slug=slug))


@area.post("/<slug>/plan/arms")
def set_arms(slug: str) -> ResponseReturnValue:
    """Put each branch into the arm that was chosen by hand."""
    pilots.get_pilot(session(), actor(), slug, Action.PLAN_PILOT)
    chosen = {
        name.removeprefix("arm-"): value for name, value in request.form.items() if name.startswith("arm-")
    }
    arms = {code: Arm(value) for code, value in chosen.items() if value in set(Arm)}
    try:
        allocation.set_arms(session(), actor(), slug, arms, clock(), _version())
    except (BadInput, EditConflict) as error:
        return _plan_again(slug, error, chosen=chosen)
    flash(_("The arms are saved."), "success")
    return redirect(url_for("pilots.plan", slug=slug))


@area.post("/<slug>/plan/draw")
def draw_arms(slug: str) -> ResponseReturnValue:
    """Draw the arms at random."""
    form = DrawForm()
    pilot = pilots.get_pilot(session(), actor(), slug, Action.PLAN_PILOT)
    if not form.validate_on_submit():
        return _plan_page(pilot, draw=form, status=422)
    try:
        allocation.draw_arms(
            session(),
            actor(),
            slug,
            seed=form.seed.data,
            share=form.share.data,
            stratified=form.stratified.data,
            now=clock(),
            version=_version(),
        )
    except (BadInput, EditConflict) as error:
        return _plan_again(slug, error, draw=form)
    flash(_("The arms are drawn."), "success")
    return redirect(url_for("pilots.plan", slug=slug))


def _plan_again(slug: str, error: BadInput | EditConflict, **kept: Any) -> ResponseReturnValue:
    """The plan page with what is wrong, and with what was sent."""
    session().rollback()
    pilot = pilots.get_pilot(session(), actor(), slug, Action.PLAN_PILOT)
    if isinstance(error, EditConflict):
        return _plan_page(pilot, problems=[_changed_meanwhile()], status=409, **kept)
    if "draw" in kept:
        add_problems(kept["draw"], error)
        return _plan_page(pilot, status=422, **kept)
    return _plan_page(pilot, problems=list(error.problems), status=422, **kept)


@area.get("/<slug>/waves")
def waves(slug: str) -> ResponseReturnValue:
    """The waves and what came in."""
    return _waves_page(slug)


def _waves_page(slug: str, problems: Sequence[Problem] = (), acted: str = "", typed: str = "") -> str:
    """The waves; `acted` is the period of the one that could not be locked, for the reason `typed`."""
    pilot = pilots.get_pilot(session(), actor(), slug, Action.PLAN_PILOT)
    found = coverage(session(), actor(), slug)
    return render_template(
        "pilots/waves.html",
        pilot=pilot,
        coverage=found,
        left={row.wave.period: left_to_review(session(), row.wave.id or 0) for row in found},
        today=clock().date(),
        problems=problems,
        acted=acted,
        typed=typed,
        made_up=pilot.made_up,
    )


@area.post("/<slug>/waves/<period>/<any(close, lock):change>")
def change_wave(slug: str, period: str, change: str) -> ResponseReturnValue:
    """Close a wave, or lock a closed one."""
    if period not in set(Period):
        abort(404)
    if change == "close":
        close_wave(session(), actor(), slug, Period(period), clock())
        flash(_("The wave is closed."), "success")
    else:
        reason = request.form.get("reason", "")
        try:
            lock_wave(session(), actor(), slug, Period(period), reason)
        except BadInput as error:
            session().rollback()
            return _waves_page(slug, error.problems, period, reason), 422
        flash(_("The wave is locked."), "success")
    return redirect(url_for("pilots.waves", slug=slug))
