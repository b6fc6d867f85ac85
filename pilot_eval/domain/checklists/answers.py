"""The answers of a visit: which questions they open, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pilot_eval.domain.checklists.model import NOT_APPLICABLE, Answer, Answers, Checklist, Item
from pilot_eval.domain.problems import N_, FieldProblem

OUTCOMES = ("done", "closed", "recognised", "refused")
MAX_TEXT = 2000
MAX_WINDOW = 99


def shown(checklist: Checklist, answers: Answers) -> Iterable[Item]:
    """The questions that these answers leave open to ask, computed ones included."""
    return _open(checklist, answers) if checklist.conditional else checklist.items.values()


def _open(checklist: Checklist, answers: Answers) -> Iterator[Item]:
    visible: set[str] = set()
    for item in checklist.items.values():
        rule = item.shown_if
        if rule is None or (rule.item in visible and answers.get(rule.item) in rule.answers):
            visible.add(item.code)
            yield item


def normalise_answers(checklist: Checklist, answers: Mapping[str, Answer | None]) -> dict[str, Answer]:
    """What is kept of a form's answers: stripped, without empty ones and those of questions not asked."""
    stripped = {
        code: answer.strip() if isinstance(answer, str) else answer for code, answer in answers.items()
    }
    given = {code: answer for code, answer in stripped.items() if answer is not None and answer != ""}
    unasked = set(checklist.items) - {item.code for item in shown(checklist, given)}
    return {code: answer for code, answer in given.items() if code not in unasked}


def unanswered(checklist: Checklist, answers: Answers) -> list[str]:
    """Codes of the asked questions that have no answer yet, in order."""
    return [item.code for item in shown(checklist, answers) if item.asked and item.code not in answers]


def critical_fails(checklist: Checklist, answers: Answers) -> tuple[str, ...]:
    """Codes of the critical questions that were failed."""
    return tuple(item.code for item in shown(checklist, answers) if item.fails(answers.get(item.code)))


def unexpected(checklist: Checklist, answers: Answers) -> tuple[str, ...]:
    """Codes of the questions whose answer is known beforehand and was given otherwise."""
    return tuple(
        item.code
        for item in shown(checklist, answers)
        if item.expected and answers.get(item.code) not in (None, item.expected)
    )


def answer_field(code: str) -> str:
    """Name of a question's field: prefixed, so that no code can collide with a form's own names."""
    return f"q_{code}"


def comment_field(code: str) -> str:
    """Name of the field for words about one answer."""
    return f"c_{code}"


def check_answers(
    checklist: Checklist,
    answers: Answers,
    header: Mapping[str, Any],
    comments: Mapping[str, str] | None = None,
) -> list[FieldProblem]:
    """What is wrong with a visit as filled in; an empty list means that it can be stored.

    Unanswered questions are no fault unless marked `required`. A failed critical question needs words:
    its own comment, or the narrative.

    Parameters
    ----------
    answers : mapping of str to str or int
        Normalised answers by question code.
    header : mapping
        `outcome` (one of OUTCOMES), `scenario`, `incidents`, `window_no`, `receipt_tail`, `narrative`, and
        `started_at`, `left_at` as datetimes; absent keys are unanswered.
    comments : mapping, optional
        Words about single answers by question code.
    """
    comments = comments or {}
    problems = [
        problem for code, answer in answers.items() if (problem := _answer_problem(checklist, code, answer))
    ]
    problems += _header_problems(checklist, header)
    problems += _comment_problems(checklist, answers, comments)
    if header.get("outcome") == "done":
        problems += [
            FieldProblem(
                answer_field(item.code), "missing", N_("%(item)s: choose an answer"), {"item": item.code}
            )
            for item in shown(checklist, answers)
            if item.required and item.asked and item.code not in answers
        ]
    failed = [code for code in critical_fails(checklist, answers) if not comments.get(code, "").strip()]
    failed = [code for code in failed if not checklist.items[code].comment_on]
    if failed and not str(header.get("narrative") or "").strip():
        message = N_("Say in a few words what happened: a critical question was failed (%(items)s)")
        problems.append(FieldProblem("narrative", "narrative_missing", message, {"items": ", ".join(failed)}))
    return problems


def _answer_problem(checklist: Checklist, code: str, answer: object) -> FieldProblem | None:
    item = checklist.items.get(code)
    name = answer_field(code)
    if item is None or not item.asked:
        return FieldProblem(
            name, "unknown_question", N_("This checklist does not ask %(item)s"), {"item": code}
        )
    values = {"item": code, "found": answer}
    if answer == NOT_APPLICABLE and not item.na:
        return FieldProblem(
            name, "na_not_allowed", N_("%(item)s always applies: choose another answer"), values
        )
    if item.type == "number" and answer != NOT_APPLICABLE:
        if isinstance(answer, bool) or not isinstance(answer, int) or not item.low <= answer <= item.high:
            message = N_("%(item)s: give a whole number from %(low)s to %(high)s")
            return FieldProblem(name, "not_a_number", message, {**values, "low": item.low, "high": item.high})
    elif item.type == "text":
        if not isinstance(answer, str) or len(answer) > MAX_TEXT:
            message = N_("%(item)s: write at most %(most)s characters")
            return FieldProblem(name, "too_long", message, {**values, "most": MAX_TEXT})
    elif not isinstance(answer, str) or (answer not in item.offered and answer != NOT_APPLICABLE):
        return FieldProblem(name, "not_an_answer", N_("%(item)s: choose one of the answers"), values)
    return None


def _comment_problems(
    checklist: Checklist, answers: Answers, comments: Mapping[str, str]
) -> list[FieldProblem]:
    problems = []
    for code, comment in comments.items():
        if code not in checklist.items:
            message = N_("This checklist does not ask %(item)s")
            problems.append(FieldProblem(comment_field(code), "unknown_question", message, {"item": code}))
        elif len(comment) > MAX_TEXT:
            message = N_("%(item)s: write at most %(most)s characters")
            values = {"item": code, "most": MAX_TEXT}
            problems.append(FieldProblem(comment_field(code), "too_long", message, values))
    for item in shown(checklist, answers):
        due = item.comment_on and answers.get(item.code) == item.comment_on
        if due and not comments.get(item.code, "").strip():
            message = N_("%(item)s: say in a few words what happened")
            problems.append(
                FieldProblem(comment_field(item.code), "comment_missing", message, {"item": item.code})
            )
    return problems


def _header_problems(checklist: Checklist, header: Mapping[str, Any]) -> list[FieldProblem]:
    problems = []

    def wrong(name: str, code: str, message: str, **values: object) -> None:
        problems.append(FieldProblem(name, code, message, values))

    if header.get("outcome") not in OUTCOMES:
        wrong("outcome", "missing", N_("Say how the visit ended"))
    if header.get("scenario") not in {option.code for option in checklist.scenarios}:
        wrong("scenario", "missing", N_("Choose the scenario that you played"))
    if set(header.get("incidents") or ()) - {option.code for option in checklist.incidents}:
        wrong("incidents", "unknown", N_("Choose incidents from the list"))
    window = header.get("window_no")
    if window is not None and (
        isinstance(window, bool) or not isinstance(window, int) or not 1 <= window <= MAX_WINDOW
    ):
        wrong(
            "window_no",
            "not_a_number",
            N_("The window is a number from 1 to %(most)s, never a name"),
            most=MAX_WINDOW,
        )
    tail = header.get("receipt_tail")
    if tail and not re.fullmatch(r"[0-9A-Za-z]{1,6}", str(tail)):
        wrong("receipt_tail", "too_long", N_("Give only the last digits of the receipt, at most 6"))
    if len(str(header.get("narrative") or "")) > MAX_TEXT:
        wrong("narrative", "too_long", N_("Write at most %(most)s characters"), most=MAX_TEXT)
    started, left = header.get("started_at"), header.get("left_at")
    if started is None:
        wrong("started_at", "missing", N_("Say when you came in"))
    if left is None:
        wrong("left_at", "missing", N_("Say when you left"))
    if started is not None and left is not None and left < started:
        wrong("left_at", "out_of_order", N_("You left before you came in: check both times"))
    return problems
