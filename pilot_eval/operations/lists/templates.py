"""Empty files with the right headings, to be filled in."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence

from pilot_eval.domain.documents import Text
from pilot_eval.operations.lists.sheets import Column


def as_csv(columns: Sequence[Column], *, semicolons: bool) -> bytes:
    """Headings as spreadsheets open them: UTF-8 with its mark, semicolons where commas are decimal."""
    text = io.StringIO()
    csv.writer(text, delimiter=";" if semicolons else ",").writerow([column.name for column in columns])
    return text.getvalue().encode("utf-8-sig")


def as_workbook(
    columns: Sequence[Column], said: Callable[[str | Text], str], sheet: tuple[str, str]
) -> bytes:
    """A workbook whose first sheet has the headings, and whose second tells what belongs under each.

    Parameters
    ----------
    said : callable
        A text in the reader's language.
    sheet : (str, str)
        Names of the sheets.
    """
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as workbook:
        bold = workbook.add_format({"bold": True})
        # Codes such as 00123 and days stay as they are typed.
        text = workbook.add_format({"num_format": "@"})
        rows = workbook.add_worksheet(sheet[0])
        rows.freeze_panes(1, 0)
        rows.set_column(0, max(len(columns) - 1, 0), 18, text)
        rows.write_row(0, 0, [column.name for column in columns], bold)
        words = workbook.add_worksheet(sheet[1])
        words.set_column(0, 0, 18)
        words.set_column(1, 1, 90)
        for place, column in enumerate(columns):
            words.write_string(place, 0, column.name, bold if column.needed else None)
            words.write_string(place, 1, ": ".join(filter(None, (said(column.what), column.codes))))
    return content.getvalue()
