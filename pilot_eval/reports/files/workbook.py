"""The workbook: results, branches, observations, methods, dictionary and passport on one sheet each."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import xlsxwriter
from xlsxwriter.chart import Chart as SheetChart
from xlsxwriter.format import Format as CellFormat
from xlsxwriter.worksheet import Worksheet

from pilot_eval.reports.files.tables import BRANCH_COLUMNS, branch_rows
from pilot_eval.reports.labels import MEANINGS, label, label_or, meaning, unit_label
from pilot_eval.reports.numbers import MISSING, date_text, language_of, moment_text, number
from pilot_eval.reports.scales import nice_ticks
from pilot_eval.reports.summaries import (
    Row,
    Summary,
    headline,
    is_withheld,
    notices,
    primary_outcomes,
    released,
    released_rows,
    rows_of_rows,
    snapshot_mark,
    warning_texts,
    words,
)
from pilot_eval.reports.verdicts import level_text

OBSERVATION_COLUMNS: Final = (
    "record",
    "record_id",
    "branch_code",
    "branch",
    "region",
    "arm",
    "period",
    "observed_on",
    "auditor",
    "operation",
    "score_points",
    "wait_seconds",
    "service_seconds",
    "total_seconds",
    "measure",
    "value",
    "included",
    "reason",
)
SUMMARY_COLUMNS: Final = (
    "outcome",
    "primary",
    "unit",
    "effect",
    "low",
    "high",
    "level",
    "smallest_effect",
    "uplift",
    "uplift_low",
    "uplift_high",
    "trained_branches",
    "comparison_branches",
    "pvalue_holm",
    "verdict",
)
METHOD_COLUMNS: Final = (
    "outcome",
    "method",
    "scale",
    "statistic",
    "effect",
    "standard_error",
    "df",
    "low",
    "high",
    "level",
    "pvalue",
    "draws",
)

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
_SECONDS: Final = {"wait_seconds", "service_seconds", "total_seconds"}
_PROBABILITIES: Final = {"pvalue", "pvalue_holm"}
_TRANSLATED: Final = {"record", "arm", "period"}
_MARKERS: Final = {
    "before": {"type": "circle", "size": 6, "fill": {"color": "#7a7a7a"}, "border": {"color": "#7a7a7a"}},
    "trained": {"type": "diamond", "size": 8, "fill": {"color": "#005eb8"}, "border": {"color": "#005eb8"}},
    "comparison": {"type": "square", "size": 7, "fill": {"none": True}, "border": {"color": "#404040"}},
}

Value = str | int | float | bool | date | None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the rows of one outcome and arm stand on the sheet of branches (first and last row, from 0)."""

    outcome: str
    arm: str
    first: int
    last: int


def write(summary: Summary, language: str, rows: Iterable[Row] | None = None) -> bytes:
    """Write the workbook.

    Parameters
    ----------
    summary : mapping
        A document of schema `pilot-summary/1`.
    language : {"en", "ru"}
    rows : iterable of mapping or None
        The snapshot's observations with the keys of `OBSERVATION_COLUMNS`, one per record; read once, never
        held. None leaves the sheet out and the passport says so.

    Raises
    ------
    ValueError
        If the rows are not as many as the snapshot holds, or a cell does not fit into a sheet.
    """
    tongue = language_of(language)
    document = released(summary)
    out = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as workbook:
        _Book(workbook, document, tongue).fill(rows)
    return out.getvalue()


class _Book:
    """One workbook being written: its document, its language and its cell formats."""

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

    def fill(self, rows: Iterable[Row] | None) -> None:
        """Write every sheet; charts stand on the first and point at the second."""
        first = self.add_sheet("Summary")
        places = self.branches()
        observations = None if rows is None else self.observations(rows)
        self.summary(first, places)
        self.methods()
        self.dictionary()
        self.passport(observations)

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

    def branches(self) -> list[_Place]:
        """Write the table of branches, outcome by outcome and arm by arm, and say where each block stands."""
        ordered = sorted(self.document["branches"], key=lambda branch: str(branch["arm"]) != "trained")
        rows = branch_rows({**self.document, "branches": ordered}, self.language)
        self.table(
            self.add_sheet("Branches"), BRANCH_COLUMNS, rows, 0, rows_of_rows(len(rows), self.language)
        )
        trained = sum(branch["arm"] == "trained" for branch in ordered)
        places = []
        for index, outcome in enumerate(self.document["outcomes"]):
            start = 2 + index * len(ordered)
            middle, end = start + trained, start + len(ordered)
            for arm, first, stop in (("trained", start, middle), ("comparison", middle, end)):
                if stop > first:
                    places.append(_Place(outcome["code"], arm, first, stop - 1))
        return places

    def observations(self, rows: Iterable[Row]) -> int:
        """Write the observations one by one and return how many there are."""
        total = sum(self.document["snapshot"]["rows"].values())
        note = self.label("before") if is_withheld(self.document) else rows_of_rows(total, self.language)
        lines = (self.observation(row) for row in released_rows(self.document, rows))
        return self.table(self.add_sheet("Observations"), OBSERVATION_COLUMNS, lines, 0, note)

    def observation(self, row: Row) -> Iterator[Value]:
        """Yield the cells of one observation; a row with other keys is a mistake of the caller."""
        if row.keys() != set(OBSERVATION_COLUMNS):
            raise ValueError(
                f"an observation has the keys {sorted(row)}, expected {sorted(OBSERVATION_COLUMNS)}"
            )
        for column in OBSERVATION_COLUMNS:
            value = row[column]
            if column == "observed_on" and isinstance(value, str):
                value = date.fromisoformat(value)
            yield self.label(value) if column in _TRANSLATED and value is not None else value

    def summary(self, sheet: Worksheet, places: Sequence[_Place]) -> None:
        """Write the answer: title, one line per outcome, limits, and the change of each branch as charts."""
        self.put(sheet, 0, 0, words(self.document["pilot"]["title"], self.language), "title")
        lines = [self.outcome_line(outcome) for outcome in self.document["outcomes"]]
        count = self.table(sheet, SUMMARY_COLUMNS, lines, 1, rows_of_rows(len(lines), self.language))
        remarks = {
            "limits": [words(limit["text"], self.language) for limit in self.document["limits"]],
            "warnings": [
                f"{words(outcome['label'], self.language)}: {text}"
                for outcome in self.document["outcomes"]
                for text in warning_texts(outcome, self.language)
            ],
        }
        row = count + 4
        for key, texts in remarks.items():
            for offset, text in enumerate([self.label(key), *texts] if texts else []):
                self.put(sheet, row + offset, 0, text, "text" if offset else "heading")
            row += len(texts) + 2
        self.charts(sheet, places, row)

    def outcome_line(self, outcome: Row) -> list[Value]:
        """Return the cells of one outcome; what is missing stays empty and is said in words."""
        evaluation, found = outcome["evaluation"], headline(outcome)
        line: dict[str, Value] = dict.fromkeys(SUMMARY_COLUMNS)
        line["outcome"] = words(outcome["label"], self.language)
        line["primary"] = bool(outcome["primary"])
        line["smallest_effect"] = outcome["smallest_effect"]
        line["pvalue_holm"] = outcome["pvalue_holm"]
        if evaluation is None:
            line["verdict"] = (
                words(self.document["headline_withheld"]["text"], self.language)
                if is_withheld(self.document)
                else None
            )
            return list(line.values())
        line["verdict"] = words(evaluation["verdict"], self.language)
        line["trained_branches"] = evaluation["branches"]["trained"]
        line["comparison_branches"] = evaluation["branches"].get("comparison")
        if found is not None:
            line["unit"] = unit_label(found.unit, self.language)
            line["effect"], line["low"], line["high"], line["level"] = (
                found.estimate,
                found.low,
                found.high,
                found.level,
            )
        uplift = evaluation["uplift"]
        if uplift is not None:
            line["uplift"] = uplift["estimate"]
            line["uplift_low"], line["uplift_high"] = uplift["confidence_interval"]
        return list(line.values())

    def charts(self, sheet: Worksheet, places: Sequence[_Place], top: int) -> None:
        """Insert one native chart per primary outcome and arm: before and after of each branch."""
        primary = {outcome["code"]: outcome for outcome in primary_outcomes(self.document)}
        shown = [place for place in places if place.outcome in primary]
        for index, place in enumerate(shown):
            sheet.insert_chart(top + index * 17, 0, self.chart(primary[place.outcome], place))

    def chart(self, outcome: Row, place: _Place) -> SheetChart:
        """Return the before and after of each branch as marks joined by lines."""
        sheet = self.label("Branches")
        chart = self.workbook.add_chart({"type": "line"})
        code = BRANCH_COLUMNS.index("branch_code")
        names = [sheet, place.first, code, place.last, code]
        shown = ("before",) if is_withheld(self.document) else ("before", "after")
        for period in shown:
            column = BRANCH_COLUMNS.index(f"mean_{period}")
            chart.add_series(
                {
                    "name": self.label(period),
                    "categories": names,
                    "values": [sheet, place.first, column, place.last, column],
                    "line": {"none": True},
                    "marker": _MARKERS["before" if period == "before" else place.arm],
                }
            )
        if len(shown) == 2:
            chart.set_high_low_lines({"line": {"color": "#a0a0a0"}})
        what, arm = words(outcome["label"], self.language), self.label(place.arm)
        chart.set_title({"name": f"{what}: {arm.lower()}", "name_font": {"size": 12}, "overlay": False})
        grid = {"visible": True, "line": {"color": "#e0e0e0"}}
        unit = unit_label(outcome["unit"], self.language)
        chart.set_y_axis({"name": unit, "major_gridlines": grid, **self.ends(outcome["code"])})
        chart.set_x_axis({"num_font": {"rotation": -60, "size": 8}})
        chart.set_legend({"position": "top"})
        chart.set_size({"width": 980, "height": 330})
        return chart

    def ends(self, code: str) -> dict[str, float]:
        """Return the ends of a scale that holds every mean of an outcome, the same for both arms."""
        cells = [
            branch["outcomes"][code] for branch in self.document["branches"] if code in branch["outcomes"]
        ]
        means = [cell[period]["mean"] for cell in cells for period in ("before", "after") if cell[period]]
        if not means:
            return {}
        ticks = nice_ticks(min(means), max(means), 5)
        return {"min": ticks[0], "max": ticks[-1]}

    def methods(self) -> None:
        """Write every method with its numbers on the scale of the analysis."""
        lines = [line for outcome in self.document["outcomes"] for line in self.method_lines(outcome)]
        self.table(
            self.add_sheet("Methods"), METHOD_COLUMNS, lines, 0, rows_of_rows(len(lines), self.language)
        )

    def method_lines(self, outcome: Row) -> Iterator[list[Value]]:
        """Yield one line per method of an outcome; none where nothing was or may be computed."""
        evaluation = outcome["evaluation"]
        if evaluation is None:
            return
        effect = evaluation["effect"]
        for result in (*([effect] if effect else []), *evaluation["robustness"]):
            low, high = result.get("confidence_interval") or (None, None)
            yield [
                words(outcome["label"], self.language),
                label_or(result["method"], self.language),
                label_or(effect["scale"], self.language) if effect else None,
                result.get("statistic"),
                result.get("estimate"),
                result.get("standard_error"),
                result.get("df"),
                low,
                high,
                evaluation["level"],
                result.get("pvalue"),
                result.get("draws"),
            ]

    def dictionary(self) -> None:
        """Write what each column of the workbook means."""
        named = dict.fromkeys((*SUMMARY_COLUMNS, *BRANCH_COLUMNS, *OBSERVATION_COLUMNS))
        self.pairs(
            "Dictionary",
            "field",
            "meaning",
            [(self.label(key), meaning(key, self.language)) for key in named if key in MEANINGS],
        )

    def passport(self, observations: int | None) -> None:
        """Write where the numbers come from: pilot, plan, snapshot, counts of rows, versions."""
        self.pairs("Passport", "item", "value", passport_items(self.document, self.language, observations))

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


def passport_items(document: Summary, language: str, observations: int | None) -> list[tuple[str, str]]:
    """Return the passport of a file as pairs of name and value, in the reader's language.

    `observations` is the count of observations in the file, None where they are not part of it.
    """
    pilot, plan, snapshot = document["pilot"], document["plan"], document["snapshot"]
    allocation, flow = pilot["allocation"], document["flow"]
    tongue = language_of(language)

    def count(value: float) -> str:
        return number(value, 0, language)

    def arms(counts: Row) -> str:
        return "; ".join(f"{label(arm, language)}: {count(counts[arm])}" for arm in ("trained", "comparison"))

    def span(period: str) -> str:
        ends = pilot["dates"][period]
        return (
            MISSING
            if ends is None
            else f"{date_text(ends[0], language)} {MISSING} {date_text(ends[1], language)}"
        )

    pairs = [
        ("pilot", words(pilot["title"], language)),
        ("nature", label("made_up" if pilot["made_up"] else "recorded", language)),
        ("design", label(pilot["design"], language)),
        ("before", span("before")),
        ("during", span("training")),
        ("after", span("after")),
        ("allocation", label(allocation["method"], language)),
        ("allocation_seed", MISSING if allocation["seed"] is None else str(allocation["seed"])),
        ("strata", ", ".join(allocation["strata"]) or MISSING),
        ("drawn_at", moment_text(allocation["drawn_at"], language)),
        ("invited", arms(flow["invited"])),
        ("both_periods", arms(flow["both_periods"])),
        ("analysed", arms(flow["analysed"])),
        ("family_size", count(plan["family_size"])),
        ("family_level", level_text(plan["level"], tongue)),
        ("level", level_text(plan["interval_level"], tongue)),
        ("draws", count(plan["draws"])),
        ("seed", str(plan["seed"])),
        ("weights", label(f"weights_{plan['weights']}", language)),
        (
            "plan_frozen",
            moment_text(plan["frozen_at"], language) if plan["frozen_at"] else label("not_frozen", language),
        ),
        ("plan_hash", plan["sha256"] or MISSING),
        ("as_of", moment_text(snapshot["as_of"], language)),
        ("snapshot_hash", snapshot["sha256"]),
        (
            "filters",
            "; ".join(f"{name} = {value}" for name, value in snapshot["filters"].items())
            or label("no_filters", language),
        ),
        *((kind, count(snapshot["rows"][kind])) for kind in ("visits", "timings", "measurements")),
        ("observation_rows", _observation_count(document, language, observations)),
        ("branch_rows", rows_of_rows(len(document["branches"]) * len(document["outcomes"]), language)),
        ("audit_events", count(document["audit"]["events"])),
        ("audit_head", document["audit"]["head"]),
        ("version", f"{document['product']['name']} {document['product']['version']}"),
    ]
    return [(label(key, language), value) for key, value in pairs]


def _observation_count(document: Summary, language: str, written: int | None) -> str:
    if written is None:
        return {"en": "not part of this file", "ru": "в этот файл не входят"}[language]
    total = sum(document["snapshot"]["rows"].values())
    if written == total:
        return rows_of_rows(total, language)
    there, all_rows = number(written, 0, language), number(total, 0, language)
    return {
        "en": f"{there} of {all_rows} rows; the rest are withheld until the results are released",
        "ru": f"{there} из {all_rows} строк; остальные закрыты до публикации результатов",
    }[language]


def _format_of(column: str) -> str:
    if column in _COUNTS or column in _SECONDS:
        return "count"
    if column in _PROBABILITIES:
        return "probability"
    return "share" if column == "level" else "decimal"
