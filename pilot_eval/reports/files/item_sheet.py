"""The workbook's sheet of items: how often each was fulfilled, and what the training moved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pilot_eval.reports.files.sheets import Book, Value
from pilot_eval.reports.labels import label_or, say
from pilot_eval.reports.summaries import Row, is_withheld, rows_of_rows, words

_ARMS: Final = ("trained", "comparison")
_PERIODS: Final = ("before", "after")
_CELLS: Final = ("share", "n", "not_applicable")

SHARE_COLUMNS: Final = tuple(
    f"{arm}_{cell}_{period}" for arm in _ARMS for period in _PERIODS for cell in _CELLS
)
ITEM_COLUMNS: Final = (
    "item_code",
    "item",
    "section",
    "lever",
    *SHARE_COLUMNS,
    "item_effect",
    "low",
    "high",
    "item_level",
    "pvalue",
    "pvalue_adjusted",
    "item_moved",
    "item_note",
)
_NOTHING: Final = (
    "There is nothing here: the pilot has no visits with a checklist, or their items may not be shown to "
    "this reader",
    "Здесь ничего нет: в пилоте нет визитов с чек-листом либо этому читателю их пункты показывать нельзя",
)


def write_items(book: Book) -> int:
    """Write one row per item of the checklist, or say why there is none; return the count of rows."""
    sheet = book.add_sheet("Items")
    found = book.document.get("items")
    if not found:
        # While results are withheld every sheet says so already.
        note = "" if is_withheld(book.document) else say(_NOTHING, book.language)
        return book.table(sheet, ITEM_COLUMNS, [], 0, note)
    lines = [list(_line(item, found["level"], book.language)) for item in found["items"]]
    return book.table(sheet, ITEM_COLUMNS, lines, 0, rows_of_rows(len(lines), book.language))


def _line(item: Row, level: float, language: str) -> Iterator[Value]:
    """Yield the cells of one item; what was not estimated stays empty and is said in words."""
    yield item["code"]
    yield words(item["label"], language)
    yield words(item["section"], language)
    yield label_or(f"lever_{item['lever']}", language)
    for arm in _ARMS:
        for period in _PERIODS:
            cell = item[arm][period] or {}
            yield from (cell.get(name) for name in _CELLS)
    effect, why = item["effect"], item["not_estimable"]
    low, high = effect["confidence_interval"] if effect else (None, None)
    yield from (effect["estimate"], low, high, level) if effect else (None, low, high, None)
    yield from (effect["pvalue"], effect["pvalue_adjusted"]) if effect else (None, None)
    yield item["moved"] if effect else None
    yield words(why["text"], language) if why else None
