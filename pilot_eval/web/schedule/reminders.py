"""Whom to remind, with the words to send."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from pilot_eval.operations import pilots
from pilot_eval.operations.policy import Action
from pilot_eval.operations.reminders import Reminder, reminders_of
from pilot_eval.reports.numbers import date_text
from pilot_eval.web.sessions import actor, clock, session

reminders = Blueprint("reminders", __name__, url_prefix="/pilots/<slug>/reminders")


@reminders.get("")
def index(slug: str) -> ResponseReturnValue:
    """Auditors with what they still have to do, and a text for each."""
    pilot = pilots.get_pilot(session(), actor(), slug, Action.PLAN_PILOT)
    found = reminders_of(session(), actor(), slug, clock())
    return render_template(
        "schedule/reminders.html",
        pilot=pilot,
        reminders=[(one, _text(one) if one.pressing else "") for one in found],
        lists={name for one in found for name, count in one.counts.items() if count},
        made_up=pilot.made_up,
    )


def _text(one: Reminder) -> str:
    """What to send, in the auditor's language; without names of branches, for messages are read by others."""
    with force_locale(one.auditor.language):
        said = [sentence for sentence in (*_dates(one), *_rest(one)) if sentence]
        address = url_for("visits.assignments", _external=True)
        said.append(_("Everything stands here: %(address)s", address=address))
    return " ".join(map(str, said))


def _dates(one: Reminder) -> Iterator[str]:
    yield _("Hello!")
    if visits := len(one.today):
        yield ngettext(
            "Today is the last day for %(num)s visit.", "Today is the last day for %(num)s visits.", visits
        )
    if visits := len(one.week):
        day = date_text(one.by, one.auditor.language)
        yield ngettext(
            "%(num)s visit is to be made by Sunday (the last day is %(day)s).",
            "%(num)s visits are to be made by Sunday (the last day is %(day)s).",
            visits,
            day=day,
        )
    if visits := len(one.overdue):
        yield ngettext(
            "%(num)s visit is overdue: make it as soon as you can, or say that you cannot.",
            "%(num)s visits are overdue: make them as soon as you can, or say that you cannot.",
            visits,
        )


def _rest(one: Reminder) -> Iterator[str]:
    if one.begun:
        yield ngettext(
            "%(num)s visit has timings and no form yet: send it.",
            "%(num)s visits have timings and no form yet: send them.",
            one.begun,
        )
    if visits := len(one.unsent):
        yield ngettext(
            "%(num)s visit of a round that is over has not come: if it lies on your phone, send it.",
            "%(num)s visits of a round that is over have not come: if they lie on your phone, send them.",
            visits,
        )
    if visits := len(one.returned):
        yield ngettext("%(num)s visit is to be corrected.", "%(num)s visits are to be corrected.", visits)
