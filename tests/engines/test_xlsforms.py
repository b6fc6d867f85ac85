"""Checklists as XLSForm workbooks: ours come back as they were, those of others as far as they go."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
import xlsxwriter
from pyxform.xls2xform import convert

from pilot_eval.domain.checklists import default_checklist, drafts, parse
from pilot_eval.domain.errors import BadInput
from pilot_eval.engines.xlsforms import read_xlsform, xlsform_bytes
from tests.domain.test_checklists import small

EN, RU = "label::English (en)", "label::Русский (ru)"


def workbook(**sheets: list[dict[str, Any]]) -> bytes:
    """A workbook with these sheets; the keys of its rows are the headings."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            headings = list(dict.fromkeys(heading for row in rows for heading in row))
            sheet.write_row(0, 0, headings)
            for at, row in enumerate(rows, 1):
                sheet.write_row(at, 0, [row.get(heading) for heading in headings])
    return content.getvalue()


def ask(kind: str, name: str = "", label: str = "", **more: str) -> dict[str, str]:
    """A row of a survey."""
    given = {"type": kind, "name": name, "label": label} | more
    return {heading: cell for heading, cell in given.items() if cell}


def choice(list_name: str, name: str, label: str) -> dict[str, str]:
    return {"list_name": list_name, "name": name, "label": label}


def in_both(kind: str, name: str = "", en: str = "", ru: str = "", **more: str) -> dict[str, str]:
    """A row of a survey in two languages."""
    given = {"type": kind, "name": name, EN: en, RU: ru} | more
    return {heading: cell for heading, cell in given.items() if cell}


def every_kind() -> dict[str, Any]:
    """A checklist with each kind of question and everything that a question can have."""
    document = small()
    more = [
        {"code": "S5", "type": "scale5", "weight": 2, "na": True, "en": "Tidy", "ru": "Чисто"},
        {
            "code": "S6",
            "type": "scale5",
            "en": "Quiet",
            "ru": "Тихо",
            "anchors": {"1": {"en": "Loud", "ru": "Шумно"}, "5": {"en": "Still", "ru": "Тихо"}},
        },
        {
            "code": "CH",
            "type": "choice",
            "weight": 4,
            "critical": True,
            "na": True,
            "topic": "key_products",
            "lever": "facility",
            "comment_on": "none",
            "expected": "half",
            "en": "Which desk?",
            "ru": "Какое окно?",
            "options": [
                {"code": "best", "percent": 100, "en": "Best", "ru": "Лучшее"},
                {"code": "half", "percent": 35, "en": "Half", "ru": "Среднее"},
                {"code": "none", "en": "None", "ru": "Никакое"},
            ],
        },
        {
            "code": "yes",
            "type": "choice",
            "en": "One answer",
            "ru": "Один ответ",
            "options": [
                {"code": "yes", "en": "Only", "ru": "Только"},
                {"code": "no", "en": "Other", "ru": "Иначе"},
            ],
        },
        {
            "code": "n",
            "type": "number",
            "low": 3,
            "high": 40,
            "required": True,
            "en": "Many?",
            "ru": "Много?",
        },
        {"code": "N", "type": "number", "en": "Any number", "ru": "Любое число"},
        {
            "code": "outcome",
            "type": "text",
            "en": "Costs ${price} = 5 < 6 & more",
            "ru": "Стоит ${price}\nи ещё",
            "help": {"en": "=1+1", "ru": "Подсказка"},
        },
        {
            "code": "T-1",
            "type": "computed",
            "na": True,
            "formula": "timing.service_seconds > 90",
            "en": "Slow",
            "ru": "Долго",
        },
        {
            "code": "L",
            "type": "yesno",
            "weight": 1,
            "required": True,
            "comment_on": "no",
            "en": "Later",
            "ru": "Позже",
            "shown_if": {"item": "CH", "answers": ["half", "na"]},
            "anchors": {"yes": {"en": "Seen", "ru": "Видно"}, "no": {"en": "Not seen", "ru": "Не видно"}},
        },
    ]
    document["sections"][1]["items"] += more
    document["sections"][1]["note"] = {"en": "Look around", "ru": "Осмотритесь"}
    document["scoring"] |= {"knockout": "cap_50", "min_answered_percent": 70}
    document["header"]["incidents"] = [{"code": "power_cut", "en": "Power cut", "ru": "Нет света"}]
    document["version"] = 7
    return document


@pytest.mark.parametrize("checklist", [default_checklist(), parse(small()), parse(every_kind())])
def test_what_was_written_comes_back_the_same(checklist: Any) -> None:
    content = xlsform_bytes(checklist)
    imported = read_xlsform(content)
    assert imported.notes == ()
    assert parse({"schema": 1, **imported.document}).digest == checklist.digest
    draft = drafts.draft_of(imported.document)
    assert drafts.read_draft(draft, checklist.version)[0].digest == checklist.digest


def test_pyxform_converts_every_kind_of_question_without_a_warning() -> None:
    warnings: list[str] = []
    xform = convert(
        io.BytesIO(xlsform_bytes(parse(every_kind()))), warnings=warnings, file_type=".xlsx"
    ).xform
    assert warnings == []
    for part in (
        "<select1 ref=",
        "selected( /data/section_B/CH , 'half') or selected( /data/section_B/CH , 'na')",
        'constraint=". &gt;= 3 and . &lt;= 40"',
        'lang="Русский (ru)"',
        "Costs $\u200b{price} = 5 &lt; 6 &amp; more",
        'type="int"',
    ):
        assert part in xform


def test_a_text_longer_than_a_cell_is_refused_not_cut() -> None:
    with pytest.raises(BadInput, match="longer than a cell"):
        xlsform_bytes(parse(small(sections__0__items__0__en="x" * 40_000)))


# Forms of others


def widgets() -> bytes:
    """A form that shows every kind of widget, as the sample forms of ODK do; the words are ours."""
    return workbook(
        survey=[
            ask("start", "start"),
            ask("deviceid", "deviceid"),
            ask("note", "intro", "This form shows each widget."),
            ask("begin_group", "text_widgets", "Text"),
            ask("text", "string", "A line of text", hint="Anything", required="yes", default="nothing yet"),
            ask("text", "postcode", "Postcode", constraint="regex(., '[0-9]{6}')", constraint_message="Six"),
            ask("end_group"),
            ask("begin_group", "number_widgets", "Numbers"),
            ask("integer", "age", "A whole number", required="true()", constraint=". >= 0 and . < 120"),
            ask("integer", "odd", "An odd number", constraint=". mod 2 = 1"),
            ask("decimal", "weight_kg", "A number with decimals"),
            ask("range", "pain", "From 1 to 5", parameters="start=1 end=5 step=1"),
            ask("range", "steps", "From 0 to 100 by tens", parameters="start=0 end=100 step=10"),
            ask("range", "fine", "From 0 to 1", parameters="start=0 end=1 step=0.1"),
            ask("calculate", "double", calculation="${age} * 2"),
            ask("end_group"),
            ask("begin_group", "select_widgets", "Choices"),
            ask("select_one yes_no", "married", "Married?"),
            ask(
                "select_one fruit",
                "fruit",
                "Fruit?",
                relevant="selected(${married}, 'y')",
                appearance="minimal",
            ),
            ask("select_one fruit or_other", "other_fruit", "And else?"),
            ask("select_multiple fruit", "fruits", "Which do you like?"),
            ask("rank fruit", "ranking", "Rank them"),
            ask("acknowledge", "agree", "Do you agree?"),
            ask("end_group"),
            ask("begin_group", "media_widgets", "Media", relevant="${married} = 'n'"),
            ask("geopoint", "place", "Where are you?"),
            ask("image", "picture", "Take a picture"),
            ask("date", "birthday", "Your birthday"),
            ask("text", "caption", "What is in it?"),
            ask("begin_group", "inner", "Inside"),
            ask("text", "inner_text", "Written inside"),
            ask("end_group"),
            ask("end_group"),
            ask("begin_repeat", "people", "People", repeat_count="3"),
            ask("text", "person", "Name of a person", relevant="${age} > 18"),
            ask("end_repeat"),
            ask("text", "last", "Anything else?"),
        ],
        choices=[
            choice("yes_no", "y", "Yes"),
            choice("yes_no", "n", "No"),
            choice("fruit", "apple", "Apple") | {"media::image": "apple.png"},
            choice("fruit", "1", "Pear"),
        ],
        settings=[
            {"form_title": "Widgets", "form_id": "all-widgets", "version": "2024010100", "style": "pages"}
        ],
    )


def test_a_form_with_every_widget_is_read_as_far_as_it_goes() -> None:
    document = read_xlsform(widgets()).document
    sections = {section["code"]: section for section in document["sections"]}
    assert list(sections) == [
        "General", "text_widgets", "number_widgets", "select_widgets", "media_widgets", "people",
    ]  # fmt: skip
    items = {item["code"]: item for section in document["sections"] for item in section["items"]}
    assert {code: item["type"] for code, item in items.items()} == {
        "string": "text",
        "postcode": "text",
        "age": "number",
        "odd": "number",
        "weight_kg": "number",
        "pain": "scale5",
        "steps": "number",
        "fine": "number",
        "married": "yesno",
        "fruit": "choice",
        "other_fruit": "choice",
        "agree": "yesno",
        "caption": "text",
        "inner_text": "text",
        "person": "text",
        "last": "text",
    }
    assert (items["age"]["low"], items["age"]["high"], items["age"]["required"]) == (0, 119, True)
    assert (items["steps"]["low"], items["steps"]["high"]) == (0, 100)
    assert items["fruit"]["shown_if"] == {"item": "married", "answers": ["yes"]}
    assert items["caption"]["shown_if"] == {"item": "married", "answers": ["no"]}
    assert items["fruit"]["options"][1] == {"code": "q1", "en": "Pear"}
    assert items["string"] == {
        "code": "string",
        "type": "text",
        "en": "A line of text",
        "help": {"en": "Anything"},
        "required": True,
    }
    assert (document["code"], document["title"], document["version"]) == ("all-widgets", {"en": "Widgets"}, 1)
    assert sections["General"]["note"] == {"en": "This form shows each widget."}


def test_whatever_is_left_out_of_it_is_told_by_row() -> None:
    told = [f"{note.sheet} {note.row}: {note.what}" for note in read_xlsform(widgets()).notes]
    for sentence in (
        "survey 2: start is left out: the program knows it by itself",
        "survey 7: the limits of postcode are left out: regex(., '[0-9]{6}')",
        "survey 11: a rule of odd is left out: . mod 2 = 1",
        "survey 12: weight_kg asks for a whole number here: decimals are not kept",
        "survey 14: steps takes every whole number from 0 to 100: its step is left out",
        "survey 15: fine asks for a whole number here: its scale is left out: start=0 end=1 step=0.1",
        "survey 16: double is left out: a checklist computes only with the times of the visit",
        "survey 20: the answers of fruit have other codes here: apple, q1",
        "survey 21: other_fruit has no answer of one's own here",
        "survey 22: fruits is left out: a question of a checklist has one answer",
        "survey 23: ranking is left out: a checklist has no questions of the kind rank fruit",
        "survey 24: agree asks for yes or no here instead of a tick",
        "survey 27: place is left out: a checklist has no questions of the kind geopoint",
        "survey 28: picture is left out: a checklist has no questions of the kind image",
        "survey 29: birthday is left out: a checklist has no questions of the kind date",
        "survey 31: inner lies within another group: its questions go to section media_widgets",
        "survey 35: people is asked once: a checklist has nothing that repeats",
        "survey 36: person is always shown; its rule is left out: ${age} > 18",
        "survey 4: from here on questions outside of groups go to a section of their own, General",
        "survey 0: the column appearance is left out (rows 20)",
        "survey 0: the column default is left out (rows 6)",
        "survey 0: the column constraint_message is left out (rows 7)",
        "survey 0: the column repeat_count is left out (rows 35)",
        "choices 0: the column media::image is left out (rows 4)",
        "settings 2: the column style is left out",
        "settings 0: the grades are those of the checklist that comes with the product",
    ):
        assert sentence in told
    # Every row that asks something is in the checklist or told.
    rows = {note.row for note in read_xlsform(widgets()).notes if note.sheet == "survey"}
    kept = {
        item["code"] for section in read_xlsform(widgets()).document["sections"] for item in section["items"]
    }
    assert {
        "start",
        "deviceid",
        "double",
        "fruits",
        "ranking",
        "place",
        "picture",
        "birthday",
    } & kept == set()
    assert {2, 3, 16, 22, 23, 27, 28, 29} <= rows


def household() -> bytes:
    """A survey of households in two languages and a third, as development agencies write them."""
    french, hint = "label::Français (fr)", "hint::Русский (ru)"
    return workbook(
        survey=[
            in_both("begin group", "roof", "The house", "Дом", **{french: "La maison"}),
            in_both(
                "select_one yn",
                "roof_ok",
                "Is the roof whole?",
                "Крыша цела?",
                **{hint: "Посмотрите снаружи", "required": "yes"},
            ),
            in_both("select_one grade", "walls", "The walls", "Стены"),
            in_both(
                "select_one state",
                "door",
                "The door",
                "Дверь",
                relevant="${walls} = 'partial' or ${walls} = 'none'",
            ),
            in_both("text", "why", "", "Почему?", relevant="${roof_ok}='no' and ${walls}='none'"),
            in_both("end group"),
        ],
        choices=[
            {"list name": list_name, "name": name, EN: en, RU: ru}
            for list_name, name, en, ru in (
                ("yn", "yes", "Yes", "Да"),
                ("yn", "no", "No", "Нет"),
                ("yn", "na", "Not applicable", "Не применимо"),
                ("grade", "full", "No cracks", "Без трещин"),
                ("grade", "partial", "Small cracks", "Мелкие трещины"),
                ("grade", "none", "Large cracks", "Крупные трещины"),
                ("state", "yes", "Locks", "Запирается"),
                ("state", "no", "Does not lock", "Не запирается"),
            )
        ],
    )


def test_a_form_in_several_languages_keeps_ours() -> None:
    imported = read_xlsform(household())
    (section,) = imported.document["sections"]
    roof, walls, door, why = section["items"]
    assert section["title"] == {"en": "The house", "ru": "Дом"}
    assert (roof["type"], roof["na"], roof["help"]) == ("yesno", True, {"ru": "Посмотрите снаружи"})
    assert walls["type"] == "scale3"
    assert walls["anchors"]["partial"] == {"en": "Small cracks", "ru": "Мелкие трещины"}
    assert door["anchors"] == {
        "yes": {"en": "Locks", "ru": "Запирается"},
        "no": {"en": "Does not lock", "ru": "Не запирается"},
    }
    assert door["shown_if"] == {"item": "walls", "answers": ["partial", "none"]}
    assert why["ru"] == "Почему?"
    assert "shown_if" not in why
    told = [str(note.what) for note in imported.notes]
    assert "texts in Français (fr) are left out" in told
    assert "why is always shown; its rule is left out: ${roof_ok}='no' and ${walls}='none'" in told


def told(content: bytes) -> list[str]:
    return [f"{note.sheet} {note.row}: {note.what}" for note in read_xlsform(content).notes]


def test_a_form_s_own_words_for_what_does_not_apply_are_told() -> None:
    assert (
        "survey 3: roof_ok offers N/A in the words of this program, not: Not applicable, Не применимо"
        in told(household())
    )


@pytest.mark.parametrize("given", ["2024010100", "1.2", "v3", "0"])
def test_a_version_that_a_checklist_cannot_have_is_told(given: str) -> None:
    content = workbook(survey=[ask("text", "a", "A")], settings=[{"form_id": "my form", "version": given}])
    said = told(content)
    assert f"settings 2: the version {given} is left out: versions of a checklist are counted here" in said
    assert "settings 2: my form has the code my_form here" in said
    assert read_xlsform(content).document["version"] == 1


def test_a_version_that_a_checklist_can_have_is_kept() -> None:
    content = workbook(survey=[ask("text", "a", "A")], settings=[{"form_id": "form", "version": "12"}])
    assert read_xlsform(content).document["version"] == 12
    assert not [line for line in told(content) if "version" in line]


def test_what_our_own_columns_cannot_hold_is_told() -> None:
    content = workbook(
        survey=[
            ask("integer", "n", "How many?", weight="3", expected="4", critical="yes"),
            ask("select_one yn", "a", "A", critical="perhaps", lever="other", expected="y"),
        ],
        choices=[choice("yn", "y", "Yes"), choice("yn", "n", "No")],
        settings=[{"form_id": "form", "knockout": "everything", "min_answered_percent": "most"}],
    )
    said = told(content)
    for name in ("weight", "critical", "expected"):
        assert f"survey 2: {name} of n is left out: a question of type number has none" in said
    for sentence in (
        "survey 3: perhaps in the column critical is left out: it should be one of yes, no",
        "survey 3: other in the column lever is left out: it should be one of training, facility",
        "settings 2: everything in the column knockout is left out: "
        "it should be one of flag, zero_section, cap_50, zero_total",
        "settings 2: most in the column min_answered_percent is left out: it should be one of 1 ... 100",
    ):
        assert sentence in said
    checklist, _problems = drafts.read_draft(drafts.draft_of(read_xlsform(content).document))
    assert (checklist.items["a"].expected, checklist.items["n"].weight) == ("yes", 0)


def test_texts_that_show_an_answer_and_words_beside_groups_are_told() -> None:
    content = workbook(
        survey=[
            ask("begin_group", "g", "The house of ${name}", hint="Go round it", relevant="1 = 1"),
            ask("note", "n", "Thank you, ${name}", hint="Smile"),
            ask("note", "pictured", **{"media::image": "a.png"}),
            ask("text", "name", "Your name?"),
            ask("select_one l", "a", "Which?"),
            ask("end_group"),
        ],
        choices=[choice("l", "one", "As ${name} says"), choice("l", "two", "Two"), choice("m", "x", "X")],
    )
    said = told(content)
    for sentence in (
        "survey 2: the text of g stays as it is written: no answer is put in for ${name}",
        "survey 2: the hint of g is left out: Go round it",
        "survey 3: the text of n stays as it is written: no answer is put in for ${name}",
        "survey 3: the hint of n is left out: Smile",
        "survey 3: the note n is always shown; its rule is left out: 1 = 1",
        "survey 4: pictured is left out: it has no text",
        "choices 2: the text of one stays as it is written: no answer is put in for ${name}",
        "choices 4: the list m is left out: no question offers it",
    ):
        assert sentence in said


def test_a_form_in_a_language_of_its_own_says_so() -> None:
    content = workbook(
        survey=[ask("text", "a", "Une question")],
        settings=[{"form_id": "form", "default_language": "Français (fr)"}],
    )
    sentence = "texts without a language are in Français (fr); here they stand as English or Russian"
    assert f"settings 2: {sentence}" in told(content)


def test_older_headings_and_kinds_are_read() -> None:
    content = workbook(
        survey=[
            {"command": "select one from yn", "tag": "a", "caption": "A"},
            {
                "command": "add select one prompt using yn",
                "tag": "b",
                "caption": "B",
                "relevance": "${a} = 'y'",
            },
            {"command": "select1 yn", "tag": True, "caption": "C", "relevance": "${b} = 'n'"},
        ],
        choices=[choice("yn", "y", "Yes"), choice("yn", "n", "No")],
    )
    (section,) = read_xlsform(content).document["sections"]
    assert [(item["code"], item["en"], item.get("shown_if")) for item in section["items"]] == [
        ("a", "A", None),
        ("b", "B", {"item": "a", "answers": ["yes"]}),
        ("TRUE", "C", {"item": "b", "answers": ["no"]}),
    ]


def test_a_form_in_russian_alone_is_read_as_russian() -> None:
    content = workbook(
        survey=[ask("begin_group", "g", "Зал"), ask("text", "a", "Вопрос"), ask("end_group")],
        settings=[{"form_title": "Анкета", "form_id": "form"}],
    )
    document = read_xlsform(content).document
    assert document["title"] == {"ru": "Анкета"}
    assert document["sections"][0]["items"][0]["ru"] == "Вопрос"


# What is refused


def bomb() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 60_000_000)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no workbook", "cannot be read"),
        (bomb(), "unpacks to more"),
        (workbook(other=[{"a": "b"}]), "pyxform says"),
        (workbook(survey=[ask("select_one nowhere", "a", "A")]), "pyxform says"),
        (workbook(survey=[ask("begin_group", "a", "A")]), "pyxform says"),
        (workbook(survey=[ask("integer", "two words", "A")]), "pyxform says"),
        (workbook(survey=[ask("note", f"n{n}", "x") for n in range(5001)]), "5000 rows"),
    ],
)
def test_what_is_no_xlsform_is_refused_in_words(content: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_xlsform(content)
