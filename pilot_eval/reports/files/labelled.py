"""The observations for SPSS and Stata: variables and values labelled in the reader's language.

Both need the extra `analysis` (pyreadstat, pandas), which is imported only when such a file is written.
"""

from __future__ import annotations

import tempfile
import textwrap
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pilot_eval.reports.files.observations import (
    CODES,
    OBSERVATION_COLUMNS,
    OBSERVATION_KINDS,
    explained,
    observations,
)
from pilot_eval.reports.files.passport import passport_items
from pilot_eval.reports.labels import label
from pilot_eval.reports.numbers import NBSP, language_of, number
from pilot_eval.reports.summaries import Row, Summary, notices, released, snapshot_mark

_NOTE_BYTES: Final = 78  # of a line of an SPSS document, which holds 80
_LABEL_LETTERS: Final = 80  # Stata cuts a longer label of a variable
_TYPES: Final = {
    "code": "Int32",  # may be missing
    "text": "object",
    "date": "object",
    "whole": "Int32",
    "number": "float64",
    "yes_no": "Int32",
}
_MEASURES: Final = {"code": "nominal", "text": "nominal", "yes_no": "nominal"}
# Where SPSS files hold the day and the time of writing: the 92nd to 108th byte of the header.
_SPSS_MOMENT: Final = slice(92, 109)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STATA_MOMENT: Final = b"<timestamp>\x11"


def write_spss(summary: Summary, language: str, rows: Iterable[Row] | None = None) -> bytes:
    """Write the observations as SPSS .sav; where they come from stands in the file's documents."""
    tongue = language_of(language)
    document = released(summary)
    frame, named = _frame(document, tongue, rows)
    passport = passport_items(document, tongue, len(frame))
    texts = [*notices(document, tongue), *(text for name, value in passport for text in (f"{name}:", value))]
    note = [line for text in texts for line in _note_lines(text)]
    measures = {column: _MEASURES.get(kind, "scale") for column, kind in OBSERVATION_KINDS.items()}

    def save(path: Path) -> None:
        import pyreadstat

        pyreadstat.write_sav(
            frame, path, file_label=_title(document), note=note, variable_measure=measures, **named
        )

    return _dated_spss(_saved(save, ".sav"), document)


def write_stata(summary: Summary, language: str, rows: Iterable[Row] | None = None) -> bytes:
    """Write the observations as Stata .dta, format 118 (Stata 14 and later)."""
    tongue = language_of(language)
    document = released(summary)
    frame, named = _frame(document, tongue, rows)
    total = sum(document["snapshot"]["rows"].values())
    counts = f"{number(len(frame), 0, tongue)} / {number(total, 0, tongue)}"
    title = f"{_title(document)}, {counts}"
    for notice in notices(document, tongue):  # whole ones only
        title = f"{title}. {notice}" if len(title) + len(notice) + 2 <= _LABEL_LETTERS else title

    def save(path: Path) -> None:
        import pyreadstat

        pyreadstat.write_dta(frame, path, file_label=title, version=14, **named)

    return _dated_stata(_saved(save, ".dta"), document)


def _frame(document: Summary, language: str, rows: Iterable[Row] | None) -> tuple[Any, dict[str, Any]]:
    """Return the observations as a data frame, with the labels of its variables and of their values."""
    if rows is None:
        raise ValueError("this file holds the observations, and none were given")
    import pandas as pd

    cells = pd.DataFrame.from_records(
        [
            tuple(_coded(column, row[column]) for column in OBSERVATION_COLUMNS)
            for row in observations(document, rows)
        ],
        columns=list(OBSERVATION_COLUMNS),
    )
    for column, kind in OBSERVATION_KINDS.items():
        cells[column] = cells[column].astype(_TYPES[kind])
        if kind == "date" and cells[column].isna().all():  # would be taken for a text
            cells[column] = cells[column].astype("float64")
        if kind == "text":
            cells[column] = cells[column].where(cells[column].notna(), "")
    labels = {column: _variable_label(column, language) for column in OBSERVATION_COLUMNS}
    values: dict[str, Mapping[int, str]] = {
        column: {place: label(word, language) for place, word in enumerate(words, start=1)}
        for column, words in CODES.items()
    }
    values["included"] = {0: label("no", language), 1: label("yes", language)}
    return cells, {"column_labels": labels, "variable_value_labels": values}


def _coded(column: str, value: Any) -> Any:
    if value is None or column not in CODES:
        return value
    return CODES[column].index(value) + 1


def _variable_label(column: str, language: str) -> str:
    text = explained(column, language)
    return text if len(text) <= _LABEL_LETTERS else label(column, language)


def _note_lines(text: str) -> list[str]:
    plain = text.replace(NBSP, " ")
    return textwrap.wrap(plain, _NOTE_BYTES if plain.isascii() else _NOTE_BYTES // 2)


def _title(document: Summary) -> str:
    return f"{document['pilot']['slug']} {snapshot_mark(document)}"


def _saved(save: Callable[[Path], None], suffix: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"rows{suffix}")
        save(path)
        return path.read_bytes()


def _dated_spss(content: bytes, document: Summary) -> bytes:
    """Return the file with the snapshot's moment in place of the moment of writing: same data, same bytes."""
    stamp = f"{_day(document, ' ', '%y')}{_moment(document):%H:%M:%S}".encode()
    return content[: _SPSS_MOMENT.start] + stamp + content[_SPSS_MOMENT.stop :]


def _dated_stata(content: bytes, document: Summary) -> bytes:
    start = content.index(_STATA_MOMENT) + len(_STATA_MOMENT)
    stamp = f"{_day(document, ' ', '%Y')} {_moment(document):%H:%M}".encode()
    return content[:start] + stamp + content[start + len(stamp) :]


def _day(document: Summary, between: str, year: str) -> str:
    """The day of the snapshot in the form of both files: "02 Nov 14", whatever the machine's language."""
    moment = _moment(document)
    return between.join((f"{moment:%d}", _MONTHS[moment.month - 1], f"{moment:{year}}"))


def _moment(document: Summary) -> datetime:
    return datetime.fromisoformat(document["snapshot"]["as_of"]).astimezone(UTC)
