"""QR codes of branches: a sheet to print, and where a scanned code leads."""

from __future__ import annotations

from dataclasses import dataclass

import segno
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from pilot_eval.domain.errors import NotAllowed
from pilot_eval.operations import network, pilots
from pilot_eval.operations.arrivals import arrive_at
from pilot_eval.operations.policy import Action
from pilot_eval.records.network import Branch
from pilot_eval.web.errors import error_page
from pilot_eval.web.sessions import actor, clock, session

codes = Blueprint("codes", __name__)

PAGE = 60  # codes of a sheet: five sheets of A4


@dataclass(frozen=True, slots=True)
class Card:
    """A branch with its code as a picture."""

    branch: Branch
    picture: Markup


@codes.get("/pilots/<slug>/codes")
def sheet(slug: str) -> ResponseReturnValue:
    """The codes of a pilot's branches, by region, to be printed for its auditors."""
    pilot = pilots.get_pilot(session(), actor(), slug, Action.PLAN_PILOT)
    regions = network.list_regions(session())
    chosen = request.args.get("region", "")
    wanted = {region.id for region in regions if chosen in ("", region.code)}
    after = request.args.get("after", "")
    branches = [
        branch
        for _member, branch in pilots.members_of(session(), pilot)
        if branch.region_id in wanted and branch.code > after
    ]
    here = {branch.region_id for _member, branch in pilots.members_of(session(), pilot)}
    return render_template(
        "schedule/codes.html",
        pilot=pilot,
        cards=[Card(branch, _picture(branch)) for branch in branches[:PAGE]],
        names={region.id: region.name for region in regions},
        regions=[region for region in regions if region.id in here],
        chosen=chosen,
        after=after,
        following=branches[PAGE - 1].code if len(branches) > PAGE else "",
        made_up=pilot.made_up,
    )


def _picture(branch: Branch) -> Markup:
    """The code of a branch's address as inline SVG: paths alone, nothing of anybody's text."""
    address = url_for("codes.at", code=branch.code, _external=True)
    return Markup(segno.make(address, micro=False, error="m").svg_inline(light="#fff", omitsize=True))  # noqa: S704 - as the docstring says


@codes.get("/at/<path:code>")
def at(code: str) -> ResponseReturnValue:
    """The visit that an auditor is to make at the branch whose code was scanned."""
    try:
        arrival = arrive_at(session(), actor(), code, clock())
    except NotAllowed:
        return error_page(
            403, _("This code is for the auditor who visits the branch. Your role makes no visits.")
        )
    if len(arrival.due) == 1:
        return redirect(url_for("visits.record", assignment_id=arrival.due[0].assignment.id))
    return render_template("schedule/at.html", arrival=arrival, now=clock())
