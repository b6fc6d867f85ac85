"""The workbook: results, branches, items, observations, methods, dictionary, passport; one sheet each."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from pilot_eval.reports.files.item_sheet import ITEM_COLUMNS, write_items
from pilot_eval.reports.files.observations import OBSERVATION_COLUMNS, observations
from pilot_eval.reports.files.passport import observation_count, passport_items
from pilot_eval.reports.files.sheets import Book, Value
from pilot_eval.reports.files.tables import BRANCH_COLUMNS, branch_rows
from pilot_eval.reports.files.workbook_charts import Place, insert_charts
from pilot_eval.reports.labels import MEANINGS, label_or, meaning, unit_label
from pilot_eval.reports.numbers import language_of
from pilot_eval.reports.summaries import (
    Row,
    Summary,
    change_lines,
    headline,
    is_withheld,
    released,
    rows_of_rows,
    warning_texts,
    words,
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

_TRANSLATED: Final = {"record", "arm", "period"}


def write(summary: Summary, language: str, rows: Iterable[Row] | None = None) -> bytes:
    """Write the workbook.

    Parameters
    ----------
    summary : mapping
        A document of schema `pilot-summary/1`.
    language : {"en", "ru"}
    rows : iterable of mapping or None
        The snapshot's observations with the keys of `OBSERVATION_COLUMNS`, one per record; read once, never
        held. None leaves the sheet empty; sheet and passport say so.

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
        _SummaryBook(workbook, document, tongue).fill(rows)
    return out.getvalue()


class _SummaryBook(Book):
    """The workbook of one summary."""

    def fill(self, rows: Iterable[Row] | None) -> None:
        """Write every sheet; charts stand on the first and point at the second."""
        first = self.add_sheet("Summary")
        places = self.branches()
        items = write_items(self)
        observations = self.observations(rows)
        self.summary(first, places)
        self.methods()
        self.dictionary()
        self.passport(items, observations)

    def branches(self) -> list[Place]:
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
                    places.append(Place(outcome["code"], arm, first, stop - 1))
        return places

    def observations(self, rows: Iterable[Row] | None) -> int | None:
        """Write the observations one by one and return how many there are; None where they are not here."""
        sheet = self.add_sheet("Observations")
        if rows is None:
            self.table(
                sheet, OBSERVATION_COLUMNS, [], 0, observation_count(self.document, self.language, None)
            )
            return None
        total = sum(self.document["snapshot"]["rows"].values())
        note = self.label("before") if is_withheld(self.document) else rows_of_rows(total, self.language)
        lines = (self.observation(row) for row in observations(self.document, rows))
        return self.table(sheet, OBSERVATION_COLUMNS, lines, 0, note)

    def observation(self, row: Row) -> Iterator[Value]:
        """Yield the cells of one observation."""
        for column in OBSERVATION_COLUMNS:
            value = row[column]
            yield self.label(value) if column in _TRANSLATED and value is not None else value

    def summary(self, sheet: Worksheet, places: Sequence[Place]) -> None:
        """Write the answer: title, one line per outcome, limits, and the change of each branch as charts."""
        self.put(sheet, 0, 0, words(self.document["pilot"]["title"], self.language), "title")
        lines = [self.outcome_line(outcome) for outcome in self.document["outcomes"]]
        count = self.table(sheet, SUMMARY_COLUMNS, lines, 1, rows_of_rows(len(lines), self.language))
        counted = self.document.get("review", {}).get("all_counted", ())
        remarks = {
            "changed_after_results": change_lines(self.document, self.language),
            "excluded_counted": [words(row["text"], self.language) for row in counted],
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
        insert_charts(self, sheet, places, row)

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
        named = dict.fromkeys((*SUMMARY_COLUMNS, *BRANCH_COLUMNS, *ITEM_COLUMNS, *OBSERVATION_COLUMNS))
        self.pairs(
            "Dictionary",
            "field",
            "meaning",
            [(self.label(key), meaning(key, self.language)) for key in named if key in MEANINGS],
        )

    def passport(self, items: int, observations: int | None) -> None:
        """Write where the numbers come from: pilot, plan, snapshot, counts of rows, versions."""
        pairs = passport_items(self.document, self.language, observations)
        pairs.append((self.label("item_rows"), rows_of_rows(items, self.language)))
        self.pairs("Passport", "entry", "value", pairs)
