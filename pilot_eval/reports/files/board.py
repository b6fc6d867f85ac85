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

_TEMPLATES: Final = Path(__file__).parent / "typst"
# What is tried until all stands on one page: the chart's height in millimetres (0 without one), how large
# letters are, and how many signs of a title, a name or a reason are shown; the annex has them whole.
_FITS: Final = (
    *((height, 1.0, None) for height in (80, 70, 60, 50, 40, 30)),
    *((30, scale, None) for scale in (0.9, 0.8)),
    *((height, 0.9, most) for most in (400, 160) for height in (60, 30)),
    *((0, 0.8, most) for most in (160, 80, 40, 20)),
)
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
        If the page does not compile without a single warning, or does not fit: a page that lacks something is
        never handed out.
    """
    tongue = language_of(language)
    document = released(summary)
    for height, scale, most in _FITS:
        page = page_of(document, tongue, most)
        chart = {**page["chart"], "height": height} if page["chart"] and height else None
        try:
            return _compile({**page, "chart": chart, "scale": scale, "one_page": True}, document)
        except typst.TypstError as error:
            if "longer than one page" not in f"{error.message} {error.diagnostic}":
                raise
    raise RuntimeError("the board page does not fit on one page")


def _compile(page: Mapping[str, Any], document: Summary) -> bytes:
    return compiled("board.typ", page, document)


def compiled(template: str, page: Mapping[str, Any], document: Summary) -> bytes:
    """Lay a page out as PDF/UA-1 with a template; the same page gives the same bytes.

    Raises
    ------
    RuntimeError
        If the page does not compile without a single warning.
    """
    content, warnings = typst.compile_with_warnings(
        _TEMPLATES / template,
        root=_TEMPLATES,
        format="pdf",
        ignore_system_fonts=True,
        pdf_standards="ua-1",
        sys_inputs={"data": json.dumps(_displayable(page), ensure_ascii=False, allow_nan=False)},
        timestamp=int(moment_of(document).timestamp()),
    )
    if warnings:
        raise RuntimeError(f"{template} compiles with warnings: " + "; ".join(w.message for w in warnings))
    if not isinstance(content, bytes):
        raise RuntimeError(f"{template} came out as several files")
    return content


def _displayable(part: Any) -> Any:
    """Return the page with a box for every sign that its font lacks, as PDF/UA refuses such signs."""
    if isinstance(part, str):
        return _NOT_IN_FONT.sub("\u25a1", " ".join(unicodedata.normalize("NFC", part).splitlines()))
    if isinstance(part, Mapping):
        return {key: _displayable(value) for key, value in part.items()}
    return [_displayable(item) for item in part] if isinstance(part, list | tuple) else part
