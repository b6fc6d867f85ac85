"""What a checklist is: sections of questions with their weights, and the words around them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from pilot_eval.domain.checklists.question_types import QUESTION_TYPES
from pilot_eval.domain.documents import Text, digest

SCHEMA = 1
NOT_APPLICABLE = "na"
MAX_NUMBER = 1_000_000

Answer = str | int
Answers = Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Option:
    """One named choice; `percent` is the share of the weight that it earns."""

    code: str
    text: Text
    percent: int = 0

    def to_document(self) -> dict[str, Any]:
        return {"code": self.code, **_given(percent=self.percent), **self.text.to_document()}


@dataclass(frozen=True, slots=True)
class ShownIf:
    """A question is asked only after one of these answers to an earlier one."""

    item: str
    answers: tuple[str, ...]


COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {
    "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
QUANTITIES = ("wait_seconds", "handover_seconds", "service_seconds", "total_seconds")


@dataclass(frozen=True, slots=True)
class Formula:
    """A computed answer: a duration of the visit's timing held against a limit in seconds."""

    quantity: str
    comparison: str
    limit: int

    def __str__(self) -> str:
        return f"timing.{self.quantity} {self.comparison} {self.limit}"

    def answer(
        self, durations: Mapping[str, int | None], at_least: Mapping[str, int | None] | None = None
    ) -> str | None:
        """`yes` or `no`; None where the duration does not tell.

        Parameters
        ----------
        durations : mapping of str to int or None
            Measured to their end.
        at_least : mapping of str to int or None, optional
            What was given up after so long: the true duration is that long or longer.
        """
        seconds, least = durations.get(self.quantity), (at_least or {}).get(self.quantity)
        holds = COMPARISONS[self.comparison]
        if seconds is not None:
            return "yes" if holds(seconds, self.limit) else "no"
        if least is None:
            return None
        # Whatever is as long or longer answers the same only on the far side of the limit.
        if self.comparison in (">", ">="):
            return "yes" if holds(least, self.limit) else None
        return None if holds(least, self.limit) else "no"


@dataclass(frozen=True, slots=True)
class Item:
    """One question."""

    code: str
    type: str
    text: Text
    weight: int = 0
    critical: bool = False
    na: bool = False
    required: bool = False
    lever: str = "training"
    topic: str = "none"
    help: Text | None = None
    anchors: Mapping[str, Text] = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    comment_on: str = ""
    # Known beforehand: another answer makes a reviewer look.
    expected: str = ""
    shown_if: ShownIf | None = None
    formula: Formula | None = None
    low: int = 0
    high: int = MAX_NUMBER

    @property
    def shares(self) -> Mapping[str, Fraction]:
        """The offered answers, N/A apart, and the share of the weight that each earns."""
        if self.type == "choice":
            return {option.code: Fraction(option.percent, 100) for option in self.options}
        return QUESTION_TYPES[self.type].shares

    @property
    def offered(self) -> tuple[str, ...]:
        """Every answer that can be picked, N/A last; empty for numbers and texts."""
        return (*self.shares, *((NOT_APPLICABLE,) if self.na and self.shares else ()))

    @property
    def asked(self) -> bool:
        return QUESTION_TYPES[self.type].asked

    @property
    def scored(self) -> bool:
        return self.weight > 0

    def fails(self, answer: Answer | None) -> bool:
        """Whether that answer to a critical question is the failing one (it earns nothing)."""
        return self.critical and self.shares.get(str(answer)) == 0

    def to_document(self) -> dict[str, Any]:
        """The plain form, without what is left at its default."""
        return {
            "code": self.code,
            "type": self.type,
            **self.text.to_document(),
            **_given(
                weight=self.weight,
                critical=self.critical,
                na=self.na,
                required=self.required,
                lever="" if self.lever == "training" else self.lever,
                topic="" if self.topic == "none" else self.topic,
                help=self.help and self.help.to_document(),
                anchors={answer: text.to_document() for answer, text in self.anchors.items()},
                options=[option.to_document() for option in self.options],
                comment_on=self.comment_on,
                expected=self.expected,
                shown_if=self.shown_if
                and {"item": self.shown_if.item, "answers": list(self.shown_if.answers)},
                formula=self.formula and str(self.formula),
                low=self.low,
                high=0 if self.high == MAX_NUMBER else self.high,
            ),
        }


@dataclass(frozen=True, slots=True)
class Section:
    """Questions that are scored together; `weight` is the section's fixed share of the total."""

    code: str
    title: Text
    weight: int
    items: tuple[Item, ...]
    note: Text | None = None

    def to_document(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "title": self.title.to_document(),
            **_given(weight=self.weight, note=self.note and self.note.to_document()),
            "items": [item.to_document() for item in self.items],
        }


@dataclass(frozen=True, slots=True)
class Grade:
    """A word for scores from `low` points upwards."""

    low: int
    text: Text

    def to_document(self) -> dict[str, Any]:
        return {"min": self.low, **self.text.to_document()}


@dataclass(frozen=True)
class Checklist:
    """One version of a checklist."""

    code: str
    version: int
    title: Text
    sections: tuple[Section, ...]
    knockout: str
    grades: tuple[Grade, ...]
    min_answered_percent: int
    scenarios: tuple[Option, ...]
    incidents: tuple[Option, ...]

    @cached_property
    def items(self) -> dict[str, Item]:
        """Every question by code, in order."""
        return {item.code: item for section in self.sections for item in section.items}

    @cached_property
    def conditional(self) -> bool:
        """Whether any question is asked only after certain answers."""
        return any(item.shown_if for item in self.items.values())

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical document: equal exactly when the checklists mean the same."""
        return digest(self.to_document())

    def __hash__(self) -> int:
        return hash(self.digest)

    def to_document(self) -> dict[str, Any]:
        """Plain data from which `parse` makes this very checklist again."""
        return {
            "schema": SCHEMA,
            "code": self.code,
            "version": self.version,
            "title": self.title.to_document(),
            "scoring": {
                "knockout": self.knockout,
                "min_answered_percent": self.min_answered_percent,
                "grades": [grade.to_document() for grade in self.grades],
            },
            "sections": [section.to_document() for section in self.sections],
            "header": {
                "scenarios": [option.to_document() for option in self.scenarios],
                "incidents": [option.to_document() for option in self.incidents],
            },
        }

    def computed(
        self, durations: Mapping[str, int | None], at_least: Mapping[str, int | None] | None = None
    ) -> dict[str, str]:
        """Answers of the computed questions from a timing's durations in seconds; see `Formula.answer`."""
        formulas = ((item.code, item.formula) for item in self.items.values() if item.formula)
        answers = {code: formula.answer(durations, at_least) for code, formula in formulas}
        return {code: answer for code, answer in answers.items() if answer is not None}


def _given(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}
