"""The table of branches as CSV: one row per branch and outcome, ready for a spreadsheet or a program."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from pilot_eval.reports.files.passport import filters_text
from pilot_eval.reports.labels import label, unit_label
from pilot_eval.reports.numbers import language_of
from pilot_eval.reports.summaries import (
    Row,
    Summary,
    change_unit,
    notices,
    released,
    rows_of_rows,
    snapshot_mark,
    words,
)

BRANCH_COLUMNS = (
    "branch_code",
    "branch",
    "region",
    "arm",
    "outcome",
    "unit",
    "n_before",
    "mean_before",
    "n_after",
    "mean_after",
    "change",
    "change_unit",
    "change_low",
    "change_high",
)
PASSPORT_COLUMNS = ("rows_total", "snapshot", "filters", "note")

Cell = str | int | float | None

# Spreadsheets take a text that begins with one of these for a formula; the last four are wide forms.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def branch_rows(summary: Summary, language: str) -> list[list[Cell]]:
    """Return one row of `BRANCH_COLUMNS` per outcome and branch: numbers as numbers, empty cells as None."""
    return [
        _branch_row(branch, outcome, language)
        for outcome in summary["outcomes"]
        for branch in summary["branches"]
    ]


def write(summary: Summary, language: str, rows: Iterable[Row] | None = None) -> bytes:
    """Write the table of branches: UTF-8 with BOM; semicolons and decimal commas in Russian.

    Each row ends with the count of rows of the whole table, the snapshot and the notices, so that the file
    stays a plain table and still says where it is from.
    """
    tongue = language_of(language)
    document = released(summary)
    table = branch_rows(document, tongue)
    passport: list[Cell] = [
        rows_of_rows(len(table), tongue),
        snapshot_mark(document),
        filters_text(document, tongue),
        " ".join(notices(document, tongue)) or None,
    ]
    header = [label(column, tongue) for column in BRANCH_COLUMNS + PASSPORT_COLUMNS]
    return csv_text([header, *(row + passport for row in table)], tongue).encode("utf-8-sig")


def neutral_text(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run as a formula."""
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


def own_text(text: str) -> str:
    """Take away the apostrophe that `neutral_text` put before a text."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA_STARTS) else text


def _branch_row(branch: Row, outcome: Row, language: str) -> list[Cell]:
    cells = branch["outcomes"].get(outcome["code"], {})
    before, after, change = (cells.get(name) or {} for name in ("before", "after", "change"))
    low, high = change.get("confidence_interval") or (None, None)
    return [
        branch["code"],
        branch["name"],
        branch["region"],
        label(branch["arm"], language),
        words(outcome["label"], language),
        unit_label(outcome["unit"], language),
        before.get("n"),
        before.get("mean"),
        after.get("n"),
        after.get("mean"),
        change.get("estimate"),
        unit_label(change_unit(outcome), language),
        low,
        high,
    ]


def csv_text(table: Sequence[Sequence[Cell]], language: str) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";" if language == "ru" else ",", lineterminator="\r\n")
    writer.writerows(_csv_cells(row, language) for row in table)
    return out.getvalue()


def _csv_cells(row: Sequence[Cell], language: str) -> Iterator[str]:
    for cell in row:
        if cell is None:
            yield ""
        elif isinstance(cell, str):
            yield neutral_text(cell)
        elif isinstance(cell, int):
            yield str(cell)
        else:
            yield repr(float(cell)).replace(".", "," if language == "ru" else ".")
