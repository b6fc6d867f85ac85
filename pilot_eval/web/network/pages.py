"""The whole network: its regions, and its branches page by page."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from pilot_eval.operations.branch_listing import SORTS
from pilot_eval.operations.branch_results import rebuild_pending
from pilot_eval.operations.network_branches import BranchLine, Wish, branches_table
from pilot_eval.operations.network_regions import LEVEL, regions_table
from pilot_eval.operations.policy import Action, may
from pilot_eval.reports.network import change_texts, mean_text
from pilot_eval.reports.numbers import level_percent
from pilot_eval.web.languages import language
from pilot_eval.web.sessions import actor, session

area = Blueprint("network", __name__, url_prefix="/network")


@area.get("")
def index() -> ResponseReturnValue:
    """The regions that the reader may see."""
    table = regions_table(session(), actor(), request.args.get("metric", ""))
    kind, unit = (table.metric.kind, table.metric.unit) if table.metric else ("score", "points")
    rows = [
        (row, [mean_text(mean, kind, unit, language()) for mean in (row.trained, row.comparison)])
        for row in table.rows
    ]
    return render_template(
        "network/index.html",
        table=table,
        made_up=table.made.made_up,
        rows=rows,
        level=level_percent(LEVEL, language()),
        may_rebuild=may(actor(), Action.REBUILD_RESULTS),
    )


@area.get("/branches")
def branches() -> ResponseReturnValue:
    """All branches that the reader may see, page by page."""
    return _branches(None)


@area.get("/regions/<region>")
def region(region: str) -> ResponseReturnValue:
    """One region's branches, page by page."""
    return _branches(region)


def _branches(code: str | None) -> ResponseReturnValue:
    sort = request.args.get("sort", "")
    wish = Wish(
        metric=request.args.get("metric", ""),
        search=request.args.get("search", "").strip(),
        sort=sort if sort in SORTS else "name",
        descending=request.args.get("order") == "desc",
        after=request.args.get("after", ""),
    )
    table = branches_table(session(), actor(), wish, code)
    kind, unit = (table.metric.kind, table.metric.unit) if table.metric else ("score", "points")
    texts = change_texts([line.change for line in table.lines], kind, unit, language())
    levels = {text.level for text in texts if text}
    chosen = {
        "metric": table.metric.key if table.metric else "",
        "search": wish.search,
        "sort": wish.sort,
        "order": "desc" if wish.descending else "asc",
    }
    return render_template(
        "network/branches.html",
        table=table,
        made_up=table.made.made_up,
        rows=list(zip(table.lines, texts, _addresses(table.lines), strict=True)),
        level=levels.pop() if len(levels) == 1 else "",
        chosen={name: value for name, value in chosen.items() if value},
        after=wish.after,
        endpoint="network.branches" if code is None else "network.region",
        place={} if code is None else {"region": code},
    )


def _addresses(lines: Sequence[BranchLine]) -> list[str]:
    """Where the page of each branch in its newest pilot is; empty where there is none.

    Asked for once a pilot: a page has many branches, and they differ by their code only.
    """
    above = {line.pilot: url_for("branches.compare", slug=line.pilot) for line in lines if line.pilot}
    return [f"{above[line.pilot]}/{quote(line.code)}" if line.pilot else "" for line in lines]


@area.post("/refresh")
def refresh() -> ResponseReturnValue:
    """Make the results of those pilots anew whose data have changed."""
    count = rebuild_pending(session(), actor())
    flash(
        ngettext(
            "The results of %(num)s pilot are up to date.",
            "The results of %(num)s pilots are up to date.",
            count,
        ),
        "success",
    )
    return redirect(url_for("network.index"), 303)
