"""Branches compared, written out: lines of the table, pairs side by side, and the same as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from pilot_eval.reports.charts.effects import IntervalBar, interval_bar
from pilot_eval.reports.files.tables import neutral_text
from pilot_eval.reports.labels import label, unit_label
from pilot_eval.reports.numbers import MISSING, Language, counted, language_of, level_percent, number
from pilot_eval.reports.sentences import Sentence, told
from pilot_eval.reports.summaries import (
    Headline,
    Row,
    Summary,
    change_unit,
    interval_with_unit,
    level_of,
    notices,
    snapshot_mark,
    with_unit,
    words,
)
from pilot_eval.reports.words import branches as said
from pilot_eval.reports.words.counted import BRANCHES

Ends = tuple[float, float]
FEWEST_FOR_CHANCE = 10  # branches with an interval, below which "by chance alone" is not counted

_TONES: Final = {"gain": "better", "clear_gain": "better", "loss": "worse", "clear_loss": "worse"}
_COLUMNS: Final[dict[str, Sentence]] = {
    "compared_with": Sentence("Compared with", "С чем сравнивается"),
    "others": Sentence("Branches compared with", "Сколько отделений для сравнения"),
    "estimate": Sentence("Difference", "Разница"),
    "low": Sentence("Interval, low end", "Интервал, нижняя граница"),
    "high": Sentence("Interval, high end", "Интервал, верхняя граница"),
    "shrunken": Sentence("Drawn to the mean", "Притянутое к среднему"),
    "shrunken_low": Sentence("Drawn to the mean, low end", "Притянутое к среднему, нижняя граница"),
    "shrunken_high": Sentence("Drawn to the mean, high end", "Притянутое к среднему, верхняя граница"),
    "place_low": Sentence("Place from", "Место от"),
    "place_high": Sentence("Place to", "Место до"),
    "verdict": Sentence("Verdict", "Вывод"),
    "compared": Sentence("Too few records", "Записей мало"),
}
_CHANGE: Final = Sentence("Change", "Изменение")  # what the difference from the own past is called


class Result(Protocol):
    """One branch and one outcome, as an operation found them."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def arm(self) -> str: ...
    @property
    def n_before(self) -> int: ...
    @property
    def n_after(self) -> int: ...
    @property
    def before(self) -> float | None: ...
    @property
    def after(self) -> float | None: ...
    @property
    def estimate(self) -> float | None: ...
    @property
    def interval(self) -> Ends | None: ...
    @property
    def shrunken(self) -> float | None: ...
    @property
    def shrunken_interval(self) -> Ends | None: ...
    @property
    def places(self) -> tuple[int, int] | None: ...
    @property
    def others(self) -> int: ...
    @property
    def verdict(self) -> str: ...
    @property
    def thin(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """One branch of a table, written out.

    Attributes
    ----------
    tone : {"better", "worse", "neither"}
    place : str
        Its place as a range, such as "2–23".
    bar : IntervalBar or None
        On the scale that all branches of the pilot share.
    """

    code: str
    name: str
    region: str
    arm: str
    n: str
    before: str
    after: str
    estimate: str
    interval: str
    shrunken: str
    shrunken_interval: str
    place: str
    verdict: str
    tone: str
    thin: bool
    bar: IntervalBar | None


def tone_of(verdict: str) -> str:
    """The colour name of a branch's verdict."""
    return _TONES.get(verdict, "neither")


def verdict_words(verdict: str, against: str) -> Sentence:
    """The verdict of a branch in words."""
    return (said.PAST if against == "past" else said.OTHERS)[verdict]


def compared_lines(
    outcome: Row,
    shown: Sequence[Result],
    everyone: Sequence[Result],
    against: str,
    level: float,
    language: str,
) -> list[ComparedLine]:
    """Lines of a table.

    Parameters
    ----------
    shown : in the order of the table
    everyone : all branches of the reader, which settle the scale of the bars
    against : what they are compared with
    level : confidence level of the intervals
    """
    tongue = language_of(language)
    scale = _scale(everyone)
    unit = change_unit(outcome)
    found = []
    for result in shown:
        low, high = result.interval or (None, None)
        tone = tone_of(result.verdict)
        bar = None
        if result.estimate is not None and result.interval is not None:
            headline = Headline(
                result.estimate, low, high, level, unit, 1, False, outcome.get("smallest_effect")
            )
            bar = interval_bar(headline, tone, tongue, scale)
        found.append(
            ComparedLine(
                code=result.code,
                name=result.name,
                region=result.region,
                arm=result.arm,
                n=f"{number(result.n_before, 0, tongue)}, {number(result.n_after, 0, tongue)}",
                before=level_of(outcome["kind"], outcome["unit"], result.before, tongue),
                after=level_of(outcome["kind"], outcome["unit"], result.after, tongue),
                estimate=with_unit(result.estimate, unit, tongue, sign=True),
                interval=_interval(result.interval, unit, tongue),
                shrunken=with_unit(result.shrunken, unit, tongue, sign=True),
                shrunken_interval=_interval(result.shrunken_interval, unit, tongue),
                place=f"{result.places[0]}–{result.places[1]}" if result.places else MISSING,
                verdict=getattr(verdict_words(result.verdict, against), tongue),
                tone=tone,
                thin=result.thin,
                bar=bar,
            )
        )
    return found


def _interval(ends: Ends | None, unit: str, language: str) -> str:
    return interval_with_unit(ends[0], ends[1], unit, language) if ends else ""


def _scale(results: Sequence[Result]) -> Ends:
    """Ends of a scale that holds every interval and zero, with a margin."""
    ends = [0.0, *(end for result in results for end in result.interval or ())]
    margin = 0.05 * (max(ends) - min(ends)) or 1.0
    return min(ends) - margin, max(ends) + margin


def by_chance(results: Sequence[Result], level: float) -> Sentence | None:
    """How many branches would look changed by chance alone; None where they are few."""
    count = sum(result.interval is not None and not result.thin for result in results)
    if count < FEWEST_FOR_CHANCE:
        return None
    expected = count * (1.0 - level)
    return said.BY_CHANCE.filled(
        branches=told(lambda language: _how_many(count, language)),
        level=told(lambda language: level_percent(level, language)),
        expected=told(lambda language: number(expected, 0 if expected >= 2 else 1, language)),
    )


def _how_many(count: int, language: Language) -> str:
    """A count of branches; in Russian the sentence has the word."""
    return counted(count, BRANCHES["en"], "en") if language == "en" else number(count, 0, "ru")


@dataclass(frozen=True, slots=True)
class PairLine:
    """Two branches, written out."""

    first: str
    second: str
    difference: str
    interval: str
    verdict: str
    tone: str
    bar: IntervalBar | None


def pair_lines(
    outcome: Row, pairs: Sequence[Any], names: Mapping[str, str], level: float, language: str
) -> list[PairLine]:
    """Differences of pairs of branches, on one scale.

    Parameters
    ----------
    pairs : with first, second, estimate, interval and verdict
    names : of the branches by code
    """
    tongue = language_of(language)
    unit = change_unit(outcome)
    ends = [0.0, *(end for pair in pairs for end in pair.interval)]
    margin = 0.05 * (max(ends) - min(ends)) or 1.0
    scale = min(ends) - margin, max(ends) + margin
    found = []
    for pair in pairs:
        first, second = names[pair.first], names[pair.second]
        low, high = pair.interval
        headline = Headline(pair.estimate, low, high, level, unit, 1, False, None)
        sentence = said.PAIR[pair.verdict].filled(first=first, second=second)
        found.append(
            PairLine(
                first,
                second,
                with_unit(pair.estimate, unit, tongue, sign=True),
                _interval(pair.interval, unit, tongue),
                getattr(sentence, tongue),
                "neither",
                interval_bar(headline, "neither", tongue, scale),
            )
        )
    return found


def branches_csv(
    summary: Summary,
    outcome: Row,
    shown: Sequence[Result],
    against: str,
    rule: Sentence,
    filters: str,
    language: str,
) -> bytes:
    """The shown branches as CSV: numbers as numbers, and in each row what the table is.

    Parameters
    ----------
    filters : the filters in words
    """
    tongue = language_of(language)
    places = ("branch_code", "branch", "region", "arm", "outcome", "unit")
    levels = ("n_before", "mean_before", "n_after", "mean_after")
    header = [label(key, tongue) for key in places + levels]
    columns = _COLUMNS | ({"estimate": _CHANGE} if against == "past" else {})
    header += [getattr(column, tongue) for column in columns.values()]
    header += [label(key, tongue) for key in ("change_unit", "rows_total", "snapshot", "filters", "note")]
    passport = [
        unit_label(change_unit(outcome), tongue),
        len(shown),
        snapshot_mark(summary),
        filters,
        " ".join(notices(summary, tongue)),
    ]
    rows: list[list[Any]] = [header]
    for result in shown:
        rows.append(
            [
                result.code,
                result.name,
                result.region,
                label(result.arm, tongue),
                words(outcome["label"], tongue),
                unit_label(outcome["unit"], tongue),
                result.n_before,
                result.before,
                result.n_after,
                result.after,
                getattr(rule, tongue),
                None if against == "past" else result.others,
                result.estimate,
                *(result.interval or (None, None)),
                result.shrunken,
                *(result.shrunken_interval or (None, None)),
                *(result.places or (None, None)),
                getattr(verdict_words(result.verdict, against), tongue),
                label("yes" if result.thin else "no", tongue),
                *passport,
            ]
        )
    return _csv(rows, tongue)


def _csv(rows: Sequence[Sequence[Any]], language: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";" if language == "ru" else ",", lineterminator="\r\n")
    writer.writerows([_cell(cell, language) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(cell: object, language: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return repr(cell).replace(".", "," if language == "ru" else ".")
    return neutral_text(cell) if isinstance(cell, str) else str(cell)
