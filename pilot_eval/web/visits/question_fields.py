"""A form field for each kind of checklist question."""

from __future__ import annotations

from collections.abc import Callable

from wtforms import Field, StringField

from pilot_eval.domain.checklists import Item
from pilot_eval.web.answers import answer_label
from pilot_eval.web.recording import radios, words


def _tiles(item: Item, language: str) -> Field:
    return radios(
        item.text.to(language), [(code, answer_label(item, code, language)) for code in item.offered]
    )


def _number(item: Item, language: str) -> Field:
    return StringField(item.text.to(language), render_kw={"inputmode": "numeric"})


def _text(item: Item, language: str) -> Field:
    return words(item.text.to(language))


FIELDS: dict[str, Callable[[Item, str], Field]] = {
    "yesno": _tiles,
    "scale3": _tiles,
    "scale5": _tiles,
    "choice": _tiles,
    "number": _number,
    "text": _text,
}


def question_field(item: Item, language: str) -> Field:
    """The unbound field of a question that is asked."""
    return FIELDS[item.type](item, language)
