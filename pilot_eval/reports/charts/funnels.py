"""The change of each branch against its number of records, with the limits of chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pilot_eval.reports.charts.frame import Chart, Table, frame
from pilot_eval.reports.charts.pictures import Spec
from pilot_eval.reports.labels import label, say, unit_label
from pilot_eval.reports.numbers import Language, language_of, number, percent
from pilot_eval.reports.summaries import (
    Row,
    change_unit,
    with_unit,
    words,
)
from pilot_eval.reports.words.reading import how_to_read
from pilot_eval.stats.branches import BranchChanges, Funnel

_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "funnel": (
        "Chart of the change of each branch against its number of records, with limits that narrow as the "
        "number grows. {finding}",
        "График изменения каждого отделения в зависимости от числа записей, с границами, которые сужаются "
        "с ростом этого числа. {finding}",
    ),
    "inside": (
        "{what}: no branch lies outside the outer limits (99.8%).",
        "{what}: за широкими границами (99,8 %) отделений нет.",
    ),
    "outside": (
        "{what}: outside the outer limits (99.8%): {names}.",
        "{what}: за широкими границами (99,8 %): {names}.",
    ),
    "and_more": ("{names} and {count} more", "{names} и ещё {count}"),
}


@dataclass(frozen=True, slots=True)
class FunnelPoint:
    """One branch of a funnel: its records, its change, the limits it lies outside of ("", "95", "99.8")."""

    name: str
    arm: str
    size: float
    change: float
    outside: str = ""


@dataclass(frozen=True, slots=True)
class FunnelLimits:
    """Limits to draw: arrays of one length over growing `size`, in the unit of the change."""

    size: Sequence[float]
    centre: float
    low_95: Sequence[float]
    high_95: Sequence[float]
    low_998: Sequence[float]
    high_998: Sequence[float]


def funnel_inputs(
    changes: BranchChanges, found: Funnel, names: Mapping[str, str], chosen: Sequence[bool] | None = None
) -> tuple[list[FunnelPoint], FunnelLimits]:
    """Return what a funnel shows from what the statistics computed.

    Parameters
    ----------
    changes : BranchChanges
        In the unit to show (`as_speed()` for durations).
    found : Funnel
        Of the same branches and in the same unit.
    names : mapping of str to str
        Name of a branch by its code.
    chosen : sequence of bool, optional
        The branches that the funnel was made of; all unless given.

    Raises
    ------
    ValueError
        If units or branches of the two do not belong together.
    """
    if changes.scale != found.scale:
        raise ValueError(f"changes are told as {changes.scale}, their limits as {found.scale}")
    rows = [index for index in range(len(changes.branches)) if chosen is None or chosen[index]]
    size = changes.size
    points = [
        FunnelPoint(
            name=names[changes.branches[index]],
            arm="trained" if changes.trained[index] else "comparison",
            size=float(size[index]),
            change=float(changes.change[index]),
            outside=outside,
        )
        for index, outside in zip(rows, found.outside, strict=True)
    ]
    limits = FunnelLimits(
        size=found.size.tolist(),
        centre=found.centre,
        low_95=found.low_95.tolist(),
        high_95=found.high_95.tolist(),
        low_998=found.low_998.tolist(),
        high_998=found.high_998.tolist(),
    )
    return points, limits


def funnel(outcome: Row, points: Sequence[FunnelPoint], limits: FunnelLimits, language: str) -> Chart:
    """Return the change of every branch against its number of records, with the limits of chance.

    Parameters
    ----------
    outcome : mapping
        An outcome of the summary.
    points : sequence of FunnelPoint
    limits : FunnelLimits
        As computed by the statistics; nothing is computed here.
    language : {"en", "ru"}

    Raises
    ------
    ValueError
        If the arrays of the limits differ in length.
    """
    tongue = language_of(language)
    caption = _funnel_finding(outcome, points, tongue)
    alt = say(_SENTENCES["funnel"], tongue, finding=caption)
    unit = change_unit(outcome)
    return Chart(
        name=f"funnel-{outcome['code']}",
        spec=_funnel_spec(outcome, points, limits, alt, tongue),
        caption=caption,
        alt=alt,
        table=Table(
            header=tuple(
                label(key, tongue) for key in ("branch", "arm", "records", "change", "limits_of_chance")
            ),
            rows=tuple(
                (
                    point.name,
                    label(point.arm, tongue),
                    number(point.size, 0 if point.size == round(point.size) else 1, tongue),
                    with_unit(point.change, unit, tongue, sign=True),
                    _outside_text(point, tongue),
                )
                for point in points
            ),
        ),
        reading=how_to_read("funnel", tongue),
    )


def _funnel_finding(outcome: Row, points: Sequence[FunnelPoint], language: str) -> str:
    what = words(outcome["label"], language)
    outside = [point.name for point in points if point.outside == "99.8"]
    if not outside:
        return say(_SENTENCES["inside"], language, what=what)
    names = ", ".join(outside[:3])
    if len(outside) > 3:
        names = say(
            _SENTENCES["and_more"], language, names=names, count=number(len(outside) - 3, 0, language)
        )
    return say(_SENTENCES["outside"], language, what=what, names=names)


def _outside_text(point: FunnelPoint, language: Language) -> str:
    if not point.outside:
        return label("inside", language)
    limit = percent(float(point.outside), 0 if point.outside == "95" else 1, language)
    return f"{label('outside', language)} {limit}"


def _funnel_spec(
    outcome: Row, points: Sequence[FunnelPoint], limits: FunnelLimits, alt: str, language: Language
) -> Spec:
    unit = change_unit(outcome)
    x = {
        "field": "size",
        "type": "quantitative",
        "title": label("records", language),
        "scale": {"zero": False},
        "axis": {"tickMinStep": 1},
    }
    y_title = f"{label('change', language)}, {unit_label(unit, language)}"
    y = {"field": "change", "type": "quantitative", "title": y_title, "scale": {"zero": False}}
    marks = [mark for mark in ("trained", "comparison") if any(point.arm == mark for point in points)]
    domain = [label(mark, language) for mark in marks]
    values = [
        {
            "row": point.name,
            "size": point.size,
            "change": point.change,
            "mark": label(point.arm, language),
            "text": with_unit(point.change, unit, language, sign=True),
            "limits": _outside_text(point, language),
            "far": point.outside == "99.8",
        }
        for point in points
    ]

    def scale(ranges: Mapping[str, str]) -> Spec:
        return {
            "field": "mark",
            "type": "nominal",
            "scale": {"domain": domain, "range": [ranges[m] for m in marks]},
        }

    titles = (("row", "branch"), ("text", "change"), ("size", "records"), ("limits", "limits_of_chance"))
    tooltip = [{"field": field, "title": label(key, language)} for field, key in titles]
    return {
        **frame(alt, language),
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "height": 340,
        "layer": [
            _funnel_limits(limits, x, y, language),
            {
                "data": {"values": [{"centre": limits.centre}]},
                "mark": {"type": "rule", "color": "@quiet"},
                "encoding": {"y": {"field": "centre", "type": "quantitative", "title": y_title}},
            },
            {
                "data": {"values": values},
                "mark": {"type": "point", "size": 80, "strokeWidth": 1.5, "opacity": 1},
                "encoding": {
                    "x": x,
                    "y": y,
                    "tooltip": tooltip,
                    "shape": scale({"trained": "diamond", "comparison": "square"}),
                    "fill": scale({"trained": "@better", "comparison": "@ground"}),
                    "stroke": scale({"trained": "@better", "comparison": "@hollow"}),
                },
            },
            *_funnel_names([value for value in values if value["far"]], x, y),
        ],
    }


def _funnel_names(far: Sequence[Mapping[str, Any]], x: Spec, y: Spec) -> list[Spec]:
    """Return the layer with the names of branches outside the limits; none where there are none."""
    if not far:
        return []
    return [
        {
            "data": {"values": far},
            "mark": {"type": "text", "align": "left", "dx": 9, "fontSize": 12, "limit": 220},
            "encoding": {"x": x, "y": y, "text": {"field": "row"}},
        }
    ]


def _funnel_limits(limits: FunnelLimits, x: Spec, y: Spec, language: Language) -> Spec:
    lines = {
        ("95", "low"): limits.low_95,
        ("95", "high"): limits.high_95,
        ("99.8", "low"): limits.low_998,
        ("99.8", "high"): limits.high_998,
    }
    names = {level: percent(float(level), 0 if level == "95" else 1, language) for level in ("95", "99.8")}
    values = [
        {"size": size, "change": change, "limit": names[level], "side": side}
        for (level, side), changes in lines.items()
        for size, change in zip(limits.size, changes, strict=True)
    ]
    dash = {"domain": list(names.values()), "range": [[5, 4], [1, 0]]}
    return {
        "data": {"values": values},
        "mark": {"type": "line", "strokeWidth": 1.2, "color": "@quiet"},
        "encoding": {
            "x": x,
            "y": y,
            "detail": {"field": "side"},
            "strokeDash": {"field": "limit", "type": "nominal", "scale": dash},
        },
    }
