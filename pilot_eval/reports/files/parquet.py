"""The observations as Parquet, for programs: typed columns; where they come from stands in the metadata."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, Final

import duckdb

from pilot_eval.reports.files.observations import (
    OBSERVATION_COLUMNS,
    OBSERVATION_KINDS,
    explained,
    observations,
)
from pilot_eval.reports.files.passport import passport_items
from pilot_eval.reports.numbers import language_of
from pilot_eval.reports.summaries import Row, Summary, notices, released

_TYPES: Final = {
    "code": "VARCHAR",
    "text": "VARCHAR",
    "date": "DATE",
    "whole": "BIGINT",
    "number": "DOUBLE",
    "yes_no": "BOOLEAN",
}


def write(summary: Summary, language: str, rows: Iterable[Row] | None = None) -> bytes:
    """Write the observations; words of a column (`record`, `arm`, `period`) are English in both languages.

    The file's own metadata hold `passport`, `dictionary` and `notice` in the reader's language.

    Raises
    ------
    ValueError
        If there are no rows to write, or they are not those of the snapshot.
    """
    if rows is None:
        raise ValueError("a Parquet file holds the observations, and none were given")
    tongue = language_of(language)
    document = released(summary)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "rows.json"), Path(folder, "rows.parquet")
        count = _write_rows(source, document, rows)
        metadata = {
            "passport": dict(passport_items(document, tongue, count)),
            "dictionary": {column: explained(column, tongue) for column in OBSERVATION_COLUMNS},
            "notice": " ".join(notices(document, tongue)),
        }
        _convert(source, target, metadata)
        return target.read_bytes()


def _write_rows(path: Path, document: Summary, rows: Iterable[Row]) -> int:
    """Write one JSON object a line, which keeps texts, numbers and what is missing apart."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in observations(document, rows):
            file.write(json.dumps(row, ensure_ascii=False, allow_nan=False, default=date.isoformat) + "\n")
            count += 1
    return count


def _convert(source: Path, target: Path, metadata: dict[str, Any]) -> None:
    columns = {column: _TYPES[kind] for column, kind in OBSERVATION_KINDS.items()}
    kept = {key: json.dumps(value, ensure_ascii=False) for key, value in metadata.items()}
    # One thread writes the rows in their own order, so that one snapshot gives the same bytes again.
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(
            f"COPY (FROM read_json({_sql(str(source))}, format = 'newline_delimited', "
            f"columns = {_struct(columns)})) TO {_sql(str(target))} "
            f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {_struct(kept)})"
        )


def _sql(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _struct(values: dict[str, str]) -> str:
    return "{" + ", ".join(f"{_sql(key)}: {_sql(value)}" for key, value in values.items()) + "}"
