"""Sheets of a workbook: how a table, a list of pairs and a cell are laid out, whatever they hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final

import xlsxwriter
from xlsxwriter.format import Format as CellFormat
from xlsxwriter.worksheet import Worksheet

from pilot_eval.reports.labels import label
from pilot_eval.reports.summaries import notices, snapshot_mark, words

Value = str | int | float | bool | date | None

_WIDE: Final = {
    "branch": 32,
    "outcome": 24,
    "verdict": 60,
    "reason": 32,
    "method": 52,
    "scale": 24,
    "record_id": 38,
    "region": 24,
    "operation": 24,
    "arm": 14,
    "period": 14,
    "item_code": 10,
    "item": 52,
    "section": 26,
    "lever": 18,
    "item_note": 40,
}
_NARROW: Final = 14
_HEADER_HEIGHT: Final = 48  # points: three lines
_LINE_HEIGHT: Final = 15
_LETTERS: Final = 105  # of a line in the right column of the dictionary
_FORMATS: Final = {
    "count": "#,##0",
    "decimal": "#,##0.00",
    "probability": "0.0000",
    "share": "0.0%",
    "date": "yyyy-mm-dd",
}
_COUNTS: Final = {"n_before", "n_after", "trained_branches", "comparison_branches", "draws"}
_WRAPPED: Final = {"item", "section", "item_note"}
_SECONDS: Final = {"wait_seconds", "service_seconds", "total_seconds"}
_PROBABILITIES: Final = {"pvalue", "pvalue_holm", "pvalue_adjusted"}


class Book:
    """A workbook being written: its document, its language and its cell formats."""

    def __init__(self, workbook: xlsxwriter.Workbook, document: dict[str, Any], language: str) -> None:
        self.workbook, self.document, self.language = workbook, document, language
        self.formats: dict[str, CellFormat] = {
            name: workbook.add_format({"num_format": code, "valign": "top"})
            for name, code in _FORMATS.items()
        }
        self.formats["date"].set_align("left")
        self.formats["text"] = workbook.add_format({"valign": "top", "indent": 1})
        self.formats["wrapped"] = workbook.add_format({"valign": "top", "indent": 1, "text_wrap": True})
        self.formats["title"] = workbook.add_format({"bold": True, "font_size": 16})
        self.formats["notice"] = workbook.add_format({"italic": True, "font_color": "#8a4500"})
        self.formats["heading"] = workbook.add_format(
            {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        product, pilot = document["product"], document["pilot"]
        workbook.set_properties(
            {
                "title": words(pilot["title"], language),
                "author": f"{product['name']} {product['version']}",
                "comments": " ".join(notices(document, language)),
                "created": datetime.fromisoformat(document["snapshot"]["as_of"]).replace(tzinfo=None),
            }
        )

    def label(self, key: str) -> str:
        """Return a short word in the workbook's language."""
        return label(key, self.language)

    def add_sheet(self, key: str) -> Worksheet:
        """Add a sheet that prints on landscape pages, with the notices at the foot of each."""
        sheet = self.workbook.add_worksheet(self.label(key))
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        notice = " ".join(notices(self.document, self.language)).replace("&", "&&")
        sheet.set_footer(f"&L{notice[:200]}&R&P / &N")
        return sheet

    def table(
        self, sheet: Worksheet, columns: Sequence[str], rows: Iterable[Iterable[Value]], top: int, note: str
    ) -> int:
        """Write a table under a line that says what it is; return the count of its rows."""
        for index, column in enumerate(columns):
            sheet.set_column(index, index, _WIDE.get(column, _NARROW))
        self.put(sheet, top, 0, self.banner(note), "notice")
        sheet.set_row(top + 1, _HEADER_HEIGHT)
        for index, column in enumerate(columns):
            self.put(sheet, top + 1, index, self.label(column), "heading")
        count = 0
        for count, row in enumerate(rows, start=1):
            for index, (column, value) in enumerate(zip(columns, row, strict=True)):
                self.put(sheet, top + 1 + count, index, value, _format_of(column))
        sheet.autofilter(top + 1, 0, top + 1 + max(count, 1), len(columns) - 1)
        sheet.freeze_panes(top + 2, 0)
        return count

    def pairs(self, key: str, left: str, right: str, items: Sequence[tuple[str, str]]) -> None:
        """Write a sheet of two columns of text."""
        sheet = self.add_sheet(key)
        sheet.set_column(0, 0, 36)
        sheet.set_column(1, 1, 110)
        self.put(sheet, 0, 0, self.banner(""), "notice")
        self.put(sheet, 1, 0, self.label(left), "heading")
        self.put(sheet, 1, 1, self.label(right), "heading")
        for row, (name, value) in enumerate(items, start=2):
            sheet.set_row(row, _LINE_HEIGHT * (1 + len(value) // _LETTERS))
            self.put(sheet, row, 0, name, "text")
            self.put(sheet, row, 1, value, "wrapped")
        sheet.autofilter(1, 0, 1 + len(items), 1)
        sheet.freeze_panes(2, 0)

    def put(self, sheet: Worksheet, row: int, column: int, value: Value, style: str) -> None:
        """Write one cell by its type; text is never taken for a formula or an address."""
        given = self.formats[style]
        if value is None:
            done = 0
        elif isinstance(value, bool):
            done = sheet.write_string(row, column, self.label("yes" if value else "no"), given)
        elif isinstance(value, str):
            done = sheet.write_string(row, column, value, given)
        elif isinstance(value, date):
            done = sheet.write_datetime(row, column, value, self.formats["date"])
        else:
            done = sheet.write_number(row, column, value, given)
        if done:
            raise ValueError(
                f"row {row + 1}, column {column + 1} does not fit into a sheet: use the CSV or JSON file"
            )

    def banner(self, note: str) -> str:
        """Return the first line of a sheet: notices, what is here, snapshot."""
        mark = f"{self.label('snapshot')} {snapshot_mark(self.document)}"
        return " · ".join(part for part in (*notices(self.document, self.language), note, mark) if part)


def _format_of(column: str) -> str:
    if column in _COUNTS or column in _SECONDS or "_n_" in column:
        return "count"
    if column in _WRAPPED:
        return "wrapped"
    if column in _PROBABILITIES:
        return "probability"
    return "share" if column in {"level", "item_level"} else "decimal"
