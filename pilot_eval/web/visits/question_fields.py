"""A form field for each kind of checklist question."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import lazy_gettext
from wtforms import Field, StringField

from pilot_eval.domain.checklists import NOT_APPLICABLE, Item
from pilot_eval.web.recording import radios, words

ANSWERS = {
    "yes": lazy_gettext("Yes"),
    "no": lazy_gettext("No"),
    "full": lazy_gettext("Fully"),
    "partial": lazy_gettext("Partly"),
    "none": lazy_gettext("Not at all"),
    NOT_APPLICABLE: lazy_gettext("N/A"),
}


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


def answer_label(item: Item, code: str, language: str) -> str:
    """An answer's words: the checklist's own for a choice, else the product's."""
    for option in item.options:
        if option.code == code:
            return option.text.to(language)
    return str(ANSWERS.get(code, code))
