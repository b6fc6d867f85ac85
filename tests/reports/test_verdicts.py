"""Every row of the verdict table, in both languages."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from pilot_eval.domain.observations import AFTER, BEFORE, Observations
from pilot_eval.domain.outcomes import Better
from pilot_eval.reports.numbers import MINUS, NBSP
from pilot_eval.reports.sentences import Sentence
from pilot_eval.reports.verdicts import KEYS, Verdict, decide, verdict_of
from pilot_eval.reports.words import REASONS
from pilot_eval.stats.analysis import Analysis, analyse
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.relative import Uplift
from pilot_eval.stats.results import ConfidenceInterval, NotEstimable


def ends(low: float | None, high: float | None) -> ConfidenceInterval:
    return ConfidenceInterval(low, high)


@pytest.mark.parametrize(
    ("interval", "smallest", "key"),
    [
        (ends(-1.9, 1.9), 2.0, "no_material"),
        (ends(0.5, 1.9), 2.0, "no_material"),  # wholly good, but too small to matter: row 3 before row 5
        (ends(-2.0, 1.0), 2.0, "unclear"),
        (ends(2.0, 9.0), 2.0, "clear_gain"),
        (ends(1.9, 9.0), 2.0, "gain"),
        (ends(2.5, 9.0), None, "gain"),
        (ends(-9.0, -2.0), 2.0, "clear_loss"),
        (ends(-9.0, -1.9), 2.0, "loss"),
        (ends(-9.0, -2.5), None, "loss"),
        (ends(-0.1, 0.1), None, "unclear"),
        (ends(0.0, 3.0), None, "unclear"),
        (ends(-3.0, 0.0), None, "unclear"),
        (ends(0.1, None), 2.0, "gain"),
        (ends(2.1, None), 2.0, "clear_gain"),
        (ends(None, -0.1), None, "loss"),
        (ends(None, None), 2.0, "unclear"),
        (None, 2.0, "unclear"),
    ],
)
def test_the_interval_decides(interval: ConfidenceInterval | None, smallest: float | None, key: str) -> None:
    assert decide(interval, smallest) == key


def test_the_first_row_that_holds_wins() -> None:
    good = ends(3.0, 4.0)
    assert decide(good, 2.0, blocked=True, too_few=True, disagreement=True) == "not_valid"
    assert decide(good, 2.0, too_few=True, disagreement=True) == "too_few"
    assert decide(good, 2.0, disagreement=True) == "unclear"
    assert decide(ends(-1.0, 1.0), 2.0, disagreement=True) == "unclear"
    assert set(KEYS) == {
        "not_valid", "too_few", "no_material", "clear_gain", "gain", "clear_loss", "loss", "unclear",
    }  # fmt: skip


def analysed(
    effect: float, spread: float = 1.0, plan: AnalysisPlan | None = None, arms: int = 12
) -> Analysis:
    """A pilot whose branch changes are spread evenly about the effect (trained) and about 0 (comparison)."""
    grid = np.linspace(-1.0, 1.0, arms) * spread
    change = np.concatenate([grid + effect, grid])
    columns = {
        "branch": np.repeat([f"B{i:02d}" for i in range(2 * arms)], 2),
        "trained": np.repeat(np.arange(2 * arms) < arms, 2),
        "period": np.tile([BEFORE, AFTER], 2 * arms),
        "value": np.column_stack([np.full(2 * arms, 50.0), 50.0 + change]).ravel(),
    }
    return analyse(Observations.from_columns(**columns), plan or AnalysisPlan("x", draws=199))


def told(analysis: Analysis, blocking: Sentence | None = None) -> Verdict:
    return verdict_of(analysis, blocking)


PLAN = AnalysisPlan("x", draws=199)


@pytest.mark.parametrize(
    ("analysis", "key", "en", "ru"),
    [
        (
            analysed(0.1, plan=replace(PLAN, smallest_effect=2.0)),
            "no_material",
            "No change that matters",
            "Заметного изменения нет",
        ),
        (
            analysed(5.0, plan=replace(PLAN, smallest_effect=2.0)),
            "clear_gain",
            "Better, by at least the amount that matters",
            "Стало лучше, и прирост не меньше заметного",
        ),
        (analysed(5.0), "gain", "Better; may be small", "Стало лучше; величина может быть небольшой"),
        (
            analysed(-5.0, plan=replace(PLAN, smallest_effect=2.0)),
            "clear_loss",
            "Worse, by at least the amount that matters",
            "Стало хуже, и заметно",
        ),
        (analysed(-5.0), "loss", "Worse; may be small", "Стало хуже; величина может быть небольшой"),
        (
            analysed(0.1),
            "unclear",
            f"Unclear: anything from {MINUS}0.46 to +0.66 points fits",
            f"Вывод сделать нельзя: возможно и {MINUS}0,46, и +0,66 балла",
        ),
        (
            analysed(5.0, arms=1),
            "too_few",
            f"Too few data: 1 of 2{NBSP}branches",
            f"Данных мало: 1 из 2{NBSP}отделений",
        ),
        (
            analysed(5.0, plan=replace(PLAN, minimum_branches=21)),
            "too_few",
            f"Too few data: 12 of 21{NBSP}branches",
            f"Данных мало: 12 из 21{NBSP}отделения",
        ),
        (
            analysed(5.0, plan=replace(PLAN, minimum_observations=1000)),
            "too_few",
            f"Too few data: 48 of 1{NBSP}000{NBSP}rows",
            f"Данных мало: 48 из 1{NBSP}000{NBSP}строк",
        ),
        (
            analysed(5.0, spread=0.0),
            "not_valid",
            f"Cannot be compared yet: {REASONS['no_variation'].en}",
            f"Сравнивать пока нельзя: {REASONS['no_variation'].ru}",
        ),
    ],
)
def test_golden_headlines(analysis: Analysis, key: str, en: str, ru: str) -> None:
    verdict = told(analysis)
    assert verdict.key == key
    assert verdict.headline == Sentence(en, ru)


def test_a_blocking_flag_comes_before_everything() -> None:
    verdict = told(analysed(5.0), Sentence("the waves are not closed", "волны не закрыты"))
    assert verdict.key == "not_valid"
    assert verdict.headline == Sentence(
        "Cannot be compared yet: the waves are not closed", "Сравнивать пока нельзя: волны не закрыты"
    )


def test_the_second_sentence_gives_the_interval() -> None:
    verdict = told(analysed(5.0))
    assert verdict.sentences[0] == Sentence(
        "Trained branches against comparison branches: +5.00 points "
        "(95% interval: +4.44 to +5.56; plus is better).",
        f"Обученные отделения против отделений сравнения: +5,00 балла "
        f"(95{NBSP}% интервал: от +4,44 до +5,56; плюс — лучше).",
    )
    assert verdict.sentences[1].en.startswith(
        "In per cent of what was to be expected without training: +10.0%"
    )


def test_without_comparison_the_last_sentence_says_what_may_have_come_by_itself() -> None:
    verdict = told(analysed(5.0, plan=replace(PLAN, design="before_after")))
    assert verdict.key == "gain"
    assert verdict.sentences[0].en.startswith("Trained branches, after against before: +5.00 points")
    assert verdict.sentences[-1] == Sentence(
        "There is no comparison group: part of the change may have come by itself.",
        "Группы сравнения нет: часть изменения могла произойти сама собой.",
    )


def test_disagreeing_checks_make_it_unclear_with_that_reason() -> None:
    verdict = told(replace(analysed(5.0), agreement=False))
    assert verdict.key == "unclear"
    assert verdict.headline.en == "Unclear: anything from +4.44 to +5.56 points fits"
    assert verdict.sentences[-1] == Sentence(
        "The robustness checks do not agree with the main method.",
        "Проверочные методы не подтверждают основной.",
    )


def test_signs_follow_what_is_better() -> None:
    lower = replace(PLAN, better=Better.LOWER, smallest_effect=2.0)
    assert told(analysed(-5.0, plan=lower)).key == "clear_gain"
    assert told(analysed(5.0, plan=lower)).key == "clear_loss"
    assert "+5.00 points" in told(analysed(-5.0, plan=lower)).sentences[0].en


def test_durations_are_judged_in_percent_of_speed() -> None:
    fast = analysed(-5.0, spread=0.5, plan=replace(PLAN, kind="duration", smallest_effect=10.0))
    assert fast.speed is not None
    assert fast.speed.interval.low is not None
    assert fast.speed.interval.low > 10.0
    assert told(fast).key == "clear_gain"
    strict = replace(fast, plan=replace(fast.plan, smallest_effect=11.0))
    assert told(strict).key == "gain"
    assert "speed +11." in told(fast).sentences[0].en
    assert "скорость +11," in told(fast).sentences[0].ru


def test_the_unit_of_a_range_is_said_once() -> None:
    headline = told(analysed(0.1, spread=3.0, plan=replace(PLAN, kind="duration"))).headline
    assert re.fullmatch(rf"Unclear: anything from {MINUS}[0-9.]+% to \+[0-9.]+% of speed fits", headline.en)
    assert re.fullmatch(
        rf"Вывод сделать нельзя: возможно и {MINUS}[0-9,]+{NBSP}%, и \+[0-9,]+{NBSP}% скорости", headline.ru
    )


def test_no_limits_are_said_in_words() -> None:
    found = analysed(5.0, plan=replace(PLAN, kind="duration"))
    open_ended = replace(
        found,
        effect=NotEstimable("too_many_zeros", {"share": 9.1, "limit": 5.0}),
        interval=None,
        agreement=None,
        uplift=Uplift(12.0, ConfidenceInterval(None, None), "fieller"),
    )
    verdict = told(open_ended)
    assert verdict.key == "unclear"
    assert verdict.headline.en == "Unclear: the data set no limits to the change"
    assert "the data set no limits" in verdict.sentences[0].en


def test_no_sentence_says_proved_or_a_bare_p() -> None:
    for analysis in (analysed(5.0), analysed(0.1), analysed(-5.0)):
        for sentence in (told(analysis).headline, *told(analysis).sentences):
            for text in (sentence.en, sentence.ru):
                assert not any(word in text.lower() for word in ("prove", "доказ", "p <", "p ="))
                assert "-" not in text.replace(MINUS, "")


def test_a_score_counted_in_something_else_than_points_is_told_in_it() -> None:
    analysis = analysed(4.0, plan=PLAN)
    for unit in ("staff", "{0} odd"):
        sentence = verdict_of(analysis, unit=unit).sentences[0]
        assert f" {unit} (" in sentence.en
        assert f" {unit} (" in sentence.ru
        assert "points" not in sentence.en
    assert " points (" in verdict_of(analysis).sentences[0].en
