"""Visits proposed by a random draw: looked at, then assigned as a whole."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from pilot_eval.domain.errors import BadInput, EditConflict, Problem
from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.operations import assignments, pilots
from pilot_eval.operations.drawing import (
    DrawOptions,
    LeftOver,
    Proposal,
    accept_proposal,
    propose_visits,
)
from pilot_eval.operations.policy import Action
from pilot_eval.operations.quotas import quotas_of
from pilot_eval.records.pilots import Pilot
from pilot_eval.web.problems import add_problems
from pilot_eval.web.schedule.forms import DrawVisitsForm
from pilot_eval.web.schedule.pages import words_of
from pilot_eval.web.sessions import actor, clock, session

drawing = Blueprint("drawing", __name__, url_prefix="/pilots/<slug>/assignments/draw")

SHOWN = 25  # visits of a page
USUAL_DOUBLES = 8  # per cent


@drawing.get("")
def show(slug: str) -> ResponseReturnValue:
    """Say how to draw, and see what a draw proposes."""
    pilot = pilots.get_pilot(session(), actor(), slug, Action.PLAN_PILOT)
    asked = "seed" in request.args
    form = DrawVisitsForm(request.args if asked else None, meta={"csrf": False})
    _offer(form, pilot, chosen=not asked)
    proposal = None
    if asked and form.validate():
        try:
            proposal = propose_visits(session(), actor(), slug, _options(form), clock())
        except BadInput as error:
            add_problems(form, error)
    return _page(pilot, form, proposal, status=422 if asked and proposal is None else 200)


@drawing.post("")
def accept(slug: str) -> ResponseReturnValue:
    """Assign all that was proposed."""
    pilot = pilots.get_pilot(session(), actor(), slug, Action.PLAN_PILOT)
    form = DrawVisitsForm()
    _offer(form, pilot, chosen=False)
    if not form.validate():
        return _page(pilot, form, None, status=422)
    digest = request.form.get("digest", "")
    try:
        rows = accept_proposal(session(), actor(), slug, _options(form), digest, clock())
    except BadInput as error:
        session().rollback()
        add_problems(form, error)
        return _page(pilot, form, None, status=422)
    except EditConflict:
        session().rollback()
        again = propose_visits(session(), actor(), slug, _options(form), clock())
        sentence = _("Something has changed since this draw was made. This is how it comes out now.")
        return _page(pilot, form, again, problems=[Problem("", sentence)], status=409)
    flash(ngettext("%(num)s visit is assigned.", "%(num)s visits are assigned.", len(rows)), "success")
    return redirect(url_for("schedule.index", slug=slug), 303)


def _offer(form: DrawVisitsForm, pilot: Pilot, *, chosen: bool) -> None:
    """The waves and auditors to choose from, all of them chosen at first."""
    waves = [wave for wave in pilots.waves_of(session(), pilot) if wave.state is WaveState.OPEN]
    people = assignments.list_auditors(session(), actor(), pilot.slug)
    form.periods.choices = [wave.period.value for wave in waves]
    form.auditors.choices = [(str(person.id), person.pseudonym) for person in people]
    if chosen:
        form.seed.data, form.doubles.data = pilot.seed, USUAL_DOUBLES
        form.periods.data = list(form.periods.choices)
        form.auditors.data = [str(person.id) for person in people]


def _options(form: DrawVisitsForm) -> DrawOptions:
    return DrawOptions(
        seed=form.seed.data,
        doubles=(form.doubles.data or 0) / 100,
        periods=frozenset(Period(value) for value in form.periods.data if value in set(Period)),
        auditors=frozenset(int(value) for value in form.auditors.data if value.isdigit()),
    )


def _page(
    pilot: Pilot,
    form: DrawVisitsForm,
    proposal: Proposal | None,
    *,
    problems: list[Problem] | None = None,
    status: int,
) -> ResponseReturnValue:
    begin = max(0, request.args.get("from", 0, type=int))
    page = render_template(
        "schedule/draw.html",
        pilot=pilot,
        form=form,
        problems=problems or [],
        proposal=proposal,
        visits=proposal.visits[begin : begin + SHOWN] if proposal else (),
        begin=begin,
        following=begin + SHOWN if proposal and len(proposal.visits) > begin + SHOWN else None,
        left=[(one, _why(one)) for one in proposal.left] if proposal else [],
        given=_given(form),
        has_quota=bool(quotas_of(session(), pilot)),
        **words_of(pilot),
        made_up=pilot.made_up,
    )
    return page, status


def _given(form: DrawVisitsForm) -> list[tuple[str, Any]]:
    """What was chosen, to be sent again."""
    once = [("seed", form.seed.data), ("doubles", form.doubles.data)]
    many = [(name, value) for name in ("periods", "auditors") for value in form[name].data or ()]
    return [*once, *many]


def _why(left: LeftOver) -> str:
    """Why nobody may make a visit: "2 auditors are barred, 1 auditor does not travel there"."""
    why, said = left.why, []
    if why.barred:
        said.append(ngettext("%(num)s auditor is barred", "%(num)s auditors are barred", why.barred))
    if why.elsewhere:
        said.append(
            ngettext(
                "%(num)s auditor does not travel there", "%(num)s auditors do not travel there", why.elsewhere
            )
        )
    if why.near:
        said.append(
            ngettext(
                "%(num)s auditor would be there twice within thirty days",
                "%(num)s auditors would be there twice within thirty days",
                why.near,
            )
        )
    if why.there:
        said.append(
            ngettext(
                "%(num)s auditor makes another visit there in this wave",
                "%(num)s auditors make another visit there in this wave",
                why.there,
            )
        )
    return ", ".join(said)
