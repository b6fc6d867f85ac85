"""The page of one branch, written out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pilot_eval.reports.branch_tables import ComparedLine, compared_lines, verdict_words
from pilot_eval.reports.numbers import Language, counted, interval, language_of, number, percent, seconds_text
from pilot_eval.reports.sentences import Forms, Sentence, told
from pilot_eval.reports.summaries import Row, change_unit, interval_with_unit, with_unit
from pilot_eval.reports.wording import RECORDS
from pilot_eval.reports.words import branch_pages as said
from pilot_eval.stats.results import ConfidenceInterval
from pilot_eval.stats.single_branch import Spread

ON_PAPER: Final = 3  # items at each end of the list that a printed page keeps
_ITEMS: Final[Forms] = {
    "en": {"one": "item", "other": "items"},
    "ru": {"one": "пункта", "few": "пунктов", "many": "пунктов", "other": "пункта"},
}


@dataclass(frozen=True, slots=True)
class BranchTile:
    """One outcome of a branch: the line beside its past, and a sentence beside the others of its arm."""

    line: ComparedLine
    beside: str


@dataclass(frozen=True, slots=True)
class TimesLine:
    """Times of one kind in one period, each number with its interval."""

    title: str
    period: str
    n: str
    median: str
    slow: str
    within: str
    target: str


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One item of a branch; `paper` is whether a printed page keeps it."""

    label: str
    facility: bool
    before: str
    after: str
    change: str
    tone: str
    outstanding: bool
    paper: bool


def branch_tile(
    outcome: Row, past: Any, others: Any, refused: Sentence | None, level: float, language: str
) -> BranchTile:
    """Write one outcome of a branch.

    Parameters
    ----------
    past, others : results of the branch, against its past and against the others of its arm
    refused : why it is not compared with the others, where it is not
    """
    tongue = language_of(language)
    (line,) = compared_lines(outcome, [past], [past], "past", level, tongue)
    if refused is not None or others.estimate is None or others.interval is None:
        return BranchTile(line, "")
    unit = change_unit(outcome)
    filled = said.BESIDE.filled(
        n=number(others.others, 0, tongue),
        change=with_unit(others.estimate, unit, tongue, sign=True),
        interval=interval_with_unit(others.interval[0], others.interval[1], unit, tongue),
        verdict=verdict_words(others.verdict, "pilot"),
    )
    return BranchTile(line, getattr(filled, tongue))


def times_lines(times: Sequence[Any], language: str) -> list[TimesLine]:
    """Write waiting and service, a line for each period in which the branch was timed."""
    tongue = language_of(language)
    found = []
    for one in times:
        for period, spread in (("before", one.before), ("after", one.after)):
            if spread is not None:
                target = getattr(said.WITHIN, tongue).format(target=seconds_text(one.target, tongue))
                found.append(
                    TimesLine(
                        getattr(said.TIMES[one.source], tongue),
                        period,
                        number(spread.n, 0, tongue),
                        _time(spread.median, spread.median_interval, tongue),
                        _time(spread.slow, spread.slow_interval, tongue),
                        _within(spread, tongue),
                        target,
                    )
                )
    return found


def _time(value: float, ends: ConfidenceInterval, language: str) -> str:
    low, high = (None if end is None else seconds_text(end, language) for end in (ends.low, ends.high))
    if low is None and high is None:
        return seconds_text(value, language)
    forms = {
        ("en", True, True): f"{low} to {high}",
        ("ru", True, True): f"от {low} до {high}",
        ("en", True, False): f"at least {low}",
        ("ru", True, False): f"не меньше {low}",
        ("en", False, True): f"at most {high}",
        ("ru", False, True): f"не больше {high}",
    }
    return f"{seconds_text(value, language)} ({forms[language, low is not None, high is not None]})"


def _within(spread: Spread, language: str) -> str:
    low, high = (
        None if end is None else 100.0 * end
        for end in (spread.within_interval.low, spread.within_interval.high)
    )
    reach = interval(low, high, 0, language, unit="percent")
    return f"{percent(100.0 * spread.within, 0, language)} ({reach})"


def item_lines(items: Sequence[Any], language: str) -> list[ItemLine]:
    """Write the items, in their order."""
    tongue = language_of(language)
    last = len(items) - ON_PAPER
    return [
        ItemLine(
            label=getattr(one.item, tongue),
            facility=one.item.lever == "facility",
            before=_share(one.share[0], one.n[0], tongue),
            after=_share(one.share[1], one.n[1], tongue),
            change=with_unit(
                None if math.isnan(one.change) else 100.0 * one.change,
                "percentage_points",
                tongue,
                sign=True,
                digits=0,
            ),
            tone="better" if one.change > 0 else "worse" if one.change < 0 else "neither",
            outstanding=one.outstanding,
            paper=place < ON_PAPER or place >= last,
        )
        for place, one in enumerate(items)
    ]


def _share(share: float, n: int, language: str) -> str:
    return f"{percent(100.0 * share, 0, language)} (n = {number(n, 0, language)})"


def chance_of_items(items: Sequence[Any], language: str) -> str:
    """How many of a branch's items are hardly due to chance."""
    tongue = language_of(language)
    compared = sum(not math.isnan(one.change) for one in items)
    filled = said.CHANCE.filled(
        n=told(lambda of: counted(compared, _ITEMS[of], of)),
        found=told(lambda of: number(sum(one.outstanding for one in items), 0, of)),
    )
    text: str = getattr(filled, tongue)
    return text


def work_sentences(items: Sequence[Any], language: str) -> list[str]:
    """What to work on, each as a sentence."""
    tongue = language_of(language)
    return [_work_sentence(one, tongue) for one in items]


def _work_sentence(one: Any, language: Language) -> str:
    before = ""
    if one.n[0]:
        before = getattr(said.WORK_ON_BEFORE, language).format(
            share=percent(100.0 * one.share[0], 0, language)
        )
    text: str = getattr(said.WORK_ON, language)
    return text.format(
        item=getattr(one.item, language),
        after=percent(100.0 * one.share[1], 0, language),
        n=counted(one.n[1], RECORDS["visits"][language], language),
        before=before,
    )
