"""Native charts of the workbook: before and after of each branch, one chart per arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from xlsxwriter.chart import Chart as SheetChart
from xlsxwriter.worksheet import Worksheet

from pilot_eval.reports.files.sheets import Book
from pilot_eval.reports.files.tables import BRANCH_COLUMNS
from pilot_eval.reports.labels import unit_label
from pilot_eval.reports.scales import nice_ticks
from pilot_eval.reports.summaries import Row, Summary, is_withheld, primary_outcomes, words

_MARKERS: Final = {
    "before": {"type": "circle", "size": 6, "fill": {"color": "#7a7a7a"}, "border": {"color": "#7a7a7a"}},
    "trained": {"type": "diamond", "size": 8, "fill": {"color": "#005eb8"}, "border": {"color": "#005eb8"}},
    "comparison": {"type": "square", "size": 7, "fill": {"none": True}, "border": {"color": "#404040"}},
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the rows of one outcome and arm stand on the sheet of branches (first and last row, from 0)."""

    outcome: str
    arm: str
    first: int
    last: int


def insert_charts(book: Book, sheet: Worksheet, places: Sequence[Place], top: int) -> None:
    """Insert one native chart per primary outcome and arm: before and after of each branch."""
    primary = {outcome["code"]: outcome for outcome in primary_outcomes(book.document)}
    shown = [place for place in places if place.outcome in primary]
    for index, place in enumerate(shown):
        sheet.insert_chart(top + index * 17, 0, _chart(book, primary[place.outcome], place))


def _chart(book: Book, outcome: Row, place: Place) -> SheetChart:
    """Return the before and after of each branch as marks joined by lines."""
    sheet = book.label("Branches")
    chart = book.workbook.add_chart({"type": "line"})
    code = BRANCH_COLUMNS.index("branch_code")
    names = [sheet, place.first, code, place.last, code]
    shown = ("before",) if is_withheld(book.document) else ("before", "after")
    for period in shown:
        column = BRANCH_COLUMNS.index(f"mean_{period}")
        chart.add_series(
            {
                "name": book.label(period),
                "categories": names,
                "values": [sheet, place.first, column, place.last, column],
                "line": {"none": True},
                "marker": _MARKERS["before" if period == "before" else place.arm],
            }
        )
    if len(shown) == 2:
        chart.set_high_low_lines({"line": {"color": "#a0a0a0"}})
    what, arm = words(outcome["label"], book.language), book.label(place.arm)
    chart.set_title({"name": f"{what}: {arm.lower()}", "name_font": {"size": 12}, "overlay": False})
    grid = {"visible": True, "line": {"color": "#e0e0e0"}}
    unit = unit_label(outcome["unit"], book.language)
    chart.set_y_axis({"name": unit, "major_gridlines": grid, **_ends(book.document, outcome["code"])})
    chart.set_x_axis({"num_font": {"rotation": -60, "size": 8}})
    chart.set_legend({"position": "top"})
    chart.set_size({"width": 980, "height": 330})
    return chart


def _ends(document: Summary, code: str) -> dict[str, float]:
    """Return the ends of a scale that holds every mean of an outcome, the same for both arms."""
    cells = [branch["outcomes"][code] for branch in document["branches"] if code in branch["outcomes"]]
    means = [cell[period]["mean"] for cell in cells for period in ("before", "after") if cell[period]]
    if not means:
        return {}
    ticks = nice_ticks(min(means), max(means), 5)
    return {"min": ticks[0], "max": ticks[-1]}
