"""Real forms of ODK, brought in as they are: what a checklist can be is in it, all else is told.

They lie in an old package of pyxform, which is downloaded with the packages for tests and never installed.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from pilot_eval.domain.checklists import drafts
from pilot_eval.domain.errors import BadInput
from pilot_eval.engines.xlsforms import Imported, read_xlsform

PACKAGE = "pyxform-0.12.2-py2.py3-none-any.whl"
FOLDER = "pyxform/tests/example_xls/"
TAKEN = (
    "tutorial.xls",
    "widgets.xls",
    "xlsform_spec_test.xlsx",
    "sms_info.xls",
    "table-list.xls",
    "or_other.xlsx",
    "specify_other.xls",
    "another_loop.xls",
    "select_one_external.xlsx",
    "style_settings.xls",
)


def form(name: str) -> bytes:
    with zipfile.ZipFile(Path(sys.prefix) / "forms" / PACKAGE) as package:
        return package.read(FOLDER + name)


def told(imported: Imported) -> list[str]:
    return [f"{note.sheet} {note.row}: {note.what}" for note in imported.notes]


def items(imported: Imported) -> dict[str, dict[str, Any]]:
    return {item["code"]: item for section in imported.document["sections"] for item in section["items"]}


def rows(content: bytes, sheet: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Number and cells of each row, read without any code of the import."""
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    headings, *lines = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    for number, line in enumerate(lines, 2):
        cells = {str(name).strip(): str(cell).strip() for name, cell in zip(headings, line, strict=True)}
        if any(cells.values()):
            yield number, {name: cell for name, cell in cells.items() if cell}


def test_the_tutorial_of_odk_becomes_a_checklist() -> None:
    imported = read_xlsform(form("tutorial.xls"))
    (section,) = imported.document["sections"]
    assert section["title"] == {"en": "Household Member or Visitor"}
    found = items(imported)
    assert [(code, item["type"]) for code, item in found.items()] == [
        ("name", "text"),
        ("relationship_to_household_head", "choice"),
        ("sex", "choice"),
        ("resident", "yesno"),
        ("stayed_last_night", "yesno"),
        ("older_than_five", "yesno"),
        ("age_in_months", "number"),
        ("age_in_years", "number"),
        ("literate", "yesno"),
        ("pregnant", "yesno"),
    ]
    assert found["age_in_months"]["high"] == 72
    assert found["age_in_months"]["shown_if"] == {"item": "older_than_five", "answers": ["no"]}
    assert found["age_in_years"]["low"] == 5
    assert found["age_in_years"]["shown_if"] == {"item": "older_than_five", "answers": ["yes"]}
    rule = "${sex}='female' and ${age_in_years}>=15 and ${age_in_years}<=49"
    assert told(imported) == [
        "survey 0: a number is taken from 0 to 1000000 where the form sets no limit of its own (rows 9)",
        "survey 0: the column tutorial_notes is left out (rows 2, 3, 4, 8, 9, 10)",
        "survey 2: member is asked once: a checklist has nothing that repeats",
        f"survey 11: literate is always shown; its rule is left out: {rule}",
        f"survey 12: pregnant is always shown; its rule is left out: {rule}",
        "choices 0: the column tutorial_notes is left out (rows 3)",
        "settings 0: the grades are those of the checklist that comes with the product",
    ]


def test_what_the_form_of_all_widgets_cannot_be_here_is_told_in_words() -> None:
    said = told(read_xlsform(form("widgets.xls")))
    for sentence in (
        "survey 4: my_decimal asks for a whole number here: decimals are not kept",
        "survey 4: a rule of my_decimal is left out: . > 10.51 and . < 18.39",
        "survey 5: my_date is left out: a checklist has no questions of the kind date",
        "survey 7: my_select is left out: a question of a checklist has one answer",
        "survey 10: the text of my_output stays as it is written: no answer is put in for ${my_trigger}",
        "survey 13: my_image is left out: a checklist has no questions of the kind image",
        "choices 0: the column image is left out (rows 20, 21, 23, 24)",
    ):
        assert sentence in said


@pytest.mark.parametrize("name", TAKEN)
def test_nothing_of_a_form_is_lost_in_silence(name: str) -> None:
    content = form(name)
    imported = read_xlsform(content)
    said, found = told(imported), items(imported)
    notes = "\n".join(str(section.get("note", "")) for section in imported.document["sections"])
    titles = [title for section in imported.document["sections"] for title in section["title"].values()]
    for number, cells in rows(content, "survey"):
        about = [line for line in said if line.startswith(f"survey {number}: ")]
        item = found.get(cells.get("name", ""), {})
        label = next((cells[name] for name in ("label", "label::english") if name in cells), "")
        assert (
            item
            or about
            or re.match("end", cells["type"])
            or (label and (label in notes or label in titles))
            # A group without a title asks nothing itself: its questions are judged.
            or (re.match("begin", cells["type"]) and not label)
        ), f"row {number} of {name}: {cells}"
        rule = cells.get("relevant", cells.get("bind:relevant", ""))
        if rule and not re.match("begin", cells["type"]):
            assert "shown_if" in item or any(rule in line for line in about), f"the rule of row {number}"
        for heading in cells:
            kept = re.match("type|name|label|hint|required$|relevant|constraint$|bind:relevant", heading)
            column = re.sub(r"\s*::?\s*", "::", heading.lower()).replace(" ", "_")
            assert (
                kept
                or heading in ("calculation", "bind:constraint")
                or any(f"the column {column.partition('::')[0]}" in line for line in said)
            ), f"the column {heading}"
    # It is a draft that can be finished: opened, shown, and every gap named.
    draft = drafts.draft_of(imported.document)
    checklist, problems = drafts.read_draft(draft)
    assert list(checklist.items) == list(found)
    assert problems != []


@pytest.mark.parametrize("name", ["calculate_without_calculation.xls", "choice_filter_test.xlsx"])
def test_a_form_that_odk_itself_refuses_is_refused_with_its_reason(name: str) -> None:
    with pytest.raises(BadInput, match=r"not a valid XLSForm; pyxform says: \[row : \d+\]"):
        read_xlsform(form(name))
