"""The probability of finding an effect, by its size."""

from __future__ import annotations

from typing import Any

from pilot_eval.reports.charts.frame import Chart, Table, frame
from pilot_eval.reports.charts.pictures import Spec
from pilot_eval.reports.numbers import Language, language_of, percent
from pilot_eval.reports.sentences import told
from pilot_eval.reports.sizing import curve_table, effect_sentence, unit_of
from pilot_eval.reports.words import planner, planning
from pilot_eval.reports.words.reading import how_to_read
from pilot_eval.stats.sizing import Sizing


def power_curve(sizing: Sizing, language: str) -> Chart:
    """Return the curve of a plan, with the effect that is found with the wanted probability."""
    tongue = language_of(language)
    wanted = told(lambda each: percent(100.0 * sizing.question.power, 0, each))
    finding = planner.FINDS.filled(effect=effect_sentence(sizing, sizing.detectable), power=wanted)
    caption: str = getattr(finding, tongue)
    alt: str = getattr(planner.ALT.filled(finding=finding), tongue)
    _head, rows = curve_table(sizing, tongue)
    return Chart(
        name="power-curve",
        spec={**frame(alt, tongue), **_spec(sizing, rows, tongue)},
        caption=caption,
        alt=alt,
        table=Table((getattr(planner.EFFECT, tongue), getattr(planner.CHANCE, tongue)), tuple(rows)),
        reading=how_to_read("power", tongue),
    )


def _spec(sizing: Sizing, rows: list[tuple[str, str]], language: Language) -> Spec:
    question = sizing.question
    unit = getattr(planning.HEADS[unit_of(sizing)], language)
    points = [
        {"effect": sizing.told(effect), "power": 100.0 * power, "said": said, "chance": chance}
        for effect, power, (said, chance) in zip(
            sizing.effects.tolist(), sizing.powers.tolist(), rows, strict=True
        )
    ]
    x = _axis("effect", getattr(planner.TRUE_EFFECT, language).format(unit=unit))
    y = _axis("power", getattr(planner.PROBABILITY, language)) | {"scale": {"domain": [0, 100]}}
    tooltip = [
        {"field": "said", "type": "nominal", "title": getattr(planner.EFFECT, language)},
        {"field": "chance", "type": "nominal", "title": getattr(planner.CHANCE, language)},
    ]
    wanted = {"effect": sizing.told(sizing.detectable), "power": 100.0 * question.power}
    layers: list[Spec] = [
        {
            "data": {"values": [wanted]},
            "mark": {"type": "rule", "strokeDash": [5, 4], "color": "@neither"},
            "encoding": {"y": y},
        },
        {
            "data": {"values": points},
            "mark": {"type": "line", "color": "@better", "strokeWidth": 2.5},
            "encoding": {"x": x, "y": y},
        },
        {
            "data": {"values": points},
            "mark": {"type": "point", "size": 60, "opacity": 0, "color": "@better"},
            "encoding": {"x": x, "y": y, "tooltip": tooltip},
        },
        {
            "data": {"values": [wanted]},
            "mark": {"type": "point", "shape": "diamond", "size": 140, "filled": True, "color": "@better"},
            "encoding": {"x": x, "y": y},
        },
    ]
    return {"width": "container", "height": 260, "layer": layers}


def _axis(field: str, title: str) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "title": title}
