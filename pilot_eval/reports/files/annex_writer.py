"""What the sections of the annex share: the document, its words and numbers, and a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pilot_eval.reports.files.annex_wording import ROWS, SENTENCES
from pilot_eval.reports.labels import say
from pilot_eval.reports.numbers import (
    number,
)
from pilot_eval.reports.summaries import (
    Row,
    Summary,
    level_of,
    words,
)

Block = dict[str, Any]
ARMS: Final = ("trained", "comparison")
TO: Final = " → "


class Annex:
    """One annex in one language."""

    def __init__(self, document: Summary, language: str) -> None:
        self.document = document
        self.language = language
        self.pilot, self.plan = document["pilot"], document["plan"]
        self.alone = self.pilot["design"] == "before_after"
        self.arms = ("trained",) if self.alone else ARMS

    def say(self, key: str, **parts: str) -> str:
        return say(SENTENCES[key], self.language, **parts)

    def row(self, key: str) -> str:
        return say(ROWS[key], self.language)

    def number(self, value: float | None, digits: int = 0, *, sign: bool = False) -> str:
        return number(value, digits, self.language, sign=sign)

    def name(self, outcome: Row) -> str:
        return words(outcome["label"], self.language)

    def level(self, outcome: Row, value: float | None) -> str:
        return level_of(outcome["kind"], outcome["unit"], value, self.language)

    def evaluated(self) -> list[Row]:
        """Return the outcomes that have an evaluation."""
        return [outcome for outcome in self.document["outcomes"] if outcome["evaluation"]]

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = False) -> Block:
        """Return a table; with `numbers` all columns but the first are set to the right."""
        return {
            "kind": "table",
            "header": list(header),
            "rows": [list(row) for row in rows],
            "numbers": numbers,
        }
