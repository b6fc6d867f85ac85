"""A checklist while it is written."""

import pytest

from pilot_eval.domain.checklists import default_checklist, drafts, parse
from pilot_eval.domain.checklists.drafts import (
    MOST_ITEMS,
    MOST_SECTIONS,
    add_item,
    add_section,
    blank_draft,
    changed,
    check_size,
    content,
    draft_of,
    moved,
    read_draft,
    rearranged,
    removed,
    spot,
)
from pilot_eval.domain.problems import Refused
from tests.domain.test_checklists import small


def small_draft():
    return draft_of(parse(small()).to_document())


def key_of(draft, code):
    return next(
        each["key"]
        for section in draft["sections"]
        for each in (section, *section["items"])
        if each.get("code") == code
    )


def codes(draft):
    return [[item["code"] for item in section["items"]] for section in draft["sections"]]


def found(draft):
    return {problem.field: problem.code for problem in read_draft(draft)[1]}


def test_a_draft_of_a_checklist_is_the_same_checklist():
    for checklist in (default_checklist(), parse(small())):
        draft = draft_of(checklist.to_document())
        read, problems = read_draft(draft, checklist.version)
        assert problems == []
        assert read.digest == checklist.digest
        assert parse(content(draft, checklist.version)).digest == checklist.digest


def test_an_empty_page_can_be_read_and_says_what_is_missing():
    checklist, problems = read_draft(blank_draft())
    assert [section.code for section in checklist.sections] == ["A"]
    assert {problem.field for problem in problems} >= {
        "code",
        "title",
        "sections[0].title",
        "sections[0].items",
    }
    assert "scoring.grades" not in {problem.field for problem in problems}


def test_sections_and_questions_get_free_codes():
    draft, section = add_section(small_draft())
    assert drafts.node(draft, section)["code"] == "D"
    draft, item = add_item(draft, key_of(draft, "A"))
    assert codes(draft)[0] == ["A1", "A2", "A3"]
    draft, _item = add_item(draft, key_of(draft, "A"), after=key_of(draft, "A1"))
    assert codes(draft)[0] == ["A1", "A4", "A2", "A3"]
    assert drafts.node(draft, item)["type"] == "yesno"


def test_a_question_moves_through_its_section_and_over_its_border():
    draft = small_draft()
    assert codes(moved(draft, key_of(draft, "A1"), 1)) == [["A2", "A1"], ["B1", "B2"], ["C1"]]
    assert codes(moved(draft, key_of(draft, "B1"), -1)) == [["A1", "A2", "B1"], ["B2"], ["C1"]]
    assert codes(moved(draft, key_of(draft, "A2"), 1)) == [["A1"], ["A2", "B1", "B2"], ["C1"]]
    assert codes(moved(draft, key_of(draft, "A1"), -1)) == codes(draft)
    assert codes(moved(draft, key_of(draft, "C1"), 1)) == codes(draft)


def test_a_section_moves_with_its_questions():
    draft = small_draft()
    assert codes(moved(draft, key_of(draft, "B"), -1)) == [["B1", "B2"], ["A1", "A2"], ["C1"]]
    assert codes(moved(draft, key_of(draft, "A"), -1)) == codes(draft)
    assert codes(removed(draft, key_of(draft, "B"))) == [["A1", "A2"], ["C1"]]
    assert codes(draft) == [["A1", "A2"], ["B1", "B2"], ["C1"]]


def test_what_was_typed_stays_in_the_draft_although_it_is_wrong():
    draft = small_draft()
    key = key_of(draft, "A1")
    draft = changed(draft, key, {"weight": "three", "ru": "", "options": [{"code": "x"}]})
    assert found(draft) == {"sections[0].items[0].weight": "wrong_kind", "sections[0].items[0].ru": "missing"}
    draft = changed(draft, key, {"type": "choice"})
    assert "sections[0].items[0].options[0].en" in found(draft)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("text", {"weight": 3, "critical": True, "comment_on": "no", "na": True}),
        ("number", {"options": [{}], "formula": "?", "anchors": {"yes": {"en": "a", "ru": "б"}}}),
        ("yesno", {"weight": 3, "low": 5, "anchors": {"full": {"en": "a", "ru": "б"}}}),
        ("computed", {"formula": "timing.wait_seconds <= 600", "required": True, "weight": 3}),
        ("yesno", {"weight": 3, "shown_if": {"item": "", "answers": []}}),
    ],
)
def test_what_does_not_go_with_the_type_is_no_part_of_the_checklist(kind, more):
    draft = small_draft()
    draft = changed(draft, key_of(draft, "A2"), {"type": kind} | more)
    assert read_draft(draft)[1] == []


def test_a_problem_leads_to_its_place():
    draft = small_draft()
    assert spot(draft, "sections[1].items[0].options[1].percent") == drafts.Spot(
        "item", key_of(draft, "B1"), "B1", "options[1].percent"
    )
    assert spot(draft, "sections[2].weight") == drafts.Spot("section", key_of(draft, "C"), "C", "weight")
    assert spot(draft, "sections[2]").field == ""
    assert spot(draft, "scoring.grades") == drafts.Spot("checklist", "", "", "scoring.grades")
    assert spot(draft, "sections").kind == "checklist"


def test_rows_of_a_list_are_added_removed_and_moved():
    fields = {"scoring": {"grades": [{"min": 90}, {"min": 0}]}, "options": [{"code": "a"}, {"code": "b"}]}

    def rows(path, action, place):
        done = rearranged(fields, path, action, place)
        return done["options"] if path == "options" else done["scoring"]["grades"]

    assert rows("options", "add", 0) == [{"code": "a"}, {"code": "b"}, {}]
    assert rows("options", "remove", 0) == [{"code": "b"}]
    assert rows("options", "up", 1) == rows("options", "down", 0) == [{"code": "b"}, {"code": "a"}]
    assert rows("options", "up", 0) == rows("options", "down", 1) == fields["options"]
    assert rows("scoring.grades", "up", 1) == [{"min": 0}, {"min": 90}]
    for path, action, place in (("options", "up", 2), ("nothing", "add", 0), ("options", "burn", 0)):
        with pytest.raises((KeyError, IndexError)):
            rearranged(fields, path, action, place)


def test_a_draft_does_not_grow_without_end():
    draft = blank_draft()
    for _n in range(MOST_SECTIONS):
        draft, _key = add_section(draft)
    with pytest.raises(Refused, match="40 sections"):
        check_size(draft)
    draft = blank_draft()
    draft["sections"][0]["items"] = [{"key": str(n)} for n in range(MOST_ITEMS + 1)]
    with pytest.raises(Refused, match="300 questions"):
        check_size(draft)
    with pytest.raises(Refused, match="longer"):
        check_size(changed(blank_draft(), "", {"title": {"en": "x" * 1_000_001}}))
    check_size(blank_draft())
