"""What pages hand over to an auditor's phone: whose it is, where things are, the texts of its scripts.

A phone keeps some pages to open without a signal. Which ones, and what they are made of, stands here; the
answer to each names its owner, so that the worker on the phone keeps nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, request, url_for
from flask_babel import gettext, ngettext
from flask_login import current_user

from pilot_eval import __version__
from pilot_eval.assets import folder
from pilot_eval.operations.policy import Action, may
from pilot_eval.web.languages import language
from pilot_eval.web.sessions import actor

# Pages that an auditor's phone keeps: those of each visit to make, and these.
_OF_ASSIGNMENTS = frozenset({"visits.record", "timings.record"})
KEPT = _OF_ASSIGNMENTS | frozenset(
    {
        "visits.assignments",
        "field.queue",
        "field.saved",
        "field.leaving",
        "field.offline",
        "field.notes",
        "visits.practice",
    }
)
# Of the templates, those that kept pages are made of: a change of theirs is a new version too.
_TEMPLATES = ("base.html", "macros", "recording", "visits", "timings", "field")
_STYLES = ("app", "field", "notes")


def install(app: Flask) -> None:
    """Hand `phone` to the templates, and name the owner of each page that a phone keeps."""
    app.context_processor(lambda: {"phone": phone()})
    app.after_request(_name_owner)


def records() -> bool:
    """Whether the person who is signed in records visits."""
    return bool(current_user.is_authenticated and may(actor(), Action.RECORD))


def phone() -> dict[str, Any] | None:
    """For the scripts of a page; None where the page has nothing to do with the field."""
    if not (records() or request.endpoint == "security.login"):
        return None
    return {
        "person": current_user.id if current_user.is_authenticated else None,
        "language": language(),
        "addresses": addresses(),
        "kept": [url_for(endpoint) for endpoint in sorted(KEPT - _OF_ASSIGNMENTS)],
        "texts": texts(),
    }


def addresses() -> dict[str, str]:
    """Where the scripts lead to."""
    return {
        "worker": url_for("field.service_worker"),
        "sign_in": url_for("security.login"),
        "list": url_for("visits.assignments"),
        "queue": url_for("field.queue"),
        "saved": url_for("field.saved"),
        "leaving": url_for("field.leaving"),
        "visit": _for_any(lambda number: url_for("visits.record", assignment_id=number)),
    }


def _for_any(address: Callable[[int], str]) -> str:
    """An address with {number} where the number of an assignment stands."""
    return address(0).replace("0", "{number}")


def texts() -> dict[str, Any]:
    """The line about what waits to be sent, in the reader's language."""
    return {
        "visit": _counted(lambda num: ngettext("%(num)s visit", "%(num)s visits", num)),
        "timing": _counted(lambda num: ngettext("%(num)s timing", "%(num)s timings", num)),
        "practice": _counted(lambda num: ngettext("%(num)s practice visit", "%(num)s practice visits", num)),
        "photo": _counted(lambda num: ngettext("%(num)s photograph", "%(num)s photographs", num)),
        "attention": _counted(
            lambda num: ngettext(
                "%(num)s record needs your attention.", "%(num)s records need your attention.", num
            )
        ),
        "conflicts": _counted(
            lambda num: ngettext(
                "%(num)s record met another version; the office has kept both.",
                "%(num)s records met another version; the office has kept both.",
                num,
            )
        ),
        "others": _counted(
            lambda num: ngettext(
                "%(num)s record of another person waits on this phone. It is sent when that person signs in.",
                "%(num)s records of another person wait on this phone. They are sent when that person signs"
                " in.",
                num,
            )
        ),
        "anybody": _counted(
            lambda num: ngettext(
                "%(num)s record is saved on this phone. It is sent when whoever recorded it signs in.",
                "%(num)s records are saved on this phone. They are sent when whoever recorded them signs in.",
                num,
            )
        ),
        "notes": gettext(
            "Times noted on %(moment)s wait for their visit: fill it in within 24 hours.", moment="{moment}"
        ),
        "notes_late": gettext(
            "Times noted on %(moment)s have waited for their visit for more than a day. It can still be"
            " filled in; the reviewer sees that it was late.",
            moment="{moment}",
        ),
        "to_notes": gettext("To the visit"),
        "waiting": gettext("Waiting to be sent: %(what)s.", what="{what}"),
        "all_sent": gettext(
            "Everything is sent. Last at %(time)s, receipt %(receipt)s.", time="{time}", receipt="{receipt}"
        ),
        "no_connection": gettext("There is no connection now; they will be sent by themselves."),
        "busy": gettext("The server is busy; they will be sent by themselves."),
        "signed_out": gettext("Your sign-in has ended."),
        "sign_in": gettext("Sign in to send them"),
        "send_now": gettext("Send now"),
        "to_queue": gettext("What is on this phone"),
        "long": gettext("This has waited for more than a day. Look for a connection."),
        "too_long": gettext(
            "This has waited for more than three days, and the browser may throw it away. Look for a"
            " connection today, or download it as a file."
        ),
        "sign_out_needs_connection": gettext("You are still signed in: signing out needs a connection."),
    }


class _Some(int):
    """A number that chooses the form of a text and stands in it as the place for the phone's own."""

    def __str__(self) -> str:
        return "{num}"


def _counted(said: Callable[[int], str]) -> dict[str, str]:
    """A text in each form that its number can ask for, by the names that browsers give to them."""
    return {name: said(_Some(num)) for name, num in (("one", 1), ("few", 2), ("many", 5), ("other", 5))}


def assets() -> list[str]:
    """The addresses of what kept pages are made of."""
    scripts = sorted(path.name for path in (folder("static") / "js" / "field").glob("*.js"))
    files = [
        *(f"css/{name}.css" for name in _STYLES),
        "img/favicon.svg",
        "js/app.js",
        *(f"js/field/{name}" for name in scripts if name != "service-worker.js"),
    ]
    bootstrap = url_for("bootstrap.static", filename="css/bootstrap.min.css")
    return [bootstrap, *(url_for("static", filename=name) for name in files)]


@cache
def version() -> str:
    """Changes with every change of what kept pages are made of."""
    found = hashlib.sha256(__version__.encode())
    for path in _sources():
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


def _sources() -> list[Path]:
    static, templates = folder("static"), folder("templates")
    found = [static / "css" / f"{name}.css" for name in _STYLES]
    found += [
        static / "js" / "app.js",
        static / "img" / "favicon.svg",
        *(static / "js" / "field").glob("*.js"),
    ]
    for name in _TEMPLATES:
        place = templates / name
        found += [place] if place.is_file() else place.rglob("*.html")
    return sorted(found)


def _name_owner(response: Response) -> Response:
    if (
        request.method == "GET"
        and response.status_code == 200
        and response.mimetype == "text/html"
        and current_user.is_authenticated
    ):
        response.headers["X-Person"] = str(current_user.id)
        if request.endpoint in KEPT and records():
            response.headers["X-Kept-By-Phone"] = f"{language()} {version()}"
    return response
