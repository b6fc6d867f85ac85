"""Forms by which a checklist is written; whatever is typed can be kept, right or wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    FieldList,
    FileField,
    Form,
    FormField,
    HiddenField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)

from pilot_eval.domain.checklists import QUESTION_TYPES, Checklist, Item
from pilot_eval.domain.checklists.drafts import ONLY_FOR, Document
from pilot_eval.web.answers import ANSWERS, answer_label
from pilot_eval.web.checklists.words import (
    COMPARISONS,
    KNOCKOUTS,
    LEVERS,
    QUANTITIES,
    TOPICS,
    TYPES,
)
from pilot_eval.web.languages import language

_NUMBERS = {"weight", "percent", "min", "low", "high", "min_answered_percent"}
_MOST_DIGITS = 9


def _choices(names: Mapping[str, Any]) -> list[SelectChoice]:
    return [SelectChoice(code, label) for code, label in names.items()]


class Words(Form):
    """A sentence in both languages."""

    en = StringField(_l("In English"))
    ru = StringField(_l("In Russian"))


class LongWords(Form):
    """A longer sentence in both languages."""

    en = TextAreaField(_l("In English"))
    ru = TextAreaField(_l("In Russian"))


class NamedRow(Words):
    """A scenario or an incident."""

    code = StringField(_l("Code"))


class OptionRow(NamedRow):
    """An answer to pick."""

    percent = StringField(_l("Earns, per cent of the weight"))


class GradeRow(Words):
    """A word for scores."""

    min = StringField(_l("From, points"))


class ScoringPart(Form):
    """How answers become a score."""

    knockout = RadioField(
        _l("What does a failed critical question do?"), choices=_choices(KNOCKOUTS), validate_choice=False
    )
    min_answered_percent = StringField(_l("Fewest answered of the questions that apply, per cent"))
    grades = FieldList(FormField(GradeRow))


class HeaderPart(Form):
    """What is asked about the visit itself."""

    scenarios = FieldList(FormField(NamedRow))
    incidents = FieldList(FormField(NamedRow))


class DraftForm(Form):
    """A part of a draft; `version` tells which one was edited."""

    version = HiddenField()

    def fields(self) -> Document:
        """What was typed, as a draft keeps it."""
        typed = {name: value for name, value in self.data.items() if name != "version"}
        kept: Document = _kept(typed)
        return kept


class SettingsForm(DraftForm):
    """The checklist as a whole."""

    code = StringField(_l("Code"))
    title = FormField(Words, _l("Title"))
    scoring = FormField(ScoringPart)
    header = FormField(HeaderPart)


class SectionForm(DraftForm):
    """A section without its questions."""

    code = StringField(_l("Code"))
    title = FormField(Words, _l("Title"))
    weight = StringField(_l("Weight in the score"))
    note = FormField(LongWords, _l("Note to the auditor"))


class RulePart(Form):
    """After which answers a question is shown."""

    item = SelectField(_l("Question"), validate_choice=False)
    answers = SelectMultipleField(_l("Answers"), validate_choice=False)


class FormulaPart(Form):
    """A duration held against a limit."""

    quantity = SelectField(_l("Time"), choices=_choices(QUANTITIES), validate_choice=False)
    comparison = SelectField(_l("Is"), choices=_choices(COMPARISONS), validate_choice=False)
    limit = StringField(_l("Seconds"))


class ItemForm(DraftForm):
    """A question; `item_form` adds the fields of its type."""

    code = StringField(_l("Code"))
    type = SelectField(_l("Kind of answer"), choices=_choices(TYPES), validate_choice=False)
    en = TextAreaField(_l("In English"))
    ru = TextAreaField(_l("In Russian"))
    help = FormField(LongWords, _l("Help below the question"))
    shown_if = FormField(RulePart)
    lever = RadioField(_l("What can move it?"), choices=_choices(LEVERS), validate_choice=False)
    topic = SelectField(_l("Topic of the training"), choices=_choices(TOPICS), validate_choice=False)

    def fields(self) -> Document:
        fields = super().fields()
        if "formula" in fields:
            typed = fields["formula"]
            rule = f"timing.{typed['quantity']} {typed['comparison']} {typed['limit']}"
            fields["formula"] = rule.strip()
        return fields


def item_form(kind: str) -> type[ItemForm]:
    """The form for a question of that type."""
    fields = {name: field for name, field in _fields_of_types().items() if kind in ONLY_FOR.get(name, TYPES)}
    shares = QUESTION_TYPES[kind].shares if kind in QUESTION_TYPES else {}
    if shares:
        words = {answer: FormField(Words, ANSWERS.get(answer, answer)) for answer in shares}
        fields["anchors"] = FormField(type("AnchorsPart", (Form,), words))
    return type("ItemFormOfType", (ItemForm,), fields)


def _fields_of_types() -> dict[str, Any]:
    return {
        "weight": StringField(_l("Weight in the section")),
        "critical": BooleanField(_l("Critical: failing it is flagged whatever the score")),
        "na": BooleanField(_l("May be N/A: then it earns nothing and costs nothing")),
        "required": BooleanField(_l("Required: the visit cannot be sent without an answer")),
        "comment_on": SelectField(_l("Asks for a few words after the answer"), validate_choice=False),
        "expected": SelectField(_l("Known answer: any other is flagged for review"), validate_choice=False),
        "options": FieldList(FormField(OptionRow)),
        "low": StringField(_l("Lowest number")),
        "high": StringField(_l("Highest number")),
        "formula": FormField(FormulaPart),
    }


def item_data(item: Mapping[str, Any]) -> Document:
    """A question of a draft as its form takes it."""
    data = {"lever": "training", "topic": "none"} | {
        key: value for key, value in item.items() if key != "key"
    }
    quantity, comparison, limit = [*str(item.get("formula") or "").split(" ", 2), "", "", ""][:3]
    data["formula"] = {
        "quantity": quantity.removeprefix("timing.") or "wait_seconds",
        "comparison": comparison or "<=",
        "limit": limit,
    }
    return data


def fill_choices(form: ItemForm, item: Item, earlier: Sequence[Item]) -> None:
    """Offer the answers that the question has, and the earlier questions that it may depend on.

    Answers to an earlier question that it does not offer are dropped.
    """
    for name, nothing in (("comment_on", _l("Never")), ("expected", _l("None: the answer is open"))):
        if name in form:
            form[name].choices = [
                SelectChoice("", nothing),
                *(SelectChoice(answer, answer_label(item, answer)) for answer in item.offered if answer),
            ]
    rule = form["shown_if"]
    rule["item"].choices = [
        SelectChoice("", _l("Always shown")),
        *(SelectChoice(each.code, f"{each.code} {each.text.to(language())}"[:80]) for each in earlier),
    ]
    chosen = next((each for each in earlier if each.code == rule["item"].data), None)
    offered = [answer for answer in chosen.offered if answer] if chosen else []
    rule["answers"].choices = [
        SelectChoice(answer, answer_label(chosen, answer)) for answer in offered if chosen
    ]
    rule["answers"].data = [answer for answer in rule["answers"].data or () if answer in offered]


def earlier_items(checklist: Checklist, section_at: int, item_at: int) -> list[Item]:
    """The questions before a place that have answers to pick from."""
    before = [item for section in checklist.sections[:section_at] for item in section.items]
    before += checklist.sections[section_at].items[:item_at]
    return [item for item in before if item.offered and item.code]


class ImportForm(Form):
    """A file with a checklist."""

    file = FileField(_l("File"))


def _kept(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {key: _kept(inner, key) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_kept(inner) for inner in value]
    if isinstance(value, bool):
        return value
    text = "\n".join(str(value or "").split("\r\n")).strip()
    digits = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return int(text) if name in _NUMBERS and digits else text
