"""Items by branches: where what was trained has moved."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pilot_eval.operations.heatmap import ARMS, Heatmap
from pilot_eval.operations.heatmap import heatmap as find_heatmap
from pilot_eval.operations.policy import Action, may
from pilot_eval.reports.heatmaps import grid_csv, grid_of
from pilot_eval.reports.labels import label
from pilot_eval.reports.wording import RUNNING
from pilot_eval.web.languages import language
from pilot_eval.web.sessions import actor, clock, session

area = Blueprint("heatmap", __name__, url_prefix="/pilots/<slug>/heatmap")


@area.get("")
def show(slug: str) -> ResponseReturnValue:
    """The grid; what is chosen stands in the address."""
    given = request.args
    found = find_heatmap(
        session(),
        actor(),
        slug,
        clock(),
        arm=given.get("arm", ""),
        region=given.get("region", ""),
        page=int(given["page"]) if given.get("page", "").isdecimal() else 1,
    )
    if given.get("format") == "csv" and found.changes is not None:
        return _csv(found)
    grid = None
    if found.changes is not None:
        grid = grid_of(found.changes, found.items, found.by, found.pilot.level, language())
    return render_template(
        "branches/heatmap.html",
        found=found,
        grid=grid,
        arms=ARMS,
        filters=_filters(found),
        withheld=getattr(RUNNING, language()) if found.withheld else "",
        title=found.pilot.title_ru if language() == "ru" else found.pilot.title_en,
        planner=may(actor(), Action.PLAN_PILOT),
        made_up=found.pilot.made_up,
    )


def _filters(found: Heatmap) -> str:
    parts = [_("arm: %(name)s", name=_("all") if found.arm == "all" else label(found.arm, language()))]
    if found.region:
        parts.append(_("region: %(name)s", name=found.region))
    if found.pages > 1:
        parts.append(_("page %(page)s of %(pages)s", page=found.page, pages=found.pages))
    return "; ".join(str(part) for part in parts)


def _csv(found: Heatmap) -> Response:
    assert found.changes is not None  # noqa: S101 - asked by show
    names = [column.name for column in found.columns]
    content = grid_csv(
        found.changes, found.items, names, found.snapshot.sha256[:8], _filters(found), language()
    )
    answer = Response(content, content_type="text/csv; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{found.pilot.slug}-heatmap.csv")
    return answer
