"""Nouns that are counted, with their plural forms."""

from __future__ import annotations

from pilot_eval.reports.sentences import Forms

BRANCHES: Forms = {
    "en": {"one": "branch", "other": "branches"},
    "ru": {"one": "отделение", "few": "отделения", "many": "отделений", "other": "отделения"},
}
OF_BRANCHES: Forms = {
    "en": BRANCHES["en"],
    "ru": {"one": "отделения", "few": "отделений", "many": "отделений", "other": "отделения"},
}
OF_ROWS: Forms = {
    "en": {"one": "row", "other": "rows"},
    "ru": {"one": "строки", "few": "строк", "many": "строк", "other": "строки"},
}
ROWS: Forms = {
    "en": {"one": "row", "other": "rows"},
    "ru": {"one": "строка", "few": "строки", "many": "строк", "other": "строки"},
}
CELLS: Forms = {"en": {"one": "cell is", "other": "cells are"}, "ru": {}}
TIMES: Forms = {"en": {"one": "time", "other": "times"}, "ru": {}}
WEEKS: Forms = {
    "en": {"one": "week", "other": "weeks"},
    "ru": {"one": "неделя", "few": "недели", "many": "недель", "other": "недели"},
}
