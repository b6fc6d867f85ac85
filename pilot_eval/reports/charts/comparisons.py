"""The estimates of branches with their intervals: as measured, and drawn to the mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pilot_eval.reports.branch_tables import Result, tone_of, verdict_words
from pilot_eval.reports.charts.branches import MOST_NAMED, rows_of_branches
from pilot_eval.reports.charts.frame import Chart, Table, frame
from pilot_eval.reports.charts.pictures import Spec
from pilot_eval.reports.labels import label, say, unit_label
from pilot_eval.reports.numbers import MISSING, Language, counted, language_of, number
from pilot_eval.reports.summaries import Row, change_unit, interval_with_unit, with_unit, words
from pilot_eval.reports.words import branches as said
from pilot_eval.reports.words.counted import BRANCHES, OF_BRANCHES
from pilot_eval.reports.words.reading import how_to_read

_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "raw": ("as measured", "как измерено"),
    "shrunken": ("drawn to the mean", "притянутое к среднему"),
    "unclear": ("unclear", "неясно"),
    "better": ("better", "лучше"),
    "worse": ("worse", "хуже"),
    "difference": ("Difference", "Разница"),
    "verdict": ("Verdict", "Вывод"),
    "thin": ("Too few records", "Записей мало"),
}
_ROW: Final = 18  # pixels
_ROW_UNNAMED: Final = 5


def branch_intervals(
    outcome: Row, results: Sequence[Result], against: str, language: str, name: str = "branch-intervals"
) -> Chart | None:
    """Return the estimate of every branch with its interval, the largest on top, arms apart.

    What was measured is hollow, what is drawn to the mean is filled; branches seen too seldom stand last,
    without marks. None where no branch has an interval.

    Parameters
    ----------
    outcome : mapping
        An outcome of the summary.
    results : sequence of Result
        The branches, in any order.
    against : str
        What they are compared with.
    language : {"en", "ru"}
    name : str
        Key for addresses and file names.
    """
    tongue = language_of(language)
    groups = [(arm, _ordered([r for r in results if r.arm == arm])) for arm in ("trained", "comparison")]
    groups = [(arm, own) for arm, own in groups if any(r.interval for r in own)]
    if not groups:
        return None
    caption = _finding(outcome, [r for _, own in groups for r in own], against, tongue)
    alt = getattr(said.BRANCH_INTERVALS.filled(finding=caption), tongue)
    return Chart(
        name,
        _spec(outcome, groups, against, alt, tongue),
        caption,
        alt,
        _table(outcome, groups, against, tongue),
        reading=how_to_read("branch_intervals", tongue),
    )


def _ordered(results: Sequence[Result]) -> list[Result]:
    """Largest first; those without an interval, or seen too seldom, last."""

    def order(result: Result) -> tuple[bool, bool, float, str]:
        value = 0.0 if result.estimate is None else result.estimate
        return result.thin, result.interval is None, -value, result.code

    return sorted(results, key=order)


def _finding(outcome: Row, results: Sequence[Result], against: str, language: Language) -> str:
    counts = Counter(tone_of(r.verdict) for r in results if r.interval and not r.thin)
    template = said.FOUND if against == "past" else said.FOUND_OTHERS
    forms = (BRANCHES if language == "en" else OF_BRANCHES)[language]
    filled = template.filled(
        what=words(outcome["label"], language),
        branches=counted(counts.total(), forms, language),
        better=number(counts["better"], 0, language),
        worse=number(counts["worse"], 0, language),
        unclear=number(counts["neither"], 0, language),
    )
    text: str = getattr(filled, language)
    return text


def _estimate(against: str, language: Language) -> str:
    """Return what an estimate is called: of the own past a change, of others a difference."""
    return label("change", language) if against == "past" else say(_TEXTS["difference"], language)


def _spec(
    outcome: Row, groups: Sequence[tuple[str, list[Result]]], against: str, alt: str, language: Language
) -> Spec:
    everyone = [result for _, own in groups for result in own]
    seen = Counter(result.name for result in everyone)
    names = {r.code: r.name if seen[r.name] == 1 else f"{r.name} ({r.code})" for r in everyone}
    headings = {arm: f"{label(arm, language)}, n = {number(len(own), 0, language)}" for arm, own in groups}
    order = [row for arm, own in groups for row in (headings[arm], *(names[r.code] for r in own))]
    named = len(everyone) <= MOST_NAMED
    lines = [_line(outcome, r, names[r.code], language) for r in everyone if r.interval]
    y = rows_of_branches(order, headings.values(), named=named)
    estimate = _estimate(against, language)
    tooltip = [
        {"field": "row", "title": label("branch", language)},
        {"field": "text", "title": estimate},
        {"field": "ends", "title": label("interval", language)},
        {"field": "shrunken_text", "title": say(_TEXTS["shrunken"], language)},
        {"field": "tone", "title": say(_TEXTS["verdict"], language)},
    ]
    return {
        **frame(alt, language),
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "height": len(order) * (_ROW if named else _ROW_UNNAMED),
        "encoding": {"y": y, "tooltip": tooltip},
        "layer": [
            _zero(),
            *_marks(f"{estimate}, {unit_label(change_unit(outcome), language)}", lines, named, language),
        ],
    }


def _line(outcome: Row, result: Result, name: str, language: Language) -> dict[str, Any]:
    unit = change_unit(outcome)
    low, high = result.interval or (None, None)
    drawn = result.shrunken_interval or (None, None)
    tone = tone_of(result.verdict)
    return {
        "row": name,
        "raw": result.estimate,
        "raw_low": low,
        "raw_high": high,
        "shrunken": result.shrunken,
        "shrunken_low": drawn[0],
        "shrunken_high": drawn[1],
        "tone": say(_TEXTS["unclear" if tone == "neither" else tone], language),
        "key": tone,
        "text": with_unit(result.estimate, unit, language, sign=True),
        "ends": interval_with_unit(low, high, unit, language),
        "shrunken_text": with_unit(result.shrunken, unit, language, sign=True),
    }


def _zero() -> Spec:
    return {
        "data": {"values": [{"zero": 0}]},
        "mark": {"type": "rule", "color": "@quiet", "strokeWidth": 1},
        "encoding": {
            "x": {"field": "zero", "type": "quantitative"},
            "y": {"value": 0},
            "y2": {"value": "height"},
            "tooltip": None,
        },
    }


def _marks(title: str, lines: Sequence[Mapping[str, Any]], named: bool, language: Language) -> list[Spec]:
    """Thin lines as measured, thick ones drawn to the mean where there are such, and the points of both."""
    drawn = [line for line in lines if line["shrunken"] is not None]
    layers = [_rule(title, lines, "raw", 1.0, language)]
    if drawn:
        layers.append(_rule(title, drawn, "shrunken", 3.0, language))
    for kind, shape, wide, narrow in (("raw", "circle", 60, 18), ("shrunken", "diamond", 110, 26)):
        own = lines if kind == "raw" else drawn
        mark: Spec = {"type": "point", "shape": shape, "size": wide if named else narrow, "strokeWidth": 1.4}
        mark |= {"opacity": 1, "filled": kind == "shrunken"}
        if kind == "raw":
            mark["fill"] = "@ground"
        encoding = {"x": _axis(title, kind), "color": _color(lines, language)}
        layers.append({"data": {"values": list(own)}, "mark": mark, "encoding": encoding})
    return [*layers, _key(("raw", "shrunken") if drawn else ("raw",), language)]


def _key(kinds: Sequence[str], language: Language) -> Spec:
    """Return a layer without marks, for its legend: what is hollow and what is filled."""

    def scale(*values: str) -> Spec:
        domain = [say(_TEXTS[kind], language) for kind in kinds]
        return {
            "field": "kind",
            "type": "nominal",
            "scale": {"domain": domain, "range": list(values[: len(kinds)])},
        }

    return {
        "data": {"values": []},
        "mark": {"type": "point", "strokeWidth": 1.4},
        "encoding": {
            "shape": scale("circle", "diamond"),
            "fill": scale("@ground", "@quiet"),
            "stroke": scale("@quiet", "@quiet"),
        },
    }


def _rule(
    title: str, lines: Sequence[Mapping[str, Any]], kind: str, width: float, language: Language
) -> Spec:
    return {
        "data": {"values": list(lines)},
        "mark": {"type": "rule", "strokeWidth": width},
        "encoding": {
            "x": _axis(title, f"{kind}_low"),
            "x2": {"field": f"{kind}_high"},
            "color": _color(lines, language),
        },
    }


def _color(lines: Sequence[Mapping[str, Any]], language: Language) -> Spec:
    tones = [tone for tone in ("better", "neither", "worse") if any(line["key"] == tone for line in lines)]
    domain = [say(_TEXTS["unclear" if tone == "neither" else tone], language) for tone in tones]
    return {
        "field": "tone",
        "type": "nominal",
        "scale": {"domain": domain, "range": [f"@{tone}" for tone in tones]},
        "legend": {"symbolType": "stroke", "symbolStrokeWidth": 3},
    }


def _axis(title: str, field: str) -> Spec:
    return {"field": field, "type": "quantitative", "title": title, "scale": {"nice": True, "zero": True}}


def _table(
    outcome: Row, groups: Sequence[tuple[str, list[Result]]], against: str, language: Language
) -> Table:
    header = [label(key, language) for key in ("branch", "arm", "n_before", "n_after")]
    header += [_estimate(against, language), label("interval", language)]
    drawn = say(_TEXTS["shrunken"], language)
    header += [drawn[:1].upper() + drawn[1:], say(_TEXTS["verdict"], language)]
    unit = change_unit(outcome)
    rows = []
    for _, own in groups:
        for r in own:
            ends = interval_with_unit(*r.interval, unit, language) if r.interval else MISSING
            rows.append(
                (
                    r.name,
                    label(r.arm, language),
                    number(r.n_before, 0, language),
                    number(r.n_after, 0, language),
                    with_unit(r.estimate, unit, language, sign=True),
                    ends,
                    with_unit(r.shrunken, unit, language, sign=True),
                    getattr(verdict_words(r.verdict, against), language),
                )
            )
    return Table(tuple(header), tuple(rows))
