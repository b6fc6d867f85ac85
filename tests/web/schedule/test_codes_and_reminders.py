"""Pages of QR codes and reminders."""

from __future__ import annotations

import html
import re
from datetime import date
from typing import Any

import pytest
from sqlmodel import Session

from pilot_eval.domain.pilots import Period
from pilot_eval.operations.assignments import VisitPlan, assign_visits
from tests.conftest import OPERATOR, PASSWORD
from tests.field import Field

PATH = "/pilots/vladimir"


@pytest.fixture
def desk(as_head_office: Any, field: Field) -> Any:
    return as_head_office


def assign(session: Session, field: Field, first: int, last: int, scenario: str = "transfer") -> Any:
    window = (date(2014, 8, first), date(2014, 8, last))
    plan = VisitPlan("600003", Period.BEFORE, field.anna.id, scenario, window, "evening")
    (row,) = assign_visits(session, OPERATOR, "vladimir", [plan], confirmed=True)
    return row


def test_a_sheet_has_a_code_for_every_branch_that_leads_to_its_address(desk: Any, field: Field) -> None:
    import segno

    page = desk.get(f"{PATH}/codes").text
    assert page.count('class="segno"') == 4
    for code in ("600001", "600004"):
        wanted = segno.make(f"http://localhost/at/{code}", micro=False, error="m")
        assert wanted.svg_inline(light="#fff", omitsize=True) in page
    assert " style=" not in page
    assert desk.get(f"{PATH}/codes?region=33").text.count('class="segno"') == 4
    assert desk.get(f"{PATH}/codes?region=99").text.count('class="segno"') == 0
    assert desk.get(f"{PATH}/codes?after=600002").text.count('class="segno"') == 2


def test_a_scanned_code_opens_the_one_visit(anna: Any, field: Field) -> None:
    answer = anna.get("/at/600001")
    assert (answer.status_code, answer.location) == (302, f"/assignments/{field.anna_s.id}/visit")


def test_a_scanned_code_lists_several_visits_or_says_that_there_is_none(
    anna: Any, session: Session, field: Field
) -> None:
    assert "You have no visit to make here" in anna.get("/at/600003").text
    assign(session, field, 20, 22)
    assert "it is for 20 – 22 Aug 2014" in anna.get("/at/600003").text
    rows = [assign(session, field, 1, 9), assign(session, field, 2, 8, "bill_payment")]
    page = anna.get("/at/600003").text
    for row in rows:
        assert f'href="/assignments/{row.id}/visit"' in page
    assert "2 – 8 Aug 2014, evening" in page
    assert ">Sending a money transfer<" in page
    assert anna.get("/at/no-such-branch").status_code == 404


def test_others_are_told_whose_code_it_is_whatever_branch_it_names(
    desk: Any, sign_in: Any, field: Field
) -> None:
    for browser in (desk, sign_in(field.maria)):
        pages = [browser.get(f"/at/{code}") for code in ("600001", "no-such-branch")]
        assert [page.status_code for page in pages] == [403, 403]
        assert "This code is for the auditor" in pages[0].text
        assert "600001" not in re.sub(r'name="next" value="[^"]*"', "", pages[0].text)


def test_a_visitor_signs_in_and_comes_to_the_visit(client: Any, field: Field) -> None:
    answer = client.get("/at/600001")
    assert answer.status_code == 302
    assert answer.location.startswith("/sign-in")
    given = {"email": field.anna.email, "password": PASSWORD}
    assert client.submit(answer.location, given).location == "/at/600001"


def test_reminders_are_texts_in_the_language_of_each_auditor(
    desk: Any, session: Session, field: Field
) -> None:
    assert "Nobody has to hurry" in desk.get(f"{PATH}/reminders").text
    field.anna.language = "ru"
    session.add(field.anna)
    assign(session, field, 1, 5)
    assign(session, field, 1, 4, "bill_payment")
    page = desk.get(f"{PATH}/reminders").text
    found = re.search(r'<textarea[^>]*lang="ru"[^>]*>([^<]*)</textarea>', page)
    assert found is not None
    text = html.unescape(found[1])
    assert "Сегодня последний день" in text
    assert "http://localhost/assignments" in text
    assert "60000" not in text
    assert "Отделение" not in text
    assert "Last day today" in page, "the page itself stays in its reader's language"


def test_nobody_is_reminded_where_nothing_is_to_be_made(as_head_office: Any, session: Session) -> None:
    from tests import pilots as world

    pilot = world.plan_pilot(session)
    session.commit()
    assert "No visit is still to be made" in as_head_office.get(f"/pilots/{pilot.slug}/reminders").text
