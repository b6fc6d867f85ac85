"""Charts of weeks and of items: what they say, what they draw, and that picture and table agree."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from pilot_eval.reports import charts
from pilot_eval.reports.numbers import LANGUAGES, NBSP
from tests.reports import samples
from tests.reports.test_charts import inked, texts_of


def series(arm: str, start: float, step: float, signal: str = "") -> dict[str, Any]:
    points = [
        {
            "week": f"2014-{month:02}-{day:02}",
            "period": period,
            "value": start + (step if period == "after" else 0.0) + number,
            "n": 12 + number,
            "branches": 6,
            "signals": [signal] if signal and (month, number) == (11, 2) else [],
        }
        for month, period in ((8, "before"), (11, "after"))
        for number, day in enumerate((4, 11, 18))
    ]
    limits = [
        {
            "period": period,
            "from": own[0]["week"],
            "to": own[-1]["week"],
            "points": 3,
            "centre": own[1]["value"],
            "low": own[1]["value"] - 3,
            "high": own[1]["value"] + 3,
            "trial": True,
        }
        for period in ("before", "after")
        for own in [[point for point in points if point["period"] == period]]
    ]
    return {"outcome": "quality", "arm": arm, "points": points, "limits": limits}


def item(code: str, effect: float | None, *, moved: bool = False, lever: str = "training") -> dict[str, Any]:
    def arm(before: float, after: float) -> dict[str, Any]:
        return {
            period: {"share": share, "n": 40, "branches": 10, "not_applicable": 5.0}
            for period, share in (("before", before), ("after", after))
        }

    found = {
        "estimate": effect,
        "confidence_interval": [(effect or 0) - 10, (effect or 0) + 10],
        "pvalue": 0.004,
        "pvalue_adjusted": 0.03 if moved else 0.4,
        "method": "cr2",
    }
    return {
        "code": code,
        "label": {"en": f"Question {code}", "ru": f"Вопрос {code}"},
        "section": {"en": "Section", "ru": "Раздел"},
        "lever": lever,
        "trained": arm(50.0, 50.0 + (effect or 0.0)),
        "comparison": arm(52.0, 52.0),
        "effect": None if effect is None else found,
        "not_estimable": None,
        "moved": moved,
    }


def summary(*, signal: str = "", items: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    document = samples.summary()
    document["weekly"] = [series("trained", 60.0, 10.0, signal), series("comparison", 58.0, 0.0)]
    listed = items or [item("E1", 25.0, moved=True), item("A1", -4.0), item("B5", None)]
    document["items"] = {
        "level": 0.95,
        "adjustment": "benjamini_hochberg",
        "moved": [one["code"] for one in listed if one["moved"]],
        "items": listed,
    }
    return document


def weeks(document: dict[str, Any], language: str = "en") -> charts.Chart:
    chart = charts.weeks(document, "quality", language)
    assert chart is not None
    return chart


def moved(document: dict[str, Any], language: str = "en") -> charts.Chart:
    chart = charts.items(document, language)
    assert chart is not None
    return chart


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", charts.THEMES)
@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_both_can_be_drawn_in_the_colours_of_the_theme(
    language: str, theme: charts.Theme, width: int
) -> None:
    document = summary(signal="outside")
    for chart in (weeks(document, language), moved(document, language)):
        assert texts_of(charts.svg(chart.spec, theme, width=width))
        assert inked(chart.spec) <= charts.THEMES[theme].keys()
        assert chart.reading


def test_months_are_written_in_the_readers_language() -> None:
    words = " ".join(texts_of(charts.svg(weeks(summary(), "ru").spec, "light")))
    assert "авг" in words
    assert "Aug" not in words


def test_the_caption_of_weeks_gives_the_levels_and_the_weeks_that_stand_out() -> None:
    quiet = weeks(summary()).caption
    assert f"mean of weeks 61.0{NBSP}points before, 71.0{NBSP}points after" in quiet
    assert "no week stands out" in quiet
    assert "Trial limits" in quiet
    loud = weeks(summary(signal="run"))
    assert "1\xa0week" in loud.caption
    assert [row[-1] for row in loud.table.rows].count("eight or more on one side") == 1
    assert '"size": 340' in json.dumps(loud.spec)
    assert '"size": 340' not in json.dumps(weeks(summary()).spec)


def test_the_table_of_weeks_holds_every_point_with_its_n_and_limits() -> None:
    table = weeks(summary()).table
    assert len(table.rows) == 12
    assert table.rows[0][3:7] == (
        "12",
        "6",
        f"60.0{NBSP}points",
        f"61.0{NBSP}points (58.0 to 64.0, trial)",
    )
    assert all(len(row) == len(table.header) for row in table.rows)


def test_a_single_week_has_no_limits() -> None:
    document = summary()
    for one in document["weekly"]:
        one["points"] = one["points"][:1]
        one["limits"] = [{**one["limits"][0], "points": 1, "low": None, "high": None}]
    chart = weeks(document)
    assert '"mark": {"type": "rule"' not in json.dumps(chart.spec)
    assert not [row for row in chart.table.rows if "(" in row[6]]


def test_while_withheld_weeks_end_with_the_training_and_items_are_not_drawn() -> None:
    document = summary()
    document["headline_withheld"] = copy.deepcopy(samples.summary(withheld=True)["headline_withheld"])
    chart = weeks(document)
    assert "2014-11" not in json.dumps([chart.spec, chart.table.rows, chart.caption])
    assert charts.items(document, "en") is None


def test_without_weeks_or_items_there_is_no_chart() -> None:
    document = samples.summary()
    assert charts.weeks(document, "quality", "en") is None
    assert charts.items({**document, "items": None}, "en") is None


def test_the_caption_of_items_names_those_that_moved_with_their_change() -> None:
    assert f"“Question E1” (+25.0{NBSP}p.p.)" in moved(summary()).caption
    assert f"«Вопрос E1» (+25,0{NBSP}п.{NBSP}п.)" in moved(summary(), "ru").caption
    quiet = moved(summary(items=[item("E1", 9.0), item("A1", -4.0)])).caption
    assert "none has moved more than chance" in quiet


def test_an_item_that_training_cannot_move_is_said_to_have_moved() -> None:
    chart = moved(summary(items=[item("B2", 19.0, moved=True, lever="facility"), item("E1", 3.0)]))
    assert "Training cannot move B2" in chart.caption
    assert "Training cannot move" not in moved(summary()).caption


def test_the_table_has_every_item_and_the_picture_those_that_moved_most() -> None:
    listed = [item(f"Q{number}", float(number), moved=number == 14) for number in range(15)]
    chart = moved(summary(items=listed))
    assert len(chart.table.rows) == 15
    assert chart.table.rows[0][0] == "Q14 Question Q14"
    assert [row[5] for row in chart.table.rows[:2]] == ["0.0300 (moved)", "0.4000"]
    names = {text for text in texts_of(charts.svg(chart.spec, "light")) if text.startswith("Q")}
    assert names == {f"Q{number}  Question Q{number}" for number in range(5, 15)}


def test_a_fall_that_is_more_than_chance_is_drawn_as_worse() -> None:
    chart = moved(summary(items=[item("E1", -20.0, moved=True), item("A1", 4.0)]))
    assert "@worse" in inked(chart.spec)
    assert "@worse" not in inked(moved(summary()).spec)
