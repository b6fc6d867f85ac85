"""Effects with their intervals: the picture of all outcomes and the bar of one."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pilot_eval.reports.charts.frame import Chart, Table, frame
from pilot_eval.reports.charts.pictures import PANEL_MARGIN, WIDE, Spec
from pilot_eval.reports.labels import label, say
from pilot_eval.reports.numbers import Language, language_of
from pilot_eval.reports.scales import position
from pilot_eval.reports.summaries import (
    Headline,
    Row,
    Summary,
    estimate_text,
    headline,
    interval_text,
    released,
    verdict_sentence,
    verdict_tone,
    with_unit,
    words,
)
from pilot_eval.reports.verdicts import level_text
from pilot_eval.reports.words.reading import how_to_read

_LETTERS: Final = 52  # of a subtitle's line, so that it fits a phone
_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "intervals": (
        "Chart with one line per outcome: estimate, interval, no effect and the effects too small to matter. "
        "{finding}",
        "График, по строке на показатель: оценка, интервал, отсутствие эффекта и эффекты, слишком малые, "
        "чтобы иметь значение. {finding}",
    ),
    "interval": ("{level} interval: {interval}", "Интервал {level}: {interval}"),
    "bar": (
        "Estimate {estimate}, interval {interval}; the line marks no effect.",
        "Оценка {estimate}, интервал {interval}; чертой отмечено отсутствие эффекта.",
    ),
}


@dataclass(frozen=True, slots=True)
class IntervalBar:
    """An interval as places from 0 to 1 on a line; an end that is open runs to the edge.

    Attributes
    ----------
    zero, estimate, low, high : float
    low_closed, high_closed : bool
        False where the interval has no limit, or one beyond the scale.
    band : tuple of float or None
        The effects too small to matter.
    tone : {"better", "worse", "neither"}
    alt : str
    """

    zero: float
    estimate: float
    low: float
    high: float
    low_closed: bool
    high_closed: bool
    band: tuple[float, float] | None
    tone: str
    alt: str

    @property
    def paths(self) -> dict[str, str]:
        """The same drawn in a box of 200 by 24, as paths of SVG by part."""
        low, high, middle = _across(self.low), _across(self.high), _across(self.estimate)
        ends = f"M{low:.1f} 8V16" * self.low_closed + f"M{high:.1f} 8V16" * self.high_closed
        found = {
            "zero": f"M{_across(self.zero):.1f} 2V22",
            "interval": f"M{low:.1f} 12H{high:.1f}{ends}",
            "estimate": f"M{middle - 5.7:.1f} 12l5.7-5.7 5.7 5.7-5.7 5.7z",
        }
        if self.band is not None:
            left, right = map(_across, self.band)
            found["band"] = f"M{left:.1f} 2H{right:.1f}V22H{left:.1f}z"
        return found


def _across(place: float) -> float:
    """Return a place from 0 to 1 as one in the box of a bar, clear of its edges."""
    return 4.0 + 192.0 * place


def intervals(summary: Summary, language: str) -> Chart | None:
    """Return the effects of all outcomes with their intervals; None while there is none to show."""
    tongue = language_of(language)
    document = released(summary)
    found = [
        (outcome, effect) for outcome in document["outcomes"] if (effect := headline(outcome)) is not None
    ]
    if not found:
        return None
    caption = " ".join(
        f"{words(outcome['label'], tongue)}: {verdict_sentence(outcome, tongue)}" for outcome, _ in found
    )
    alt = say(_SENTENCES["intervals"], tongue, finding=caption)
    spec = {
        **frame(alt, tongue),
        "vconcat": [_interval_panel(outcome, effect, tongue) for outcome, effect in found],
        "spacing": 18,
    }
    table, reading = _interval_table(found, tongue), how_to_read("intervals", tongue)
    return Chart("intervals", spec, caption, alt, table, reading)


def interval_bar(
    found: Headline, tone: str, language: str, scale: tuple[float, float] | None = None
) -> IntervalBar:
    """Return an interval as places on a line, for rows of a table and tiles.

    Parameters
    ----------
    found : Headline
    tone : {"better", "worse", "neither"}
    language : {"en", "ru"}
    scale : tuple of float, optional
        Ends of a scale shared by several bars; its own unless given.
    """
    tongue = language_of(language)
    low, high = scale or _own_scale(found)
    smallest = found.smallest_effect

    def place(value: float) -> float:
        return min(max(position(value, low, high), 0.0), 1.0)

    return IntervalBar(
        zero=place(0.0),
        estimate=place(found.estimate),
        low=0.0 if found.low is None else place(found.low),
        high=1.0 if found.high is None else place(found.high),
        low_closed=found.low is not None and found.low >= low,
        high_closed=found.high is not None and found.high <= high,
        band=None if smallest is None else (place(-smallest), place(smallest)),
        tone=tone,
        alt=say(
            _SENTENCES["bar"],
            tongue,
            estimate=estimate_text(found, tongue),
            interval=interval_text(found, tongue),
        ),
    )


def _own_scale(found: Headline) -> tuple[float, float]:
    """Return a scale that holds the interval, zero and the smallest effect, with a margin for open ends."""
    smallest = found.smallest_effect or 0.0
    values = [0.0, found.estimate, smallest, -smallest]
    values += [end for end in (found.low, found.high) if end is not None]
    margin = 0.08 * (max(values) - min(values)) or 1.0
    return min(values) - margin, max(values) + margin


def _interval_panel(outcome: Row, found: Headline, language: Language) -> Spec:
    """Return one outcome as a line of its own scale: the units of outcomes differ."""
    low, high = _own_scale(found)
    colour = f"@{verdict_tone(outcome)}"
    line = {
        "low": low if found.low is None else found.low,
        "high": high if found.high is None else found.high,
    }
    ends = [{"end": end} for end in (found.low, found.high) if end is not None]
    x: Spec = {
        "type": "quantitative",
        "scale": {"domain": [low, high], "nice": False},
        "axis": {"title": None, "tickCount": 6, "grid": False},
    }
    layers: list[Spec] = [
        {
            "data": {"values": [{"zero": 0}]},
            "mark": {"type": "rule", "color": "@quiet"},
            "encoding": {"x": {"field": "zero", **x}},
        },
        {
            "data": {"values": [line]},
            "mark": {"type": "rule", "strokeWidth": 3, "color": colour},
            "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}, "y": {"value": 16}},
        },
        {
            "data": {"values": ends},
            "mark": {
                "type": "tick",
                "orient": "vertical",
                "thickness": 2,
                "size": 12,
                "opacity": 1,
                "color": colour,
            },
            "encoding": {"x": {"field": "end", **x}, "y": {"value": 16}},
        },
        {
            "data": {"values": [{"estimate": found.estimate}]},
            "mark": {
                "type": "point",
                "shape": "diamond",
                "filled": True,
                "size": 130,
                "opacity": 1,
                "color": colour,
            },
            "encoding": {"x": {"field": "estimate", **x}, "y": {"value": 16}},
        },
    ]
    if found.smallest_effect is not None:
        band = {"from": -found.smallest_effect, "to": found.smallest_effect}
        layers.insert(
            0,
            {
                "data": {"values": [band]},
                "mark": {"type": "rect", "color": "@band"},
                "encoding": {"x": {"field": "from", **x}, "x2": {"field": "to"}},
            },
        )
    estimate = estimate_text(found, language)
    verdict = words(outcome["evaluation"]["verdict"], language)
    title = {
        "text": f"{words(outcome['label'], language)}: {estimate}",
        "subtitle": [_interval_text(found, language), *textwrap.wrap(verdict, _LETTERS)],
    }
    return {"width": WIDE - 2 * PANEL_MARGIN, "height": 32, "title": title, "layer": layers}


def _interval_text(found: Headline, language: Language) -> str:
    reach = interval_text(found, language)
    return say(_SENTENCES["interval"], language, level=level_text(found.level, language), interval=reach)


def _interval_table(found: Sequence[tuple[Row, Headline]], language: Language) -> Table:
    keys = ("outcome", "effect", "interval", "level", "smallest_effect", "verdict")
    return Table(
        header=tuple(label(key, language) for key in keys),
        rows=tuple(
            (
                words(outcome["label"], language),
                estimate_text(effect, language),
                interval_text(effect, language),
                level_text(effect.level, language),
                with_unit(effect.smallest_effect, effect.unit, language, digits=effect.digits),
                words(outcome["evaluation"]["verdict"], language),
            )
            for outcome, effect in found
        ),
    )
