"""What a phone checks before it takes a visit: the rules of the checklist, and the words for what is wrong.

The site checks all of it again; said on the phone, it is said while the auditor can still mend it.
"""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from pilot_eval.domain.checklists import Checklist, Item, answer_field
from pilot_eval.domain.checklists.answers import MAX_WINDOW
from pilot_eval.operations.submissions import Place
from pilot_eval.reports.numbers import date_text
from pilot_eval.web.languages import language
from pilot_eval.web.recording import phone_texts


def rules(checklist: Checklist, place: Place | None) -> dict[str, Any]:
    """The rules as plain data; without a place (practice) any day will do."""
    where: dict[str, Any] = {}
    if place is not None:
        first, last = place.wave.opens_on, place.wave.closes_on
        where = {"zone": place.zone.key, "opens": first.isoformat(), "closes": last.isoformat()} | _at(place)
        where["photos"] = place.pilot.asks_photos
    return {
        **where,
        "version": checklist.digest,
        "min_answered_percent": checklist.min_answered_percent,
        "most_windows": MAX_WINDOW,
        "items": [_item(section.code, item) for section in checklist.sections for item in section.items],
    }


def _at(place: Place) -> dict[str, Any]:
    """Where the branch is, in degrees, if its distance is asked for and can be told."""
    latitude, longitude = place.branch.latitude, place.branch.longitude
    if not place.pilot.asks_distance or latitude is None or longitude is None:
        return {}
    return {"branch_at": [float(latitude), float(longitude)]}


def _item(section: str, item: Item) -> dict[str, Any]:
    rule = item.shown_if
    return {
        "code": item.code,
        "field": answer_field(item.code),
        "section": section,
        "type": item.type,
        "asked": item.asked,
        "required": item.required,
        "low": item.low,
        "high": item.high,
        "comment_on": item.comment_on,
        "failing": [answer for answer in item.offered if item.fails(answer)],
        "shown_if": rule and {"item": rule.item, "answers": rule.answers},
    }


def texts(place: Place | None) -> dict[str, str]:
    """What the phone says, in the reader's language; {names} in braces are filled in there."""
    item = {"item": "{item}"}
    found = {
        "send": gettext("Send the visit"),
        "no_outcome": gettext("Say how the visit ended"),
        "no_started": gettext("Say when you came in"),
        "no_left": gettext("Say when you left"),
        "out_of_order": gettext("You left before you came in: check both times"),
        "no_answer": gettext("%(item)s: choose an answer", **item),
        "bad_number": gettext(
            "%(item)s: give a whole number from %(low)s to %(high)s", **item, low="{low}", high="{high}"
        ),
        "no_comment": gettext("%(item)s: say in a few words what happened", **item),
        "no_narrative": gettext(
            "Say in a few words what happened: a critical question was failed (%(items)s)", items="{items}"
        ),
        "bad_window": gettext("The window is a number from 1 to %(most)s, never a name", most=MAX_WINDOW),
        "bad_tail": gettext("Give only the last digits of the receipt, at most 6"),
        "unanswered": gettext(
            "Unanswered: %(items)s. With less than %(percent)s %% answered a visit has no score.",
            items="{items}",
            percent="{percent}",
        ),
        "measuring": gettext("Measuring …"),
        "measured": gettext("%(metres)s m from the branch. Nothing else is kept.", metres="{metres}"),
        "inexact": gettext(
            "The phone knows its place to %(metres)s m only. Try again, best out of doors, or leave it out.",
            metres="{metres}",
        ),
        "no_place": gettext("The phone does not tell its place. Try again or leave it out."),
        "left_out": gettext("Left out. No result depends on it."),
        "other_version": gettext(
            "The checklist has changed since you began. Look through your answers before you send them."
        ),
    }
    if place is not None:
        first, last = (date_text(day, language()) for day in (place.wave.opens_on, place.wave.closes_on))
        found["outside_wave"] = gettext(
            "This assignment takes visits from %(first)s to %(last)s", first=first, last=last
        )
    return phone_texts() | found
