"""Branches of a pilot compared, and one branch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pilot_eval.operations.comparison import (
    SORTS,
    branch_page,
    chart_of,
    fewest_records,
    outcome_of,
    regions_of,
    sorted_branches,
)
from pilot_eval.operations.policy import Action, may
from pilot_eval.operations.summaries import summarise
from pilot_eval.reports.charts import dumbbell
from pilot_eval.reports.numbers import percent
from pilot_eval.reports.sentences import Sentence
from pilot_eval.reports.tiles import branch_lines, tiles
from pilot_eval.web.charts import chart_urls
from pilot_eval.web.languages import language
from pilot_eval.web.sessions import actor, clock, session

area = Blueprint("branches", __name__, url_prefix="/pilots/<slug>/branches")

TABS = ("funnel", "intervals", "before-after", "table")


@area.get("")
def compare(slug: str) -> ResponseReturnValue:
    """Branches compared; what is chosen stands in the address."""
    summary = summarise(session(), actor(), slug, clock())
    outcome = outcome_of(summary, request.args.get("metric", ""))
    tab = request.args.get("tab", "")
    tab = tab if tab in TABS else TABS[0]
    chosen = {
        "metric": outcome["code"],
        "tab": tab,
        "region": request.args.get("region", ""),
        "sort": request.args.get("sort", "") if request.args.get("sort") in SORTS else "code",
        "order": "desc" if request.args.get("order") == "desc" else "asc",
    }
    branches = sorted_branches(
        summary,
        outcome["code"],
        region=chosen["region"],
        sort="change" if tab == "intervals" else chosen["sort"],
        descending=tab == "intervals" or chosen["order"] == "desc",
    )
    lines = branch_lines(
        summary, outcome, branches, language(), fewest=fewest_records(summary, outcome["code"])
    )
    return render_template(
        "branches/compare.html",
        summary=summary,
        title=summary["pilot"]["title"][language()],
        outcome=outcome,
        chosen=chosen,
        tabs=TABS,
        lines=lines,
        regions=regions_of(summary),
        figures=_figures(summary, outcome, tab),
        interval_label=_interval_label(summary),
        planner=may(actor(), Action.PLAN_PILOT),
        made_up=summary["pilot"]["made_up"],
    )


def _interval_label(summary: Mapping[str, Any]) -> str:
    """What stands over intervals: their level, which is the pilot's."""
    return str(_("%(level)s interval", level=percent(100 * summary["plan"]["level"], 0, language())))


def _figures(summary: dict[str, Any], outcome: Any, tab: str) -> list[tuple[Any, dict[str, str] | None]]:
    """Charts of a tab with their addresses; a sentence stands where there is none."""
    slug = summary["pilot"]["slug"]
    if tab == "before-after":
        chart = dumbbell(summary, outcome["code"], language())
        return [] if chart is None else [(chart, chart_urls(slug, chart.name))]
    if tab != "funnel" or summary["headline_withheld"]:
        return []
    figures: list[tuple[Any, dict[str, str] | None]] = []
    arms = [arm for arm in ("trained", "comparison") if any(b["arm"] == arm for b in summary["branches"])]
    for arm in arms:
        name = f"funnel-{arm}-{outcome['code']}"
        found = chart_of(session(), actor(), slug, name, language(), clock())
        if isinstance(found, Sentence):
            figures.append(({"arm": arm, "why": getattr(found, language())}, None))
        else:
            figures.append(({"arm": arm, "chart": found}, chart_urls(slug, name)))
    return figures


@area.get("/<path:code>")
def show(slug: str, code: str) -> ResponseReturnValue:
    """One branch against its own past and the pilot."""
    page = branch_page(session(), actor(), slug, code, clock())
    lines = [
        (outcome, branch_lines(page.summary, outcome, [page.branch], language(), fewest=1)[0])
        for outcome in page.summary["outcomes"]
    ]
    return render_template(
        "branches/show.html",
        summary=page.summary,
        title=page.summary["pilot"]["title"][language()],
        branch=page.branch,
        lines=lines,
        tiles={tile.code: tile for tile in tiles(page.summary, language())},
        visits=page.visits,
        interval_label=_interval_label(page.summary),
        planner=may(actor(), Action.PLAN_PILOT),
        made_up=page.summary["pilot"]["made_up"],
    )
