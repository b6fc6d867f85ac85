"""The table of observations, as every file with records writes it: its columns, their kinds, its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from pilot_eval.reports.labels import MEANINGS, label, meaning
from pilot_eval.reports.summaries import Row, Summary, released_rows

# What a column holds: a text, one of a few words, yes or no, a date, whole seconds, or a number.
OBSERVATION_KINDS: Final[Mapping[str, str]] = {
    "record": "code",
    "record_id": "text",
    "branch_code": "text",
    "branch": "text",
    "region": "text",
    "arm": "code",
    "stratum": "text",
    "period": "code",
    "observed_on": "date",
    "auditor": "text",
    "double_visit": "text",
    "operation": "text",
    "score_points": "number",
    "wait_seconds": "whole",
    "service_seconds": "whole",
    "total_seconds": "whole",
    "measure": "text",
    "value": "number",
    "included": "yes_no",
    "reason": "text",
}
OBSERVATION_COLUMNS: Final = tuple(OBSERVATION_KINDS)
# The words of a column, in the order of the numbers that programs for statistics give them, from 1.
CODES: Final[Mapping[str, tuple[str, ...]]] = {
    "record": ("visit", "timing", "measurement"),
    "arm": ("comparison", "trained"),
    "period": ("before", "during", "after"),
}


def observations(document: Summary, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """Yield the observations that may be seen now, dates as dates.

    Raises
    ------
    ValueError
        If a row has other keys than `OBSERVATION_COLUMNS`, or the rows are not as many as the snapshot holds.
    """
    for row in released_rows(document, rows):
        if row.keys() != set(OBSERVATION_COLUMNS):
            raise ValueError(
                f"an observation has the keys {sorted(row)}, expected {sorted(OBSERVATION_COLUMNS)}"
            )
        day = row["observed_on"]
        yield {**row, "observed_on": date.fromisoformat(day) if isinstance(day, str) else day}


def explained(column: str, language: str) -> str:
    """Return what a column means: its meaning, or its name where that says it."""
    return meaning(column, language) if column in MEANINGS else label(column, language)
