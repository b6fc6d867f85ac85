"""What is settled about a pilot: its plan is changed and frozen, a look is taken, a decision is signed."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pilot_eval.domain.errors import BadInput, EditConflict, Problem
from pilot_eval.domain.pilots import Choice
from pilot_eval.operations import pilots, plans
from pilot_eval.operations.decisions import basis_of, decide
from pilot_eval.operations.looks import take_look
from pilot_eval.operations.plans import PlanFields
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.operations.summaries import summarise
from pilot_eval.records.pilots import Pilot, PilotOutcome
from pilot_eval.reports.tiles import tiles_of
from pilot_eval.web.checklist_choices import checklist_choices
from pilot_eval.web.languages import language
from pilot_eval.web.plans.forms import DecisionForm, PlanForm, plan_form
from pilot_eval.web.problems import add_problems
from pilot_eval.web.sessions import actor, clock, session

area = Blueprint("plans", __name__, url_prefix="/pilots")


@area.route("/<slug>/plan/edit", methods=["GET", "POST"])
def edit(slug: str) -> ResponseReturnValue:
    """Change a plan: a draft at will, a frozen one with a reason."""
    pilot = pilots.get_pilot(session(), actor(), slug, Action.PLAN_PILOT)
    outcomes = pilots.outcomes_of(session(), pilot)
    frozen = bool(plans.versions(session(), pilot, clock()))
    if frozen:
        # Asked for before a long form is filled in, not after.
        scope_of(actor(), Action.FREEZE_PLAN)
    form = _form(pilot, outcomes)
    if form.validate_on_submit():
        try:
            changed = plans.change_plan(
                session(),
                actor(),
                slug,
                _fields(form, outcomes),
                clock(),
                reason=form.reason.data or "",
                version=form.version.data,
            )
        except BadInput as error:
            session().rollback()
            add_problems(form, BadInput([_placed(problem, outcomes) for problem in error.problems]))
        except EditConflict:
            session().rollback()
            return _edit_page(_again(form, slug), slug, frozen, 409)
        else:
            flash(
                _("The change is kept as a new version.") if changed else _("The plan is saved."), "success"
            )
            return redirect(url_for("pilots.plan", slug=slug))
    return _edit_page(form, slug, frozen, 422 if form.is_submitted() else 200)


def _form(pilot: Pilot, outcomes: Sequence[PilotOutcome]) -> PlanForm:
    now = PlanFields.of(pilot, outcomes)
    known = {
        "version": pilot.row_version,
        "level": now.level,
        "looks": now.looks,
        "minimum_branches": now.minimum_branches,
        "minimum_observations": now.minimum_observations,
        "exclusions": now.exclusions,
        "seed": now.seed,
        "draws": now.draws,
        "checklist_id": str(now.checklist_id or ""),
    }
    for place, outcome in enumerate(outcomes):
        known |= {f"primary_{place}": outcome.primary, f"smallest_{place}": outcome.smallest_effect}
    form = plan_form(outcomes)(data=known)
    form.checklist_id.choices = checklist_choices(now.checklist_id) if now.checklist_id else []
    return form


def _fields(form: PlanForm, outcomes: Sequence[PilotOutcome]) -> PlanFields:
    chosen = form.checklist_id.data or ""
    return PlanFields(
        level=form.level.data,
        seed=form.seed.data,
        draws=form.draws.data,
        minimum_branches=form.minimum_branches.data,
        minimum_observations=form.minimum_observations.data,
        looks=form.looks.data or (),
        exclusions=(form.exclusions.data or "").strip(),
        primary=frozenset(
            outcome.code for place, outcome in enumerate(outcomes) if form[f"primary_{place}"].data
        ),
        smallest_effects={
            outcome.code: form[f"smallest_{place}"].data for place, outcome in enumerate(outcomes)
        },
        checklist_id=int(chosen) if chosen.isascii() and chosen.isdigit() else None,
    )


def _placed(problem: Problem, outcomes: Sequence[PilotOutcome]) -> Problem:
    """A problem of an outcome at the field that the form has for it."""
    places = {f"smallest-{outcome.code}": f"smallest_{place}" for place, outcome in enumerate(outcomes)}
    places["primary"] = "primary_0"
    return Problem(places.get(problem.where, problem.where), problem.what)


def _again(form: PlanForm, slug: str) -> PlanForm:
    """The form as it was sent, ready to be sent on top of what somebody else has changed."""
    pilot = pilots.get_pilot(session(), actor(), slug, Action.PLAN_PILOT)
    form.version.data, form.version.raw_data = pilot.row_version, None
    form.form_errors.append(
        _(
            "Somebody else has changed this pilot since you opened the page. "
            "Check how it stands now, then send your change again."
        )
    )
    return form


def _edit_page(form: PlanForm, slug: str, frozen: bool, status: int) -> ResponseReturnValue:
    pilot = pilots.get_pilot(session(), actor(), slug, Action.PLAN_PILOT)
    page = render_template(
        "plans/edit.html",
        pilot=pilot,
        form=form,
        outcomes=pilots.outcomes_of(session(), pilot),
        frozen=frozen,
        seen=plans.results_seen(session(), pilot),
        recorded=pilots.anything_recorded(session(), pilot),
        may_look=pilots.dates_of(pilot) is not None and not plans.results_open(session(), pilot),
        made_up=pilot.made_up,
    )
    return page, status


@area.post("/<slug>/plan/freeze")
def freeze(slug: str) -> ResponseReturnValue:
    """Freeze a draft."""
    plans.freeze_plan(session(), actor(), slug, clock())
    flash(_("The plan is frozen. Every change from now on is a new version with its reason."), "success")
    return redirect(url_for("pilots.plan", slug=slug))


@area.post("/<slug>/looks")
def look(slug: str) -> ResponseReturnValue:
    """Take the look that is due."""
    take_look(session(), actor(), slug, clock())
    flash(_("The look is taken and kept. Everyone who may see the uplift sees it now."), "success")
    return redirect(url_for("pilots.show", slug=slug))


@area.route("/<slug>/decision", methods=["GET", "POST"])
def decision(slug: str) -> ResponseReturnValue:
    """Sign what is decided; earlier decisions stay below."""
    scope_of(actor(), Action.DECIDE)
    form = DecisionForm()
    if form.validate_on_submit():
        try:
            decide(
                session(),
                actor(),
                slug,
                Choice(form.choice.data),
                form.reasons.data or "",
                clock(),
                form.snapshot.data or None,
            )
        except BadInput as error:
            session().rollback()
            add_problems(form, error)
        except EditConflict:
            session().rollback()
            form.form_errors.append(
                _("The data have changed since you opened the page. Look at the result again, then sign.")
            )
            return _decision_page(form, slug, 409)
        else:
            flash(_("The decision is signed."), "success")
            return redirect(url_for("pilots.show", slug=slug))
    return _decision_page(form, slug, 422 if form.is_submitted() else 200)


def _decision_page(form: DecisionForm, slug: str, status: int) -> ResponseReturnValue:
    summary = summarise(session(), actor(), slug, clock())
    basis = basis_of(summary)
    if basis:
        form.snapshot.data, form.snapshot.raw_data = basis.snapshot_sha256, None
    page = render_template(
        "plans/decision.html",
        summary=summary,
        title=summary["pilot"]["title"][language()],
        form=form,
        basis=basis,
        tiles=tiles_of(basis.outcomes, language()) if basis else [],
        made_up=summary["pilot"]["made_up"],
    )
    return page, status
