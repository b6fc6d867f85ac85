"""An outcome week by week, with the limits of chance before and after training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pilot_eval.reports.charts.frame import Chart, Table, frame, outcome_of
from pilot_eval.reports.charts.pictures import PANEL_MARGIN, WIDE, Spec
from pilot_eval.reports.labels import label, unit_label
from pilot_eval.reports.numbers import MISSING, Language, date_text, interval, language_of, number
from pilot_eval.reports.sentences import Sentence
from pilot_eval.reports.summaries import Row, Summary, level_of, released, words
from pilot_eval.reports.wording import counted_in
from pilot_eval.reports.words.counted import WEEKS
from pilot_eval.reports.words.reading import how_to_read
from pilot_eval.reports.words.weeks import ARMS, LEVELS, LIMITS, OF_SERIES, PERIODS, QUIET, SIGNALS, WORDS

_MARKS: Final = ("before", "during", "after_trained", "after_comparison")
_SHAPES: Final = {
    "before": "circle",
    "during": "circle",
    "after_trained": "diamond",
    "after_comparison": "square",
}
_FILLS: Final = {
    "before": "@before",
    "during": "@ground",
    "after_trained": "@better",
    "after_comparison": "@ground",
}
_STROKES: Final = {
    "before": "@before",
    "during": "@before",
    "after_trained": "@better",
    "after_comparison": "@hollow",
}
PANEL_HEIGHT: Final = 170


def weeks(summary: Summary, code: str, language: str) -> Chart | None:
    """Return the weekly means of an outcome, one panel for each arm; None where no week may be shown.

    Raises
    ------
    ValueError
        If the summary has no such outcome.
    """
    tongue = language_of(language)
    document = released(summary)
    outcome = outcome_of(document, code)
    found = [one for one in document.get("weekly", ()) if one["outcome"] == code and one["points"]]
    if not found:
        return None
    caption = _finding(outcome, found, tongue)
    alt = WORDS["alt"].filled(finding=caption)
    return Chart(
        name=f"weeks-{code}",
        spec=_spec(outcome, found, getattr(alt, tongue), tongue),
        caption=caption,
        alt=getattr(alt, tongue),
        table=_table(outcome, found, tongue),
        reading=how_to_read("weeks", tongue),
    )


def _said(sentence: Sentence, language: Language) -> str:
    text: str = getattr(sentence, language)
    return text


def _finding(outcome: Row, series: Sequence[Row], language: Language) -> str:
    """Say the level of each arm before and after, and which weeks stand out."""
    what = words(outcome["label"], language)
    parts = [f"{what}."]
    for one in series:
        levels = {limits["period"]: limits["centre"] for limits in one["limits"]}
        key = "both" if {"before", "after"} <= levels.keys() else "one"
        first = levels.get("before", next(iter(levels.values())))
        said = LEVELS[key].filled(
            arm=ARMS[one["arm"]],
            before=level_of(outcome["kind"], outcome["unit"], first, language),
            after=level_of(outcome["kind"], outcome["unit"], levels.get("after"), language),
        )
        parts.append(_said(said, language))
    parts.append(_signals(series, language))
    if any(limits["trial"] for one in series for limits in one["limits"]):
        parts.append(_said(WORDS["trial"], language))
    return " ".join(parts)


def _signals(series: Sequence[Row], language: Language) -> str:
    found = [point for one in series for point in one["points"] if point["signals"]]
    if not found:
        return _said(QUIET, language)
    count = counted_in(WEEKS, len(found))
    days = ", ".join(date_text(point["week"], language) for point in found[:3])
    more = "" if len(found) <= 3 else " …"
    return _said(SIGNALS.filled(count=count, days=days + more), language)


def _spec(outcome: Row, series: Sequence[Row], alt: str, language: Language) -> Spec:
    bounds = [
        value
        for one in series
        for part in (*one["points"], *one["limits"])
        for value in (part.get("value"), part.get("low"), part.get("high"))
        if value is not None
    ]
    days = [point["week"] for one in series for point in one["points"]]
    margin = 0.05 * (max(bounds) - min(bounds)) or 1.0
    domain = [min(bounds) - margin, max(bounds) + margin]
    marks = [mark for mark in _MARKS if any(mark == _mark(one, p) for one in series for p in one["points"])]
    panels = [_panel(outcome, one, domain, (min(days), max(days)), marks, language) for one in series]
    return {**frame(alt, language), "vconcat": panels, "spacing": 14}


def _mark(series: Row, point: Row) -> str:
    return f"after_{series['arm']}" if point["period"] == "after" else str(point["period"])


def _panel(
    outcome: Row,
    series: Row,
    domain: Sequence[float],
    days: tuple[str, str],
    marks: Sequence[str],
    language: Language,
) -> Spec:
    unit = unit_label(outcome["unit"], language)
    x: Spec = {
        "type": "temporal",
        "timeUnit": "utcyearmonthdate",
        "scale": {"domain": list(days), "padding": 14},
        "axis": {"title": None, "format": "%-d %b", "tickCount": 8, "grid": False},
    }
    y: Spec = {
        "type": "quantitative",
        "scale": {"domain": list(domain), "nice": False, "zero": False},
        "axis": {"title": unit, "tickCount": 5},
    }
    names = [label(mark, language) for mark in marks]

    def scale(values: Mapping[str, str]) -> Spec:
        ranges = [values[mark] for mark in marks]
        return {"field": "mark", "type": "nominal", "scale": {"domain": names, "range": ranges}}

    points = [_point(outcome, series, point, language) for point in series["points"]]
    titles = (("text", "week"), ("level", "mean"), ("base", "n"), ("signal", "signal"))
    return {
        "width": WIDE - 2 * PANEL_MARGIN,
        "height": PANEL_HEIGHT,
        "title": {"text": label(series["arm"], language)},
        "layer": [
            *_limits(series, x, y),
            {
                "data": {"values": points},
                "mark": {"type": "line", "strokeWidth": 1, "color": "@quiet"},
                "encoding": {
                    "x": {"field": "week", **x},
                    "y": {"field": "value", **y},
                    "detail": {"field": "period"},
                },
            },
            *_rings([point for point in points if point["signal"] != MISSING], x, y),
            {
                "data": {"values": points},
                "mark": {"type": "point", "size": 80, "strokeWidth": 1.5, "opacity": 1},
                "encoding": {
                    "x": {"field": "week", **x},
                    "y": {"field": "value", **y},
                    "shape": scale(_SHAPES),
                    "fill": scale(_FILLS),
                    "stroke": scale(_STROKES),
                    "tooltip": [{"field": key, "title": label(name, language)} for key, name in titles],
                },
            },
        ],
    }


def _point(outcome: Row, series: Row, point: Row, language: Language) -> dict[str, Any]:
    return {
        "week": point["week"],
        "period": point["period"],
        "value": point["value"],
        "mark": label(_mark(series, point), language),
        "text": date_text(point["week"], language),
        "level": level_of(outcome["kind"], outcome["unit"], point["value"], language),
        "base": number(point["n"], 0, language),
        "signal": _signal_text(point, language),
    }


def _signal_text(point: Row, language: Language) -> str:
    return ", ".join(_said(OF_SERIES[name], language) for name in point["signals"]) or MISSING


def _limits(series: Row, x: Spec, y: Spec) -> list[Spec]:
    """Return the centre and the limits of each period as lines over its weeks."""
    lines = [
        {"from": limits["from"], "to": limits["to"], "level": limits[name], "name": name}
        for limits in series["limits"]
        for name in ("low", "centre", "high")
        if limits[name] is not None and limits["points"] > 1
    ]
    styles: tuple[tuple[bool, list[int]], ...] = ((True, [1, 0]), (False, [5, 4]))
    return [
        {
            "data": {"values": [line for line in lines if (line["name"] == "centre") is centre]},
            "mark": {"type": "rule", "color": "@quiet", "strokeWidth": 1.2, "strokeDash": dash},
            "encoding": {
                "x": {"field": "from", **x},
                "x2": {"field": "to", "timeUnit": "utcyearmonthdate"},
                "y": {"field": "level", **y},
            },
        }
        for centre, dash in styles
        if any((line["name"] == "centre") is centre for line in lines)
    ]


def _rings(points: Sequence[Mapping[str, Any]], x: Spec, y: Spec) -> list[Spec]:
    """Return a ring around each week that stands out; none where none does."""
    if not points:
        return []
    return [
        {
            "data": {"values": list(points)},
            "mark": {"type": "point", "shape": "circle", "size": 340, "strokeWidth": 2, "filled": False},
            "encoding": {
                "x": {"field": "week", **x},
                "y": {"field": "value", **y},
                "color": {"value": "@ink"},
            },
        }
    ]


def _table(outcome: Row, series: Sequence[Row], language: Language) -> Table:
    keys = ("week", "arm", "period", "n", "branches", "mean", "centre", "signal")
    rows = []
    for one in series:
        limits = {part["period"]: part for part in one["limits"]}
        rows += [_row(outcome, one, point, limits[point["period"]], language) for point in one["points"]]
    return Table(header=tuple(label(key, language) for key in keys), rows=tuple(rows))


def _row(outcome: Row, series: Row, point: Row, limits: Row, language: Language) -> tuple[str, ...]:
    def level(value: float | None) -> str:
        return level_of(outcome["kind"], outcome["unit"], value, language)

    of_period = level(limits["centre"])
    if limits["low"] is not None:
        within = interval(limits["low"], limits["high"], 1, language)
        if outcome["kind"] == "duration":
            within = _said(LIMITS.filled(low=level(limits["low"]), high=level(limits["high"])), language)
        trial = f", {_said(WORDS['trial_mark'], language)}" if limits["trial"] else ""
        of_period += f" ({within}{trial})"
    return (
        date_text(point["week"], language),
        label(series["arm"], language),
        _said(PERIODS[point["period"]], language),
        number(point["n"], 0, language),
        number(point["branches"], 0, language),
        level(point["value"]),
        of_period,
        _signal_text(point, language),
    )
