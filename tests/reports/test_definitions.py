"""The words of results: defined once, in both languages, as the glossary has them."""

import re

import pytest

from pilot_eval.reports.words.definitions import DEFINITIONS
from tests.conftest import PROJECT


def glossary() -> dict[str, tuple[str, str]]:
    """Russian name and meaning of each English word."""
    text = (PROJECT / "docs" / "glossary.md").read_text()
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    return {english.strip(): (russian.strip(), meaning.strip()) for english, russian, meaning in rows}


def test_no_word_is_defined_twice() -> None:
    keys = [word.key for word in DEFINITIONS]
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch("[a-z0-9-]+", key) for key in keys)


@pytest.mark.parametrize("word", DEFINITIONS, ids=lambda word: word.key)
def test_the_glossary_has_each_word_with_the_same_meaning(word) -> None:
    assert glossary()[word.term.en] == (word.term.ru, word.meaning.en)


@pytest.mark.parametrize("word", DEFINITIONS, ids=lambda word: word.key)
def test_each_word_is_told_in_its_language(word) -> None:
    assert not re.search("[а-яё]", f"{word.term.en} {word.meaning.en}", re.IGNORECASE)
    left = re.sub(r"\b(XmR|P90)\b", "", f"{word.term.ru} {word.meaning.ru}")
    assert not re.search("[a-z]{2}", left, re.IGNORECASE)
