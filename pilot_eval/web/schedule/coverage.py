"""What was planned and made in each part of the day, and the quotas by which it is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pilot_eval.domain.errors import BadInput
from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.domain.timings import Daypart
from pilot_eval.operations import network, pilots
from pilot_eval.operations.dayparts import ANY, Lack, Missing, wave_parts, waves_told
from pilot_eval.operations.policy import Action, may
from pilot_eval.operations.quotas import quotas_of, set_quotas
from pilot_eval.operations.visit_plans import dayparts_of
from pilot_eval.records.pilots import Wave
from pilot_eval.web.languages import language
from pilot_eval.web.problems import add_problems
from pilot_eval.web.schedule.forms import quota_form
from pilot_eval.web.sessions import actor, session

coverage = Blueprint("coverage", __name__, url_prefix="/pilots/<slug>")


@coverage.get("/coverage")
def show(slug: str) -> ResponseReturnValue:
    """Planned and made, branch by branch, with what is missing."""
    pilot = pilots.get_pilot(session(), actor(), slug, Action.SEE_DAYPARTS)
    waves = waves_told(session(), actor(), pilot)
    asked = request.args.get("wave", "")
    period = Period(asked) if asked in set(Period) else _usual(waves)
    chosen = {
        "wave": period.value if period else "",
        "region": request.args.get("region", ""),
        "lacking": request.args.get("lacking", ""),
    }
    parts = period and wave_parts(
        session(),
        actor(),
        slug,
        period,
        region=chosen["region"],
        lacking=bool(chosen["lacking"]),
        after=request.args.get("after", ""),
    )
    planner = may(actor(), Action.PLAN_PILOT)
    return render_template(
        "schedule/coverage.html",
        pilot=pilot,
        waves=waves,
        parts=parts,
        chosen=chosen,
        regions=network.list_regions(session()) if planner else [],
        names=_names(parts.dayparts) if parts else {},
        in_words=_in_words,
        planner=planner,
        made_up=pilot.made_up,
    )


def _names(dayparts: Sequence[Daypart]) -> dict[str, str]:
    return {part.code: part.text.to(language()) for part in dayparts} | {ANY: _("At any time")}


def _usual(waves: list[Wave]) -> Period | None:
    """The wave that is worked on: the first open one, else the last."""
    still = [wave for wave in waves if wave.state is WaveState.OPEN]
    return still[0].period if still else waves[-1].period if waves else None


def _in_words(missing: Sequence[Missing], names: Mapping[str, str], *, over: bool) -> str:
    """What lacks: "not assigned: evening 1; still to be made: morning 1, midday 2"."""
    said = []
    for lack in Lack:
        parts = ", ".join(
            f"{names[one.daypart].lower()}\N{NO-BREAK SPACE}{one.visits}"
            for one in missing
            if one.lack is lack
        )
        if not parts:
            continue
        if lack is Lack.ASSIGN:
            said.append(_("not assigned: %(parts)s", parts=parts))
        elif lack is Lack.ELSEWHEN:
            said.append(_("made at another time of the day: %(parts)s", parts=parts))
        elif over:
            said.append(_("not made: %(parts)s", parts=parts))
        else:
            said.append(_("still to be made: %(parts)s", parts=parts))
    return "; ".join(said)


@coverage.route("/quotas", methods=["GET", "POST"])
def quotas(slug: str) -> ResponseReturnValue:
    """How many visits each branch is to have in each part of the day."""
    pilot = pilots.get_pilot(session(), actor(), slug, Action.PLAN_PILOT)
    waves = pilots.waves_of(session(), pilot)
    dayparts = {part.code: part.text.to(language()) for part in dayparts_of(session(), pilot)}
    if not (waves and dayparts):
        abort(404)
    known = quotas_of(session(), pilot)
    open_waves = [wave.period for wave in waves if wave.state is WaveState.OPEN]
    form = quota_form({period.value: known.get(period, {}) for period in open_waves}, dayparts)
    if form.validate_on_submit():
        wanted = {
            period: {code: form[f"{period.value}_{code}"].data or 0 for code in dayparts}
            for period in open_waves
        }
        try:
            set_quotas(session(), actor(), slug, wanted)
        except BadInput as error:
            session().rollback()
            add_problems(form, error)
        else:
            flash(_("The quotas are saved."), "success")
            return redirect(url_for("coverage.show", slug=slug), 303)
    page = render_template(
        "schedule/quotas.html",
        pilot=pilot,
        form=form,
        waves=waves,
        dayparts=dayparts,
        known=known,
        made_up=pilot.made_up,
    )
    return page, 422 if form.errors else 200
