"""Charts: what they say, what they draw, and that picture, sentence and table hold the same numbers."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import jinja2
import pytest

from pilot_eval.domain.observations import PERIODS, Observations
from pilot_eval.domain.outcomes import OUTCOMES
from pilot_eval.reports import charts
from pilot_eval.reports.charts import pictures
from pilot_eval.reports.numbers import LANGUAGES, NBSP
from pilot_eval.reports.summaries import Headline, headline
from pilot_eval.stats.branches import BranchChanges, Funnel, branch_changes
from pilot_eval.stats.branches import funnel as stats_funnel
from tests.reports import samples

ROOT = Path(__file__).parents[2]
# Places are differences of shares of one: a few units of the last place.
SAME_PLACE = 1e-12
# The sample and the statistics average the same records in another order.
SAME_MEAN = 1e-9


def points(document: dict[str, Any]) -> list[charts.FunnelPoint]:
    changes = [
        (b["name"], b["arm"], b["outcomes"]["quality"]["change"]["estimate"]) for b in document["branches"]
    ]
    return [
        charts.FunnelPoint(name, arm, 3 + index % 9, change, "99.8" if index in {5, 7} else "")
        for index, (name, arm, change) in enumerate(changes)
    ]


LIMITS = charts.FunnelLimits([3, 7, 11], 3.0, [-6, -3, -2], [12, 9, 8], [-11, -7, -5], [17, 13, 11])


def all_charts(document: dict[str, Any], language: str) -> list[charts.Chart]:
    found = charts.intervals(document, language)
    assert found is not None
    return [
        dumbbell(document, "quality", language),
        dumbbell(document, "speed", language),
        charts.funnel(document["outcomes"][0], points(document), LIMITS, language),
        found,
    ]


def parsed(markup: str) -> ElementTree.Element:
    return ElementTree.fromstring(markup)  # noqa: S314 our own markup, drawn in this test


def dumbbell(document: dict[str, Any], code: str, language: str) -> charts.Chart:
    chart = charts.dumbbell(document, code, language)
    assert chart is not None
    return chart


def texts_of(svg: str) -> list[str]:
    return [element.text or "" for element in parsed(svg).iter("{http://www.w3.org/2000/svg}text")]


def inked(spec: Any) -> set[str]:
    return set(
        re.findall(r'"(@\w+)"', json.dumps({key: value for key, value in spec.items() if key != "usermeta"}))
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", charts.THEMES)
def test_every_chart_can_be_drawn(language: str, theme: charts.Theme) -> None:
    for chart in all_charts(samples.summary(), language):
        drawing = charts.svg(chart.spec, theme)
        assert texts_of(drawing)
        assert "@" not in "".join(re.findall(r'(?:fill|stroke)="([^"]*)"', drawing)), chart.name


def test_both_themes_know_the_same_colours_and_every_colour_in_use() -> None:
    light, dark = charts.THEMES["light"], charts.THEMES["dark"]
    assert light.keys() == dark.keys()
    for chart in all_charts(samples.summary(), "en"):
        assert inked(chart.spec) <= light.keys()


@pytest.mark.parametrize("theme", charts.THEMES)
def test_marks_and_words_stand_out_from_the_ground(theme: charts.Theme) -> None:
    palette = charts.THEMES[theme]
    for name, least in (
        ("@ink", 7.0),
        ("@quiet", 4.5),
        ("@better", 4.5),
        ("@worse", 4.5),
        ("@before", 3.0),
        ("@hollow", 4.5),
    ):
        assert contrast(palette[name], palette["@ground"]) >= least, name


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2)."""
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def luminance(colour: str) -> float:
    channels = (int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_marks_are_circle_diamond_and_hollow_square() -> None:
    encoding = dumbbell(samples.summary(), "quality", "en").spec["layer"][1]["encoding"]
    domain = encoding["shape"]["scale"]["domain"]
    assert domain == ["Before", "After, trained", "After, comparison"]
    assert encoding["shape"]["scale"]["range"] == ["circle", "diamond", "square"]
    assert encoding["fill"]["scale"]["range"] == ["@before", "@better", "@ground"]


def test_every_branch_is_drawn_and_stands_in_the_table() -> None:
    document = samples.summary()
    chart = dumbbell(document, "quality", "en")
    rules, marks = (layer["data"]["values"] for layer in chart.spec["layer"])
    assert len(rules) == len(chart.table.rows) == len(document["branches"]) == 44
    assert len(marks) == 88
    assert {row[0] for row in chart.table.rows} == {branch["name"] for branch in document["branches"]}
    assert all(len(row) == len(chart.table.header) for row in chart.table.rows)


def test_the_numbers_of_the_table_are_those_of_the_summary() -> None:
    document = samples.summary()
    row = next(
        r for r in dumbbell(document, "speed", "en").table.rows if r[0] == document["branches"][0]["name"]
    )
    cell = document["branches"][0]["outcomes"]["speed"]
    minutes, seconds = divmod(round(cell["before"]["mean"]), 60)
    assert row[2] == "12"
    assert row[3].replace(NBSP, " ") == f"{minutes} min {seconds:02} s"
    assert row[6].replace(NBSP, " ") == f"speed {cell['change']['estimate']:+.1f}%".replace("-", "−")


def test_a_branch_that_got_slower_is_drawn_as_worse() -> None:
    values = dumbbell(samples.summary(), "speed", "en").spec["layer"][0]["data"]["values"]
    assert {v["tone"] for v in values if v["to"] > v["from"]} == {"worse"}
    assert {v["tone"] for v in values if v["to"] < v["from"]} == {"better"}


def test_the_caption_counts_the_branches_that_got_better() -> None:
    document = samples.summary()
    changes = [(b["arm"], b["outcomes"]["quality"]["change"]["estimate"]) for b in document["branches"]]
    trained = sum(change > 0 for arm, change in changes if arm == "trained")
    comparison = sum(change > 0 for arm, change in changes if arm == "comparison")
    assert dumbbell(document, "quality", "en").caption == (
        f"Service quality: better than before in {trained} of 24 trained branches "
        f"and in {comparison} of 20 comparison branches."
    )


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 обученного отделения"), (21, "21 обученного отделения"), (22, "22 обученных")]
)
def test_the_russian_caption_agrees_with_its_count(count: int, words: str) -> None:
    document = samples.summary("before_after")
    document["branches"] = document["branches"][:count]
    assert f" из {words}" in charts.branch_finding(document, document["outcomes"][0], "ru")


def test_for_an_outcome_where_lower_is_better_a_fall_is_better() -> None:
    outcome = samples.summary()["outcomes"][0]
    assert charts.goodness(outcome, 1.0) == "better"
    outcome["evaluation"]["better"] = "lower"
    assert charts.goodness(outcome, 1.0) == "worse"
    assert charts.goodness(outcome, 0.0) == "neither"


def test_branches_of_one_name_are_told_apart_by_code() -> None:
    document = samples.summary()
    for branch in document["branches"][:2]:
        branch["name"] = "Ковров"
    rows = dumbbell(document, "quality", "ru").spec["encoding"]["y"]["scale"]["domain"]
    assert {"Ковров (600000)", "Ковров (600001)"} <= set(rows)
    assert len(rows) == len(set(rows)) == 46


def test_many_branches_are_drawn_without_names() -> None:
    document = samples.summary()
    document["branches"] = [{**b, "code": f"{n}-{b['code']}"} for n in range(3) for b in document["branches"]]
    texts = texts_of(charts.svg(dumbbell(document, "quality", "en").spec, "light"))
    assert {"Trained, n = 72", "Comparison, n = 60"} <= set(texts)
    assert not {branch["name"] for branch in document["branches"]} & set(texts)
    assert len(dumbbell(document, "quality", "en").table.rows) == 132


def test_without_branches_there_is_no_chart() -> None:
    assert charts.dumbbell(samples.summary() | {"branches": []}, "quality", "en") is None


def test_an_unknown_outcome_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no outcome 'smiles'"):
        dumbbell(samples.summary(), "smiles", "en")


def test_while_withheld_charts_hold_nothing_from_after() -> None:
    document = samples.summary(withheld=True)
    chart = dumbbell(document, "quality", "en")
    assert charts.intervals(document, "en") is None
    assert chart.caption == "Service quality: the level of each branch before the training."
    (marks,) = (layer["data"]["values"] for layer in chart.spec["layer"])
    assert {value["mark"] for value in marks} == {"Before"}
    assert all(value["to"] is None for value in marks)
    assert all(row[4:] == ("—",) * 4 for row in chart.table.rows)
    assert "Before" in texts_of(charts.svg(chart.spec, "light"))


def test_russian_charts_speak_russian_with_a_decimal_comma() -> None:
    document = samples.summary()
    for branch in document["branches"]:
        for period in ("before", "after"):
            branch["outcomes"]["quality"][period]["mean"] = (
                60 + branch["outcomes"]["quality"][period]["mean"] / 100
            )
    texts = texts_of(charts.svg(dumbbell(document, "quality", "ru").spec, "light"))
    assert any(re.fullmatch(r"60,\d+", text) for text in texts), texts
    assert "До" in texts
    assert not {"Before", "better", "Trained"} & set(texts)


def test_only_branches_outside_the_wide_limits_are_named_in_the_funnel() -> None:
    document = samples.summary()
    chart = charts.funnel(document["outcomes"][0], points(document), LIMITS, "en")
    names = {document["branches"][index]["name"] for index in (5, 7)}
    assert names < set(texts_of(charts.svg(chart.spec, "light")))
    assert not {b["name"] for b in document["branches"]} - names & set(
        texts_of(charts.svg(chart.spec, "light"))
    )
    assert all(name in chart.caption for name in names)
    assert sum(row[4] == "outside 99.8%" for row in chart.table.rows) == 2


def test_a_funnel_is_drawn_from_what_the_statistics_found() -> None:
    records = [row for row in samples.rows() if row["record"] == "visit"]
    observations = Observations.from_columns(
        branch=[row["branch_code"] for row in records],
        trained=[row["arm"] == "trained" for row in records],
        period=[PERIODS.index(row["period"]) for row in records],
        value=[row["score_points"] for row in records],
    )
    changes = branch_changes(observations, OUTCOMES["score"])
    assert isinstance(changes, BranchChanges)
    found = stats_funnel(changes)
    assert isinstance(found, Funnel)
    drawn, limits = charts.funnel_inputs(changes, found, {code: f"No {code}" for code in changes.branches})
    assert len(drawn) == 44
    by_name = {point.name: point for point in drawn}
    own = samples.summary()["branches"][0]
    assert by_name["No 600000"].change == pytest.approx(
        own["outcomes"]["quality"]["change"]["estimate"], rel=SAME_MEAN
    )
    chart = charts.funnel(samples.summary()["outcomes"][0], drawn, limits, "ru")
    assert "95 %".replace(" ", NBSP) in texts_of(charts.svg(chart.spec, "light"))


def test_a_quiet_funnel_says_only_that_no_branch_lies_outside() -> None:
    document = samples.summary()
    calm = [charts.FunnelPoint("A", "trained", 5, 2.0)]
    assert (
        "no branch lies outside the outer limits"
        in charts.funnel(document["outcomes"][0], calm, LIMITS, "en").caption
    )


def test_limits_of_unequal_length_are_refused() -> None:
    wrong = charts.FunnelLimits([3, 7], 3.0, [-6], [12, 9], [-11, -7], [17, 13])
    with pytest.raises(ValueError, match="shorter"):
        charts.funnel(samples.summary()["outcomes"][0], [], wrong, "en")


def test_each_outcome_has_its_own_scale_with_zero_and_its_smallest_effect() -> None:
    document = samples.summary()
    chart = charts.intervals(document, "en")
    assert chart is not None
    for outcome, panel in zip(document["outcomes"], chart.spec["vconcat"], strict=True):
        found = headline(outcome)
        assert found is not None
        low, high = panel["layer"][-1]["encoding"]["x"]["scale"]["domain"]
        assert low < 0 < high
        assert low < (found.low or 0) < found.estimate < (found.high or 0) < high
        assert (panel["layer"][0]["mark"]["type"] == "rect") == (outcome["smallest_effect"] is not None)


def test_an_outcome_that_cannot_be_estimated_has_no_interval() -> None:
    chart = charts.intervals(samples.not_estimable(samples.summary(), "speed"), "en")
    assert chart is not None
    assert [row[0] for row in chart.table.rows] == ["Service quality", "Greeted"]


def test_an_interval_bar_holds_its_places_in_order() -> None:
    bar = charts.interval_bar(
        Headline(4.0, 1.0, 7.0, 0.95, "points", 1, False, 3.0), "better", "en", (-5.0, 15.0)
    )
    assert (bar.zero, bar.low, bar.estimate, bar.high) == pytest.approx(
        (0.25, 0.3, 0.45, 0.6), abs=SAME_PLACE
    )
    assert bar.band == pytest.approx((0.1, 0.4), abs=SAME_PLACE)
    assert (
        bar.alt == f"Estimate +4.0{NBSP}points, interval +1.0 to +7.0{NBSP}points; the line marks no effect."
    )


def test_an_end_without_limit_or_beyond_the_scale_is_left_open() -> None:
    bar = charts.interval_bar(
        Headline(4.0, None, 70.0, 0.95, "points", 1, False, None), "neither", "ru", (-5.0, 15.0)
    )
    assert (bar.low, bar.low_closed) == (0.0, False)
    assert (bar.high, bar.high_closed) == (1.0, False)
    assert bar.band is None


def test_a_picture_is_drawn_once_and_kept(tmp_path: Path) -> None:
    chart = dumbbell(samples.summary(), "quality", "en")
    first = charts.svg(chart.spec, "light", tmp_path)
    (kept,) = tmp_path.iterdir()
    assert kept.read_text() == first
    kept.write_text("<svg/>")
    pictures._svg.cache_clear()
    assert charts.svg(chart.spec, "light", tmp_path) == "<svg/>"
    assert charts.svg(chart.spec, "dark", tmp_path) != "<svg/>"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_picture_keeps_to_its_width(language: str) -> None:
    for chart in all_charts(samples.summary(), language):
        for width in (charts.WIDE, charts.NARROW):
            drawn = float(parsed(charts.svg(chart.spec, "light", width=width)).attrib["width"])
            assert 0.9 * width <= drawn <= width + 1, chart.name


def test_a_png_has_twice_the_size_of_the_picture() -> None:
    chart = charts.intervals(samples.summary(), "en")
    assert chart is not None
    png = charts.png(chart.spec, "light")
    assert png.startswith(b"\x89PNG")
    width = int.from_bytes(png[16:20], "big")
    drawn = float(parsed(charts.svg(chart.spec, "light")).attrib["width"])
    assert width == pytest.approx(2 * drawn, abs=1)


def test_names_of_branches_cannot_break_out_of_the_picture() -> None:
    document = samples.summary()
    hostile = '</text><script>alert(1)</script> " & \\'
    document["branches"][0]["name"] = hostile
    drawing = charts.svg(dumbbell(document, "quality", "en").spec, "light")
    assert "<script" not in drawing
    assert hostile[:20] in " ".join(texts_of(drawing))


def page(template: str, **names: Any) -> str:
    loader = jinja2.FileSystemLoader(ROOT / "templates")
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    environment.globals["_"] = lambda text: text
    return environment.from_string('{% import "charts/macros.html" as charts %}' + template).render(names)


def test_the_figure_holds_finding_picture_table_and_files() -> None:
    chart = dumbbell(samples.summary(), "quality", "ru")
    urls = {
        "light": "/l.svg",
        "dark": "/d.svg",
        "spec": "/s.json",
        "bundle": "/v.js",
        "png": "/p.png",
        "csv": "/c.csv",
    }
    html = page("{{ charts.figure(chart, urls) }}", chart=chart, urls=urls)
    assert html.count("<tr>") == 45
    assert f"<figcaption>{chart.caption}</figcaption>" in html
    for part in (
        'data-chart="/s.json"',
        'data-bundle="/v.js"',
        'srcset="/d.svg"',
        'href="/p.png"',
        'href="/c.csv"',
    ):
        assert part in html
    assert "SVG" not in html
    assert "=HYPERLINK(&#34;" in html


def test_the_interval_bar_is_drawn_without_styles() -> None:
    found = headline(samples.summary()["outcomes"][0])
    assert found is not None
    html = page("{{ charts.interval_bar(bar) }}", bar=charts.interval_bar(found, "better", "en"))
    drawing = parsed(html)
    assert drawing.attrib["role"] == "img"
    assert drawing.attrib["aria-label"].startswith("Estimate +5.2")
    assert "style=" not in html
    assert [path.attrib["d"][:1] for path in drawing.findall("path")] == ["M"] * 5
    assert drawing.findall("path")[3].attrib["d"].count("V16") == 2


def test_the_bar_without_band_and_ends_is_drawn_too() -> None:
    bar = charts.interval_bar(Headline(4.0, None, None, 0.95, "points", 1, False, None), "neither", "en")
    drawing = parsed(page("{{ charts.interval_bar(bar) }}", bar=bar))
    axis, zero, interval, estimate = drawing.findall("path")
    assert [part.attrib.get("class") for part in (axis, zero)] == ["interval-bar-axis", "interval-bar-zero"]
    assert interval.attrib["d"] == "M4.0 12H196.0"  # from edge to edge, without ends
    assert estimate.attrib["fill"] == "currentColor"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chart_says_how_it_is_read(language: str) -> None:
    for chart in all_charts(samples.summary(), language):
        assert len(chart.reading) > 100, chart.name
        assert bool(re.search("[а-я]{3}", chart.reading)) == (language == "ru"), chart.name
