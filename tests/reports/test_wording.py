"""Sentences are complete in both languages."""

from __future__ import annotations

import re
import string

import pytest

from pilot_eval.reports import wording, words
from pilot_eval.reports.numbers import NBSP
from pilot_eval.reports.sentences import Sentence
from pilot_eval.reports.wording import reason, warning

TABLES = {
    name: table
    for name, table in (vars(wording) | vars(words)).items()
    if isinstance(table, dict) and table and all(isinstance(entry, Sentence) for entry in table.values())
}


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_both_languages_have_the_same_places_and_their_own_letters(name: str) -> None:
    for key, sentence in TABLES[name].items():
        assert places(sentence.en) == places(sentence.ru), key
        words = re.sub(r"\{\w+\}|CR2|SE", "", sentence.ru)
        assert not re.search("[A-Za-z]", words), key
        assert not re.search("[А-Яа-я]", sentence.en), key


def test_golden_warnings() -> None:
    assert warning("unpaired_branches", {"n": 26}) == Sentence(
        f"Left out of the effect: 26{NBSP}branches without values both before and after.",
        f"Без данных и до, и после, поэтому не учтено: 26{NBSP}отделений.",
    )
    assert f" 1{NBSP}branch without" in warning("unpaired_branches", {"n": 1}).en
    assert warning("zero_durations", {"n": 3}).ru == "Времён в 0 секунд: 3; каждое принято за полсекунды."
    few = warning("few_branches", {"n": 4, "df": 5.27})
    assert f"only 4{NBSP}branches in the smaller arm" in few.en
    assert "about 5.3 degrees of freedom" in few.en
    assert "примерно на 5,3 степени свободы" in few.ru


def test_golden_reasons() -> None:
    assert reason("few_branches", {"arm": "trained", "n": 1, "need": 2}) == Sentence(
        "an arm needs at least 2 branches seen both before and after; the trained arm has 1",
        "в группе нужно не менее 2 отделений с данными и до, и после; обученные: 1",
    )
    assert reason("too_many_zeros", {"share": 9.06, "limit": 5.0}).ru.startswith(f"9,1{NBSP}% времён")
