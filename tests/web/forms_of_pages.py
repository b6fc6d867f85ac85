"""The forms of a page, as a browser reads and sends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class PageForm:
    """A form with what it would send if its key were pressed, in the order of the page."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)

    def as_data(self) -> dict[str, list[str]]:
        """For a test client's `data`."""
        data: dict[str, list[str]] = {}
        for name, value in self.fields:
            data.setdefault(name, []).append(value)
        return data


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.forms.append(PageForm(given.get("action") or ""))
            self.open = True
        elif tag == "input" and self.open and given.get("name"):
            if given.get("type") in {"radio", "checkbox"} and "checked" not in given:
                return
            self.forms[-1].fields.append((str(given["name"]), given.get("value") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = False


def forms_of(page: str) -> list[PageForm]:
    """Every form of the page."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms


def form_to(page: str, action: str) -> PageForm:
    """The one form that is sent to that address."""
    found = [form for form in forms_of(page) if form.action.partition("?")[0] == action]
    assert len(found) == 1, f"{len(found)} forms to {action}"
    return found[0]
