"""The answers of visits as a file: every kind of question, on both databases."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.checklists import parse
from pilot_eval.domain.errors import NeedsFreshSignIn, NotAllowed
from pilot_eval.domain.pilots import WaveState
from pilot_eval.operations.exporting import export
from pilot_eval.operations.forms import publish_checklist
from pilot_eval.operations.timings import record_timing
from pilot_eval.operations.visits import record_visit
from pilot_eval.records.pilots import Pilot
from tests.conftest import OPERATOR, acting
from tests.engines.test_xlsforms import every_kind
from tests.field import NOW, Field, actor_of
from tests.operations.test_computed_answers import own_timing
from tests.web.checklists.test_every_kind import ANSWERS

LATER = NOW + timedelta(days=60)


@pytest.fixture
def recorded(session: Session, field: Field) -> str:
    """A visit with an answer of every kind, and its timing."""
    document = every_kind()
    document["header"]["scenarios"] = [{"code": "parcel_advice", "en": "Advice", "ru": "Совет"}]
    pilot = session.exec(select(Pilot)).one()
    pilot.checklist_id = publish_checklist(session, OPERATOR, parse(document)).id
    session.add(pilot)
    visit = field.visit(answers=ANSWERS | {"N": None, "outcome": "=1+1"}, comments={"L": "x"}, confirmed=True)
    record_visit(session, actor_of(field.anna), visit, NOW)
    record_timing(session, actor_of(field.anna), own_timing(field, 5), NOW)
    field.set_wave(WaveState.CLOSED)
    return pilot.slug


def rows(content: bytes, delimiter: str = ",") -> dict[str, dict[str, str]]:
    read = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=delimiter)
    return {row[code]: row for row in read for code in row if code in {"Item code", "Код пункта"}}


def test_every_asked_question_has_its_row(session: Session, recorded: str) -> None:
    found = rows(export(session, OPERATOR, recorded, "answers", "en", LATER).content)
    told = {
        code: (row["Answer"], row["Earned, points"], row["Possible, points"]) for code, row in found.items()
    }
    assert told == {
        "A1": ("yes", "2.0", "2"),
        "A2": ("na", "", ""),
        "B1": ("yes", "5.0", "5"),
        "B2": ("partial", "1.5", "3"),
        "S5": ("4", "1.5", "2"),
        "S6": ("1", "", ""),
        "CH": ("half", "1.4", "4"),
        "yes": ("no", "", ""),
        "n": ("12", "", ""),
        "N": ("", "", ""),
        "outcome": ("'=1+1", "", ""),
        "T-1": ("yes", "", ""),
        "L": ("no", "0.0", "1"),
        "C1": ("yes", "4.0", "4"),
    }
    told_of_the_visit = ("Kind of answer", "Checklist", "Branch code", "Auditor", "How the visit ended")
    assert {key: found["T-1"][key] for key in told_of_the_visit} == {
        "Kind of answer": "from the timing",
        "Checklist": "small 7",
        "Branch code": "600001",
        "Auditor": found["A1"]["Auditor"],
        "How the visit ended": "done",
    }
    assert found["A1"]["Auditor"].startswith("A-")


def test_a_visit_to_a_closed_branch_says_so_beside_its_empty_rows(session: Session, field: Field) -> None:
    record_visit(session, actor_of(field.anna), field.visit(outcome="closed", answers={}), NOW)
    field.set_wave(WaveState.CLOSED)
    slug = session.exec(select(Pilot)).one().slug
    found = rows(export(session, OPERATOR, slug, "answers", "ru", LATER).content, ";")
    assert {(row["Чем закончился визит"], row["Ответ"]) for row in found.values()} == {
        ("отделение закрыто", "")
    }


def test_it_is_written_in_russian_too(session: Session, recorded: str) -> None:
    found = rows(export(session, OPERATOR, recorded, "answers", "ru", LATER).content, ";")
    assert found["B2"]["Получено баллов"] == "1,5"
    assert found["B2"]["Пункт"] == "Четыре"
    assert found["B2"]["Вид ответа"] == "три ступени"


def test_only_head_office_takes_it_and_only_shortly_after_signing_in(
    session: Session, recorded: str, field: Field, head_office: Any
) -> None:
    with pytest.raises(NotAllowed):
        export(session, acting(field.maria), recorded, "answers", "en", LATER)
    with pytest.raises(NeedsFreshSignIn):
        export(session, acting(head_office, fresh=False), recorded, "answers", "en", LATER)
    assert export(session, acting(head_office), recorded, "answers", "en", LATER).content
