"""Files of rows on pages: a template, a match, a look through, and all rows or none."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlmodel import Session, select

from pilot_eval.domain.lists import ListState
from pilot_eval.operations import list_files
from pilot_eval.records.lists import ListFile
from pilot_eval.records.network import Branch
from pilot_eval.web.lists import pages

ROWS = "code,Title,region\n600001,Vladimir 1,North\n600002,Vladimir 2,North\n"
MATCHES = {"m_code": "code", "m_name": "Title", "m_region": "region"}


def sent(content: str | bytes = ROWS, name: str = "branches.csv") -> dict[str, Any]:
    data = content.encode() if isinstance(content, str) else content
    return {"file": (io.BytesIO(data), name)}


def bring(browser: Any, content: str | bytes = ROWS) -> str:
    """The address of the file's page."""
    answer = browser.submit("/lists/branches", sent(content))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def codes(session: Session) -> list[str]:
    return sorted(branch.code for branch in session.exec(select(Branch)))


def test_a_file_is_matched_looked_through_and_stored(as_head_office: Any, session: Session) -> None:
    page = bring(as_head_office)
    matching = as_head_office.get(page).text
    assert 'name="m_name"' in matching
    assert "Not taken from the file: Title" in matching
    looked = as_head_office.submit(f"{page}/check", MATCHES, follow_redirects=True).text
    assert "What would be stored" in looked
    assert "New regions: North" in looked
    assert codes(session) == []
    stored = as_head_office.submit(f"{page}/store", follow_redirects=True).text
    assert "What was stored" in stored
    assert codes(session) == ["600001", "600002"]


def test_the_same_file_again_would_add_nothing(as_head_office: Any, session: Session) -> None:
    for _time in range(2):
        page = bring(as_head_office)
        looked = as_head_office.submit(f"{page}/check", MATCHES, follow_redirects=True).text
        if "Store it" in looked:
            as_head_office.submit(f"{page}/store")
    assert "everything in this file is there already" in looked
    assert codes(session) == ["600001", "600002"]


def test_problems_are_told_by_row_and_nothing_is_stored(as_head_office: Any, session: Session) -> None:
    page = bring(as_head_office, ROWS + ",Nameless,North\n")
    looked = as_head_office.submit(f"{page}/check", MATCHES, follow_redirects=True).text
    assert "1 problem" in looked
    assert "row 4, column code" in looked
    assert "Store it" not in looked
    assert as_head_office.submit(f"{page}/store").status_code == 409
    assert codes(session) == []


def test_a_missing_match_comes_back_with_what_was_chosen(as_head_office: Any) -> None:
    page = bring(as_head_office)
    again = as_head_office.submit(f"{page}/check", {"m_code": "code", "m_name": "Title"})
    assert again.status_code == 422
    assert 'href="#m_region"' in again.text
    assert re.search(r'<option selected value="Title">', again.text)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"PK\3\4 no zip", b"code\n"])
def test_what_is_no_table_is_refused_in_words(as_head_office: Any, content: bytes) -> None:
    answer = as_head_office.submit("/lists/branches", sent(content))
    assert answer.status_code == 422
    assert "There is a problem" in answer.text


def test_templates_have_our_headings(as_head_office: Any) -> None:
    text = as_head_office.get("/lists/branches/template.csv").data.decode("utf-8-sig")
    headings = next(csv.reader(io.StringIO(text)))
    book = openpyxl.load_workbook(io.BytesIO(as_head_office.get("/lists/branches/template.xlsx").data))
    assert [cell.value for cell in book.worksheets[0][1]] == headings
    assert [row[0].value for row in book.worksheets[1].rows] == headings
    as_head_office.submit("/language", {"language": "ru", "next": "/"})
    russian = as_head_office.get("/lists/branches/template.csv").data.decode("utf-8-sig")
    assert next(csv.reader(io.StringIO(russian), delimiter=";")) == headings


def test_a_long_file_is_worked_on_in_the_background(
    app: Flask, as_head_office: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_files, "MOST_WAITED_FOR", 1)
    page = bring(as_head_office)
    waiting = as_head_office.submit(f"{page}/check", MATCHES, follow_redirects=True)
    assert "Being looked through" in waiting.text
    assert waiting.headers["Refresh"] == str(pages.REFRESH_SECONDS)
    queue = app.extensions["background"]
    assert queue.huey.pending_count() == 1
    queue.huey.execute(queue.huey.dequeue())
    session.expire_all()
    assert session.exec(select(ListFile)).one().state is ListState.CHECKED
    session.rollback()


def test_a_forgotten_file_is_gone_and_what_it_stored_stays(
    as_head_office: Any, session: Session, settings: Any
) -> None:
    page = bring(as_head_office)
    as_head_office.submit(f"{page}/check", MATCHES)
    as_head_office.submit(f"{page}/store")
    assert as_head_office.submit(f"{page}/remove").status_code == 303
    assert as_head_office.get(page).status_code == 404
    assert codes(session) == ["600001", "600002"]
    assert list((settings.data / "lists").iterdir()) == []
