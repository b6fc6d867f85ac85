"""What domain and operations say is English in itself, and the reader's language on a page."""

import copy
import pickle
from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask
from flask_babel import force_locale

from pilot_eval.domain.errors import BadInput, Message, Problem
from pilot_eval.domain.problems import FieldProblem, Refused
from pilot_eval.web.messages import said


@pytest.fixture(params=["en", "ru"])
def language(app: Flask, request: pytest.FixtureRequest) -> Iterator[str]:
    with app.test_request_context(), force_locale(request.param):
        yield request.param


def test_a_message_reads_and_compares_as_its_english() -> None:
    message = Message("row %(row)s, column %(column)s", row=12, column="fte")
    assert message == "row 12, column fte"
    assert (
        str(BadInput([Problem(message, Message("has no columns"))])) == "row 12, column fte: has no columns"
    )


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda message: pickle.loads(pickle.dumps(message))])  # noqa: S301 - our own bytes
def test_a_copy_can_still_be_translated(duplicate) -> None:
    message = duplicate(Message("row %(row)s", row=3))
    assert (message, message.msgid, message.values) == ("row 3", "row %(row)s", {"row": 3})


def test_a_finding_about_a_field_keeps_its_values() -> None:
    finding = FieldProblem("q_A1", "missing", "%(item)s: choose an answer", {"item": "A1"})
    problem = Refused([finding]).problems[0]
    assert isinstance(problem.what, Message)
    assert (problem.what, problem.what.values) == ("A1: choose an answer", {"item": "A1"})


def test_a_page_says_a_message_in_the_readers_language(language: str) -> None:
    where = Message("row %(row)s, column %(column)s", row=12, column="fte")
    assert said(where) == {"en": "row 12, column fte", "ru": "строка 12, столбец fte"}[language]


def test_messages_inside_a_message_are_said_too_and_other_texts_are_left_alone(language: str) -> None:
    # A column of that name is somebody's own text, however much it looks like one of ours.
    message = Message(
        "there is no column %(column)s%(also)s. The columns are: %(columns)s",
        column="'period'",
        also=Message(" (or date with trained_on)"),
        columns="Choose an arm",
    )
    expected = {
        "en": "there is no column 'period' (or date with trained_on). The columns are: Choose an arm",
        "ru": "нет столбца 'period' (или date вместе с trained_on). Есть столбцы: Choose an arm",
    }
    assert said(message) == expected[language]


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (date(2014, 8, 1), {"en": "1\xa0August\xa02014", "ru": "1\xa0августа\xa02014\xa0г."}),
        (0.5, {"en": "0.5", "ru": "0,5"}),
        (1e-05, {"en": "0.00001", "ru": "0,00001"}),
        (7, {"en": "7", "ru": "7"}),
    ],
)
def test_values_are_written_as_the_reader_writes_them(language: str, value, texts) -> None:
    assert said(Message("column %(column)s", column=value)).split(" ", 1)[1] == texts[language]


def test_an_empty_text_stays_empty(language: str) -> None:
    assert said("") == ""
