"""The import on pages: looked through, confirmed, stored; never half."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, func, select

from pilot_eval.records.measurements import ImportedFile, Measurement
from pilot_eval.records.pilots import Pilot

ROWS = "branch,region,arm,period,score\n" + "".join(
    f"B{branch},North,{('comparison', 'trained')[branch % 2]},{period},{50 + branch * (period == 'after')}\n"
    for branch in range(6)
    for period in ("before", "after")
)
FORM = {
    "title_en": "Made up",
    "outcome": "score",
    "kind": "score",
    "design": "difference_in_differences",
    "better": "",
    "level": "0,95",
    "draws": "199",
    "seed": "1",
}


def sent(content: str | bytes = ROWS, name: str = "rows.csv", **more: str) -> dict[str, Any]:
    data = content.encode() if isinstance(content, str) else content
    return FORM | {"file": (io.BytesIO(data), name)} | more


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: value for name, value in found if name not in {"csrf_token", "next"}}


def stored(session: Session) -> tuple[int, int, int]:
    tables = (Pilot, ImportedFile, Measurement)
    counts = [session.exec(select(func.count()).select_from(table)).one() for table in tables]
    return counts[0], counts[1], counts[2]


def uploads(settings: Any) -> list[Path]:
    folder = settings.data / "uploads"
    return list(folder.iterdir()) if folder.exists() else []


def test_a_file_is_looked_through_then_stored(as_head_office: Any, session: Session, settings: Any) -> None:
    preview = as_head_office.submit("/pilots/import", sent(title_ru="Вымысел"))
    assert preview.status_code == 200
    assert "Nothing is stored yet" in preview.text
    assert "First numbers" in preview.text
    assert stored(session) == (0, 0, 0)
    assert len(uploads(settings)) == 1
    done = as_head_office.submit("/pilots/import", hidden(preview.text) | {"confirmed": "yes"})
    assert done.status_code == 302
    assert done.location.endswith("/pilots/made-up")
    assert stored(session) == (1, 1, 12)
    assert session.exec(select(Pilot.title_ru)).one() == "Вымысел"
    assert session.exec(select(ImportedFile.name)).one() == "rows.csv"
    assert uploads(settings) == []
    assert as_head_office.get("/pilots/made-up").status_code == 200


def test_choices_can_be_changed_without_choosing_the_file_again(as_head_office: Any) -> None:
    preview = as_head_office.submit("/pilots/import", sent())
    back = as_head_office.submit("/pilots/import", hidden(preview.text) | {"confirmed": "change"})
    assert back.status_code == 200
    assert "rows.csv is kept" in back.text
    assert 'value="Made up"' in back.text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "the file is empty"),
        ("branch,arm,period,score\n", "has a header but no rows"),
        (ROWS + "B1,North,control,before,1\n", "row 14, column arm"),
        (ROWS + "B1,North,trained,later,1\n", "row 14, column period"),
        (ROWS + "B1,North,comparison,before,1\n", "row 14, column arm"),
        (ROWS + "B1,North,trained,before,NA\n", "row 14, column score"),
        (ROWS + "B1,South,trained,before,1\n", "row 14, column region"),
        ("Ё,Север,trained,before,1\n".encode("cp1251"), "is not UTF-8"),
        (b"PK\3\4 not a workbook", "cannot be read as an XLSX workbook"),
        (b"PAR1 not the rest of it", "is not a whole Parquet file: damaged, cut short or encrypted"),
        ("branch,id,arm,period,score\nB1,x,trained,before,1\nB1,x,trained,after,1\n", "row 3, column id"),
        ("branch,arm,date,trained_on,score\nB1,trained,31.12.2014,2014-09-01,1\n", "row 2, column date"),
    ],
)
def test_a_bad_file_is_refused_with_its_place_and_the_choices_kept(
    as_head_office: Any, session: Session, content: str | bytes, sentence: str
) -> None:
    answer = as_head_office.submit("/pilots/import", sent(content))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="Made up"' in answer.text
    assert stored(session) == (0, 0, 0)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title_en", "", "Enter a title"),
        ("outcome", "", "Name the column"),
        ("outcome", "nowhere", "there is no column"),
        ("level", "7", "not between"),
        ("draws", "3", "not between"),
        ("seed", "-1", "negative"),
        ("smallest_effect", "0", "not above 0"),
        ("kind", "rate", "Not a valid choice"),
        ("slug", "import", "small Latin letters"),
    ],
)
def test_a_bad_choice_is_said_at_its_field(
    as_head_office: Any, session: Session, field: str, value: str, sentence: str
) -> None:
    answer = as_head_office.submit("/pilots/import", sent(**{field: value}))
    assert answer.status_code == 422
    assert sentence.lower() in answer.text.lower()
    assert stored(session) == (0, 0, 0)


def test_a_file_is_needed(as_head_office: Any) -> None:
    answer = as_head_office.submit("/pilots/import", FORM)
    assert answer.status_code == 422
    assert "Choose a file" in answer.text


def test_a_kept_file_is_its_bearers_alone(
    as_head_office: Any, sign_in: Any, create_person: Any, session: Session
) -> None:
    from pilot_eval.domain.people import Role

    form = hidden(as_head_office.submit("/pilots/import", sent()).text) | {"confirmed": "yes"}
    other = sign_in(create_person(Role.HEAD_OFFICE))
    assert other.submit("/pilots/import", form).status_code == 422
    for token in ("../../etc/passwd", "x" * 43, form["token"] + "/..", ""):
        assert as_head_office.submit("/pilots/import", form | {"token": token}).status_code == 422
    assert stored(session) == (0, 0, 0)


def test_the_same_file_into_the_same_pilot_adds_nothing(as_head_office: Any, session: Session) -> None:
    preview = as_head_office.submit("/pilots/import", sent(slug="made-up"))
    as_head_office.submit("/pilots/import", hidden(preview.text) | {"confirmed": "yes"})
    again = as_head_office.submit("/pilots/import", sent(slug="made-up"))
    assert again.status_code == 422
    assert "in this pilot already" in again.text
    assert stored(session) == (1, 1, 12)


def test_importing_is_head_offices_alone(
    sign_in: Any, auditor: Any, manager: Any, administrator: Any, client: Any
) -> None:
    for person in (auditor, manager, administrator):
        browser = sign_in(person)
        assert browser.get("/pilots/import").status_code == 403
        assert browser.submit("/pilots/import", sent()).status_code == 403
    assert client.get("/pilots/import").status_code == 302
