"""The overview of a pilot, in the order in which it is read: can it be trusted, what changed, what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pilot_eval.operations.coverage import coverage
from pilot_eval.operations.policy import Action, may
from pilot_eval.operations.summaries import summarise
from pilot_eval.reports.charts import Chart, dumbbell, items, weeks
from pilot_eval.reports.tiles import tiles, tiles_of
from pilot_eval.web.charts import chart_urls
from pilot_eval.web.languages import language
from pilot_eval.web.pilots.pages import area
from pilot_eval.web.sessions import actor, clock, session

__all__ = ["area"]

Figure = tuple[Chart, dict[str, str]]
# Where each next step is taken.
STEPS = {
    "choose_branches": "pilots.plan",
    "freeze_plan": "pilots.plan",
    "assign_before": "schedule.index",
    "assign_after": "schedule.index",
    "close_before": "pilots.waves",
    "close_after": "pilots.waves",
    "decide": "plans.decision",
    "review_decision": "plans.decision",
}


@area.get("/<slug>")
def show(slug: str) -> ResponseReturnValue:
    """The overview."""
    summary = summarise(session(), actor(), slug, clock())
    planner = may(actor(), Action.PLAN_PILOT)
    return render_template(
        "pilots/show.html",
        summary=summary,
        title=summary["pilot"]["title"][language()],
        step_address=_step_address(summary),
        tiles=tiles(summary, language()),
        looks=[(look, tiles_of(look["outcomes"], language())) for look in summary["looks"]["taken"]],
        figures=[(heading, note, list(found)) for heading, note, found in _figures(summary)],
        coverage=coverage(session(), actor(), slug) if may(actor(), Action.SEE_COVERAGE) else [],
        planner=planner,
        made_up=summary["pilot"]["made_up"],
    )


def _step_address(summary: dict[str, Any]) -> str:
    step, slug = summary["pilot"]["next_step"], summary["pilot"]["slug"]
    return url_for(STEPS[step["code"]], slug=slug) if step and step["code"] in STEPS else ""


def _figures(summary: dict[str, Any]) -> Iterator[tuple[str, str, Iterator[Figure]]]:
    """The charts under their headings, with what must be known to read them."""
    slug, own_only = summary["pilot"]["slug"], not may(actor(), Action.SEE_COVERAGE)
    primary = [outcome["code"] for outcome in summary["outcomes"] if outcome["primary"]]

    def charts(draw: Callable[[Any, str, str], Chart | None]) -> Iterator[Figure]:
        return _drawn(slug, (draw(summary, code, language()) for code in primary))

    yield _("Branch by branch"), "", charts(dumbbell)
    own = _("Branches of your region only.") if own_only else ""
    yield _("Week by week"), own, charts(weeks)
    yield _("Items of the checklist that moved most"), "", _drawn(slug, iter([items(summary, language())]))


def _drawn(slug: str, found: Iterator[Chart | None]) -> Iterator[Figure]:
    return ((chart, chart_urls(slug, chart.name)) for chart in found if chart is not None)
