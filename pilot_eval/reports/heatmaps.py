"""The grid of items and branches, written out."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from pilot_eval.reports.files.tables import neutral_text
from pilot_eval.reports.numbers import MISSING, NBSP, counted, language_of, number
from pilot_eval.reports.sentences import Forms, Sentence, told
from pilot_eval.reports.words import heatmaps as said
from pilot_eval.stats.heatmaps import LARGE, ItemChanges
from pilot_eval.stats.results import significance

FEW: Final = 8  # visits of a cell, before and after together, below which it is pale
STEPS: Final = 4  # of each colour
_CELLS: Final[Forms] = {
    "en": {"one": "cell", "other": "cells"},
    "ru": {"one": "клетки", "few": "клеток", "many": "клеток", "other": "клетки"},
}
_HEADER: Final = (
    Sentence("Section", "Раздел"),
    Sentence("Item code", "Код пункта"),
    Sentence("Item", "Пункт"),
    Sentence("Can training move it", "Зависит ли от обучения"),
    Sentence("Column", "Столбец"),
    Sentence("n before", "n до"),
    Sentence("Share before, %", "Доля до, %"),
    Sentence("n after", "n после"),
    Sentence("Share after, %", "Доля после, %"),
    Sentence("Change, p.p.", f"Изменение, п.{NBSP}п."),
    Sentence("p, corrected over the grid", "p с поправкой на таблицу"),
    Sentence("Rows in table", "Строк в таблице"),
    Sentence("Snapshot", "Снимок данных"),
    Sentence("Filters", "Фильтры"),
)
_YES_NO: Final = {"training": Sentence("yes", "да"), "facility": Sentence("no", "нет")}


class Item(Protocol):
    """A scored question with its section."""

    @property
    def code(self) -> str: ...
    @property
    def en(self) -> str: ...
    @property
    def ru(self) -> str: ...
    @property
    def section_en(self) -> str: ...
    @property
    def section_ru(self) -> str: ...
    @property
    def lever(self) -> str: ...


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One cell.

    Attributes
    ----------
    text : str
        The change, such as "+25"; a dash where there is none.
    n : str
        Visits before and after.
    colour : str
        Name of its colour: `better-1` to `better-4`, `worse-1` to `worse-4`, `neither` or `none`.
    pale : bool
        Few visits.
    found : bool
        More than chance, all cells of the grid allowed for.
    """

    text: str
    n: str
    colour: str
    pale: bool
    found: bool


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One item with its cells; `facility` is what training cannot move."""

    code: str
    label: str
    facility: bool
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True, slots=True)
class HeatSection:
    """The items of a section of the checklist."""

    title: str
    rows: tuple[HeatRow, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """The whole grid with its sentences."""

    finding: str
    found: str
    reading: str
    sections: tuple[HeatSection, ...]


def grid_of(changes: ItemChanges, items: Sequence[Item], by: str, level: float, language: str) -> Grid:
    """Write the grid out.

    Parameters
    ----------
    changes : ItemChanges
        Rows in the order of `items`.
    by : {"branch", "region"}
        What a column is.
    level : float
        One less the share of false cells among those found.
    """
    tongue = language_of(language)
    found = changes.adjusted_pvalue <= significance(level)
    rows = [
        HeatRow(
            item.code,
            getattr(item, tongue),
            item.lever == "facility",
            tuple(
                _cell(changes, place, column, bool(found[place, column]), tongue)
                for column in range(found.shape[1])
            ),
        )
        for place, item in enumerate(items)
    ]
    titles = [getattr(item, f"section_{tongue}") for item in items]
    sections = tuple(
        HeatSection(title, tuple(row for row, own in zip(rows, titles, strict=True) if own == title))
        for title in dict.fromkeys(titles)
    )
    count = int(found.sum())
    limit = told(lambda of: f"{number(100 * LARGE, 0, of)}{NBSP}{'p.p.' if of == 'en' else f'п.{NBSP}п.'}")
    finding = said.FINDING.filled(
        cells=told(lambda of: counted(changes.compared, _CELLS[of], of)),
        out=told(lambda of: number(changes.outstanding, 0, of)),
        chance=told(lambda of: _about(changes.outstanding_by_chance, of)),
    )
    dark = said.DARK.filled(
        large=told(lambda of: number(changes.large, 0, of)),
        limit=limit,
        chance=told(lambda of: _about(changes.large_by_chance, of)),
    )
    text = said.FOUND.filled(count=told(lambda of: number(count, 0, of))) if count else said.NONE_FOUND
    parts = ([dark] if changes.large_by_chance >= 1 else []) + [text]
    what = said.A_REGION if by == "region" else said.A_BRANCH
    reading = said.READING.filled(what=what, limit=limit, few=str(FEW))
    return Grid(
        finding=getattr(finding, tongue),
        found=" ".join(getattr(part, tongue) for part in parts),
        reading=f"{getattr(reading, tongue)} {getattr(said.EXACT, tongue)}",
        sections=sections,
    )


def _about(value: float, language: str) -> str:
    return number(value, 0 if value >= 2 else 1, language)


def _cell(changes: ItemChanges, row: int, column: int, found: bool, language: str) -> HeatCell:
    before, after = changes.n[row, column].tolist()
    counts = f"{number(before, 0, language)}, {number(after, 0, language)}"
    change = float(changes.change[row, column])
    if math.isnan(change):
        return HeatCell(MISSING, counts, "none", False, False)
    text = number(100.0 * change, 0, language, sign=True)
    return HeatCell(text, counts, colour_of(change), before + after < FEW, found)


def colour_of(change: float) -> str:
    """The name of a colour on the fixed scale, whose last step begins half a step before its end."""
    step = min(STEPS, math.floor(abs(change) / (LARGE / STEPS) + 0.5 + 1e-9))
    if step == 0:
        return "neither"
    return f"{'better' if change > 0 else 'worse'}-{step}"


def grid_csv(
    changes: ItemChanges,
    items: Sequence[Item],
    columns: Sequence[str],
    snapshot: str,
    filters: str,
    language: str,
) -> bytes:
    """The grid as CSV, one row per cell: numbers as numbers, and in each row what the table is."""
    tongue = language_of(language)
    rows: list[list[Any]] = [[getattr(name, tongue) for name in _HEADER]]
    total = len(items) * len(columns)
    for place, item in enumerate(items):
        for column, name in enumerate(columns):
            n, share = changes.n[place, column].tolist(), (100.0 * changes.share[place, column]).tolist()
            rows.append(
                [
                    getattr(item, f"section_{tongue}"),
                    item.code,
                    getattr(item, tongue),
                    getattr(_YES_NO.get(item.lever, _YES_NO["training"]), tongue),
                    name,
                    n[0],
                    share[0],
                    n[1],
                    share[1],
                    100.0 * float(changes.change[place, column]),
                    float(changes.adjusted_pvalue[place, column]),
                    total,
                    snapshot,
                    filters,
                ]
            )
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";" if tongue == "ru" else ",", lineterminator="\r\n")
    writer.writerows([_written(cell, tongue) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _written(cell: object, language: str) -> str:
    if isinstance(cell, float):
        return "" if math.isnan(cell) else repr(cell).replace(".", "," if language == "ru" else ".")
    return neutral_text(cell) if isinstance(cell, str) else str(cell)
