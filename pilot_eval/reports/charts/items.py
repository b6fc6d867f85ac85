"""The items of the checklist that moved most, before and after."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pilot_eval.reports.charts.frame import Chart, Table, frame
from pilot_eval.reports.charts.pictures import Spec
from pilot_eval.reports.labels import label
from pilot_eval.reports.numbers import (
    MISSING,
    Language,
    counted,
    language_of,
    number,
    percent,
    pvalue_text,
)
from pilot_eval.reports.sentences import Sentence
from pilot_eval.reports.summaries import Row, Summary, interval_with_unit, released, with_unit, words
from pilot_eval.reports.words.moved_items import (
    ALT,
    AXIS,
    FACILITY,
    ITEMS,
    MOST,
    MOVED,
    NAMED_ITEM,
    NONE_MOVED,
    OF_VISITS,
    SHARE,
)
from pilot_eval.reports.words.reading import how_to_read

SHOWN: Final = 10  # items drawn; the table has all
NAMED: Final = 3  # items named in the caption
ROW_HEIGHT: Final = 58  # pixels: the name and two lines
_LETTERS: Final = 46  # of an item's name, so that it fits a phone
_UNIT: Final = "percentage_points"
_MARKS: Final = ("before", "after_trained", "after_comparison")


def items(summary: Summary, language: str) -> Chart | None:
    """Return the items that moved most; None while there is no effect of one to show."""
    tongue = language_of(language)
    found = released(summary).get("items")
    known = [item for item in found["items"] if item["effect"] is not None] if found else []
    if not found or not known:
        return None
    ordered = sorted(known, key=lambda item: (-abs(item["effect"]["estimate"]), item["code"]))
    shown = sorted(ordered[:SHOWN], key=lambda item: -item["effect"]["estimate"])
    caption = _finding(ordered, len(found["items"]), len(shown), tongue)
    alt = _said(ALT.filled(finding=caption), tongue)
    return Chart(
        name="items",
        spec=_spec(shown, alt, tongue),
        caption=caption,
        alt=alt,
        table=_table([*ordered, *(i for i in found["items"] if i["effect"] is None)], tongue),
        reading=how_to_read("items", tongue),
    )


def _said(sentence: Sentence, language: Language) -> str:
    text: str = getattr(sentence, language)
    return text


def _finding(ordered: Sequence[Row], count: int, shown: int, language: Language) -> str:
    moved = [item for item in ordered if item["moved"]]
    of_items = counted(count, ITEMS[language], language)
    if moved:
        named = ", ".join(
            _said(NAMED_ITEM.filled(name=_short(item, language), change=_change(item, language)), language)
            for item in moved[:NAMED]
        )
        more = " …" if len(moved) > NAMED else ""
        text = _said(MOVED.filled(count=of_items, names=named + more), language)
        text += _facility(moved, language)
    else:
        text = _said(NONE_MOVED.filled(count=of_items), language)
    if shown < len(ordered):
        text += " " + _said(MOST.filled(shown=number(shown, 0, language)), language)
    return text


def _facility(moved: Sequence[Row], language: Language) -> str:
    """Say which of the items that moved training cannot move: something else has changed too."""
    codes = ", ".join(item["code"] for item in moved if item["lever"] == "facility")
    return " " + _said(FACILITY.filled(codes=codes), language) if codes else ""


def _short(item: Row, language: Language) -> str:
    return textwrap.shorten(words(item["label"], language), _LETTERS, placeholder=" …")


def _change(item: Row, language: Language) -> str:
    return with_unit(item["effect"]["estimate"], _UNIT, language, sign=True)


def _interval(item: Row, language: Language) -> str:
    low, high = item["effect"]["confidence_interval"]
    return interval_with_unit(low, high, _UNIT, language)


def _spec(shown: Sequence[Row], alt: str, language: Language) -> Spec:
    names = {item["code"]: f"{item['code']}  {_short(item, language)}" for item in shown}
    y: Spec = {
        "field": "row",
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(names.values()), "paddingInner": 0.15},
        "axis": None,
    }
    lines = [
        line
        for item in shown
        for arm in ("trained", "comparison")
        if (line := _line(item, arm, names[item["code"]], language)) is not None
    ]
    return {
        **frame(alt, language),
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "height": ROW_HEIGHT * len(shown),
        "encoding": {
            "y": y,
            "yOffset": {
                "field": "arm",
                "type": "nominal",
                "scale": {"domain": ["name", "trained", "comparison"]},
            },
            "tooltip": [
                {"field": key, "type": "nominal", "title": label(name, language)}
                for key, name in (
                    ("name", "item"),
                    ("group", "arm"),
                    ("before", "before"),
                    ("after", "after"),
                )
            ],
        },
        "layer": [
            *_names([(names[item["code"]], bool(item["moved"])) for item in shown]),
            _rules(lines, language),
            _points(lines, language),
        ],
    }


def _names(named: Sequence[tuple[str, bool]]) -> list[Spec]:
    """Return the names above their lines, bold where the item moved: beside them a phone has no room."""
    return [
        {
            "data": {"values": [{"row": name, "arm": "name"} for name, moved in named if moved is bold]},
            "mark": {
                "type": "text",
                "align": "left",
                "fontSize": 12,
                "fontWeight": "bold" if bold else "normal",
            },
            "encoding": {"x": {"value": 0}, "text": {"field": "row"}, "tooltip": {"value": None}},
        }
        for bold in (True, False)
        if any(moved is bold for _name, moved in named)
    ]


def _line(item: Row, arm: str, row: str, language: Language) -> dict[str, Any] | None:
    """Return one arm of an item as a record of the chart; None where either end is not told."""
    before, after = item[arm]["before"], item[arm]["after"]
    if before is None or after is None:
        return None
    rose = item["effect"]["estimate"] > 0
    tone = ("better" if rose else "worse") if item["moved"] and arm == "trained" else "neither"
    return {
        "row": row,
        "name": words(item["label"], language),
        "arm": arm,
        "group": label(arm, language),
        "from": before["share"],
        "to": after["share"],
        "tone": label(tone, language) if tone != "neither" else label("may_be_chance", language),
        "colour": tone,
        "before": _share(before, language),
        "after": _share(after, language),
    }


def _share(cell: Row | None, language: Language) -> str:
    if cell is None:
        return MISSING
    share = percent(cell["share"], 0, language)
    return _said(OF_VISITS.filled(share=share, n=number(cell["n"], 0, language)), language)


def _axis(field: str, language: Language) -> Spec:
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"domain": [0, 100]},
        "title": _said(AXIS, language),
    }


def _rules(lines: Sequence[Mapping[str, Any]], language: Language) -> Spec:
    tones = {line["colour"]: line["tone"] for line in lines}
    present = [tone for tone in ("better", "worse", "neither") if tone in tones]
    color = {
        "field": "tone",
        "type": "nominal",
        "scale": {"domain": [tones[t] for t in present], "range": [f"@{t}" for t in present]},
        "legend": {"symbolType": "stroke", "symbolStrokeWidth": 3},
    }
    return {
        "data": {"values": list(lines)},
        "mark": {"type": "rule", "strokeWidth": 2},
        "encoding": {"x": _axis("from", language), "x2": {"field": "to"}, "color": color},
    }


def _points(lines: Sequence[Mapping[str, Any]], language: Language) -> Spec:
    points = [
        {**line, "mark": label(mark, language), "key": mark, "value": line[end]}
        for line in lines
        for mark, end in (("before", "from"), (f"after_{line['arm']}", "to"))
    ]
    present = [mark for mark in _MARKS if any(point["key"] == mark for point in points)]
    domain = [label(mark, language) for mark in present]

    def scale(values: Mapping[str, str]) -> Spec:
        ranges = [values[mark] for mark in present]
        return {"field": "mark", "type": "nominal", "scale": {"domain": domain, "range": ranges}}

    return {
        "data": {"values": points},
        "mark": {"type": "point", "size": 70, "strokeWidth": 1.5, "opacity": 1},
        "encoding": {
            "x": _axis("value", language),
            "shape": scale({"before": "circle", "after_trained": "diamond", "after_comparison": "square"}),
            "fill": scale({"before": "@before", "after_trained": "@better", "after_comparison": "@ground"}),
            "stroke": scale({"before": "@before", "after_trained": "@better", "after_comparison": "@hollow"}),
        },
    }


def _table(ordered: Sequence[Row], language: Language) -> Table:
    keys = ("item", "share_trained", "share_comparison", "effect", "interval", "adjusted")
    header = (*(label(key, language) for key in keys), label("not_applicable", language))
    return Table(header=header, rows=tuple(_row(item, language) for item in ordered))


def _row(item: Row, language: Language) -> tuple[str, ...]:
    effect = item["effect"]
    told = item["not_estimable"]
    absent = [
        cell and cell["not_applicable"] for cell in (item["trained"]["before"], item["trained"]["after"])
    ]
    return (
        f"{item['code']} {words(item['label'], language)}",
        _both(item["trained"], language),
        _both(item["comparison"], language),
        _change(item, language) if effect else (words(told["text"], language) if told else MISSING),
        _interval(item, language) if effect else MISSING,
        _adjusted(item, language),
        _said(
            SHARE.filled(before=percent(absent[0], 0, language), after=percent(absent[1], 0, language)),
            language,
        ),
    )


def _adjusted(item: Row, language: Language) -> str:
    if not item["effect"]:
        return MISSING
    text = pvalue_text(item["effect"]["pvalue_adjusted"], language)
    return f"{text} ({label('moved', language)})" if item["moved"] else text


def _both(arm: Row, language: Language) -> str:
    if arm["before"] is None and arm["after"] is None:
        return MISSING
    ends = {period: _share(arm[period], language) for period in ("before", "after")}
    return _said(SHARE.filled(**ends), language)
