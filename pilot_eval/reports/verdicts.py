"""The verdict in plain words: one pure function for page, PDF and workbook."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pilot_eval.reports.numbers import Language, counted, interval, level_percent, number, percent
from pilot_eval.reports.sentences import Sentence, told
from pilot_eval.reports.wording import (
    DISAGREEMENT,
    HEADLINES,
    IN_SECONDS,
    NO_COMPARISON,
    NO_LIMITS,
    RELATIVE,
    reason,
)
from pilot_eval.reports.words import COMPARED, RANGE_UNITS, UNITS
from pilot_eval.reports.words.counted import OF_BRANCHES, OF_ROWS
from pilot_eval.stats.analysis import Analysis
from pilot_eval.stats.results import NO_INTERVAL, ConfidenceInterval, NotEstimable

KEYS = ("not_valid", "too_few", "no_material", "clear_gain", "gain", "clear_loss", "loss", "unclear")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the numbers mean.

    Parameters
    ----------
    key : one of KEYS
    headline : the sentence for a tile
    sentences : what stands after it: the interval, and what must not be forgotten
    """

    key: str
    headline: Sentence
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Shortage:
    """Fewer branches or rows than are needed."""

    n: int
    need: int
    of: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Change:
    """The change that the verdict judges, signed so that plus is better.

    Parameters
    ----------
    estimate, interval : in `unit`, which is that of the smallest effect of interest
    unit : an entry of UNITS, or what an imported score is counted in
    """

    estimate: float
    interval: ConfidenceInterval
    unit: str


def decide(
    interval: ConfidenceInterval | None,
    smallest_effect: float | None = None,
    *,
    blocked: bool = False,
    too_few: bool = False,
    disagreement: bool = False,
) -> str:
    """Key of the verdict; the first rule that holds wins.

    Parameters
    ----------
    interval : of the change, signed so that plus is better; an end may be missing; None where there is none
    smallest_effect : smallest effect of interest, above 0; without it nothing is called clear or immaterial
    blocked : a flag forbids the comparison
    too_few : branches or rows are below the minimum
    disagreement : robustness checks fall on the other side of the level
    """
    if blocked:
        return "not_valid"
    if too_few:
        return "too_few"
    if interval is None or disagreement:
        return "unclear"
    low = -math.inf if interval.low is None else interval.low
    high = math.inf if interval.high is None else interval.high
    if smallest_effect is not None:
        if -smallest_effect < low and high < smallest_effect:
            return "no_material"
        if low >= smallest_effect:
            return "clear_gain"
        if high <= -smallest_effect:
            return "clear_loss"
    if low > 0.0:
        return "gain"
    return "loss" if high < 0.0 else "unclear"


def verdict_of(analysis: Analysis, blocking: Sentence | None = None, unit: str = "") -> Verdict:
    """Judge an analysis.

    Parameters
    ----------
    analysis : the numbers
    blocking : why the data must not be compared yet, as a clause, where something forbids it
    unit : what a score is counted in, where that is not points
    """
    change = change_of(analysis, unit)
    shortage = _shortage(analysis)
    if blocking is None and shortage is None:
        lacking = analysis.effect if change is None else analysis.unjudged
        if isinstance(lacking, NotEstimable):
            blocking = reason(lacking.code, lacking.values)
    key = decide(
        None if change is None else change.interval,
        analysis.plan.smallest_effect,
        blocked=blocking is not None,
        too_few=shortage is not None,
        disagreement=analysis.agreement is False,
    )
    return Verdict(key, _headline(key, change, shortage, blocking), _sentences(analysis, change))


def change_of(analysis: Analysis, unit: str = "") -> Change | None:
    """The change on the scale of the smallest effect, plus being better; None where there is none."""
    plan, uplift = analysis.plan, analysis.uplift
    if plan.kind == "duration":
        if uplift is None or uplift.estimate is None:
            return None
        percent_of = "speed_percent" if plan.sign < 0 else "time_percent"
        return Change(uplift.estimate, uplift.interval, percent_of)
    if analysis.measure.scale == "log_rate_ratio":
        if uplift is None or uplift.estimate is None:
            return None
        percent_of = "fall_percent" if plan.sign < 0 else "rise_percent"
        return Change(uplift.estimate, uplift.interval, percent_of)
    if isinstance(analysis.effect, NotEstimable):
        return None
    ends = (analysis.interval or NO_INTERVAL).scaled(plan.sign)
    return Change(plan.sign * analysis.effect.estimate, ends, unit_of(analysis, unit))


def unit_of(analysis: Analysis, unit: str = "") -> str:
    """The unit of the effect: a score may be counted in something else than points."""
    usual = analysis.measure.unit
    return unit if unit and usual == "points" else usual


def level_text(level: float, language: Language) -> str:
    """A confidence level in per cent."""
    return level_percent(level, language)


def decimals(ends: ConfidenceInterval) -> int:
    """Decimals that show an interval to about two digits of its half width; at least one."""
    if ends.low is None or ends.high is None or ends.high <= ends.low:
        return 1
    return min(8, max(1, 1 - math.floor(math.log10(0.5 * (ends.high - ends.low)))))


def _shortage(analysis: Analysis) -> Shortage | None:
    plan = analysis.plan
    if isinstance(analysis.effect, NotEstimable) and analysis.effect.code == "few_branches":
        n, need = analysis.effect.values["n"], analysis.effect.values["need"]
        return Shortage(int(n), max(int(need), plan.minimum_branches or 0), OF_BRANCHES)
    if plan.minimum_branches is not None and analysis.smaller_arm < plan.minimum_branches:
        return Shortage(analysis.smaller_arm, plan.minimum_branches, OF_BRANCHES)
    if plan.minimum_observations is not None and analysis.flow.rows_used < plan.minimum_observations:
        return Shortage(analysis.flow.rows_used, plan.minimum_observations, OF_ROWS)
    return None


def _headline(
    key: str, change: Change | None, shortage: Shortage | None, blocking: Sentence | None
) -> Sentence:
    sentence = HEADLINES[key]
    if key == "not_valid" and blocking is not None:
        return sentence.filled(reason=blocking)
    if key == "too_few" and shortage is not None:
        need = told(lambda language: counted(shortage.need, shortage.of[language], language))
        return sentence.filled(n=told(lambda language: number(shortage.n, 0, language)), need=need)
    if key != "unclear":
        return sentence
    if change is None or change.interval.low is None or change.interval.high is None:
        return HEADLINES["unclear_unbounded"]
    low, high, digits = change.interval.low, change.interval.high, decimals(change.interval)
    return sentence.filled(
        low=told(lambda language: _number(low, change.unit, digits, language)),
        high=_with_unit(high, change.unit, digits, {**UNITS, **RANGE_UNITS}),
    )


def _sentences(analysis: Analysis, change: Change | None) -> tuple[Sentence, ...]:
    sentences = []
    if change is not None:
        sentences.append(_compared(analysis, change))
        if analysis.measure.scale == "difference" and analysis.uplift is not None:
            sentences += [_in_seconds(analysis)] if analysis.plan.kind == "duration" else _relative(analysis)
    if analysis.agreement is False:
        sentences.append(DISAGREEMENT)
    if not analysis.plan.with_comparison:
        sentences.append(NO_COMPARISON)
    return tuple(sentences)


def _compared(analysis: Analysis, change: Change) -> Sentence:
    plan = analysis.plan
    usual = COMPARED["with_comparison" if plan.with_comparison else "without_comparison"]
    template = COMPARED.get(plan.design, usual)
    digits = decimals(change.interval)
    return template.filled(
        change=_with_unit(change.estimate, change.unit, digits),
        level=told(lambda language: level_text(plan.level, language)),
        interval=_interval(change.interval, change.unit, digits),
    )


def _in_seconds(analysis: Analysis) -> Sentence:
    """The effect on a mean of seconds, plus being longer, which the change in per cent of speed is not."""
    effect, ends = analysis.effect, analysis.interval or NO_INTERVAL
    estimate = float("nan") if isinstance(effect, NotEstimable) else effect.estimate
    return IN_SECONDS.filled(
        change=_with_unit(estimate, "seconds", decimals(ends)),
        interval=_interval(ends, "seconds", decimals(ends)),
    )


def _relative(analysis: Analysis) -> list[Sentence]:
    uplift = analysis.uplift
    if uplift is None or uplift.estimate is None:
        return []
    estimate = uplift.estimate
    return [
        RELATIVE.filled(
            change=told(lambda language: percent(estimate, 1, language, sign=True)),
            interval=_interval(uplift.interval, "percent", 1),
        )
    ]


def _number(value: float, unit: str, digits: int, language: Language) -> str:
    write = percent if unit.endswith("percent") else number
    return write(round(value, 9), digits, language, sign=True)  # 2.7499999999999 is 2.75, shown as 2.8


def _with_unit(value: float, unit: str, digits: int, units: Mapping[str, Sentence] = UNITS) -> Sentence:
    text = told(lambda language: _number(value, unit, digits, language))
    if unit in units:
        return units[unit].filled(number=text)
    return told(lambda language: f"{getattr(text, language)} {unit}")


def _interval(ends: ConfidenceInterval, unit: str, digits: int) -> Sentence:
    if ends.low is None and ends.high is None:
        return NO_LIMITS
    in_percent = unit.endswith("percent")
    return told(
        lambda language: interval(
            ends.low, ends.high, digits, language, sign=True, unit="percent" if in_percent else ""
        )
    )
