"""Every kind of question, from the form and over the API, to the score and the items of the evaluation."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.checklists import parse, questions
from pilot_eval.engines.records import read_snapshot
from pilot_eval.operations.forms import publish_checklist
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import Visit
from pilot_eval.web.visits import checks
from tests.conftest import OPERATOR
from tests.engines.test_xlsforms import every_kind
from tests.field import Field
from tests.web.field_pages import filled, stored

# A: 2 of 2 (A2 is N/A). B: B1 5 + B2 1.5 + S5 0.75 x 2 + CH 0.35 x 4 + L 0 of 5 + 3 + 2 + 4 + 1. C: 4 of 4.
ANSWERS = {
    "A1": "yes",
    "A2": "na",
    "B1": "yes",
    "B2": "partial",
    "S5": "4",
    "S6": "1",
    "CH": "half",
    "yes": "no",
    "n": 12,
    "N": 0,
    "outcome": "Seven parcels, ${price}",
    "L": "no",
    "C1": "yes",
}
SCORE = 30 + 50 * (5 + 1.5 + 1.5 + 1.4 + 0) / 15 + 20


@pytest.fixture
def pinned(session: Session, field: Field) -> Pilot:
    """The pilot, its visits recorded with a checklist of every kind."""
    document = every_kind()
    document["header"]["scenarios"] = [{"code": "parcel_advice", "en": "Advice", "ru": "Совет"}]
    pilot = session.exec(select(Pilot)).one()
    pilot.checklist_id = publish_checklist(session, OPERATOR, parse(document)).id
    session.add(pilot)
    session.commit()
    return pilot


def judged(session: Session, visit: Visit) -> None:
    answers = visit.document["answers"]
    assert answers == ANSWERS
    assert visit.score_hundredths == round(100 * SCORE)
    snapshot = read_snapshot(session, visit.pilot_id)
    (row,) = snapshot.visits
    earned = dict(zip((item.code for item in snapshot.items), row.earned, strict=True))
    assert earned == {
        "A1": 1.0, "A2": None, "B1": 1.0, "B2": 0.5, "S5": 0.75, "CH": 0.35, "L": 0.0, "C1": 1.0,
    }  # fmt: skip
    session.rollback()


def test_from_the_form(anna: Any, session: Session, field: Field, pinned: Pilot) -> None:
    path = f"/assignments/{field.anna_s.id}/visit"
    page = anna.get(path).text
    for words in ("Which desk?", "Half", "Loud", "Many?", 'inputmode="numeric"', "Fully"):
        assert words in page
    typed = {f"q_{code}": str(answer) for code, answer in ANSWERS.items()}
    times = {"outcome": "done", "day": "2014-08-05", "started_at": "10:00", "left_at": "10:20"}
    sent = filled(page, **times, **typed)
    answer = anna.post(path, data=sent)
    assert answer.status_code == 422  # the question asks for words after this answer
    assert "L: say in a few words what happened" in answer.text
    assert anna.post(path, data=sent | {"c_L": "Nobody came"}).status_code == 303
    (visit,) = stored(session, Visit)
    judged(session, visit)
    assert visit.document["comments"] == {"L": "Nobody came"}


def test_over_the_api(anna: Any, session: Session, field: Field, pinned: Pilot) -> None:
    token = anna.get("/api/v1/session").json["csrf_token"]
    sent = {
        "assignment": field.anna_s.id,
        "outcome": "done",
        "started_at": "2014-08-05T10:00:00+04:00",
        "left_at": "2014-08-05T10:20:00+04:00",
        "answers": ANSWERS,
        "comments": {"L": "Nobody came"},
    }
    session.commit()  # nothing stays open: SQLite has one writer
    headers = {"X-CSRFToken": token, "Origin": "http://localhost"}
    answer = anna.put(f"/api/v1/visits/{uuid4()}", json=sent, headers=headers)
    assert answer.status_code == 201, answer.text
    (visit,) = stored(session, Visit)
    judged(session, visit)
    for code, wrong in (
        ("n", 2),
        ("n", "12"),
        ("S5", 4),
        ("CH", "other"),
        ("yes", "na"),
        ("T-1", "yes"),
        ("N", True),
    ):
        refused = anna.put(
            f"/api/v1/visits/{uuid4()}", json=sent | {"answers": ANSWERS | {code: wrong}}, headers=headers
        )
        assert refused.status_code == 422, (code, wrong, refused.text)
        assert f"q_{code}" in {each["field"] for each in refused.json["errors"]}


def test_no_phone_is_told_a_known_answer() -> None:
    document = every_kind()
    told = parse(document)
    for section in document["sections"]:
        for item in section["items"]:
            item.pop("expected", None)
    open_ = parse(document)
    assert told.items["CH"].expected == "half"
    assert questions(told) == questions(open_)
    assert checks.rules(told, None)["items"] == checks.rules(open_, None)["items"]
