"""A checklist while it is written: plain data that may still be incomplete, changed piece by piece.

Every section and question of a draft carries a `key`, which stays the same while its code and place change.
What does not go with a question's type stays in the draft, in case the type is changed back; it is no part
of the checklist. Functions here leave what they are given as it is.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pilot_eval.domain.checklists.model import SCHEMA, Checklist
from pilot_eval.domain.checklists.question_types import QUESTION_TYPES, UNSCORED_TYPES
from pilot_eval.domain.checklists.reading import default_checklist, read_unfinished
from pilot_eval.domain.documents import MAX_DOCUMENT_BYTES, canonical
from pilot_eval.domain.problems import N_, FieldProblem, Refused

MOST_SECTIONS = 40
MOST_ITEMS = 300

Document = dict[str, Any]

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PLACE = re.compile(r"sections\[(\d+)\](?:\.items\[(\d+)\])?(?:\.(.+))?")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in a draft something stands.

    Parameters
    ----------
    kind : str
        `checklist`, `section` or `item`.
    key, code : str
        Of the section or question; empty for the checklist itself.
    field : str
        Path inside of it, such as `options[1].percent`; empty for the whole.
    """

    kind: str
    key: str
    code: str
    field: str


def draft_of(document: Mapping[str, Any]) -> Document:
    """A draft with the content of a checklist's document."""
    draft = deepcopy({name: value for name, value in document.items() if name not in {"schema", "version"}})
    for section in draft.get("sections", []):
        section["key"] = _new_key()
        for item in section.get("items", []):
            item["key"] = _new_key()
    return draft


def blank_draft() -> Document:
    """A draft with one empty section; how it scores is taken from the checklist of the product."""
    scoring = default_checklist().to_document()["scoring"]
    return add_section({"scoring": scoring, "header": {"scenarios": [], "incidents": []}, "sections": []})[0]


def content(draft: Mapping[str, Any], version: int = 1) -> Document:
    """The document of the checklist that a draft holds, without what is empty or foreign to its type."""
    given = {name: value for name, value in draft.items() if name != "sections"}
    sections = [
        _filled({name: value for name, value in section.items() if name not in {"key", "items"}})
        | {"items": [_item_content(item) for item in section.get("items", [])]}
        for section in draft.get("sections", [])
    ]
    return {"schema": SCHEMA, "version": version, **_filled(given), "sections": sections}


def read_draft(draft: Mapping[str, Any], version: int = 1) -> tuple[Checklist, list[FieldProblem]]:
    """The checklist as far as it is written, and everything that is still wrong or missing, by path."""
    return read_unfinished(content(draft, version))


def _item_content(item: Mapping[str, Any]) -> Document:
    kept = {name: value for name, value in item.items() if name != "key"}
    kind = QUESTION_TYPES.get(str(item.get("type")))
    if kind is None:
        return _filled(kept)
    foreign = {name for name, types in ONLY_FOR.items() if kind.code not in types}
    kept = {name: value for name, value in kept.items() if name not in foreign}
    if isinstance(kept.get("anchors"), Mapping):
        kept["anchors"] = {answer: kept["anchors"].get(answer) for answer in kind.shares}
    rule = kept.get("shown_if")
    if isinstance(rule, Mapping) and not rule.get("item"):
        del kept["shown_if"]
    return _filled(kept)


_WITH_ANSWERS = tuple(code for code, kind in QUESTION_TYPES.items() if kind.shares or code == "choice")
# Which types of questions have these fields; all others belong to every question.
ONLY_FOR: Mapping[str, tuple[str, ...]] = {
    "weight": tuple(code for code in QUESTION_TYPES if code not in UNSCORED_TYPES),
    "critical": _WITH_ANSWERS,
    "comment_on": _WITH_ANSWERS,
    "expected": _WITH_ANSWERS,
    "na": (*_WITH_ANSWERS, "computed"),
    "required": tuple(code for code, kind in QUESTION_TYPES.items() if kind.asked),
    "anchors": tuple(code for code, kind in QUESTION_TYPES.items() if kind.shares),
    "options": ("choice",),
    "formula": ("computed",),
    "low": ("number",),
    "high": ("number",),
}


def _filled(values: Mapping[str, Any]) -> Document:
    """The values that are there, empty texts and groups left out; a row of a list stays although empty."""
    cleaned = {name: _cleaned(value) for name, value in values.items()}
    return {name: value for name, value in cleaned.items() if value not in (None, "", {})}


def _cleaned(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _filled(value)
    if isinstance(value, list):
        return [_cleaned(entry) for entry in value]
    return value


# Changing ---------------------------------------------------------------------------------------------------


def changed(draft: Document, key: str, fields: Mapping[str, Any]) -> Document:
    """The draft with these fields of a section or question; of the checklist itself where the key is ''."""
    draft = deepcopy(draft)
    place = draft if not key else _node(draft, key)
    place.update(deepcopy({name: value for name, value in fields.items() if name not in {"key", "items"}}))
    return draft


def add_section(draft: Document) -> tuple[Document, str]:
    """The draft with one more section at its end, and that section's key."""
    draft, key = deepcopy(draft), _new_key()
    draft["sections"].append({"key": key, "code": _free_section_code(draft), "items": []})
    return draft, key


def add_item(draft: Document, section_key: str, after: str = "") -> tuple[Document, str]:
    """The draft with one more question in a section, at its end or after another one; and its key."""
    draft, key = deepcopy(draft), _new_key()
    section = _node(draft, section_key)
    keys = [item["key"] for item in section["items"]]
    place = keys.index(after) + 1 if after in keys else len(keys)
    section["items"].insert(place, {"key": key, "code": _free_item_code(draft, section), "type": "yesno"})
    return draft, key


def removed(draft: Document, key: str) -> Document:
    """The draft without a question, or without a section and its questions."""
    draft = deepcopy(draft)
    siblings, place = _siblings(draft, key)
    del siblings[place]
    return draft


def moved(draft: Document, key: str, step: int) -> Document:
    """The draft with a section or question one place up (-1) or down (1).

    The first question of a section goes up to the end of the section before it, and the last one down to the
    beginning of the next. What has nowhere to go stays.
    """
    draft = deepcopy(draft)
    siblings, place = _siblings(draft, key)
    if 0 <= place + step < len(siblings):
        siblings.insert(place + step, siblings.pop(place))
        return draft
    if siblings is draft["sections"]:
        return draft
    at = next(n for n, section in enumerate(draft["sections"]) if section["items"] is siblings) + step
    if 0 <= at < len(draft["sections"]):
        other = draft["sections"][at]["items"]
        other.insert(0 if step > 0 else len(other), siblings.pop(place))
    return draft


def rearranged(fields: Document, path: str, action: str, place: int) -> Document:
    """Fields with a row of one of their lists (`options`, `scoring.grades`) added, removed or moved.

    Parameters
    ----------
    action : str
        `add` (at the end), `remove`, `up` or `down`.
    place : int
        Of the row, counted from 0; any where one is added.

    Raises
    ------
    KeyError, IndexError
        If there is no such list, action or row.
    """
    fields = deepcopy(fields)
    *way, last = path.split(".")
    inner = fields
    for name in way:
        inner = inner[name]
    rows: list[Any] = inner[last]
    if action == "add":
        rows.append({})
        return fields
    row = rows.pop(place)
    if action != "remove":
        rows.insert(max(place + {"up": -1, "down": 1}[action], 0), row)
    return fields


def check_size(draft: Document) -> None:
    """Refuse a draft that has grown beyond what a checklist may be.

    Raises
    ------
    Refused
    """
    sections = draft["sections"]
    items = sum(len(section["items"]) for section in sections)
    found = []
    if len(sections) > MOST_SECTIONS:
        message = N_("A checklist has at most %(most)s sections")
        found.append(FieldProblem("", "too_many", message, {"most": MOST_SECTIONS}))
    if items > MOST_ITEMS:
        message = N_("A checklist has at most %(most)s questions")
        found.append(FieldProblem("", "too_many", message, {"most": MOST_ITEMS}))
    if len(canonical(draft)) > MAX_DOCUMENT_BYTES:
        message = N_("is longer than %(most)s bytes")
        found.append(FieldProblem("", "too_long", message, {"most": MAX_DOCUMENT_BYTES}))
    if found:
        raise Refused(found)


# Finding ----------------------------------------------------------------------------------------------------


def node(draft: Document, key: str) -> Document:
    """The section or question with that key, or the draft itself where it is ''.

    Raises
    ------
    KeyError
        If there is none.
    """
    return draft if not key else _node(draft, key)


def spot(draft: Document, path: str) -> Spot:
    """Where a path of the checklist's document leads to."""
    match = _PLACE.fullmatch(path)
    if match is None:
        return Spot("checklist", "", "", path)
    section = draft["sections"][int(match[1])]
    if match[2] is None:
        return Spot("section", section["key"], str(section.get("code") or ""), match[3] or "")
    item = section["items"][int(match[2])]
    return Spot("item", item["key"], str(item.get("code") or ""), match[3] or "")


def _nodes(draft: Document) -> Iterator[tuple[list[Document], int]]:
    for at, section in enumerate(draft["sections"]):
        yield draft["sections"], at
        yield from ((section["items"], place) for place in range(len(section["items"])))


def _siblings(draft: Document, key: str) -> tuple[list[Document], int]:
    for siblings, place in _nodes(draft):
        if siblings[place]["key"] == key:
            return siblings, place
    raise KeyError(key)


def _node(draft: Document, key: str) -> Document:
    siblings, place = _siblings(draft, key)
    return siblings[place]


def _new_key() -> str:
    return secrets.token_hex(4)


def _free_section_code(draft: Document) -> str:
    used = {section.get("code") for section in draft["sections"]}
    free = (letter for letter in _LETTERS if letter not in used)
    return next(free, f"S{len(used) + 1}")


def _free_item_code(draft: Document, section: Document) -> str:
    used = {item.get("code") for each in draft["sections"] for item in each["items"]}
    stem = str(section.get("code") or "Q")[:24]
    return next(code for n in range(1, len(used) + 2) if (code := f"{stem}{n}") not in used)
