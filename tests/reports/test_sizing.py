"""What a plan says, word for word, in both languages."""

from __future__ import annotations

import re
import string

import pytest

import pilot_eval
from pilot_eval.reports.numbers import NBSP
from pilot_eval.reports.sentences import Sentence
from pilot_eval.reports.words import planning, roll_out

ASSUMED = {"mean": 60.0, "within_sd": 6.0, "between_sd": 40**0.5, "correlation": 0.9}
SAID = {
    f"{module.__name__.rsplit('.', 1)[-1]}.{name}.{key}": sentence
    for module in (planning, roll_out)
    for name, table in vars(module).items()
    for key, sentence in (table.items() if isinstance(table, dict) else [("", table)])
    if isinstance(sentence, Sentence)
}


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("name", sorted(SAID))
def test_both_languages_have_the_same_places_and_their_own_letters(name: str) -> None:
    sentence = SAID[name]
    assert places(sentence.en) == places(sentence.ru)
    assert not re.search("[A-Za-z]", re.sub(r"\{\w+\}", "", sentence.ru))
    assert not re.search("[А-Яа-я]", sentence.en)


def test_golden_answer() -> None:
    made = pilot_eval.plan(
        assumptions=ASSUMED, trained=8, comparison=12, visits=6, smallest_effect=4, primary=2
    )
    english = made.to_text("en").split("\n\n")[0].replace(NBSP, " ").splitlines()
    assert english == [
        "If branches vary as assumed, a pilot of 8 trained and 12 comparison branches with 6 visits per "
        "branch and period finds a true effect of 6.9 points with a probability of 80%.",
        "That is 11.5% of the level before.",
        "The effect has to show at a level of 97.5% (primary outcomes: 2, looks: 1).",
        "The smallest effect that matters, 4.0 points, would be found with a probability of 33%.",
        "Finding it with a probability of 80% takes 21 trained and 32 comparison branches with 6 visits per "
        "branch and period.",
        "With these branches no number of visits is enough: the branches themselves vary too much.",
    ]
    russian = made.to_text("ru").split("\n\n")[0].replace(NBSP, " ").splitlines()
    assert russian[0] == (
        "Если отделения различаются, как предположено, пилот такого размера (обученных отделений 8, "
        "отделений сравнения 12, на отделение и период 6 визитов) обнаружит истинный эффект 6,9 балла с "
        "вероятностью 80 %."
    )


@pytest.mark.parametrize(
    ("kind", "better", "unit"),
    [
        ("duration", "lower", "speed_percent"),
        ("duration", "higher", "time_percent"),
        ("rate", "lower", "fall_percent"),
        ("rate", "higher", "rise_percent"),
        ("score", "lower", "points"),
    ],
)
def test_effects_are_told_towards_the_better(kind: str, better: str, unit: str) -> None:
    assumed = {
        "duration": {"within_sd": 0.5, "icc": 0.1, "correlation": 0.8},
        "rate": {"mean": 0.1, "between_cv": 0.2, "correlation": 0.8},
        "score": ASSUMED,
    }[kind]
    size = {"trained": 8, "comparison": 12, "visits": 600 if kind == "rate" else 6}
    made = pilot_eval.plan(kind=kind, assumptions=assumed, better=better, **size)
    document = made.to_dict()
    assert document["unit"] == unit
    assert document["detectable"]["effect"] > 0.0
    assert planning.HEADS[unit].en in made.to_text("en")
