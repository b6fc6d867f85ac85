"""The main menu: one table, each entry shown to those who may follow it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app, request, url_for
from flask_babel import lazy_gettext
from flask_login import current_user

from pilot_eval.operations.policy import Action, may
from pilot_eval.web.sessions import actor

# Endpoint, label, the right it needs. The first entry of a role is also its start page.
MENU = (
    ("visits.assignments", lazy_gettext("Visits to make"), Action.RECORD),
    ("pilots.index", lazy_gettext("Pilots"), Action.COMPARE_BRANCHES),
    ("review.index", lazy_gettext("Review"), Action.REVIEW),
    ("checklists.index", lazy_gettext("Checklists"), Action.EDIT_CHECKLISTS),
    ("network.index", lazy_gettext("Network"), Action.SEE_NETWORK),
    ("planner.index", lazy_gettext("Planner"), Action.PLAN_SIZE),
    ("people.index", lazy_gettext("People"), Action.READ_PEOPLE),
    ("regions.index", lazy_gettext("Regions"), Action.MANAGE_NETWORK),
    ("lists.index", lazy_gettext("Bring in data"), Action.MANAGE_NETWORK),
    ("audit_log.index", lazy_gettext("Audit log"), Action.VERIFY_AUDIT_LOG),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of the menu; `current` is the value of aria-current, empty elsewhere."""

    url: str
    label: str
    current: str


def install(app: Flask) -> None:
    """Hand the menu to every template."""
    app.context_processor(lambda: {"navigation": entries()})


def entries() -> list[Entry]:
    """The menu of the person who is signed in; empty for a visitor."""
    found = []
    for endpoint, label in _allowed():
        address = url_for(endpoint)
        found.append(Entry(address, str(label), _current(endpoint, address)))
    return found


def start_page() -> str:
    """Where the person's work begins."""
    for endpoint, _label in _allowed():
        return url_for(endpoint)
    return url_for("account.index")


def _allowed() -> list[tuple[str, object]]:
    if not current_user.is_authenticated:
        return []
    reader, known = actor(), current_app.view_functions
    return [
        (endpoint, label) for endpoint, label, action in MENU if endpoint in known and may(reader, action)
    ]


def _current(endpoint: str, address: str) -> str:
    if request.endpoint == endpoint:
        return "page"
    below = request.path.startswith(address.rstrip("/") + "/")
    return "true" if below or request.blueprint == endpoint.partition(".")[0] else ""
