"""Checklists: the questions of a visit, how their answers are checked, and how they become a score.

Everything is exact: shares and percentages are fractions, and the score that is stored is a whole number of
hundredths of a point (half to even), so that sums of scores are the same everywhere.
"""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

from pilot_eval.domain.documents import FORMS, Reader, Text, digest, note_repeats, parse_with, read_yaml
from pilot_eval.domain.problems import N_, FieldProblem

SCHEMA = 1
NOT_APPLICABLE = "na"
LEVERS = ("training", "facility")
TOPICS = ("key_products", "service_standards", "mentoring", "none")
KNOCKOUTS = ("flag", "zero_section", "cap_50", "zero_total")
OUTCOMES = ("done", "closed", "recognised", "refused")
CODE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
MAX_TEXT = 2000
MAX_NUMBER = 1_000_000
MAX_WINDOW = 99

Answer = str | int
Answers = Mapping[str, Answer]


# Question types --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QuestionType:
    """A kind of question.

    Parameters
    ----------
    code : str
        Its name in a checklist.
    shares : mapping of str to Fraction
        The answers it offers and the share of the weight that each earns; empty where none are offered.
    asked : bool
        False where the answer is worked out, never given.
    """

    code: str
    shares: Mapping[str, Fraction] = field(default_factory=dict)
    asked: bool = True


def registry(types: Iterable[QuestionType]) -> dict[str, QuestionType]:
    """Question types by code.

    Raises
    ------
    ValueError
        If two types have the same code.
    """
    types = tuple(types)
    twice = [code for code, n in Counter(kind.code for kind in types).items() if n > 1]
    if twice:
        raise ValueError(f"question types registered twice: {', '.join(twice)}")
    return {kind.code: kind for kind in types}


QUESTION_TYPES = registry(
    (
        QuestionType("yesno", {"yes": Fraction(1), "no": Fraction(0)}),
        QuestionType("scale3", {"full": Fraction(1), "partial": Fraction(1, 2), "none": Fraction(0)}),
        QuestionType("scale5", {str(step): Fraction(step - 1, 4) for step in range(1, 6)}),
        QuestionType("choice"),
        QuestionType("number"),
        QuestionType("text"),
        QuestionType("computed", asked=False),
    )
)
UNSCORED_TYPES = ("number", "text", "computed")


# The checklist ---------------------------------------------------------------------------------------------


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
FORMULA = re.compile(rf"timing\.({'|'.join(QUANTITIES)}) (<=|>=|<|>) (\d{{1,6}})")


@dataclass(frozen=True, slots=True)
class Formula:
    """A computed answer: a duration of the visit's timing held against a limit in seconds."""

    quantity: str
    comparison: str
    limit: int

    def __str__(self) -> str:
        return f"timing.{self.quantity} {self.comparison} {self.limit}"

    def answer(self, durations: Mapping[str, int | None]) -> str | None:
        """`yes` or `no`; None where that duration was not measured."""
        seconds = durations.get(self.quantity)
        if seconds is None:
            return None
        return "yes" if COMPARISONS[self.comparison](seconds, self.limit) else "no"


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
    def digest(self) -> str:
        """SHA-256 of the canonical document: equal exactly when the checklists mean the same."""
        return digest(self.to_document())

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

    def computed(self, durations: Mapping[str, int | None]) -> dict[str, str]:
        """Answers of the computed questions from a timing's durations in seconds."""
        formulas = ((item.code, item.formula) for item in self.items.values() if item.formula)
        answers = {code: formula.answer(durations) for code, formula in formulas}
        return {code: answer for code, answer in answers.items() if answer is not None}


def _given(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}


# Reading a document ----------------------------------------------------------------------------------------


def parse(document: object) -> Checklist:
    """A checklist from plain data.

    Raises
    ------
    DocumentError
        Every fault with its path: unknown types and names, duplicate codes, bare YAML booleans, weights ...
    """
    return parse_with(_checklist, document)


@lru_cache(maxsize=1)
def default_checklist() -> Checklist:
    """The checklist that comes with the product."""
    return parse(read_yaml((FORMS / "post-branch.yml").read_text(encoding="utf-8")))


def _checklist(reader: Reader) -> Checklist:
    reader.whole("schema", SCHEMA, SCHEMA)
    code, version, title = _code(reader), reader.whole("version", 1, 9999), reader.needed_text("title")
    scoring, header = reader.inner("scoring"), reader.inner("header")
    sections = _sections(reader)
    checklist = Checklist(
        code=code,
        version=version,
        title=title,
        sections=sections,
        knockout=scoring.one_of("knockout", KNOCKOUTS, "flag"),
        grades=_grades(scoring),
        min_answered_percent=scoring.whole("min_answered_percent", 1, 100, 80),
        scenarios=_options(header, "scenarios"),
        incidents=_options(header, "incidents", required=False),
    )
    scoring.close()
    header.close()
    if sections and not any(section.weight for section in sections):
        reader.problem(
            "sections", "nothing_scored", N_("have no question with a weight: nothing could be scored")
        )
    return checklist


def _grades(scoring: Reader) -> tuple[Grade, ...]:
    grades = []
    for reader in scoring.inners("grades"):
        grades.append(Grade(reader.whole("min", 0, 100), reader.own_text()))
        reader.close()
    lows = [grade.low for grade in grades]
    if grades and (lows != sorted(set(lows), reverse=True) or lows[-1] != 0):
        scoring.problem(
            "grades", "grades_order", N_("should fall from grade to grade, the last one beginning at 0")
        )
    return tuple(grades)


def _options(
    parent: Reader, key: str, *, required: bool = True, percents: bool = False
) -> tuple[Option, ...]:
    options, codes = [], []
    for reader in parent.inners(key, required=required):
        percent = reader.whole("percent", 0, 100, 0) if percents else 0
        option = Option(_code(reader), reader.own_text(), percent)
        options.append(option)
        codes.append((reader.at("code"), option.code))
        reader.close()
    note_repeats(codes, parent.problems)
    return tuple(options)


def _code(reader: Reader) -> str:
    code = reader.word("code")
    if code and not CODE.fullmatch(code):
        reader.problem(
            "code",
            "bad_code",
            N_("is %(found)s; a code is a letter, then letters, digits, _ or - (at most 32)"),
            found=code,
        )
    return code


def _sections(parent: Reader) -> tuple[Section, ...]:
    sections: list[Section] = []
    section_codes: list[tuple[str, str]] = []
    item_codes: list[tuple[str, str]] = []
    earlier: dict[str, Item] = {}
    for reader in parent.inners("sections"):
        code = _code(reader)
        section_codes.append((reader.at("code"), code))
        items = []
        title, note = reader.needed_text("title"), reader.text("note")
        for item_reader in reader.inners("items"):
            item = _item(item_reader, earlier)
            item_codes.append((item_reader.at("code"), item.code))
            items.append(item)
            earlier[item.code] = item
        sections.append(Section(code, title, _section_weight(reader, items), tuple(items), note))
        reader.close()
    note_repeats(section_codes, parent.problems)
    note_repeats(item_codes, parent.problems)
    return tuple(sections)


def _section_weight(reader: Reader, items: list[Item]) -> int:
    weight = reader.whole("weight", 0, 1000, 0)
    scored = any(item.scored for item in items)
    if scored and not weight:
        reader.problem("weight", "no_weight", N_("is missing or 0, but the section has scored questions"))
    if weight and items and not scored:
        reader.problem(
            "weight",
            "empty_weight",
            N_("is %(weight)s, but no question of the section is scored"),
            weight=weight,
        )
    return weight


def _item(reader: Reader, earlier: Mapping[str, Item]) -> Item:
    kind = reader.one_of("type", tuple(QUESTION_TYPES))
    options = _options(reader, "options", percents=True) if kind == "choice" else ()
    item = Item(
        code=_code(reader),
        type=kind if kind in QUESTION_TYPES else "text",
        text=reader.own_text(),
        weight=reader.whole("weight", 0, 1000, 0),
        critical=reader.flag("critical"),
        na=reader.flag("na"),
        required=reader.flag("required"),
        lever=reader.one_of("lever", LEVERS, "training"),
        topic=reader.one_of("topic", TOPICS, "none"),
        help=reader.text("help"),
        anchors=_anchors(reader, kind),
        options=options,
        comment_on=reader.word("comment_on", ""),
        shown_if=_shown_if(reader, earlier),
        formula=_formula(reader) if kind == "computed" else None,
        low=reader.whole("low", 0, MAX_NUMBER, 0) if kind == "number" else 0,
        high=reader.whole("high", 1, MAX_NUMBER, MAX_NUMBER) if kind == "number" else MAX_NUMBER,
    )
    if kind in QUESTION_TYPES:
        _item_rules(reader, item)
    reader.close()
    return item


def _item_rules(reader: Reader, item: Item) -> None:
    if item.type in UNSCORED_TYPES and item.weight:
        message = N_("is %(weight)s, but a question of type %(type)s earns no points")
        reader.problem("weight", "cannot_score", message, weight=item.weight, type=item.type)
    if item.critical and 0 not in item.shares.values():
        reader.problem("critical", "cannot_fail", N_("is true, but no answer to this question earns nothing"))
    if item.comment_on and item.comment_on not in item.offered:
        message = N_("is %(found)s; it should be one of: %(allowed)s")
        reader.problem(
            "comment_on", "unknown", message, found=item.comment_on, allowed=", ".join(item.offered)
        )
    if item.low > item.high:
        reader.problem("low", "low_above_high", N_("is above high"))
    if item.na and not item.shares and item.asked:
        reader.problem(
            "na",
            "cannot_be_na",
            N_("is true, but a question of type %(type)s is left empty instead"),
            type=item.type,
        )
    if NOT_APPLICABLE in item.shares:
        reader.problem(
            "options", "reserved", N_("use the code na, which means not applicable: set na: true instead")
        )


def _anchors(reader: Reader, kind: str) -> dict[str, Text]:
    shares = QUESTION_TYPES[kind].shares if kind in QUESTION_TYPES else {}
    if "anchors" not in reader:
        if kind == "scale3":
            reader.problem("anchors", "missing", N_("is missing: say what each step means"))
        return {}
    inner = reader.inner("anchors")
    anchors = {answer: inner.needed_text(answer) for answer in shares if answer in inner or kind == "scale3"}
    inner.close()
    return anchors


def _shown_if(reader: Reader, earlier: Mapping[str, Item]) -> ShownIf | None:
    if "shown_if" not in reader:
        return None
    inner = reader.inner("shown_if")
    code = inner.word("item")
    asked = earlier.get(code)
    if asked is None or not asked.offered:
        message = N_("is %(found)s; it should be an earlier question with answers to pick from")
        inner.problem("item", "not_earlier", message, found=code)
    answers = inner.words("answers", asked.offered if asked else ())
    if not answers:
        inner.problem("answers", "missing", N_("is missing"))
    inner.close()
    return ShownIf(code, answers)


def _formula(reader: Reader) -> Formula | None:
    written = reader.word("formula")
    match = FORMULA.fullmatch(written)
    if match:
        return Formula(match[1], match[2], int(match[3]))
    if written:
        reader.problem(
            "formula",
            "bad_formula",
            N_("is %(found)s; it should look like timing.wait_seconds <= 600"),
            found=written,
        )
    return None


# Answers ---------------------------------------------------------------------------------------------------


def shown(checklist: Checklist, answers: Answers) -> Iterator[Item]:
    """The questions that these answers leave open to ask, computed ones included."""
    visible: set[str] = set()
    for item in checklist.items.values():
        rule = item.shown_if
        if rule is None or (rule.item in visible and answers.get(rule.item) in rule.answers):
            visible.add(item.code)
            yield item


def normalise_answers(checklist: Checklist, answers: Mapping[str, Answer | None]) -> dict[str, Answer]:
    """What is kept of a form's answers: stripped, without empty ones and those of questions not asked."""
    stripped = {
        code: answer.strip() if isinstance(answer, str) else answer for code, answer in answers.items()
    }
    given = {code: answer for code, answer in stripped.items() if answer is not None and answer != ""}
    unasked = set(checklist.items) - {item.code for item in shown(checklist, given)}
    return {code: answer for code, answer in given.items() if code not in unasked}


def unanswered(checklist: Checklist, answers: Answers) -> list[str]:
    """Codes of the asked questions that have no answer yet, in order."""
    return [item.code for item in shown(checklist, answers) if item.asked and item.code not in answers]


def critical_fails(checklist: Checklist, answers: Answers) -> tuple[str, ...]:
    """Codes of the critical questions that were failed."""
    return tuple(item.code for item in shown(checklist, answers) if item.fails(answers.get(item.code)))


def answer_field(code: str) -> str:
    """Name of a question's field: prefixed, so that no code can collide with a form's own names."""
    return f"q_{code}"


def comment_field(code: str) -> str:
    """Name of the field for words about one answer."""
    return f"c_{code}"


def check_answers(
    checklist: Checklist,
    answers: Answers,
    header: Mapping[str, Any],
    comments: Mapping[str, str] | None = None,
) -> list[FieldProblem]:
    """What is wrong with a visit as filled in; an empty list means that it can be stored.

    Unanswered questions are no fault unless marked `required`. A failed critical question needs words:
    its own comment, or the narrative.

    Parameters
    ----------
    answers : mapping of str to str or int
        Normalised answers by question code.
    header : mapping
        `outcome` (one of OUTCOMES), `scenario`, `incidents`, `window_no`, `receipt_tail`, `narrative`, and
        `started_at`, `left_at` as datetimes; absent keys are unanswered.
    comments : mapping, optional
        Words about single answers by question code.
    """
    comments = comments or {}
    problems = [
        problem for code, answer in answers.items() if (problem := _answer_problem(checklist, code, answer))
    ]
    problems += _header_problems(checklist, header)
    problems += _comment_problems(checklist, answers, comments)
    if header.get("outcome") == "done":
        problems += [
            FieldProblem(
                answer_field(item.code), "missing", N_("%(item)s: choose an answer"), {"item": item.code}
            )
            for item in shown(checklist, answers)
            if item.required and item.asked and item.code not in answers
        ]
    failed = [code for code in critical_fails(checklist, answers) if not comments.get(code, "").strip()]
    failed = [code for code in failed if not checklist.items[code].comment_on]
    if failed and not str(header.get("narrative") or "").strip():
        message = N_("Say in a few words what happened: a critical question was failed (%(items)s)")
        problems.append(FieldProblem("narrative", "narrative_missing", message, {"items": ", ".join(failed)}))
    return problems


def _answer_problem(checklist: Checklist, code: str, answer: object) -> FieldProblem | None:
    item = checklist.items.get(code)
    name = answer_field(code)
    if item is None or not item.asked:
        return FieldProblem(
            name, "unknown_question", N_("This checklist does not ask %(item)s"), {"item": code}
        )
    values = {"item": code, "found": answer}
    if answer == NOT_APPLICABLE and not item.na:
        return FieldProblem(
            name, "na_not_allowed", N_("%(item)s always applies: choose another answer"), values
        )
    if item.type == "number" and answer != NOT_APPLICABLE:
        if isinstance(answer, bool) or not isinstance(answer, int) or not item.low <= answer <= item.high:
            message = N_("%(item)s: give a whole number from %(low)s to %(high)s")
            return FieldProblem(name, "not_a_number", message, {**values, "low": item.low, "high": item.high})
    elif item.type == "text":
        if not isinstance(answer, str) or len(answer) > MAX_TEXT:
            message = N_("%(item)s: write at most %(most)s characters")
            return FieldProblem(name, "too_long", message, {**values, "most": MAX_TEXT})
    elif not isinstance(answer, str) or (answer not in item.offered and answer != NOT_APPLICABLE):
        return FieldProblem(name, "not_an_answer", N_("%(item)s: choose one of the answers"), values)
    return None


def _comment_problems(
    checklist: Checklist, answers: Answers, comments: Mapping[str, str]
) -> list[FieldProblem]:
    problems = []
    for code, comment in comments.items():
        if code not in checklist.items:
            message = N_("This checklist does not ask %(item)s")
            problems.append(FieldProblem(comment_field(code), "unknown_question", message, {"item": code}))
        elif len(comment) > MAX_TEXT:
            message = N_("%(item)s: write at most %(most)s characters")
            values = {"item": code, "most": MAX_TEXT}
            problems.append(FieldProblem(comment_field(code), "too_long", message, values))
    for item in shown(checklist, answers):
        due = item.comment_on and answers.get(item.code) == item.comment_on
        if due and not comments.get(item.code, "").strip():
            message = N_("%(item)s: say in a few words what happened")
            problems.append(
                FieldProblem(comment_field(item.code), "comment_missing", message, {"item": item.code})
            )
    return problems


def _header_problems(checklist: Checklist, header: Mapping[str, Any]) -> list[FieldProblem]:
    problems = []

    def wrong(name: str, code: str, message: str, **values: object) -> None:
        problems.append(FieldProblem(name, code, message, values))

    if header.get("outcome") not in OUTCOMES:
        wrong("outcome", "missing", N_("Say how the visit ended"))
    if header.get("scenario") not in {option.code for option in checklist.scenarios}:
        wrong("scenario", "missing", N_("Choose the scenario that you played"))
    if set(header.get("incidents") or ()) - {option.code for option in checklist.incidents}:
        wrong("incidents", "unknown", N_("Choose incidents from the list"))
    window = header.get("window_no")
    if window is not None and (
        isinstance(window, bool) or not isinstance(window, int) or not 1 <= window <= MAX_WINDOW
    ):
        wrong(
            "window_no",
            "not_a_number",
            N_("The window is a number from 1 to %(most)s, never a name"),
            most=MAX_WINDOW,
        )
    tail = header.get("receipt_tail")
    if tail and not re.fullmatch(r"[0-9A-Za-z]{1,6}", str(tail)):
        wrong("receipt_tail", "too_long", N_("Give only the last digits of the receipt, at most 6"))
    if len(str(header.get("narrative") or "")) > MAX_TEXT:
        wrong("narrative", "too_long", N_("Write at most %(most)s characters"), most=MAX_TEXT)
    started, left = header.get("started_at"), header.get("left_at")
    if started is None:
        wrong("started_at", "missing", N_("Say when you came in"))
    if left is None:
        wrong("left_at", "missing", N_("Say when you left"))
    if started is not None and left is not None and left < started:
        wrong("left_at", "out_of_order", N_("You left before you came in: check both times"))
    return problems


# Scoring ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SectionScore:
    """One section's step towards the total.

    Parameters
    ----------
    code : str
    weight : int
        The section's fixed weight.
    applicable, answered : int
        Scored questions that apply (N/A and not-asked ones apart), and how many of them have an answer.
    earned, possible : Fraction, int
        Points earned and points possible over the answered questions that apply.
    percent : Fraction or None
        100 x earned / possible, after `zero_section`; None without an answered question.
    critical_fails : tuple of str
        Codes of the critical questions that were failed.
    """

    code: str
    weight: int
    applicable: int
    answered: int
    earned: Fraction
    possible: int
    percent: Fraction | None
    critical_fails: tuple[str, ...]

    @property
    def counts(self) -> bool:
        """Whether the section's weight counts: it does unless every question of it is N/A."""
        return self.weight > 0 and self.applicable > 0


@dataclass(frozen=True, slots=True)
class Score:
    """A visit's score with every step, so that a page can explain it.

    Parameters
    ----------
    total : Fraction or None
        Points from 0 to 100 after knock-out; None when there is no score.
    reason : str
        `too_few_answered`, `section_unanswered` or `nothing_applies` when there is no score, else empty.
    before_knockout : Fraction or None
        The weighted total before a failed critical question did anything to it.
    pooled : Fraction or None
        100 x earned / possible over all questions, whatever their section: a cross-check, never knocked out.
    applicable, answered : int
        Scored questions that apply, and how many of them have an answer.
    grade : Grade or None
    """

    sections: tuple[SectionScore, ...]
    total: Fraction | None
    reason: str
    before_knockout: Fraction | None
    pooled: Fraction | None
    applicable: int
    answered: int
    critical_fails: tuple[str, ...]
    grade: Grade | None

    @property
    def hundredths(self) -> int | None:
        """The stored score: whole hundredths of a point, half to even (83.335 points are 8334)."""
        return to_hundredths(self.total)

    @property
    def pooled_hundredths(self) -> int | None:
        """The cross-check in whole hundredths of a point, half to even."""
        return to_hundredths(self.pooled)


def to_hundredths(points: Fraction | None) -> int | None:
    """Whole hundredths of a point, half to even."""
    return None if points is None else round(points * 100)


def score(checklist: Checklist, answers: Answers) -> Score:
    """Score a visit's answers.

    A section's percentage is earned / possible over its answered questions that apply. The total weights the
    sections by their fixed weights, renormalised only when a section is N/A as a whole. A visit with less
    than the checklist's share of applicable questions answered (80 % by default), or with a whole section
    that applies but was left unanswered, has no score.

    Raises
    ------
    ValueError
        If an answer is none of those that the question offers: check first, then score.
    """
    asked = {item.code for item in shown(checklist, answers)}
    sections = tuple(
        _section_score(section, answers, asked, checklist.knockout) for section in checklist.sections
    )
    applicable = sum(section.applicable for section in sections)
    answered = sum(section.answered for section in sections)
    possible = sum(section.possible for section in sections)
    reason = _no_score_reason(checklist, sections, applicable, answered)
    fails = critical_fails(checklist, answers)
    weighted = None if reason else _weighted(sections)
    total = None if weighted is None else _after_knockout(weighted, checklist.knockout, bool(fails))
    before = (
        None
        if reason
        else _weighted(tuple(_section_score(s, answers, asked, "flag") for s in checklist.sections))
    )
    return Score(
        sections=sections,
        total=total,
        reason=reason,
        before_knockout=before,
        pooled=100 * sum((s.earned for s in sections), Fraction(0)) / possible if possible else None,
        applicable=applicable,
        answered=answered,
        critical_fails=fails,
        grade=None
        if total is None
        else next((grade for grade in checklist.grades if total >= grade.low), None),
    )


def _section_score(section: Section, answers: Answers, asked: set[str], knockout: str) -> SectionScore:
    earned, possible, applicable, answered = Fraction(0), 0, 0, 0
    fails = []
    for item in (item for item in section.items if item.code in asked):
        answer = answers.get(item.code)
        if item.fails(answer):
            fails.append(item.code)
        if not item.scored or (answer == NOT_APPLICABLE and item.na):
            continue
        applicable += 1
        if answer is None:
            continue
        if not isinstance(answer, str) or answer not in item.shares:
            raise ValueError(f"{item.code}: {answer!r} is not an answer to a {item.type} question")
        answered += 1
        possible += item.weight
        earned += item.weight * item.shares[answer]
    percent = 100 * earned / possible if possible else None
    if knockout == "zero_section" and fails and percent is not None:
        percent = Fraction(0)
    return SectionScore(
        section.code, section.weight, applicable, answered, earned, possible, percent, tuple(fails)
    )


def _no_score_reason(
    checklist: Checklist, sections: tuple[SectionScore, ...], applicable: int, answered: int
) -> str:
    if not applicable:
        return "nothing_applies"
    if answered * 100 < checklist.min_answered_percent * applicable:
        return "too_few_answered"
    if any(section.counts and not section.answered for section in sections):
        return "section_unanswered"
    return ""


def _weighted(sections: tuple[SectionScore, ...]) -> Fraction:
    counting = [(section.weight, section.percent) for section in sections if section.counts]
    total = sum((weight * percent for weight, percent in counting if percent is not None), Fraction(0))
    return total / sum(weight for weight, _ in counting)


def _after_knockout(total: Fraction, knockout: str, failed: bool) -> Fraction:
    if failed and knockout == "zero_total":
        return Fraction(0)
    if failed and knockout == "cap_50":
        return min(total, Fraction(50))
    return total
