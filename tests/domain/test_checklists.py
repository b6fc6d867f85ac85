from copy import deepcopy
from datetime import UTC, datetime
from fractions import Fraction

import pytest

from pilot_eval.domain.checklists import (
    QUESTION_TYPES,
    QuestionType,
    check_answers,
    default_checklist,
    normalise_answers,
    parse,
    registry,
    score,
    to_hundredths,
    unanswered,
    unexpected,
)
from pilot_eval.domain.documents import DocumentError, read_yaml

SMALL = """
schema: 1
code: small
version: 1
title: {en: Small, ru: Малый}
scoring:
  grades: [{min: 90, en: Good, ru: Хорошо}, {min: 0, en: Poor, ru: Плохо}]
sections:
- code: A
  weight: 30
  title: {en: First, ru: Первый}
  items:
  - {code: A1, type: yesno, weight: 2, en: One, ru: Один}
  - {code: A2, type: yesno, weight: 1, na: true, en: Two, ru: Два}
- code: B
  weight: 50
  title: {en: Second, ru: Второй}
  items:
  - {code: B1, type: yesno, weight: 5, critical: true, comment_on: "no", en: Three, ru: Три}
  - {code: B2, type: scale3, weight: 3, en: Four, ru: Четыре,
     anchors: {full: {en: F, ru: П}, partial: {en: P, ru: Ч}, none: {en: N, ru: Н}}}
- code: C
  weight: 20
  title: {en: Third, ru: Третий}
  items:
  - {code: C1, type: yesno, weight: 4, na: true, en: Five, ru: Пять}
header:
  scenarios: [{code: advice, en: Advice, ru: Совет}]
"""
GOOD = {"A1": "yes", "A2": "yes", "B1": "yes", "B2": "full", "C1": "yes"}
HEADER = {
    "outcome": "done",
    "scenario": "advice",
    "started_at": datetime(2014, 8, 5, 7, 0, tzinfo=UTC),
    "left_at": datetime(2014, 8, 5, 7, 20, tzinfo=UTC),
}


def small(**changes):
    """The small checklist; `changes` are paths such as sections__0__items__0__type."""
    document = read_yaml(SMALL)
    for path, value in changes.items():
        *way, last = [int(part) if part.isdigit() else part for part in path.split("__")]
        place = document
        for part in way:
            place = place[part]
        place[last] = value
    return document


def faults(document):
    with pytest.raises(DocumentError) as caught:
        parse(document)
    return {problem.field: problem.code for problem in caught.value.findings}


def codes(problems):
    return {problem.field: problem.code for problem in problems}


# The default checklist


def test_the_default_has_34_items_in_7_sections_with_5_critical_and_12_that_may_be_na():
    items = default_checklist().items.values()
    assert len(items) == 34
    assert len(default_checklist().sections) == 7
    assert [item.code for item in items if item.critical] == ["A2", "E5", "F7", "G2", "G4"]
    assert sum(item.na for item in items) == 12
    assert [item.code for item in items if item.lever == "facility"] == ["A1", "A3", "B2", "B5"]
    assert sum(section.weight for section in default_checklist().sections) == 100


def test_every_text_of_the_default_is_there_in_both_languages_and_they_differ():
    for section in default_checklist().sections:
        for text in (section.title, *(item.text for item in section.items)):
            assert text.en
            assert text.ru
            assert text.en != text.ru


def test_a_checklist_survives_the_way_through_its_document():
    assert parse(default_checklist().to_document()) == default_checklist()
    assert parse(small()).digest == parse(parse(small()).to_document()).digest


def test_the_digest_is_blind_to_spelling_and_sees_a_weight():
    reordered = dict(reversed(small().items()))
    explicit = small(sections__0__items__0__critical=False, sections__0__items__0__lever="training")
    assert parse(reordered).digest == parse(explicit).digest == parse(small()).digest
    assert parse(small(sections__0__items__0__weight=3)).digest != parse(small()).digest


# Faults of a document, by path


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"sections__0__items__0__type": "yes-no"}, "sections[0].items[0].type", "unknown"),
        ({"sections__0__items__1__code": "A1"}, "sections[0].items[1].code", "duplicate_code"),
        ({"sections__1__items__1__code": "A1"}, "sections[1].items[1].code", "duplicate_code"),
        ({"sections__1__code": "A"}, "sections[1].code", "duplicate_code"),
        ({"sections__1__items__0__comment_on": False}, "sections[1].items[0].comment_on", "bare_boolean"),
        ({"sections__1__items__0__comment_on": "never"}, "sections[1].items[0].comment_on", "unknown"),
        ({"sections__1__items__0__expected": "never"}, "sections[1].items[0].expected", "unknown"),
        ({"sections__0__items__0__weight": -1}, "sections[0].items[0].weight", "wrong_kind"),
        ({"sections__0__items__0__weight": 1.5}, "sections[0].items[0].weight", "wrong_kind"),
        ({"sections__0__items__0__weight": True}, "sections[0].items[0].weight", "bare_boolean"),
        ({"sections__0__weight": 0}, "sections[0].weight", "no_weight"),
        ({"sections__2__items__0__weight": 0}, "sections[2].weight", "empty_weight"),
        ({"sections__0__items__0__type": "text"}, "sections[0].items[0].weight", "cannot_score"),
        ({"sections__0__items__0__ru": ""}, "sections[0].items[0].ru", "wrong_kind"),
        ({"sections__0__items__0__wieght": 2}, "sections[0].items[0].wieght", "unknown_key"),
        ({"sections__0__items": []}, "sections[0].items", "not_a_list"),
        ({"sections__0__items__0__code": "1; drop"}, "sections[0].items[0].code", "bad_code"),
        ({"scoring__knockout": "zero"}, "scoring.knockout", "unknown"),
        ({"scoring__min_answered_percent": 0.8}, "scoring.min_answered_percent", "wrong_kind"),
        ({"scoring__grades": [{"min": 50, "en": "x", "ru": "y"}]}, "scoring.grades", "grades_order"),
        ({"version": "1.0"}, "version", "wrong_kind"),
        ({"schema": 2}, "schema", "wrong_kind"),
        ({"header__scenarios": []}, "header.scenarios", "not_a_list"),
    ],
)
def test_a_fault_is_named_by_its_path(changes, path, code):
    assert faults(small(**changes)).get(path) == code


def test_all_faults_are_told_at_once():
    found = faults(small(version=None, sections__0__items__0__type="?", sections__0__items__0__ru=5))
    assert len(found) == 3


def test_bare_yaml_booleans_are_caught_with_the_reason():
    document = read_yaml(SMALL.replace('comment_on: "no"', "comment_on: no"))
    with pytest.raises(DocumentError, match="in quotes"):
        parse(document)
    assert faults(read_yaml(SMALL + "\nyes: 1\n")) == {"": "bare_boolean"}


@pytest.mark.parametrize("document", [None, [], "text", 5, {}, {"sections": [None]}, {"sections": {"a": 1}}])
def test_something_quite_different_is_refused_without_a_trace(document):
    assert faults(document)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2", "line 2, column 1: is not YAML: the key 'a' is given twice"),
        ("a: &x [1]\nb: *x", "aliases"),
        ("a: [1", "is not YAML"),
        ("!!python/object/apply:os.system ['true']", "is not YAML"),
        ("a: " + "x" * 1_000_001, "longer"),
        ("a: \x00", "is not YAML"),
    ],
)
def test_yaml_that_is_broken_or_tricky_is_refused(text, said):
    with pytest.raises(DocumentError) as caught:
        read_yaml(text)
    assert said in str(caught.value)


def test_a_rule_of_showing_may_only_look_back_at_a_pickable_question():
    rule = {"item": "B1", "answers": ["no"]}
    assert "sections[0].items[1].shown_if.item" in faults(small(sections__0__items__1__shown_if=rule))
    assert parse(small(sections__2__items__0__shown_if=rule)).items["C1"].shown_if.item == "B1"
    bad = {"item": "B1", "answers": ["perhaps"]}
    assert "sections[2].items[0].shown_if.answers[0]" in faults(small(sections__2__items__0__shown_if=bad))


def test_question_types_with_one_code_are_refused():
    with pytest.raises(ValueError, match="yesno"):
        registry((*QUESTION_TYPES.values(), QuestionType("yesno")))


# Scoring, by hand


def test_a_perfect_visit_earns_100_points():
    result = score(parse(small()), GOOD)
    assert result.hundredths == 10_000
    assert result.pooled == 100
    assert result.grade.text.en == "Good"
    assert result.reason == ""


def test_sections_weigh_as_they_are_said_to_whatever_their_number_of_points():
    # A: 2 of 3; B: (5 + 1.5) of 8; C: 4 of 4. 30 * 66.67 + 50 * 81.25 + 20 * 100 = 80.625
    result = score(parse(small()), GOOD | {"A2": "no", "B2": "partial"})
    assert result.total == Fraction(645, 8)
    assert [(step.earned, step.possible) for step in result.sections] == [
        (2, 3),
        (Fraction(13, 2), 8),
        (4, 4),
    ]
    assert result.pooled == Fraction(100) * Fraction(25, 2) / 15
    assert result.hundredths == 8062  # 8062.5 goes to the even neighbour


def test_na_leaves_both_earned_and_possible():
    result = score(parse(small()), GOOD | {"A2": "na", "A1": "no"})
    assert result.sections[0].percent == 0
    assert result.sections[0].possible == 2
    assert result.total == 70


def test_a_section_that_is_na_as_a_whole_hands_its_weight_to_the_others():
    result = score(parse(small()), GOOD | {"C1": "na", "A1": "no", "A2": "no"})
    assert result.total == Fraction(100 * 50, 80)
    assert result.sections[2].percent is None
    assert not result.sections[2].counts


def test_under_80_percent_of_the_applicable_answered_there_is_no_score():
    four_of_five = {code: answer for code, answer in GOOD.items() if code != "A2"}
    assert score(parse(small()), four_of_five).hundredths == 10_000
    three_of_four = {"A1": "yes", "B1": "yes", "B2": "full", "C1": "na"}
    short = score(parse(small()), three_of_four)
    assert (short.hundredths, short.reason, short.grade) == (None, "too_few_answered", None)
    assert (short.answered, short.applicable) == (3, 4)


def test_a_section_left_unanswered_is_not_the_same_as_na():
    result = score(parse(small()), {code: answer for code, answer in GOOD.items() if code != "C1"})
    assert (result.total, result.reason) == (None, "section_unanswered")


def test_no_answers_at_all_are_no_score():
    assert score(parse(small()), {}).reason == "too_few_answered"


@pytest.mark.parametrize(
    ("knockout", "total"),
    [("flag", Fraction(275, 4)), ("zero_section", 50), ("cap_50", 50), ("zero_total", 0)],
)
def test_a_failed_critical_question_does_what_the_checklist_says(knockout, total):
    result = score(parse(small(scoring__knockout=knockout)), GOOD | {"B1": "no"})
    assert result.critical_fails == ("B1",)
    assert result.total == total
    assert result.before_knockout == Fraction(275, 4)
    assert result.pooled == Fraction(100 * 10, 15)


def test_cap_50_lifts_nobody():
    bad = {"A1": "no", "A2": "no", "B1": "no", "B2": "none", "C1": "yes"}
    assert score(parse(small(scoring__knockout="cap_50")), bad).total == 20


def test_a_failed_critical_question_is_flagged_even_without_a_score():
    assert score(parse(small()), {"B1": "no"}).critical_fails == ("B1",)


def test_an_answer_that_is_none_of_the_offered_is_never_scored_in_silence():
    for answer in ("Yes", True, "na", 1):
        with pytest.raises(ValueError, match="A1"):
            score(parse(small()), GOOD | {"A1": answer})


def test_a_question_that_was_not_asked_counts_nowhere():
    rule = {"item": "B1", "answers": ["no"]}
    checklist = parse(small(sections__2__items__0__shown_if=rule))
    without = {code: answer for code, answer in GOOD.items() if code != "C1"}
    assert score(checklist, without).total == 100
    assert score(checklist, GOOD | {"C1": "no"}).total == 100
    assert normalise_answers(checklist, GOOD) == without
    assert unanswered(checklist, without) == []
    assert unanswered(checklist, without | {"B1": "no"}) == ["C1"]


def test_hundredths_go_to_the_even_neighbour():
    assert [to_hundredths(Fraction(n, 200)) for n in (1, 3, 5)] == [0, 2, 2]


@pytest.mark.parametrize("seed", range(20))
def test_the_score_equals_plain_arithmetic_on_random_answers(seed):
    import random

    draw = random.Random(seed)  # noqa: S311 - made-up answers
    checklist = default_checklist()
    answers = {code: draw.choice(item.offered) for code, item in checklist.items.items() if item.offered}
    total = weights = 0.0
    for section in checklist.sections:
        parts = [
            (item.weight, float(item.shares[answers[item.code]]))
            for item in section.items
            if item.offered and answers[item.code] != "na"
        ]
        if parts:
            total += section.weight * sum(w * v for w, v in parts) / sum(w for w, _ in parts)
            weights += section.weight
    assert float(score(checklist, answers).total) == pytest.approx(100 * total / weights, abs=1e-9)


def test_the_computed_question_reads_the_timing():
    checklist = default_checklist()
    assert checklist.computed({"wait_seconds": 600}) == {"C4": "yes"}
    assert checklist.computed({"wait_seconds": 601}) == {"C4": "no"}
    assert checklist.computed({"wait_seconds": None}) == {}


@pytest.mark.parametrize(
    ("formula", "gave_up_after", "answer"),
    [
        ("timing.wait_seconds <= 600", 601, "no"),
        ("timing.wait_seconds <= 600", 600, None),
        ("timing.wait_seconds < 600", 600, "no"),
        ("timing.wait_seconds < 600", 599, None),
        ("timing.wait_seconds > 600", 601, "yes"),
        ("timing.wait_seconds > 600", 600, None),
        ("timing.wait_seconds >= 600", 600, "yes"),
        ("timing.wait_seconds >= 600", 599, None),
    ],
)
def test_a_wait_that_was_given_up_answers_only_what_it_tells(formula, gave_up_after, answer):
    document = default_checklist().to_document()
    document["sections"][2]["items"][3]["formula"] = formula
    checklist = parse(document)
    found = checklist.computed({"wait_seconds": None}, {"wait_seconds": gave_up_after})
    assert found == ({} if answer is None else {"C4": answer})


# Checking answers


def test_a_good_visit_has_no_problems():
    assert check_answers(parse(small()), GOOD, HEADER) == []


def test_unanswered_questions_are_no_fault_unless_required():
    assert check_answers(parse(small()), {}, HEADER) == []
    checklist = parse(small(sections__0__items__0__required=True))
    assert codes(check_answers(checklist, {}, HEADER)) == {"q_A1": "missing"}
    assert check_answers(checklist, {}, HEADER | {"outcome": "closed"}) == []


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"A1": "na"}, "na_not_allowed"),
        ({"A1": True}, "not_an_answer"),
        ({"A1": "perhaps"}, "not_an_answer"),
        ({"A1": ["yes"]}, "not_an_answer"),
    ],
)
def test_only_offered_answers_are_taken(answers, code):
    assert codes(check_answers(parse(small()), answers, HEADER)) == {"q_A1": code}


def test_an_unknown_or_computed_question_is_refused():
    assert codes(check_answers(default_checklist(), {"C4": "yes", "Z9": "yes"}, HEADER)).keys() >= {
        "q_C4",
        "q_Z9",
    }


def test_a_failed_critical_question_needs_words():
    assert codes(check_answers(parse(small()), GOOD | {"B1": "no"}, HEADER)) == {"c_B1": "comment_missing"}
    assert check_answers(parse(small()), GOOD | {"B1": "no"}, HEADER, {"B1": "An argument"}) == []
    bare = deepcopy(small())
    del bare["sections"][1]["items"][0]["comment_on"]
    checklist = parse(bare)
    assert codes(check_answers(checklist, GOOD | {"B1": "no"}, HEADER)) == {"narrative": "narrative_missing"}
    assert check_answers(checklist, GOOD | {"B1": "no"}, HEADER | {"narrative": "An argument"}) == []


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"outcome": None}, "outcome", "missing"),
        ({"outcome": "fine"}, "outcome", "missing"),
        ({"scenario": "other"}, "scenario", "missing"),
        ({"started_at": None}, "started_at", "missing"),
        ({"left_at": datetime(2014, 8, 5, 6, 59, tzinfo=UTC)}, "left_at", "out_of_order"),
        ({"window_no": 0}, "window_no", "not_a_number"),
        ({"window_no": True}, "window_no", "not_a_number"),
        ({"receipt_tail": "1234567"}, "receipt_tail", "too_long"),
        ({"narrative": "x" * 2001}, "narrative", "too_long"),
        ({"incidents": ["rain"]}, "incidents", "unknown"),
    ],
)
def test_the_header_is_checked_by_field(change, field, code):
    assert codes(check_answers(parse(small()), GOOD, HEADER | change)) == {field: code}


def test_a_problem_reads_as_a_sentence():
    (problem,) = check_answers(parse(small()), {"A1": "na"}, HEADER)
    assert str(problem) == "A1 always applies: choose another answer"


def test_numbers_texts_and_choices_are_checked_too():
    extra = {
        "code": "N1", "type": "number", "low": 1, "high": 9, "en": "How many", "ru": "Сколько",
    }  # fmt: skip
    choice = {
        "code": "N2", "type": "choice", "weight": 2, "en": "Which", "ru": "Какой",
        "options": [
            {"code": "best", "en": "b", "ru": "л", "percent": 100},
            {"code": "third", "en": "t", "ru": "т", "percent": 33},
        ],
    }  # fmt: skip
    document = small()
    document["sections"][2]["items"] += [extra, choice]
    checklist = parse(document)
    assert parse(checklist.to_document()) == checklist
    assert check_answers(checklist, {"N1": 9, "N2": "third"}, HEADER) == []
    assert codes(check_answers(checklist, {"N1": 10, "N2": "worst"}, HEADER)) == {
        "q_N1": "not_a_number",
        "q_N2": "not_an_answer",
    }
    assert score(checklist, GOOD | {"N2": "third"}).sections[2].percent == Fraction(
        100 * (4 + Fraction(66, 100)), 6
    )


def test_an_answer_that_is_known_beforehand_and_missed_is_named():
    document = small(sections__0__items__0__expected="yes", sections__2__items__0__expected="na")
    checklist = parse(document)
    assert unexpected(checklist, GOOD) == ("C1",)
    assert unexpected(checklist, GOOD | {"C1": "na", "A1": "no"}) == ("A1",)
    assert unexpected(checklist, {}) == ()
    assert parse(checklist.to_document()) == checklist
    assert checklist.digest != parse(small()).digest
