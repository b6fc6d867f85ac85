"""Sheets of an XLSForm as rows of named cells, each language under its own code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pilot_eval.engines.workbooks import Cells

# How a language of a column is written, by our code: "Russian (ru)", "ru", "русский" ...
_NAMES = {"en": ("en", "eng", "english"), "ru": ("ru", "rus", "russian", "русский")}
_CODE = re.compile(r"\(\s*([A-Za-z-]+)\s*\)\s*$")
TRANSLATED = ("label", "hint", "guidance_hint", "constraint_message", "required_message")
_CYRILLIC = re.compile("[А-Яа-яЁё]")
# Other headings of the standard for what we read, older ones among them.
_ALIASES = {
    "relevance": "relevant",
    "bind::relevant": "relevant",
    "bind::constraint": "constraint",
    "bind::required": "required",
    "calculate": "calculation",
    "bind::calculate": "calculation",
    "caption": "label",
    "tag": "name",
    "command": "type",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a sheet.

    Parameters
    ----------
    number : int
        As the program that shows the workbook counts.
    cells : mapping of str to str
        By column in small letters; empty ones are not there.
    texts : mapping of str to mapping of str to str
        Of the columns that may be in several languages: text by language (`en`, `ru`, another's name, or ''
        where the column names none).
    """

    number: int
    cells: Mapping[str, str]
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def cell(self, name: str) -> str:
        return self.cells.get(name, "")

    def text(self, name: str) -> dict[str, str]:
        """A text in our two languages, as far as it is given."""
        given = dict(self.texts.get(name, {}))
        unnamed = given.pop("", "")
        found = {language: given[language] for language in ("en", "ru") if given.get(language)}
        if unnamed:
            found.setdefault("ru" if _CYRILLIC.search(unnamed) else "en", unnamed)
        return found


def rows_of(cells: Cells | None) -> list[Row]:
    """The rows below the headings; those without a cell are left out."""
    if not cells:
        return []
    headings = [_heading(cell) for cell in cells[0]]
    return [
        row for number, line in enumerate(cells[1:], 2) if (row := _row(number, headings, line)) is not None
    ]


def columns_of(cells: Cells | None) -> list[str]:
    """The headings of a sheet as they are written."""
    return [str(cell).strip() for cell in cells[0] if cell is not None] if cells else []


def _row(number: int, headings: Sequence[tuple[str, str] | None], line: Sequence[Any]) -> Row | None:
    cells: dict[str, str] = {}
    texts: dict[str, dict[str, str]] = {}
    for heading, value in zip(headings, line, strict=False):
        text = written(value)
        if heading is None or not text:
            continue
        name, language = heading
        if name in TRANSLATED:
            texts.setdefault(name, {})[language] = text
        else:
            cells[name] = text
    return Row(number, cells, texts) if cells or texts else None


def written(value: Any) -> str:
    """A cell as it was written."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value).strip()


def _heading(cell: Any) -> tuple[str, str] | None:
    """Name and language of a column: "label::Русский (ru)" is ("label", "ru")."""
    text = written(cell)
    if not text:
        return None
    name, _sign, language = text.partition("::")
    if not language and ":" in text:
        name, _sign, language = text.partition(":")
    name = re.sub(r"[\s-]+", "_", name.strip().lower())
    name = _ALIASES.get(name, name)
    if name not in TRANSLATED:
        whole = re.sub(r"\s*::?\s*", "::", text.lower()) if language else name
        return _ALIASES.get(whole, whole), ""
    return name, language_of(language.strip())


def language_of(written_as: str) -> str:
    """Our code of a language, or its name as it is written."""
    if not written_as:
        return ""
    match = _CODE.search(written_as)
    given = (match[1] if match else written_as).lower()
    for code, names in _NAMES.items():
        if given in names or given.partition("-")[0] == code:
            return code
    return written_as


def languages_of(rows: Sequence[Row]) -> Iterator[str]:
    """Languages that are neither English nor Russian, each once."""
    seen: set[str] = set()
    for row in rows:
        for texts in row.texts.values():
            for language in texts:
                if language not in {"", "en", "ru"} and language not in seen:
                    seen.add(language)
                    yield language
