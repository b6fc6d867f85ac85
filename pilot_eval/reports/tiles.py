"""An outcome on a page: its verdict, its number with interval, n and unit, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pilot_eval.reports.charts.effects import IntervalBar, interval_bar
from pilot_eval.reports.labels import say
from pilot_eval.reports.numbers import counted, interval, language_of, level_percent, number, percent
from pilot_eval.reports.summaries import (
    Headline,
    Row,
    Summary,
    change_unit,
    estimate_text,
    falls_are_better,
    headline,
    interval_text,
    interval_with_unit,
    level_of,
    released,
    verdict_tone,
    with_unit,
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


@dataclass(frozen=True, slots=True)
class BranchLine:
    """One branch and one outcome, written out.

    Attributes
    ----------
    thin : bool
        Seen too seldom to be compared: stands last, grey.
    bar : IntervalBar or None
        The change on the scale that all branches share.
    """

    code: str
    name: str
    region: str
    arm: str
    n_before: int
    n_after: int
    before: str
    after: str
    change: str
    interval: str
    tone: str
    thin: bool
    bar: IntervalBar | None


def branch_lines(
    summary: Summary, outcome: Row, branches: list[Row], language: str, *, fewest: int
) -> list[BranchLine]:
    """Lines of a table of branches, in the order given, those seen too seldom last.

    Parameters
    ----------
    branches : list of mapping
        Branches of the summary to show.
    fewest : int
        Records in each period below which a branch is not compared.
    """
    tongue = language_of(language)
    scale = _scale([branch["outcomes"][outcome["code"]] for branch in summary["branches"]])
    level = summary["plan"]["level"]
    lines = [_branch_line(outcome, branch, scale, tongue, fewest, level) for branch in branches]
    return sorted(lines, key=lambda line: line.thin)


def _branch_line(
    outcome: Row, branch: Row, scale: tuple[float, float], language: Any, fewest: int, level: float
) -> BranchLine:
    cell = branch["outcomes"][outcome["code"]]
    counts = [cell[period]["n"] if cell[period] else 0 for period in ("before", "after")]
    levels = [
        _level(outcome, cell[period]["mean"] if cell[period] else None, language)
        for period in ("before", "after")
    ]
    change, unit = cell["change"], change_unit(outcome)
    ends = (change or {}).get("confidence_interval")
    low, high = ends or (None, None)
    found = Headline(change["estimate"], low, high, level, unit, 1, False, None) if ends else None
    tone = _tone(found, outcome) if found else "neither"
    return BranchLine(
        code=branch["code"],
        name=branch["name"],
        region=branch["region"] or "",
        arm=branch["arm"],
        n_before=counts[0],
        n_after=counts[1],
        before=levels[0],
        after=levels[1],
        change=with_unit(change["estimate"] if change else None, unit, language, sign=True),
        interval=interval_with_unit(low, high, unit, language) if ends else "",
        tone=tone,
        thin=change is None or min(counts) < fewest,
        bar=interval_bar(found, tone, language, scale) if found else None,
    )


def _tone(found: Headline, outcome: Row) -> str:
    if found.low is None or found.high is None or found.low <= 0 <= found.high:
        return "neither"
    return "better" if (found.low > 0) != falls_are_better(outcome) else "worse"


def _scale(cells: list[Row]) -> tuple[float, float]:
    """Ends of a scale that holds every interval and zero, with a margin."""
    ends = [0.0]
    for cell in cells:
        if cell["change"]:
            ends += cell["change"]["confidence_interval"] or [cell["change"]["estimate"]]
    low, high = min(ends), max(ends)
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin
