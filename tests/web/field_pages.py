"""What the tests of the auditor's forms share: reading a page's form as a browser does, and filling it in."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any, TypeVar

from sqlmodel import Session, SQLModel, select

from tests.field import good_answers


def without(page: str, path: str) -> str:
    """A page without its own address and without the token, which differs from second to second."""
    return re.sub(r'(name="csrf_token" value=)"[^"]*"', r"\1", page).replace(path, "#")


T = TypeVar("T", bound=SQLModel)


class _Controls(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self._textarea = ""
        self._select = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        name = given.get("name") or ""
        if tag == "textarea":
            self._textarea = name
            self.values[name] = [""]
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            # The first option is what a browser sends unless another is selected.
            if self._select not in self.values or "selected" in given:
                self.values[self._select] = [given.get("value") or ""]
        elif tag == "input" and name and (given["type"] not in ("radio", "checkbox") or "checked" in given):
            self.values.setdefault(name, []).append(given.get("value") or "")

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.values[self._textarea] = [self.values[self._textarea][0] + data]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._textarea:
            # A browser drops the line break that follows the opening tag.
            self.values[self._textarea][0] = (
                self.values[self._textarea][0].removeprefix("\r\n").removeprefix("\n")
            )
            self._textarea = ""


def controls(page: str) -> dict[str, list[str]]:
    """What a browser would send of the page's last form; the header's forms share a token with it."""
    parser = _Controls()
    parser.feed(page)
    values = parser.values
    values["csrf_token"] = values["csrf_token"][-1:]
    return {name: given for name, given in values.items() if name not in ("next",)}


def filled(page: str, **changes: Any) -> dict[str, Any]:
    """The page's form with these fields filled in."""
    return {name: given[0] for name, given in controls(page).items()} | changes


GOOD_VISIT = {
    "outcome": "done",
    "day": "2014-08-05",
    "started_at": "10:00",
    "left_at": "10:20",
    **{f"q_{code}": answer for code, answer in good_answers().items()},
}
GOOD_TIMING = {
    "mode": "observed",
    "day": "2014-08-05",
    "at_joined": "10:00",
    "at_called": "10:05",
    "at_started": "10:05:30",
    "at_ended": "10:10",
    "outcome": "served",
    "operation": "parcel_send",
}


def stored(session: Session, table: type[T]) -> list[T]:
    """The stored rows, read in a transaction that does not stay open: SQLite has one writer."""
    session.rollback()
    rows = list(session.exec(select(table)))
    session.expunge_all()
    session.rollback()
    return rows
