"""What every chart has: its parts, letters, colours and locale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from babel import Locale

from pilot_eval.reports.charts.pictures import THEMES, Spec
from pilot_eval.reports.numbers import NBSP, Language
from pilot_eval.reports.summaries import (
    Row,
    Summary,
)

_SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
_NUMBER_LOCALES: Final[Mapping[Language, Mapping[str, Any]]] = {
    "en": {"decimal": ".", "thousands": NBSP, "grouping": [3], "currency": ["", ""]},
    "ru": {
        "decimal": ",",
        "thousands": NBSP,
        "grouping": [3],
        "currency": ["", f"{NBSP}₽"],
        "percent": f"{NBSP}%",
    },
}


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a chart, written out: one header, rows of the same length."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with everything a page shows beside it.

    Attributes
    ----------
    name : str
        Short key for addresses and file names.
    spec : dict
        Vega-Lite document; its colours are names that `themed` resolves.
    caption : str
        The finding as a sentence.
    alt : str
        The chart in words.
    table : Table
        The same numbers.
    reading : str
        How such a chart is read, from `reports.words.reading`.
    """

    name: str
    spec: Spec
    caption: str
    alt: str
    table: Table
    reading: str = ""


def frame(alt: str, language: Language) -> Spec:
    """Return what all charts share: words, letters, colours, locale."""
    quiet = {"labelColor": "@quiet", "titleColor": "@ink", "labelFontSize": 12, "titleFontSize": 12}
    return {
        "$schema": _SCHEMA,
        "description": alt,
        "background": "transparent",
        "padding": 4,
        "config": {
            "font": "sans-serif",
            "locale": {"number": _NUMBER_LOCALES[language], "time": _time_locale(language)},
            "view": {"stroke": None},
            "axis": {
                **quiet,
                "gridColor": "@grid",
                "domainColor": "@grid",
                "tickColor": "@grid",
                "titleFontWeight": "normal",
            },
            "axisQuantitative": {"tickCount": 8, "labelFlush": False},
            "legend": {
                **quiet,
                "labelColor": "@ink",
                "orient": "top",
                "title": None,
                "symbolSize": 90,
                "labelLimit": 300,
            },
            "title": {
                "color": "@ink",
                "subtitleColor": "@quiet",
                "fontSize": 13,
                "anchor": "start",
                "frame": "group",
            },
            "text": {"color": "@ink"},
        },
        "usermeta": {"themes": {name: dict(palette) for name, palette in THEMES.items()}},
    }


@cache
def _time_locale(language: Language) -> dict[str, Any]:
    """Return the names of days and months as d3 wants them, Sunday first."""
    words = Locale.parse(language)
    sunday_first = (6, 0, 1, 2, 3, 4, 5)

    def days(width: str) -> list[str]:
        return [words.days["format"][width][day] for day in sunday_first]

    def months(width: str) -> list[str]:
        return [words.months["format"][width][month] for month in range(1, 13)]

    return {
        "dateTime": "%-d %B %Y, %H:%M",
        "date": "%-d %b %Y",
        "time": "%H:%M",
        "periods": ["AM", "PM"],
        "days": days("wide"),
        "shortDays": days("abbreviated"),
        "months": months("wide"),
        "shortMonths": months("abbreviated"),
    }


def outcome_of(document: Summary, code: str) -> Row:
    for outcome in document["outcomes"]:
        if outcome["code"] == code:
            found: Row = outcome
            return found
    raise ValueError(f"the summary has no outcome {code!r}")
