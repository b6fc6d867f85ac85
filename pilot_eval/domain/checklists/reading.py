"""Reading a checklist from plain data, every fault told with its path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from pilot_eval.domain.checklists.model import (
    MAX_NUMBER,
    NOT_APPLICABLE,
    QUANTITIES,
    SCHEMA,
    Checklist,
    Formula,
    Grade,
    Item,
    Option,
    Section,
    ShownIf,
)
from pilot_eval.domain.checklists.question_types import QUESTION_TYPES, UNSCORED_TYPES
from pilot_eval.domain.documents import FORMS, Reader, Text, note_repeats, parse_with, read_with, read_yaml
from pilot_eval.domain.problems import N_, FieldProblem

LEVERS = ("training", "facility")
TOPICS = ("key_products", "service_standards", "mentoring", "none")
MOST_VERSIONS = 9999
KNOCKOUTS = ("flag", "zero_section", "cap_50", "zero_total")
FORMULA = re.compile(rf"timing\.({'|'.join(QUANTITIES)}) (<=|>=|<|>) (\d{{1,6}})")


def parse(document: object) -> Checklist:
    """A checklist from plain data.

    Raises
    ------
    DocumentError
        Every fault with its path: unknown types and names, duplicate codes, bare YAML booleans, weights ...
    """
    return parse_with(_checklist, document)


def read_unfinished(document: object) -> tuple[Checklist, list[FieldProblem]]:
    """As much of a checklist as plain data hold, and every fault with its path.

    What is missing or wrong is empty in it, or at its default: it can be shown, never scored.
    """
    return read_with(_checklist, document)


@lru_cache(maxsize=1)
def default_checklist() -> Checklist:
    """The checklist that comes with the product."""
    return parse(read_yaml((FORMS / "post-branch.yml").read_text(encoding="utf-8")))


def _checklist(reader: Reader) -> Checklist:
    reader.whole("schema", SCHEMA, SCHEMA)
    code, version, title = (
        reader.code(),
        reader.whole("version", 1, MOST_VERSIONS),
        reader.needed_text("title"),
    )
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
        option = Option(reader.code(), reader.own_text(), percent)
        options.append(option)
        codes.append((reader.at("code"), option.code))
        reader.close()
    note_repeats(codes, parent.problems)
    return tuple(options)


def _sections(parent: Reader) -> tuple[Section, ...]:
    sections: list[Section] = []
    section_codes: list[tuple[str, str]] = []
    item_codes: list[tuple[str, str]] = []
    earlier: dict[str, Item] = {}
    for reader in parent.inners("sections"):
        code = reader.code()
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
        code=reader.code(),
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
        expected=reader.word("expected", ""),
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
    for key, answer in {"comment_on": item.comment_on, "expected": item.expected}.items():
        if answer and answer not in item.offered:
            message = N_("is %(found)s; it should be one of: %(allowed)s")
            reader.problem(key, "unknown", message, found=answer, allowed=", ".join(item.offered))
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
