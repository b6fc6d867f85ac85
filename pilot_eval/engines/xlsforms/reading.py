"""An XLSForm workbook read as a checklist; what that cannot be is told by row, never dropped in silence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pilot_eval.domain.checklists import NOT_APPLICABLE, QUESTION_TYPES, default_checklist
from pilot_eval.domain.checklists.drafts import ONLY_FOR
from pilot_eval.domain.checklists.model import MAX_NUMBER
from pilot_eval.domain.checklists.reading import KNOCKOUTS, LEVERS, MOST_VERSIONS, TOPICS
from pilot_eval.domain.documents import CODE
from pilot_eval.domain.errors import Message
from pilot_eval.domain.problems import N_
from pilot_eval.engines.xlsforms.checking import convert
from pilot_eval.engines.xlsforms.layout import (
    ANSWER_WORDS,
    COMMENT,
    HEADER,
    HEADER_NAMES,
    INCIDENTS,
    SCENARIOS,
    SECTION_NOTE,
    unescaped,
)
from pilot_eval.engines.xlsforms.sheets import Row, columns_of, language_of, languages_of, rows_of

# What the program knows by itself; a form need not ask for it.
METADATA = frozenset(
    (
        *("start", "end", "today", "deviceid", "username", "email", "phonenumber", "phone_number"),
        *("subscriberid", "simserial", "audit", "start_geopoint", "start-geopoint", "background_audio"),
        *("background-audio", "imei", "caseid"),
    )
)
_READ = frozenset(
    (
        *("type", "name", "label", "hint", "required", "relevant", "constraint", "calculation", "parameters"),
        *("part", "kind", "code", "weight", "critical", "na", "lever", "topic"),
        *("comment_on", "expected", "formula"),
        "disabled",
    )
)
_READ_OF_CHOICES = frozenset(
    ("list_name", "list name", "name", "value", "label", "percent", "anchor_en", "anchor_ru")
)
_READ_OF_SETTINGS = frozenset(
    (
        *("form_title", "title", "title_ru", "form_id", "id_string", "version", "default_language"),
        *("knockout", "min_answered_percent"),
    )
)
# What only some kinds of questions have.
_MARKS = ("weight", "critical", "na", "comment_on", "expected")
_YES = {"yes", "true", "true()", "1"}
_NO = {"no", "false", "false()", "0"}
# An answer that a text is filled in with while a form is filled in.
_REFERENCE = re.compile(r"\$\{[^}]+\}")
_SELECTED = re.compile(r"selected\(\s*\$\{([^}]+)\}\s*,\s*(['\"])([^'\"]*)\2\s*\)")
_EQUALS = re.compile(r"\$\{([^}]+)\}\s*=\s*(['\"])([^'\"]*)\2")
_BOUND = re.compile(r"\.\s*(>=|<=|>|<)\s*(\d+)")
_BEGIN = re.compile(r"^begin[ _](group|repeat)$")
_END = re.compile(r"^end[ _](group|repeat)$")
_SELECT = re.compile(
    r"^(?:add )?select[ _]?(one|1|multiple|all that apply)(?: prompt using| from)?\s+(\S+)"
    r"(\s+or(?: specify)?[ _]other)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Note:
    """Something of the workbook that a checklist cannot be, or is only in part.

    Parameters
    ----------
    sheet : str
    row : int
        0 where it is about the whole sheet.
    what : Message
    """

    sheet: str
    row: int
    what: Message


@dataclass(frozen=True, slots=True)
class Imported:
    """A workbook as a checklist.

    Parameters
    ----------
    document : dict
        As `domain.checklists.drafts.draft_of` takes it; what the workbook lacks is missing in it.
    notes : tuple of Note
        What was left out or changed, in the order of the workbook.
    """

    document: dict[str, Any]
    notes: tuple[Note, ...]


def read_xlsform(content: bytes) -> Imported:
    """Read a workbook.

    Raises
    ------
    BadInput
        If it is no workbook, too large, or no XLSForm that pyxform converts.
    """
    converted = convert(content)
    reader = _Reader(converted.sheets)
    document = reader.document()
    return Imported(document, tuple(sorted(reader.notes, key=reader.order)))


@dataclass(slots=True)
class _Group:
    """A group that is open: its own relevance, and whether it is ours for the visit itself."""

    relevant: str = ""
    header: bool = False
    section: dict[str, Any] | None = None


@dataclass(slots=True)
class _Reader:
    sheets: Mapping[str, Any]
    notes: list[Note] = field(default_factory=list)
    sections: list[dict[str, Any]] = field(default_factory=list)
    open: list[_Group] = field(default_factory=list)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)  # by the name in the workbook
    codes: set[str] = field(default_factory=set)
    choices: dict[str, list[Row]] = field(default_factory=dict)
    loose: dict[str, Any] | None = None  # the section of questions outside of groups
    lists: set[str] = field(default_factory=lambda: {SCENARIOS, INCIDENTS})  # that the survey asks for
    boundless: list[int] = field(default_factory=list)  # rows with numbers that have no limit

    def note(self, sheet: str, row: int, message: str, **values: object) -> None:
        self.notes.append(Note(sheet, row, Message(message, **values)))

    def order(self, note: Note) -> tuple[int, int]:
        names = [*self.sheets]
        return names.index(note.sheet) if note.sheet in names else len(names), note.row

    # The whole ------------------------------------------------------------------------------------------

    def document(self) -> dict[str, Any]:
        survey, choices = rows_of(self.sheets.get("survey")), rows_of(self.sheets.get("choices"))
        for row in choices:
            self.choices.setdefault(row.cell("list_name") or row.cell("list name"), []).append(row)
        for row in survey:
            self._survey_row(row)
        self._lists()
        self._numbers()
        self._unread("survey", survey, _READ)
        self._unread("choices", choices, _READ_OF_CHOICES)
        for language in languages_of([*survey, *choices]):
            self.note("survey", 0, N_("texts in %(language)s are left out"), language=language)
        self._own_language([*survey, *choices])
        known = {"survey", "choices", "settings", "grades"}
        for name in (name for name in self.sheets if name not in known and columns_of(self.sheets[name])):
            self.note(name, 0, N_("this sheet is left out"))
        return {**self._settings(), "sections": self.sections, "header": self._header()}

    def _own_language(self, rows: Sequence[Row]) -> None:
        """Texts whose column names no language are in the form's own, which may be neither of ours."""
        settings = rows_of(self.sheets.get("settings"))
        own = language_of(settings[0].cell("default_language")) if settings else ""
        if own not in {"", "default", "en", "ru"} and any(
            "" in texts for row in rows for texts in row.texts.values()
        ):
            message = N_(
                "texts without a language are in %(language)s; here they stand as English or Russian"
            )
            self.note("settings", settings[0].number, message, language=own)

    def _lists(self) -> None:
        """Answers that no question offers, and those whose words a checklist does not fill in."""
        for name, rows in self.choices.items():
            if name not in self.lists:
                message = N_("the list %(list)s is left out: no question offers it")
                self.note("choices", rows[0].number, message, list=name)
                continue
            for row in rows:
                self._references("choices", row, row.cell("name") or row.cell("value"))

    def _numbers(self) -> None:
        if self.boundless:
            message = N_(
                "a number is taken from 0 to %(most)s where the form sets no limit of its own (rows %(rows)s)"
            )
            self.note("survey", 0, message, most=MAX_NUMBER, rows=_listed(self.boundless))

    def _references(self, sheet: str, row: Row, name: str) -> None:
        """Say which texts show an answer in other programs: here they stay as they are written."""
        texts = [text for column in ("label", "hint") for text in row.text(column).values()]
        found = dict.fromkeys(each for text in texts for each in _REFERENCE.findall(text))
        if found:
            message = N_("the text of %(name)s stays as it is written: no answer is put in for %(answers)s")
            self.note(sheet, row.number, message, name=name, answers=", ".join(found))

    def _unread(self, sheet: str, rows: Sequence[Row], known: frozenset[str]) -> None:
        """Name each column that is not kept, with the rows in which it says something."""
        found: dict[str, list[int]] = {}
        for row in rows:
            for name in (*row.cells, *row.texts):
                if name not in known:
                    found.setdefault(name, []).append(row.number)
        for name, numbers in found.items():
            message = N_("the column %(column)s is left out (rows %(rows)s)")
            self.note(sheet, 0, message, column=name, rows=_listed(numbers))

    def _settings(self) -> dict[str, Any]:
        rows = rows_of(self.sheets.get("settings"))
        row = rows[0] if rows else Row(0, {})
        for name in row.cells:
            if name not in _READ_OF_SETTINGS:
                self.note("settings", row.number, N_("the column %(column)s is left out"), column=name)
        title = {"en": row.cell("form_title") or row.cell("title"), "ru": row.cell("title_ru")}
        if title["en"] and not title["ru"] and re.search("[А-Яа-я]", title["en"]):
            title = {"en": "", "ru": title["en"]}
        return {
            "code": self._code(row),
            "version": self._version(row),
            "title": {language: unescaped(text) for language, text in title.items() if text},
            "scoring": {"grades": self._grades(), **self._scoring(row)},
        }

    def _code(self, row: Row) -> str:
        given = row.cell("form_id") or row.cell("id_string")
        code = _as_code(given) if given else ""
        if code != given:
            self.note(
                "settings", row.number, N_("%(name)s has the code %(code)s here"), name=given, code=code
            )
        return code

    def _version(self, row: Row) -> int:
        given = row.cell("version")
        if given.isdigit() and 1 <= int(given) <= MOST_VERSIONS:
            return int(given)
        if given:
            message = N_("the version %(version)s is left out: versions of a checklist are counted here")
            self.note("settings", row.number, message, version=given)
        return 1

    def _scoring(self, row: Row) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self._allowed("settings", row, "knockout", KNOCKOUTS):
            found["knockout"] = row.cell("knockout")
        percents = [str(percent) for percent in range(1, 101)]
        if self._allowed("settings", row, "min_answered_percent", percents, "1 ... 100"):
            found["min_answered_percent"] = int(row.cell("min_answered_percent"))
        return found

    def _allowed(self, sheet: str, row: Row, name: str, allowed: Sequence[str], shown: str = "") -> bool:
        """Whether a cell holds one of these words; what else stands in it is told."""
        value = row.cell(name)
        if value and value not in allowed:
            message = N_("%(value)s in the column %(column)s is left out: it should be one of %(allowed)s")
            shown = shown or ", ".join(allowed)
            self.note(sheet, row.number, message, value=value, column=name, allowed=shown)
        return value in allowed

    def _grades(self) -> list[dict[str, Any]]:
        if "grades" not in self.sheets:
            self.note("settings", 0, N_("the grades are those of the checklist that comes with the product"))
            return [grade.to_document() for grade in default_checklist().grades]
        return [
            {
                "min": int(row.cell("min")) if row.cell("min").isdigit() else row.cell("min"),
                "en": row.cell("en"),
                "ru": row.cell("ru"),
            }
            for row in rows_of(self.sheets.get("grades"))
        ]

    def _header(self) -> dict[str, Any]:
        return {
            name: [
                {"code": row.cell("name") or row.cell("value"), **_texts(row.text("label"))}
                for row in self.choices.get(name, [])
            ]
            for name in (SCENARIOS, INCIDENTS)
        }

    # Rows of the survey -----------------------------------------------------------------------------------

    def _survey_row(self, row: Row) -> None:
        kind = re.sub(r"\s+", " ", row.cell("type").strip())
        lowered = kind.lower()
        self.lists.update(kind.split())
        if not kind:
            return
        if row.cell("disabled").lower() in _YES:
            self.note("survey", row.number, N_("%(name)s is left out: it is disabled"), name=row.cell("name"))
        elif match := _BEGIN.match(lowered):
            self._begin(row, repeats=match[1] == "repeat")
        elif _END.match(lowered):
            if self.open:
                self.open.pop()
        elif row.cell("part") == COMMENT:
            return  # asked for by the question before it
        elif self._in_header() and row.cell("name") in HEADER_NAMES:
            return  # what every visit is asked
        elif lowered == "note":
            self._note_row(row)
        elif lowered in METADATA:
            self.note(
                "survey",
                row.number,
                N_("%(name)s is left out: the program knows it by itself"),
                name=_named(row),
            )
        else:
            self._question(row, kind)

    def _in_header(self) -> bool:
        return any(group.header for group in self.open)

    def _begin(self, row: Row, *, repeats: bool) -> None:
        group = _Group(relevant=row.cell("relevant"), header=row.cell("part") == HEADER)
        self.open.append(group)
        if group.header or self._in_header():
            return
        self._not_a_question(row)
        if repeats:
            message = N_("%(name)s is asked once: a checklist has nothing that repeats")
            self.note("survey", row.number, message, name=_named(row))
        outer = next((each.section for each in reversed(self.open[:-1]) if each.section is not None), None)
        if outer is not None:
            group.section = outer
            message = N_("%(name)s lies within another group: its questions go to section %(section)s")
            self.note("survey", row.number, message, name=_named(row), section=outer["code"])
            return
        title = _texts(row.text("label"))
        group.section = self._new_section(row.cell("code") or _without_prefix(row.cell("name")), title)
        weight = row.cell("weight")
        if weight:
            group.section["weight"] = int(weight) if weight.isdigit() else weight

    def _new_section(self, wanted: str, title: dict[str, str]) -> dict[str, Any]:
        used = {section["code"] for section in self.sections}
        section = {"code": _free(_as_code(wanted or "S"), used), "title": title, "items": []}
        self.sections.append(section)
        return section

    def _section(self, row: Row) -> dict[str, Any]:
        for group in reversed(self.open):
            if group.section is not None:
                return group.section
        if self.loose is None:
            self.loose = self._new_section("General", {"en": "General", "ru": "Общее"})
            message = N_("from here on questions outside of groups go to a section of their own, %(section)s")
            self.note("survey", row.number, message, section=self.loose["code"])
        return self.loose

    def _note_row(self, row: Row) -> None:
        texts = _texts(row.text("label"))
        if not texts:
            message = N_("%(name)s is left out: it has no text")
            self.note("survey", row.number, message, name=_named(row))
            return
        section = self._section(row)
        note = section.setdefault("note", {})
        for language, text in texts.items():
            note[language] = f"{note[language]}\n{text}" if note.get(language) else text
        if row.cell("part") == SECTION_NOTE:
            return
        self._not_a_question(row)
        if section["items"]:
            message = N_("the note %(name)s is moved to the head of section %(section)s")
            self.note("survey", row.number, message, name=_named(row), section=section["code"])
        if rules := self._rules(row):
            message = N_("the note %(name)s is always shown; its rule is left out: %(rule)s")
            self.note("survey", row.number, message, name=_named(row), rule=" and ".join(rules))

    def _not_a_question(self, row: Row) -> None:
        """Say what of a group or a note has no place in a checklist."""
        self._references("survey", row, _named(row))
        for hint in row.text("hint").values():
            message = N_("the hint of %(name)s is left out: %(text)s")
            self.note("survey", row.number, message, name=_named(row), text=hint)

    def _question(self, row: Row, kind: str) -> None:
        item = self._typed(row, kind)
        if item is None:
            return
        name = row.cell("name")
        wanted = row.cell("code") or name
        code = _free(_as_code(wanted), self.codes)
        if code != wanted:
            self.note("survey", row.number, N_("%(name)s has the code %(code)s here"), name=name, code=code)
        self.codes.add(code)
        item = {"code": code, **item, **_texts(row.text("label"))}
        if hint := _texts(row.text("hint")):
            item["help"] = hint
        self._marks(row, item)
        self._rule(row, item)
        self._references("survey", row, _named(row))
        self._section(row)["items"].append(item)
        self.items[name] = item

    # Kinds of questions -----------------------------------------------------------------------------------

    def _typed(self, row: Row, kind: str) -> dict[str, Any] | None:
        """Type, answers and limits of a question; None, with a note, where a checklist has no such kind."""
        lowered = kind.lower()
        if match := _SELECT.match(kind):
            return self._select(row, match)
        if lowered in {"integer", "int"}:
            return self._number(row)
        if lowered == "decimal":
            message = N_("%(name)s asks for a whole number here: decimals are not kept")
            self.note("survey", row.number, message, name=_named(row))
            return self._number(row)
        if lowered == "range":
            return self._range(row)
        if lowered in {"text", "string"}:
            if row.cell("constraint"):
                message = N_("the limits of %(name)s are left out: %(rule)s")
                self.note("survey", row.number, message, name=_named(row), rule=row.cell("constraint"))
            return {"type": "text"}
        if lowered == "calculate" and row.cell("formula"):
            return {"type": "computed", "formula": row.cell("formula")}
        if lowered == "calculate":
            message = N_("%(name)s is left out: a checklist computes only with the times of the visit")
            self.note("survey", row.number, message, name=_named(row))
            return None
        if lowered in {"acknowledge", "trigger"}:
            message = N_("%(name)s asks for yes or no here instead of a tick")
            self.note("survey", row.number, message, name=_named(row))
            return {"type": "yesno"}
        message = N_("%(name)s is left out: a checklist has no questions of the kind %(kind)s")
        self.note("survey", row.number, message, name=_named(row), kind=kind)
        return None

    def _select(self, row: Row, match: re.Match[str]) -> dict[str, Any] | None:
        if match[1].lower() not in {"one", "1"}:
            message = N_("%(name)s is left out: a question of a checklist has one answer")
            self.note("survey", row.number, message, name=_named(row))
            return None
        if match[3]:
            message = N_("%(name)s has no answer of one's own here")
            self.note("survey", row.number, message, name=_named(row))
        answers = self.choices.get(match[2], [])
        names = [choice.cell("name") or choice.cell("value") for choice in answers]
        offered = [_known(name) for name in names]
        rest = [name for name in offered if name != NOT_APPLICABLE]
        na = NOT_APPLICABLE in offered
        self._words_of_na(row, answers, offered)
        kind = "choice" if row.cell("kind") == "choice" else _kind_of(rest)
        found: dict[str, Any] = {"type": kind, "na": na}
        if kind == "choice":
            found["options"] = self._options(answers, names)
            codes = [option["code"] for option in found["options"]]
            if codes != [name for name in names if _known(name) != NOT_APPLICABLE]:
                message = N_("the answers of %(name)s have other codes here: %(codes)s")
                self.note("survey", row.number, message, name=_named(row), codes=", ".join(codes))
        elif anchors := _anchors(answers, offered):
            found["anchors"] = anchors
        return found

    def _words_of_na(self, row: Row, answers: Sequence[Row], offered: Sequence[str]) -> None:
        usual = {word.casefold() for word in ANSWER_WORDS[NOT_APPLICABLE]}
        for choice, answer in zip(answers, offered, strict=True):
            own = [text for text in choice.text("label").values() if text.casefold() not in usual]
            if answer == NOT_APPLICABLE and own:
                message = N_("%(name)s offers N/A in the words of this program, not: %(words)s")
                self.note("survey", row.number, message, name=_named(row), words=", ".join(own))

    def _options(self, answers: Sequence[Row], names: Sequence[str]) -> list[dict[str, Any]]:
        options: list[dict[str, Any]] = []
        for row, name in zip(answers, names, strict=True):
            if _known(name) == NOT_APPLICABLE:
                continue
            code = _free(_as_code(name), {option["code"] for option in options})
            percent = row.cell("percent")
            option: dict[str, Any] = {"code": code, **_texts(row.text("label"))}
            if percent:
                option["percent"] = int(percent) if percent.isdigit() else percent
            options.append(option)
        return options

    def _number(self, row: Row) -> dict[str, Any]:
        rule = row.cell("constraint")
        found: dict[str, Any] = {"type": "number"}
        rest = rule
        for sign, number in _BOUND.findall(rule):
            value = int(number)
            if sign in {">=", ">"}:
                found["low"] = value + (sign == ">")
            elif value != MAX_NUMBER or sign == "<":
                found["high"] = value - (sign == "<")
        rest = _BOUND.sub("", rule)
        if re.sub(r"\band\b|[\s()]", "", rest):
            message = N_("a rule of %(name)s is left out: %(rule)s")
            self.note("survey", row.number, message, name=_named(row), rule=rule)
            found = {"type": "number"}
        if "low" not in found:
            self.boundless.append(row.number)
        return found

    def _range(self, row: Row) -> dict[str, Any]:
        given = dict(re.findall(r"(\w+)\s*=\s*(-?[\d.]+)", row.cell("parameters").lower()))
        low, high, step = (
            given.get(name, usual) for name, usual in (("start", "1"), ("end", "10"), ("step", "1"))
        )
        if not (low.isdigit() and high.isdigit() and step.isdigit()):
            message = N_("%(name)s asks for a whole number here: its scale is left out: %(rule)s")
            self.note("survey", row.number, message, name=_named(row), rule=row.cell("parameters"))
            self.boundless.append(row.number)
            return {"type": "number"}
        if (low, high, step) == ("1", "5", "1"):
            return {"type": "scale5"}
        if step != "1":
            message = N_("%(name)s takes every whole number from %(low)s to %(high)s: its step is left out")
            self.note("survey", row.number, message, name=_named(row), low=low, high=high)
        return {"type": "number", "low": int(low), "high": int(high)}

    # What belongs to every question -----------------------------------------------------------------------

    def _marks(self, row: Row, item: dict[str, Any]) -> None:
        kind = item["type"]
        required = row.cell("required").lower()
        if required in _YES and kind in ONLY_FOR["required"]:
            item["required"] = True
        elif required and required not in _YES | _NO:
            message = N_("%(name)s is optional here; its rule is left out: %(rule)s")
            self.note("survey", row.number, message, name=_named(row), rule=required)
        for name in ("critical", "na"):
            if row.cell(name).lower() in _YES:
                item[name] = True
            elif row.cell(name).lower() not in _NO:
                self._allowed("survey", row, name, ("yes", "no"))
        if row.cell("weight"):
            item["weight"] = int(row.cell("weight")) if row.cell("weight").isdigit() else row.cell("weight")
        for name, allowed in (("lever", LEVERS), ("topic", TOPICS)):
            if self._allowed("survey", row, name, allowed):
                item[name] = row.cell(name)
        for name in ("comment_on", "expected"):
            if row.cell(name):
                item[name] = _answer_of(item, row.cell(name))
        for name in (name for name in _MARKS if item.get(name) and kind not in ONLY_FOR[name]):
            message = N_("%(column)s of %(name)s is left out: a question of type %(type)s has none")
            self.note("survey", row.number, message, column=name, name=_named(row), type=kind)
        if row.cell("calculation") and kind != "computed":
            message = N_("the value that %(name)s is filled with is left out: %(rule)s")
            self.note("survey", row.number, message, name=_named(row), rule=row.cell("calculation"))
        if row.cell("constraint") and kind not in {"number", "text"}:
            message = N_("a rule of %(name)s is left out: %(rule)s")
            self.note("survey", row.number, message, name=_named(row), rule=row.cell("constraint"))

    def _rules(self, row: Row) -> list[str]:
        """After what a row is shown: a group's rule holds for all in it."""
        own = [row.cell("relevant")] if row.cell("relevant") else []
        return [group.relevant for group in self.open if group.relevant] + own

    def _rule(self, row: Row, item: dict[str, Any]) -> None:
        rules = self._rules(row)
        if not rules:
            return
        read = self._shown_if(rules[0]) if len(rules) == 1 else None
        if read is None:
            message = N_("%(name)s is always shown; its rule is left out: %(rule)s")
            self.note("survey", row.number, message, name=_named(row), rule=" and ".join(rules))
        else:
            item["shown_if"] = read

    def _shown_if(self, rule: str) -> dict[str, Any] | None:
        """A question and the answers after which another is shown; None where a rule says more."""
        found = [*_SELECTED.findall(rule), *_EQUALS.findall(rule)]
        rest = re.sub(r"\bor\b|[\s()]", "", _EQUALS.sub("", _SELECTED.sub("", rule)))
        names = {name.strip() for name, _quote, _answer in found}
        if rest or len(names) != 1:
            return None
        item = self.items.get(names.pop())
        if item is None:
            return None
        answers = [_answer_of(item, answer) for _name, _quote, answer in found]
        offered = _offered(item)
        if not all(answer in offered for answer in answers):
            return None
        return {"item": item["code"], "answers": list(dict.fromkeys(answers))}


def _anchors(answers: Sequence[Row], offered: Sequence[str]) -> dict[str, dict[str, str]]:
    """What each answer means: our own columns, or labels that say more than the answer itself."""
    anchors = {}
    for row, answer in zip(answers, offered, strict=True):
        texts = {lang: row.cell(f"anchor_{lang}") for lang in ("en", "ru") if row.cell(f"anchor_{lang}")}
        usual = {answer, *(word.casefold() for word in ANSWER_WORDS.get(answer, ()))}
        if not texts:
            label = _texts(row.text("label"))
            texts = {lang: text for lang, text in label.items() if text.casefold() not in usual}
        if texts and answer != NOT_APPLICABLE:
            anchors[answer] = texts
    return anchors


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:10])) + (" ..." if len(numbers) > 10 else "")


def _named(row: Row) -> str:
    return row.cell("name") or row.cell("type")


def _texts(texts: Mapping[str, str]) -> dict[str, str]:
    return {language: unescaped(text) for language, text in texts.items()}


def _without_prefix(name: str) -> str:
    return name.removeprefix("section_")


def _as_code(name: str) -> str:
    """A name as a code: a letter, then letters, digits, _ or -."""
    if CODE.fullmatch(name):
        return name
    kept = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")
    return (kept if kept[:1].isascii() and kept[:1].isalpha() else f"q{kept}")[:32] or "q"


def _free(code: str, used: Iterable[str]) -> str:
    taken, found, count = set(used), code, 1
    while found in taken:
        count += 1
        found = f"{code[:28]}_{count}"
    return found


_SPELLINGS = {"y": "yes", "n": "no", "true": "yes", "false": "no", "n/a": "na", "not_applicable": "na"}


def _known(name: str) -> str:
    """An answer as we spell it."""
    lowered = name.lower()
    return _SPELLINGS.get(lowered, lowered)


def _kind_of(answers: Sequence[str]) -> str:
    given = set(answers)
    for kind in ("yesno", "scale3", "scale5"):
        if given == set(QUESTION_TYPES[kind].shares):
            return kind
    return "choice"


def _offered(item: Mapping[str, Any]) -> set[str]:
    own = {option["code"] for option in item.get("options", ())}
    return own | set(QUESTION_TYPES[item["type"]].shares) | ({NOT_APPLICABLE} if item.get("na") else set())


def _answer_of(item: Mapping[str, Any], name: str) -> str:
    """A choice's name as the answer that it became."""
    return _known(name) if item["type"] != "choice" or _known(name) == NOT_APPLICABLE else _as_code(name)
