"""The planner: how many branches and visits find which effect."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import SelectChoice

from pilot_eval.domain.errors import BadInput
from pilot_eval.operations.planner import Planned, SizeWish, Source, plan_size, sources
from pilot_eval.reports.charts.power import power_curve
from pilot_eval.reports.numbers import language_of
from pilot_eval.reports.sizing import sentences, size_table, spread_lines, warning_lines, why_not
from pilot_eval.stats.sizing import Sizing
from pilot_eval.web.charts import addresses, chart_file
from pilot_eval.web.languages import language
from pilot_eval.web.planner.forms import FROM_PILOT, TYPED, PlannerForm
from pilot_eval.web.problems import add_problems
from pilot_eval.web.sessions import actor, clock, session

planner = Blueprint("planner", __name__, url_prefix="/planner")


@planner.get("")
def index() -> ResponseReturnValue:
    """The form with its answer; what is asked stands in the address."""
    found = sources(session(), actor())
    form = _form(found)
    planned = _planned(form)
    shown = {} if planned is None else _shown(planned, form)
    return render_template("planner/index.html", form=form, **shown), 422 if form.errors else 200


@planner.get("/curve.<any(svg, png, json, csv):kind>")
def curve(kind: str) -> ResponseReturnValue:
    """The power curve of what is asked."""
    planned = _planned(_form(sources(session(), actor())))
    if planned is None or not isinstance(planned.plan.sizing, Sizing):
        abort(404)
    return chart_file(power_curve(planned.plan.sizing, language()), kind, "power-curve")


def _form(found: list[Source]) -> PlannerForm:
    """The form as it was sent, what was not sent as it is usual."""
    usual = FROM_PILOT if request.args.get("source") else TYPED
    asked = MultiDict({**usual, **{name: request.args[name] for name in usual if name in request.args}})
    form = PlannerForm(asked)
    form.source.choices = [SelectChoice("", _("the assumptions below")), *map(_choice, found)]
    return form


def _choice(source: Source) -> SelectChoice:
    return SelectChoice(source.key, source.title_ru if language() == "ru" else source.title_en)


def _planned(form: PlannerForm) -> Planned | None:
    if not form.validate():
        return None
    asked = {name: form[name].data for name in TYPED}
    wish = SizeWish(kind=asked.pop("measure"), **asked)
    try:
        return plan_size(session(), actor(), wish, clock())
    except BadInput as error:
        add_problems(form, error)
        return None


def _shown(planned: Planned, form: PlannerForm) -> dict[str, Any]:
    tongue = language_of(language())
    basis = [getattr(sentence, tongue) for sentence in planned.basis]
    sizing = planned.plan.sizing
    if not isinstance(sizing, Sizing):
        return {"why": why_not(sizing, tongue), "basis": basis, "made_up": planned.made_up}
    head, rows = size_table(sizing, tongue)
    asked = {name: form[name].raw_data[0] for name in TYPED if form[name].raw_data}
    return {
        "made_up": planned.made_up,
        "answer": [getattr(sentence, tongue) for sentence in sentences(sizing)],
        "warnings": warning_lines(sizing, tongue),
        "basis": basis + spread_lines(sizing, tongue),
        "size_head": head,
        "size_rows": rows,
        "chart": power_curve(sizing, tongue),
        "urls": addresses("planner.curve", **asked),
    }
