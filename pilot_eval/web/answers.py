"""The answers of a checklist in the reader's words."""

from __future__ import annotations

from flask_babel import lazy_gettext

from pilot_eval.domain.checklists import NOT_APPLICABLE, Item
from pilot_eval.web.languages import language

ANSWERS = {
    "yes": lazy_gettext("Yes"),
    "no": lazy_gettext("No"),
    "full": lazy_gettext("Fully"),
    "partial": lazy_gettext("Partly"),
    "none": lazy_gettext("Not at all"),
    NOT_APPLICABLE: lazy_gettext("N/A"),
}

# How a visit ended, in the words of its auditor.
OUTCOMES = {
    "done": lazy_gettext("The visit was done"),
    "closed": lazy_gettext("The branch was closed"),
    "recognised": lazy_gettext("I was recognised as a mystery shopper"),
    "refused": lazy_gettext("I was refused service"),
}


def answer_label(item: Item, answer: object, tongue: str | None = None) -> str:
    """An answer's words: the checklist's own for a choice, else the product's.

    Parameters
    ----------
    tongue : str, optional
        Of the checklist's own words; the reader's language unless given.
    """
    for option in item.options:
        if option.code == answer:
            return option.text.to(tongue or language())
    return str(ANSWERS.get(str(answer), answer))
