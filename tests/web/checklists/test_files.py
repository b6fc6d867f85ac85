"""Checklists go out as files and come in again."""

from __future__ import annotations

import io
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.checklists import default_checklist, drafts, parse
from pilot_eval.domain.documents import read_yaml
from pilot_eval.operations import checklist_files
from pilot_eval.operations.forms import publish_checklist
from pilot_eval.records.forms import ChecklistDraft, ChecklistVersion
from tests.conftest import OPERATOR
from tests.engines.test_forms_of_odk import form
from tests.engines.test_xlsforms import household, widgets


@pytest.fixture
def published(session: Session) -> ChecklistVersion:
    version = publish_checklist(session, OPERATOR, default_checklist())
    session.commit()
    return version


def bring_in(browser: Any, content: bytes, name: str) -> Any:
    data = {"file": (io.BytesIO(content), name)}
    return browser.submit("/checklists/import", data, content_type="multipart/form-data")


def drafted(session: Session) -> ChecklistDraft:
    session.expire_all()
    return session.exec(select(ChecklistDraft)).one()


@pytest.mark.parametrize("kind", ["yml", "xlsx"])
def test_what_is_taken_out_comes_in_as_the_same_checklist(
    as_head_office: Any, session: Session, published: ChecklistVersion, kind: str
) -> None:
    file = as_head_office.get(f"/checklists/versions/1/file.{kind}")
    assert file.headers["Content-Disposition"] == f'attachment; filename="post-branch-1.{kind}"'
    answer = bring_in(as_head_office, file.data, f"post-branch-1.{kind}")
    assert answer.location == "/checklists/drafts/1"
    checklist, problems = drafts.read_draft(drafted(session).document)
    assert problems == []
    assert checklist.digest == published.digest


def test_yaml_is_the_schema_of_the_product_and_readable(
    as_head_office: Any, published: ChecklistVersion
) -> None:
    text = as_head_office.get("/checklists/versions/1/file.yml").text
    assert "Вывеска и индекс отделения есть" in text
    assert parse(read_yaml(text)).digest == published.digest
    assert as_head_office.get("/checklists/versions/1/file.docx").status_code == 404


def test_what_a_form_of_others_could_not_bring_is_listed(as_head_office: Any, session: Session) -> None:
    answer = bring_in(as_head_office, widgets(), "Widgets.XLSX")
    assert answer.status_code == 200
    for text in (
        "things in Widgets.XLSX could not be taken over as they were",
        "place is left out: a checklist has no questions of the kind geopoint",
        "double is left out",
        'href="/checklists/drafts/1"',
    ):
        assert text in answer.text
    page = as_head_office.get("/checklists/drafts/1").text
    assert "Question married, in Russian: is missing" in page
    assert drafted(session).document["code"] == "all-widgets"


def test_a_real_form_of_odk_becomes_a_draft(as_head_office: Any, session: Session) -> None:
    page = bring_in(as_head_office, form("tutorial.xls"), "tutorial.xls").text
    assert "literate is always shown; its rule is left out" in page
    assert "member is asked once: a checklist has nothing that repeats" in page
    checklist, _problems = drafts.read_draft(drafted(session).document)
    assert len(checklist.items) == 10
    assert as_head_office.get("/checklists/drafts/1/preview").status_code == 200


def test_russian_readers_are_told_in_russian(as_head_office: Any) -> None:
    as_head_office.submit("/language", {"language": "ru"})
    page = bring_in(as_head_office, household(), "household.xlsx").text
    assert "why показывается всегда; его правило опущено" in page


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"code: [", "a.yml", "is not YAML"),
        (b"code: small", "a.yaml", "sections"),
        (b"\xff\xfe", "a.yml", "is not text in UTF-8"),
        (b"PK", "a.xlsx", "cannot be read as an XLSX workbook"),
        (bytes.fromhex("d0cf11e0a1b11ae1"), "a.xls", "cannot be read as a workbook"),
        (b"hello", "a.pdf", "should be a YAML file (.yml) or an XLSForm workbook (.xlsx or .xls)"),
    ],
)
def test_what_is_no_checklist_is_refused_in_words(
    as_head_office: Any, session: Session, content: bytes, name: str, said: str
) -> None:
    answer = bring_in(as_head_office, content, name)
    assert answer.status_code == 422
    assert said in answer.text
    assert session.exec(select(ChecklistDraft)).all() == []


def test_a_file_that_is_too_large_is_refused(as_head_office: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checklist_files, "MOST_BYTES", 100)
    answer = bring_in(as_head_office, b"# " + b"x" * 100, "a.yml")
    assert answer.status_code == 422
    assert "is larger than 100 bytes" in answer.text


def test_without_a_file_nothing_happens(as_head_office: Any) -> None:
    answer = as_head_office.submit("/checklists/import", {})
    assert answer.status_code == 422
    assert "Choose a file" in answer.text
