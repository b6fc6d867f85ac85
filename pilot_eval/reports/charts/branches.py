"""Before and after of every branch."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pilot_eval.reports.charts.frame import Chart, Table, frame, outcome_of
from pilot_eval.reports.charts.pictures import Spec
from pilot_eval.reports.labels import label, say, unit_label
from pilot_eval.reports.numbers import MISSING, Language, language_of, number, plural
from pilot_eval.reports.summaries import (
    Row,
    Summary,
    change_unit,
    falls_are_better,
    interval_with_unit,
    level_of,
    released,
    with_unit,
    words,
)
from pilot_eval.reports.words.reading import how_to_read

_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "finding": ("{what}: better than before in {where}.", "{what}: стало лучше в {where}."),
    "start": (
        "{what}: the level of each branch before the training.",
        "{what}: уровень каждого отделения до обучения.",
    ),
    "and_in": (" and in ", " и в "),
    "share": ("{better} of {count} {branches}", "{better} из {count} {branches}"),
    "dumbbell": (
        "Chart with one line per branch from its mean before to its mean after. {finding}",
        "График: по линии на отделение, от среднего до обучения к среднему после. {finding}",
    ),
}

MOST_NAMED: Final = 60  # with more branches than this their names would not be readable
_MARKS: Final = ("before", "after_trained", "after_comparison")
_OF_BRANCHES: Final = {
    ("trained", "en"): ("trained branch", "trained branches"),
    ("comparison", "en"): ("comparison branch", "comparison branches"),
    ("trained", "ru"): ("обученного отделения", "обученных отделений"),
    ("comparison", "ru"): ("отделения сравнения", "отделений сравнения"),
}


def dumbbell(summary: Summary, code: str, language: str, most_named: int = MOST_NAMED) -> Chart | None:
    """Return before and after of every branch for one outcome, trained branches first, largest change on top.

    None while no branch has anything to show. With more than `most_named` branches they go without names.

    Raises
    ------
    ValueError
        If the summary has no such outcome.
    """
    tongue = language_of(language)
    document = released(summary)
    outcome = outcome_of(document, code)
    groups = [(arm, _branches(document, code, arm)) for arm in ("trained", "comparison")]
    groups = [(arm, branches) for arm, branches in groups if branches]
    if not groups:
        return None
    caption = branch_finding(document, outcome, tongue)
    alt = say(_SENTENCES["dumbbell"], tongue, finding=caption)
    return Chart(
        name=f"before-after-{code}",
        spec=_dumbbell_spec(outcome, groups, alt, tongue, most_named),
        caption=caption,
        alt=alt,
        table=_dumbbell_table(outcome, groups, tongue),
        reading=how_to_read("dumbbell", tongue),
    )


def goodness(outcome: Row, change: float) -> str:
    """Tell whether a change of an outcome is `better`, `worse` or `neither`."""
    if change == 0:
        return "neither"
    return "better" if (change > 0) != falls_are_better(outcome) else "worse"


def branch_finding(summary: Summary, outcome: Row, language: str) -> str:
    """Say in one sentence in how many branches an outcome became better."""
    what = words(outcome["label"], language)
    shares = [
        text for arm in ("trained", "comparison") if (text := _share_better(summary, outcome, arm, language))
    ]
    if not shares:
        return say(_SENTENCES["start"], language, what=what)
    return say(
        _SENTENCES["finding"], language, what=what, where=say(_SENTENCES["and_in"], language).join(shares)
    )


def _share_better(summary: Summary, outcome: Row, arm: str, language: str) -> str:
    changes = [
        cell["change"]["estimate"]
        for branch in summary["branches"]
        if branch["arm"] == arm and (cell := branch["outcomes"].get(outcome["code"])) and cell["change"]
    ]
    if not changes:
        return ""
    one, many = _OF_BRANCHES[arm, language]
    return say(
        _SENTENCES["share"],
        language,
        better=number(sum(goodness(outcome, change) == "better" for change in changes), 0, language),
        count=number(len(changes), 0, language),
        branches=plural(len(changes), {"one": one, "few": many, "many": many, "other": many}, language),
    )


def _branches(document: Summary, code: str, arm: str) -> list[Row]:
    """Return the branches of an arm with the outcome, the largest change first, then the highest level."""

    def order(branch: Row) -> tuple[float, float, str]:
        cell = branch["outcomes"][code]
        change = cell["change"]["estimate"] if cell["change"] else 0.0
        return -change, -(cell["before"] or cell["after"])["mean"], branch["code"]

    found = [branch for branch in document["branches"] if branch["arm"] == arm and code in branch["outcomes"]]
    return sorted(
        (b for b in found if b["outcomes"][code]["before"] or b["outcomes"][code]["after"]), key=order
    )


def _dumbbell_spec(
    outcome: Row, groups: Sequence[tuple[str, list[Row]]], alt: str, language: Language, most_named: int
) -> Spec:
    names = _unique_names([branch for _, branches in groups for branch in branches])
    headings = {
        arm: f"{label(arm, language)}, n = {number(len(branches), 0, language)}" for arm, branches in groups
    }
    order = [
        row for arm, branches in groups for row in (headings[arm], *(names[b["code"]] for b in branches))
    ]
    named = len(names) <= most_named
    lines = [
        _dumbbell_line(outcome, b, names[b["code"]], language) for _, branches in groups for b in branches
    ]
    y = rows_of_branches(order, headings.values(), named=named)
    return {
        **frame(alt, language),
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "height": len(order) * (18 if named else 5),
        "encoding": {"y": y, "tooltip": _tooltip(("row", "before", "after", "change"), language)},
        "layer": [
            *_dumbbell_rules(outcome, lines, language),
            _dumbbell_marks(outcome, lines, named, language),
        ],
    }


def _dumbbell_line(outcome: Row, branch: Row, name: str, language: str) -> dict[str, Any]:
    """Return one branch as a record of the chart: places, marks, and the texts of its tooltip."""
    cell = branch["outcomes"][outcome["code"]]
    before, after, change = cell["before"], cell["after"], cell["change"]
    tone = goodness(outcome, change["estimate"]) if change else "neither"
    return {
        "row": name,
        "from": before and before["mean"],
        "to": after and after["mean"],
        "tone": label(tone, language),
        "arm": branch["arm"],
        "before": _level_text(outcome, before, language),
        "after": _level_text(outcome, after, language),
        "change": with_unit(change and change["estimate"], change_unit(outcome), language, sign=True),
    }


def _level_text(outcome: Row, cell: Row | None, language: str) -> str:
    if cell is None:
        return MISSING
    mean = level_of(outcome["kind"], outcome["unit"], cell["mean"], language)
    return f"{mean} (n = {number(cell['n'], 0, language)})"


def _dumbbell_rules(outcome: Row, lines: Sequence[Mapping[str, Any]], language: Language) -> list[Spec]:
    """Return the layer that joins before and after; none while nothing can be joined."""
    joined = [line for line in lines if line["from"] is not None and line["to"] is not None]
    if not joined:
        return []
    tones = [
        tone
        for tone in ("better", "worse", "neither")
        if any(line["tone"] == label(tone, language) for line in joined)
    ]
    color = {
        "field": "tone",
        "type": "nominal",
        "scale": {
            "domain": [label(tone, language) for tone in tones],
            "range": [f"@{tone}" for tone in tones],
        },
        "legend": {"symbolType": "stroke", "symbolStrokeWidth": 3},
    }
    return [
        {
            "data": {"values": joined},
            "mark": {"type": "rule", "strokeWidth": 2},
            "encoding": {
                "x": _level_axis(outcome, "from", language),
                "x2": {"field": "to"},
                "color": color,
            },
        }
    ]


def _dumbbell_marks(
    outcome: Row, lines: Sequence[Mapping[str, Any]], named: bool, language: Language
) -> Spec:
    points = [
        {**line, "mark": label(mark, language), "value": line[end]}
        for line in lines
        for mark, end in (("before", "from"), (f"after_{line['arm']}", "to"))
        if line[end] is not None
    ]
    present = [mark for mark in _MARKS if any(point["mark"] == label(mark, language) for point in points)]
    domain = [label(mark, language) for mark in present]

    def scale(values: Mapping[str, str]) -> Spec:
        return {
            "field": "mark",
            "type": "nominal",
            "scale": {"domain": domain, "range": [values[m] for m in present]},
        }

    return {
        "data": {"values": points},
        "mark": {"type": "point", "size": 80 if named else 24, "strokeWidth": 1.5, "opacity": 1},
        "encoding": {
            "x": _level_axis(outcome, "value", language),
            "shape": scale({"before": "circle", "after_trained": "diamond", "after_comparison": "square"}),
            "fill": scale({"before": "@before", "after_trained": "@better", "after_comparison": "@ground"}),
            "stroke": scale({"before": "@before", "after_trained": "@better", "after_comparison": "@hollow"}),
        },
    }


def _level_axis(outcome: Row, field: str, language: Language) -> Spec:
    what = (
        label("mean_time", language) if outcome["kind"] == "duration" else words(outcome["label"], language)
    )
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"zero": False, "nice": True, "padding": 8},
        "title": f"{what}, {unit_label(outcome['unit'], language)}",
    }


def _tooltip(fields: Sequence[str], language: Language) -> list[Spec]:
    titles = {"row": "branch"}
    return [
        {"field": field, "type": "nominal", "title": label(titles.get(field, field), language)}
        for field in fields
    ]


def _unique_names(branches: Sequence[Row]) -> dict[str, str]:
    """Return the name of each branch by its code; names that occur twice carry their code."""
    seen = Counter(branch["name"] for branch in branches)
    return {b["code"]: b["name"] if seen[b["name"]] == 1 else f"{b['name']} ({b['code']})" for b in branches}


def _dumbbell_table(outcome: Row, groups: Sequence[tuple[str, list[Row]]], language: Language) -> Table:
    keys = ("branch", "arm", "n_before", "before", "n_after", "after", "change", "interval")
    return Table(
        header=tuple(label(key, language) for key in keys),
        rows=tuple(_dumbbell_row(outcome, branch, language) for _, branches in groups for branch in branches),
    )


def _dumbbell_row(outcome: Row, branch: Row, language: Language) -> tuple[str, ...]:
    cell = branch["outcomes"][outcome["code"]]
    before, after, change = (cell[name] or {} for name in ("before", "after", "change"))
    ends, unit = change.get("confidence_interval"), change_unit(outcome)
    return (
        branch["name"],
        label(branch["arm"], language),
        number(before.get("n"), 0, language),
        level_of(outcome["kind"], outcome["unit"], before.get("mean"), language),
        number(after.get("n"), 0, language),
        level_of(outcome["kind"], outcome["unit"], after.get("mean"), language),
        with_unit(change.get("estimate"), unit, language, sign=True),
        interval_with_unit(ends[0], ends[1], unit, language) if ends else MISSING,
    )


def rows_of_branches(order: Sequence[str], headings: Iterable[str], *, named: bool) -> dict[str, Any]:
    """The axis with a row for each branch under its arm's bold heading; unnamed where they are too many."""
    heading = " || ".join(f"datum.value === {json.dumps(text, ensure_ascii=False)}" for text in headings)
    return {
        "field": "row",
        "type": "nominal",
        "title": None,
        "scale": {"domain": order},
        "axis": {
            "labelExpr": "datum.label" if named else f"({heading}) ? datum.label : ''",
            "ticks": False,
            "domain": False,
            "labelFontWeight": {"condition": {"test": heading, "value": "bold"}, "value": "normal"},
        },
    }
