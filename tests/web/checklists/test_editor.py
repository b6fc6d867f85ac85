"""Head office writes a checklist on its pages: nothing typed is lost, and two editors cannot overwrite."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.checklists import default_checklist, drafts, parse
from pilot_eval.operations import checklist_drafts
from pilot_eval.records.forms import ChecklistDraft, ChecklistVersion
from tests.conftest import OPERATOR
from tests.domain.test_checklists import small
from tests.domain.test_drafts import codes, key_of
from tests.web.field_pages import filled

NOW = datetime(2014, 7, 20, 12, tzinfo=UTC)


@pytest.fixture
def draft(session: Session) -> ChecklistDraft:
    """A draft without a fault."""
    document = drafts.draft_of(parse(small()).to_document())
    draft = checklist_drafts.begin_draft(session, OPERATOR, document, NOW)
    session.commit()
    return draft


def address(draft: ChecklistDraft, code: str = "", part: str = "questions") -> str:
    base = f"/checklists/drafts/{draft.id}"
    return f"{base}/{part}/{key_of(draft.document, code)}" if code else base


def stored(session: Session, draft: ChecklistDraft, code: str) -> dict[str, Any]:
    session.expire_all()
    found: dict[str, Any] = drafts.node(draft.document, key_of(draft.document, code))
    return found


# Drafts as a whole


def test_a_draft_is_begun_from_the_product_and_published(as_head_office: Any, session: Session) -> None:
    answer = as_head_office.submit("/checklists/drafts", {"from": "product"})
    page = as_head_office.get(answer.location).text
    assert "Post office branch: mystery visit: draft" in page
    assert "Publish version 1" in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    answer = as_head_office.submit(f"{answer.location}/publish", {"version": version[1]})
    published = session.exec(select(ChecklistVersion)).one()
    assert answer.location == f"/checklists/versions/{published.id}"
    assert published.digest == default_checklist().digest
    assert "Version 1 is published" in as_head_office.get(answer.location).text


def test_an_empty_draft_lists_what_is_missing_with_links(as_head_office: Any, session: Session) -> None:
    answer = as_head_office.submit("/checklists/drafts", {"from": "nothing"})
    page = as_head_office.get(answer.location).text
    assert "things to do before it can be published" in page
    assert "Section A, Title: is missing" in page
    assert re.search(r'href="/checklists/drafts/1/sections/\w+#title"', page)
    assert "Scenarios: should be a list with at least one entry" in page
    assert 'href="/checklists/drafts/1/settings#header-scenarios"' in page
    assert "Publish version" not in page
    refused = as_head_office.submit(f"{answer.location}/publish", {"version": "1"})
    assert refused.status_code == 422
    assert session.exec(select(ChecklistVersion)).all() == []


def test_questions_and_sections_are_added_moved_removed_and_undone(
    as_head_office: Any, session: Session, draft: ChecklistDraft
) -> None:
    def do(deed: str, code: str = "") -> Any:
        session.expire_all()
        key = key_of(draft.document, code) if code else ""
        return as_head_office.submit(address(draft), {"version": draft.row_version, "do": f"{deed}|{key}"})

    assert "/questions/" in do("add-question", "A").location
    assert "/sections/" in do("add-section").location
    do("down", "A1")
    do("up", "B")
    session.expire_all()
    assert codes(draft.document) == [["B1", "B2"], ["A2", "A1", "A3"], ["C1"], []]
    do("remove", "B")
    page = as_head_office.get(address(draft)).text
    assert "Removed. You can undo it." in page
    session.expire_all()
    assert codes(draft.document) == [["A2", "A1", "A3"], ["C1"], []]
    as_head_office.submit(f"{address(draft)}/undo", {"version": draft.row_version})
    session.expire_all()
    assert codes(draft.document)[0] == ["B1", "B2"]


def test_a_draft_is_thrown_away_and_brought_back(
    as_head_office: Any, session: Session, draft: ChecklistDraft
) -> None:
    answer = as_head_office.submit(f"{address(draft)}/discard", {"version": draft.row_version})
    page = as_head_office.get(answer.location).text
    assert "The draft is thrown away." in page
    assert address(draft) + '"' not in page
    assert "This draft is thrown away." in as_head_office.get(address(draft)).text
    as_head_office.submit(f"{address(draft)}/restore")
    assert f'href="{address(draft)}"' in as_head_office.get("/checklists").text


def test_a_version_is_retired_and_taken_back_and_edited_as_a_new_draft(
    as_head_office: Any, session: Session, draft: ChecklistDraft
) -> None:
    as_head_office.submit(f"{address(draft)}/publish", {"version": draft.row_version})
    again = as_head_office.submit(f"{address(draft)}/publish", {"version": draft.row_version})
    assert again.location == "/checklists/versions/1"  # a double tap
    assert "This draft is published." in as_head_office.get(address(draft)).text
    as_head_office.submit("/checklists/versions/1/retire")
    assert "retired" in as_head_office.get("/checklists").text
    assert as_head_office.submit("/checklists/versions/1/retire").status_code == 409
    as_head_office.submit("/checklists/versions/1/reinstate")
    answer = as_head_office.submit("/checklists/versions/1/edit")
    assert answer.location == "/checklists/drafts/2"
    refused = as_head_office.submit("/checklists/drafts/2/publish", {"version": "1"})
    assert refused.status_code == 422
    assert "Nothing is different from version 1" in refused.text


# Parts


def test_a_question_is_saved_as_it_was_typed_right_or_wrong(
    as_head_office: Any, session: Session, draft: ChecklistDraft
) -> None:
    path = address(draft, "A2")
    form = filled(as_head_office.get(path).text, weight="three", en=" Two\r\nlines ", ru="", critical="y")
    answer = as_head_office.submit(path, form | {"do": "save"})
    assert answer.status_code == 302
    item = stored(session, draft, "A2")
    assert (item["weight"], item["en"], item["ru"], item["critical"]) == ("three", "Two\nlines", "", True)
    page = as_head_office.get(path).text
    assert 'value="three"' in page
    assert "Question A2, Weight: should be a whole number from 0 to 1000" in page
    assert "Question A2, in Russian: is missing" in page


def test_saving_without_a_change_keeps_the_checklist_the_same(as_head_office: Any, session: Session) -> None:
    document = drafts.draft_of(default_checklist().to_document())
    draft = checklist_drafts.begin_draft(session, OPERATOR, document, NOW)
    session.commit()
    pages = [f"{address(draft)}/settings"]
    for section in document["sections"]:
        pages.append(f"{address(draft)}/sections/{section['key']}")
        pages += [f"{address(draft)}/questions/{item['key']}" for item in section["items"]]
    for path in pages:
        answer = as_head_office.submit(path, filled(as_head_office.get(path).text) | {"do": "save"})
        assert answer.status_code == 302, path
    session.expire_all()
    checklist, problems = drafts.read_draft(draft.document)
    assert problems == []
    assert checklist.digest == default_checklist().digest


def test_rows_are_added_and_moved_with_everything_typed_kept(
    as_head_office: Any, session: Session, draft: ChecklistDraft
) -> None:
    path = address(draft, "A2")
    form = filled(as_head_office.get(path).text, type="choice", en="Typed before")
    answer = as_head_office.submit(path, form | {"do": "show"})
    assert answer.location.startswith(path)
    for typed in ({}, {"options-0-code": "good", "options-0-en": "Good"}):
        page = as_head_office.get(path).text
        as_head_office.submit(path, filled(page, **typed) | {"do": "add|options|0"})
    page = as_head_office.get(path).text
    as_head_office.submit(path, filled(page, **{"options-1-code": "bad"}) | {"do": "up|options|1"})
    item = stored(session, draft, "A2")
    assert item["en"] == "Typed before"
    assert [option["code"] for option in item["options"]] == ["bad", "good"]
    assert item["options"][1]["en"] == "Good"
    as_head_office.submit(path, filled(as_head_office.get(path).text) | {"do": "remove|options|0"})
    assert [option["code"] for option in stored(session, draft, "A2")["options"]] == ["good"]
    for strange in ("up|options|9", "burn|options|0", "up|nothing|0"):
        answer = as_head_office.submit(path, filled(as_head_office.get(path).text) | {"do": strange})
        assert answer.status_code in {302, 404}


def test_the_settings_have_rows_of_their_own(
    as_head_office: Any, session: Session, draft: ChecklistDraft
) -> None:
    path = f"{address(draft)}/settings"
    form = filled(as_head_office.get(path).text, **{"scoring-knockout": "zero_total"})
    answer = as_head_office.submit(path, form | {"do": "add|header.incidents|0"})
    assert answer.location == f"{path}#header-incidents"
    form = filled(
        as_head_office.get(path).text,
        **{
            "header-incidents-0-code": "storm",
            "header-incidents-0-en": "Storm",
            "header-incidents-0-ru": "Буря",
        },
    )
    as_head_office.submit(path, form | {"do": "save"})
    session.expire_all()
    checklist, problems = drafts.read_draft(draft.document)
    assert problems == []
    assert checklist.knockout == "zero_total"
    assert [incident.code for incident in checklist.incidents] == ["storm"]
    assert [grade.low for grade in checklist.grades] == [90, 0]


def test_a_rule_of_showing_offers_the_answers_of_the_chosen_question(
    as_head_office: Any, session: Session, draft: ChecklistDraft
) -> None:
    path = address(draft, "C1")
    page = as_head_office.get(path).text
    assert '<option value="B2">' in page
    assert 'name="shown_if-answers"' not in page
    as_head_office.submit(path, filled(page, **{"shown_if-item": "B2"}) | {"do": "show"})
    page = as_head_office.get(path).text
    for answer in ("full", "partial", "none"):
        assert f'value="{answer}"' in page
    as_head_office.submit(path, filled(page) | {"shown_if-answers": ["none", "partial"], "do": "save"})
    session.expire_all()
    checklist, problems = drafts.read_draft(draft.document)
    assert problems == []
    assert checklist.items["C1"].shown_if.answers == ("partial", "none") or (  # type: ignore[union-attr]
        checklist.items["C1"].shown_if.answers == ("none", "partial")  # type: ignore[union-attr]
    )


def test_a_known_answer_is_picked_among_the_answers_that_have_a_code(
    as_head_office: Any, session: Session, draft: ChecklistDraft
) -> None:
    path = address(draft, "A1")
    as_head_office.submit(path, filled(as_head_office.get(path).text, type="choice") | {"do": "show"})
    for typed in ({}, {"options-0-code": "old"}):  # the second row stays empty
        form = filled(as_head_office.get(path).text, **typed) | {"do": "add|options|0"}
        as_head_office.submit(path, form)
    page = as_head_office.get(path).text
    for name in ("comment_on", "expected"):
        offered = page.partition(f'name="{name}"')[2].partition("</select>")[0]
        assert re.findall(r'value="(\w*)"', offered) == ["", "old"]
    as_head_office.submit(path, filled(page, expected="old") | {"do": "save"})
    assert stored(session, draft, "A1")["expected"] == "old"
    assert "known answer" in as_head_office.get(address(draft)).text


def test_the_next_question_comes_after_this_one(
    as_head_office: Any, session: Session, draft: ChecklistDraft
) -> None:
    path = address(draft, "A1")
    answer = as_head_office.submit(path, filled(as_head_office.get(path).text, en="Changed") | {"do": "next"})
    session.expire_all()
    assert codes(draft.document)[0] == ["A1", "A3", "A2"]
    assert answer.location == address(draft, "A3")
    assert stored(session, draft, "A1")["en"] == "Changed"


def test_of_two_editors_the_second_sees_both_versions_and_saves_on_top(
    as_head_office: Any, session: Session, draft: ChecklistDraft
) -> None:
    path = address(draft, "A1")
    mine = filled(as_head_office.get(path).text, en="Mine", weight="9")
    theirs = filled(as_head_office.get(path).text, en="Theirs")
    as_head_office.submit(path, theirs | {"do": "save"})
    answer = as_head_office.submit(path, mine | {"do": "save"})
    assert answer.status_code == 409
    assert stored(session, draft, "A1")["en"] == "Theirs"
    text = " ".join(re.sub("<[^>]*>", " ", answer.text).split())
    assert "Somebody else has changed this draft" in text
    assert "in English Theirs Mine" in text
    assert "Weight 2 9" in text
    assert as_head_office.submit(path, filled(answer.text) | {"do": "save"}).status_code == 302
    assert (stored(session, draft, "A1")["en"], stored(session, draft, "A1")["weight"]) == ("Mine", 9)


def test_what_somebody_else_removed_is_shown_as_it_was_typed(
    as_head_office: Any, session: Session, draft: ChecklistDraft
) -> None:
    path, key = address(draft, "A1"), key_of(draft.document, "A1")
    mine = filled(as_head_office.get(path).text, en="Mine")
    as_head_office.submit(address(draft), {"version": draft.row_version, "do": f"remove|{key}"})
    answer = as_head_office.submit(path, mine | {"do": "save"})
    assert answer.status_code == 409
    assert "was removed in the meantime" in answer.text
    assert "Mine</textarea>" in answer.text
    assert as_head_office.get(path).status_code == 404


def test_changes_to_the_whole_made_on_an_old_page_change_nothing(
    as_head_office: Any, session: Session, draft: ChecklistDraft
) -> None:
    old, key = draft.row_version, key_of(draft.document, "A1")
    as_head_office.submit(address(draft), {"version": old, "do": f"down|{key}"})
    for path, more in (("", {"do": f"remove|{key}"}), ("/undo", {}), ("/discard", {}), ("/publish", {})):
        answer = as_head_office.submit(address(draft) + path, {"version": old, **more})
        assert answer.status_code == 409
        assert "Nothing of theirs was touched" in answer.text
    session.expire_all()
    assert codes(draft.document)[0] == ["A2", "A1"]
    assert draft.thrown_away_at is None


@pytest.mark.parametrize("version", ["", "x", "-1", "²"])
def test_a_form_without_its_version_is_a_bad_request(
    as_head_office: Any, draft: ChecklistDraft, version: str
) -> None:
    answer = as_head_office.submit(address(draft), {"version": version, "do": "add-section|"})
    assert answer.status_code == 400


def test_a_part_of_another_kind_is_not_found(as_head_office: Any, draft: ChecklistDraft) -> None:
    for code, part in (("A", "questions"), ("A1", "sections")):
        assert as_head_office.get(address(draft, code, part)).status_code == 404
    assert as_head_office.get(f"{address(draft)}/questions/nothing").status_code == 404


def test_what_is_typed_is_escaped(as_head_office: Any, session: Session, draft: ChecklistDraft) -> None:
    path = address(draft, "A1")
    evil = '"><script>alert(1)</script>'
    as_head_office.submit(path, filled(as_head_office.get(path).text, en=evil, code=evil) | {"do": "save"})
    for page in (path, address(draft), f"{address(draft)}/preview", "/checklists"):
        assert "<script>alert" not in as_head_office.get(page).text


# Preview


def test_a_preview_is_the_visit_form_and_stores_nothing(
    as_head_office: Any, session: Session, draft: ChecklistDraft
) -> None:
    path = f"{address(draft)}/preview"
    page = as_head_office.get(f"{path}?language=ru").text
    assert '<html lang="ru">' in page
    assert "Один" in page
    page = as_head_office.get(f"{path}?language=en").text
    for text in ('<html lang="en">', "Preview.", "preview-phone", "One", 'name="q_B2"'):
        assert text in page
    assert '<script type="module" src="/static/js/field' not in page
    answer = as_head_office.submit(
        path, filled(page, outcome="done", started_at="10:00", left_at="10:20", q_B1="no")
    )
    assert answer.status_code == 422
    assert "B1: say in a few words what happened" in answer.text
    answer = as_head_office.submit(path, filled(page, outcome="done", started_at="10:00", left_at="10:20"))
    assert answer.status_code == 200
    assert "Nothing was stored" in answer.text


def test_a_visit_without_incidents_to_tick_is_not_asked_for_them(
    as_head_office: Any, session: Session, draft: ChecklistDraft
) -> None:
    path = f"{address(draft)}/preview"
    asked = "Was anything out of the ordinary?"
    assert (asked in as_head_office.get(path).text) == bool(draft.document["header"]["incidents"])
    draft.document = draft.document | {"header": draft.document["header"] | {"incidents": []}}
    session.add(draft)
    session.commit()
    assert asked not in as_head_office.get(path).text


def test_an_unfinished_draft_can_be_previewed(as_head_office: Any, session: Session) -> None:
    answer = as_head_office.submit("/checklists/drafts", {"from": "nothing"})
    page = as_head_office.get(f"{answer.location}/preview").text
    assert "The draft is not finished" in page
