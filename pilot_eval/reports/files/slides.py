"""Slides for a meeting: question and answer, tiles, charts, limits, decision; the words of the board page.

They need the extra `slides` (python-pptx), which is imported only when they are written.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pilot_eval.reports.charts import Chart, dumbbell, png
from pilot_eval.reports.files.board_page import moment_of, page_of
from pilot_eval.reports.files.passport import passport_items
from pilot_eval.reports.files.slide_shapes import Deck
from pilot_eval.reports.labels import label, say
from pilot_eval.reports.numbers import language_of
from pilot_eval.reports.summaries import Row, Summary, primary_outcomes, released, words
from pilot_eval.reports.words.slides import SLIDES

_MOST_NAMED: Final = 16  # branches whose names can be read from the back of a room
_SOURCES: Final = (
    "filters",
    "visits",
    "timings",
    "measurements",
    "branch_rows",
    "plan_frozen",
    "plan_hash",
)
_LINE: Final = "_" * 30


def write(summary: Summary, language: str, rows: Iterable[Row] | None = None) -> bytes:
    """Write the slides as PowerPoint; the same snapshot gives the same bytes."""
    tongue = language_of(language)
    document = released(summary)
    page = page_of(document, tongue)
    deck = Deck(tongue, page["title"], page["author"], page["footer"], moment_of(document))
    deck.opening(page["title"], page["question"], page["headings"]["answer"], page["answer"])
    if page["tiles"]:
        deck.tiles(say(SLIDES["tiles"], tongue), page["tiles"])
    for title, chart in _charts(document, tongue):
        deck.picture(title, chart.caption, png(chart.spec, "light"), chart.alt, _notes(chart, tongue))
    _add_texts(deck, say(SLIDES["limits"], tongue), _limits(page), tongue)
    _add_texts(deck, say(SLIDES["decision"], tongue), _decision(page) + _sources(document, tongue), tongue)
    return _repeatable(deck.content(), moment_of(document).timetuple()[:6])


def _charts(document: Summary, language: str) -> list[tuple[str, Chart]]:
    found = [
        (words(outcome["label"], language), dumbbell(document, outcome["code"], language, _MOST_NAMED))
        for outcome in primary_outcomes(document)
    ]
    title = say(SLIDES["branches"], language)
    return [(f"{title}: {name}", chart) for name, chart in found if chart is not None]


def _notes(chart: Chart, language: str) -> str:
    """Return the notes of a chart: how it is read, and its numbers as lines."""
    lines = [" | ".join(row) for row in (chart.table.header, *chart.table.rows)]
    reading = [say(SLIDES["reading"], language), chart.reading] if chart.reading else []
    return "\n".join([*reading, say(SLIDES["numbers"], language), *lines])


def _limits(page: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return headings and texts of what the answer rests on and does not tell."""
    headings = page["headings"]
    texts = [(headings["why"] if not place else "", text) for place, text in enumerate(page["why"])]
    texts += [(headings["unknown"] if not place else "", text) for place, text in enumerate(page["unknown"])]
    return texts + [(heading, text) for heading, text in page["facts"]]


def _decision(page: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the decision that was signed, else choices and lines to sign; nothing while the pilot runs."""
    decision = page["decision"]
    if decision is None:
        return []
    if "told" in decision:
        return [(decision["title"] if not place else "", text) for place, text in enumerate(decision["told"])]
    choices = "      ".join(f"☐ {choice}" for choice in decision["choices"])
    return [(decision["title"], choices), ("", "      ".join(f"{f}: {_LINE}" for f in decision["fields"]))]


def _sources(document: Summary, language: str) -> list[tuple[str, str]]:
    names = {label(key, language) for key in _SOURCES}
    return [(name, text) for name, text in passport_items(document, language, None) if name in names]


def _add_texts(deck: Deck, title: str, texts: Sequence[tuple[str, str]], language: str) -> None:
    """Add texts on as many slides as they need: nothing is cut."""
    pages = deck.paged(texts)
    for number, lines in enumerate(pages, start=1):
        heading = say(SLIDES["more"], language, title=title, page=str(number), pages=str(len(pages)))
        deck.texts(heading if len(pages) > 1 else title, lines)


def _repeatable(content: bytes, moment: tuple[int, ...]) -> bytes:
    """Return the package with the snapshot's moment as the time of each part: same data, same bytes."""
    year, month, day, hour, minute, second = moment
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            part = zipfile.ZipInfo(name, (max(year, 1980), month, day, hour, minute, second))
            part.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(part, source.read(name))
    return out.getvalue()
