"""The answers of visits as CSV: one row for each question that was asked, whatever its kind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pilot_eval.reports.files.tables import Cell, csv_text
from pilot_eval.reports.labels import label
from pilot_eval.reports.numbers import language_of
from pilot_eval.reports.summaries import Row, Summary, is_withheld, released, snapshot_mark

ANSWER_COLUMNS: Final = (
    *("record_id", "branch_code", "arm", "period", "observed_on", "auditor", "ended", "included"),
    *("checklist", "section", "item_code", "item", "kind", "answer", "earned", "possible"),
)
# Columns of words, and how the labels of theirs begin.
_WORDS: Final = {"arm": "", "period": "", "kind": "kind_", "ended": "ended_"}


def write(summary: Summary, language: str, rows: Iterable[Row] | None = None) -> bytes:
    """Write the answers that may be seen now: UTF-8 with BOM; semicolons and decimal commas in Russian.

    Raises
    ------
    ValueError
        If there are no rows to write.
    """
    if rows is None:
        raise ValueError("this file holds nothing but answers: it needs them")
    tongue = language_of(language)
    header: list[Cell] = [label(column, tongue) for column in (*ANSWER_COLUMNS, "snapshot")]
    mark = snapshot_mark(released(summary))
    seen = (row for row in rows if not (is_withheld(summary) and row["period"] != "before"))
    return csv_text([header, *([*_cells(row, tongue), mark] for row in seen)], tongue).encode("utf-8-sig")


def _cells(row: Row, language: str) -> list[Cell]:
    return [_cell(column, row[column], language) for column in ANSWER_COLUMNS]


def _cell(column: str, value: Cell, language: str) -> Cell:
    if isinstance(value, bool):
        return label("yes" if value else "no", language)
    if column in _WORDS and isinstance(value, str):
        return label(_WORDS[column] + value, language)
    return value
