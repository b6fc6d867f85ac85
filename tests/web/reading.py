"""A page as its reader meets it: headings, links, codes and sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

EMPTY = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
SPOKEN = ("aria-label", "alt", "title", "placeholder", "data-undo", "data-waiting", "data-serving")


@dataclass
class Page(HTMLParser):
    """What a page holds.

    Parameters
    ----------
    source : str
        HTML.
    """

    source: str
    headings: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    codes: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, bool]] = []
        self._code: list[str] = []
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag in {"h1", "h2", "h3", "h4"}:
            self.headings.append(tag)
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if "id" in given:
            self.ids.add(given["id"])
        # What is in a language of its own, or not for reading, is no sentence of the page's.
        silent = self._silent() or tag in {"script", "style", "code"} or ("lang" in given and tag != "html")
        if not silent:
            self.texts += [given[name] for name in SPOKEN if given.get(name)]
        if tag not in EMPTY:
            self._open.append((tag, silent))

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            closed, _silent = self._open.pop()
            if closed == "code" and self._code:
                self.codes.append("".join(self._code))
                self._code.clear()
            if closed == tag:
                return

    def handle_data(self, data: str) -> None:
        if any(tag == "code" for tag, _silent in self._open):
            self._code.append(data)
        elif not self._silent() and data.strip():
            self.texts.append(" ".join(data.split()))

    def _silent(self) -> bool:
        return any(silent for _tag, silent in self._open)
