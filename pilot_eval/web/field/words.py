"""The texts of the pages that the phone fills in, in the reader's language; it fills {names} in too."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext


def saved_texts() -> dict[str, Any]:
    """Of the page about one record that was saved."""
    return {
        "headings": {
            "waiting": gettext("Saved on this phone"),
            "attention": gettext("Needs your attention"),
            "conflict": gettext("A version is stored already"),
            "removed": gettext("It was put away"),
            "stored": gettext("Stored"),
            "practised": gettext("Practice done"),
            "gone": gettext("Not on this phone"),
        },
        "waiting": gettext(
            "It will be sent by itself as soon as there is a connection. You can close this page."
        ),
        "attention": gettext(
            "The server could not take it. It stays on this phone until it is mended or put away."
        ),
        "conflict": gettext(
            "Something was stored here before, and it stays. Nothing is lost: what you have sent now is kept"
            " beside it."
        ),
        "removed": gettext("It is not sent, and for a day it can be put back."),
        "stored": gettext("Thank you. Nothing more is needed."),
        "practised": gettext(
            "It went all the way, as a visit would, and nothing was stored. You are ready for a visit."
        ),
        "gone": gettext("This record is not on this phone, or was sent long ago."),
        "code": gettext("Receipt code:"),
        "since": gettext("Saved at %(time)s", time="{time}"),
        "change": gettext("Change it"),
    }


def queue_texts() -> dict[str, Any]:
    """Of the page about all that is on the phone."""
    return {
        "nothing": gettext("Nothing waits on this phone: everything is sent."),
        "unsent": gettext("Not sent yet"),
        "begun": gettext("Begun"),
        "removed": gettext("What was put away"),
        "sent": gettext("Sent last"),
        "states": {
            "waiting": gettext("Waits"),
            "attention": gettext("Needs your attention"),
            "conflict": gettext("Kept beside another version"),
        },
        "reasons": {
            "waiting": gettext("It is sent by itself as soon as there is a connection."),
            "again": gettext("It did not get through and is sent again by itself."),
            "attention": gettext("The server could not take it."),
            "conflict": gettext("The office has kept it beside the version that was there before."),
        },
        "kinds": {
            "visit": gettext("Visit"),
            "timing": gettext("Timing"),
            "practice": gettext("Practice visit"),
            "photo": gettext("Photograph"),
        },
        "code": gettext("Receipt code:"),
        "change": gettext("Change it"),
        "remove": gettext("Put away"),
        "put_back": gettext("Put back"),
        "since": gettext("Saved at %(time)s", time="{time}"),
        "go_on": gettext("Go on"),
        "discard": gettext("Put away"),
    }


def notes_texts() -> dict[str, str]:
    """Of pocket mode: short, and telling a stranger nothing."""
    return {
        "came": gettext("In"),
        "joined": gettext("Queue"),
        "called": gettext("Called"),
        "started": gettext("Start"),
        "ended": gettext("End"),
        "left": gettext("Out"),
        "undo": gettext("Undo"),
    }
