"""The annex: methods and results in full, as an accessible PDF for who checks the board page."""

from __future__ import annotations

from collections.abc import Iterable

from pilot_eval.reports.files.annex_page import page_of
from pilot_eval.reports.files.board import compiled
from pilot_eval.reports.numbers import language_of
from pilot_eval.reports.summaries import Row, Summary, released


def write(summary: Summary, language: str, rows: Iterable[Row] | None = None) -> bytes:
    """Write the annex as PDF/UA-1; the same snapshot gives the same bytes.

    Raises
    ------
    RuntimeError
        If it does not compile without a single warning.
    """
    document = released(summary)
    return compiled("annex.typ", page_of(document, language_of(language)), document)
