"""Branches of a pilot compared, side by side, and one branch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pilot_eval.operations import branch_comparison
from pilot_eval.operations.branch_comparison import SORTS, BranchComparison, Filters
from pilot_eval.operations.branch_report import (
    FEWEST_VISITS,
    MOST_TO_WORK_ON,
    BranchReport,
    branch_report,
)
from pilot_eval.operations.comparison import funnel_of, regions_of
from pilot_eval.operations.policy import Action, may
from pilot_eval.reports.branch_pages import (
    branch_tile,
    chance_of_items,
    item_lines,
    times_lines,
    work_sentences,
)
from pilot_eval.reports.branch_tables import branches_csv, by_chance, compared_lines, pair_lines
from pilot_eval.reports.charts import dumbbell, weeks
from pilot_eval.reports.charts.comparisons import branch_intervals
from pilot_eval.reports.labels import label
from pilot_eval.reports.numbers import level_percent
from pilot_eval.reports.sentences import Sentence
from pilot_eval.reports.words import branches as said
from pilot_eval.reports.words.branch_pages import NOTHING, RULE
from pilot_eval.web.charts import chart_urls
from pilot_eval.web.languages import language
from pilot_eval.web.sessions import actor, clock, session

area = Blueprint("branches", __name__, url_prefix="/pilots/<slug>/branches")

TABS = ("funnel", "intervals", "before-after", "table", "side-by-side")
# What is no more than a way to show the same branches.
_AGAINST_SHOWN = ("intervals", "table")
Figures = list[tuple[Any, dict[str, str] | None]]


@area.get("")
def compare(slug: str) -> ResponseReturnValue:
    """Branches compared; what is chosen stands in the address."""
    given = request.args
    found = branch_comparison.compare(
        session(), actor(), slug, given.get("metric", ""), given.get("against", ""), clock()
    )
    tab = given.get("tab", "")
    chosen = {
        "metric": found.outcome["code"],
        "against": found.against,
        "tab": tab if tab in TABS else TABS[0],
        "region": given.get("region", ""),
        "arm": given.get("arm", "") if given.get("arm") in ("trained", "comparison") else "",
        "q": given.get("q", ""),
        "sort": given.get("sort", "") if given.get("sort") in SORTS else "code",
        "order": "desc" if given.get("order") == "desc" else "asc",
        "places": "1" if given.get("places") else "",
        "branch": given.getlist("branch"),
    }
    shown = branch_comparison.arranged(found.results, _filters(chosen))
    if given.get("format") == "csv":
        return _csv(found, shown, chosen)
    return render_template("branches/compare.html", **_page(found, shown, chosen))


def _filters(chosen: Mapping[str, Any]) -> Filters:
    return Filters(chosen["region"], chosen["arm"], chosen["q"], chosen["sort"], chosen["order"] == "desc")


def _page(found: BranchComparison, shown: list[Any], chosen: dict[str, Any]) -> dict[str, Any]:
    summary, outcome, tongue = found.summary, found.outcome, language()
    tab = chosen["tab"]
    chance = by_chance(shown, found.level) if found.refused is None else None
    beside, pairs, too_many = [], [], False
    if tab == "side-by-side" or chosen["branch"]:
        try:
            results, found_pairs = branch_comparison.side_by_side(found, chosen["branch"])
        except ValueError:
            too_many = tab == "side-by-side"
        else:
            names = {result.code: result.name for result in results}
            beside = compared_lines(outcome, results, results, found.against, found.level, tongue)
            pairs = pair_lines(outcome, found_pairs, names, found.level, tongue)
    return {
        "summary": summary,
        "title": summary["pilot"]["title"][tongue],
        "outcome": outcome,
        "chosen": chosen,
        "lines": compared_lines(outcome, shown, found.results, found.against, found.level, tongue),
        "all": len(found.results),
        "regions": regions_of(summary),
        "arms": sorted({result.arm for result in found.results}, reverse=True),
        "figures": _figures(found, shown, chosen),
        "interval_label": _interval_label(summary),
        "rule": getattr(found.rule, tongue),
        "refused": getattr(found.refused, tongue) if found.refused else "",
        "chance": getattr(chance, tongue) if chance else "",
        "words": {
            key: getattr(sentence, tongue)
            for key, sentence in (
                ("measured", said.MEASURED),
                ("shrunken", said.SHRUNKEN),
                ("places", said.PLACES),
            )
        },
        "against_shown": tab in _AGAINST_SHOWN,
        "beside": beside,
        "pairs": pairs,
        "too_many": too_many,
        "filters": _filters_in_words(chosen),
        "planner": may(actor(), Action.PLAN_PILOT),
        "made_up": summary["pilot"]["made_up"],
    }


def _filters_in_words(chosen: Mapping[str, Any]) -> str:
    """What is shown of all branches; nothing where all are."""
    parts = []
    if chosen["region"]:
        parts.append(_("region: %(name)s", name=chosen["region"]))
    if chosen["arm"]:
        parts.append(_("arm: %(name)s", name=label(chosen["arm"], language())))
    if chosen["q"]:
        parts.append(_("name or code with: %(text)s", text=chosen["q"]))
    return "; ".join(str(part) for part in parts)


def _csv(found: BranchComparison, shown: list[Any], chosen: Mapping[str, Any]) -> Response:
    content = branches_csv(
        found.summary,
        found.outcome,
        shown,
        found.against,
        found.rule,
        _filters_in_words(chosen) or label("no_filters", language()),
        language(),
    )
    answer = Response(content, content_type="text/csv; charset=utf-8")
    name = f"{found.summary['pilot']['slug']}-branches-{found.outcome['code']}-{found.against}.csv"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _interval_label(summary: Mapping[str, Any]) -> str:
    """What stands over intervals: their level, which is the pilot's."""
    return str(_("%(level)s interval", level=level_percent(summary["plan"]["level"], language())))


def _figures(found: BranchComparison, shown: list[Any], chosen: Mapping[str, Any]) -> Figures:
    """Charts of a tab with their addresses; a sentence stands where there is none."""
    summary, outcome = found.summary, found.outcome
    slug, tab = summary["pilot"]["slug"], chosen["tab"]
    if tab == "before-after":
        chart = dumbbell(summary, outcome["code"], language())
        return [] if chart is None else [(chart, chart_urls(slug, chart.name))]
    if summary["headline_withheld"]:
        return []
    if tab == "intervals" and found.refused is None:
        name = f"branches-{found.against}-{outcome['code']}"
        chart = branch_intervals(outcome, shown, found.against, language(), name)
        of = {key: chosen[key] for key in ("region", "arm", "q")}
        return [] if chart is None else [(chart, chart_urls(slug, name, **of))]
    return _funnels(found) if tab == "funnel" else []


def _funnels(compared: BranchComparison) -> Figures:
    summary, slug = compared.summary, compared.summary["pilot"]["slug"]
    figures: Figures = []
    for arm in ("trained", "comparison"):
        if not any(branch["arm"] == arm for branch in summary["branches"]):
            continue
        name = f"funnel-{arm}-{compared.outcome['code']}"
        found = funnel_of(actor(), summary, compared.snapshot, compared.stored, arm, language())
        if isinstance(found, Sentence):
            figures.append(({"arm": arm, "why": getattr(found, language())}, None))
        else:
            figures.append(({"arm": arm, "chart": found}, chart_urls(slug, name)))
    return figures


@area.get("/<path:code>")
def show(slug: str, code: str) -> ResponseReturnValue:
    """One branch against its own past and the pilot."""
    report = branch_report(session(), actor(), slug, code, clock())
    summary, tongue = report.summary, language()
    level = summary["plan"]["level"]
    metrics = list(dict.fromkeys(series["outcome"] for series in summary["weekly"]))
    metric = request.args.get("metric", "")
    metric = metric if metric in metrics else next(iter(metrics), "")
    return render_template(
        "branches/show.html",
        summary=summary,
        title=summary["pilot"]["title"][tongue],
        branch=report.branch,
        tiles=[
            (one.outcome, branch_tile(one.outcome, one.past, one.others, one.pilot.refused, level, tongue))
            for one in report.verdicts
        ],
        weeks=_weeks(report, metric),
        metric=metric,
        metrics=[outcome for outcome in summary["outcomes"] if outcome["code"] in metrics],
        times=times_lines(report.times, tongue),
        items=item_lines(report.items, tongue),
        items_by_chance=chance_of_items(report.items, tongue),
        to_work_on=work_sentences(report.to_work_on, tongue),
        rule=getattr(RULE.filled(fewest=str(FEWEST_VISITS), most=str(MOST_TO_WORK_ON)), tongue),
        nothing=getattr(NOTHING, tongue),
        visits=report.visits,
        interval_label=_interval_label(summary),
        planner=may(actor(), Action.PLAN_PILOT),
        made_up=summary["pilot"]["made_up"],
    )


def _weeks(report: BranchReport, metric: str) -> tuple[Any, dict[str, str]] | None:
    """The weeks of one outcome of the branch, with their addresses."""
    chart = weeks(report.summary, metric, language()) if metric else None
    slug = report.summary["pilot"]["slug"]
    return None if chart is None else (chart, chart_urls(slug, chart.name, branch=report.branch["code"]))
