"""The summary itself as JSON, for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable

from pilot_eval.reports.labels import label
from pilot_eval.reports.numbers import LANGUAGES, language_of
from pilot_eval.reports.summaries import Row, Summary, released

# Where the site serves the published schema.
SCHEMA_ADDRESS = "/schemas/pilot-summary-1.json"


def write(summary: Summary, language: str, rows: Iterable[Row] | None = None) -> bytes:
    """Write `pilot-summary/1` as indented UTF-8 JSON in its own order; it holds both languages and no rows.

    Raises
    ------
    ValueError
        If a number is NaN or infinite: JSON has none, and a result that has one is wrong.
    """
    language_of(language)
    document = {"$schema": SCHEMA_ADDRESS, **released(summary)}
    branches = len(document["branches"]) * len(document["outcomes"])
    document["rows"] = {"branches": {"written": branches, "of": branches}}
    if document["pilot"]["made_up"]:
        document["notice"] = {tongue: label("made_up", tongue) for tongue in LANGUAGES}
    return (json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()
