"""Branches of the whole network as tables show them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pilot_eval.domain.outcomes import OUTCOMES
from pilot_eval.reports.charts.effects import IntervalBar, interval_bar
from pilot_eval.reports.numbers import MISSING, language_of, level_percent, number
from pilot_eval.reports.summaries import Headline, interval_with_unit, with_unit
from pilot_eval.reports.verdicts import decide
from pilot_eval.reports.words.network import VERDICTS
from pilot_eval.stats.results import ConfidenceInterval

TONES = {"gain": "better", "clear_gain": "better", "loss": "worse", "clear_loss": "worse"}


def metric_of(outcome: str, kind: str, unit: str) -> str:
    """What may be compared between pilots: the same outcome in the same unit."""
    return f"{outcome}:{kind}:{unit}"


def told(kind: str, value: float) -> float:
    """A change on the analysis scale as people speak of it: of a duration, per cent of speed."""
    return 100.0 * math.expm1(-value) if OUTCOMES[kind].scale == "log_ratio" else value


def told_interval(kind: str, low: float | None, high: float | None) -> tuple[float, float] | None:
    """Ends of an interval as people speak of it; None where there is none."""
    if low is None or high is None:
        return None
    ends = sorted((told(kind, low), told(kind, high)))
    return ends[0], ends[1]


def change_unit(kind: str, unit: str) -> str:
    """The unit of a change as people speak of it."""
    if kind == "duration":
        return "speed_percent"
    return "percentage_points" if kind == "proportion" else unit


def branch_verdict(
    kind: str,
    better: str,
    low: float | None,
    high: float | None,
    smallest_effect: float | None,
    *,
    thin: bool,
) -> str:
    """Key of the verdict on one branch against its own past, by the rules for the whole pilot."""
    ends = told_interval(kind, low, high)
    if ends is None:
        return "too_few" if thin else "unclear"
    good_is_up = (better == "lower") if kind == "duration" else (better == "higher")
    interval = ConfidenceInterval(*ends) if good_is_up else ConfidenceInterval(-ends[1], -ends[0])
    return decide(interval, smallest_effect, too_few=thin)


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean change on the analysis scale; ends None where there is no interval."""

    n: int
    estimate: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class MeanText:
    """A mean change written out; `n` is the number of branches."""

    n: str
    change: str
    interval: str


def mean_text(mean: Mean | None, kind: str, unit: str, language: str) -> MeanText:
    """Write a mean change of branches with its interval; dashes where there is none."""
    if mean is None:
        return MeanText(number(0, 0, language), MISSING, "")
    shown = change_unit(kind, unit)
    ends = told_interval(kind, mean.low, mean.high)
    return MeanText(
        number(mean.n, 0, language),
        with_unit(told(kind, mean.estimate), shown, language, sign=True),
        interval_with_unit(ends[0], ends[1], shown, language) if ends else "",
    )


@dataclass(frozen=True, slots=True)
class Change:
    """One branch's stored change, on the analysis scale."""

    n_before: int
    n_after: int
    change: float
    low: float | None
    high: float | None
    shrunken: float | None
    verdict: str
    thin: bool
    level: float


@dataclass(frozen=True, slots=True)
class ChangeText:
    """One branch's change written out."""

    n: str
    change: str
    interval: str
    level: str
    shrunken: str
    verdict: str
    tone: str
    thin: bool
    bar: IntervalBar | None


def change_texts(
    changes: Sequence[Change | None], kind: str, unit: str, language: str
) -> list[ChangeText | None]:
    """Write changes of branches, their bars on one scale; None stays None."""
    scale = _scale([change for change in changes if change is not None], kind)
    return [None if change is None else _text(change, kind, unit, language, scale) for change in changes]


def _text(change: Change, kind: str, unit: str, language: str, scale: tuple[float, float]) -> ChangeText:
    tongue, shown = language_of(language), change_unit(kind, unit)
    ends = told_interval(kind, change.low, change.high)
    tone = TONES.get(change.verdict, "neither")
    bar = None
    if ends is not None and not change.thin:
        head = Headline(told(kind, change.change), *ends, change.level, shown, 1, False, None)
        bar = interval_bar(head, tone, tongue, scale)
    return ChangeText(
        n=f"{number(change.n_before, 0, language)}, {number(change.n_after, 0, language)}",
        change=with_unit(told(kind, change.change), shown, language, sign=True),
        interval=interval_with_unit(ends[0], ends[1], shown, language) if ends else "",
        level=level_percent(change.level, language),
        shrunken=MISSING
        if change.shrunken is None
        else with_unit(told(kind, change.shrunken), shown, language, sign=True),
        verdict=getattr(VERDICTS[change.verdict], tongue),
        tone=tone,
        thin=change.thin,
        bar=bar,
    )


def _scale(changes: Sequence[Change], kind: str) -> tuple[float, float]:
    """Ends of a scale that holds every interval that is drawn, and zero, with a margin."""
    ends = [0.0]
    for change in changes:
        if not change.thin:
            ends += told_interval(kind, change.low, change.high) or (told(kind, change.change),)
    margin = 0.05 * (max(ends) - min(ends)) or 1.0
    return min(ends) - margin, max(ends) + margin
