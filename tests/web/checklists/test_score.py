"""A visit's score explained, as it reads in both languages."""

import re

import pytest
from flask import render_template_string

from pilot_eval.domain.checklists import default_checklist, explain, parse
from tests.domain.test_checklists import GOOD, small

TEMPLATE = (
    '{% from "checklists/_score.html" import score_steps with context %}'
    "{{ score_steps(explanation, done=done) }}"
)


@pytest.fixture
def told(app):
    """`told(answers)`: the words of the explanation, blanks made one."""

    def tell(answers, tongue="en", done=True, checklist=None, computed=None, **changes):
        explanation = explain(checklist or parse(small(**changes)), answers, computed)
        with app.test_request_context(headers={"Accept-Language": tongue}):
            page = render_template_string(TEMPLATE, explanation=explanation, done=done)
        return " ".join(re.sub("<[^>]*>", " ", page).split())

    return tell


def test_the_steps_read_in_english(told):
    text = told(GOOD | {"A2": "na", "B1": "no", "B2": "partial"}, scoring__knockout="cap_50")
    assert text.startswith("50.00 of 100 Poor 1 critical question was failed: B1 Three")
    assert "By the rule of this checklist the score is at most 50 points." in text
    assert "A. First 2 2 100.00 30.00 30.00 B. Second 1.50 8 18.75 50.00 9.38 C. Third 4 4" in text
    assert "Sum of the sections 59.38 After the failed critical questions 50.00 Score 50.00 (Poor)" in text
    assert "Answered 4 of the 4 questions that apply Pooled points 53.57 all questions together" in text
    assert "A2 Two N/A does not apply" in text
    assert "B1 Three critical No 0 of 5 B2 Four Partly 1.50 of 3" in text


def test_the_steps_read_in_russian(told):
    text = told(GOOD | {"A2": "na", "B1": "no", "B2": "partial"}, "ru", scoring__knockout="zero_section")
    assert text.startswith("50,00 из 100 Плохо Провален 1 критический пункт: B1 Три")
    assert "По правилу этого чек-листа его раздел получает 0 %." in text.replace("\u00a0", " ")
    assert "B. Второй 1,50 8 0,00 (обнулено) 50,00 0,00" in text
    assert "B2 Четыре Частично 1,50 из 3" in text


FEW = {"A1": "yes", "B1": "yes", "B2": "full", "C1": "na"}
NO_THIRD = {code: answer for code, answer in GOOD.items() if code != "C1"}


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (FEW, "3 of the 4 questions that apply are answered; this checklist asks for 80%."),
        (NO_THIRD, "Nothing was answered in a section that applies: C. Third"),
    ],
)
def test_why_there_is_no_score_is_said(told, answers, said):
    text = told(answers)
    assert text.startswith(f"No score {said}")
    assert "Sum of the sections" not in text


def test_a_visit_that_was_not_carried_out_has_no_score(told):
    text = told(GOOD, done=False)
    assert text.startswith("No score The visit was not carried out")
    assert "of 100" not in text


def test_a_section_that_does_not_apply_and_a_computed_answer_are_told(told):
    assert "C. Third does not apply: its weight goes to the other sections" in told(GOOD | {"C1": "na"})
    checklist = default_checklist()
    answers = {code: item.offered[0] for code, item in checklist.items.items() if item.asked}
    text = told(answers, checklist=checklist, computed={"C4": "no"})
    assert re.search(r"C4 Waited 10 minutes or less .*? No earns no points", text)


def test_a_failed_critical_question_that_only_raises_a_flag_is_told(told):
    text = told(GOOD | {"B1": "no"})
    assert "It is flagged and counted as a rate of its own; the score stays as it is." in text
    assert "After the failed critical questions" not in text


def test_the_words_of_a_checklist_are_escaped(told):
    with_markup = small(sections__0__items__0__en="<b>One</b>", sections__0__title__en="<i>First</i>")
    text = told(GOOD, checklist=parse(with_markup))
    assert "&lt;b&gt;One&lt;/b&gt;" in text
    assert "&lt;i&gt;First&lt;/i&gt;" in text
