"""Pages of the random draw of visits."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.pilots import Period
from pilot_eval.operations.auditors import declare
from pilot_eval.operations.quotas import set_quotas
from pilot_eval.records.pilots import Assignment
from tests.conftest import OPERATOR
from tests.field import NOW, Field, create_auditor

PATH = "/pilots/vladimir/assignments/draw"


@pytest.fixture
def desk(as_head_office: Any, session: Session, field: Field) -> Any:
    for name in ("clara", "dina"):
        create_auditor(session, name)
    set_quotas(session, OPERATOR, "vladimir", {Period.BEFORE: {"morning": 1, "evening": 1}})
    return as_head_office


def asked(page: str) -> str:
    """The query that the form would send as it stands."""
    fields = re.findall(r'<input[^>]* name="(seed|doubles)"[^>]* value="([^"]*)"', page)
    boxes = re.findall(r'name="(periods|auditors)" value="([^"]*)"[^>]* checked', page)
    return "&".join(f"{name}={value}" for name, value in [*fields, *boxes])


def hidden(page: str) -> dict[str, Any]:
    """What the key under the proposal sends."""
    found: dict[str, Any] = {}
    form = page[page.index(f'action="{PATH}"') :]
    for name, value in re.findall(
        r'type="hidden" name="(\w+)" value="([^"]*)"', form[: form.index("</form>")]
    ):
        if name != "csrf_token":
            found.setdefault(name, []).append(value)
    return found


def test_a_draw_is_looked_at_then_assigned(desk: Any, session: Session, field: Field) -> None:
    form = desk.get(PATH).text
    assert 'name="seed"' in form
    page = desk.get(f"{PATH}?{asked(form)}").text
    assert "6 visits" in page
    assert "Assign all of these visits" in page
    assert len(session.exec(select(Assignment)).all()) == 2
    answer = desk.submit(PATH, hidden(page))
    assert answer.status_code == 303
    assert len(session.exec(select(Assignment)).all()) == 8
    assert "6 visits are assigned" in desk.get("/pilots/vladimir/assignments").text
    assert "The quotas ask for nothing more" in desk.get(f"{PATH}?{asked(form)}").text


def test_what_changed_meanwhile_is_shown_anew(desk: Any, session: Session, field: Field) -> None:
    page = desk.get(f"{PATH}?{asked(desk.get(PATH).text)}").text
    declare(session, OPERATOR, field.anna.id, barred=["600003", "600004"], regions=[], now=NOW)
    answer = desk.submit(PATH, hidden(page))
    assert answer.status_code == 409
    assert "Something has changed since this draw was made" in answer.text
    assert len(session.exec(select(Assignment)).all()) == 2
    assert desk.submit(PATH, hidden(answer.text)).status_code == 303


def test_what_could_not_be_filled_is_said(desk: Any, session: Session, field: Field) -> None:
    declare(session, OPERATOR, field.anna.id, barred=["600003"], regions=[], now=NOW)
    query = f"seed=1&doubles=0&periods=before&auditors={field.anna.id}&auditors={field.boris.id}"
    page = desk.get(f"{PATH}?{query}").text
    assert "What could not be filled" in page
    assert "1 auditor is barred, 1 auditor makes another visit there in this wave" in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("seed=&doubles=8&periods=before&auditors=1", "Enter a whole number"),
        ("seed=1&doubles=50&periods=before&auditors=1", "from 5 to 10 per cent"),
        ("seed=1&doubles=8&auditors=1", "Choose a wave"),
        ("seed=1&doubles=8&periods=before", "Choose auditors of the list"),
        ("seed=1&doubles=8&periods=nonsense&auditors=x", "Choose auditors of the list"),
    ],
)
def test_unusable_choices_are_told_beside_their_fields(desk: Any, query: str, said: str) -> None:
    answer = desk.get(f"{PATH}?{query}")
    assert answer.status_code == 422
    assert said in answer.text


def test_without_quotas_the_page_leads_to_them(as_head_office: Any, field: Field) -> None:
    page = as_head_office.get(PATH).text
    assert "Set quotas first" in page
    assert 'name="seed"' not in page


def test_long_proposals_come_in_pages(desk: Any, session: Session, field: Field) -> None:
    for number in range(20):
        create_auditor(session, f"more-{number}")
    set_quotas(session, OPERATOR, "vladimir", {Period.BEFORE: {"morning": 9}})
    query = asked(desk.get(PATH).text)
    first = desk.get(f"{PATH}?{query}").text
    assert "Visits 1 to 25 of" in first
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following is not None
    second = desk.get(following[1].replace("&amp;", "&")).text
    assert "Visits 26 to" in second
    assert hidden(first) == hidden(second), "all of it is accepted, from whichever page"
