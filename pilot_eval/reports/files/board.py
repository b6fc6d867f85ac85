"""The board page: one A4 that a board can decide on, as an accessible PDF.

The page is laid out by `typst/board.typ`. Python hands over finished sentences, written numbers and places
from 0 to 1; nothing that people typed is ever read as Typst.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import typst

from pilot_eval.reports.files.board_page import moment_of, page_of
from pilot_eval.reports.numbers import language_of
from pilot_eval.reports.summaries import Row, Summary, released

_TEMPLATE: Final = Path(__file__).parent / "typst" / "board.typ"
# Millimetres; the tallest chart that leaves one page is taken.
_CHART_HEIGHTS: Final = (80, 70, 60, 50, 40, 30)
# The signs of Libertinus Serif that a title or a limit may need: Latin, Greek, Cyrillic, stress marks,
# punctuation, currencies, letter-like signs, arrows, comparison signs and boxes.
_NOT_IN_FONT: Final = re.compile(
    "[^ -~\u00a0-\u024f\u0300\u0301\u0391-\u03a1\u03a3-\u04ff\u2010-\u2027\u202f-\u2040\u20a0-\u20bf"
    "\u2116\u2122\u2190-\u21ff\u2212\u2248-\u2265\u25a0-\u25fe]"
)


def write(summary: Summary, language: str, rows: Iterable[Row] | None = None) -> bytes:
    """Write the board page as PDF/UA-1; the same snapshot gives the same bytes.

    Raises
    ------
    RuntimeError
        If the page does not compile without a single warning: a page with a missing font is never handed out.
    """
    tongue = language_of(language)
    document = released(summary)
    page = page_of(document, tongue)
    for height in _CHART_HEIGHTS:
        if page["chart"]:
            page["chart"]["height"] = height
        try:
            return _compile({**page, "one_page": True}, document)
        except typst.TypstError as error:
            if "longer than one page" not in f"{error.message} {error.diagnostic}":
                raise
    # Long texts go on overleaf rather than getting cut.
    return _compile({**page, "one_page": False}, document)


def _compile(page: Mapping[str, Any], document: Summary) -> bytes:
    content, warnings = typst.compile_with_warnings(
        _TEMPLATE,
        root=_TEMPLATE.parent,
        format="pdf",
        ignore_system_fonts=True,
        pdf_standards="ua-1",
        sys_inputs={"data": json.dumps(_displayable(page), ensure_ascii=False, allow_nan=False)},
        timestamp=int(moment_of(document).timestamp()),
    )
    if warnings:
        raise RuntimeError("the board page compiles with warnings: " + "; ".join(w.message for w in warnings))
    if not isinstance(content, bytes):
        raise RuntimeError("the board page came out as several files")
    return content


def _displayable(part: Any) -> Any:
    """Return the page with a box for every sign that its font lacks, as PDF/UA refuses such signs."""
    if isinstance(part, str):
        return _NOT_IN_FONT.sub("\u25a1", " ".join(unicodedata.normalize("NFC", part).splitlines()))
    if isinstance(part, Mapping):
        return {key: _displayable(value) for key, value in part.items()}
    return [_displayable(item) for item in part] if isinstance(part, list | tuple) else part
