"""A score taken apart: every part is the part that `score` counted."""

import random
from fractions import Fraction

import pytest

from pilot_eval.domain.checklists import default_checklist, explain, parse, score
from tests.domain.test_checklists import GOOD, small


def states(explanation):
    return {
        question.item.code: question.state
        for section in explanation.sections
        for question in section.questions
    }


def test_the_points_of_the_sections_add_up_to_the_score():
    # A: 2 of 3; B: (5 + 1.5) of 8; C: 4 of 4. 30 * 66.67 + 50 * 81.25 + 20 * 100 = 80.625
    found = explain(parse(small()), GOOD | {"A2": "no", "B2": "partial"})
    assert [section.points for section in found.sections] == [20, Fraction(325, 8), 20]
    assert [section.share for section in found.sections] == [Fraction(3, 10), Fraction(1, 2), Fraction(1, 5)]
    assert [(step.earned, step.possible) for step in found.sections[1].questions] == [
        (5, 5),
        (Fraction(3, 2), 3),
    ]
    assert found.score == score(parse(small()), GOOD | {"A2": "no", "B2": "partial"})
    assert not found.knocked_out


def test_a_section_that_does_not_apply_hands_its_part_to_the_others():
    found = explain(parse(small()), GOOD | {"C1": "na"})
    assert [section.share for section in found.sections] == [Fraction(3, 8), Fraction(5, 8), 0]
    assert found.sections[2].points is None
    assert states(found)["C1"] == "na"


def test_each_question_says_why_it_counts_nowhere():
    rule = {"item": "B1", "answers": ["no"]}
    found = explain(parse(small(sections__2__items__0__shown_if=rule)), {"A1": "yes", "B1": "yes"})
    assert states(found) == {
        "A1": "counted",
        "A2": "unanswered",
        "B1": "counted",
        "B2": "unanswered",
        "C1": "not_asked",
    }
    waited = explain(default_checklist(), {}, {"C4": "no"}).sections[2].questions[3]
    assert (waited.state, waited.answer, waited.possible) == ("unscored", "no", 0)


def test_sections_left_open_are_named():
    answers = {code: answer for code, answer in GOOD.items() if code != "C1"}
    assert [step.section.code for step in explain(parse(small()), answers).left_open] == ["C"]


@pytest.mark.parametrize(
    ("knockout", "knocked_out", "zeroed"),
    [
        ("flag", False, False),
        ("zero_section", True, True),
        ("cap_50", True, False),
        ("zero_total", True, False),
    ],
)
def test_what_a_failed_critical_question_did_is_told(knockout, knocked_out, zeroed):
    found = explain(parse(small(scoring__knockout=knockout)), GOOD | {"B1": "no"})
    assert [item.code for item in found.failed] == ["B1"]
    assert found.knocked_out is knocked_out
    assert found.sections[1].zeroed is zeroed
    assert [step.failed for step in found.sections[1].questions] == [True, False]


def test_a_section_that_earned_nothing_anyway_was_not_set_to_zero():
    found = explain(parse(small(scoring__knockout="zero_section")), GOOD | {"B1": "no", "B2": "none"})
    assert not found.sections[1].zeroed
    assert not found.knocked_out


@pytest.mark.parametrize("knockout", ["flag", "zero_section"])
@pytest.mark.parametrize("seed", range(20))
def test_on_random_answers_the_parts_are_the_whole(seed, knockout):
    draw = random.Random(seed)  # noqa: S311 - made-up answers
    checklist = parse(default_checklist().to_document() | {"scoring": default_scoring(knockout)})
    answers = {code: draw.choice(item.offered) for code, item in checklist.items.items() if item.offered}
    found = explain(checklist, answers)
    result = score(checklist, answers)
    assert sum(section.points or 0 for section in found.sections) == result.total
    for section, part in zip(found.sections, result.sections, strict=True):
        assert sum(step.earned for step in section.questions) == part.earned
        assert sum(step.possible for step in section.questions) == part.possible


def default_scoring(knockout):
    return default_checklist().to_document()["scoring"] | {"knockout": knockout}
