"""An outcome on a page: its verdict, its number with interval, n and unit, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pilot_eval.reports.charts.effects import IntervalBar, interval_bar
from pilot_eval.reports.labels import say
from pilot_eval.reports.numbers import counted, interval, language_of, level_percent, number, percent
from pilot_eval.reports.summaries import (
    Row,
    Summary,
    estimate_text,
    headline,
    interval_text,
    level_of,
    released,
    verdict_tone,
    words,
)
from pilot_eval.reports.wording import EXPECTED, RECORDS
from pilot_eval.reports.words.counted import BRANCHES


@dataclass(frozen=True, slots=True)
class Tile:
    """One outcome of the whole pilot.

    Attributes
    ----------
    title, verdict : str
    sentences : tuple of str
        What follows the verdict: the interval, what must not be forgotten.
    tone : {"better", "worse", "neither"}
    value, interval, level, relative : str
        Empty where there is no effect.
    base : str
        Branches and rows that it rests on.
    means : tuple of (arm, before, after)
    bar : IntervalBar or None
    """

    code: str
    title: str
    primary: bool
    verdict: str
    sentences: tuple[str, ...]
    tone: str
    value: str
    interval: str
    level: str
    relative: str
    base: str
    means: tuple[tuple[str, str, str], ...]
    bar: IntervalBar | None


def tiles(summary: Summary, language: str) -> list[Tile]:
    """The outcomes that have an evaluation, in the plan's order."""
    return tiles_of(released(summary)["outcomes"], language)


def tiles_of(outcomes: Sequence[Row], language: str) -> list[Tile]:
    """The same for outcomes that may be seen, such as those that a planned look recorded."""
    tongue = language_of(language)
    return [_tile(outcome, tongue) for outcome in outcomes if outcome["evaluation"] is not None]


def _tile(outcome: Row, language: Any) -> Tile:
    evaluation = outcome["evaluation"]
    found, tone = headline(outcome), verdict_tone(outcome)
    return Tile(
        code=outcome["code"],
        title=words(outcome["label"], language),
        primary=outcome["primary"],
        verdict=evaluation["verdict"][language],
        sentences=tuple(sentence[language] for sentence in evaluation["verdict"].get("sentences", ())),
        tone=tone,
        value=estimate_text(found, language) if found else "",
        interval=interval_text(found, language) if found else "",
        level=level_percent(evaluation["level"], language),
        relative=_relative(outcome, language),
        base=_base(outcome, language),
        means=_means(outcome, language),
        bar=interval_bar(found, tone, language) if found else None,
    )


def _relative(outcome: Row, language: Any) -> str:
    """The uplift beside an absolute effect; a duration's effect is told in percent already."""
    uplift = outcome["evaluation"].get("uplift")
    if outcome["kind"] == "duration" or not uplift or uplift["estimate"] is None:
        return ""
    low, high = uplift["confidence_interval"]
    text = percent(uplift["estimate"], 1, language, sign=True)
    reach = interval(low, high, 1, language, sign=True, unit="percent")
    return say(EXPECTED, language, uplift=f"{text} ({reach})")


def _base(outcome: Row, language: Any) -> str:
    evaluation = outcome["evaluation"]
    trained, comparison = (evaluation["branches"][arm] for arm in ("trained", "comparison"))
    nouns = RECORDS[outcome.get("records", "measurements")][language]
    rows = counted(evaluation["input"]["rows_used"], nouns, language)
    if language == "en":
        parts = [f"{number(trained, 0, 'en')} trained"]
        parts += [f"{number(comparison, 0, 'en')} comparison"] if comparison else []
        branches = "branch" if trained + max(comparison, 0) == 1 else "branches"
        return f"{' and '.join(parts)} {branches}, {rows}"
    text = counted(trained + max(comparison, 0), BRANCHES["ru"], "ru")
    shares = f": обучено {number(trained, 0, 'ru')}, сравнение {number(comparison, 0, 'ru')}"
    return f"{text}{shares if comparison else ''}; {rows}"


def _means(outcome: Row, language: Any) -> tuple[tuple[str, str, str], ...]:
    means = outcome["evaluation"]["means"] or {}
    return tuple(
        (arm, _level(outcome, means[arm]["before"], language), _level(outcome, means[arm]["after"], language))
        for arm in ("trained", "comparison")
        if means.get(arm)
    )


def _level(outcome: Row, value: float | None, language: Any) -> str:
    return level_of(outcome["kind"], outcome["unit"], value, language)
