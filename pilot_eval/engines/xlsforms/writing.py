"""A checklist written as an XLSForm workbook."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import xlsxwriter

from pilot_eval.domain.checklists import NOT_APPLICABLE, Checklist, Item, Option, Section
from pilot_eval.domain.documents import Text
from pilot_eval.domain.errors import BadInput, Message, Problem
from pilot_eval.engines.xlsforms.layout import (
    ANSWER_WORDS,
    COMMENT,
    COMMENT_WORDS,
    ENGLISH,
    HEADER,
    HEADER_NAMES,
    HEADER_ROWS,
    INCIDENTS,
    OUTCOME_WORDS,
    OUTCOMES,
    RUSSIAN,
    SCENARIOS,
    SECTION,
    SECTION_NOTE,
    escaped,
)

LONGEST_CELL = 32_767  # characters that Excel keeps in a cell

Row = Mapping[str, Any]

_SURVEY = (
    *("type", "name", f"label::{ENGLISH}", f"label::{RUSSIAN}", f"hint::{ENGLISH}", f"hint::{RUSSIAN}"),
    *("required", "relevant", "constraint", "calculation", "part", "kind", "code", "weight", "critical"),
    *("na", "lever", "topic", "comment_on", "expected", "formula"),
)
_CHOICES = (
    "list_name",
    "name",
    f"label::{ENGLISH}",
    f"label::{RUSSIAN}",
    "percent",
    "anchor_en",
    "anchor_ru",
)
_SETTINGS = (
    *("form_title", "title_ru", "form_id", "version", "default_language"),
    *("knockout", "min_answered_percent"),
)
_GRADES = ("min", "en", "ru")
_WIDTHS = {"type": 24, "name": 18, "relevant": 28, "constraint": 22, "formula": 30, "list_name": 20}


def xlsform_bytes(checklist: Checklist) -> bytes:
    """The workbook.

    Raises
    ------
    BadInput
        If a text is longer than a cell of a workbook can be.
    """
    names = _names(checklist)
    sheets: dict[str, tuple[Sequence[str], list[Row]]] = {
        "survey": (_SURVEY, list(_survey(checklist, names))),
        "choices": (_CHOICES, list(_choices(checklist, names))),
        "settings": (_SETTINGS, [_settings(checklist)]),
        "grades": (_GRADES, [{"min": each.low, **_plain(each.text)} for each in checklist.grades]),
    }
    content = io.BytesIO()
    # No text becomes a formula or a link.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as workbook:
        bold = workbook.add_format({"bold": True})
        wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
        for title, (columns, rows) in sheets.items():
            sheet = workbook.add_worksheet(title)
            sheet.freeze_panes(1, 0)
            for at, column in enumerate(columns):
                wide = 48 if column.startswith(("label", "hint", "anchor")) else _WIDTHS.get(column, 12)
                sheet.set_column(at, at, wide, wrapped)
                sheet.write_string(0, at, column, bold)
            for number, row in enumerate(rows, 1):
                for at, column in enumerate(columns):
                    _write(sheet, number, at, row.get(column))
    return content.getvalue()


def _write(sheet: Any, row: int, column: int, value: str | int | None) -> None:
    if isinstance(value, int):
        sheet.write_number(row, column, value)
    elif value:
        if len(value) > LONGEST_CELL:
            message = Message(
                "is longer than a cell of a workbook can be (%(most)s letters)", most=LONGEST_CELL
            )
            raise BadInput([Problem(f"{value[:40]}…", message)])
        sheet.write_string(row, column, value)


def _names(checklist: Checklist) -> dict[str, str]:
    """A name for each question that no other has, whatever its capitals."""
    used, names = set(HEADER_NAMES), {}
    for code in checklist.items:
        name, count = code, 1
        while name.casefold() in used:
            count += 1
            name = f"{code}_{count}"
        used.add(name.casefold())
        names[code] = name
    return names


def _plain(text: Text) -> dict[str, str]:
    return {"en": text.en, "ru": text.ru}


def _label(en: str, ru: str) -> Row:
    return {f"label::{ENGLISH}": escaped(en), f"label::{RUSSIAN}": escaped(ru)}


# Survey -----------------------------------------------------------------------------------------------------


def _survey(checklist: Checklist, names: Mapping[str, str]) -> Iterator[Row]:
    yield {"type": "begin_group", "name": HEADER, **_label("The visit", "Визит"), "part": HEADER}
    for kind, name, en, ru in HEADER_ROWS:
        if name == INCIDENTS and not checklist.incidents:
            continue
        yield {"type": kind, "name": name, **_label(en, ru), "part": HEADER}
    yield {"type": "end_group", "part": HEADER}
    for section in checklist.sections:
        yield from _section(section, names)


def _section(section: Section, names: Mapping[str, str]) -> Iterator[Row]:
    yield {
        "type": "begin_group",
        "name": f"section_{section.code}",
        **_label(section.title.en, section.title.ru),
        "part": SECTION,
        "code": section.code,
        "weight": section.weight,
    }
    if section.note:
        yield {
            "type": "note",
            "name": f"section_{section.code}_note",
            **_label(section.note.en, section.note.ru),
            "part": SECTION_NOTE,
        }
    for item in section.items:
        yield _question(item, names)
        if item.comment_on:
            yield {
                "type": "text",
                "name": f"{names[item.code]}_comment",
                **_label(*COMMENT_WORDS),
                "required": "yes",
                "relevant": _selected(names[item.code], (item.comment_on,)),
                "part": COMMENT,
            }
    yield {"type": "end_group", "part": SECTION}


def _question(item: Item, names: Mapping[str, str]) -> Row:
    rule = item.shown_if
    hints = (
        {f"hint::{ENGLISH}": escaped(item.help.en), f"hint::{RUSSIAN}": escaped(item.help.ru)}
        if item.help
        else {}
    )
    return {
        "type": _type(item, names),
        "name": names[item.code],
        **_label(item.text.en, item.text.ru),
        **hints,
        "required": "yes" if item.required else None,
        "relevant": _selected(names[rule.item], rule.answers) if rule else None,
        "constraint": f". >= {item.low} and . <= {item.high}" if item.type == "number" else None,
        # ODK has no timing of ours: the question is there, and its answer empty.
        "calculation": "''" if item.formula else None,
        "kind": item.type,
        "code": item.code,
        "weight": item.weight or None,
        "critical": "yes" if item.critical else None,
        "na": "yes" if item.na else None,
        "lever": item.lever,
        "topic": item.topic,
        "comment_on": item.comment_on,
        "expected": item.expected,
        "formula": str(item.formula) if item.formula else None,
    }


def _selected(name: str, answers: Sequence[str]) -> str:
    return " or ".join(f"selected(${{{name}}}, '{answer}')" for answer in answers)


def _type(item: Item, names: Mapping[str, str]) -> str:
    if item.offered:
        return f"select_one {_list_name(item, names)}"
    return {"number": "integer", "text": "text", "computed": "calculate"}[item.type]


def _list_name(item: Item, names: Mapping[str, str]) -> str:
    if item.type == "choice" or item.anchors:
        return f"{names[item.code]}_answers"
    return f"{item.type}_na" if item.na else item.type


# Choices and settings ---------------------------------------------------------------------------------------


def _choices(checklist: Checklist, names: Mapping[str, str]) -> Iterator[Row]:
    for code, (en, ru) in OUTCOME_WORDS.items():
        yield {"list_name": OUTCOMES, "name": code, **_label(en, ru)}
    yield from _named(SCENARIOS, checklist.scenarios)
    yield from _named(INCIDENTS, checklist.incidents)
    written: set[str] = set()
    for item in checklist.items.values():
        list_name = _list_name(item, names)
        if item.offered and list_name not in written:
            written.add(list_name)
            yield from ({"list_name": list_name, **row} for row in _answers(item))


def _named(list_name: str, options: Sequence[Option]) -> Iterator[Row]:
    for option in options:
        yield {"list_name": list_name, "name": option.code, **_label(option.text.en, option.text.ru)}


def _answers(item: Item) -> Iterator[Row]:
    own = {option.code: option for option in item.options}
    for answer in item.offered:
        share = item.shares.get(answer)
        option, anchor = own.get(answer), item.anchors.get(answer)
        en, ru = (option.text.en, option.text.ru) if option else ANSWER_WORDS.get(answer, (answer, answer))
        label = _label(f"{en}: {anchor.en}", f"{ru}: {anchor.ru}") if anchor else _label(en, ru)
        anchors = {"anchor_en": anchor.en, "anchor_ru": anchor.ru} if anchor else {}
        percent = {} if answer == NOT_APPLICABLE or share is None else {"percent": int(share * 100)}
        yield {"name": answer, **label, **percent, **anchors}


def _settings(checklist: Checklist) -> Row:
    return {
        "form_title": checklist.title.en,
        "title_ru": checklist.title.ru,
        "form_id": checklist.code,
        "version": str(checklist.version),
        "default_language": ENGLISH,
        "knockout": checklist.knockout,
        "min_answered_percent": checklist.min_answered_percent,
    }
